// SPDX-License-Identifier: GPL-2.0-only
/*
 * When an isochronous URB is over: durations, due times and frame numbers.
 */
#include <linux/math64.h>

#include "pace.h"

#define PACE_FRAME_NS		1000000
#define PACE_MICROFRAME_NS	125000
#define PACE_PPB		1000000000

u64 p2pv_pace_duration(u32 npkt, u32 interval, int micro, s32 ppb)
{
	u64 ns = (u64)npkt * interval;

	ns *= micro ? PACE_MICROFRAME_NS : PACE_FRAME_NS;
	/* At most 128 packets, 8192 apart: no overflow at 10^6 ppb. */
	return ns - div_s64((s64)ns * ppb, PACE_PPB);
}

int p2pv_pace_frame(u64 since)
{
	return div_u64(since, PACE_FRAME_NS) & 0x7ff;
}
