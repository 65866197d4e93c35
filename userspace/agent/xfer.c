// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xfer - one request of the kernel on its way to the device and back.
 *
 * Allocates nothing but for payloads that find the IN area full, and no more
 * of those than one more area.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "port.h"
#include "queue.h"
#include "remote.h"
#include "xfer.h"

#define SETUP_IN	0x80	/* bit 7 of bmRequestType, of an address */

static const enum link_prio xfer_prio[] = {
	[P2PVHCI_XFER_CONTROL] = LINK_PRIO_CONTROL,
	[P2PVHCI_XFER_ISO] = LINK_PRIO_ISO,
	[P2PVHCI_XFER_BULK] = LINK_PRIO_BULK,
	[P2PVHCI_XFER_INTERRUPT] = LINK_PRIO_INTERRUPT,
};

int xfer_table_init(struct xfer_table *table, uint32_t tags)
{
	table->slots = calloc(tags, sizeof(*table->slots));
	if (!table->slots)
		return -ENOMEM;
	/* Touched now: the data path must not fault in writeback. */
	memset(table->slots, 0, tags * sizeof(*table->slots));
	table->tags = tags;
	table->heap_bytes = 0;
	TAILQ_INIT(&table->parked);
	return 0;
}

void xfer_table_free(struct xfer_table *table)
{
	uint32_t i;

	for (i = 0; i < table->tags; i++)
		free(table->slots[i].heap);
	free(table->slots);
	table->slots = NULL;
	table->tags = 0;
}

/* A dead queue takes nothing; the next turn of its loop closes it. */
static void push(struct queue *queue, const struct p2pvhci_cmp *cmp,
		 const struct ring_extent *extent)
{
	if (ring_dead(&queue->ring))
		return;
	if (ring_complete(&queue->ring, cmp, extent) != -ENOSPC)
		return;
	if (!ring_enter(&queue->ring))
		ring_complete(&queue->ring, cmp, extent);
}

static void push_status(struct queue *queue, uint64_t token, uint8_t status)
{
	struct p2pvhci_cmp cmp = { .token = token, .status = status };

	push(queue, &cmp, NULL);
}

static void drop_heap(struct xfer_table *table, struct xfer *xfer)
{
	if (!xfer->heap)
		return;
	table->heap_bytes -= xfer->extent.len;
	free(xfer->heap);
	xfer->heap = NULL;
}

static void release(struct queue *queue, struct xfer *xfer)
{
	drop_heap(&queue->xfers, xfer);
	xfer->ep->port->in_flight--;
	xfer->state = XFER_FREE;
}

/* Room in the IN area; after ENTER, all that is complete is free again. */
static uint32_t take_room(struct queue *queue, uint32_t len)
{
	uint32_t off = ring_in_get(&queue->ring, len);

	if (off != RING_NO_SPACE || !ring_pending(&queue->ring))
		return off;
	if (ring_enter(&queue->ring))
		return RING_NO_SPACE;
	return ring_in_get(&queue->ring, len);
}

static int from_heap(struct queue *queue, struct xfer *xfer)
{
	uint32_t off = take_room(queue, xfer->extent.len);

	if (off == RING_NO_SPACE)
		return -ENOSPC;
	memcpy(queue->ring.in + off, xfer->heap, xfer->extent.len);
	drop_heap(&queue->xfers, xfer);
	xfer->extent.off = off;
	return 0;
}

/* @xfer is on no list. */
static void finish(struct queue *queue, struct xfer *xfer)
{
	if (xfer->heap && from_heap(queue, xfer)) {
		xfer->state = XFER_PARKED;
		TAILQ_INSERT_TAIL(&queue->xfers.parked, xfer, entry);
		return;
	}
	if (xfer->extent.off != RING_NO_SPACE) {
		xfer->cmp.in_off = xfer->extent.off;
		push(queue, &xfer->cmp, &xfer->extent);
	} else {
		push(queue, &xfer->cmp, NULL);
	}
	release(queue, xfer);
}

