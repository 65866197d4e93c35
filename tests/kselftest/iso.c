// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous URBs: packets in both directions, the time they take, and what
 * becomes of them when the agent is late, wrong or gone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

#define NURBS		50
#define NPKT		64	/* 8 ms at high speed */
#define URB_MS		8
#define PKT		96
#define LONG_PKT	1024

static struct urb {
	struct usbdevfs_urb u;
	struct usbdevfs_iso_packet_desc packets[P2PVHCI_NPKT_MAX];
	uint8_t data[P2PVHCI_NPKT_MAX * LONG_PKT];
} urbs[NURBS];

static struct p2pvhci_req kept[NURBS];
static volatile unsigned int nkept, ncancels, bad_out;
static volatile int holding;

/* The agent's side ---------------------------------------------------------- */

static const struct p2pvhci_iso *asked_of(const struct ringdev *d,
					  const struct p2pvhci_req *req)
{
	return (const void *)ringdev_out(d, req);
}

/* All packets as long as asked; an IN byte tells its URB and its place. */
static void answer(struct ringdev *d, const struct p2pvhci_req *req)
{
	static uint8_t data[P2PVHCI_NPKT_MAX * LONG_PKT];
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
	static uint8_t data[P2PVHCI_NPKT_MAX * LONG_PKT];

	ringdev_fill(data, req->len, req->seq);
	bad_out += !!memcmp(bytes, data, req->len);
}

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	if (req->ep != RINGDEV_ISO_IN && req->ep != RINGDEV_ISO_OUT)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_CANCEL)
		ncancels++;
	if (req->op != P2PVHCI_OP_SUBMIT)
		return RINGDEV_TAKEN;
	kept[nkept++ % NURBS] = *req;
	if (req->ep == RINGDEV_ISO_OUT)
		check_out(d, req);
	if (!holding)
		answer(d, req);
	return RINGDEV_TAKEN;
}

