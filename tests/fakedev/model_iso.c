// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model_iso - isochronous endpoints: one packet a service interval.
 *
 * Paced (where the model plays the host controller, on the wire): a transfer
 * is done when its last interval has passed; intervals that pass without one
 * are counted as missed, and what an IN endpoint would have sent in them is
 * lost.  Not paced (on the ring, where the kernel keeps the time): done at
 * once, and only counted how far the host runs ahead of the clock.
 */
#include <p2pusb/wire.h>

#include "model_ep.h"

/* A gap this long is a stop and a new start. */
#define GAP_NS	500000000ull

static void start_clock(struct model_ep *ep, uint64_t slot)
{
	ep->next_slot = slot;
	ep->start_slot = slot;
	ep->taken = 0;
}

static void miss(struct model *model, struct model_ep *ep, uint64_t upto)
{
	uint64_t n = upto - ep->next_slot;
	uint64_t late = n * ep->interval_ns;

	record_event((int)model->index, "missed",
		     ",\"ep\":%u,\"packets\":%llu", ep->addr,
		     (unsigned long long)n);
	ep->count.missed += n;
	if (late > ep->count.late_ns)
		ep->count.late_ns = late;
	ep->next_slot = upto;
	for (; n && ep->data.kind->skip && ep->addr & 0x80; n--)
		ep->data.kind->skip(&ep->data);
}

/* How far is the host ahead of what has passed since the start? */
static void note_ahead(struct model_ep *ep, uint64_t now)
{
	uint64_t start = ep->start_slot * ep->interval_ns;
	uint64_t passed = now > start ? now - start : 0;
	uint64_t taken = ep->taken * ep->interval_ns;

	if (taken > passed && taken - passed > ep->count.ahead_ns)
		ep->count.ahead_ns = taken - passed;
}

void model_iso_queue(struct model *model, struct model_ep *ep,
		     struct model_xfer *xfer, uint64_t now)
{
	/* The interval that runs is too late. */
	uint64_t soonest = now / ep->interval_ns + 1;

	ep->data.now = now;
	ep->begun++;
	if (ep->rule && ep->rule->unplug_at == ep->begun)
		model->leaving = 1;
	if (!ep->next_slot || ep->next_slot * ep->interval_ns + GAP_NS < now)
		start_clock(ep, soonest);
	else if (model->paced && ep->next_slot < soonest)
		miss(model, ep, soonest);
	xfer->slot = ep->next_slot;
	ep->next_slot += xfer->npkt;
	ep->taken += xfer->npkt;
	note_ahead(ep, now);
}

static uint8_t *packet_bytes(struct model_ep *ep, struct model_xfer *xfer)
{
	uint32_t off = 0;
	uint32_t i;

	/* IN bytes are packed, OUT bytes lie where the host put them. */
	if (ep->addr & 0x80)
		return xfer->data + xfer->actual;
	for (i = 0; i < xfer->next_packet; i++)
		off += xfer->packets[i].len;
	return xfer->data + off;
}

static uint32_t fill_packet(struct model_ep *ep, uint8_t *to, uint32_t room)
{
	const struct spec_rule *rule = ep->rule;
	long n;

	if (room > ep->packet)
		room = ep->packet;
	if (rule && rule->short_bytes && room > rule->short_bytes)
		room = rule->short_bytes;
	n = ep->data.kind->fill(&ep->data, to, room);
	return n > 0 ? (uint32_t)n : 0;
}

static void check_packet(struct model *model, struct model_ep *ep,
			 const uint8_t *from, uint32_t len)
{
	uint32_t faults = ep->data.kind->check(&ep->data, from, len);

	if (faults && ep->count.faults < 10)
		record_event((int)model->index, "fault",
			     ",\"ep\":%u,\"packet\":%llu", ep->addr,
			     (unsigned long long)ep->count.packets);
	ep->count.faults += faults;
}

static void move_packet(struct model *model, struct model_ep *ep,
			struct model_xfer *xfer, uint64_t at)
{
	struct model_packet *packet = &xfer->packets[xfer->next_packet];
	const struct spec_rule *rule = ep->rule;
	uint8_t *bytes = packet_bytes(ep, xfer);

	ep->data.now = at;
	ep->count.packets++;
	if (rule && rule->error_at && ep->count.packets == rule->error_at) {
		packet->status = (uint16_t)rule->error_status;
		xfer->errs++;
	} else if (ep->addr & 0x80) {
		packet->actual = fill_packet(ep, bytes, packet->len);
	} else {
		check_packet(model, ep, bytes, packet->len);
		packet->actual = packet->len;
	}
	xfer->actual += packet->actual;
	xfer->next_packet++;
}

static uint64_t end_of_packet(const struct model_ep *ep,
			      const struct model_xfer *xfer, uint32_t i)
{
	return (xfer->slot + i + 1) * ep->interval_ns;
}

void model_iso_run(struct model *model, struct model_ep *ep, uint64_t now)
{
	struct model_xfer *xfer;
	uint64_t end;

	while ((xfer = TAILQ_FIRST(&ep->xfers)) && !model->leaving) {
		if (ep->rule && ep->rule->silent_from &&
		    ep->count.transfers + 1 >= ep->rule->silent_from)
			return;
		while (xfer->next_packet < xfer->npkt) {
			end = end_of_packet(ep, xfer, xfer->next_packet);
			if (model->paced && end > now)
				return;
			move_packet(model, ep, xfer, end);
		}
		model_ep_finish(model, ep, xfer, P2PUSB_ST_OK);
	}
}

/* Only a transfer that is done is worth a call: all packets at its end */
uint64_t model_iso_next(const struct model_ep *ep)
{
	const struct model_xfer *xfer = TAILQ_FIRST(&ep->xfers);

	if (!xfer)
		return MODEL_NEVER;
	if (ep->rule && ep->rule->silent_from &&
	    ep->count.transfers + 1 >= ep->rule->silent_from)
		return MODEL_NEVER;
	return end_of_packet(ep, xfer, xfer->npkt - 1);
}
