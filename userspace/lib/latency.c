// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * latency - what the buckets of struct p2pvhci_times mean.
 *
 * Reads no clock and does not know what took so long.
 */
#include "latency.h"

#include <stdio.h>

#define LATENCY_LAST	(P2PVHCI_TIMES_BUCKETS - 1)

void latency_add(struct p2pvhci_times *times, uint64_t ns)
{
	int i;

	for (i = 0; i < LATENCY_LAST; i++)
		if (ns < (uint64_t)P2PVHCI_TIMES_MIN_NS << i)
			break;
	times->buckets[i]++;
	times->sum_ns += ns;
}

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

static void latency_put(struct json_object *o, const char *name,
			uint64_t value)
{
	json_object_object_add(o, name, json_object_new_int64((int64_t)value));
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
	latency_put(o, "count", latency_count(times));
	latency_put(o, "sum_ns", times->sum_ns);
	latency_put(o, "p50_ns", latency_within(times, 50));
	latency_put(o, "p99_ns", latency_within(times, 99));
	json_object_object_add(o, "buckets", buckets);
	return o;
}
