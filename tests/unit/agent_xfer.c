// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_xfer - requests and completions between a ring made of memory and a
 * link that only takes notes.
 *
 * Does not test the thread, the loop or QUIC: the guest tests do.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "port.h"
#include "queue.h"
#include "remote.h"
#include "xfer.h"

#define TAGS		16u
#define IN_BYTES	(64u << 10)
#define OUT_BYTES	(64u << 10)
#define FAKE_FD		9999
#define EPOCH		3u
#define PORT		7u

/* --- The kernel ---------------------------------------------------------- */

static struct {
	struct p2pvhci_cmp cmps[64];
	uint32_t ncmps;
	uint32_t taken;
	uint32_t unbound;
} kernel;

static struct remote *remote;
static struct queue *queue;
static struct port *port;
static const struct settings settings = { .linger_s = 600 };
static const struct remote_config config = { .settings = &settings };

static int kernel_enter(struct p2pvhci_enter *enter)
{
	struct ring *ring = &queue->ring;

	for (; kernel.taken != ring->uctl->cq_tail; kernel.taken++) {
		kernel.cmps[kernel.ncmps++] =
			ring->cq[kernel.taken % ring->setup.cq_entries];
		enter->done++;
	}
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct p2pvhci_bind *bind;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != FAKE_FD)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (request == P2PVHCI_IOC_ENTER)
		return kernel_enter(arg);
	if (request == P2PVHCI_IOC_BIND) {
		bind = arg;
		bind->port = PORT;
		bind->epoch = EPOCH;
	}
	if (request == P2PVHCI_IOC_UNBIND)
		kernel.unbound++;
	return 0;
}

/* --- The link ------------------------------------------------------------ */

struct link_ep {
	void *ctx;
	struct wire_ep_open open;
	int closed;
};

static struct {
	struct link_ep eps[16];
	unsigned int neps;
	struct {
		struct link_ep *ep;
		struct wire_msg msg;
		const void *payload;
	} sent[64];
	unsigned int nsent;
	unsigned int detaches;
	char reason[256];
} fake;

static char fake_link;

int link_ep_open(struct link *link, const struct wire_ep_open *open,
		 enum link_prio prio, void *ctx, struct link_ep **ep)
{
	(void)link;
	(void)prio;
	*ep = &fake.eps[fake.neps++];
	(*ep)->ctx = ctx;
	(*ep)->open = *open;
	return 0;
}

int link_ep_send(struct link_ep *ep, const struct wire_msg *msg,
		 const void *payload)
{
	assert_false(ep->closed);
	fake.sent[fake.nsent].ep = ep;
	fake.sent[fake.nsent].msg = *msg;
	fake.sent[fake.nsent++].payload = payload;
	return 0;
}

void link_ep_close(struct link_ep *ep)
{
	assert_false(ep->closed);
	ep->closed = 1;
}

int link_send(struct link *link, const struct wire_msg *msg)
{
	(void)link;
	fake.detaches += msg->type == P2PUSB_MSG_DETACH;
	return 0;
}

int link_reason(struct link *link, const char *fmt, ...)
{
	va_list args;

	(void)link;
	va_start(args, fmt);
	vsnprintf(fake.reason, sizeof(fake.reason), fmt, args);
	va_end(args);
	return -EPROTO;
}

void *link_ep_ctx(const struct link_ep *ep)
{
	return ep->ctx;
}

struct link *link_ep_link(const struct link_ep *ep)
{
	(void)ep;
	return (struct link *)&fake_link;
}

/* What the other files of the agent need to be linked, and nobody calls. */
int link_dial(const struct link_config *c, const struct sockaddr *addr,
	      socklen_t addrlen, const uint8_t peer[KEY_LEN], void *ctx,
	      struct link **link)
{
	(void)c;
	(void)addr;
	(void)addrlen;
	(void)peer;
	(void)ctx;
	(void)link;
	return -ENOSYS;
}

void link_close(struct link *link, uint64_t code, const char *why)
{
	(void)link;
	(void)code;
	(void)why;
}

void link_flush(struct link *link)
{
	(void)link;
}

void *link_ctx(const struct link *link)
{
	(void)link;
	return NULL;
}

void link_peer_addr(const struct link *link, char *buf, size_t len)
{
	(void)link;
	(void)buf;
	(void)len;
}

void link_get_stats(const struct link *link, struct link_stats *stats)
{
	(void)link;
	(void)stats;
}

/* --- Setting up ---------------------------------------------------------- */

static void make_ring(struct ring *ring)
{
	struct p2pvhci_setup *s = &ring->setup;

	s->rq_entries = TAGS;
	s->cq_entries = TAGS;
	s->tags = TAGS;
	s->out_bytes = OUT_BYTES;
	s->in_bytes = IN_BYTES;
	s->off_rq = 4096;
	s->off_out = 8192;
	s->ro_bytes = s->off_out + s->out_bytes;
	s->off_cq = 4096;
	s->off_in = 8192;
	s->rw_bytes = s->off_in + s->in_bytes;
	ring->ro = calloc(1, s->ro_bytes);
	ring->rw = calloc(1, s->rw_bytes);
	ring->fd = FAKE_FD;
	assert_int_equal(ring_init(ring), 0);
}

