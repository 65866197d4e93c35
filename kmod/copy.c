// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOC_COPY: the bytes of transfers that are too long for the shared areas.
 *
 * The agent's memory may fault for as long as it likes, so it is only touched
 * with nothing held: bytes pass through the queue's bounce buffer, and the URB
 * is in our hands for one memcpy() of it at a time.
 */
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "p2pvhci.h"

static int copy_admit(const struct p2pv_slot *slot,
		      const struct p2pv_port *port,
		      const struct p2pvhci_copy *c)
{
	lockdep_assert_held(&port->lock);

	if (slot->port != port || slot->gen != p2pv_ring_token_gen(c->token))
		return -ENOENT;
	if (slot->state == P2PV_SLOT_ZOMBIE)
		return -ECANCELED;
	if (slot->state != P2PV_SLOT_PUBLISHED &&
	    slot->state != P2PV_SLOT_CANCELLING)
		return -ENOENT;
	if (!slot->urb || slot->npkt)
		return -EINVAL;
	if (c->off > slot->len || c->len > slot->len - c->off)
		return -EINVAL;
	/* Bytes that were skipped would be bytes of somebody's memory. */
	return slot->dir_in && c->off > slot->copied ? -EINVAL : 0;
}

static void copy_move(struct p2pv_queue *q, struct p2pv_slot *slot, u32 off,
		      u32 len)
{
	if (slot->dir_in)
		p2pv_urb_write(slot->urb, off, q->bounce, len);
	else
		p2pv_urb_read(slot->urb, off, q->bounce, len);
}

/* What others wanted of the slot while it was ours. */
static int copy_catch_up(struct p2pv_queue *q, struct p2pv_slot *slot,
			 struct list_head *done)
{
	struct p2pv_port *port = slot->port;

	lockdep_assert_held(&port->lock);

	if (port->queue != q) {
		p2pv_giveback_abandon(slot, -ESHUTDOWN, done);
		return -ECANCELED;
	}
	if (slot->state == P2PV_SLOT_PUBLISHED && slot->urb->unlinked)
		p2pv_cancel_publish(q, slot);
	return 0;
}

static int copy_serve(struct p2pv_queue *q, struct p2pv_slot *slot,
		      const struct p2pvhci_copy *c, struct list_head *done,
		      unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	struct p2pv_port *port = slot->port;
	u8 state = slot->state;

	slot->state = P2PV_SLOT_SERVING;
	spin_unlock_irqrestore(&port->lock, *flags);
	copy_move(q, slot, c->off, c->len);
	spin_lock_irqsave(&port->lock, *flags);
	slot->state = state;
	if (slot->dir_in)
		slot->copied = max(slot->copied, c->off + c->len);
	return copy_catch_up(q, slot, done);
}

static int copy_with_urb(struct p2pv_queue *q, const struct p2pvhci_copy *c)
{
	struct p2pv_port *port;
	struct p2pv_slot *slot;
	unsigned long flags;
	LIST_HEAD(done);
	int rc;

	/* Keeps completions and deadlines off the slot while it is SERVING. */
	lockdep_assert_held(&q->enter);

	if (READ_ONCE(q->dead))
		return -ESHUTDOWN;
	slot = p2pv_queue_lookup(q, c->token);
	port = slot ? READ_ONCE(slot->port) : NULL;
	if (!port)
		return -ENOENT;
	spin_lock_irqsave(&port->lock, flags);
	rc = copy_admit(slot, port, c);
	if (!rc)
		rc = copy_serve(q, slot, c, &done, &flags);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
	return rc;
}

static int copy_chunk(struct p2pv_queue *q, const struct p2pvhci_copy *c,
		      int dir_in)
{
	void __user *user = u64_to_user_ptr(c->addr);
	int rc;

	lockdep_assert_held(&q->copy);

	if (dir_in && copy_from_user(q->bounce, user, c->len))
		return -EFAULT;
	mutex_lock(&q->enter);
	rc = copy_with_urb(q, c);
	mutex_unlock(&q->enter);
	if (!rc && !dir_in && copy_to_user(user, q->bounce, c->len))
		return -EFAULT;
	return rc;
}

/* Which way; the slot may be gone the next moment, but not turn round. */
static int copy_direction(struct p2pv_queue *q, const struct p2pvhci_copy *c)
{
	struct p2pv_slot *slot = p2pv_queue_lookup(q, c->token);
	struct p2pv_port *port = slot ? READ_ONCE(slot->port) : NULL;
	unsigned long flags;
	int rc;

	/* Here, too: of no bytes there is no chunk. */
	if (READ_ONCE(q->dead))
		return -ESHUTDOWN;
	if (!port)
		return -ENOENT;
	spin_lock_irqsave(&port->lock, flags);
	rc = copy_admit(slot, port, c);
	if (!rc)
		rc = slot->dir_in;
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

static int copy_all(struct p2pv_queue *q, const struct p2pvhci_copy *copy)
{
	struct p2pvhci_copy c = *copy;
	u32 left = c.len;
	int rc, dir_in;

	dir_in = copy_direction(q, &c);
	if (dir_in < 0)
		return dir_in;
	for (rc = 0; left && !rc; left -= c.len) {
		c.len = min_t(u32, left, P2PV_COPY_CHUNK);
		rc = copy_chunk(q, &c, dir_in);
		c.addr += c.len;
		c.off += c.len;
		cond_resched();
	}
	return rc;
}

int p2pv_copy(struct p2pv_queue *q, const struct p2pvhci_copy *copy)
{
	int rc;

	if (!(q->features & P2PVHCI_F_COPY))
		return -EINVAL;
	/* Another thread's memory may fault for as long as it likes. */
	if (mutex_lock_killable(&q->copy))
		return -EINTR;
	rc = copy_all(q, copy);
	mutex_unlock(&q->copy);
	return rc;
}
