// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the agent says of a request: judged, copied, and put in order.
 */
#include <linux/sched.h>

#include "p2pvhci.h"
#include "trace.h"

/* Completions between two chances for others to run. */
#define COMPLETE_BATCH		64

static int complete_admit(struct p2pv_queue *q, const struct p2pv_slot *slot,
			  const struct p2pv_port *port,
			  const struct p2pvhci_cmp *cmp)
{
	const struct p2pv_ring_limits limits = {
		.len = slot->len,
		.in_bytes = q->in_bytes,
		/* Nobody reads what a ZOMBIE brings, and COPY refused it. */
		.copied = slot->urb ? slot->copied : slot->len,
		.npkt = slot->npkt,
		.dir_in = slot->dir_in,
		.copy = q->features & P2PVHCI_F_COPY ? 1 : 0,
	};
	int rc;

	lockdep_assert_held(&port->lock);

	/* Again, now under the lock under which it would have been freed. */
	if (slot->port != port || slot->gen != p2pv_ring_token_gen(cmp->token))
		return -EPROTO;
	if (slot->state != P2PV_SLOT_PUBLISHED &&
	    slot->state != P2PV_SLOT_CANCELLING &&
	    slot->state != P2PV_SLOT_ZOMBIE)
		return -EPROTO;
	rc = p2pv_ring_check(cmp, &limits);
	if (!rc && slot->npkt && slot->urb)
		rc = p2pv_iso_admit(q, slot, cmp);
	return rc;
}

static int complete_is_set_configuration(const struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	return usb_endpoint_xfer_control(&urb->ep->desc) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_CONFIGURATION;
}

static void complete_note_configured(struct p2pv_port *port,
				     const struct urb *urb, int status)
{
	if (!status && complete_is_set_configuration(urb))
		port->configured = 1;
}

static int complete_has_data(const struct p2pv_slot *slot,
			     const struct p2pvhci_cmp *cmp)
{
	if (slot->npkt)
		return 1;
	return slot->dir_in && cmp->actual &&
	       !(cmp->flags & P2PVHCI_CMP_COPIED);
}

static void complete_copy(struct p2pv_queue *q, struct p2pv_slot *slot,
			  const struct p2pvhci_cmp *cmp, int cancelled)
{
	const void *from = q->in + cmp->in_off;

	if (slot->npkt)
		p2pv_iso_store(q, slot, from, cancelled);
	else
		p2pv_urb_write(slot->urb, 0, from, cmp->actual);
}

/* Copies without the lock; only we may settle a COMPLETING slot. */
static void complete_take(struct p2pv_queue *q, struct p2pv_slot *slot,
			  const struct p2pvhci_cmp *cmp, unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	int cancelled = slot->state == P2PV_SLOT_CANCELLING;
	struct p2pv_port *port = slot->port;

	slot->status = slot->npkt ? p2pv_iso_errno(cmp->status, cancelled) :
				    p2pv_ring_errno(cmp->status, cancelled);
	slot->urb->actual_length = cmp->actual;
	p2pv_watch_handed(&slot->watch, cmp->dev_us);
	if (!complete_has_data(slot, cmp))
		return;
	slot->state = P2PV_SLOT_COMPLETING;
	spin_unlock_irqrestore(&port->lock, *flags);
	complete_copy(q, slot, cmp, cancelled);
	spin_lock_irqsave(&port->lock, *flags);
}

static void complete_hold(struct p2pv_slot *slot)
{
	if (slot->npkt)
		p2pv_iso_hold(slot);
	else
		slot->state = P2PV_SLOT_HELD;
}

static void complete_urb(struct p2pv_queue *q, struct p2pv_slot *slot,
			 const struct p2pvhci_cmp *cmp, struct list_head *done,
			 unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	struct p2pv_port *port = slot->port;
	struct p2pv_ep *ep = slot->ep;
	struct urb *urb = slot->urb;
	u16 stream = slot->stream;

	complete_take(q, slot, cmp, flags);
	if (port->queue != q) {
		p2pv_giveback_finish(q, slot, -ESHUTDOWN, done);
		return;
	}
	complete_note_configured(port, urb, slot->status);
	if (urb->unlinked)
		p2pv_giveback_finish(q, slot, slot->status, done);
	else
		complete_hold(slot);
	p2pv_giveback_drain(q, ep, stream, done);
}

static void complete_call(struct p2pv_queue *q, struct p2pv_slot *slot,
			  const struct p2pvhci_cmp *cmp,
			  struct list_head *done)
{
	struct p2pv_ep *ep = slot->ep;

	p2pv_call_finish(slot, p2pv_ring_errno(cmp->status, 0), cmp->actual);
	list_del_init(&slot->node);
	p2pv_queue_free(q, slot);
	p2pv_giveback_drain(q, ep, 0, done);
}

static void complete_zombie(struct p2pv_queue *q, struct p2pv_slot *slot)
{
	/* Counted for the device that was, if it still is. */
	if (slot->epoch == slot->port->epoch)
		slot->ep->stats.zombies--;
	p2pv_queue_free(q, slot);
}

static void complete_slot(struct p2pv_queue *q, struct p2pv_slot *slot,
			  const struct p2pvhci_cmp *cmp,
			  struct list_head *done, unsigned long *flags)
	__must_hold(&slot->port->lock)
{
	trace_p2pvhci_urb_complete(slot, cmp->status, cmp->actual);
	if (slot->state == P2PV_SLOT_ZOMBIE)
		complete_zombie(q, slot);
	else if (slot->urb)
		complete_urb(q, slot, cmp, done, flags);
	else
		complete_call(q, slot, cmp, done);
}

static int complete_one(struct p2pv_queue *q, const struct p2pvhci_cmp *cmp)
{
	struct p2pv_port *port;
	struct p2pv_slot *slot;
	unsigned long flags;
	LIST_HEAD(done);
	int rc;

	lockdep_assert_held(&q->enter);

	slot = p2pv_queue_lookup(q, cmp->token);
	port = slot ? READ_ONCE(slot->port) : NULL;
	if (!port)
		return -EPROTO;
	spin_lock_irqsave(&port->lock, flags);
	rc = complete_admit(q, slot, port, cmp);
	if (!rc)
		complete_slot(q, slot, cmp, &done, &flags);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
	return rc;
}

static int complete_batch(struct p2pv_queue *q, u32 *done)
{
	struct p2pvhci_cmp cmp;
	int n, rc = 0;

	lockdep_assert_held(&q->enter);

	n = p2pv_ring_avail(&q->ring);
	if (n < 0) {
		p2pv_queue_kill(q, "tail of the completion ring out of range");
		return -ESHUTDOWN;
	}
	for (*done = 0; *done < n && !rc; ++*done) {
		p2pv_ring_pop(&q->ring, &cmp);
		rc = complete_one(q, &cmp);
		if (*done % COMPLETE_BATCH == COMPLETE_BATCH - 1)
			cond_resched();
	}
	p2pv_ring_consumed(&q->ring);
	if (!rc)
		return 0;
	p2pv_queue_kill(q, "a completion that is not one");
	return -ESHUTDOWN;
}

int p2pv_complete_enter(struct p2pv_queue *q, u32 *done)
{
	int rc = -ESHUTDOWN;

	mutex_lock(&q->enter);
	if (!READ_ONCE(q->dead))
		rc = complete_batch(q, done);
	mutex_unlock(&q->enter);
	if (!rc)
		p2pv_queue_kick(q);
	return rc;
}
