// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * persona_hid - a boot keyboard; keys come from the script ("answer").
 */
#include <linux/usb/ch9.h>
#include <string.h>

#include "persona.h"

#define HID_DT_HID	0x21
#define HID_DT_REPORT	0x22

/* 8 bytes IN as boot keyboards have them, 5 LEDs OUT */
static const uint8_t report_desc[] = {
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7,
	0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01,
	0x75, 0x08, 0x81, 0x03, 0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01,
	0x29, 0x05, 0x91, 0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x03, 0x95, 0x06,
	0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65,
	0x81, 0x00, 0xc0,
};

static const uint8_t hid_desc[] = {
	9, HID_DT_HID, 0x11, 0x01, 0, 1, HID_DT_REPORT,
	sizeof(report_desc), 0,
};

static void hid_describe(struct desc *desc, const struct spec *spec)
{
	static const uint8_t class[3] = { USB_CLASS_HID, 1, 1 };
	static const struct spec_ep in = { 0x81, SPEC_INTERRUPT, 8, 4000, 0 };

	(void)spec;
	desc_interface(desc, 0, 0, 1, class);
	desc_add(desc, hid_desc, sizeof(hid_desc));
	desc_endpoint(desc, &in);
}

static long give(uint8_t *to, uint32_t room, const void *from, size_t len)
{
	if (len > room)
		len = room;
	memcpy(to, from, len);
	return (long)len;
}

static long hid_control(struct model *model, const uint8_t setup[8],
			uint8_t *data, uint32_t length)
{
	static const uint8_t nothing[8];

	if (setup[0] == (USB_DIR_IN | USB_RECIP_INTERFACE) &&
	    setup[1] == USB_REQ_GET_DESCRIPTOR && setup[3] == HID_DT_REPORT)
		return give(data, length, report_desc, sizeof(report_desc));
	if ((setup[0] & USB_TYPE_MASK) != USB_TYPE_CLASS)
		return -1;
	if (setup[0] & USB_DIR_IN)
		return give(data, length, nothing, sizeof(nothing));
	if (length)
		record_event((int)model->index, "report", ",\"first\":%u",
			     data[0]);
	return length;
}

const struct persona persona_hid = {
	.name = "hid",
	.text = "a boot keyboard; \"on 0x81 answer HEX...\" are its keys",
	.vid = 0x1209,
	.pid = 0x0002,
	.speed = SPEC_SPEED_FULL,
	.min_speed = SPEC_SPEED_LOW,
	.describe = hid_describe,
	.control = hid_control,
	.eps = { { 0x81, "none" } },
};
