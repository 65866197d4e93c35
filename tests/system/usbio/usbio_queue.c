// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio_queue - many transfers at once: taken back, held, flowing, timed.
 *
 * Transfers one at a time are in usbio_bulk.c.
 */
#include "usbio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUE		16
#define RACE_QUEUE	8
#define LATENCY_MAX	10000

/* --- Taking back */

static int reap_all(struct host *host, struct host_urb *xfers, unsigned int count,
		    unsigned int *order)
{
	struct host_urb *back;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = host_reap(host, &back, HOST_WAIT_MS);
		if (ret) {
			note("%u of %u transfers came back, then: %s", i, count,
			     strerror(-ret));
			return ret;
		}
		order[i] = back - xfers;
	}
	return 0;
}

/* Every fifth is taken back; the others must get the answers, in order. */
static int unlink_in_queue(struct host *host)
{
	size_t length = 4 * host->packet[REMEMBER_BULK_IN];
	struct host_urb xfers[QUEUE];
	unsigned int order[QUEUE], i, seed = 0, failed = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	for (i = 0; i < QUEUE; i++) {
		host_urb_init(host, &xfers[i], REMEMBER_BULK_IN, length, 0);
		failed += !!host_submit(host, &xfers[i]);
	}
	for (i = 0; i < QUEUE; i += 5)
		failed += !!host_discard(host, &xfers[i]);
	failed += !!reap_all(host, xfers, (QUEUE + 4) / 5, order);
	for (i = 0; i < QUEUE; i += 5)
		if (xfers[i].out || xfers[i].urb.status != -ENOENT ||
		    xfers[i].urb.actual_length) {
			note("discarded %u: status %d, actual %d", i,
			     xfers[i].urb.status, xfers[i].urb.actual_length);
			failed++;
		}
	for (i = 0; i < QUEUE - (QUEUE + 4) / 5; i++)
		failed += !!host_arm(host, REMEMBER_BULK_IN, length, i, 0);
	failed += !!reap_all(host, xfers, QUEUE - (QUEUE + 4) / 5, order);
	for (i = 0; i < QUEUE && !failed; i++) {
		if (i % 5 == 0)
			continue;
		if (xfers[i].urb.status || order[seed] != i ||
		    (size_t)xfers[i].urb.actual_length != length ||
		    !host_is_pattern(xfers[i].data, length, seed)) {
			note("transfer %u: status %d, actual %d, as number %u",
			     i, xfers[i].urb.status,
			     xfers[i].urb.actual_length, order[seed]);
			failed++;
		}
		seed++;
	}
	for (i = 0; i < QUEUE; i++)
		host_urb_free(&xfers[i]);
	return failed;
}

static int wait_for_count(struct host *host, enum remember_ep ep,
			  uint32_t count)
{
	uint64_t end = host_now_us() + HOST_WAIT_MS * 1000ULL;
	struct remember_stats stats;

	do {
		if (!host_stats(host, &stats) && stats.ep[ep].count >= count)
			return 0;
		usleep(1000);
	} while (host_now_us() < end);
	return -ETIMEDOUT;
}

/* What had arrived before the transfer was taken back is not lost. */
static int unlink_keeps_data(struct host *host, unsigned int packets)
{
	unsigned int packet = host->packet[REMEMBER_BULK_IN];
	struct host_urb first, second, *back;
	int want = packets * packet, failed;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_urb_init(host, &first, REMEMBER_BULK_IN, 8 * packet, 0);
	host_urb_init(host, &second, REMEMBER_BULK_IN, 8 * packet, 0);
	failed = host_submit(host, &first) ||
		 host_arm(host, REMEMBER_BULK_IN, want, 77, 0) ||
		 wait_for_count(host, REMEMBER_BULK_IN, 1) ||
		 host_discard(host, &first) ||
		 host_reap(host, &back, HOST_WAIT_MS) ||
		 first.urb.status != -ENOENT ||
		 first.urb.actual_length != want ||
		 !host_is_pattern(first.data, want, 77);
	if (failed)
		note("taken back after %u packets: status %d, actual %d",
		     packets, first.urb.status, first.urb.actual_length);
	if (host_arm(host, REMEMBER_BULK_IN, 8 * packet, 78, 0) ||
	    host_run(host, &second) ||
	    !host_is_pattern(second.data, 8 * packet, 78)) {
		note("the next: status %d, actual %d", second.urb.status,
		     second.urb.actual_length);
		failed = 1;
	}
	host_urb_free(&first);
	host_urb_free(&second);
	return failed;
}

