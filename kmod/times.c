// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long things took: one bucket for each power of two.
 *
 * It does not know what took so long; that is watch.c.
 */
#include <linux/kernel.h>

#include "times.h"

void p2pv_times_add(struct p2pvhci_times *times, u64 ns)
{
	unsigned int i = 0;

	times->sum_ns += ns;
	while (i < P2PVHCI_TIMES_BUCKETS - 1 &&
	       ns >= (u64)P2PVHCI_TIMES_MIN_NS << i)
		i++;
	times->buckets[i]++;
}
