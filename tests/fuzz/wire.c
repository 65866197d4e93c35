// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire - the bytes of a peer: heads, messages, packets, descriptors.
 *
 * What is taken has to say the same again; how the bytes were cut into pieces
 * must not matter.
 */
#include <errno.h>

#include "frame.h"
#include "input.h"
#include "wire_desc.h"
#include "wire_packet.h"

/* Texts that were no text have become '?': those bytes may differ. */
static void encodes_to(const struct wire_msg *msg, const uint8_t *bytes,
		       size_t len)
{
	uint8_t again[WIRE_BUF_LEN];
	struct wire_msg twice;
	size_t i;

	fuzz_check(wire_put(msg, again) == len);
	for (i = 0; i < len; i++)
		fuzz_check(again[i] == bytes[i] || again[i] == '?');
	fuzz_check(!wire_get(again, len, &twice));
	fuzz_check(!memcmp(msg, &twice, sizeof(twice)));
}

static void one_message(struct input *in)
{
	size_t len = in->left;
	uint8_t *bytes = input_block(in, &len);
	struct wire_msg msg;
	long want = 0;

	if (len >= WIRE_HEAD_LEN)
		want = wire_peek(bytes);
	fuzz_check(want <= (long)P2PUSB_MSG_MAX);
	if (!wire_get(bytes, len, &msg)) {
		fuzz_check((size_t)want == len);
		fuzz_check(msg.payload <= P2PUSB_MSG_MAX - len);
		encodes_to(&msg, bytes, len);
	}
	free(bytes);
}

/* A stream of messages; its trace is all that came out of it. */
struct trace {
	struct frame frame;
	uint64_t sum;
	uint8_t *payload;
	int err;
};

static void trace_add(struct trace *trace, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		trace->sum = (trace->sum ^ *p++) * 0x100000001b3ull;
}

static int trace_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	struct trace *trace = ctx;

	fuzz_check(msg->payload && !trace->payload);
	/* As an owner without memory would. */
	if (msg->payload > 64u << 10)
		return 0;
	trace->payload = malloc(msg->payload);
	*dst = trace->payload;
	return 0;
}

static int trace_msg(void *ctx, const struct wire_msg *msg)
{
	struct trace *trace = ctx;

	trace_add(trace, msg, sizeof(*msg));
	if (trace->payload)
		trace_add(trace, trace->payload, msg->payload);
	free(trace->payload);
	trace->payload = NULL;
	/* An owner that ends it. */
	return msg->type == P2PUSB_MSG_DIAL ? -EPROTO : 0;
}

static const struct frame_ops trace_ops = {
	.begin = trace_begin,
	.msg = trace_msg,
};

static void feed(struct trace *trace, const uint8_t *bytes, size_t len,
		 struct input *cuts)
{
	uint8_t *piece;
	size_t n;

	for (; len && !trace->err; len -= n, bytes += n) {
		n = cuts ? input_u8(cuts) + 1u : len;
		if (n > len)
			n = len;
		piece = malloc(n);
		fuzz_check(piece);
		memcpy(piece, bytes, n);
		trace->err = frame_feed(&trace->frame, &trace_ops, trace, piece,
					n);
		free(piece);
	}
}

static void messages_in_pieces(struct input *in)
{
	struct trace whole = { 0 };
	struct trace pieces = { 0 };
	size_t ncuts = input_u8(in) & 0x1f;
	struct input cuts = { NULL, 0 };

	cuts.left = ncuts < in->left ? ncuts : in->left;
	cuts.at = in->at;
	in->at += cuts.left;
	in->left -= cuts.left;
	feed(&whole, in->at, in->left, NULL);
	/* Behind what was given come pieces of one byte. */
	feed(&pieces, in->at, in->left, &cuts);
	fuzz_check(whole.err == pieces.err);
	fuzz_check(whole.sum == pieces.sum);
	free(whole.payload);
	free(pieces.payload);
}

static void packets_of_submit(struct input *in)
{
	uint32_t lens[P2PUSB_NPKT_MAX];
	uint32_t total = input_u32(in);
	size_t len = in->left;
	uint8_t *bytes = input_block(in, &len);
	size_t n = len / WIRE_PACKET_LEN_SIZE;
	uint8_t again[sizeof(lens)];
	uint64_t sum = 0;
	size_t i;

	if (n > P2PUSB_NPKT_MAX)
		n = P2PUSB_NPKT_MAX;
	if (!wire_packet_get_lens(bytes, lens, n, total)) {
		for (i = 0; i < n; i++)
			sum += lens[i];
		fuzz_check(sum == total);
		wire_packet_put_lens(again, lens, n);
		fuzz_check(!memcmp(again, bytes, n * WIRE_PACKET_LEN_SIZE));
	}
	free(bytes);
}

static void packets_of_complete(struct input *in)
{
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	uint32_t total = input_u32(in);
	size_t len = in->left;
	uint8_t *bytes = input_block(in, &len);
	size_t n = len / WIRE_PACKET_SIZE;
	uint8_t again[P2PUSB_NPKT_MAX * WIRE_PACKET_SIZE];
	uint64_t sum = 0;
	size_t i;

	if (n > P2PUSB_NPKT_MAX)
		n = P2PUSB_NPKT_MAX;
	if (!wire_packet_get(bytes, packets, n, total)) {
		for (i = 0; i < n; i++) {
			sum += packets[i].actual;
			fuzz_check(packets[i].status < P2PUSB_ST_MAX);
		}
		fuzz_check(sum == total);
		wire_packet_put(again, packets, n);
		fuzz_check(!memcmp(again, bytes, n * WIRE_PACKET_SIZE));
	}
	free(bytes);
}

static void descriptors(struct input *in)
{
	size_t len = in->left;
	uint8_t *bytes = input_block(in, &len);
	uint8_t *again = malloc(len + 1);
	const uint8_t *at = bytes;
	struct wire_desc desc;
	size_t used = 0;
	size_t n;
	int ret;

	fuzz_check(again);
	while ((ret = wire_desc_get(&at, bytes + len, &desc)) > 0) {
		n = wire_desc_put(&desc, again + used, len - used);
		fuzz_check(n);
		used += n;
	}
	fuzz_check(at <= bytes + len && used == (size_t)(at - bytes));
	fuzz_check(!memcmp(again, bytes, used));
	fuzz_check(ret || used == len);
	free(again);
	free(bytes);
}

static void (*const parts[])(struct input *in) = {
	one_message,
	messages_in_pieces,
	packets_of_submit,
	packets_of_complete,
	descriptors,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	parts[input_pick(&in, sizeof(parts) / sizeof(parts[0]))](&in);
	return 0;
}
