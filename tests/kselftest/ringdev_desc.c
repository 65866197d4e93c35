// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the device of ringdev.c says of itself.
 *
 * Interface 0 has bulk and interrupt endpoints, in both of its settings.
 * Interface 1, which a low-speed device cannot have, is isochronous in its
 * second setting.
 */
#include <string.h>
#include <linux/usb/ch9.h>

#include "ringdev.h"

#define RINGDEV_LE16(v)	((v) & 0xff), ((v) >> 8)

/* Packet sizes fit the speed; see ringdev_describe(). */
static const uint8_t ringdev_device[] = {
	18, USB_DT_DEVICE, RINGDEV_LE16(0x0200), USB_CLASS_VENDOR_SPEC, 0, 0,
	64, RINGDEV_LE16(RINGDEV_VENDOR), RINGDEV_LE16(RINGDEV_PRODUCT),
	RINGDEV_LE16(0x0100), 1, 2, 3, 1,
};

#define RINGDEV_INTERFACE(num, alt, neps)				\
	9, USB_DT_INTERFACE, num, alt, neps, USB_CLASS_VENDOR_SPEC, 0, 0, 0

#define RINGDEV_ENDPOINT(addr, type, max, interval)			\
	7, USB_DT_ENDPOINT, addr, type, RINGDEV_LE16(max), interval

