// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an URB up to the agent: into its endpoint's FIFO, and published
 * as room allows.
 *
 * Nothing here allocates or waits for the agent.  How an URB ends is
 * complete.c, cancel.c and giveback.c.
 */
#include <linux/ktime.h>
#include <linux/scatterlist.h>

#include "p2pvhci.h"
#include "trace.h"

struct p2pv_ep *p2pv_urb_ep(struct p2pv_port *port, const struct urb *urb)
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

	if (usb_endpoint_xfer_isoc(&urb->ep->desc))
		return p2pv_iso_len(urb);
	if (usb_endpoint_xfer_control(&urb->ep->desc))
		return min_t(u32, len, le16_to_cpu(setup->wLength));
	return len;
}

/* Too long for the area of its direction: the agent copies. */
static int urb_is_long(const struct p2pv_queue *q, const struct urb *urb)
{
	u32 area = usb_urb_dir_in((struct urb *)urb) ? q->in_bytes :
						       q->out_bytes;

	return urb_len(urb) > area / 2;
}

/* Bytes of the block in the OUT area. */
static u32 urb_block_len(const struct p2pv_queue *q, const struct urb *urb)
{
	if (usb_endpoint_xfer_isoc(&urb->ep->desc))
		return p2pv_iso_block_len(urb);
	if (usb_urb_dir_in((struct urb *)urb) || urb_is_long(q, urb))
		return 0;
	return urb_len(urb);
}

struct urb *p2pv_urb_after(struct urb *urb)
{
	if (list_is_last(&urb->urb_list, &urb->ep->urb_list))
		return NULL;
	return list_next_entry(urb, urb_list);
}

/*
 * As sg_pcopy_from_buffer() does it, but by memmove(): where the processor has
 * no FSRM memcpy() moves word by word since 6.4, memmove() still strings.
 */
static void urb_move_sg(const struct urb *urb, u32 off, void *bytes, u32 len,
			unsigned int direction)
{
	struct sg_mapping_iter miter;
	u32 n;

	sg_miter_start(&miter, urb->sg, urb->num_sgs,
		       SG_MITER_ATOMIC | direction);
	if (!sg_miter_skip(&miter, off))
		len = 0;
	for (; len && sg_miter_next(&miter); len -= n, bytes += n) {
		n = min_t(u32, len, miter.length);
		if (direction == SG_MITER_TO_SG)
			memmove(miter.addr, bytes, n);
		else
			memmove(bytes, miter.addr, n);
	}
	sg_miter_stop(&miter);
}

void p2pv_urb_read(const struct urb *urb, u32 off, void *to, u32 len)
{
	if (urb->num_sgs)
		urb_move_sg(urb, off, to, len, SG_MITER_FROM_SG);
	else
		memmove(to, urb->transfer_buffer + off, len);
}

void p2pv_urb_write(const struct urb *urb, u32 off, const void *from, u32 len)
{
	if (urb->num_sgs)
		urb_move_sg(urb, off, (void *)from, len, SG_MITER_TO_SG);
	else
		memmove(urb->transfer_buffer + off, from, len);
}

/* Publishing ---------------------------------------------------------------- */

static void urb_describe(const struct p2pv_slot *slot, const struct urb *urb,
			 struct p2pvhci_req *req)
{
	req->type = usb_endpoint_type(&urb->ep->desc);
	req->len = slot->len;
	req->stream = slot->stream;
	req->npkt = slot->npkt;
	if (slot->watch.stamp)
		req->flags |= P2PVHCI_REQ_TIMED;
	if (urb->transfer_flags & URB_SHORT_NOT_OK)
		req->xflags |= P2PVHCI_XF_SHORT_NOT_OK;
	if (urb->transfer_flags & URB_ZERO_PACKET)
		req->xflags |= P2PVHCI_XF_ZERO_PACKET;
	if (req->type == P2PVHCI_XFER_CONTROL)
		memcpy(req->setup, urb->setup_packet, sizeof(req->setup));
	else if (req->type != P2PVHCI_XFER_BULK)
		req->interval = urb->interval;
	if (req->type == P2PVHCI_XFER_ISO) {
		req->start_frame = urb->start_frame;
		if (urb->transfer_flags & URB_ISO_ASAP)
			req->xflags |= P2PVHCI_XF_ISO_ASAP;
	}
}

