// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous URBs of one device: what the agent keeps and answers, and what a
 * driver submits.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "ktap.h"
#include "ringdev_iso.h"

struct ringdev_iso ringdev_iso;

/* The agent's side ---------------------------------------------------------- */

static const struct p2pvhci_iso *asked_of(const struct ringdev *d,
					  const struct p2pvhci_req *req)
{
	return (const void *)ringdev_out(d, req);
}

/* All packets as long as asked; an IN byte tells its URB and its place. */
static void answer(struct ringdev *d, const struct p2pvhci_req *req)
{
	static uint8_t data[P2PVHCI_NPKT_MAX * RINGDEV_ISO_LONG];
	struct p2pvhci_iso iso[P2PVHCI_NPKT_MAX];

	memcpy(iso, asked_of(d, req), req->npkt * sizeof(iso[0]));
	if (req->ep & USB_DIR_IN)
		ringdev_fill(data, req->len, req->seq);
	ringdev_complete_iso(d, req, P2PVHCI_ST_OK, iso,
			     req->ep & USB_DIR_IN ? data : NULL);
}

static void check_out(const struct ringdev *d, const struct p2pvhci_req *req)
{
	const uint8_t *bytes = (const void *)(asked_of(d, req) + req->npkt);
	static uint8_t data[P2PVHCI_NPKT_MAX * RINGDEV_ISO_LONG];

	ringdev_fill(data, req->len, req->seq);
	ringdev_iso.bad_out += !!memcmp(bytes, data, req->len);
}

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	if (req->ep != RINGDEV_ISO_IN && req->ep != RINGDEV_ISO_OUT)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_CANCEL)
		ringdev_iso.ncancels++;
	if (req->op != P2PVHCI_OP_SUBMIT)
		return RINGDEV_TAKEN;
	ringdev_iso.kept[ringdev_iso.nkept++ % RINGDEV_ISO_URBS] = *req;
	if (req->ep == RINGDEV_ISO_OUT)
		check_out(d, req);
	if (!ringdev_iso.holding)
		answer(d, req);
	return RINGDEV_TAKEN;
}

int ringdev_iso_answer(struct ringdev *d, unsigned int first, unsigned int n)
{
	unsigned int i;
	int rc;

	pthread_mutex_lock(&d->lock);
	for (i = first; i < first + n; i++)
		answer(d, &ringdev_iso.kept[i]);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int ringdev_iso_plug(struct ringdev *d, uint8_t speed)
{
	int usb, rc;

	d->hook = hook;
	usb = ringdev_plug_usbfs(d, speed);
	rc = ringdev_setting(usb, 1, 1);
	if (rc)
		ktap_abort("no isochronous setting: %s", strerror(-rc));
	ringdev_iso.nkept = 0;
	ringdev_iso.ncancels = 0;
	ringdev_iso.bad_out = 0;
	return usb;
}

/* The driver's side --------------------------------------------------------- */

struct usbdevfs_urb *ringdev_iso_prepare(unsigned int i, uint8_t ep,
					 unsigned int npkt, unsigned int len)
{
	struct usbdevfs_urb *u = &ringdev_iso.urbs[i].u;
	unsigned int j;

	memset(u, 0, sizeof(*u));
	u->type = USBDEVFS_URB_TYPE_ISO;
	u->flags = USBDEVFS_URB_ISO_ASAP;
	u->endpoint = ep;
	u->buffer = ringdev_iso.urbs[i].data;
	u->buffer_length = npkt * len;
	u->number_of_packets = npkt;
	for (j = 0; j < npkt; j++)
		u->iso_frame_desc[j] = (struct usbdevfs_iso_packet_desc) {
			.length = len,
		};
	/* The first request of an endpoint is number 1. */
	if (!(ep & USB_DIR_IN))
		ringdev_fill(ringdev_iso.urbs[i].data, npkt * len, i + 1);
	return u;
}

unsigned int ringdev_iso_submit(int usb, uint8_t ep, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (ringdev_submit(usb, ringdev_iso_prepare(i, ep,
							    RINGDEV_ISO_NPKT,
							    RINGDEV_ISO_PKT)))
			break;
	return i;
}

void ringdev_iso_wait(unsigned int n)
{
	int i;

	for (i = 0; i < 300 && ringdev_iso.nkept < n; i++)
		usleep(10000);
}

int ringdev_iso_is_whole(const struct ringdev_iso_urb *urb, unsigned int seq)
{
	uint8_t data[RINGDEV_ISO_NPKT * RINGDEV_ISO_PKT];
	unsigned int i;

	for (i = 0; i < RINGDEV_ISO_NPKT; i++)
		if (urb->u.iso_frame_desc[i].status ||
		    urb->u.iso_frame_desc[i].actual_length != RINGDEV_ISO_PKT)
			return 0;
	ringdev_fill(data, sizeof(data), seq);
	return !urb->u.status && !urb->u.error_count &&
	       !memcmp(urb->data, data, sizeof(data));
}

int ringdev_iso_rate(const struct ringdev *d, uint32_t epoch, int64_t ppb)
{
	struct p2pvhci_port_event event = {
		.size = sizeof(event), .port = d->port, .epoch = epoch,
		.event = P2PVHCI_EVENT_RATE, .arg = ppb,
	};

	return ioctl(d->fd, P2PVHCI_IOC_PORT_EVENT, &event) ? -errno : 0;
}
