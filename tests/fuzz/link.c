// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link - sequences of messages against a link of either role.
 *
 * The owner is as rude as the peer: it closes streams and links in every
 * callback that may.  Knows no device.
 */
#include <errno.h>

#include "clock.h"
#include "link.h"
#include "link_int.h"
#include "paper_quic.h"

#define EPS_MAX		PAPER_STREAMS_MAX
#define CONTROL_MAX	(1u << 20)	/* bytes of answers, but the last */

static struct {
	struct input *in;
	struct link *link;
	struct quic_conn *conn;
	struct link_ep *eps[EPS_MAX];
	void *payloads[EPS_MAX + 1];
	unsigned int neps;
	int up;
	int down;
	unsigned int pongs;
	unsigned int pings;
	int unread;
} bed;

/* The owner */

/* What to do in a callback: mostly nothing. */
enum mood { CALM, REFUSE, HANG_UP, CLOSE_OWN, CLOSE_OTHER, TALK, NMOODS };

static unsigned int index_of(const struct link_ep *ep)
{
	unsigned int i;

	for (i = 0; i < bed.neps && bed.eps[i] != ep; i++)
		;
	fuzz_check(i < bed.neps);
	return i;
}

static void forget(struct link_ep *ep)
{
	unsigned int i = index_of(ep);

	bed.eps[i] = NULL;
	free(bed.payloads[i]);
	bed.payloads[i] = NULL;
}

static void close_one(unsigned int n)
{
	struct link_ep *ep;

	if (!bed.neps)
		return;
	ep = bed.eps[n % bed.neps];
	if (!ep)
		return;
	forget(ep);
	link_ep_close(ep);
}

static void talk(struct link_ep *ep)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_COMPLETE };
	static const uint8_t bytes[300];

	msg.complete.actual = sizeof(bytes);
	msg.payload = sizeof(bytes);
	link_ep_send(ep, &msg, bytes);
}

static int act(struct link_ep *ep)
{
	unsigned int mood = input_u8(bed.in);

	switch (mood < NMOODS ? mood : CALM) {
	case REFUSE:
		return link_reason(bed.link, "mood %u", mood);
	case HANG_UP:
		link_close(bed.link, P2PUSB_CLOSE_OK, "mood");
		break;
	case CLOSE_OWN:
		if (!ep)
			break;
		forget(ep);
		link_ep_close(ep);
		break;
	case CLOSE_OTHER:
		close_one(input_u8(bed.in));
		break;
	case TALK:
		if (ep)
			talk(ep);
		break;
	}
	return 0;
}

static int owner_admit(void *owner, const uint8_t key[KEY_LEN])
{
	(void)owner;
	return key[0] ? -EACCES : 0;
}

static int owner_accepted(void *owner, struct link *link)
{
	(void)owner;
	bed.link = link;
	return input_u8(bed.in) == REFUSE ? -EUSERS : 0;
}

static void owner_up(struct link *link, const struct wire_hello *peer)
{
	fuzz_check(link == bed.link && !bed.up && !bed.down);
	fuzz_check(peer->major == P2PUSB_VERSION_MAJOR);
	bed.up = 1;
	if (input_u8(bed.in) == HANG_UP)
		link_close(link, P2PUSB_CLOSE_OK, "mood");
}

static void owner_down(struct link *link, int err, const char *why)
{
	fuzz_check(link == bed.link && !bed.down);
	fuzz_check(err <= 0 && why);
	bed.down = 1;
	bed.link = NULL;
}

static int owner_begin(struct link *link, const struct wire_msg *msg,
		       void **dst)
{
	int ret = act(NULL);

	(void)link;
	fuzz_check(bed.up && !bed.down);
	free(bed.payloads[EPS_MAX]);
	bed.payloads[EPS_MAX] = ret ? NULL : malloc(msg->payload);
	*dst = bed.payloads[EPS_MAX];
	return ret;
}

