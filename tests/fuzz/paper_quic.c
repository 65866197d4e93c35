// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paper_quic - connections without packets: lib/quic.h for one process.
 *
 * Promises what lib/quic.h promises and nothing more: memory of a stream or a
 * connection goes when the callback returned, and whoever closed is not called.
 */
#include <errno.h>

#include "paper_quic.h"

#define CHUNK_MAX	(64u << 10)	/* bytes in one call, as of a jumbo packet */
#define QUEUE_MAX	(64u << 20)	/* of a stream, as lib/quic_int.h has it */

struct quic {
	struct quic_config config;
};

const struct paper_ears *paper_ears;
struct quic_conn *paper_dialled;
struct quic *paper_listening;

/* What was said */

static int ear_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	struct quic_stream *stream = ctx;

	stream->bytes = malloc(msg->payload);
	fuzz_check(stream->bytes);
	*dst = stream->bytes;
	return 0;
}

static int ear_msg(void *ctx, const struct wire_msg *msg)
{
	struct quic_stream *stream = ctx;

	if (paper_ears->heard)
		paper_ears->heard(stream, msg);
	free(stream->bytes);
	stream->bytes = NULL;
	return 0;
}

static const struct frame_ops ear_ops = { .begin = ear_begin, .msg = ear_msg };

static int mouth_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	(void)ctx;
	(void)msg;
	*dst = NULL;
	return 0;
}

static int mouth_msg(void *ctx, const struct wire_msg *msg)
{
	struct quic_stream *stream = ctx;

	if (paper_ears->said && !stream->deaf)
		paper_ears->said(stream, msg);
	return 0;
}

static const struct frame_ops mouth_ops = {
	.begin = mouth_begin,
	.msg = mouth_msg,
};

/* Connections */

static struct quic_conn *conn_new(const struct quic_config *config,
				  const uint8_t peer[KEY_LEN], void *ctx)
{
	struct quic_conn *conn = calloc(1, sizeof(*conn));

	fuzz_check(conn);
	LIST_INIT(&conn->streams);
	conn->ops = config->ops;
	conn->owner = config->owner;
	conn->ctx = ctx;
	memcpy(conn->peer, peer, KEY_LEN);
	return conn;
}

int quic_dial(const struct quic_config *config, const struct sockaddr *addr,
	      socklen_t len, const uint8_t peer[KEY_LEN], void *ctx,
	      struct quic_conn **conn)
{
	(void)addr;
	(void)len;
	paper_dialled = conn_new(config, peer, ctx);
	*conn = paper_dialled;
	return 0;
}

int quic_listen(const struct quic_config *config, const struct sockaddr *addr,
		socklen_t len, struct quic **quic)
{
	(void)addr;
	(void)len;
	*quic = calloc(1, sizeof(**quic));
	fuzz_check(*quic);
	(*quic)->config = *config;
	paper_listening = *quic;
	return 0;
}

uint16_t quic_port(const struct quic *quic)
{
	(void)quic;
	return 1;
}

/* The fuzzer has ended all connections before. */
void quic_close(struct quic *quic, uint64_t code, const char *why)
{
	(void)code;
	(void)why;
	paper_listening = NULL;
	quic->config.ops->closed(quic->config.owner);
	free(quic);
}

static void conn_end(struct quic_conn *conn, int err, const char *why)
{
	if (conn->ending)
		return;
	conn->ending = 1;
	conn->err = err;
	snprintf(conn->why, sizeof(conn->why), "%s", why);
}

void quic_conn_close(struct quic_conn *conn, int err, uint64_t code,
		     const char *why)
{
	fuzz_check(code <= P2PUSB_CLOSE_SHUTDOWN);
	conn_end(conn, err, why);
}

void quic_conn_trust(struct quic_conn *conn)
{
	fuzz_check(conn->open);
}

void quic_conn_flush(struct quic_conn *conn)
{
	(void)conn;
}

void *quic_conn_ctx(const struct quic_conn *conn)
{
	return conn->ctx;
}

void quic_conn_set_ctx(struct quic_conn *conn, void *ctx)
{
	conn->ctx = ctx;
}

