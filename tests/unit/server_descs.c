// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the server reads of a device for its clients, and when it stops to ask.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "descs.h"
#include "sysfs.h"
#include "wire_desc.h"

/* What the device of paper has. */
struct row {
	uint8_t type;
	uint8_t index;
	uint16_t lang;
	uint16_t len;
	const uint8_t *bytes;
};

struct engine_device {
	const struct row *rows;
	unsigned int nrows;
	unsigned int asked;
	unsigned int silent_from;	/* this many answers, then none */
	unsigned int slow_ms;		/* an answer takes so long */
};

static uint8_t device[18] = {
	18, 1, 0x10, 0x02, 0, 0, 0, 64, 1, 2, 3, 4, 5, 6, 1, 2, 0, 1,
};

static const uint8_t bos[] = { 5, 15, 8, 0, 1, 3, 16, 1 };

/* One interface with a name, and one behind it that is too short to have one. */
static const uint8_t config[] = {
	9, 2, 24, 0, 2, 1, 4, 0x80, 50,
	9, 4, 0, 0, 0, 0xff, 0, 0, 9,
	6, 4, 1, 0, 0, 7,
};

static const uint8_t langs[] = { 6, 3, 0x07, 0x04, 0x09, 0x04 };
static const uint8_t text[] = { 4, 3, 'x', 0 };

static const struct row all[] = {
	{ 1, 0, 0, sizeof(device), device },
	{ 15, 0, 0, sizeof(bos), bos },
	{ 2, 0, 0, sizeof(config), config },
	{ 3, 0, 0, sizeof(langs), langs },
	{ 3, 1, 0x0407, sizeof(text), text },
	{ 3, 4, 0x0407, sizeof(text), text },	/* of the configuration */
	{ 3, 9, 0x0407, sizeof(text), text },	/* of the interface */
};

#define NALL	(sizeof(all) / sizeof(all[0]))

/* As long as it may take by then; more may have gone by, less cannot. */
static void take_time(const struct engine_device *dev, unsigned int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = dev->slow_ms * 1000000l };
	unsigned int gone = dev->asked * dev->slow_ms;

	assert_in_range(gone, 0, 1999);
	assert_in_range(timeout_ms, 1, gone > 1500 ? 2000 - gone : 500);
	if (dev->slow_ms)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static int control(struct engine_device *dev, const uint8_t setup[8],
		   void *data, unsigned int timeout_ms)
{
	uint16_t lang = setup[4] | setup[5] << 8;
	uint16_t len = setup[6] | setup[7] << 8;
	const struct row *row;
	unsigned int i;

	assert_int_equal(setup[0], 0x80);
	assert_int_equal(setup[1], 6);
	take_time(dev, timeout_ms);
	if (dev->asked++ >= dev->silent_from)
		return -ETIMEDOUT;
	for (i = 0; i < dev->nrows; i++) {
		row = &dev->rows[i];
		if (row->type != setup[3] || row->index != setup[2] ||
		    row->lang != lang)
			continue;
		if (len > row->len)
			len = row->len;
		memcpy(data, row->bytes, len);
		return len;
	}
	return -EPIPE;
}

static const struct engine_ops ops = { .control = control };

/* What was read is the beginnings of some of these and ends cleanly. */
static unsigned int walk(const struct descs *descs, const struct row *rows,
			 unsigned int nrows, size_t *bytes)
{
	const uint8_t *at = descs->data;
	const uint8_t *end = at + descs->len;
	struct wire_desc got;
	unsigned int n = 0;
	unsigned int i;
	int ret;

	*bytes = 0;
	while ((ret = wire_desc_get(&at, end, &got)) > 0) {
		for (i = 0; i < nrows; i++) {
			if (got.type == rows[i].type &&
			    got.index == rows[i].index)
				break;
		}
		assert_true(i < nrows);
		assert_int_equal(got.lang, rows[i].lang);
		assert_in_range(got.len, 1, rows[i].len);
		assert_memory_equal(got.bytes, rows[i].bytes, got.len);
		*bytes += got.len;
		n++;
	}
	assert_int_equal(ret, 0);
	assert_ptr_equal(at, end);
	return n;
}

/* What was read is these, in any order, and nothing else. */
static void expect(const struct descs *descs, const struct row *rows,
		   unsigned int nrows)
{
	size_t want = 0;
	size_t bytes;
	unsigned int i;

	for (i = 0; i < nrows; i++)
		want += rows[i].len;
	assert_int_equal(walk(descs, rows, nrows, &bytes), nrows);
	assert_int_equal(bytes, want);
}

