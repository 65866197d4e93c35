// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an URB: into its endpoint's FIFO, to the agent, perhaps wanted
 * back, and given back exactly once and in order.
 *
 * Nothing here allocates or waits for the agent, but for p2pv_urb_reset().
 * Isochronous URBs and bulk streams are refused.
 */
#include <linux/ktime.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "p2pvhci.h"
#include "trace.h"

static struct p2pv_ep *urb_ep(struct p2pv_port *port, const struct urb *urb)
{
	const struct usb_endpoint_descriptor *desc = &urb->ep->desc;
	unsigned int num = usb_endpoint_num(desc);

	if (!num)
		return &port->eps[0];
	return &port->eps[num << 1 | usb_endpoint_dir_in(desc)];
}

static u32 urb_len(const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;
	u32 len = urb->transfer_buffer_length;

	if (usb_endpoint_xfer_control(&urb->ep->desc))
		return min_t(u32, len, le16_to_cpu(setup->wLength));
	return len;
}

static u32 urb_out_len(const struct urb *urb)
{
	return usb_urb_dir_in((struct urb *)urb) ? 0 : urb_len(urb);
}

static struct urb *urb_after(struct urb *urb)
{
	if (list_is_last(&urb->urb_list, &urb->ep->urb_list))
		return NULL;
	return list_next_entry(urb, urb_list);
}

static void urb_copy_out(const struct urb *urb, void *to, u32 len)
{
	if (urb->num_sgs)
		sg_pcopy_to_buffer(urb->sg, urb->num_sgs, to, len, 0);
	else
		memcpy(to, urb->transfer_buffer, len);
}

static void urb_copy_in(const struct urb *urb, const void *from, u32 len)
{
	if (urb->num_sgs)
		sg_pcopy_from_buffer(urb->sg, urb->num_sgs, from, len, 0);
	else
		memcpy(urb->transfer_buffer, from, len);
}

/* Giving back --------------------------------------------------------------- */

static void urb_count(struct p2pv_port *port, const struct urb *urb, int status)
{
	struct p2pv_stats *stats = &port->stats;

	stats->urbs++;
	if (usb_urb_dir_in((struct urb *)urb))
		stats->bytes_in += urb->actual_length;
	else
		stats->bytes_out += urb->actual_length;
	if (status && !urb->unlinked)
		stats->errors++;
}

/* Off the FIFO; p2pv_urb_giveback() does the rest without the lock. */
static void urb_detach(struct p2pv_port *port, struct urb *urb, int status,
		       struct list_head *done)
{
	lockdep_assert_held(&port->lock);

	usb_hcd_unlink_urb_from_ep(p2pv_hcd_of(port), urb);
	urb_count(port, urb, status);
	urb->hcpriv = status ? ERR_PTR(status) : NULL;
	list_add_tail(&urb->urb_list, done);
}

static void urb_detach_slot(struct p2pv_slot *slot, int status,
			    struct list_head *done)
{
	struct urb *urb = slot->urb;

	trace_p2pvhci_urb_giveback(slot, status, urb->actual_length);
	slot->port->stats.in_flight--;
	slot->urb = NULL;
	urb_detach(slot->port, urb, status, done);
}

/* The token is settled: URB and slot part. */
static void urb_finish(struct p2pv_queue *q, struct p2pv_slot *slot, int status,
		       struct list_head *done)
{
	list_del_init(&slot->node);
	urb_detach_slot(slot, status, done);
	p2pv_queue_free(q, slot);
}

/* The agent still owes the completion: URB gone, slot stays. */
static void urb_abandon(struct p2pv_slot *slot, int status,
			struct list_head *done)
{
	lockdep_assert_held(&slot->port->lock);

	trace_p2pvhci_urb_zombie(slot, status, 0);
	list_del_init(&slot->node);
	slot->state = P2PV_SLOT_ZOMBIE;
	slot->port->stats.zombies++;
	if (slot->urb)
		urb_detach_slot(slot, status, done);
}

