// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fakedev_wire_ep - what an agent asks of a made-up device, and what it is told.
 *
 * The link only takes notes; QUIC and the loop are for the guest tests.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire_front.h"
#include "wire_packet.h"

#define EPOCH		7
#define SENT_MAX	16
#define PAYLOAD_MAX	8192

/* The link's half: what was sent, and why it would be closed */
static struct link_ep {
	void *ctx;
	int closed;
} stream;

static struct {
	unsigned int nsent;
	struct wire_msg sent[SENT_MAX];
	uint8_t payload[SENT_MAX][PAYLOAD_MAX];
	unsigned int reasons;
} notes;

int link_ep_send(struct link_ep *ep, const struct wire_msg *msg,
		 const void *payload)
{
	assert_ptr_equal(ep, &stream);
	assert_true(notes.nsent < SENT_MAX && msg->payload <= PAYLOAD_MAX);
	notes.sent[notes.nsent] = *msg;
	if (msg->payload)
		memcpy(notes.payload[notes.nsent], payload, msg->payload);
	notes.nsent++;
	return 0;
}

int link_reason(struct link *link, const char *fmt, ...)
{
	(void)link;
	(void)fmt;
	notes.reasons++;
	return -EPROTO;
}

void *link_ep_ctx(const struct link_ep *ep)
{
	return ep->ctx;
}

void link_ep_set_ctx(struct link_ep *ep, void *ctx)
{
	ep->ctx = ctx;
}

struct link *link_ep_link(const struct link_ep *ep)
{
	(void)ep;
	return NULL;
}

void link_ep_prio(struct link_ep *ep, enum link_prio prio)
{
	(void)ep;
	(void)prio;
}

void link_ep_close(struct link_ep *ep)
{
	ep->closed++;
}

void wire_front_rearm(struct wire_server *front)
{
	(void)front;
}

static const struct model_ops ops = { .done = wire_ep_done };
static struct instance instance;
static struct wire_server front;
static struct wire_dev dev;

static void plug(const char *text)
{
	char error[128];

	memset(&notes, 0, sizeof(notes));
	memset(&stream, 0, sizeof(stream));
	memset(&instance, 0, sizeof(instance));
	memset(&front, 0, sizeof(front));
	memset(&dev, 0, sizeof(dev));
	assert_int_equal(script_read_text(&instance.script, "test", text, error,
					  sizeof(error)), 0);
	front.instance = &instance;
	front.hello.max_urbs = 2;
	front.hello.max_urb_bytes = 4096;
	front.hello.max_ep_bytes = 4096;
	front.hello.caps = P2PUSB_CAP_ISO;
	dev.front = &front;
	TAILQ_INIT(&dev.eps);
	assert_int_equal(model_init(&dev.model, instance.script.specs, 0, 0,
				    &ops, 0), 0);
	dev.model.front = &dev;
	model_plug(&dev.model);
	model_set_configuration(&dev.model, 1, 0);
}

static void open_ep(uint8_t addr, uint8_t type)
{
	const struct wire_ep_open open = {
		.dev = 1, .epoch = EPOCH, .ep = addr, .type = type,
	};

	assert_int_equal(wire_ep_open(&dev, &stream, &open), 0);
}

static void unplug(void)
{
	wire_ep_shut(&dev, 0);
	assert_true(TAILQ_EMPTY(&dev.eps));
	model_free(&dev.model);
	script_free(&instance.script);
}

static struct wire_msg submit(uint64_t seq, uint32_t length)
{
	return (struct wire_msg) {
		.type = P2PUSB_MSG_SUBMIT,
		.submit = { .seq = seq, .epoch = EPOCH, .length = length },
	};
}

static int give(struct wire_msg msg, const void *payload)
{
	void *dst = NULL;
	int ret = 0;

	if (msg.payload) {
		ret = wire_ep_begin(&stream, &msg, &dst);
		if (ret)
			return ret;
		memcpy(dst, payload, msg.payload);
	}
	return wire_ep_msg(&stream, &msg);
}

static void answers_a_read(void **state)
{
	(void)state;
	plug("device zero;on 0x81 source counter");
	open_ep(0x81, P2PUSB_XFER_BULK);
	assert_int_equal(give(submit(1, 512), NULL), 0);
	assert_int_equal(notes.nsent, 1);
	assert_int_equal(notes.sent[0].type, P2PUSB_MSG_COMPLETE);
	assert_int_equal(notes.sent[0].complete.seq, 1);
	assert_int_equal(notes.sent[0].complete.epoch, EPOCH);
	assert_int_equal(notes.sent[0].complete.actual, 512);
	assert_int_equal(notes.sent[0].payload, 512);
	assert_int_equal(notes.payload[0][511], 511 % 251);
	unplug();
}

