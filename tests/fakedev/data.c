// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * data - what an endpoint sends, and what it expects to be sent.
 */
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "video.h"

#define NS_PER_S	1000000000ull
#define AUDIO_RATE	48000u
#define AUDIO_FRAME	4u		/* two channels of 16 bits */
#define VIDEO_NS	(NS_PER_S / VIDEO_RATE)
#define VIDEO_HEAD	2u		/* payload header: length, info */
#define VIDEO_FID	0x01
#define VIDEO_EOF	0x02
#define VIDEO_EOH	0x80

/* Zeroes */

static long zero_fill(struct data *data, uint8_t *to, uint32_t room)
{
	(void)data;
	memset(to, 0, room);
	return room;
}

static uint32_t zero_check(struct data *data, const uint8_t *from, uint32_t len)
{
	uint32_t i;

	(void)data;
	for (i = 0; i < len; i++) {
		if (from[i])
			return 1;
	}
	return 0;
}

/* The kernel's usbtest, pattern=1: anew in each packet */

static uint8_t mod63_at(const struct data *data, uint32_t i)
{
	return (uint8_t)(i % data->packet % 63);
}

static long mod63_fill(struct data *data, uint8_t *to, uint32_t room)
{
	uint32_t i;

	for (i = 0; i < room; i++)
		to[i] = mod63_at(data, i);
	return room;
}

static uint32_t mod63_check(struct data *data, const uint8_t *from,
			    uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++) {
		if (from[i] != mod63_at(data, i))
			return 1;
	}
	return 0;
}

/* One byte more each byte, across transfers; 251 is prime */

static long counter_fill(struct data *data, uint8_t *to, uint32_t room)
{
	uint32_t i;

	for (i = 0; i < room; i++)
		to[i] = (uint8_t)(data->pos++ % 251);
	return room;
}

static uint32_t counter_check(struct data *data, const uint8_t *from,
			      uint32_t len)
{
	uint32_t faults = 0;
	uint32_t i;

	for (i = 0; i < len; i++) {
		if (from[i] == data->pos % 251) {
			data->pos++;
			continue;
		}
		/* One fault a gap, not one a byte behind it. */
		faults++;
		data->pos = (uint64_t)from[i] + 1;
	}
	return faults;
}

static void counter_skip(struct data *data)
{
	data->pos += data->packet;
}

static uint32_t any_check(struct data *data, const uint8_t *from, uint32_t len)
{
	(void)data;
	(void)from;
	(void)len;
	return 0;
}

/* An IN endpoint with nothing to say */
static long none_fill(struct data *data, uint8_t *to, uint32_t room)
{
	(void)to;
	(void)room;
	data->again = DATA_NEVER;
	return -1;
}

/* Sound: frame n is n and its complement, so that none is silence */

static uint32_t ramp_frames(struct data *data)
{
	return (uint32_t)(AUDIO_RATE * data->interval_ns / NS_PER_S);
}

static long ramp_fill(struct data *data, uint8_t *to, uint32_t room)
{
	uint32_t frames = ramp_frames(data);
	uint32_t i;
	uint16_t n;

	if (frames > room / AUDIO_FRAME)
		frames = room / AUDIO_FRAME;
	for (i = 0; i < frames; i++, to += AUDIO_FRAME) {
		n = (uint16_t)data->pos++;
		to[0] = (uint8_t)n;
		to[1] = (uint8_t)(n >> 8);
		to[2] = (uint8_t)~to[0];
		to[3] = (uint8_t)~to[1];
	}
	data->good += frames;
	return (long)frames * AUDIO_FRAME;
}

static void ramp_skip(struct data *data)
{
	data->pos += ramp_frames(data);
}

/* Silence may be before and after, but not within. */
static uint32_t ramp_check(struct data *data, const uint8_t *from, uint32_t len)
{
	uint32_t faults = len % AUDIO_FRAME ? 1 : 0;
	uint32_t word;
	uint32_t i;
	uint16_t n;

	for (i = 0; i + AUDIO_FRAME <= len; i += AUDIO_FRAME) {
		word = video_get(from + i);
		n = (uint16_t)word;
		if (!word) {
			data->silent += data->started;
			continue;
		}
		if ((uint16_t)(word >> 16) != (uint16_t)~n ||
		    (data->started && n != (uint16_t)(data->pos + 1)) ||
		    data->silent)
			faults++;
		else
			data->good++;
		data->silent = 0;
		data->started = 1;
		data->pos = n;
	}
	return faults;
}