static int setup(void **state)
{
	const struct wire_attached attached = {
		.dev = 5,
		.device = { .busid = "1-1", .speed = P2PUSB_SPEED_HIGH },
	};

	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	memset(&fake, 0, sizeof(fake));
	remote = calloc(1, sizeof(*remote));
	queue = calloc(1, sizeof(*queue));
	TAILQ_INIT(&remote->ports);
	TAILQ_INIT(&remote->wants);
	TAILQ_INIT(&remote->leaving);
	uv_loop_init(&remote->loop);
	uv_timer_init(&remote->loop, &remote->linger);
	uv_unref((uv_handle_t *)&remote->linger);
	remote->config = &config;
	remote->state = REMOTE_UP;
	remote->link = (struct link *)&fake_link;
	remote->queue = queue;
	remote->hello.max_urbs = 2;
	remote->hello.max_urb_bytes = 1 << 20;
	remote->hello.max_ep_bytes = 100000;
	queue->remote = remote;
	make_ring(&queue->ring);
	xfer_table_init(&queue->xfers, TAGS);
	return port_open(remote, 1, &attached, &port);
}

static int teardown(void **state)
{
	struct leaving *leaving;

	(void)state;
	if (!TAILQ_EMPTY(&remote->ports))
		port_end(port, PORT_TELL_KERNEL | PORT_TELL_SERVER, 0);
	while ((leaving = TAILQ_FIRST(&remote->leaving))) {
		TAILQ_REMOVE(&remote->leaving, leaving, entry);
		free(leaving);
	}
	uv_close((uv_handle_t *)&remote->linger, NULL);
	uv_run(&remote->loop, UV_RUN_DEFAULT);
	uv_loop_close(&remote->loop);
	xfer_table_free(&queue->xfers);
	free((void *)queue->ring.ro);
	free(queue->ring.rw);
	free(queue->ring.map);
	free(queue->ring.held);
	free(queue);
	free(remote);
	return 0;
}

/* --- Saying it shortly --------------------------------------------------- */

static struct p2pvhci_req bulk(uint32_t slot, uint64_t seq, uint8_t ep,
			       uint32_t len)
{
	struct p2pvhci_req req = {
		.token = 0xabcull << 32 | slot,
		.seq = seq,
		.op = P2PVHCI_OP_SUBMIT,
		.ep = ep,
		.type = P2PVHCI_XFER_BULK,
		.port = PORT,
		.epoch = EPOCH,
		.len = len,
		.out_off = ep & 0x80 ? P2PVHCI_OUT_NONE : slot * 1024,
	};

	return req;
}

static void submit(struct p2pvhci_req req)
{
	assert_int_equal(xfer_submit(queue, port_ep(port, req.ep), &req), 0);
}

static void cancel(uint32_t slot)
{
	struct p2pvhci_req req = bulk(slot, 0, 0x81, 0);

	req.op = P2PVHCI_OP_CANCEL;
	xfer_cancel(queue, &req);
}

static struct wire_msg complete(uint64_t seq, uint32_t status, uint32_t actual,
				uint32_t payload)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_COMPLETE,
		.payload = payload,
		.complete = {
			.seq = seq,
			.epoch = EPOCH,
			.status = status,
			.actual = actual,
		},
	};

	return msg;
}

/* As the link would: begin when there is payload, then the end. */
static int receive(uint8_t addr, struct wire_msg msg, uint8_t fill)
{
	struct port_ep *ep = port_ep(port, addr);
	void *dst = NULL;
	int ret = 0;

	if (msg.payload)
		ret = xfer_begin(ep, &msg, &dst);
	if (ret)
		return ret;
	if (dst)
		memset(dst, fill, msg.payload);
	return xfer_end(ep, &msg);
}

static void turn(void)
{
	assert_int_equal(ring_enter(&queue->ring), 0);
	xfer_unpark(queue);
	assert_int_equal(ring_enter(&queue->ring), 0);
}

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

#define XFER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		XFER_TEST(sends_in_order_as_far_as_credit_goes),
		XFER_TEST(counts_bytes_but_lets_one_pass_alone),
		XFER_TEST(moves_payload_in_place_both_ways),
		XFER_TEST(cancels_here_or_there),
		XFER_TEST(takes_no_lie_of_a_server),
		XFER_TEST(judges_direction_by_setup_on_endpoint_0),
		XFER_TEST(goes_on_when_the_in_area_is_full),
		XFER_TEST(bounds_what_waits_outside_the_in_area),
		XFER_TEST(completes_every_token_of_a_port_that_ends),
		XFER_TEST(answers_for_ports_that_are_gone),
		XFER_TEST(opens_another_stream_for_another_type),
		XFER_TEST(holds_still_when_a_stream_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