#define RINGDEV_ALT(alt, bulk)						\
	RINGDEV_INTERFACE(0, alt, 4),					\
	RINGDEV_ENDPOINT(RINGDEV_BULK_OUT, USB_ENDPOINT_XFER_BULK, bulk, 0), \
	RINGDEV_ENDPOINT(RINGDEV_BULK_IN, USB_ENDPOINT_XFER_BULK, bulk, 0), \
	RINGDEV_ENDPOINT(RINGDEV_INT_IN, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_ENDPOINT(RINGDEV_INT_OUT, USB_ENDPOINT_XFER_INT, 64, 4)

#define RINGDEV_ISO(max)						\
	RINGDEV_INTERFACE(1, 0, 0),					\
	RINGDEV_INTERFACE(1, 1, 2),					\
	RINGDEV_ENDPOINT(RINGDEV_ISO_OUT, USB_ENDPOINT_XFER_ISOC, max, 1), \
	RINGDEV_ENDPOINT(RINGDEV_ISO_IN, USB_ENDPOINT_XFER_ISOC, max, 1)

#define RINGDEV_CONFIG(total, interfaces)				\
	9, USB_DT_CONFIG, RINGDEV_LE16(total), interfaces, 1, 0, 0x80, 50

#define RINGDEV_TOTAL		(9 + 2 * (9 + 4 * 7))
#define RINGDEV_TOTAL_ISO	(2 * 9 + 2 * 7)

static const uint8_t ringdev_config_ls[] = {
	RINGDEV_CONFIG(RINGDEV_TOTAL, 1), RINGDEV_ALT(0, 64),
	RINGDEV_ALT(1, 64),
};

static const uint8_t ringdev_config_fs[] = {
	RINGDEV_CONFIG(RINGDEV_TOTAL + RINGDEV_TOTAL_ISO, 2),
	RINGDEV_ALT(0, 64), RINGDEV_ALT(1, 64), RINGDEV_ISO(512),
};

static const uint8_t ringdev_config_hs[] = {
	RINGDEV_CONFIG(RINGDEV_TOTAL + RINGDEV_TOTAL_ISO, 2),
	RINGDEV_ALT(0, 512), RINGDEV_ALT(1, 512), RINGDEV_ISO(1024),
};

/* 16 streams. */
#define RINGDEV_COMPANION_BULK	6, USB_DT_SS_ENDPOINT_COMP, 0, 4, 0, 0
#define RINGDEV_COMPANION(max)						\
	6, USB_DT_SS_ENDPOINT_COMP, 0, 0, RINGDEV_LE16(max)

#define RINGDEV_ALT_SS(alt)						\
	RINGDEV_INTERFACE(0, alt, 4),					\
	RINGDEV_ENDPOINT(RINGDEV_BULK_OUT, USB_ENDPOINT_XFER_BULK, 1024, 0), \
	RINGDEV_COMPANION_BULK,						\
	RINGDEV_ENDPOINT(RINGDEV_BULK_IN, USB_ENDPOINT_XFER_BULK, 1024, 0), \
	RINGDEV_COMPANION_BULK,						\
	RINGDEV_ENDPOINT(RINGDEV_INT_IN, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_COMPANION(64),						\
	RINGDEV_ENDPOINT(RINGDEV_INT_OUT, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_COMPANION(64)

static const uint8_t ringdev_config_ss[] = {
	RINGDEV_CONFIG(9 + 2 * (9 + 4 * 13) + 2 * 9 + 2 * 13, 2),
	RINGDEV_ALT_SS(0), RINGDEV_ALT_SS(1),
	RINGDEV_INTERFACE(1, 0, 0),
	RINGDEV_INTERFACE(1, 1, 2),
	RINGDEV_ENDPOINT(RINGDEV_ISO_OUT, USB_ENDPOINT_XFER_ISOC, 1024, 1),
	RINGDEV_COMPANION(1024),
	RINGDEV_ENDPOINT(RINGDEV_ISO_IN, USB_ENDPOINT_XFER_ISOC, 1024, 1),
	RINGDEV_COMPANION(1024),
};

static const uint8_t ringdev_bos[] = {
	5, USB_DT_BOS, 15, 0, 1,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x08, 0x00, 1, 0, 0, 0,
};

static const char * const ringdev_strings[] = {
	[1] = "p2pusb", [2] = "ring device", [3] = "RING0001",
};

static size_t ringdev_string(uint8_t *to, unsigned int index)
{
	const char *s;
	size_t i;

	if (!index) {
		memcpy(to, (uint8_t[]){ 4, USB_DT_STRING, 0x09, 0x04 }, 4);
		return 4;
	}
	if (index >= sizeof(ringdev_strings) / sizeof(ringdev_strings[0]))
		return 0;
	s = ringdev_strings[index];
	for (i = 0; s[i]; i++) {
		to[2 + 2 * i] = s[i];
		to[3 + 2 * i] = 0;
	}
	to[0] = 2 + 2 * i;
	to[1] = USB_DT_STRING;
	return to[0];
}

static size_t ringdev_device_descriptor(const struct ringdev *d, uint8_t *to)
{
	memcpy(to, ringdev_device, sizeof(ringdev_device));
	if (d->product) {
		to[10] = d->product & 0xff;
		to[11] = d->product >> 8;
	}
	if (d->speed >= P2PVHCI_SPEED_SUPER) {
		to[2] = 0x10;
		to[3] = 0x03;
		to[7] = 9;
	} else if (d->speed == P2PVHCI_SPEED_LOW) {
		to[7] = 8;
	}
	return sizeof(ringdev_device);
}

static size_t ringdev_config_descriptor(const struct ringdev *d, uint8_t *to)
{
	static const struct {
		const uint8_t *from;
		size_t len;
	} configs[] = {
		[P2PVHCI_SPEED_LOW] = { ringdev_config_ls,
					sizeof(ringdev_config_ls) },
		[P2PVHCI_SPEED_FULL] = { ringdev_config_fs,
					 sizeof(ringdev_config_fs) },
		[P2PVHCI_SPEED_HIGH] = { ringdev_config_hs,
					 sizeof(ringdev_config_hs) },
		[P2PVHCI_SPEED_SUPER] = { ringdev_config_ss,
					  sizeof(ringdev_config_ss) },
		[P2PVHCI_SPEED_SUPER_PLUS] = { ringdev_config_ss,
					       sizeof(ringdev_config_ss) },
	};

	memcpy(to, configs[d->speed].from, configs[d->speed].len);
	return configs[d->speed].len;
}

size_t ringdev_describe(const struct ringdev *d, unsigned int value,
			uint8_t *to)
{
	switch (value >> 8) {
	case USB_DT_DEVICE:
		return ringdev_device_descriptor(d, to);
	case USB_DT_CONFIG:
		return ringdev_config_descriptor(d, to);
	case USB_DT_STRING:
		return ringdev_string(to, value & 0xff);
	case USB_DT_BOS:
		if (d->speed < P2PVHCI_SPEED_SUPER)
			return 0;
		memcpy(to, ringdev_bos, sizeof(ringdev_bos));
		return sizeof(ringdev_bos);
	}
	return 0;
}
