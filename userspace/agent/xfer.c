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

#include "device.h"
#include "iso.h"
#include "log.h"
#include "remote.h"
#include "times.h"
#include "xfer_int.h"

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
	if (!xfer->copied)
		table->heap_bytes -= xfer->extent.len;
	free(xfer->heap);
	xfer->heap = NULL;
}

static void release(struct queue *queue, struct xfer *xfer)
{
	drop_heap(&queue->xfers, xfer);
	if (xfer->reserved)
		queue->xfers.long_bytes -= xfer->req.len;
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

/* The driver may have it back already: then nobody wants the bytes. */
static void copy_in(struct queue *queue, struct xfer *xfer)
{
	int ret;

	ret = ring_copy(&queue->ring, &xfer->req, xfer->heap,
			xfer->extent.len);
	drop_heap(&queue->xfers, xfer);
	if (!ret) {
		xfer->cmp.flags |= P2PVHCI_CMP_COPIED;
		return;
	}
	xfer->cmp.actual = 0;
	xfer->cmp.status = ret == -ECANCELED || ret == -ENOENT ?
			   P2PVHCI_ST_CANCELLED : P2PVHCI_ST_PROTO;
}

/* Isochronous: the packets first, their bytes behind them. */
static void place(struct xfer *xfer)
{
	uint32_t packets = xfer->req.npkt * sizeof(struct p2pvhci_iso);

	if (packets)
		xfer->cmp.iso_off = xfer->extent.off;
	if (xfer->in && xfer->cmp.actual)
		xfer->cmp.in_off = xfer->extent.off + packets;
}

/* @xfer is on no list. */
static void finish(struct queue *queue, struct xfer *xfer)
{
	if (xfer->heap && xfer->copied)
		copy_in(queue, xfer);
	if (xfer->heap && from_heap(queue, xfer)) {
		xfer->state = XFER_PARKED;
		TAILQ_INSERT_TAIL(&queue->xfers.parked, xfer, entry);
		return;
	}
	if (xfer->extent.off != RING_NO_SPACE) {
		place(xfer);
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
	case XFER_WAITING:
		iso_unlist(xfer);
		break;
	case XFER_PARKED:
		TAILQ_REMOVE(&queue->xfers.parked, xfer, entry);
		break;
	case XFER_FREE:
		break;
	}
}

void xfer_finish(struct queue *queue, struct xfer *xfer)
{
	unlist(queue, xfer);
	finish(queue, xfer);
}

void xfer_finish_status(struct queue *queue, struct xfer *xfer, uint8_t status)
{
	const struct p2pvhci_cmp cmp = {
		.token = xfer->req.token,
		.status = status,
		.iso_off = xfer->req.npkt ? queue->xfers.no_packets : 0,
	};

	xfer->cmp = cmp;
	xfer_finish(queue, xfer);
}

static int is_in(const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT || !req->len)
		return 0;
	if (req->type == P2PVHCI_XFER_CONTROL)
		return req->setup[0] & XFER_IN;
	return req->ep & XFER_IN;
}

static struct xfer *slot_of(struct queue *queue, uint64_t token)
{
	uint32_t slot = (uint32_t)token;

	return slot < queue->xfers.tags ? &queue->xfers.slots[slot] : NULL;
}

/*
 * SET_INTERFACE ends only some: their URBs are cancelled before.  A device that
 * may sleep is left alone.
 */
static int ends_endpoints(const struct p2pvhci_req *req)
{
	static const uint8_t set_configuration[] = { 0x00, 0x09 };

	if (req->op == P2PVHCI_OP_RESET || req->op == P2PVHCI_OP_SUSPEND)
		return 1;
	return req->op == P2PVHCI_OP_SUBMIT &&
	       req->type == P2PVHCI_XFER_CONTROL &&
	       !memcmp(req->setup, set_configuration,
		       sizeof(set_configuration));
}

static void count(struct port *port, const struct xfer *xfer, uint32_t actual)
{
	port->urbs++;
	if (xfer->in)
		port->bytes_in += actual;
	else
		port->bytes_out += actual;
}

/*
 * In the place of the device, if all that was asked before is answered.  Whoever
 * takes a short answer for an error shall have the error of the device.
 */
static int answer(struct queue *queue, struct port_ep *ep, struct xfer *xfer)
{
	const struct p2pvhci_req *req = &xfer->req;
	struct wire_desc desc;
	uint32_t len;
	void *room;

	if (!xfer->in || req->type != P2PVHCI_XFER_CONTROL || ep->nsent ||
	    xfer != TAILQ_FIRST(&ep->pending) ||
	    ep->port->remote->state != REMOTE_UP || ep->port->halted ||
	    !descs_find(&ep->port->descs, req->setup, &desc))
		return 0;
	len = desc.len < req->len ? desc.len : req->len;
	if (len < req->len && req->xflags & P2PVHCI_XF_SHORT_NOT_OK)
		return 0;
	room = xfer_room(queue, xfer, len);
	if (!room) {
		xfer->lost = 0;
		return 0;
	}
	memcpy(room, desc.bytes, len);
	memset(&xfer->cmp, 0, sizeof(xfer->cmp));
	xfer->cmp.token = req->token;
	xfer->cmp.actual = len;
	count(ep->port, xfer, len);
	xfer_finish(queue, xfer);
	return 1;
}