/* Submit a few, take back some of them at a moment of no particular kind. */
static int race_round(struct host *host, uint32_t seed,
		      struct remember_record *sent, unsigned int *count)
{
	unsigned int packet = host->packet[REMEMBER_BULK_OUT], i, order[RACE_QUEUE];
	struct host_urb xfers[RACE_QUEUE];
	int failed = 0, moved;

	for (i = 0; i < RACE_QUEUE; i++) {
		host_urb_init(host, &xfers[i], REMEMBER_BULK_OUT,
			      1 + rand() % (packet - 1), 0);
		remember_fill(xfers[i].data, xfers[i].urb.buffer_length,
			      seed + i);
		failed |= host_submit(host, &xfers[i]);
	}
	usleep(rand() % 2000);
	for (i = 0; i < RACE_QUEUE; i++)
		if (rand() & 1)
			failed |= host_discard(host, &xfers[i]);
	failed |= reap_all(host, xfers, RACE_QUEUE, order);
	for (i = 0; i < RACE_QUEUE; i++) {
		moved = xfers[i].urb.actual_length;
		if (moved && moved != xfers[i].urb.buffer_length)
			failed = 1;
		if (xfers[i].urb.status && xfers[i].urb.status != -ENOENT)
			failed = 1;
		if (moved) {
			sent[*count].length = moved;
			sent[(*count)++].sum =
				remember_sum(xfers[i].data, moved);
		}
		host_urb_free(&xfers[i]);
	}
	return failed;
}

/* The device must have got what was said to be sent: no more, no less. */
static int unlink_race(struct host *host, unsigned int rounds)
{
	static struct remember_record sent[REMEMBER_RECORDS_MAX];
	static struct remember_record got[REMEMBER_RECORDS_MAX];
	unsigned int i, count = 0;
	int have, failed = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	srand(1);
	for (i = 0; i < rounds && !failed; i++)
		failed = race_round(host, i * RACE_QUEUE, sent, &count);
	wait_for_count(host, REMEMBER_BULK_OUT, count);
	have = host_records(host, REMEMBER_BULK_OUT, 0, got,
			    REMEMBER_RECORDS_MAX);
	note("%u of %u transfers went out, the device got %d", count,
	     rounds * RACE_QUEUE, have);
	if (failed || have != (int)count)
		return 1;
	for (i = 0; i < count; i++)
		if (got[i].length != sent[i].length ||
		    got[i].sum != sent[i].sum) {
			note("transfer %u: %u bytes sent, %u there", i,
			     sent[i].length, got[i].length);
			return 1;
		}
	return 0;
}

void usbio_unlink(struct host *host, const struct usbio_args *args)
{
	unsigned int i, rounds = args->count ? args->count : 100;
	unsigned int queue = 0, keeps = 0;

	for (i = 0; i < 5; i++)
		queue += unlink_in_queue(host);
	verdict(queue, "every fifth of %u IN taken back, the rest in order",
		QUEUE);
	for (i = 1; i < 8; i++)
		keeps += unlink_keeps_data(host, i);
	verdict(keeps, "IN taken back after 1..7 of 8 packets keeps them");
	if (rounds > REMEMBER_RECORDS_MAX / RACE_QUEUE)
		rounds = REMEMBER_RECORDS_MAX / RACE_QUEUE;
	verdict(unlink_race(host, rounds),
		"OUT taken back at any moment: told what was sent");
}

/* --- Timing */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int time_transfers(struct host *host, enum remember_ep ep,
			  unsigned int count, size_t length, const char *name)
{
	static uint64_t took[LATENCY_MAX];
	struct host_urb xfer;
	unsigned int i;
	int status = 0;

	host_urb_init(host, &xfer, ep, length, 0);
	for (i = 0; i < count && !status; i++) {
		status = host_run(host, &xfer);
		took[i] = xfer.took_us;
	}
	host_urb_free(&xfer);
	if (status) {
		note("transfer %u: %s", i, strerror(-status));
		return status;
	}
	qsort(took, count, sizeof(took[0]), compare_u64);
	note("%s %zu bytes: p50 %llu us, p99 %llu us, least %llu us", name,
	     length, (unsigned long long)took[count / 2],
	     (unsigned long long)took[count * 99 / 100],
	     (unsigned long long)took[0]);
	return 0;
}

/* A device may hold a packet that it said was gone (dummy_hcd does: 64 bytes);
 * the next test must not get it.
 */
static void drain(struct host *host, enum remember_ep ep)
{
	struct host_urb xfer, *back;
	int ret;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_urb_init(host, &xfer, ep, 4096, 0);
	do {
		if (host_submit(host, &xfer))
			break;
		ret = host_reap(host, &back, 100);
		if (ret) {
			host_discard(host, &xfer);
			host_reap(host, &back, HOST_WAIT_MS);
		}
	} while (!ret && !xfer.urb.status);
	host_urb_free(&xfer);
}

