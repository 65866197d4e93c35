// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_peer - list of peers on disk and in memory, and what a pattern admits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

struct place {
	char dir[64];
	char file[96];
	char temporary[96];
	char error[512];
	struct peer_list *list;
};

static int load(struct place *place)
{
	peer_list_free(place->list);
	place->list = NULL;
	place->error[0] = '\0';
	return peer_list_load(place->file, &place->list, place->error,
			      sizeof(place->error));
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/p2pusb-peer-XXXXXX");
	if (!mkdtemp(place->dir))
		return -1;
	snprintf(place->file, sizeof(place->file), "%s/p", place->dir);
	snprintf(place->temporary, sizeof(place->temporary), "%s/p.new",
		 place->dir);
	*state = place;
	return load(place);
}

static int teardown(void **state)
{
	struct place *place = *state;

	peer_list_free(place->list);
	unlink(place->file);
	unlink(place->temporary);
	rmdir(place->file);
	rmdir(place->temporary);
	rmdir(place->dir);
	free(place);
	return 0;
}

static struct peer make(const char *name, uint8_t seed)
{
	struct peer peer = { 0 };

	snprintf(peer.name, sizeof(peer.name), "%s", name);
	memset(peer.key, seed, sizeof(peer.key));
	return peer;
}

static void allow(struct peer *peer, const char *pattern)
{
	snprintf(peer->allow[peer->nallow++], sizeof(peer->allow[0]), "%s",
		 pattern);
}

static unsigned int count(const struct peer_list *list)
{
	const struct peer *peer = NULL;
	unsigned int n = 0;

	while ((peer = peer_next(list, peer)))
		n++;
	return n;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_missing_file_is_empty(void **state)
{
	struct place *place = *state;

	assert_int_equal(count(place->list), 0);
	assert_null(peer_by_name(place->list, "x"));
	assert_int_equal(access(place->file, F_OK), -1);
}

static void test_add_survives_reload(void **state)
{
	struct place *place = *state;
	struct peer a = make("lab-pc", 1), b = make("B.2_x", 2);
	const struct peer *peer;
	struct stat st;

	strcpy(a.address, "[fe80::1%eth0]:4433");
	allow(&a, "*");
	allow(&a, "0403:6001:A B*");
	assert_int_equal(peer_add(place->list, &a), 0);
	assert_int_equal(peer_add(place->list, &b), 0);
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), 2);
	peer = peer_by_name(place->list, "lab-pc");
	assert_memory_equal(peer, &a, sizeof(a));
	assert_ptr_equal(peer_by_key(place->list, a.key), peer);
	assert_string_equal(peer_by_key(place->list, b.key)->name, "B.2_x");
	assert_int_equal(stat(place->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(place->temporary, F_OK), -1);
}

static void test_remove(void **state)
{
	struct place *place = *state;
	struct peer a = make("a", 1), b = make("b", 2), c = make("c", 3);

	assert_int_equal(peer_add(place->list, &a), 0);
	assert_int_equal(peer_add(place->list, &b), 0);
	assert_int_equal(peer_add(place->list, &c), 0);
	assert_int_equal(peer_remove(place->list, "x"), -ENOENT);
	assert_int_equal(peer_remove(place->list, "b"), 0);
	assert_null(peer_by_name(place->list, "b"));
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), 2);
	assert_non_null(peer_by_name(place->list, "c"));
	assert_int_equal(peer_remove(place->list, "a"), 0);
	assert_int_equal(peer_remove(place->list, "c"), 0);
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), 0);
}

static void test_duplicates_are_refused(void **state)
{
	struct place *place = *state;
	struct peer a = make("a", 1), same_key = make("b", 1);
	struct peer same_name = make("a", 2);

	assert_int_equal(peer_add(place->list, &a), 0);
	assert_int_equal(peer_add(place->list, &same_key), -EEXIST);
	assert_int_equal(peer_add(place->list, &same_name), -EEXIST);
	assert_int_equal(count(place->list), 1);
}

