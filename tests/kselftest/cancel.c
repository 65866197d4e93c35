// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * URBs that are wanted back: the true result when the agent gives one, a bound
 * on the wait when it does not, and what may still happen to the token.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

#define LIMIT_MS	2000

static uint8_t data[4096];
static struct p2pvhci_req kept[64];
static volatile unsigned int nkept, ncancels;
static volatile int silent_ep = -1;

/* Keep what is submitted to one endpoint and ignore what is cancelled there. */
static enum ringdev_verdict silent_hook(struct ringdev *d,
					const struct p2pvhci_req *req)
{
	(void)d;
	if (req->ep != silent_ep)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_CANCEL)
		ncancels++;
	else if (req->op == P2PVHCI_OP_SUBMIT)
		kept[nkept++ % 64] = *req;
	return RINGDEV_TAKEN;
}

/* Complete with 100 bytes when wanted back. */
static enum ringdev_verdict partial_hook(struct ringdev *d,
					 const struct p2pvhci_req *req)
{
	unsigned int i;

	if (req->ep != RINGDEV_BULK_IN)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_SUBMIT) {
		kept[nkept++ % 64] = *req;
		return RINGDEV_TAKEN;
	}
	for (i = 0; i < nkept; i++)
		if (kept[i].token == req->token)
			ringdev_complete(d, &kept[i], P2PVHCI_ST_CANCELLED,
					 data, 100);
	return RINGDEV_TAKEN;
}

static int plug(struct ringdev *d)
{
	int usb = ringdev_plug_usbfs(d, P2PVHCI_SPEED_HIGH);

	nkept = 0;
	ncancels = 0;
	return usb;
}

static void wait_kept(unsigned int n)
{
	int i;

	for (i = 0; i < 200 && nkept < n; i++)
		usleep(10000);
}

static void prepare(struct usbdevfs_urb *urb, uint8_t ep, void *buf,
		    unsigned int len)
{
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = ep;
	urb->buffer = buf;
	urb->buffer_length = len;
}

/* Milliseconds that DISCARDURB, which is usb_kill_urb(), takes. */
static long discard(int usb, struct usbdevfs_urb *urb)
{
	long t = ringdev_now_ms();

	if (ioctl(usb, USBDEVFS_DISCARDURB, urb))
		return -errno;
	return ringdev_now_ms() - t;
}

static void check_partial(void)
{
	struct ringdev d = { .hook = partial_hook };
	int usb = plug(&d);
	struct usbdevfs_urb urb, *done;
	uint8_t buf[512] = { 0 };
	long ms;

	ringdev_fill(data, sizeof(data), 5);
	prepare(&urb, RINGDEV_BULK_IN, buf, sizeof(buf));
	ringdev_submit(usb, &urb);
	wait_kept(1);
	ms = discard(usb, &urb);
	ktap_ok(ms >= 0 && ms < 500, "an agent that answers: %ld ms", ms);
	done = ringdev_reap(usb, 1000);
	ktap_ok(done && urb.status == -ENOENT && urb.actual_length == 100 &&
		!memcmp(buf, data, 100),
		"what had arrived survives: status %d, actual %d", urb.status,
		urb.actual_length);
	ringdev_pull_usbfs(&d, usb);
}

static void check_interrupt(void)
{
	struct ringdev d = { 0 };
	int usb = plug(&d);
	struct usbdevfs_urb urb;
	long ms, worst = 0;
	int i;

	for (i = 0; i < 100; i++) {
		prepare(&urb, RINGDEV_INT_IN, data, 64);
		urb.type = USBDEVFS_URB_TYPE_INTERRUPT;
		if (ringdev_submit(usb, &urb))
			break;
		ms = discard(usb, &urb);
		if (ms < 0 || !ringdev_reap(usb, 1000) ||
		    urb.status != -ENOENT)
			break;
		worst = ms > worst ? ms : worst;
	}
	ktap_ok(i == 100 && worst < 500,
		"submit and cancel %d times, at worst %ld ms", i, worst);
	ringdev_pull_usbfs(&d, usb);
}

