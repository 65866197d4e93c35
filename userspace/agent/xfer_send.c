// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xfer_send - requests of the kernel as messages to the server, within credit.
 *
 * Judges nothing that comes back: xfer.c does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "remote.h"
#include "xfer_int.h"

static const enum link_prio xfer_prio[] = {
	[P2PVHCI_XFER_CONTROL] = LINK_PRIO_CONTROL,
	[P2PVHCI_XFER_ISO] = LINK_PRIO_ISO,
	[P2PVHCI_XFER_BULK] = LINK_PRIO_BULK,
	[P2PVHCI_XFER_INTERRUPT] = LINK_PRIO_INTERRUPT,
};

/* Out of memory on a stream leaves a hole: only a new link mends that. */
void xfer_check_sent(struct port_ep *ep, int ret)
{
	if (ret && ret != -ESHUTDOWN)
		link_close(ep->port->remote->link, P2PUSB_CLOSE_LIMIT,
			   "out of memory");
}

void xfer_send_cancel(struct port_ep *ep, uint64_t seq)
{
	const struct wire_msg msg = {
		.type = P2PUSB_MSG_CANCEL,
		.cancel = {
			.seq = seq,
			.epoch = ep->port->epoch,
		},
	};

	xfer_check_sent(ep, link_ep_send(ep->stream, &msg, NULL));
}

static uint32_t wire_flags(uint32_t xflags)
{
	uint32_t flags = 0;

	if (xflags & P2PVHCI_XF_SHORT_NOT_OK)
		flags |= P2PUSB_XF_SHORT_NOT_OK;
	if (xflags & P2PVHCI_XF_ZERO_PACKET)
		flags |= P2PUSB_XF_ZERO_PACKET;
	return flags;
}

static void put_submit(const struct xfer *xfer, struct wire_msg *msg)
{
	const struct p2pvhci_req *req = &xfer->req;

	msg->type = P2PUSB_MSG_SUBMIT;
	msg->payload = xfer->in ? 0 : req->len;
	msg->submit.seq = req->seq;
	msg->submit.epoch = req->epoch;
	msg->submit.flags = wire_flags(req->xflags);
	msg->submit.length = req->len;
	msg->submit.stream = req->stream;
	msg->submit.interval = req->interval;
	if (req->type == P2PVHCI_XFER_CONTROL)
		memcpy(msg->submit.setup, req->setup, sizeof(req->setup));
}

static void put_reset(const struct xfer *xfer, struct wire_msg *msg)
{
	msg->type = P2PUSB_MSG_RESET;
	msg->reset.seq = xfer->req.seq;
	msg->reset.epoch = xfer->req.epoch;
}

static void put_streams(const struct xfer *xfer, struct wire_msg *msg)
{
	const struct p2pvhci_req *req = &xfer->req;

	msg->type = P2PUSB_MSG_STREAMS;
	msg->streams.seq = req->seq;
	msg->streams.epoch = req->epoch;
	if (req->op == P2PVHCI_OP_STREAMS_ALLOC)
		msg->streams.wanted = (uint16_t)req->arg;
	msg->streams.neps = (uint8_t)req->len;
	memcpy(msg->streams.eps, ring_out(&xfer->ep->port->queue->ring, req),
	       req->len);
}

static void put_power(const struct xfer *xfer, struct wire_msg *msg)
{
	const struct p2pvhci_req *req = &xfer->req;

	msg->type = P2PUSB_MSG_POWER;
	msg->power.seq = req->seq;
	msg->power.epoch = req->epoch;
	if (req->op == P2PVHCI_OP_RESUME)
		msg->power.state = P2PUSB_POWER_ON;
	else if (req->arg & P2PVHCI_SUSPEND_WAKEUP)
		msg->power.state = P2PUSB_POWER_SUSPEND_WAKEUP;
	else
		msg->power.state = P2PUSB_POWER_SUSPEND;
}

