/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame - cuts the bytes of one stream into messages.
 *
 * Pure: no I/O, no memory.  Bytes are judged by lib/wire.c alone; payload is
 * copied once, to where the owner wants it.
 */
#ifndef P2PUSB_LIB_FRAME_H
#define P2PUSB_LIB_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/**
 * struct frame_ops - what comes out
 * @begin: a message with payload starts; set *@dst to msg->payload bytes or
 *	leave NULL to have them dropped
 * @msg: a message is complete
 *
 * Non-zero ends frame_feed() with it.
 */
struct frame_ops {
	int (*begin)(void *ctx, const struct wire_msg *msg, void **dst);
	int (*msg)(void *ctx, const struct wire_msg *msg);
};

/**
 * struct frame - where in a message the stream is; zeroed at the start
 * @have: bytes of head and body in @buf
 * @need: how many there must be
 * @payload: bytes of payload still to come
 * @skip: bytes of an unknown optional message still to come
 * @dst: where the next byte of payload goes, NULL drops it
 * @msg: decoded, once payload is coming
 * @buf: head and body
 */
struct frame {
	uint32_t have;
	uint32_t need;
	uint32_t payload;
	uint32_t skip;
	uint8_t *dst;
	struct wire_msg msg;
	uint8_t buf[WIRE_BUF_LEN];
};

/**
 * frame_feed() - take the next bytes of the stream
 * @frame: state
 * @ops: callbacks
 * @ctx: their first argument
 * @data: bytes of a peer
 * @len: how many
 *
 * Return: 0; -EPROTO or -EMSGSIZE from the codec; what a callback returned.
 * After anything but 0 the stream cannot be understood any more.
 */
int frame_feed(struct frame *frame, const struct frame_ops *ops, void *ctx,
	       const uint8_t *data, size_t len);

#endif /* P2PUSB_LIB_FRAME_H */
