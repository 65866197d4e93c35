// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous packets: what becomes of each, of completions that are wrong, and
 * of URBs that are too long.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev_iso.h"

static struct ringdev_iso *const iso = &ringdev_iso;

static const struct p2pvhci_iso mixed[] = {
	{ RINGDEV_ISO_PKT, P2PVHCI_ST_OK, 0 },
	{ 0, P2PVHCI_ST_OK, 0 },
	{ 37, P2PVHCI_ST_OK, 0 },
	{ 0, P2PVHCI_ST_XDEV, 0 },
	{ 11, P2PVHCI_ST_CRC, 0 },
	{ RINGDEV_ISO_PKT, P2PVHCI_ST_OK, 0 },
	{ 1, P2PVHCI_ST_OVERFLOW, 0 },
	{ 2, P2PVHCI_ST_OK, 0 },
};

static const int mixed_errno[] = { 0, 0, 0, -EXDEV, -EILSEQ, 0, -EOVERFLOW, 0 };

#define NMIXED	(sizeof(mixed) / sizeof(mixed[0]))

static void answer_mixed(struct ringdev *d, const uint8_t *data)
{
	pthread_mutex_lock(&d->lock);
	ringdev_complete_iso(d, &iso->kept[0], P2PVHCI_ST_OK, mixed, data);
	ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
}

/* Each packet at its own place, and nothing between. */
static unsigned int count_wrong(const uint8_t *data)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < NMIXED; i++) {
		const struct usbdevfs_iso_packet_desc *p;
		uint8_t place[RINGDEV_ISO_PKT] = { 0 };

		p = &iso->urbs[0].u.iso_frame_desc[i];
		memcpy(place, data, mixed[i].len);
		data += mixed[i].len;
		wrong += p->actual_length != mixed[i].len ||
			 (int)p->status != mixed_errno[i] ||
			 memcmp(iso->urbs[0].data + i * RINGDEV_ISO_PKT, place, RINGDEV_ISO_PKT);
	}
	return wrong;
}

static void check_packets(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	struct usbdevfs_urb *u, *done;
	uint8_t data[NMIXED * RINGDEV_ISO_PKT];
	unsigned int wrong;

	iso->holding = 1;
	ringdev_fill(data, sizeof(data), 3);
	memset(iso->urbs[0].data, 0xee, NMIXED * RINGDEV_ISO_PKT);
	u = ringdev_iso_prepare(0, RINGDEV_ISO_IN, NMIXED, RINGDEV_ISO_PKT);
	ringdev_submit(usb, u);
	ringdev_iso_wait(1);
	answer_mixed(&d, data);
	done = ringdev_reap(usb, 1000);
	wrong = count_wrong(data);
	ktap_ok(done == u && !u->status && u->error_count == 3 && !wrong,
		"short, empty and bad packets: status %d, %d bad, %u wrong",
		u->status, u->error_count, wrong);
	iso->holding = 0;
	ringdev_pull_usbfs(&d, usb);
}

/* Wrong --------------------------------------------------------------------- */

static const struct {
	const char *what;
	/* Added to, or put into, a completion of NMIXED packets at offset 0. */
	struct p2pvhci_cmp cmp;
	struct p2pvhci_iso second;
} cases[] = {
	{ "sum above actual", .second.len = 5 },
	{ "sum below actual", .cmp.actual = 1 },
	{ "packet longer than asked", .cmp.actual = RINGDEV_ISO_PKT + 1,
	  .second.len = RINGDEV_ISO_PKT + 1 },
	{ "unknown packet status", .second.status = P2PVHCI_ST_MAX },
	{ "reserved field of a packet", .second.rsv = 1 },
	{ "packets outside the area", .cmp.iso_off = 4 << 20 },
	{ "packets over its end", .cmp.iso_off = (4 << 20) - 8 },
	{ "packets askew", .cmp.iso_off = 2 },
	{ "more errors than packets", .cmp.errs = NMIXED + 1 },
	{ "a start frame", .cmp.start_frame = 1 },
	{ "copied packets", .cmp.flags = P2PVHCI_CMP_COPIED },
};

#define NCASES	(sizeof(cases) / sizeof(cases[0]))

static int violate(struct ringdev *d, unsigned int i)
{
	struct p2pvhci_iso *packets = (void *)(d->rw + d->setup.off_in);
	struct p2pvhci_cmp cmp = cases[i].cmp;
	int rc;

	memset(packets, 0, NMIXED * sizeof(*packets));
	packets[1] = cases[i].second;
	cmp.token = iso->kept[0].token;
	pthread_mutex_lock(&d->lock);
	ringdev_push(d, &cmp);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static void check_case(unsigned int i)
{
	struct ringdev d = { .features = P2PVHCI_F_ALL };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH), rc, j;
	struct usbdevfs_urb *u, *done = NULL;

	iso->holding = 1;
	u = ringdev_iso_prepare(0, RINGDEV_ISO_IN, NMIXED, RINGDEV_ISO_PKT);
	ringdev_submit(usb, u);
	ringdev_iso_wait(1);
	rc = violate(&d, i);
	for (j = 0; j < 200 && ioctl(usb, USBDEVFS_REAPURBNDELAY, &done); j++)
		usleep(10000);
	ktap_ok(rc == -ESHUTDOWN && done == u && u->status == -ESHUTDOWN,
		"%s: %d, URB %d", cases[i].what, rc, u->status);
	iso->holding = 0;
	ringdev_pull_usbfs(&d, usb);
}

static int submit(int usb, uint8_t ep, unsigned int npkt, unsigned int len)
{
	return ringdev_submit(usb, ringdev_iso_prepare(0, ep, npkt, len));
}

static void check_refused(void)
{
	struct ringdev d = { .area = P2PVHCI_AREA_MIN };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH), rc;

	rc = submit(usb, RINGDEV_ISO_IN, RINGDEV_ISO_NPKT, RINGDEV_ISO_PKT);
	ktap_ok(rc == -EINVAL && ringdev_iso_rate(&d, d.epoch, 0) == -EINVAL,
		"without the feature: %d", rc);
	ringdev_pull_usbfs(&d, usb);
	d.features = P2PVHCI_F_ALL;
	usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	rc = submit(usb, RINGDEV_ISO_IN, 33, RINGDEV_ISO_LONG);
	ktap_ok(rc == -EMSGSIZE, "IN of more than half the area: %d", rc);
	rc = submit(usb, RINGDEV_ISO_OUT, 32, RINGDEV_ISO_LONG);
	ktap_ok(rc == -EMSGSIZE, "OUT, with its packets: %d", rc);
	rc = submit(usb, RINGDEV_ISO_IN, 32, RINGDEV_ISO_LONG);
	ktap_ok(!rc && ringdev_reap(usb, 1000), "half of it: %d", rc);
	ringdev_pull_usbfs(&d, usb);
}

int main(void)
{
	unsigned int i;

	ktap_plan(5 + NCASES);
	check_packets();
	for (i = 0; i < NCASES; i++)
		check_case(i);
	check_refused();
	return ktap_end();
}
