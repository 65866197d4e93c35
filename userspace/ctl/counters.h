/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters - the kernel's statistics of ports and endpoints, as JSON.
 *
 * Asks for nothing to be timed, and does not wait.
 */
#ifndef P2PUSB_CTL_COUNTERS_H
#define P2PUSB_CTL_COUNTERS_H

#include <json-c/json.h>
#include <stddef.h>

#include "netlink.h"

/**
 * struct counters - as they were at one moment
 * @rows: ports, each before its endpoints
 * @n: how many
 * @lost: memory ran out
 */
struct counters {
	struct netlink_port *rows;
	size_t n;
	int lost;
};

/**
 * counters_take() - read them
 * @nl: handle
 * @counters: filled; to be freed, but for a failure
 *
 * Return: 0 or negative errno.
 */
int counters_take(struct netlink *nl, struct counters *counters);
void counters_free(struct counters *counters);

/**
 * counters_subtract() - what happened in between
 * @now: changed
 * @before: of the same handle
 *
 * A device that was not there before keeps all it has.
 */
void counters_subtract(struct counters *now, const struct counters *before);

/**
 * counters_json() - ports with their endpoints
 * @counters: those
 * @port: only this one, 0 = all
 *
 * Return: array.
 */
struct json_object *counters_json(const struct counters *counters,
				  uint32_t port);

/**
 * counters_join() - add "counters" to what is told of ports
 * @counters: of all of them
 * @ports: of ports_dump()
 */
void counters_join(const struct counters *counters, struct json_object *ports);

#endif /* P2PUSB_CTL_COUNTERS_H */
