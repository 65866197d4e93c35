// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Statistics of endpoints: counters after a known number of URBs, and times,
 * which nobody takes unless somebody looks.
 *
 * A verdict on a time is only ever "not less than was waited".
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "genl.h"
#include "ktap.h"
#include "ringdev.h"

#define LEN		512
#define TAGS		16	/* fewer than HELD */
#define HELD		24
#define HOLD_MS		200
#define DELAY_MS	40
#define DEVICE_US	25000

enum part { KERNEL, LINK, DEVICE, NPARTS };

static const uint16_t parts[NPARTS] = {
	[KERNEL] = P2PVHCI_A_TIMES_KERNEL,
	[LINK] = P2PVHCI_A_TIMES_LINK,
	[DEVICE] = P2PVHCI_A_TIMES_DEVICE,
};

/* What one message says; @ep -1 is the port. */
struct row {
	int ep;
	uint32_t type;
	uint32_t watch_ms;
	uint64_t urbs, in, out, errors, cancels;
	uint32_t in_flight, zombies;
	int timed;
	struct p2pvhci_times times[NPARTS];
};

struct view {
	uint32_t port;
	unsigned int n;
	struct row rows[33];
};

static struct genl cmd;
static uint8_t data[LEN];
static struct usbdevfs_urb urbs[HELD];
static struct p2pvhci_req kept[HELD];
static unsigned int nkept;
/* Of what is kept and of interrupt OUT. */
static volatile int keep;
/* Requests that say that they are timed. */
static volatile unsigned int nflagged;
static uint32_t dev_us;

/* Looking ------------------------------------------------------------------- */

static void take(const struct genl_msg *m, void *arg)
{
	struct view *view = arg;
	struct row *row = &view->rows[view->n];
	const void *p;
	int i;

	if (genl_u32(m, P2PVHCI_A_PORT, 0) != view->port || view->n == 33)
		return;
	view->n++;
	row->ep = genl_u32(m, P2PVHCI_A_EP, -1);
	row->type = genl_u32(m, P2PVHCI_A_EP_TYPE, 99);
	row->watch_ms = genl_u32(m, P2PVHCI_A_WATCH_MS, 99);
	row->urbs = genl_u64(m, P2PVHCI_A_URBS);
	row->in = genl_u64(m, P2PVHCI_A_BYTES_IN);
	row->out = genl_u64(m, P2PVHCI_A_BYTES_OUT);
	row->errors = genl_u64(m, P2PVHCI_A_ERRORS);
	row->cancels = genl_u64(m, P2PVHCI_A_CANCELS);
	row->in_flight = genl_u32(m, P2PVHCI_A_IN_FLIGHT, 99);
	row->zombies = genl_u32(m, P2PVHCI_A_ZOMBIES, 99);
	for (i = 0; i < NPARTS; i++) {
		p = genl_attr(m, parts[i]);
		row->timed += p ? 1 : 0;
		if (p)
			memcpy(&row->times[i], p, sizeof(row->times[i]));
	}
}

static void look(struct view *view, const struct ringdev *d)
{
	struct genl_msg m;
	int rc;

	memset(view, 0, sizeof(*view));
	view->port = d->port;
	genl_init(&m, cmd.family, P2PVHCI_CMD_STATS_GET, NLM_F_DUMP);
	rc = genl_call(&cmd, &m, NULL, take, view);
	if (rc)
		ktap_abort("no dump: %d", rc);
}

static const struct row *row_of(const struct view *view, int ep)
{
	static const struct row none;
	unsigned int i;

	for (i = 0; i < view->n; i++)
		if (view->rows[i].ep == ep)
			return &view->rows[i];
	return &none;
}

static uint64_t count_of(const struct row *row, enum part part)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < P2PVHCI_TIMES_BUCKETS; i++)
		n += row->times[part].buckets[i];
	return n;
}

static int timed(const struct row *row, uint64_t n)
{
	return count_of(row, KERNEL) == n && count_of(row, LINK) == n &&
	       count_of(row, DEVICE) == n;
}

/* How many took not less than this, to the next lower bucket. */
static uint64_t slower(const struct row *row, enum part part, uint64_t ms)
{
	uint64_t n = 0;
	int i;

	for (i = 0; i < P2PVHCI_TIMES_BUCKETS; i++)
		if ((uint64_t)P2PVHCI_TIMES_MIN_NS << i > ms * 1000000)
			n += row->times[part].buckets[i];
	return n;
}

