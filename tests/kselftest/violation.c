// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent may not say: each violation kills its own queue, unplugs its
 * own device, and leaves another queue at work.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

static struct p2pvhci_req kept;
static volatile int have_kept;
static int kept_ep;

static enum ringdev_verdict keep_hook(struct ringdev *d,
				      const struct p2pvhci_req *req)
{
	(void)d;
	if (req->op != P2PVHCI_OP_SUBMIT || req->ep != kept_ep)
		return req->ep == kept_ep ? RINGDEV_TAKEN : RINGDEV_PASS;
	kept = *req;
	have_kept = 1;
	return RINGDEV_TAKEN;
}

static const struct {
	const char *what;
	uint8_t ep;
	/* Added to, or put into, the completion that would be right. */
	uint64_t token;
	struct p2pvhci_cmp cmp;
} cases[] = {
	{ "unknown slot", 0x81, .token = 0x7fffffff },
	{ "slot beyond the tags", 0x81, .token = 64 },
	{ "stale generation", 0x81, .token = -(1ULL << 32) },
	{ "next generation", 0x81, .token = 1ULL << 32 },
	{ "unknown status", 0x81, .cmp.status = P2PVHCI_ST_MAX },
	{ "largest status", 0x81, .cmp.status = 255 },
	{ "unknown flags", 0x81, .cmp.flags = 1 },
	{ "isochronous errors", 0x81, .cmp.errs = 1 },
	{ "isochronous offset", 0x81, .cmp.iso_off = 8 },
	{ "start frame", 0x81, .cmp.start_frame = 1 },
	{ "IN longer than asked", 0x81, .cmp.actual = 513 },
	{ "negative length", 0x81, .cmp.actual = 0xffffffff },
	{ "OUT longer than sent", 0x01, .cmp.actual = 513 },
	{ "offset outside", 0x81, .cmp = { .actual = 1, .in_off = 4 << 20 } },
	{ "range over the end", 0x81,
	  .cmp = { .actual = 2, .in_off = (4 << 20) - 1 } },
	{ "range that wraps", 0x81,
	  .cmp = { .actual = 512, .in_off = 0xffffff00 } },
	{ "offset without bytes", 0x81, .cmp.in_off = 1 },
	{ "offset for OUT", 0x01, .cmp = { .actual = 1, .in_off = 1 } },
};

#define NCASES	(sizeof(cases) / sizeof(cases[0]))

#define BYSTANDER	0x0003

static void plug(struct ringdev *d)
{
	int rc = ringdev_plug(d, P2PVHCI_SPEED_HIGH);

	if (rc)
		ktap_abort("no queue or no port: %s", strerror(-rc));
}

static int is_dead(const struct ringdev *d)
{
	const struct p2pvhci_kctl *kctl = (void *)d->ro;
	struct pollfd pfd = { .fd = d->fd, .events = POLLIN };

	return kctl->flags & P2PVHCI_KCTL_DEAD && poll(&pfd, 1, 1000) == 1 &&
	       pfd.revents & POLLHUP;
}

static void submit_one(int usb, struct usbdevfs_urb *urb, uint8_t *buf)
{
	int i;

	have_kept = 0;
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = kept_ep;
	urb->buffer = buf;
	urb->buffer_length = 512;
	if (usb < 0 || ringdev_submit(usb, urb))
		ktap_abort("no URB");
	for (i = 0; i < 200 && !have_kept; i++)
		usleep(10000);
}

/* The device of @d has its interface 0 bound to nobody; keep one URB there. */
static int start_one(struct ringdev *d, uint8_t ep, struct usbdevfs_urb *urb,
		     uint8_t *buf)
{
	int usb;

	kept_ep = ep;
	plug(d);
	usb = ringdev_usbfs(10000);
	submit_one(usb, urb, buf);
	return usb;
}

