/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xfer - one request: SUBMIT or RESET to engine to COMPLETE.
 *
 * Does not know the order of requests; see pipe.h.
 */
#ifndef P2PUSB_SERVER_XFER_H
#define P2PUSB_SERVER_XFER_H

#include <sys/queue.h>

#include "engine.h"
#include "ep0.h"
#include "wire.h"
#include "worker.h"

struct pipe;

/*
 * DOC: States of a request
 *
 *   QUEUED -> FLYING (engine) -> DONE -> told, freed
 *     |-----> WORKING (verb) --^  ^
 *     '---------------------------'  refused, swallowed, cancelled
 */
enum xfer_state {
	XFER_QUEUED,
	XFER_FLYING,
	XFER_WORKING,
	XFER_DONE,
};

/**
 * struct xfer - see above
 * @entry: in pipe->xfers
 * @io: what the engine gets; @io.status and @io.actual are the result
 * @pipe: of
 * @seq: names it
 * @state: written by xfer.c and pipe.c
 * @kind: endpoint 0: how it is carried out
 * @discard: its CANCEL is with the worker
 * @refs: the pipe's, the worker's
 * @refused: what it asks for is not done here
 * @queued_us: when it came
 * @started_us: when the device had it; 0 = never
 * @job: the verb, or its cancel
 */
struct xfer {
	TAILQ_ENTRY(xfer) entry;
	struct engine_xfer io;
	struct pipe *pipe;
	uint64_t seq;
	enum xfer_state state;
	enum ep0_kind kind;
	int discard;
	unsigned int refs;
	int refused;
	uint64_t queued_us;
	uint64_t started_us;
	struct worker_job job;
};

/**
 * xfer_new() - make room for a request
 * @pipe: of
 * @seq: of
 * @length: bytes of data
 * @xfer: out, QUEUED, not on the pipe's list
 *
 * Return: 0, -ENOMEM.
 */
int xfer_new(struct pipe *pipe, uint64_t seq, uint32_t length,
	     struct xfer **xfer);

/**
 * xfer_put() - one who used it has done
 * @xfer: freed with the last
 */
void xfer_put(struct xfer *xfer);

/**
 * xfer_start() - to the engine or the worker
 * @xfer: QUEUED, its turn; FLYING, WORKING or DONE afterwards
 *
 * Return: 0, -EAGAIN: the kernel lends no memory now, still QUEUED.
 */
int xfer_start(struct xfer *xfer);

/**
 * xfer_discard() - ask the engine to give it back
 * @xfer: FLYING; comes back as ever
 */
void xfer_discard(struct xfer *xfer);

/**
 * xfer_end() - give it a result without the device
 * @xfer: QUEUED
 * @status: enum p2pusb_status
 * @actual: bytes
 */
void xfer_end(struct xfer *xfer, uint32_t status, uint32_t actual);

/**
 * xfer_complete() - body of COMPLETE
 * @xfer: DONE
 * @msg: filled
 *
 * Return: payload of msg->payload bytes, valid until xfer_put().
 */
const void *xfer_complete(const struct xfer *xfer, struct wire_msg *msg);

#endif /* P2PUSB_SERVER_XFER_H */
