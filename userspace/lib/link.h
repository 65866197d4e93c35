/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link - one authenticated connection to a peer, with its streams.
 *
 * Owns HELLO, PING, the framing of messages on streams and their priority.
 * Knows no USB and no ring; does not reconnect and does not resume.
 *
 * A link, its streams and all its callbacks live on one uv loop and one
 * thread.  Callbacks may call link_close() and link_ep_close() on their own
 * link; memory is freed only after the callback returned.
 */
#ifndef P2PUSB_LIB_LINK_H
#define P2PUSB_LIB_LINK_H

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "key.h"
#include "wire.h"

struct link;
struct link_ep;
struct link_listener;

/* Packets are filled in this order, strictly. */
enum link_prio {
	LINK_PRIO_CONTROL,	/* control stream and endpoint 0 */
	LINK_PRIO_INTERRUPT,
	LINK_PRIO_ISO,
	LINK_PRIO_BULK,
	LINK_NPRIO
};

/**
 * struct link_ops - what the owner of links is told
 *
 * @admit: server, during the handshake: may this key come in?  0 or -EACCES.
 *	Called from the TLS verify callback; must not block.
 * @accepted: server: a peer with an admitted key finished its handshake; the
 *	owner stores its context with link_set_ctx().  0, or a negative errno
 *	to close (-EUSERS: P2PUSB_CLOSE_LIMIT).
 * @up: the peer's HELLO came; from here messages may be sent.
 * @down: last callback of a link: dead, closed by either side or timed out.
 *	@err is a negative errno (0 = orderly), @why a sentence.  All its
 *	streams are gone with it; the link is freed after the return.
 * @begin: agent: as @ep_begin, of a control message; NULL: none has payload.
 * @msg: a control message (never HELLO, PING, PONG).  Non-zero closes the
 *	link with P2PUSB_CLOSE_PROTOCOL.
 * @ep_open: server: the agent opened the stream of an endpoint.  The owner
 *	uses link_ep_set_ctx().  Non-zero closes the link.
 * @ep_begin: head and body of a message on an endpoint stream are there;
 *	only for messages with payload.  The owner sets *@dst to msg->payload
 *	bytes that stay valid until @ep_msg, or leaves NULL to discard them.
 *	Non-zero closes the link.
 * @ep_msg: a message on an endpoint stream, payload (if any) complete.
 *	Non-zero closes the link.
 * @ep_down: the peer closed this stream alone; freed after the return.
 *
 * A negative errno that closes the link is reported as P2PUSB_CLOSE_PROTOCOL
 * with the text given by link_reason(), so that the peer's log says why.
 */
struct link_ops {
	int (*admit)(void *owner, const uint8_t key[KEY_LEN]);
	int (*accepted)(void *owner, struct link *link);
	void (*up)(struct link *link, const struct wire_hello *peer);
	void (*down)(struct link *link, int err, const char *why);
	int (*begin)(struct link *link, const struct wire_msg *msg, void **dst);
	int (*msg)(struct link *link, const struct wire_msg *msg);
	int (*ep_open)(struct link *link, struct link_ep *ep,
		       const struct wire_ep_open *open);
	int (*ep_begin)(struct link_ep *ep, const struct wire_msg *msg,
			void **dst);
	int (*ep_msg)(struct link_ep *ep, const struct wire_msg *msg);
	void (*ep_down)(struct link_ep *ep);
};

/**
 * struct link_config - what links of one owner have in common
 * @loop: where everything happens
 * @key: own identity; borrowed, outlives all links
 * @hello: what we say of ourselves; copied
 * @ops: callbacks; borrowed
 * @owner: first argument of admit and accepted
 * @no_gso: send packet by packet, for networks that mistreat UDP_SEGMENT
 */
struct link_config {
	uv_loop_t *loop;
	const struct key *key;
	struct wire_hello hello;
	const struct link_ops *ops;
	void *owner;
	uint8_t no_gso;
};

/**
 * struct link_stats - for status
 * @srtt_us: smoothed round-trip time, 0 = not known
 * @rttvar_us: its mean deviation
 * @cwnd: bytes
 * @sent: bytes on the wire
 * @received: bytes on the wire
 * @gso: UDP segmentation offload in use
 * @gro: UDP receive offload in use
 */
struct link_stats {
	uint64_t srtt_us;
	uint64_t rttvar_us;
	uint64_t cwnd;
	uint64_t sent;
	uint64_t received;
	uint8_t gso;
	uint8_t gro;
};

/**
 * link_dial() - agent: connect to a server
 * @config: see there; copied
 * @addr: IPv4 or IPv6 address and port
 * @addrlen: its length
 * @peer: key the server must have
 * @ctx: link_ctx() of the new link
 * @link: out
 *
 * Handshake within 5 s or @down is called with -ETIMEDOUT.  A wrong key ends
 * in @down with -EACCES, nobody there in -ECONNREFUSED or -ETIMEDOUT.
 *
 * Return: 0; negative errno when no socket can be had.
 */
