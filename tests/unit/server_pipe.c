// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to a device: order, credits, cancel, verbs; what a peer may not do.
 */
#include "pipe.h"
#include "server_bed.h"

struct scene {
	struct bed *bed;
	struct device *dev;
	struct engine_device *paper;
	uint32_t number;
	struct link_ep *ep0;
	struct link_ep *in;
	struct link_ep *out;
};

static int scene_start(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->bed = bed_start();
	bed_admit(s->bed, 0, "*");
	s->dev = bed_share(s->bed, "1-1");
	s->paper = paper_last;
	bed_connect(s->bed, 0);
	s->number = bed_attach(s->bed, 0, "1-1");
	s->ep0 = bed_ep(s->bed, s->number, 0, P2PUSB_XFER_CONTROL);
	s->in = bed_ep(s->bed, s->number, 0x81, P2PUSB_XFER_BULK);
	s->out = bed_ep(s->bed, s->number, 0x02, P2PUSB_XFER_BULK);
	*state = s;
	return 0;
}

static int scene_stop(void **state)
{
	struct scene *s = *state;

	bed_stop(s->bed);
	free(s);
	return 0;
}

static void test_in(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 100, NULL);
	bed_until(s->bed, s->paper->nflying == 1);
	assert_int_equal(s->paper->flying[0]->ep, 0x81);
	assert_int_equal(s->paper->flying[0]->length, 100);
	memset(s->paper->flying[0]->data, 'x', 60);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 60);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 60);
	assert_int_equal(s->bed->agent[0].msgs[0].payload, 60);
	assert_int_equal(s->bed->agent[0].data[0][59], 'x');
}

static void test_out(void **state)
{
	struct scene *s = *state;
	char data[512];

	memset(data, 'y', sizeof(data));
	bed_submit(s->out, 1, sizeof(data), data);
	bed_until(s->bed, s->paper->nflying == 1);
	assert_memory_equal(s->paper->flying[0]->data, data, sizeof(data));
	paper_done(s->paper, 0, P2PUSB_ST_STALL, 128);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_STALL, 128);
	assert_int_equal(s->bed->agent[0].msgs[0].payload, 0);
}

static void test_zero_length(void **state)
{
	struct scene *s = *state;

	bed_submit(s->out, 1, 0, NULL);
	bed_submit(s->in, 1, 0, NULL);
	bed_until(s->bed, s->paper->nflying == 2);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 0);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 0);
	bed_expect(s->bed, 1, 1, P2PUSB_ST_OK, 0);
}

static void test_order(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 10, NULL);
	bed_submit(s->in, 2, 10, NULL);
	bed_submit(s->in, 5, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 3);
	paper_done(s->paper, 2, P2PUSB_ST_OK, 3);
	paper_done(s->paper, 1, P2PUSB_ST_OK, 2);
	bed_idle(s->bed, 100);
	assert_int_equal(s->bed->agent[0].nmsgs, 0);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 1);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 1);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_OK, 2);
	bed_expect(s->bed, 2, 5, P2PUSB_ST_OK, 3);
}

static void test_cancel_overtakes(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 10, NULL);
	bed_submit(s->in, 2, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 2);
	s->paper->cancel_actual = 4;
	bed_cancel(s->in, 2);
	bed_expect(s->bed, 0, 2, P2PUSB_ST_CANCELLED, 4);
	assert_int_equal(s->bed->agent[0].msgs[0].payload, 4);
	bed_cancel(s->in, 2);	/* complete: ignored */
	bed_cancel(s->in, 99);
	bed_until(s->bed, !s->paper->held);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 10);
	bed_expect(s->bed, 1, 1, P2PUSB_ST_OK, 10);
	assert_int_equal(paper_called(s->paper, "cancel"), 1);
}

