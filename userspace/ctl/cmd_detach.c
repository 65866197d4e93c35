// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_detach - give devices back.
 *
 * Waits, bounded, until the system has let go of them, so that the next
 * command sees them gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon.h"
#include "field.h"
#include "ports.h"
#include "screen.h"
#include "verb.h"

#define DETACH_GONE_MS	5000
#define DETACH_POLL_MS	50

/* The agent knows a device by PEER/BUSID, however it was asked for. */
static void detach_name(struct json_object *ports)
{
	struct json_object *status;
	struct failure ignored;

	if (daemon_ask(DAEMON_AGENT, daemon_request("status"), &status,
		       &ignored))
		return;
	ports_name(ports, field_array(status, "attachments"));
	json_object_put(status);
}

static int detach_is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) &&
	       strlen(text) < 10;
}

static int detach_meant(const struct request *req, struct json_object *port)
{
	char name[512];

	if (!field_number(port, "port"))
		return 0;
	if (req->all)
		return 1;
	if (detach_is_number(req->args[0]))
		return field_number(port, "port") == atol(req->args[0]);
	if (!strcmp(field_text(port, "target"), req->args[0]))
		return 1;
	snprintf(name, sizeof(name), "%s/%s", field_text(port, "peer"),
		 field_text(port, "busid"));
	return !strcmp(name, req->args[0]);
}

/* Those of @ports that are meant. */
static struct json_object *detach_select(const struct request *req,
					 struct json_object *ports)
{
	struct json_object *meant = json_object_new_array(), *port;
	size_t i;

	for (i = 0; i < json_object_array_length(ports); i++) {
		port = json_object_array_get_idx(ports, i);
		if (detach_meant(req, port))
			json_object_array_add(meant, json_object_get(port));
	}
	return meant;
}

static int detach_all(struct netlink *nl, struct json_object *meant,
		      struct failure *failure)
{
	struct json_object *port;
	char what[64];
	size_t i;
	int err;

	for (i = 0; i < json_object_array_length(meant); i++) {
		port = json_object_array_get_idx(meant, i);
		err = netlink_detach(nl, (uint32_t)field_number(port, "port"),
				     (uint32_t)field_number(port, "epoch"));
		/* Of several, one may leave by itself meanwhile. */
		if (!err || (err == -ENOENT &&
			     json_object_array_length(meant) > 1))
			continue;
		snprintf(what, sizeof(what), "cannot detach port %d",
			 (int)field_number(port, "port"));
		return ports_failure(nl, err, what, failure);
	}
	return 0;
}

/* Ports of @meant that still hold the same device. */
static size_t detach_left(struct netlink *nl, struct json_object *meant)
{
	struct json_object *ports, *a, *b;
	struct failure ignored;
	size_t i, k, left = 0;

	if (ports_dump(nl, &ports, &ignored))
		return 0;
	for (i = 0; i < json_object_array_length(ports); i++) {
		a = json_object_array_get_idx(ports, i);
		for (k = 0; k < json_object_array_length(meant); k++) {
			b = json_object_array_get_idx(meant, k);
			left += field_number(a, "port") ==
				field_number(b, "port") &&
				field_number(a, "epoch") ==
				field_number(b, "epoch");
		}
	}
	json_object_put(ports);
	return left;
}

static void detach_wait(struct netlink *nl, struct json_object *meant)
{
	struct timespec pause = { .tv_nsec = DETACH_POLL_MS * 1000000L };
	int i;

	for (i = 0; i < DETACH_GONE_MS / DETACH_POLL_MS; i++) {
		if (!detach_left(nl, meant))
			return;
		nanosleep(&pause, NULL);
	}
}

static int detach_run(const struct request *req, struct netlink *nl,
		      struct json_object *out, struct failure *failure)
{
	struct json_object *ports, *meant;
	char what[320];
	int err;

	err = ports_dump(nl, &ports, failure);
	if (err)
		return err;
	detach_name(ports);
	meant = detach_select(req, ports);
	json_object_put(ports);
	if (!req->all && !json_object_array_length(meant)) {
		json_object_put(meant);
		snprintf(what, sizeof(what), "cannot detach %.256s",
			 req->args[0]);
		return failure_set(failure, "E_UNKNOWN_PORT",
				   "p2pusbctl status", what,
				   "nothing is attached under that name");
	}
	err = detach_all(nl, meant, failure);
	if (!err)
		detach_wait(nl, meant);
	json_object_object_add(out, "detached", meant);
	return err;
}

int cmd_detach(const struct request *req, struct json_object *out,
	       struct failure *failure)
{
	struct netlink *nl;
	int err;

	if (!req->all == !req->nargs)
		return failure_set(failure, "E_USAGE", "p2pusbctl status",
				   "p2pusbctl detach",
				   "it takes one port, one PEER/DEVICE, or "
				   "--all");
	err = ports_open(&nl, "cannot detach", failure);
	if (err)
		return err;
	err = detach_run(req, nl, out, failure);
	netlink_close(nl);
	return err;
}

void cmd_detach_show(const struct request *req, struct json_object *out)
{
	struct json_object *meant = field_array(out, "detached"), *port;
	size_t i;

	(void)req;
	for (i = 0; i < json_object_array_length(meant); i++) {
		port = json_object_array_get_idx(meant, i);
		screen_line("detached %s from port %d",
			    field_text(port, "target"),
			    (int)field_number(port, "port"));
	}
	if (!i)
		screen_line("nothing is attached");
}