const uint8_t *quic_conn_peer(const struct quic_conn *conn)
{
	return conn->peer;
}

void quic_conn_addr(const struct quic_conn *conn, char *buf, size_t len)
{
	(void)conn;
	snprintf(buf, len, "paper");
}

void quic_conn_stats(const struct quic_conn *conn, struct quic_stats *stats)
{
	(void)conn;
	memset(stats, 0, sizeof(*stats));
	stats->srtt_us = 2000;
	stats->rttvar_us = 500;
}

/* Streams */

static struct quic_stream *stream_new(struct quic_conn *conn)
{
	struct quic_stream *stream = calloc(1, sizeof(*stream));

	fuzz_check(stream);
	stream->conn = conn;
	stream->id = conn->nstreams++;
	stream->owned = 1;
	LIST_INSERT_HEAD(&conn->streams, stream, entry);
	return stream;
}

static void stream_free(struct quic_stream *stream)
{
	if (paper_ears->gone)
		paper_ears->gone(stream);
	stream->conn->queued -= stream->queued;
	LIST_REMOVE(stream, entry);
	free(stream->bytes);
	free(stream);
}

int quic_stream_open(struct quic_conn *conn, unsigned int prio, void *ctx,
		     struct quic_stream **stream)
{
	fuzz_check(prio < QUIC_NPRIO);
	if (!conn->open || conn->ending)
		return -ESHUTDOWN;
	if (conn->nstreams >= PAPER_STREAMS_MAX)
		return -EUSERS;
	*stream = stream_new(conn);
	(*stream)->ctx = ctx;
	return 0;
}

void quic_stream_prio(struct quic_stream *stream, unsigned int prio)
{
	fuzz_check(stream->owned && prio < QUIC_NPRIO);
}

/* All of it is read, as it would be copied; what we say must be valid. */
int quic_stream_send(struct quic_stream *stream, const void *data, size_t len)
{
	struct quic_conn *conn = stream->conn;
	uint8_t *copy;

	fuzz_check(stream->owned);
	if (!conn->open || conn->ending)
		return -ESHUTDOWN;
	if (stream->queued + len > QUEUE_MAX)
		return -ENOMEM;
	stream->queued += len;
	conn->queued += len;
	copy = malloc(len ? len : 1);
	fuzz_check(copy);
	if (len)
		memcpy(copy, data, len);
	fuzz_check(!frame_feed(&stream->ear, &ear_ops, stream, copy, len));
	free(copy);
	return 0;
}

uint64_t quic_stream_queued(const struct quic_stream *stream)
{
	return stream->queued;
}

void quic_stream_close(struct quic_stream *stream)
{
	fuzz_check(stream->owned);
	stream->owned = 0;
	stream->ctx = NULL;
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
	return !stream->id;
}

/* The far side */

struct quic_conn *paper_connect(const uint8_t key[KEY_LEN])
{
	const struct quic_config *config = &paper_listening->config;
	struct quic_conn *conn;

	if (config->ops->admit(config->owner, key))
		return NULL;
	conn = conn_new(config, key, NULL);
	conn->open = 1;
	config->ops->ready(config->owner, conn);
	return conn;
}

void paper_ready(struct quic_conn *conn)
{
	if (conn->open || conn->ending)
		return;
	conn->open = 1;
	conn->ops->ready(conn->owner, conn);
}

struct quic_stream *paper_open(struct quic_conn *conn)
{
	struct quic_stream *stream;

	if (!conn->open || conn->ending ||
	    conn->nstreams >= PAPER_STREAMS_MAX)
		return NULL;
	stream = stream_new(conn);
	conn->ops->stream_new(conn, stream);
	return stream;
}

struct quic_stream *paper_stream(struct quic_conn *conn, unsigned int n)
{
	struct quic_stream *stream;
	unsigned int count = 0;

	LIST_FOREACH(stream, &conn->streams, entry)
		count++;
	if (!count)
		return NULL;
	n = count - 1 - n % count;
	LIST_FOREACH(stream, &conn->streams, entry)
		if (!n--)
			break;
	return stream;
}

