/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * want - something that somebody waits for from a peer: a list, a device.
 *
 * Every want ends with exactly one answer before its deadline.  Does not
 * dial: it asks the remote to.
 */
#ifndef P2PUSB_AGENT_WANT_H
#define P2PUSB_AGENT_WANT_H

#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "mailbox.h"
#include "wire.h"

struct descs;
struct remote;

/**
 * enum want_state - what it waits for
 * @WANT_LINK: link up and list complete
 * @WANT_LEAVING: the server has the same device back from us
 * @WANT_ANSWER: ATTACH is sent
 * @WANT_LATE: answered E_TIMEOUT meanwhile: an ATTACHED is undone; no letter
 */
enum want_state {
	WANT_LINK,
	WANT_LEAVING,
	WANT_ANSWER,
	WANT_LATE,
};

/**
 * struct want - one of them
 * @entry: in the remote's list
 * @remote: peer
 * @letter: who asked; NULL in WANT_LATE
 * @timer: deadline
 * @state: see there
 * @req: of ATTACH
 * @busid: chosen device
 */
struct want {
	TAILQ_ENTRY(want) entry;
	struct remote *remote;
	struct letter *letter;
	uv_timer_t timer;
	enum want_state state;
	uint32_t req;
	char busid[P2PUSB_BUSID_MAX + 1];
};

TAILQ_HEAD(want_list, want);

/**
 * want_take() - somebody asks
 * @remote: peer
 * @letter: ATTACH or LIST; taken over
 */
void want_take(struct remote *remote, struct letter *letter);

/**
 * want_step() - what the wants waited for may be there
 * @remote: link up and list complete, or a device came back to the server
 */
void want_step(struct remote *remote);

/**
 * want_attached() - ATTACHED
 * @remote: peer
 * @attached: its answer
 * @descs: that came with it; zeroed when the port has taken them
 *
 * Return: 0; -EPROTO when nobody asked for that, or for no such thing.
 */
int want_attached(struct remote *remote, const struct wire_attached *attached,
		  struct descs *descs);

/**
 * want_refused() - REFUSED
 * @remote: peer
 * @refused: its answer
 *
 * Return: 0; -EPROTO when nobody asked for that.
 */
int want_refused(struct remote *remote, const struct wire_refused *refused);

/**
 * want_rewind() - we hung up ourselves: ask again on another link
 * @remote: IDLE
 */
void want_rewind(struct remote *remote);

/**
 * want_refuse_all() - none of them can be had
 * @remote: peer
 * @code: of lib/error.c
 * @why: sentence
 * @hint: or NULL
 */
void want_refuse_all(struct remote *remote, const char *code, const char *why,
		     const char *hint);

#endif /* P2PUSB_AGENT_WANT_H */
