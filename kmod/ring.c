// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shared ring of one queue: indices, entries, and the check of what the
 * agent writes.
 *
 * Nothing here trusts a byte of uctl, cq or the IN area, reads one of them
 * twice, or reads back what it wrote for the agent.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "ring.h"

int p2pv_ring_room(const struct p2pv_ring *ring)
{
	/*
	 * Acquire: the agent has finished with the entries it gives back.
	 * Pairs with its release of rq_head.
	 */
	u32 used = ring->rq_tail - smp_load_acquire(&ring->uctl->rq_head);

	if (used > ring->rq_entries)
		return -EPROTO;
	return ring->rq_entries - used;
}

int p2pv_ring_push(struct p2pv_ring *ring, const struct p2pvhci_req *req)
{
	int room = p2pv_ring_room(ring);

	if (room <= 0)
		return room ? room : -ENOSPC;

	ring->rq[ring->rq_tail & (ring->rq_entries - 1)] = *req;
	/* The entry and its OUT bytes before the index that shows them. */
	smp_store_release(&ring->kctl->rq_tail, ++ring->rq_tail);
	return 0;
}

int p2pv_ring_wants_wakeup(const struct p2pv_ring *ring, u32 index)
{
	/*
	 * Full barrier between the store of rq_tail and the load of
	 * need_wakeup.  Pairs with the agent's barrier between its store of
	 * need_wakeup and its load of rq_tail: one of the two sees the other.
	 * Its store of rq_head comes before its barrier, too: if it missed this
	 * entry and sleeps, this is the first that it has not consumed.  If it
	 * is not, who published the first one wakes it.
	 */
	smp_mb();
	return READ_ONCE(ring->uctl->need_wakeup) &&
	       READ_ONCE(ring->uctl->rq_head) == index;
}

int p2pv_ring_avail(const struct p2pv_ring *ring)
{
	/* Acquire: entries and IN bytes come after; pairs with cq_tail. */
	u32 n = smp_load_acquire(&ring->uctl->cq_tail) - ring->cq_head;

	return n > ring->cq_entries ? -EPROTO : (int)n;
}

void p2pv_ring_pop(struct p2pv_ring *ring, struct p2pvhci_cmp *cmp)
{
	memcpy(cmp, &ring->cq[ring->cq_head & (ring->cq_entries - 1)],
	       sizeof(*cmp));
	/* From here on the compiler must not go back to the shared entry. */
	barrier();
	ring->cq_head++;
}

void p2pv_ring_consumed(struct p2pv_ring *ring)
{
	/* Our reads of the IN area before the agent may write there again. */
	smp_store_release(&ring->kctl->cq_head, ring->cq_head);
}

static int ring_check_range(u32 off, u32 len, u32 area)
{
	return off > area || len > area - off ? -EPROTO : 0;
}

static int ring_check_packets(const struct p2pvhci_cmp *cmp,
			      const struct p2pv_ring_limits *limits)
{
	if (cmp->errs > limits->npkt || cmp->start_frame)
		return -EPROTO;
	if (!limits->npkt)
		return cmp->iso_off ? -EPROTO : 0;
	if (cmp->iso_off % 4)
		return -EPROTO;
	return ring_check_range(cmp->iso_off,
				limits->npkt * sizeof(struct p2pvhci_iso),
				limits->in_bytes);
}

static int ring_check_copied(const struct p2pvhci_cmp *cmp,
			     const struct p2pv_ring_limits *limits)
{
	if (!limits->copy || !limits->dir_in || limits->npkt)
		return -EPROTO;
	return cmp->in_off || cmp->actual > limits->copied ? -EPROTO : 0;
}

int p2pv_ring_check(const struct p2pvhci_cmp *cmp,
		    const struct p2pv_ring_limits *limits)
{
	if (cmp->status >= P2PVHCI_ST_MAX ||
	    cmp->flags & ~P2PVHCI_CMP_COPIED)
		return -EPROTO;
	if (cmp->actual > limits->len || ring_check_packets(cmp, limits))
		return -EPROTO;
	if (cmp->flags & P2PVHCI_CMP_COPIED)
		return ring_check_copied(cmp, limits);
	if (!limits->dir_in || !cmp->actual)
		return cmp->in_off ? -EPROTO : 0;
	return ring_check_range(cmp->in_off, cmp->actual, limits->in_bytes);
}

int p2pv_ring_check_iso(const struct p2pvhci_iso *iso, u32 asked)
{
	if (iso->status >= P2PVHCI_ST_MAX || iso->rsv || iso->len > asked)
		return -EPROTO;
	return 0;
}

static const short ring_errno[] = {
	[P2PVHCI_ST_OK] = 0,
	[P2PVHCI_ST_STALL] = -EPIPE,
	[P2PVHCI_ST_OVERFLOW] = -EOVERFLOW,
	[P2PVHCI_ST_PROTO] = -EPROTO,
	[P2PVHCI_ST_CRC] = -EILSEQ,
	[P2PVHCI_ST_TIMEOUT] = -ETIME,
	[P2PVHCI_ST_COMM] = -ECOMM,
	[P2PVHCI_ST_NOSR] = -ENOSR,
	[P2PVHCI_ST_XDEV] = -EXDEV,
	[P2PVHCI_ST_NODEV] = -ESHUTDOWN,
	[P2PVHCI_ST_CANCELLED] = -ECONNRESET,
	[P2PVHCI_ST_REMOTEIO] = -EREMOTEIO,
	[P2PVHCI_ST_NOSPC] = -ENOSPC,
};

static_assert(ARRAY_SIZE(ring_errno) == P2PVHCI_ST_MAX);

int p2pv_ring_errno(u8 status, int cancelled)
{
	/* An agent may not cancel what nobody wanted back. */
	if (status == P2PVHCI_ST_CANCELLED && !cancelled)
		return -EPROTO;
	return ring_errno[status];
}
