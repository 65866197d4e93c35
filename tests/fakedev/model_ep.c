// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model_ep - what one endpoint does with its transfers.
 *
 * Order is kept per endpoint and stream; transfers of different streams may
 * overtake one another.
 */
#include <p2pusb/wire.h>
#include <stdlib.h>
#include <string.h>

#include "model_ep.h"
#include "model_ep0.h"

#define NS_PER_MS	1000000ull

static int is_in(const struct model_ep *ep)
{
	return ep->addr & 0x80;
}

void model_ep_finish(struct model *model, struct model_ep *ep,
		     struct model_xfer *xfer, uint32_t status)
{
	TAILQ_REMOVE(&ep->xfers, xfer, entry);
	xfer->status = status;
	ep->count.transfers++;
	ep->count.bytes += xfer->actual;
	if (status == P2PUSB_ST_STALL)
		ep->count.stalls++;
	else if (status == P2PUSB_ST_CANCELLED)
		ep->count.cancelled++;
	else if (status != P2PUSB_ST_OK)
		ep->count.errors++;
	model->ops->done(model, xfer);
}

void model_ep_stop(struct model *model, struct model_ep *ep, uint32_t status)
{
	struct model_xfer *xfer;

	while ((xfer = TAILQ_FIRST(&ep->xfers)))
		model_ep_finish(model, ep, xfer, status);
	ep->next_slot = 0;
	ep->loop_len = 0;
}

/* xorshift: the same delays in each run */
static uint32_t draw(struct model *model, uint32_t below)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 17;
	model->random ^= model->random << 5;
	return below ? model->random % below : 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* When may a transfer that begins now be done? */
static uint64_t due_of(struct model *model, struct model_ep *ep, uint64_t now)
{
	const struct spec_rule *rule = ep->rule;
	uint64_t due = now;
	uint32_t spread;

	if (!ep->first)
		ep->first = now;
	if (ep->type == SPEC_INTERRUPT) {
		due = later(due, ep->next);
		ep->next = due + ep->interval_ns;
	}
	if (!rule)
		return due;
	if (rule->silent_from && ep->begun >= rule->silent_from)
		return MODEL_NEVER;
	if (rule->nak_ms)
		due = later(due, ep->first + rule->nak_ms * NS_PER_MS);
	if (rule->delay_ms || rule->delay_max_ms) {
		spread = rule->delay_max_ms > rule->delay_ms ?
			 rule->delay_max_ms - rule->delay_ms + 1 : 0;
		due += (rule->delay_ms + draw(model, spread)) * NS_PER_MS;
	}
	return due;
}

static void begin(struct model *model, struct model_ep *ep,
		  struct model_xfer *xfer, uint64_t now)
{
	const struct spec_rule *rule = ep->rule;

	ep->begun++;
	xfer->due = due_of(model, ep, now);
	/* 0 means that it has not begun. */
	if (!xfer->due)
		xfer->due = 1;
	if (xfer->due == MODEL_NEVER && ep->begun == rule->silent_from)
		record_event((int)model->index, "silent",
			     ",\"ep\":%u,\"transfer\":%u", ep->addr,
			     ep->begun);
	if (rule && rule->unplug_at == ep->begun)
		model->leaving = 1;
}

/* Which fault does the script want of this transfer?  0 = none. */
static uint32_t fault_of(struct model *model, struct model_ep *ep)
{
	const struct spec_rule *rule = ep->rule;

	if (ep->halted)
		return P2PUSB_ST_STALL;
	if (!rule)
		return 0;
	if (rule->stall_after && ep->since_clear >= rule->stall_after) {
		ep->halted = ep->addr & 0x0f ? 1 : 0;
		ep->since_clear = 0;
		record_event((int)model->index, "stall",
			     ",\"ep\":%u,\"transfer\":%llu", ep->addr,
			     (unsigned long long)ep->count.transfers + 1);
		return P2PUSB_ST_STALL;
	}
	if (rule->error_at && ep->count.transfers + 1 == rule->error_at)
		return rule->error_status;
	return 0;
}

/* OUT of a loop: kept for the twin, as far as there is room */
static void loop_keep(struct model *model, struct model_ep *ep,
		      const struct model_xfer *xfer)
{
	struct model_ep *twin = &model->ep[model_ep_index(ep->addr | 0x80)];

	if (!twin->loop)
		twin->loop = malloc(MODEL_LOOP_MAX);
	if (!twin->loop || xfer->length > MODEL_LOOP_MAX - twin->loop_len) {
		ep->count.faults++;
		return;
	}
	memcpy(twin->loop + twin->loop_len, xfer->data, xfer->length);
	twin->loop_len += xfer->length;
}

static long loop_fill(struct model_ep *ep, uint8_t *to, uint32_t room)
{
	uint32_t n = ep->loop_len < room ? ep->loop_len : room;

	ep->data.again = MODEL_NEVER;
	if (!n)
		return -1;
	memcpy(to, ep->loop, n);
	ep->loop_len -= n;
	memmove(ep->loop, ep->loop + n, ep->loop_len);
	return n;
}