static int set_watch(uint32_t port, uint32_t ms)
{
	struct genl_msg m;

	genl_init(&m, cmd.family, P2PVHCI_CMD_PORT_SET, 0);
	genl_put_u32(&m, P2PVHCI_A_PORT, port);
	genl_put_u32(&m, P2PVHCI_A_WATCH_MS, ms);
	return genl_call(&cmd, &m, NULL, NULL, NULL);
}

/* Device -------------------------------------------------------------------- */

static void answer(struct ringdev *d, const struct p2pvhci_req *req)
{
	struct p2pvhci_cmp cmp = {
		.token = req->token,
		.dev_us = dev_us,
		.actual = req->ep & USB_DIR_IN ? 0 : req->len,
	};

	ringdev_push(d, &cmp);
}

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT)
		return RINGDEV_PASS;
	nflagged += req->flags & P2PVHCI_REQ_TIMED ? 1 : 0;
	if (req->ep == RINGDEV_INT_OUT) {
		usleep(DELAY_MS * 1000);
		answer(d, req);
		return RINGDEV_TAKEN;
	}
	if (req->ep != RINGDEV_BULK_IN || !keep || nkept == HELD)
		return RINGDEV_PASS;
	kept[nkept++] = *req;
	return RINGDEV_TAKEN;
}

static void release(struct ringdev *d)
{
	unsigned int i;

	pthread_mutex_lock(&d->lock);
	keep = 0;
	for (i = 0; i < nkept; i++)
		answer(d, &kept[i]);
	nkept = 0;
	ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
}

/* Counters ------------------------------------------------------------------ */

static void move(int usb, unsigned int n)
{
	while (n--) {
		ringdev_bulk(usb, RINGDEV_BULK_OUT, data, LEN, 5000);
		ringdev_bulk(usb, RINGDEV_BULK_IN, data, LEN, 5000);
	}
}

static int is(const struct row *a, const struct row *b, uint64_t n, uint64_t in,
	      uint64_t out, uint64_t errors, uint64_t cancels)
{
	printf("# ep %d: %llu URBs, %llu in, %llu out, %llu errors\n", b->ep,
	       (unsigned long long)(b->urbs - a->urbs),
	       (unsigned long long)(b->in - a->in),
	       (unsigned long long)(b->out - a->out),
	       (unsigned long long)(b->errors - a->errors));
	return b->urbs - a->urbs == n && b->in - a->in == in &&
	       b->out - a->out == out && b->errors - a->errors == errors &&
	       b->cancels - a->cancels == cancels && !b->in_flight &&
	       !b->zombies;
}

static int add_up(const struct view *view)
{
	const struct row *port = row_of(view, -1), *row;
	uint64_t n = 0, in = 0, out = 0;
	unsigned int i;

	for (i = 0; i < view->n; i++) {
		row = &view->rows[i];
		if (row == port)
			continue;
		n += row->urbs;
		in += row->in;
		out += row->out;
	}
	return n && n == port->urbs && in == port->in && out == port->out;
}

static void check_counters(struct ringdev *d, int usb)
{
	static struct view a, b;
	uint8_t in = USB_DIR_IN | USB_TYPE_VENDOR;

	look(&a, d);
	ktap_ok(row_of(&a, -1)->watch_ms == 0 && row_of(&a, 0)->urbs &&
		!row_of(&a, RINGDEV_BULK_IN)->urbs,
		"at first: %u messages, endpoint 0 was used", a.n);
	move(usb, 10);
	ringdev_control(usb, USB_TYPE_VENDOR, RINGDEV_REQ_MEMORY, 0, 0, data,
			64, 2000);
	ringdev_control(usb, in, RINGDEV_REQ_MEMORY, 0, 0, data, 48, 2000);
	ringdev_control(usb, in, RINGDEV_REQ_STALL, 0, 0, data, 8, 2000);
	look(&b, d);
	ktap_ok(is(row_of(&a, 0), row_of(&b, 0), 3, 48, 64, 1, 0),
		"endpoint 0: two transfers and a stall");
	ktap_ok(is(row_of(&a, 1), row_of(&b, RINGDEV_BULK_OUT), 10, 0,
		   10 * LEN, 0, 0) &&
		row_of(&b, RINGDEV_BULK_OUT)->type == P2PVHCI_XFER_BULK,
		"bulk OUT: ten of %u bytes", LEN);
	ktap_ok(is(row_of(&a, 0x81), row_of(&b, RINGDEV_BULK_IN), 10, 10 * LEN,
		   0, 0, 0), "bulk IN: likewise");
	ktap_ok(add_up(&b), "the port is the sum of its endpoints");
	ktap_ok(!row_of(&b, 0)->timed && !row_of(&b, RINGDEV_BULK_IN)->timed &&
		!nflagged, "nobody looked: no times, and no agent takes any");
}

