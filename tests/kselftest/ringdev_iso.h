/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Isochronous URBs of one device: what the agent keeps and answers, and what a
 * driver submits.
 */
#ifndef KSELFTEST_RINGDEV_ISO_H
#define KSELFTEST_RINGDEV_ISO_H

#include <linux/usbdevice_fs.h>

#include "ringdev.h"

#define RINGDEV_ISO_URBS	50
#define RINGDEV_ISO_NPKT	64	/* packets of an URB; at high speed ... */
#define RINGDEV_ISO_MS		8	/* ... as long as that */
#define RINGDEV_ISO_PKT		96	/* bytes */
#define RINGDEV_ISO_LONG	1024	/* the longest */

struct ringdev_iso_urb {
	struct usbdevfs_urb u;
	struct usbdevfs_iso_packet_desc packets[P2PVHCI_NPKT_MAX];
	uint8_t data[P2PVHCI_NPKT_MAX * RINGDEV_ISO_LONG];
};

/**
 * struct ringdev_iso - there is only one
 * @urbs: of the driver
 * @kept: requests, in their order
 * @nkept: how many there were
 * @ncancels: likewise
 * @bad_out: requests whose OUT bytes were wrong
 * @holding: keep requests, do not answer them
 */
extern struct ringdev_iso {
	struct ringdev_iso_urb urbs[RINGDEV_ISO_URBS];
	struct p2pvhci_req kept[RINGDEV_ISO_URBS];
	volatile unsigned int nkept;
	volatile unsigned int ncancels;
	volatile unsigned int bad_out;
	volatile int holding;
} ringdev_iso;

/* ringdev_iso_plug - ringdev_plug_usbfs() in the isochronous setting */
int ringdev_iso_plug(struct ringdev *d, uint8_t speed);

/* ringdev_iso_answer - complete kept requests, as 0 or negative says */
int ringdev_iso_answer(struct ringdev *d, unsigned int first, unsigned int n);

/* ringdev_iso_rate - tell the kernel how fast the device's clock is */
int ringdev_iso_rate(const struct ringdev *d, uint32_t epoch, int64_t ppb);

/* ringdev_iso_prepare - URB number @i; its OUT bytes tell that */
struct usbdevfs_urb *ringdev_iso_prepare(unsigned int i, uint8_t ep,
					 unsigned int npkt, unsigned int len);

/* ringdev_iso_submit - the first @n; returns how many were taken */
unsigned int ringdev_iso_submit(int usb, uint8_t ep, unsigned int n);

/* ringdev_iso_wait - until so many were kept, 3 s at most */
void ringdev_iso_wait(unsigned int n);

/* ringdev_iso_is_whole - all packets are good, and the bytes those of @seq */
int ringdev_iso_is_whole(const struct ringdev_iso_urb *urb, unsigned int seq);

#endif /* KSELFTEST_RINGDEV_ISO_H */