void xfer_unpark(struct queue *queue)
{
	struct xfer *xfer;

	while ((xfer = TAILQ_FIRST(&queue->xfers.parked))) {
		if (from_heap(queue, xfer))
			return;
		TAILQ_REMOVE(&queue->xfers.parked, xfer, entry);
		finish(queue, xfer);
	}
}

static void unlist(struct queue *queue, struct xfer *xfer)
{
	struct port_ep *ep = xfer->ep;

	switch (xfer->state) {
	case XFER_PENDING:
		TAILQ_REMOVE(&ep->pending, xfer, entry);
		break;
	case XFER_SENT:
		TAILQ_REMOVE(&ep->sent, xfer, entry);
		ep->nsent--;
		ep->bytes -= xfer->req.len;
		break;
	case XFER_PARKED:
		TAILQ_REMOVE(&queue->xfers.parked, xfer, entry);
		break;
	case XFER_FREE:
		break;
	}
}

static void finish_status(struct queue *queue, struct xfer *xfer,
			  uint8_t status)
{
	struct p2pvhci_cmp cmp = {
		.token = xfer->req.token,
		.status = status,
	};

	unlist(queue, xfer);
	xfer->cmp = cmp;
	finish(queue, xfer);
}

static int is_in(const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT || !req->len)
		return 0;
	if (req->type == P2PVHCI_XFER_CONTROL)
		return req->setup[0] & SETUP_IN;
	return req->ep & SETUP_IN;
}

static struct xfer *slot_of(struct queue *queue, uint64_t token)
{
	uint32_t slot = (uint32_t)token;

	return slot < queue->xfers.tags ? &queue->xfers.slots[slot] : NULL;
}

/* What this side can judge without asking the server; 0 = go on. */
static uint8_t early_status(const struct port_ep *ep, const struct xfer *xfer)
{
	const struct p2pvhci_req *req = &xfer->req;

	if (req->len > ep->port->remote->hello.max_urb_bytes)
		return P2PVHCI_ST_NOSPC;
	if (req->npkt || req->stream || req->type == P2PVHCI_XFER_ISO)
		return P2PVHCI_ST_NOSR;
	if (req->op == P2PVHCI_OP_SUBMIT && req->len && !xfer->in &&
	    !ring_out(&ep->port->queue->ring, req))
		return P2PVHCI_ST_PROTO;
	return 0;
}

int xfer_submit(struct queue *queue, struct port_ep *ep,
		const struct p2pvhci_req *req)
{
	struct xfer *xfer = slot_of(queue, req->token);
	uint8_t status;

	if (!xfer || xfer->state != XFER_FREE || req->type > 3)
		return -EPROTO;
	if (!ep) {
		push_status(queue, req->token, P2PVHCI_ST_NODEV);
		return 0;
	}
	memset(xfer, 0, sizeof(*xfer));
	xfer->req = *req;
	xfer->ep = ep;
	xfer->in = is_in(req) ? 1 : 0;
	xfer->extent.off = RING_NO_SPACE;
	xfer->state = XFER_PENDING;
	TAILQ_INSERT_TAIL(&ep->pending, xfer, entry);
	ep->port->in_flight++;
	status = early_status(ep, xfer);
	if (status)
		finish_status(queue, xfer, status);
	else
		xfer_pump(ep);
	return 0;
}

static int send_cancel(struct xfer *xfer)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_CANCEL,
		.cancel = {
			.seq = xfer->req.seq,
			.epoch = xfer->req.epoch,
		},
	};

	xfer->cancelled = 1;
	return link_ep_send(xfer->ep->stream, &msg, NULL);
}

/* Out of memory on a stream leaves a hole: only a new link mends that. */
static void check_sent(struct port_ep *ep, int ret)
{
	if (ret && ret != -ESHUTDOWN)
		link_close(ep->port->remote->link, P2PUSB_CLOSE_LIMIT,
			   "out of memory");
}