/* Complete kept requests from the outside. */
static int answer_kept(struct ringdev *d, unsigned int first, unsigned int n)
{
	unsigned int i;
	int rc;

	pthread_mutex_lock(&d->lock);
	for (i = first; i < first + n; i++)
		answer(d, &kept[i]);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static int plug(struct ringdev *d, uint8_t speed)
{
	int usb, rc;

	rc = ringdev_plug(d, speed);
	if (rc)
		ktap_abort("no queue or no port: %s", strerror(-rc));
	usb = ringdev_usbfs(10000);
	if (usb < 0)
		ktap_abort("no device: %s", strerror(-usb));
	rc = ringdev_setting(usb, 1, 1);
	if (rc)
		ktap_abort("no isochronous setting: %s", strerror(-rc));
	nkept = 0;
	ncancels = 0;
	bad_out = 0;
	return usb;
}

static void pull(struct ringdev *d, int usb)
{
	close(usb);
	ringdev_pull(d);
	ringdev_gone(5000);
}

/* The driver's side --------------------------------------------------------- */

static struct usbdevfs_urb *prepare(unsigned int i, uint8_t ep,
				    unsigned int npkt, unsigned int len)
{
	struct usbdevfs_urb *u = &urbs[i].u;
	unsigned int j;

	memset(u, 0, sizeof(*u));
	u->type = USBDEVFS_URB_TYPE_ISO;
	u->flags = USBDEVFS_URB_ISO_ASAP;
	u->endpoint = ep;
	u->buffer = urbs[i].data;
	u->buffer_length = npkt * len;
	u->number_of_packets = npkt;
	for (j = 0; j < npkt; j++)
		u->iso_frame_desc[j] = (struct usbdevfs_iso_packet_desc) {
			.length = len,
		};
	/* The first request of an endpoint is number 1. */
	if (!(ep & USB_DIR_IN))
		ringdev_fill(urbs[i].data, npkt * len, i + 1);
	return u;
}

static unsigned int submit(int usb, uint8_t ep, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (ringdev_submit(usb, prepare(i, ep, NPKT, PKT)))
			break;
	return i;
}

static void wait_kept(unsigned int n)
{
	int i;

	for (i = 0; i < 300 && nkept < n; i++)
		usleep(10000);
}

static int is_whole(const struct urb *urb, unsigned int seq)
{
	uint8_t data[NPKT * PKT];
	unsigned int i;

	for (i = 0; i < NPKT; i++)
		if (urb->u.iso_frame_desc[i].status ||
		    urb->u.iso_frame_desc[i].actual_length != PKT)
			return 0;
	ringdev_fill(data, sizeof(data), seq);
	return !urb->u.status && !urb->u.error_count &&
	       !memcmp(urb->data, data, sizeof(data));
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

/* Pacing -------------------------------------------------------------------- */

/* URBs that came in order, whole, and not before their time. */
static unsigned int reap_paced(int usb, double start, double *took,
			       unsigned int *early)
{
	unsigned int i, good = 0;

	for (i = 0; i < NURBS; i++) {
		if (ringdev_reap(usb, 3000) != &urbs[i].u)
			break;
		*took = now_ms() - start;
		*early += *took < (i + 1) * URB_MS;
		good += is_whole(&urbs[i], i + 1);
	}
	return good;
}

/* Milliseconds that all URBs take, completed at once; @good and @early add. */
static double pace_once(uint8_t ep, unsigned int *good, unsigned int *early)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	double start, took = 0;

	start = now_ms();
	if (submit(usb, ep, NURBS) == NURBS)
		*good += reap_paced(usb, start, &took, early);
	*early += took < NURBS * URB_MS;
	pull(&d, usb);
	return took;
}

/* Never early, but this machine may have stood still meanwhile. */
static void check_pace(uint8_t ep)
{
	const char *way = ep & USB_DIR_IN ? "IN" : "OUT";
	unsigned int good = 0, early = 0, rounds = 0;
	double took;

	do {
		took = pace_once(ep, &good, &early);
	} while (++rounds < 5 && took > NURBS * URB_MS * 3 / 2);
	ktap_ok(good == rounds * NURBS && !bad_out,
		"%s: %u packets in each URB, %u of %u whole, %u wrong at the device",
		way, NPKT, good, rounds * NURBS, bad_out);
	ktap_ok(!early, "%s: completed at once, %u came early", way, early);
	ktap_ok(took <= NURBS * URB_MS * 3 / 2,
		"%s: %u ms of packets took %.1f ms (round %u)", way,
		NURBS * URB_MS, took, rounds);
}

static int frames_between(const struct p2pvhci_req *a,
			  const struct p2pvhci_req *b)
{
	return (b->start_frame - a->start_frame) & 0x7ff;
}

static void check_frames(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	const struct p2pvhci_kctl *kctl;
	unsigned int i, bad = 0;
	int behind;

	kctl = (void *)d.ro;
	submit(usb, RINGDEV_ISO_IN, 10);
	wait_kept(10);
	for (i = 1; i < 10; i++)
		bad += abs(frames_between(&kept[i - 1], &kept[i]) - URB_MS) > 1;
	ktap_ok(!bad, "start_frame: each %u after the one before, %u are not",
		URB_MS, bad);
	behind = ((kept[0].t_ns - kctl->frame0_ns) / 1000000 -
		  kept[0].start_frame) & 0x7ff;
	ktap_ok(behind <= 100 && kept[0].interval == 1 &&
		kept[0].xflags == P2PVHCI_XF_ISO_ASAP,
		"the first starts when submitted: %d frames before it was published",
		behind);
	for (i = 0; i < 10; i++)
		ringdev_reap(usb, 1000);
	pull(&d, usb);
}

static int rate(const struct ringdev *d, uint32_t epoch, int64_t ppb)
{
	struct p2pvhci_port_event event = {
		.size = sizeof(event), .port = d->port, .epoch = epoch,
		.event = P2PVHCI_EVENT_RATE, .arg = ppb,
	};

	return ioctl(d->fd, P2PVHCI_IOC_PORT_EVENT, &event) ? -errno : 0;
}

/* Frames from the first to the last of 16 URBs of 128 each. */
static int frames_at(int usb)
{
	unsigned int i, n = 16;

	nkept = 0;
	for (i = 0; i < n; i++)
		if (ringdev_submit(usb, prepare(i, RINGDEV_ISO_IN, 128, 8)))
			return -errno;
	wait_kept(n);
	for (i = n; i > 0; i--)
		ioctl(usb, USBDEVFS_DISCARDURB, &urbs[i - 1].u);
	while (n-- && ringdev_reap(usb, 3000))
		;
	return frames_between(&kept[0], &kept[15]);
}

/* Whatever is no event, or is one of somebody else. */
static int odd_event(const struct ringdev *d, uint32_t event, uint16_t port,
		     uint64_t rsv)
{
	struct p2pvhci_port_event e = {
		.size = sizeof(e), .port = port, .epoch = d->epoch,
		.event = event, .rsv[1] = rsv,
	};

	return ioctl(d->fd, P2PVHCI_IOC_PORT_EVENT, &e) ? -errno : 0;
}

static void check_rate(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_FULL), plain, fast, slow;

	plain = frames_at(usb);
	ktap_ok(!rate(&d, d.epoch, P2PVHCI_EVENT_RATE_MAX), "RATE");
	fast = frames_at(usb);
	rate(&d, d.epoch, -P2PVHCI_EVENT_RATE_MAX);
	slow = frames_at(usb);
	ktap_ok(abs(plain - 1920) <= 1 && abs(fast - 1918) <= 1 &&
		abs(slow - 1922) <= 1 && fast < plain && plain < slow,
		"1920 frames: %d, at +1000 ppm %d, at -1000 ppm %d", plain,
		fast, slow);
	ktap_ok(rate(&d, d.epoch, P2PVHCI_EVENT_RATE_MAX + 1) == -EINVAL &&
		rate(&d, d.epoch, -P2PVHCI_EVENT_RATE_MAX - 1) == -EINVAL &&
		rate(&d, d.epoch, INT64_MIN) == -EINVAL &&
		rate(&d, d.epoch + 1, 0) == -ENOENT,
		"RATE out of range, or of another device");
	ktap_ok(odd_event(&d, 0, d.port, 0) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_MAX, d.port, 0) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_RATE, d.port, 1) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_RATE, 0, 0) == -ENOENT &&
		odd_event(&d, P2PVHCI_EVENT_RATE, 60000, 0) == -ENOENT,
		"events that are none, ports that are none");
	pull(&d, usb);
}

