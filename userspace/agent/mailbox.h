/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mailbox - messages from one thread of the agent to the loop of another.
 *
 * Ownership of a letter travels with it.  Knows no letter's meaning but its
 * type.
 */
#ifndef P2PUSB_AGENT_MAILBOX_H
#define P2PUSB_AGENT_MAILBOX_H

#include <json-c/json.h>
#include <stdint.h>
#include <uv.h>

#include "refusal.h"
#include "target.h"

struct comeback;

/**
 * enum letter_type - what a letter is about
 * @LETTER_ATTACH: to a peer's thread, which keeps it and answers the kernel
 * @LETTER_LIST: to a peer's thread and back, with @data or @refusal
 * @LETTER_STATUS: to a peer's thread and back, with @data
 * @LETTER_STOP: to a peer's thread; comes back as its last sign of life
 */
enum letter_type {
	LETTER_ATTACH,
	LETTER_LIST,
	LETTER_STATUS,
	LETTER_STOP,
};

/**
 * struct letter - one message
 * @next: the mailbox's
 * @type: see there
 * @from: the peer's thread that sends it back
 * @ctx: of who wrote it, untouched by who answers
 * @cookie: ATTACH: of the kernel, 0 = nobody waits there
 * @comeback: ATTACH: who asks if there is no @cookie
 * @flags: ATTACH: P2PVHCI_PORT_*
 * @deadline: ATTACH, LIST: uv_hrtime() after which nobody waits
 * @device: ATTACH: DEVICE part of the target
 * @data: answer
 * @refusal: answer: @code is NULL when all went well
 */
struct letter {
	struct letter *next;
	enum letter_type type;
	void *from;
	void *ctx;
	uint64_t cookie;
	struct comeback *comeback;
	uint32_t flags;
	uint64_t deadline;
	char device[TARGET_DEVICE_MAX + 1];
	struct json_object *data;
	struct refusal refusal;
};

/**
 * struct mailbox - the letters of one loop
 * @lock: guards @head and @tail
 * @head: oldest
 * @tail: where the next goes
 * @async: wakes the loop
 * @take: called on the loop for each letter, which it owns
 * @owner: first argument of @take
 */
struct mailbox {
	uv_mutex_t lock;
	struct letter *head;
	struct letter **tail;
	uv_async_t async;
	void (*take)(void *owner, struct letter *letter);
	void *owner;
};

/**
 * mailbox_open() - letters arrive from now on
 * @box: filled
 * @loop: whose thread takes them
 * @take: see struct mailbox
 * @owner: see struct mailbox
 *
 * Return: 0, negative errno.
 */
int mailbox_open(struct mailbox *box, uv_loop_t *loop,
		 void (*take)(void *owner, struct letter *letter), void *owner);

/**
 * mailbox_post() - send a letter; any thread
 * @box: open
 * @letter: of malloc(); taken over
 */
void mailbox_post(struct mailbox *box, struct letter *letter);

/**
 * mailbox_close() - stop waking the loop; on its thread
 * @box: open; mailbox_free() follows when the loop has run
 */
void mailbox_close(struct mailbox *box);

/**
 * mailbox_free() - drop what was not taken
 * @box: closed, and nobody posts any more
 */
void mailbox_free(struct mailbox *box);

#endif /* P2PUSB_AGENT_MAILBOX_H */
