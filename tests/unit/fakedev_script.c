// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fakedev_script - what the language of fakedev takes, and what it refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <p2pusb/wire.h>

#include "persona.h"
#include "script.h"

static char error[256];

static int read_text(struct script *script, const char *text)
{
	memset(script, 0, sizeof(*script));
	error[0] = '\0';
	return script_read_text(script, "dev", text, error, sizeof(error));
}

static void takes_a_whole_device(void **state)
{
	static struct script script;
	const struct spec *spec = &script.specs[0];

	(void)state;
	assert_int_equal(read_text(&script,
				   "# a device\n"
				   "device plain\n"
				   "  speed super   # quick\n"
				   "  id 1234:abcd\n"
				   "  product two words\n"
				   "  endpoint 0x81 bulk 1024 0 16\n"
				   "  endpoint 2 interrupt 64 4000\n"
				   "  on 0x81 delay 5 10\n"
				   "  on 0x81 error 7 crc\n"
				   "  descriptor bos 050f 0500\n"
				   "  descriptor bos 00\n"
				   "  count 3\n"
				   "device zero\n"), 0);
	assert_int_equal(script.nspecs, 2);
	assert_ptr_equal(spec->persona, &persona_plain);
	assert_int_equal(spec->speed, SPEC_SPEED_SUPER);
	assert_int_equal(spec->vid, 0x1234);
	assert_int_equal(spec->pid, 0xabcd);
	assert_string_equal(spec->product, "two words");
	assert_int_equal(spec->neps, 2);
	assert_int_equal(spec->eps[0].streams, 16);
	assert_int_equal(spec->eps[1].interval_us, 4000);
	assert_int_equal(spec->nrules, 1);
	assert_int_equal(spec->rules[0].delay_max_ms, 10);
	assert_int_equal(spec->rules[0].error_at, 7);
	assert_int_equal(spec->rules[0].error_status, P2PUSB_ST_CRC);
	assert_int_equal(spec->raw_bos.len, 5);
	assert_int_equal(spec->count, 3);
	assert_ptr_equal(script.specs[1].persona, &persona_zero);
	assert_int_equal(script.specs[1].count, 1);
	script_free(&script);
}

static void says_where_and_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} bad[] = {
		{ "", "dev:0: no device" },
		{ "speed high", "dev:1: \"speed\" before the first \"device\"" },
		{ "device\n", "dev:1: device: wrong number of values" },
		{ "\ndevice nope", "dev:2: no personality is called \"nope\". Try: --list" },
		{ "device uvc;speed full", "dev:2: uvc cannot be of full speed" },
		{ "device zero;jump", "dev:2: no line starts with \"jump\"" },
		{ "device zero;id 12345:1", "dev:2: \"12345:1\" is no VID:PID, as in 1209:0001" },
		{ "device zero;on 0x80 nak 1",
		  "dev:2: 0x80 is no endpoint address" },
		{ "device zero;on 0x81 nak 0",
		  "dev:2: \"0\" is no number from 1 to 3600000" },
		{ "device zero;on 0x81 nak -1",
		  "dev:2: \"-1\" is no number from 1 to 3600000" },
		{ "device zero;on 0x81 fly 1", "dev:2: no rule is called \"fly\"" },
		{ "device zero;on 0x81 answer 0",
		  "dev:2: \"0\": bytes are pairs of hexadecimal digits" },
		{ "device zero;on 1 source loop", "dev:2: no data are called \"loop\"" },
		{ "device zero;endpoint 0x81 bulk 64",
		  "dev:2: only a plain device takes endpoints" },
		{ "device zero;descriptor device 0102030405060708090a0b0c0d0e0f10111213",
		  "dev:2: more than 18 bytes" },
		{ "device zero;serial a\"b", "dev:2: texts are printable ASCII without \" and \\" },
		{ "device zero;count 251", "dev:2: \"251\" is no number from 1 to 250" },
	};
	static struct script script;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(&script, bad[i].text), -EINVAL);
		assert_string_equal(error, bad[i].error);
		script_free(&script);
	}
}

static void is_bounded(void **state)
{
	static struct script script;
	char text[8192];
	size_t at = 0;
	int i;

	(void)state;
	for (i = 0; i <= SCRIPT_SPECS_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "device zero\n");
	assert_int_equal(read_text(&script, text), -EINVAL);
	script_free(&script);

	at = (size_t)snprintf(text, sizeof(text), "device hid\non 0x81 answer");
	for (i = 0; i < 70; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " 00");
	assert_int_equal(read_text(&script, text), -EINVAL);
	assert_string_equal(error, "dev:2: more than 64 answers");
	script_free(&script);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(read_text(&script, text), -EINVAL);
	assert_string_equal(error, "dev:1: line is longer than 4095 bytes");
	script_free(&script);
}

static void a_missing_file_is_named(void **state)
{
	static struct script script;

	(void)state;
	assert_int_equal(script_read_file(&script, "/nonexistent", error,
					  sizeof(error)), -ENOENT);
	assert_string_equal(error, "/nonexistent: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_whole_device),
		cmocka_unit_test(says_where_and_what_is_wrong),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
