// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_status - what is attached and what is shared here, with counters.
 *
 * A part that does not answer is a fact to be shown and not a failure.
 */
#include <stdio.h>
#include <string.h>

#include "counters.h"
#include "daemon.h"
#include "field.h"
#include "ports.h"
#include "screen.h"
#include "verb.h"

static void status_put_failure(struct json_object *part,
			       const struct failure *failure)
{
	struct json_object *error = json_object_new_object();

	field_put_text(error, "code", failure->code);
	field_put_text(error, "what", failure->what);
	field_put_text(error, "why", failure->why);
	field_put_text(error, "try", failure->hint);
	json_object_object_add(part, "error", error);
}

/* Without counters it is still a status. */
static void status_count_ports(struct netlink *nl, struct json_object *ports)
{
	struct counters counters;

	if (counters_take(nl, &counters))
		return;
	counters_join(&counters, ports);
	counters_free(&counters);
}

static void status_module(struct json_object *out)
{
	struct json_object *module = json_object_new_object(), *ports;
	struct failure failure;
	struct netlink *nl;
	int loaded = 0;
	int err;

	err = ports_open(&nl, "cannot read the ports", &failure);
	if (!err) {
		loaded = 1;
		err = ports_dump(nl, &ports, &failure);
		if (!err)
			status_count_ports(nl, ports);
		netlink_close(nl);
	}
	field_put_bool(module, "loaded", loaded);
	if (err)
		status_put_failure(module, &failure);
	else
		json_object_object_add(module, "ports", ports);
	json_object_object_add(out, "module", module);
}

static void status_daemon(struct json_object *out, enum daemon_side side)
{
	struct json_object *answer;
	struct failure failure;
	int running = 1;

	if (daemon_ask(side, daemon_request("status"), &answer, &failure)) {
		answer = json_object_new_object();
		running = strcmp(failure.code, "E_DAEMON_DOWN") != 0;
		status_put_failure(answer, &failure);
	}
	field_put_bool(answer, "running", running);
	json_object_object_add(out, daemon_name(side), answer);
}

int cmd_status(const struct request *req, struct json_object *out,
	       struct failure *failure)
{
	(void)req;
	(void)failure;
	status_module(out);
	status_daemon(out, DAEMON_AGENT);
	status_daemon(out, DAEMON_SERVER);
	ports_name(field_array(field_object(out, "module"), "ports"),
		   field_array(field_object(out, "agent"), "attachments"));
	return 0;
}

/* "name     text", "name     CODE: why. Try: hint" */
static void status_line(const char *name, struct json_object *part,
			const char *text)
{
	struct json_object *error = field_object(part, "error");
	const char *hint = field_text(error, "try");

	if (!error)
		screen_line("%-8s %s", name, text);
	else
		screen_line("%-8s %s%s%s%s", name, field_text(error, "why"),
			    *hint ? " (" : "", hint, *hint ? ")" : "");
}

static size_t status_count(struct json_object *part, const char *name)
{
	struct json_object *array = field_array(part, name);

	return array ? json_object_array_length(array) : 0;
}

static void status_show_daemon(struct json_object *out, enum daemon_side side)
{
	struct json_object *part = field_object(out, daemon_name(side));
	size_t n = status_count(part, "peers");
	char text[256];

	snprintf(text, sizeof(text), "%s running, %zu peer%s",
		 field_text(part, "version"), n, n == 1 ? "" : "s");
	status_line(daemon_name(side), part, text);
}

static void status_cell_port(struct json_object *row,
			     char text[SCREEN_CELL_MAX])
{
	text[0] = '\0';
	if (field_number(row, "port"))
		snprintf(text, SCREEN_CELL_MAX, "%d",
			 (int)field_number(row, "port"));
}

static void status_cell_sysfs(struct json_object *row,
			      char text[SCREEN_CELL_MAX])
{
	const char *sysfs = field_text(row, "sysfs");

	snprintf(text, SCREEN_CELL_MAX, "%s%s", *sysfs ? "usb" : "", sysfs);
}

