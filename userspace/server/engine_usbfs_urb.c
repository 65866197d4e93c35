// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_usbfs_urb - transfers through usbfs: one URB of the kernel for each.
 *
 * Nothing is cut to pieces, has a time-out or is tried again here: the kernel
 * gathers what is long, and says -ENOMEM when it lends no more.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "engine_usbfs.h"
#include "log.h"

/* A control transfer has its SETUP packet in front of its data. */
#define HEADROOM	8

/* A transfer in flight, or done and not told; engine_xfer.priv. */
struct engine_urb {
	STAILQ_ENTRY(engine_urb) entry;
	struct engine_device *dev;
	struct engine_xfer *xfer;
	atomic_int cancelled;
	struct usbdevfs_urb urb;	/* packets follow */
};

/* What became of a transfer */

static uint32_t to_status(int err)
{
	static const struct {
		int err;
		uint32_t status;
	} rows[] = {
		{ 0, P2PUSB_ST_OK },
		{ -EPIPE, P2PUSB_ST_STALL },
		{ -EOVERFLOW, P2PUSB_ST_OVERFLOW },
		{ -EPROTO, P2PUSB_ST_PROTO },
		{ -EILSEQ, P2PUSB_ST_CRC },
		{ -ETIME, P2PUSB_ST_TIMEOUT },
		{ -ETIMEDOUT, P2PUSB_ST_TIMEOUT },
		{ -ECOMM, P2PUSB_ST_COMM },
		{ -ENOSR, P2PUSB_ST_NOSR },
		{ -EXDEV, P2PUSB_ST_XDEV },
		{ -ENODEV, P2PUSB_ST_NODEV },
		{ -ESHUTDOWN, P2PUSB_ST_NODEV },
		{ -ECONNRESET, P2PUSB_ST_CANCELLED },
		{ -ENOENT, P2PUSB_ST_CANCELLED },
		{ -EREMOTEIO, P2PUSB_ST_REMOTEIO },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].err == err)
			return rows[i].status;
	}
	return P2PUSB_ST_PROTO;
}

int engine_usbfs_connected(const struct engine_device *dev)
{
	struct pollfd p = { .fd = dev->fd };

	return poll(&p, 1, 0) <= 0 || !(p.revents & (POLLHUP | POLLERR));
}

/*
 * A verb takes transfers away as if they were cancelled, or the device gone:
 * neither is true unless it was asked for, or is.
 */
static uint32_t true_status(struct engine_urb *t)
{
	uint32_t status = to_status(t->urb.status);

	if (status == P2PUSB_ST_CANCELLED && !atomic_load(&t->cancelled))
		status = P2PUSB_ST_NODEV;
	if (status == P2PUSB_ST_NODEV && engine_usbfs_connected(t->dev))
		return P2PUSB_ST_PROTO;
	return status;
}

/* usbfs leaves each packet in its place; the gaps behind short ones go. */
static void pack(struct engine_xfer *xfer)
{
	uint32_t from = 0;
	uint32_t to = 0;
	unsigned int i;

	for (i = 0; i < xfer->npkt; i++) {
		if (to != from)
			memmove(xfer->data + to, xfer->data + from,
				xfer->packets[i].actual);
		to += xfer->packets[i].actual;
		from += xfer->lens[i];
	}
}

static void take_packets(struct engine_urb *t)
{
	const struct usbdevfs_iso_packet_desc *desc = t->urb.iso_frame_desc;
	struct engine_xfer *xfer = t->xfer;
	struct wire_packet *packet;
	unsigned int i;

	xfer->errs = 0;
	xfer->actual = 0;
	for (i = 0; i < xfer->npkt; i++) {
		packet = &xfer->packets[i];
		packet->status = to_status((int)desc[i].status);
		packet->actual = desc[i].actual_length < xfer->lens[i] ?
				 desc[i].actual_length : xfer->lens[i];
		xfer->actual += packet->actual;
		xfer->errs += packet->status != P2PUSB_ST_OK;
	}
	if (xfer->ep & 0x80)
		pack(xfer);
}

static void take_result(struct engine_urb *t)
{
	struct engine_xfer *xfer = t->xfer;

	xfer->status = true_status(t);
	if (xfer->npkt)
		take_packets(t);
	else
		xfer->actual = t->urb.actual_length;
	STAILQ_INSERT_TAIL(&t->dev->done, t, entry);
}

static void reap(struct engine_device *dev)
{
	struct usbdevfs_urb *urb;

	while (!ioctl(dev->fd, USBDEVFS_REAPURBNDELAY, &urb))
		take_result((struct engine_urb *)((char *)urb -
			    offsetof(struct engine_urb, urb)));
}

/*
 * Results are told when all are reaped: what they cause may make the worker
 * take the device's lock, or close it.  The last one told may be the end of
 * the device.
 */
static void tell_done(struct engine_device *dev)
{
	struct engine_urb_list list = STAILQ_HEAD_INITIALIZER(list);
	struct engine_urb *t;

	STAILQ_CONCAT(&list, &dev->done);
	while ((t = STAILQ_FIRST(&list))) {
		STAILQ_REMOVE_HEAD(&list, entry);
		t->xfer->done(t->xfer);
	}
}

static void device_poll(uv_poll_t *poll, int status, int events)
{
	struct engine_device *dev = poll->data;

	/*
	 * An error is the unplugged device: the kernel has ended all its
	 * transfers by then; libuv has stopped the poll already.
	 */
	(void)status;
	(void)events;
	reap(dev);
	tell_done(dev);
}

/* Loop: hold, resume */

static void device_poll_free(uv_handle_t *handle)
{
	free(handle);
}