static int owner_msg(struct link *link, const struct wire_msg *msg)
{
	(void)link;
	fuzz_check(bed.up && !bed.down);
	fuzz_check(msg->type != P2PUSB_MSG_HELLO &&
		   msg->type != P2PUSB_MSG_PING);
	return act(NULL);
}

static int owner_ep_open(struct link *link, struct link_ep *ep,
			 const struct wire_ep_open *open)
{
	(void)open;
	fuzz_check(link->server && bed.up && !bed.down);
	fuzz_check(bed.neps < EPS_MAX);
	bed.eps[bed.neps++] = ep;
	return act(ep);
}

/* It may be closed in here: then its payload goes nowhere. */
static int owner_ep_begin(struct link_ep *ep, const struct wire_msg *msg,
			  void **dst)
{
	unsigned int i = index_of(ep);
	int ret = act(ep);

	if (ret || bed.eps[i] != ep)
		return ret;
	free(bed.payloads[i]);
	bed.payloads[i] = input_u8(bed.in) == REFUSE ? NULL :
			  malloc(msg->payload);
	*dst = bed.payloads[i];
	return 0;
}

static int owner_ep_msg(struct link_ep *ep, const struct wire_msg *msg)
{
	fuzz_check(bed.up && !bed.down);
	fuzz_check((msg->type == P2PUSB_MSG_COMPLETE) == !bed.link->server);
	index_of(ep);
	return act(ep);
}

static void owner_ep_down(struct link_ep *ep)
{
	forget(ep);
	if (input_u8(bed.in) == CLOSE_OTHER)
		close_one(input_u8(bed.in));
}

static const struct link_ops owner_ops = {
	.admit = owner_admit,
	.accepted = owner_accepted,
	.up = owner_up,
	.down = owner_down,
	.begin = owner_begin,
	.msg = owner_msg,
	.ep_open = owner_ep_open,
	.ep_begin = owner_ep_begin,
	.ep_msg = owner_ep_msg,
	.ep_down = owner_ep_down,
};

/* What the link says */

static void heard(struct quic_stream *stream, const struct wire_msg *msg)
{
	bed.pongs += msg->type == P2PUSB_MSG_PONG;
	fuzz_check(bed.pongs <= bed.pings);
	fuzz_check(stream->id || stream->queued <= CONTROL_MAX + 1024);
}

static void said(struct quic_stream *stream, const struct wire_msg *msg)
{
	bed.pings += !stream->id && msg->type == P2PUSB_MSG_PING;
}

static const struct paper_ears ears = { .heard = heard, .said = said };

/* The peer */

static void say_some(struct input *in)
{
	static const uint16_t types[] = {
		P2PUSB_MSG_HELLO, P2PUSB_MSG_PING, P2PUSB_MSG_LIST,
		P2PUSB_MSG_EP_OPEN, P2PUSB_MSG_SUBMIT, P2PUSB_MSG_COMPLETE,
		P2PUSB_MSG_CANCEL, P2PUSB_MSG_ATTACHED, P2PUSB_MSG_DETACH,
		P2PUSB_MSG_DETACHED, P2PUSB_MSG_RESET, P2PUSB_MSG_PONG,
	};
	struct wire_msg msg = { 0 };
	static const uint8_t bytes[256];
	struct quic_stream *stream;

	stream = paper_stream(bed.conn, input_u8(in));
	if (!stream)
		return;
	msg.type = types[input_pick(in, sizeof(types) / sizeof(types[0]))];
	switch (msg.type) {
	case P2PUSB_MSG_HELLO:
		msg.hello.major = P2PUSB_VERSION_MAJOR;
		break;
	case P2PUSB_MSG_SUBMIT:
		msg.submit.length = input_u8(in);
		msg.payload = msg.submit.length;
		break;
	case P2PUSB_MSG_COMPLETE:
		msg.complete.actual = input_u8(in);
		msg.payload = msg.complete.actual;
		break;
	case P2PUSB_MSG_ATTACHED:
		msg.attached.dev = 1;
		msg.attached.device.speed = P2PUSB_SPEED_HIGH;
		msg.attached.device.state = P2PUSB_DEVICE_FREE;
		msg.payload = input_u8(in);
		break;
	}
	paper_say(stream, &msg, bytes, in);
}

