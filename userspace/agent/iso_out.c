// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iso_out - isochronous packets to the device.
 *
 * URBs are complete to the kernel, which paces them, as soon as their bytes
 * are with us; but no more than a delay's worth of them, and some, is ahead of
 * the device, which ties the driver to the device's clock.
 */
#include <stdlib.h>
#include <string.h>

#include "iso_int.h"

#define EMPTY_NS	ISO_MS		/* less was ready: the device had to wait */
#define ROOM_NS		(200 * ISO_MS)	/* above the target */
#define HOLD_NS		(200 * ISO_MS)	/* an URB that cannot be sent */
#define GAP_NS		(20 * ISO_MS)	/* longer ones are pauses */

static uint64_t target_ns(const struct iso *iso)
{
	return (uint64_t)iso_jitter_target(&iso->jitter) * 1000;
}

/*
 * What may be on the way to the device and back at a time.  The rate keeps it
 * near the target; this only bounds it.  A tight bound would starve the device
 * when the way back takes longer than it did.
 */
static uint64_t limit_ns(const struct iso *iso, uint32_t npkt)
{
	return target_ns(iso) + ROOM_NS + iso_rtt(iso) + iso_time(iso, npkt);
}

static void give(struct iso *iso, struct xfer *xfer, uint8_t status,
		 uint64_t now)
{
	const struct p2pvhci_cmp cmp = { .token = xfer->req.token };
	struct queue *queue = iso->ep->port->queue;
	const struct p2pvhci_iso *asked;
	uint32_t npkt = xfer->req.npkt;
	struct p2pvhci_iso slot;
	uint8_t *room;
	uint32_t i;

	iso_shift(iso, xfer, now);
	room = xfer_room(queue, xfer, npkt * (uint32_t)sizeof(slot));
	if (!room) {
		xfer_finish_status(queue, xfer, P2PVHCI_ST_NOSR);
		return;
	}
	asked = ring_packets(&queue->ring, &xfer->req);
	for (i = 0; i < npkt; i++) {
		slot.len = status ? 0 : asked[i].len;
		slot.status = status;
		slot.rsv = 0;
		memcpy(room + i * sizeof(slot), &slot, sizeof(slot));
	}
	xfer->cmp = cmp;
	xfer->cmp.actual = status ? 0 : xfer->req.len;
	xfer->cmp.errs = status ? (uint16_t)npkt : 0;
	xfer_finish(queue, xfer);
}

/* Without memory the device does without: the time of the driver goes on. */
static void collect(struct iso *iso, const struct xfer *xfer)
{
	const struct ring *ring = &iso->ep->port->queue->ring;
	const struct p2pvhci_iso *asked = ring_packets(ring, &xfer->req);
	struct iso_sub *sub = iso_sub_new((uint16_t)xfer->req.npkt);
	uint32_t i;

	if (sub) {
		for (i = 0; i < xfer->req.npkt; i++)
			sub->packets[i].actual = asked[i].len;
		sub->length = xfer->req.len;
	}
	if (!sub || iso_sub_pack(sub, ring_out(ring, &xfer->req))) {
		iso->lost += xfer->req.npkt;
		free(sub);
		return;
	}
	TAILQ_INSERT_TAIL(&iso->ready, sub, entry);
	iso->ready_pkts += sub->npkt;
}

static void send_ready(struct iso *iso, uint8_t burst)
{
	struct iso_sub *sub;

	/* The server has ended its stream: there is nowhere to send it. */
	if (iso->ep->port->halted)
		return;
	while ((sub = TAILQ_FIRST(&iso->ready)) &&
	       xfer_has_credit(iso->ep, sub->length)) {
		TAILQ_REMOVE(&iso->ready, sub, entry);
		iso->ready_pkts -= sub->npkt;
		sub->burst = burst;
		iso_send(iso, sub);
	}
}

/* What the driver queues ahead lies ready at the device, wanted or not. */
static void set_off(struct iso *iso, uint32_t last)
{
	uint64_t ns = iso_time(iso, iso->ready_pkts - last);

	iso_jitter_floor(&iso->jitter, (int64_t)(ns / 1000));
	iso_move(iso, ISO_RUNNING);
	send_ready(iso, 1);
}

