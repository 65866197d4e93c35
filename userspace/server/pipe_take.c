// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pipe_take - what a peer asks of an endpoint: checked, then queued.
 *
 * The shape of its messages was checked in lib/wire.c.  What breaks the
 * contract ends the link, what the device just does not have ends the request;
 * uapi/p2pusb/wire.h says which is which.  Starts nothing; see pipe.c.
 */
#include <errno.h>
#include <string.h>

#include "device.h"
#include "pipe.h"

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

	if (pipe->type == P2PUSB_XFER_ISO && !(ops->caps & P2PUSB_CAP_ISO))
		return 1;
	if (submit->stream && (pipe->type != P2PUSB_XFER_BULK ||
			       !(ops->caps & P2PUSB_CAP_STREAMS)))
		return 1;
	if (!pipe->ep)
		return submit->length != ep0_length(submit->setup);
	/* It may have gone with a configuration or an alternate setting. */
	return ops->endpoint(pipe->dev->edev, pipe->ep) != pipe->type;
}

static int check_payload(struct pipe *pipe, const struct wire_msg *msg)
{
	const struct wire_submit *submit = &msg->submit;
	int iso = pipe->type == P2PUSB_XFER_ISO;
	uint32_t want;
	int in;

	if (iso != !!submit->npkt)
		return link_reason(link_ep_link(pipe->stream),
				   "endpoint %02x, type %u: %u packets",
				   pipe->ep, pipe->type, submit->npkt);
	in = pipe->ep ? pipe->ep & 0x80 : ep0_is_in(submit->setup);
	want = submit->npkt * WIRE_PACKET_LEN_SIZE +
	       (in ? 0 : submit->length);
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
	ret = xfer_new(pipe, submit->seq, refused ? 0 : submit->length,
		       refused ? 0 : submit->npkt, &x);
	if (ret)
		return ret;
	x->refused = refused;
	x->io.flags = submit->flags;
	x->io.stream = submit->stream;
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
		*dst = xfer_payload(pipe->incoming);
	return ret;
}

static void pipe_queue(struct pipe *pipe, struct xfer *xfer)
{
	TAILQ_INSERT_TAIL(&pipe->xfers, xfer, entry);
	if (!pipe->next)
		pipe->next = xfer;
	pipe_run(pipe);
}

static int pipe_submit(struct pipe *pipe, const struct wire_msg *msg)
{
	struct xfer *xfer = pipe->incoming;
	int ret;

	if (!xfer) {
		ret = pipe_take(pipe, msg, &xfer);
		if (ret)
			return ret;
	}
	/* On failure the link ends, and with it what is incoming. */
	if (xfer->io.npkt && xfer_lens(xfer))
		return link_reason(link_ep_link(pipe->stream),
				   "endpoint %02x: packets do not add up to %u bytes",
				   pipe->ep, xfer->io.length);
	pipe->incoming = NULL;
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

/* Messages that take the place of a request to endpoint 0. */
static int pipe_verb(struct pipe *pipe, const struct wire_msg *msg,
		     enum ep0_kind kind)
{
	/* seq and epoch come first in all of them */
	const struct wire_reset *head = &msg->reset;
	struct xfer *xfer;
	int ret;

	if (pipe->ep)
		return link_reason(link_ep_link(pipe->stream),
				   "%s on endpoint %02x", wire_name(msg->type),
				   pipe->ep);
	ret = check_seq(pipe, head->seq, head->epoch);
	if (!ret)
		ret = check_credit(pipe, 0);
	if (!ret)
		ret = xfer_new(pipe, head->seq, 0, 0, &xfer);
	if (ret)
		return ret;
	xfer->kind = kind;
	if (kind == EP0_STREAMS)
		xfer->streams = msg->streams;
	else if (kind == EP0_POWER)
		xfer->power = msg->power.state;
	pipe->any = 1;
	pipe->seq = head->seq;
	pipe->nxfers++;
	pipe_queue(pipe, xfer);
	return 0;
}

static int check_cap(struct pipe *pipe, const struct wire_msg *msg,
		     uint64_t cap)
{
	if (pipe->dev->server->hello.caps & cap)
		return 0;
	return link_reason(link_ep_link(pipe->stream),
			   "%s, which was not offered", wire_name(msg->type));
}

static int pipe_streams(struct pipe *pipe, const struct wire_msg *msg)
{
	int ret = check_cap(pipe, msg, P2PUSB_CAP_STREAMS);

	return ret ? ret : pipe_verb(pipe, msg, EP0_STREAMS);
}

static int pipe_power(struct pipe *pipe, const struct wire_msg *msg)
{
	int ret = check_cap(pipe, msg, P2PUSB_CAP_POWER);

	return ret ? ret : pipe_verb(pipe, msg, EP0_POWER);
}

int pipe_msg(struct pipe *pipe, const struct wire_msg *msg)
{
	switch (msg->type) {
	case P2PUSB_MSG_SUBMIT:
		return pipe_submit(pipe, msg);
	case P2PUSB_MSG_CANCEL:
		return pipe_cancel(pipe, msg);
	case P2PUSB_MSG_RESET:
		return pipe_verb(pipe, msg, EP0_RESET);
	case P2PUSB_MSG_STREAMS:
		return pipe_streams(pipe, msg);
	case P2PUSB_MSG_POWER:
		return pipe_power(pipe, msg);
	default:
		return link_reason(link_ep_link(pipe->stream),
				   "%s on the stream of endpoint %02x",
				   wire_name(msg->type), pipe->ep);
	}
}
