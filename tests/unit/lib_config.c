// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_config - what is a legal configuration file, and how a bad one is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

/* What the setters saw, one "section.key=value;" after the other. */
struct seen {
	char text[4096];
	unsigned int number;
	int flag;
	char word[8];
};

struct place {
	char dir[64];
	char file[96];
	char dropins[96];
	char error[512];
	struct seen seen;
};

static int seen_add(void *ctx, const char *section, const char *key,
		    const char *value)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%s.%s=%s;",
		 section, key, value);
	return 0;
}

static int set_peer(void *ctx, const char *section, const char *value,
		    char why[CONFIG_WHY_MAX])
{
	(void)why;
	(void)section;
	return seen_add(ctx, "peer", "", value);
}

static int set_id(void *ctx, const char *section, const char *value,
		  char why[CONFIG_WHY_MAX])
{
	(void)why;
	return seen_add(ctx, section, "id", value);
}

static int set_number(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct seen *seen = ctx;

	(void)section;
	return config_u32(value, 10, 20, &seen->number, why);
}

static int set_flag(void *ctx, const char *section, const char *value,
		    char why[CONFIG_WHY_MAX])
{
	struct seen *seen = ctx;

	(void)section;
	return config_bool(value, &seen->flag, why);
}

static int set_word(void *ctx, const char *section, const char *value,
		    char why[CONFIG_WHY_MAX])
{
	struct seen *seen = ctx;

	(void)section;
	return config_text(value, seen->word, sizeof(seen->word), why);
}

static int set_errno_only(void *ctx, const char *section, const char *value,
			  char why[CONFIG_WHY_MAX])
{
	(void)ctx;
	(void)section;
	(void)value;
	(void)why;
	return -ENODEV;
}

static const struct config_key keys[] = {
	{ "main", "number", set_number },
	{ "main", "flag", set_flag },
	{ "main", "word", set_word },
	{ "main", "device", set_errno_only },
	{ "peer", "", set_peer },
	{ "peer", "id", set_id },
	{ NULL, NULL, NULL }
};

static void put(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/p2pusb-config-XXXXXX");
	if (!mkdtemp(place->dir))
		return -1;
	snprintf(place->file, sizeof(place->file), "%s/c", place->dir);
	snprintf(place->dropins, sizeof(place->dropins), "%s/c.d", place->dir);
	*state = place;
	return 0;
}

static void empty_dir(const char *path)
{
	char name[512];
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		unlink(name);
	}
	closedir(dir);
}

static int teardown(void **state)
{
	struct place *place = *state;

	empty_dir(place->dropins);
	rmdir(place->dropins);
	empty_dir(place->dir);
	rmdir(place->file);
	rmdir(place->dir);
	free(place);
	return 0;
}

static int read_text(struct place *place, const char *text)
{
	memset(&place->seen, 0, sizeof(place->seen));
	place->error[0] = '\0';
	put(place->file, text, strlen(text));
	return config_read(place->file, place->file, keys, &place->seen,
			   place->error, sizeof(place->error));
}

/* @rest: what follows the file's name in the complaint. */
static void refused(struct place *place, const char *text, const char *rest)
{
	char want[600];

	assert_int_equal(read_text(place, text), -EINVAL);
	snprintf(want, sizeof(want), "%s%s", place->file, rest);
	assert_string_equal(place->error, want);
}

static void test_legal_file(void **state)
{
	static const char text[] =
		"# comment\r\n; too\n\n[main] ; tail\n number = 0x10\r\n"
		"\tflag=yes\nword : abc ; tail\n[ peer  lab pc ]\nid = x y\n"
		"[peer]\nid=\n[peer last]";
	struct place *place = *state;

	assert_int_equal(read_text(place, text), 0);
	assert_int_equal(place->seen.number, 16);
	assert_int_equal(place->seen.flag, 1);
	assert_string_equal(place->seen.word, "abc");
	assert_string_equal(place->seen.text, "peer.=lab pc;lab pc.id=x y;"
			    "peer.=;.id=;peer.=last;");
}

static void test_missing_usual_file_is_empty(void **state)
{
	struct place *place = *state;

	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)), 0);
	/* One that somebody asked for is not. */
	assert_int_equal(config_read(place->file, "/usual", keys, &place->seen,
				     place->error, sizeof(place->error)),
			 -ENOENT);
	assert_non_null(strstr(place->error, place->file));
	assert_int_equal(config_read_file(place->file, keys, &place->seen,
					  place->error, sizeof(place->error)),
			 -ENOENT);
}

static void test_unknown_names_are_refused(void **state)
{
	refused(*state, "[main]\n\nnumber = 12\ncolour = red\n",
		":4: colour: unknown key in [main]");
	refused(*state, "[mian]\nnumber = 12\n", ":1: [mian]: unknown section");
	refused(*state, "[main]\nflag=no\n[peer x]\nflag = no\n",
		":4: flag: unknown key in [peer]");
	refused(*state, "[main x]\n",
		":1: [main]: this section takes no name");
	refused(*state, "[]\n",
		":1: [: a section has a name of 1 to 48 characters");
	refused(*state, "number = 12\n[main]\n",
		":1: number: stands before the first [section]");
}

