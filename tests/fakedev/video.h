/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * video - pictures that carry their number and their checksum.
 *
 * Used by the device and by the test that watches it.
 */
#ifndef FAKEDEV_VIDEO_H
#define FAKEDEV_VIDEO_H

#include <stdint.h>

#define VIDEO_WIDTH		160u
#define VIDEO_HEIGHT		120u
#define VIDEO_FRAME_BYTES	(VIDEO_WIDTH * VIDEO_HEIGHT * 2)
#define VIDEO_RATE		30u
#define VIDEO_MAGIC		0x444b4146u	/* "FAKD" */

static inline void video_put(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
	to[2] = (uint8_t)(v >> 16);
	to[3] = (uint8_t)(v >> 24);
}

static inline uint32_t video_get(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* FNV-1a of all but the last four bytes, where it stands */
static inline uint32_t video_sum(const uint8_t *frame)
{
	uint32_t sum = 2166136261u;
	uint32_t i;

	for (i = 0; i < VIDEO_FRAME_BYTES - 4; i++)
		sum = (sum ^ frame[i]) * 16777619u;
	return sum;
}

/* Picture @number, VIDEO_FRAME_BYTES long */
static inline void video_draw(uint8_t *frame, uint32_t number)
{
	uint32_t i;

	video_put(frame, VIDEO_MAGIC);
	video_put(frame + 4, number);
	for (i = 8; i < VIDEO_FRAME_BYTES - 4; i++)
		frame[i] = (uint8_t)(i * 31 + number * 17 + (i >> 8));
	video_put(frame + VIDEO_FRAME_BYTES - 4, video_sum(frame));
}

#endif /* FAKEDEV_VIDEO_H */
