// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * desc - descriptors, put together at one speed.
 */
#include <linux/usb/ch9.h>
#include <string.h>

#include "desc.h"

#define LE16(v)	(uint8_t)((v) & 0xff), (uint8_t)((v) >> 8)

static void add_bos(struct desc *desc)
{
	static const uint8_t super[] = {
		5, USB_DT_BOS, LE16(22), 2,
		7, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 2, 0, 0, 0,
		10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, LE16(0x0e),
		1, 0, LE16(0),
	};
	/* One sublink speed each way: 10 Gbit/s, symmetric, SuperSpeedPlus */
	static const uint8_t plus[] = {
		20, USB_DT_DEVICE_CAPABILITY, USB_SSP_CAP_TYPE, 0,
		0x01, 0, 0, 0, LE16(0x1100), LE16(0),
		0x30, 0x40, LE16(10), 0xb0, 0x40, LE16(10),
	};

	if (desc->speed < SPEC_SPEED_SUPER)
		return;
	memcpy(desc->bos, super, sizeof(super));
	desc->bos_len = sizeof(super);
	if (desc->speed < SPEC_SPEED_SUPER_PLUS)
		return;
	memcpy(desc->bos + desc->bos_len, plus, sizeof(plus));
	desc->bos_len += sizeof(plus);
	desc->bos[2] = (uint8_t)desc->bos_len;
	desc->bos[4]++;
}

static uint16_t usb_version(uint8_t speed)
{
	static const uint16_t versions[] = {
		[SPEC_SPEED_LOW] = 0x0110, [SPEC_SPEED_FULL] = 0x0110,
		[SPEC_SPEED_HIGH] = 0x0200, [SPEC_SPEED_SUPER] = 0x0300,
		[SPEC_SPEED_SUPER_PLUS] = 0x0310,
	};

	return versions[speed];
}

void desc_start(struct desc *desc, const struct spec *spec, uint8_t speed)
{
	uint8_t packet0 = speed >= SPEC_SPEED_SUPER ? 9 :
			  speed == SPEC_SPEED_LOW ? 8 : 64;
	const uint8_t device[18] = {
		18, USB_DT_DEVICE, LE16(usb_version(speed)), 0, 0, 0, packet0,
		LE16(spec->vid), LE16(spec->pid), LE16(0x0100), 1, 2, 3, 1,
	};
	/* Bus-powered, remote wakeup, 100 mA (SuperSpeed: 96) */
	const uint8_t config[9] = {
		9, USB_DT_CONFIG, 0, 0, 0, 1, 0, 0xa0,
		speed >= SPEC_SPEED_SUPER ? 12 : 50,
	};

	memset(desc, 0, sizeof(*desc));
	desc->speed = speed;
	memcpy(desc->device, device, sizeof(device));
	desc_add(desc, config, sizeof(config));
	add_bos(desc);
}

void desc_class(struct desc *desc, uint8_t class, uint8_t subclass,
		uint8_t protocol)
{
	desc->device[4] = class;
	desc->device[5] = subclass;
	desc->device[6] = protocol;
}

void desc_add(struct desc *desc, const void *bytes, size_t len)
{
	if (len > sizeof(desc->config) - desc->config_len)
		return;
	memcpy(desc->config + desc->config_len, bytes, len);
	desc->config_len += (uint16_t)len;
}

void desc_interface(struct desc *desc, uint8_t number, uint8_t alt,
		    uint8_t neps, const uint8_t class[3])
{
	const uint8_t bytes[9] = {
		9, USB_DT_INTERFACE, number, alt, neps,
		class[0], class[1], class[2], 0,
	};

	desc_add(desc, bytes, sizeof(bytes));
	if (number >= desc->config[4])
		desc->config[4] = number + 1;
}

/* Largest packet of a type, by speed */
static uint16_t packet_limit(uint8_t speed, uint8_t type)
{
	static const uint16_t limits[][4] = {
		[SPEC_SPEED_LOW] = { 8, 0, 8, 8 },
		[SPEC_SPEED_FULL] = { 64, 1023, 64, 64 },
		[SPEC_SPEED_HIGH] = { 64, 1024, 512, 1024 },
		[SPEC_SPEED_SUPER] = { 512, 1024, 1024, 1024 },
		[SPEC_SPEED_SUPER_PLUS] = { 512, 1024, 1024, 1024 },
	};

	return limits[speed][type];
}

static uint16_t packet_size(const struct desc *desc, const struct spec_ep *ep)
{
	uint16_t limit = packet_limit(desc->speed, ep->attributes & 3);

	/* Above full speed a bulk packet has one size only. */
	if ((ep->attributes & 3) == SPEC_BULK && desc->speed >= SPEC_SPEED_HIGH)
		return limit;
	return ep->packet < limit ? ep->packet : limit;
}

/* bInterval of a service interval */
static uint8_t interval_code(const struct desc *desc, const struct spec_ep *ep)
{
	uint32_t unit = desc->speed >= SPEC_SPEED_HIGH ? 125 : 1000;
	uint32_t units = ep->interval_us / unit;
	uint8_t code = 1;

	if ((ep->attributes & 3) == SPEC_BULK)
		return 0;
	if (!units)
		units = 1;
	if (unit == 1000 && (ep->attributes & 3) == SPEC_INTERRUPT)
		return units > 255 ? 255 : (uint8_t)units;
	while (code < 16 && (1u << code) <= units)
		code++;
	return code;
}

static uint8_t log2_of(uint32_t n)
{
	uint8_t log = 0;

	while (n >>= 1)
		log++;
	return log;
}

static void add_companion(struct desc *desc, const struct spec_ep *ep,
			  uint16_t packet)
{
	int periodic = (ep->attributes & 3) != SPEC_BULK;
	uint16_t bytes = periodic ? packet : 0;
	const uint8_t companion[6] = {
		6, USB_DT_SS_ENDPOINT_COMP, 0,
		periodic ? 0 : log2_of(ep->streams), LE16(bytes),
	};

	if (desc->speed >= SPEC_SPEED_SUPER)
		desc_add(desc, companion, sizeof(companion));
}

void desc_endpoint(struct desc *desc, const struct spec_ep *ep)
{
	uint16_t packet = packet_size(desc, ep);
	const uint8_t bytes[7] = {
		7, USB_DT_ENDPOINT, ep->addr, ep->attributes, LE16(packet),
		interval_code(desc, ep),
	};

	desc_add(desc, bytes, sizeof(bytes));
	add_companion(desc, ep, packet);
}

void desc_endpoint_audio(struct desc *desc, const struct spec_ep *ep)
{
	uint16_t packet = packet_size(desc, ep);
	const uint8_t bytes[9] = {
		9, USB_DT_ENDPOINT, ep->addr, ep->attributes, LE16(packet),
		interval_code(desc, ep), 0, 0,
	};

	desc_add(desc, bytes, sizeof(bytes));
	add_companion(desc, ep, packet);
}

void desc_end(struct desc *desc)
{
	desc->config[2] = desc->config_len & 0xff;
	desc->config[3] = desc->config_len >> 8;
}

size_t desc_string(const char *text, uint8_t *to)
{
	size_t i;

	to[1] = USB_DT_STRING;
	if (!text) {
		to[0] = 4;
		to[2] = 0x09;
		to[3] = 0x04;
		return 4;
	}
	for (i = 0; i < DESC_STRING_CHARS && text[i]; i++) {
		to[2 + 2 * i] = (uint8_t)text[i];
		to[3 + 2 * i] = 0;
	}
	to[0] = (uint8_t)(2 + 2 * i);
	return to[0];
}
