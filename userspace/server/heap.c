// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * heap - memory that is given back is kept for the next of its size.
 *
 * Sizes are rounded up to powers of two.
 */
#include <stdlib.h>

#include "heap.h"

#define SMALLEST	64

/* What a piece that is kept looks like. */
struct heap_piece {
	struct heap_piece *next;
};

static unsigned int class_of(size_t len)
{
	unsigned int class = 0;

	while (class < HEAP_CLASSES && len > (size_t)SMALLEST << class)
		class++;
	return class;
}

void *heap_get(struct heap *heap, size_t len)
{
	unsigned int class = class_of(len);
	struct heap_piece *piece;

	if (class < HEAP_CLASSES && heap->pieces[class]) {
		piece = heap->pieces[class];
		heap->pieces[class] = piece->next;
		heap->kept -= (size_t)SMALLEST << class;
		return piece;
	}
	heap->fresh++;
	return malloc(class < HEAP_CLASSES ? (size_t)SMALLEST << class : len);
}

void heap_put(struct heap *heap, void *memory, size_t len)
{
	unsigned int class = class_of(len);
	struct heap_piece *piece = memory;
	size_t size;

	size = (size_t)SMALLEST << class;
	if (!piece || class == HEAP_CLASSES ||
	    heap->kept + size > heap->keep) {
		free(piece);
		return;
	}
	piece->next = heap->pieces[class];
	heap->pieces[class] = piece;
	heap->kept += size;
}

void heap_drop(struct heap *heap)
{
	struct heap_piece *piece;
	unsigned int i;

	for (i = 0; i < HEAP_CLASSES; i++) {
		while ((piece = heap->pieces[i])) {
			heap->pieces[i] = piece->next;
			free(piece);
		}
	}
	heap->kept = 0;
}
