/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quic_int - what the files quic*.c share among themselves.
 *
 * Not for anybody else.  Expects <ngtcp2/ngtcp2_crypto.h> and
 * <gnutls/gnutls.h> to be included before it, which only quic*.c do.
 */
#ifndef P2PUSB_LIB_QUIC_INT_H
#define P2PUSB_LIB_QUIC_INT_H

#include <sys/queue.h>

#include "quic.h"
#include "udp.h"

/*
 * DOC: Liveness
 *
 * The agent says something every 2 s while a stream besides the first is
 * open and every 3 s otherwise; the server says nothing of itself.  A
 * connection on which nothing arrives dies QUIC_IDLE after the last byte or
 * after the first packet that was sent in vain: at most 2 + 15 s.
 * A machine whose processor is taken away for seconds (a busy host of virtual
 * machines) must not look like a dead one, hence no less.
 */
#define QUIC_SEC		NGTCP2_SECONDS
#define QUIC_IDLE		(15 * QUIC_SEC)
#define QUIC_KEEP_BUSY		(2 * QUIC_SEC)
#define QUIC_KEEP_IDLE		(3 * QUIC_SEC)
#define QUIC_HANDSHAKE_TIMEOUT	(5 * QUIC_SEC)
#define QUIC_TRUST_TIMEOUT	(5 * QUIC_SEC)
#define QUIC_REFUSED_TIMEOUT	(1 * QUIC_SEC)	/* ICMP may be forged */
#define QUIC_RETRY_TIMEOUT	(10 * QUIC_SEC)
#define QUIC_LINGER_MAX		(1 * QUIC_SEC)

/*
 * DOC: Acknowledgements
 *
 * A request is acknowledged by its answer, if that comes within QUIC_ACK_WAIT:
 * a packet of its own would cost both sides as much as the answer does.  Only
 * one short datagram with a message waits so, and only with endpoints open; bulk
 * data are acknowledged as they come, once a turn of the loop.
 */
#define QUIC_ACK_WAIT		(2 * NGTCP2_MILLISECONDS)
#define QUIC_SHORT_LEN		1200

#define QUIC_WINDOW_TINY	(16u << 10)	/* until quic_conn_trust() */
#define QUIC_WINDOW		(4u << 20)
#define QUIC_WINDOW_MAX		(24u << 20)
#define QUIC_STREAM_WINDOW	(1u << 20)
#define QUIC_STREAM_WINDOW_MAX	(16u << 20)
#define QUIC_STREAMS_MAX	4096
#define QUIC_STREAM_QUEUE_MAX	(64u << 20)	/* bytes not acknowledged */
/* A ring's area may be 64 MiB, and all of it may be under way. */
#define QUIC_CONN_QUEUE_MAX	(96u << 20)	/* of all streams, closed too */

#define QUIC_CONNS_MAX		256
#define QUIC_HALF_OPEN_MAX	64
#define QUIC_HALF_OPEN_RETRY	32
#define QUIC_STATELESS_MAX	1000		/* a second */

#define QUIC_CID_LEN		8
#define QUIC_CIDS_MAX		16		/* own CIDs of one connection */
#define QUIC_BUCKETS		1024
#define QUIC_CHUNK_LEN		(16384 - 32)
#define QUIC_CHUNKS_KEPT	128

/**
 * enum quic_state - of a connection
 * @QUIC_HANDSHAKE: keys are not proven yet
 * @QUIC_OPEN: ready was called
 * @QUIC_LINGER: closed; the owner knows; late packets are answered with the
 *	packet that closed it, or ignored when the peer closed
 * @QUIC_DEAD: to be freed by the next turn
 */
enum quic_state {
	QUIC_HANDSHAKE,
	QUIC_OPEN,
	QUIC_LINGER,
	QUIC_DEAD,
	QUIC_NSTATES
};

/* Bytes of one stream; ngtcp2 keeps pointers until they are acknowledged. */
struct quic_chunk {
	TAILQ_ENTRY(quic_chunk) next;
	uint32_t len;
	uint8_t data[QUIC_CHUNK_LEN];
};

TAILQ_HEAD(quic_chunks, quic_chunk);

