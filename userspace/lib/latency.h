/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency - what the buckets of struct p2pvhci_times mean.
 *
 * Pure.  Adds as the kernel does, and reads what either added.  A time is only
 * known to the end of its bucket, which is less than twice what it was.
 */
#ifndef P2PUSB_LIB_LATENCY_H
#define P2PUSB_LIB_LATENCY_H

#include <json-c/json.h>
#include <linux/p2pvhci.h>
#include <stdint.h>

#define LATENCY_TEXT_MAX	16	/* bytes of "131.1us" */

/** latency_add() - one more, of so many nanoseconds */
void latency_add(struct p2pvhci_times *times, uint64_t ns);

/** latency_count() - all that were timed */
uint64_t latency_count(const struct p2pvhci_times *times);

/** latency_subtract() - take those away that were there before */
void latency_subtract(struct p2pvhci_times *times,
		      const struct p2pvhci_times *before);

/**
 * latency_within() - what so many of them stayed below
 * @times: those
 * @percent: 1..100
 *
 * Return: nanoseconds, 0 when there are none; of those in the last bucket,
 * which has no end, its beginning.
 */
uint64_t latency_within(const struct p2pvhci_times *times,
			unsigned int percent);

/**
 * latency_text() - for people
 * @ns: time
 * @text: filled, "2.0us"
 */
void latency_text(uint64_t ns, char text[LATENCY_TEXT_MAX]);

/**
 * latency_json() - for scripts
 * @times: those
 *
 * Return: object.
 */
struct json_object *latency_json(const struct p2pvhci_times *times);

#endif /* P2PUSB_LIB_LATENCY_H */
