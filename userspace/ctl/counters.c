// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * counters - the kernel's statistics of ports and endpoints, as JSON.
 *
 * Counts nothing: the kernel does.
 */
#include "counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "latency.h"

#define COUNTERS_STEP	64	/* rows of memory at a time */

static const char *const counters_types[] = {
	[P2PVHCI_XFER_CONTROL] = "control",
	[P2PVHCI_XFER_ISO] = "isochronous",
	[P2PVHCI_XFER_BULK] = "bulk",
	[P2PVHCI_XFER_INTERRUPT] = "interrupt",
};

static const char *const counters_parts[NETLINK_NPARTS] = {
	[NETLINK_KERNEL] = "kernel",
	[NETLINK_LINK] = "link",
	[NETLINK_DEVICE] = "device",
};

/* Reading ------------------------------------------------------------------- */

static void counters_add(void *ctx, const struct netlink_port *port)
{
	struct counters *counters = ctx;
	struct netlink_port *rows;

	if (!port) {
		counters->n = 0;
		return;
	}
	if (counters->n % COUNTERS_STEP == 0) {
		rows = reallocarray(counters->rows,
				    counters->n + COUNTERS_STEP, sizeof(*rows));
		counters->lost |= !rows;
		if (!rows)
			return;
		counters->rows = rows;
	}
	if (!counters->lost)
		counters->rows[counters->n++] = *port;
}

int counters_take(struct netlink *nl, struct counters *counters)
{
	int err;

	memset(counters, 0, sizeof(*counters));
	err = netlink_stats(nl, counters_add, counters);
	if (!err && counters->lost)
		err = -ENOMEM;
	if (err)
		counters_free(counters);
	return err;
}

void counters_free(struct counters *counters)
{
	free(counters->rows);
	counters->rows = NULL;
	counters->n = 0;
}

/* Subtracting --------------------------------------------------------------- */

static const struct netlink_port *counters_find(const struct counters *counters,
						const struct netlink_port *like)
{
	const struct netlink_port *row;
	size_t i;

	for (i = 0; i < counters->n; i++) {
		row = &counters->rows[i];
		if (row->port == like->port && row->epoch == like->epoch &&
		    row->ep == like->ep)
			return row;
	}
	return NULL;
}

static void counters_subtract_row(struct netlink_port *row,
				  const struct netlink_port *before)
{
	int part;

	row->urbs -= before->urbs;
	row->bytes_in -= before->bytes_in;
	row->bytes_out -= before->bytes_out;
	row->errors -= before->errors;
	row->cancels -= before->cancels;
	for (part = 0; part < NETLINK_NPARTS; part++)
		latency_subtract(&row->times[part], &before->times[part]);
}

void counters_subtract(struct counters *now, const struct counters *before)
{
	const struct netlink_port *row;
	size_t i;

	for (i = 0; i < now->n; i++) {
		row = counters_find(before, &now->rows[i]);
		if (row)
			counters_subtract_row(&now->rows[i], row);
	}
}

/* JSON ---------------------------------------------------------------------- */

static void counters_put(struct json_object *o, const struct netlink_port *row)
{
	field_put_number(o, "urbs", (int64_t)row->urbs);
	field_put_number(o, "bytes_in", (int64_t)row->bytes_in);
	field_put_number(o, "bytes_out", (int64_t)row->bytes_out);
	field_put_number(o, "errors", (int64_t)row->errors);
	field_put_number(o, "cancels", (int64_t)row->cancels);
	field_put_number(o, "in_flight", row->in_flight);
	field_put_number(o, "zombies", row->zombies);
}

static struct json_object *counters_endpoint(const struct netlink_port *row)
{
	struct json_object *o = json_object_new_object(), *times;
	int part;

	field_put_number(o, "endpoint", row->ep);
	if (row->ep_type < sizeof(counters_types) / sizeof(counters_types[0]))
		field_put_text(o, "type", counters_types[row->ep_type]);
	counters_put(o, row);
	if (!row->timed)
		return o;
	times = json_object_new_object();
	for (part = 0; part < NETLINK_NPARTS; part++)
		json_object_object_add(times, counters_parts[part],
				       latency_json(&row->times[part]));
	json_object_object_add(o, "times", times);
	return o;
}

static struct json_object *counters_port(const struct counters *counters,
					 const struct netlink_port *port)
{
	const struct netlink_port *end = counters->rows + counters->n, *row;
	struct json_object *endpoints = json_object_new_array();
	struct json_object *o = json_object_new_object();

	field_put_number(o, "port", port->port);
	field_put_number(o, "epoch", port->epoch);
	field_put_number(o, "watch_ms", port->watch_ms);
	counters_put(o, port);
	for (row = port + 1; row < end && row->ep != NETLINK_NO_EP; row++)
		json_object_array_add(endpoints, counters_endpoint(row));
	json_object_object_add(o, "endpoints", endpoints);
	return o;
}

struct json_object *counters_json(const struct counters *counters,
				  uint32_t port)
{
	struct json_object *ports = json_object_new_array();
	const struct netlink_port *row;
	size_t i;

	for (i = 0; i < counters->n; i++) {
		row = &counters->rows[i];
		if (row->ep == NETLINK_NO_EP && (!port || port == row->port))
			json_object_array_add(ports,
					      counters_port(counters, row));
	}
	return ports;
}

void counters_join(const struct counters *counters, struct json_object *ports)
{
	struct netlink_port like = { .ep = NETLINK_NO_EP };
	const struct netlink_port *row;
	struct json_object *port;
	size_t i;

	for (i = 0; i < json_object_array_length(ports); i++) {
		port = json_object_array_get_idx(ports, i);
		like.port = (uint32_t)field_number(port, "port");
		like.epoch = (uint32_t)field_number(port, "epoch");
		row = counters_find(counters, &like);
		if (row)
			json_object_object_add(port, "counters",
					       counters_port(counters, row));
	}
}
