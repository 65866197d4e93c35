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
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>

#include "engine_usbfs.h"

/* A transfer in flight, or done and not told; engine_xfer.priv. */
struct engine_urb {
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
	struct pollfd p = { .fd = dev->file.fd };

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
	t->dev->nflying--;
	STAILQ_INSERT_TAIL(&t->dev->file.done, xfer, entry);
}

static void reap(struct engine_device *dev)
{
	struct usbdevfs_urb *urb;

	while (dev->nflying &&
	       !ioctl(dev->file.fd, USBDEVFS_REAPURBNDELAY, &urb))
		take_result((struct engine_urb *)((char *)urb -
			    offsetof(struct engine_urb, urb)));
}

/* Worker: of one that was unplugged not all may be there yet. */
int engine_usbfs_reap(struct engine_device *dev)
{
	reap(dev);
	return dev->nflying;
}

/*
 * While the kernel takes an unplugged device apart it has the lock of the
 * device, and whoever asks waits for it: the loop does not ask any more.
 */
static void lose(struct engine_device *dev)
{
	struct engine *engine = dev->file.engine;

	dev->lost = 1;
	if (dev->file.poll)
		engine_poll_mute(dev->file.poll);
	if (dev->nflying)
		engine->events.deaf(engine->owner, dev);
}

static void device_ready(void *owner)
{
	struct engine_device *dev = owner;

	if (!engine_usbfs_connected(dev)) {
		lose(dev);
		return;
	}
	reap(dev);
	engine_file_tell(&dev->file);
}

/* Loop: hold, resume */

void engine_usbfs_hold(struct engine_device *dev)
{
	engine_usbfs_unwatch(dev);
	engine_poll_stop(&dev->file.poll);
}

void engine_usbfs_resume(struct engine_device *dev)
{
	struct engine *engine = dev->file.engine;
	int connected = engine_usbfs_connected(dev);
	int deaf = 0;

	if (connected) {
		deaf = engine_file_listen(&dev->file, device_ready, dev);
		engine_usbfs_watch(dev);
		reap(dev);
	}
	engine_file_tell(&dev->file);
	if (!connected)
		lose(dev);
	else if (deaf)
		engine->events.deaf(engine->owner, dev);
}

/* Loop: submit */

/* Control transfers are short, and copied anyway. */
uint8_t *engine_usbfs_alloc(struct engine_device *dev, uint8_t type,
			    size_t len)
{
	uint8_t *buf = NULL;

	if (type != P2PUSB_XFER_CONTROL)
		buf = engine_pool_get(dev->pool, len);
	return buf ? buf : engine_file_alloc(&dev->file, len);
}

void engine_usbfs_free(struct engine_device *dev, uint8_t *buf, size_t len)
{
	if (!engine_pool_put(dev->pool, buf, len))
		engine_file_free(&dev->file, buf, len);
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
		memcpy(xfer->data - ENGINE_FILE_HEADROOM, xfer->setup, ENGINE_FILE_HEADROOM);
		urb->buffer = xfer->data - ENGINE_FILE_HEADROOM;
		urb->buffer_length += ENGINE_FILE_HEADROOM;
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

static size_t urb_size(const struct engine_xfer *xfer)
{
	return sizeof(struct engine_urb) +
	       xfer->npkt * sizeof(struct usbdevfs_iso_packet_desc);
}

static int submit(struct engine_device *dev, struct engine_urb *t)
{
	int ret;

	ret = ioctl(dev->file.fd, USBDEVFS_SUBMITURB, &t->urb);
	/* Memory that nobody uses now is in the same pot. */
	if (ret && errno == ENOMEM && engine_pool_trim())
		ret = ioctl(dev->file.fd, USBDEVFS_SUBMITURB, &t->urb);
	return ret ? -errno : 0;
}

int engine_usbfs_submit(struct engine_device *dev, struct engine_xfer *xfer)
{
	uint16_t streams = dev->streams[engine_slot(xfer->ep)];
	struct engine_urb *t;
	int ret;

	if (dev->lost)
		return -ENODEV;
	/* One with streams takes nothing without. */
	if (xfer->stream > streams || (streams && !xfer->stream))
		return -EPROTO;
	t = heap_get(&dev->file.heap, urb_size(xfer));
	if (!t)
		return -ENOMEM;
	memset(t, 0, urb_size(xfer));
	t->dev = dev;
	t->xfer = xfer;
	xfer->priv = t;
	fill_urb(xfer, &t->urb);
	ret = submit(dev, t);
	if (ret) {
		engine_usbfs_put(dev, xfer);
		return submit_errno(xfer, -ret);
	}
	dev->nflying++;
	return 0;
}

void engine_usbfs_put(struct engine_device *dev, struct engine_xfer *xfer)
{
	heap_put(&dev->file.heap, xfer->priv, urb_size(xfer));
	xfer->priv = NULL;
}

/* Worker: the kernel waits until the controller has let go of it. */
int engine_usbfs_cancel(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct engine_urb *t = xfer->priv;

	atomic_store(&t->cancelled, 1);
	if (!ioctl(dev->file.fd, USBDEVFS_DISCARDURB, &t->urb))
		return 0;
	/* It was done already. */
	return errno == EINVAL ? 0 : -errno;
}
