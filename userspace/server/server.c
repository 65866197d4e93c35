// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * server - one loop: links, control socket, devices; and the way down.
 *
 * On the way down every part is asked to end and the loop runs on until none
 * of their handles is left; what does not end in time stays behind.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "device.h"
#include "leftover.h"
#include "log.h"
#include "notify.h"
#include "server.h"
#include "session.h"
#include "verbs.h"

static int fill_hello(struct server *server)
{
	const struct settings *s = &server->settings;
	struct wire_hello *hello = &server->hello;

	hello->major = P2PUSB_VERSION_MAJOR;
	hello->minor = P2PUSB_VERSION_MINOR;
	hello->caps = server->ops->caps | P2PUSB_CAP_DESCS;
	hello->max_urbs = s->max_urbs;
	hello->max_urb_bytes = s->max_urb_kib << 10;
	hello->max_ep_bytes = s->max_ep_kib << 10;
	snprintf(hello->name, sizeof(hello->name), "%s", s->name);
	if (getrandom(hello->boot_id, sizeof(hello->boot_id), 0) !=
	    sizeof(hello->boot_id))
		return -EIO;
	return 0;
}

static void listen_failed(const struct sockaddr_storage *addr, socklen_t len,
			  int err)
{
	char host[64] = "?";
	char port[8] = "?";

	getnameinfo((const struct sockaddr *)addr, len, host, sizeof(host),
		    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	log_err("%s: cannot start. Listening on %s, UDP port %s: %s.%s",
		err == -EADDRINUSE ? "E_BUSY" : "E_IO", host, port,
		strerror(-err), err == -EADDRINUSE ?
		" Is p2pusbd running already? Try: p2pusbctl --server status" :
		"");
}

static int start_links(struct server *server)
{
	const struct settings *s = &server->settings;
	struct link_config config = {
		.loop = &server->loop,
		.key = &server->key,
		.hello = server->hello,
		.ops = &session_ops,
		.owner = server,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < s->nlisten; i++) {
		ret = link_listen(&config,
				  (const struct sockaddr *)&s->listen[i],
				  s->listen_len[i], &server->listeners[i]);
		if (ret) {
			listen_failed(&s->listen[i], s->listen_len[i], ret);
			return ret;
		}
		server->nlisteners++;
	}
	return 0;
}

static int start_control(struct server *server)
{
	const char *path = server->settings.socket;
	int ret;

	ret = control_listen(&server->loop, path, verbs_table, server,
			     &server->control);
	if (ret)
		log_err("%s: cannot start. Control socket %s: %s.",
			ret == -EADDRINUSE ? "E_BUSY" : "E_IO", path,
			strerror(-ret));
	return ret;
}

static int start_engine(struct server *server)
{
	static const struct engine_events events = {
		.arrived = device_arrived,
		.left = device_left,
		.woke = device_woke,
		.deaf = device_deaf,
	};
	int ret;

	leftover_open(server->settings.socket, server->leftovers,
		      sizeof(server->leftovers));
	ret = worker_pool_open(&server->loop, &server->pool);
	if (!ret)
		ret = server->ops->start(&server->loop, &events, server,
					 &server->engine);
	if (ret)
		log_err("E_IO: cannot start. USB: %s.", strerror(-ret));
	return ret;
}

/* The way down */

static void close_rest(struct server *server)
{
	if (server->engine)
		server->ops->stop(server->engine);
	server->engine = NULL;
	if (server->pool)
		worker_pool_close(server->pool);
	server->pool = NULL;
}

void server_settle(struct server *server)
{
	/* Workers end in the loop, after the last word of their device. */
	if (server->stopping != 1 || server->nshared)
		return;
	server->stopping = 2;
	close_rest(server);
}

static void deadline_over(uv_timer_t *timer)
{
	struct server *server = timer->data;
	struct device *dev;

	TAILQ_FOREACH(dev, &server->devices, entry) {
		if (dev->state != DEVICE_UNSHARED)
			log_warn("%s: not given back to its drivers in time, still %s",
				 dev->info.busid,
				 device_state_name(dev->state));
	}
	server->stopping = 3;
	uv_stop(&server->loop);
}

static void release_devices(struct server *server)
{
	struct device *next;
	struct device *dev;

	for (dev = TAILQ_FIRST(&server->devices); dev; dev = next) {
		next = TAILQ_NEXT(dev, entry);
		device_unshare(dev, NULL, P2PUSB_CODE_SHUTDOWN,
			       "the server stops");
	}
}

static void server_stop(struct server *server)
{
	unsigned int i;

	if (server->stopping)
		return;
	notify_stopping();
	uv_timer_start(&server->deadline, deadline_over, SERVER_STOP_MS, 0);
	uv_unref((uv_handle_t *)&server->deadline);
	release_devices(server);
	for (i = 0; i < server->nlisteners; i++)
		link_listener_close(server->listeners[i], P2PUSB_CLOSE_SHUTDOWN,
				    "the server stops");
	if (server->control)
		control_close(server->control);
	uv_close((uv_handle_t *)&server->watchdog, NULL);
	uv_close((uv_handle_t *)&server->hunger, NULL);
	uv_close((uv_handle_t *)&server->sigterm, NULL);
	uv_close((uv_handle_t *)&server->sigint, NULL);
	server->stopping = 1;
	server_settle(server);
}

static void stop_asked(uv_signal_t *handle, int signum)
{
	(void)signum;
	log_note("stopping");
	server_stop(handle->data);
}

static void feed_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_alive();
}

