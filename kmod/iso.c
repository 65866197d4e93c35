// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isochronous URBs: their packets, and the time at which they are over.
 *
 * The agent may complete as early as it likes: an URB is given back when its
 * packets would have been on the bus, never before, and later ones wait for
 * those that come late.  Only the timer gives back in that order; it is one an
 * endpoint and does not run beside itself.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>

#include "p2pvhci.h"
#include "pace.h"

int p2pv_iso_frame(u64 ns)
{
	return p2pv_pace_frame(ns - p2pv_frame0_ns);
}

/* Request ------------------------------------------------------------------- */

u32 p2pv_iso_len(const struct urb *urb)
{
	u32 len = 0;
	int i;

	for (i = 0; i < urb->number_of_packets; i++)
		len += urb->iso_frame_desc[i].length;
	return len;
}

int p2pv_iso_check(const struct urb *urb)
{
	const struct usb_iso_packet_descriptor *packet = urb->iso_frame_desc;
	u32 size = urb->transfer_buffer_length;
	u64 len = 0;
	int i;

	if (urb->num_sgs || !urb->transfer_buffer || urb->stream_id ||
	    urb->number_of_packets < 1)
		return -EINVAL;
	if (urb->number_of_packets > P2PVHCI_NPKT_MAX)
		return -EMSGSIZE;
	for (i = 0; i < urb->number_of_packets; i++, packet++) {
		if (packet->offset > size || packet->length > size -
					     packet->offset)
			return -EINVAL;
		len += packet->length;
	}
	return len > INT_MAX ? -EMSGSIZE : 0;
}

u32 p2pv_iso_block_len(const struct urb *urb)
{
	u32 len = urb->number_of_packets * sizeof(struct p2pvhci_iso);

	return usb_urb_dir_in((struct urb *)urb) ? len :
						   len + p2pv_iso_len(urb);
}

void p2pv_iso_fill(const struct urb *urb, void *to)
{
	const struct usb_iso_packet_descriptor *packet = urb->iso_frame_desc;
	struct p2pvhci_iso *iso = to;
	int i, n = urb->number_of_packets;

	to = iso + n;
	for (i = 0; i < n; i++, packet++) {
		iso[i] = (struct p2pvhci_iso) { .len = packet->length };
		if (usb_urb_dir_in((struct urb *)urb))
			continue;
		memcpy(to, urb->transfer_buffer + packet->offset,
		       packet->length);
		to += packet->length;
	}
}

/* Time ---------------------------------------------------------------------- */

static struct p2pv_slot *iso_before(struct p2pv_slot *slot)
{
	if (list_is_first(&slot->node, &slot->ep->published))
		return NULL;
	return list_prev_entry(slot, node);
}

/* Whatever is not queued any more is over, or nobody waits for it. */
static void iso_set_due(struct p2pv_slot *slot)
{
	const struct p2pv_slot *before = iso_before(slot);

	slot->due_ns = p2pv_pace_due(before ? before->due_ns : 0,
				     slot->submitted_ns, slot->duration_ns);
	if (slot->urb)
		slot->urb->start_frame = p2pv_iso_frame(slot->due_ns -
							slot->duration_ns);
}

void p2pv_iso_start(struct p2pv_slot *slot)
{
	struct urb *urb = slot->urb;

	lockdep_assert_held(&slot->port->lock);

	slot->npkt = urb->number_of_packets;
	slot->submitted_ns = ktime_get_ns();
	slot->duration_ns = p2pv_pace_duration(slot->npkt, urb->interval,
					       urb->dev->speed >=
					       USB_SPEED_HIGH,
					       slot->port->rate_ppb);
	urb->error_count = 0;
	iso_set_due(slot);
}

/* It is over now and not when it should have been; all others follow. */
static void iso_note_late(struct p2pv_slot *slot)
{
	struct p2pv_ep *ep = slot->ep;
	u64 now = ktime_get_ns();

	if (now <= slot->due_ns)
		return;
	slot->due_ns = now;
	slot->urb->start_frame = p2pv_iso_frame(now - slot->duration_ns);
	list_for_each_entry_continue(slot, &ep->published, node)
		iso_set_due(slot);
}

static struct p2pv_slot *iso_first_held(struct p2pv_ep *ep)
{
	struct p2pv_slot *slot;

