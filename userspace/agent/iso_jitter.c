// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iso_jitter - how much to hold back, and whose clock is faster.
 */
#include <linux/p2pvhci.h>

#include "iso_jitter.h"

#define WINDOW_US	1000000
#define MARGIN_US	3000	/* of timers and of the far controller */
#define START_US	5000	/* on top of RTT_DEVS deviations of the RTT */
#define RTT_DEVS	4	/* as RFC 6298 §2.3 has it */
#define SHRINK		32	/* of what is too much, a second: 1 / SHRINK */
#define EXTRA_MIN_US	10000
#define EXTRA_FIXED_US	2000	/* a timer may be that late */

/* Parts per 10^9 a microsecond; and the same a second: w = 1 / 20 s. */
#define GAIN_P		100
#define GAIN_I_NUM	5
#define GAIN_I_DEN	2
#define LOCK_US		20000	/* farther off is no drift: do not learn it */
#define RATE_STEP	1000	/* smaller changes are not worth a system call */

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

static void open_window(struct iso_jitter *j, uint64_t now_us)
{
	j->since_us = now_us;
	j->sum_us = 0;
	j->least_us = INT64_MAX;
	j->samples = 0;
}

void iso_jitter_start(struct iso_jitter *j, int in, uint32_t fixed_us,
		      uint64_t rttvar_us, int64_t rate)
{
	uint64_t dev_us = rttvar_us < ISO_JITTER_MAX_US ? rttvar_us :
							  ISO_JITTER_MAX_US;

	j->fixed_us = fixed_us;
	j->sign = in ? 1 : -1;
	j->delay_us = fixed_us ? (int64_t)fixed_us :
		      clamp(RTT_DEVS * (int64_t)dev_us + START_US, ISO_JITTER_MIN_US,
			    ISO_JITTER_MAX_US);
	j->floor_us = 0;
	j->level_us = j->delay_us;
	j->integral = j->sign * rate;
	j->rate = rate;
	open_window(j, 0);
}

void iso_jitter_floor(struct iso_jitter *j, int64_t level_us)
{
	j->floor_us = level_us;
	j->level_us = iso_jitter_target(j);
}

int64_t iso_jitter_target(const struct iso_jitter *j)
{
	return j->delay_us > j->floor_us ? j->delay_us : j->floor_us;
}

int64_t iso_jitter_patience(const struct iso_jitter *j)
{
	if (j->fixed_us)
		return EXTRA_FIXED_US;
	return j->delay_us > EXTRA_MIN_US ? j->delay_us : EXTRA_MIN_US;
}

/* The deepest dip is yet to come, and the mean wanders about its target. */
static int64_t cover(int64_t dip_us)
{
	return clamp(dip_us + dip_us / 4 + MARGIN_US, ISO_JITTER_MIN_US,
		     ISO_JITTER_MAX_US);
}

static void grow(struct iso_jitter *j, int64_t dip_us)
{
	int64_t want = cover(dip_us);

	if (!j->fixed_us && want > j->delay_us)
		j->delay_us = want;
}

static void shrink(struct iso_jitter *j, int64_t dip_us)
{
	int64_t want = cover(dip_us);

	if (!j->fixed_us && want < j->delay_us)
		j->delay_us -= (j->delay_us - want + SHRINK - 1) / SHRINK;
}

/* The integral is that of the level's own direction, the rate the far clock's. */
static int turn(struct iso_jitter *j, int64_t seconds)
{
	int64_t error = j->level_us - iso_jitter_target(j);
	int64_t rate;

	if (error < LOCK_US && error > -LOCK_US)
		j->integral = clamp(j->integral + error * seconds *
				    GAIN_I_NUM / GAIN_I_DEN,
				    -P2PVHCI_EVENT_RATE_MAX,
				    P2PVHCI_EVENT_RATE_MAX);
	rate = clamp(j->sign * (j->integral + error * GAIN_P),
		     -P2PVHCI_EVENT_RATE_MAX, P2PVHCI_EVENT_RATE_MAX);
	if (rate < j->rate + RATE_STEP && rate > j->rate - RATE_STEP)
		return 0;
	j->rate = rate;
	return 1;
}

static int close_window(struct iso_jitter *j, uint64_t now_us)
{
	int64_t seconds = (int64_t)(now_us - j->since_us) / WINDOW_US;
	int64_t dip;

	j->level_us = j->sum_us / (int64_t)j->samples;
	dip = j->level_us - j->least_us;
	grow(j, dip);
	shrink(j, dip);
	open_window(j, now_us);
	/* A stream that paused tells nothing of the time it did. */
	return turn(j, clamp(seconds, 1, 2));
}

int iso_jitter_sample(struct iso_jitter *j, uint64_t now_us, int64_t level_us)
{
	if (!j->since_us)
		open_window(j, now_us);
	j->sum_us += level_us;
	j->samples++;
	if (level_us < j->least_us)
		j->least_us = level_us;
	/* Too late is told at once, not at the end of the second. */
	if (level_us < 0)
		grow(j, j->level_us - level_us);
	if (now_us - j->since_us < WINDOW_US)
		return 0;
	return close_window(j, now_us);
}
