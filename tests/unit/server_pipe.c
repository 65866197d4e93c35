// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to a device: order, credits, cancel, verbs; what a peer may not do.
 */
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

static void test_refused(void **state)
{
	struct scene *s = *state;
	struct link_ep *iso = bed_ep(s->bed, s->number, 0x84, P2PUSB_XFER_ISO);
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.submit = { .seq = 1, .epoch = 1, .length = 8, .stream = 3 },
	};

	bed_submit(iso, 1, 8, NULL);
	bed_expect(s->bed, 0, 1, P2PUSB_ST_PROTO, 0);
	assert_int_equal(link_ep_send(s->in, &msg, NULL), 0);
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
		SCENE(test_verb_in_place),
		SCENE(test_verbs),
		SCENE(test_cancel_behind_verb),
		SCENE(test_held_while_worker_runs),
		SCENE(test_no_memory),
		SCENE(test_refused),
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
