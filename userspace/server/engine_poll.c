// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_poll - hears on the loop when a usbfs file has transfers that are done.
 *
 * A handle of libuv is closed by the loop some time later and has to be closed
 * before its file is: so each start takes a new one.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine_poll.h"

struct engine_poll {
	uv_poll_t handle;
	void (*ready)(void *owner);
	void *owner;
};

static void poll_ready(uv_poll_t *handle, int status, int events)
{
	struct engine_poll *poll = handle->data;

	/*
	 * An error is the unplugged device: the kernel has ended all its
	 * transfers by then; libuv has stopped the poll already.
	 */
	(void)status;
	(void)events;
	poll->ready(poll->owner);
}

static void poll_free(uv_handle_t *handle)
{
	free(handle->data);
}

int engine_poll_start(uv_loop_t *loop, int fd, void (*ready)(void *owner),
		      void *owner, struct engine_poll **out)
{
	struct engine_poll *poll;
	int ret;

	poll = calloc(1, sizeof(*poll));
	if (!poll)
		return -ENOMEM;
	ret = uv_poll_init(loop, &poll->handle, fd);
	if (ret) {
		free(poll);
		return ret;
	}
	poll->handle.data = poll;
	poll->ready = ready;
	poll->owner = owner;
	uv_poll_start(&poll->handle, UV_WRITABLE, poll_ready);
	*out = poll;
	return 0;
}

void engine_poll_stop(struct engine_poll **poll)
{
	if (*poll)
		uv_close((uv_handle_t *)&(*poll)->handle, poll_free);
	*poll = NULL;
}

void engine_poll_mute(struct engine_poll *poll)
{
	uv_poll_stop(&poll->handle);
}
