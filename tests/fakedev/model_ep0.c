// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model_ep0 - chapter 9, and what personalities add to it.
 */
#include <linux/usb/ch9.h>
#include <p2pusb/wire.h>
#include <string.h>

#include "model_ep0.h"
#include "persona.h"

/* As the gadget zero has them */
#define VENDOR_WRITE	0x5b
#define VENDOR_READ	0x5c

/**
 * struct request - one control transfer, taken apart
 * @model: device
 * @type: bmRequestType
 * @value: wValue
 * @index: wIndex
 * @data: OUT: what came, IN: room for @length bytes
 * @length: bytes there
 * @setup: as it came
 * @now: ns
 */
struct request {
	struct model *model;
	uint8_t type;
	uint16_t value;
	uint16_t index;
	uint8_t *data;
	uint32_t length;
	const uint8_t *setup;
	uint64_t now;
};

/* All of these return bytes moved, or -1 = STALL. */

static long answer(const struct request *r, const void *from, size_t len)
{
	if (len > r->length)
		len = r->length;
	memcpy(r->data, from, len);
	return (long)len;
}

static long answer_string(const struct request *r)
{
	const struct spec *spec = r->model->spec;
	const char *const texts[] = {
		NULL, spec->manufacturer, spec->product, r->model->serial,
	};
	uint8_t bytes[DESC_STRING_MAX];
	uint8_t i = r->value & 0xff;

	if (i >= sizeof(texts) / sizeof(texts[0]))
		return -1;
	return answer(r, bytes, desc_string(texts[i], bytes));
}

/* Only what can be high and full speed has another speed. */
static int two_speeds(const struct model *model)
{
	uint8_t speed = model->desc.speed;

	return speed == SPEC_SPEED_HIGH && !model->spec->raw_device.len;
}

static long answer_qualifier(const struct request *r)
{
	const uint8_t *d = r->model->desc.device;
	const uint8_t bytes[10] = {
		10, USB_DT_DEVICE_QUALIFIER, d[2], d[3], d[4], d[5], d[6], 64,
		1, 0,
	};

	if (!two_speeds(r->model))
		return -1;
	return answer(r, bytes, sizeof(bytes));
}

static long answer_other_speed(const struct request *r)
{
	struct desc other;

	if (!two_speeds(r->model) || r->value & 0xff)
		return -1;
	persona_describe(&other, r->model->spec, SPEC_SPEED_FULL);
	other.config[1] = USB_DT_OTHER_SPEED_CONFIG;
	return answer(r, other.config, other.config_len);
}

static long get_descriptor(const struct request *r)
{
	const struct desc *desc = &r->model->desc;

	switch (r->value >> 8) {
	case USB_DT_DEVICE:
		return answer(r, desc->device, sizeof(desc->device));
	case USB_DT_CONFIG:
		if (r->value & 0xff)
			return -1;
		return answer(r, desc->config, desc->config_len);
	case USB_DT_STRING:
		return answer_string(r);
	case USB_DT_BOS:
		return desc->bos_len ? answer(r, desc->bos, desc->bos_len) : -1;
	case USB_DT_DEVICE_QUALIFIER:
		return answer_qualifier(r);
	case USB_DT_OTHER_SPEED_CONFIG:
		return answer_other_speed(r);
	default:
		return -1;
	}
}

/* The endpoint that wIndex names; NULL when there is none now */
static struct model_ep *named_ep(const struct request *r)
{
	struct model_ep *ep;

	if (!(r->index & 0x0f))
		return &r->model->ep[0];
	ep = &r->model->ep[model_ep_index(r->index & 0xff)];
	return ep->active ? ep : NULL;
}

static long get_status(const struct request *r)
{
	uint8_t status[2] = { 0, 0 };
	struct model_ep *ep;

	if ((r->type & USB_RECIP_MASK) == USB_RECIP_DEVICE)
		status[0] = (uint8_t)(r->model->remote_wakeup << 1);
	if ((r->type & USB_RECIP_MASK) == USB_RECIP_ENDPOINT) {
		ep = named_ep(r);
		if (!ep)
			return -1;
		status[0] = ep->halted;
	}
	return answer(r, status, sizeof(status));
}

static long halt_feature(const struct request *r, int set)
{
	struct model_ep *ep = named_ep(r);

	if (!ep || r->value != USB_ENDPOINT_HALT)
		return -1;
	if (set && ep->addr & 0x0f) {
		ep->halted = 1;
		return 0;
	}
	model_clear_halt(r->model, ep);
	return 0;
}

