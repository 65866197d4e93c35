// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_stream - streams: what is queued on them, and what the peer does.
 *
 * Does not look into the bytes and does not send (quic_sched.c).
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdlib.h>
#include <string.h>

#include "quic_int.h"

/* Chunks */

static struct quic_chunk *chunk_get(struct quic *quic)
{
	struct quic_chunk *chunk = TAILQ_FIRST(&quic->chunks);

	if (chunk) {
		TAILQ_REMOVE(&quic->chunks, chunk, next);
		quic->nchunks--;
	} else {
		chunk = malloc(sizeof(*chunk));
	}
	if (chunk)
		chunk->len = 0;
	return chunk;
}

static void chunk_put(struct quic *quic, struct quic_chunk *chunk)
{
	if (quic->nchunks >= QUIC_CHUNKS_KEPT) {
		free(chunk);
		return;
	}
	TAILQ_INSERT_HEAD(&quic->chunks, chunk, next);
	quic->nchunks++;
}

static void chunks_drop(struct quic *quic, struct quic_chunks *chunks)
{
	struct quic_chunk *chunk;

	while ((chunk = TAILQ_FIRST(chunks))) {
		TAILQ_REMOVE(chunks, chunk, next);
		chunk_put(quic, chunk);
	}
}

void quic_chunks_free(struct quic *quic)
{
	struct quic_chunk *chunk;

	while ((chunk = TAILQ_FIRST(&quic->chunks))) {
		TAILQ_REMOVE(&quic->chunks, chunk, next);
		free(chunk);
	}
}

/* Queue of a stream */

static void stream_enlist(struct quic_stream *stream)
{
	struct quic_conn *conn = stream->conn;

	if (stream->queued || stream->blocked || !stream->owned ||
	    stream->sent == stream->end)
		return;
	TAILQ_INSERT_TAIL(&conn->sched[stream->prio], stream, sched);
	stream->queued = 1;
}

void quic_stream_delist(struct quic_stream *stream)
{
	if (!stream->queued)
		return;
	TAILQ_REMOVE(&stream->conn->sched[stream->prio], stream, sched);
	stream->queued = 0;
}

/* All chunks of @len bytes behind the last one first: all or nothing. */
static int stream_reserve(struct quic_stream *stream, size_t len,
			  struct quic_chunks *fresh)
{
	struct quic *quic = stream->conn->quic;
	struct quic_chunk *chunk;
	size_t room = 0;

	chunk = TAILQ_LAST(&stream->chunks, quic_chunks);
	if (chunk)
		room = QUIC_CHUNK_LEN - chunk->len;

	while (room < len) {
		chunk = chunk_get(quic);
		if (!chunk) {
			chunks_drop(quic, fresh);
			return -ENOMEM;
		}
		TAILQ_INSERT_TAIL(fresh, chunk, next);
		room += QUIC_CHUNK_LEN;
	}
	return 0;
}

static void stream_append(struct quic_stream *stream,
			  struct quic_chunk *chunk, const uint8_t *data,
			  size_t len)
{
	size_t n;

	while (len) {
		n = QUIC_CHUNK_LEN - chunk->len;
		if (n > len)
			n = len;
		if (n && !stream->cur) {
			stream->cur = chunk;
			stream->cur_off = chunk->len;
		}
		memcpy(chunk->data + chunk->len, data, n);
		chunk->len += n;
		data += n;
		len -= n;
		chunk = TAILQ_NEXT(chunk, next);
	}
}

int quic_stream_send(struct quic_stream *stream, const void *data, size_t len)
{
	struct quic_chunks fresh = TAILQ_HEAD_INITIALIZER(fresh);
	struct quic_conn *conn = stream->conn;
	struct quic_chunk *tail;

	if (conn->state != QUIC_OPEN || conn->end.wanted)
		return -ESHUTDOWN;
	if (quic_stream_queued(stream) + len > QUIC_STREAM_QUEUE_MAX ||
	    conn->queued + len > QUIC_CONN_QUEUE_MAX)
		return -ENOMEM;
	if (stream_reserve(stream, len, &fresh))
		return -ENOMEM;

	tail = TAILQ_LAST(&stream->chunks, quic_chunks);
	TAILQ_CONCAT(&stream->chunks, &fresh, next);
	if (!tail)
		tail = TAILQ_FIRST(&stream->chunks);
	stream_append(stream, tail, data, len);
	stream->end += len;
	conn->queued += len;
	stream_enlist(stream);
	quic_mark(conn);
	return 0;
}

uint64_t quic_stream_queued(const struct quic_stream *stream)
{
	return stream->end - stream->acked;
}

