// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mailbox - messages from one thread of the agent to the loop of another.
 *
 * Not bounded by itself: each letter answers a request whose number is.
 */
#include <stdlib.h>

#include "mailbox.h"

static struct letter *take_all(struct mailbox *box)
{
	struct letter *head;

	uv_mutex_lock(&box->lock);
	head = box->head;
	box->head = NULL;
	box->tail = &box->head;
	uv_mutex_unlock(&box->lock);
	return head;
}

static void mailbox_wake(uv_async_t *async)
{
	struct mailbox *box = async->data;
	struct letter *letter = take_all(box);
	struct letter *next;

	for (; letter; letter = next) {
		next = letter->next;
		box->take(box->owner, letter);
	}
}

int mailbox_open(struct mailbox *box, uv_loop_t *loop,
		 void (*take)(void *owner, struct letter *letter), void *owner)
{
	int ret;

	box->head = NULL;
	box->tail = &box->head;
	box->take = take;
	box->owner = owner;
	ret = uv_mutex_init(&box->lock);
	if (ret)
		return ret;
	ret = uv_async_init(loop, &box->async, mailbox_wake);
	if (ret)
		uv_mutex_destroy(&box->lock);
	box->async.data = box;
	return ret;
}

void mailbox_post(struct mailbox *box, struct letter *letter)
{
	letter->next = NULL;
	uv_mutex_lock(&box->lock);
	*box->tail = letter;
	box->tail = &letter->next;
	uv_mutex_unlock(&box->lock);
	uv_async_send(&box->async);
}

void mailbox_close(struct mailbox *box)
{
	uv_close((uv_handle_t *)&box->async, NULL);
}

void mailbox_free(struct mailbox *box)
{
	struct letter *letter = take_all(box);
	struct letter *next;

	for (; letter; letter = next) {
		next = letter->next;
		if (letter->data)
			json_object_put(letter->data);
		free(letter);
	}
	uv_mutex_destroy(&box->lock);
}
