/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_pool - transfer buffers of one device that the kernel does not copy.
 *
 * A usbfs file can be mapped: what lies in such memory goes to the controller
 * as it is.  The memory counts into usbfs_memory_mb, the one pot of the machine
 * that copied transfers need too: all pools together take no more than half of
 * it, and give back what they do not use when a transfer gets none.
 *
 * Knows no transfers.  Loop: get, put, trim; worker of the device: open, close.
 */
#ifndef P2PUSB_SERVER_ENGINE_POOL_H
#define P2PUSB_SERVER_ENGINE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct engine_pool;

#define ENGINE_POOL_MIN		512u	/* less is copied as fast */
#define ENGINE_POOL_MAX		(1u << 20)	/* in one piece of real memory */

/**
 * engine_pool_open() - without any memory yet
 * @fd: usbfs file; open until engine_pool_close()
 *
 * Return: pool, NULL.
 */
struct engine_pool *engine_pool_open(int fd);

/**
 * engine_pool_close() - unmap all
 * @pool: nothing of it is in use
 */
void engine_pool_close(struct engine_pool *pool);

/**
 * engine_pool_get() - a buffer
 * @pool: of
 * @len: bytes
 *
 * Return: aligned to 512 bytes at least, its content of any former transfer;
 * NULL when @len is none of its business or memory cannot be had.
 */
uint8_t *engine_pool_get(struct engine_pool *pool, size_t len);

/**
 * engine_pool_put() - give one back
 * @pool: of
 * @buf: any pointer
 * @len: as in engine_pool_get()
 *
 * Return: non-zero when it is one of this pool.
 */
int engine_pool_put(struct engine_pool *pool, uint8_t *buf, size_t len);

/**
 * engine_pool_trim() - unmap what no pool of this process uses
 *
 * Return: non-zero when there was something.
 */
int engine_pool_trim(void);

/**
 * engine_pool_mapped() - bytes that a pool has taken from the pot
 * @pool: open
 */
size_t engine_pool_mapped(const struct engine_pool *pool);

#endif /* P2PUSB_SERVER_ENGINE_POOL_H */
