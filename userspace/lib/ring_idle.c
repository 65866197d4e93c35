// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_idle - what the owner of a ring does when nothing is there to do.
 *
 * Knows no requests, only whether there are some.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "ring_idle.h"

#define DELAYS		"/proc/thread-self/schedstat"
#define JUDGE_NS	100000000ull	/* between two looks at them */
#define POLITE_MAX_NS	1000000ull	/* that we may wait for a processor */
#define POLITE_SKIP	64u		/* looks until we try again */
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

/* How often we were given a processor, and how long we waited for that. */
static int read_delays(uint64_t *turns, uint64_t *wait_ns)
{
	FILE *file = fopen(DELAYS, "re");
	int n;

	if (!file)
		return 0;
	n = fscanf(file, "%*u %" SCNu64 " %" SCNu64, wait_ns, turns);
	fclose(file);
	return n == 2;
}

/*
 * Who submits soon waits for us.  Others who want the processor do not: each
 * piece of work, of the ring or of a socket, would be late by their slice.
 */
static void judge(struct ring_idle *idle, uint64_t now)
{
	uint64_t turns, wait_ns;
	int late;

	if (now - idle->judged_ns < JUDGE_NS ||
	    !read_delays(&turns, &wait_ns))
		return;
	late = wait_ns - idle->wait_ns > POLITE_MAX_NS * (turns - idle->turns);
	idle->judged_ns = now;
	idle->turns = turns;
	idle->wait_ns = wait_ns;
	if (idle->polite && late) {
		be_polite(idle, 0);
		idle->skip = POLITE_SKIP;
	} else if (!idle->polite && !--idle->skip) {
		be_polite(idle, 1);
	}
}

void ring_idle_init(struct ring_idle *idle, unsigned int poll_us)
{
	memset(idle, 0, sizeof(*idle));
	idle->judged_ns = now_ns();
	/* Whoever chose another policy for us knows better. */
	idle->alone = get_nprocs() == 1 && sched_getscheduler(0) == SCHED_OTHER &&
		      read_delays(&idle->turns, &idle->wait_ns);
	if (idle->alone)
		be_polite(idle, 1);
	else if (may_look_on())
		idle->poll_ns = poll_us * 1000ull;
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

	if (idle->alone)
		judge(idle, now_ns());
	if (!idle->poll_ns || !look_on(idle, now_ns(), busy))
		return ring_sleep(ring);
	for (i = 0; i < LOOKS && !ring_waiting(ring); i++)
		;
	return 1;
}