int quic_stream_gather(const struct quic_stream *stream, ngtcp2_vec *vec,
		       int max)
{
	struct quic_chunk *chunk = stream->cur;
	uint32_t off = stream->cur_off;
	int n = 0;

	for (; chunk && n < max; chunk = TAILQ_NEXT(chunk, next)) {
		if (chunk->len > off) {
			vec[n].base = chunk->data + off;
			vec[n].len = chunk->len - off;
			n++;
		}
		off = 0;
	}
	return n;
}

void quic_stream_sent(struct quic_stream *stream, size_t len)
{
	size_t n;

	stream->sent += len;
	while (len) {
		n = stream->cur->len - stream->cur_off;
		if (n > len)
			n = len;
		stream->cur_off += n;
		len -= n;
		if (stream->cur_off < stream->cur->len)
			break;
		/* The last chunk may still grow: stay at its end. */
		if (!TAILQ_NEXT(stream->cur, next))
			break;
		stream->cur = TAILQ_NEXT(stream->cur, next);
		stream->cur_off = 0;
	}
	if (stream->sent == stream->end)
		quic_stream_delist(stream);
}

static void stream_acked(struct quic_stream *stream, uint64_t upto)
{
	struct quic *quic = stream->conn->quic;
	struct quic_chunk *chunk = TAILQ_FIRST(&stream->chunks);
	struct quic_chunk *next;

	stream->conn->queued -= upto - stream->acked;
	stream->acked = upto;
	for (; chunk && stream->freed + chunk->len <= upto; chunk = next) {
		next = TAILQ_NEXT(chunk, next);
		stream->freed += chunk->len;
		if (stream->cur == chunk) {
			stream->cur = next;
			stream->cur_off = 0;
		}
		TAILQ_REMOVE(&stream->chunks, chunk, next);
		chunk_put(quic, chunk);
	}
}

/* Life */

static struct quic_stream *stream_new(struct quic_conn *conn, int64_t id)
{
	struct quic_stream *stream;

	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	stream->conn = conn;
	stream->id = id;
	stream->owned = 1;
	stream->prio = QUIC_NPRIO - 1;
	TAILQ_INIT(&stream->chunks);
	LIST_INSERT_HEAD(&conn->streams, stream, entry);
	conn->nstreams++;
	quic_conn_keep_alive(conn);
	return stream;
}

static void stream_free(struct quic_stream *stream)
{
	struct quic_conn *conn = stream->conn;

	quic_stream_delist(stream);
	conn->queued -= quic_stream_queued(stream);
	chunks_drop(conn->quic, &stream->chunks);
	LIST_REMOVE(stream, entry);
	free(stream);
}

void quic_stream_free_all(struct quic_conn *conn)
{
	struct quic_stream *stream = LIST_FIRST(&conn->streams);
	struct quic_stream *next;

	for (; stream; stream = next) {
		next = LIST_NEXT(stream, entry);
		stream_free(stream);
	}
}

int quic_stream_open(struct quic_conn *conn, unsigned int prio, void *ctx,
		     struct quic_stream **out)
{
	struct quic_stream *stream;
	int rv;

	if (conn->state != QUIC_OPEN || conn->end.wanted)
		return -ESHUTDOWN;

	stream = stream_new(conn, -1);
	if (!stream)
		return -ENOMEM;
	rv = ngtcp2_conn_open_bidi_stream(conn->nc, &stream->id, stream);
	if (rv) {
		conn->nstreams--;
		stream_free(stream);
		return rv == NGTCP2_ERR_STREAM_ID_BLOCKED ? -EUSERS : -ENOMEM;
	}
	stream->ctx = ctx;
	stream->prio = prio;
	*out = stream;
	return 0;
}

void quic_stream_prio(struct quic_stream *stream, unsigned int prio)
{
	quic_stream_delist(stream);
	stream->prio = prio;
	stream_enlist(stream);
}

/*
 * The library has no pointer to what it was not given, and will not ask for
 * it.  A peer decides how long it knows the stream: keep nothing for it.
 */
static void stream_drop_unsent(struct quic_stream *stream)
{
	struct quic_conn *conn = stream->conn;
	struct quic_chunk *chunk;

	while (stream->cur && (chunk = TAILQ_NEXT(stream->cur, next))) {
		TAILQ_REMOVE(&stream->chunks, chunk, next);
		stream->end -= chunk->len;
		conn->queued -= chunk->len;
		chunk_put(conn->quic, chunk);
	}
}

