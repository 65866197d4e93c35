// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which requests to endpoint 0 are verbs, which are answered, which go raw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ep0.h"

struct row {
	const char *name;
	uint8_t setup[8];
	enum ep0_kind kind;
};

static const struct row rows[] = {
	{ "SET_ADDRESS", { 0, 5, 7 }, EP0_SWALLOW },
	{ "SET_SEL", { 0, 0x30, 0, 0, 0, 0, 6 }, EP0_SWALLOW },
	{ "SET_ISOCH_DELAY", { 0, 0x31, 40 }, EP0_SWALLOW },
	{ "SET_FEATURE U1", { 0, 3, 48 }, EP0_SWALLOW },
	{ "SET_FEATURE U2", { 0, 3, 49 }, EP0_SWALLOW },
	{ "CLEAR_FEATURE LTM", { 0, 1, 50 }, EP0_SWALLOW },
	{ "SET_FEATURE REMOTE_WAKEUP", { 0, 3, 1 }, EP0_RAW },
	{ "CLEAR_FEATURE REMOTE_WAKEUP", { 0, 1, 1 }, EP0_RAW },
	{ "SET_CONFIGURATION", { 0, 9, 1 }, EP0_SET_CONFIGURATION },
	{ "SET_CONFIGURATION 0", { 0, 9, 0 }, EP0_SET_CONFIGURATION },
	{ "SET_CONFIGURATION with data", { 0, 9, 1, 0, 0, 0, 1 }, EP0_RAW },
	{ "GET_CONFIGURATION", { 0x80, 8, 0, 0, 0, 0, 1 }, EP0_RAW },
	{ "SET_INTERFACE", { 1, 11, 1, 0, 2 }, EP0_SET_INTERFACE },
	{ "GET_INTERFACE", { 0x81, 10, 0, 0, 2, 0, 1 }, EP0_RAW },
	{ "CLEAR_HALT IN 1", { 2, 1, 0, 0, 0x81 }, EP0_CLEAR_HALT },
	{ "CLEAR_HALT OUT 2", { 2, 1, 0, 0, 2 }, EP0_CLEAR_HALT },
	{ "CLEAR_HALT of endpoint 0", { 2, 1, 0, 0, 0 }, EP0_RAW },
	{ "CLEAR_HALT of endpoint 0 IN", { 2, 1, 0, 0, 0x80 }, EP0_RAW },
	{ "SET_HALT", { 2, 3, 0, 0, 0x81 }, EP0_RAW },
	{ "vendor request 9", { 0x40, 9, 1 }, EP0_RAW },
	{ "class request 11", { 0x21, 11, 1 }, EP0_RAW },
	{ "GET_DESCRIPTOR", { 0x80, 6, 0, 1, 0, 0, 18 }, EP0_RAW },
};

static void test_kinds(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (ep0_kind(rows[i].setup) != rows[i].kind)
			fail_msg("%s", rows[i].name);
	}
}

static void test_fields(void **state)
{
	const uint8_t setup[8] = { 0x80, 6, 0x34, 0x12, 0x78, 0x56, 0xbc, 0x9a };

	(void)state;
	assert_int_equal(ep0_value(setup), 0x1234);
	assert_int_equal(ep0_index(setup), 0x5678);
	assert_int_equal(ep0_length(setup), 0x9abc);
	assert_true(ep0_is_in(setup));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