/* Whatever completed early and is now first in order goes back. */
static void urb_drain(struct p2pv_queue *q, struct p2pv_ep *ep,
		      struct list_head *done)
{
	struct p2pv_slot *slot;

	for (;;) {
		slot = list_first_entry_or_null(&ep->published,
						struct p2pv_slot, node);
		if (!slot || slot->state != P2PV_SLOT_HELD)
			return;
		urb_finish(q, slot, slot->status, done);
	}
}

static void urb_giveback_one(struct urb *urb)
{
	usb_hcd_giveback_urb(bus_to_hcd(urb->dev->bus), urb,
			     PTR_ERR_OR_ZERO(urb->hcpriv));
}

/*
 * Completion handlers run as they do under HCD_BH: bottom halves off.  They
 * may submit again and so come back to this file.
 */
void p2pv_urb_giveback(struct list_head *done)
{
	struct urb *urb, *next;

	list_for_each_entry_safe(urb, next, done, urb_list) {
		list_del_init(&urb->urb_list);
		if (irqs_disabled()) {
			urb_giveback_one(urb);
			continue;
		}
		local_bh_disable();
		urb_giveback_one(urb);
		local_bh_enable();
	}
}

/* Publishing ---------------------------------------------------------------- */

static void urb_describe(const struct p2pv_slot *slot, const struct urb *urb,
			 struct p2pvhci_req *req)
{
	req->type = usb_endpoint_type(&urb->ep->desc);
	req->len = slot->len;
	if (urb->transfer_flags & URB_SHORT_NOT_OK)
		req->xflags |= P2PVHCI_XF_SHORT_NOT_OK;
	if (urb->transfer_flags & URB_ZERO_PACKET)
		req->xflags |= P2PVHCI_XF_ZERO_PACKET;
	if (req->type == P2PVHCI_XFER_CONTROL)
		memcpy(req->setup, urb->setup_packet, sizeof(req->setup));
	else if (req->type == P2PVHCI_XFER_INTERRUPT)
		req->interval = urb->interval;
}

static void urb_request(struct p2pv_queue *q, const struct p2pv_slot *slot,
			enum p2pvhci_op op, struct p2pvhci_req *req)
{
	memset(req, 0, sizeof(*req));
	req->token = p2pv_queue_token(q, slot);
	req->seq = slot->seq;
	req->op = op;
	req->ep = slot->ep->addr;
	req->port = slot->port->num;
	req->epoch = slot->epoch;
	req->out_off = P2PVHCI_OUT_NONE;
}

/* On failure the queue is dying, and its death gives the URB back. */
static void urb_publish(struct p2pv_queue *q, struct p2pv_slot *slot)
{
	struct p2pvhci_req req;

	/* Not when adopted: a RESET may overtake a slot that is COPYING. */
	slot->seq = ++slot->ep->seq;
	urb_request(q, slot, slot->op, &req);
	req.out_off = slot->out_off;
	if (slot->urb)
		urb_describe(slot, slot->urb, &req);
	slot->state = P2PV_SLOT_PUBLISHED;
	slot->published = jiffies;
	trace_p2pvhci_urb_publish(slot, 0, 0);
	p2pv_queue_publish(q, &req);
}

static void urb_adopt(struct p2pv_ep *ep, struct p2pv_slot *slot)
{
	WRITE_ONCE(slot->port, ep->port);
	slot->ep = ep;
	slot->epoch = ep->port->epoch;
	list_add_tail(&slot->node, &ep->published);
}

static void urb_adopt_next(struct p2pv_ep *ep, struct p2pv_slot *slot)
{
	struct urb *urb = ep->next;

	ep->next = urb_after(urb);
	urb_adopt(ep, slot);
	slot->urb = urb;
	slot->len = urb_len(urb);
	slot->dir_in = usb_urb_dir_in(urb) ? 1 : 0;
	urb->hcpriv = slot;
	ep->port->stats.in_flight++;
}

