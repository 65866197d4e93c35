// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iso_in - isochronous packets from the device.
 *
 * The driver's time goes on when nothing comes: it gets packets that say so.
 * Those that come when their time has passed are thrown away.
 */
#include <string.h>

#include "iso_int.h"

#define CHUNK_MIN_NS	ISO_MS
#define CHUNK_MAX_NS	(8 * ISO_MS)
#define CHUNKS_MIN	4		/* outstanding */
#define WINDOW_MIN_NS	(32 * ISO_MS)	/* we may be away that long */
#define WINDOW_MAX_NS	(400 * ISO_MS)	/* EHCI may plan only 512 */
#define SPARE_BYTES	(512u << 10)	/* asked for in case one is lost */
#define ROOM_MIN_NS	(20 * ISO_MS)	/* above the target, at least */
#define IDLE_NS		(250 * ISO_MS)	/* nobody asks any more */

static uint64_t delay_ns(const struct iso *iso)
{
	return (uint64_t)iso->jitter.delay_us * 1000;
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

/* Packets of one transfer: short against the delay, but not too many. */
static uint32_t chunk(const struct iso *iso)
{
	const struct wire_hello *hello = &iso->ep->port->remote->hello;
	uint64_t pkts = clamp(delay_ns(iso) / 4, CHUNK_MIN_NS, CHUNK_MAX_NS) /
			iso->pkt_ns;

	if (iso->pkt_len && pkts > hello->max_urb_bytes / iso->pkt_len)
		pkts = hello->max_urb_bytes / iso->pkt_len;
	return (uint32_t)clamp(pkts, 1, P2PUSB_NPKT_MAX);
}

/*
 * What nobody asked for in time the device throws away, and nobody hears of it.
 * To ask early costs no delay: so a round trip more, in case a packet has to be
 * sent twice, unless that takes much of the server's memory.
 */
static uint64_t spare(const struct iso *iso)
{
	uint64_t most = SPARE_BYTES / (iso->pkt_len ? iso->pkt_len : 1);

	return clamp(iso_rtt(iso), 0, most * iso->pkt_ns);
}

/*
 * Enough to be asked for until what came first has been here and asked for
 * more, and twice the jitter.
 */
static uint64_t window(const struct iso *iso, uint32_t pkts)
{
	uint64_t ns = iso_rtt(iso) + 2 * delay_ns(iso) +
		      2 * iso_time(iso, pkts) + spare(iso);

	ns = clamp(ns, WINDOW_MIN_NS, WINDOW_MAX_NS);
	return clamp(ns / iso->pkt_ns, CHUNKS_MIN * pkts, UINT32_MAX);
}

static void fill_window(struct iso *iso)
{
	uint32_t pkts = chunk(iso);
	uint64_t want = window(iso, pkts);
	uint32_t length = pkts * iso->pkt_len;
	struct iso_sub *sub;
	uint32_t i;

	while (iso->live < want && xfer_has_credit(iso->ep, length)) {
		sub = iso_sub_new((uint16_t)pkts);
		if (!sub)
			return;
		sub->length = length;
		for (i = 0; i < pkts; i++)
			sub->packets[i].actual = iso->pkt_len;
		iso_send(iso, sub);
	}
}

/* The next packet and its bytes, which stay until the next call. */
static const uint8_t *take(struct iso *iso, struct wire_packet *packet)
{
	struct iso_sub *sub = TAILQ_FIRST(&iso->ready);
	const uint8_t *bytes;

	if (sub->next == sub->npkt) {
		TAILQ_REMOVE(&iso->ready, sub, entry);
		iso_sub_free(sub);
		sub = TAILQ_FIRST(&iso->ready);
	}
	*packet = sub->packets[sub->next++];
	bytes = sub->data ? sub->data + sub->at : NULL;
	sub->at += packet->actual;
	iso->ready_pkts--;
	return bytes;
}

static void drop(struct iso *iso, uint32_t pkts)
{
	struct wire_packet packet;

	while (pkts--)
		take(iso, &packet);
}

/* One packet of an URB; what is longer than asked for is cut. */
static uint32_t put(struct iso *iso, struct p2pvhci_iso *slot, uint32_t most,
		    uint8_t *dst)
{
	struct wire_packet packet;
	const uint8_t *bytes = take(iso, &packet);

	slot->status = packet.status;
	slot->len = packet.actual;
	if (slot->len > most) {
		slot->len = most;
		slot->status = P2PVHCI_ST_OVERFLOW;
	}
	if (slot->len)
		memcpy(dst, bytes, slot->len);
	return slot->len;
}

static void fill(struct iso *iso, struct xfer *xfer, uint32_t have,
		 uint8_t *room)
{
	const struct p2pvhci_iso *asked;
	struct p2pvhci_cmp *cmp = &xfer->cmp;
	struct p2pvhci_iso slot;
	uint8_t *bytes;
	uint32_t i;

	asked = ring_packets(&iso->ep->port->queue->ring, &xfer->req);
	bytes = room + xfer->req.npkt * sizeof(slot);
	for (i = 0; i < xfer->req.npkt; i++) {
		slot.len = 0;
		slot.status = P2PVHCI_ST_XDEV;
		slot.rsv = 0;
		if (i < have)
			cmp->actual += put(iso, &slot, asked[i].len,
					   bytes + cmp->actual);
		cmp->errs += slot.status != P2PVHCI_ST_OK;
		memcpy(room + i * sizeof(slot), &slot, sizeof(slot));
	}
}

/* Complete an URB with the first @have of its packets, the others lost. */
static void give(struct iso *iso, struct xfer *xfer, uint32_t have,
		 uint64_t now)
{
	const struct p2pvhci_cmp cmp = { .token = xfer->req.token };
	struct queue *queue = iso->ep->port->queue;
	uint32_t npkt = xfer->req.npkt;
	uint8_t *room;

	iso_shift(iso, xfer, now);
	iso->lost += npkt - have;
	room = xfer_room(queue, xfer, xfer->req.len +
			 npkt * (uint32_t)sizeof(struct p2pvhci_iso));
	if (!room) {
		drop(iso, have);
		iso->lost += have;
		xfer_finish_status(queue, xfer, P2PVHCI_ST_NOSR);
		return;
	}
	xfer->cmp = cmp;
	fill(iso, xfer, have, room);
	xfer_finish(queue, xfer);
}

static int is_primed(const struct iso *iso, const struct xfer *xfer)
{
	return iso_time(iso, iso->ready_pkts) >=
	       delay_ns(iso) + iso_time(iso, xfer->req.npkt + chunk(iso));
}

static void answer(struct iso *iso, uint64_t now)
{
	struct xfer *xfer;

	while ((xfer = TAILQ_FIRST(&iso->waiting))) {
		if (iso->state == ISO_PRIMING) {
			if (!is_primed(iso, xfer))
				return;
			iso_move(iso, ISO_RUNNING);
		}
		if (iso->ready_pkts < xfer->req.npkt)
			return;
		iso->patience_ns = (uint64_t)
			iso_jitter_patience(&iso->jitter) * 1000;
		give(iso, xfer, xfer->req.npkt, now);
	}
}

static void widen(struct iso *iso)
{
	const struct ring *ring = &iso->ep->port->queue->ring;
	const struct xfer *xfer = TAILQ_LAST(&iso->waiting, xfer_list);
	const struct p2pvhci_iso *packets;
	uint32_t i;

	if (!xfer)
		return;
	packets = ring_packets(ring, &xfer->req);
	for (i = 0; i < xfer->req.npkt; i++)
		if (packets[i].len > iso->pkt_len)
			iso->pkt_len = packets[i].len;
}

static void iso_in_begin(struct iso *iso, uint64_t now)
{
	(void)now;
	iso->pkt_len = 0;
}

static void iso_in_run(struct iso *iso, uint64_t now)
{
	widen(iso);
	fill_window(iso);
	answer(iso, now);
}

/* What lies ready beyond what the driver is owed by now. */
static int64_t level(const struct iso *iso, uint64_t now)
{
	int64_t ns = (int64_t)iso_time(iso, iso->ready_pkts);

	ns -= (int64_t)iso_time(iso, iso->debt);
	ns -= (int64_t)iso_time(iso, iso->waiting_pkts);
	if (iso->due_ns > now)
		ns += (int64_t)(iso->due_ns - now);
	return ns;
}

/*
 * Nothing came in time.  As many as were given up may still come, but no more
 * than are asked for; if it is all of them, begin anew with what is asked for
 * from now on.
 */
static void give_up(struct iso *iso, struct xfer *xfer, uint64_t now)
{
	uint32_t have = 0;

	if (iso->patience_ns != ISO_SHORT_NS)
		iso->underruns++;
	iso->patience_ns = ISO_SHORT_NS;
	if (iso->state == ISO_RUNNING) {
		/* More lies ready when the link is about to end. */
		have = iso->ready_pkts < xfer->req.npkt ? iso->ready_pkts :
							  xfer->req.npkt;
		iso->debt += xfer->req.npkt - have;
		if (iso->debt >= iso->live) {
			iso->debt = iso->live;
			iso_move(iso, ISO_PRIMING);
		}
	}
	give(iso, xfer, have, now);
}

static void iso_in_late(struct iso *iso, uint64_t now)
{
	struct xfer *xfer = TAILQ_FIRST(&iso->waiting);

	if (!xfer) {
		iso_stop(iso);
		return;
	}
	for (; xfer && xfer->due_ns + iso->patience_ns <= now;
	     xfer = TAILQ_FIRST(&iso->waiting))
		give_up(iso, xfer, now);
}

static uint64_t iso_in_deadline(const struct iso *iso)
{
	const struct xfer *xfer = TAILQ_FIRST(&iso->waiting);

	if (iso->state == ISO_IDLE)
		return 0;
	if (xfer)
		return xfer->due_ns + iso->patience_ns;
	return iso->due_ns + IDLE_NS;
}

static void shed(struct iso *iso, uint64_t now)
{
	int64_t target = iso_jitter_target(&iso->jitter) * 1000;
	int64_t room = target > (int64_t)ROOM_MIN_NS ? target :
						       (int64_t)ROOM_MIN_NS;
	int64_t much = level(iso, now) - target;
	uint32_t pkts;

	if (iso->state != ISO_RUNNING ||
	    much < room + (int64_t)iso_time(iso, chunk(iso)))
		return;
	pkts = (uint32_t)((uint64_t)much / iso->pkt_ns);
	if (pkts > iso->ready_pkts)
		pkts = iso->ready_pkts;
	drop(iso, pkts);
	iso->lost += pkts;
	iso->overruns++;
}

static void iso_in_done(struct iso *iso, struct iso_sub *sub,
			const struct wire_complete *complete, uint64_t now)
{
	uint32_t pkts;

	(void)complete;
	if (iso->state == ISO_RUNNING)
		iso_sample(iso, now, level(iso, now));
	TAILQ_INSERT_TAIL(&iso->ready, sub, entry);
	iso->ready_pkts += sub->npkt;
	pkts = iso->debt < sub->npkt ? iso->debt : sub->npkt;
	/* With a debt nothing else lay ready. */
	drop(iso, pkts);
	iso->debt -= pkts;
	iso->late_pkts += pkts;
	shed(iso, now);
}

const struct iso_ops iso_in_ops = {
	.begin = iso_in_begin,
	.run = iso_in_run,
	.late = iso_in_late,
	.deadline = iso_in_deadline,
	.done = iso_in_done,
};