/* The agent says nothing, then answers late: legal, and without effect. */
static void check_silent(void)
{
	struct ringdev d = { .hook = silent_hook };
	struct usbdevfs_urb urb, second, *done;
	uint8_t buf[512];
	int usb, rc;
	long ms;

	silent_ep = RINGDEV_BULK_IN;
	usb = plug(&d);
	memset(buf, 0x55, sizeof(buf));
	prepare(&urb, RINGDEV_BULK_IN, buf, sizeof(buf));
	prepare(&second, RINGDEV_BULK_IN, data, 64);
	ringdev_submit(usb, &urb);
	ringdev_submit(usb, &second);
	wait_kept(2);
	ms = discard(usb, &urb);
	ktap_ok(ms > 500 && ms < LIMIT_MS && ncancels == 1,
		"a silent agent: %ld ms, %u CANCEL", ms, ncancels);
	done = ringdev_reap(usb, 1000);
	ktap_ok(done == &urb && urb.status == -ENOENT && !urb.actual_length,
		"given back: status %d", urb.status);

	memset(data, 0xaa, sizeof(data));
	pthread_mutex_lock(&d.lock);
	ringdev_complete(&d, &kept[0], P2PVHCI_ST_OK, data, 512);
	rc = ringdev_enter(&d);
	pthread_mutex_unlock(&d.lock);
	ktap_ok(!rc && buf[0] == 0x55, "the late answer: %d, buffer %s", rc,
		buf[0] == 0x55 ? "untouched" : "WRITTEN");

	pthread_mutex_lock(&d.lock);
	ringdev_complete(&d, &kept[1], P2PVHCI_ST_OK, "next", 4);
	rc = ringdev_enter(&d);
	pthread_mutex_unlock(&d.lock);
	ktap_ok(!rc && ringdev_reap(usb, 1000) == &second && !second.status &&
		!memcmp(data, "next", 4), "the URB behind it is well: %d", rc);

	/* Twice is not legal: the token is settled. */
	pthread_mutex_lock(&d.lock);
	ringdev_complete(&d, &kept[0], P2PVHCI_ST_OK, NULL, 0);
	rc = ringdev_enter(&d);
	pthread_mutex_unlock(&d.lock);
	ktap_ok(rc == -ESHUTDOWN, "a second late answer kills: %d", rc);
	ringdev_pull_usbfs(&d, usb);
}

/* Many URBs, all silent, and the file is closed: usbfs kills them in turn. */
static void check_unpublished(void)
{
	struct ringdev d = { .hook = silent_hook, .tags = P2PVHCI_TAGS_MIN };
	struct usbdevfs_urb urbs[32];
	unsigned int i;
	int usb;
	long ms;

	silent_ep = RINGDEV_BULK_OUT;
	usb = plug(&d);
	for (i = 0; i < 32; i++) {
		prepare(&urbs[i], RINGDEV_BULK_OUT, data, 64);
		ringdev_submit(usb, &urbs[i]);
	}
	wait_kept(7);
	ms = discard(usb, &urbs[31]);
	ktap_ok(nkept == 7 && ms >= 0 && ms < 200 && ringdev_reap(usb, 500) ==
		&urbs[31], "%u of 32 published; the last comes back in %ld ms",
		nkept, ms);
	ringdev_pull_usbfs(&d, usb);
}

