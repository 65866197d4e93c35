/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heap - memory that is given back is kept for the next of its size.
 *
 * So that a steady flow of transfers asks malloc() for nothing.  One thread.
 */
#ifndef P2PUSB_SERVER_HEAP_H
#define P2PUSB_SERVER_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define HEAP_CLASSES	12	/* 64 bytes to 128 KiB, longer ones are not kept */

/* A sanitizer watches what is freed, and only that. */
#ifdef __SANITIZE_ADDRESS__
#define HEAP_KEEP	0
#else
#define HEAP_KEEP	(1u << 20)
#endif

struct heap_piece;

/**
 * struct heap - see above; zeroed but for @keep
 * @keep: bytes it may keep, as HEAP_KEEP
 * @kept: that it keeps
 * @fresh: pieces that malloc() was asked for, ever
 * @pieces: kept, by class
 */
struct heap {
	size_t keep;
	size_t kept;
	uint64_t fresh;
	struct heap_piece *pieces[HEAP_CLASSES];
};

/**
 * heap_get() - a piece
 * @heap: of
 * @len: bytes
 *
 * Return: memory with any content, NULL.
 */
void *heap_get(struct heap *heap, size_t len);

/**
 * heap_put() - give it back
 * @heap: the same
 * @piece: of heap_get(), NULL
 * @len: the same
 */
void heap_put(struct heap *heap, void *piece, size_t len);

/**
 * heap_drop() - free all that is kept
 * @heap: may be used again
 */
void heap_drop(struct heap *heap);

#endif /* P2PUSB_SERVER_HEAP_H */
