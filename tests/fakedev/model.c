// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model - a USB device: its settings, its life on the bus.
 */
#include <errno.h>
#include <linux/usb/ch9.h>
#include <p2pusb/wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_ep.h"
#include "persona.h"

#define NS_PER_MS	1000000ull
#define VENDOR_MAX	65536u

/* Settings */

static const struct spec_rule *find_rule(const struct spec *spec, uint8_t addr)
{
	unsigned int i;

	for (i = 0; i < spec->nrules; i++) {
		if (spec->rules[i].ep == addr)
			return &spec->rules[i];
	}
	return NULL;
}

/* Service interval by bInterval; 0 for what has none */
static uint64_t interval_ns(uint8_t speed, uint8_t type, uint8_t code)
{
	uint64_t unit = speed >= SPEC_SPEED_HIGH ? 125000 : NS_PER_MS;

	if (type == SPEC_CONTROL || type == SPEC_BULK)
		return 0;
	if (type == SPEC_INTERRUPT && speed < SPEC_SPEED_HIGH)
		return unit * (code ? code : 1);
	if (code < 1 || code > 16)
		code = 1;
	return unit << (code - 1);
}

static void ep_on(struct model *model, const uint8_t *bytes)
{
	struct model_ep *ep = &model->ep[model_ep_index(bytes[2])];
	const struct spec *spec = model->spec;
	const struct data_kind *kind;

	if (!(bytes[2] & 0x0f))
		return;
	ep->addr = bytes[2] & 0x8f;
	ep->type = bytes[3] & USB_ENDPOINT_XFERTYPE_MASK;
	ep->packet = (uint16_t)(bytes[4] | bytes[5] << 8) & 0x07ff;
	if (!ep->packet)
		ep->packet = 1;
	ep->interval_ns = interval_ns(model->desc.speed, ep->type, bytes[6]);
	ep->active = 1;
	ep->rule = find_rule(spec, ep->addr);
	kind = ep->rule ? ep->rule->data : NULL;
	if (!kind)
		kind = data_find(persona_data(spec->persona, ep->addr));
	ep->data.kind = kind ? kind : data_find("zero");
	ep->data.packet = ep->packet;
	ep->data.interval_ns = ep->interval_ns;
	data_rewind(&ep->data);
}

static void ep_companion(struct model *model, uint8_t addr,
			 const uint8_t *bytes)
{
	struct model_ep *ep = &model->ep[model_ep_index(addr)];
	uint8_t code = bytes[3] & 0x1f;

	if (ep->type == SPEC_BULK && code && code <= 16)
		ep->max_streams = code == 16 ? MODEL_STREAMS_MAX : 1u << code;
}

static void ep_off(struct model *model, struct model_ep *ep)
{
	model_ep_stop(model, ep, P2PUSB_ST_CANCELLED);
	ep->active = 0;
	ep->halted = 0;
	ep->since_clear = 0;
	ep->next = 0;
	ep->max_streams = 0;
	ep->streams = 0;
}

/*
 * Walk the configuration: @visit sees each endpoint of the current settings,
 * of interface @iface or of all (negative).  The bytes may be nonsense.
 */
static void walk_endpoints(struct model *model, int iface, int on)
{
	const uint8_t *p = model->desc.config;
	const uint8_t *end = p + model->desc.config_len;
	uint8_t addr = 0;
	int current = 0;

	for (; end - p >= 2 && p[0] >= 2 && p[0] <= end - p; p += p[0]) {
		if (p[1] == USB_DT_INTERFACE && p[0] >= 9) {
			current = p[2] < MODEL_IFACES &&
				  (iface < 0 || p[2] == iface) &&
				  (!on || p[3] == model->alt[p[2]]);
		} else if (p[1] == USB_DT_ENDPOINT && p[0] >= 7 && current) {
			addr = p[2];
			if (on)
				ep_on(model, p);
			else
				ep_off(model, &model->ep[model_ep_index(addr)]);
		} else if (p[1] == USB_DT_SS_ENDPOINT_COMP && p[0] >= 6 &&
			   current && on && addr & 0x0f) {
			ep_companion(model, addr, p);
		}
	}
}

void model_clear_halt(struct model *model, struct model_ep *ep)
{
	(void)model;
	ep->halted = 0;
	ep->since_clear = 0;
}

static void all_off(struct model *model)
{
	unsigned int i;

	for (i = 1; i < MODEL_EPS; i++)
		ep_off(model, &model->ep[i]);
	memset(model->alt, 0, sizeof(model->alt));
}

void model_set_configuration(struct model *model, uint8_t value, uint64_t now)
{
	all_off(model);
	model->configuration = value;
	if (!value)
		return;
	walk_endpoints(model, -1, 1);
	if (model->spec->unplug_ms && model->unplug_at == MODEL_NEVER)
		model->unplug_at = now + model->spec->unplug_ms * NS_PER_MS;
}