static void test_bad_fields_are_refused(void **state)
{
	static const char *const names[] = {
		"", "a b", "a/b", "a]", "ä", ".hidden", "a\n",
	};
	static const char *const addresses[] = {
		"a b", "h\n[peer x]", "h;", "h#", "h\t",
	};
	struct place *place = *state;
	struct peer peer;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		peer = make(names[i], 1);
		assert_int_equal(peer_add(place->list, &peer), -EINVAL);
	}
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		peer = make("a", 1);
		strcpy(peer.address, addresses[i]);
		assert_int_equal(peer_add(place->list, &peer), -EINVAL);
	}
	peer = make("a", 0);
	assert_int_equal(peer_add(place->list, &peer), -EINVAL);
	peer = make("a", 1);
	allow(&peer, "rubbish");
	assert_int_equal(peer_add(place->list, &peer), -EINVAL);
	peer = make("a", 1);
	memset(peer.address, 'a', sizeof(peer.address) - 1);
	assert_int_equal(peer_add(place->list, &peer), -EINVAL);
	assert_int_equal(count(place->list), 0);
	assert_int_equal(access(place->file, F_OK), -1);
}

/* The longest that is taken is also read back. */
static void test_longest_fields(void **state)
{
	struct place *place = *state;
	struct peer peer = make("n", 7);
	unsigned int i;

	memset(peer.name, 'n', PEER_NAME_MAX);
	memset(peer.address, 'a', 180);
	for (i = 0; i < PEER_ALLOW_MAX; i++) {
		memset(peer.allow[i], 's', sizeof(peer.allow[i]) - 1);
		memcpy(peer.allow[i], "0403:6001:", 10);
	}
	peer.nallow = PEER_ALLOW_MAX;
	assert_int_equal(peer_add(place->list, &peer), 0);
	assert_int_equal(load(place), 0);
	assert_memory_equal(peer_next(place->list, NULL), &peer, sizeof(peer));
}

static void test_list_is_bounded(void **state)
{
	struct place *place = *state;
	struct peer peer;
	char name[16];
	int i;

	for (i = 0; i <= PEER_MAX; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		peer = make(name, 1);
		peer.key[0] = (uint8_t)i;
		peer.key[1] = (uint8_t)(i >> 8);
		assert_int_equal(peer_add(place->list, &peer),
				 i < PEER_MAX ? 0 : -ENOSPC);
	}
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), PEER_MAX);
}

/* The new file cannot be made: the old one and the list stay. */
static void test_failed_write_changes_nothing(void **state)
{
	struct place *place = *state;
	struct peer a = make("a", 1), b = make("b", 2);

	assert_int_equal(peer_add(place->list, &a), 0);
	assert_int_equal(mkdir(place->temporary, 0700), 0);
	assert_true(peer_add(place->list, &b) < 0);
	assert_true(peer_remove(place->list, "a") < 0);
	assert_int_equal(count(place->list), 1);
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), 1);
	assert_non_null(peer_by_name(place->list, "a"));
}

/* What a crash may leave behind. */
static void test_left_over_temporary_is_replaced(void **state)
{
	struct place *place = *state;
	struct peer a = make("a", 1);

	put(place->temporary, "[peer half");
	assert_int_equal(peer_add(place->list, &a), 0);
	assert_int_equal(load(place), 0);
	assert_int_equal(count(place->list), 1);
}

static void refused(struct place *place, const char *text, const char *rest)
{
	char want[600];

	put(place->file, text);
	assert_true(load(place) < 0);
	assert_null(place->list);
	snprintf(want, sizeof(want), "%s%s", place->file, rest);
	assert_string_equal(place->error, want);
}

static void test_bad_files_are_refused(void **state)
{
	struct place *place = *state;
	char text[512], id[KEY_ID_LEN + 1];
	uint8_t key[KEY_LEN];

	memset(key, 9, sizeof(key));
	key_id(key, id);
	refused(place, "[peer a]\nallow = *\n", ": [peer a]: no id");
	refused(place, "[peer a]\n[peer b]\n",
		":2: [peer]: the section before has no id");
	refused(place, "[peer a]\nid = x\n",
		":2: id: not an id as p2pusbctl id prints it");
	refused(place, "[peer]\n",
		":1: [peer]: a peer's name has 1 to 32 of A-Z a-z 0-9 . _ -");
	snprintf(text, sizeof(text), "[peer a]\nid = %s\nallow = x\n", id);
	refused(place, text, ":3: allow: not *, VID:PID, VID:PID:SERIAL, "
		"port:BUSID or class:NAME");
	snprintf(text, sizeof(text), "[peer a]\nid = %s\naddress = a b\n", id);
	refused(place, text,
		":3: address: not HOST, HOST:PORT or [v6]:PORT");
	snprintf(text, sizeof(text), "[peer a]\nid = %s\nkey = 1\n", id);
	refused(place, text, ":3: key: unknown key in [peer]");
	snprintf(text, sizeof(text), "[peer a]\nid = %s\n[peer b]\nid = %s\n",
		 id, id);
	refused(place, text, ":4: id: another peer has this id");
	snprintf(text, sizeof(text), "[peer a]\nid = %s\n[peer a]\n", id);
	refused(place, text, ":3: [peer]: a second section of that name");
	id[3] = id[3] == 'a' ? 'b' : 'a';
	snprintf(text, sizeof(text), "[peer a]\nid = %s\n", id);
	refused(place, text, ":2: id: not an id as p2pusbctl id prints it");
}

