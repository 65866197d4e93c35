// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_front - made-up devices in the agent's place: on /dev/p2pvhci.
 *
 * Each device has a queue of its own.  Isochronous transfers are completed at
 * once: keeping the time is the kernel's, and the model counts whether it does.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"
#include "log.h"
#include "model.h"
#include "ring.h"

#define TAGS		256
#define AREA_ONE	(4u << 20)	/* bytes each way, few devices */
#define AREA_MANY	(256u << 10)
#define MANY		8
#define SLEEP_MS	500
#define TURN_MAX	64	/* rounds before the others get their turn */

/**
 * struct ring_xfer - a request of the kernel
 * @entry: with its device
 * @xfer: what the model sees
 * @req: as it came
 */
struct ring_xfer {
	TAILQ_ENTRY(ring_xfer) entry;
	struct model_xfer xfer;
	struct p2pvhci_req req;
};

/**
 * struct ring_dev - one device
 * @xfers: requests that the model has
 * @model: what it does
 * @instance: clock
 * @ring: its queue
 * @port: where it is plugged in
 * @epoch: names this plugging
 * @bound: it is
 */
struct ring_dev {
	TAILQ_HEAD(, ring_xfer) xfers;
	struct model model;
	const struct instance *instance;
	struct ring ring;
	uint32_t port;
	uint32_t epoch;
	int bound;
};

static struct ring_xfer *ring_xfer_of(struct model_xfer *xfer)
{
	return (void *)((char *)xfer - offsetof(struct ring_xfer, xfer));
}

/* Completions */

static void push(struct ring_dev *dev, const struct p2pvhci_cmp *cmp,
		 const struct ring_extent *extent)
{
	if (ring_complete(&dev->ring, cmp, extent) != -ENOSPC)
		return;
	ring_enter(&dev->ring);
	ring_complete(&dev->ring, cmp, extent);
}

static uint32_t take_space(struct ring_dev *dev, uint32_t len)
{
	uint32_t off = ring_in_get(&dev->ring, len);

	if (off != RING_NO_SPACE)
		return off;
	ring_enter(&dev->ring);
	return ring_in_get(&dev->ring, len);
}

static void put_packets(struct ring_dev *dev, const struct model_xfer *xfer,
			uint32_t off)
{
	struct p2pvhci_iso *iso = (void *)(dev->ring.in + off);
	uint32_t i;

	for (i = 0; i < xfer->npkt; i++) {
		iso[i] = (struct p2pvhci_iso) {
			.len = xfer->packets[i].actual,
			.status = i < xfer->next_packet ?
				  xfer->packets[i].status : P2PVHCI_ST_XDEV,
		};
	}
}

static int moves_in(const struct model_xfer *xfer)
{
	return xfer->ep ? xfer->ep & 0x80 : xfer->setup[0] & 0x80;
}

static void complete(struct ring_dev *dev, const struct ring_xfer *rx)
{
	const struct model_xfer *xfer = &rx->xfer;
	uint32_t array = xfer->npkt * sizeof(struct p2pvhci_iso);
	uint32_t bytes = moves_in(xfer) ? xfer->actual : 0;
	struct ring_extent extent = { .len = array + bytes };
	struct p2pvhci_cmp cmp = {
		.token = rx->req.token,
		.status = (uint8_t)xfer->status,
		.errs = (uint16_t)xfer->errs,
		.actual = xfer->actual,
	};

	if (bytes > dev->ring.setup.in_bytes / 2 && !array) {
		/* Whoever took it back meanwhile does not miss the bytes. */
		ring_copy(&dev->ring, &rx->req, xfer->data, bytes);
		cmp.flags = P2PVHCI_CMP_COPIED;
		extent.len = 0;
	}
	if (!extent.len) {
		push(dev, &cmp, NULL);
		return;
	}
	extent.off = take_space(dev, extent.len);
	if (extent.off == RING_NO_SPACE) {
		cmp.status = P2PVHCI_ST_NOSPC;
		cmp.actual = 0;
		push(dev, &cmp, NULL);
		return;
	}
	if (array) {
		put_packets(dev, xfer, extent.off);
		cmp.iso_off = extent.off;
	}
	if (bytes) {
		cmp.in_off = extent.off + array;
		memcpy(dev->ring.in + cmp.in_off, xfer->data, bytes);
	}
	push(dev, &cmp, &extent);
}

static void xfer_done(struct model *model, struct model_xfer *xfer)
{
	struct ring_dev *dev = model->front;
	struct ring_xfer *rx = ring_xfer_of(xfer);

	TAILQ_REMOVE(&dev->xfers, rx, entry);
	complete(dev, rx);
	free(xfer->packets);
	free(xfer->data);
	free(rx);
}

/* Requests */

static void answer(struct ring_dev *dev, uint64_t token, uint8_t status,
		   uint32_t actual)
{
	struct p2pvhci_cmp cmp = {
		.token = token, .status = status, .actual = actual,
	};

	push(dev, &cmp, NULL);
}

static int take_packets(struct ring_dev *dev, const struct p2pvhci_req *req,
			struct model_xfer *xfer)
{
	const struct p2pvhci_iso *iso;
	uint32_t i;

