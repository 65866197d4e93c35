/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * data - what an endpoint sends, and what it expects to be sent.
 *
 * Pure: no time of its own, no endpoints, no descriptors.  Every kind can be
 * checked by whoever reads it: a byte that is lost, doubled or late shows.
 */
#ifndef FAKEDEV_DATA_H
#define FAKEDEV_DATA_H

#include <stdint.h>

#define DATA_NEVER	UINT64_MAX

struct data;

/**
 * struct data_kind - one way to fill and to check bytes
 * @name: in scripts
 * @fill: IN: write at most @room bytes of one transfer or packet.  Return:
 *	bytes, or -1: nothing to be had before data->again
 * @check: OUT: look at the bytes of one transfer or packet.  Return: faults
 * @skip: isochronous IN: a packet that nobody fetched; NULL = nothing is lost
 */
struct data_kind {
	const char *name;
	long (*fill)(struct data *data, uint8_t *to, uint32_t room);
	uint32_t (*check)(struct data *data, const uint8_t *from,
			  uint32_t len);
	void (*skip)(struct data *data);
};

/**
 * struct data - where an endpoint is in its data
 * @kind: never NULL after data_init()
 * @packet: wMaxPacketSize, where the pattern "mod63" starts again
 * @interval_ns: service interval of the endpoint, 0 = bulk
 * @stream: bulk stream of the transfer, 0 = none
 * @seqs: transfers of each stream so far, NULL = no streams
 * @nstreams: highest index of @seqs
 * @now: ns; set before each call
 * @again: when it is worth to ask again after -1
 * @pos: bytes, frames or slots so far
 * @frame: the picture that is being sent
 * @frame_len: its bytes
 * @frame_at: bytes of it that are gone
 * @frame_ns: when it was due
 * @started: something went through
 * @silent: frames of silence since then
 * @good: frames of sound or picture that were right
 */
struct data {
	const struct data_kind *kind;
	uint32_t packet;
	uint64_t interval_ns;
	uint16_t stream;
	uint32_t *seqs;
	uint32_t nstreams;
	uint64_t now;
	uint64_t again;
	uint64_t pos;
	uint8_t *frame;
	uint32_t frame_len;
	uint32_t frame_at;
	uint64_t frame_ns;
	uint8_t started;
	uint32_t silent;
	uint64_t good;
};

/**
 * data_find() - a kind by its name
 * @name: zero, mod63, counter, any, none, ramp, tagged, video, video-bulk
 *
 * Return: kind, or NULL.
 */
const struct data_kind *data_find(const char *name);

/**
 * data_rewind() - from the start again (new alternate setting, reset)
 * @data: endpoint's; kind, packet and interval stay
 */
void data_rewind(struct data *data);

void data_free(struct data *data);

#endif /* FAKEDEV_DATA_H */
