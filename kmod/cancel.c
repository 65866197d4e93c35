// SPDX-License-Identifier: GPL-2.0-only
/*
 * URBs that are wanted back: by their driver, or because the device is gone.
 *
 * The agent is asked once and gets P2PV_CANCEL_MS; nothing here waits for it.
 */
#include <linux/jiffies.h>

#include "p2pvhci.h"
#include "trace.h"

static void cancel_unpublished(struct p2pv_port *port, struct urb *urb,
			       int status, struct list_head *done)
{
	struct p2pv_ep *ep = p2pv_urb_ep(port, urb);

	if (ep->next == urb)
		ep->next = p2pv_urb_after(urb);
	p2pv_giveback_detach(ep, urb, status, done);
}

void p2pv_cancel_publish(struct p2pv_queue *q, struct p2pv_slot *slot)
{
	struct p2pvhci_req req;

	lockdep_assert_held(&slot->port->lock);

	trace_p2pvhci_urb_cancel(slot, 0, 0);
	slot->state = P2PV_SLOT_CANCELLING;
	slot->deadline = jiffies + msecs_to_jiffies(P2PV_CANCEL_MS);
	p2pv_urb_request(q, slot, P2PVHCI_OP_CANCEL, &req);
	p2pv_queue_publish(q, &req);
	p2pv_queue_arm(q, P2PV_CANCEL_MS);
}

/*
 * The agent has completed it, and runs a stream of packets beside the URBs: it
 * has to know that the driver does not wait for their time to pass.
 */
static void cancel_tell(struct p2pv_queue *q, const struct p2pv_slot *slot)
{
	struct p2pvhci_req req;

	lockdep_assert_held(&slot->port->lock);

	p2pv_urb_request(q, slot, P2PVHCI_OP_CANCEL, &req);
	p2pv_queue_publish(q, &req);
}

/*
 * A device that says nothing during enumeration, or after a reset, would be
 * asked again and again while everybody waits on usbcore's locks; such a device
 * is gone.  So is one whose queue has no room to ask it.
 */
static int cancel_is_silence(const struct p2pv_ep *ep, unsigned long since)
{
	return !ep->port->configured && !ep->addr &&
	       time_after(jiffies, since + msecs_to_jiffies(P2PV_SILENT_MS));
}

/* Returns non-zero when the device is to be given up. */
static int cancel_withdraw(struct p2pv_port *port, struct urb *urb,
			   struct list_head *done)
{
	struct p2pv_slot *slot = p2pv_watch_slot_of(urb);
	struct p2pv_ep *ep = p2pv_urb_ep(port, urb);

	lockdep_assert_held(&port->lock);

	if (!slot) {
		cancel_unpublished(port, urb, -ECONNRESET, done);
		return ep->starving && cancel_is_silence(ep, ep->starved);
	}
	switch (slot->state) {
	case P2PV_SLOT_HELD:
		if (slot->npkt)
			cancel_tell(port->queue, slot);
		p2pv_giveback_finish(port->queue, slot, slot->status, done);
		p2pv_giveback_drain(port->queue, ep, urb->stream_id, done);
		/* Room for others, who wait for a completion in vain. */
		p2pv_queue_arm(port->queue, 0);
		return 0;
	case P2PV_SLOT_PUBLISHED:
		p2pv_cancel_publish(port->queue, slot);
		return cancel_is_silence(ep, slot->published);
	}
	/* Whoever copies sees urb->unlinked. */
	return 0;
}

int p2pv_cancel_urb(struct p2pv_port *port, struct urb *urb, int status)
{
	unsigned long flags;
	LIST_HEAD(done);
	int silent = 0;
	u32 epoch;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	epoch = port->epoch;
	rc = usb_hcd_check_unlink_urb(p2pv_hcd_of(port), urb, status);
	if (!rc) {
		p2pv_urb_ep(port, urb)->stats.cancels++;
		silent = cancel_withdraw(port, urb, &done);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
	if (silent)
		p2pv_port_disconnect(port, NULL, epoch, P2PV_PORT_KERNEL,
				     ETIMEDOUT);
	return rc;
}

/* Deadlines ----------------------------------------------------------------- */

static void cancel_expire_locked(struct p2pv_queue *q, struct p2pv_slot *slot,
				 unsigned long *wait, struct list_head *done)
{
	long left = slot->deadline - jiffies;
	struct p2pv_ep *ep = slot->ep;

	lockdep_assert_held(&slot->port->lock);

	if (left > 0) {
		*wait = min_not_zero(*wait, (unsigned long)left);
		return;
	}
	p2pv_giveback_abandon(slot, -ECONNRESET, done);
	p2pv_giveback_drain(q, ep, slot->stream, done);
}

static void cancel_expire_slot(struct p2pv_queue *q, struct p2pv_slot *slot,
			       struct p2pv_port *port, unsigned long *wait)
{
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&port->lock, flags);
	if (slot->port == port && slot->state == P2PV_SLOT_CANCELLING)
		cancel_expire_locked(q, slot, wait, &done);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
}

unsigned long p2pv_cancel_expire(struct p2pv_queue *q)
{
	struct p2pv_port *port;
	unsigned long wait = 0;
	u32 i;

	/* What waited behind goes back now, in order with completions. */
	mutex_lock(&q->enter);
	for (i = 0; i < q->tags; i++) {
		port = READ_ONCE(q->slots[i].port);
		if (port && READ_ONCE(q->slots[i].state) ==
			    P2PV_SLOT_CANCELLING)
			cancel_expire_slot(q, &q->slots[i], port, &wait);
	}
	mutex_unlock(&q->enter);
	return wait;
}

/* The device is gone -------------------------------------------------------- */

static void cancel_ep(struct p2pv_ep *ep, struct p2pv_queue *q,
		      struct list_head *done)
{
	struct p2pv_slot *slot, *next;

	list_for_each_entry_safe(slot, next, &ep->published, node) {
		switch (slot->state) {
		case P2PV_SLOT_HELD:
			p2pv_giveback_finish(q, slot, -ESHUTDOWN, done);
			break;
		case P2PV_SLOT_PUBLISHED:
		case P2PV_SLOT_CANCELLING:
			p2pv_call_finish(slot, -ESHUTDOWN, 0);
			p2pv_giveback_abandon(slot, -ESHUTDOWN, done);
			break;
		}
	}
	while (ep->next)
		cancel_unpublished(ep->port, ep->next, -ESHUTDOWN, done);
}

void p2pv_cancel_port(struct p2pv_port *port, struct p2pv_queue *q,
		      struct list_head *done)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);

	for (i = 0; i < P2PV_NEPS; i++)
		cancel_ep(&port->eps[i], q, done);
}