static void hear(struct quic_stream *stream, const uint8_t *data, size_t len)
{
	if (!stream->deaf &&
	    frame_feed(&stream->mouth, &mouth_ops, stream, data, len))
		stream->deaf = 1;
}

static void chunk(struct quic_stream *stream, const uint8_t *data, size_t len)
{
	struct quic_conn *conn = stream->conn;
	uint8_t *copy;

	if (!stream->owned || stream->ended || conn->ending || !len)
		return;
	copy = malloc(len);
	fuzz_check(copy);
	memcpy(copy, data, len);
	hear(stream, copy, len);
	conn->ops->stream_data(stream, copy, len);
	free(copy);
	/* What is no message ends the link, or it had ended the stream. */
	fuzz_check(!stream->deaf || conn->ending || !stream->owned);
}

void paper_bytes(struct quic_stream *stream, const uint8_t *data, size_t len)
{
	size_t n;

	for (; len; len -= n, data += n) {
		n = len < CHUNK_MAX ? len : CHUNK_MAX;
		chunk(stream, data, n);
	}
}

/* Up to three bytes of the message are others. */
static void twist(uint8_t *bytes, size_t len, struct input *in)
{
	uint8_t how = input_u8(in);
	unsigned int n = how & 0xc0 ? 0 : how & 3;

	while (n--)
		bytes[input_u8(in) % len] = input_u8(in);
}

/* In one piece, in many, or only half of it. */
static void in_pieces(struct quic_stream *stream, const uint8_t *bytes,
		      size_t len, struct input *in)
{
	uint8_t how = input_u8(in);
	size_t piece = how & 0x80 ? (how & 0x7f) + 1u : len;
	size_t n;

	if (how == 0x7f)
		len /= 2;
	for (; len; len -= n, bytes += n) {
		n = piece < len ? piece : len;
		paper_bytes(stream, bytes, n);
	}
}

void paper_say(struct quic_stream *stream, const struct wire_msg *msg,
	       const uint8_t *payload, struct input *in)
{
	uint8_t head[WIRE_BUF_LEN];
	size_t len = wire_put(msg, head);
	uint8_t *bytes;

	fuzz_check(len);
	bytes = malloc(len + msg->payload);
	fuzz_check(bytes);
	memcpy(bytes, head, len);
	if (msg->payload)
		memcpy(bytes + len, payload, msg->payload);
	twist(bytes, len + msg->payload, in);
	in_pieces(stream, bytes, len + msg->payload, in);
	free(bytes);
}

void paper_babble(struct quic_stream *stream, struct input *in)
{
	size_t len = input_u8(in);
	uint8_t *bytes = input_block(in, &len);

	in_pieces(stream, bytes, len, in);
	free(bytes);
}

void paper_end(struct quic_stream *stream)
{
	if (stream->ended || stream->conn->ending)
		return;
	stream->ended = 1;
	if (!stream->owned)
		return;
	stream->conn->ops->stream_end(stream);
	stream->owned = 0;
	stream->ctx = NULL;
}

void paper_acknowledge(struct quic_conn *conn)
{
	struct quic_stream *stream;

	LIST_FOREACH(stream, &conn->streams, entry)
		stream->queued = 0;
	conn->queued = 0;
}

void paper_lose(struct quic_conn *conn, int err)
{
	conn_end(conn, err, "lost");
}

static void free_over(struct quic_conn *conn, int all)
{
	struct quic_stream *stream = LIST_FIRST(&conn->streams);
	struct quic_stream *next;

	for (; stream; stream = next) {
		next = LIST_NEXT(stream, entry);
		if (all || (!stream->owned && stream->id))
			stream_free(stream);
	}
}

int paper_settle(struct quic_conn *conn)
{
	free_over(conn, 0);
	if (!conn->ending)
		return 0;
	if (conn == paper_dialled)
		paper_dialled = NULL;
	conn->ops->down(conn, conn->err, conn->why);
	free_over(conn, 1);
	free(conn);
	return 1;
}