void xfer_cancel(struct queue *queue, const struct p2pvhci_req *req)
{
	struct xfer *xfer = slot_of(queue, req->token);
	struct port_ep *ep;

	if (!xfer || xfer->state == XFER_FREE || xfer->req.token != req->token)
		return;
	ep = xfer->ep;
	if (xfer->state == XFER_PENDING) {
		finish_status(queue, xfer, P2PVHCI_ST_CANCELLED);
		xfer_pump(ep);
	} else if (xfer->state == XFER_SENT && !xfer->cancelled && ep->stream) {
		check_sent(ep, send_cancel(xfer));
	}
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

static int send_submit(struct xfer *xfer)
{
	const struct ring *ring = &xfer->ep->port->queue->ring;
	const struct p2pvhci_req *req = &xfer->req;
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.payload = xfer->in ? 0 : req->len,
		.submit = {
			.seq = req->seq,
			.epoch = req->epoch,
			.flags = wire_flags(req->xflags),
			.length = req->len,
			.interval = req->interval,
		},
	};

	if (req->type == P2PVHCI_XFER_CONTROL)
		memcpy(msg.submit.setup, req->setup, sizeof(req->setup));
	return link_ep_send(xfer->ep->stream, &msg,
			    msg.payload ? ring_out(ring, req) : NULL);
}

static int send_reset(struct xfer *xfer)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_RESET,
		.reset = {
			.seq = xfer->req.seq,
			.epoch = xfer->req.epoch,
		},
	};

	return link_ep_send(xfer->ep->stream, &msg, NULL);
}

/* Another alternate setting may use the same address for another type. */
static int need_stream(struct port_ep *ep, const struct p2pvhci_req *req)
{
	struct wire_ep_open open = {
		.dev = ep->port->dev,
		.epoch = ep->port->epoch,
		.ep = ep->addr,
		.type = req->type,
		.interval = req->interval,
	};

	if (ep->stream && ep->type == req->type)
		return 0;
	if (ep->stream && ep->nsent)
		return -EBUSY;
	if (ep->stream)
		link_ep_close(ep->stream);
	ep->stream = NULL;
	ep->type = req->type;
	return link_ep_open(ep->port->remote->link, &open,
			    xfer_prio[req->type], ep, &ep->stream);
}

static int has_credit(const struct port_ep *ep, const struct xfer *xfer)
{
	const struct wire_hello *hello = &ep->port->remote->hello;

	if (!ep->nsent)
		return 1;
	return ep->nsent < hello->max_urbs &&
	       ep->bytes + xfer->req.len <= hello->max_ep_bytes;
}

static void send_one(struct port_ep *ep, struct xfer *xfer)
{
	TAILQ_REMOVE(&ep->pending, xfer, entry);
	TAILQ_INSERT_TAIL(&ep->sent, xfer, entry);
	ep->nsent++;
	ep->bytes += xfer->req.len;
	xfer->state = XFER_SENT;
	if (xfer->req.op == P2PVHCI_OP_RESET)
		check_sent(ep, send_reset(xfer));
	else
		check_sent(ep, send_submit(xfer));
}

void xfer_pump(struct port_ep *ep)
{
	struct xfer *xfer;
	int ret;

	if (ep->port->remote->state != REMOTE_UP || ep->port->halted)
		return;
	while ((xfer = TAILQ_FIRST(&ep->pending)) && has_credit(ep, xfer)) {
		ret = need_stream(ep, &xfer->req);
		if (ret == -EBUSY || ret == -ESHUTDOWN)
			return;
		if (ret)
			finish_status(ep->port->queue, xfer, P2PVHCI_ST_NOSR);
		else
			send_one(ep, xfer);
	}
}

static struct xfer *find_sent(const struct port_ep *ep, uint64_t seq)
{
	struct xfer *xfer;

	TAILQ_FOREACH(xfer, &ep->sent, entry)
		if (xfer->req.seq == seq)
			return xfer;
	return NULL;
}

/*
 * The one place where a peer's completion is judged against its request; that
 * it is a COMPLETE is the link's doing.  NULL: refused, the link knows why.
 */
static struct xfer *judge(struct port_ep *ep, const struct wire_msg *msg)
{
	const struct wire_complete *c = &msg->complete;
	struct link *link = link_ep_link(ep->stream);
	struct xfer *xfer = find_sent(ep, c->seq);