/* Other endpoints do not wait for all of them, their own does. */
static void test_served_between_cancels(void **state)
{
	struct scene *s = *state;
	uint64_t i;

	for (i = 1; i <= 4; i++)
		bed_submit(s->in, i, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 4);
	paper_block(s->paper, 1);
	for (i = 1; i <= 4; i++)
		bed_cancel(s->in, i);
	bed_until(s->bed, paper_called(s->paper, "cancel"));
	bed_submit(s->out, 1, 5, "hello");
	bed_submit(s->in, 5, 10, NULL);
	bed_idle(s->bed, 50);
	assert_int_equal(s->paper->nflying, 4);
	paper_block(s->paper, 0);
	bed_until(s->bed, s->bed->agent[0].nmsgs == 4);
	bed_until(s->bed, s->paper->nflying == 2 && !s->paper->held);
	assert_int_equal(s->paper->nkilled, 4);
	assert_int_equal(s->paper->killed_before[engine_slot(0x02)], 1);
	assert_int_equal(s->paper->killed_before[engine_slot(0x81)], 4);
}

static void test_verb_in_place(void **state)
{
	struct scene *s = *state;

	bed_control(s->ep0, 1, 0x80, 6, 0x0100, 0, 18);
	bed_control(s->ep0, 2, 0x01, 11, 1, 2, 0);
	bed_control(s->ep0, 3, 0x80, 6, 0x0200, 0, 9);
	bed_until(s->bed, s->paper->nflying == 1);
	bed_idle(s->bed, 50);
	assert_int_equal(paper_called(s->paper, "interface 2 1"), 0);
	paper_block(s->paper, 1);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 18);
	bed_until(s->bed, paper_called(s->paper, "interface 2 1"));
	bed_idle(s->bed, 50);
	assert_int_equal(s->paper->nflying, 0);
	paper_block(s->paper, 0);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 18);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_OK, 0);
	bed_until(s->bed, s->paper->nflying == 1);
	paper_done(s->paper, 0, P2PUSB_ST_STALL, 0);
	bed_expect(s->bed, 2, 3, P2PUSB_ST_STALL, 0);
}

static void test_verbs(void **state)
{
	struct scene *s = *state;

	bed_control(s->ep0, 1, 0x00, 5, 12, 0, 0);	/* SET_ADDRESS */
	bed_control(s->ep0, 2, 0x00, 9, 1, 0, 0);
	bed_control(s->ep0, 3, 0x02, 1, 0, 0x81, 0);
	bed_reset(s->ep0, 4);
	bed_control(s->ep0, 5, 0x00, 0x30, 0, 0, 6);	/* SET_SEL */
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 0);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_OK, 0);
	bed_expect(s->bed, 2, 3, P2PUSB_ST_OK, 0);
	bed_expect(s->bed, 3, 4, P2PUSB_ST_OK, 0);
	bed_expect(s->bed, 4, 5, P2PUSB_ST_OK, 6);
	assert_int_equal(paper_called(s->paper, "configuration 1"), 1);
	assert_int_equal(paper_called(s->paper, "clear_halt 81"), 1);
	assert_int_equal(paper_called(s->paper, "reset"), 1);
	s->paper->verb_err = -EINVAL;
	bed_control(s->ep0, 6, 0x01, 11, 9, 0, 0);
	bed_expect(s->bed, 5, 6, P2PUSB_ST_STALL, 0);
	s->paper->verb_err = -EIO;
	bed_control(s->ep0, 7, 0x00, 9, 7, 0, 0);
	bed_expect(s->bed, 6, 7, P2PUSB_ST_PROTO, 0);
}

static void test_cancel_behind_verb(void **state)
{
	struct scene *s = *state;

	paper_block(s->paper, 1);
	bed_reset(s->ep0, 1);
	bed_control(s->ep0, 2, 0x80, 6, 0x0100, 0, 18);
	bed_cancel(s->ep0, 2);
	bed_cancel(s->ep0, 1);	/* runs: its true result comes */
	bed_expect(s->bed, 0, 2, P2PUSB_ST_CANCELLED, 0);
	paper_block(s->paper, 0);
	bed_expect(s->bed, 1, 1, P2PUSB_ST_OK, 0);
}

