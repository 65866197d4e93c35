// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_pool - transfer buffers of one device that the kernel does not copy.
 *
 * A mapping is cut into buffers of one size.  The kernel walks through all
 * mappings of a file for each transfer, so there are few of them.
 *
 * Locking: pot.lock guards what all pools share, and that no pool is closed
 * while another is in need.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "engine_pool.h"

#define CLASSES		12	/* 512 bytes to 1 MiB */
#define SLAB_MIN	(64u << 10)
#define SLAB_MAX	(256u << 10)
#define SLAB_BUFS	128	/* SLAB_MIN / ENGINE_POOL_MIN */
#define SOUR		1024	/* requests until it is tried again */
#define POT_UNLIMITED	(64u << 20)
#define POT_FILE	"/sys/module/usbcore/parameters/usbfs_memory_mb"

_Static_assert(ENGINE_POOL_MIN << (CLASSES - 1) == ENGINE_POOL_MAX,
	       "classes");
_Static_assert(SLAB_BUFS * ENGINE_POOL_MIN == SLAB_MIN, "buffers");

/**
 * struct slab - one mapping
 * @entry: in pool->slabs
 * @at: where
 * @len: its bytes
 * @class: of its buffers
 * @nfree: of them
 * @free: their numbers
 */
struct slab {
	LIST_ENTRY(slab) entry;
	uint8_t *at;
	size_t len;
	unsigned int class;
	unsigned int nfree;
	uint8_t free[SLAB_BUFS];
};

LIST_HEAD(slab_list, slab);

struct engine_pool {
	LIST_ENTRY(engine_pool) entry;
	struct slab_list slabs[CLASSES];
	unsigned int sour[CLASSES];
	int fd;
	size_t mapped;
};

static struct {
	pthread_mutex_t lock;
	LIST_HEAD(, engine_pool) pools;
	size_t size;	/* 0: not known yet */
	size_t used;
} pot = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t class_size(unsigned int class)
{
	return (size_t)ENGINE_POOL_MIN << class;
}

static int is_ours(size_t len)
{
	return len >= ENGINE_POOL_MIN && len <= ENGINE_POOL_MAX;
}

static unsigned int class_of(size_t len)
{
	unsigned int class = 0;

	while (class_size(class) < len)
		class++;
	return class;
}

static unsigned int slab_bufs(const struct slab *slab)
{
	return slab->len / class_size(slab->class);
}

/* The pot */

static size_t pot_read(void)
{
	unsigned long mib;
	char text[16];
	ssize_t n;
	int fd;

	fd = open(POT_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return POT_UNLIMITED;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return POT_UNLIMITED;
	text[n] = '\0';
	mib = strtoul(text, NULL, 10);
	/* 0 means no limit, which is no reason to have none. */
	if (!mib || mib > 2 * POT_UNLIMITED >> 20)
		return POT_UNLIMITED;
	return mib << 20 >> 1;
}

static int pot_take(size_t len)
{
	int ret = 0;

	pthread_mutex_lock(&pot.lock);
	if (!pot.size)
		pot.size = pot_read();
	if (pot.used + len > pot.size)
		ret = -ENOSPC;
	else
		pot.used += len;
	pthread_mutex_unlock(&pot.lock);
	return ret;
}

/* Mappings */

static uint8_t *map(struct engine_pool *pool, size_t len)
{
	void *at;

	/* What others do not use now they have had long enough. */
	if (pot_take(len) && (!engine_pool_trim() || pot_take(len)))
		return NULL;
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, pool->fd, 0);
	if (at != MAP_FAILED) {
		pool->mapped += len;
		return at;
	}
	pthread_mutex_lock(&pot.lock);
	pot.used -= len;
	pthread_mutex_unlock(&pot.lock);
	return NULL;
}

/* The caller has the lock of the pot. */
static void slab_free(struct engine_pool *pool, struct slab *slab)
{
	munmap(slab->at, slab->len);
	pot.used -= slab->len;
	pool->mapped -= slab->len;
	LIST_REMOVE(slab, entry);
	free(slab);
}

