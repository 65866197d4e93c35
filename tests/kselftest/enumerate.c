// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices of every speed are enumerated by usbcore, and what it asks of them
 * follows the rules of the ring.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

static const struct {
	uint8_t speed;
	int usbfs;
	const char *name;
} speeds[] = {
	{ P2PVHCI_SPEED_LOW, USB_SPEED_LOW, "low" },
	{ P2PVHCI_SPEED_FULL, USB_SPEED_FULL, "full" },
	{ P2PVHCI_SPEED_HIGH, USB_SPEED_HIGH, "high" },
	{ P2PVHCI_SPEED_SUPER, USB_SPEED_SUPER, "super" },
	{ P2PVHCI_SPEED_SUPER_PLUS, USB_SPEED_SUPER_PLUS, "super plus" },
};

#define NSPEEDS	(sizeof(speeds) / sizeof(speeds[0]))

static uint64_t last_seq[256];
static unsigned int bad_names;
static int configured;

/* Names count up by one per endpoint, and SET_ADDRESS never arrives. */
static enum ringdev_verdict watch(struct ringdev *d,
				  const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT && req->op != P2PVHCI_OP_RESET)
		return RINGDEV_PASS;
	if (req->seq != ++last_seq[req->ep] ||
	    (d->port && (req->port != d->port || req->epoch != d->epoch)))
		bad_names++;
	if (req->op == P2PVHCI_OP_SUBMIT && !req->ep &&
	    req->setup[0] == USB_DIR_OUT) {
		if (req->setup[1] == USB_REQ_SET_ADDRESS)
			bad_names++;
		if (req->setup[1] == USB_REQ_SET_CONFIGURATION)
			configured++;
	}
	return RINGDEV_PASS;
}

static void plug(struct ringdev *d, uint8_t speed)
{
	int rc;

	memset(last_seq, 0, sizeof(last_seq));
	memset(d->seen, 0, sizeof(d->seen));
	bad_names = 0;
	configured = 0;
	d->port = 0;
	rc = ringdev_plug(d, speed);
	if (rc)
		ktap_abort("no queue or no port: %s", strerror(-rc));
}

static void check_speed(unsigned int i)
{
	struct ringdev d = { .hook = watch };
	int usb, speed = -1;

	plug(&d, speeds[i].speed);
	usb = ringdev_usbfs(10000);
	if (usb >= 0)
		speed = ioctl(usb, USBDEVFS_GET_SPEED);
	ktap_ok(speed == speeds[i].usbfs && !bad_names && configured == 1 &&
		!d.seen[P2PVHCI_OP_RESET],
		"%s speed: usbfs %d, speed %d, %u bad names, %u resets",
		speeds[i].name, usb, speed, bad_names,
		d.seen[P2PVHCI_OP_RESET]);
	if (usb >= 0)
		close(usb);
	ringdev_pull(&d);
	ktap_ok(!ringdev_gone(3000), "%s speed: gone with its queue",
		speeds[i].name);
}

static void check_reset(void)
{
	struct ringdev d = { .hook = watch };
	unsigned int one = 1;
	int usb, rc;

	plug(&d, P2PVHCI_SPEED_HIGH);
	usb = ringdev_usbfs(10000);
	rc = ioctl(usb, USBDEVFS_RESET);
	ktap_ok(!rc && d.seen[P2PVHCI_OP_RESET] == 1 && !bad_names,
		"a reset reaches the device once: %u times, %u bad names",
		d.seen[P2PVHCI_OP_RESET], bad_names);
	rc = ioctl(usb, USBDEVFS_RESET);
	ktap_ok(!rc && d.seen[P2PVHCI_OP_RESET] == 2,
		"and so does the next one: %u times", d.seen[P2PVHCI_OP_RESET]);
	rc = ioctl(usb, USBDEVFS_SETINTERFACE,
		   &(struct usbdevfs_setinterface){ 0, one });
	ktap_ok(!rc, "alternate setting: %d", rc);
	rc = ioctl(usb, USBDEVFS_SETINTERFACE,
		   &(struct usbdevfs_setinterface){ 0, one });
	rc |= ringdev_bulk(usb, RINGDEV_BULK_OUT, "x", 1, 1000) != 1;
	ktap_ok(!rc, "the same setting again keeps its endpoints");
	close(usb);
	ringdev_pull(&d);
	ringdev_gone(3000);
}

static enum ringdev_verdict fail_reset(struct ringdev *d,
				       const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_RESET)
		return RINGDEV_PASS;
	ringdev_complete(d, req, P2PVHCI_ST_PROTO, NULL, 0);
	return RINGDEV_TAKEN;
}

static void check_failed_reset(void)
{
	struct ringdev d = { .hook = fail_reset };
	int usb, rc;

	plug(&d, P2PVHCI_SPEED_HIGH);
	usb = ringdev_usbfs(10000);
	rc = ioctl(usb, USBDEVFS_RESET);
	ktap_ok(rc && !ringdev_gone(3000) && d.seen[P2PVHCI_OP_UNBOUND] == 1,
		"a reset that fails unplugs the device: %d, %u UNBOUND", rc,
		d.seen[P2PVHCI_OP_UNBOUND]);
	close(usb);
	ringdev_pull(&d);
}

static void check_rebind(void)
{
	struct ringdev d = { .hook = watch };
	uint32_t epoch, port;
	int rc;

	plug(&d, P2PVHCI_SPEED_HIGH);
	close(ringdev_usbfs(10000));
	epoch = d.epoch;
	port = d.port;
	rc = ringdev_unbind(&d);
	ktap_ok(!rc && !ringdev_gone(3000), "unbind: %d", rc);
	ktap_ok(ringdev_unbind(&d) == -ENOENT, "twice is refused");
	memset(last_seq, 0, sizeof(last_seq));
	d.port = 0;
	rc = ringdev_bind(&d, P2PVHCI_SPEED_HIGH, 0);
	ktap_ok(!rc && (d.port != port || d.epoch == epoch + 1),
		"bind again: %d, port %u epoch %u after port %u epoch %u", rc,
		d.port, d.epoch, port, epoch);
	rc = ringdev_usbfs(10000);
	ktap_ok(rc >= 0 && !bad_names, "it is there again: %d, %u bad names",
		rc, bad_names);
	close(rc);
	ringdev_pull(&d);
	ringdev_gone(3000);
}

int main(void)
{
	unsigned int i;

	ktap_plan(2 * NSPEEDS + 4 + 1 + 4);
	for (i = 0; i < NSPEEDS; i++)
		check_speed(i);
	check_reset();
	check_failed_reset();
	check_rebind();
	return ktap_end();
}