static int push(struct ringdev *d, const struct p2pvhci_cmp *cmp)
{
	int rc;

	pthread_mutex_lock(&d->lock);
	ringdev_push(d, cmp);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static int violate(struct ringdev *d, unsigned int i)
{
	struct p2pvhci_cmp cmp = cases[i].cmp;

	cmp.token = kept.token + cases[i].token;
	return push(d, &cmp);
}

static int finish_one(struct ringdev *d, int usb, struct usbdevfs_urb *urb,
		      int status)
{
	struct usbdevfs_urb *done = NULL;
	int i, ok;

	for (i = 0; i < 200 && ioctl(usb, USBDEVFS_REAPURBNDELAY, &done); i++)
		usleep(10000);
	ok = done == urb && urb->status == status && is_dead(d);
	close(usb);
	ok &= !ringdev_gone(3000);
	ringdev_pull(d);
	return ok;
}

static void check_case(unsigned int i)
{
	struct ringdev d = { .hook = keep_hook };
	struct usbdevfs_urb urb;
	uint8_t buf[512] = { 0 };
	int usb, rc;

	usb = start_one(&d, cases[i].ep, &urb, buf);
	rc = violate(&d, i);
	ktap_ok(finish_one(&d, usb, &urb, -ESHUTDOWN) && rc == -ESHUTDOWN,
		"%s: %d", cases[i].what, rc);
}

/* The second one waits for the first, complete as it is. */
static void check_twice(void)
{
	struct ringdev d = { .hook = keep_hook };
	struct usbdevfs_urb first, second;
	struct p2pvhci_cmp cmp = { 0 };
	uint8_t buf[2][512];
	int usb, rc, again;

	usb = start_one(&d, RINGDEV_BULK_IN, &first, buf[0]);
	submit_one(usb, &second, buf[1]);
	cmp.token = kept.token;
	rc = push(&d, &cmp);
	again = push(&d, &cmp);
	ktap_ok(finish_one(&d, usb, &first, -ESHUTDOWN) && !rc &&
		again == -ESHUTDOWN, "twice, before its turn: %d, %d", rc,
		again);
}

static void check_settled(void)
{
	struct ringdev d = { .hook = keep_hook };
	struct p2pvhci_cmp cmp = { 0 };
	struct usbdevfs_urb urb;
	uint8_t buf[512];
	int usb, rc, again, same;

	usb = start_one(&d, RINGDEV_BULK_IN, &urb, buf);
	cmp.token = kept.token;
	rc = push(&d, &cmp);
	if (ringdev_reap(usb, 1000) != &urb)
		ktap_abort("the first URB is not back");
	submit_one(usb, &urb, buf);
	same = (uint32_t)cmp.token == (uint32_t)kept.token;
	again = push(&d, &cmp);
	ktap_ok(finish_one(&d, usb, &urb, -ESHUTDOWN) && !rc && same &&
		again == -ESHUTDOWN,
		"a token that is settled, its slot in use again: %d", again);
}

static void check_index(const char *what, int head)
{
	struct ringdev d = { .hook = keep_hook };
	struct usbdevfs_urb urb;
	uint8_t buf[512];
	struct p2pvhci_uctl *uctl;
	int usb, rc = 0;

	usb = start_one(&d, RINGDEV_BULK_IN, &urb, buf);
	uctl = (void *)d.rw;
	ringdev_stop(&d);
	if (head) {
		uctl->rq_head += 0x40000000;
		ioctl(usb, USBDEVFS_DISCARDURB, &urb);
	} else {
		uctl->cq_tail += d.setup.cq_entries + 1;
		rc = ringdev_enter(&d);
	}
	ringdev_start(&d);
	ktap_ok(finish_one(&d, usb, &urb, head ? -ENOENT : -ESHUTDOWN),
		"%s: %d", what, rc);
}

static void check_bystander(void)
{
	uint8_t a[64], b[64] = { 0 };
	int usb, rc;

	usb = ringdev_usbfs_of(BYSTANDER, 1000);
	ringdev_fill(a, sizeof(a), 9);
	rc = ringdev_bulk(usb, RINGDEV_BULK_OUT, a, sizeof(a), 1000);
	rc |= ringdev_bulk(usb, RINGDEV_BULK_IN, b, sizeof(b), 1000);
	ktap_ok(rc == 64 && !memcmp(a, b, sizeof(a)),
		"the queue that was there before all this still serves: %d",
		rc);
	close(usb);
}

int main(void)
{
	struct ringdev bystander = { .product = BYSTANDER };
	unsigned int i;

	ktap_plan(NCASES + 5);
	plug(&bystander);
	for (i = 0; i < NCASES; i++)
		check_case(i);
	check_twice();
	check_settled();
	check_index("completion tail out of range", 0);
	check_index("request head out of range", 1);
	check_bystander();
	ringdev_pull(&bystander);
	return ktap_end();
}