static void test_held_while_worker_runs(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 1);
	paper_block(s->paper, 1);
	bed_reset(s->ep0, 1);
	bed_submit(s->in, 2, 10, NULL);
	bed_idle(s->bed, 50);
	assert_int_equal(s->paper->nflying, 1);
	paper_block(s->paper, 0);
	bed_until(s->bed, s->paper->nflying == 2);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 0);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 1);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 1);
	bed_expect(s->bed, 2, 2, P2PUSB_ST_OK, 1);
}

static void test_no_memory(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 1);
	s->paper->submit_err = -ENOMEM;
	bed_submit(s->in, 2, 10, NULL);
	bed_idle(s->bed, 50);
	s->paper->submit_err = 0;
	paper_done(s->paper, 0, P2PUSB_ST_OK, 0);
	bed_until(s->bed, s->paper->nflying == 1);
	s->paper->submit_err = -ENOMEM;
	paper_done(s->paper, 0, P2PUSB_ST_OK, 0);
	bed_submit(s->in, 3, 10, NULL);
	bed_expect(s->bed, 2, 3, P2PUSB_ST_NOSPC, 0);
	s->paper->submit_err = -ENODEV;
	bed_submit(s->in, 4, 10, NULL);
	bed_expect(s->bed, 3, 4, P2PUSB_ST_NODEV, 0);
}

/* What another endpoint holds is waited for, but not for ever. */
static void test_memory_of_others(void **state)
{
	struct scene *s = *state;

	bed_submit(s->out, 1, 8, "12345678");
	bed_until(s->bed, s->paper->nflying == 1);
	s->paper->submit_err = -ENOMEM;
	bed_submit(s->in, 1, 10, NULL);
	bed_idle(s->bed, 50);
	assert_int_equal(s->bed->agent[0].nmsgs, 0);
	s->paper->submit_err = 0;
	paper_done(s->paper, 0, P2PUSB_ST_OK, 8);
	assert_int_equal(s->paper->nflying, 1);
	s->paper->submit_err = -ENOMEM;
	bed_submit(s->out, 2, 8, "12345678");
	bed_idle(s->bed, PIPE_HUNGER_MS / 2);
	assert_int_equal(s->bed->agent[0].nmsgs, 1);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_NOSPC, 0);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 10);
	bed_expect(s->bed, 2, 1, P2PUSB_ST_OK, 10);
}

static int flies(const struct scene *s, uint8_t ep)
{
	unsigned int i;

	for (i = 0; i < s->paper->nflying && s->paper->flying[i]->ep != ep; i++)
		;
	return i < s->paper->nflying;
}

/* A steady flow of small requests gives way to a large one of another pipe. */
static void test_memory_goes_round(void **state)
{
	struct scene *s = *state;
	static const char data[3000];
	unsigned int turns;
	uint64_t seq;

	s->paper->room = 4000;
	for (seq = 1; seq <= 6; seq++)
		bed_submit(s->in, seq, 1000, NULL);
	bed_until(s->bed, s->paper->nflying == 4);
	bed_submit(s->out, 1, sizeof(data), data);
	for (turns = 0; !flies(s, 0x02); turns++) {
		assert_true(turns < PIPE_HUNGER_MS / 2 / 20);
		if (s->paper->nflying) {
			paper_done(s->paper, 0, P2PUSB_ST_OK, 1000);
			bed_submit(s->in, seq++, 1000, NULL);
		}
		bed_idle(s->bed, 20);
		bed_forget(s->bed, 0);
	}
	while (s->paper->flying[0]->ep != 0x02)
		paper_done(s->paper, 0, P2PUSB_ST_OK, 0);
	bed_forget(s->bed, 0);
	paper_done(s->paper, 0, P2PUSB_ST_OK, sizeof(data));
	/* And it goes on by itself. */
	bed_until(s->bed, s->paper->nflying);
	assert_int_equal(s->paper->flying[0]->ep, 0x81);
}

