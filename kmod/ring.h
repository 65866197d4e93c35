/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shared ring of one queue: indices, entries, and the check of what the
 * agent writes.
 *
 * Pure: it knows neither USB nor locks nor memory management, and builds in
 * user space through tests/shim/.  Callers serialise: one producer at a time,
 * one consumer at a time.
 */
#ifndef _P2PVHCI_RING_H
#define _P2PVHCI_RING_H

#include <linux/types.h>
#include <uapi/linux/p2pvhci.h>

/**
 * struct p2pv_ring - both directions of one ring
 * @kctl: kernel's half of the control words; only ever written here
 * @uctl: agent's half; every load may return anything
 * @rq: request entries; only ever written here
 * @cq: completion entries; may change while they are read
 * @rq_entries: power of two
 * @cq_entries: power of two
 * @rq_tail: requests published; @kctl holds a copy for the agent
 * @cq_head: completions consumed; @kctl holds a copy for the agent
 */
struct p2pv_ring {
	struct p2pvhci_kctl *kctl;
	const struct p2pvhci_uctl *uctl;
	struct p2pvhci_req *rq;
	const struct p2pvhci_cmp *cq;
	u32 rq_entries;
	u32 cq_entries;
	u32 rq_tail;
	u32 cq_head;
};

/**
 * struct p2pv_ring_limits - what a completion of one slot may say
 * @len: most bytes it may claim to have moved
 * @in_bytes: size of the IN area
 * @dir_in: non-zero when bytes come back
 * @copy: non-zero when IOC_COPY is granted
 * @npkt: isochronous packets, 0 = not isochronous
 * @copied: most bytes it may claim to have brought by IOC_COPY
 */
struct p2pv_ring_limits {
	u32 len;
	u32 in_bytes;
	u8 dir_in;
	u8 copy;
	u16 npkt;
	u32 copied;
};

static inline u64 p2pv_ring_token(u32 gen, u32 slot)
{
	return (u64)gen << 32 | slot;
}

static inline u32 p2pv_ring_token_gen(u64 token)
{
	return token >> 32;
}

static inline u32 p2pv_ring_token_slot(u64 token)
{
	return (u32)token;
}

/**
 * p2pv_ring_room() - free request entries
 * @ring: the ring
 *
 * Return: 0..rq_entries, or -EPROTO when the agent's head is absurd.
 */
int p2pv_ring_room(const struct p2pv_ring *ring);

/**
 * p2pv_ring_push() - publish one request
 * @ring: the ring
 * @req: the entry, copied
 *
 * Return: 0, -ENOSPC when full, -EPROTO when the agent's head is absurd.
 */
int p2pv_ring_push(struct p2pv_ring *ring, const struct p2pvhci_req *req);

/**
 * p2pv_ring_wants_wakeup() - has the agent announced that it sleeps
 * @ring: the ring
 * @index: rq_tail before the p2pv_ring_push() that this follows
 *
 * Return: non-zero when pollers must be woken, and nobody else does it.
 */
int p2pv_ring_wants_wakeup(const struct p2pv_ring *ring, u32 index);

/**
 * p2pv_ring_avail() - completions ready to be taken
 * @ring: the ring
 *
 * Return: 0..cq_entries, or -EPROTO when the agent's tail is absurd.
 */
int p2pv_ring_avail(const struct p2pv_ring *ring);

/**
 * p2pv_ring_pop() - take one completion
 * @ring: the ring, of which p2pv_ring_avail() said that it has one
 * @cmp: receives the only copy that may be looked at
 */
void p2pv_ring_pop(struct p2pv_ring *ring, struct p2pvhci_cmp *cmp);

/**
 * p2pv_ring_consumed() - show the agent how far completions are consumed
 * @ring: the ring
 *
 * Call when nothing of the IN area is needed any more.
 */
void p2pv_ring_consumed(struct p2pv_ring *ring);

/**
 * p2pv_ring_check() - judge a completion against its slot
 * @cmp: private copy
 * @limits: of the slot that its token names
 *
 * Return: 0 or -EPROTO: a violation.
 */
int p2pv_ring_check(const struct p2pvhci_cmp *cmp,
		    const struct p2pv_ring_limits *limits);

/**
 * p2pv_ring_check_iso() - judge one packet of a completion
 * @iso: private copy
 * @asked: bytes of the packet in the request
 *
 * Return: 0 or -EPROTO: a violation.
 */
int p2pv_ring_check_iso(const struct p2pvhci_iso *iso, u32 asked);

/**
 * p2pv_ring_errno() - meaning of a checked completion status
 * @status: enum p2pvhci_status, below P2PVHCI_ST_MAX
 * @cancelled: non-zero when CANCEL was asked for
 *
 * Return: 0 or the negative errno that usbcore expects.
 */
int p2pv_ring_errno(u8 status, int cancelled);

#endif /* _P2PVHCI_RING_H */
