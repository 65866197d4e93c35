// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_idle - what the owner of a ring does when nothing is there to do.
 *
 * Knows no requests, only whether there are some.
 */
#include <sched.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "ring_idle.h"

#define POLITE_MAX_NS	2000000ull	/* that a request may wait for it */
#define POLITE_SKIP	1024u
#define LOOKS		256		/* at the ring, between two at the rest */
#define GAP_SHARE	4		/* weight of the newest gap: a quarter */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Who is bound to one processor of several has nothing to gain from either. */
static int may_look_on(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 1;
}

/* SCHED_BATCH: a wake-up does not interrupt who runs. */
static void be_polite(struct ring_idle *idle, int polite)
{
	const struct sched_param none = { 0 };

	if (!sched_setscheduler(0, polite ? SCHED_BATCH : SCHED_OTHER, &none))
		idle->polite = polite;
}

void ring_idle_init(struct ring_idle *idle, unsigned int poll_us)
{
	memset(idle, 0, sizeof(*idle));
	idle->alone = get_nprocs() == 1;
	if (idle->alone)
		be_polite(idle, 1);
	else if (may_look_on())
		idle->poll_ns = poll_us * 1000ull;
}

void ring_idle_took(struct ring_idle *idle, const struct p2pvhci_req *req)
{
	if (!idle->alone)
		return;
	if (idle->polite && now_ns() - req->t_ns > POLITE_MAX_NS) {
		be_polite(idle, 0);
		idle->skip = POLITE_SKIP;
	} else if (!idle->polite && idle->skip && !--idle->skip) {
		be_polite(idle, 1);
	}
}

/* Non-zero: the next work is expected before it would pay to sleep. */
static int look_on(struct ring_idle *idle, uint64_t now, int busy)
{
	uint64_t gap = now - idle->busy_ns;

	if (busy) {
		/* A long silence says nothing more than a short one. */
		if (gap > 2 * idle->poll_ns)
			gap = 2 * idle->poll_ns;
		idle->gap_ns += gap / GAP_SHARE;
		idle->gap_ns -= idle->gap_ns / GAP_SHARE;
		idle->busy_ns = now;
		gap = 0;
	}
	return idle->gap_ns <= idle->poll_ns && gap < idle->poll_ns;
}

int ring_idle_sleep(struct ring_idle *idle, struct ring *ring, int busy)
{
	int i;

	if (!idle->poll_ns || !look_on(idle, now_ns(), busy))
		return ring_sleep(ring);
	for (i = 0; i < LOOKS && !ring_waiting(ring); i++)
		;
	return 1;
}
