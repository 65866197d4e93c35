// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link - one authenticated connection to a peer, with its streams.
 *
 * Which message may come from whom, on which stream and when is decided here
 * and nowhere else; what it means is the owner's business.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "frame.h"
#include "link.h"
#include "quic.h"

_Static_assert(LINK_NPRIO == QUIC_NPRIO, "classes");

/* Answers that a peer may leave unread before it is cut off. */
#define LINK_CONTROL_MAX	(1u << 20)

/**
 * enum link_state - of a link
 * @LINK_CONNECTING: keys are not proven; @conn may be used, nothing else
 * @LINK_HELLO: waiting for the peer's HELLO; server: @control may be NULL
 * @LINK_UP: both know each other
 * @LINK_CLOSING: no more messages; waiting for down
 */
enum link_state {
	LINK_CONNECTING,
	LINK_HELLO,
	LINK_UP,
	LINK_CLOSING,
	LINK_NSTATES
};

/**
 * struct link_ep - one stream of a link
 * @stream: NULL when ended
 * @opened: EP_OPEN was seen or sent; always set on the control stream
 * @busy: inside frame_feed()
 * @closed: freed when no longer busy
 */
struct link_ep {
	LIST_ENTRY(link_ep) entry;
	struct link *link;
	struct quic_stream *stream;
	void *ctx;
	uint8_t opened;
	uint8_t busy;
	uint8_t closed;
	struct frame frame;
};

struct link {
	struct link_config config;
	struct quic_conn *conn;
	enum link_state state;
	uint8_t server;
	struct link_ep *control;
	void *ctx;
	char reason[QUIC_WHY_LEN];
	LIST_HEAD(, link_ep) eps;
};

struct link_listener {
	struct link_config config;
	struct quic *quic;
};

/* Legal moves; a refusal here is our bug, never the peer's. */
static const uint8_t link_next[LINK_NSTATES] = {
	[LINK_CONNECTING] = 1 << LINK_HELLO | 1 << LINK_CLOSING,
	[LINK_HELLO]	  = 1 << LINK_UP | 1 << LINK_CLOSING,
	[LINK_UP]	  = 1 << LINK_CLOSING,
	[LINK_CLOSING]	  = 1 << LINK_CLOSING,
};

static void link_set_state(struct link *link, enum link_state next)
{
	assert(link_next[link->state] & 1 << next);
	link->state = next;
}

/* Streams */

static struct link_ep *link_ep_new(struct link *link)
{
	struct link_ep *ep;

	ep = calloc(1, sizeof(*ep));
	if (!ep)
		return NULL;
	ep->link = link;
	LIST_INSERT_HEAD(&link->eps, ep, entry);
	return ep;
}

static void link_ep_free(struct link_ep *ep)
{
	if (ep->busy) {
		ep->closed = 1;
		return;
	}
	LIST_REMOVE(ep, entry);
	free(ep);
}

static int link_put(struct link_ep *ep, const struct wire_msg *msg,
		    const void *payload)
{
	uint8_t buf[WIRE_BUF_LEN];
	size_t len;
	int err;

	if (!ep->stream || ep->link->state == LINK_CLOSING)
		return -ESHUTDOWN;
	len = wire_put(msg, buf);
	err = quic_stream_send(ep->stream, buf, len);
	if (err || !msg->payload)
		return err;
	err = quic_stream_send(ep->stream, payload, msg->payload);
	if (err)	/* half a message cannot be taken back */
		link_close(ep->link, P2PUSB_CLOSE_LIMIT, "out of memory");
	return err;
}

static int link_put_hello(struct link *link)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_HELLO };

	msg.hello = link->config.hello;
	return link_put(link->control, &msg, NULL);
}

/* Endings */

int link_reason(struct link *link, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(link->reason, sizeof(link->reason), fmt, ap);
	va_end(ap);
	return -EPROTO;
}

static void link_end(struct link *link, int err, uint64_t code,
		     const char *why)
{
	quic_conn_close(link->conn, err, code, why);
	link_set_state(link, LINK_CLOSING);
}

/* @err of a callback or of the codec; the words are in link->reason if any. */
static void link_violated(struct link *link, int err)
{
	const char *why = link->reason;
	uint64_t code = P2PUSB_CLOSE_PROTOCOL;

	if (err == -EUSERS)
		code = P2PUSB_CLOSE_LIMIT;
	if (err == -EPROTONOSUPPORT)
		code = P2PUSB_CLOSE_VERSION;
	if (!*why)
		why = err == -EMSGSIZE ? "message of a wrong length" :
		      err == -EPROTO ? "message that is not valid" :
		      strerror(-err);
	link_end(link, err, code, why);
}

