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
 * @flown: the engine had it
 * @streams: EP0_STREAMS: what is asked for
 * @power: EP0_POWER: enum p2pusb_power_state
 * @queued_us: when it came
 * @started_us: when the device had it; 0 = never
 * @job: the verb, or its cancel
 * @packets: io.npkt of them, and behind them as many lengths
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
	int flown;
	union {
		struct wire_streams streams;
		uint32_t power;
	};
	uint64_t queued_us;
	uint64_t started_us;
	struct worker_job job;
	struct wire_packet packets[];
};

/**
 * xfer_new() - make room for a request
 * @pipe: of
 * @seq: of
 * @length: bytes of data
 * @npkt: isochronous packets
 * @xfer: out, QUEUED, not on the pipe's list
 *
 * Return: 0, -ENOMEM.
 */
int xfer_new(struct pipe *pipe, uint64_t seq, uint32_t length, uint16_t npkt,
	     struct xfer **xfer);

/**
 * xfer_payload() - where the payload of SUBMIT goes
 * @xfer: new
 *
 * Return: its packet lengths, if any, and its data behind them.
 */
void *xfer_payload(struct xfer *xfer);

/**
 * xfer_lens() - take the packet lengths from the payload
 * @xfer: isochronous, payload complete
 *
 * Return: 0, -EPROTO when they do not add up.
 */
int xfer_lens(struct xfer *xfer);

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
const void *xfer_complete(struct xfer *xfer, struct wire_msg *msg);

#endif /* P2PUSB_SERVER_XFER_H */
