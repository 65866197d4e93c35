// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_xfer - requests and completions between a ring made of memory and a
 * link that only takes notes.
 *
 * Does not test the thread, the loop or QUIC: the guest tests do.
 */
#include "agent_bed.h"

/* --- Tests --------------------------------------------------------------- */

static void sends_in_order_as_far_as_credit_goes(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		submit(bulk(i, i + 1, 0x81, 512));
	assert_int_equal(fake.nsent, 2);
	assert_int_equal(fake.neps, 1);
	assert_int_equal(fake.eps[0].open.dev, 5);
	assert_int_equal(fake.eps[0].open.epoch, EPOCH);
	/* Another endpoint has a credit of its own. */
	submit(bulk(8, 1, 0x02, 512));
	assert_int_equal(fake.nsent, 3);
	assert_int_equal(receive(0x81, complete(1, 0, 512, 512), 1), 0);
	assert_int_equal(fake.nsent, 4);
	assert_int_equal(fake.sent[3].msg.submit.seq, 3);
	assert_int_equal(receive(0x81, complete(2, 0, 0, 0), 1), 0);
	assert_int_equal(fake.sent[4].msg.submit.seq, 4);
	turn();
	assert_int_equal(kernel.ncmps, 2);
}

static void counts_bytes_but_lets_one_pass_alone(void **state)
{
	(void)state;
	submit(bulk(0, 1, 0x81, 200000));
	submit(bulk(1, 2, 0x81, 1));
	assert_int_equal(fake.nsent, 1);
	assert_int_equal(receive(0x81, complete(1, 0, 0, 0), 0), 0);
	assert_int_equal(fake.nsent, 2);
	submit(bulk(2, 3, 0x81, 99999));
	assert_int_equal(fake.nsent, 3);
	/* Longer than the server takes at all: it never hears of it. */
	submit(bulk(3, 1, 0x82, 2 << 20));
	assert_int_equal(fake.nsent, 3);
	turn();
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_NOSPC);
}

static void moves_payload_in_place_both_ways(void **state)
{
	(void)state;
	submit(bulk(2, 1, 0x02, 700));
	assert_ptr_equal(fake.sent[0].payload, queue->ring.out + 2048);
	assert_int_equal(fake.sent[0].msg.payload, 700);
	assert_int_equal(receive(0x02, complete(1, 0, 700, 0), 0), 0);
	submit(bulk(3, 1, 0x81, 700));
	assert_int_equal(fake.sent[1].msg.payload, 0);
	assert_int_equal(receive(0x81, complete(1, 0, 300, 300), 0x5a), 0);
	turn();
	assert_int_equal(kernel.cmps[0].actual, 700);
	assert_int_equal(kernel.cmps[0].in_off, 0);
	assert_int_equal(kernel.cmps[1].actual, 300);
	assert_int_equal(queue->ring.in[kernel.cmps[1].in_off + 299], 0x5a);
	assert_int_equal(port->bytes_out, 700);
	assert_int_equal(port->bytes_in, 300);
	assert_int_equal(port->in_flight, 0);
}

static void passes_the_flags_on(void **state)
{
	struct p2pvhci_req req;

	(void)state;
	submit(bulk(0, 1, 0x81, 512));
	assert_int_equal(fake.sent[0].msg.submit.flags, 0);
	req = bulk(1, 2, 0x81, 512);
	req.xflags = P2PVHCI_XF_SHORT_NOT_OK;
	submit(req);
	assert_int_equal(fake.sent[1].msg.submit.flags, P2PUSB_XF_SHORT_NOT_OK);
	req = bulk(2, 1, 0x02, 512);
	req.xflags = P2PVHCI_XF_ZERO_PACKET;
	submit(req);
	assert_int_equal(fake.sent[2].msg.submit.flags, P2PUSB_XF_ZERO_PACKET);
}

/* The slot is in use again when the kernel's CANCEL of its last use comes. */
static void cancels_no_other_use_of_a_slot(void **state)
{
	struct p2pvhci_req stale = bulk(0, 0, 0x81, 0);

	(void)state;
	submit(bulk(0, 1, 0x81, 512));
	submit(bulk(1, 2, 0x81, 512));
	submit(bulk(2, 3, 0x81, 512));
	stale.op = P2PVHCI_OP_CANCEL;
	stale.token -= 1ull << 32;
	xfer_cancel(queue, &stale);
	stale.token += 2;
	xfer_cancel(queue, &stale);
	assert_int_equal(fake.nsent, 2);
	turn();
	assert_int_equal(kernel.ncmps, 0);
}

