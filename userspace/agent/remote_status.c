// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * remote_status - a peer's link and devices as JSON, for `status`.
 *
 * Changes nothing.
 */
#include "remote.h"

static void add(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)value));
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *link_status(const struct remote *remote)
{
	struct json_object *o = json_object_new_object();
	struct link_stats stats = { 0 };
	char addr[64] = "";

	if (remote->link && remote->state == REMOTE_UP) {
		link_get_stats(remote->link, &stats);
		link_peer_addr(remote->link, addr, sizeof(addr));
	}
	add_text(o, "state", remote_state_name(remote->state));
	add_text(o, "via", addr);
	add(o, "rtt_us", stats.srtt_us);
	add(o, "sent", stats.sent);
	add(o, "received", stats.received);
	json_object_object_add(o, "gso", json_object_new_boolean(stats.gso));
	json_object_object_add(o, "gro", json_object_new_boolean(stats.gro));
	return o;
}

struct json_object *remote_status(const struct remote *remote)
{
	struct json_object *ports = json_object_new_array();
	struct json_object *data = json_object_new_object();
	const struct port *port;

	TAILQ_FOREACH(port, &remote->ports, entry)
		json_object_array_add(ports, port_status(port));
	json_object_object_add(data, "link", link_status(remote));
	json_object_object_add(data, "attachments", ports);
	return data;
}
