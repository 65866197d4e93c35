// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ffsdev_desc - the descriptors of ffsdev, at three speeds.
 *
 * Only tables: what the device does is in ffsdev.c.
 */
#include "ffsdev_desc.h"

#include <endian.h>
#include <linux/usb/ch9.h>
#include <linux/usb/functionfs.h>

#include "remember.h"

/* htole32() is no constant expression. */
#if __BYTE_ORDER != __LITTLE_ENDIAN
#error "the guests are little-endian"
#endif
#define LE16(x)	((__le16)(x))
#define LE32(x)	((__le32)(x))

struct speed_descs {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio ep[REMEMBER_EPS];
} __attribute__((packed));

struct super_descs {
	struct usb_interface_descriptor interface;
	struct {
		struct usb_endpoint_descriptor_no_audio ep;
		struct usb_ss_ep_comp_descriptor companion;
	} __attribute__((packed)) ep[REMEMBER_EPS];
} __attribute__((packed));

#define INTERFACE {							\
	.bLength = sizeof(struct usb_interface_descriptor),		\
	.bDescriptorType = USB_DT_INTERFACE,				\
	.bNumEndpoints = REMEMBER_EPS,					\
	.bInterfaceClass = USB_CLASS_VENDOR_SPEC,			\
	.iInterface = 1,						\
}

#define ENDPOINT(address, type, packet, interval) {			\
	.bLength = sizeof(struct usb_endpoint_descriptor_no_audio),	\
	.bDescriptorType = USB_DT_ENDPOINT,				\
	.bEndpointAddress = (address),					\
	.bmAttributes = (type),						\
	.wMaxPacketSize = LE16(packet),				\
	.bInterval = (interval),					\
}

#define COMPANION(bytes) {						\
	.bLength = sizeof(struct usb_ss_ep_comp_descriptor),		\
	.bDescriptorType = USB_DT_SS_ENDPOINT_COMP,			\
	.wBytesPerInterval = LE16(bytes),				\
}

#define SPEED_DESCS(bulk, interval) {					\
	.interface = INTERFACE,						\
	.ep = {								\
		ENDPOINT(0x81, USB_ENDPOINT_XFER_BULK, bulk, 0),	\
		ENDPOINT(0x02, USB_ENDPOINT_XFER_BULK, bulk, 0),	\
		ENDPOINT(0x83, USB_ENDPOINT_XFER_INT, 64, interval),	\
		ENDPOINT(0x04, USB_ENDPOINT_XFER_INT, 64, interval),	\
	},								\
}

#define SUPER(address, type, packet, interval, bytes) {			\
	.ep = ENDPOINT(address, type, packet, interval),		\
	.companion = COMPANION(bytes),					\
}

static const struct {
	struct usb_functionfs_descs_head_v2 head;
	__le32 full_count;
	__le32 high_count;
	__le32 super_count;
	struct speed_descs full;
	struct speed_descs high;
	struct super_descs super;
} __attribute__((packed)) descriptors = {
	.head = {
		.magic = LE32(FUNCTIONFS_DESCRIPTORS_MAGIC_V2),
		.length = LE32(sizeof(descriptors)),
		.flags = LE32(FUNCTIONFS_HAS_FS_DESC |
				 FUNCTIONFS_HAS_HS_DESC |
				 FUNCTIONFS_HAS_SS_DESC),
	},
	.full_count = LE32(1 + REMEMBER_EPS),
	.high_count = LE32(1 + REMEMBER_EPS),
	.super_count = LE32(1 + 2 * REMEMBER_EPS),
	.full = SPEED_DESCS(64, 1),
	.high = SPEED_DESCS(512, 4),
	.super = {
		.interface = INTERFACE,
		.ep = {
			SUPER(0x81, USB_ENDPOINT_XFER_BULK, 1024, 0, 0),
			SUPER(0x02, USB_ENDPOINT_XFER_BULK, 1024, 0, 0),
			SUPER(0x83, USB_ENDPOINT_XFER_INT, 64, 4, 64),
			SUPER(0x04, USB_ENDPOINT_XFER_INT, 64, 4, 64),
		},
	},
};

#define INTERFACE_NAME "the device that remembers"

static const struct {
	struct usb_functionfs_strings_head head;
	__le16 language;
	char name[sizeof(INTERFACE_NAME)];
} __attribute__((packed)) strings = {
	.head = {
		.magic = LE32(FUNCTIONFS_STRINGS_MAGIC),
		.length = LE32(sizeof(strings)),
		.str_count = LE32(1),
		.lang_count = LE32(1),
	},
	.language = LE16(0x0409),
	.name = INTERFACE_NAME,
};

const void *const ffsdev_descriptors = &descriptors;
const size_t ffsdev_descriptors_size = sizeof(descriptors);
const void *const ffsdev_strings = &strings;
const size_t ffsdev_strings_size = sizeof(strings);