/**
 * struct quic_stream - a stream, as long as the library knows it
 * @conn: connection
 * @ctx: owner's
 * @id: QUIC's number
 * @owned: the owner has not been told of its end, nor ended it
 * @blocked: the peer's window is full
 * @queued: in conn->sched
 * @prio: class
 * @chunks: bytes from @freed on
 * @cur: chunk that holds the byte at @sent, NULL when all are sent
 * @cur_off: where in it
 * @freed: offset of the first byte in @chunks
 * @acked: bytes acknowledged
 * @sent: bytes given to packets
 * @end: bytes taken from the owner
 */
struct quic_stream {
	LIST_ENTRY(quic_stream) entry;
	TAILQ_ENTRY(quic_stream) sched;
	struct quic_conn *conn;
	void *ctx;
	int64_t id;
	uint8_t owned;
	uint8_t blocked;
	uint8_t queued;
	uint8_t prio;
	struct quic_chunks chunks;
	struct quic_chunk *cur;
	uint32_t cur_off;
	uint64_t freed;
	uint64_t acked;
	uint64_t sent;
	uint64_t end;
};

TAILQ_HEAD(quic_sched, quic_stream);

/* A connection id of ours, or the one that the client made up for us. */
struct quic_cid {
	LIST_ENTRY(quic_cid) bucket;
	LIST_ENTRY(quic_cid) of_conn;
	struct quic_conn *conn;
	ngtcp2_cid cid;
};

LIST_HEAD(quic_cids, quic_cid);

/**
 * enum quic_how - what an end needs
 * @QUIC_END_FLUSH: send what is queued, then tell the peer
 * @QUIC_END_TELL: tell the peer
 * @QUIC_END_HUSH: the peer told us: answer nothing that is still under way
 * @QUIC_END_GONE: nobody is there to be told
 */
enum quic_how {
	QUIC_END_FLUSH,
	QUIC_END_TELL,
	QUIC_END_HUSH,
	QUIC_END_GONE,
};

/* Why a connection ends; the first reason stays. */
struct quic_end {
	uint8_t wanted;
	enum quic_how how;
	int err;
	ngtcp2_ccerr ccerr;
	char why[QUIC_WHY_LEN];	/* what we say is also in ccerr */
};

/**
 * struct quic_conn - a connection
 * @quic: its socket
 * @nc: the library's half
 * @tls: its session
 * @ref: how the one finds the other
 * @state: see enum quic_state; written by quic_conn_set_state()
 * @dirty: in quic->dirty
 * @refused: admit or the comparison with @peer said no
 * @heard: the datagram being read has brought bytes of a stream
 * @unanswered: datagrams read since the last write; 2 = more, or one that is not
 *	short, or one that was not @heard.  With 1 what its ACKs show to be lost
 *	may wait for QUIC_ACK_WAIT, too
 * @nstreams: open streams
 * @queued: bytes not acknowledged of all streams that the library knows
 * @peer: dialled: expected key; listening: proven key
 * @expiry: when the library wants to be called, as of the last write
 * @trust_by: deadline of quic_conn_trust(), 0 when met
 * @refused_by: the network says that nobody is there; 0 when unknown
 * @linger_until: end of QUIC_LINGER
 * @end: why it ends
 * @farewell: packet that closed it
 */
