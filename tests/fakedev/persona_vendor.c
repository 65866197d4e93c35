// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * persona_vendor - devices that no class driver takes: for usbtest, usbfs and
 * whatever a script makes of them.
 */
#include <linux/usb/ch9.h>

#include "persona.h"

static const uint8_t vendor_class[3] = { USB_CLASS_VENDOR_SPEC, 0, 0 };

static const struct spec_ep bulk_in = { 0x81, SPEC_BULK, 512, 0, 0 };
static const struct spec_ep bulk_out = { 0x01, SPEC_BULK, 512, 0, 0 };

/* As f_sourcesink has them, and interrupt endpoints in one setting more. */
static void zero_describe(struct desc *desc, const struct spec *spec)
{
	static const struct spec_ep iso_in = { 0x82, SPEC_ISO, 1024, 1000, 0 };
	static const struct spec_ep iso_out = { 0x02, SPEC_ISO, 1024, 1000, 0 };
	static const struct spec_ep int_in = {
		0x83, SPEC_INTERRUPT, 64, 1000, 0
	};
	static const struct spec_ep int_out = {
		0x03, SPEC_INTERRUPT, 64, 1000, 0
	};

	(void)spec;
	desc_class(desc, USB_CLASS_VENDOR_SPEC, 0, 0);
	desc_interface(desc, 0, 0, 2, vendor_class);
	desc_endpoint(desc, &bulk_in);
	desc_endpoint(desc, &bulk_out);
	desc_interface(desc, 0, 1, 4, vendor_class);
	desc_endpoint(desc, &bulk_in);
	desc_endpoint(desc, &bulk_out);
	desc_endpoint(desc, &iso_in);
	desc_endpoint(desc, &iso_out);
	desc_interface(desc, 0, 2, 2, vendor_class);
	desc_endpoint(desc, &int_in);
	desc_endpoint(desc, &int_out);
}

const struct persona persona_zero = {
	.name = "zero",
	.text = "the kernel's gadget zero: bulk, isochronous, interrupt; usbtest takes it",
	.vid = 0x0525,
	.pid = 0xa4a0,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_FULL,
	.describe = zero_describe,
};

static void loopback_describe(struct desc *desc, const struct spec *spec)
{
	(void)spec;
	desc_class(desc, USB_CLASS_VENDOR_SPEC, 0, 0);
	desc_interface(desc, 0, 0, 2, vendor_class);
	desc_endpoint(desc, &bulk_in);
	desc_endpoint(desc, &bulk_out);
}

const struct persona persona_loopback = {
	.name = "loopback",
	.text = "what comes on bulk OUT 0x01 goes back on bulk IN 0x81",
	.vid = 0x1209,
	.pid = 0x0007,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_FULL,
	.describe = loopback_describe,
	.eps = { { 0x81, "loop" } },
};

/* One interface with what the script says; all endpoints at once. */
static void plain_describe(struct desc *desc, const struct spec *spec)
{
	unsigned int i;

	desc_class(desc, USB_CLASS_VENDOR_SPEC, 0, 0);
	desc_interface(desc, 0, 0, (uint8_t)spec->neps, vendor_class);
	for (i = 0; i < spec->neps; i++)
		desc_endpoint(desc, &spec->eps[i]);
}

const struct persona persona_plain = {
	.name = "plain",
	.text = "one vendor interface with the endpoints that the script names",
	.vid = 0x1209,
	.pid = 0x0001,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_LOW,
	.describe = plain_describe,
};

static void settings_describe(struct desc *desc, const struct spec *spec)
{
	static const struct spec_ep other_in = { 0x82, SPEC_BULK, 512, 0, 0 };
	static const struct spec_ep other_out = { 0x02, SPEC_BULK, 512, 0, 0 };

	(void)spec;
	desc_class(desc, USB_CLASS_VENDOR_SPEC, 0, 0);
	desc_interface(desc, 0, 0, 2, vendor_class);
	desc_endpoint(desc, &bulk_in);
	desc_endpoint(desc, &bulk_out);
	desc_interface(desc, 0, 1, 2, vendor_class);
	desc_endpoint(desc, &other_in);
	desc_endpoint(desc, &other_out);
}

const struct persona persona_settings = {
	.name = "settings",
	.text = "two alternate settings, each with bulk endpoints of its own",
	.vid = 0x1209,
	.pid = 0x0008,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_FULL,
	.describe = settings_describe,
	.eps = {
		{ 0x81, "counter" }, { 0x01, "counter" },
		{ 0x82, "counter" }, { 0x02, "counter" },
	},
};