	slot = list_first_entry_or_null(&ep->published, struct p2pv_slot,
					node);
	return slot && slot->state == P2PV_SLOT_HELD ? slot : NULL;
}

void p2pv_iso_arm(struct p2pv_ep *ep)
{
	struct p2pv_slot *slot = iso_first_held(ep);

	lockdep_assert_held(&ep->port->lock);

	if (slot)
		hrtimer_start(&ep->timer, ns_to_ktime(slot->due_ns),
			      HRTIMER_MODE_ABS_SOFT);
}

static enum hrtimer_restart iso_timer(struct hrtimer *timer)
{
	struct p2pv_ep *ep = container_of(timer, struct p2pv_ep, timer);
	struct p2pv_port *port = ep->port;
	struct p2pv_slot *slot;
	unsigned long flags;
	LIST_HEAD(done);
	u64 now;

	spin_lock_irqsave(&port->lock, flags);
	now = ktime_get_ns();
	while ((slot = iso_first_held(ep)) && slot->due_ns <= now)
		p2pv_giveback_finish(port->queue, slot, slot->status, &done);
	p2pv_iso_arm(ep);
	/* Room for others, who wait for a completion in vain. */
	if (!list_empty(&done) && !list_empty_careful(&port->queue->waiting))
		p2pv_queue_arm(port->queue, 0);
	spin_unlock_irqrestore(&port->lock, flags);
	p2pv_giveback(&done);
	return HRTIMER_NORESTART;
}

void p2pv_iso_init_ep(struct p2pv_ep *ep)
{
	hrtimer_setup(&ep->timer, iso_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
}

void p2pv_iso_exit_ep(struct p2pv_ep *ep)
{
	hrtimer_cancel(&ep->timer);
}

int p2pv_iso_rate(struct p2pv_port *port, const struct p2pv_queue *q,
		  u32 epoch, s64 ppb)
{
	unsigned long flags;
	int rc = 0;

	if (!(q->features & P2PVHCI_F_ISO) || ppb > P2PVHCI_EVENT_RATE_MAX ||
	    ppb < -P2PVHCI_EVENT_RATE_MAX)
		return -EINVAL;
	spin_lock_irqsave(&port->lock, flags);
	if (port->queue == q && port->epoch == epoch)
		port->rate_ppb = ppb;
	else
		rc = -ENOENT;
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

/* Completion ---------------------------------------------------------------- */

int p2pv_iso_admit(struct p2pv_queue *q, const struct p2pv_slot *slot,
		   const struct p2pvhci_cmp *cmp)
{
	const struct usb_iso_packet_descriptor *packet;
	u64 sum = 0;
	int i;

	lockdep_assert_held(&q->enter);

	packet = slot->urb->iso_frame_desc;
	memcpy(q->iso, q->in + cmp->iso_off, slot->npkt * sizeof(q->iso[0]));
	/* From here on the compiler must not go back to the shared array. */
	barrier();
	for (i = 0; i < slot->npkt; i++, packet++) {
		if (p2pv_ring_check_iso(&q->iso[i], packet->length))
			return -EPROTO;
		sum += q->iso[i].len;
	}
	return sum == cmp->actual ? 0 : -EPROTO;
}

int p2pv_iso_errno(u8 status, int cancelled)
{
	int rc = p2pv_ring_errno(status, cancelled);

	/* Whatever else went wrong did so to single packets. */
	return rc == -ESHUTDOWN || rc == -ECONNRESET ? rc : 0;
}

void p2pv_iso_store(struct p2pv_queue *q, const struct p2pv_slot *slot,
		    const void *from, int cancelled)
{
	struct usb_iso_packet_descriptor *packet = slot->urb->iso_frame_desc;
	const struct p2pvhci_iso *iso = q->iso;
	int i;

	lockdep_assert_held(&q->enter);

	for (i = 0; i < slot->npkt; i++, packet++, iso++) {
		packet->actual_length = iso->len;
		packet->status = p2pv_ring_errno(iso->status, cancelled);
		if (packet->status)
			slot->urb->error_count++;
		if (!slot->dir_in)
			continue;
		memcpy(slot->urb->transfer_buffer + packet->offset, from,
		       iso->len);
		from += iso->len;
	}
}

void p2pv_iso_hold(struct p2pv_slot *slot)
{
	lockdep_assert_held(&slot->port->lock);

	slot->state = P2PV_SLOT_HELD;
	iso_note_late(slot);
}
