// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire - codec between the messages of <p2pusb/wire.h> and host structures.
 *
 * One table of fields drives both directions.  Does not judge what depends on
 * state: credits, sequence, directions.
 */
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "utf8.h"
#include "wire.h"

/**
 * enum wire_kind - how a field looks on the wire
 * @WIRE_INT: little-endian integer, same size on both sides
 * @WIRE_RAW: bytes
 * @WIRE_TEXT: NUL-padded text, one byte longer in the host structure
 * @WIRE_ZERO: reserved
 */
enum wire_kind {
	WIRE_INT,
	WIRE_RAW,
	WIRE_TEXT,
	WIRE_ZERO,
};

/**
 * struct wire_field - one field of a body
 * @kind: see there
 * @at: offset on the wire
 * @host: offset in struct wire_msg
 * @size: bytes on the wire
 * @max: WIRE_INT: largest value that is legal
 * @min: WIRE_INT: smallest
 */
struct wire_field {
	enum wire_kind kind;
	uint16_t at;
	uint16_t host;
	uint16_t size;
	uint64_t max;
	uint64_t min;
};

#define SIZE(s, f)	sizeof(((struct s *)0)->f)
#define FIELD(k, w, wf, m, hi, lo) \
	{ k, offsetof(struct p2pusb_##w, wf), offsetof(struct wire_msg, m), \
	  SIZE(p2pusb_##w, wf), hi, lo }
#define RANGE(w, f, m, lo, hi)	FIELD(WIRE_INT, w, f, m.f, hi, lo)
#define INT(w, f, m)		RANGE(w, f, m, 0, UINT64_MAX)
#define RAW(w, f, m)		FIELD(WIRE_RAW, w, f, m.f, 0, 0)
#define TEXT(w, f, m)		FIELD(WIRE_TEXT, w, f, m.f, 0, 0)
#define ZERO(w, f)		FIELD(WIRE_ZERO, w, f, type, 0, 0)

static const struct wire_field wire_hello_fields[] = {
	INT(hello, major, hello), INT(hello, minor, hello),
	RANGE(hello, max_urbs, hello, 0, 65536), INT(hello, caps, hello),
	RANGE(hello, max_urb_bytes, hello, 0, P2PUSB_MSG_MAX),
	INT(hello, max_ep_bytes, hello),
	RAW(hello, boot_id, hello), TEXT(hello, name, hello),
};

/* struct p2pusb_device at offset @o of a body. */
#define NESTED(k, o, f, m, hi, lo) \
	{ k, (o) + offsetof(struct p2pusb_device, f), \
	  offsetof(struct wire_msg, m), SIZE(p2pusb_device, f), hi, lo }
#define DEVICE_FIELDS(o, m) \
	NESTED(WIRE_TEXT, o, busid, m.busid, 0, 0), \
	NESTED(WIRE_INT, o, vid, m.vid, UINT16_MAX, 0), \
	NESTED(WIRE_INT, o, pid, m.pid, UINT16_MAX, 0), \
	NESTED(WIRE_INT, o, bcd_device, m.bcd_device, UINT16_MAX, 0), \
	NESTED(WIRE_RAW, o, dev_class, m.dev_class, 0, 0), \
	NESTED(WIRE_RAW, o, dev_subclass, m.dev_subclass, 0, 0), \
	NESTED(WIRE_RAW, o, dev_protocol, m.dev_protocol, 0, 0), \
	NESTED(WIRE_INT, o, speed, m.speed, P2PUSB_SPEED_SUPER_PLUS, \
	       P2PUSB_SPEED_LOW), \
	NESTED(WIRE_INT, o, state, m.state, P2PUSB_DEVICE_BUSY, \
	       P2PUSB_DEVICE_FREE), \
	NESTED(WIRE_INT, o, lanes, m.lanes, 2, 0), \
	NESTED(WIRE_RAW, o, classes, m.classes, 0, 0), \
	NESTED(WIRE_ZERO, o, rsv, type, 0, 0), \
	NESTED(WIRE_TEXT, o, manufacturer, m.manufacturer, 0, 0), \
	NESTED(WIRE_TEXT, o, product, m.product, 0, 0), \
	NESTED(WIRE_TEXT, o, serial, m.serial, 0, 0)

static const struct wire_field wire_device_fields[] = {
	DEVICE_FIELDS(0, device),
};

static const struct wire_field wire_device_gone_fields[] = {
	TEXT(device_gone, busid, device_gone),
};

static const struct wire_field wire_attach_fields[] = {
	INT(attach, req, attach), ZERO(attach, flags),
	RAW(attach, session, attach), TEXT(attach, busid, attach),
};

static const struct wire_field wire_attached_fields[] = {
	INT(attached, req, attached),
	RANGE(attached, dev, attached, 1, UINT32_MAX),
	DEVICE_FIELDS(offsetof(struct p2pusb_attached, device),
		      attached.device),
};

static const struct wire_field wire_refused_fields[] = {
	INT(refused, req, refused), INT(refused, code, refused),
	TEXT(refused, text, refused),
};

static const struct wire_field wire_detach_fields[] = {
	INT(detach, dev, detach), ZERO(detach, rsv),
};

static const struct wire_field wire_detached_fields[] = {
	INT(detached, dev, detached), INT(detached, code, detached),
	TEXT(detached, text, detached),
};

static const struct wire_field wire_ping_fields[] = {
	INT(ping, cookie, ping),
};

static const struct wire_field wire_ep_open_fields[] = {
	INT(ep_open, dev, ep_open), INT(ep_open, epoch, ep_open),
	INT(ep_open, ep, ep_open),
	RANGE(ep_open, type, ep_open, 0, P2PUSB_XFER_INTERRUPT),
	ZERO(ep_open, rsv), INT(ep_open, interval, ep_open),
};

static const struct wire_field wire_submit_fields[] = {
	INT(submit, seq, submit), INT(submit, epoch, submit),
	RANGE(submit, flags, submit, 0, P2PUSB_XF_ALL),
	RANGE(submit, length, submit, 0, P2PUSB_MSG_MAX),
	INT(submit, stream, submit),
	RANGE(submit, npkt, submit, 0, P2PUSB_NPKT_MAX),
	INT(submit, interval, submit), INT(submit, start_frame, submit),
	RAW(submit, setup, submit),
};

static const struct wire_field wire_cancel_fields[] = {
	INT(cancel, seq, cancel), INT(cancel, epoch, cancel),
	ZERO(cancel, rsv),
};

static const struct wire_field wire_reset_fields[] = {
	INT(reset, seq, reset), INT(reset, epoch, reset), ZERO(reset, rsv),
};

static const struct wire_field wire_complete_fields[] = {
	INT(complete, seq, complete), INT(complete, epoch, complete),
	RANGE(complete, status, complete, 0, P2PUSB_ST_MAX - 1),
	RANGE(complete, actual, complete, 0, P2PUSB_MSG_MAX),
	INT(complete, queue_us, complete), INT(complete, device_us, complete),
	RANGE(complete, npkt, complete, 0, P2PUSB_NPKT_MAX),
	RANGE(complete, errs, complete, 0, P2PUSB_NPKT_MAX),
	INT(complete, start_frame, complete), ZERO(complete, rsv),
};

static const struct wire_field wire_streams_fields[] = {
	INT(streams, seq, streams), INT(streams, epoch, streams),
	RANGE(streams, wanted, streams, 0, 65533),
	RANGE(streams, neps, streams, 1, P2PUSB_STREAMS_EPS),
	RAW(streams, eps, streams), ZERO(streams, rsv),
};

static const struct wire_field wire_power_fields[] = {
	INT(power, seq, power), INT(power, epoch, power),
	RANGE(power, state, power, 0, P2PUSB_POWER_SUSPEND_WAKEUP),
};

static const struct wire_field wire_wakeup_fields[] = {
	INT(wakeup, dev, wakeup), ZERO(wakeup, rsv),
};

/**
 * struct wire_type - one message type
 * @name: for logs
 * @fields: of the body
 * @nfields: how many
 * @body: bytes of the body
 */
struct wire_type {
	const char *name;
	const struct wire_field *fields;
	uint16_t nfields;
	uint16_t body;
};

#define BARE(t) { #t, NULL, 0, 0 }
#define TYPE(t, s) { #t, wire_##s##_fields, \
	sizeof(wire_##s##_fields) / sizeof(wire_##s##_fields[0]), \
	sizeof(struct p2pusb_##s) }

static const struct wire_type wire_types[] = {
	[P2PUSB_MSG_HELLO] = TYPE(HELLO, hello),
	[P2PUSB_MSG_LIST] = BARE(LIST),
	[P2PUSB_MSG_DEVICE] = TYPE(DEVICE, device),
	[P2PUSB_MSG_DEVICE_GONE] = TYPE(DEVICE_GONE, device_gone),
	[P2PUSB_MSG_LIST_END] = BARE(LIST_END),
	[P2PUSB_MSG_ATTACH] = TYPE(ATTACH, attach),
	[P2PUSB_MSG_ATTACHED] = TYPE(ATTACHED, attached),
	[P2PUSB_MSG_REFUSED] = TYPE(REFUSED, refused),
	[P2PUSB_MSG_DETACH] = TYPE(DETACH, detach),
	[P2PUSB_MSG_DETACHED] = TYPE(DETACHED, detached),
	[P2PUSB_MSG_PING] = TYPE(PING, ping),
	[P2PUSB_MSG_PONG] = TYPE(PONG, ping),
	[P2PUSB_MSG_WAKEUP] = TYPE(WAKEUP, wakeup),
	[P2PUSB_MSG_EP_OPEN] = TYPE(EP_OPEN, ep_open),
	[P2PUSB_MSG_SUBMIT] = TYPE(SUBMIT, submit),
	[P2PUSB_MSG_CANCEL] = TYPE(CANCEL, cancel),
	[P2PUSB_MSG_RESET] = TYPE(RESET, reset),
	[P2PUSB_MSG_COMPLETE] = TYPE(COMPLETE, complete),
	[P2PUSB_MSG_STREAMS] = TYPE(STREAMS, streams),
	[P2PUSB_MSG_POWER] = TYPE(POWER, power),
};

#define WIRE_NTYPES	(sizeof(wire_types) / sizeof(wire_types[0]))

static const struct wire_type *wire_type(uint16_t type)
{
	if (type >= WIRE_NTYPES || !wire_types[type].name)
		return NULL;
	return &wire_types[type];
}

int wire_body_len(uint16_t type)
{
	const struct wire_type *t = wire_type(type);

	return t ? t->body : -EPROTO;
}

const char *wire_name(uint16_t type)
{
	const struct wire_type *t = wire_type(type);

	return t ? t->name : "?";
}

static uint64_t wire_load(const void *p, size_t size)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&v16, p, 2);
		return v16;
	case 4:
		memcpy(&v32, p, 4);
		return v32;
	default:
		memcpy(&v64, p, 8);
		return v64;
	}
}

static void wire_store(void *p, uint64_t v, size_t size)
{
	uint32_t v32 = (uint32_t)v;
	uint16_t v16 = (uint16_t)v;

	switch (size) {
	case 1:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case 2:
		memcpy(p, &v16, 2);
		break;
	case 4:
		memcpy(p, &v32, 4);
		break;
	default:
		memcpy(p, &v, 8);
		break;
	}
}

static uint64_t wire_swap(uint64_t v, size_t size)
{
	switch (size) {
	case 2:
		return le16toh((uint16_t)v);
	case 4:
		return le32toh((uint32_t)v);
	case 8:
		return le64toh(v);
	default:
		return v;
	}
}

/* Length of the character at @p, 0 when it is none or not for a line of text. */
static size_t wire_rune(const uint8_t *p, size_t left)
{
	uint32_t rune;
	size_t len = utf8_decode((const char *)p, left, &rune);

	if (!len || rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
		return 0;
	return len;
}

/* What is no text becomes '?': a device with odd strings still works. */
static int wire_get_text(const uint8_t *p, size_t size, char *out)
{
	size_t len = strnlen((const char *)p, size);
	size_t i = 0;
	size_t n;

	for (n = len; n < size; n++)
		if (p[n])
			return -EPROTO;
	while (i < len) {
		n = wire_rune(p + i, len - i);
		if (!n) {
			out[i++] = '?';
			continue;
		}
		memcpy(out + i, p + i, n);
		i += n;
	}
	out[len] = '\0';
	return 0;
}

static int wire_get_int(const struct wire_field *f, const uint8_t *p,
			void *host)
{
	uint64_t v = wire_swap(wire_load(p, f->size), f->size);

	if (v < f->min || v > f->max)
		return -EPROTO;
	wire_store(host, v, f->size);
	return 0;
}

static int wire_get_zero(const uint8_t *p, size_t size)
{
	while (size--)
		if (*p++)
			return -EPROTO;
	return 0;
}

static int wire_get_field(const struct wire_field *f, const uint8_t *body,
			  struct wire_msg *msg)
{
	void *host = (uint8_t *)msg + f->host;
	const uint8_t *p = body + f->at;

	switch (f->kind) {
	case WIRE_INT:
		return wire_get_int(f, p, host);
	case WIRE_TEXT:
		return wire_get_text(p, f->size, host);
	case WIRE_ZERO:
		return wire_get_zero(p, f->size);
	case WIRE_RAW:
		memcpy(host, p, f->size);
	}
	return 0;
}

static void wire_put_field(const struct wire_field *f,
			   const struct wire_msg *msg, uint8_t *body)
{
	const void *host = (const uint8_t *)msg + f->host;
	uint8_t *p = body + f->at;

	switch (f->kind) {
	case WIRE_INT:
		wire_store(p, wire_swap(wire_load(host, f->size), f->size),
			   f->size);
		break;
	case WIRE_TEXT:
		/* The body was zeroed: the padding is there. */
		memcpy(p, host, strnlen(host, f->size));
		break;
	case WIRE_RAW:
		memcpy(p, host, f->size);
		break;
	case WIRE_ZERO:
		break;
	}
}

size_t wire_put(const struct wire_msg *msg, uint8_t buf[WIRE_BUF_LEN])
{
	const struct wire_type *t = wire_type(msg->type);
	struct p2pusb_head head;
	size_t len;
	size_t i;

	if (!t)
		return 0;
	len = WIRE_HEAD_LEN + t->body;
	memset(buf, 0, len);
	head.len = htole32((uint32_t)len + msg->payload);
	head.type = htole16(msg->type);
	head.flags = htole16(msg->flags);
	memcpy(buf, &head, sizeof(head));
	for (i = 0; i < t->nfields; i++)
		wire_put_field(&t->fields[i], msg, buf + WIRE_HEAD_LEN);
	return len;
}

/* Host-endian twin of struct p2pusb_head. */
struct wire_head {
	uint32_t len;
	uint16_t type;
	uint16_t flags;
};

static struct wire_head wire_head(const uint8_t *buf)
{
	struct p2pusb_head head;

	memcpy(&head, buf, sizeof(head));
	return (struct wire_head) {
		.len = le32toh(head.len),
		.type = le16toh(head.type),
		.flags = le16toh(head.flags),
	};
}

long wire_peek(const uint8_t buf[WIRE_HEAD_LEN])
{
	const struct wire_head head = wire_head(buf);
	const struct wire_type *t = wire_type(head.type);

	if (head.flags & ~P2PUSB_HEAD_OPTIONAL)
		return -EPROTO;
	if (head.len < WIRE_HEAD_LEN)
		return -EPROTO;
	if (head.len > P2PUSB_MSG_MAX)
		return -EMSGSIZE;
	if (!t)
		return head.flags & P2PUSB_HEAD_OPTIONAL ? (long)head.len :
							   -EPROTO;
	if (head.len < WIRE_HEAD_LEN + t->body)
		return -EPROTO;
	return (long)(WIRE_HEAD_LEN + t->body);
}

/* Only where the body alone tells; the stream's owner knows the direction. */
static bool wire_payload_fits(const struct wire_msg *msg)
{
	uint32_t packets = 0;
	uint32_t full = 0;

	switch (msg->type) {
	case P2PUSB_MSG_SUBMIT:
		packets = msg->submit.npkt * sizeof(p2pusb_le32);
		full = msg->submit.length;
		break;
	case P2PUSB_MSG_ATTACHED:
		return msg->payload <= P2PUSB_DESCS_MAX;
	case P2PUSB_MSG_COMPLETE:
		packets = msg->complete.npkt * sizeof(struct p2pusb_iso);
		full = msg->complete.actual;
		break;
	}
	return msg->payload == packets || msg->payload == packets + full;
}

int wire_get(const uint8_t *buf, size_t len, struct wire_msg *msg)
{
	const struct wire_type *t;
	struct wire_head head;
	size_t i;
	long want;
	int ret;

	if (len < WIRE_HEAD_LEN)
		return -EPROTO;
	want = wire_peek(buf);
	if (want < 0)
		return (int)want;
	head = wire_head(buf);
	t = wire_type(head.type);
	if (!t)
		return -ENOMSG;
	if (len != (size_t)want)
		return -EPROTO;

	memset(msg, 0, sizeof(*msg));
	msg->type = head.type;
	msg->flags = head.flags;
	msg->payload = head.len - (uint32_t)want;
	for (i = 0; i < t->nfields; i++) {
		ret = wire_get_field(&t->fields[i], buf + WIRE_HEAD_LEN, msg);
		if (ret)
			return ret;
	}
	return wire_payload_fits(msg) ? 0 : -EPROTO;
}