void model_set_interface(struct model *model, uint8_t iface, uint8_t alt)
{
	walk_endpoints(model, iface, 0);
	model->alt[iface] = alt;
	walk_endpoints(model, iface, 1);
}

/* Life on the bus */

static void describe(struct model *model)
{
	const struct spec *spec = model->spec;
	struct desc *desc = &model->desc;

	persona_describe(desc, spec, spec->speed);
	if (model->resets && spec->reset_vid) {
		desc->device[8] = spec->reset_vid & 0xff;
		desc->device[9] = spec->reset_vid >> 8;
		desc->device[10] = spec->reset_pid & 0xff;
		desc->device[11] = spec->reset_pid >> 8;
	}
}

int model_init(struct model *model, const struct spec *spec,
	       unsigned int index, unsigned int copy,
	       const struct model_ops *ops, int paced)
{
	unsigned int i;

	memset(model, 0, sizeof(*model));
	model->spec = spec;
	model->ops = ops;
	model->index = index;
	model->paced = (uint8_t)paced;
	model->random = 2463534242u + index;
	model->unplug_at = MODEL_NEVER;
	model->return_at = MODEL_NEVER;
	model->wakeup_at = MODEL_NEVER;
	if (copy && !spec->identical)
		snprintf(model->serial, sizeof(model->serial), "%s-%u",
			 spec->serial, copy);
	else
		snprintf(model->serial, sizeof(model->serial), "%s",
			 spec->serial);
	for (i = 0; i < MODEL_EPS; i++) {
		TAILQ_INIT(&model->ep[i].xfers);
		model->ep[i].data.kind = data_find("zero");
	}
	model->ep[0].rule = find_rule(spec, 0);
	model->ep[0].active = 1;
	model->vendor = calloc(1, VENDOR_MAX);
	if (!model->vendor)
		return -ENOMEM;
	describe(model);
	return 0;
}

void model_free(struct model *model)
{
	unsigned int i;

	for (i = 0; i < MODEL_EPS; i++) {
		data_free(&model->ep[i].data);
		free(model->ep[i].loop);
	}
	free(model->vendor);
}

void model_plug(struct model *model)
{
	model->plugged = 1;
	model->configuration = 0;
	model->suspended = 0;
	model->remote_wakeup = 0;
	model->return_at = MODEL_NEVER;
	model->unplug_at = MODEL_NEVER;
	record_event((int)model->index, "plug", ",\"serial\":\"%s\"",
		     model->serial);
}

void model_abandon(struct model *model)
{
	unsigned int i;

	for (i = 0; i < MODEL_EPS; i++)
		model_ep_stop(model, &model->ep[i], P2PUSB_ST_CANCELLED);
	all_off(model);
	model->configuration = 0;
	model->suspended = 0;
	model->wakeup_at = MODEL_NEVER;
}

/* Once only what a script counts: it would leave again with the next. */
static void leave(struct model *model, uint64_t now)
{
	unsigned int i;

	model->leaving = 0;
	model->unplug_at = MODEL_NEVER;
	for (i = 0; i < MODEL_EPS; i++)
		model_ep_stop(model, &model->ep[i], P2PUSB_ST_NODEV);
	all_off(model);
	model->configuration = 0;
	model->plugged = 0;
	model->suspended = 0;
	if (model->spec->return_ms)
		model->return_at = now + model->spec->return_ms * NS_PER_MS;
	record_plain((int)model->index, "unplug");
	model_report(model);
	model->ops->gone(model);
}

int model_is_silent(const struct model *model)
{
	const struct model_ep *ep = &model->ep[0];

	return ep->rule && ep->rule->silent_from &&
	       ep->begun >= ep->rule->silent_from;
}

void model_reset(struct model *model)
{
	model->resets++;
	all_off(model);
	model->configuration = 0;
	model->remote_wakeup = 0;
	model->suspended = 0;
	describe(model);
	record_event((int)model->index, "reset", ",\"resets\":%u",
		     model->resets);
}

/* Streams and power */

static int grant(struct model_ep *ep, uint32_t streams)
{
	uint32_t *seqs;

	free(ep->data.seqs);
	ep->data.seqs = NULL;
	ep->data.nstreams = 0;
	ep->streams = 0;
	if (!streams)
		return 0;
	seqs = calloc(streams + 1, sizeof(*seqs));
	if (!seqs)
		return -ENOMEM;
	ep->data.seqs = seqs;
	ep->data.nstreams = streams;
	ep->streams = streams;
	return 0;
}

int model_streams(struct model *model, const uint8_t *eps, unsigned int neps,
		  uint32_t wanted)
{
	uint32_t granted = wanted;
	struct model_ep *ep;
	unsigned int i;

	for (i = 0; i < neps; i++) {
		ep = &model->ep[model_ep_index(eps[i])];
		if (!ep->active || !ep->max_streams)
			return -EINVAL;
		if (granted > ep->max_streams)
			granted = ep->max_streams;
	}
	for (i = 0; i < neps; i++) {
		if (grant(&model->ep[model_ep_index(eps[i])], granted))
			return -ENOMEM;
	}
	record_event((int)model->index, "streams",
		     ",\"eps\":%u,\"wanted\":%u,\"granted\":%u", neps, wanted,
		     granted);
	return (int)granted;
}

