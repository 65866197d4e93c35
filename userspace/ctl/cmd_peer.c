// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_peer - whom this machine knows, and who it is itself.
 */
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "field.h"
#include "key.h"
#include "screen.h"
#include "verb.h"

int cmd_id(const struct request *req, struct json_object *out,
	   struct failure *failure)
{
	struct json_object *answer;
	enum daemon_side side = req->side;
	int err;

	err = daemon_choose(req->side, &side, failure);
	if (!err)
		err = daemon_ask(side, daemon_request("id"), &answer, failure);
	if (err)
		return err;
	field_put_text(out, "id", field_text(answer, "id"));
	field_put_text(out, "daemon", daemon_name(side));
	json_object_put(answer);
	return 0;
}

void cmd_id_show(const struct request *req, struct json_object *out)
{
	(void)req;
	screen_line("%s", field_text(out, "id"));
}

/* An address is for the agent, which dials; patterns are for the server. */
static int peer_side(const struct request *req, enum daemon_side *side,
		     struct failure *failure)
{
	const char *what = "p2pusbctl peer add";

	if (req->address && req->nallow)
		return failure_set(failure, "E_USAGE",
				   "one peer add for each daemon", what,
				   "--address is for the agent and --allow for "
				   "the server");
	if (req->address && req->side == DAEMON_SERVER)
		return failure_set(failure, "E_USAGE", NULL, what,
				   "the server takes no --address: peers dial "
				   "it");
	if (req->nallow && req->side == DAEMON_AGENT)
		return failure_set(failure, "E_USAGE", NULL, what,
				   "the agent takes no --allow: it shares "
				   "nothing");
	if (req->address)
		*side = DAEMON_AGENT;
	else if (req->nallow)
		*side = DAEMON_SERVER;
	else
		return daemon_choose(req->side, side, failure);
	return 0;
}

static int peer_check_id(const char *id, struct failure *failure)
{
	uint8_t key[KEY_LEN];

	if (!key_parse(id, key))
		return 0;
	return failure_set(failure, "E_BAD_ID",
			   "p2pusbctl id on the other machine",
			   "p2pusbctl peer add",
			   "that is no id, or it is mistyped");
}

int cmd_peer_add(const struct request *req, struct json_object *out,
		 struct failure *failure)
{
	struct json_object *ask, *answer, *allow, *pattern;
	enum daemon_side side = req->side;
	unsigned int i;
	int err;

	err = peer_check_id(req->args[1], failure);
	if (!err)
		err = peer_side(req, &side, failure);
	if (err)
		return err;
	ask = daemon_request("peer-add");
	field_put_text(ask, "name", req->args[0]);
	field_put_text(ask, "id", req->args[1]);
	if (req->address)
		field_put_text(ask, "address", req->address);
	if (req->nallow) {
		allow = json_object_new_array();
		for (i = 0; i < req->nallow; i++) {
			pattern = json_object_new_string(req->allow[i]);
			json_object_array_add(allow, pattern);
		}
		json_object_object_add(ask, "allow", allow);
	}
	err = daemon_ask(side, ask, &answer, failure);
	if (err)
		return err;
	json_object_put(answer);
	field_put_text(out, "added", req->args[0]);
	field_put_text(out, "daemon", daemon_name(side));
	return 0;
}

void cmd_peer_add_show(const struct request *req, struct json_object *out)
{
	const char *daemon = field_text(out, "daemon");

	screen_line("the %s knows %s now%s", daemon, req->args[0],
		    !strcmp(daemon, "server") && !req->nallow ?
		    "; it may use nothing yet (--allow)" : "");
}

int cmd_peer_remove(const struct request *req, struct json_object *out,
		    struct failure *failure)
{
	struct json_object *ask, *answer;
	enum daemon_side side = req->side;
	int err;

	err = daemon_choose(req->side, &side, failure);
	if (err)
		return err;
	ask = daemon_request("peer-remove");
	field_put_text(ask, "name", req->args[0]);
	err = daemon_ask(side, ask, &answer, failure);
	if (err)
		return err;
	json_object_put(answer);
	field_put_text(out, "removed", req->args[0]);
	field_put_text(out, "daemon", daemon_name(side));
	return 0;
}

void cmd_peer_remove_show(const struct request *req, struct json_object *out)
{
	screen_line("the %s knows %s no longer", field_text(out, "daemon"),
		    req->args[0]);
}

int cmd_peer_list(const struct request *req, struct json_object *out,
		  struct failure *failure)
{
	struct json_object *answer, *peers;
	enum daemon_side side = req->side;
	int err;

	err = daemon_choose(req->side, &side, failure);
	if (!err)
		err = daemon_ask(side, daemon_request("peer-list"), &answer,
				 failure);
	if (err)
		return err;
	peers = field_array(answer, "peers");
	json_object_object_add(out, "peers", peers ? json_object_get(peers) :
			       json_object_new_array());
	json_object_put(answer);
	field_put_text(out, "daemon", daemon_name(side));
	return 0;
}

/* "*, 0403:*" */
static void peer_cell_allow(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	struct json_object *allow = field_array(row, "allow");
	size_t n = allow ? json_object_array_length(allow) : 0;
	struct json_object *pattern;
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < n && used < SCREEN_CELL_MAX; i++) {
		pattern = json_object_array_get_idx(allow, i);
		used += (size_t)snprintf(text + used, SCREEN_CELL_MAX - used,
					 "%s%s", i ? ", " : "",
					 json_object_get_string(pattern));
	}
}

static const struct screen_column peer_agent_columns[] = {
	{ "NAME", "name", NULL },
	{ "ADDRESS", "address", NULL },
	{ "ID", "id", NULL },
	{ NULL, NULL, NULL }
};

static const struct screen_column peer_server_columns[] = {
	{ "NAME", "name", NULL },
	{ "ID", "id", NULL },
	{ "MAY-USE", NULL, peer_cell_allow },
	{ NULL, NULL, NULL }
};

void cmd_peer_list_show(const struct request *req, struct json_object *out)
{
	struct json_object *peers = field_array(out, "peers");
	const char *daemon = field_text(out, "daemon");

	(void)req;
	screen_table(peers, strcmp(daemon, "server") ? peer_agent_columns :
		     peer_server_columns);
	if (!json_object_array_length(peers))
		screen_line("the %s knows nobody (p2pusbctl peer add)", daemon);
}
