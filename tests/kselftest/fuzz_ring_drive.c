// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver of a hostile agent's device: keeps URBs in flight, takes some
 * back, kills the agent at times, and counts that every URB comes back.
 *
 * What an URB brought is of no interest, but for lengths that cannot be.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "fuzz_ring.h"

#define NURBS	64
#define NISO	8	/* of them; they take their time */
#define NPKT	16
#define LEN	4096
#define LONG	(40 << 10)

struct urb {
	/* Its packets follow it. */
	struct usbdevfs_urb u;
	struct usbdevfs_iso_packet_desc packets[NPKT];
	int busy;
	uint8_t data[LONG];
};

struct driver {
	struct fuzz_dice dice;
	pid_t agent;
	int usb;
	int has_iso;
	unsigned int busy;
	struct urb urbs[NURBS];
};

/* URBs ---------------------------------------------------------------------- */

static void fill_iso(struct driver *r, struct urb *urb)
{
	int i;

	urb->u.type = USBDEVFS_URB_TYPE_ISO;
	urb->u.flags = USBDEVFS_URB_ISO_ASAP;
	urb->u.endpoint = fuzz_one_in(&r->dice, 2) ? RINGDEV_ISO_IN :
						     RINGDEV_ISO_OUT;
	urb->u.number_of_packets = 1 + fuzz_below(&r->dice, NPKT);
	urb->u.buffer_length = 0;
	for (i = 0; i < urb->u.number_of_packets; i++) {
		urb->packets[i].length = fuzz_below(&r->dice, 97);
		urb->u.buffer_length += urb->packets[i].length;
	}
}

static void fill_control(struct driver *r, struct urb *urb)
{
	struct usb_ctrlrequest *setup = (void *)urb->data;
	uint16_t len = fuzz_below(&r->dice, 512);

	urb->u.type = USBDEVFS_URB_TYPE_CONTROL;
	urb->u.endpoint = 0;
	setup->bRequestType = USB_TYPE_VENDOR | (fuzz_one_in(&r->dice, 2) ?
						 USB_DIR_IN : 0);
	setup->bRequest = 1 + fuzz_below(&r->dice, 2);
	setup->wLength = len;
	urb->u.buffer_length = sizeof(*setup) + len;
}

static void fill_bulk(struct driver *r, struct urb *urb)
{
	static const uint8_t eps[] = {
		RINGDEV_BULK_OUT, RINGDEV_BULK_IN, RINGDEV_BULK_IN,
		RINGDEV_INT_IN, RINGDEV_INT_OUT,
	};

	urb->u.endpoint = eps[fuzz_below(&r->dice, 5)];
	urb->u.buffer_length = fuzz_below(&r->dice, 512);
	if (urb->u.endpoint == RINGDEV_INT_IN ||
	    urb->u.endpoint == RINGDEV_INT_OUT) {
		urb->u.type = USBDEVFS_URB_TYPE_INTERRUPT;
		return;
	}
	urb->u.type = USBDEVFS_URB_TYPE_BULK;
	if (fuzz_one_in(&r->dice, 16))
		urb->u.buffer_length = fuzz_below(&r->dice, LEN);
	if (fuzz_one_in(&r->dice, 200))
		urb->u.buffer_length = fuzz_below(&r->dice, LONG);
}

/* 0, or negative when there is no device any more. */
static int submit(struct driver *r, struct urb *urb)
{
	unsigned int i = urb - r->urbs;
	int rc;

	memset(&urb->u, 0, sizeof(urb->u));
	urb->u.buffer = urb->data;
	if (i < NISO) {
		if (!r->has_iso)
			return 0;
		fill_iso(r, urb);
	} else if (fuzz_one_in(&r->dice, 8)) {
		fill_control(r, urb);
	} else {
		fill_bulk(r, urb);
	}
	rc = ringdev_submit(r->usb, &urb->u);
	if (!rc) {
		urb->busy = 1;
		r->busy++;
		fuzz_board->urbs++;
	}
	return rc == -ENODEV || rc == -ESHUTDOWN ? rc : 0;
}

static int fill_up(struct driver *r)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < NURBS && !rc; i++)
		if (!r->urbs[i].busy)
			rc = submit(r, &r->urbs[i]);
	return rc;
}

