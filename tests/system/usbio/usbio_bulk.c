// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio_bulk - bulk and interrupt transfers, one at a time, compared with what
 * the device remembers.
 *
 * Queues of transfers are in usbio_queue.c.
 */
#include "usbio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED_OUT	0x10000
#define BIG_CHUNK	32	/* packets a read of the device takes */

/* The lengths at which things go wrong, for any packet size. */
static const size_t edge_lengths[] = {
	0, 1, 2, 7, 8, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 4095, 4096,
	4097, 16383, 16384, 16385, 65535, 65536, 65537, 262144, 1048576,
};

#define EDGES (sizeof(edge_lengths) / sizeof(edge_lengths[0]))

static struct remember_record records[REMEMBER_RECORDS_MAX];

/* What an endpoint already remembers from earlier transfers. */
static struct {
	unsigned int count;
	uint64_t bytes;
} before[REMEMBER_EPS];

/* Forget everything, on both sides. */
static int start_over(struct host *host)
{
	memset(before, 0, sizeof(before));
	return host_order(host, REMEMBER_RESET, 0, NULL, 0) < 0;
}

/* Do the records, put together, hold these bytes and nothing else? */
static int records_hold(const uint8_t *data, size_t length, int count)
{
	size_t at = 0;
	int i;

	for (i = 0; i < count; i++) {
		if (records[i].length > length - at)
			return 0;
		if (remember_sum(data + at, records[i].length) !=
		    records[i].sum)
			return 0;
		at += records[i].length;
	}
	return at == length;
}

/*
 * The device reads packet by packet, so what it saw must be full packets, the
 * rest if there is one, and a ZLP when nothing else says where the end is and
 * the host asked for it.
 */
static int packets_are_right(size_t length, unsigned int packet, int zlp,
			     int count)
{
	size_t full = length / packet, rest = length % packet;
	size_t want = full + (rest || !length || zlp);
	size_t i;

	if ((size_t)count != want)
		return 0;
	for (i = 0; i < full; i++)
		if (records[i].length != packet)
			return 0;
	return want == full || records[full].length == rest;
}

static void wait_for_bytes(struct host *host, enum remember_ep ep,
			   uint64_t bytes)
{
	uint64_t end = host_now_us() + HOST_WAIT_MS * 1000ULL;
	struct remember_stats stats;

	do {
		if (host_stats(host, &stats) || stats.ep[ep].bytes >= bytes)
			return;
		usleep(1000);
	} while (host_now_us() < end);
}

/* Find out what the device made of one OUT transfer that ended. */
static const char *out_compare(struct host *host, enum remember_ep ep,
			       const struct host_urb *xfer, int zlp, int big)
{
	size_t length = xfer->urb.buffer_length;
	int count;

	before[ep].bytes += length;
	wait_for_bytes(host, ep, before[ep].bytes);
	count = host_records(host, ep, before[ep].count, records,
			     REMEMBER_RECORDS_MAX);
	if (count < 0)
		return "the device does not tell";
	before[ep].count += count;
	if ((size_t)xfer->urb.actual_length != length)
		return "actual_length is wrong";
	if (!records_hold(xfer->data, length, count))
		return "the device got other bytes";
	if (!big && !packets_are_right(length, host->packet[ep], zlp, count))
		return "the device got other packets";
	return NULL;
}

/* A ZLP comes after the bytes, and nothing tells the host of it but this. */
static void wait_for_zlp(struct host *host, enum remember_ep ep, size_t length)
{
	size_t count = before[ep].count + length / host->packet[ep] + 1;
	uint64_t end = host_now_us() + HOST_WAIT_MS * 100ULL;
	struct remember_stats stats;

	do {
		if (host_stats(host, &stats) || stats.ep[ep].count >= count)
			return;
		usleep(1000);
	} while (host_now_us() < end);
}

/* One OUT transfer; non-zero when it was not what it said. */
static int out_once(struct host *host, enum remember_ep ep, size_t length,
		    int zlp)
{
	int big = length >= 65536, status;
	struct host_urb xfer;
	const char *why;

	if (big || before[ep].count > REMEMBER_RECORDS_MAX / 2)
		start_over(host);
	if (big)
		host_order(host, REMEMBER_CHUNK, BIG_CHUNK, NULL, 0);
	host_urb_init(host, &xfer, ep, length,
		      zlp ? USBDEVFS_URB_ZERO_PACKET : 0);
	remember_fill(xfer.data, length, SEED_OUT + length);
	status = host_run(host, &xfer);
	if (!status && (!length || (zlp && length % host->packet[ep] == 0)))
		wait_for_zlp(host, ep, length);
	why = status ? strerror(-status) :
		       out_compare(host, ep, &xfer, zlp, big);
	if (why)
		note("%zu bytes%s: %s; status %d, actual %d", length,
		     zlp ? " with ZLP" : "", why, status,
		     xfer.urb.actual_length);
	if (big || why)
		start_over(host);
	host_urb_free(&xfer);
	return !!why;
}