static void slab_fill(struct slab *slab)
{
	/* The first is on top. */
	for (slab->nfree = 0; slab->nfree < slab_bufs(slab); slab->nfree++)
		slab->free[slab->nfree] = slab_bufs(slab) - 1 - slab->nfree;
}

/* Several buffers at once, or one when memory is in small pieces. */
static struct slab *slab_new(struct engine_pool *pool, unsigned int class)
{
	size_t len = 4 * class_size(class);
	struct slab *slab;

	slab = calloc(1, sizeof(*slab));
	if (!slab)
		return NULL;
	len = len < SLAB_MIN ? SLAB_MIN : len > SLAB_MAX ? SLAB_MAX : len;
	if (len < class_size(class))
		len = class_size(class);
	slab->at = map(pool, len);
	if (!slab->at && len > SLAB_MIN && len > class_size(class)) {
		len = class_size(class);
		slab->at = map(pool, len);
	}
	if (!slab->at) {
		free(slab);
		return NULL;
	}
	slab->len = len;
	slab->class = class;
	slab_fill(slab);
	LIST_INSERT_HEAD(&pool->slabs[class], slab, entry);
	return slab;
}

static struct slab *slab_with_room(struct engine_pool *pool,
				   unsigned int class)
{
	struct slab *slab;

	LIST_FOREACH(slab, &pool->slabs[class], entry) {
		if (slab->nfree)
			return slab;
	}
	/* To ask for what is not there is slow: not each time. */
	if (pool->sour[class]) {
		pool->sour[class]--;
		return NULL;
	}
	slab = slab_new(pool, class);
	if (!slab)
		pool->sour[class] = SOUR;
	return slab;
}

/* Buffers */

uint8_t *engine_pool_get(struct engine_pool *pool, size_t len)
{
	struct slab *slab;

	if (!is_ours(len))
		return NULL;
	slab = slab_with_room(pool, class_of(len));
	if (!slab)
		return NULL;
	return slab->at + slab->free[--slab->nfree] * class_size(slab->class);
}

int engine_pool_put(struct engine_pool *pool, uint8_t *buf, size_t len)
{
	struct slab *slab;

	if (!is_ours(len))
		return 0;
	LIST_FOREACH(slab, &pool->slabs[class_of(len)], entry) {
		if (buf < slab->at || buf >= slab->at + slab->len)
			continue;
		slab->free[slab->nfree++] = (buf - slab->at) /
					    class_size(slab->class);
		return 1;
	}
	return 0;
}

static int pool_trim(struct engine_pool *pool)
{
	struct slab *slab;
	struct slab *next;
	unsigned int i;
	int found = 0;

	for (i = 0; i < CLASSES; i++) {
		for (slab = LIST_FIRST(&pool->slabs[i]); slab; slab = next) {
			next = LIST_NEXT(slab, entry);
			if (slab->nfree < slab_bufs(slab))
				continue;
			slab_free(pool, slab);
			/* Somebody else needs the memory more. */
			pool->sour[i] = SOUR;
			found = 1;
		}
	}
	return found;
}

int engine_pool_trim(void)
{
	struct engine_pool *pool;
	int found = 0;

	pthread_mutex_lock(&pot.lock);
	LIST_FOREACH(pool, &pot.pools, entry)
		found |= pool_trim(pool);
	pthread_mutex_unlock(&pot.lock);
	return found;
}

size_t engine_pool_mapped(const struct engine_pool *pool)
{
	return pool->mapped;
}

struct engine_pool *engine_pool_open(int fd)
{
	struct engine_pool *pool;
	unsigned int i;

	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return NULL;
	pool->fd = fd;
	for (i = 0; i < CLASSES; i++)
		LIST_INIT(&pool->slabs[i]);
	pthread_mutex_lock(&pot.lock);
	LIST_INSERT_HEAD(&pot.pools, pool, entry);
	pthread_mutex_unlock(&pot.lock);
	return pool;
}

void engine_pool_close(struct engine_pool *pool)
{
	pthread_mutex_lock(&pot.lock);
	pool_trim(pool);
	LIST_REMOVE(pool, entry);
	pthread_mutex_unlock(&pot.lock);
	free(pool);
}