void link_close(struct link *link, uint64_t code, const char *why)
{
	link_end(link, 0, code, why);
}

static void link_free(struct link *link)
{
	struct link_ep *ep;

	while ((ep = LIST_FIRST(&link->eps))) {
		LIST_REMOVE(ep, entry);
		free(ep);
	}
	free(link);
}

/* Messages of the control stream */

static int link_take_hello(struct link *link, const struct wire_msg *msg)
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

static int link_take_ping(struct link *link, const struct wire_msg *msg)
{
	struct wire_msg pong = { .type = P2PUSB_MSG_PONG };

	pong.ping = msg->ping;
	return link_send(link, &pong);
}

/* Bit set of message types; all are < 64. */
#define LINK_MSG(name)	(1ull << P2PUSB_MSG_##name)

static const uint64_t link_control_from[2] = {
	/* from the server */
	LINK_MSG(DEVICE) | LINK_MSG(DEVICE_GONE) | LINK_MSG(LIST_END) |
	LINK_MSG(ATTACHED) | LINK_MSG(REFUSED) | LINK_MSG(DETACHED) |
	LINK_MSG(PING) | LINK_MSG(PONG),
	/* from the agent */
	LINK_MSG(LIST) | LINK_MSG(ATTACH) | LINK_MSG(DETACH) |
	LINK_MSG(PING) | LINK_MSG(PONG),
};

static const uint64_t link_ep_from[2] = {
	LINK_MSG(COMPLETE),
	LINK_MSG(SUBMIT) | LINK_MSG(CANCEL) | LINK_MSG(RESET),
};

static int link_may(struct link *link, const uint64_t from[2],
		    const struct wire_msg *msg)
{
	if (msg->type < 64 && from[link->server] >> msg->type & 1)
		return 0;
	return link_reason(link, "%s does not belong here",
			   wire_name(msg->type));
}

static int link_control_begin(void *ctx, const struct wire_msg *msg,
			      void **dst)
{
	struct link_ep *ep = ctx;

	(void)dst;
	return link_reason(ep->link, "%s with payload", wire_name(msg->type));
}

static int link_control_msg(void *ctx, const struct wire_msg *msg)
{
	struct link_ep *ep = ctx;
	struct link *link = ep->link;
	int err;

	if (link->state == LINK_CLOSING)
		return 0;
	if (link->state == LINK_HELLO)
		return link_take_hello(link, msg);

	err = link_may(link, link_control_from, msg);
	if (err)
		return err;
	if (msg->type == P2PUSB_MSG_PING)
		return link_take_ping(link, msg);
	if (msg->type == P2PUSB_MSG_PONG)
		return 0;
	return link->config.ops->msg(link, msg);
}

/* Messages of endpoint streams */

static int link_ep_first(struct link_ep *ep, const struct wire_msg *msg)
{
	struct link *link = ep->link;

	if (!link->server || msg->type != P2PUSB_MSG_EP_OPEN)
		return link_reason(link, "%s before EP_OPEN",
				   wire_name(msg->type));
	ep->opened = 1;
	return link->config.ops->ep_open(link, ep, &msg->ep_open);
}

/* Between two messages of one packet the owner may have ended it all. */
static int link_ep_deaf(const struct link_ep *ep)
{
	return ep->closed || ep->link->state == LINK_CLOSING;
}

static int link_ep_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	struct link_ep *ep = ctx;
	int err;

	if (link_ep_deaf(ep))
		return 0;
	if (!ep->opened)
		return link_ep_first(ep, msg);
	err = link_may(ep->link, link_ep_from, msg);
	if (err)
		return err;
	return ep->link->config.ops->ep_begin(ep, msg, dst);
}

static int link_ep_msg(void *ctx, const struct wire_msg *msg)
{
	struct link_ep *ep = ctx;
	int err;

	if (link_ep_deaf(ep))
		return 0;
	if (!ep->opened)
		return link_ep_first(ep, msg);
	err = link_may(ep->link, link_ep_from, msg);
	if (err)
		return err;
	return ep->link->config.ops->ep_msg(ep, msg);
}

/* What quic tells */

static const struct frame_ops link_control_frames = {
	.begin = link_control_begin,
	.msg = link_control_msg,
};