static void cancels_here_or_there(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		submit(bulk(i, i + 1, 0x81, 512));
	cancel(2);
	turn();
	assert_int_equal(kernel.ncmps, 1);
	assert_int_equal(kernel.cmps[0].status, P2PVHCI_ST_CANCELLED);
	assert_int_equal(fake.nsent, 2);
	cancel(1);
	cancel(1);
	cancel(9);
	assert_int_equal(fake.nsent, 3);
	assert_int_equal(fake.sent[2].msg.type, P2PUSB_MSG_CANCEL);
	assert_int_equal(fake.sent[2].msg.cancel.seq, 2);
	/* What really happened survives, and it may overtake. */
	assert_int_equal(receive(0x81, complete(2, P2PUSB_ST_CANCELLED, 64, 64),
				 7), 0);
	/* Nobody cancelled this one. */
	assert_int_equal(receive(0x81, complete(1, P2PUSB_ST_CANCELLED, 0, 0),
				 0), 0);
	turn();
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_CANCELLED);
	assert_int_equal(kernel.cmps[1].actual, 64);
	assert_int_equal(kernel.cmps[2].status, P2PVHCI_ST_PROTO);
}

static void takes_no_lie_of_a_server(void **state)
{
	struct wire_msg msg;

	(void)state;
	submit(bulk(0, 1, 0x81, 512));
	submit(bulk(1, 1, 0x02, 512));
	assert_int_equal(receive(0x81, complete(2, 0, 0, 0), 0), -EPROTO);
	assert_int_equal(receive(0x81, complete(1, 0, 513, 513), 0), -EPROTO);
	assert_int_equal(receive(0x81, complete(1, 0, 512, 0), 0), -EPROTO);
	assert_int_equal(receive(0x02, complete(1, 0, 512, 512), 0), -EPROTO);
	assert_int_equal(receive(0x02, complete(1, 0, 513, 0), 0), -EPROTO);
	msg = complete(1, 0, 0, 0);
	msg.complete.epoch++;
	assert_int_equal(receive(0x81, msg, 0), -EPROTO);
	msg.complete.epoch -= 2;
	assert_int_equal(receive(0x81, msg, 0), -EPROTO);
	msg = complete(1, 0, 0, 0);
	msg.complete.npkt = 1;
	assert_int_equal(receive(0x81, msg, 0), -EPROTO);
	assert_true(fake.reason[0]);
	assert_int_equal(receive(0x81, complete(1, 0, 0, 0), 0), 0);
	/* The same once more. */
	assert_int_equal(receive(0x81, complete(1, 0, 0, 0), 0), -EPROTO);
	turn();
	assert_int_equal(kernel.ncmps, 1);
}

static void judges_direction_by_setup_on_endpoint_0(void **state)
{
	struct p2pvhci_req req = bulk(0, 1, 0, 64);

	(void)state;
	req.type = P2PVHCI_XFER_CONTROL;
	req.setup[0] = 0x80;
	submit(req);
	assert_int_equal(fake.sent[0].msg.payload, 0);
	assert_int_equal(fake.sent[0].msg.submit.setup[0], 0x80);
	req = bulk(1, 2, 0, 64);
	req.type = P2PVHCI_XFER_CONTROL;
	submit(req);
	assert_int_equal(fake.sent[1].msg.payload, 64);
	req = bulk(2, 3, 0, 0);
	req.op = P2PVHCI_OP_RESET;
	req.type = P2PVHCI_XFER_CONTROL;
	submit(req);
	assert_int_equal(fake.nsent, 2);
	assert_int_equal(receive(0, complete(1, 0, 18, 18), 0), 0);
	assert_int_equal(fake.sent[2].msg.type, P2PUSB_MSG_RESET);
	assert_int_equal(fake.sent[2].msg.reset.seq, 3);
	assert_int_equal(receive(0, complete(2, P2PUSB_ST_STALL, 0, 0), 0), 0);
	assert_int_equal(receive(0, complete(3, 0, 0, 0), 0), 0);
	turn();
	assert_int_equal(kernel.ncmps, 3);
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_STALL);
	assert_int_equal(fake.neps, 1);
}