/*
 * Copies without the lock; only we may settle a COPYING slot.  Returns 0, or
 * negative when meanwhile nobody wants the URB published any more.
 */
static int urb_copy_unlocked(struct p2pv_queue *q, struct p2pv_slot *slot,
			     unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	struct p2pv_port *port = slot->port;
	struct urb *urb = slot->urb;
	int rc = 0;

	p2pv_queue_get(q);
	spin_unlock_irqrestore(&port->lock, *flags);
	urb_copy_out(urb, q->out + slot->out_off, slot->len);
	spin_lock_irqsave(&port->lock, *flags);
	if (port->queue != q)
		rc = -ESHUTDOWN;
	else if (urb->unlinked)
		rc = -ECONNRESET;
	return rc;
}

static void urb_pump_one(struct p2pv_ep *ep, struct p2pv_slot *slot,
			 struct list_head *done, unsigned long *flags)
	__must_hold(&ep->port->lock)
{
	struct p2pv_queue *q = ep->port->queue;
	int rc;

	urb_adopt_next(ep, slot);
	if (!slot->out_len) {
		urb_publish(q, slot);
		return;
	}
	rc = urb_copy_unlocked(q, slot, flags);
	if (rc) {
		urb_finish(q, slot, rc, done);
		urb_drain(q, ep, done);
		/* Room for others, who wait for a completion in vain. */
		p2pv_queue_arm(q, 0);
	} else {
		urb_publish(q, slot);
	}
	p2pv_queue_put(q);
}

static void urb_note_room(struct p2pv_ep *ep, const struct p2pv_slot *slot)
{
	if (!slot && !ep->starving)
		ep->starved = jiffies;
	ep->starving = slot ? 0 : 1;
}

static void urb_pump_locked(struct p2pv_ep *ep, struct list_head *done,
			    unsigned long *flags)
	__must_hold(&ep->port->lock)
{
	struct p2pv_port *port = ep->port;
	struct p2pv_slot *slot;

	if (ep->pumping)
		return;
	ep->pumping = 1;
	while (ep->next && port->queue) {
		slot = p2pv_queue_take(port->queue, P2PVHCI_OP_SUBMIT,
				       urb_out_len(ep->next), ep);
		urb_note_room(ep, slot);
		if (!slot)
			break;
		urb_pump_one(ep, slot, done, flags);
	}
	ep->pumping = 0;
}

void p2pv_urb_pump(struct p2pv_ep *ep)
{
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&ep->port->lock, flags);
	urb_pump_locked(ep, &done, &flags);
	spin_unlock_irqrestore(&ep->port->lock, flags);
	p2pv_urb_giveback(&done);
}

/* Submitting ---------------------------------------------------------------- */

static int urb_check(const struct urb *urb)
{
	if (usb_endpoint_xfer_isoc(&urb->ep->desc) || urb->stream_id)
		return -EINVAL;
	if (urb_len(urb) && !urb->num_sgs && !urb->transfer_buffer)
		return -EINVAL;
	return 0;
}

static int urb_link(struct p2pv_port *port, struct urb *urb)
{
	const struct p2pv_queue *q = port->queue;
	u32 area;

	lockdep_assert_held(&port->lock);

	if (!q || port->udev != urb->dev)
		return -ENODEV;
	area = usb_urb_dir_in(urb) ? q->in_bytes : q->out_bytes;
	if (urb_len(urb) > area / 2)
		return -EMSGSIZE;
	return usb_hcd_link_urb_to_ep(p2pv_hcd_of(port), urb);
}

void p2pv_urb_late_work(struct work_struct *work)
{
	struct p2pv_port *port = container_of(work, struct p2pv_port,
					      late_work);
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&port->lock, flags);
	list_splice_init(&port->late, &done);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_urb_giveback(&done);
}

/*
 * Drivers submit with locks held that their completion handlers take: whatever
 * was withdrawn while it was copied is given back by somebody else.
 */
