/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_idle - what the owner of a ring does when nothing is there to do.
 *
 * A wake-up costs more than an URB.  Where there is a processor to spare, the
 * owner is awake when the next request comes: it looks on for a while.  Where
 * there is but one, it does not interrupt whoever submits, and finds all their
 * requests at once when they wait; unless others make it wait for the processor.
 * It takes no requests and never blocks.
 */
#ifndef P2PUSB_LIB_RING_IDLE_H
#define P2PUSB_LIB_RING_IDLE_H

#include <stdint.h>

#include "ring.h"

#define RING_IDLE_POLL_MAX_US	1000u
#define RING_IDLE_POLL_US	50u	/* unless set */

/**
 * struct ring_idle - state of one owner
 * @poll_ns: look on for so long, 0 = not at all
 * @alone: the machine has one processor, and it pays to be polite
 * @polite: we do not interrupt who submits
 * @skip: looks until we try to be polite again
 * @judged_ns: when we looked last, CLOCK_MONOTONIC
 * @turns: how often we had been given a processor then
 * @wait_ns: how long we had waited for that
 * @gap_ns: usual time between two pieces of work
 * @busy_ns: when the last one was done, CLOCK_MONOTONIC
 */
struct ring_idle {
	uint64_t poll_ns;
	int alone;
	int polite;
	unsigned int skip;
	uint64_t judged_ns;
	uint64_t turns;
	uint64_t wait_ns;
	uint64_t gap_ns;
	uint64_t busy_ns;
};

/**
 * ring_idle_init() - at the start, on the thread that owns the ring
 * @idle: filled
 * @poll_us: look on for so long, 0..RING_IDLE_POLL_MAX_US
 */
void ring_idle_init(struct ring_idle *idle, unsigned int poll_us);

/**
 * ring_idle_sleep() - nothing is left to do
 * @idle: of the ring
 * @ring: open
 * @busy: non-zero when there was something since the last call
 *
 * Return: 0: wait for the file; wake-ups are asked for.  Non-zero: come again
 * without waiting, but look after other descriptors first.
 */
int ring_idle_sleep(struct ring_idle *idle, struct ring *ring, int busy);

#endif /* P2PUSB_LIB_RING_IDLE_H */
