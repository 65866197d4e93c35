// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * persona_video - cameras of class 1.0, isochronous and bulk.
 *
 * One format (YUYV), one size, one rate; the pictures are those of video.h.
 */
#include <linux/usb/ch9.h>
#include <string.h>

#include "persona.h"
#include "video.h"

#define LE16(v)		(uint8_t)((v) & 0xff), (uint8_t)((v) >> 8)
#define LE32(v)		LE16((v) & 0xffff), LE16((v) >> 16)

#define CS_INTERFACE	0x24
#define INTERVAL	(10000000u / VIDEO_RATE)	/* 100 ns */
#define BITRATE		(VIDEO_FRAME_BYTES * 8 * VIDEO_RATE)
#define ISO_PAYLOAD	1024u
/* As much as uvcvideo takes in one transfer at high speed */
#define BULK_PAYLOAD	16384u

#define STREAM_CONTROL_LEN 26

static const uint8_t stream_class[3] = { USB_CLASS_VIDEO, 2, 0 };

static void add_control(struct desc *desc)
{
	static const uint8_t class[3] = { USB_CLASS_VIDEO, 1, 0 };
	static const uint8_t association[] = {
		8, USB_DT_INTERFACE_ASSOCIATION, 0, 2, USB_CLASS_VIDEO, 3, 0, 0,
	};
	static const uint8_t control[] = {
		13, CS_INTERFACE, 1, LE16(0x0100), LE16(40), LE32(48000000),
		1, 1,
		18, CS_INTERFACE, 2, 1, LE16(0x0201), 0, 0, LE16(0), LE16(0),
		LE16(0), 3, 0, 0, 0,
		9, CS_INTERFACE, 3, 2, LE16(0x0101), 0, 1, 0,
	};

	desc_class(desc, USB_CLASS_MISC, 2, 1);
	desc_add(desc, association, sizeof(association));
	desc_interface(desc, 0, 0, 0, class);
	desc_add(desc, control, sizeof(control));
}

static void add_format(struct desc *desc)
{
	static const uint8_t format[] = {
		14, CS_INTERFACE, 1, 1, LE16(77), 0x81, 0, 2, 0, 0, 0, 1, 0,
		27, CS_INTERFACE, 4, 1, 1,
		'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38,
		0x9b, 0x71, 16, 1, 0, 0, 0, 0,
		30, CS_INTERFACE, 5, 1, 0, LE16(VIDEO_WIDTH),
		LE16(VIDEO_HEIGHT), LE32(BITRATE), LE32(BITRATE),
		LE32(VIDEO_FRAME_BYTES), LE32(INTERVAL), 1, LE32(INTERVAL),
		6, CS_INTERFACE, 13, 1, 1, 4,
	};

	desc_add(desc, format, sizeof(format));
}

static void uvc_describe(struct desc *desc, const struct spec *spec)
{
	static const struct spec_ep ep = {
		0x81, SPEC_ISO | 0x04, ISO_PAYLOAD, 125, 0
	};

	(void)spec;
	add_control(desc);
	desc_interface(desc, 1, 0, 0, stream_class);
	add_format(desc);
	desc_interface(desc, 1, 1, 1, stream_class);
	desc_endpoint(desc, &ep);
}

static void uvc_bulk_describe(struct desc *desc, const struct spec *spec)
{
	static const struct spec_ep ep = { 0x81, SPEC_BULK, 512, 0, 0 };

	(void)spec;
	add_control(desc);
	desc_interface(desc, 1, 0, 1, stream_class);
	add_format(desc);
	desc_endpoint(desc, &ep);
}

#define UVC_SET_CUR	0x01
#define UVC_GET_CUR	0x81
#define UVC_GET_LEN	0x85
#define UVC_GET_INFO	0x86
#define UVC_GET_DEF	0x87
#define UVC_COMMIT	2

static long stream_get(uint8_t request, uint8_t *data, uint32_t length,
		       uint32_t payload)
{
	uint8_t bytes[STREAM_CONTROL_LEN] = { LE16(1), 1, 1, LE32(INTERVAL) };
	uint32_t len = sizeof(bytes);

	video_put(bytes + 18, VIDEO_FRAME_BYTES);
	video_put(bytes + 22, payload);
	if (request == UVC_GET_LEN) {
		bytes[0] = STREAM_CONTROL_LEN;
		bytes[1] = 0;
		len = 2;
	} else if (request == UVC_GET_INFO) {
		bytes[0] = 3;
		len = 1;
	}
	if (len > length)
		len = length;
	memcpy(data, bytes, len);
	return len;
}

/* Probe and commit have one answer: there is nothing to choose. */
static long stream_control(const uint8_t setup[8], uint8_t *data,
			   uint32_t length, uint32_t payload)
{
	if ((setup[0] & ~USB_DIR_IN) != (USB_TYPE_CLASS | USB_RECIP_INTERFACE) ||
	    setup[4] != 1 || !setup[3] || setup[3] > UVC_COMMIT)
		return -1;
	if (setup[1] == UVC_SET_CUR && !(setup[0] & USB_DIR_IN))
		return length;
	if (!(setup[0] & USB_DIR_IN) || setup[1] < UVC_GET_CUR ||
	    setup[1] > UVC_GET_DEF)
		return -1;
	return stream_get(setup[1], data, length, payload);
}

static long uvc_control(struct model *model, const uint8_t setup[8],
			uint8_t *data, uint32_t length)
{
	(void)model;
	return stream_control(setup, data, length, ISO_PAYLOAD);
}

static long uvc_bulk_control(struct model *model, const uint8_t setup[8],
			     uint8_t *data, uint32_t length)
{
	/* A bulk stream starts with its commit. */
	if (setup[1] == UVC_SET_CUR && setup[3] == UVC_COMMIT)
		data_rewind(&model->ep[model_ep_index(0x81)].data);
	return stream_control(setup, data, length, BULK_PAYLOAD);
}

const struct persona persona_uvc = {
	.name = "uvc",
	.text = "camera, isochronous, 160x120 YUYV, 30 numbered pictures a second",
	.vid = 0x1209,
	.pid = 0x0005,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_HIGH,
	.describe = uvc_describe,
	.control = uvc_control,
	.eps = { { 0x81, "video" } },
};

const struct persona persona_uvc_bulk = {
	.name = "uvc-bulk",
	.text = "the same camera over a bulk endpoint",
	.vid = 0x1209,
	.pid = 0x0006,
	.speed = SPEC_SPEED_HIGH,
	.min_speed = SPEC_SPEED_HIGH,
	.describe = uvc_bulk_describe,
	.control = uvc_bulk_control,
	.eps = { { 0x81, "video-bulk" } },
};