static void urb_postpone(struct p2pv_port *port, struct list_head *done)
{
	lockdep_assert_held(&port->lock);

	if (list_empty(done))
		return;
	list_splice_tail_init(done, &port->late);
	queue_work(p2pv_wq, &port->late_work);
}

int p2pv_urb_enqueue(struct p2pv_port *port, struct urb *urb)
{
	unsigned long flags;
	struct p2pv_ep *ep;
	LIST_HEAD(done);
	int rc;

	rc = urb_check(urb);
	if (rc)
		return rc;
	spin_lock_irqsave(&port->lock, flags);
	rc = urb_link(port, urb);
	if (!rc) {
		ep = urb_ep(port, urb);
		trace_p2pvhci_urb_enqueue(ep, urb);
		urb->hcpriv = NULL;
		if (!ep->next) {
			ep->next = urb;
			ep->starving = 0;
		}
		urb_pump_locked(ep, &done, &flags);
		urb_postpone(port, &done);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

/* Wanting back -------------------------------------------------------------- */

static void urb_drop(struct p2pv_port *port, struct urb *urb, int status,
		     struct list_head *done)
{
	struct p2pv_ep *ep = urb_ep(port, urb);

	if (ep->next == urb)
		ep->next = urb_after(urb);
	urb_detach(port, urb, status, done);
}

static void urb_cancel(struct p2pv_queue *q, struct p2pv_slot *slot)
{
	struct p2pvhci_req req;

	trace_p2pvhci_urb_cancel(slot, 0, 0);
	slot->state = P2PV_SLOT_CANCELLING;
	slot->deadline = jiffies + msecs_to_jiffies(P2PV_CANCEL_MS);
	urb_request(q, slot, P2PVHCI_OP_CANCEL, &req);
	p2pv_queue_publish(q, &req);
	p2pv_queue_arm(q, P2PV_CANCEL_MS);
}

/*
 * A device that says nothing during enumeration, or after a reset, would be
 * asked again and again while everybody waits on usbcore's locks; such a device
 * is gone.  So is one whose queue has no room to ask it.
 */
static int urb_is_silence(const struct p2pv_ep *ep, unsigned long since)
{
	return !ep->port->configured && !ep->addr &&
	       time_after(jiffies, since + msecs_to_jiffies(P2PV_SILENT_MS));
}

/* Returns non-zero when the device is to be given up. */
static int urb_withdraw(struct p2pv_port *port, struct urb *urb,
			struct list_head *done)
{
	struct p2pv_slot *slot = urb->hcpriv;
	struct p2pv_ep *ep = urb_ep(port, urb);

	lockdep_assert_held(&port->lock);

	if (!slot) {
		urb_drop(port, urb, -ECONNRESET, done);
		return ep->starving && urb_is_silence(ep, ep->starved);
	}
	switch (slot->state) {
	case P2PV_SLOT_HELD:
		urb_finish(port->queue, slot, slot->status, done);
		/* Room for others, who wait for a completion in vain. */
		p2pv_queue_arm(port->queue, 0);
		return 0;
	case P2PV_SLOT_PUBLISHED:
		urb_cancel(port->queue, slot);
		return urb_is_silence(ep, slot->published);
	}
	/* Whoever copies sees urb->unlinked. */
	return 0;
}

int p2pv_urb_dequeue(struct p2pv_port *port, struct urb *urb, int status)
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
		port->stats.cancels++;
		silent = urb_withdraw(port, urb, &done);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_urb_giveback(&done);
	if (silent)
		p2pv_port_disconnect(port, NULL, epoch, P2PV_PORT_KERNEL,
				     ETIMEDOUT);
	return rc;
}

static void urb_expire_slot(struct p2pv_queue *q, struct p2pv_slot *slot,
			    struct p2pv_port *port, unsigned long *wait)
{
	unsigned long flags;
	LIST_HEAD(done);
	long left;

	spin_lock_irqsave(&port->lock, flags);
	if (slot->port == port && slot->state == P2PV_SLOT_CANCELLING) {
		left = slot->deadline - jiffies;
		if (left > 0) {
			*wait = min_not_zero(*wait, (unsigned long)left);
		} else {
			struct p2pv_ep *ep = slot->ep;

			urb_abandon(slot, -ECONNRESET, &done);
			urb_drain(q, ep, &done);
		}
	}
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_urb_giveback(&done);
}

unsigned long p2pv_urb_expire(struct p2pv_queue *q)
{
	struct p2pv_port *port;
	unsigned long wait = 0;
	u32 i;

	for (i = 0; i < q->tags; i++) {
		port = READ_ONCE(q->slots[i].port);
		if (port && READ_ONCE(q->slots[i].state) ==
			    P2PV_SLOT_CANCELLING)
			urb_expire_slot(q, &q->slots[i], port, &wait);
	}
	return wait;
}

static void urb_reset_finish(struct p2pv_slot *slot, int status)
{
	struct p2pv_port *port = slot->port;

	if (port->reset_slot != slot)
		return;
	port->reset_slot = NULL;
	port->reset_status = status;
	complete(&port->reset_done);
}

static void urb_collect_ep(struct p2pv_ep *ep, struct p2pv_queue *q,
			   struct list_head *done)
{
	struct p2pv_slot *slot, *next;

	list_for_each_entry_safe(slot, next, &ep->published, node) {
		switch (slot->state) {
		case P2PV_SLOT_HELD:
			urb_finish(q, slot, -ESHUTDOWN, done);
			break;
		case P2PV_SLOT_PUBLISHED:
		case P2PV_SLOT_CANCELLING:
			urb_reset_finish(slot, -ESHUTDOWN);
			urb_abandon(slot, -ESHUTDOWN, done);
			break;
		}
	}
	while (ep->next)
		urb_drop(ep->port, ep->next, -ESHUTDOWN, done);
}

void p2pv_urb_collect(struct p2pv_port *port, struct p2pv_queue *q,
		      struct list_head *done)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);

	for (i = 0; i < P2PV_NEPS; i++)
		urb_collect_ep(&port->eps[i], q, done);
}

