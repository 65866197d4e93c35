// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verbs - what p2pusbctl may ask the agent over its socket.
 *
 * Each verb answers exactly once: at once, or when its letters are back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"
#include "target.h"
#include "verbs.h"

#define LIST_MS		8000
#define STATUS_MS	2000
#define WHAT_MAX	160

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static const char *arg(struct json_object *args, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(args, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static struct json_object *peer_json(const struct peer *peer)
{
	struct json_object *o = json_object_new_object();
	char id[KEY_ID_LEN + 1];

	key_id(peer->key, id);
	add_text(o, "name", peer->name);
	add_text(o, "id", id);
	add_text(o, "address", peer->address);
	return o;
}

static void verb_id(struct control_request *req, struct json_object *args)
{
	const struct service *service = control_owner(req);
	struct json_object *data = json_object_new_object();
	char id[KEY_ID_LEN + 1];

	(void)args;
	key_id(service->key->pub, id);
	add_text(data, "id", id);
	add_text(data, "name", service->settings->name);
	control_answer(req, data);
}

static void verb_peer_list(struct control_request *req,
			   struct json_object *args)
{
	const struct service *service = control_owner(req);
	struct json_object *peers = json_object_new_array();
	struct json_object *data = json_object_new_object();
	const struct peer *peer = NULL;

	(void)args;
	while ((peer = peer_next(service->peers, peer)))
		json_object_array_add(peers, peer_json(peer));
	json_object_object_add(data, "peers", peers);
	control_answer(req, data);
}

/* Why peer_add() refused what the verb had checked before. */
static void refuse_add(struct control_request *req, const char *what, int err)
{
	if (err == -EEXIST)
		control_refuse(req, "E_PEER_EXISTS", what,
			       "that name or that id is known already",
			       "p2pusbctl peer list");
	else if (err == -ENOSPC)
		control_refuse(req, "E_LIMIT", what, "too many peers", NULL);
	else if (err == -EINVAL)
		control_refuse(req, "E_BAD_NAME", what,
			       "a name has 1 to 32 of A-Z a-z 0-9 . _ -", NULL);
	else
		control_refuse(req, "E_IO", what, strerror(-err), NULL);
}

static void verb_peer_add(struct control_request *req, struct json_object *args)
{
	const struct service *service = control_owner(req);
	const char *address = arg(args, "address");
	const char *name = arg(args, "name");
	char host[TARGET_HOST_MAX + 1];
	char what[WHAT_MAX];
	struct peer peer;
	char port[6];
	int ret;

	memset(&peer, 0, sizeof(peer));
	snprintf(what, sizeof(what), "cannot add peer \"%.64s\"", name);
	ret = key_parse(arg(args, "id"), peer.key);
	if (ret) {
		control_refuse(req, "E_BAD_ID", what, ret == -EBADMSG ?
			       "the id is mistyped" : "that is no id",
			       "p2pusbctl id on the other machine");
		return;
	}
	if (strlen(address) >= sizeof(peer.address) ||
	    target_address(address, host, port)) {
		control_refuse(req, "E_BAD_ADDRESS", what,
			       *address ? "that is no address" :
			       "a peer to dial needs an address",
			       "HOST, HOST:PORT or [IPv6]:PORT");
		return;
	}
	if (strlen(name) > PEER_NAME_MAX) {
		refuse_add(req, what, -EINVAL);
		return;
	}
	strcpy(peer.name, name);
	strcpy(peer.address, address);
	ret = peer_add(service->peers, &peer);
	if (ret)
		refuse_add(req, what, ret);
	else
		control_answer(req, NULL);
}

static void verb_peer_remove(struct control_request *req,
			     struct json_object *args)
{
	struct service *service = control_owner(req);
	const char *name = arg(args, "name");
	struct remote *remote;
	char what[WHAT_MAX];
	int ret;

	snprintf(what, sizeof(what), "cannot remove peer \"%.64s\"", name);
	ret = peer_remove(service->peers, name);
	if (ret == -ENOENT) {
		control_refuse(req, "E_UNKNOWN_PEER", what,
			       "no peer has that name", "p2pusbctl peer list");
		return;
	}
	if (ret) {
		control_refuse(req, "E_IO", what, strerror(-ret), NULL);
		return;
	}
	remote = service_find(service, name);
	if (!remote)
		control_answer(req, NULL);
	else if (service_stop_remote(remote, req))
		control_refuse(req, "E_INTERNAL", what, "no memory", NULL);
}

static void verb_list(struct control_request *req, struct json_object *args)
{
	struct service *service = control_owner(req);
	const char *name = arg(args, "peer");
	const struct peer *peer;
	struct remote *remote;
	struct letter *letter;
	char what[WHAT_MAX];

	snprintf(what, sizeof(what), "cannot list the devices of \"%.64s\"",
		 name);
	peer = peer_by_name(service->peers, name);
	if (!peer) {
		control_refuse(req, "E_UNKNOWN_PEER", what,
			       "no peer has that name", "p2pusbctl peer list");
		return;
	}
	letter = service_letter(LETTER_LIST, LIST_MS, req);
	if (!letter || service_remote(service, peer, &remote)) {
		free(letter);
		control_refuse(req, "E_INTERNAL", what, "no thread for it",
			       NULL);
		return;
	}
	remote_post(remote, letter);
}

/* A status that is being put together from the threads of all peers. */
struct verb_status {
	struct control_request *req;
	struct json_object *peers;
	struct json_object *attachments;
	unsigned int missing;
};

/* What one thread owes; @peer is in the array of the status. */
struct verb_part {
	struct verb_status *status;
	struct json_object *peer;
};

static void status_done(struct verb_status *status)
{
	struct json_object *data = json_object_new_object();

	add_text(data, "version", P2PUSB_VERSION);
	json_object_object_add(data, "peers", status->peers);
	json_object_object_add(data, "attachments", status->attachments);
	control_answer(status->req, data);
	free(status);
}

static void status_ask(struct verb_status *status, struct remote *remote,
		       struct json_object *peer)
{
	struct verb_part *part = calloc(1, sizeof(*part));
	struct letter *letter;

	letter = service_letter(LETTER_STATUS, STATUS_MS, part);
	if (!part || !letter) {
		free(part);
		free(letter);
		add_text(peer, "state", "unknown");
		return;
	}
	part->status = status;
	part->peer = peer;
	status->missing++;
	remote_post(remote, letter);
}

static void verb_status(struct control_request *req, struct json_object *args)
{
	struct service *service = control_owner(req);
	struct verb_status *status = calloc(1, sizeof(*status));
	const struct peer *peer = NULL;
	struct remote *remote;
	struct json_object *o;

	(void)args;
	if (!status) {
		control_refuse(req, "E_INTERNAL", "cannot show the status",
			       "no memory", NULL);
		return;
	}
	status->req = req;
	status->peers = json_object_new_array();
	status->attachments = json_object_new_array();
	while ((peer = peer_next(service->peers, peer))) {
		o = peer_json(peer);
		json_object_array_add(status->peers, o);
		remote = service_find(service, peer->name);
		if (remote)
			status_ask(status, remote, o);
		else
			add_text(o, "state", "idle");
	}
	if (!status->missing)
		status_done(status);
}

static void take_members(struct json_object *to, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
		json_object_object_add(to, key, json_object_get(value));
}

static void take_elements(struct json_object *to, struct json_object *from)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < json_object_array_length(from); i++) {
		o = json_object_array_get_idx(from, i);
		json_object_array_add(to, json_object_get(o));
	}
}