static void goes_on_when_the_in_area_is_full(void **state)
{
	struct port_ep *first = port_ep(port, 0x81);
	struct wire_msg msg;
	void *dst;

	(void)state;
	no_features();
	submit(bulk(0, 1, 0x81, IN_BYTES));
	submit(bulk(1, 1, 0x82, 4096));
	submit(bulk(2, 1, 0x83, 4096));
	/* A long one is under way and fills the area. */
	msg = complete(1, 0, IN_BYTES, IN_BYTES);
	assert_int_equal(xfer_begin(first, &msg, &dst), 0);
	assert_ptr_equal(dst, queue->ring.in);
	assert_int_equal(receive(0x82, complete(1, 0, 4096, 4096), 0x22), 0);
	assert_int_equal(receive(0x83, complete(1, 0, 4096, 4096), 0x33), 0);
	turn();
	assert_int_equal(kernel.ncmps, 0);
	assert_int_equal(xfer_end(first, &msg), 0);
	turn();
	assert_int_equal(kernel.ncmps, 3);
	assert_int_equal((uint32_t)kernel.cmps[1].token, 1);
	assert_int_equal(queue->ring.in[kernel.cmps[1].in_off], 0x22);
	assert_int_equal((uint32_t)kernel.cmps[2].token, 2);
	assert_int_equal(queue->ring.in[kernel.cmps[2].in_off + 4095], 0x33);
	assert_int_equal(queue->xfers.heap_bytes, 0);
}

static void bounds_what_waits_outside_the_in_area(void **state)
{
	struct wire_msg msg = complete(1, 0, IN_BYTES, IN_BYTES);
	void *dst;

	(void)state;
	no_features();
	submit(bulk(0, 1, 0x81, IN_BYTES));
	submit(bulk(1, 1, 0x82, IN_BYTES));
	submit(bulk(2, 1, 0x83, 512));
	assert_int_equal(xfer_begin(port_ep(port, 0x81), &msg, &dst), 0);
	assert_int_equal(receive(0x82, msg, 1), 0);
	assert_int_equal(receive(0x83, complete(1, 0, 512, 512), 1), 0);
	turn();
	assert_int_equal(kernel.ncmps, 1);
	assert_int_equal(kernel.cmps[0].status, P2PVHCI_ST_NOSR);
	assert_int_equal(kernel.cmps[0].actual, 0);
	assert_int_equal(kernel.cmps[0].in_off, 0);
}

static void completes_every_token_of_a_port_that_ends(void **state)
{
	struct wire_msg msg = complete(1, 0, IN_BYTES, IN_BYTES);
	uint64_t seen = 0;
	uint32_t i;
	void *dst;

	(void)state;
	no_features();
	submit(bulk(0, 1, 0x81, IN_BYTES));
	submit(bulk(1, 1, 0x82, 4096));
	for (i = 2; i < 6; i++)
		submit(bulk(i, i, 0x02, 512));
	assert_int_equal(xfer_begin(port_ep(port, 0x81), &msg, &dst), 0);
	assert_int_equal(receive(0x82, complete(1, 0, 4096, 4096), 1), 0);
	port_end(port, PORT_TELL_KERNEL | PORT_TELL_SERVER, 0);
	assert_int_equal(kernel.unbound, 1);
	assert_int_equal(fake.detaches, 1);
	turn();
	assert_int_equal(kernel.ncmps, 6);
	for (i = 0; i < 6; i++) {
		assert_int_equal(kernel.cmps[i].status, P2PVHCI_ST_NODEV);
		seen |= 1u << (uint32_t)kernel.cmps[i].token;
	}
	assert_int_equal(seen, 0x3f);
	assert_int_equal(ring_in_get(&queue->ring, IN_BYTES), 0);
	for (i = 0; i < fake.neps; i++)
		assert_true(fake.eps[i].closed);
}

static void answers_for_ports_that_are_gone(void **state)
{
	struct p2pvhci_req req = bulk(0, 1, 0x81, 512);

	(void)state;
	assert_int_equal(xfer_submit(queue, NULL, &req), 0);
	turn();
	assert_int_equal(kernel.cmps[0].status, P2PVHCI_ST_NODEV);
	assert_int_equal(fake.nsent, 0);
	req.token = TAGS;
	assert_int_equal(xfer_submit(queue, NULL, &req), -EPROTO);
	req = bulk(0, 1, 0x81, 512);
	submit(req);
	/* A slot in use cannot be used. */
	assert_int_equal(xfer_submit(queue, port_ep(port, 0x81), &req),
			 -EPROTO);
}