/* Completing ---------------------------------------------------------------- */

static int urb_admit(const struct p2pv_queue *q, const struct p2pv_slot *slot,
		     const struct p2pv_port *port,
		     const struct p2pvhci_cmp *cmp)
{
	const struct p2pv_ring_limits limits = {
		.len = slot->len,
		.in_bytes = q->in_bytes,
		.dir_in = slot->dir_in,
	};

	lockdep_assert_held(&port->lock);

	/* Again, now under the lock under which it would have been freed. */
	if (slot->port != port || slot->gen != p2pv_ring_token_gen(cmp->token))
		return -EPROTO;
	if (slot->state != P2PV_SLOT_PUBLISHED &&
	    slot->state != P2PV_SLOT_CANCELLING &&
	    slot->state != P2PV_SLOT_ZOMBIE)
		return -EPROTO;
	return p2pv_ring_check(cmp, &limits);
}

static int urb_is_set_configuration(const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	return usb_endpoint_xfer_control(&urb->ep->desc) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_CONFIGURATION;
}

static void urb_note_configured(struct p2pv_port *port, const struct urb *urb,
				int status)
{
	if (!status && urb_is_set_configuration(urb))
		port->configured = 1;
}

static void urb_settle(struct p2pv_queue *q, struct p2pv_slot *slot,
		       const struct p2pvhci_cmp *cmp, struct list_head *done,
		       unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	struct p2pv_port *port = slot->port;
	struct p2pv_ep *ep = slot->ep;
	struct urb *urb = slot->urb;

	slot->status = p2pv_ring_errno(cmp->status,
				       slot->state == P2PV_SLOT_CANCELLING);
	urb->actual_length = cmp->actual;
	if (slot->dir_in && cmp->actual) {
		slot->state = P2PV_SLOT_COMPLETING;
		spin_unlock_irqrestore(&port->lock, *flags);
		urb_copy_in(urb, q->in + cmp->in_off, cmp->actual);
		spin_lock_irqsave(&port->lock, *flags);
	}
	if (port->queue != q) {
		urb_finish(q, slot, -ESHUTDOWN, done);
		return;
	}
	urb_note_configured(port, urb, slot->status);
	if (urb->unlinked)
		urb_finish(q, slot, slot->status, done);
	else
		slot->state = P2PV_SLOT_HELD;
	urb_drain(q, ep, done);
}