static void check_in_flight(struct ringdev *d, int usb)
{
	const struct row *row;
	static struct view v;
	uint32_t seen, end;

	urbs[0].type = USBDEVFS_URB_TYPE_INTERRUPT;
	urbs[0].endpoint = RINGDEV_INT_IN;
	urbs[0].buffer = data;
	urbs[0].buffer_length = 8;
	ringdev_submit(usb, &urbs[0]);
	look(&v, d);
	seen = row_of(&v, RINGDEV_INT_IN)->in_flight;
	end = row_of(&v, -1)->in_flight;
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[0]);
	ringdev_reap(usb, 5000);
	look(&v, d);
	row = row_of(&v, RINGDEV_INT_IN);
	ktap_ok(seen == 1 && end == 1 && !row->in_flight && row->cancels == 1 &&
		row->urbs == 1 && !row->errors &&
		row->type == P2PVHCI_XFER_INTERRUPT,
		"interrupt IN: %u in flight, then cancelled", seen);
}

/* Times --------------------------------------------------------------------- */

static void check_watch(struct ringdev *d, int usb)
{
	static struct view v;
	int rc = set_watch(d->port, 600000);

	look(&v, d);
	ktap_ok(!rc && row_of(&v, -1)->watch_ms > 500000 &&
		row_of(&v, 0)->timed == NPARTS && timed(row_of(&v, 0), 0),
		"somebody looks: %d, %u ms left, nothing seen yet", rc,
		row_of(&v, -1)->watch_ms);
	move(usb, 20);
	look(&v, d);
	ktap_ok(timed(row_of(&v, RINGDEV_BULK_OUT), 20) &&
		timed(row_of(&v, RINGDEV_BULK_IN), 20) &&
		timed(row_of(&v, 0), 0),
		"each URB is in each histogram, once");
	ktap_ok(nflagged == 40, "and the agent is told of each: %u", nflagged);
}

static int write_interrupt(int usb)
{
	urbs[0].type = USBDEVFS_URB_TYPE_INTERRUPT;
	urbs[0].endpoint = RINGDEV_INT_OUT;
	urbs[0].buffer = data;
	urbs[0].buffer_length = 8;
	return ringdev_submit(usb, &urbs[0]) || !ringdev_reap(usb, 5000);
}

static void check_split(struct ringdev *d, int usb)
{
	const uint64_t all = DELAY_MS * 1000000ULL, far = DEVICE_US * 1000ULL;
	const struct p2pvhci_times *t;
	static struct view v;
	uint64_t before;

	dev_us = DEVICE_US;
	write_interrupt(usb);
	look(&v, d);
	t = row_of(&v, RINGDEV_INT_OUT)->times;
	ktap_ok(timed(row_of(&v, RINGDEV_INT_OUT), 1) &&
		t[DEVICE].sum_ns == far && t[LINK].sum_ns >= all - far &&
		t[DEVICE].buckets[17] == 1 && t[KERNEL].sum_ns > 0,
		"%llu us are the device's, %llu the link's, %llu the kernel's",
		(unsigned long long)t[DEVICE].sum_ns / 1000,
		(unsigned long long)t[LINK].sum_ns / 1000,
		(unsigned long long)t[KERNEL].sum_ns / 1000);
	before = t[LINK].sum_ns;
	dev_us = 0xffffffff;
	write_interrupt(usb);
	look(&v, d);
	t = row_of(&v, RINGDEV_INT_OUT)->times;
	ktap_ok(timed(row_of(&v, RINGDEV_INT_OUT), 2) &&
		t[LINK].sum_ns == before && t[DEVICE].sum_ns < 60000000000ULL,
		"a device slower than its transfer is not believed");
	dev_us = 0;
}

