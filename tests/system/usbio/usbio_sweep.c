// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio_sweep - every length from 0 to two packets and a byte, with ZLPs and
 * without, many in flight.
 *
 * The device reads packet by packet, so what it remembers of a batch must be
 * the packets of all its transfers, one after the other, and nothing else.
 */
#include "usbio.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BATCH	32

static struct host_urb batch[BATCH];

/* Submit and reap all of the batch, in order; non-zero when one is wrong. */
static int batch_run(struct host *host, unsigned int count, int status)
{
	struct host_urb *back;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = host_submit(host, &batch[i]);
		if (ret) {
			note("submit: %s", strerror(-ret));
			return ret;
		}
	}
	for (i = 0; i < count; i++) {
		ret = host_reap(host, &back, HOST_WAIT_MS);
		if (ret || back != &batch[i]) {
			note("reap %u of %u: %s", i, count, ret ?
			     strerror(-ret) : "out of order");
			return -EIO;
		}
		if (back->urb.status != status ||
		    back->urb.actual_length != (int)back->index) {
			note("%u bytes: status %d, actual %d", back->index,
			     back->urb.status, back->urb.actual_length);
			return -EIO;
		}
	}
	return 0;
}

static void batch_free(struct host *host, unsigned int count)
{
	struct host_urb *back;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (batch[i].out)
			host_discard(host, &batch[i]);
	for (i = 0; i < count; i++)
		if (batch[i].out)
			host_reap(host, &back, HOST_WAIT_MS);
	for (i = 0; i < count; i++)
		host_urb_free(&batch[i]);
}

/* The packets of one transfer; returns how many. */
static unsigned int add_packets(struct remember_record *packets,
				const struct host_urb *xfer,
				unsigned int packet, int zlp)
{
	size_t at = 0, piece;
	unsigned int n = 0;

	do {
		piece = xfer->index - at < packet ? xfer->index - at : packet;
		packets[n].length = piece;
		packets[n++].sum = remember_sum(xfer->data + at, piece);
		at += piece;
	} while (at < xfer->index || (zlp && piece == packet));
	return n;
}

static int wait_for_records(struct host *host, unsigned int count)
{
	uint64_t end = host_now_us() + HOST_WAIT_MS * 1000ULL;
	struct remember_stats stats;

	do {
		if (!host_stats(host, &stats) &&
		    stats.ep[REMEMBER_BULK_OUT].count >= count)
			return 0;
		usleep(1000);
	} while (host_now_us() < end);
	return -ETIMEDOUT;
}

static int packets_equal(const struct remember_record *want,
			 unsigned int count, struct host *host)
{
	struct remember_record got[3 * BATCH + 1];
	int have;
	unsigned int i;

	wait_for_records(host, count);
	have = host_records(host, REMEMBER_BULK_OUT, 0, got, count + 1);
	if (have != (int)count)
		note("%d packets came, not %u", have, count);
	for (i = 0; i < count && (int)i < have; i++)
		if (got[i].length != want[i].length ||
		    got[i].sum != want[i].sum) {
			note("packet %u has %u bytes, not %u", i,
			     got[i].length, want[i].length);
			return 0;
		}
	return have == (int)count;
}

static int sweep_out(struct host *host, size_t first, unsigned int count, int zlp)
{
	unsigned int packet = host->packet[REMEMBER_BULK_OUT], i, n = 0;
	struct remember_record want[3 * BATCH];
	int failed;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	for (i = 0; i < count; i++) {
		host_urb_init(host, &batch[i], REMEMBER_BULK_OUT, first + i,
			      zlp ? USBDEVFS_URB_ZERO_PACKET : 0);
		batch[i].index = first + i;
		remember_fill(batch[i].data, first + i, first + i);
		n += add_packets(want + n, &batch[i], packet, zlp);
	}
	failed = batch_run(host, count, 0) || !packets_equal(want, n, host);
	if (failed)
		note("OUT of %zu to %zu bytes, ZERO_PACKET %d", first,
		     first + count - 1, zlp);
	batch_free(host, count);
	return failed;
}

static int sweep_in(struct host *host, size_t first, unsigned int count, int strict)
{
	unsigned int packet = host->packet[REMEMBER_BULK_IN], i;
	struct remember_arm arms[BATCH];
	int failed;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	for (i = 0; i < count; i++) {
		/* Room for more, so that only the device ends it. */
		host_urb_init(host, &batch[i], REMEMBER_BULK_IN, 4 * packet,
			      strict ? USBDEVFS_URB_SHORT_NOT_OK : 0);
		batch[i].index = first + i;
		arms[i].ep = REMEMBER_BULK_IN;
		arms[i].length = first + i;
		arms[i].seed = first + i;
		arms[i].flags = arms[i].length && arms[i].length % packet == 0 ?
				REMEMBER_ARM_ZLP : 0;
	}
	failed = host_order(host, REMEMBER_ARM, 0, arms,
			    count * sizeof(arms[0])) < 0 ||
		 batch_run(host, count, strict ? -EREMOTEIO : 0);
	for (i = 0; i < count && !failed; i++)
		failed = !host_is_pattern(batch[i].data, first + i, first + i);
	if (failed)
		note("IN of %zu to %zu bytes, SHORT_NOT_OK %d", first,
		     first + count - 1, strict);
	batch_free(host, count);
	return failed;
}

void usbio_zlp_sweep(struct host *host, const struct usbio_args *args)
{
	size_t end = 2 * host->packet[REMEMBER_BULK_OUT] + 1, first;
	unsigned int out = 0, out_zlp = 0, in = 0, strict = 0, count;

	if (args->length)
		end = args->length;
	for (first = 0; first <= end; first += count) {
		count = end - first + 1 < BATCH ? end - first + 1 : BATCH;
		out += sweep_out(host, first, count, 0);
		out_zlp += sweep_out(host, first, count, 1);
		in += sweep_in(host, first, count, 0);
		strict += sweep_in(host, first, count, 1);
	}
	verdict(out, "OUT of 0..%zu bytes without ZERO_PACKET, packet %u", end,
		host->packet[REMEMBER_BULK_OUT]);
	verdict(out_zlp, "OUT of 0..%zu bytes with ZERO_PACKET", end);
	verdict(in, "IN of 0..%zu bytes, ended by the device", end);
	verdict(strict, "the same with SHORT_NOT_OK: EREMOTEIO, data there");
}
