// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of an URB: off its FIFO, counted, and given back exactly once and in
 * order.
 *
 * It does not decide when; that is complete.c, cancel.c or iso.c.
 */
#include "p2pvhci.h"
#include "trace.h"

static void giveback_count(struct p2pv_ep *ep, const struct urb *urb,
			   int status)
{
	struct p2pv_stats *stats = &ep->stats;

	stats->urbs++;
	if (usb_urb_dir_in((struct urb *)urb))
		stats->bytes_in += urb->actual_length;
	else
		stats->bytes_out += urb->actual_length;
	if (status && !urb->unlinked)
		stats->errors++;
}

void p2pv_giveback_detach(struct p2pv_ep *ep, struct urb *urb, int status,
			  struct list_head *done)
{
	lockdep_assert_held(&ep->port->lock);

	usb_hcd_unlink_urb_from_ep(p2pv_hcd_of(ep->port), urb);
	giveback_count(ep, urb, status);
	urb->hcpriv = status ? ERR_PTR(status) : NULL;
	list_add_tail(&urb->urb_list, done);
}

static void giveback_detach_slot(struct p2pv_slot *slot, int status,
				 struct list_head *done)
{
	struct urb *urb = slot->urb;

	trace_p2pvhci_urb_giveback(slot, status, urb->actual_length);
	if (p2pv_watch_is_over(&slot->watch))
		p2pv_watch_count(slot);
	slot->ep->stats.in_flight--;
	slot->urb = NULL;
	p2pv_giveback_detach(slot->ep, urb, status, done);
}

void p2pv_giveback_finish(struct p2pv_queue *q, struct p2pv_slot *slot,
			  int status, struct list_head *done)
{
	list_del_init(&slot->node);
	giveback_detach_slot(slot, status, done);
	p2pv_queue_free(q, slot);
}

void p2pv_giveback_abandon(struct p2pv_slot *slot, int status,
			   struct list_head *done)
{
	lockdep_assert_held(&slot->port->lock);

	trace_p2pvhci_urb_zombie(slot, status, 0);
	list_del_init(&slot->node);
	slot->state = P2PV_SLOT_ZOMBIE;
	slot->ep->stats.zombies++;
	if (slot->urb)
		giveback_detach_slot(slot, status, done);
}

void p2pv_giveback_drain(struct p2pv_queue *q, struct p2pv_ep *ep, u16 stream,
			 struct list_head *done)
{
	struct p2pv_slot *slot, *next;

	lockdep_assert_held(&ep->port->lock);

	list_for_each_entry_safe(slot, next, &ep->published, node) {
		if (slot->stream != stream)
			continue;
		if (slot->state != P2PV_SLOT_HELD)
			return;
		if (slot->npkt) {
			p2pv_iso_arm(ep);
			return;
		}
		p2pv_giveback_finish(q, slot, slot->status, done);
	}
}

static void giveback_one(struct urb *urb)
{
	usb_hcd_giveback_urb(bus_to_hcd(urb->dev->bus), urb,
			     PTR_ERR_OR_ZERO(urb->hcpriv));
}

/*
 * Completion handlers run as they do under HCD_BH: bottom halves off.  They
 * may submit again and so come back to urb.c.
 */
void p2pv_giveback(struct list_head *done)
{
	struct urb *urb, *next;

	list_for_each_entry_safe(urb, next, done, urb_list) {
		list_del_init(&urb->urb_list);
		if (irqs_disabled()) {
			giveback_one(urb);
			continue;
		}
		local_bh_disable();
		giveback_one(urb);
		local_bh_enable();
	}
}

/*
 * Drivers submit with locks held that their completion handlers take: whatever
 * was withdrawn while it was copied is given back by somebody else.
 */
void p2pv_giveback_postpone(struct p2pv_port *port, struct list_head *done)
{
	lockdep_assert_held(&port->lock);

	if (list_empty(done))
		return;
	list_splice_tail_init(done, &port->late);
	queue_work(p2pv_wq, &port->late_work);
}

void p2pv_giveback_late_work(struct work_struct *work)
{
	struct p2pv_port *port = container_of(work, struct p2pv_port,
					      late_work);
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&port->lock, flags);
	list_splice_init(&port->late, &done);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
}