static const struct frame_ops link_ep_frames = {
	.begin = link_ep_begin,
	.msg = link_ep_msg,
};

static int link_admit(void *owner, const uint8_t key[KEY_LEN])
{
	struct link_listener *listener = owner;

	return listener->config.ops->admit(listener->config.owner, key);
}

static void link_ready_server(void *owner, struct quic_conn *conn)
{
	struct link_listener *listener = owner;
	struct link *link;
	int err;

	link = calloc(1, sizeof(*link));
	if (!link) {
		quic_conn_close(conn, -ENOMEM, P2PUSB_CLOSE_LIMIT,
				"out of memory");
		return;
	}
	link->config = listener->config;
	link->conn = conn;
	link->server = 1;
	LIST_INIT(&link->eps);
	quic_conn_set_ctx(conn, link);
	link_set_state(link, LINK_HELLO);

	err = link->config.ops->accepted(link->config.owner, link);
	if (err)
		link_violated(link, err);
}

static void link_ready_agent(void *owner, struct quic_conn *conn)
{
	struct link *link = quic_conn_ctx(conn);
	struct link_ep *control;

	(void)owner;
	if (link->state == LINK_CLOSING)
		return;
	link_set_state(link, LINK_HELLO);
	control = link_ep_new(link);
	if (!control ||
	    quic_stream_open(conn, LINK_PRIO_CONTROL, control,
			     &control->stream)) {
		link_end(link, -ENOMEM, P2PUSB_CLOSE_LIMIT, "out of memory");
		return;
	}
	control->opened = 1;
	link->control = control;
	link_put_hello(link);
}

static void link_down(struct quic_conn *conn, int err, const char *why)
{
	struct link *link = quic_conn_ctx(conn);

	/* The server ran out of memory before there was one. */
	if (!link)
		return;
	link_set_state(link, LINK_CLOSING);
	link->config.ops->down(link, err, why);
	quic_conn_set_ctx(conn, NULL);
	link_free(link);
}

static void link_stream_new(struct quic_conn *conn,
			    struct quic_stream *stream)
{
	struct link *link = quic_conn_ctx(conn);
	struct link_ep *ep;

	ep = link_ep_new(link);
	if (!ep) {
		link_end(link, -ENOMEM, P2PUSB_CLOSE_LIMIT, "out of memory");
		return;
	}
	ep->stream = stream;
	quic_stream_set_ctx(stream, ep);
	if (quic_stream_is_first(stream)) {
		ep->opened = 1;
		link->control = ep;
		quic_stream_prio(stream, LINK_PRIO_CONTROL);
	} else if (link->state == LINK_HELLO) {
		link_reason(link, "endpoint before HELLO");
		link_violated(link, -EPROTO);
	}
}

static void link_stream_data(struct quic_stream *stream, const uint8_t *data,
			     size_t len)
{
	struct link_ep *ep = quic_stream_ctx(stream);
	struct link *link = ep->link;
	int err;

	link->reason[0] = '\0';
	ep->busy = 1;
	err = frame_feed(&ep->frame, ep == link->control ?
			 &link_control_frames : &link_ep_frames, ep, data,
			 len);
	ep->busy = 0;
	if (err && !ep->closed && link->state != LINK_CLOSING)
		link_violated(link, err);
	if (ep->closed)
		link_ep_free(ep);
}

static void link_stream_end(struct quic_stream *stream)
{
	struct link_ep *ep = quic_stream_ctx(stream);
	struct link *link = ep->link;

	ep->stream = NULL;
	if (ep == link->control) {
		link_reason(link, "control stream closed");
		link_violated(link, -EPROTO);
		return;
	}
	ep->busy = 1;
	if (ep->opened && !ep->closed)
		link->config.ops->ep_down(ep);
	ep->busy = 0;
	link_ep_free(ep);
}

static void link_closed(void *owner)
{
	free(owner);
}

static const struct quic_ops link_quic_server = {
	.admit = link_admit,
	.ready = link_ready_server,
	.down = link_down,
	.stream_new = link_stream_new,
	.stream_data = link_stream_data,
	.stream_end = link_stream_end,
	.closed = link_closed,
};

static const struct quic_ops link_quic_agent = {
	.ready = link_ready_agent,
	.down = link_down,
	.stream_new = link_stream_new,
	.stream_data = link_stream_data,
	.stream_end = link_stream_end,
};

