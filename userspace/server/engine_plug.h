/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_plug - devices that come and go; all engines hear it from libusb.
 *
 * Has a libusb context of its own, which opens no device.
 */
#ifndef P2PUSB_SERVER_ENGINE_PLUG_H
#define P2PUSB_SERVER_ENGINE_PLUG_H

#include <libusb.h>
#include <sys/queue.h>
#include <uv.h>

#include "engine.h"

#define ENGINE_POLLS		4	/* files of the hotplug context */

struct engine_plug;
struct plug_poll;

TAILQ_HEAD(engine_plug_list, engine_plug);

/**
 * struct engine - the hotplug context and what it has seen
 * @loop: of the server
 * @events: who is told
 * @owner: first argument of @events
 * @ctx: hears hotplug, opens nothing
 * @hotplug: its callback
 * @polls: its files in the loop
 * @npolls: of them
 * @plugged: devices that are there
 * @probing: of them, those whose strings are being read
 * @stopping: freed when nothing is probed any more
 */
struct engine {
	uv_loop_t *loop;
	struct engine_events events;
	void *owner;
	libusb_context *ctx;
	libusb_hotplug_callback_handle hotplug;
	struct plug_poll *polls[ENGINE_POLLS];
	unsigned int npolls;
	struct engine_plug_list plugged;
	unsigned int probing;
	int stopping;
};

/* Members of struct engine_ops */
int engine_plug_start(uv_loop_t *loop, const struct engine_events *events,
		      void *owner, struct engine **engine);
void engine_plug_stop(struct engine *engine);

#endif /* P2PUSB_SERVER_ENGINE_PLUG_H */