static long feature(const struct request *r)
{
	int set = r->setup[1] == USB_REQ_SET_FEATURE;

	if ((r->type & USB_RECIP_MASK) == USB_RECIP_ENDPOINT)
		return halt_feature(r, set);
	if ((r->type & USB_RECIP_MASK) == USB_RECIP_DEVICE &&
	    r->value == USB_DEVICE_REMOTE_WAKEUP)
		r->model->remote_wakeup = (uint8_t)set;
	return 0;
}

static long set_configuration(const struct request *r)
{
	if (r->value & 0xff && (r->value & 0xff) != r->model->desc.config[5])
		return -1;
	model_set_configuration(r->model, r->value & 0xff, r->now);
	return 0;
}

static long get_configuration(const struct request *r)
{
	return answer(r, &r->model->configuration, 1);
}

static long set_interface(const struct request *r)
{
	if (!r->model->configuration || r->index >= MODEL_IFACES)
		return -1;
	model_set_interface(r->model, (uint8_t)r->index, r->value & 0xff);
	return 0;
}

static long get_interface(const struct request *r)
{
	if (!r->model->configuration || r->index >= MODEL_IFACES)
		return -1;
	return answer(r, &r->model->alt[r->index], 1);
}

/* SET_ADDRESS, SET_SEL, SET_ISOCH_DELAY: nothing to be done */
static long accept_it(const struct request *r)
{
	return r->length;
}

static const struct {
	uint8_t request;
	long (*perform)(const struct request *r);
} standard_rows[] = {
	{ USB_REQ_GET_STATUS, get_status },
	{ USB_REQ_CLEAR_FEATURE, feature },
	{ USB_REQ_SET_FEATURE, feature },
	{ USB_REQ_SET_ADDRESS, accept_it },
	{ USB_REQ_GET_DESCRIPTOR, get_descriptor },
	{ USB_REQ_GET_CONFIGURATION, get_configuration },
	{ USB_REQ_SET_CONFIGURATION, set_configuration },
	{ USB_REQ_GET_INTERFACE, get_interface },
	{ USB_REQ_SET_INTERFACE, set_interface },
	{ USB_REQ_SET_SEL, accept_it },
	{ USB_REQ_SET_ISOCH_DELAY, accept_it },
};

static long standard(const struct request *r)
{
	size_t i;

	for (i = 0; i < sizeof(standard_rows) / sizeof(standard_rows[0]); i++) {
		if (standard_rows[i].request == r->setup[1])
			return standard_rows[i].perform(r);
	}
	return -1;
}

/* A memory of 64 KiB that every personality has */
static long vendor(const struct request *r)
{
	struct model *model = r->model;

	if (r->setup[1] == VENDOR_WRITE && !(r->type & USB_DIR_IN)) {
		memcpy(model->vendor, r->data, r->length);
		model->vendor_len = r->length;
		return r->length;
	}
	if (r->setup[1] == VENDOR_READ && r->type & USB_DIR_IN)
		return answer(r, model->vendor, model->vendor_len);
	return -1;
}

static long dispatch(const struct request *r)
{
	const struct persona *persona = r->model->spec->persona;
	long n = -1;

	if ((r->type & USB_TYPE_MASK) == USB_TYPE_STANDARD) {
		n = standard(r);
		if (n >= 0)
			return n;
	}
	if (persona->control)
		n = persona->control(r->model, r->setup, r->data, r->length);
	if (n < 0 && (r->type & USB_TYPE_MASK) == USB_TYPE_VENDOR)
		n = vendor(r);
	return n;
}

void model_ep0_perform(struct model *model, struct model_xfer *xfer,
		       uint64_t now)
{
	const uint8_t *setup = xfer->setup;
	const struct request r = {
		.model = model,
		.type = setup[0],
		.value = (uint16_t)(setup[2] | setup[3] << 8),
		.index = (uint16_t)(setup[4] | setup[5] << 8),
		.data = xfer->data,
		.length = xfer->length,
		.setup = setup,
		.now = now,
	};
	long n = dispatch(&r);

	xfer->status = n < 0 ? P2PUSB_ST_STALL : P2PUSB_ST_OK;
	xfer->actual = n < 0 ? 0 : (uint32_t)n;
	record_event((int)model->index, "setup",
		     ",\"type\":%u,\"request\":%u,\"value\":%u,\"index\":%u,\"length\":%u,\"status\":%u,\"actual\":%u",
		     setup[0], setup[1], r.value, r.index,
		     setup[6] | setup[7] << 8, xfer->status, xfer->actual);
}