/* @lacking: the answer when the server does not have @cap. */
static const struct {
	void (*put)(const struct xfer *xfer, struct wire_msg *msg);
	uint64_t cap;
	uint8_t lacking;
} xfer_ops[] = {
	[P2PVHCI_OP_SUBMIT] = { put_submit, 0, 0 },
	[P2PVHCI_OP_RESET] = { put_reset, 0, 0 },
	[P2PVHCI_OP_STREAMS_ALLOC] = {
		put_streams, P2PUSB_CAP_STREAMS, P2PVHCI_ST_NOSPC },
	[P2PVHCI_OP_STREAMS_FREE] = {
		put_streams, P2PUSB_CAP_STREAMS, P2PVHCI_ST_OK },
	/* It stays awake then, and says so to nobody. */
	[P2PVHCI_OP_SUSPEND] = { put_power, P2PUSB_CAP_POWER, P2PVHCI_ST_OK },
	[P2PVHCI_OP_RESUME] = { put_power, P2PUSB_CAP_POWER, P2PVHCI_ST_OK },
};

int xfer_is_long(const struct queue *queue, const struct p2pvhci_req *req)
{
	return ring_granted(&queue->ring, P2PVHCI_F_COPY) &&
	       req->len > queue->ring.setup.in_bytes / 2;
}

static int submit_status(const struct port_ep *ep, const struct xfer *xfer)
{
	const struct wire_hello *hello = &ep->port->remote->hello;
	const struct ring *ring = &ep->port->queue->ring;
	const struct p2pvhci_req *req = &xfer->req;

	if (req->len > hello->max_urb_bytes)
		return P2PVHCI_ST_NOSPC;
	if (req->type == P2PVHCI_XFER_ISO)
		return hello->caps & P2PUSB_CAP_ISO ? -1 : P2PVHCI_ST_NOSR;
	if (req->npkt)
		return P2PVHCI_ST_PROTO;
	if (req->stream && !(hello->caps & P2PUSB_CAP_STREAMS))
		return P2PVHCI_ST_NOSR;
	if (req->len && !xfer->in && req->out_off != P2PVHCI_OUT_COPY &&
	    !ring_out(ring, req))
		return P2PVHCI_ST_PROTO;
	return -1;
}

static int streams_status(const struct port_ep *ep, const struct xfer *xfer)
{
	const struct p2pvhci_req *req = &xfer->req;

	if (!req->len || req->len > P2PUSB_STREAMS_EPS ||
	    req->arg > UINT16_MAX || !ring_out(&ep->port->queue->ring, req))
		return P2PVHCI_ST_PROTO;
	return -1;
}

int xfer_op_status(const struct port_ep *ep, const struct xfer *xfer)
{
	const struct wire_hello *hello = &ep->port->remote->hello;
	uint8_t op = xfer->req.op;

	if (op == P2PVHCI_OP_SUBMIT)
		return submit_status(ep, xfer);
	/* Asleep here and awake there, a keyboard would be heard by nobody. */
	if (op == P2PVHCI_OP_SUSPEND && !(hello->caps & P2PUSB_CAP_POWER) &&
	    xfer->req.arg & P2PVHCI_SUSPEND_WAKEUP)
		return P2PVHCI_ST_NOSPC;
	if ((hello->caps & xfer_ops[op].cap) != xfer_ops[op].cap)
		return xfer_ops[op].lacking;
	if (xfer_ops[op].put == put_streams)
		return streams_status(ep, xfer);
	return -1;
}

/* Another alternate setting may use the same address for another type. */
int xfer_need_stream(struct port_ep *ep, uint8_t type, uint32_t interval)
{
	const struct wire_ep_open open = {
		.dev = ep->port->dev,
		.epoch = ep->port->epoch,
		.ep = ep->addr,
		.type = type,
		.interval = interval,
	};

	if (ep->stream && ep->type == type)
		return 0;
	if (ep->stream && ep->nsent)
		return -EBUSY;
	if (ep->stream)
		link_ep_close(ep->stream);
	ep->stream = NULL;
	ep->type = type;
	return link_ep_open(ep->port->remote->link, &open, xfer_prio[type], ep,
			    &ep->stream);
}

