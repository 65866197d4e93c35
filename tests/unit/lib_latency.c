// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which bucket a time falls into, and what buckets mean: shares of them,
 * differences, text, JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "latency.h"

#define LAST	(P2PVHCI_TIMES_BUCKETS - 1)

static void buckets(void **state)
{
	static const struct {
		uint64_t ns;
		unsigned int bucket;
	} examples[] = {
		{ 0, 0 }, { 255, 0 }, { 256, 1 }, { 511, 1 }, { 512, 2 },
		{ 1000000, 12 }, { (128ULL << LAST) - 1, LAST - 1 },
		{ 128ULL << LAST, LAST }, { UINT64_MAX, LAST },
	};
	struct p2pvhci_times times;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		memset(&times, 0, sizeof(times));
		latency_add(&times, examples[i].ns);
		assert_int_equal(times.sum_ns, examples[i].ns);
		assert_int_equal(times.buckets[examples[i].bucket], 1);
		assert_int_equal(latency_count(&times), 1);
	}
}

static void nothing(void **state)
{
	struct p2pvhci_times times = { 0 };

	(void)state;
	assert_int_equal(latency_count(&times), 0);
	assert_int_equal(latency_within(&times, 50), 0);
	assert_int_equal(latency_within(&times, 99), 0);
}

static void one(void **state)
{
	struct p2pvhci_times times = { .buckets[4] = 1 };

	(void)state;
	assert_int_equal(latency_within(&times, 1), 4096);
	assert_int_equal(latency_within(&times, 50), 4096);
	assert_int_equal(latency_within(&times, 100), 4096);
}

static void shares(void **state)
{
	struct p2pvhci_times times = {
		.buckets[0] = 50, .buckets[3] = 49, .buckets[10] = 1,
	};

	(void)state;
	assert_int_equal(latency_count(&times), 100);
	assert_int_equal(latency_within(&times, 50), 256);
	assert_int_equal(latency_within(&times, 51), 2048);
	assert_int_equal(latency_within(&times, 99), 2048);
	assert_int_equal(latency_within(&times, 100), 262144);
	/* Not 99 of 101. */
	times.buckets[10]++;
	assert_int_equal(latency_within(&times, 99), 262144);
}

static void no_end(void **state)
{
	struct p2pvhci_times times = { .buckets[LAST] = 3 };

	(void)state;
	assert_int_equal(latency_within(&times, 50), 128ULL << LAST);
}

/* More than a long of 64 bits could hold a hundred times. */
static void very_many(void **state)
{
	struct p2pvhci_times times = {
		.buckets[1] = UINT64_MAX / 4, .buckets[2] = UINT64_MAX / 4,
	};

	(void)state;
	assert_int_equal(latency_within(&times, 50), 512);
	assert_int_equal(latency_within(&times, 60), 1024);
}

static void difference(void **state)
{
	struct p2pvhci_times now = { .sum_ns = 900, .buckets = { 3, 5, 1 } };
	const struct p2pvhci_times before = {
		.sum_ns = 500, .buckets = { 3, 1 },
	};

	(void)state;
	latency_subtract(&now, &before);
	assert_int_equal(now.sum_ns, 400);
	assert_int_equal(now.buckets[0], 0);
	assert_int_equal(now.buckets[1], 4);
	assert_int_equal(now.buckets[2], 1);
}

static void text(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} texts[] = {
		{ 256, "256ns" }, { 2048, "2.0us" }, { 131072, "131.1us" },
		{ 67108864, "67.1ms" }, { 1073741824, "1.1s" },
		{ 128ULL << LAST, "274.9s" },
	};
	char got[LATENCY_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		latency_text(texts[i].ns, got);
		assert_string_equal(got, texts[i].text);
	}
}

static void json(void **state)
{
	const struct p2pvhci_times times = {
		.sum_ns = 700, .buckets = { 1, 2 },
	};
	struct json_object *o = latency_json(&times);
	const char *head = "{\"count\":3,\"sum_ns\":700,\"p50_ns\":512,"
			   "\"p99_ns\":512,\"buckets\":[1,2,0,";
	const char *got;

	(void)state;
	got = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	assert_int_equal(strncmp(got, head, strlen(head)), 0);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),
		cmocka_unit_test(nothing),
		cmocka_unit_test(one),
		cmocka_unit_test(shares),
		cmocka_unit_test(no_end),
		cmocka_unit_test(very_many),
		cmocka_unit_test(difference),
		cmocka_unit_test(text),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