/* The agent is late: the URB is, and all others with it. */
static void check_late(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	unsigned int i, n = 5, early = 0, whole = 0;
	double start;

	holding = 1;
	submit(usb, RINGDEV_ISO_IN, n);
	wait_kept(n);
	usleep(200000);
	start = now_ms();
	answer_kept(&d, 0, n);
	for (i = 0; i < n; i++) {
		if (ringdev_reap(usb, 1000) != &urbs[i].u)
			break;
		early += now_ms() - start < i * URB_MS;
		whole += is_whole(&urbs[i], i + 1);
	}
	ktap_ok(i == n && whole == n && !early,
		"completed 200 ms late: %u whole, %u before their time", whole,
		early);
	holding = 0;
	pull(&d, usb);
}

/* Packets ------------------------------------------------------------------- */

static const struct p2pvhci_iso mixed[] = {
	{ PKT, P2PVHCI_ST_OK, 0 },
	{ 0, P2PVHCI_ST_OK, 0 },
	{ 37, P2PVHCI_ST_OK, 0 },
	{ 0, P2PVHCI_ST_XDEV, 0 },
	{ 11, P2PVHCI_ST_CRC, 0 },
	{ PKT, P2PVHCI_ST_OK, 0 },
	{ 1, P2PVHCI_ST_OVERFLOW, 0 },
	{ 2, P2PVHCI_ST_OK, 0 },
};