static const struct screen_column status_ports[] = {
	{ "PORT", NULL, status_cell_port },
	{ "STATE", "state", NULL },
	{ "TARGET", "target", NULL },
	{ "BUS", NULL, status_cell_sysfs },
	{ "SPEED", NULL, screen_cell_speed },
	{ "SLEEP", "sleep", NULL },
	{ "ID", NULL, screen_cell_id },
	{ "NAME", NULL, screen_cell_name },
	{ NULL, NULL, NULL }
};

static const struct screen_column status_peers[] = {
	{ "PEER", "name", NULL },
	{ "LINK", "state", NULL },
	{ "ADDRESS", "address", NULL },
	{ "RTT-US", "rtt_us", NULL },
	{ NULL, NULL, NULL }
};

static void status_table(struct json_object *rows,
			 const struct screen_column *columns)
{
	if (rows && json_object_array_length(rows))
		putchar('\n');
	screen_table(rows, columns);
}

static double status_ms(struct json_object *row, const char *key)
{
	return (double)field_number(row, key) / 1000;
}

/* "port 3, 0x81: 20.1 of 20.0 ms ready, 0 late, …" */
static void status_show_stream(struct json_object *device,
			       struct json_object *row)
{
	screen_line("port %d, 0x%02x: %s, %.1f of %.1f ms ready, %.1f ppm, %lld packets, %lld late, %lld lost, %lld underruns, %lld overruns",
		    (int)field_number(device, "port"),
		    (unsigned int)field_number(row, "endpoint"),
		    field_text(row, "state"), status_ms(row, "level_us"),
		    status_ms(row, "delay_us"), status_ms(row, "rate_ppb"),
		    (long long)field_number(row, "packets"),
		    (long long)field_number(row, "late"),
		    (long long)field_number(row, "lost"),
		    (long long)field_number(row, "underruns"),
		    (long long)field_number(row, "overruns"));
}

static void status_show_streams(struct json_object *agent)
{
	struct json_object *devices = field_array(agent, "attachments");
	struct json_object *device, *rows;
	size_t i, j, n = devices ? json_object_array_length(devices) : 0;

	for (i = 0; i < n; i++) {
		device = json_object_array_get_idx(devices, i);
		rows = field_array(device, "isochronous");
		for (j = 0; rows && j < json_object_array_length(rows); j++)
			status_show_stream(device,
					   json_object_array_get_idx(rows, j));
	}
}

static const struct screen_column status_shares[] = {
	{ "SHARED", "busid", NULL },
	{ "STATE", "state", NULL },
	{ "HOLDER", "holder", NULL },
	{ "ID", NULL, screen_cell_id },
	{ "NAME", NULL, screen_cell_name },
	{ NULL, NULL, NULL }
};

/* What is not shared is the business of list. */
static void status_show_shares(struct json_object *server)
{
	struct json_object *devices = field_array(server, "devices"), *row;
	struct json_object *shown = json_object_new_array();
	size_t i, n = devices ? json_object_array_length(devices) : 0;

	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(devices, i);
		if (strcmp(field_text(row, "state"), "unshared"))
			json_object_array_add(shown, json_object_get(row));
	}
	status_table(shown, status_shares);
	json_object_put(shown);
}

void cmd_status_show(const struct request *req, struct json_object *out)
{
	struct json_object *module = field_object(out, "module");
	struct json_object *agent = field_object(out, "agent");
	size_t n = status_count(module, "ports");
	char text[64];

	(void)req;
	snprintf(text, sizeof(text), "loaded, %zu port%s in use", n,
		 n == 1 ? "" : "s");
	status_line("module", module, text);
	status_show_daemon(out, DAEMON_AGENT);
	status_show_daemon(out, DAEMON_SERVER);
	status_table(field_array(module, "ports"), status_ports);
	status_show_streams(agent);
	status_table(field_array(agent, "peers"), status_peers);
	status_show_shares(field_object(out, "server"));
}