static void test_pattern_grammar(void **state)
{
	static const char *const good[] = {
		"*", "0403:6001", "0403:*", "*:*", "04??:6001", "[0-1]403:6001",
		"0781:5583:4C53*", "ABCD:ef01:x:y", "port:1-1.4", "port:1-*",
		"class:hid", "class:HID", "class:0xff", "class:0x3",
	};
	static const char *const bad[] = {
		"", " ", "**", "0403", "403:6001", "0403:600", "0403:60011",
		"0403:6001:", "xyzw:6001", "0403:600g", "port:", "port:1-1:2",
		"class:", "class:hidd", "class:0x100", "class:0x", "class:0x+1",
		" 0403:6001", "0403:6001:a ", "0403:6001:a;b", "0403:6001:a\nb",
		"0403-:6001", ":", "::", "nickname",
	};
	char longest[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(peer_pattern_check(good[i]), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(peer_pattern_check(bad[i]), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "0403:6001:", 10);
	longest[96] = '\0';
	assert_int_equal(peer_pattern_check(longest), -EINVAL);
}

static const struct wire_device stick = {
	.busid = "1-1.4", .vid = 0x0781, .pid = 0x5583, .classes = { 8 },
	.serial = "4C5300012", .product = "Ultra",
};

static const struct wire_device headset = {
	.busid = "2-3", .vid = 0x0a12, .pid = 0x0001, .dev_class = 0xef,
	.classes = { 1, 3 },
};

static void test_pattern_matching(void **state)
{
	static const struct {
		const char *pattern;
		int stick;
		int headset;
	} rows[] = {
		{ "*", 1, 1 },
		{ "0781:5583", 1, 0 },
		{ "0A12:0001", 0, 1 },
		{ "0a12:*", 0, 1 },
		{ "*:*", 1, 1 },
		{ "0781:*:4C53*", 1, 0 },
		{ "0781:5583:4c53*", 0, 0 },
		{ "0781:5583:4C5300012", 1, 0 },
		{ "0781:5583:4C5300", 0, 0 },
		{ "*:0001:*", 0, 1 },
		{ "*:*:?*", 1, 0 },
		{ "port:1-1.4", 1, 0 },
		{ "port:1-1", 0, 0 },
		{ "port:*", 1, 1 },
		{ "port:2-[0-9]", 0, 1 },
		{ "class:storage", 1, 0 },
		{ "class:0x08", 1, 0 },
		{ "class:hid", 0, 1 },
		{ "class:audio", 0, 1 },
		{ "class:misc", 0, 1 },
		{ "class:0x00", 0, 0 },
		{ "class:video", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(peer_pattern_check(rows[i].pattern), 0);
		assert_int_equal(!!peer_pattern_match(rows[i].pattern, &stick),
				 rows[i].stick);
		assert_int_equal(!!peer_pattern_match(rows[i].pattern,
						      &headset),
				 rows[i].headset);
	}
}

static void test_empty_list_admits_nobody(void **state)
{
	struct peer peer = make("a", 1);

	(void)state;
	assert_false(peer_allows(&peer, &stick));
	allow(&peer, "class:audio");
	assert_false(peer_allows(&peer, &stick));
	assert_true(peer_allows(&peer, &headset));
	allow(&peer, "0781:5583");
	assert_true(peer_allows(&peer, &stick));
	/* What lies behind the patterns in use does not count. */
	peer.nallow = 0;
	assert_false(peer_allows(&peer, &stick));
	assert_false(peer_allows(&peer, &headset));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_missing_file_is_empty),
		TEST(test_add_survives_reload),
		TEST(test_remove),
		TEST(test_duplicates_are_refused),
		TEST(test_bad_fields_are_refused),
		TEST(test_longest_fields),
		TEST(test_list_is_bounded),
		TEST(test_failed_write_changes_nothing),
		TEST(test_left_over_temporary_is_replaced),
		TEST(test_bad_files_are_refused),
		TEST(test_pattern_grammar),
		TEST(test_pattern_matching),
		TEST(test_empty_list_admits_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
