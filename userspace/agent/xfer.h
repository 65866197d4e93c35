/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xfer - one request of the kernel on its way to the device and back.
 *
 * Maps ring tokens to {epoch, seq} and keeps the server's credit.  A peer's
 * completion is checked here before the ring sees it.  Does not plug or
 * unplug, and does not wait.  Isochronous requests do not travel: iso.c
 * answers them.
 */
#ifndef P2PUSB_AGENT_XFER_H
#define P2PUSB_AGENT_XFER_H

#include <stdint.h>
#include <sys/queue.h>

#include "link.h"
#include "ring.h"
#include "wire.h"

struct port;
struct port_ep;
struct queue;

/**
 * enum xfer_state - where a request is
 * @XFER_FREE: nowhere; no other field counts
 * @XFER_PENDING: in its endpoint's @pending, the server has not heard of it
 * @XFER_SENT: in its endpoint's @sent, its COMPLETE is owed by the server
 * @XFER_WAITING: isochronous, in its endpoint's stream of packets
 * @XFER_PARKED: complete, in the queue's @parked until the IN area has room
 */
enum xfer_state {
	XFER_FREE,
	XFER_PENDING,
	XFER_SENT,
	XFER_WAITING,
	XFER_PARKED,
};

/**
 * struct xfer - one request
 * @entry: of the list that @state names
 * @state: see there
 * @req: as taken from the ring
 * @ep: its endpoint
 * @in: the payload comes from the server
 * @cancelled: CANCEL was sent
 * @lost: no memory for its payload, which is discarded
 * @copied: its payload is too long for the IN area and goes by ring_copy()
 * @reserved: its length counts into @long_bytes of the table
 * @extent: piece of the IN area that the payload lands in
 * @heap: where it lands when the IN area is full, or @copied; @extent.len bytes
 * @due_ns: XFER_WAITING: CLOCK_MONOTONIC when the kernel wants it back
 * @cmp: XFER_PARKED: what to complete with
 */
struct xfer {
	TAILQ_ENTRY(xfer) entry;
	enum xfer_state state;
	struct p2pvhci_req req;
	struct port_ep *ep;
	uint8_t in;
	uint8_t cancelled;
	uint8_t lost;
	uint8_t copied;
	uint8_t reserved;
	struct ring_extent extent;
	void *heap;
	uint64_t due_ns;
	struct p2pvhci_cmp cmp;
};

TAILQ_HEAD(xfer_list, xfer);

/**
 * struct xfer_table - the requests of one queue
 * @slots: one a tag, found by the low half of the token
 * @by_seq: @tags of those in XFER_SENT, where xfer_hint() says, if they are
 *	still there
 * @tags: how many
 * @no_packets: where in the IN area as many packets lie as there can be, all
 *	lost
 * @parked: in XFER_PARKED
 * @heap_bytes: in @heap of all, but for what is @copied
 * @long_bytes: that may be in @heap of what is @copied
 * @starved: somebody waits for @long_bytes to sink
 */
struct xfer_table {
	struct xfer *slots;
	struct xfer **by_seq;
	uint32_t tags;
	uint32_t no_packets;
	struct xfer_list parked;
	uint64_t heap_bytes;
	uint64_t long_bytes;
	int starved;
};

/**
 * xfer_table_init() - before the first request
 * @table: filled
 * @ring: open; a little of its IN area is kept
 *
 * Return: 0, -ENOMEM.
 */
int xfer_table_init(struct xfer_table *table, struct ring *ring);
void xfer_table_free(struct xfer_table *table);

/**
 * xfer_submit() - take a request that is completed by its token
 * @queue: whose ring it came from
 * @ep: endpoint; NULL when its port is gone: completed at once
 * @req: the request
 *
 * Return: 0; -EPROTO when the kernel's token makes no sense.
 */
int xfer_submit(struct queue *queue, struct port_ep *ep,
		const struct p2pvhci_req *req);

/**
 * xfer_cancel() - take a CANCEL
 * @queue: whose ring it came from
 * @req: the request; one that is complete already is ignored
 */
void xfer_cancel(struct queue *queue, const struct p2pvhci_req *req);

/**
 * xfer_pump() - send what the server's credit allows
 * @ep: endpoint
 */
void xfer_pump(struct port_ep *ep);

/**
 * xfer_begin() - a COMPLETE with payload begins: where shall it go?
 * @ep: endpoint of its stream
 * @msg: head and body
 * @dst: out, NULL = nowhere
 *
 * Return: 0; -EPROTO when the peer broke the contract.
 */
int xfer_begin(struct port_ep *ep, const struct wire_msg *msg, void **dst);

/**
 * xfer_end() - a COMPLETE is here, payload included
 * @ep: endpoint of its stream
 * @msg: head and body
 *
 * Return: 0; -EPROTO when the peer broke the contract.
 */
int xfer_end(struct port_ep *ep, const struct wire_msg *msg);

/**
 * xfer_unpark() - complete what waited for room in the IN area
 * @queue: after ring_enter()
 */
void xfer_unpark(struct queue *queue);

/**
 * xfer_feed() - send what waited for room for long transfers
 * @queue: after some were completed
 */
void xfer_feed(struct queue *queue);

/**
 * xfer_void() - the port is gone: free every slot it holds
 * @port: unbound, its streams closed
 */
void xfer_void(struct port *port);

#endif /* P2PUSB_AGENT_XFER_H */
