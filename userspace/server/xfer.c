// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xfer - one request: SUBMIT or RESET to engine to COMPLETE.
 *
 * A transfer never has a time-out here and is never tried twice: both are
 * the client's driver's to decide.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "device.h"
#include "pipe.h"
#include "xfer.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

static void xfer_done(struct xfer *xfer)
{
	xfer->state = XFER_DONE;
	xfer->pipe->ndone++;
}

static void io_done(struct engine_xfer *io)
{
	struct xfer *xfer = io->ctx;
	struct pipe *pipe = xfer->pipe;

	pipe->dev->server->nflying--;
	xfer_done(xfer);
	pipe_done(pipe);
}

/*
 * One buffer: room for the packets of SUBMIT or COMPLETE, the larger, and the
 * data right behind, so that both are payload as they lie.
 */
static size_t headroom(uint16_t npkt)
{
	return (size_t)npkt * WIRE_PACKET_SIZE;
}

static uint32_t *lens_of(struct xfer *xfer)
{
	return (uint32_t *)(xfer->packets + xfer->io.npkt);
}

static size_t xfer_size(uint16_t npkt)
{
	return sizeof(struct xfer) +
	       npkt * (sizeof(struct wire_packet) + sizeof(uint32_t));
}

int xfer_new(struct pipe *pipe, uint64_t seq, uint32_t length, uint16_t npkt,
	     struct xfer **xfer)
{
	struct device *dev = pipe->dev;
	struct xfer *x;

	x = heap_get(&dev->server->heap, xfer_size(npkt));
	if (!x)
		return -ENOMEM;
	memset(x, 0, xfer_size(npkt));
	x->io.data = dev->server->ops->alloc(dev->edev, pipe->type,
					     headroom(npkt) + length);
	if (!x->io.data) {
		heap_put(&dev->server->heap, x, xfer_size(npkt));
		return -ENOMEM;
	}
	x->io.data += headroom(npkt);
	x->io.npkt = npkt;
	x->io.packets = x->packets;
	x->io.ep = pipe->ep;
	x->io.type = pipe->type;
	x->io.length = length;
	x->io.done = io_done;
	x->io.ctx = x;
	x->io.lens = lens_of(x);
	x->pipe = pipe;
	x->seq = seq;
	x->refs = 1;
	x->queued_us = now_us();
	dev->nxfers++;
	pipe->nbusy++;
	*xfer = x;
	return 0;
}

void *xfer_payload(struct xfer *xfer)
{
	return xfer->io.data - (size_t)xfer->io.npkt * WIRE_PACKET_LEN_SIZE;
}

int xfer_lens(struct xfer *xfer)
{
	return wire_packet_get_lens(xfer_payload(xfer), lens_of(xfer),
				    xfer->io.npkt, xfer->io.length);
}

void xfer_put(struct xfer *xfer)
{
	size_t room = headroom(xfer->io.npkt);
	struct device *dev = xfer->pipe->dev;

	if (--xfer->refs)
		return;
	if (xfer->io.priv)
		dev->server->ops->put(dev->edev, &xfer->io);
	dev->server->ops->free(dev->edev, xfer->io.data - room,
			       room + xfer->io.length);
	xfer->pipe->nbusy--;
	dev->nxfers--;
	heap_put(&dev->server->heap, xfer, xfer_size(xfer->io.npkt));
}

void xfer_end(struct xfer *xfer, uint32_t status, uint32_t actual)
{
	xfer->io.status = status;
	xfer->io.actual = actual;
	xfer_done(xfer);
}

static uint32_t status_of(int err)
{
	static const struct {
		int err;
		uint32_t status;
	} rows[] = {
		{ 0, P2PUSB_ST_OK },
		{ -ENODEV, P2PUSB_ST_NODEV },
		{ -ENOMEM, P2PUSB_ST_NOSPC },
		{ -ENOSPC, P2PUSB_ST_NOSPC },
		{ -EMSGSIZE, P2PUSB_ST_NOSPC },
		/* The device has no such thing: it would have said STALL. */
		{ -EINVAL, P2PUSB_ST_STALL },
		{ -EPIPE, P2PUSB_ST_STALL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].err == err)
			return rows[i].status;
	}
	return P2PUSB_ST_PROTO;
}

/* Verbs */

static int run_streams(const struct xfer *xfer, const struct engine_ops *ops,
		       struct engine_device *edev)
{
	const struct wire_streams *s = &xfer->streams;
	int ret;

	if (!s->wanted)
		return ops->free_streams(edev, s->eps, s->neps);
	ret = ops->alloc_streams(edev, s->eps, s->neps, s->wanted);
	/* None is no answer but a failure. */
	return ret ? ret : -ENOSPC;
}

