/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper_kernel - the kernel's half of a ring, for one process.
 *
 * Publishes requests as the module would and holds every completion against
 * <linux/p2pvhci.h>: what would kill the queue, or end a request twice, stops
 * the fuzzer.
 */
#ifndef P2PUSB_FUZZ_PAPER_KERNEL_H
#define P2PUSB_FUZZ_PAPER_KERNEL_H

#include <linux/p2pvhci.h>

#include "input.h"
#include "ring.h"

#define PAPER_TAGS	16u
#define PAPER_PORTS	4u
#define PAPER_EPS	32u

/**
 * struct paper_slot - a request that the agent has
 * @busy: it does
 * @cancelled: CANCEL was published
 * @req: as published
 * @copied: bytes that went by COPY
 * @lens: isochronous: asked for
 */
struct paper_slot {
	int busy;
	int cancelled;
	uint32_t copied;
	struct p2pvhci_req req;
	uint32_t lens[P2PVHCI_NPKT_MAX];
};

/**
 * struct paper_port - of the controller
 * @bound: it has a device
 * @epoch: of the device
 * @asleep: SUSPEND was published, RESUME was not
 * @types: of its endpoints, by slot: enum p2pvhci_xfer + 1
 * @seqs: last one, by slot
 */
struct paper_port {
	int bound;
	int asleep;
	uint32_t epoch;
	uint8_t types[PAPER_EPS];
	uint64_t seqs[PAPER_EPS];
};

/**
 * struct paper_kernel - all of it
 * @ring: the agent's, NULL = none
 * @opened: rings, ever
 * @slots: by tag
 * @ports: numbered from 1
 * @taken: completions consumed
 * @generation: of tokens
 * @bind_error: positive errno for BIND
 * @copy_error: likewise for COPY
 * @answered: ATTACH_DONE came
 */
struct paper_kernel {
	struct ring *ring;
	unsigned int opened;
	struct paper_slot slots[PAPER_TAGS];
	struct paper_port ports[PAPER_PORTS];
	uint32_t taken;
	uint64_t generation;
	int bind_error;
	int copy_error;
	unsigned int answered;
};

extern struct paper_kernel paper_kernel;

/* A driver submits something; the input says what. */
void paper_kernel_submit(struct input *in);

/* Isochronous, to endpoint 4, so that streams of it come to be. */
void paper_kernel_iso(struct input *in);

/* RESET, STREAMS, SUSPEND, RESUME. */
void paper_kernel_verb(struct input *in);

/* A driver wants something back. */
void paper_kernel_cancel(struct input *in);

/* Somebody detaches a port, or the machine goes to sleep. */
void paper_kernel_unbind(struct input *in);

/* The queue is killed. */
void paper_kernel_kill(void);

/* Consume completions, as ENTER does. */
void paper_kernel_consume(void);

#endif /* P2PUSB_FUZZ_PAPER_KERNEL_H */
