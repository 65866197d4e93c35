// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_stats - transfers, bytes and times of what is attached, by endpoint.
 *
 * Times are taken only while somebody looks: with --watch.  Whoever is
 * interrupted leaves that to run out by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
#include "field.h"
#include "latency.h"
#include "ports.h"
#include "screen.h"
#include "verb.h"

static const char stats_what[] = "cannot read the counters";

static int stats_port_of(const struct request *req, uint32_t *port,
			 struct failure *failure)
{
	const char *text = req->nargs ? req->args[0] : "0";
	size_t len = strlen(text);

	*port = (uint32_t)strtoul(text, NULL, 10);
	if (len && len <= 5 && strspn(text, "0123456789") == len &&
	    !*port == !req->nargs)
		return 0;
	return failure_set(failure, "E_USAGE", "p2pusbctl status", stats_what,
			   "\"%s\" is no number of a port", text);
}

static int stats_take(struct netlink *nl, struct counters *counters,
		      struct failure *failure)
{
	int err = counters_take(nl, counters);

	return err ? ports_failure(nl, err, stats_what, failure) : 0;
}

/* Those that go away meanwhile are no failure. */
static int stats_time(struct netlink *nl, const struct counters *counters,
		      const struct request *req, uint32_t port,
		      struct failure *failure)
{
	const struct netlink_port *row;
	size_t i;
	int err;

	for (i = 0; i < counters->n; i++) {
		row = &counters->rows[i];
		if (row->ep != NETLINK_NO_EP || (port && port != row->port))
			continue;
		err = netlink_time(nl, row->port, req->watch_s * 1000);
		if (err && err != -ENOENT)
			return ports_failure(nl, err, "cannot time transfers",
					     failure);
	}
	return 0;
}

static void stats_sleep(unsigned int seconds)
{
	struct timespec left = { .tv_sec = seconds };

	screen_progress("timing transfers for %u s", seconds);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
	screen_progress(NULL);
}

static int stats_watch(struct netlink *nl, const struct request *req,
		       uint32_t port, struct counters *counters,
		       struct failure *failure)
{
	struct counters before;
	int err;

	err = stats_take(nl, &before, failure);
	if (err)
		return err;
	err = stats_time(nl, &before, req, port, failure);
	if (!err) {
		stats_sleep(req->watch_s);
		err = stats_take(nl, counters, failure);
	}
	if (!err)
		counters_subtract(counters, &before);
	counters_free(&before);
	return err;
}

static int stats_fill(const struct counters *counters, uint32_t port,
		      struct json_object *out, struct failure *failure)
{
	struct json_object *ports = counters_json(counters, port);

	if (port && !json_object_array_length(ports)) {
		json_object_put(ports);
		return failure_set(failure, "E_UNKNOWN_PORT",
				   "p2pusbctl status", stats_what,
				   "nothing is attached to port %u", port);
	}
	json_object_object_add(out, "ports", ports);
	return 0;
}

int cmd_stats(const struct request *req, struct json_object *out,
	      struct failure *failure)
{
	struct counters counters;
	struct netlink *nl;
	uint32_t port;
	int err;

	err = stats_port_of(req, &port, failure);
	if (!err)
		err = ports_open(&nl, stats_what, failure);
	if (err)
		return err;
	if (req->watch_s)
		err = stats_watch(nl, req, port, &counters, failure);
	else
		err = stats_take(nl, &counters, failure);
	netlink_close(nl);
	if (err)
		return err;
	field_put_number(out, "watch_s", req->watch_s);
	err = stats_fill(&counters, port, out, failure);
	counters_free(&counters);
	return err;
}

/* Screen -------------------------------------------------------------------- */

static void stats_cell_ep(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	snprintf(text, SCREEN_CELL_MAX, "0x%02x",
		 (unsigned int)field_number(row, "endpoint") & 0xff);
}

static void stats_cell_bytes(struct json_object *row,
			     char text[SCREEN_CELL_MAX])
{
	snprintf(text, SCREEN_CELL_MAX, "%lld",
		 (long long)(field_number(row, "bytes_in") +
			     field_number(row, "bytes_out")));
}

/* "half/nearly all took less": 16.4us/65.5us */
static void stats_cell_part(struct json_object *row, const char *part,
			    char text[SCREEN_CELL_MAX])
{
	struct json_object *times = field_object(row, "times"), *one;
	char half[LATENCY_TEXT_MAX], most[LATENCY_TEXT_MAX];

	text[0] = '\0';
	one = times ? field_object(times, part) : NULL;
	if (!field_number(one, "count"))
		return;
	latency_text((uint64_t)field_number(one, "p50_ns"), half);
	latency_text((uint64_t)field_number(one, "p99_ns"), most);
	snprintf(text, SCREEN_CELL_MAX, "%s/%s", half, most);
}

static void stats_cell_kernel(struct json_object *row,
			      char text[SCREEN_CELL_MAX])
{
	stats_cell_part(row, "kernel", text);
}

static void stats_cell_link(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	stats_cell_part(row, "link", text);
}

static void stats_cell_device(struct json_object *row,
			      char text[SCREEN_CELL_MAX])
{
	stats_cell_part(row, "device", text);
}

static const struct screen_column stats_columns[] = {
	{ "PORT", "port", NULL },
	{ "EP", NULL, stats_cell_ep },
	{ "TYPE", "type", NULL },
	{ "URBS", "urbs", NULL },
	{ "BYTES", NULL, stats_cell_bytes },
	{ "IN-FLIGHT", "in_flight", NULL },
	{ "ERRORS", "errors", NULL },
	{ "CANCELS", "cancels", NULL },
	{ "OVERDUE", "zombies", NULL },
	{ "KERNEL", NULL, stats_cell_kernel },
	{ "LINK", NULL, stats_cell_link },
	{ "DEVICE", NULL, stats_cell_device },
	{ NULL, NULL, NULL }
};

/* The endpoints of a port, each with its number. */
static void stats_flatten(struct json_object *port, struct json_object *rows)
{
	struct json_object *endpoints = field_array(port, "endpoints"), *row;
	size_t i;

	for (i = 0; i < json_object_array_length(endpoints); i++) {
		row = json_object_array_get_idx(endpoints, i);
		field_put_number(row, "port", field_number(port, "port"));
		json_object_array_add(rows, json_object_get(row));
	}
}

void cmd_stats_show(const struct request *req, struct json_object *out)
{
	struct json_object *ports = field_array(out, "ports");
	struct json_object *rows = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(ports); i++)
		stats_flatten(json_object_array_get_idx(ports, i), rows);
	screen_table(rows, stats_columns);
	if (req->watch_s && json_object_array_length(rows))
		screen_line("times: half of the transfers/99 of 100 took less");
	json_object_put(rows);
}