static void serving(struct server *server)
{
	uint64_t ms = notify_alive_ms();

	if (ms)
		uv_timer_start(&server->watchdog, feed_watchdog, ms, ms);
	notify_ready("serving");
}

static int start_loop(struct server *server)
{
	int ret;

	ret = uv_loop_init(&server->loop);
	if (ret)
		return ret;
	uv_timer_init(&server->loop, &server->deadline);
	uv_timer_init(&server->loop, &server->watchdog);
	uv_timer_init(&server->loop, &server->hunger);
	uv_signal_init(&server->loop, &server->sigterm);
	uv_signal_init(&server->loop, &server->sigint);
	server->deadline.data = server;
	server->hunger.data = server;
	server->sigterm.data = server;
	server->sigint.data = server;
	uv_signal_start(&server->sigterm, stop_asked, SIGTERM);
	uv_signal_start(&server->sigint, stop_asked, SIGINT);
	server->heap.keep = HEAP_KEEP;
	TAILQ_INIT(&server->devices);
	TAILQ_INIT(&server->sessions);
	return 0;
}

static int start(struct server *server)
{
	int ret;

	ret = fill_hello(server);
	if (!ret)
		ret = start_links(server);
	if (!ret)
		ret = start_control(server);
	if (!ret)
		ret = start_engine(server);
	return ret;
}

/* Devices that were there at the end are not shared any more. */
static void forget_devices(struct server *server)
{
	struct device *dev;

	while ((dev = TAILQ_FIRST(&server->devices))) {
		TAILQ_REMOVE(&server->devices, dev, entry);
		free(dev);
	}
}

int server_run(struct server *server)
{
	int ret;

	ret = start_loop(server);
	if (ret) {
		log_err("E_IO: cannot start. Event loop: %s.", strerror(-ret));
		return ret;
	}
	ret = start(server);
	if (ret)
		server_stop(server);
	else
		serving(server);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	/* A worker that hangs in the kernel has its device, and the loop. */
	if (server->stopping == 3)
		return ret;
	forget_devices(server);
	heap_drop(&server->heap);
	/* Last: until here something could still hang (a probe, a link). */
	uv_close((uv_handle_t *)&server->deadline, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	return ret;
}
