// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/pace.c in user space: when isochronous packets are over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/kernel.h>
#include <uapi/linux/p2pvhci.h>
#include "pace.h"

#define MS	1000000ULL

static const struct {
	uint32_t npkt, interval;
	int micro;
	int32_t ppb;
	uint64_t ns;
} durations[] = {
	{ 1, 1, 0, 0, MS },
	{ 8, 1, 0, 0, 8 * MS },
	{ 8, 1, 1, 0, MS },
	{ 64, 1, 1, 0, 8 * MS },
	{ 4, 8, 1, 0, 4 * MS },
	{ 1, 1, 0, 1000000, 999000 },
	{ 1, 1, 0, -1000000, 1001000 },
	{ 10, 1, 0, 100, 10 * MS - 1 },
	{ 10, 1, 0, -100, 10 * MS + 1 },
	/* The longest that usbcore lets through, at the limit of the rate. */
	{ P2PVHCI_NPKT_MAX, 8192, 1, P2PVHCI_EVENT_RATE_MAX,
	  130940928000ULL },
	{ P2PVHCI_NPKT_MAX, 8192, 1, -P2PVHCI_EVENT_RATE_MAX,
	  131203072000ULL },
};

static void duration(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(durations); i++)
		assert_int_equal(p2pv_pace_duration(durations[i].npkt,
						    durations[i].interval,
						    durations[i].micro,
						    durations[i].ppb),
				 durations[i].ns);
}

static void due(void **state)
{
	(void)state;
	/* The first starts at once, and so does one after a pause. */
	assert_int_equal(p2pv_pace_due(0, 5 * MS, 8 * MS), 13 * MS);
	assert_int_equal(p2pv_pace_due(13 * MS, 20 * MS, 8 * MS), 28 * MS);
	/* What is submitted ahead follows without a gap. */
	assert_int_equal(p2pv_pace_due(13 * MS, 5 * MS, 8 * MS), 21 * MS);
	assert_int_equal(p2pv_pace_due(13 * MS, 13 * MS, 8 * MS), 21 * MS);
}

static void frame(void **state)
{
	(void)state;
	assert_int_equal(p2pv_pace_frame(0), 0);
	assert_int_equal(p2pv_pace_frame(MS - 1), 0);
	assert_int_equal(p2pv_pace_frame(MS), 1);
	assert_int_equal(p2pv_pace_frame(2047 * MS), 2047);
	assert_int_equal(p2pv_pace_frame(2048 * MS), 0);
	/* Years later. */
	assert_int_equal(p2pv_pace_frame((2048ULL * 100000000 + 7) * MS), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duration),
		cmocka_unit_test(due),
		cmocka_unit_test(frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