struct quic_conn {
	TAILQ_ENTRY(quic_conn) entry;
	TAILQ_ENTRY(quic_conn) dirt;
	struct quic *quic;
	ngtcp2_conn *nc;
	gnutls_session_t tls;
	ngtcp2_crypto_conn_ref ref;
	void *ctx;
	enum quic_state state;
	uint8_t dirty;
	uint8_t refused;
	uint8_t heard;
	uint8_t unanswered;
	unsigned int nstreams;
	unsigned int answers;
	uint8_t peer[KEY_LEN];
	uint64_t expiry;
	uint64_t trust_by;
	uint64_t refused_by;
	uint64_t linger_until;
	uint64_t queued;
	uint64_t sent;
	uint64_t received;
	struct quic_end end;
	struct quic_cids cids;
	struct quic_sched sched[QUIC_NPRIO];
	LIST_HEAD(, quic_stream) streams;
	struct udp_path farewell_path;
	uint16_t farewell_len;
	uint8_t farewell[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
};

TAILQ_HEAD(quic_conns, quic_conn);
TAILQ_HEAD(quic_dirty, quic_conn);

/* The one batch below the scheduler.  @off..@len is still to be sent. */
struct quic_tx {
	struct udp_path path;
	size_t off;
	size_t len;
	size_t seg;
	uint8_t buf[UDP_BUF_LEN];
};

struct quic_tls;

/**
 * struct quic - a socket and its connections
 * @busy: inside a callback of the library: nothing may be written
 * @closing: no new connections; ends when there are none
 * @handles: uv handles not closed yet
 * @armed: when @timerfd fires, 0 = not armed
 * @stateless: answers without a connection in the second @stateless_sec
 * @chunks: kept for the next stream, @nchunks of them
 */
struct quic {
	struct quic_config config;
	struct udp udp;
	int timerfd;
	uint8_t server;
	uint8_t busy;
	uint8_t closing;
	uint8_t handles;
	uv_poll_t poll;
	uv_poll_t timer;
	uv_idle_t idle;
	struct quic_tls *tls;
	uint64_t armed;
	uint64_t stateless_sec;
	unsigned int stateless;
	unsigned int nconns;
	unsigned int half_open;
	unsigned int nchunks;
	uint64_t seed;
	struct quic_conns conns;
	struct quic_dirty dirty;
	struct quic_chunks chunks;
	struct quic_cids buckets[QUIC_BUCKETS];
	struct quic_tx tx;
	uint8_t rx[UDP_BUF_LEN];
};

/* quic.c: the socket */
uint64_t quic_now(void);
void quic_mark(struct quic_conn *conn);
int quic_cid_add(struct quic_conn *conn, const ngtcp2_cid *cid);
void quic_cid_remove(struct quic_conn *conn, const ngtcp2_cid *cid);
void quic_tx_send(struct quic *quic);
int quic_tx_pending(const struct quic *quic);
void quic_unreachable(struct quic *quic, int err);

/* quic_accept.c: packets that belong to no connection */
void quic_accept(struct quic *quic, const struct udp_path *path,
		 const ngtcp2_version_cid *vc, const uint8_t *pkt, size_t len);
void quic_offer_version(struct quic *quic, const struct udp_path *path,
			const ngtcp2_version_cid *vc, size_t len);

/* quic_conn.c: a connection */
int quic_conn_client(struct quic *quic, const uint8_t peer[KEY_LEN], void *ctx,
		     struct quic_conn **conn);
int quic_conn_server(struct quic *quic, const struct udp_path *path,
		     const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
		     struct quic_conn **conn);
void quic_conn_free(struct quic_conn *conn);
void quic_conn_set_state(struct quic_conn *conn, enum quic_state next);
void quic_conn_read(struct quic_conn *conn, const struct udp_path *path,
		    const uint8_t *pkt, size_t len, uint64_t now);
uint64_t quic_conn_expiry(struct quic_conn *conn);
void quic_conn_expire(struct quic_conn *conn, uint64_t now);
void quic_conn_turn(struct quic_conn *conn);
void quic_conn_keep_alive(struct quic_conn *conn);
void quic_path_to_lib(const struct udp_path *path, ngtcp2_path *out);
void quic_path_from_lib(const ngtcp2_path *path, struct udp_path *out);

/* quic_end.c: why a connection ends, and that it ends */
void quic_end_lib(struct quic_conn *conn, int liberr);
void quic_end_gone(struct quic_conn *conn, int err, const char *why);
void quic_end_finish(struct quic_conn *conn);
void quic_end_answer(struct quic_conn *conn);

/* quic_stream.c: streams and their queues */
void quic_stream_callbacks(ngtcp2_callbacks *callbacks);
int quic_stream_gather(const struct quic_stream *stream, ngtcp2_vec *vec,
		       int max);
void quic_stream_sent(struct quic_stream *stream, size_t len);
void quic_stream_delist(struct quic_stream *stream);
void quic_stream_free_all(struct quic_conn *conn);
void quic_chunks_free(struct quic *quic);

/* quic_sched.c: the next packets */
void quic_sched_write(struct quic_conn *conn);
int quic_sched_ready(struct quic_conn *conn);

/* quic_tls.c: keys, and everything that needs a secret or randomness */
int quic_tls_new(const struct key *key, struct quic_tls **tls);
void quic_tls_free(struct quic_tls *tls);
int quic_tls_start(struct quic_conn *conn);
void quic_tls_stop(struct quic_conn *conn);
void quic_tls_random(void *buf, size_t len);
int quic_tls_reset_token(const struct quic *quic, const ngtcp2_cid *cid,
			 uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN]);
const uint8_t *quic_tls_retry_secret(const struct quic *quic, size_t *len);

#endif /* P2PUSB_LIB_QUIC_INT_H */
