// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame - cuts the bytes of one stream into messages.
 *
 * Does not know which messages belong on which stream.
 */
#include <errno.h>
#include <string.h>

#include "frame.h"

static size_t frame_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int frame_finish(struct frame *frame, const struct frame_ops *ops,
			void *ctx)
{
	frame->have = 0;
	frame->dst = NULL;
	return ops->msg(ctx, &frame->msg);
}

static int frame_decode(struct frame *frame, const struct frame_ops *ops,
			void *ctx)
{
	void *dst = NULL;
	int err;

	err = wire_get(frame->buf, frame->need, &frame->msg);
	if (err == -ENOMSG) {
		frame->have = 0;
		return 0;
	}
	if (err)
		return err;
	if (!frame->msg.payload)
		return frame_finish(frame, ops, ctx);

	err = ops->begin(ctx, &frame->msg, &dst);
	frame->dst = dst;
	frame->payload = frame->msg.payload;
	return err;
}

/* The head is there: how long is the rest? */
static int frame_measure(struct frame *frame)
{
	long need;

	need = wire_peek(frame->buf);
	if (need < 0)
		return need;
	if ((size_t)need > sizeof(frame->buf)) {
		frame->skip = need - WIRE_HEAD_LEN;
		frame->have = 0;
		return 0;
	}
	frame->need = need;
	return 0;
}

static int frame_collect(struct frame *frame, const struct frame_ops *ops,
			 void *ctx, const uint8_t *data, size_t len,
			 size_t *used)
{
	int err;

	if (!frame->have)
		frame->need = WIRE_HEAD_LEN;
	*used = frame_min(frame->need - frame->have, len);
	memcpy(frame->buf + frame->have, data, *used);
	frame->have += *used;
	if (frame->have < frame->need)
		return 0;

	if (frame->need == WIRE_HEAD_LEN) {
		err = frame_measure(frame);
		if (err || frame->have < frame->need || !frame->have)
			return err;
	}
	return frame_decode(frame, ops, ctx);
}

static int frame_pay(struct frame *frame, const struct frame_ops *ops,
		     void *ctx, const uint8_t *data, size_t len, size_t *used)
{
	*used = frame_min(frame->payload, len);
	if (frame->dst) {
		memcpy(frame->dst, data, *used);
		frame->dst += *used;
	}
	frame->payload -= *used;
	return frame->payload ? 0 : frame_finish(frame, ops, ctx);
}

int frame_feed(struct frame *frame, const struct frame_ops *ops, void *ctx,
	       const uint8_t *data, size_t len)
{
	size_t used;
	int err;

	while (len) {
		err = 0;
		if (frame->skip) {
			used = frame_min(frame->skip, len);
			frame->skip -= used;
		} else if (frame->payload) {
			err = frame_pay(frame, ops, ctx, data, len, &used);
		} else {
			err = frame_collect(frame, ops, ctx, data, len, &used);
		}
		if (err)
			return err;
		data += used;
		len -= used;
	}
	return 0;
}