/* Which stream, and the how-manieth transfer of it */

static long tagged_fill(struct data *data, uint8_t *to, uint32_t room)
{
	uint32_t seq = 0;
	uint32_t i;

	if (data->seqs && data->stream <= data->nstreams)
		seq = data->seqs[data->stream]++;
	for (i = 0; i < room; i++)
		to[i] = (uint8_t)(i + seq);
	if (room >= 8) {
		video_put(to, data->stream);
		video_put(to + 4, seq);
	}
	return room;
}

static uint32_t tagged_check(struct data *data, const uint8_t *from,
			     uint32_t len)
{
	uint32_t seq = 0;

	if (data->seqs && data->stream <= data->nstreams)
		seq = data->seqs[data->stream]++;
	if (len < 8)
		return 1;
	return video_get(from) != data->stream || video_get(from + 4) != seq;
}

/* Pictures */

static int next_frame(struct data *data)
{
	uint32_t number = (uint32_t)data->pos;

	if (!data->frame)
		data->frame = malloc(VIDEO_FRAME_BYTES);
	if (!data->frame)
		return -1;
	if (!data->started)
		data->frame_ns = data->now;
	else
		data->frame_ns += VIDEO_NS;
	video_draw(data->frame, number);
	data->frame_len = VIDEO_FRAME_BYTES;
	data->frame_at = 0;
	data->started = 1;
	return 0;
}

/* Is there something to be sent? */
static int frame_ready(struct data *data)
{
	uint64_t due = data->frame_ns + VIDEO_NS;

	if (data->frame_at < data->frame_len)
		return 1;
	if (data->started && data->now < due) {
		data->again = due;
		return 0;
	}
	/* Nobody looked for long: there is no use in catching up. */
	if (data->started && data->now > due + NS_PER_S)
		data->frame_ns = data->now - VIDEO_NS;
	return !next_frame(data);
}

static uint32_t frame_piece(struct data *data, uint8_t *to, uint32_t room)
{
	uint32_t n = data->frame_len - data->frame_at;

	if (n > room - VIDEO_HEAD)
		n = room - VIDEO_HEAD;
	to[0] = VIDEO_HEAD;
	to[1] = VIDEO_EOH | (data->pos & 1 ? VIDEO_FID : 0);
	memcpy(to + VIDEO_HEAD, data->frame + data->frame_at, n);
	data->frame_at += n;
	if (data->frame_at == data->frame_len) {
		to[1] |= VIDEO_EOF;
		data->pos++;
		data->good++;
	}
	return VIDEO_HEAD + n;
}

static long video_fill(struct data *data, uint8_t *to, uint32_t room)
{
	if (room <= VIDEO_HEAD || !frame_ready(data))
		return 0;
	return frame_piece(data, to, room);
}

static void video_skip(struct data *data)
{
	uint8_t lost[1024];

	video_fill(data, lost, data->packet < sizeof(lost) ? data->packet :
			       (uint32_t)sizeof(lost));
}

/* One transfer is one payload, as long as the driver likes. */
static long video_bulk_fill(struct data *data, uint8_t *to, uint32_t room)
{
	if (room <= VIDEO_HEAD)
		return 0;
	if (!frame_ready(data))
		return -1;
	return frame_piece(data, to, room);
}

static const struct data_kind kinds[] = {
	{ "zero", zero_fill, zero_check, NULL },
	{ "mod63", mod63_fill, mod63_check, NULL },
	{ "counter", counter_fill, counter_check, counter_skip },
	{ "any", zero_fill, any_check, NULL },
	{ "none", none_fill, any_check, NULL },
	{ "ramp", ramp_fill, ramp_check, ramp_skip },
	{ "tagged", tagged_fill, tagged_check, NULL },
	{ "video", video_fill, any_check, video_skip },
	{ "video-bulk", video_bulk_fill, any_check, NULL },
};

const struct data_kind *data_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	}
	return NULL;
}

void data_rewind(struct data *data)
{
	data->pos = 0;
	data->frame_len = 0;
	data->frame_at = 0;
	data->again = 0;
	data->silent = 0;
	data->started = 0;
}

void data_free(struct data *data)
{
	free(data->frame);
	free(data->seqs);
	data->frame = NULL;
	data->seqs = NULL;
	data->nstreams = 0;
}
