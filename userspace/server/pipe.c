// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pipe - one endpoint in use: the order of its requests, its credits.
 *
 * What a peer asks for is checked in pipe_take.c.
 */
#include <errno.h>
#include <stdlib.h>

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

/*
 * Memory for transfers is one pot for all devices.  A request that gets none
 * waits until others give some back.  While some are before it in its pipe, it
 * waits as long as they take; then those of other pipes may be idle for ever,
 * and there is a deadline.
 *
 * Who has waited longest is served first.  A steady flow of small requests would
 * yet leave nothing for a large one: after a while bulk and isochronous pipes
 * start nothing new, until it has got its memory, or it is clear that they are
 * not what keeps it.
 */

#define HUNGER_STEP_MS	100

static void hunger_over(uv_timer_t *timer)
{
	struct server *server = timer->data;

	pipe_feed(server);
	if (LIST_EMPTY(&server->hungry))
		uv_timer_stop(timer);
}

static void pipe_wait(struct pipe *pipe, int wait)
{
	struct server *server = pipe->dev->server;

	if (!pipe->waiting == !wait)
		return;
	pipe->waiting = wait;
	if (!wait) {
		LIST_REMOVE(pipe, hungry);
		return;
	}
	LIST_INSERT_HEAD(&server->hungry, pipe, hungry);
	if (!uv_is_active((uv_handle_t *)&server->hunger))
		uv_timer_start(&server->hunger, hunger_over, HUNGER_STEP_MS,
			       HUNGER_STEP_MS);
}

/* Is there still hope for the first request of a pipe? */
static int pipe_hopes(struct pipe *pipe)
{
	struct server *server = pipe->dev->server;
	uint64_t now = uv_now(&server->loop);

	if (!pipe->since_ms)
		pipe->since_ms = now;
	return server->nflying && now - pipe->since_ms < PIPE_HUNGER_MS;
}

/* Its next request needs no more memory. */
static void pipe_sate(struct pipe *pipe)
{
	struct server *server = pipe->dev->server;

	if (pipe->since_ms == server->hungry_ms)
		server->hungry_ms = 0;
	pipe->since_ms = 0;
}

/* Does another pipe wait for what this one would take? */
static int pipe_yields(const struct pipe *pipe)
{
	const struct server *server = pipe->dev->server;
	uint64_t ms = uv_now(&server->loop) - server->hungry_ms;

	if (!server->hungry_ms || pipe->since_ms == server->hungry_ms ||
	    pipe->type == P2PUSB_XFER_CONTROL ||
	    pipe->type == P2PUSB_XFER_INTERRUPT)
		return 0;
	return ms >= PIPE_YIELD_MS && ms < 2 * PIPE_YIELD_MS;
}

void pipe_feed(struct server *server)
{
	struct hungry_list list = LIST_HEAD_INITIALIZER(list);
	struct pipe *pipe;

	server->hungry_ms = 0;
	/* Those that stay hungry go back to the server's list. */
	while ((pipe = LIST_FIRST(&server->hungry))) {
		LIST_REMOVE(pipe, hungry);
		LIST_INSERT_HEAD(&list, pipe, hungry);
		if (pipe->since_ms && (!server->hungry_ms ||
				       pipe->since_ms < server->hungry_ms))
			server->hungry_ms = pipe->since_ms;
	}
	while ((pipe = LIST_FIRST(&list))) {
		pipe_wait(pipe, 0);
		pipe_run(pipe);
	}
}

/* Frees a pipe that nobody needs; non-zero when it did. */
static int pipe_free(struct pipe *pipe)
{
	struct device *dev = pipe->dev;

	if (pipe->stream || pipe->nbusy)
		return 0;
	pipe_wait(pipe, 0);
	TAILQ_REMOVE(&dev->pipes, pipe, entry);
	dev->npipes--;
	free(pipe);
	return 1;
}

/* Order */

static void pipe_forget(struct pipe *pipe, struct xfer *xfer)
{
	if (pipe->next == xfer)
		pipe->next = TAILQ_NEXT(xfer, entry);
	if (xfer->state == XFER_DONE)
		pipe->ndone--;
	TAILQ_REMOVE(&pipe->xfers, xfer, entry);
	pipe->nxfers--;
	pipe->bytes -= xfer->io.length;
	pipe_sate(pipe);
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
	if (pipe_yields(pipe)) {
		pipe_wait(pipe, 1);
		return;
	}
	if (!xfer_start(xfer)) {
		pipe_sate(pipe);
		return;
	}
	if (xfer != TAILQ_FIRST(&pipe->xfers) || pipe_hopes(pipe)) {
		pipe_wait(pipe, 1);
	} else {
		pipe_sate(pipe);
		xfer_end(xfer, P2PUSB_ST_NOSPC, 0);
	}
}

/* May it start, with all before it started? */
static int pipe_may_start(struct pipe *pipe, struct xfer *xfer)
{
	if (xfer->refused || xfer->kind == EP0_SWALLOW)
		return 1;
	if (ep0_is_verb(xfer->kind))
		return xfer == TAILQ_FIRST(&pipe->xfers);
	/* The worker may be in the kernel, with the device locked. */
	return !pipe->dev->njobs &&
	       !pipe->dev->ncancels[engine_slot(pipe->ep)];
}

static void pipe_pump(struct pipe *pipe)
{
	struct xfer *xfer;

	for (; (xfer = pipe->next); pipe->next = TAILQ_NEXT(xfer, entry)) {
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

/* Streams of one endpoint do not wait for one another. */
static int is_first(const struct xfer *xfer)
{
	const struct xfer *before = xfer;

	while ((before = TAILQ_PREV(before, xfer_list, entry))) {
		if (before->io.stream == xfer->io.stream)
			return 0;
	}
	return 1;
}

static unsigned int pipe_flush(struct pipe *pipe)
{
	unsigned int told = 0;
	struct xfer *next;
	struct xfer *xfer;

	for (xfer = TAILQ_FIRST(&pipe->xfers); xfer && pipe->ndone;
	     xfer = next) {
		next = TAILQ_NEXT(xfer, entry);
		if (xfer->state == XFER_DONE &&
		    (xfer->io.status == P2PUSB_ST_CANCELLED ||
		     is_first(xfer))) {
			pipe_tell(pipe, xfer);
			told++;
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

void pipe_done(struct pipe *pipe)
{
	int waiting = pipe->waiting;

	/* Its memory is anybody's now; a pipe that waits has its turn. */
	pipe_flush(pipe);
	pipe_feed(pipe->dev->server);
	if (!waiting)
		pipe_run(pipe);
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