static void say_bytes(struct input *in)
{
	struct quic_stream *stream;

	stream = paper_stream(bed.conn, input_u8(in));
	if (stream)
		paper_babble(stream, in);
}

static void end_stream(struct input *in)
{
	struct quic_stream *stream;

	stream = paper_stream(bed.conn, input_u8(in));
	if (stream)
		paper_end(stream);
}

/* Only an agent opens streams. */
static void open_stream(struct input *in)
{
	(void)in;
	if (bed.link && bed.link->server)
		paper_open(bed.conn);
}

static void owner_opens(struct input *in)
{
	const struct wire_ep_open open = { .dev = 1, .ep = input_u8(in) };
	struct link_ep *ep;

	if (!bed.link || bed.link->server || bed.neps >= EPS_MAX)
		return;
	if (!link_ep_open(bed.link, &open, LINK_PRIO_BULK, NULL, &ep))
		bed.eps[bed.neps++] = ep;
}

static void owner_closes(struct input *in)
{
	close_one(input_u8(in));
}

static void owner_says(struct input *in)
{
	const struct wire_msg msg = { .type = P2PUSB_MSG_LIST_END };

	(void)in;
	if (bed.link)
		link_send(bed.link, &msg);
}

static void lose(struct input *in)
{
	(void)in;
	paper_lose(bed.conn, -ETIMEDOUT);
}

static void ready(struct input *in)
{
	(void)in;
	paper_ready(bed.conn);
}

/* The far side has not read for long: now it comes to the limit. */
static void unread(struct input *in)
{
	struct quic_stream *stream = paper_stream(bed.conn, input_u8(in));

	if (!stream || bed.unread++)
		return;
	stream->queued += CONTROL_MAX - 64;
	bed.conn->queued += CONTROL_MAX - 64;
}

static void (*const steps[])(struct input *in) = {
	say_some, say_some, say_some, say_bytes, open_stream, end_stream,
	owner_opens, owner_closes, owner_says, ready, lose, unread,
};

static void start(struct input *in, struct link_listener **listener)
{
	static const uint8_t keys[2][KEY_LEN] = { { 0 }, { 1 } };
	const struct link_config config = {
		.hello = { .major = P2PUSB_VERSION_MAJOR, .max_urbs = 1 },
		.ops = &owner_ops,
	};
	uint8_t how = input_u8(in);

	*listener = NULL;
	if (how & 1) {
		fuzz_check(!link_listen(&config, NULL, 0, listener));
		bed.conn = paper_connect(keys[how == 0xff]);
		if (bed.conn)
			paper_open(bed.conn);
	} else {
		fuzz_check(!link_dial(&config, NULL, 0, keys[0], NULL,
				      &bed.link));
		bed.conn = paper_dialled;
		if (how & 2)
			paper_ready(bed.conn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_listener *listener;
	struct input in = { data, size };
	int gone = 0;
	unsigned int i;

	memset(&bed, 0, sizeof(bed));
	bed.in = &in;
	paper_ears = &ears;
	start(&in, &listener);
	while (bed.conn && in.left && !gone) {
		steps[input_pick(&in, sizeof(steps) / sizeof(steps[0]))](&in);
		gone = paper_settle(bed.conn);
	}
	if (bed.conn && !gone) {
		paper_lose(bed.conn, 0);
		fuzz_check(paper_settle(bed.conn));
	}
	fuzz_check(!bed.conn || bed.down || !bed.link);
	if (listener)
		link_listener_close(listener, P2PUSB_CLOSE_OK, "the end");
	for (i = 0; i <= EPS_MAX; i++)
		free(bed.payloads[i]);
	return 0;
}
