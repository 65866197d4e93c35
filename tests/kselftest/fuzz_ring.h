/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of fuzz-ring: a liar (agent) that breaks every rule of the ring, a
 * driver that wants its URBs back, and a board on which they count.
 *
 * An honest pair runs beside them, see fuzz_honest.h.
 */
#ifndef KSELFTEST_FUZZ_RING_H
#define KSELFTEST_FUZZ_RING_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/p2pvhci.h>

#include "fuzz_dice.h"
#include "fuzz_honest.h"
#include "ringdev.h"

#define FUZZ_WORKERS		4
#define FUZZ_PRODUCT		0x1000	/* idProduct, so many a worker */
#define FUZZ_TOKENS		64

/**
 * struct fuzz_board - what all processes share
 * @seed: of everything
 * @wanted: completions
 * @limit_ms: an URB has to be back after this
 * @stop: no new round
 * @taken: completions that the kernel took from a ring
 * @alone: likewise, of queues without a device
 * @lies: of @taken, those that no agent may say
 * @deaths: queues killed for a violation
 * @kills: agents killed
 * @queues: rings made
 * @urbs: submitted
 * @back: came back
 * @discards: taken back by the driver
 * @calls: ioctls
 * @maps: mappings tried
 * @longest_ms: from the death of a queue to its last URB
 * @tokens: seen on any queue
 * @ntokens: how many ever
 */
struct fuzz_board {
	uint64_t seed;
	uint64_t wanted;
	long limit_ms;

	_Atomic int stop;
	_Atomic uint64_t taken;
	_Atomic uint64_t alone;
	_Atomic uint64_t lies;
	_Atomic uint64_t deaths;
	_Atomic uint64_t kills;
	_Atomic uint64_t queues;
	_Atomic uint64_t urbs;
	_Atomic uint64_t back;
	_Atomic uint64_t discards;
	_Atomic uint64_t calls;
	_Atomic uint64_t maps;
	_Atomic long longest_ms;
	_Atomic uint64_t tokens[FUZZ_TOKENS];
	_Atomic uint32_t ntokens;
};

extern struct fuzz_board *fuzz_board;

/* What an ENTER has to say after a completion. */
enum fuzz_verdict {
	FUZZ_LIVES,
	FUZZ_DIES,
	FUZZ_EITHER,
};

/**
 * struct fuzz_kept - a request that is not answered yet
 * @req: the request
 * @copied: IN bytes brought by IOC_COPY, at least
 */
struct fuzz_kept {
	struct p2pvhci_req req;
	uint32_t copied;
};

#define FUZZ_KEPT	256
#define FUZZ_SETTLED	64

/**
 * struct fuzz_liar - an agent with one device
 * @d: its queue
 * @dice: its chance
 * @turn: the lie that it begins with
 * @lie_in: one completion in so many is a lie
 * @silent: answers nothing once the device is configured
 * @early: lies while the device is enumerated
 * @blurred: somebody scribbles, so no verdict is certain
 * @kept: requests not answered
 * @settled: tokens answered
 * @nsettled: how many ever
 * @batch: completions pushed since the last ENTER
 * @verdict: what the next ENTER has to say
 * @why: the completion that it has to say it for
 * @iso_base: where packet arrays of this batch lie
 * @unbound: its device is gone by its own word
 * @ended: threads beside it are to end
 */
struct fuzz_liar {
	struct ringdev d;
	struct fuzz_dice dice;
	uint32_t turn;
	uint32_t lie_in;
	int silent;
	int early;
	int blurred;
	struct fuzz_kept kept[FUZZ_KEPT];
	uint32_t nkept;
	uint64_t settled[FUZZ_SETTLED];
	uint32_t nsettled;
	uint32_t batch;
	enum fuzz_verdict verdict;
	const char *why;
	uint32_t iso_base;
	_Atomic int unbound;
	_Atomic int ended;
};

/* Does this request bring bytes back? */
static inline int fuzz_is_in(const struct p2pvhci_req *req)
{
	return (req->ep ? req->ep : req->setup[0]) & 0x80;
}

/* fuzz_ring_lie.c: answer request number @i of those kept, or lie of any. */
void fuzz_ring_truth(struct fuzz_liar *l, uint32_t i);
void fuzz_ring_lie(struct fuzz_liar *l);

/* fuzz_ring_agent.c: be a hostile agent until killed, or dead. */
void __attribute__((noreturn)) fuzz_ring_agent(uint64_t seed, uint16_t product,
					       uint32_t turn);
/* Push as it is; @verdict is what follows. */
void fuzz_ring_push(struct fuzz_liar *l, const struct p2pvhci_cmp *cmp,
		    enum fuzz_verdict verdict, const char *why);

/* fuzz_ring_call.c: ioctls. */
struct fuzz_caller {
	struct fuzz_liar *l;
	struct fuzz_dice dice;
	unsigned int binds;
};

void fuzz_ring_call(struct fuzz_caller *c);
/* IOC_COPY of a request that is kept. */
void fuzz_ring_copy(struct fuzz_liar *l, struct fuzz_kept *kept);
/* Memory of every bad kind, for @len bytes; good if @good. */
void *fuzz_ring_memory(struct fuzz_liar *l, struct fuzz_dice *dice, size_t len,
		       int *good);

/* fuzz_ring_map.c: mappings, and the file in other hands. */
void fuzz_ring_map(int fd, const struct p2pvhci_setup *setup,
		   struct fuzz_dice *dice);
void fuzz_ring_pass(int fd, struct fuzz_dice *dice);

/* fuzz_ring_alone.c: a queue without a device. */
void fuzz_ring_alone(struct fuzz_dice *dice);

/* fuzz_ring_drive.c: rounds of an agent and a driver, until told to stop. */
void fuzz_ring_drive(unsigned int worker);

#endif /* KSELFTEST_FUZZ_RING_H */