void engine_usbfs_hold(struct engine_device *dev)
{
	engine_usbfs_unwatch(dev);
	if (!dev->poll)
		return;
	/* Before the file can be closed on the worker. */
	uv_close((uv_handle_t *)dev->poll, device_poll_free);
	dev->poll = NULL;
}

void engine_usbfs_resume(struct engine_device *dev)
{
	uv_poll_t *poll;
	int ret;

	poll = calloc(1, sizeof(*poll));
	if (!poll) {
		log_err("%s: no memory to listen to the device", dev->busid);
		return;
	}
	ret = uv_poll_init(dev->engine->loop, poll, dev->fd);
	if (ret) {
		log_err("%s: cannot listen to the device: %s", dev->busid,
			uv_strerror(ret));
		free(poll);
		return;
	}
	poll->data = dev;
	dev->poll = poll;
	uv_poll_start(poll, UV_WRITABLE, device_poll);
	engine_usbfs_watch(dev);
	reap(dev);
	tell_done(dev);
}

/* Loop: submit */

uint8_t *engine_usbfs_alloc(struct engine_device *dev, size_t len)
{
	uint8_t *buf;

	(void)dev;
	buf = malloc(HEADROOM + len);
	return buf ? buf + HEADROOM : NULL;
}

void engine_usbfs_free(struct engine_device *dev, uint8_t *buf, size_t len)
{
	(void)dev;
	(void)len;
	free(buf - HEADROOM);
}

static const uint8_t urb_type[] = {
	[P2PUSB_XFER_CONTROL] = USBDEVFS_URB_TYPE_CONTROL,
	[P2PUSB_XFER_ISO] = USBDEVFS_URB_TYPE_ISO,
	[P2PUSB_XFER_BULK] = USBDEVFS_URB_TYPE_BULK,
	[P2PUSB_XFER_INTERRUPT] = USBDEVFS_URB_TYPE_INTERRUPT,
};

/* The kernel complains of flags that make no sense; a peer may send them. */
static unsigned int urb_flags(const struct engine_xfer *xfer)
{
	int control = xfer->type == P2PUSB_XFER_CONTROL;
	int in = control ? xfer->setup[0] & 0x80 : xfer->ep & 0x80;
	unsigned int flags = 0;

	if (xfer->type == P2PUSB_XFER_ISO)
		return USBDEVFS_URB_ISO_ASAP;
	if (in && xfer->length && xfer->flags & P2PUSB_XF_SHORT_NOT_OK)
		flags |= USBDEVFS_URB_SHORT_NOT_OK;
	if (!in && !control && xfer->flags & P2PUSB_XF_ZERO_PACKET)
		flags |= USBDEVFS_URB_ZERO_PACKET;
	return flags;
}

static void fill_urb(struct engine_xfer *xfer, struct usbdevfs_urb *urb)
{
	unsigned int i;

	urb->type = urb_type[xfer->type];
	urb->endpoint = xfer->ep;
	urb->flags = urb_flags(xfer);
	urb->buffer = xfer->data;
	urb->buffer_length = xfer->length;
	if (xfer->type == P2PUSB_XFER_CONTROL) {
		memcpy(xfer->data - HEADROOM, xfer->setup, HEADROOM);
		urb->buffer = xfer->data - HEADROOM;
		urb->buffer_length += HEADROOM;
	} else if (xfer->type == P2PUSB_XFER_ISO) {
		urb->number_of_packets = xfer->npkt;
		for (i = 0; i < xfer->npkt; i++)
			urb->iso_frame_desc[i].length = xfer->lens[i];
	} else {
		/* Shares its place with the number of packets. */
		urb->stream_id = xfer->stream;
	}
}

/* What usbfs says of a URB that it does not take, as the device would. */
static int submit_errno(const struct engine_xfer *xfer, int err)
{
	switch (err) {
	case ENOENT:
	case EINVAL:
	case ESRCH:
	case EHOSTUNREACH:
		/* No such interface or endpoint to ask, or no such endpoint. */
		return xfer->type == P2PUSB_XFER_CONTROL ? -EPIPE : -EPROTO;
	case ESHUTDOWN:
		return -ENODEV;
	default:
		return -err;
	}
}

int engine_usbfs_submit(struct engine_device *dev, struct engine_xfer *xfer)
{
	uint16_t streams = dev->streams[engine_slot(xfer->ep)];
	struct engine_urb *t;

	/* One with streams takes nothing without. */
	if (xfer->stream > streams || (streams && !xfer->stream))
		return -EPROTO;
	t = calloc(1, sizeof(*t) + xfer->npkt *
		      sizeof(t->urb.iso_frame_desc[0]));
	if (!t)
		return -ENOMEM;
	t->dev = dev;
	t->xfer = xfer;
	xfer->priv = t;
	fill_urb(xfer, &t->urb);
	if (!ioctl(dev->fd, USBDEVFS_SUBMITURB, &t->urb))
		return 0;
	xfer->priv = NULL;
	free(t);
	return submit_errno(xfer, errno);
}

void engine_usbfs_put(struct engine_device *dev, struct engine_xfer *xfer)
{
	(void)dev;
	free(xfer->priv);
	xfer->priv = NULL;
}

/* Worker: the kernel waits until the controller has let go of it. */
int engine_usbfs_cancel(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct engine_urb *t = xfer->priv;

	atomic_store(&t->cancelled, 1);
	if (!ioctl(dev->fd, USBDEVFS_DISCARDURB, &t->urb))
		return 0;
	/* It was done already. */
	return errno == EINVAL ? 0 : -errno;
}
