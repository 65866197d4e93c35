/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fakering - the kernel's half of /dev/p2pvhci, made of memory, in a process
 * that believes it has opened the device.
 *
 * Preloaded into p2pusb-agent by the benches that need no VM.  One queue
 * listens, the others carry one device each; fakering.c answers the system
 * calls, load.c is the driver.  Judges nothing: tests/kselftest does.
 */
#ifndef BENCH_FAKERING_H
#define BENCH_FAKERING_H

#include <linux/p2pvhci.h>
#include <stdint.h>

/**
 * struct fakering - one open file
 * @fd: stands for the file; never readable: requests are published from within
 *	ioctls, and whoever calls one looks at the ring before it sleeps
 * @setup: as granted
 * @ro: mapping that we write
 * @rw: mapping that the agent writes
 * @cq_head: completions taken
 */
struct fakering {
	int fd;
	struct p2pvhci_setup setup;
	uint8_t *ro;
	uint8_t *rw;
	uint32_t cq_head;
};

/**
 * fakering_publish() - hand the agent a request
 * @ring: in an ioctl on it, or before its first turn
 * @req: copied
 */
void fakering_publish(struct fakering *ring, const struct p2pvhci_req *req);

/**
 * load_listen() - the agent listens: ask it for the device
 * @ring: listening queue, mapped
 */
void load_listen(struct fakering *ring);

/**
 * load_begin() - the device is plugged in
 * @ring: its queue
 */
void load_begin(struct fakering *ring);

/**
 * load_complete() - an URB is given back
 * @ring: whose
 * @cmp: of the agent
 */
void load_complete(struct fakering *ring, const struct p2pvhci_cmp *cmp);

/**
 * load_refused() - the attach failed
 * @message: sentence of the agent
 */
void load_refused(const char *message);

#endif /* BENCH_FAKERING_H */