int link_dial(const struct link_config *config, const struct sockaddr *addr,
	      socklen_t addrlen, const uint8_t peer[KEY_LEN], void *ctx,
	      struct link **link);

/**
 * link_listen() - server: take connections on one address
 * @config: see there; copied
 * @addr: may be a wildcard; IPv6 wildcard takes IPv4 too
 * @addrlen: its length
 * @listener: out
 *
 * Return: 0; -EADDRINUSE, -EACCES …
 */
int link_listen(const struct link_config *config, const struct sockaddr *addr,
		socklen_t addrlen, struct link_listener **listener);

/**
 * link_listener_port() - UDP port in use
 * @listener: of link_listen()
 *
 * Return: port, host byte order.
 */
uint16_t link_listener_port(const struct link_listener *listener);

/**
 * link_listener_close() - close all links of this listener and the socket
 * @listener: freed once its links are down and the loop ran
 * @code: P2PUSB_CLOSE_*
 * @why: sentence for the peers
 */
void link_listener_close(struct link_listener *listener, uint64_t code,
			 const char *why);

/**
 * link_close() - say good-bye; @down follows from the loop
 * @link: any state
 * @code: P2PUSB_CLOSE_*
 * @why: sentence for the peer; printable ASCII arrives unchanged
 *
 * What was queued is sent first as far as the network takes it at once.
 * @down gets 0 and @why.  Late packets of the peer are answered for up to a
 * second after that; the loop stays alive for it.
 */
void link_close(struct link *link, uint64_t code, const char *why);

/**
 * link_reason() - sentence for the close that a callback's error will cause
 * @link: on which the callback runs
 * @fmt: printf
 *
 * Return: -EPROTO, so that a callback can return link_reason(…).
 */
int link_reason(struct link *link, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * link_send() - send a control message
 * @link: up
 * @msg: no payload
 *
 * A peer that lets 1 MiB of answers pile up is closed with
 * P2PUSB_CLOSE_LIMIT.
 *
 * Return: 0, -ENOMEM, -ESHUTDOWN when the link is not up or closing.
 */
int link_send(struct link *link, const struct wire_msg *msg);

/**
 * link_send_with() - send a control message with payload
 * @link: up
 * @msg: msg->payload = bytes at @payload
 * @payload: copied before the return
 *
 * Return: as link_send().
 */
int link_send_with(struct link *link, const struct wire_msg *msg,
		   const void *payload);

/**
 * link_ep_open() - agent: open the stream of an endpoint and send EP_OPEN
 * @link: up
 * @open: body of EP_OPEN
 * @prio: class of its packets
 * @ctx: link_ep_ctx() of the new stream
 * @ep: out
 *
 * Return: 0, -ENOMEM, -EUSERS (peer's limit of streams), -ESHUTDOWN.
 */
int link_ep_open(struct link *link, const struct wire_ep_open *open,
		 enum link_prio prio, void *ctx, struct link_ep **ep);

/**
 * link_ep_prio() - server: class of the packets of a stream it was given
 * @ep: stream
 * @prio: class
 */
void link_ep_prio(struct link_ep *ep, enum link_prio prio);

/**
 * link_ep_send() - send a message on an endpoint stream
 * @ep: stream
 * @msg: msg->payload = bytes at @payload
 * @payload: copied before the return
 *
 * Return: 0, -ENOMEM, -ESHUTDOWN.
 */
int link_ep_send(struct link_ep *ep, const struct wire_msg *msg,
		 const void *payload);

/**
 * link_ep_close() - end a stream, both directions; no callback follows
 * @ep: freed
 */
void link_ep_close(struct link_ep *ep);

/**
 * link_flush() - write packets now
 * @link: link with messages queued
 *
 * Sends collect messages; they are written when the loop goes idle, or here.
 */
void link_flush(struct link *link);

void *link_ctx(const struct link *link);
void link_set_ctx(struct link *link, void *ctx);
void *link_ep_ctx(const struct link_ep *ep);
void link_ep_set_ctx(struct link_ep *ep, void *ctx);
struct link *link_ep_link(const struct link_ep *ep);

/**
 * link_peer_key() - key of the peer, proven
 * @link: any link that reached accepted or up
 *
 * Return: KEY_LEN bytes.
 */
const uint8_t *link_peer_key(const struct link *link);

/**
 * link_peer_addr() - address of the peer as text, for logs and status
 * @link: link
 * @buf: at least 64 bytes
 * @len: its size
 */
void link_peer_addr(const struct link *link, char *buf, size_t len);

/**
 * link_get_stats() - counters for status
 * @link: link
 * @stats: filled
 */
void link_get_stats(const struct link *link, struct link_stats *stats);

#endif /* P2PUSB_LIB_LINK_H */
