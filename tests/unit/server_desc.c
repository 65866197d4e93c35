// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interfaces and endpoints in the descriptors of a device, good and bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_desc.h"

#define DEVICE	18, 1, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define CONFIG(value, total)	9, 2, total, 0, 1, value, 0, 0x80, 50
#define INTERFACE(number, alt)	9, 4, number, alt, 1, 0xff, 0, 0, 0
#define ENDPOINT(ep, type)	7, 5, ep, type, 0, 2, 0

#define BULK	P2PUSB_XFER_BULK
#define ISO	P2PUSB_XFER_ISO

/* Configuration 1: interface 0 with two settings, 2 with a class's own. */
static const uint8_t two_configs[] = {
	DEVICE,
	CONFIG(1, 9 + 9 + 9 + 7 + 7 + 9 + 5 + 7),
	INTERFACE(0, 0),
	INTERFACE(0, 1), ENDPOINT(0x81, 0x02), ENDPOINT(0x02, 0x05),
	INTERFACE(2, 0), 5, 0x24, 1, 2, 3, ENDPOINT(0x83, 0x03),
	CONFIG(7, 9 + 9 + 7),
	INTERFACE(0, 0), ENDPOINT(0x81, 0x01),
};

static const struct engine_desc two = { two_configs, sizeof(two_configs) };

static uint32_t slots(uint8_t a, uint8_t b)
{
	return 1u << engine_slot(a) | 1u << engine_slot(b);
}

static void test_interfaces(void **state)
{
	(void)state;
	assert_int_equal(engine_desc_interfaces(&two, 1), 1 << 0 | 1 << 2);
	assert_int_equal(engine_desc_interfaces(&two, 7), 1 << 0);
	assert_int_equal(engine_desc_interfaces(&two, 0), 0);
}

static void test_endpoints(void **state)
{
	uint8_t types[ENGINE_EP_COUNT] = { 0 };

	(void)state;
	assert_int_equal(engine_desc_endpoints(&two, 1, 0, 0, types), 0);
	assert_int_equal(engine_desc_endpoints(&two, 1, 0, 1, types),
			 slots(0x81, 0x02));
	assert_int_equal(types[engine_slot(0x81)], BULK);
	assert_int_equal(types[engine_slot(0x02)], ISO);
	assert_int_equal(engine_desc_endpoints(&two, 1, 2, 0, types),
			 slots(0x83, 0x83));
	assert_int_equal(engine_desc_endpoints(&two, 7, 0, 0, types),
			 slots(0x81, 0x81));
	assert_int_equal(types[engine_slot(0x81)], ISO);
	assert_int_equal(engine_desc_endpoints(&two, 7, 0, 9, NULL), 0);
}

/* The kernel passes over what is too short, and binds drivers to the rest. */
static void test_too_short(void **state)
{
	static const uint8_t data[] = {
		DEVICE,
		CONFIG(1, 9 + 9 + 5 + 7 + 5 + 7 + 9 + 7),
		INTERFACE(0, 0), 5, 5, 0x81, 0x02, 0, ENDPOINT(0x82, 0x02),
		5, 4, 1, 0, 1, ENDPOINT(0x83, 0x02),
		INTERFACE(2, 0), ENDPOINT(0x84, 0x02),
	};
	static const struct engine_desc desc = { data, sizeof(data) };

	(void)state;
	assert_int_equal(engine_desc_interfaces(&desc, 1), 1 << 0 | 1 << 2);
	assert_int_equal(engine_desc_endpoints(&desc, 1, 0, 0, NULL),
			 slots(0x82, 0x82));
	assert_int_equal(engine_desc_endpoints(&desc, 1, 2, 0, NULL),
			 slots(0x84, 0x84));
}

/* Each length that is cut, and each byte that is another: no way outside. */
static void test_broken(void **state)
{
	uint8_t *copy = malloc(sizeof(two_configs));
	uint8_t types[ENGINE_EP_COUNT];
	struct engine_desc desc;
	size_t i;

	(void)state;
	for (i = 0; i <= sizeof(two_configs); i++) {
		desc.data = copy + sizeof(two_configs) - i;
		desc.len = i;
		memcpy(copy + sizeof(two_configs) - i, two_configs, i);
		engine_desc_interfaces(&desc, 7);
		engine_desc_endpoints(&desc, 1, 0, 1, types);
	}
	desc.data = copy;
	desc.len = sizeof(two_configs);
	for (i = 0; i < sizeof(two_configs) * 256; i++) {
		memcpy(copy, two_configs, sizeof(two_configs));
		copy[i / 256] = i;
		engine_desc_interfaces(&desc, 7);
		engine_desc_endpoints(&desc, 1, 0, 1, types);
	}
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_too_short),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