static void check_unplug_while_silent(void)
{
	struct ringdev d = { .hook = silent_hook };
	struct usbdevfs_urb urbs[16], *done;
	unsigned int i, back = 0;
	long t;
	int usb;

	silent_ep = RINGDEV_BULK_OUT;
	usb = plug(&d);
	for (i = 0; i < 16; i++) {
		prepare(&urbs[i], RINGDEV_BULK_OUT, data, 64);
		ringdev_submit(usb, &urbs[i]);
	}
	wait_kept(16);
	t = ringdev_now_ms();
	ringdev_unbind(&d);
	while (back < 16 && !ioctl(usb, USBDEVFS_REAPURBNDELAY, &done) &&
	       done->status == -ESHUTDOWN)
		back++;
	ktap_ok(back == 16 && ringdev_now_ms() - t < 500,
		"unplug gives %u of 16 back at once, %ld ms", back,
		ringdev_now_ms() - t);
	close(usb);
	pthread_mutex_lock(&d.lock);
	for (i = 0; i < 16; i++)
		ringdev_complete(&d, &kept[i], P2PVHCI_ST_NODEV, NULL, 0);
	ktap_ok(!ringdev_enter(&d), "their void tokens may be completed");
	pthread_mutex_unlock(&d.lock);
	ringdev_gone(3000);
	ringdev_pull(&d);
}

/* A device that never answers: five seconds, no second try. */
static void check_silent_enumeration(void)
{
	struct ringdev d = { .hook = silent_hook };
	long t = ringdev_now_ms();
	int rc, i;

	silent_ep = 0;
	rc = ringdev_plug(&d, P2PVHCI_SPEED_HIGH);
	nkept = 0;
	for (i = 0; i < 1000 && !d.seen[P2PVHCI_OP_UNBOUND]; i++)
		usleep(10000);
	t = ringdev_now_ms() - t;
	ktap_ok(!rc && d.seen[P2PVHCI_OP_UNBOUND] == 1 && t < 7000 &&
		nkept == 1, "silent enumeration: given up after %ld ms, %u requests",
		t, nkept);
	ringdev_pull(&d);
}

/* A second device of a queue that never has room to ask it. */
static void check_starved_enumeration(void)
{
	struct ringdev d = { .hook = silent_hook, .tags = P2PVHCI_TAGS_MIN };
	struct usbdevfs_urb urbs[7];
	int usb, rc, i;
	long t;

	silent_ep = RINGDEV_BULK_OUT;
	usb = plug(&d);
	for (i = 0; i < 7; i++) {
		prepare(&urbs[i], RINGDEV_BULK_OUT, data, 64);
		ringdev_submit(usb, &urbs[i]);
	}
	wait_kept(7);
	t = ringdev_now_ms();
	rc = ringdev_bind(&d, P2PVHCI_SPEED_HIGH, 0);
	for (i = 0; i < 1500 && !d.seen[P2PVHCI_OP_UNBOUND]; i++)
		usleep(10000);
	t = ringdev_now_ms() - t;
	ktap_ok(!rc && nkept == 7 && d.seen[P2PVHCI_OP_UNBOUND] == 1 &&
		t < 7000, "starved enumeration: given up after %ld ms", t);
	ringdev_pull_usbfs(&d, usb);
}

/* Answers the reset and nothing of what follows. */
static enum ringdev_verdict reset_hook(struct ringdev *d,
				       const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_RESET)
		return silent_hook(d, req);
	silent_ep = 0;
	return RINGDEV_PASS;
}

static void check_silent_after_reset(void)
{
	struct ringdev d = { .hook = reset_hook };
	int usb, rc;
	long t;

	silent_ep = -1;
	usb = plug(&d);
	t = ringdev_now_ms();
	rc = ioctl(usb, USBDEVFS_RESET);
	t = ringdev_now_ms() - t;
	ktap_ok(rc < 0 && d.seen[P2PVHCI_OP_RESET] == 1 && t < 7000,
		"silent after a reset: given up after %ld ms, %u requests", t,
		nkept);
	ringdev_pull_usbfs(&d, usb);
}

int main(void)
{
	ktap_plan(14);
	check_partial();
	check_interrupt();
	check_silent();
	check_unpublished();
	check_unplug_while_silent();
	check_silent_enumeration();
	check_starved_enumeration();
	check_silent_after_reset();
	return ktap_end();
}
