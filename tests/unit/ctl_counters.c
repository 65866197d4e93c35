// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's statistics as JSON: endpoints below their ports, what happened
 * between two moments, and ports joined with theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "counters.h"
#include "field.h"

#define PORT(number, which)	\
	.port = (number), .epoch = (which), .ep = NETLINK_NO_EP
#define ENDPOINT(number, which, address)	\
	.port = (number), .epoch = (which), .ep = (address)

static struct netlink_port rows[] = {
	{ PORT(2, 1), .urbs = 30, .bytes_in = 600, .watch_ms = 5 },
	{ ENDPOINT(2, 1, 0), .urbs = 10, .bytes_in = 100 },
	{ ENDPOINT(2, 1, 0x81), .urbs = 20, .bytes_in = 500, .in_flight = 4,
	  .ep_type = P2PVHCI_XFER_BULK, .timed = 1,
	  .times = { { .sum_ns = 7, .buckets = { 1 } } } },
	{ PORT(17, 4), .urbs = 5 },
	{ ENDPOINT(17, 4, 0), .urbs = 5, .ep_type = 77 },
};

static const struct counters all = {
	.rows = rows, .n = sizeof(rows) / sizeof(rows[0]),
};

static struct json_object *at(struct json_object *from, const char *name,
			      size_t i)
{
	struct json_object *array = field_array(from, name);

	assert_non_null(array);
	return json_object_array_get_idx(array, i);
}

static void endpoints_are_below_their_port(void **state)
{
	struct json_object *ports = counters_json(&all, 0), *port, *ep;

	(void)state;
	assert_int_equal(json_object_array_length(ports), 2);
	port = json_object_array_get_idx(ports, 0);
	assert_int_equal(field_number(port, "port"), 2);
	assert_int_equal(field_number(port, "urbs"), 30);
	assert_int_equal(field_number(port, "watch_ms"), 5);
	assert_int_equal(json_object_array_length(field_array(port,
							      "endpoints")), 2);
	ep = at(port, "endpoints", 0);
	assert_string_equal(field_text(ep, "type"), "control");
	assert_null(field_object(ep, "times"));
	ep = at(port, "endpoints", 1);
	assert_int_equal(field_number(ep, "endpoint"), 0x81);
	assert_string_equal(field_text(ep, "type"), "bulk");
	assert_int_equal(field_number(ep, "in_flight"), 4);
	ep = field_object(field_object(ep, "times"), "kernel");
	assert_int_equal(field_number(ep, "count"), 1);
	port = json_object_array_get_idx(ports, 1);
	/* A type of a kernel that knows more than we. */
	assert_string_equal(field_text(at(port, "endpoints", 0), "type"), "");
	json_object_put(ports);
}

static void one_port_alone(void **state)
{
	struct json_object *ports = counters_json(&all, 17);

	(void)state;
	assert_int_equal(json_object_array_length(ports), 1);
	assert_int_equal(field_number(json_object_array_get_idx(ports, 0),
				      "port"), 17);
	json_object_put(ports);
	ports = counters_json(&all, 3);
	assert_int_equal(json_object_array_length(ports), 0);
	json_object_put(ports);
}

static void what_happened_in_between(void **state)
{
	struct netlink_port was[] = {
		{ PORT(2, 1), .urbs = 12 },
		{ ENDPOINT(2, 1, 0x81), .urbs = 2, .bytes_in = 100,
		  .in_flight = 3, .times = { { .sum_ns = 3 } } },
		/* Another device on the same port. */
		{ PORT(17, 3), .urbs = 4 },
	};
	const struct counters before = { .rows = was, .n = 3 };
	struct netlink_port is[sizeof(rows) / sizeof(rows[0])];
	struct counters now = { .rows = is, .n = all.n };
	size_t i;

	(void)state;
	for (i = 0; i < all.n; i++)
		is[i] = rows[i];
	counters_subtract(&now, &before);
	assert_int_equal(is[0].urbs, 18);
	assert_int_equal(is[1].urbs, 10);
	assert_int_equal(is[2].urbs, 18);
	assert_int_equal(is[2].bytes_in, 400);
	assert_int_equal(is[2].times[NETLINK_KERNEL].sum_ns, 4);
	/* A state is not a count. */
	assert_int_equal(is[2].in_flight, 4);
	assert_int_equal(is[0].watch_ms, 5);
	assert_int_equal(is[3].urbs, 5);
}

static void joined_with_ports(void **state)
{
	const char *text = "[{\"port\":17,\"epoch\":4},"
			   "{\"port\":2,\"epoch\":9},{}]";
	struct json_object *ports = json_tokener_parse(text), *port;

	(void)state;
	counters_join(&all, ports);
	port = json_object_array_get_idx(ports, 0);
	assert_int_equal(field_number(field_object(port, "counters"), "urbs"),
			 5);
	port = json_object_array_get_idx(ports, 1);
	assert_null(field_object(port, "counters"));
	port = json_object_array_get_idx(ports, 2);
	assert_null(field_object(port, "counters"));
	json_object_put(ports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_below_their_port),
		cmocka_unit_test(one_port_alone),
		cmocka_unit_test(what_happened_in_between),
		cmocka_unit_test(joined_with_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
