// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link - one authenticated connection to a peer, with its streams.
 *
 * Life of links, listeners and streams.  Which messages are let through is
 * decided in link_msg.c, how bytes travel in lib/quic.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_int.h"

_Static_assert(LINK_NPRIO == QUIC_NPRIO, "classes");

/* Answers that a peer may leave unread before it is cut off. */
#define LINK_CONTROL_MAX	(1u << 20)

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

void link_set_state(struct link *link, enum link_state next)
{
	if (!(link_next[link->state] & 1 << next))
		abort();
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

int link_put(struct link_ep *ep, const struct wire_msg *msg,
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

int link_put_hello(struct link *link)
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

/* What quic tells */

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
	err = link_msg_feed(ep, data, len);
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

int link_send_with(struct link *link, const struct wire_msg *msg,
		   const void *payload)
{
	if (link->state != LINK_UP)
		return -ESHUTDOWN;
	if (quic_stream_queued(link->control->stream) > LINK_CONTROL_MAX) {
		link_end(link, -ENOBUFS, P2PUSB_CLOSE_LIMIT,
			 "you do not read what you ask for");
		return -ESHUTDOWN;
	}
	return link_put(link->control, msg, payload);
}

int link_send(struct link *link, const struct wire_msg *msg)
{
	return link_send_with(link, msg, NULL);
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
	stats->rttvar_us = quic.rttvar_us;
	stats->cwnd = quic.cwnd;
	stats->sent = quic.sent;
	stats->received = quic.received;
	stats->gso = quic.gso;
	stats->gro = quic.gro;
}
