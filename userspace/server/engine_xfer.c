// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_xfer - transfers through libusb, asynchronously.
 *
 * No transfer has a time-out and none is retried; isochronous transfers and
 * streams are not done here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_libusb.h"

#define CTRL_MAX	4096	/* MAX_CTRL_BUFFER_LENGTH of libusb */

_Static_assert(ENGINE_FILE_HEADROOM == LIBUSB_CONTROL_SETUP_SIZE,
	       "room for a SETUP packet");

/* A transfer in flight, or done and not told; engine_xfer.priv. */
struct engine_done {
	struct engine_device *dev;
	struct engine_xfer *xfer;
	struct libusb_transfer *transfer;
	unsigned int age;
};

static uint32_t to_status(enum libusb_transfer_status status)
{
	static const uint8_t rows[] = {
		[LIBUSB_TRANSFER_COMPLETED] = P2PUSB_ST_OK,
		[LIBUSB_TRANSFER_ERROR] = P2PUSB_ST_PROTO,
		[LIBUSB_TRANSFER_TIMED_OUT] = P2PUSB_ST_TIMEOUT,
		[LIBUSB_TRANSFER_CANCELLED] = P2PUSB_ST_CANCELLED,
		[LIBUSB_TRANSFER_STALL] = P2PUSB_ST_STALL,
		[LIBUSB_TRANSFER_NO_DEVICE] = P2PUSB_ST_NODEV,
		[LIBUSB_TRANSFER_OVERFLOW] = P2PUSB_ST_OVERFLOW,
	};

	return status < sizeof(rows) ? rows[status] : P2PUSB_ST_PROTO;
}

static void device_ready(void *owner)
{
	struct engine_device *dev = owner;

	engine_reap(dev->ctx);
	engine_file_tell(&dev->file);
}

/* Worker: libusb ends what an unplugged device had as soon as it sees it. */
int engine_xfer_reap(struct engine_device *dev)
{
	engine_reap(dev->ctx);
	return dev->nflying;
}

void engine_xfer_hold(struct engine_device *dev)
{
	engine_poll_stop(&dev->file.poll);
}

/* What a verb took away was given back meanwhile: nothing new is among it. */
static void reap_killed(struct engine_device *dev)
{
	unsigned int before;

	if (!dev->killed)
		return;
	do {
		before = dev->nflying;
		engine_reap(dev->ctx);
	} while (dev->nflying != before);
	dev->killed = 0;
}

void engine_xfer_resume(struct engine_device *dev)
{
	struct engine *engine = dev->file.engine;
	int deaf;

	deaf = engine_file_listen(&dev->file, device_ready, dev);
	reap_killed(dev);
	engine_file_tell(&dev->file);
	if (deaf)
		engine->events.deaf(engine->owner, dev);
}

uint8_t *engine_xfer_alloc(struct engine_device *dev, uint8_t type, size_t len)
{
	(void)type;
	return engine_file_alloc(&dev->file, len);
}

void engine_xfer_free(struct engine_device *dev, uint8_t *buf, size_t len)
{
	engine_file_free(&dev->file, buf, len);
}

/*
 * A transfer that usbfs took away is reported by libusb as complete, with
 * what had been moved, or as that of a lost device.  Neither is true.
 */
static uint32_t true_status(const struct engine_done *t, uint32_t status)
{
	const struct libusb_transfer *transfer = t->transfer;
	uint8_t ep = transfer->endpoint;
	uint32_t bit = 1u << engine_slot(ep);

	if (!(ep & 0x0f) || !(t->dev->killed & bit) || t->age == t->dev->age)
		return status;
	if (status == P2PUSB_ST_NODEV ||
	    (status == P2PUSB_ST_OK &&
	     transfer->actual_length < transfer->length))
		return P2PUSB_ST_PROTO;
	return status;
}

static void LIBUSB_CALL transfer_done(struct libusb_transfer *transfer)
{
	struct engine_xfer *xfer = transfer->user_data;
	struct engine_done *t = xfer->priv;

	xfer->status = true_status(t, to_status(transfer->status));
	xfer->actual = transfer->actual_length;
	t->dev->nflying--;
	STAILQ_INSERT_TAIL(&t->dev->file.done, xfer, entry);
}

static void fill_transfer(struct engine_device *dev, struct engine_xfer *xfer,
			  struct libusb_transfer *transfer)
{
	transfer->dev_handle = dev->handle;
	transfer->endpoint = xfer->ep;
	transfer->type = xfer->type;
	transfer->callback = transfer_done;
	transfer->user_data = xfer;
	transfer->buffer = xfer->data;
	transfer->length = xfer->length;
	if (xfer->flags & P2PUSB_XF_ZERO_PACKET)
		transfer->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET;
	if (xfer->type == P2PUSB_XFER_CONTROL) {
		transfer->buffer -= ENGINE_FILE_HEADROOM;
		transfer->length += ENGINE_FILE_HEADROOM;
		memcpy(transfer->buffer, xfer->setup, ENGINE_FILE_HEADROOM);
	}
}

void engine_xfer_put(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct engine_done *t = xfer->priv;

	(void)dev;
	libusb_free_transfer(t->transfer);
	free(t);
	xfer->priv = NULL;
}

int engine_xfer_submit(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct engine_done *t;
	int ret;

	if (xfer->type == P2PUSB_XFER_CONTROL && xfer->length > CTRL_MAX)
		return -EMSGSIZE;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->dev = dev;
	t->xfer = xfer;
	t->age = dev->age;
	t->transfer = libusb_alloc_transfer(0);
	if (!t->transfer) {
		free(t);
		return -ENOMEM;
	}
	xfer->priv = t;
	fill_transfer(dev, xfer, t->transfer);
	ret = engine_errno(libusb_submit_transfer(t->transfer));
	if (ret)
		engine_xfer_put(dev, xfer);
	else
		dev->nflying++;
	return ret;
}

int engine_xfer_cancel(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct engine_done *t = xfer->priv;

	(void)dev;
	return engine_errno(libusb_cancel_transfer(t->transfer));
}
