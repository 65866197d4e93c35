// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_key - identities: the file, its mode, and ids that notice a typing error.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "key.h"

static char dir[] = "/tmp/lib_key.XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void write_file(const char *text, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void first_start_makes_a_key_that_stays(void **state)
{
	struct key again;
	struct key key;
	struct stat st;

	(void)state;
	unlink(path);
	assert_int_equal(key_load(path, &key), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(key_load(path, &again), 0);
	assert_memory_equal(&key, &again, sizeof(key));
}

static void public_key_is_that_of_rfc_8032(void **state)
{
	static const uint8_t pub[KEY_LEN] = {
		0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
		0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
		0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
		0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
	};
	struct key key;

	(void)state;
	write_file("9d61b19deffd5a60ba844af492ec2cc4"
		   "4449c5697b326919703bac031cae7f60\n", 0600);
	assert_int_equal(key_load(path, &key), 0);
	assert_memory_equal(key.pub, pub, KEY_LEN);
}

static void a_file_others_can_read_is_refused(void **state)
{
	static const mode_t others[] = { 0640, 0620, 0610, 0604, 0602, 0601 };
	struct key key;
	size_t i;

	(void)state;
	unlink(path);
	assert_int_equal(key_load(path, &key), 0);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(chmod(path, others[i]), 0);
		assert_int_equal(key_load(path, &key), -EPERM);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(key_load(path, &key), 0);
}

static void a_file_that_is_no_key_is_refused_and_kept(void **state)
{
	struct stat st;
	struct key key;

	(void)state;
	write_file("hello\n", 0600);
	assert_int_equal(key_load(path, &key), -EBADMSG);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 6);
	write_file("", 0600);
	assert_int_equal(key_load(path, &key), -EBADMSG);
}

static void ids_round_trip_in_any_spelling(void **state)
{
	uint8_t pub[KEY_LEN];
	uint8_t got[KEY_LEN];
	char id[KEY_ID_LEN + 1];
	char flat[KEY_ID_LEN + 1];
	size_t i;
	size_t n = 0;

	(void)state;
	for (i = 0; i < KEY_LEN; i++)
		pub[i] = (uint8_t)(i * 37 + 5);
	key_id(pub, id);
	assert_int_equal(strlen(id), KEY_ID_LEN);
	assert_int_equal(key_parse(id, got), 0);
	assert_memory_equal(pub, got, KEY_LEN);
	for (i = 0; id[i]; i++)
		if (id[i] != '-')
			flat[n++] = id[i] >= 'a' ? (char)(id[i] - 32) : id[i];
	flat[n] = '\0';
	assert_int_equal(key_parse(flat, got), 0);
	assert_memory_equal(pub, got, KEY_LEN);
}

static void one_wrong_digit_is_noticed(void **state)
{
	uint8_t pub[KEY_LEN] = { 1, 2, 3 };
	char id[KEY_ID_LEN + 1];
	uint8_t got[KEY_LEN];
	size_t i;
	char was;

	(void)state;
	key_id(pub, id);
	for (i = 0; id[i]; i++) {
		if (id[i] == '-')
			continue;
		was = id[i];
		id[i] = was == 'q' ? 'r' : 'q';
		assert_int_equal(key_parse(id, got), -EBADMSG);
		id[i] = was;
	}
	id[KEY_ID_LEN - 1] = '\0';
	assert_int_equal(key_parse(id, got), -EINVAL);
	assert_int_equal(key_parse("", got), -EINVAL);
	assert_int_equal(key_parse("0189", got), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_start_makes_a_key_that_stays),
		cmocka_unit_test(public_key_is_that_of_rfc_8032),
		cmocka_unit_test(a_file_others_can_read_is_refused),
		cmocka_unit_test(a_file_that_is_no_key_is_refused_and_kept),
		cmocka_unit_test(ids_round_trip_in_any_spelling),
		cmocka_unit_test(one_wrong_digit_is_noticed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
