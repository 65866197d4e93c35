// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link_msg - which message may come from whom, on which stream, and when.
 *
 * Decided here and nowhere else; what a message means is the owner's
 * business, and whether its bytes are valid that of lib/wire.c.
 */
#include <errno.h>

#include "link_int.h"

/* Messages of the control stream */

static int link_msg_take_hello(struct link *link, const struct wire_msg *msg)
{
	const struct wire_hello *hello = &msg->hello;
	int err;

	if (msg->type != P2PUSB_MSG_HELLO)
		return link_reason(link, "%s before HELLO",
				   wire_name(msg->type));
	if (hello->major != P2PUSB_VERSION_MAJOR) {
		link_reason(link, "version %u.%u, here is %u.%u", hello->major,
			    hello->minor, P2PUSB_VERSION_MAJOR,
			    P2PUSB_VERSION_MINOR);
		return -EPROTONOSUPPORT;
	}
	/*
	 * The server answers and does not begin: so the agent opens no
	 * endpoint before the server has its HELLO, in whatever order the
	 * packets of different streams arrive.
	 */
	if (link->server) {
		err = link_put_hello(link);
		if (err)
			return err;
	}
	link_set_state(link, LINK_UP);
	quic_conn_trust(link->conn);
	link->config.ops->up(link, hello);
	return 0;
}

static int link_msg_take_ping(struct link *link, const struct wire_msg *msg)
{
	struct wire_msg pong = { .type = P2PUSB_MSG_PONG };

	pong.ping = msg->ping;
	return link_send(link, &pong);
}

/* Bit set of message types; all are < 64. */
#define MSG(name)	(1ull << P2PUSB_MSG_##name)

static const uint64_t link_msg_control_from[2] = {
	/* from the server */
	MSG(DEVICE) | MSG(DEVICE_GONE) | MSG(LIST_END) |
	MSG(ATTACHED) | MSG(REFUSED) | MSG(DETACHED) | MSG(WAKEUP) |
	MSG(PING) | MSG(PONG),
	/* from the agent */
	MSG(LIST) | MSG(ATTACH) | MSG(DETACH) |
	MSG(PING) | MSG(PONG),
};

static const uint64_t link_msg_ep_from[2] = {
	MSG(COMPLETE),
	MSG(SUBMIT) | MSG(CANCEL) | MSG(RESET) | MSG(STREAMS) | MSG(POWER),
};

static int link_msg_may(struct link *link, const uint64_t from[2],
			const struct wire_msg *msg)
{
	if (msg->type < 64 && from[link->server] >> msg->type & 1)
		return 0;
	return link_reason(link, "%s does not belong here",
			   wire_name(msg->type));
}

static int link_msg_control_begin(void *ctx, const struct wire_msg *msg,
				  void **dst)
{
	struct link_ep *ep = ctx;
	struct link *link = ep->link;
	int err;

	if (link->state == LINK_CLOSING)
		return 0;
	if (link->state == LINK_HELLO || !link->config.ops->begin)
		return link_reason(link, "%s with payload",
				   wire_name(msg->type));
	err = link_msg_may(link, link_msg_control_from, msg);
	return err ? err : link->config.ops->begin(link, msg, dst);
}

static int link_msg_control(void *ctx, const struct wire_msg *msg)
{
	struct link_ep *ep = ctx;
	struct link *link = ep->link;
	int err;

	if (link->state == LINK_CLOSING)
		return 0;
	if (link->state == LINK_HELLO)
		return link_msg_take_hello(link, msg);

	err = link_msg_may(link, link_msg_control_from, msg);
	if (err)
		return err;
	if (msg->type == P2PUSB_MSG_PING)
		return link_msg_take_ping(link, msg);
	if (msg->type == P2PUSB_MSG_PONG)
		return 0;
	return link->config.ops->msg(link, msg);
}

/* Messages of endpoint streams */

static int link_msg_ep_first(struct link_ep *ep, const struct wire_msg *msg)
{
	struct link *link = ep->link;

	if (!link->server || msg->type != P2PUSB_MSG_EP_OPEN)
		return link_reason(link, "%s before EP_OPEN",
				   wire_name(msg->type));
	ep->opened = 1;
	return link->config.ops->ep_open(link, ep, &msg->ep_open);
}

/* Between two messages of one packet the owner may have ended it all. */
static int link_msg_ep_deaf(const struct link_ep *ep)
{
	return ep->closed || ep->link->state == LINK_CLOSING;
}

static int link_msg_ep_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	struct link_ep *ep = ctx;
	int err;

	if (link_msg_ep_deaf(ep))
		return 0;
	if (!ep->opened)
		return link_msg_ep_first(ep, msg);
	err = link_msg_may(ep->link, link_msg_ep_from, msg);
	if (err)
		return err;
	return ep->link->config.ops->ep_begin(ep, msg, dst);
}

static int link_msg_ep(void *ctx, const struct wire_msg *msg)
{
	struct link_ep *ep = ctx;
	int err;

	if (link_msg_ep_deaf(ep))
		return 0;
	if (!ep->opened)
		return link_msg_ep_first(ep, msg);
	err = link_msg_may(ep->link, link_msg_ep_from, msg);
	if (err)
		return err;
	return ep->link->config.ops->ep_msg(ep, msg);
}

static const struct frame_ops link_msg_control_frames = {
	.begin = link_msg_control_begin,
	.msg = link_msg_control,
};

static const struct frame_ops link_msg_ep_frames = {
	.begin = link_msg_ep_begin,
	.msg = link_msg_ep,
};

int link_msg_feed(struct link_ep *ep, const uint8_t *data, size_t len)
{
	return frame_feed(&ep->frame, ep == ep->link->control ?
			  &link_msg_control_frames : &link_msg_ep_frames, ep,
			  data, len);
}
