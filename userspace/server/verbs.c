// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verbs - what p2pusbctl may ask the server over its socket.
 *
 * Each verb answers exactly once: at once, or when the worker of the device
 * has done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "server.h"
#include "session.h"
#include "verbs.h"

#define WHAT_MAX	160
#define CANDIDATES_MAX	256

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_number(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static const char *arg(struct json_object *args, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(args, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static void verb_id(struct control_request *req, struct json_object *args)
{
	const struct server *server = control_owner(req);
	struct json_object *data = json_object_new_object();
	char id[KEY_ID_LEN + 1];

	(void)args;
	key_id(server->key.pub, id);
	add_text(data, "id", id);
	add_text(data, "name", server->settings.name);
	control_answer(req, data);
}

/* Devices */

static const char *speed_name(uint8_t speed)
{
	static const char *const names[] = {
		[P2PUSB_SPEED_LOW] = "low",
		[P2PUSB_SPEED_FULL] = "full",
		[P2PUSB_SPEED_HIGH] = "high",
		[P2PUSB_SPEED_SUPER] = "super",
		[P2PUSB_SPEED_SUPER_PLUS] = "super-plus",
	};

	return speed < sizeof(names) / sizeof(names[0]) && names[speed] ?
		       names[speed] : "unknown";
}

static struct json_object *device_json(const struct device *dev)
{
	struct json_object *o = json_object_new_object();

	add_text(o, "busid", dev->info.busid);
	add_number(o, "vid", dev->info.vid);
	add_number(o, "pid", dev->info.pid);
	add_number(o, "class", dev->info.dev_class);
	add_text(o, "speed", speed_name(dev->info.speed));
	add_text(o, "state", device_state_name(dev->state));
	add_text(o, "manufacturer", dev->info.manufacturer);
	add_text(o, "product", dev->info.product);
	add_text(o, "serial", dev->info.serial);
	add_number(o, "since", dev->since);
	if (dev->holder)
		add_text(o, "holder", session_holder(dev->holder));
	return o;
}

static struct json_object *devices_json(struct server *server)
{
	struct json_object *devices = json_object_new_array();
	struct device *dev;

	TAILQ_FOREACH(dev, &server->devices, entry) {
		if (!dev->unplugged)
			json_object_array_add(devices, device_json(dev));
	}
	return devices;
}

static void verb_list(struct control_request *req, struct json_object *args)
{
	struct json_object *data = json_object_new_object();

	(void)args;
	json_object_object_add(data, "devices",
			       devices_json(control_owner(req)));
	control_answer(req, data);
}

/* A busid names one device whatever else matches; a pattern may name many. */
static struct device *find_device(struct server *server, const char *name,
				  char *candidates, unsigned int *count)
{
	struct device *found;
	struct device *dev;
	size_t used = 0;

	*count = 1;
	found = device_find(server, name);
	if (found)
		return found;
	*count = 0;
	if (peer_pattern_check(name))
		return NULL;
	TAILQ_FOREACH(dev, &server->devices, entry) {
		if (dev->unplugged || !peer_pattern_match(name, &dev->info))
			continue;
		found = dev;
		(*count)++;
		if (used < CANDIDATES_MAX)
			used += snprintf(candidates + used,
					 CANDIDATES_MAX - used, "%s%s",
					 used ? ", " : "", dev->info.busid);
	}
	return found;
}

static struct device *named_device(struct control_request *req,
				   struct json_object *args, const char *what)
{
	char candidates[CANDIDATES_MAX] = "";
	char why[CANDIDATES_MAX + 32];
	unsigned int count;
	struct device *dev;

	dev = find_device(control_owner(req), arg(args, "device"), candidates,
			  &count);
	if (count == 1)
		return dev;
	if (!count) {
		control_refuse(req, "E_UNKNOWN_DEVICE", what,
			       "nothing plugged in here has that name",
			       "p2pusbctl list");
		return NULL;
	}
	snprintf(why, sizeof(why), "%u devices match: %s", count, candidates);
	control_refuse(req, "E_AMBIGUOUS", what, why,
		       "one of these names");
	return NULL;
}

/* A share or unshare that the worker carries out. */
struct errand {
	struct control_request *req;
	char what[WHAT_MAX];
	char busid[P2PUSB_BUSID_MAX + 1];
};

static const struct {
	int err;
	const char *code;
	const char *hint;
} errand_rows[] = {
	{ -ENODEV, "E_UNPLUGGED", "p2pusbctl list" },
	{ -EOPNOTSUPP, "E_UNSUPPORTED", "p2pusbctl list" },
	{ -ENOSPC, "E_LIMIT", "p2pusbctl unshare DEVICE" },
	{ -EBUSY, "E_CLAIM", "end what uses it, then the same again" },
	{ -EACCES, "E_PERMISSION", "udevadm trigger --subsystem-match=usb" },
	{ -ECANCELED, "E_SHUTDOWN", NULL },
	{ 0, "E_IO", NULL },
};

static void errand_done(void *ctx, int err, const char *why)
{
	struct json_object *data;
	struct errand *errand = ctx;
	unsigned int i = 0;

	if (err) {
		while (errand_rows[i].err && errand_rows[i].err != err)
			i++;
		control_refuse(errand->req, errand_rows[i].code, errand->what,
			       why, errand_rows[i].hint);
	} else {
		data = json_object_new_object();
		add_text(data, "busid", errand->busid);
		control_answer(errand->req, data);
	}
	free(errand);
}

static struct errand *errand_new(struct control_request *req,
				 struct json_object *args, const char *verb,
				 struct device **dev)
{
	struct errand *errand;
	char what[WHAT_MAX];

	snprintf(what, sizeof(what), "cannot %s \"%.96s\"", verb,
		 arg(args, "device"));
	*dev = named_device(req, args, what);
	if (!*dev)
		return NULL;
	errand = calloc(1, sizeof(*errand));
	if (!errand) {
		control_refuse(req, "E_INTERNAL", what, "no memory", NULL);
		return NULL;
	}
	errand->req = req;
	memcpy(errand->what, what, sizeof(what));
	memcpy(errand->busid, (*dev)->info.busid, sizeof(errand->busid));
	return errand;
}

static void verb_share(struct control_request *req, struct json_object *args)
{
	struct device_wish wish = { .done = errand_done };
	struct device *dev;

	wish.ctx = errand_new(req, args, "share", &dev);
	if (wish.ctx)
		device_share(dev, &wish);
}

static void verb_unshare(struct control_request *req, struct json_object *args)
{
	struct device_wish wish = { .done = errand_done };
	struct device *dev;

	wish.ctx = errand_new(req, args, "unshare", &dev);
	if (wish.ctx)
		device_unshare(dev, &wish, P2PUSB_CODE_REVOKED,
			       "the device is no longer shared");
}

/* Peers */

static void add_allow(struct json_object *o, const struct peer *peer)
{
	struct json_object *allow = json_object_new_array();
	unsigned int i;

	for (i = 0; i < peer->nallow; i++)
		json_object_array_add(allow,
				      json_object_new_string(peer->allow[i]));
	json_object_object_add(o, "allow", allow);
}

static const struct session *session_of(const struct server *server,
					const struct peer *peer)
{
	const struct session *session;

	TAILQ_FOREACH(session, &server->sessions, entry) {
		if (session->up && !memcmp(link_peer_key(session->link),
					   peer->key, KEY_LEN))
			return session;
	}
	return NULL;
}

static void add_session(struct json_object *o, const struct session *session)
{
	struct link_stats stats;
	char addr[64];

	link_get_stats(session->link, &stats);
	link_peer_addr(session->link, addr, sizeof(addr));
	add_text(o, "via", addr);
	add_text(o, "host", session->host);
	add_number(o, "since", session->since);
	add_number(o, "rtt_us", stats.srtt_us);
}

static struct json_object *peer_json(const struct server *server,
				     const struct peer *peer)
{
	const struct session *session = session_of(server, peer);
	struct json_object *o = json_object_new_object();
	char id[KEY_ID_LEN + 1];

	key_id(peer->key, id);
	add_text(o, "name", peer->name);
	add_text(o, "id", id);
	add_allow(o, peer);
	json_object_object_add(o, "connected",
			       json_object_new_boolean(!!session));
	if (session)
		add_session(o, session);
	return o;
}

static struct json_object *peers_json(const struct server *server)
{
	struct json_object *peers = json_object_new_array();
	const struct peer *peer = NULL;

	while ((peer = peer_next(server->peers, peer)))
		json_object_array_add(peers, peer_json(server, peer));
	return peers;
}

static void verb_peer_list(struct control_request *req,
			   struct json_object *args)
{
	struct json_object *data = json_object_new_object();

	(void)args;
	json_object_object_add(data, "peers", peers_json(control_owner(req)));
	control_answer(req, data);
}

static int read_allow(struct json_object *args, struct peer *peer)
{
	struct json_object *list;
	const char *text;
	size_t count;
	size_t i;

	if (!json_object_object_get_ex(args, "allow", &list))
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return -EINVAL;
	count = json_object_array_length(list);
	if (count > PEER_ALLOW_MAX)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		text = json_object_get_string(json_object_array_get_idx(list,
									i));
		if (!text || strlen(text) >= sizeof(peer->allow[0]) ||
		    peer_pattern_check(text))
			return -EINVAL;
		strcpy(peer->allow[peer->nallow++], text);
	}
	return 0;
}

static int read_peer(struct control_request *req, struct json_object *args,
		     struct peer *peer, const char *what)
{
	const char *name = arg(args, "name");
	int ret;

	ret = key_parse(arg(args, "id"), peer->key);
	if (ret) {
		control_refuse(req, "E_BAD_ID", what, ret == -EBADMSG ?
			       "the id is mistyped" : "that is no id",
			       "p2pusbctl id on the other machine");
		return ret;
	}
	ret = read_allow(args, peer);
	if (ret) {
		control_refuse(req, ret == -ENOSPC ? "E_LIMIT" :
			       "E_BAD_PATTERN", what, ret == -ENOSPC ?
			       "a peer has at most 16 patterns" :
			       "a pattern is not understood",
			       "p2pusbctl help peer add");
		return ret;
	}
	if (strlen(name) <= PEER_NAME_MAX)
		strcpy(peer->name, name);
	return 0;
}

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
	const struct server *server = control_owner(req);
	struct peer peer = { .nallow = 0 };
	char what[WHAT_MAX];
	int ret;

	snprintf(what, sizeof(what), "cannot add peer \"%.64s\"",
		 arg(args, "name"));
	if (read_peer(req, args, &peer, what))
		return;
	ret = peer_add(server->peers, &peer);
	if (ret)
		refuse_add(req, what, ret);
	else
		control_answer(req, NULL);
}

static void verb_peer_remove(struct control_request *req,
			     struct json_object *args)
{
	struct server *server = control_owner(req);
	const struct peer *peer;
	uint8_t key[KEY_LEN];
	char what[WHAT_MAX];
	int ret;

	snprintf(what, sizeof(what), "cannot remove peer \"%.64s\"",
		 arg(args, "name"));
	peer = peer_by_name(server->peers, arg(args, "name"));
	if (!peer) {
		control_refuse(req, "E_UNKNOWN_PEER", what,
			       "no peer has that name", "p2pusbctl peer list");
		return;
	}
	memcpy(key, peer->key, sizeof(key));
	ret = peer_remove(server->peers, arg(args, "name"));
	if (ret) {
		control_refuse(req, "E_IO", what, strerror(-ret), NULL);
		return;
	}
	session_cut(server, key, "you are no longer admitted");
	control_answer(req, NULL);
}

/* Status */

static struct json_object *listen_json(const struct server *server)
{
	struct json_object *listen = json_object_new_array();
	char host[INET6_ADDRSTRLEN];
	char text[80];
	unsigned int i;

	for (i = 0; i < server->nlisteners; i++) {
		if (getnameinfo((const struct sockaddr *)
				&server->settings.listen[i],
				server->settings.listen_len[i], host,
				sizeof(host), NULL, 0, NI_NUMERICHOST))
			continue;
		snprintf(text, sizeof(text), strchr(host, ':') ? "[%s]:%u" :
								  "%s:%u",
			 host, link_listener_port(server->listeners[i]));
		json_object_array_add(listen, json_object_new_string(text));
	}
	return listen;
}

static void verb_status(struct control_request *req, struct json_object *args)
{
	struct json_object *data = json_object_new_object();
	struct server *server = control_owner(req);

	(void)args;
	add_text(data, "version", P2PUSB_VERSION);
	json_object_object_add(data, "listen", listen_json(server));
	json_object_object_add(data, "peers", peers_json(server));
	json_object_object_add(data, "devices", devices_json(server));
	control_answer(req, data);
}

const struct control_verb verbs_table[] = {
	{ "id", 0, verb_id },
	{ "status", 0, verb_status },
	{ "list", 0, verb_list },
	{ "share", 1, verb_share },
	{ "unshare", 1, verb_unshare },
	{ "peer-list", 0, verb_peer_list },
	{ "peer-add", 1, verb_peer_add },
	{ "peer-remove", 1, verb_peer_remove },
	{ NULL, 0, NULL },
};