int xfer_has_credit(const struct port_ep *ep, uint32_t len)
{
	const struct wire_hello *hello = &ep->port->remote->hello;

	if (!ep->nsent)
		return 1;
	return ep->nsent < hello->max_urbs &&
	       ep->bytes + len <= hello->max_ep_bytes;
}

/* What comes in beside the IN area is bounded before it is asked for. */
static int reserve(struct queue *queue, struct xfer *xfer)
{
	struct xfer_table *table = &queue->xfers;

	if (!xfer->in || !xfer_is_long(queue, &xfer->req))
		return 0;
	if (table->long_bytes &&
	    table->long_bytes + xfer->req.len > queue->ring.setup.in_bytes) {
		table->starved = 1;
		return -ENOSPC;
	}
	table->long_bytes += xfer->req.len;
	xfer->reserved = 1;
	xfer->copied = 1;
	return 0;
}

/* The OUT bytes that the ring has no room for; *@out is the caller's. */
static int fetch(const struct ring *ring, const struct xfer *xfer, void **out)
{
	int ret;

	*out = NULL;
	if (xfer->req.op != P2PVHCI_OP_SUBMIT || xfer->in ||
	    xfer->req.out_off != P2PVHCI_OUT_COPY || !xfer->req.len)
		return 0;
	*out = malloc(xfer->req.len);
	if (!*out)
		return P2PVHCI_ST_NOSR;
	ret = ring_copy(ring, &xfer->req, *out, xfer->req.len);
	if (!ret)
		return 0;
	free(*out);
	return ret == -ECANCELED || ret == -ENOENT ? P2PVHCI_ST_CANCELLED :
						     P2PVHCI_ST_PROTO;
}

static void send_one(struct port_ep *ep, struct xfer *xfer)
{
	const struct ring *ring = &ep->port->queue->ring;
	struct wire_msg msg = { 0 };
	const void *payload;
	void *copy;
	int status;

	status = fetch(ring, xfer, &copy);
	if (status) {
		xfer_finish_status(ep->port->queue, xfer, (uint8_t)status);
		return;
	}
	TAILQ_REMOVE(&ep->pending, xfer, entry);
	TAILQ_INSERT_TAIL(&ep->sent, xfer, entry);
	ep->nsent++;
	ep->bytes += xfer->req.len;
	xfer->state = XFER_SENT;
	*xfer_hint(ep, xfer->req.seq) = xfer;
	xfer_ops[xfer->req.op].put(xfer, &msg);
	payload = copy ? copy : ring_out(ring, &xfer->req);
	xfer_check_sent(ep, link_ep_send(ep->stream, &msg,
					 msg.payload ? payload : NULL));
	free(copy);
}

void xfer_pump(struct port_ep *ep)
{
	struct queue *queue = ep->port->queue;
	struct xfer *xfer;
	int ret;

	if (ep->port->remote->state != REMOTE_UP || ep->port->halted)
		return;
	while ((xfer = TAILQ_FIRST(&ep->pending)) &&
	       xfer_has_credit(ep, xfer->req.len)) {
		ret = xfer_need_stream(ep, xfer->req.type, xfer->req.interval);
		if (ret == -EBUSY || ret == -ESHUTDOWN)
			return;
		if (!ret && reserve(queue, xfer))
			return;
		if (ret)
			xfer_finish_status(queue, xfer, P2PVHCI_ST_NOSR);
		else
			send_one(ep, xfer);
	}
}

void xfer_feed(struct queue *queue)
{
	struct port *port;
	unsigned int i;

	if (!queue->xfers.starved)
		return;
	queue->xfers.starved = 0;
	TAILQ_FOREACH(port, &queue->remote->ports, entry)
		for (i = 0; i < PORT_EPS; i++)
			xfer_pump(&port->eps[i]);
}