static const int mixed_errno[] = { 0, 0, 0, -EXDEV, -EILSEQ, 0, -EOVERFLOW, 0 };

#define NMIXED	(sizeof(mixed) / sizeof(mixed[0]))

static void answer_mixed(struct ringdev *d, const uint8_t *data)
{
	pthread_mutex_lock(&d->lock);
	ringdev_complete_iso(d, &kept[0], P2PVHCI_ST_OK, mixed, data);
	ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
}

/* Each packet at its own place, and nothing between. */
static unsigned int count_wrong(const uint8_t *data)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < NMIXED; i++) {
		const struct usbdevfs_iso_packet_desc *p;
		uint8_t place[PKT] = { 0 };

		p = &urbs[0].u.iso_frame_desc[i];
		memcpy(place, data, mixed[i].len);
		data += mixed[i].len;
		wrong += p->actual_length != mixed[i].len ||
			 (int)p->status != mixed_errno[i] ||
			 memcmp(urbs[0].data + i * PKT, place, PKT);
	}
	return wrong;
}

static void check_packets(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	struct usbdevfs_urb *u, *done;
	uint8_t data[NMIXED * PKT];
	unsigned int wrong;

	holding = 1;
	ringdev_fill(data, sizeof(data), 3);
	memset(urbs[0].data, 0xee, NMIXED * PKT);
	u = prepare(0, RINGDEV_ISO_IN, NMIXED, PKT);
	ringdev_submit(usb, u);
	wait_kept(1);
	answer_mixed(&d, data);
	done = ringdev_reap(usb, 1000);
	wrong = count_wrong(data);
	ktap_ok(done == u && !u->status && u->error_count == 3 && !wrong,
		"short, empty and bad packets: status %d, %d bad, %u wrong",
		u->status, u->error_count, wrong);
	holding = 0;
	pull(&d, usb);
}

/* Wanted back, and gone ----------------------------------------------------- */

static void check_cancel(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	unsigned int i, back = 0;
	double start, took;

	/* The last of them is completed, and 400 ms ahead of its time. */
	submit(usb, RINGDEV_ISO_OUT, NURBS);
	wait_kept(NURBS);
	start = now_ms();
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[NURBS - 1].u);
	took = now_ms() - start;
	for (i = 0; i < NURBS; i++)
		back += !!ringdev_reap(usb, 1000);
	ktap_ok(back == NURBS && took < 200 && ncancels == 1 &&
		urbs[NURBS - 1].u.status == -ENOENT && !urbs[0].u.status,
		"one that waits for its time: %.1f ms, status %d, %u CANCEL",
		took, urbs[NURBS - 1].u.status, ncancels);

	holding = 1;
	nkept = 0;
	ncancels = 0;
	submit(usb, RINGDEV_ISO_OUT, 3);
	wait_kept(3);
	start = now_ms();
	ioctl(usb, USBDEVFS_DISCARDURB, &urbs[1].u);
	took = now_ms() - start;
	answer_kept(&d, 0, 1);
	answer_kept(&d, 2, 1);
	ktap_ok(took < 2000 && ncancels == 1 && ringdev_reap(usb, 1000) &&
		ringdev_reap(usb, 1000) && ringdev_reap(usb, 1000) &&
		!urbs[0].u.status && !urbs[2].u.status &&
		urbs[1].u.status == -ENOENT,
		"one that nobody completes: %.0f ms, and its neighbours live",
		took);
	holding = 0;
	pull(&d, usb);
}