static void test_bad_values_are_refused(void **state)
{
	static const char *const numbers[] = {
		"", "9", "21", "-12", "+12", "12x", "0x", "1e1",
		"99999999999999999999", "4294967308",
	};
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(text, sizeof(text), "[main]\nnumber = %s\n",
			 numbers[i]);
		refused(*state, text,
			":2: number: not a number from 10 to 20");
	}
	refused(*state, "[main]\nflag = maybe\n", ":2: flag: not yes or no");
	refused(*state, "[main]\nword =\n", ":2: word: empty");
	refused(*state, "[main]\nword = 12345678\n",
		":2: word: longer than 7 characters");
}

static void test_setter_without_sentence(void **state)
{
	struct place *place = *state;

	assert_int_equal(read_text(place, "[main]\ndevice = x\n"), -ENODEV);
	assert_non_null(strstr(place->error, ":2: device: No such device"));
}

static void test_lines_that_are_no_ini(void **state)
{
	refused(*state, "[main]\nnumber 12\n",
		":2: line: neither [section] nor key = value");
	refused(*state, "[main\n", ":1: [: no ] on this line");
	refused(*state, "[main] number = 1\n", ":1: [: text follows the ]");
	refused(*state, "[main]\n= 12\n", ":2: =: no key before it");
}

/* An indented line is no continuation of the one before. */
static void test_indented_line_stands_alone(void **state)
{
	refused(*state, "[main]\nword = a\n   b\n",
		":3: line: neither [section] nor key = value");
}

static void test_first_error_is_named(void **state)
{
	refused(*state, "[main]\nrubbish\nnumber = 1\ncolour = 1\n",
		":2: line: neither [section] nor key = value");
	refused(*state, "[main]\nnumber = 1\nrubbish\ncolour = 1\n",
		":2: number: not a number from 10 to 20");
}

static void test_control_characters(void **state)
{
	static const char nul[] = "[main]\nword = a\0b\n";
	struct place *place = *state;

	put(place->file, nul, sizeof(nul) - 1);
	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)),
			 -EINVAL);
	assert_non_null(strstr(place->error, ":2: line: control character 0x00"));
	refused(place, "[main]\nword = a\033[2J\n",
		":2: line: control character 0x1b");
}

static void test_long_lines(void **state)
{
	struct place *place = *state;
	char text[2000];
	int fits;

	/* As long as is taken, then one more: no line is ever cut. */
	for (fits = 0; fits < 1500; fits++) {
		snprintf(text, sizeof(text), "[peer]\nid = %.*s%0*d\n", 0, "",
			 fits + 1, 0);
		if (read_text(place, text))
			break;
		assert_int_equal(strlen(place->seen.text),
				 strlen("peer.=;.id=;") + (size_t)fits + 1);
	}
	assert_in_range(fits, 180, 1400);
	assert_non_null(strstr(place->error, ":2: line: longer than "));
}

static void test_no_regular_file(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkfifo(place->file, 0600), 0);
	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)),
			 -EINVAL);
	assert_non_null(strstr(place->error, ": not a regular file"));
	unlink(place->file);
	assert_int_equal(mkdir(place->file, 0700), 0);
	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)),
			 -EINVAL);
}

static void test_huge_file(void **state)
{
	struct place *place = *state;

	put(place->file, "", 0);
	assert_int_equal(truncate(place->file, 2 << 20), 0);
	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)),
			 -EFBIG);
}

static void put_dropin(struct place *place, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", place->dropins, name);
	put(path, text, strlen(text));
}

static void test_dropins_in_order(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->dropins, 0700), 0);
	put_dropin(place, "50-b.conf", "[peer]\nid=b\n[main]\nnumber=15\n");
	put_dropin(place, "10-a.conf", "[peer]\nid=a\n[main]\nnumber=14\n");
	put_dropin(place, "Z.conf", "[peer]\nid=Z\n");
	put_dropin(place, "a.conf", "[peer]\nid=last\n");
	put_dropin(place, "60.conf.bak", "rubbish\n");
	put_dropin(place, ".hidden.conf", "rubbish\n");
	assert_int_equal(read_text(place, "[peer]\nid=main\n"), 0);
	assert_string_equal(place->seen.text, "peer.=;.id=main;peer.=;.id=a;"
			    "peer.=;.id=b;peer.=;.id=Z;peer.=;.id=last;");
	assert_int_equal(place->seen.number, 15);
}

static void test_dropin_without_main_file(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->dropins, 0700), 0);
	put_dropin(place, "a.conf", "[main]\nnumber=15\n");
	assert_int_equal(config_read(place->file, place->file, keys, &place->seen,
				     place->error, sizeof(place->error)), 0);
	assert_int_equal(place->seen.number, 15);
}

/* A section of the main file does not reach into a drop-in. */
static void test_dropin_error_names_dropin(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdir(place->dropins, 0700), 0);
	put_dropin(place, "a.conf", "number = 15\n");
	assert_int_equal(read_text(place, "[main]\n"), -EINVAL);
	assert_non_null(strstr(place->error, "/c.d/a.conf:1: number: stands"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_legal_file),
		TEST(test_missing_usual_file_is_empty),
		TEST(test_unknown_names_are_refused),
		TEST(test_bad_values_are_refused),
		TEST(test_setter_without_sentence),
		TEST(test_lines_that_are_no_ini),
		TEST(test_indented_line_stands_alone),
		TEST(test_first_error_is_named),
		TEST(test_control_characters),
		TEST(test_long_lines),
		TEST(test_no_regular_file),
		TEST(test_huge_file),
		TEST(test_dropins_in_order),
		TEST(test_dropin_without_main_file),
		TEST(test_dropin_error_names_dropin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
