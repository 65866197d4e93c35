// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list - devices of this machine, or what a peer offers; share, unshare.
 */
#include <stdio.h>

#include "daemon.h"
#include "field.h"
#include "screen.h"
#include "verb.h"

/* Members of a daemon's answer become members of ours. */
static void list_take(struct json_object *out, struct json_object *answer)
{
	json_object_object_foreach(answer, name, value)
		json_object_object_add(out, name, json_object_get(value));
	json_object_put(answer);
}

int cmd_list(const struct request *req, struct json_object *out,
	     struct failure *failure)
{
	struct json_object *ask = daemon_request("list"), *answer;
	enum daemon_side side = DAEMON_SERVER;
	int err;

	if (req->nargs) {
		side = DAEMON_AGENT;
		field_put_text(ask, "peer", req->args[0]);
	}
	err = daemon_ask(side, ask, &answer, failure);
	if (err)
		return err;
	list_take(out, answer);
	if (req->nargs)
		field_put_text(out, "peer", req->args[0]);
	return 0;
}

static const struct screen_column list_columns[] = {
	{ "DEVICE", "busid", NULL },
	{ "ID", NULL, screen_cell_id },
	{ "SPEED", NULL, screen_cell_speed },
	{ "STATE", "state", NULL },
	{ "SERIAL", "serial", NULL },
	{ "NAME", NULL, screen_cell_name },
	{ NULL, NULL, NULL }
};

void cmd_list_show(const struct request *req, struct json_object *out)
{
	struct json_object *devices = field_array(out, "devices");

	screen_table(devices, list_columns);
	if (devices && json_object_array_length(devices))
		return;
	if (req->nargs)
		screen_line("%s offers nothing to this machine", req->args[0]);
	else
		screen_line("no USB device is plugged in here");
}

static int list_share(const char *verb, const struct request *req,
		      struct json_object *out, struct failure *failure)
{
	struct json_object *ask = daemon_request(verb), *answer;
	int err;

	field_put_text(ask, "device", req->args[0]);
	err = daemon_ask(DAEMON_SERVER, ask, &answer, failure);
	if (err)
		return err;
	field_put_text(out, "device", req->args[0]);
	list_take(out, answer);
	return 0;
}

int cmd_share(const struct request *req, struct json_object *out,
	      struct failure *failure)
{
	return list_share("share", req, out, failure);
}

int cmd_unshare(const struct request *req, struct json_object *out,
		struct failure *failure)
{
	return list_share("unshare", req, out, failure);
}

void cmd_share_show(const struct request *req, struct json_object *out)
{
	(void)req;
	screen_line("sharing %s with peers whose patterns allow it",
		    field_text(out, "busid"));
}

void cmd_unshare_show(const struct request *req, struct json_object *out)
{
	(void)req;
	screen_line("no longer sharing %s", field_text(out, "busid"));
}
