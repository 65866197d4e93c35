// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_request - the grammar of the command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/p2pvhci.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "request.h"
#include "verb.h"

#define WORDS_MAX	48

static struct request req;
static struct failure failure;
/* request_parse() borrows its words. */
static char line_copy[1024];

/* Words of @line, separated by one blank; "_" stands for an empty word. */
static int parse(const char *line)
{
	char *argv[WORDS_MAX + 1] = { "p2pusbctl" };
	char *word;
	int argc = 1;

	memset(&failure, 0, sizeof(failure));
	snprintf(line_copy, sizeof(line_copy), "%s", line);
	for (word = strtok(line_copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = strcmp(word, "_") ? word : "";
	}
	return request_parse(argc, argv, &req, &failure);
}

static void accepted(const char *line, const char *verb, int nargs)
{
	if (parse(line))
		fail_msg("%s: %s: %s", line, failure.code, failure.why);
	assert_string_equal(req.verb->name, verb);
	assert_int_equal(req.nargs, nargs);
}

static void refused(const char *line, const char *code, const char *part)
{
	char whole[1024];

	assert_int_equal(parse(line), -ECANCELED);
	assert_string_equal(failure.code, code);
	assert_non_null(error_find(failure.code));
	snprintf(whole, sizeof(whole), "%s: %s. %s", failure.code,
		 failure.what, failure.why);
	if (!strstr(whole, part))
		fail_msg("%s: no \"%s\" in \"%s\"", line, part, whole);
}

static void test_bare_command_is_status(void **state)
{
	(void)state;
	accepted("", "status", 0);
	assert_false(req.json);
	accepted("--json", "status", 0);
	assert_true(req.json);
}

static void test_every_verb(void **state)
{
	(void)state;
	accepted("status", "status", 0);
	accepted("list", "list", 0);
	accepted("list pi", "list", 1);
	accepted("attach pi/1-1.2", "attach", 1);
	accepted("detach 0", "detach", 1);
	accepted("detach --all", "detach", 0);
	accepted("share 1-1", "share", 1);
	accepted("unshare 1-1", "unshare", 1);
	accepted("id", "id", 0);
	accepted("peer list", "peer list", 0);
	accepted("peer remove pi", "peer remove", 1);
	accepted("peer add pi ID", "peer add", 2);
	accepted("stats", "stats", 0);
	accepted("stats 3", "stats", 1);
	accepted("explain", "explain", 0);
	accepted("explain E_BUSY", "explain", 1);
	accepted("help peer add", "help", 2);
}

static void test_defaults(void **state)
{
	(void)state;
	accepted("attach pi/1", "attach", 1);
	assert_string_equal(req.args[0], "pi/1");
	assert_int_equal(req.timeout_s, 30);
	assert_true(req.wait);
	assert_int_equal(req.side, DAEMON_ANY);
	assert_null(req.address);
	assert_int_equal(req.nallow, 0);
	assert_false(req.quiet || req.help || req.version || req.all);
	assert_int_equal(req.port_flags, 0);
}

static void test_watch(void **state)
{
	(void)state;
	accepted("stats", "stats", 0);
	assert_int_equal(req.watch_s, 0);
	accepted("stats --watch 3600 2", "stats", 1);
	assert_int_equal(req.watch_s, 3600);
	refused("stats --watch 3601", "E_USAGE", "is not possible");
	refused("stats --watch 0", "E_USAGE", "is not possible");
	refused("stats --watch 1s", "E_USAGE", "is not possible");
	refused("stats --watch", "E_USAGE", "needs a value");
	refused("status --watch 1", "E_USAGE", "takes no --watch");
}

static void test_port_flags(void **state)
{
	(void)state;
	accepted("attach pi/1 --unauthorized", "attach", 1);
	assert_int_equal(req.port_flags, P2PVHCI_PORT_UNAUTHORIZED);
	accepted("attach pi/1 --sleep detach --unauthorized", "attach", 1);
	assert_int_equal(req.port_flags, P2PVHCI_PORT_FLAGS);
	accepted("attach pi/1 --sleep=detach --sleep=veto", "attach", 1);
	assert_int_equal(req.port_flags, 0);
	refused("attach pi/1 --sleep never", "E_USAGE", "veto the sleep");
	refused("attach pi/1 --sleep", "E_USAGE", "detach|veto");
	refused("detach pi/1 --sleep veto", "E_USAGE", "takes no --sleep");
}

static void test_options_anywhere(void **state)
{
	(void)state;
	accepted("--timeout 5 attach --no-wait pi/1 --json -q", "attach", 1);
	assert_int_equal(req.timeout_s, 5);
	assert_false(req.wait);
	assert_true(req.json);
	assert_true(req.quiet);
	accepted("peer --allow=* add --server x --allow class:hid y",
		 "peer add", 2);
	assert_int_equal(req.nallow, 2);
	assert_string_equal(req.allow[0], "*");
	assert_string_equal(req.allow[1], "class:hid");
	assert_int_equal(req.side, DAEMON_SERVER);
	accepted("peer add x y --address=[::1]:99 --agent", "peer add", 2);
	assert_string_equal(req.address, "[::1]:99");
}

static void test_end_of_options(void **state)
{
	(void)state;
	accepted("list -- --json", "list", 1);
	assert_string_equal(req.args[0], "--json");
	assert_false(req.json);
	accepted("list -", "list", 1);
}

static void test_unknown_words(void **state)
{
	(void)state;
	refused("frobnicate", "E_USAGE", "no such verb");
	refused("peer", "E_USAGE", "add, list, remove");
	refused("peer frobnicate", "E_USAGE", "add, list, remove");
	refused("_", "E_USAGE", "no such verb");
	refused("--frobnicate", "E_USAGE", "no such option");
	refused("-x", "E_USAGE", "no such option");
	refused("-qx", "E_USAGE", "no such option");
	/* Abbreviations break when options are added. */
	refused("attach pi/1 --time 5", "E_USAGE", "no such option");
	refused("statu", "E_USAGE", "no such verb");
}

static void test_number_of_arguments(void **state)
{
	(void)state;
	refused("attach", "E_USAGE", "PEER/DEVICE");
	refused("attach a/b c/d", "E_USAGE", "PEER/DEVICE");
	refused("status x", "E_USAGE", "status");
	refused("peer add x", "E_USAGE", "NAME ID");
	refused("peer add x y z", "E_USAGE", "NAME ID");
	refused("share", "E_USAGE", "DEVICE");
	refused("a b c d e f g h i j", "E_USAGE", "too many");
}

static void test_options_of_other_verbs(void **state)
{
	(void)state;
	refused("status --timeout 5", "E_USAGE", "takes no --timeout");
	refused("attach pi/1 --all", "E_USAGE", "takes no --all");
	refused("list --allow *", "E_USAGE", "takes no --allow");
	refused("share 1 --agent", "E_USAGE", "takes no --agent");
}

static void test_values(void **state)
{
	(void)state;
	refused("attach pi/1 --timeout", "E_USAGE", "needs a value");
	refused("attach pi/1 --timeout 0", "E_USAGE", "1 to 120");
	refused("attach pi/1 --timeout 121", "E_USAGE", "1 to 120");
	refused("attach pi/1 --timeout -1", "E_USAGE", "1 to 120");
	refused("attach pi/1 --timeout 1s", "E_USAGE", "1 to 120");
	refused("attach pi/1 --timeout=", "E_USAGE", "1 to 120");
	refused("attach pi/1 --timeout 99999999999999999999999", "E_USAGE",
		"1 to 120");
	refused("attach pi/1 --no-wait=x", "E_USAGE", "takes no value");
	refused("peer add a b --allow nonsense", "E_BAD_PATTERN", "nonsense");
	refused("peer add a b --address=", "E_USAGE", "--address");
	refused("peer add a b --agent --server", "E_USAGE", "excludes");
	accepted("attach pi/1 --timeout 120", "attach", 1);
}

static void test_patterns_are_bounded(void **state)
{
	char line[512] = "peer add a b";
	int i;

	(void)state;
	for (i = 0; i < PEER_ALLOW_MAX; i++)
		strcat(line, " --allow *");
	accepted(line, "peer add", 2);
	assert_int_equal(req.nallow, PEER_ALLOW_MAX);
	strcat(line, " --allow *");
	refused(line, "E_BAD_PATTERN", "up to 16");
}

/* A script that asked for JSON gets its complaint as JSON. */
static void test_json_is_known_on_failure(void **state)
{
	(void)state;
	refused("frobnicate --json", "E_USAGE", "no such verb");
	assert_true(req.json);
	refused("--frobnicate --json", "E_USAGE", "no such option");
	assert_true(req.json);
	refused("--frobnicate -- --json", "E_USAGE", "no such option");
	assert_false(req.json);
}

static void test_help_and_version_need_no_arguments(void **state)
{
	(void)state;
	accepted("attach --help", "attach", 0);
	assert_true(req.help);
	accepted("--version", "status", 0);
	assert_true(req.version);
}

static void test_tables_are_sound(void **state)
{
	const struct request_option_row *row, *other;
	const struct verb *verb;
	int taken;

	(void)state;
	for (verb = verb_table(); verb->name; verb++) {
		assert_non_null(verb->run);
		assert_non_null(verb->show);
		assert_true(verb->least <= verb->most);
		assert_true(verb->most <= REQUEST_ARGS_MAX);
		for (row = request_options(); row->name; row++)
			if (row->bit & verb->options && row->value)
				assert_non_null(strstr(verb->usage, row->name));
	}
	for (row = request_options(); row->name; row++)
		for (other = row + 1; other->name; other++)
			assert_string_not_equal(row->name, other->name);
	assert_null(verb_find((const char *const[]){ "nope" }, 1, &taken));
}

static void test_exit_codes(void **state)
{
	const struct error_code *row;
	int last = ERROR_EXIT_FAILED;

	(void)state;
	for (row = error_table(); row->code; row++) {
		assert_int_equal(strncmp(row->code, "E_", 2), 0);
		assert_in_range(row->exit, last, ERROR_EXIT_TIMEOUT);
		assert_ptr_equal(error_find(row->code), row);
		last = row->exit;
	}
	assert_null(error_find("E_NONSENSE"));
	assert_null(error_find(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare_command_is_status),
		cmocka_unit_test(test_every_verb),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_port_flags),
		cmocka_unit_test(test_options_anywhere),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_unknown_words),
		cmocka_unit_test(test_number_of_arguments),
		cmocka_unit_test(test_options_of_other_verbs),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_patterns_are_bounded),
		cmocka_unit_test(test_json_is_known_on_failure),
		cmocka_unit_test(test_help_and_version_need_no_arguments),
		cmocka_unit_test(test_tables_are_sound),
		cmocka_unit_test(test_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
