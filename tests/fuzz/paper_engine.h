/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper_engine - devices of paper for the server.
 *
 * Keeps the contract of server/engine.h and holds the server to it.  What a
 * device does, and when, the input says.
 */
#ifndef P2PUSB_FUZZ_PAPER_ENGINE_H
#define P2PUSB_FUZZ_PAPER_ENGINE_H

#include "engine.h"
#include "input.h"

#define PAPER_OPEN_MAX	8	/* a device may be back before the old one is closed */
#define PAPER_FLYING	1024	/* transfers of one device */

/**
 * struct engine_device - one that is open
 * @at: where in paper_engine.devices
 * @held: between hold and resume
 * @claimed: likewise
 * @nflying: of @flying
 * @ncancelled: of @cancelled
 * @flying: submitted, not done
 * @cancelled: to be told when it is no longer held
 */
struct engine_device {
	unsigned int at;
	int held;
	int claimed;
	unsigned int nflying;
	unsigned int ncancelled;
	struct engine_xfer *flying[PAPER_FLYING];
	struct engine_xfer *cancelled[PAPER_FLYING];
};

/**
 * struct paper_engine - what all devices do
 * @devices: those that are open
 * @bytes: of buffers that are out
 * @room: bytes that the kernel lends for transfers, of all devices; 0 = any
 * @lent: of them
 * @verb_err: of what the worker asks, negative errno
 * @submit_err: likewise, of submit
 * @claim_err: likewise, of claim and open
 * @missing: endpoint that is not there
 * @no_memory: alloc fails
 * @deaf: called once, at the end of the next resume
 * @descs: answers to GET_DESCRIPTOR, as the input had them
 */
struct paper_engine {
	struct engine_device *devices[PAPER_OPEN_MAX];
	size_t bytes;
	size_t room;
	size_t lent;
	int verb_err;
	int submit_err;
	int claim_err;
	uint8_t missing;
	int no_memory;
	void (*deaf)(struct engine_device *dev);
	struct input descs;
};

extern struct paper_engine paper_engine;
extern const struct engine_ops paper_engine_ops;

/* A transfer of a device is done; the input says which and how. */
void paper_engine_done(struct input *in);

/* All transfers of all devices that are not held are done. */
int paper_engine_drain(void);

#endif /* P2PUSB_FUZZ_PAPER_ENGINE_H */
