// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bulk streams: what is asked of the agent, which numbers are good, and order
 * within a stream but not between them.
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

#define NSTREAMS	4
#define EACH		4
#define NURBS		(NSTREAMS * EACH)
#define LEN		512

static const uint8_t eps[] = { RINGDEV_BULK_OUT, RINGDEV_BULK_IN };
static struct usbdevfs_urb urbs[NURBS];
static uint8_t data[NURBS][LEN];
static struct p2pvhci_req kept[NURBS], called;
static volatile unsigned int nkept;
static uint8_t called_eps[4];
static uint8_t alloc_status;
static uint32_t alloc_granted;
static int silent;

static void cancel(struct ringdev *d, uint64_t token)
{
	unsigned int i;

	for (i = 0; i < NURBS; i++)
		if (kept[i].token == token)
			ringdev_complete(d, &kept[i], P2PVHCI_ST_CANCELLED,
					 NULL, 0);
}

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	if (req->op == P2PVHCI_OP_STREAMS_ALLOC ||
	    req->op == P2PVHCI_OP_STREAMS_FREE) {
		called = *req;
		if (req->len <= sizeof(called_eps))
			memcpy(called_eps, ringdev_out(d, req), req->len);
		if (req->op == P2PVHCI_OP_STREAMS_FREE)
			return RINGDEV_PASS;
		if (!silent)
			ringdev_complete(d, req, alloc_status, NULL,
					 alloc_granted);
		return RINGDEV_TAKEN;
	}
	if (req->ep != RINGDEV_BULK_IN)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_SUBMIT)
		kept[nkept++ % NURBS] = *req;
	else if (req->op == P2PVHCI_OP_CANCEL)
		cancel(d, req->token);
	return RINGDEV_TAKEN;
}

static int plug(struct ringdev *d)
{
	int usb = ringdev_plug_usbfs(d, P2PVHCI_SPEED_SUPER);

	nkept = 0;
	return usb;
}

static int alloc(int usb, unsigned int n, uint8_t status, uint32_t granted)
{
	alloc_status = status;
	alloc_granted = granted;
	memset(&called, 0, sizeof(called));
	return ringdev_alloc_streams(usb, n, eps, sizeof(eps));
}

static int submit(int usb, unsigned int i, unsigned int stream)
{
	memset(&urbs[i], 0, sizeof(urbs[i]));
	urbs[i].type = USBDEVFS_URB_TYPE_BULK;
	urbs[i].endpoint = RINGDEV_BULK_IN;
	urbs[i].buffer = data[i];
	urbs[i].buffer_length = LEN;
	urbs[i].stream_id = stream;
	return ringdev_submit(usb, &urbs[i]);
}

/* The stream of a request whose URB names stream 1; usbfs drops what is 0. */
static int stream_seen(int usb)
{
	unsigned int i;

	nkept = 0;
	if (submit(usb, 0, 1))
		return -errno;
	for (i = 0; i < 300 && !nkept; i++)
		usleep(10000);
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[0]);
	ringdev_reap(usb, 3000);
	return nkept ? kept[0].stream : -ETIMEDOUT;
}

/* URB number i is the (i / NSTREAMS)th of stream i % NSTREAMS + 1. */
static void submit_all(int usb)
{
	unsigned int i;
	int rc;

	nkept = 0;
	for (i = 0; i < NURBS; i++) {
		rc = submit(usb, i, i % NSTREAMS + 1);
		if (rc)
			ktap_abort("URB %u: %d", i, rc);
	}
	for (i = 0; i < 300 && nkept < NURBS; i++)
		usleep(10000);
}

static void complete_kept(struct ringdev *d, unsigned int i)
{
	uint8_t bytes[LEN];

	ringdev_fill(bytes, sizeof(bytes), i);
	pthread_mutex_lock(&d->lock);
	ringdev_complete(d, &kept[i], P2PVHCI_ST_OK, bytes, sizeof(bytes));
	ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
}

/* Asking -------------------------------------------------------------------- */

static void check_alloc(int usb)
{
	int rc;

	rc = alloc(usb, 8, P2PVHCI_ST_NOSPC, 0);
	ktap_ok(rc == -ENOSPC, "the server has none: %d", rc);
	rc = stream_seen(usb);
	ktap_ok(!rc, "and no URB has one: %d", rc);
	rc = alloc(usb, 8, P2PVHCI_ST_OK, 0);
	ktap_ok(rc == -ENOSPC, "none granted: %d", rc);
	rc = alloc(usb, 1000, P2PVHCI_ST_OK, NSTREAMS);
	ktap_ok(rc == NSTREAMS && called.arg == 16 && called.ep == 0 &&
		called.len == 2 && called_eps[0] == RINGDEV_BULK_OUT &&
		called_eps[1] == RINGDEV_BULK_IN,
		"1000 wanted, %llu asked for as the endpoints have them, %d granted",
		(unsigned long long)called.arg, rc);
}

