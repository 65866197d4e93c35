/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xfer_int - between the files that carry requests: xfer*.c and iso*.c.
 *
 * Not for the others, which have xfer.h.
 */
#ifndef P2PUSB_AGENT_XFER_INT_H
#define P2PUSB_AGENT_XFER_INT_H

#include "port.h"
#include "queue.h"
#include "xfer.h"

#define XFER_IN		0x80	/* bit 7 of bmRequestType, of an address */

/**
 * xfer_op_status() - what can be answered without asking the server
 * @ep: endpoint
 * @xfer: of the kernel, not yet sent
 *
 * Return: enum p2pvhci_status to complete with, -1 = ask the server.
 */
int xfer_op_status(const struct port_ep *ep, const struct xfer *xfer);

/**
 * xfer_is_long() - too long for the area of its direction?
 * @queue: whose
 * @req: SUBMIT
 */
int xfer_is_long(const struct queue *queue, const struct p2pvhci_req *req);

/**
 * xfer_hint() - where to look for a request first
 * @ep: endpoint
 * @seq: of the request
 *
 * Streams complete in any order; a walk through hundreds of requests for each
 * would be what they are slow by.
 *
 * Return: entry of @by_seq.
 */
static inline struct xfer **xfer_hint(const struct port_ep *ep, uint64_t seq)
{
	const struct xfer_table *table = &ep->port->queue->xfers;

	return &table->by_seq[(seq + ep->addr) % table->tags];
}

/**
 * xfer_need_stream() - the stream of an endpoint, for a type of transfer
 * @ep: endpoint
 * @type: enum p2pvhci_xfer
 * @interval: as in EP_OPEN
 *
 * Return: 0; -EBUSY: one of another type has not come to its end; negative
 * errno of link_ep_open().
 */
int xfer_need_stream(struct port_ep *ep, uint8_t type, uint32_t interval);

/**
 * xfer_has_credit() - may so many bytes more be outstanding?
 * @ep: endpoint
 * @len: of the request
 */
int xfer_has_credit(const struct port_ep *ep, uint32_t len);

/**
 * xfer_send_cancel() - ask for a request back
 * @ep: endpoint with a stream
 * @seq: of the request
 */
void xfer_send_cancel(struct port_ep *ep, uint64_t seq);

/**
 * xfer_check_sent() - a message that could not be queued ends the link
 * @ep: endpoint
 * @ret: of link_ep_send()
 */
void xfer_check_sent(struct port_ep *ep, int ret);

/**
 * xfer_room() - somewhere to put the bytes of a completion
 * @queue: whose
 * @xfer: @extent or @heap is filled, or it is @lost
 * @len: bytes
 *
 * Return: @len bytes, NULL when it is lost.
 */
void *xfer_room(struct queue *queue, struct xfer *xfer, uint32_t len);

/**
 * xfer_finish() - complete with @cmp, now or when there is room
 * @queue: whose
 * @xfer: any state but FREE; taken off its list
 */
void xfer_finish(struct queue *queue, struct xfer *xfer);

/**
 * xfer_finish_status() - complete without bytes
 * @queue: whose
 * @xfer: as in xfer_finish()
 * @status: enum p2pvhci_status
 */
void xfer_finish_status(struct queue *queue, struct xfer *xfer,
			uint8_t status);

#endif /* P2PUSB_AGENT_XFER_INT_H */