static int verb_run(struct worker_job *job)
{
	struct xfer *xfer = container_of(job, struct xfer, job);
	const struct engine_ops *ops = xfer->pipe->dev->server->ops;
	struct engine_device *edev = xfer->pipe->dev->edev;
	const uint8_t *setup = xfer->io.setup;

	switch (xfer->kind) {
	case EP0_SET_CONFIGURATION:
		return ops->set_configuration(edev, ep0_value(setup) & 0xff);
	case EP0_SET_INTERFACE:
		return ops->set_interface(edev, ep0_index(setup) & 0xff,
					  ep0_value(setup) & 0xff);
	case EP0_CLEAR_HALT:
		return ops->clear_halt(edev, ep0_index(setup) & 0x8f);
	case EP0_RESET:
		return ops->reset(edev);
	case EP0_STREAMS:
		return run_streams(xfer, ops, edev);
	case EP0_POWER:
		return ops->power(edev, xfer->power);
	default:
		return -EOPNOTSUPP;
	}
}

static void verb_done(struct worker_job *job, int result)
{
	struct xfer *xfer = container_of(job, struct xfer, job);
	struct device *dev = xfer->pipe->dev;

	/* Streams that cannot be had are no fault of the device. */
	if (xfer->kind == EP0_STREAMS && result < 0 && result != -ENODEV)
		result = -ENOSPC;
	xfer_end(xfer, status_of(result < 0 ? result : 0),
		 result > 0 ? result : 0);
	xfer_put(xfer);
	device_ran(dev);
}

static void start_verb(struct xfer *xfer)
{
	xfer->state = XFER_WORKING;
	xfer->refs++;
	xfer->job.run = verb_run;
	xfer->job.done = verb_done;
	device_run(xfer->pipe->dev, &xfer->job);
}

static int start_io(struct xfer *xfer)
{
	struct device *dev = xfer->pipe->dev;
	int ret;

	ret = dev->server->ops->submit(dev->edev, &xfer->io);
	if (ret == -ENOMEM)
		return -EAGAIN;
	if (ret)
		xfer_end(xfer, status_of(ret), 0);
	else
		xfer->state = XFER_FLYING;
	xfer->flown = !ret;
	dev->server->nflying += !ret;
	return 0;
}

int xfer_start(struct xfer *xfer)
{
	xfer->started_us = now_us();
	if (ep0_is_verb(xfer->kind)) {
		start_verb(xfer);
		return 0;
	}
	if (xfer->kind == EP0_SWALLOW) {
		xfer_end(xfer, P2PUSB_ST_OK, xfer->io.length);
		return 0;
	}
	return start_io(xfer);
}

/* Cancel: the kernel waits for the controller, so it is the worker's */

static int discard_run(struct worker_job *job)
{
	struct xfer *xfer = container_of(job, struct xfer, job);
	struct device *dev = xfer->pipe->dev;

	return dev->server->ops->cancel(dev->edev, &xfer->io);
}

static void discard_done(struct worker_job *job, int result)
{
	struct xfer *xfer = container_of(job, struct xfer, job);
	struct device *dev = xfer->pipe->dev;
	uint8_t ep = xfer->io.ep;

	/* It may have been done by itself: then that is its result. */
	(void)result;
	xfer_put(xfer);
	device_cancelled(dev, ep);
}

void xfer_discard(struct xfer *xfer)
{
	if (xfer->discard)
		return;
	xfer->discard = 1;
	xfer->refs++;
	xfer->job.run = discard_run;
	xfer->job.done = discard_done;
	device_cancel(xfer->pipe->dev, xfer->io.ep, &xfer->job);
}

static int is_in(const struct xfer *xfer)
{
	if (xfer->kind >= EP0_RESET)
		return 0;
	return xfer->io.ep ? xfer->io.ep & 0x80 : ep0_is_in(xfer->io.setup);
}

const void *xfer_complete(struct xfer *xfer, struct wire_msg *msg)
{
	uint16_t npkt = xfer->flown ? xfer->io.npkt : 0;
	uint64_t now = now_us();
	uint64_t started = xfer->started_us ? xfer->started_us : now;

	*msg = (struct wire_msg) {
		.type = P2PUSB_MSG_COMPLETE,
		.payload = headroom(npkt) +
			   (is_in(xfer) ? xfer->io.actual : 0),
		.complete = {
			.seq = xfer->seq,
			.epoch = xfer->pipe->epoch,
			.status = xfer->io.status,
			.actual = xfer->io.actual,
			.queue_us = started - xfer->queued_us,
			.device_us = now - started,
			.npkt = npkt,
			.errs = npkt ? xfer->io.errs : 0,
		},
	};
	wire_packet_put(xfer->io.data - headroom(npkt), xfer->packets, npkt);
	return xfer->io.data - headroom(npkt);
}