void usbio_latency(struct host *host, const struct usbio_args *args)
{
	size_t length = args->length ? args->length : 64;
	unsigned int count = args->count ? args->count : 500;

	if (count > LATENCY_MAX)
		count = LATENCY_MAX;
	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	verdict(time_transfers(host, REMEMBER_BULK_OUT, count, length, "OUT"),
		"%u bulk OUT transfers timed", count);
	host_arm(host, REMEMBER_BULK_IN, length, 0, REMEMBER_ARM_FOREVER);
	verdict(time_transfers(host, REMEMBER_BULK_IN, count, length, "IN"),
		"%u bulk IN transfers timed", count);
	drain(host, REMEMBER_BULK_IN);
}

/* --- Holding and flowing */

static int is_gone(int status)
{
	return status == -ENODEV || status == -ESHUTDOWN || status == -ENOENT ||
	       status == -EPROTO;
}

/* Queue transfers that the device will not answer and wait for their end. */
void usbio_hold(struct host *host, const struct usbio_args *args)
{
	static const enum remember_ep eps[] = {
		REMEMBER_BULK_IN, REMEMBER_BULK_OUT, REMEMBER_INT_IN,
	};
	int timeout = (args->seconds ? args->seconds : 60) * 1000;
	struct host_urb xfers[3 * RACE_QUEUE], *back;
	unsigned int i, count = 3 * RACE_QUEUE, failed = 0;
	int ret;

	if (args->count && args->count < count)
		count = args->count;
	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_order(host, REMEMBER_PAUSE, 1, NULL, 0);
	for (i = 0; i < count; i++) {
		host_urb_init(host, &xfers[i], eps[i % 3], 2048, 0);
		failed += !!host_submit(host, &xfers[i]);
	}
	verdict(failed, "%u transfers are in flight", count);
	for (i = 0; i < count && !failed; i++) {
		ret = host_reap(host, &back, timeout);
		if (ret || !is_gone(back->urb.status)) {
			note("transfer %u: reap %d, status %d", i, ret,
			     ret ? 0 : back->urb.status);
			failed++;
		}
	}
	verdict(failed, "all were given back because the device is gone");
}

struct flow {
	uint64_t last_us;
	uint64_t gap_us;
	unsigned int count;
	uint32_t seed;
};

static int flow_one(struct host *host, struct flow *flow, size_t length)
{
	struct host_urb *back;
	uint64_t now;
	int ret;

	ret = host_reap(host, &back, HOST_WAIT_MS);
	if (!ret)
		ret = back->urb.status;
	if (!ret && (back->urb.endpoint & 0x80) &&
	    ((size_t)back->urb.actual_length != length ||
	     !host_is_pattern(back->data, length, flow->seed++)))
		ret = -EILSEQ;
	if (ret)
		return ret;
	now = host_now_us();
	if (now - flow->last_us > flow->gap_us)
		flow->gap_us = now - flow->last_us;
	flow->last_us = now;
	flow->count++;
	return host_submit(host, back);
}

/* Keep transfers going and tell the longest time in which none came back. */
void usbio_flow(struct host *host, const struct usbio_args *args)
{
	size_t length = args->length ? args->length : 2048;
	uint64_t end = host_now_us() +
		       (args->seconds ? args->seconds : 5) * 1000000ULL;
	struct host_urb xfers[RACE_QUEUE];
	struct flow flow = { 0 };
	unsigned int i;
	int ret = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_arm(host, REMEMBER_BULK_IN, length, 0, REMEMBER_ARM_FOREVER);
	for (i = 0; i < RACE_QUEUE && !ret; i++) {
		host_urb_init(host, &xfers[i],
			      i & 1 ? REMEMBER_BULK_IN : REMEMBER_BULK_OUT,
			      length, 0);
		ret = host_submit(host, &xfers[i]);
	}
	flow.last_us = host_now_us();
	note("flowing");
	while (!ret && host_now_us() < end)
		ret = flow_one(host, &flow, length);
	if (ret == -EILSEQ)
		note("IN answer %u is not what it should be", flow.seed - 1);
	note("flow count=%u gap_ms=%llu status=%d", flow.count,
	     (unsigned long long)flow.gap_us / 1000, ret);
	verdict(ret, "transfers flow in both directions");
}

/* --- Orders for scripts */

void usbio_silent(struct host *host, const struct usbio_args *args)
{
	unsigned int ms = (args->seconds ? args->seconds : 5) * 1000;
	int ret;

	ret = host_order(host, REMEMBER_SILENT, ms, NULL, 0);
	verdict(ret < 0, "the device was silent for %u ms", ms);
}