static void urb_settle_any(struct p2pv_queue *q, struct p2pv_slot *slot,
			   const struct p2pvhci_cmp *cmp,
			   struct list_head *done, unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	struct p2pv_port *port = slot->port;
	struct p2pv_ep *ep = slot->ep;

	trace_p2pvhci_urb_complete(slot, cmp->status, cmp->actual);
	if (slot->state == P2PV_SLOT_ZOMBIE) {
		/* Counted for the device that was, if it still is. */
		if (slot->epoch == port->epoch)
			port->stats.zombies--;
		p2pv_queue_free(q, slot);
		return;
	}
	if (slot->urb) {
		urb_settle(q, slot, cmp, done, flags);
		return;
	}
	urb_reset_finish(slot, p2pv_ring_errno(cmp->status, 0));
	list_del_init(&slot->node);
	p2pv_queue_free(q, slot);
	urb_drain(q, ep, done);
}

int p2pv_urb_complete(struct p2pv_queue *q, const struct p2pvhci_cmp *cmp)
{
	struct p2pv_port *port;
	struct p2pv_slot *slot;
	unsigned long flags;
	LIST_HEAD(done);
	int rc;

	slot = p2pv_queue_lookup(q, cmp->token);
	port = slot ? READ_ONCE(slot->port) : NULL;
	if (!port)
		return -EPROTO;
	spin_lock_irqsave(&port->lock, flags);
	rc = urb_admit(q, slot, port, cmp);
	if (!rc)
		urb_settle_any(q, slot, cmp, &done, &flags);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_urb_giveback(&done);
	return rc;
}

/* Reset --------------------------------------------------------------------- */

/* Returns 1 when the agent was asked and will answer, 0 when it need not be. */
static int urb_reset_publish(struct p2pv_port *port)
{
	struct p2pv_queue *q = port->queue;
	struct p2pv_slot *slot;

	lockdep_assert_held(&port->lock);

	if (!q)
		return -ENODEV;
	if (!port->configured)
		return 0;
	if (port->reset_slot)
		return -EBUSY;
	slot = p2pv_queue_take(q, P2PVHCI_OP_RESET, 0, NULL);
	if (!slot)
		return -EBUSY;
	reinit_completion(&port->reset_done);
	port->reset_slot = slot;
	urb_adopt(&port->eps[0], slot);
	urb_publish(q, slot);
	return 1;
}

static int urb_reset_result(struct p2pv_port *port)
{
	struct p2pv_slot *slot = port->reset_slot;
	LIST_HEAD(done);

	lockdep_assert_held(&port->lock);

	if (slot) {
		port->reset_slot = NULL;
		urb_abandon(slot, -ETIMEDOUT, &done);
		return -ETIMEDOUT;
	}
	if (!port->reset_status)
		port->configured = 0;
	return port->reset_status;
}

int p2pv_urb_reset(struct p2pv_port *port)
{
	unsigned long flags;
	u32 epoch;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	epoch = port->epoch;
	rc = urb_reset_publish(port);
	spin_unlock_irqrestore(&port->lock, flags);
	if (!rc)
		return 0;
	if (rc > 0) {
		wait_for_completion_timeout(&port->reset_done,
					    msecs_to_jiffies(P2PV_RESET_MS));
		spin_lock_irqsave(&port->lock, flags);
		rc = urb_reset_result(port);
		spin_unlock_irqrestore(&port->lock, flags);
	}
	if (rc)
		p2pv_port_disconnect(port, NULL, epoch, P2PV_PORT_KERNEL, -rc);
	return rc;
}
