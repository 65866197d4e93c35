// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pipe - one endpoint in use: the order of its requests, its credits.
 *
 * What a peer asks for is checked here against the endpoint; the shape of its
 * messages was checked in lib/wire.c.  What breaks the contract ends the link,
 * what the device just does not have ends the request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "pipe.h"

static const enum link_prio pipe_prio[] = {
	[P2PUSB_XFER_CONTROL] = LINK_PRIO_CONTROL,
	[P2PUSB_XFER_ISO] = LINK_PRIO_ISO,
	[P2PUSB_XFER_BULK] = LINK_PRIO_BULK,
	[P2PUSB_XFER_INTERRUPT] = LINK_PRIO_INTERRUPT,
};

static struct pipe *pipe_find(struct device *dev, uint8_t ep)
{
	struct pipe *pipe;

	TAILQ_FOREACH(pipe, &dev->pipes, entry) {
		if (pipe->ep == ep && pipe->stream)
			return pipe;
	}
	return NULL;
}

/* Endpoint 0 is one for both directions, and the only one for control. */
static int is_endpoint(const struct wire_ep_open *open)
{
	if (open->type == P2PUSB_XFER_CONTROL)
		return !open->ep;
	return !(open->ep & ~0x8f) && (open->ep & 0x0f);
}

int pipe_open(struct device *dev, struct link_ep *stream,
	      const struct wire_ep_open *open)
{
	struct link *link = link_ep_link(stream);
	struct pipe *pipe;

	if (!is_endpoint(open))
		return link_reason(link, "EP_OPEN of endpoint %02x, type %u",
				   open->ep, open->type);
	/* The agent closed the old stream, but this one came first. */
	pipe = pipe_find(dev, open->ep);
	if (pipe)
		pipe_shut(pipe);
	if (dev->npipes >= DEVICE_PIPES_MAX)
		return link_reason(link, "more than %u endpoints of %s",
				   DEVICE_PIPES_MAX, dev->info.busid);

	pipe = calloc(1, sizeof(*pipe));
	if (!pipe)
		return -ENOMEM;
	pipe->dev = dev;
	pipe->stream = stream;
	pipe->ep = open->ep;
	pipe->type = open->type;
	pipe->epoch = open->epoch;
	TAILQ_INIT(&pipe->xfers);
	TAILQ_INSERT_TAIL(&dev->pipes, pipe, entry);
	dev->npipes++;
	link_ep_set_ctx(stream, pipe);
	link_ep_prio(stream, pipe_prio[open->type]);
	return 0;
}

/* Frees a pipe that nobody needs; non-zero when it did. */
static int pipe_free(struct pipe *pipe)
{
	struct device *dev = pipe->dev;

	if (pipe->stream || pipe->nbusy)
		return 0;
	TAILQ_REMOVE(&dev->pipes, pipe, entry);
	dev->npipes--;
	free(pipe);
	return 1;
}

/* Order */

static void pipe_forget(struct pipe *pipe, struct xfer *xfer)
{
	TAILQ_REMOVE(&pipe->xfers, xfer, entry);
	pipe->nxfers--;
	pipe->bytes -= xfer->io.length;
	xfer_put(xfer);
}

static void pipe_tell(struct pipe *pipe, struct xfer *xfer)
{
	struct wire_msg msg;
	const void *payload;
	int ret = 0;

	payload = xfer_complete(xfer, &msg);
	if (pipe->stream)
		ret = link_ep_send(pipe->stream, &msg, payload);
	pipe_forget(pipe, xfer);
	/* -ESHUTDOWN: the link is closing, nobody waits for it. */
	if (ret && ret != -ESHUTDOWN)
		link_close(link_ep_link(pipe->stream), P2PUSB_CLOSE_LIMIT,
			   "results are not taken");
}

static void pipe_start(struct pipe *pipe, struct xfer *xfer)
{
	if (xfer->refused) {
		xfer_end(xfer, P2PUSB_ST_PROTO, 0);
		return;
	}
	/* Nothing is before it that could give memory back. */
	if (xfer_start(xfer) && xfer == TAILQ_FIRST(&pipe->xfers))
		xfer_end(xfer, P2PUSB_ST_NOSPC, 0);
}

/* May it start, with all before it started? */
static int pipe_may_start(struct pipe *pipe, struct xfer *xfer)
{
	if (xfer->refused || xfer->kind == EP0_SWALLOW)
		return 1;
	if (ep0_is_verb(xfer->kind))
		return xfer == TAILQ_FIRST(&pipe->xfers);
	/* The worker may be in the kernel, with the device locked. */
	return !pipe->dev->njobs;
}