	if (!req->npkt)
		return 0;
	iso = ring_packets(&dev->ring, req);
	if (!iso)
		return -EPROTO;
	xfer->packets = calloc(req->npkt, sizeof(*xfer->packets));
	if (!xfer->packets)
		return -ENOMEM;
	for (i = 0; i < req->npkt; i++)
		xfer->packets[i].len = iso[i].len;
	xfer->npkt = req->npkt;
	return 0;
}

static int take_bytes(struct ring_dev *dev, const struct p2pvhci_req *req,
		      struct model_xfer *xfer)
{
	const void *out;

	xfer->data = calloc(1, req->len ? req->len : 1);
	if (!xfer->data)
		return -ENOMEM;
	if (moves_in(xfer) || !req->len)
		return 0;
	if (req->out_off == P2PVHCI_OUT_COPY)
		return ring_copy(&dev->ring, req, xfer->data, req->len);
	out = ring_out(&dev->ring, req);
	if (!out)
		return -EPROTO;
	memcpy(xfer->data, out, req->len);
	return 0;
}

static void take_submit(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	struct model_xfer *xfer;
	struct ring_xfer *rx;

	rx = calloc(1, sizeof(*rx));
	if (!rx) {
		answer(dev, req->token, P2PVHCI_ST_NOSPC, 0);
		return;
	}
	xfer = &rx->xfer;
	rx->req = *req;
	xfer->ep = req->ep;
	xfer->stream = req->stream;
	xfer->length = req->len;
	if (!req->ep)
		memcpy(xfer->setup, req->setup, sizeof(xfer->setup));
	if (take_packets(dev, req, xfer) || take_bytes(dev, req, xfer)) {
		answer(dev, req->token, P2PVHCI_ST_NOSPC, 0);
		free(xfer->packets);
		free(xfer->data);
		free(rx);
		return;
	}
	TAILQ_INSERT_TAIL(&dev->xfers, rx, entry);
	model_submit(&dev->model, xfer, instance_now(dev->instance));
}

static void take_cancel(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	struct ring_xfer *rx;

	TAILQ_FOREACH(rx, &dev->xfers, entry) {
		if (rx->req.token == req->token) {
			model_cancel(&dev->model, &rx->xfer);
			return;
		}
	}
}

/* A device that does not answer endpoint 0 does not come out of reset. */
static void take_reset(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	if (model_is_silent(&dev->model))
		return;
	model_reset(&dev->model);
	answer(dev, req->token, P2PVHCI_ST_OK, 0);
}

static void take_unbound(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	(void)req;
	dev->bound = 0;
	record_plain((int)dev->model.index, "detached");
	model_report(&dev->model);
	model_abandon(&dev->model);
}

static void take_streams(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	const uint8_t *eps = ring_out(&dev->ring, req);
	int n = -EINVAL;

	if (eps)
		n = model_streams(&dev->model, eps, req->len,
				  req->op == P2PVHCI_OP_STREAMS_FREE ?
				  0 : (uint32_t)req->arg);
	answer(dev, req->token, n < 0 ? P2PVHCI_ST_NOSPC : P2PVHCI_ST_OK,
	       n < 0 ? 0 : (uint32_t)n);
}

static void take_power(struct ring_dev *dev, const struct p2pvhci_req *req)
{
	model_power(&dev->model, req->op == P2PVHCI_OP_SUSPEND,
		    !!(req->arg & P2PVHCI_SUSPEND_WAKEUP),
		    instance_now(dev->instance));
	answer(dev, req->token, P2PVHCI_ST_OK, 0);
}

static void (*const takers[])(struct ring_dev *dev,
			      const struct p2pvhci_req *req) = {
	[P2PVHCI_OP_SUBMIT] = take_submit,
	[P2PVHCI_OP_CANCEL] = take_cancel,
	[P2PVHCI_OP_RESET] = take_reset,
	[P2PVHCI_OP_UNBOUND] = take_unbound,
	[P2PVHCI_OP_STREAMS_ALLOC] = take_streams,
	[P2PVHCI_OP_STREAMS_FREE] = take_streams,
	[P2PVHCI_OP_SUSPEND] = take_power,
	[P2PVHCI_OP_RESUME] = take_power,
};

/* Life */

static int bind_dev(struct ring_dev *dev)
{
	static const char target[] = "fakedev";
	const uint8_t *d = dev->model.desc.device;
	struct p2pvhci_bind bind = {
		.target = (uintptr_t)target,
		.target_len = sizeof(target) - 1,
		.speed = dev->model.desc.speed,
		.lanes = dev->model.desc.speed == SPEC_SPEED_SUPER_PLUS,
		.vid = (uint16_t)(d[8] | d[9] << 8),
		.pid = (uint16_t)(d[10] | d[11] << 8),
	};
	int ret;

	model_plug(&dev->model);
	ret = ring_bind(&dev->ring, &bind);
	if (ret)
		return ret;
	dev->port = bind.port;
	dev->epoch = bind.epoch;
	dev->bound = 1;
	return 0;
}