static void take_back(struct driver *r, struct usbdevfs_urb *u)
{
	struct urb *urb = (struct urb *)u;

	if (!urb->busy)
		fuzz_wrong("an URB came back twice");
	if (u->actual_length < 0 || u->actual_length > u->buffer_length)
		fuzz_wrong("an URB of %d has %d bytes, status %d",
			   u->buffer_length, u->actual_length, u->status);
	urb->busy = 0;
	r->busy--;
	fuzz_board->back++;
}

/* How many. */
static unsigned int reap(struct driver *r)
{
	struct usbdevfs_urb *urb;
	unsigned int n = 0;

	while (r->busy && !ioctl(r->usb, USBDEVFS_REAPURBNDELAY, &urb)) {
		take_back(r, urb);
		n++;
	}
	return n;
}

/* The kernel waits until it has it back. */
static void discard(struct driver *r)
{
	struct urb *urb = &r->urbs[fuzz_below(&r->dice, NURBS)];
	long start = ringdev_now_ms();

	if (!urb->busy || ioctl(r->usb, USBDEVFS_DISCARDURB, &urb->u))
		return;
	fuzz_board->discards++;
	if (ringdev_now_ms() - start > fuzz_board->limit_ms)
		fuzz_wrong("an URB was taken back in %ld ms",
			   ringdev_now_ms() - start);
}

/* Rounds -------------------------------------------------------------------- */

static int is_alive(struct driver *r)
{
	/* Once waited for, its number may be anybody's. */
	if (r->agent && waitpid(r->agent, NULL, WNOHANG))
		r->agent = 0;
	return r->agent != 0;
}

/* Until device or agent are gone, or its time is over. */
static void drive(struct driver *r, long ms)
{
	long end = ringdev_now_ms() + ms;

	while (ringdev_now_ms() < end) {
		if (fill_up(r))
			return;
		if (fuzz_one_in(&r->dice, 32))
			discard(r);
		if (!reap(r))
			usleep(500);
	}
}

static void kill_agent(struct driver *r)
{
	if (!r->agent)
		return;
	kill(r->agent, SIGKILL);
	waitpid(r->agent, NULL, 0);
	r->agent = 0;
	fuzz_board->kills++;
}

static void wait_for_all(struct driver *r)
{
	long start = ringdev_now_ms(), took = 0;

	while (r->busy && took < fuzz_board->limit_ms) {
		if (!reap(r))
			usleep(2000);
		took = ringdev_now_ms() - start;
	}
	if (r->busy)
		fuzz_wrong("%u URBs are not back after %ld ms", r->busy, took);
	if (took > fuzz_board->longest_ms)
		fuzz_board->longest_ms = took;
}

static int find_device(struct driver *r, uint16_t product)
{
	int n;

	r->usb = -ENODEV;
	for (n = 0; n < 30 && r->usb < 0 && is_alive(r); n++)
		r->usb = ringdev_usbfs_of(product, 100);
	return r->usb;
}

static void run_round(struct driver *r, uint64_t seed, uint16_t product,
		      uint32_t turn)
{
	r->dice.state = fuzz_mix(seed, 1);
	r->agent = fork();
	if (!r->agent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fuzz_ring_agent(fuzz_mix(seed, 2), product, turn);
	}
	if (find_device(r, product) >= 0) {
		r->has_iso = !ringdev_setting(r->usb, 1, 1);
		drive(r, 100 + fuzz_below(&r->dice, 6000));
	}
	/* A queue that is dead gives back though its agent lives. */
	if (fuzz_one_in(&r->dice, 2))
		kill_agent(r);
	if (r->usb >= 0) {
		if (r->agent)
			drive(r, 200);
		if (r->agent && fill_up(r) != -ENODEV)
			kill_agent(r);
		wait_for_all(r);
		close(r->usb);
	}
	kill_agent(r);
}

void fuzz_ring_drive(unsigned int worker)
{
	uint64_t seed = fuzz_mix(fuzz_board->seed, 100 + worker), round;
	static struct driver r;

	for (round = 0; !fuzz_board->stop; round++)
		/* The device of the last one may still be there. */
		run_round(&r, fuzz_mix(seed, round),
			  FUZZ_PRODUCT * (1 + worker) + round % FUZZ_PRODUCT,
			  FUZZ_WORKERS * round + worker);
	_exit(r.busy ? 1 : 0);
}