/* Both directions are shut; the library still knows the stream for a while. */
static void stream_abandon(struct quic_stream *stream)
{
	struct quic_conn *conn = stream->conn;

	stream->owned = 0;
	stream->ctx = NULL;
	quic_stream_delist(stream);
	stream_drop_unsent(stream);
	ngtcp2_conn_shutdown_stream(conn->nc, 0, stream->id, 0);
	conn->nstreams--;
	quic_conn_keep_alive(conn);
	quic_mark(conn);
}

void quic_stream_close(struct quic_stream *stream)
{
	if (stream->conn->state == QUIC_OPEN)
		stream_abandon(stream);
	else
		stream->owned = 0;
}

void *quic_stream_ctx(const struct quic_stream *stream)
{
	return stream->ctx;
}

void quic_stream_set_ctx(struct quic_stream *stream, void *ctx)
{
	stream->ctx = ctx;
}

struct quic_conn *quic_stream_conn(const struct quic_stream *stream)
{
	return stream->conn;
}

int quic_stream_is_first(const struct quic_stream *stream)
{
	return stream->id == 0;
}

/* Callbacks of the library */

static int stream_cb_open(ngtcp2_conn *nc, int64_t id, void *user)
{
	struct quic_conn *conn = user;
	struct quic_stream *stream;

	stream = stream_new(conn, id);
	if (!stream)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	ngtcp2_conn_set_stream_user_data(nc, id, stream);
	if (!conn->end.wanted)
		conn->quic->config.ops->stream_new(conn, stream);
	return 0;
}

static void stream_ended(struct quic_stream *stream)
{
	struct quic_conn *conn = stream->conn;

	if (!stream->owned || conn->end.wanted)
		return;
	conn->quic->config.ops->stream_end(stream);
	if (stream->owned)
		stream_abandon(stream);
}

static int stream_cb_data(ngtcp2_conn *nc, uint32_t flags, int64_t id,
			  uint64_t offset, const uint8_t *data, size_t len,
			  void *user, void *ctx)
{
	struct quic_stream *stream = ctx;
	struct quic_conn *conn = user;

	(void)offset;
	conn->heard = 1;
	/* Whoever takes the bytes has room for them: give the credit back. */
	ngtcp2_conn_extend_max_stream_offset(nc, id, len);
	ngtcp2_conn_extend_max_offset(nc, len);
	if (!stream || !stream->owned || conn->end.wanted)
		return 0;
	if (len)
		conn->quic->config.ops->stream_data(stream, data, len);
	if (flags & NGTCP2_STREAM_DATA_FLAG_FIN)
		stream_ended(stream);
	return 0;
}

static int stream_cb_acked(ngtcp2_conn *nc, int64_t id, uint64_t offset,
			   uint64_t len, void *user, void *ctx)
{
	(void)nc;
	(void)id;
	(void)user;
	if (ctx)
		stream_acked(ctx, offset + len);
	return 0;
}

static int stream_cb_close(ngtcp2_conn *nc, uint32_t flags, int64_t id,
			   uint64_t code, void *user, void *ctx)
{
	struct quic_conn *conn = user;

	(void)flags;
	(void)code;
	if (ctx) {
		stream_ended(ctx);
		stream_free(ctx);
	}
	if (!ngtcp2_conn_is_local_stream(nc, id)) {
		ngtcp2_conn_extend_max_streams_bidi(nc, 1);
		quic_mark(conn);
	}
	return 0;
}

static int stream_cb_reset(ngtcp2_conn *nc, int64_t id, uint64_t final,
			   uint64_t code, void *user, void *ctx)
{
	(void)nc;
	(void)id;
	(void)final;
	(void)code;
	(void)user;
	if (ctx)
		stream_ended(ctx);
	return 0;
}

static int stream_cb_stop(ngtcp2_conn *nc, int64_t id, uint64_t code,
			  void *user, void *ctx)
{
	return stream_cb_reset(nc, id, 0, code, user, ctx);
}

static int stream_cb_credit(ngtcp2_conn *nc, int64_t id, uint64_t max,
			    void *user, void *ctx)
{
	struct quic_stream *stream = ctx;

	(void)nc;
	(void)id;
	(void)max;
	(void)user;
	if (!stream)
		return 0;
	stream->blocked = 0;
	stream_enlist(stream);
	return 0;
}

void quic_stream_callbacks(ngtcp2_callbacks *callbacks)
{
	callbacks->stream_open = stream_cb_open;
	callbacks->recv_stream_data = stream_cb_data;
	callbacks->acked_stream_data_offset = stream_cb_acked;
	callbacks->stream_close = stream_cb_close;
	callbacks->stream_reset = stream_cb_reset;
	callbacks->stream_stop_sending = stream_cb_stop;
	callbacks->extend_max_stream_data = stream_cb_credit;
}