static void test_refused(void **state)
{
	struct scene *s = *state;
	struct link_ep *intr = bed_ep(s->bed, s->number, 0x83,
				      P2PUSB_XFER_INTERRUPT);
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x81, P2PUSB_XFER_ISO);
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.submit = { .seq = 1, .epoch = 1, .length = 8, .stream = 3 },
	};

	s->in = iso;	/* the same endpoint, not of that type */
	bed_iso(iso, 1, 0, 8, 8, NULL);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_PROTO, 0);
	assert_int_equal(bed_complete(s->bed, 0)->npkt, 0);
	assert_int_equal(link_ep_send(intr, &msg, NULL), 0);
	bed_expect(s->bed, 1, 1, P2PUSB_ST_PROTO, 0);
	s->paper->missing = 0x02;
	bed_submit(s->out, 1, 8, "12345678");
	bed_expect(s->bed, 2, 1, P2PUSB_ST_PROTO, 0);
	s->paper->missing = 0;
	bed_submit(s->out, 2, 8, "12345678");
	bed_until(s->bed, s->paper->nflying == 1);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 8);
	bed_expect(s->bed, 3, 2, P2PUSB_ST_OK, 8);
}

/* Two packets of 3 and 5 bytes out; the second is lost. */
static void test_iso_out(void **state)
{
	struct scene *s = *state;
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x04, P2PUSB_XFER_ISO);
	struct wire_packet packets[2];
	struct engine_xfer *xfer;

	bed_iso(iso, 1, 0, 3, 5, "12345678");
	bed_until(s->bed, s->paper->nflying == 1);
	xfer = s->paper->flying[0];
	assert_int_equal(xfer->type, P2PUSB_XFER_ISO);
	assert_int_equal(xfer->npkt, 2);
	assert_int_equal(xfer->lens[0], 3);
	assert_int_equal(xfer->lens[1], 5);
	assert_memory_equal(xfer->data, "12345678", 8);
	xfer->packets[0] = (struct wire_packet) { 3, P2PUSB_ST_OK };
	xfer->packets[1] = (struct wire_packet) { 0, P2PUSB_ST_XDEV };
	xfer->errs = 1;
	paper_done(s->paper, 0, P2PUSB_ST_OK, 3);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 3);
	assert_int_equal(bed_complete(s->bed, 0)->npkt, 2);
	assert_int_equal(bed_complete(s->bed, 0)->errs, 1);
	assert_int_equal(s->bed->agent[0].msgs[0].payload, 16);
	assert_int_equal(wire_packet_get(s->bed->agent[0].data[0], packets, 2,
					 3), 0);
	assert_int_equal(packets[1].status, P2PUSB_ST_XDEV);
}

static void test_iso_in(void **state)
{
	struct scene *s = *state;
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x84, P2PUSB_XFER_ISO);
	struct wire_packet packets[2];
	struct engine_xfer *xfer;

	bed_iso(iso, 1, 0, 100, 200, NULL);
	bed_iso(iso, 2, 0, 100, 200, NULL);
	bed_until(s->bed, s->paper->nflying == 2);
	xfer = s->paper->flying[0];
	assert_int_equal(xfer->length, 300);
	memcpy(xfer->data, "abcde", 5);
	xfer->packets[0] = (struct wire_packet) { 2, P2PUSB_ST_OK };
	xfer->packets[1] = (struct wire_packet) { 3, P2PUSB_ST_OK };
	paper_done(s->paper, 0, P2PUSB_ST_OK, 5);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 5);
	assert_int_equal(s->bed->agent[0].msgs[0].payload, 16 + 5);
	assert_int_equal(wire_packet_get(s->bed->agent[0].data[0], packets, 2,
					 5), 0);
	assert_memory_equal(s->bed->agent[0].data[0] + 16, "abcde", 5);
	bed_cancel(iso, 2);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_CANCELLED, 0);
}