static void pipe_pump(struct pipe *pipe)
{
	struct xfer *xfer;

	TAILQ_FOREACH(xfer, &pipe->xfers, entry) {
		if (xfer->state == XFER_WORKING)
			return;
		if (xfer->state != XFER_QUEUED)
			continue;
		if (!pipe_may_start(pipe, xfer))
			return;
		pipe_start(pipe, xfer);
		if (xfer->state == XFER_QUEUED || xfer->state == XFER_WORKING)
			return;
	}
}

static unsigned int pipe_flush(struct pipe *pipe)
{
	unsigned int told = 0;
	struct xfer *next;
	struct xfer *xfer;
	int first = 1;

	for (xfer = TAILQ_FIRST(&pipe->xfers); xfer; xfer = next) {
		next = TAILQ_NEXT(xfer, entry);
		if (xfer->state == XFER_DONE &&
		    (first || xfer->io.status == P2PUSB_ST_CANCELLED)) {
			pipe_tell(pipe, xfer);
			told++;
		} else {
			first = 0;
		}
	}
	return told;
}

void pipe_run(struct pipe *pipe)
{
	struct device *dev = pipe->dev;

	/* What is told makes room for what waits to be the first. */
	do {
		pipe_pump(pipe);
	} while (pipe_flush(pipe));
	if (pipe_free(pipe))
		device_settle(dev);
}

void pipe_shut(struct pipe *pipe)
{
	struct link_ep *stream = pipe->stream;
	struct xfer *next;
	struct xfer *xfer;

	pipe->stream = NULL;
	if (stream)
		link_ep_close(stream);
	if (pipe->incoming) {
		pipe->nxfers--;
		pipe->bytes -= pipe->incoming->io.length;
		xfer_put(pipe->incoming);
		pipe->incoming = NULL;
	}
	for (xfer = TAILQ_FIRST(&pipe->xfers); xfer; xfer = next) {
		next = TAILQ_NEXT(xfer, entry);
		if (xfer->state == XFER_QUEUED || xfer->state == XFER_DONE)
			pipe_forget(pipe, xfer);
		else if (xfer->state == XFER_FLYING)
			xfer_discard(xfer);
	}
	pipe_free(pipe);
}

/* Messages */

static int check_seq(struct pipe *pipe, uint64_t seq, uint32_t epoch)
{
	struct link *link = link_ep_link(pipe->stream);

	if (epoch != pipe->epoch)
		return link_reason(link, "endpoint %02x: epoch %u is not %u",
				   pipe->ep, epoch, pipe->epoch);
	if (pipe->any && seq <= pipe->seq)
		return link_reason(link,
				   "endpoint %02x: sequence number %llu after %llu",
				   pipe->ep, (unsigned long long)seq,
				   (unsigned long long)pipe->seq);
	return 0;
}

static int check_credit(struct pipe *pipe, uint32_t length)
{
	const struct wire_hello *hello = &pipe->dev->server->hello;
	struct link *link = link_ep_link(pipe->stream);

	if (length > hello->max_urb_bytes)
		return link_reason(link,
				   "endpoint %02x: %u bytes, limit %u",
				   pipe->ep, length, hello->max_urb_bytes);
	if (pipe->nxfers >= hello->max_urbs)
		return link_reason(link,
				   "endpoint %02x: more than %u requests",
				   pipe->ep, hello->max_urbs);
	if (pipe->nxfers && pipe->bytes + length > hello->max_ep_bytes)
		return link_reason(link,
				   "endpoint %02x: more than %u bytes of requests",
				   pipe->ep, hello->max_ep_bytes);
	return 0;
}

/* Done neither by this server nor announced by it: an error, no violation. */
static int is_refused(struct pipe *pipe, const struct wire_submit *submit)
{
	const struct engine_ops *ops = pipe->dev->server->ops;

	if (submit->npkt || submit->stream || pipe->type == P2PUSB_XFER_ISO)
		return 1;
	if (!pipe->ep)
		return submit->length != ep0_length(submit->setup);
	/* It may have gone with a configuration or an alternate setting. */
	return ops->endpoint(pipe->dev->edev, pipe->ep) != pipe->type;
}