/* An OUT transfer that was taken back tells how far it had come. */
static int out_partial(struct host *host, unsigned int packets)
{
	unsigned int packet = host->packet[REMEMBER_BULK_OUT];
	struct host_urb xfer, *back;
	int want = packets * packet, failed;

	start_over(host);
	host_order(host, REMEMBER_PAUSE, 1, NULL, 0);
	host_urb_init(host, &xfer, REMEMBER_BULK_OUT, 8 * packet, 0);
	failed = host_submit(host, &xfer);
	host_order(host, REMEMBER_TAKE, packets, NULL, 0);
	wait_for_bytes(host, REMEMBER_BULK_OUT, want);
	failed = failed || host_discard(host, &xfer) ||
		 host_reap(host, &back, HOST_WAIT_MS) ||
		 back->urb.status != -ENOENT || back->urb.actual_length != want;
	if (failed)
		note("after %u of 8 packets: status %d, actual %d, not %d",
		     packets, xfer.urb.status, xfer.urb.actual_length, want);
	start_over(host);
	host_urb_free(&xfer);
	return failed;
}

void usbio_out(struct host *host, const struct usbio_args *args)
{
	unsigned int i, failed = 0;

	start_over(host);
	if (args->length) {
		verdict(out_once(host, REMEMBER_BULK_OUT, args->length,
				 args->zlp),
			"bulk OUT of %zu bytes", args->length);
		return;
	}
	for (i = 0; i < EDGES; i++)
		verdict(out_once(host, REMEMBER_BULK_OUT, edge_lengths[i], 0),
			"bulk OUT of %zu bytes", edge_lengths[i]);
	for (i = 0; i < 8; i++)
		failed += out_partial(host, i);
	verdict(failed, "actual_length of bulk OUT taken back after 0..7 packets");
}

/* What may come of one IN transfer. */
struct in_want {
	size_t buffer;
	size_t length;
	unsigned int flags;
	uint32_t arm_flags;
	int status;
};

static int in_once(struct host *host, enum remember_ep ep,
		   const struct in_want *want)
{
	uint32_t seed = want->length + want->buffer;
	struct host_urb xfer;
	int status, failed;

	if (host_arm(host, ep, want->length, seed, want->arm_flags))
		return 1;
	host_urb_init(host, &xfer, ep, want->buffer, want->flags);
	memset(xfer.data, 0xee, want->buffer);
	status = host_run(host, &xfer);
	failed = status != want->status ||
		 (size_t)xfer.urb.actual_length != want->length ||
		 !host_is_pattern(xfer.data, want->length, seed);
	if (failed)
		note("%zu bytes asked, %zu given: status %d, actual %d, data %s",
		     want->buffer, want->length, status,
		     xfer.urb.actual_length,
		     host_is_pattern(xfer.data, want->length, seed) ?
		     "right" : "wrong");
	if (failed)
		start_over(host);
	host_urb_free(&xfer);
	return failed;
}

static int in_edge(struct host *host, size_t length)
{
	unsigned int packet = host->packet[REMEMBER_BULK_IN];
	struct in_want want = {
		/* Room for more, so that only the device ends it. */
		.buffer = (length / packet + 2) * packet,
		.length = length,
		.arm_flags = length && length % packet == 0 ?
			     REMEMBER_ARM_ZLP : 0,
	};
	int failed;

	failed = in_once(host, REMEMBER_BULK_IN, &want);
	want.flags = USBDEVFS_URB_SHORT_NOT_OK;
	want.status = -EREMOTEIO;
	return in_once(host, REMEMBER_BULK_IN, &want) || failed;
}

void usbio_in(struct host *host, const struct usbio_args *args)
{
	unsigned int packet = host->packet[REMEMBER_BULK_IN], i, failed = 0;
	struct in_want exact = { .flags = 0 };

	start_over(host);
	if (args->length) {
		verdict(in_edge(host, args->length), "bulk IN of %zu bytes",
			args->length);
		return;
	}
	for (i = 0; i < EDGES; i++)
		verdict(in_edge(host, edge_lengths[i]),
			"bulk IN of %zu bytes, with SHORT_NOT_OK EREMOTEIO",
			edge_lengths[i]);
	for (i = 1; i < 9; i++) {
		exact.buffer = i * packet;
		exact.length = i * packet;
		exact.flags = i & 1 ? USBDEVFS_URB_SHORT_NOT_OK : 0;
		failed += in_once(host, REMEMBER_BULK_IN, &exact);
	}
	verdict(failed, "bulk IN that fills its buffer, no ZLP needed");
}