static void test_all(void **state)
{
	struct engine_device dev = {
		.rows = all, .nrows = NALL, .silent_from = 100,
	};
	struct descs descs = { 0 };

	(void)state;
	descs_read(&ops, &dev, 0, &descs);
	expect(&descs, all, NALL);
	descs_drop(&descs);
	assert_null(descs.data);
	assert_int_equal(descs.len, 0);
}

/* What it refuses is left out, what comes behind that is not. */
static void test_refused(void **state)
{
	struct engine_device dev = {
		.rows = all, .nrows = 4, .silent_from = 100,
	};
	struct descs descs = { 0 };

	(void)state;
	descs_read(&ops, &dev, 0, &descs);
	expect(&descs, all, 4);
	descs_drop(&descs);
	dev.nrows = 0;
	descs_read(&ops, &dev, 0, &descs);
	assert_null(descs.data);
}

static void test_silent(void **state)
{
	struct engine_device dev = { .rows = all, .nrows = NALL };
	struct descs descs = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		dev.asked = 0;
		dev.silent_from = i;
		descs_read(&ops, &dev, 0, &descs);
		assert_int_equal(dev.asked, i + 1);
		descs_drop(&descs);
	}
}

/* Only what can have one is asked for it. */
static void test_old_has_no_bos(void **state)
{
	struct engine_device dev = {
		.rows = all, .nrows = 1, .silent_from = 100,
	};
	struct descs descs = { 0 };

	(void)state;
	device[2] = 0x00;
	descs_read(&ops, &dev, 0, &descs);
	expect(&descs, all, 1);
	device[2] = 0x10;
	/* Device, configuration, languages. */
	assert_int_equal(dev.asked, 3);
	descs_drop(&descs);
}

/* What usbcore does not ask such a device, nobody asks it. */
static void test_quirks(void **state)
{
	const struct row no_bos[] = {
		all[0], all[2], all[3], all[4], all[5], all[6],
	};
	const struct {
		unsigned int quirks;
		const struct row *rows;
		unsigned int nrows;
		unsigned int asked;
	} cases[] = {
		{ 0, all, NALL, 10 },
		{ 1u << 0, all, 3, 5 },
		{ 1u << 3, all, NALL - 2, 8 },
		{ 1u << 17, no_bos, NALL - 1, 8 },
		{ ~(1u << 0 | 1u << 3 | 1u << 17), all, NALL, 10 },
	};
	struct descs descs = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct engine_device dev = {
			.rows = all, .nrows = NALL, .silent_from = 100,
		};

		descs_read(&ops, &dev, cases[i].quirks, &descs);
		expect(&descs, cases[i].rows, cases[i].nrows);
		assert_int_equal(dev.asked, cases[i].asked);
		descs_drop(&descs);
	}
	assert_int_equal(sysfs_quirks("no such device"), 0);
}

/* Each answer in time, but not all: those that came are kept. */
static void test_slow(void **state)
{
	struct engine_device dev = {
		.rows = all, .nrows = NALL, .silent_from = 100, .slow_ms = 300,
	};
	struct descs descs = { 0 };
	size_t bytes;

	(void)state;
	descs_read(&ops, &dev, 0, &descs);
	assert_in_range(dev.asked, 1, 7);
	assert_in_range(walk(&descs, all, NALL, &bytes), 1, NALL - 1);
	descs_drop(&descs);
}

/* Lengths that a stranger makes up, and a string without a byte. */
static void test_lies(void **state)
{
	uint8_t bad[sizeof(config)];
	const struct row rows[] = {
		{ 1, 0, 0, sizeof(device), device },
		{ 2, 0, 0, sizeof(bad), bad },
		{ 3, 0, 0, sizeof(langs), langs },
		{ 3, 1, 0x0407, 0, text },
	};
	struct engine_device dev = { .rows = rows, .silent_from = ~0u };
	struct descs descs = { 0 };
	unsigned int i;
	size_t bytes;

	(void)state;
	srand(1);
	for (i = 0; i < 20000; i++) {
		memcpy(bad, config, sizeof(bad));
		bad[(unsigned int)rand() % sizeof(bad)] = rand();
		bad[(unsigned int)rand() % sizeof(bad)] = rand();
		dev.nrows = 4;
		descs_read(&ops, &dev, 0, &descs);
		assert_in_range(walk(&descs, rows, 4, &bytes), 2, 3);
		descs_drop(&descs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_old_has_no_bos),
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
