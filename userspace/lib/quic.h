/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quic - QUIC connections with raw Ed25519 keys on a uv loop.
 *
 * Streams of bytes, their priorities, their flow control, and which key the
 * peer has proven.  Knows no message of <p2pusb/wire.h>; the QUIC and TLS
 * libraries are seen by quic*.c alone.
 *
 * One thread.  No callback runs inside a call of this interface but
 * quic_ops.admit's caller, the loop; memory of a connection and of a stream
 * is freed after the callback that ends it returned.
 */
#ifndef P2PUSB_LIB_QUIC_H
#define P2PUSB_LIB_QUIC_H

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "key.h"

#define QUIC_NPRIO	4
#define QUIC_WHY_LEN	256

struct quic;
struct quic_conn;
struct quic_stream;

/**
 * struct quic_ops - what the owner is told
 *
 * @admit: server, in the middle of the handshake: 0 or a negative errno.
 * @ready: the handshake is complete and the peer's key is proven.  The owner
 *	may use quic_conn_set_ctx().
 * @down: last callback of a connection that was dialled, or that was ready.
 *	@err is 0 or a negative errno, @why a sentence.
 * @stream_new: the peer opened a stream.
 * @stream_data: bytes in order.
 * @stream_end: the peer ended the stream, in whatever way.
 * @closed: of quic_listen(): everything is freed after quic_close().
 */
struct quic_ops {
	int (*admit)(void *owner, const uint8_t key[KEY_LEN]);
	void (*ready)(void *owner, struct quic_conn *conn);
	void (*down)(struct quic_conn *conn, int err, const char *why);
	void (*stream_new)(struct quic_conn *conn, struct quic_stream *stream);
	void (*stream_data)(struct quic_stream *stream, const uint8_t *data,
			    size_t len);
	void (*stream_end)(struct quic_stream *stream);
	void (*closed)(void *owner);
};

/**
 * struct quic_config - of one socket; copied
 * @loop: where everything happens
 * @key: own identity, borrowed until the call returns
 * @ops: callbacks, borrowed
 * @owner: first argument of some of them
 * @no_gso: send packet by packet
 */
struct quic_config {
	uv_loop_t *loop;
	const struct key *key;
	const struct quic_ops *ops;
	void *owner;
	uint8_t no_gso;
};

/* Counters of a connection. */
struct quic_stats {
	uint64_t srtt_us;
	uint64_t rttvar_us;
	uint64_t cwnd;
	uint64_t sent;
	uint64_t received;
	uint8_t gso;
	uint8_t gro;
};

/**
 * quic_dial() - connect, on a socket of its own
 * @config: see there
 * @addr: server
 * @len: its length
 * @peer: key it must have
 * @ctx: quic_conn_ctx()
 * @conn: out
 *
 * Return: 0 and @down some day; negative errno.
 */
int quic_dial(const struct quic_config *config, const struct sockaddr *addr,
	      socklen_t len, const uint8_t peer[KEY_LEN], void *ctx,
	      struct quic_conn **conn);

/**
 * quic_listen() - take connections
 * @config: see there
 * @addr: where
 * @len: its length
 * @quic: out
 *
 * Return: 0 or a negative errno.
 */
int quic_listen(const struct quic_config *config, const struct sockaddr *addr,
		socklen_t len, struct quic **quic);

/**
 * quic_port() - UDP port of a listening socket
 * @quic: of quic_listen()
 *
 * Return: host byte order.
 */
uint16_t quic_port(const struct quic *quic);

/**
 * quic_close() - close all connections and then the socket
 * @quic: of quic_listen()
 * @code: application error code
 * @why: sentence for the peers
 */
void quic_close(struct quic *quic, uint64_t code, const char *why);

/**
 * quic_conn_close() - close a connection; @down follows from the loop
 * @conn: any state; a second call changes nothing
 * @err: for @down
 * @code: application error code for the peer
 * @why: sentence for both
 *
 * What is queued on the streams is sent first as far as the network takes it
 * at once.
 */
void quic_conn_close(struct quic_conn *conn, int err, uint64_t code,
		     const char *why);

/**
 * quic_conn_trust() - the peer has shown that it speaks our protocol
 * @conn: ready
 *
 * Opens the windows, which are tiny until then.  A connection that is not
 * trusted within 5 s of its handshake is closed.
 */
void quic_conn_trust(struct quic_conn *conn);

/**
 * quic_conn_flush() - write packets now
 * @conn: within a callback of its socket: when that returned
 */
void quic_conn_flush(struct quic_conn *conn);

void *quic_conn_ctx(const struct quic_conn *conn);
void quic_conn_set_ctx(struct quic_conn *conn, void *ctx);

/* KEY_LEN bytes, proven once ready. */
const uint8_t *quic_conn_peer(const struct quic_conn *conn);

/* As udp_text(). */
void quic_conn_addr(const struct quic_conn *conn, char *buf, size_t len);

void quic_conn_stats(const struct quic_conn *conn, struct quic_stats *stats);

/**
 * quic_stream_open() - open a bidirectional stream
 * @conn: ready
 * @prio: 0 goes first, < QUIC_NPRIO
 * @ctx: quic_stream_ctx()
 * @stream: out
 *
 * Return: 0, -ENOMEM, -EUSERS (peer's limit), -ESHUTDOWN.
 */
int quic_stream_open(struct quic_conn *conn, unsigned int prio, void *ctx,
		     struct quic_stream **stream);

/**
 * quic_stream_prio() - change the class of a stream
 * @stream: stream
 * @prio: 0 goes first, < QUIC_NPRIO
 */
void quic_stream_prio(struct quic_stream *stream, unsigned int prio);

/**
 * quic_stream_send() - queue bytes
 * @stream: stream
 * @data: copied
 * @len: bytes
 *
 * Return: 0, -ENOMEM (nothing was queued), -ESHUTDOWN.
 */
int quic_stream_send(struct quic_stream *stream, const void *data, size_t len);

/**
 * quic_stream_queued() - bytes that the peer has not acknowledged
 * @stream: stream
 */
uint64_t quic_stream_queued(const struct quic_stream *stream);

/**
 * quic_stream_close() - end both directions; no callback follows
 * @stream: gone for the caller
 */
void quic_stream_close(struct quic_stream *stream);

void *quic_stream_ctx(const struct quic_stream *stream);
void quic_stream_set_ctx(struct quic_stream *stream, void *ctx);
struct quic_conn *quic_stream_conn(const struct quic_stream *stream);

/* Nonzero for the first stream of the client. */
int quic_stream_is_first(const struct quic_stream *stream);

#endif /* P2PUSB_LIB_QUIC_H */