static void takes_a_write(void **state)
{
	struct wire_msg msg = submit(1, 5);

	(void)state;
	plug("device loopback");
	open_ep(1, P2PUSB_XFER_BULK);
	msg.payload = 5;
	assert_int_equal(give(msg, "hello"), 0);
	assert_int_equal(notes.sent[0].complete.actual, 5);
	assert_int_equal(notes.sent[0].payload, 0);
	assert_memory_equal(dev.model.ep[17].loop, "hello", 5);
	unplug();
}

static void puts_packets_ahead_of_their_bytes(void **state)
{
	const uint32_t lens[2] = { 100, 50 };
	struct wire_packet packets[2];
	struct wire_msg msg = submit(1, 150);
	uint8_t payload[8];

	(void)state;
	plug("device zero;on 0x82 source counter;on 0x82 short 80");
	model_set_interface(&dev.model, 0, 1);
	open_ep(0x82, P2PUSB_XFER_ISO);
	wire_packet_put_lens(payload, lens, 2);
	msg.submit.npkt = 2;
	msg.payload = sizeof(payload);
	assert_int_equal(give(msg, payload), 0);
	assert_int_equal(notes.nsent, 1);
	assert_int_equal(notes.sent[0].complete.npkt, 2);
	assert_int_equal(notes.sent[0].complete.actual, 130);
	assert_int_equal(notes.sent[0].payload, 2 * WIRE_PACKET_SIZE + 130);
	assert_int_equal(wire_packet_get(notes.payload[0], packets, 2, 130), 0);
	assert_int_equal(packets[0].actual, 80);
	assert_int_equal(packets[1].actual, 50);
	assert_int_equal(notes.payload[0][2 * WIRE_PACKET_SIZE + 129], 129);
	unplug();
}

static void cancels_what_waits(void **state)
{
	struct wire_msg cancel = {
		.type = P2PUSB_MSG_CANCEL,
		.cancel = { .seq = 1, .epoch = EPOCH },
	};

	(void)state;
	plug("device zero;on 0x81 silent 1");
	open_ep(0x81, P2PUSB_XFER_BULK);
	assert_int_equal(give(submit(1, 8), NULL), 0);
	assert_int_equal(notes.nsent, 0);
	assert_int_equal(give(cancel, NULL), 0);
	assert_int_equal(notes.sent[0].complete.status, P2PUSB_ST_CANCELLED);
	assert_int_equal(notes.sent[0].complete.npkt, 0);
	/* Late, and of no consequence. */
	assert_int_equal(give(cancel, NULL), 0);
	assert_int_equal(notes.nsent, 1);
	unplug();
}

static void throws_out_who_breaks_the_contract(void **state)
{
	struct wire_msg streams = {
		.type = P2PUSB_MSG_STREAMS,
		.streams = { .seq = 9, .epoch = EPOCH, .neps = 1 },
	};
	struct wire_msg other = submit(3, 8);
	struct wire_msg packets = submit(3, 8);

	(void)state;
	plug("device zero;on 0x81 silent 1");
	open_ep(0x81, P2PUSB_XFER_BULK);
	assert_int_equal(give(submit(2, 8), NULL), 0);
	assert_int_equal(give(submit(2, 8), NULL), -EPROTO);
	other.submit.epoch++;
	assert_int_equal(give(other, NULL), -EPROTO);
	packets.submit.npkt = 1;
	packets.payload = 4;
	assert_int_equal(give(packets, "\x08\0\0\0"), -EPROTO);
	assert_int_equal(give(submit(3, 4097), NULL), -EPROTO);
	assert_int_equal(give(submit(3, 4089), NULL), -EPROTO);
	assert_int_equal(give(submit(3, 8), NULL), 0);
	assert_int_equal(give(submit(4, 8), NULL), -EPROTO);
	assert_int_equal(give(streams, NULL), -EPROTO);
	assert_int_equal(notes.reasons, 7);
	unplug();
}

static void a_closed_stream_takes_its_requests_along(void **state)
{
	(void)state;
	plug("device zero;on 0x81 silent 1");
	open_ep(0x81, P2PUSB_XFER_BULK);
	assert_int_equal(give(submit(1, 8), NULL), 0);
	assert_int_equal(give(submit(2, 8), NULL), 0);
	wire_ep_down(stream.ctx);
	assert_true(TAILQ_EMPTY(&dev.eps));
	assert_int_equal(notes.nsent, 0);
	assert_int_equal(dev.model.ep[17].count.cancelled, 2);
	unplug();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_a_read),
		cmocka_unit_test(takes_a_write),
		cmocka_unit_test(puts_packets_ahead_of_their_bytes),
		cmocka_unit_test(cancels_what_waits),
		cmocka_unit_test(throws_out_who_breaks_the_contract),
		cmocka_unit_test(a_closed_stream_takes_its_requests_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