static int check_payload(struct pipe *pipe, const struct wire_msg *msg)
{
	const struct wire_submit *submit = &msg->submit;
	uint32_t want;
	int in;

	if (submit->npkt)
		return 0;
	in = pipe->ep ? pipe->ep & 0x80 : ep0_is_in(submit->setup);
	want = in ? 0 : submit->length;
	if (msg->payload == want)
		return 0;
	return link_reason(link_ep_link(pipe->stream),
			   "endpoint %02x: %u bytes of payload instead of %u",
			   pipe->ep, msg->payload, want);
}

static int pipe_take(struct pipe *pipe, const struct wire_msg *msg,
		     struct xfer **xfer)
{
	const struct wire_submit *submit = &msg->submit;
	struct xfer *x;
	int refused;
	int ret;

	ret = check_seq(pipe, submit->seq, submit->epoch);
	if (!ret)
		ret = check_credit(pipe, submit->length);
	if (!ret)
		ret = check_payload(pipe, msg);
	if (ret)
		return ret;

	refused = is_refused(pipe, submit);
	ret = xfer_new(pipe, submit->seq, refused ? 0 : submit->length, &x);
	if (ret)
		return ret;
	x->refused = refused;
	x->io.flags = submit->flags;
	memcpy(x->io.setup, submit->setup, sizeof(x->io.setup));
	if (!pipe->ep)
		x->kind = ep0_kind(submit->setup);
	pipe->any = 1;
	pipe->seq = submit->seq;
	pipe->nxfers++;
	pipe->bytes += x->io.length;
	*xfer = x;
	return 0;
}

int pipe_begin(struct pipe *pipe, const struct wire_msg *msg, void **dst)
{
	int ret;

	ret = pipe_take(pipe, msg, &pipe->incoming);
	if (!ret && !pipe->incoming->refused)
		*dst = pipe->incoming->io.data;
	return ret;
}

static void pipe_queue(struct pipe *pipe, struct xfer *xfer)
{
	TAILQ_INSERT_TAIL(&pipe->xfers, xfer, entry);
	pipe_run(pipe);
}

static int pipe_submit(struct pipe *pipe, const struct wire_msg *msg)
{
	struct xfer *xfer = pipe->incoming;
	int ret;

	pipe->incoming = NULL;
	if (!xfer) {
		ret = pipe_take(pipe, msg, &xfer);
		if (ret)
			return ret;
	}
	pipe_queue(pipe, xfer);
	return 0;
}

static int pipe_cancel(struct pipe *pipe, const struct wire_msg *msg)
{
	const struct wire_cancel *cancel = &msg->cancel;
	struct xfer *xfer;

	if (cancel->epoch != pipe->epoch)
		return link_reason(link_ep_link(pipe->stream),
				   "endpoint %02x: epoch %u is not %u",
				   pipe->ep, cancel->epoch, pipe->epoch);
	TAILQ_FOREACH(xfer, &pipe->xfers, entry) {
		if (xfer->seq == cancel->seq)
			break;
	}
	if (!xfer)
		return 0;
	if (xfer->state == XFER_FLYING) {
		xfer_discard(xfer);
	} else if (xfer->state == XFER_QUEUED) {
		xfer_end(xfer, P2PUSB_ST_CANCELLED, 0);
		pipe_run(pipe);
	}
	return 0;
}

static int pipe_reset(struct pipe *pipe, const struct wire_msg *msg)
{
	const struct wire_reset *reset = &msg->reset;
	struct xfer *xfer;
	int ret;

	if (pipe->ep)
		return link_reason(link_ep_link(pipe->stream),
				   "RESET on endpoint %02x", pipe->ep);
	ret = check_seq(pipe, reset->seq, reset->epoch);
	if (!ret)
		ret = check_credit(pipe, 0);
	if (!ret)
		ret = xfer_new(pipe, reset->seq, 0, &xfer);
	if (ret)
		return ret;
	xfer->kind = EP0_RESET;
	pipe->any = 1;
	pipe->seq = reset->seq;
	pipe->nxfers++;
	pipe_queue(pipe, xfer);
	return 0;
}

int pipe_msg(struct pipe *pipe, const struct wire_msg *msg)
{
	switch (msg->type) {
	case P2PUSB_MSG_SUBMIT:
		return pipe_submit(pipe, msg);
	case P2PUSB_MSG_CANCEL:
		return pipe_cancel(pipe, msg);
	case P2PUSB_MSG_RESET:
		return pipe_reset(pipe, msg);
	default:
		return link_reason(link_ep_link(pipe->stream),
				   "%s on the stream of endpoint %02x",
				   wire_name(msg->type), pipe->ep);
	}
}
