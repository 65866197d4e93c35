/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When an isochronous URB is over: durations, due times and frame numbers.
 *
 * Pure: it reads no clock and knows no URB, and builds in user space through
 * tests/shim/.  All times are nanoseconds of one clock.
 */
#ifndef _P2PVHCI_PACE_H
#define _P2PVHCI_PACE_H

#include <linux/types.h>

/**
 * p2pv_pace_duration() - how long packets are on the bus
 * @npkt: packets
 * @interval: from one to the next, in frames or microframes
 * @micro: non-zero: in microframes
 * @ppb: how much shorter (> 0) the far host's frames are than ours, in parts
 *	per 10^9; within P2PVHCI_EVENT_RATE_MAX
 *
 * Return: nanoseconds.
 */
u64 p2pv_pace_duration(u32 npkt, u32 interval, int micro, s32 ppb);

/**
 * p2pv_pace_due() - when an URB is over that follows another
 * @before: when that one is over; 0 = there is none
 * @submitted: no packet is on the bus before
 * @duration: of its packets
 *
 * Return: nanoseconds.
 */
static inline u64 p2pv_pace_due(u64 before, u64 submitted, u64 duration)
{
	return (before > submitted ? before : submitted) + duration;
}

/**
 * p2pv_pace_frame() - frame number
 * @since: nanoseconds since frame 0
 *
 * Return: 0..2047.
 */
int p2pv_pace_frame(u64 since);

#endif /* _P2PVHCI_PACE_H */
