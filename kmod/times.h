/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long things took: one bucket for each power of two.
 *
 * Pure: it reads no clock and takes no lock, and builds in user space through
 * tests/shim/.
 */
#ifndef _P2PVHCI_TIMES_H
#define _P2PVHCI_TIMES_H

#include <linux/types.h>
#include <uapi/linux/p2pvhci.h>

/**
 * p2pv_times_add() - one more
 * @times: counts it
 * @ns: what it took
 */
void p2pv_times_add(struct p2pvhci_times *times, u64 ns);

#endif /* _P2PVHCI_TIMES_H */
