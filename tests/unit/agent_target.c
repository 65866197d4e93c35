// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_target - what people type, and which device they mean.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "target.h"

static const struct wire_device offered[] = {
	{ .busid = "1-1", .vid = 0x0781, .pid = 0x5583, .product = "Ultra Fit",
	  .serial = "A1" },
	{ .busid = "1-1.4", .vid = 0x0781, .pid = 0x5583,
	  .product = "Ultra Fit", .serial = "A2" },
	{ .busid = "2-3", .vid = 0x0403, .pid = 0x6001, .product = "FT232R" },
	{ .busid = "2-4", .vid = 0x1d6b, .pid = 0x0002, .dev_class = 9,
	  .product = "Hub" },
	{ .busid = "3-1", .vid = 0x0001, .pid = 0x0002, .product = "1-1" },
};

#define NOFFERED (sizeof(offered) / sizeof(offered[0]))

static int parse(const char *text, struct target *target)
{
	return target_parse((const uint8_t *)text, strlen(text), target);
}

static void takes_peer_and_device_apart(void **state)
{
	struct target target;

	(void)state;
	assert_int_equal(parse("lab/1-1.4", &target), 0);
	assert_string_equal(target.peer, "lab");
	assert_string_equal(target.device, "1-1.4");
	assert_int_equal(parse("lab/a/b", &target), 0);
	assert_string_equal(target.device, "a/b");
}

static void refuses_what_is_no_target(void **state)
{
	static const char *const bad[] = {
		"", "/", "lab", "lab/", "/1-1", "lab/1\n1", "l\x1b" "ab/1-1",
		"a23456789012345678901234567890123/1-1",
	};
	char text[PEER_NAME_MAX + TARGET_DEVICE_MAX + 8];
	struct target target;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &target), -EINVAL);
	assert_int_equal(target_parse((const uint8_t *)"lab/1\0001", 7,
				      &target), -EINVAL);
	memset(text, 'd', sizeof(text));
	text[1] = '/';
	assert_int_equal(target_parse((uint8_t *)text, 2 + TARGET_DEVICE_MAX,
				      &target), 0);
	assert_int_equal(target_parse((uint8_t *)text, 3 + TARGET_DEVICE_MAX,
				      &target), -EINVAL);
}

static void picks_the_one_that_is_meant(void **state)
{
	static const struct {
		const char *text;
		const char *busid;
	} rows[] = {
		{ "1-1", "1-1" },
		{ "1-1.4", "1-1.4" },
		{ "port:2-3", "2-3" },
		{ "0403:6001", "2-3" },
		{ "0781:5583:A2", "1-1.4" },
		{ "FT232R", "2-3" },
		{ "ft*", "2-3" },
	};
	struct refusal refusal = { 0 };
	const struct wire_device *device;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		device = target_pick(rows[i].text, offered, NOFFERED, &refusal);
		assert_non_null(device);
		assert_string_equal(device->busid, rows[i].busid);
	}
}

static void names_the_candidates_and_never_guesses(void **state)
{
	struct refusal refusal = { 0 };

	(void)state;
	assert_null(target_pick("0781:5583", offered, NOFFERED, &refusal));
	assert_string_equal(refusal.code, "E_AMBIGUOUS");
	assert_non_null(strstr(refusal.why, "1-1 (0781:5583 Ultra Fit), 1-1.4"));
	assert_null(target_pick("ultra*", offered, NOFFERED, &refusal));
	assert_string_equal(refusal.code, "E_AMBIGUOUS");
}

static void cuts_the_candidates_between_names(void **state)
{
	struct wire_device many[64];
	struct refusal refusal = { 0 };
	size_t len;
	size_t i;

	(void)state;
	memset(many, 0, sizeof(many));
	for (i = 0; i < 64; i++) {
		many[i] = offered[0];
		many[i].busid[0] = (char)('a' + i % 26);
	}
	assert_null(target_pick("*", many, 64, &refusal));
	len = strlen(refusal.why);
	assert_true(len > 300 && refusal.why[len - 1] == ')');
}

static void refuses_hubs_and_strangers(void **state)
{
	struct refusal refusal = { 0 };

	(void)state;
	assert_null(target_pick("2-4", offered, NOFFERED, &refusal));
	assert_string_equal(refusal.code, "E_UNSUPPORTED");
	assert_null(target_pick("9-9", offered, NOFFERED, &refusal));
	assert_string_equal(refusal.code, "E_UNKNOWN_DEVICE");
	assert_null(target_pick("[", offered, NOFFERED, &refusal));
	assert_string_equal(refusal.code, "E_UNKNOWN_DEVICE");
	assert_null(target_pick("1-1", offered, 0, &refusal));
}

static void takes_addresses_apart(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		const char *port;
	} rows[] = {
		{ "lab", "lab", "3241" },
		{ "lab.example:7", "lab.example", "7" },
		{ "10.0.0.1", "10.0.0.1", "3241" },
		{ "10.0.0.1:65535", "10.0.0.1", "65535" },
		{ "fd00::1", "fd00::1", "3241" },
		{ "[fd00::1]", "fd00::1", "3241" },
		{ "[fe80::1%eth0]:99", "fe80::1%eth0", "99" },
		{ "", NULL, NULL },
		{ ":1", NULL, NULL },
		{ "lab:", NULL, NULL },
		{ "lab:0", NULL, NULL },
		{ "lab:65536", NULL, NULL },
		{ "lab:+1", NULL, NULL },
		{ "[fd00::1", NULL, NULL },
		{ "[fd00::1]x", NULL, NULL },
		{ "[]:1", NULL, NULL },
	};
	char host[TARGET_HOST_MAX + 1];
	char port[6];
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ret = target_address(rows[i].text, host, port);
		assert_int_equal(ret, rows[i].host ? 0 : -EINVAL);
		if (ret)
			continue;
		assert_string_equal(host, rows[i].host);
		assert_string_equal(port, rows[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_peer_and_device_apart),
		cmocka_unit_test(refuses_what_is_no_target),
		cmocka_unit_test(picks_the_one_that_is_meant),
		cmocka_unit_test(names_the_candidates_and_never_guesses),
		cmocka_unit_test(cuts_the_candidates_between_names),
		cmocka_unit_test(refuses_hubs_and_strangers),
		cmocka_unit_test(takes_addresses_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
