// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages out of a stream that is cut anywhere.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

struct seen {
	struct frame frame;
	unsigned int msgs;
	unsigned int begins;
	uint64_t seq;
	int fail;
	int drop;
	uint8_t in[300];
};

static int seen_begin(void *ctx, const struct wire_msg *msg, void **dst)
{
	struct seen *seen = ctx;

	assert_true(msg->payload <= sizeof(seen->in));
	seen->begins++;
	if (!seen->drop)
		*dst = seen->in;
	return 0;
}

static int seen_msg(void *ctx, const struct wire_msg *msg)
{
	struct seen *seen = ctx;

	seen->msgs++;
	if (msg->type == P2PUSB_MSG_SUBMIT)
		seen->seq = msg->submit.seq;
	return seen->fail;
}

static const struct frame_ops seen_ops = {
	.begin = seen_begin,
	.msg = seen_msg,
};

static int feed(struct seen *seen, const void *data, size_t len)
{
	/* A copy of its own, so that a read behind it is found. */
	uint8_t *copy = malloc(len);
	int err;

	memcpy(copy, data, len);
	err = frame_feed(&seen->frame, &seen_ops, seen, copy, len);
	free(copy);
	return err;
}

static size_t put_submit(uint8_t *buf, uint64_t seq, uint32_t len)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_SUBMIT, .payload = len };
	size_t head;
	uint32_t i;

	msg.submit.seq = seq;
	msg.submit.epoch = 1;
	msg.submit.length = len;
	head = wire_put(&msg, buf);
	for (i = 0; i < len; i++)
		buf[head + i] = seq + i;
	return head + len;
}

/* SUBMIT with payload, LIST, something unknown but optional, SUBMIT without. */
static size_t put_script(uint8_t *buf)
{
	struct wire_msg list = { .type = P2PUSB_MSG_LIST };
	static const uint8_t unknown[] = {
		20, 0, 0, 0, 0x34, 0x12, P2PUSB_HEAD_OPTIONAL, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	};
	size_t len;

	len = put_submit(buf, 7, 200);
	len += wire_put(&list, buf + len);
	memcpy(buf + len, unknown, sizeof(unknown));
	len += sizeof(unknown);
	return len + put_submit(buf + len, 8, 0);
}

static void check_script(const struct seen *seen)
{
	unsigned int i;

	assert_int_equal(seen->msgs, 3);
	assert_int_equal(seen->begins, 1);
	assert_int_equal(seen->seq, 8);
	for (i = 0; i < 200; i++)
		assert_int_equal(seen->in[i], (uint8_t)(7 + i));
}

static void stream_may_be_cut_anywhere(void **state)
{
	uint8_t buf[1024];
	size_t len, cut;

	(void)state;
	len = put_script(buf);
	for (cut = 1; cut < len; cut++) {
		struct seen seen = { 0 };

		assert_int_equal(feed(&seen, buf, cut), 0);
		assert_int_equal(feed(&seen, buf + cut, len - cut), 0);
		check_script(&seen);
	}
}

static void bytes_may_come_one_by_one(void **state)
{
	struct seen seen = { 0 };
	uint8_t buf[1024];
	size_t len, i;

	(void)state;
	len = put_script(buf);
	for (i = 0; i < len; i++)
		assert_int_equal(feed(&seen, buf + i, 1), 0);
	check_script(&seen);
}

static void payload_may_be_dropped(void **state)
{
	struct seen seen = { .drop = 1 };
	uint8_t buf[1024];
	size_t len;

	(void)state;
	len = put_script(buf);
	assert_int_equal(feed(&seen, buf, len), 0);
	assert_int_equal(seen.msgs, 3);
	assert_int_equal(seen.in[0], 0);
}

static void long_unknown_message_is_skipped(void **state)
{
	static const uint8_t head[] = {
		0x00, 0x10, 0, 0, 0x34, 0x12, P2PUSB_HEAD_OPTIONAL, 0
	};
	uint8_t rest[4096 - sizeof(head)] = { 0 };
	struct seen seen = { 0 };
	uint8_t buf[64];
	size_t len;

	(void)state;
	assert_int_equal(feed(&seen, head, sizeof(head)), 0);
	assert_int_equal(feed(&seen, rest, 100), 0);
	assert_int_equal(feed(&seen, rest + 100, sizeof(rest) - 100), 0);
	assert_int_equal(seen.msgs, 0);
	len = put_submit(buf, 9, 0);
	assert_int_equal(feed(&seen, buf, len), 0);
	assert_int_equal(seen.seq, 9);
}

static void unknown_message_ends_the_stream(void **state)
{
	static const uint8_t head[] = { 16, 0, 0, 0, 0x34, 0x12, 0, 0 };
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(feed(&seen, head, sizeof(head)), -EPROTO);
}

static void too_long_message_ends_the_stream(void **state)
{
	static const uint8_t head[] = {
		0xff, 0xff, 0xff, 0xff, P2PUSB_MSG_SUBMIT, 0, 0, 0
	};
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(feed(&seen, head, sizeof(head)), -EMSGSIZE);
}

static void error_of_the_owner_ends_the_feed(void **state)
{
	struct seen seen = { .fail = -EACCES };
	uint8_t buf[1024];
	size_t len;

	(void)state;
	len = put_script(buf);
	assert_int_equal(feed(&seen, buf, len), -EACCES);
	assert_int_equal(seen.msgs, 1);
}

static void random_bytes_never_get_through(void **state)
{
	uint8_t buf[600];
	unsigned int round, i;

	(void)state;
	srandom(1);
	for (round = 0; round < 20000; round++) {
		struct seen seen = { .drop = 1 };

		for (i = 0; i < sizeof(buf); i++)
			buf[i] = random();
		/* Let most of them past the length. */
		memset(buf + 1, 0, 3);
		buf[4] = buf[4] % 48;
		buf[5] = 0;
		feed(&seen, buf, sizeof(buf));
		assert_true(seen.msgs < 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_may_be_cut_anywhere),
		cmocka_unit_test(bytes_may_come_one_by_one),
		cmocka_unit_test(payload_may_be_dropped),
		cmocka_unit_test(long_unknown_message_is_skipped),
		cmocka_unit_test(unknown_message_ends_the_stream),
		cmocka_unit_test(too_long_message_ends_the_stream),
		cmocka_unit_test(error_of_the_owner_ends_the_feed),
		cmocka_unit_test(random_bytes_never_get_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