static void opens_another_stream_for_another_type(void **state)
{
	struct p2pvhci_req req = bulk(1, 2, 0x81, 8);

	(void)state;
	submit(bulk(0, 1, 0x81, 8));
	req.type = P2PVHCI_XFER_INTERRUPT;
	submit(req);
	assert_int_equal(fake.nsent, 1);
	assert_int_equal(receive(0x81, complete(1, 0, 0, 0), 0), 0);
	assert_int_equal(fake.nsent, 2);
	assert_true(fake.eps[0].closed);
	assert_int_equal(fake.eps[1].open.type, P2PUSB_XFER_INTERRUPT);
	assert_ptr_equal(fake.sent[1].ep, &fake.eps[1]);
}

static void holds_still_when_a_stream_is_lost(void **state)
{
	(void)state;
	submit(bulk(0, 1, 0x81, 8));
	port_stream_lost(port_ep(port, 0x81));
	submit(bulk(1, 2, 0x81, 8));
	submit(bulk(2, 1, 0x82, 8));
	cancel(0);
	assert_int_equal(fake.nsent, 1);
	/* No DETACHED comes. */
	uv_run(&remote->loop, UV_RUN_DEFAULT);
	assert_true(TAILQ_EMPTY(&remote->ports));
	turn();
	assert_int_equal(kernel.ncmps, 3);
}

static struct p2pvhci_req control_op(uint32_t slot, uint64_t seq, uint8_t op)
{
	struct p2pvhci_req req = bulk(slot, seq, 0, 0);

	req.op = op;
	req.type = P2PVHCI_XFER_CONTROL;
	req.out_off = P2PVHCI_OUT_NONE;
	return req;
}

static void asks_for_streams_in_the_order_of_endpoint_0(void **state)
{
	struct p2pvhci_req req = control_op(0, 1, P2PVHCI_OP_STREAMS_ALLOC);

	(void)state;
	req.len = 2;
	req.arg = 16;
	req.out_off = 1024;
	((uint8_t *)queue->ring.ro)[queue->ring.setup.off_out + 1024] = 0x81;
	((uint8_t *)queue->ring.ro)[queue->ring.setup.off_out + 1025] = 0x02;
	submit(req);
	assert_int_equal(fake.sent[0].msg.type, P2PUSB_MSG_STREAMS);
	assert_int_equal(fake.sent[0].msg.streams.wanted, 16);
	assert_int_equal(fake.sent[0].msg.streams.neps, 2);
	assert_int_equal(fake.sent[0].msg.streams.eps[0], 0x81);
	assert_int_equal(fake.sent[0].msg.streams.eps[1], 0x02);
	/* More than wanted, and none at all. */
	assert_int_equal(receive(0, complete(1, 0, 17, 0), 0), -EPROTO);
	assert_int_equal(receive(0, complete(1, 0, 0, 0), 0), -EPROTO);
	assert_int_equal(receive(0, complete(1, 0, 9, 0), 0), 0);
	req.token++;
	req.seq++;
	req.op = P2PVHCI_OP_STREAMS_FREE;
	req.arg = 0;
	submit(req);
	assert_int_equal(fake.sent[1].msg.streams.wanted, 0);
	assert_int_equal(receive(0, complete(2, 0, 1, 0), 0), -EPROTO);
	assert_int_equal(receive(0, complete(2, 0, 0, 0), 0), 0);
	turn();
	assert_int_equal(kernel.cmps[0].actual, 9);
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_OK);
	assert_int_equal(port->urbs, 0);
	assert_int_equal(port->bytes_out, 0);
}

static void names_the_stream_of_a_transfer(void **state)
{
	struct p2pvhci_req req = bulk(0, 1, 0x81, 512);

	(void)state;
	req.stream = 3;
	submit(req);
	req.token++;
	req.seq++;
	req.stream = 4;
	submit(req);
	assert_int_equal(fake.sent[0].msg.submit.stream, 3);
	assert_int_equal(fake.sent[1].msg.submit.stream, 4);
	/* Streams overtake one another. */
	assert_int_equal(receive(0x81, complete(2, 0, 5, 5), 0), 0);
	assert_int_equal(receive(0x81, complete(1, 0, 5, 5), 0), 0);
	turn();
	assert_int_equal((uint32_t)kernel.cmps[0].token, 1);
}

