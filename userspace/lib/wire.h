/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire - codec between the messages of <p2pusb/wire.h> and host structures.
 *
 * The one place where bytes of a peer are checked.  Pure: no I/O, no memory,
 * no knowledge of streams.  Does not carry payload: it only says how much of
 * it follows.
 */
#ifndef P2PUSB_LIB_WIRE_H
#define P2PUSB_LIB_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <p2pusb/wire.h>

#define WIRE_HEAD_LEN	sizeof(struct p2pusb_head)
/* Head and body of the longest message, payload apart. */
#define WIRE_BUF_LEN	(WIRE_HEAD_LEN + sizeof(struct p2pusb_refused))

/*
 * Host-endian twins of the wire structures.  Texts are NUL-terminated, valid
 * UTF-8 and free of control characters after wire_get().
 */
struct wire_hello {
	uint16_t major;
	uint16_t minor;
	uint32_t max_urbs;
	uint64_t caps;
	uint32_t max_urb_bytes;
	uint32_t max_ep_bytes;
	uint8_t boot_id[16];
	char name[P2PUSB_NAME_MAX + 1];
};

struct wire_device {
	char busid[P2PUSB_BUSID_MAX + 1];
	uint16_t vid;
	uint16_t pid;
	uint16_t bcd_device;
	uint8_t dev_class;
	uint8_t dev_subclass;
	uint8_t dev_protocol;
	uint8_t speed;
	uint8_t state;
	uint8_t lanes;
	uint8_t classes[8];
	char manufacturer[P2PUSB_NAME_MAX + 1];
	char product[P2PUSB_NAME_MAX + 1];
	char serial[P2PUSB_NAME_MAX + 1];
};

struct wire_device_gone {
	char busid[P2PUSB_BUSID_MAX + 1];
};

struct wire_attach {
	uint32_t req;
	uint8_t session[16];
	char busid[P2PUSB_BUSID_MAX + 1];
};

struct wire_attached {
	uint32_t req;
	uint32_t dev;
	struct wire_device device;
};

struct wire_refused {
	uint32_t req;
	uint32_t code;
	char text[P2PUSB_TEXT_MAX + 1];
};

struct wire_detach {
	uint32_t dev;
};

struct wire_detached {
	uint32_t dev;
	uint32_t code;
	char text[P2PUSB_TEXT_MAX + 1];
};

struct wire_ping {
	uint64_t cookie;
};

struct wire_ep_open {
	uint32_t dev;
	uint32_t epoch;
	uint8_t ep;
	uint8_t type;
	uint32_t interval;
};

struct wire_submit {
	uint64_t seq;
	uint32_t epoch;
	uint32_t flags;
	uint32_t length;
	uint16_t stream;
	uint16_t npkt;
	uint32_t interval;
	uint32_t start_frame;
	uint8_t setup[8];
};

struct wire_cancel {
	uint64_t seq;
	uint32_t epoch;
};

/* Same fields as CANCEL, another meaning. */
struct wire_reset {
	uint64_t seq;
	uint32_t epoch;
};

struct wire_complete {
	uint64_t seq;
	uint32_t epoch;
	uint32_t status;
	uint32_t actual;
	uint32_t queue_us;
	uint32_t device_us;
	uint16_t npkt;
	uint16_t errs;
	uint32_t start_frame;
};

struct wire_streams {
	uint64_t seq;
	uint32_t epoch;
	uint16_t wanted;
	uint8_t neps;
	uint8_t eps[P2PUSB_STREAMS_EPS];
};

struct wire_power {
	uint64_t seq;
	uint32_t epoch;
	uint32_t state;
};

struct wire_wakeup {
	uint32_t dev;
};

/**
 * struct wire_msg - one message, decoded
 * @type: enum p2pusb_msg
 * @flags: P2PUSB_HEAD_*
 * @payload: bytes that follow head and body on the stream
 *
 * The member of the union is that of @type; LIST, LIST_END have none.
 */
struct wire_msg {
	uint16_t type;
	uint16_t flags;
	uint32_t payload;
	union {
		struct wire_hello hello;
		struct wire_device device;
		struct wire_device_gone device_gone;
		struct wire_attach attach;
		struct wire_attached attached;
		struct wire_refused refused;
		struct wire_detach detach;
		struct wire_detached detached;
		struct wire_ping ping;
		struct wire_ep_open ep_open;
		struct wire_submit submit;
		struct wire_cancel cancel;
		struct wire_reset reset;
		struct wire_complete complete;
		struct wire_streams streams;
		struct wire_power power;
		struct wire_wakeup wakeup;
	};
};

/**
 * wire_body_len() - bytes of the body of a message type
 * @type: enum p2pusb_msg
 *
 * Return: its size, 0 for LIST and LIST_END, -EPROTO for an unknown type.
 */
int wire_body_len(uint16_t type);

/**
 * wire_put() - encode head and body
 * @msg: the message; @payload counts into the head's length
 * @buf: at least WIRE_BUF_LEN bytes
 *
 * Return: bytes written; the caller sends msg->payload bytes behind them.
 */
size_t wire_put(const struct wire_msg *msg, uint8_t buf[WIRE_BUF_LEN]);

/**
 * wire_peek() - how much of a message must be there before wire_get()
 * @buf: WIRE_HEAD_LEN bytes of a peer
 *
 * Return: bytes of head and body (all of the message if its type is unknown
 * and optional: skip them), -EPROTO, -EMSGSIZE.
 */
long wire_peek(const uint8_t buf[WIRE_HEAD_LEN]);

/**
 * wire_get() - decode and check head and body
 * @buf: bytes of a peer
 * @len: how many are there; exactly what wire_peek() said
 * @msg: filled
 *
 * Checks every field that can be judged without state: lengths, enums, flags,
 * reserved bytes, texts, and that the payload is what the body implies where
 * the body alone tells.  Nothing but SUBMIT, COMPLETE and ATTACHED carries
 * payload: of SUBMIT it is 0 or @length, of COMPLETE 0 or @actual, behind the
 * packets in both; which of the two, the owner of the stream checks, because it
 * knows the direction; what the packets say is for wire_packet.h.  Of ATTACHED
 * it is not too long; what it says is for wire_desc.h.
 *
 * Return: 0; -EPROTO; -EMSGSIZE; -ENOMSG for an unknown optional message.
 */
int wire_get(const uint8_t *buf, size_t len, struct wire_msg *msg);

/**
 * wire_name() - name of a message type, for logs
 * @type: any
 *
 * Return: static text, "?" when unknown.
 */
const char *wire_name(uint16_t type);

#endif /* P2PUSB_LIB_WIRE_H */