	if (c->epoch != ep->port->epoch)
		link_reason(link, "endpoint 0x%02x: epoch %u, not %u", ep->addr,
			    c->epoch, ep->port->epoch);
	else if (!xfer)
		link_reason(link, "endpoint 0x%02x: nobody waits for %" PRIu64,
			    ep->addr, c->seq);
	else if (c->actual > xfer->req.len)
		link_reason(link, "endpoint 0x%02x: %u of %u bytes", ep->addr,
			    c->actual, xfer->req.len);
	else if (msg->payload != (xfer->in ? c->actual : 0))
		link_reason(link, "endpoint 0x%02x: payload of %u bytes",
			    ep->addr, msg->payload);
	else if (c->npkt || c->errs)
		link_reason(link, "endpoint 0x%02x: %u packets", ep->addr,
			    c->npkt);
	else
		return xfer;
	return NULL;
}

static void *heap_room(struct queue *queue, uint32_t len)
{
	void *heap;

	if (queue->xfers.heap_bytes + len > queue->ring.setup.in_bytes)
		return NULL;
	heap = malloc(len);
	if (heap)
		queue->xfers.heap_bytes += len;
	return heap;
}

int xfer_begin(struct port_ep *ep, const struct wire_msg *msg, void **dst)
{
	struct queue *queue = ep->port->queue;
	struct xfer *xfer = judge(ep, msg);

	if (!xfer)
		return -EPROTO;
	xfer->extent.len = msg->payload;
	xfer->extent.off = take_room(queue, msg->payload);
	if (xfer->extent.off != RING_NO_SPACE) {
		*dst = queue->ring.in + xfer->extent.off;
		return 0;
	}
	xfer->heap = heap_room(queue, msg->payload);
	xfer->lost = !xfer->heap;
	*dst = xfer->heap;
	return 0;
}

static uint8_t kernel_status(const struct xfer *xfer, uint32_t status)
{
	if (xfer->lost)
		return P2PVHCI_ST_NOSR;
	/* Only what was cancelled may say so. */
	if (status == P2PUSB_ST_CANCELLED && !xfer->cancelled)
		return P2PVHCI_ST_PROTO;
	return (uint8_t)status;
}

static void count(struct port *port, const struct xfer *xfer, uint32_t actual)
{
	port->urbs++;
	if (xfer->in)
		port->bytes_in += actual;
	else
		port->bytes_out += actual;
}

int xfer_end(struct port_ep *ep, const struct wire_msg *msg)
{
	struct queue *queue = ep->port->queue;
	struct xfer *xfer = judge(ep, msg);

	if (!xfer)
		return -EPROTO;
	memset(&xfer->cmp, 0, sizeof(xfer->cmp));
	xfer->cmp.token = xfer->req.token;
	xfer->cmp.status = kernel_status(xfer, msg->complete.status);
	xfer->cmp.actual = xfer->lost ? 0 : msg->complete.actual;
	xfer->cmp.dev_us = msg->complete.device_us;
	count(ep->port, xfer, xfer->cmp.actual);
	unlist(queue, xfer);
	finish(queue, xfer);
	xfer_pump(ep);
	return 0;
}

void xfer_void(struct port *port)
{
	struct queue *queue = port->queue;
	struct xfer *xfer;
	uint32_t i;

	for (i = 0; i < queue->xfers.tags; i++) {
		xfer = &queue->xfers.slots[i];
		if (xfer->state == XFER_FREE || xfer->ep->port != port)
			continue;
		unlist(queue, xfer);
		if (xfer->extent.off != RING_NO_SPACE)
			ring_in_put(&queue->ring, xfer->extent.off,
				    xfer->extent.len);
		push_status(queue, xfer->req.token, P2PVHCI_ST_NODEV);
		release(queue, xfer);
	}
}

_Static_assert((int)P2PUSB_ST_MAX == (int)P2PVHCI_ST_MAX,
	       "wire and ring name the same outcomes");
_Static_assert((int)P2PUSB_XFER_INTERRUPT == (int)P2PVHCI_XFER_INTERRUPT,
	       "wire and ring name the same types");
