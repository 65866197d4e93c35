// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control, bulk and interrupt transfers over the ring: bytes, lengths, flags,
 * errors, order, and what happens when there is no room.
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

#define BIG		(1 << 20)
#define MANY		200
#define MANY_LEN	3000

static uint8_t out[BIG], in[BIG], many[MANY][MANY_LEN];
static struct usbdevfs_urb urbs[MANY];
static struct p2pvhci_req kept[MANY];
static unsigned int nkept, want_kept;
static struct p2pvhci_req last;
static uint8_t answer_status;
static uint32_t answer_actual;

/* Bytes --------------------------------------------------------------------- */

static void check_control(int usb)
{
	int rc;

	ringdev_fill(out, 4096, 1);
	rc = ringdev_control(usb, USB_TYPE_VENDOR, RINGDEV_REQ_MEMORY, 0, 0,
			     out, 4096, 2000);
	ktap_ok(rc == 4096, "control OUT: %d", rc);
	memset(in, 0, 4096);
	rc = ringdev_control(usb, USB_DIR_IN | USB_TYPE_VENDOR,
			     RINGDEV_REQ_MEMORY, 0, 0, in, 4096, 2000);
	ktap_ok(rc == 4096 && !memcmp(in, out, 4096), "control IN: %d", rc);
	rc = ringdev_control(usb, USB_DIR_IN | USB_TYPE_VENDOR,
			     RINGDEV_REQ_STALL, 0, 0, in, 8, 2000);
	ktap_ok(rc == -EPIPE, "control stall: %d", rc);
}

static int echo(int usb, unsigned int len, unsigned int seed)
{
	int rc;

	ringdev_fill(out, len, seed);
	rc = ringdev_bulk(usb, RINGDEV_BULK_OUT, out, len, 2000);
	if (rc != (int)len)
		return rc;
	memset(in, 0, len);
	rc = ringdev_bulk(usb, RINGDEV_BULK_IN, in, len ? len : 512, 2000);
	return rc == (int)len && !memcmp(in, out, len) ? rc : -EBADMSG;
}

static void check_lengths(int usb)
{
	unsigned int len, bad = 0;
	int rc = 0;

	for (len = 0; len <= 1100 && !bad; len++) {
		rc = echo(usb, len, len);
		bad += rc != (int)len;
	}
	ktap_ok(!bad, "bulk OUT and IN of 0..1100 bytes: stopped at %u, %d",
		len, rc);
}

static void check_big(int usb)
{
	struct usbdevfs_urb urb = {
		.type = USBDEVFS_URB_TYPE_BULK, .endpoint = RINGDEV_BULK_OUT,
		.buffer = out, .buffer_length = BIG,
	};
	struct usbdevfs_urb *done;
	int rc;

	ringdev_fill(out, BIG, 77);
	rc = ringdev_submit(usb, &urb);
	done = rc ? NULL : ringdev_reap(usb, 5000);
	ktap_ok(done && !urb.status && urb.actual_length == BIG,
		"bulk OUT of 1 MiB: %d, status %d, actual %d", rc, urb.status,
		urb.actual_length);
	urb.endpoint = RINGDEV_BULK_IN;
	urb.buffer = in;
	rc = ringdev_submit(usb, &urb);
	done = rc ? NULL : ringdev_reap(usb, 5000);
	ktap_ok(done && !urb.status && urb.actual_length == BIG &&
		!memcmp(in, out, BIG), "bulk IN of 1 MiB: %d, actual %d", rc,
		urb.actual_length);
}

static void check_interrupt(struct ringdev *d, int usb)
{
	struct usbdevfs_urb urb = {
		.type = USBDEVFS_URB_TYPE_INTERRUPT,
		.endpoint = RINGDEV_INT_IN,
		.buffer = in, .buffer_length = 64,
	};
	struct usbdevfs_urb *done;
	int rc, i;

	rc = ringdev_bulk(usb, RINGDEV_INT_OUT, out, 40, 1000);
	ktap_ok(rc == 40 && d->filled == 40, "interrupt OUT: %d", rc);
	rc = ringdev_submit(usb, &urb);
	for (i = 0; i < 100 && ringdev_poke(d, "moved", 5); i++)
		usleep(10000);
	done = ringdev_reap(usb, 2000);
	ktap_ok(!rc && done && urb.actual_length == 5 && !memcmp(in, "moved", 5),
		"interrupt IN: %d, status %d, actual %d", rc, urb.status,
		urb.actual_length);
}

/* Flags and errors ---------------------------------------------------------- */

