/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An honest agent with its device, and a driver that moves verified bytes
 * through it, beside whatever is fuzzed; and what the kernel did wrong.
 *
 * Counts and complaints are shared by all processes of a fuzzer.
 */
#ifndef KSELFTEST_FUZZ_HONEST_H
#define KSELFTEST_FUZZ_HONEST_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define FUZZ_HONEST		0x0003	/* idProduct */
#define FUZZ_COMPLAINTS		8

/**
 * struct fuzz_honest - there is only one
 * @stop: the driver is to end
 * @port: of the device, 0 = not yet
 * @loops: there and back
 * @bytes: verified
 * @wrongs: how often the kernel was wrong, to anybody
 * @wrong: the first of them
 * @agent: process
 * @driver: process
 */
extern struct fuzz_honest {
	_Atomic int stop;
	_Atomic uint32_t port;
	_Atomic uint64_t loops;
	_Atomic uint64_t bytes;
	_Atomic uint32_t wrongs;
	char wrong[FUZZ_COMPLAINTS][160];
	pid_t agent;
	pid_t driver;
} *fuzz_honest;

/* fuzz_wrong - the kernel did what it may not */
void __attribute__((format(printf, 1, 2))) fuzz_wrong(const char *format, ...);

/* fuzz_share - zeroed memory that children share, or the test ends */
void *fuzz_share(size_t size);

/* fuzz_start - a process that runs this, and dies with its parent */
pid_t fuzz_start(void (*run)(unsigned int arg), unsigned int arg);

/* fuzz_join - wait for its end, @timeout_ms at most */
void fuzz_join(pid_t pid, long timeout_ms);

/* fuzz_honest_start - returns when bytes flow, or ends the test */
void fuzz_honest_start(uint64_t seed);

/* fuzz_honest_end - and print the complaints */
void fuzz_honest_end(void);

#endif /* KSELFTEST_FUZZ_HONEST_H */
