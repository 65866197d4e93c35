/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * comeback - plug a device in again that was unplugged because this machine
 * goes to sleep.
 *
 * Asks for it as the tool did, later and later, as long as the kernel says that
 * the machine is not awake yet or the peer is not there, and gives up in the
 * end.  Does not attach: want.c does.
 */
#ifndef P2PUSB_AGENT_COMEBACK_H
#define P2PUSB_AGENT_COMEBACK_H

#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "target.h"

struct port;
struct refusal;
struct remote;

/**
 * struct comeback - one device
 * @entry: in the remote's list
 * @remote: peer
 * @timer: when to ask next
 * @wait_ms: before that
 * @until: uv_hrtime() after which nobody hopes any more; it stands still while
 *	the machine sleeps
 * @flags: P2PVHCI_PORT_*
 * @device: DEVICE part of the target
 */
struct comeback {
	TAILQ_ENTRY(comeback) entry;
	struct remote *remote;
	uv_timer_t timer;
	uint64_t wait_ms;
	uint64_t until;
	uint32_t flags;
	char device[TARGET_DEVICE_MAX + 1];
};

TAILQ_HEAD(comeback_list, comeback);

/**
 * comeback_start() - this one shall come back
 * @port: about to end
 */
void comeback_start(const struct port *port);

/**
 * comeback_done() - it is plugged in, or nobody wants it any more
 * @comeback: freed when the loop has run
 */
void comeback_done(struct comeback *comeback);

/**
 * comeback_failed() - not this time
 * @comeback: asks again, or gives up
 * @refusal: why
 */
void comeback_failed(struct comeback *comeback, const struct refusal *refusal);

/**
 * comeback_drop_all() - the agent stops
 * @remote: peer; no want that was asked for by one of these may be left
 */
void comeback_drop_all(struct remote *remote);

#endif /* P2PUSB_AGENT_COMEBACK_H */
