/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper_quic - connections without packets: lib/quic.h for one process.
 *
 * The far side is the fuzzer: what it says is handed to the link as lib/quic.c
 * would do, what the link says is decoded and shown to the fuzzer.  Does not
 * lose, reorder or encrypt.
 */
#ifndef P2PUSB_FUZZ_PAPER_QUIC_H
#define P2PUSB_FUZZ_PAPER_QUIC_H

#include <sys/queue.h>

#include "frame.h"
#include "input.h"
#include "quic.h"

#define PAPER_STREAMS_MAX	48

/**
 * struct quic_stream - as the link sees it, and the other end of it
 * @entry: of its connection
 * @conn: whose
 * @ctx: the link's
 * @id: 0 = the first
 * @owned: the link has not closed it
 * @ended: the far side has
 * @queued: bytes that the far side did not acknowledge
 * @ear: decodes what the link says
 * @bytes: payload of what the link says, while @heard is told
 * @mouth: decodes what the far side says
 * @deaf: the far side said something that is no message
 * @tag: the fuzzer's
 */
struct quic_stream {
	LIST_ENTRY(quic_stream) entry;
	struct quic_conn *conn;
	void *ctx;
	unsigned int id;
	int owned;
	int ended;
	uint64_t queued;
	struct frame ear;
	uint8_t *bytes;
	struct frame mouth;
	int deaf;
	void *tag;
};

LIST_HEAD(quic_streams, quic_stream);

/**
 * struct paper_ears - what the fuzzer is told
 * @heard: the link said this
 * @said: the far side is about to have said this, as far as it is a message
 * @gone: a stream is freed
 */
struct paper_ears {
	void (*heard)(struct quic_stream *stream, const struct wire_msg *msg);
	void (*said)(struct quic_stream *stream, const struct wire_msg *msg);
	void (*gone)(struct quic_stream *stream);
};

extern const struct paper_ears *paper_ears;

/**
 * struct quic_conn - a connection
 * @streams: of it
 * @ops: of the link
 * @owner: of @ops
 * @ctx: the link's
 * @peer: key of the far side
 * @open: the handshake is over
 * @ending: closed by one side, @down is owed
 * @err: for @down
 * @why: for @down
 * @nstreams: opened, ever
 * @queued: of all streams
 */
struct quic_conn {
	struct quic_streams streams;
	const struct quic_ops *ops;
	void *owner;
	void *ctx;
	uint8_t peer[KEY_LEN];
	int open;
	int ending;
	int err;
	char why[QUIC_WHY_LEN];
	unsigned int nstreams;
	uint64_t queued;
};

/* The last that quic_dial() and quic_listen() made; NULL = none. */
extern struct quic_conn *paper_dialled;
extern struct quic *paper_listening;

/* A peer of that key connects; NULL: not admitted. */
struct quic_conn *paper_connect(const uint8_t key[KEY_LEN]);

/* The handshake of a connection that was dialled is over. */
void paper_ready(struct quic_conn *conn);

/* The far side opens a stream; NULL: it may not. */
struct quic_stream *paper_open(struct quic_conn *conn);

/* Stream by order of its opening, modulo their number; NULL: there is none. */
struct quic_stream *paper_stream(struct quic_conn *conn, unsigned int n);

/* The far side says bytes; nothing happens where they would not arrive. */
void paper_bytes(struct quic_stream *stream, const uint8_t *data, size_t len);

/* The far side says a message, twisted and in pieces as the input has it. */
void paper_say(struct quic_stream *stream, const struct wire_msg *msg,
	       const uint8_t *payload, struct input *in);

/* The far side says what the input has: no message, most likely. */
void paper_babble(struct quic_stream *stream, struct input *in);

/* The far side ends a stream. */
void paper_end(struct quic_stream *stream);

/* The far side has got everything. */
void paper_acknowledge(struct quic_conn *conn);

/* The connection is lost. */
void paper_lose(struct quic_conn *conn, int err);

/*
 * The loop's turn: streams that are over are freed, and a connection that ends
 * is down.  Return: non-zero when @conn was freed.
 */
int paper_settle(struct quic_conn *conn);

#endif /* P2PUSB_FUZZ_PAPER_QUIC_H */
