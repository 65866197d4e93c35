/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue - a ring on the loop of a peer's thread.
 *
 * Takes requests, hands completions over once a turn of the loop, and sleeps
 * by the rules of the ring, once that pays.  Does not know what a link is.
 */
#ifndef P2PUSB_AGENT_QUEUE_H
#define P2PUSB_AGENT_QUEUE_H

#include <uv.h>

#include "ring.h"
#include "ring_idle.h"
#include "xfer.h"

struct remote;

/**
 * struct queue - one ring of one peer
 * @ring: the mappings
 * @idle: when to sleep
 * @xfers: its requests
 * @remote: whose
 * @poll: wakes the loop when requests come
 * @turn: does everything, when the loop has heard of something
 * @last: likewise, before the loop sleeps
 * @again: keeps the loop from sleeping when a turn left work
 * @closing: handles not yet closed
 */
struct queue {
	struct ring ring;
	struct ring_idle idle;
	struct xfer_table xfers;
	struct remote *remote;
	uv_poll_t poll;
	uv_check_t turn;
	uv_prepare_t last;
	uv_idle_t again;
	unsigned int closing;
};

/**
 * queue_open() - a ring of its own for a peer
 * @remote: whose; its loop and settings are used
 * @queue: out
 *
 * Return: 0, negative errno of ring_open().
 */
int queue_open(struct remote *remote, struct queue **queue);

/**
 * queue_close() - give it up; its ports are gone
 * @queue: freed when the loop has run
 */
void queue_close(struct queue *queue);

#endif /* P2PUSB_AGENT_QUEUE_H */