void model_power(struct model *model, int suspend, int wakeup, uint64_t now)
{
	model->suspended = (uint8_t)!!suspend;
	model->wakeup_at = MODEL_NEVER;
	if (suspend && wakeup && model->remote_wakeup && model->spec->wakeup_ms)
		model->wakeup_at = now + model->spec->wakeup_ms * NS_PER_MS;
	record_event((int)model->index, suspend ? "suspend" : "resume",
		     ",\"wakeup\":%d", !!wakeup);
}

/* Transfers */

static int stream_fits(const struct model_ep *ep, uint16_t stream)
{
	return ep->streams ? stream && stream <= ep->streams : !stream;
}

static int packets_fit(const struct model_ep *ep, const struct model_xfer *xfer)
{
	return ep->type == SPEC_ISO ? xfer->npkt : !xfer->npkt;
}

void model_submit(struct model *model, struct model_xfer *xfer, uint64_t now)
{
	struct model_ep *ep = &model->ep[model_ep_index(xfer->ep)];

	xfer->actual = 0;
	xfer->errs = 0;
	xfer->due = 0;
	xfer->next_packet = 0;
	TAILQ_INSERT_TAIL(&ep->xfers, xfer, entry);
	if (!model->plugged) {
		model_ep_finish(model, ep, xfer, P2PUSB_ST_NODEV);
		return;
	}
	if (!ep->active || !stream_fits(ep, xfer->stream) ||
	    !packets_fit(ep, xfer) ||
	    (!xfer->ep && xfer->length > VENDOR_MAX)) {
		model_ep_finish(model, ep, xfer, P2PUSB_ST_PROTO);
		return;
	}
	if (ep->type == SPEC_ISO)
		model_iso_queue(model, ep, xfer, now);
	model_ep_run(model, ep, now);
	if (model->leaving)
		leave(model, now);
}

void model_cancel(struct model *model, struct model_xfer *xfer)
{
	struct model_ep *ep = &model->ep[model_ep_index(xfer->ep)];

	model_ep_finish(model, ep, xfer, P2PUSB_ST_CANCELLED);
	/* A host that takes all packets back stops the stream. */
	if (TAILQ_EMPTY(&ep->xfers))
		ep->next_slot = 0;
}

static void run_timers(struct model *model, uint64_t now)
{
	if (model->plugged && model->unplug_at <= now)
		model->leaving = 1;
	if (!model->plugged && model->return_at <= now) {
		model->return_at = MODEL_NEVER;
		model->ops->back(model);
	}
	if (model->wakeup_at <= now) {
		model->wakeup_at = MODEL_NEVER;
		record_plain((int)model->index, "wakeup");
		model->ops->wakeup(model);
	}
}

void model_run(struct model *model, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < MODEL_EPS && !model->leaving; i++) {
		if (!TAILQ_EMPTY(&model->ep[i].xfers))
			model_ep_run(model, &model->ep[i], now);
	}
	run_timers(model, now);
	if (model->leaving)
		leave(model, now);
}

uint64_t model_next(const struct model *model)
{
	uint64_t next = MODEL_NEVER;
	uint64_t due;
	unsigned int i;

	for (i = 0; i < MODEL_EPS; i++) {
		due = model_ep_next(model, &model->ep[i]);
		next = due < next ? due : next;
	}
	if (model->plugged && model->unplug_at < next)
		next = model->unplug_at;
	if (!model->plugged && model->return_at < next)
		next = model->return_at;
	return model->wakeup_at < next ? model->wakeup_at : next;
}

void model_report(const struct model *model)
{
	const struct model_count *c;
	unsigned int i;

	for (i = 0; i < MODEL_EPS; i++) {
		c = &model->ep[i].count;
		if (!c->transfers)
			continue;
		record_event((int)model->index, "count",
			     ",\"ep\":%u,\"transfers\":%llu,\"bytes\":%llu,\"good\":%llu,\"faults\":%llu,\"stalls\":%llu,\"errors\":%llu,\"cancelled\":%llu,\"packets\":%llu,\"missed\":%llu,\"late_us\":%llu,\"ahead_us\":%llu",
			     model->ep[i].addr,
			     (unsigned long long)c->transfers,
			     (unsigned long long)c->bytes,
			     (unsigned long long)model->ep[i].data.good,
			     (unsigned long long)c->faults,
			     (unsigned long long)c->stalls,
			     (unsigned long long)c->errors,
			     (unsigned long long)c->cancelled,
			     (unsigned long long)c->packets,
			     (unsigned long long)c->missed,
			     (unsigned long long)c->late_ns / 1000,
			     (unsigned long long)c->ahead_ns / 1000);
	}
}