int xfer_submit(struct queue *queue, struct port_ep *ep,
		const struct p2pvhci_req *req)
{
	struct xfer *xfer = slot_of(queue, req->token);
	int status;

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
	if (ends_endpoints(req))
		iso_stop_all(ep->port);
	status = xfer_op_status(ep, xfer);
	if (status >= 0)
		xfer_finish_status(queue, xfer, (uint8_t)status);
	else if (req->type == P2PVHCI_XFER_ISO)
		iso_submit(ep, xfer);
	else if (!answer(queue, ep, xfer))
		xfer_pump(ep);
	return 0;
}

void xfer_cancel(struct queue *queue, const struct p2pvhci_req *req)
{
	struct xfer *xfer = slot_of(queue, req->token);
	struct port_ep *ep;

	if (!xfer || xfer->state == XFER_FREE || xfer->req.token != req->token) {
		iso_cancelled(queue, req);
		return;
	}
	ep = xfer->ep;
	if (xfer->state == XFER_PENDING) {
		xfer_finish_status(queue, xfer, P2PVHCI_ST_CANCELLED);
		xfer_pump(ep);
	} else if (xfer->state == XFER_WAITING) {
		iso_cancel(xfer);
	} else if (xfer->state == XFER_SENT && !xfer->cancelled && ep->stream) {
		xfer->cancelled = 1;
		xfer_send_cancel(ep, xfer->req.seq);
	}
}

static struct xfer *find_sent(const struct port_ep *ep, uint64_t seq)
{
	struct xfer *xfer = *xfer_hint(ep, seq);

	if (xfer && xfer->state == XFER_SENT && xfer->ep == ep &&
	    xfer->req.seq == seq)
		return xfer;
	TAILQ_FOREACH(xfer, &ep->sent, entry)
		if (xfer->req.seq == seq)
			return xfer;
	return NULL;
}

/* What a request can move at most, or be granted. */
static uint64_t most(const struct p2pvhci_req *req)
{
	if (req->op == P2PVHCI_OP_SUBMIT)
		return req->len;
	return req->op == P2PVHCI_OP_STREAMS_ALLOC ? req->arg : 0;
}

/* Nobody can work with no streams at all. */
static int grants_nothing(const struct xfer *xfer,
			  const struct wire_complete *c)
{
	return xfer->req.op == P2PVHCI_OP_STREAMS_ALLOC &&
	       c->status == P2PUSB_ST_OK && !c->actual;
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
	else if (c->actual > most(&xfer->req) || grants_nothing(xfer, c))
		link_reason(link, "endpoint 0x%02x: %u of %" PRIu64, ep->addr,
			    c->actual, most(&xfer->req));
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

void *xfer_room(struct queue *queue, struct xfer *xfer, uint32_t len)
{
	xfer->extent.len = len;
	if (xfer->copied) {
		xfer->heap = malloc(len);
	} else {
		xfer->extent.off = take_room(queue, len);
		if (xfer->extent.off != RING_NO_SPACE)
			return queue->ring.in + xfer->extent.off;
		xfer->heap = heap_room(queue, len);
	}
	xfer->lost = !xfer->heap;
	return xfer->heap;
}

int xfer_begin(struct port_ep *ep, const struct wire_msg *msg, void **dst)
{
	struct xfer *xfer;

	if (ep->type == P2PVHCI_XFER_ISO)
		return iso_begin(ep, msg, dst);
	xfer = judge(ep, msg);
	if (!xfer)
		return -EPROTO;
	*dst = xfer_room(ep->port->queue, xfer, msg->payload);
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

static const uint8_t *bytes_of(const struct queue *queue,
			       const struct xfer *xfer)
{
	if (xfer->extent.off != RING_NO_SPACE)
		return queue->ring.in + xfer->extent.off;
	return xfer->heap;
}

/*
 * A hub here would have no ports and much authority; a server that offers one
 * under another class says so at last in the descriptor of the device.
 */
static int is_hub(const struct xfer *xfer)
{
	static const uint8_t get_device[] = { 0x80, 0x06, 0x00, 0x01 };
	const uint8_t *bytes = bytes_of(xfer->ep->port->queue, xfer);

	return xfer->req.type == P2PVHCI_XFER_CONTROL && bytes &&
	       xfer->req.op == P2PVHCI_OP_SUBMIT && xfer->extent.len > 4 &&
	       !memcmp(xfer->req.setup, get_device, sizeof(get_device)) &&
	       bytes[4] == DEVICE_CLASS_HUB;
}

int xfer_end(struct port_ep *ep, const struct wire_msg *msg)
{
	struct queue *queue = ep->port->queue;
	struct xfer *xfer;

	if (ep->type == P2PVHCI_XFER_ISO)
		return iso_end(ep, msg);
	xfer = judge(ep, msg);
	if (!xfer)
		return -EPROTO;
	if (is_hub(xfer))
		return link_reason(link_ep_link(ep->stream),
				   "%s says that it is a hub",
				   ep->port->device.busid);
	memset(&xfer->cmp, 0, sizeof(xfer->cmp));
	xfer->cmp.token = xfer->req.token;
	xfer->cmp.status = kernel_status(xfer, msg->complete.status);
	xfer->cmp.actual = xfer->lost ? 0 : msg->complete.actual;
	xfer->cmp.dev_us = msg->complete.device_us;
	/* What it is now nobody knows. */
	if (xfer->req.op == P2PVHCI_OP_RESET && msg->complete.status)
		descs_drop(&ep->port->descs);
	if (xfer->req.flags & P2PVHCI_REQ_TIMED)
		times_count(ep, &xfer->req, &msg->complete);
	if (xfer->req.op == P2PVHCI_OP_SUBMIT)
		count(ep->port, xfer, xfer->cmp.actual);
	xfer_finish(queue, xfer);
	xfer_pump(ep);
	iso_kick(ep);
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
