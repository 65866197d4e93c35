// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paper_engine - devices of paper for the server.
 *
 * Buffers are filled with what must not reach a peer, and a device writes no
 * more than it says.
 */
#include <errno.h>

#include "paper_engine.h"

#define SECRET	0xa5	/* what a buffer held before */
#define MOVED	0x3c	/* what a device puts there */

struct paper_engine paper_engine;

static int paper_open(struct engine *engine, const char *busid,
		      struct engine_device **dev)
{
	unsigned int at;

	(void)engine;
	(void)busid;
	for (at = 0; at < PAPER_OPEN_MAX && paper_engine.devices[at]; at++)
		;
	fuzz_check(at < PAPER_OPEN_MAX);
	if (paper_engine.claim_err == -EACCES)
		return -EACCES;
	*dev = calloc(1, sizeof(**dev));
	fuzz_check(*dev);
	(*dev)->at = at;
	(*dev)->held = 1;
	paper_engine.devices[at] = *dev;
	return 0;
}

static void paper_close(struct engine_device *dev)
{
	fuzz_check(dev->held && !dev->nflying && !dev->claimed);
	paper_engine.devices[dev->at] = NULL;
	free(dev);
}

static void paper_hold(struct engine_device *dev)
{
	fuzz_check(!dev->held);
	dev->held = 1;
}

static void finish(struct engine_device *dev, unsigned int at, uint32_t status,
		   uint32_t actual)
{
	struct engine_xfer *xfer = dev->flying[at];
	uint32_t sum = 0;
	uint32_t i;

	dev->nflying--;
	memmove(&dev->flying[at], &dev->flying[at + 1],
		(dev->nflying - at) * sizeof(dev->flying[0]));
	for (i = 0; i < dev->ncancelled && dev->cancelled[i] != xfer; i++)
		;
	if (i < dev->ncancelled)
		dev->cancelled[i] = dev->cancelled[--dev->ncancelled];
	xfer->status = status;
	xfer->errs = 0;
	for (i = 0; i < xfer->npkt; i++) {
		xfer->packets[i].actual = status ? 0 : xfer->lens[i];
		xfer->packets[i].status = status ? P2PUSB_ST_XDEV : 0;
		xfer->errs += !!status;
		sum += xfer->packets[i].actual;
	}
	xfer->actual = xfer->npkt ? sum : actual;
	if (xfer->actual)
		memset(xfer->data, MOVED, xfer->actual);
	xfer->done(xfer);
}

static void paper_resume(struct engine_device *dev)
{
	void (*deaf)(struct engine_device *dev) = paper_engine.deaf;
	unsigned int i;

	fuzz_check(dev->held);
	dev->held = 0;
	while (dev->ncancelled && !dev->held) {
		for (i = 0; dev->flying[i] != dev->cancelled[0]; i++)
			fuzz_check(i + 1 < dev->nflying);
		finish(dev, i, P2PUSB_ST_CANCELLED, 0);
	}
	paper_engine.deaf = NULL;
	if (deaf && !dev->held)
		deaf(dev);
}

static int paper_reap(struct engine_device *dev)
{
	fuzz_check(dev->held);
	return 0;
}

static int paper_claim(struct engine_device *dev)
{
	fuzz_check(dev->held && !dev->claimed);
	dev->claimed = !paper_engine.claim_err;
	return paper_engine.claim_err;
}

static int paper_release(struct engine_device *dev)
{
	fuzz_check(dev->held && dev->claimed && !dev->nflying);
	dev->claimed = 0;
	return 0;
}

static uint8_t *paper_alloc(struct engine_device *dev, uint8_t type, size_t len)
{
	uint8_t *buf;

	fuzz_check(dev && type <= P2PUSB_XFER_INTERRUPT);
	if (paper_engine.no_memory)
		return NULL;
	buf = malloc(len ? len : 1);
	fuzz_check(buf);
	memset(buf, SECRET, len);
	paper_engine.bytes += len;
	return buf;
}

static void paper_free(struct engine_device *dev, uint8_t *buf, size_t len)
{
	fuzz_check(dev && paper_engine.bytes >= len);
	paper_engine.bytes -= len;
	free(buf);
}

static void check_lens(const struct engine_xfer *xfer)
{
	uint64_t sum = 0;
	unsigned int i;

	fuzz_check((xfer->type == P2PUSB_XFER_ISO) == !!xfer->npkt);
	for (i = 0; i < xfer->npkt; i++)
		sum += xfer->lens[i];
	fuzz_check(!xfer->npkt || sum == xfer->length);
}

static int paper_submit(struct engine_device *dev, struct engine_xfer *xfer)
{
	fuzz_check(!dev->held && dev->claimed);
	fuzz_check(dev->nflying < PAPER_FLYING);
	check_lens(xfer);
	if (paper_engine.submit_err)
		return paper_engine.submit_err;
	if (paper_engine.room &&
	    paper_engine.lent + xfer->length > paper_engine.room)
		return -ENOMEM;
	paper_engine.lent += xfer->length;
	dev->flying[dev->nflying++] = xfer;
	xfer->priv = dev;
	return 0;
}

