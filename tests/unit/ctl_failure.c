// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_failure - complaints of daemons and of the kernel become one clean line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "failure.h"
#include "text.h"

static struct failure failure;

static void is(const char *code, const char *what, const char *why,
	       const char *hint)
{
	assert_string_equal(failure.code, code);
	assert_string_equal(failure.what, what);
	assert_string_equal(failure.why, why);
	assert_string_equal(failure.hint, hint);
}

static void sentence(const char *text)
{
	assert_int_equal(failure_from_sentence(&failure, "E_IO", "no attach",
					       text), -ECANCELED);
}

static void test_sentence_of_the_agent(void **state)
{
	(void)state;
	sentence("E_BUSY: cannot attach pi/1-1. lab has it since 10:04. Try: "
		 "p2pusbctl list pi");
	is("E_BUSY", "cannot attach pi/1-1", "lab has it since 10:04",
	   "p2pusbctl list pi");
	sentence("E_KEY: no. Its key is not known.");
	is("E_KEY", "no", "Its key is not known", "");
	sentence("E_TIMEOUT: no answer");
	is("E_TIMEOUT", "no answer", "", "");
	/* A dot inside a name is no end of a sentence. */
	sentence("E_BUSY: cannot attach pi/1-1.4. It is taken.");
	is("E_BUSY", "cannot attach pi/1-1.4", "It is taken", "");
}

/* The kernel cuts off at 256 bytes, and older ones send what they like. */
static void test_sentence_without_form(void **state)
{
	(void)state;
	sentence("The agent went away.");
	is("E_IO", "no attach", "The agent went away", "");
	sentence("");
	is("E_IO", "no attach", "", "");
	sentence("E_BUSY cannot");
	is("E_IO", "no attach", "E_BUSY cannot", "");
	sentence("E_: x. y");
	assert_string_equal(failure.code, "E_");
	sentence("E_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA: x. y");
	assert_string_equal(failure.code, "E_IO");
	sentence("E_BUSY: a. b. Try: ");
	is("E_BUSY", "a", "b", "");
}

static void test_terminal_is_not_obeyed(void **state)
{
	(void)state;
	sentence("E_BUSY: a\033]0;x\007b. c\nd\re. Try: f\x9b" "2J");
	is("E_BUSY", "a?]0;x?b", "c?d?e", "f?2J");
}

static void test_error_of_a_daemon(void **state)
{
	struct json_object *error;

	(void)state;
	error = json_tokener_parse("{\"code\":\"E_BUSY\",\"what\":\"a.\","
				   "\"why\":\"b\\n\",\"try\":\"c\"}");
	failure_from_json(&failure, error);
	is("E_BUSY", "a", "b?", "c");
	json_object_put(error);
	error = json_tokener_parse("{\"code\":7,\"what\":[],\"why\":null}");
	failure_from_json(&failure, error);
	is("E_PROTOCOL", "", "", "");
	json_object_put(error);
	failure_from_json(&failure, NULL);
	is("E_PROTOCOL", "", "", "");
	error = json_tokener_parse("{\"code\":\"E_BUSY; rm\"}");
	failure_from_json(&failure, error);
	assert_string_equal(failure.code, "E_PROTOCOL");
	json_object_put(error);
}

static void test_texts_are_bounded(void **state)
{
	char longest[4096];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	failure_set(&failure, "E_IO", longest, longest, "%s", longest);
	assert_int_equal(strlen(failure.what), sizeof(failure.what) - 1);
	assert_int_equal(strlen(failure.why), sizeof(failure.why) - 1);
	sentence(longest);
}

/* What failure_print() writes to @fd. */
static int printed(int fd, int json, char *out, size_t size)
{
	int pipes[2], saved = dup(fd), status;
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	dup2(pipes[1], fd);
	status = failure_print(&failure, json);
	fflush(NULL);
	dup2(saved, fd);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(pipes[0]);
	return status;
}

static void test_one_line(void **state)
{
	char out[2048];

	(void)state;
	failure_set(&failure, "E_BUSY", "sudo x", "a\nb", "c. ");
	assert_int_equal(printed(STDERR_FILENO, 0, out, sizeof(out)),
			 ERROR_EXIT_BUSY);
	assert_string_equal(out, "E_BUSY: a?b. c. Try: sudo x\n");
	failure_set(&failure, "E_FUTURE", NULL, "a", "%s", "");
	assert_int_equal(printed(STDERR_FILENO, 0, out, sizeof(out)),
			 ERROR_EXIT_FAILED);
	assert_string_equal(out, "E_FUTURE: a.\n");
}

static void test_json(void **state)
{
	char out[2048];

	(void)state;
	failure_set(&failure, "E_TIMEOUT", NULL, "a/b", "c");
	assert_int_equal(printed(STDOUT_FILENO, 1, out, sizeof(out)),
			 ERROR_EXIT_TIMEOUT);
	assert_string_equal(out, "{\"schema\":1,\"error\":{\"code\":"
			    "\"E_TIMEOUT\",\"what\":\"a/b\",\"why\":\"c\","
			    "\"try\":\"\",\"exit\":8}}\n");
}

static void test_text(void **state)
{
	static const struct {
		const char *in;
		const char *out;
		size_t width;
	} rows[] = {
		{ "", "", 0 },
		{ "plain ~", "plain ~", 7 },
		{ "Gerät 日本 😀", "Gerät 日本 😀", 10 },
		{ "a\tb\x7f", "a?b?", 4 },
		{ "\xc2\x9b" "2J", "?2J", 3 },
		{ "\xe2\x80\xae" "evil", "?evil", 5 },
		{ "\xff\xc0\x80", "???", 3 },
		/* Surrogate, overlong, beyond the last, cut off. */
		{ "\xed\xa0\x80", "???", 3 },
		{ "\xe0\x80\x80", "???", 3 },
		{ "\xf4\x90\x80\x80", "????", 4 },
		{ "ab\xe6\x97", "ab??", 4 },
	};
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strcpy(text, rows[i].in);
		text_clean(text);
		assert_string_equal(text, rows[i].out);
		assert_int_equal(text_width(text), rows[i].width);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence_of_the_agent),
		cmocka_unit_test(test_sentence_without_form),
		cmocka_unit_test(test_terminal_is_not_obeyed),
		cmocka_unit_test(test_error_of_a_daemon),
		cmocka_unit_test(test_texts_are_bounded),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
