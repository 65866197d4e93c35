/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_bed - a ring made of memory and a link that only takes notes, for tests
 * of what lies between them.
 *
 * Included by one file of a program: it defines the functions that the agent
 * calls.  Does not judge.
 */
#ifndef P2PUSB_UNIT_AGENT_BED_H
#define P2PUSB_UNIT_AGENT_BED_H

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
	struct p2pvhci_cmp cmps[256];
	uint32_t ncmps;
	uint32_t taken;
	uint32_t unbound;
	struct p2pvhci_bind bind;
	unsigned int binds;
	int bind_error;
	char target[P2PVHCI_TARGET_MAX + 1];
	struct p2pvhci_port_event event;
	unsigned int events;
	unsigned int copies;
	int copy_error;
	int copy_in;
	uint8_t copied[4096];
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

/* OUT bytes are the low half of the token, IN bytes are kept. */
static int kernel_copy(const struct p2pvhci_copy *copy)
{
	uint8_t *addr = (void *)(uintptr_t)copy->addr;

	kernel.copies++;
	if (kernel.copy_error) {
		errno = kernel.copy_error;
		return -1;
	}
	if (kernel.copy_in)
		memcpy(kernel.copied, addr, sizeof(kernel.copied));
	else
		memset(addr, (uint8_t)copy->token, copy->len);
	return 0;
}

static int kernel_bind(struct p2pvhci_bind *bind)
{
	kernel.binds++;
	kernel.bind = *bind;
	memset(kernel.target, 0, sizeof(kernel.target));
	if (!bind->cookie)
		memcpy(kernel.target, (void *)(uintptr_t)bind->target,
		       bind->target_len);
	if (kernel.bind_error) {
		errno = kernel.bind_error;
		return -1;
	}
	bind->port = PORT;
	bind->epoch = EPOCH;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != FAKE_FD)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (request == P2PVHCI_IOC_ENTER)
		return kernel_enter(arg);
	if (request == P2PVHCI_IOC_BIND)
		return kernel_bind(arg);
	if (request == P2PVHCI_IOC_UNBIND)
		kernel.unbound++;
	if (request == P2PVHCI_IOC_COPY)
		return kernel_copy(arg);
	if (request == P2PVHCI_IOC_PORT_EVENT) {
		kernel.event = *(struct p2pvhci_port_event *)arg;
		kernel.events++;
	}
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
		uint8_t *copy;
	} sent[4096];
	unsigned int nsent;
	unsigned int detaches;
	unsigned int attaches;
	struct wire_attach attach;
	uint64_t srtt_us;
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
	fake.sent[fake.nsent].payload = payload;
	if (msg->payload) {
		fake.sent[fake.nsent].copy = malloc(msg->payload);
		memcpy(fake.sent[fake.nsent].copy, payload, msg->payload);
	}
	fake.nsent++;
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
	if (msg->type == P2PUSB_MSG_ATTACH) {
		fake.attaches++;
		fake.attach = msg->attach;
	}
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
	memset(stats, 0, sizeof(*stats));
	stats->srtt_us = fake.srtt_us;
}

/* --- Setting up ---------------------------------------------------------- */

static void make_ring(struct ring *ring)
{
	struct p2pvhci_setup *s = &ring->setup;

	s->rq_entries = TAGS;
	s->cq_entries = TAGS;
	s->tags = TAGS;
	s->features = P2PVHCI_F_ALL;
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

static inline int setup(void **state)
{
	const struct wire_attached attached = {
		.dev = 5,
		.device = { .busid = "1-1", .speed = P2PUSB_SPEED_HIGH },
	};

	const struct letter letter = { .cookie = 1, .device = "1-1" };

	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	memset(&fake, 0, sizeof(fake));
	remote = calloc(1, sizeof(*remote));
	queue = calloc(1, sizeof(*queue));
	TAILQ_INIT(&remote->ports);
	TAILQ_INIT(&remote->wants);
	TAILQ_INIT(&remote->leaving);
	TAILQ_INIT(&remote->comebacks);
	uv_loop_init(&remote->loop);
	uv_timer_init(&remote->loop, &remote->linger);
	uv_unref((uv_handle_t *)&remote->linger);
	remote->config = &config;
	remote->state = REMOTE_UP;
	remote->link = (struct link *)&fake_link;
	remote->queue = queue;
	remote->hello.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS |
			     P2PUSB_CAP_POWER;
	remote->hello.max_urbs = 2;
	remote->hello.max_urb_bytes = 1 << 20;
	remote->hello.max_ep_bytes = 100000;
	queue->remote = remote;
	make_ring(&queue->ring);
	assert_int_equal(xfer_table_init(&queue->xfers, &queue->ring), 0);
	return port_open(remote, &letter, &attached, &port);
}

/* The server has what was given back. */
static inline void drop_leaving_list(void)
{
	struct leaving *leaving;

	while ((leaving = TAILQ_FIRST(&remote->leaving))) {
		TAILQ_REMOVE(&remote->leaving, leaving, entry);
		free(leaving);
	}
}

static inline int teardown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < fake.nsent; i++)
		free(fake.sent[i].copy);
	if (!TAILQ_EMPTY(&remote->ports))
		port_end(port, PORT_TELL_KERNEL | PORT_TELL_SERVER, 0);
	drop_leaving_list();
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

static inline struct p2pvhci_req bulk(uint32_t slot, uint64_t seq, uint8_t ep,
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

static inline void submit(struct p2pvhci_req req)
{
	assert_int_equal(xfer_submit(queue, port_ep(port, req.ep), &req), 0);
}

static inline void cancel(uint32_t slot)
{
	struct p2pvhci_req req = bulk(slot, 0, 0x81, 0);

	req.op = P2PVHCI_OP_CANCEL;
	xfer_cancel(queue, &req);
}

static inline struct wire_msg complete(uint64_t seq, uint32_t status,
				       uint32_t actual, uint32_t payload)
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
static inline int receive(uint8_t addr, struct wire_msg msg, uint8_t fill)
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

/* An older kernel: all of the IN area is there for bytes. */
static inline void no_features(void)
{
	ring_in_put(&queue->ring, queue->xfers.no_packets,
		    P2PUSB_NPKT_MAX * sizeof(struct p2pvhci_iso));
	queue->ring.setup.features = 0;
}

static inline void turn(void)
{
	assert_int_equal(ring_enter(&queue->ring), 0);
	xfer_unpark(queue);
	assert_int_equal(ring_enter(&queue->ring), 0);
}

#define BED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* P2PUSB_UNIT_AGENT_BED_H */
