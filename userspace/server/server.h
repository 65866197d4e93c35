/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server - what the parts of p2pusbd share: one loop, its devices, its peers.
 *
 * Everything here belongs to the loop's thread.
 */
#ifndef P2PUSB_SERVER_SERVER_H
#define P2PUSB_SERVER_SERVER_H

#include <sys/queue.h>
#include <uv.h>

#include "control.h"
#include "engine.h"
#include "heap.h"
#include "key.h"
#include "link.h"
#include "peer.h"
#include "settings.h"
#include "worker.h"

#define SERVER_STOP_MS	1800	/* devices not back by then stay behind */

struct device;
struct pipe;
struct session;

TAILQ_HEAD(device_list, device);
TAILQ_HEAD(session_list, session);
LIST_HEAD(hungry_list, pipe);

/**
 * struct server - the daemon
 * @loop: the only one
 * @settings: of the configuration file
 * @key: identity
 * @peers: who may come
 * @ops: engine in use
 * @engine: its instance
 * @pool: results of the workers
 * @control: socket for p2pusbctl
 * @leftovers: folder of leftover.h
 * @hello: what we say of ourselves, and the credits we gave
 * @listeners: one per address
 * @nlisteners: of them in use
 * @hungry: pipes whose next request the kernel lends no memory for
 * @hunger: looks after them
 * @hungry_ms: since_ms of the one that waits longest, 0 = none does
 * @heap: for requests
 * @nflying: requests that the engine has, of all devices
 * @devices: all that are plugged in
 * @sessions: all links
 * @nsessions: of them
 * @nshared: devices with a worker
 * @stopping: on the way down
 * @deadline: of the way down
 * @watchdog: feeds that of the service manager
 * @sigterm: asks to stop
 * @sigint: likewise
 */
struct server {
	uv_loop_t loop;
	struct settings settings;
	struct key key;
	struct peer_list *peers;
	const struct engine_ops *ops;
	struct engine *engine;
	struct worker_pool *pool;
	struct control *control;
	char leftovers[128];
	struct wire_hello hello;
	struct link_listener *listeners[SETTINGS_LISTEN_MAX];
	unsigned int nlisteners;
	struct hungry_list hungry;
	uv_timer_t hunger;
	uint64_t hungry_ms;
	struct heap heap;
	unsigned int nflying;
	struct device_list devices;
	struct session_list sessions;
	unsigned int nsessions;
	unsigned int nshared;
	int stopping;
	uv_timer_t deadline;
	uv_timer_t watchdog;
	uv_signal_t sigterm;
	uv_signal_t sigint;
};

/**
 * server_run() - serve until SIGTERM or SIGINT
 * @server: settings and key filled; privileges are gone
 *
 * Return: 0 after an orderly stop; negative errno, reported, otherwise.
 */
int server_run(struct server *server);

/**
 * server_settle() - a device was freed or is no longer shared
 * @server: which may have waited for that to stop
 */
void server_settle(struct server *server);

#endif /* P2PUSB_SERVER_SERVER_H */
