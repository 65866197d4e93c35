// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * latency - what the buckets of struct p2pvhci_times mean.
 *
 * Does not know of what; that is counters.c.
 */
#include "latency.h"

#include <stdio.h>

#include "field.h"

#define LATENCY_LAST	(P2PVHCI_TIMES_BUCKETS - 1)

uint64_t latency_count(const struct p2pvhci_times *times)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i <= LATENCY_LAST; i++)
		n += times->buckets[i];
	return n;
}

void latency_subtract(struct p2pvhci_times *times,
		      const struct p2pvhci_times *before)
{
	int i;

	times->sum_ns -= before->sum_ns;
	for (i = 0; i <= LATENCY_LAST; i++)
		times->buckets[i] -= before->buckets[i];
}

uint64_t latency_within(const struct p2pvhci_times *times, unsigned int percent)
{
	uint64_t n = latency_count(times), seen = 0;
	uint64_t want = n / 100 * percent + (n % 100 * percent + 99) / 100;
	int i;

	if (!n)
		return 0;
	for (i = 0; i < LATENCY_LAST; i++) {
		seen += times->buckets[i];
		if (seen >= want)
			return (uint64_t)P2PVHCI_TIMES_MIN_NS << i;
	}
	return (uint64_t)P2PVHCI_TIMES_MIN_NS << (LATENCY_LAST - 1);
}

void latency_text(uint64_t ns, char text[LATENCY_TEXT_MAX])
{
	if (ns < 1000)
		snprintf(text, LATENCY_TEXT_MAX, "%uns", (unsigned int)ns);
	else if (ns < 1000000)
		snprintf(text, LATENCY_TEXT_MAX, "%.1fus", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, LATENCY_TEXT_MAX, "%.1fms", (double)ns / 1e6);
	else
		snprintf(text, LATENCY_TEXT_MAX, "%.1fs", (double)ns / 1e9);
}

struct json_object *latency_json(const struct p2pvhci_times *times)
{
	struct json_object *buckets = json_object_new_array();
	struct json_object *o = json_object_new_object();
	int64_t n;
	int i;

	for (i = 0; i <= LATENCY_LAST; i++) {
		n = (int64_t)times->buckets[i];
		json_object_array_add(buckets, json_object_new_int64(n));
	}
	field_put_number(o, "count", (int64_t)latency_count(times));
	field_put_number(o, "sum_ns", (int64_t)times->sum_ns);
	field_put_number(o, "p50_ns", (int64_t)latency_within(times, 50));
	field_put_number(o, "p99_ns", (int64_t)latency_within(times, 99));
	json_object_object_add(o, "buckets", buckets);
	return o;
}
