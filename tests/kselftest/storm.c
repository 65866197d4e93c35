// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * storm [seconds] - a driver that submits and cancels at random, against an
 * agent that completes out of order, late, wrongly, or dies.
 *
 * It judges by what the kernel's log says afterwards, and by whether a well
 * behaved device still works.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

#define NURBS	48
#define NKEPT	64
#define LEN	2000

static uint8_t data[NURBS][LEN], junk[LEN];
static struct usbdevfs_urb urbs[NURBS];
static int busy[NURBS];
static struct p2pvhci_req kept[NKEPT];
static unsigned int nkept, wrong_per_mille, deaths, cancelled, completed;
static unsigned int agent_seed = 1, driver_seed = 2;

static unsigned int dice(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

/* Change one field of a completion into something random. */
static void spoil(struct p2pvhci_cmp *cmp)
{
	unsigned int *seed = &agent_seed;
	uint8_t *p = (uint8_t *)cmp;

	p[dice(seed, sizeof(*cmp) - 4)] ^= 1 + dice(seed, 255);
}

static void complete_kept(struct ringdev *d, unsigned int i)
{
	struct p2pvhci_cmp cmp = { .token = kept[i].token };
	unsigned int *seed = &agent_seed;

	cmp.status = dice(seed, 4) ? P2PVHCI_ST_OK : dice(seed, P2PVHCI_ST_MAX);
	cmp.actual = dice(seed, kept[i].len + 1);
	if (kept[i].ep & USB_DIR_IN && cmp.actual)
		cmp.in_off = dice(seed, d->setup.in_bytes - cmp.actual);
	if (dice(seed, 1000) < wrong_per_mille)
		spoil(&cmp);
	kept[i] = kept[--nkept];
	ringdev_push(d, &cmp);
	completed++;
}

/* Mostly answered; a silent agent makes each cancel take its full time. */
static void cancel_kept(struct ringdev *d, uint64_t token)
{
	unsigned int i;

	if (!dice(&agent_seed, 1000))
		return;
	for (i = 0; i < nkept; i++)
		if (kept[i].token == token) {
			complete_kept(d, i);
			return;
		}
}

static enum ringdev_verdict storm_hook(struct ringdev *d,
				       const struct p2pvhci_req *req)
{
	unsigned int *seed = &agent_seed;

	if (req->op == P2PVHCI_OP_CANCEL) {
		cancel_kept(d, req->token);
		return RINGDEV_TAKEN;
	}
	if (req->op != P2PVHCI_OP_SUBMIT || !req->ep)
		return RINGDEV_PASS;
	kept[nkept++] = *req;
	while (nkept > 30 || (nkept && !dice(seed, 2)))
		complete_kept(d, dice(seed, nkept));
	if (wrong_per_mille && !dice(seed, 500))
		((struct p2pvhci_uctl *)d->rw)->rq_head += dice(seed, 3) - 1;
	return RINGDEV_TAKEN;
}

static void submit_some(int usb)
{
	unsigned int *seed = &driver_seed, i = dice(seed, NURBS);

	if (busy[i])
		return;
	memset(&urbs[i], 0, sizeof(urbs[i]));
	urbs[i].type = USBDEVFS_URB_TYPE_BULK;
	urbs[i].endpoint = dice(seed, 2) ? RINGDEV_BULK_IN : RINGDEV_BULK_OUT;
	urbs[i].buffer = data[i];
	urbs[i].buffer_length = dice(seed, LEN);
	busy[i] = !ringdev_submit(usb, &urbs[i]);
}

static void cancel_some(int usb)
{
	unsigned int *seed = &driver_seed, i = dice(seed, NURBS);

	if (!busy[i] || dice(seed, 4))
		return;
	cancelled += !ioctl(usb, USBDEVFS_DISCARDURB, &urbs[i]);
}

/* Until the device is gone or the time is over. */
static void drive(int usb, long end)
{
	struct usbdevfs_urb *done;
	int rc = 0;

	while (ringdev_now_ms() < end) {
		submit_some(usb);
		cancel_some(usb);
		while (!(rc = ioctl(usb, USBDEVFS_REAPURBNDELAY, &done)))
			busy[done - urbs] = 0;
		if (errno == ENODEV)
			return;
	}
}

static int round_of_storm(long end)
{
	struct ringdev d = { .hook = storm_hook, .tags = 48, .area = 1 << 17 };
	int usb, rc;

	nkept = 0;
	memset(busy, 0, sizeof(busy));
	rc = ringdev_plug(&d, P2PVHCI_SPEED_HIGH);
	if (rc)
		return rc;
	usb = ringdev_usbfs(5000);
	if (usb >= 0) {
		drive(usb, end);
		close(usb);
	}
	deaths++;
	ringdev_pull(&d);
	return ringdev_gone(8000);
}

static int is_well(void)
{
	struct ringdev d = { 0 };
	int usb, rc;

	if (ringdev_plug(&d, P2PVHCI_SPEED_HIGH))
		return 0;
	usb = ringdev_usbfs(10000);
	rc = ringdev_bulk(usb, RINGDEV_BULK_OUT, junk, 100, 2000);
	close(usb);
	ringdev_pull(&d);
	ringdev_gone(5000);
	return rc == 100;
}

static void check_storm(unsigned int wrong, long ms)
{
	long end = ringdev_now_ms() + ms;
	int rc = 0;

	wrong_per_mille = wrong;
	deaths = 0;
	cancelled = 0;
	completed = 0;
	while (!rc && ringdev_now_ms() < end)
		rc = round_of_storm(end);
	ktap_ok(!rc && completed > 100, "%u in 1000 wrong: %u completed, %u cancelled, %u devices: %d",
		wrong, completed, cancelled, deaths, rc);
	ktap_ok(is_well(), "and a well behaved device works");
}

int main(int argc, char **argv)
{
	long ms = argc > 1 ? atol(argv[1]) * 1000 : 10000;

	ktap_plan(4);
	check_storm(0, ms);
	check_storm(2, ms);
	return ktap_end();
}
