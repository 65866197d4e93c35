/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iso_jitter - how much to hold back, and whose clock is faster.
 *
 * Pure: fed with how much lay ready whenever something arrived, it says how
 * much should (the delay D) and by how many parts per 10^9 the far frames are
 * shorter than ours (the rate).  Knows no packets, no link and no clock.
 *
 * The delay covers the deepest dip below the mean that was seen, a quarter
 * more, and a margin; it grows at once and shrinks slowly.  The rate is a PI
 * loop, critically damped with 20 s, on the mean of a second.
 */
#ifndef P2PUSB_AGENT_ISO_JITTER_H
#define P2PUSB_AGENT_ISO_JITTER_H

#include <stdint.h>

#define ISO_JITTER_MIN_US	4000
#define ISO_JITTER_MAX_US	200000

/**
 * struct iso_jitter - one stream
 * @fixed_us: D by setting, 0 = automatic
 * @sign: 1 when more lies ready if the far clock is faster (IN), else -1
 * @delay_us: D
 * @floor_us: what lies ready anyhow, if more
 * @level_us: mean of the last second
 * @since_us: when this second began
 * @sum_us: of the samples of this second
 * @least_us: of them
 * @samples: how many
 * @integral: of the loop, parts per 10^9
 * @rate: parts per 10^9
 */
struct iso_jitter {
	int64_t fixed_us;
	int sign;
	int64_t delay_us;
	int64_t floor_us;
	int64_t level_us;
	uint64_t since_us;
	int64_t sum_us;
	int64_t least_us;
	uint32_t samples;
	int64_t integral;
	int64_t rate;
};

/**
 * iso_jitter_start() - a stream begins
 * @jitter: filled
 * @in: does it come from the device?
 * @fixed_us: D by setting, 0 = automatic
 * @rttvar_us: mean deviation of the round-trip time
 * @rate: what is known of the far clock, parts per 10^9
 */
void iso_jitter_start(struct iso_jitter *jitter, int in, uint32_t fixed_us,
		      uint64_t rttvar_us, int64_t rate);

/**
 * iso_jitter_floor() - the driver itself keeps so much ready
 * @jitter: started
 * @level_us: as in iso_jitter_sample()
 */
void iso_jitter_floor(struct iso_jitter *jitter, int64_t level_us);

/**
 * iso_jitter_sample() - something arrived
 * @jitter: started
 * @now_us: any steady clock
 * @level_us: what lay ready just before; negative: so late it was
 *
 * Return: non-zero when @rate has changed.
 */
int iso_jitter_sample(struct iso_jitter *jitter, uint64_t now_us,
		      int64_t level_us);

/**
 * iso_jitter_target() - what should lie ready in the mean
 * @jitter: started
 *
 * Return: microseconds.
 */
int64_t iso_jitter_target(const struct iso_jitter *jitter);

/**
 * iso_jitter_patience() - how late may something be before it is given up?
 * @jitter: started
 *
 * What is late but comes within this makes the stream lag behind by as much,
 * which is how the delay grows in time for the next dip.
 *
 * Return: microseconds.
 */
int64_t iso_jitter_patience(const struct iso_jitter *jitter);

#endif /* P2PUSB_AGENT_ISO_JITTER_H */