static void dev_gone(struct model *model)
{
	struct ring_dev *dev = model->front;

	ring_enter(&dev->ring);
	if (dev->bound)
		ring_unbind(&dev->ring, dev->port, dev->epoch, 0);
	dev->bound = 0;
}

static void dev_back(struct model *model)
{
	int ret = bind_dev(model->front);

	if (ret)
		log_warn("device %u does not come back: %s", model->index,
			 strerror(-ret));
}

static void dev_wakeup(struct model *model)
{
	struct ring_dev *dev = model->front;
	int ret;

	ret = ring_port_event(&dev->ring, dev->port, dev->epoch,
			      P2PVHCI_EVENT_WAKEUP, 0);
	if (ret)
		log_warn("device %u: wakeup: %s", model->index, strerror(-ret));
}

static const struct model_ops front_ops = {
	.done = xfer_done,
	.gone = dev_gone,
	.back = dev_back,
	.wakeup = dev_wakeup,
};

static int open_dev(struct instance *instance, unsigned int index,
		    struct ring_dev *dev)
{
	uint32_t area = instance->ndevices > MANY ? AREA_MANY : AREA_ONE;
	const struct ring_params params = {
		.features = P2PVHCI_F_ISO | P2PVHCI_F_STREAMS | P2PVHCI_F_COPY |
			    P2PVHCI_F_POWER,
		.tags = TAGS,
		.out_bytes = area,
		.in_bytes = area,
	};
	const struct spec *spec;
	unsigned int copy;
	int ret;

	spec = instance_spec(instance, index, &copy);
	dev->instance = instance;
	dev->ring.fd = -1;
	TAILQ_INIT(&dev->xfers);
	ret = model_init(&dev->model, spec, index, copy, &front_ops, 0);
	if (ret)
		return ret;
	dev->model.front = dev;
	ret = ring_open(&params, &dev->ring);
	if (!ret)
		ret = bind_dev(dev);
	if (ret)
		log_err("device %u: %s: %s.%s", index, P2PVHCI_DEVICE,
			strerror(-ret), ret == -ENOENT ?
			" Is the module loaded? Try: modprobe p2pvhci" : "");
	return ret;
}

static void close_dev(struct ring_dev *dev)
{
	/* What is still with the model goes with the queue. */
	model_abandon(&dev->model);
	ring_close(&dev->ring);
	model_free(&dev->model);
}

/* The loop */

/* Non-zero: do not sleep; negative: the queue died. */
static int serve(struct ring_dev *dev)
{
	struct p2pvhci_req req;
	unsigned int n;

	ring_wake(&dev->ring);
	for (n = 0; n < TURN_MAX && ring_next(&dev->ring, &req); n++) {
		if (req.op < sizeof(takers) / sizeof(takers[0]) &&
		    takers[req.op])
			takers[req.op](dev, &req);
	}
	model_run(&dev->model, instance_now(dev->instance));
	if (ring_pending(&dev->ring) && ring_enter(&dev->ring))
		return -ESHUTDOWN;
	if (ring_dead(&dev->ring))
		return -ESHUTDOWN;
	return ring_sleep(&dev->ring);
}

/* Milliseconds until some device has something to do */
static int pause_ms(struct ring_dev *devs, unsigned int n)
{
	uint64_t now = instance_now(devs[0].instance);
	uint64_t next = now + SLEEP_MS * 1000000ull;
	unsigned int i;
	uint64_t due;

	for (i = 0; i < n; i++) {
		due = model_next(&devs[i].model);
		next = due < next ? due : next;
	}
	return next > now ? (int)((next - now + 999999) / 1000000) : 0;
}

static int serve_all(struct ring_dev *devs, struct pollfd *fds, unsigned int n)
{
	int busy = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		ret = serve(&devs[i]);
		if (ret < 0) {
			log_err("device %u: the kernel has closed its queue",
				i);
			return ret;
		}
		busy |= ret;
		fds[i].fd = devs[i].ring.fd;
		fds[i].events = POLLIN;
	}
	poll(fds, n, busy ? 0 : pause_ms(devs, n));
	if (instance_report) {
		instance_report = 0;
		for (i = 0; i < n; i++)
			model_report(&devs[i].model);
		record_plain(-1, "reported");
	}
	return 0;
}

int ring_front(struct instance *instance)
{
	unsigned int n = instance->ndevices;
	struct ring_dev *devs;
	struct pollfd *fds;
	unsigned int open = 0;
	int ret = -ENOMEM;

	devs = calloc(n, sizeof(*devs));
	fds = calloc(n, sizeof(*fds));
	if (!devs || !fds)
		goto out_free;
	ret = 0;
	while (open < n && !ret)
		ret = open_dev(instance, open, &devs[open]) ? -EIO : 0, open++;
	if (!ret)
		log_note("%u devices are plugged in", n);
	while (!ret && !instance_stop)
		ret = serve_all(devs, fds, n);
	while (open--) {
		model_report(&devs[open].model);
		close_dev(&devs[open]);
	}
out_free:
	free(devs);
	free(fds);
	return ret;
}