static void finds_each_request_whatever_came_before(void **state)
{
	uint32_t i;

	(void)state;
	remote->hello.max_urbs = TAGS;
	submit(bulk(0, 1, 0x81, 8));
	/* As many later that one is hidden behind another. */
	for (i = 0; i < 3 * TAGS; i++) {
		submit(bulk(1, i + 2, 0x81, 8));
		assert_int_equal(receive(0x81, complete(i + 2, 0, 8, 8), 0), 0);
	}
	assert_int_equal(receive(0x81, complete(1, 0, 8, 8), 0), 0);
	assert_int_equal(receive(0x81, complete(1, 0, 8, 8), 0), -EPROTO);
}

static void answers_for_a_server_that_cannot(void **state)
{
	static const uint8_t ops[] = {
		P2PVHCI_OP_STREAMS_ALLOC, P2PVHCI_OP_STREAMS_FREE,
		P2PVHCI_OP_SUSPEND, P2PVHCI_OP_RESUME,
	};
	static const uint8_t want[] = {
		P2PVHCI_ST_NOSPC, P2PVHCI_ST_OK, P2PVHCI_ST_OK, P2PVHCI_ST_OK,
	};
	struct p2pvhci_req req = bulk(4, 1, 0x81, 512);
	uint32_t i;

	(void)state;
	remote->hello.caps = 0;
	for (i = 0; i < 4; i++)
		submit(control_op(i, i + 1, ops[i]));
	req.stream = 1;
	submit(req);
	req = bulk(5, 2, 0x83, 512);
	req.type = P2PVHCI_XFER_ISO;
	req.npkt = 1;
	submit(req);
	turn();
	assert_int_equal(fake.nsent, 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(kernel.cmps[i].status, want[i]);
	assert_int_equal(kernel.cmps[4].status, P2PVHCI_ST_NOSR);
	assert_int_equal(kernel.cmps[5].status, P2PVHCI_ST_NOSR);
}

static void lets_a_device_sleep_and_wakes_it(void **state)
{
	struct p2pvhci_req req = control_op(0, 1, P2PVHCI_OP_SUSPEND);

	(void)state;
	submit(req);
	req.arg = P2PVHCI_SUSPEND_WAKEUP;
	req.token++;
	req.seq++;
	submit(req);
	assert_int_equal(fake.sent[0].msg.type, P2PUSB_MSG_POWER);
	assert_int_equal(fake.sent[0].msg.power.state, P2PUSB_POWER_SUSPEND);
	assert_int_equal(fake.sent[1].msg.power.state,
			 P2PUSB_POWER_SUSPEND_WAKEUP);
	assert_int_equal(receive(0, complete(1, 0, 0, 0), 0), 0);
	submit(control_op(2, 3, P2PVHCI_OP_RESUME));
	assert_int_equal(fake.sent[2].msg.power.state, P2PUSB_POWER_ON);
}

/* A server that knows no sleep: fine, but for what is to wake us. */
static void keeps_awake_what_could_not_wake_us(void **state)
{
	struct p2pvhci_req req = control_op(0, 1, P2PVHCI_OP_SUSPEND);

	(void)state;
	remote->hello.caps = 0;
	submit(req);
	req.arg = P2PVHCI_SUSPEND_WAKEUP;
	req.token++;
	req.seq++;
	submit(req);
	turn();
	assert_int_equal(fake.nsent, 0);
	assert_int_equal(kernel.cmps[0].status, P2PVHCI_ST_OK);
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_NOSPC);
}

static void fetches_long_bytes_for_the_device(void **state)
{
	struct p2pvhci_req req = bulk(5, 1, 0x02, 200000);

	(void)state;
	req.out_off = P2PVHCI_OUT_COPY;
	submit(req);
	assert_int_equal(kernel.copies, 1);
	assert_int_equal(fake.sent[0].msg.payload, 200000);
	assert_int_equal(fake.sent[0].copy[0], 5);
	assert_int_equal(fake.sent[0].copy[199999], 5);
	assert_int_equal(receive(0x02, complete(1, 0, 200000, 0), 0), 0);
	/* Cancelled meanwhile: the server need not hear of it. */
	req.token++;
	req.seq++;
	kernel.copy_error = ECANCELED;
	submit(req);
	req.token++;
	req.seq++;
	kernel.copy_error = EFAULT;
	submit(req);
	assert_int_equal(fake.nsent, 1);
	turn();
	assert_int_equal(kernel.cmps[0].actual, 200000);
	assert_int_equal(kernel.cmps[1].status, P2PVHCI_ST_CANCELLED);
	assert_int_equal(kernel.cmps[2].status, P2PVHCI_ST_PROTO);
}

