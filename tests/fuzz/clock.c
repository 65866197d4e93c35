// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock - the time of a fuzz target, which passes when the input says so.
 *
 * Does not stand in for time(): nobody decides by it.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define START_NS	1000000000000ull
#define MS_NS		1000000ull

static uint64_t clock_ns = START_NS;

/* In the place of libc's, for libuv as well. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, id, t);
	t->tv_sec = clock_ns / 1000000000;
	t->tv_nsec = clock_ns % 1000000000;
	return 0;
}

void clock_reset(void)
{
	clock_ns = START_NS;
}

void clock_pass(uv_loop_t *loop, uint32_t ms)
{
	clock_ns += ms * MS_NS;
	uv_run(loop, UV_RUN_NOWAIT);
}