static enum ringdev_verdict answer_hook(struct ringdev *d,
					const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT || !(req->ep & 0xf))
		return RINGDEV_PASS;
	last = *req;
	ringdev_complete(d, req, answer_status,
			 req->ep & USB_DIR_IN ? out : NULL, answer_actual);
	return RINGDEV_TAKEN;
}

static int submit_one(int usb, struct usbdevfs_urb *urb, uint8_t ep,
		      unsigned int flags, unsigned int len)
{
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = ep;
	urb->flags = flags;
	urb->buffer = in;
	urb->buffer_length = len;
	if (ringdev_submit(usb, urb))
		return -errno;
	return ringdev_reap(usb, 2000) ? 0 : -ETIMEDOUT;
}

static void check_flags(int usb)
{
	struct usbdevfs_urb urb;

	answer_status = P2PVHCI_ST_OK;
	answer_actual = 512;
	submit_one(usb, &urb, RINGDEV_BULK_OUT, USBDEVFS_URB_ZERO_PACKET, 512);
	ktap_ok(last.xflags == P2PVHCI_XF_ZERO_PACKET && last.len == 512,
		"ZERO_PACKET: xflags %x", last.xflags);
	answer_actual = 100;
	submit_one(usb, &urb, RINGDEV_BULK_OUT, 0, 512);
	ktap_ok(!urb.status && urb.actual_length == 100,
		"OUT actual is what the device took: %d", urb.actual_length);
	submit_one(usb, &urb, RINGDEV_BULK_IN, USBDEVFS_URB_SHORT_NOT_OK, 512);
	ktap_ok(last.xflags == P2PVHCI_XF_SHORT_NOT_OK &&
		urb.status == -EREMOTEIO && urb.actual_length == 100,
		"SHORT_NOT_OK: xflags %x, status %d, actual %d", last.xflags,
		urb.status, urb.actual_length);
}

static void check_errors(int usb)
{
	static const int expected[] = {
		[P2PVHCI_ST_OK] = 0,
		[P2PVHCI_ST_STALL] = -EPIPE,
		[P2PVHCI_ST_OVERFLOW] = -EOVERFLOW,
		[P2PVHCI_ST_PROTO] = -EPROTO,
		[P2PVHCI_ST_CRC] = -EILSEQ,
		[P2PVHCI_ST_TIMEOUT] = -ETIME,
		[P2PVHCI_ST_COMM] = -ECOMM,
		[P2PVHCI_ST_NOSR] = -ENOSR,
		[P2PVHCI_ST_XDEV] = -EXDEV,
		[P2PVHCI_ST_NODEV] = -ESHUTDOWN,
		/* Nobody wanted it back. */
		[P2PVHCI_ST_CANCELLED] = -EPROTO,
		[P2PVHCI_ST_REMOTEIO] = -EREMOTEIO,
		[P2PVHCI_ST_NOSPC] = -ENOSPC,
	};
	struct usbdevfs_urb urb;
	unsigned int bad = 0;

	answer_actual = 33;
	for (answer_status = 0; answer_status < P2PVHCI_ST_MAX;
	     answer_status++) {
		memset(in, 0, 64);
		if (submit_one(usb, &urb, RINGDEV_BULK_IN, 0, 64) ||
		    urb.status != expected[answer_status] ||
		    urb.actual_length != 33 || memcmp(in, out, 33)) {
			printf("# status %u gave %d, actual %d\n",
			       answer_status, urb.status, urb.actual_length);
			bad++;
		}
	}
	ktap_ok(!bad, "every status has its errno and keeps its bytes");
}

/* Order and room ------------------------------------------------------------ */

/* Keep URBs until all are there, then complete them last to first. */
static enum ringdev_verdict reverse_hook(struct ringdev *d,
					 const struct p2pvhci_req *req)
{
	uint8_t data[64];

	if (req->op != P2PVHCI_OP_SUBMIT || req->ep != RINGDEV_BULK_IN)
		return RINGDEV_PASS;
	kept[nkept++] = *req;
	if (nkept < want_kept)
		return RINGDEV_TAKEN;
	while (nkept) {
		nkept--;
		ringdev_fill(data, sizeof(data), kept[nkept].seq);
		ringdev_complete(d, &kept[nkept], P2PVHCI_ST_OK, data,
				 sizeof(data));
	}
	return RINGDEV_TAKEN;
}

static void prepare(unsigned int n, uint8_t ep, unsigned int len)
{
	unsigned int i;

	memset(urbs, 0, sizeof(urbs));
	for (i = 0; i < n; i++) {
		urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		urbs[i].endpoint = ep;
		urbs[i].buffer = many[i];
		urbs[i].buffer_length = len;
	}
}

