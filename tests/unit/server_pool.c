// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffers in mappings of a file, and memory that is kept for the next transfer.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine_pool.h"
#include "heap.h"

#define MANY	300

struct bed {
	int fd;
	struct engine_pool *pool;
	uint8_t *bufs[MANY];
};

/* Each mapping of it is memory of its own. */
static int bed_start(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->fd = open("/dev/zero", O_RDWR);
	assert_true(bed->fd >= 0);
	bed->pool = engine_pool_open(bed->fd);
	assert_non_null(bed->pool);
	*state = bed;
	return 0;
}

static int bed_stop(void **state)
{
	struct bed *bed = *state;

	engine_pool_close(bed->pool);
	close(bed->fd);
	free(bed);
	return 0;
}

static unsigned int bed_take(struct bed *bed, size_t len)
{
	unsigned int n;

	for (n = 0; n < MANY; n++) {
		bed->bufs[n] = engine_pool_get(bed->pool, len);
		if (!bed->bufs[n])
			break;
		memset(bed->bufs[n], n, len);
	}
	return n;
}

/* Nobody has written into the buffer of another. */
static void bed_give(struct bed *bed, unsigned int n, size_t len)
{
	size_t at;

	while (n--) {
		for (at = 0; at < len; at += 512)
			assert_int_equal(bed->bufs[n][at], n & 0xff);
		assert_int_equal(bed->bufs[n][len - 1], n & 0xff);
		assert_true(engine_pool_put(bed->pool, bed->bufs[n], len));
	}
}

static void test_sizes(void **state)
{
	static const size_t lens[] = {
		512, 513, 4096, 4097, 65536, 122880, 1 << 20,
	};
	struct bed *bed = *state;
	unsigned int i, n;

	/* A class that was refused once stays so for a while: one each. */
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		n = bed_take(bed, lens[i]);
		assert_true(n >= 4);
		bed_give(bed, n, lens[i]);
		assert_true(engine_pool_trim());
		assert_int_equal(engine_pool_mapped(bed->pool), 0);
	}
}

static void test_none_of_its_business(void **state)
{
	struct bed *bed = *state;
	uint8_t other[1024];

	assert_null(engine_pool_get(bed->pool, 0));
	assert_null(engine_pool_get(bed->pool, ENGINE_POOL_MIN - 1));
	assert_null(engine_pool_get(bed->pool, ENGINE_POOL_MAX + 1));
	assert_int_equal(engine_pool_mapped(bed->pool), 0);
	bed->bufs[0] = engine_pool_get(bed->pool, 1024);
	assert_non_null(bed->bufs[0]);
	assert_false(engine_pool_put(bed->pool, other, sizeof(other)));
	assert_false(engine_pool_put(bed->pool, other, 0));
	assert_true(engine_pool_put(bed->pool, bed->bufs[0], 1024));
}

static void test_steady(void **state)
{
	struct bed *bed = *state;
	unsigned int i, j;
	size_t mapped = 0;

	for (i = 0; i < 1000; i++) {
		for (j = 0; j < 8; j++)
			bed->bufs[j] = engine_pool_get(bed->pool, 16384);
		for (j = 0; j < 8; j++)
			assert_true(engine_pool_put(bed->pool, bed->bufs[j],
						    16384));
		if (!i)
			mapped = engine_pool_mapped(bed->pool);
		assert_int_equal(engine_pool_mapped(bed->pool), mapped);
	}
	assert_int_equal(mapped, 8 * 16384);
}

/* One that is full leaves the others what they need, and gets it back. */
static void test_pot(void **state)
{
	struct bed *bed = *state;
	struct engine_pool *other = engine_pool_open(bed->fd);
	uint8_t *buf;
	unsigned int n;
	size_t most;

	n = bed_take(bed, ENGINE_POOL_MAX);
	assert_in_range(n, 1, 64);
	most = engine_pool_mapped(bed->pool);
	assert_true(most <= 64u << 20);
	/* All of it is in use: there is nothing to be had. */
	assert_false(engine_pool_trim());
	assert_null(engine_pool_get(other, ENGINE_POOL_MAX));
	bed_give(bed, n, ENGINE_POOL_MAX);
	assert_int_equal(engine_pool_mapped(bed->pool), most);
	/* Another size, which was not refused before. */
	buf = engine_pool_get(other, 65536);
	assert_non_null(buf);
	assert_int_equal(engine_pool_mapped(bed->pool), 0);
	assert_true(engine_pool_put(other, buf, 65536));
	engine_pool_close(other);
}

/* A file that cannot be mapped is not asked each time. */
static void test_unmappable(void **state)
{
	struct engine_pool *pool;
	int ends[2];
	int i;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pool = engine_pool_open(ends[0]);
	for (i = 0; i < 3000; i++)
		assert_null(engine_pool_get(pool, 4096));
	assert_int_equal(engine_pool_mapped(pool), 0);
	engine_pool_close(pool);
	close(ends[0]);
	close(ends[1]);
}

static void test_heap(void **state)
{
	struct heap heap = { .keep = 64 << 10 };
	void *pieces[8];
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 100; i++) {
		for (j = 0; j < 8; j++) {
			pieces[j] = heap_get(&heap, 500 + j);
			memset(pieces[j], j, 500 + j);
		}
		for (j = 0; j < 8; j++)
			heap_put(&heap, pieces[j], 500 + j);
	}
	assert_int_equal(heap.fresh, 8);
	assert_int_equal(heap.kept, 8 * 512);
	heap_put(&heap, heap_get(&heap, 0), 0);
	heap_put(&heap, NULL, 100);
	/* No more than it may, and nothing that is too long. */
	heap_put(&heap, heap_get(&heap, 64 << 10), 64 << 10);
	heap_put(&heap, heap_get(&heap, 1 << 20), 1 << 20);
	assert_int_equal(heap.kept, 8 * 512 + 64);
	heap_drop(&heap);
	assert_int_equal(heap.kept, 0);
	heap_put(&heap, heap_get(&heap, 64 << 10), 64 << 10);
	assert_int_equal(heap.kept, 64 << 10);
	heap_drop(&heap);
}

#define BED(f) cmocka_unit_test_setup_teardown(f, bed_start, bed_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(test_sizes),
		BED(test_none_of_its_business),
		BED(test_steady),
		BED(test_pot),
		cmocka_unit_test(test_unmappable),
		cmocka_unit_test(test_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