static int is_primed(const struct iso *iso, uint32_t last)
{
	return iso_time(iso, iso->ready_pkts) >=
	       (uint64_t)iso->jitter.delay_us * 1000 + iso_time(iso, last);
}

static int may_send(const struct iso *iso, const struct xfer *xfer)
{
	return TAILQ_EMPTY(&iso->ready) &&
	       iso_time(iso, iso->live + xfer->req.npkt) <=
	       limit_ns(iso, xfer->req.npkt) &&
	       xfer_has_credit(iso->ep, xfer->req.len);
}

static void iso_out_begin(struct iso *iso, uint64_t now)
{
	/* The last stream ran dry, and its driver had not stopped. */
	if (iso->dry_ns && now < iso->dry_ns + GAP_NS)
		iso->underruns++;
	iso->dry_ns = 0;
}

static void iso_out_run(struct iso *iso, uint64_t now)
{
	struct xfer *xfer;
	uint32_t npkt;

	if (iso->state == ISO_RUNNING)
		send_ready(iso, 0);
	while ((xfer = TAILQ_FIRST(&iso->waiting))) {
		npkt = xfer->req.npkt;
		if (iso->state == ISO_RUNNING && !may_send(iso, xfer))
			return;
		collect(iso, xfer);
		iso->patience_ns = HOLD_NS;
		give(iso, xfer, P2PVHCI_ST_OK, now);
		if (iso->state == ISO_RUNNING)
			send_ready(iso, 0);
		else if (is_primed(iso, npkt))
			set_off(iso, npkt);
	}
}

static void iso_out_late(struct iso *iso, uint64_t now)
{
	struct xfer *xfer = TAILQ_FIRST(&iso->waiting);

	if (iso->state == ISO_PRIMING) {
		set_off(iso, 0);
		return;
	}
	for (; xfer && xfer->due_ns + iso->patience_ns <= now;
	     xfer = TAILQ_FIRST(&iso->waiting)) {
		if (iso->patience_ns != ISO_SHORT_NS)
			iso->overruns++;
		iso->patience_ns = ISO_SHORT_NS;
		iso->lost += xfer->req.npkt;
		give(iso, xfer, P2PVHCI_ST_XDEV, now);
	}
}

static uint64_t iso_out_deadline(const struct iso *iso)
{
	const struct xfer *xfer = TAILQ_FIRST(&iso->waiting);

	if (iso->state == ISO_PRIMING)
		return iso->since_ns + (uint64_t)iso->jitter.delay_us * 1000;
	if (iso->state == ISO_RUNNING && xfer)
		return xfer->due_ns + iso->patience_ns;
	return 0;
}

/*
 * How long the transfer was with the device beyond its own time is what lay
 * ready before it; where the server does not say, what is on the way does.
 */
static void sample(struct iso *iso, const struct iso_sub *sub,
		   const struct wire_complete *complete, uint64_t now)
{
	int64_t ns;

	if (complete->device_us)
		ns = complete->device_us * 1000ll -
		     (int64_t)iso_time(iso, sub->npkt);
	else
		ns = (int64_t)iso_time(iso, iso->live) - (int64_t)iso_rtt(iso);
	if (ns < (int64_t)EMPTY_NS)
		iso->underruns++;
	iso_sample(iso, now, ns);
}

static void iso_out_done(struct iso *iso, struct iso_sub *sub,
			 const struct wire_complete *complete, uint64_t now)
{
	uint16_t i;

	for (i = 0; i < sub->npkt; i++)
		iso->lost += sub->packets[i].status != P2PUSB_ST_OK;
	if (iso->state == ISO_RUNNING && !sub->burst)
		sample(iso, sub, complete, now);
	iso_sub_free(sub);
	if (!iso->live && !iso->ready_pkts && TAILQ_EMPTY(&iso->waiting)) {
		iso_stop(iso);
		iso->dry_ns = now;
	}
}

const struct iso_ops iso_out_ops = {
	.begin = iso_out_begin,
	.run = iso_out_run,
	.late = iso_out_late,
	.deadline = iso_out_deadline,
	.done = iso_out_done,
};