void p2pv_urb_request(struct p2pv_queue *q, const struct p2pv_slot *slot,
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

void p2pv_urb_publish(struct p2pv_queue *q, struct p2pv_slot *slot, u64 arg)
{
	struct p2pvhci_req req;

	lockdep_assert_held(&slot->port->lock);

	/* Not when adopted: a call may overtake a slot that is COPYING. */
	slot->seq = ++slot->ep->seq;
	p2pv_urb_request(q, slot, slot->op, &req);
	req.out_off = slot->out_off;
	req.len = slot->out_len;
	req.arg = arg;
	if (slot->urb)
		urb_describe(slot, slot->urb, &req);
	slot->state = P2PV_SLOT_PUBLISHED;
	slot->published = jiffies;
	trace_p2pvhci_urb_publish(slot, 0, 0);
	p2pv_queue_publish(q, &req);
	p2pv_watch_shown(&slot->watch, req.t_ns);
}

void p2pv_urb_adopt(struct p2pv_ep *ep, struct p2pv_slot *slot)
{
	lockdep_assert_held(&ep->port->lock);

	WRITE_ONCE(slot->port, ep->port);
	slot->ep = ep;
	slot->epoch = ep->port->epoch;
	list_add_tail(&slot->node, &ep->published);
}

static void urb_adopt_next(struct p2pv_ep *ep, struct p2pv_slot *slot)
{
	struct urb *urb = ep->next;

	ep->next = p2pv_urb_after(urb);
	p2pv_urb_adopt(ep, slot);
	slot->urb = urb;
	slot->len = urb_len(urb);
	slot->stream = urb->stream_id;
	slot->dir_in = usb_urb_dir_in(urb) ? 1 : 0;
	if (slot->len && !slot->dir_in && !slot->out_len)
		slot->out_off = P2PVHCI_OUT_COPY;
	if (usb_endpoint_xfer_isoc(&urb->ep->desc))
		p2pv_iso_start(slot);
	else
		p2pv_watch_adopt(&slot->watch, urb);
	urb->hcpriv = slot;
	ep->stats.in_flight++;
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
	if (slot->npkt)
		p2pv_iso_fill(urb, q->out + slot->out_off);
	else
		p2pv_urb_read(urb, 0, q->out + slot->out_off, slot->len);
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
	u16 stream = ep->next->stream_id;
	int rc;

	urb_adopt_next(ep, slot);
	if (!slot->out_len) {
		p2pv_urb_publish(q, slot, 0);
		return;
	}
	rc = urb_copy_unlocked(q, slot, flags);
	if (rc) {
		p2pv_giveback_finish(q, slot, rc, done);
		p2pv_giveback_drain(q, ep, stream, done);
		/* Room for others, who wait for a completion in vain. */
		p2pv_queue_arm(q, 0);
	} else {
		p2pv_urb_publish(q, slot, 0);
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
	struct p2pv_queue *q;
	struct p2pv_slot *slot;

	if (ep->pumping)
		return;
	ep->pumping = 1;
	/* Asleep: until the device is awake, or usbcore takes them back. */
	while (ep->next && !port->asleep && (q = port->queue)) {
		slot = p2pv_queue_take(q, P2PVHCI_OP_SUBMIT,
				       urb_block_len(q, ep->next), ep);
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
	p2pv_giveback(&done);
}

/* Submitting ---------------------------------------------------------------- */

/* usbcore keeps ep->streams: what was granted, 0 once they are gone. */
static int urb_check_stream(const struct urb *urb)
{
	unsigned int granted = urb->ep->streams;

	if (!granted)
		return urb->stream_id ? -EINVAL : 0;
	return urb->stream_id && urb->stream_id <= granted ? 0 : -EINVAL;
}

static int urb_check(const struct urb *urb)
{
	if (usb_endpoint_xfer_isoc(&urb->ep->desc))
		return p2pv_iso_check(urb);
	if (urb_len(urb) && !urb->num_sgs && !urb->transfer_buffer)
		return -EINVAL;
	return urb_check_stream(urb);
}

/* What the queue can carry. */
static int urb_fits(const struct p2pv_queue *q, const struct urb *urb)
{
	if (usb_endpoint_xfer_isoc(&urb->ep->desc)) {
		if (!(q->features & P2PVHCI_F_ISO))
			return -EINVAL;
		return urb_is_long(q, urb) ||
		       p2pv_iso_block_len(urb) > q->out_bytes / 2 ?
		       -EMSGSIZE : 0;
	}
	return urb_is_long(q, urb) && !(q->features & P2PVHCI_F_COPY) ?
	       -EMSGSIZE : 0;
}

static int urb_link(struct p2pv_port *port, struct urb *urb)
{
	const struct p2pv_queue *q = port->queue;
	int rc;

	lockdep_assert_held(&port->lock);

	if (!q || port->udev != urb->dev)
		return -ENODEV;
	/* It was submitted while usbcore was about to refuse it itself. */
	if (port->asleep)
		return -EHOSTUNREACH;
	rc = urb_fits(q, urb);
	if (rc)
		return rc;
	return usb_hcd_link_urb_to_ep(p2pv_hcd_of(port), urb);
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
		ep = p2pv_urb_ep(port, urb);
		ep->type = usb_endpoint_type(&urb->ep->desc);
		trace_p2pvhci_urb_enqueue(ep, urb);
		urb->hcpriv = p2pv_watch_stamp(&port->watch);
		if (!ep->next) {
			ep->next = urb;
			ep->starving = 0;
		}
		urb_pump_locked(ep, &done, &flags);
		p2pv_giveback_postpone(port, &done);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}