static void check_unplug(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);
	struct usbdevfs_urb *done;
	unsigned int i, gone = 0;

	submit(usb, RINGDEV_ISO_IN, 20);
	wait_kept(20);
	holding = 1;
	for (i = 20; i < 25; i++)
		ringdev_submit(usb, prepare(i, RINGDEV_ISO_IN, NPKT, PKT));
	wait_kept(25);
	ringdev_unbind(&d);
	for (i = 0; i < 200 && gone < 25; i++)
		if (!ioctl(usb, USBDEVFS_REAPURBNDELAY, &done))
			gone++;
		else
			usleep(10000);
	ktap_ok(gone == 25 && urbs[24].u.status == -ESHUTDOWN,
		"unplugged with 25 queued: %u back, the last %d", gone,
		urbs[24].u.status);
	holding = 0;
	pull(&d, usb);
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
	{ "packet longer than asked", .cmp.actual = PKT + 1,
	  .second.len = PKT + 1 },
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
	struct p2pvhci_iso *iso = (void *)(d->rw + d->setup.off_in);
	struct p2pvhci_cmp cmp = cases[i].cmp;
	int rc;

	memset(iso, 0, NMIXED * sizeof(*iso));
	iso[1] = cases[i].second;
	cmp.token = kept[0].token;
	pthread_mutex_lock(&d->lock);
	ringdev_push(d, &cmp);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

static void check_case(unsigned int i)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ALL };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH), rc, j;
	struct usbdevfs_urb *u, *done = NULL;

	holding = 1;
	u = prepare(0, RINGDEV_ISO_IN, NMIXED, PKT);
	ringdev_submit(usb, u);
	wait_kept(1);
	rc = violate(&d, i);
	for (j = 0; j < 200 && ioctl(usb, USBDEVFS_REAPURBNDELAY, &done); j++)
		usleep(10000);
	ktap_ok(rc == -ESHUTDOWN && done == u && u->status == -ESHUTDOWN,
		"%s: %d, URB %d", cases[i].what, rc, u->status);
	holding = 0;
	pull(&d, usb);
}

static void check_refused(void)
{
	struct ringdev d = { .hook = hook, .area = P2PVHCI_AREA_MIN };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH), rc;

	rc = ringdev_submit(usb, prepare(0, RINGDEV_ISO_IN, NPKT, PKT));
	ktap_ok(rc == -EINVAL && rate(&d, d.epoch, 0) == -EINVAL,
		"without the feature: %d", rc);
	pull(&d, usb);
	d.features = P2PVHCI_F_ALL;
	usb = plug(&d, P2PVHCI_SPEED_HIGH);
	rc = ringdev_submit(usb, prepare(0, RINGDEV_ISO_IN, 33, LONG_PKT));
	ktap_ok(rc == -EMSGSIZE, "IN of more than half the area: %d", rc);
	rc = ringdev_submit(usb, prepare(0, RINGDEV_ISO_OUT, 32, LONG_PKT));
	ktap_ok(rc == -EMSGSIZE, "OUT, with its packets: %d", rc);
	rc = ringdev_submit(usb, prepare(0, RINGDEV_ISO_IN, 32, LONG_PKT));
	ktap_ok(!rc && ringdev_reap(usb, 1000), "half of it: %d", rc);
	pull(&d, usb);
}

/* Leave with URBs that wait for their time, so that the module has to cope. */
static int leave(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_ISO };
	int usb = plug(&d, P2PVHCI_SPEED_HIGH);

	submit(usb, RINGDEV_ISO_OUT, NURBS);
	wait_kept(NURBS);
	return nkept != NURBS || kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc > 1 && !strcmp(argv[1], "leave"))
		return leave();
	ktap_plan(21 + NCASES);
	check_pace(RINGDEV_ISO_IN);
	check_pace(RINGDEV_ISO_OUT);
	check_frames();
	check_rate();
	check_late();
	check_packets();
	check_cancel();
	check_unplug();
	for (i = 0; i < NCASES; i++)
		check_case(i);
	check_refused();
	return ktap_end();
}