static void link_quic_config(const struct link_config *config,
			     const struct quic_ops *ops, void *owner,
			     struct quic_config *out)
{
	memset(out, 0, sizeof(*out));
	out->loop = config->loop;
	out->key = config->key;
	out->ops = ops;
	out->owner = owner;
	out->no_gso = config->no_gso;
}

/* For the owner */

int link_dial(const struct link_config *config, const struct sockaddr *addr,
	      socklen_t addrlen, const uint8_t peer[KEY_LEN], void *ctx,
	      struct link **out)
{
	struct quic_config quic;
	struct link *link;
	int err;

	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->config = *config;
	link->ctx = ctx;
	LIST_INIT(&link->eps);

	link_quic_config(config, &link_quic_agent, link, &quic);
	err = quic_dial(&quic, addr, addrlen, peer, link, &link->conn);
	if (err) {
		free(link);
		return err;
	}
	*out = link;
	return 0;
}

int link_listen(const struct link_config *config, const struct sockaddr *addr,
		socklen_t addrlen, struct link_listener **out)
{
	struct link_listener *listener;
	struct quic_config quic;
	int err;

	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->config = *config;

	link_quic_config(config, &link_quic_server, listener, &quic);
	err = quic_listen(&quic, addr, addrlen, &listener->quic);
	if (err) {
		free(listener);
		return err;
	}
	*out = listener;
	return 0;
}

uint16_t link_listener_port(const struct link_listener *listener)
{
	return quic_port(listener->quic);
}

void link_listener_close(struct link_listener *listener, uint64_t code,
			 const char *why)
{
	quic_close(listener->quic, code, why);
}

int link_send(struct link *link, const struct wire_msg *msg)
{
	if (link->state != LINK_UP)
		return -ESHUTDOWN;
	if (quic_stream_queued(link->control->stream) > LINK_CONTROL_MAX) {
		link_end(link, -ENOBUFS, P2PUSB_CLOSE_LIMIT,
			 "you do not read what you ask for");
		return -ESHUTDOWN;
	}
	return link_put(link->control, msg, NULL);
}

int link_ep_open(struct link *link, const struct wire_ep_open *open,
		 enum link_prio prio, void *ctx, struct link_ep **out)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_EP_OPEN };
	struct link_ep *ep;
	int err;

	if (link->state != LINK_UP)
		return -ESHUTDOWN;
	ep = link_ep_new(link);
	if (!ep)
		return -ENOMEM;
	ep->ctx = ctx;
	ep->opened = 1;
	err = quic_stream_open(link->conn, prio, ep, &ep->stream);
	if (err) {
		link_ep_free(ep);
		return err;
	}
	msg.ep_open = *open;
	err = link_put(ep, &msg, NULL);
	if (err) {
		link_ep_close(ep);
		return err;
	}
	*out = ep;
	return 0;
}

void link_ep_prio(struct link_ep *ep, enum link_prio prio)
{
	if (ep->stream)
		quic_stream_prio(ep->stream, prio);
}

int link_ep_send(struct link_ep *ep, const struct wire_msg *msg,
		 const void *payload)
{
	return link_put(ep, msg, payload);
}

void link_ep_close(struct link_ep *ep)
{
	if (ep->stream)
		quic_stream_close(ep->stream);
	ep->stream = NULL;
	link_ep_free(ep);
}

void link_flush(struct link *link)
{
	quic_conn_flush(link->conn);
}

void *link_ctx(const struct link *link)
{
	return link->ctx;
}

void link_set_ctx(struct link *link, void *ctx)
{
	link->ctx = ctx;
}

void *link_ep_ctx(const struct link_ep *ep)
{
	return ep->ctx;
}

void link_ep_set_ctx(struct link_ep *ep, void *ctx)
{
	ep->ctx = ctx;
}

struct link *link_ep_link(const struct link_ep *ep)
{
	return ep->link;
}

const uint8_t *link_peer_key(const struct link *link)
{
	return quic_conn_peer(link->conn);
}

void link_peer_addr(const struct link *link, char *buf, size_t len)
{
	quic_conn_addr(link->conn, buf, len);
}

void link_get_stats(const struct link *link, struct link_stats *stats)
{
	struct quic_stats quic;

	quic_conn_stats(link->conn, &quic);
	stats->srtt_us = quic.srtt_us;
	stats->cwnd = quic.cwnd;
	stats->sent = quic.sent;
	stats->received = quic.received;
	stats->gso = quic.gso;
	stats->gro = quic.gro;
}
