/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_poll - hears on the loop when a usbfs file has transfers that are done.
 *
 * Reads nothing from the file itself.
 */
#ifndef P2PUSB_SERVER_ENGINE_POLL_H
#define P2PUSB_SERVER_ENGINE_POLL_H

#include <uv.h>

struct engine_poll;

/**
 * engine_poll_start() - begin to listen
 * @loop: where @ready is called
 * @fd: usbfs file; not closed before engine_poll_stop()
 * @ready: something is done, or the device was unplugged
 * @owner: its argument
 * @poll: out
 *
 * Return: 0, negative errno when there is no memory for it.
 */
int engine_poll_start(uv_loop_t *loop, int fd, void (*ready)(void *owner),
		      void *owner, struct engine_poll **poll);

/**
 * engine_poll_stop() - do not listen any more; the file may be closed then
 * @poll: of engine_poll_start(), set to NULL; NULL
 */
void engine_poll_stop(struct engine_poll **poll);

/**
 * engine_poll_mute() - hear nothing more of a file that hung up
 * @poll: started, and stays so for engine_poll_stop()
 *
 * A file that hung up is ready for ever.
 */
void engine_poll_mute(struct engine_poll *poll);

#endif /* P2PUSB_SERVER_ENGINE_POLL_H */