static void hands_long_bytes_of_the_device_over(void **state)
{
	(void)state;
	kernel.copy_in = 1;
	submit(bulk(0, 1, 0x81, 200000));
	assert_int_equal(receive(0x81, complete(1, 0, 150000, 150000), 0x77),
			 0);
	submit(bulk(1, 2, 0x81, 200000));
	/* Nothing came: nothing to copy. */
	assert_int_equal(receive(0x81, complete(2, 0, 0, 0), 0), 0);
	submit(bulk(2, 3, 0x81, 200000));
	kernel.copy_error = ECANCELED;
	assert_int_equal(receive(0x81, complete(3, 0, 200000, 200000), 0), 0);
	turn();
	assert_int_equal(kernel.copies, 2);
	assert_int_equal(kernel.copied[4095], 0x77);
	assert_int_equal(kernel.cmps[0].flags, P2PVHCI_CMP_COPIED);
	assert_int_equal(kernel.cmps[0].actual, 150000);
	assert_int_equal(kernel.cmps[0].in_off, 0);
	assert_int_equal(kernel.cmps[1].flags, 0);
	assert_int_equal(kernel.cmps[2].status, P2PVHCI_ST_CANCELLED);
	assert_int_equal(kernel.cmps[2].actual, 0);
	assert_int_equal(queue->xfers.long_bytes, 0);
	assert_int_equal(queue->xfers.heap_bytes, 0);
}

static void asks_for_long_bytes_as_far_as_there_is_room(void **state)
{
	(void)state;
	remote->hello.max_ep_bytes = 1 << 20;
	submit(bulk(0, 1, 0x81, 40000));
	submit(bulk(1, 1, 0x82, 40000));
	submit(bulk(2, 1, 0x83, 512));
	assert_int_equal(fake.nsent, 2);
	assert_int_equal(fake.sent[1].msg.submit.length, 512);
	assert_int_equal(receive(0x81, complete(1, 0, 0, 0), 0), 0);
	xfer_feed(queue);
	assert_int_equal(fake.nsent, 3);
	assert_int_equal(fake.sent[2].msg.submit.length, 40000);
	assert_int_equal(queue->xfers.long_bytes, 40000);
}

static void takes_no_hub(void **state)
{
	static const uint8_t get_device[] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
	struct p2pvhci_req req = bulk(0, 1, 0, 18);

	(void)state;
	req.type = P2PVHCI_XFER_CONTROL;
	memcpy(req.setup, get_device, sizeof(get_device));
	submit(req);
	assert_int_equal(receive(0, complete(1, 0, 18, 18), 0x09), -EPROTO);
	assert_non_null(strstr(fake.reason, "hub"));
	assert_int_equal(receive(0, complete(1, 0, 18, 18), 0x08), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(sends_in_order_as_far_as_credit_goes),
		BED_TEST(counts_bytes_but_lets_one_pass_alone),
		BED_TEST(moves_payload_in_place_both_ways),
		BED_TEST(passes_the_flags_on),
		BED_TEST(cancels_no_other_use_of_a_slot),
		BED_TEST(cancels_here_or_there),
		BED_TEST(takes_no_lie_of_a_server),
		BED_TEST(judges_direction_by_setup_on_endpoint_0),
		BED_TEST(goes_on_when_the_in_area_is_full),
		BED_TEST(bounds_what_waits_outside_the_in_area),
		BED_TEST(completes_every_token_of_a_port_that_ends),
		BED_TEST(answers_for_ports_that_are_gone),
		BED_TEST(opens_another_stream_for_another_type),
		BED_TEST(holds_still_when_a_stream_is_lost),
		BED_TEST(asks_for_streams_in_the_order_of_endpoint_0),
		BED_TEST(names_the_stream_of_a_transfer),
		BED_TEST(finds_each_request_whatever_came_before),
		BED_TEST(answers_for_a_server_that_cannot),
		BED_TEST(lets_a_device_sleep_and_wakes_it),
		BED_TEST(keeps_awake_what_could_not_wake_us),
		BED_TEST(fetches_long_bytes_for_the_device),
		BED_TEST(hands_long_bytes_of_the_device_over),
		BED_TEST(asks_for_long_bytes_as_far_as_there_is_room),
		BED_TEST(takes_no_hub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
