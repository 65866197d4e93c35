// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * persona_audio - sound cards of class 1 and 2: 48 kHz, 16 bits, stereo.
 *
 * Plays on 0x01 (adaptive), captures on 0x82 (asynchronous); both are ramps, so
 * that each frame says where it belongs.  No volume and no other rate.
 */
#include <linux/usb/ch9.h>
#include <string.h>

#include "persona.h"

#define RATE		48000u
#define LE16(v)		(uint8_t)((v) & 0xff), (uint8_t)((v) >> 8)
#define LE24(v)		LE16((v) & 0xffff), (uint8_t)((v) >> 16)
#define LE32(v)		LE16((v) & 0xffff), LE16((v) >> 16)

#define CS_INTERFACE	0x24
#define CS_ENDPOINT	0x25
#define USB_STREAMING	0x0101
#define SPEAKER		0x0301
#define MICROPHONE	0x0201
#define CLOCK		1

/* 48 frames of 4 bytes a millisecond, and room for one more */
static const struct spec_ep play_ep = { 0x01, SPEC_ISO | 0x08, 196, 1000, 0 };
static const struct spec_ep capture_ep = { 0x82, SPEC_ISO | 0x04, 196, 1000, 0 };

/* Class 1 */

static void uac1_stream(struct desc *desc, uint8_t number, uint8_t terminal,
			const struct spec_ep *ep)
{
	static const uint8_t class[3] = { USB_CLASS_AUDIO, 2, 0 };
	const uint8_t stream[] = {
		7, CS_INTERFACE, 1, terminal, 1, LE16(1),
		11, CS_INTERFACE, 2, 1, 2, 2, 16, 1, LE24(RATE),
	};
	static const uint8_t endpoint[] = { 7, CS_ENDPOINT, 1, 0, 0, LE16(0) };

	desc_interface(desc, number, 0, 0, class);
	desc_interface(desc, number, 1, 1, class);
	desc_add(desc, stream, sizeof(stream));
	desc_endpoint_audio(desc, ep);
	desc_add(desc, endpoint, sizeof(endpoint));
}

static void uac1_describe(struct desc *desc, const struct spec *spec)
{
	static const uint8_t class[3] = { USB_CLASS_AUDIO, 1, 0 };
	static const uint8_t control[] = {
		10, CS_INTERFACE, 1, LE16(0x0100), LE16(52), 2, 1, 2,
		12, CS_INTERFACE, 2, 2, LE16(USB_STREAMING), 0, 2, LE16(3),
		0, 0,
		9, CS_INTERFACE, 3, 3, LE16(SPEAKER), 0, 2, 0,
		12, CS_INTERFACE, 2, 4, LE16(MICROPHONE), 0, 2, LE16(3), 0, 0,
		9, CS_INTERFACE, 3, 5, LE16(USB_STREAMING), 0, 4, 0,
	};

	(void)spec;
	desc_interface(desc, 0, 0, 0, class);
	desc_add(desc, control, sizeof(control));
	uac1_stream(desc, 1, 2, &play_ep);
	uac1_stream(desc, 2, 5, &capture_ep);
}

const struct persona persona_uac1 = {
	.name = "uac1",
	.text = "sound card of class 1, 48 kHz stereo: plays and captures ramps",
	.vid = 0x1209,
	.pid = 0x0003,
	.speed = SPEC_SPEED_FULL,
	.min_speed = SPEC_SPEED_FULL,
	.describe = uac1_describe,
	.eps = { { 0x01, "ramp" }, { 0x82, "ramp" } },
};

/* Class 2 */

static void uac2_stream(struct desc *desc, uint8_t number, uint8_t terminal,
			const struct spec_ep *ep)
{
	static const uint8_t class[3] = { USB_CLASS_AUDIO, 2, 0x20 };
	const uint8_t stream[] = {
		16, CS_INTERFACE, 1, terminal, 0, 1, LE32(1), 2, LE32(3), 0,
		6, CS_INTERFACE, 2, 1, 2, 16,
	};
	static const uint8_t endpoint[] = {
		8, CS_ENDPOINT, 1, 0, 0, 0, LE16(0),
	};

	desc_interface(desc, number, 0, 0, class);
	desc_interface(desc, number, 1, 1, class);
	desc_add(desc, stream, sizeof(stream));
	desc_endpoint(desc, ep);
	desc_add(desc, endpoint, sizeof(endpoint));
}

static void uac2_describe(struct desc *desc, const struct spec *spec)
{
	static const uint8_t class[3] = { USB_CLASS_AUDIO, 1, 0x20 };
	static const uint8_t association[] = {
		8, USB_DT_INTERFACE_ASSOCIATION, 0, 3, USB_CLASS_AUDIO, 0,
		0x20, 0,
	};
	static const uint8_t control[] = {
		9, CS_INTERFACE, 1, LE16(0x0200), 8, LE16(75), 0,
		8, CS_INTERFACE, 0x0a, CLOCK, 1, 1, 0, 0,
		17, CS_INTERFACE, 2, 2, LE16(USB_STREAMING), 0, CLOCK, 2,
		LE32(3), 0, LE16(0), 0,
		12, CS_INTERFACE, 3, 3, LE16(SPEAKER), 0, 2, CLOCK, LE16(0), 0,
		17, CS_INTERFACE, 2, 4, LE16(MICROPHONE), 0, CLOCK, 2,
		LE32(3), 0, LE16(0), 0,
		12, CS_INTERFACE, 3, 5, LE16(USB_STREAMING), 0, 4, CLOCK,
		LE16(0), 0,
	};

	(void)spec;
	desc_class(desc, USB_CLASS_MISC, 2, 1);
	desc_add(desc, association, sizeof(association));
	desc_interface(desc, 0, 0, 0, class);
	desc_add(desc, control, sizeof(control));
	uac2_stream(desc, 1, 2, &play_ep);
	uac2_stream(desc, 2, 5, &capture_ep);
}

#define UAC2_CUR	1
#define UAC2_RANGE	2

/* The clock's frequency is all there is to be asked. */
static long uac2_control(struct model *model, const uint8_t setup[8],
			 uint8_t *data, uint32_t length)
{
	static const uint8_t cur[] = { LE32(RATE) };
	static const uint8_t range[] = {
		LE16(1), LE32(RATE), LE32(RATE), LE32(0),
	};
	const uint8_t *from = setup[1] == UAC2_CUR ? cur : range;
	uint32_t len = setup[1] == UAC2_CUR ? sizeof(cur) : sizeof(range);

	(void)model;
	if ((setup[0] & ~USB_DIR_IN) != (USB_TYPE_CLASS | USB_RECIP_INTERFACE) ||
	    setup[5] != CLOCK || setup[3] != 1 ||
	    (setup[1] != UAC2_CUR && setup[1] != UAC2_RANGE))
		return -1;
	if (!(setup[0] & USB_DIR_IN))
		return setup[1] == UAC2_CUR && length == sizeof(cur) &&
		       !memcmp(data, cur, sizeof(cur)) ? (long)length : -1;
	if (len > length)
		len = length;
	memcpy(data, from, len);
	return len;
}

const struct persona persona_uac2 = {
	.name = "uac2",
	.text = "sound card of class 2, 48 kHz stereo: plays and captures ramps",
	.vid = 0x1209,
	.pid = 0x0004,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_FULL,
	.describe = uac2_describe,
	.control = uac2_control,
	.eps = { { 0x01, "ramp" }, { 0x82, "ramp" } },
};
