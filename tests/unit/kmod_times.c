// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/times.c in user space: which bucket a time falls into.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/kernel.h>
#include <uapi/linux/p2pvhci.h>
#include "times.h"

#define LAST	(P2PVHCI_TIMES_BUCKETS - 1)

static const struct {
	uint64_t ns;
	unsigned int bucket;
} examples[] = {
	{ 0, 0 },
	{ 255, 0 },
	{ 256, 1 },
	{ 511, 1 },
	{ 512, 2 },
	{ 1000, 2 },
	{ 1024, 3 },
	{ 1000000, 12 },
	{ 1000000000, 22 },
	{ (256ULL << LAST) / 2 - 1, LAST - 1 },
	{ (256ULL << LAST) / 2, LAST },
	{ 256ULL << LAST, LAST },
	{ UINT64_MAX, LAST },
};

static void buckets(void **state)
{
	struct p2pvhci_times times;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		memset(&times, 0, sizeof(times));
		p2pv_times_add(&times, examples[i].ns);
		assert_int_equal(times.sum_ns, examples[i].ns);
		for (k = 0; k < P2PVHCI_TIMES_BUCKETS; k++)
			assert_int_equal(times.buckets[k],
					 k == examples[i].bucket);
	}
}

static void sum(void **state)
{
	struct p2pvhci_times times = { 0 };

	(void)state;
	p2pv_times_add(&times, 300);
	p2pv_times_add(&times, 400);
	p2pv_times_add(&times, 5000);
	assert_int_equal(times.sum_ns, 5700);
	assert_int_equal(times.buckets[1], 2);
	assert_int_equal(times.buckets[5], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets),
		cmocka_unit_test(sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