static void status_part(struct letter *letter)
{
	struct verb_part *part = letter->ctx;
	struct verb_status *status = part->status;
	struct json_object *list;
	struct json_object *link;

	if (json_object_object_get_ex(letter->data, "link", &link))
		take_members(part->peer, link);
	if (json_object_object_get_ex(letter->data, "attachments", &list))
		take_elements(status->attachments, list);
	json_object_put(letter->data);
	free(part);
	free(letter);
	if (--status->missing == 0)
		status_done(status);
}

static void list_back(struct letter *letter)
{
	const struct refusal *refusal = &letter->refusal;

	if (refusal->code)
		control_refuse(letter->ctx, refusal->code, refusal->what,
			       refusal->why, refusal->hint[0] ? refusal->hint :
			       NULL);
	else
		control_answer(letter->ctx, letter->data);
	free(letter);
}

void verbs_letter(struct letter *letter)
{
	if (letter->type == LETTER_STATUS) {
		status_part(letter);
	} else if (letter->type == LETTER_LIST) {
		list_back(letter);
	} else {
		control_answer(letter->ctx, NULL);
		free(letter);
	}
}

const struct control_verb verbs_table[] = {
	{ "id", 0, verb_id },
	{ "status", 0, verb_status },
	{ "peer-list", 0, verb_peer_list },
	{ "peer-add", 1, verb_peer_add },
	{ "peer-remove", 1, verb_peer_remove },
	{ "list", 0, verb_list },
	{ NULL, 0, NULL },
};