static void stream_submit(struct link_ep *ep, uint64_t seq, uint16_t stream)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.submit = { .seq = seq, .epoch = 1, .length = 8,
			    .stream = stream },
	};

	assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
}

/* Order holds in each stream, not between them. */
static void test_streams_order(void **state)
{
	struct scene *s = *state;

	stream_submit(s->in, 1, 1);
	stream_submit(s->in, 2, 2);
	stream_submit(s->in, 3, 1);
	stream_submit(s->in, 4, 2);
	bed_until(s->bed, s->paper->nflying == 4);
	assert_int_equal(s->paper->flying[1]->stream, 2);
	paper_done(s->paper, 3, P2PUSB_ST_OK, 4);
	paper_done(s->paper, 2, P2PUSB_ST_OK, 3);
	bed_idle(s->bed, 50);
	assert_int_equal(s->bed->agent[0].nmsgs, 0);
	paper_done(s->paper, 1, P2PUSB_ST_OK, 2);
	bed_expect(s->bed, 0, 2, P2PUSB_ST_OK, 2);
	bed_expect(s->bed, 1, 4, P2PUSB_ST_OK, 4);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 1);
	bed_expect(s->bed, 2, 1, P2PUSB_ST_OK, 1);
	bed_expect(s->bed, 3, 3, P2PUSB_ST_OK, 3);
}

static void send_streams(struct link_ep *ep, uint64_t seq, uint16_t wanted)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_STREAMS,
		.streams = { .seq = seq, .epoch = 1, .wanted = wanted,
			     .neps = 2, .eps = { 0x81, 0x02 } },
	};

	assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
}

static void send_power(struct link_ep *ep, uint64_t seq, uint32_t power)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_POWER,
		.power = { .seq = seq, .epoch = 1, .state = power },
	};

	assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
}

static void test_streams_verbs(void **state)
{
	struct scene *s = *state;

	send_streams(s->ep0, 1, 256);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 16);
	assert_int_equal(paper_called(s->paper, "streams 2 of 81, 256"), 1);
	send_streams(s->ep0, 2, 0);
	bed_expect(s->bed, 1, 2, P2PUSB_ST_OK, 0);
	assert_int_equal(paper_called(s->paper, "no streams 2 of 81"), 1);
	s->paper->verb_err = -EINVAL;
	send_streams(s->ep0, 3, 4);
	bed_expect(s->bed, 2, 3, P2PUSB_ST_NOSPC, 0);
}

static void test_power(void **state)
{
	struct scene *s = *state;

	send_power(s->ep0, 1, P2PUSB_POWER_SUSPEND_WAKEUP);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 0);
	assert_int_equal(paper_called(s->paper, "power 2"), 1);
	device_woke(&s->bed->server, "1-1");
	assert_int_equal(bed_next(s->bed, 0, P2PUSB_MSG_WAKEUP, 1)->wakeup.dev,
			 s->number);
}

static void test_violation_streams(void **state)
{
	struct scene *s = *state;

	send_streams(s->in, 1, 4);
	bed_violated(s->bed, "STREAMS on endpoint 81");
}

static void test_violation_packets(void **state)
{
	struct scene *s = *state;
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x04, P2PUSB_XFER_ISO);

	bed_iso(iso, 1, 1, 3, 4, "12345678");
	bed_violated(s->bed, "do not add up to 8 bytes");
}

static void test_violation_no_packets(void **state)
{
	struct scene *s = *state;
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x84, P2PUSB_XFER_ISO);

	bed_submit(iso, 1, 8, NULL);
	bed_violated(s->bed, "type 1: 0 packets");
}

static void test_violation_bulk_packets(void **state)
{
	struct scene *s = *state;

	bed_iso(s->in, 1, 0, 3, 4, NULL);
	bed_violated(s->bed, "type 2: 2 packets");
}

