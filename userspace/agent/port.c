// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * port - one device of a peer, plugged into one port of our controller.
 *
 * Does not look at requests: xfer.c does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "iso.h"
#include "log.h"
#include "port.h"
#include "queue.h"
#include "remote.h"
#include "times.h"

#define PORT_LANES_MAX	2	/* USB 3.2 has no more */
#define PORT_FUSE_MS	2000	/* from a lost stream to its DETACHED */

static void init_eps(struct port *port)
{
	struct port_ep *ep;
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++) {
		ep = &port->eps[i];
		ep->port = port;
		ep->addr = (uint8_t)((i & 0x0f) | (i & 0x10) << 3);
		TAILQ_INIT(&ep->pending);
		TAILQ_INIT(&ep->sent);
	}
}

/* 0 unless SUPER_PLUS; what a peer says is cut to what exists. */
static uint8_t lanes_of(const struct wire_device *device)
{
	if (device->speed != P2PUSB_SPEED_SUPER_PLUS)
		return 0;
	if (device->lanes > PORT_LANES_MAX)
		return PORT_LANES_MAX;
	return device->lanes ? device->lanes : 1;
}

/* What the kernel does not know of an attach that no tool asked for. */
static void describe(const struct port *port, struct p2pvhci_bind *bind,
		     char *target, size_t len)
{
	snprintf(target, len, "%s/%s", port->remote->peer.name, port->target);
	bind->flags = port->flags;
	bind->target = (uintptr_t)target;
	bind->target_len = (uint32_t)strlen(target);
}

static int bind_port(struct port *port, uint64_t cookie)
{
	char target[PEER_NAME_MAX + TARGET_DEVICE_MAX + 2];
	struct p2pvhci_bind bind = {
		.cookie = cookie,
		.speed = port->device.speed,
		.lanes = lanes_of(&port->device),
		.vid = port->device.vid,
		.pid = port->device.pid,
	};
	int ret;

	if (!cookie)
		describe(port, &bind, target, sizeof(target));
	ret = ring_bind(&port->queue->ring, &bind);
	if (ret)
		return ret;
	port->number = bind.port;
	port->epoch = bind.epoch;
	return 0;
}

int port_open(struct remote *remote, const struct letter *letter,
	      const struct wire_attached *attached, struct port **out)
{
	struct port *port;
	int ret;

	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->remote = remote;
	port->queue = remote->queue;
	port->dev = attached->dev;
	port->device = attached->device;
	strcpy(port->target, letter->device);
	port->flags = letter->flags;
	port->since = time(NULL);
	init_eps(port);
	ret = bind_port(port, letter->cookie);
	if (ret) {
		free(port);
		return ret;
	}
	uv_timer_init(&remote->loop, &port->fuse);
	port->fuse.data = port;
	TAILQ_INSERT_TAIL(&remote->ports, port, entry);
	*out = port;
	return 0;
}

static void close_isos(struct port *port)
{
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++)
		iso_close(&port->eps[i]);
}

static void close_streams(struct port *port)
{
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++) {
		/* They went down with their link. */
		if (port->eps[i].stream && port->remote->link)
			link_ep_close(port->eps[i].stream);
		port->eps[i].stream = NULL;
	}
}

/* The server may need a while to give it back to its own drivers. */
static void tell_server(struct port *port)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_DETACH,
		.detach = { .dev = port->dev },
	};
	struct remote *remote = port->remote;
	struct leaving *leaving;

	if (remote->state != REMOTE_UP || link_send(remote->link, &msg))
		return;
	leaving = calloc(1, sizeof(*leaving));
	if (!leaving)
		return;
	leaving->dev = port->dev;
	strcpy(leaving->busid, port->device.busid);
	TAILQ_INSERT_TAIL(&remote->leaving, leaving, entry);
}

static void port_closed(uv_handle_t *fuse)
{
	struct port *port = fuse->data;

	descs_drop(&port->descs);
	times_free(port);
	free(port);
}

void port_end(struct port *port, unsigned int tell, int err)
{
	struct remote *remote = port->remote;

	if (tell & PORT_TELL_KERNEL)
		ring_unbind(&port->queue->ring, port->number, port->epoch,
			    (uint32_t)err);
	close_streams(port);
	xfer_void(port);
	close_isos(port);
	if (tell & PORT_TELL_SERVER)
		tell_server(port);
	log_note("%s/%s: detached from port %u%s%s", remote->peer.name,
		 port->device.busid, port->number, err ? ": " : "",
		 err ? strerror(err) : "");
	TAILQ_REMOVE(&remote->ports, port, entry);
	uv_close((uv_handle_t *)&port->fuse, port_closed);
	remote_settle(remote);
}

static void fuse_blown(uv_timer_t *fuse)
{
	struct port *port = fuse->data;

	log_warn("%s/%s: the other machine ended a stream and gave no reason",
		 port->remote->peer.name, port->device.busid);
	port_end(port, PORT_TELL_KERNEL | PORT_TELL_SERVER, EPROTO);
}

void port_stream_lost(struct port_ep *ep)
{
	struct port *port = ep->port;

	ep->stream = NULL;
	port->halted = 1;
	if (!uv_is_active((uv_handle_t *)&port->fuse))
		uv_timer_start(&port->fuse, fuse_blown, PORT_FUSE_MS, 0);
}

struct port *port_find(const struct remote *remote, uint32_t number,
		       uint32_t epoch)
{
	struct port *port;

	TAILQ_FOREACH(port, &remote->ports, entry)
		if (port->number == number && port->epoch == epoch)
			return port;
	return NULL;
}

struct port *port_by_dev(const struct remote *remote, uint32_t dev)
{
	struct port *port;

	TAILQ_FOREACH(port, &remote->ports, entry)
		if (port->dev == dev)
			return port;
	return NULL;
}

struct port *port_by_busid(const struct remote *remote, const char *busid)
{
	struct port *port;

	TAILQ_FOREACH(port, &remote->ports, entry)
		if (!strcmp(port->device.busid, busid))
			return port;
	return NULL;
}

struct port_ep *port_ep(struct port *port, uint8_t addr)
{
	unsigned int i = addr & 0x0f;

	if (i && addr & 0x80)
		i |= 0x10;
	return &port->eps[i];
}

static void add_number(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)value));
}

struct json_object *port_status(const struct port *port)
{
	struct json_object *o = device_json(&port->device);
	struct json_object *times = times_status(port);
	struct json_object *iso = iso_status(port);

	if (!o)
		return NULL;
	if (iso)
		json_object_object_add(o, "isochronous", iso);
	if (times)
		json_object_object_add(o, "times", times);
	json_object_object_add(o, "peer",
			       json_object_new_string(port->remote->peer.name));
	add_number(o, "port", port->number);
	add_number(o, "epoch", port->epoch);
	add_number(o, "since", (uint64_t)port->since);
	add_number(o, "in_flight", port->in_flight);
	add_number(o, "urbs", port->urbs);
	add_number(o, "bytes_in", port->bytes_in);
	add_number(o, "bytes_out", port->bytes_out);
	return o;
}