/* Beyond the ring an URB waits in the kernel, and keeps when it came. */
static void check_waiting(struct ringdev *d, int usb)
{
	static struct view a, b;
	unsigned int i, back = 0;
	uint64_t n, slow;

	look(&a, d);
	keep = 1;
	for (i = 0; i < HELD; i++) {
		urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		urbs[i].endpoint = RINGDEV_BULK_IN;
		urbs[i].buffer = data;
		urbs[i].buffer_length = LEN;
		ringdev_submit(usb, &urbs[i]);
	}
	usleep(HOLD_MS * 1000);
	/* The last has no slot: nobody is asked for it, nobody counts it. */
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[HELD - 1]);
	release(d);
	while (back < HELD && ringdev_reap(usb, 5000))
		back++;
	look(&b, d);
	n = count_of(row_of(&b, RINGDEV_BULK_IN), KERNEL) -
	    count_of(row_of(&a, RINGDEV_BULK_IN), KERNEL);
	slow = slower(row_of(&b, RINGDEV_BULK_IN), KERNEL, HOLD_MS) -
	       slower(row_of(&a, RINGDEV_BULK_IN), KERNEL, HOLD_MS);
	ktap_ok(back == HELD && n == HELD - 1 && slow >= HELD - 1 - TAGS &&
		slow < n, "%u came back; of %llu, %llu waited for the ring",
		back, (unsigned long long)n, (unsigned long long)slow);
}

static void check_end(struct ringdev *d, int usb)
{
	static struct view a, b;
	uint64_t n;
	int rc;

	look(&a, d);
	n = count_of(row_of(&a, RINGDEV_BULK_IN), LINK);
	rc = set_watch(d->port, 0);
	move(usb, 5);
	look(&b, d);
	ktap_ok(!rc && timed(row_of(&b, RINGDEV_BULK_IN), n) &&
		row_of(&b, RINGDEV_BULK_IN)->urbs ==
		row_of(&a, RINGDEV_BULK_IN)->urbs + 5 &&
		!row_of(&b, -1)->watch_ms, "told to stop: counted, not timed");
	rc = set_watch(d->port, 50);
	usleep(100000);
	move(usb, 5);
	look(&b, d);
	ktap_ok(!rc && timed(row_of(&b, RINGDEV_BULK_IN), n),
		"the time is over: likewise");
	set_watch(d->port, 600000);
	rc = set_watch(d->port, 50);
	usleep(100000);
	move(usb, 5);
	look(&b, d);
	ktap_ok(!rc && timed(row_of(&b, RINGDEV_BULK_IN), n + 5),
		"somebody else looks for longer: timed");
}

/* Refusals ------------------------------------------------------------------ */

static int as_nobody(uint32_t port)
{
	struct view view = { .port = port };
	struct genl_msg m;

	if (setgid(65534) || setuid(65534) || genl_open(&cmd))
		return 1;
	if (set_watch(port, 1000) != -EPERM)
		return 2;
	genl_init(&m, cmd.family, P2PVHCI_CMD_STATS_GET, NLM_F_DUMP);
	return genl_call(&cmd, &m, NULL, take, &view) || view.n < 2 ? 3 : 0;
}

static void check_refusals(const struct ringdev *d)
{
	int status = -1, rc;
	pid_t pid = fork();

	if (!pid)
		_exit(as_nobody(d->port));
	waitpid(pid, &status, 0);
	ktap_ok(!status, "without privilege: read, not timed: %x", status);
	rc = set_watch(d->port, P2PVHCI_WATCH_MAX_MS + 1);
	ktap_ok(rc == -ERANGE, "longer than there is: %d", rc);
	rc = set_watch(d->port + 1, 1000);
	ktap_ok(rc == -ENOENT && strstr(cmd.sentence, "no device"),
		"where nothing is: %d %s", rc, cmd.sentence);
}

static void check_next(struct ringdev *d, uint16_t port)
{
	static struct view v;
	int usb = ringdev_plug_usbfs(d, P2PVHCI_SPEED_HIGH);

	look(&v, d);
	ktap_ok(d->port == port && !row_of(&v, RINGDEV_BULK_IN)->urbs &&
		timed(row_of(&v, 0), 0) && !row_of(&v, -1)->watch_ms &&
		add_up(&v), "the next device there begins at nothing");
	ringdev_pull_usbfs(d, usb);
}

int main(void)
{
	struct ringdev d = { .fd = -1, .tags = TAGS, .hook = hook };
	uint16_t port;
	int usb, rc;

	ktap_plan(6 + 1 + 3 + 2 + 1 + 3 + 3 + 1);
	rc = genl_open(&cmd);
	if (rc)
		ktap_abort("no family: %d", rc);
	usb = ringdev_plug_usbfs(&d, P2PVHCI_SPEED_HIGH);
	port = d.port;
	check_counters(&d, usb);
	check_in_flight(&d, usb);
	check_watch(&d, usb);
	check_split(&d, usb);
	check_waiting(&d, usb);
	check_end(&d, usb);
	check_refusals(&d);
	ringdev_pull_usbfs(&d, usb);
	check_next(&d, port);
	return ktap_end();
}
