// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xfer_table - memory for the requests of one queue, taken before the first.
 *
 * Does not know what is in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

/* The kernel looks at the packets of whatever has some, even if all is lost. */
static int make_no_packets(struct xfer_table *table, struct ring *ring)
{
	const struct p2pvhci_iso none = { .status = P2PVHCI_ST_XDEV };
	uint32_t i;

	table->no_packets = ring_in_get(ring, P2PUSB_NPKT_MAX * sizeof(none));
	if (table->no_packets == RING_NO_SPACE)
		return -ENOMEM;
	for (i = 0; i < P2PUSB_NPKT_MAX; i++)
		memcpy(ring->in + table->no_packets + i * sizeof(none), &none,
		       sizeof(none));
	return 0;
}

int xfer_table_init(struct xfer_table *table, struct ring *ring)
{
	uint32_t tags = ring->setup.tags;
	int ret;

	table->no_packets = 0;
	ret = ring_granted(ring, P2PVHCI_F_ISO) ? make_no_packets(table, ring) :
						  0;
	if (ret)
		return ret;
	table->slots = calloc(tags, sizeof(*table->slots));
	table->by_seq = calloc(tags, sizeof(table->by_seq[0]));
	if (!table->slots || !table->by_seq) {
		free(table->slots);
		free(table->by_seq);
		return -ENOMEM;
	}
	/* Touched now: the data path must not fault in writeback. */
	memset(table->by_seq, 0, tags * sizeof(table->by_seq[0]));
	memset(table->slots, 0, tags * sizeof(*table->slots));
	table->tags = tags;
	table->heap_bytes = 0;
	table->long_bytes = 0;
	table->starved = 0;
	TAILQ_INIT(&table->parked);
	return 0;
}

void xfer_table_free(struct xfer_table *table)
{
	uint32_t i;

	for (i = 0; i < table->tags; i++)
		free(table->slots[i].heap);
	free(table->slots);
	free(table->by_seq);
	table->slots = NULL;
	table->tags = 0;
}