static void check_numbers(int usb)
{
	int none, above, far;

	none = submit(usb, 0, 0);
	above = submit(usb, 0, NSTREAMS + 1);
	far = submit(usb, 0, 0xffff);
	ktap_ok(none == -EINVAL && above == -EINVAL && far == -EINVAL,
		"numbers that do not exist: none %d, one above %d, 65535 %d",
		none, above, far);
}

/* Order --------------------------------------------------------------------- */

static void check_requests(void)
{
	unsigned int i, bad = 0;

	for (i = 0; i < NURBS; i++)
		bad += kept[i].stream != i % NSTREAMS + 1 ||
		       (i && kept[i].seq != kept[i - 1].seq + 1);
	ktap_ok(nkept == NURBS && !bad,
		"each request names its stream: %u came, %u wrong", nkept,
		bad);
}

/* Completed last to first: streams in that order, each first to last. */
static void check_order(struct ringdev *d, int usb)
{
	unsigned int i, n = 0, bad = 0, row, column;
	struct usbdevfs_urb *done;

	submit_all(usb);
	check_requests();
	for (i = NURBS; i > 0; i--)
		complete_kept(d, i - 1);
	/* All of stream 4 once its first is there, then 3, 2 and 1. */
	for (n = 0; n < NURBS; n++) {
		column = NSTREAMS - 1 - n / EACH;
		row = n % EACH;
		done = ringdev_reap(usb, 2000);
		i = row * NSTREAMS + column;
		bad += done != &urbs[i] || done->status ||
		       done->actual_length != LEN;
	}
	ktap_ok(!bad, "completed last to first: order within each stream, %u wrong",
		bad);
}

static void check_overtake(struct ringdev *d, int usb)
{
	struct usbdevfs_urb *first, *early;

	submit_all(usb);
	complete_kept(d, 2);
	complete_kept(d, 4);
	first = ringdev_reap(usb, 2000);
	early = ringdev_reap(usb, 300);
	ktap_ok(first == &urbs[2] && !early,
		"one stream passes another, but nothing passes its own");
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[1]);
	complete_kept(d, 0);
	ktap_ok(ringdev_reap(usb, 2000) == &urbs[1] &&
		ringdev_reap(usb, 2000) == &urbs[0] &&
		ringdev_reap(usb, 2000) == &urbs[4],
		"one that is cancelled holds nobody up, and order goes on");
}

static void check_unplug(struct ringdev *d, int usb)
{
	struct usbdevfs_urb *done;
	unsigned int i, gone = 0;

	ringdev_unbind(d);
	for (i = 0; i < 200 && gone < NURBS - 4; i++)
		if (!ioctl(usb, USBDEVFS_REAPURBNDELAY, &done))
			gone += done->status == -ESHUTDOWN;
		else
			usleep(10000);
	ktap_ok(gone == NURBS - 4, "unplugged with %u queued: %u back",
		NURBS - 4, gone);
}

/* Giving back --------------------------------------------------------------- */

static void check_free(void)
{
	struct ringdev d = {
		.hook = hook, .features = P2PVHCI_F_STREAMS,
	};
	int usb = plug(&d), rc;
	unsigned int zero = 0;

	alloc(usb, 4, P2PVHCI_ST_OK, 4);
	memset(&called, 0, sizeof(called));
	rc = ringdev_free_streams(usb, eps, sizeof(eps));
	ktap_ok(!rc && called.op == P2PVHCI_OP_STREAMS_FREE && called.len == 2,
		"free: %d, operation %u", rc, called.op);
	rc = stream_seen(usb);
	ktap_ok(!rc, "then there are none again: %d", rc);

	rc = alloc(usb, 4, P2PVHCI_ST_OK, 4);
	ringdev_setting(usb, 0, 1);
	ktap_ok(rc == 4 && !stream_seen(usb),
		"another setting takes them, too: %d", rc);
	rc = alloc(usb, 4, P2PVHCI_ST_OK, 4);
	ioctl(usb, USBDEVFS_RESET, &zero);
	ktap_ok(rc == 4 && !stream_seen(usb),
		"and a reset: %d", rc);
	ringdev_pull_usbfs(&d, usb);
}

static void check_refused(void)
{
	struct ringdev d = { .hook = hook };
	int usb = plug(&d), rc;

	rc = alloc(usb, 4, P2PVHCI_ST_OK, 4);
	ktap_ok(rc == -EOPNOTSUPP && !called.op, "without the feature: %d",
		rc);
	ringdev_pull_usbfs(&d, usb);
}

