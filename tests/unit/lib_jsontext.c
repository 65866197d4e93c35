// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_jsontext - what is one JSON object and what is not, whichever json-c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jsontext.h"

#define DEPTH	4

/* A heap copy of just the bytes: ASan sees a read past the end. */
static struct json_object *parse(const char *text, size_t len)
{
	struct json_object *object;
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	object = jsontext_parse(copy, len, DEPTH);
	free(copy);
	return object;
}

static void characters_beyond_ascii_arrive(void **state)
{
	static const char *const texts[] = {
		"hi/ä", "€", "\xf0\x9f\x94\x8c plug", "\xf4\x8f\xbf\xbf", "",
	};
	struct json_object *object, *got;
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		strcpy(line, "{\"text\":\"");
		strcat(strcat(line, texts[i]), "\"}");
		object = parse(line, strlen(line));
		assert_true(json_object_object_get_ex(object, "text", &got));
		assert_string_equal(json_object_get_string(got), texts[i]);
		json_object_put(object);
	}
}

static void what_is_no_object_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 0 },			{ "[]", 2 },
		{ "\"a\"", 3 },			{ "null", 4 },
		{ "{}x", 3 },			{ "{} {}", 5 },
		{ "{}\0", 3 },
		{ "{\"a\":\"\xff\"}", 9 },	{ "{\"a\":\"\xc3", 7 },
		{ "{\"a\":\"\xed\xa0\x80\"}", 11 },
		{ "{\"a\":\"\xc0\xaf\"}", 10 },
		{ "ä{}", 4 },			{ "{\"a\":\"\\ä\"}", 11 },
		{ "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", 26 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_null(parse(rows[i].text, rows[i].len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_beyond_ascii_arrive),
		cmocka_unit_test(what_is_no_object_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