static void paper_put(struct engine_device *dev, struct engine_xfer *xfer)
{
	unsigned int i;

	for (i = 0; i < dev->nflying; i++)
		fuzz_check(dev->flying[i] != xfer);
	paper_engine.lent -= xfer->length;
	xfer->priv = NULL;
}

static int paper_cancel(struct engine_device *dev, struct engine_xfer *xfer)
{
	unsigned int i;

	fuzz_check(dev->held);
	for (i = 0; i < dev->nflying && dev->flying[i] != xfer; i++)
		;
	/* It was done before. */
	if (i == dev->nflying)
		return -EINVAL;
	dev->cancelled[dev->ncancelled++] = xfer;
	return 0;
}

static int paper_endpoint(struct engine_device *dev, uint8_t ep)
{
	(void)dev;
	if (ep == paper_engine.missing)
		return -ENOENT;
	return (ep & 0x0f) == 3 ? P2PUSB_XFER_INTERRUPT :
	       (ep & 0x0f) == 4 ? P2PUSB_XFER_ISO : P2PUSB_XFER_BULK;
}

static int verb(const struct engine_device *dev)
{
	fuzz_check(dev->held && dev->claimed);
	return paper_engine.verb_err;
}

static int paper_configuration(struct engine_device *dev, int value)
{
	fuzz_check(value >= 0 && value < 256);
	return verb(dev);
}

static int paper_interface(struct engine_device *dev, int number, int alt)
{
	fuzz_check(number >= 0 && number < 256 && alt >= 0 && alt < 256);
	return verb(dev);
}

static int paper_clear_halt(struct engine_device *dev, uint8_t ep)
{
	fuzz_check(ep & 0x0f);
	return verb(dev);
}

static int paper_reset(struct engine_device *dev)
{
	return verb(dev);
}

static int paper_control(struct engine_device *dev, const uint8_t setup[8],
			 void *data, unsigned int timeout_ms)
{
	uint8_t len = input_u8(&paper_engine.descs);
	unsigned int most = setup[6] | setup[7] << 8;

	fuzz_check(dev->held && timeout_ms);
	if (!len)
		return -EPIPE;
	if (len > most)
		len = most;
	input_copy(&paper_engine.descs, data, len);
	return len;
}

static int paper_alloc_streams(struct engine_device *dev, const uint8_t *eps,
			       unsigned int n, unsigned int wanted)
{
	fuzz_check(eps && n && n <= P2PUSB_STREAMS_EPS && wanted);
	if (verb(dev))
		return paper_engine.verb_err;
	return wanted < 16 ? wanted : 16;
}

static int paper_free_streams(struct engine_device *dev, const uint8_t *eps,
			      unsigned int n)
{
	fuzz_check(eps && n && n <= P2PUSB_STREAMS_EPS);
	return verb(dev);
}

static int paper_power(struct engine_device *dev, uint32_t state)
{
	fuzz_check(state <= P2PUSB_POWER_SUSPEND_WAKEUP);
	return verb(dev);
}

const struct engine_ops paper_engine_ops = {
	.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER,
	.open = paper_open,
	.close = paper_close,
	.hold = paper_hold,
	.resume = paper_resume,
	.reap = paper_reap,
	.claim = paper_claim,
	.release = paper_release,
	.alloc = paper_alloc,
	.free = paper_free,
	.submit = paper_submit,
	.put = paper_put,
	.cancel = paper_cancel,
	.endpoint = paper_endpoint,
	.set_configuration = paper_configuration,
	.set_interface = paper_interface,
	.clear_halt = paper_clear_halt,
	.reset = paper_reset,
	.control = paper_control,
	.alloc_streams = paper_alloc_streams,
	.free_streams = paper_free_streams,
	.power = paper_power,
};

void paper_engine_done(struct input *in)
{
	struct engine_device *dev = paper_engine.devices[input_pick(in, 3)];
	uint8_t at = input_u8(in);
	uint8_t how = input_u8(in);
	uint32_t length;

	if (!dev || dev->held || !dev->nflying)
		return;
	at %= dev->nflying;
	length = dev->flying[at]->length;
	finish(dev, at, how & 0x80 ? how % P2PUSB_ST_CANCELLED : 0,
	       how & 0x40 ? length / 2 : length);
}

int paper_engine_drain(void)
{
	struct engine_device *dev;
	int any = 0;
	unsigned int i;

	for (i = 0; i < PAPER_OPEN_MAX; i++) {
		for (dev = paper_engine.devices[i];
		     dev && !dev->held && dev->nflying;
		     dev = paper_engine.devices[i]) {
			finish(dev, 0, 0, dev->flying[0]->length);
			any = 1;
		}
	}
	return any;
}