static void check_silent(void)
{
	struct ringdev d = {
		.hook = hook, .features = P2PVHCI_F_STREAMS,
	};
	long t, took;
	int usb = plug(&d), rc;

	silent = 1;
	t = ringdev_now_ms();
	rc = alloc(usb, 4, P2PVHCI_ST_OK, 4);
	took = ringdev_now_ms() - t;
	ktap_ok(rc == -ETIMEDOUT && took >= 4500 && took < 9000 &&
		!ringdev_gone(3000),
		"no answer: %d after %ld ms, and the device is gone", rc, took);
	silent = 0;
	ringdev_pull_usbfs(&d, usb);
}

/* A machine that is busy: a small OUT area is taken -------------------------- */

#define CROWD_URBS	32
#define CROWD_LEN	4096
#define CROWD_MS	700	/* then it goes on */
#define CROWD_TYPE	0x40	/* vendor, which usbfs does not kill for streams */

static struct p2pvhci_req crowd[CROWD_URBS];
static struct usbdevfs_urb crowd_urbs[CROWD_URBS];
static uint8_t crowd_data[8 + CROWD_LEN] = {
	CROWD_TYPE, RINGDEV_REQ_MEMORY, 0, 0, 0, 0, 0, CROWD_LEN >> 8
};

static unsigned int ncrowd;
static int crowd_goes_on;

static enum ringdev_verdict crowd_hook(struct ringdev *d,
				       const struct p2pvhci_req *req)
{
	if (req->op == P2PVHCI_OP_SUBMIT && !req->ep &&
	    req->setup[0] == CROWD_TYPE && !crowd_goes_on) {
		crowd[ncrowd++] = *req;
		return RINGDEV_TAKEN;
	}
	return hook(d, req);
}

static void *crowd_disperses(void *arg)
{
	struct ringdev *d = arg;
	unsigned int i;

	usleep(CROWD_MS * 1000);
	pthread_mutex_lock(&d->lock);
	crowd_goes_on = 1;
	for (i = 0; i < ncrowd; i++)
		ringdev_complete(d, &crowd[i], P2PVHCI_ST_OK, NULL,
				 crowd[i].len);
	ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

static void crowd_submit(int usb)
{
	unsigned int i;

	for (i = 0; i < CROWD_URBS; i++) {
		crowd_urbs[i] = (struct usbdevfs_urb) {
			.type = USBDEVFS_URB_TYPE_CONTROL,
			.buffer = crowd_data,
			.buffer_length = sizeof(crowd_data),
		};
		if (ringdev_submit(usb, &crowd_urbs[i]))
			ktap_abort("URB %u: %d", i, -errno);
	}
}

static void check_busy(void)
{
	static const uint8_t in = RINGDEV_BULK_IN;
	struct ringdev d = {
		.hook = crowd_hook, .features = P2PVHCI_F_STREAMS,
		.area = P2PVHCI_AREA_MIN,
	};
	unsigned int i, good = 0;
	struct usbdevfs_urb *urb;
	int usb = plug(&d), rc;
	pthread_t thread;

	crowd_submit(usb);
	pthread_create(&thread, NULL, crowd_disperses, &d);
	alloc_status = P2PVHCI_ST_OK;
	alloc_granted = 4;
	rc = ringdev_alloc_streams(usb, 4, &in, 1);
	pthread_join(thread, NULL);
	for (i = 0; i < CROWD_URBS; i++) {
		urb = ringdev_reap(usb, 3000);
		good += urb && !urb->status && urb->actual_length == CROWD_LEN;
	}
	ktap_ok(rc == 4 && ncrowd && ncrowd < CROWD_URBS && good == CROWD_URBS,
		"no room at first (%u URBs were in): %d, and %u URBs are right",
		ncrowd, rc, good);
	ringdev_pull_usbfs(&d, usb);
}

static void check_excess(void)
{
	struct ringdev d = {
		.hook = hook, .features = P2PVHCI_F_STREAMS,
	};
	int usb = plug(&d), rc;

	rc = alloc(usb, 4, P2PVHCI_ST_OK, 5);
	ktap_ok(rc == -ESHUTDOWN && !ringdev_gone(3000),
		"more granted than asked for kills the queue: %d", rc);
	ringdev_pull_usbfs(&d, usb);
}

int main(void)
{
	struct ringdev d = {
		.hook = hook, .features = P2PVHCI_F_STREAMS,
	};
	int usb;

	ktap_plan(18);
	usb = plug(&d);
	check_alloc(usb);
	check_numbers(usb);
	check_order(&d, usb);
	check_overtake(&d, usb);
	check_unplug(&d, usb);
	ringdev_pull_usbfs(&d, usb);
	check_free();
	check_refused();
	check_silent();
	check_busy();
	check_excess();
	return ktap_end();
}