static void test_stream_again(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 1);
	link_ep_close(s->in);
	bed_until(s->bed, paper_called(s->paper, "cancel") == 1 &&
		  !s->paper->nflying);
	s->in = bed_ep(s->bed, s->number, 0x81, P2PUSB_XFER_BULK);
	bed_submit(s->in, 1, 10, NULL);
	bed_until(s->bed, s->paper->nflying == 1);
	paper_done(s->paper, 0, P2PUSB_ST_OK, 10);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_OK, 10);
}

static void test_violation_seq(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 2, 10, NULL);
	bed_submit(s->in, 2, 10, NULL);
	bed_violated(s->bed, "sequence number 2 after 2");
}

static void test_violation_epoch(void **state)
{
	struct scene *s = *state;
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.submit = { .seq = 1, .epoch = 2 },
	};

	link_ep_send(s->in, &msg, NULL);
	bed_violated(s->bed, "epoch 2 is not 1");
}

static void test_violation_length(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 4097, NULL);
	bed_violated(s->bed, "4097 bytes, limit 4096");
}

static void test_violation_requests(void **state)
{
	struct scene *s = *state;
	unsigned int i;

	for (i = 1; i <= 9; i++)
		bed_submit(s->in, i, 1, NULL);
	bed_violated(s->bed, "more than 8 requests");
}

static void test_violation_bytes(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 4096, NULL);
	bed_submit(s->in, 2, 4096, NULL);
	bed_submit(s->in, 3, 1, NULL);
	bed_violated(s->bed, "more than 8192 bytes");
}

static void test_violation_payload(void **state)
{
	struct scene *s = *state;

	bed_submit(s->out, 1, 8, NULL);
	bed_violated(s->bed, "0 bytes of payload instead of 8");
}

static void test_violation_payload_in(void **state)
{
	struct scene *s = *state;

	bed_submit(s->in, 1, 8, "12345678");
	bed_violated(s->bed, "8 bytes of payload instead of 0");
}

static void test_violation_endpoint(void **state)
{
	struct scene *s = *state;

	bed_ep(s->bed, s->number, 0x80, P2PUSB_XFER_BULK);
	bed_violated(s->bed, "EP_OPEN of endpoint 80");
}

static void test_violation_device(void **state)
{
	struct scene *s = *state;

	bed_ep(s->bed, s->number + 1, 0x81, P2PUSB_XFER_BULK);
	bed_violated(s->bed, "never attached");
}

static void test_violation_reset(void **state)
{
	struct scene *s = *state;

	bed_reset(s->in, 1);
	bed_violated(s->bed, "RESET on endpoint 81");
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, scene_start, scene_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_in),
		SCENE(test_out),
		SCENE(test_zero_length),
		SCENE(test_order),
		SCENE(test_cancel_overtakes),
		SCENE(test_served_between_cancels),
		SCENE(test_verb_in_place),
		SCENE(test_verbs),
		SCENE(test_cancel_behind_verb),
		SCENE(test_held_while_worker_runs),
		SCENE(test_no_memory),
		SCENE(test_memory_of_others),
		SCENE(test_memory_goes_round),
		SCENE(test_refused),
		SCENE(test_iso_out),
		SCENE(test_iso_in),
		SCENE(test_streams_order),
		SCENE(test_streams_verbs),
		SCENE(test_power),
		SCENE(test_violation_streams),
		SCENE(test_violation_packets),
		SCENE(test_violation_no_packets),
		SCENE(test_violation_bulk_packets),
		SCENE(test_stream_again),
		SCENE(test_violation_seq),
		SCENE(test_violation_epoch),
		SCENE(test_violation_length),
		SCENE(test_violation_requests),
		SCENE(test_violation_bytes),
		SCENE(test_violation_payload),
		SCENE(test_violation_payload_in),
		SCENE(test_violation_endpoint),
		SCENE(test_violation_device),
		SCENE(test_violation_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