static long answer_fill(struct model_ep *ep, uint8_t *to, uint32_t room)
{
	const struct spec_answer *answer;

	ep->data.again = MODEL_NEVER;
	if (ep->answer >= ep->rule->nanswers)
		return -1;
	answer = &ep->rule->answers[ep->answer++];
	if (room > answer->len)
		room = answer->len;
	memcpy(to, answer->bytes, room);
	return room;
}

/* Does the OUT endpoint of this number feed an IN one? */
static int loops(const struct model *model, const struct model_ep *ep)
{
	const struct model_ep *in =
		&model->ep[model_ep_index(ep->addr | 0x80)];

	return in->active && in->rule && in->rule->loop;
}

static int move_in(struct model_ep *ep, struct model_xfer *xfer, uint64_t now)
{
	const struct spec_rule *rule = ep->rule;
	uint32_t room = xfer->length;
	long n;

	if (rule && rule->short_bytes && room > rule->short_bytes)
		room = rule->short_bytes;
	ep->data.now = now;
	ep->data.stream = xfer->stream;
	if (rule && rule->loop)
		n = loop_fill(ep, xfer->data, room);
	else if (rule && rule->nanswers)
		n = answer_fill(ep, xfer->data, room);
	else
		n = ep->data.kind->fill(&ep->data, xfer->data, room);
	if (n < 0) {
		xfer->due = ep->data.again;
		return 0;
	}
	xfer->actual = (uint32_t)n;
	return 1;
}

static void move_out(struct model *model, struct model_ep *ep,
		     struct model_xfer *xfer, uint64_t now)
{
	uint32_t faults;

	xfer->actual = xfer->length;
	if (loops(model, ep)) {
		loop_keep(model, ep, xfer);
		return;
	}
	ep->data.now = now;
	ep->data.stream = xfer->stream;
	faults = ep->data.kind->check(&ep->data, xfer->data, xfer->length);
	if (faults && !ep->count.faults)
		record_event((int)model->index, "fault",
			     ",\"ep\":%u,\"transfer\":%llu", ep->addr,
			     (unsigned long long)ep->count.transfers + 1);
	ep->count.faults += faults;
}

/* Returns 0 when it has to wait for something. */
static int perform(struct model *model, struct model_ep *ep,
		   struct model_xfer *xfer, uint64_t now)
{
	uint32_t fault;

	fault = fault_of(model, ep);
	xfer->status = fault;
	if (fault)
		return 1;
	if (!model_ep_index(ep->addr))
		model_ep0_perform(model, xfer, now);
	else if (!is_in(ep))
		move_out(model, ep, xfer, now);
	else if (!move_in(ep, xfer, now))
		return 0;
	ep->since_clear++;
	return 1;
}

/* Is nothing of the same stream before it? */
static int is_head(const struct model_ep *ep, const struct model_xfer *xfer)
{
	const struct model_xfer *other;

	if (xfer == TAILQ_FIRST(&ep->xfers))
		return 1;
	if (!ep->streams)
		return 0;
	TAILQ_FOREACH(other, &ep->xfers, entry) {
		if (other == xfer)
			return 1;
		if (other->stream == xfer->stream)
			return 0;
	}
	return 0;
}

/* One step; non-zero when there may be another. */
static int step(struct model *model, struct model_ep *ep, uint64_t now)
{
	struct model_xfer *xfer;

	TAILQ_FOREACH(xfer, &ep->xfers, entry) {
		if (!is_head(ep, xfer)) {
			if (!ep->streams)
				return 0;
			continue;
		}
		if (!xfer->due)
			begin(model, ep, xfer, now);
		if (model->leaving)
			return 0;
		if (xfer->due > now || !perform(model, ep, xfer, now))
			continue;
		model_ep_finish(model, ep, xfer, xfer->status);
		return 1;
	}
	return 0;
}

/* What came may be what the twin waits for. */
static void wake_twin(struct model *model, struct model_ep *ep, uint64_t now)
{
	struct model_ep *twin = &model->ep[model_ep_index(ep->addr | 0x80)];
	struct model_xfer *xfer = TAILQ_FIRST(&twin->xfers);

	if (is_in(ep) || !twin->loop_len || !xfer || xfer->due != MODEL_NEVER)
		return;
	xfer->due = now;
	model_ep_run(model, twin, now);
}

void model_ep_run(struct model *model, struct model_ep *ep, uint64_t now)
{
	if (model->suspended)
		return;
	if (ep->type == SPEC_ISO) {
		model_iso_run(model, ep, now);
		return;
	}
	while (step(model, ep, now))
		wake_twin(model, ep, now);
}

uint64_t model_ep_next(const struct model *model, const struct model_ep *ep)
{
	const struct model_xfer *xfer;
	uint64_t next = MODEL_NEVER;

	if (model->suspended)
		return MODEL_NEVER;
	if (ep->type == SPEC_ISO)
		return model_iso_next(ep);
	TAILQ_FOREACH(xfer, &ep->xfers, entry) {
		if (xfer->due && xfer->due < next)
			next = xfer->due;
		if (!ep->streams)
			break;
	}
	return next;
}