/* Number of URBs that came back in order and without error. */
static unsigned int reap_in_order(int usb, unsigned int n)
{
	struct usbdevfs_urb *done;
	unsigned int i;

	for (i = 0; i < n; i++) {
		done = ringdev_reap(usb, 5000);
		if (done != &urbs[i] || done->status)
			break;
	}
	return i;
}

static unsigned int submit_all(int usb, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (ringdev_submit(usb, &urbs[i]))
			break;
	return i;
}

static void check_order(int usb)
{
	unsigned int n = 16, sent, back, i, bad = 0;
	uint8_t data[64];

	nkept = 0;
	want_kept = n;
	prepare(n, RINGDEV_BULK_IN, 64);
	sent = submit_all(usb, n);
	back = reap_in_order(usb, n);
	for (i = 1; i < n; i++) {
		/* Not the first's name is known, but that they follow. */
		ringdev_fill(data, sizeof(data), kept[i].seq);
		bad += kept[i].seq != kept[i - 1].seq + 1 ||
		       memcmp(data, many[i], sizeof(data));
	}
	ktap_ok(sent == n && back == n && !bad,
		"completed last to first, given back first to last: %u of %u, %u wrong",
		back, n, bad);
}

static void check_few_tags(void)
{
	struct ringdev d = { .tags = P2PVHCI_TAGS_MIN };
	unsigned int sent, back;
	int usb = ringdev_plug_usbfs(&d, P2PVHCI_SPEED_HIGH);

	prepare(MANY, RINGDEV_BULK_OUT, 700);
	sent = submit_all(usb, MANY);
	back = reap_in_order(usb, MANY);
	ktap_ok(sent == MANY && back == MANY,
		"%u URBs on %u tags: %u sent, %u back", MANY, d.setup.tags,
		sent, back);
	ringdev_pull_usbfs(&d, usb);
}

static uint32_t sum_seen;

static enum ringdev_verdict sum_hook(struct ringdev *d,
				     const struct p2pvhci_req *req)
{
	uint32_t i;

	if (req->op != P2PVHCI_OP_SUBMIT || req->ep != RINGDEV_BULK_OUT)
		return RINGDEV_PASS;
	for (i = 0; i < req->len; i++)
		sum_seen = sum_seen * 31 + ringdev_out(d, req)[i];
	return RINGDEV_PASS;
}

static void check_small_area(void)
{
	struct ringdev d = { .area = P2PVHCI_AREA_MIN, .hook = sum_hook };
	uint32_t sum = 0;
	unsigned int i, j, sent, back;
	struct usbdevfs_urb urb;
	int usb = ringdev_plug_usbfs(&d, P2PVHCI_SPEED_HIGH), rc;

	prepare(MANY, RINGDEV_BULK_OUT, MANY_LEN);
	for (i = 0; i < MANY; i++) {
		ringdev_fill(many[i], MANY_LEN, i);
		for (j = 0; j < MANY_LEN; j++)
			sum = sum * 31 + many[i][j];
	}
	sent = submit_all(usb, MANY);
	back = reap_in_order(usb, MANY);
	ktap_ok(sent == MANY && back == MANY && sum == sum_seen,
		"600 kB through an OUT area of 64 KiB: %u back, sum %s", back,
		sum == sum_seen ? "right" : "wrong");
	rc = submit_one(usb, &urb, RINGDEV_BULK_OUT, 0, P2PVHCI_AREA_MIN / 2);
	ktap_ok(!rc && !urb.status, "half the area fits: %d, %d", rc,
		urb.status);
	rc = submit_one(usb, &urb, RINGDEV_BULK_OUT, 0,
			P2PVHCI_AREA_MIN / 2 + 1);
	ktap_ok(rc == -EMSGSIZE, "more is refused: %d", rc);
	rc = submit_one(usb, &urb, RINGDEV_BULK_IN, 0,
			P2PVHCI_AREA_MIN / 2 + 1);
	ktap_ok(rc == -EMSGSIZE, "the same for IN: %d", rc);
	ringdev_pull_usbfs(&d, usb);
}

int main(void)
{
	struct ringdev d = { 0 };
	int usb;

	ktap_plan(18);
	usb = ringdev_plug_usbfs(&d, P2PVHCI_SPEED_HIGH);
	check_control(usb);
	check_lengths(usb);
	check_big(usb);
	check_interrupt(&d, usb);
	d.hook = answer_hook;
	check_flags(usb);
	check_errors(usb);
	d.hook = reverse_hook;
	check_order(usb);
	ringdev_pull_usbfs(&d, usb);
	check_few_tags();
	check_small_area();
	return ktap_end();
}