static int stays_halted(struct host *host, enum remember_ep ep, size_t length)
{
	struct host_urb xfer;
	int i, status, failed = 0;

	for (i = 0; i < 3; i++) {
		host_urb_init(host, &xfer, ep, length, 0);
		status = host_run(host, &xfer);
		if (status != -EPIPE || xfer.urb.actual_length) {
			note("try %d: status %d, actual %d", i, status,
			     xfer.urb.actual_length);
			failed = 1;
		}
		host_urb_free(&xfer);
	}
	return failed;
}

static void stall_endpoint(struct host *host, enum remember_ep ep,
			   const char *name)
{
	int in = ep == REMEMBER_BULK_IN || ep == REMEMBER_INT_IN;
	struct in_want want = { .buffer = 64, .length = 33 };

	start_over(host);
	verdict(host_order(host, REMEMBER_STALL_EP, ep, NULL, 0) < 0,
		"%s: the device halts it", name);
	verdict(stays_halted(host, ep, in ? 64 : 33),
		"%s: EPIPE, and again until CLEAR_HALT", name);
	verdict(host_clear_halt(host, ep), "%s: CLEAR_HALT", name);
	if (in)
		verdict(in_once(host, ep, &want), "%s: works again", name);
	else
		verdict(out_once(host, ep, 33, 0), "%s: works again", name);
}

void usbio_stall(struct host *host, const struct usbio_args *args)
{
	(void)args;
	stall_endpoint(host, REMEMBER_BULK_IN, "bulk IN");
	stall_endpoint(host, REMEMBER_BULK_OUT, "bulk OUT");
	stall_endpoint(host, REMEMBER_INT_IN, "interrupt IN");
	stall_endpoint(host, REMEMBER_INT_OUT, "interrupt OUT");
}

void usbio_interrupt(struct host *host, const struct usbio_args *args)
{
	struct in_want want = { .buffer = 64 };
	unsigned int in = 0, out = 0;
	size_t length;

	(void)args;
	start_over(host);
	for (length = 0; length <= 64; length++) {
		want.length = length;
		in += in_once(host, REMEMBER_INT_IN, &want);
		out += out_once(host, REMEMBER_INT_OUT, length, 0);
	}
	verdict(in, "interrupt IN of 0..64 bytes");
	verdict(out, "interrupt OUT of 0..64 bytes");
}

/* --- Endpoint 0 */

static int control_length(struct host *host, size_t length)
{
	static uint8_t sent[REMEMBER_CTRL_MAX], got[REMEMBER_CTRL_MAX];
	int out, in, failed;

	remember_fill(sent, length, length);
	memset(got, 0xee, sizeof(got));
	out = host_order(host, REMEMBER_ECHO, 0, sent, length);
	in = host_ask(host, REMEMBER_ECHO, 0, got, sizeof(got));
	failed = out != (int)length || in != (int)length ||
		 memcmp(sent, got, length);
	if (failed)
		note("%zu bytes: OUT %d, IN %d", length, out, in);
	return failed;
}

/* Asked for less than there is: what was asked for. */
static int control_cut(struct host *host, size_t length)
{
	uint8_t got[REMEMBER_CTRL_MAX];
	int in;

	in = host_ask(host, REMEMBER_ECHO, 0, got, length);
	if (in == (int)length && host_is_pattern(got, length, 4096))
		return 0;
	note("first %zu of 4096 bytes: IN %d", length, in);
	return 1;
}

void usbio_control(struct host *host, const struct usbio_args *args)
{
	unsigned int failed = 0, cut = 0, stalled = 0, i;
	uint8_t byte[8];
	size_t length;

	(void)args;
	for (length = 0; length <= 130; length++)
		failed += control_length(host, length);
	for (; length < REMEMBER_CTRL_MAX; length += 61)
		failed += control_length(host, length);
	for (i = 0; i < EDGES && edge_lengths[i] <= REMEMBER_CTRL_MAX; i++)
		failed += control_length(host, edge_lengths[i]);
	verdict(failed, "control OUT and IN of 0..4096 bytes come back equal");
	for (i = 0; i < EDGES && edge_lengths[i] <= REMEMBER_CTRL_MAX; i++)
		cut += control_cut(host, edge_lengths[i]);
	verdict(cut, "control IN of less than there is");
	for (i = 0; i < 20; i++) {
		stalled += host_order(host, REMEMBER_STALL_EP0, 0, NULL, 0) !=
			   -EPIPE;
		stalled += host_ask(host, REMEMBER_STALL_EP0, 0, byte,
				    sizeof(byte)) != -EPIPE;
		stalled += control_length(host, i);
	}
	verdict(stalled, "endpoint 0 stalls one request and takes the next");
}
