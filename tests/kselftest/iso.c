// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Isochronous URBs: the time they take in both directions, and what becomes of
 * them when the agent is late or gone.
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
#include "ringdev_iso.h"

static struct ringdev_iso *const iso = &ringdev_iso;

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

	for (i = 0; i < RINGDEV_ISO_URBS; i++) {
		if (ringdev_reap(usb, 3000) != &iso->urbs[i].u)
			break;
		*took = now_ms() - start;
		*early += *took < (i + 1) * RINGDEV_ISO_MS;
		good += ringdev_iso_is_whole(&iso->urbs[i], i + 1);
	}
	return good;
}

/* Milliseconds that all URBs take, completed at once; @good and @early add. */
static double pace_once(uint8_t ep, unsigned int *good, unsigned int *early)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	double start, took = 0;

	start = now_ms();
	if (ringdev_iso_submit(usb, ep, RINGDEV_ISO_URBS) == RINGDEV_ISO_URBS)
		*good += reap_paced(usb, start, &took, early);
	*early += took < RINGDEV_ISO_URBS * RINGDEV_ISO_MS;
	ringdev_pull_usbfs(&d, usb);
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
	} while (++rounds < 5 && took > RINGDEV_ISO_URBS * RINGDEV_ISO_MS * 3 / 2);
	ktap_ok(good == rounds * RINGDEV_ISO_URBS && !iso->bad_out,
		"%s: %u packets in each URB, %u of %u whole, %u wrong at the device",
		way, RINGDEV_ISO_NPKT, good, rounds * RINGDEV_ISO_URBS, iso->bad_out);
	ktap_ok(!early, "%s: completed at once, %u came early", way, early);
	ktap_ok(took <= RINGDEV_ISO_URBS * RINGDEV_ISO_MS * 3 / 2,
		"%s: %u ms of packets took %.1f ms (round %u)", way,
		RINGDEV_ISO_URBS * RINGDEV_ISO_MS, took, rounds);
}

static int frames_between(const struct p2pvhci_req *a,
			  const struct p2pvhci_req *b)
{
	return (b->start_frame - a->start_frame) & 0x7ff;
}

/* Both count the URBs that do not begin where the one before ended. */
static void look_at_frames(unsigned int *early, unsigned int *late)
{
	unsigned int i;
	int gap;

	*late = 0;
	for (i = 1; i < 10; i++) {
		gap = frames_between(&iso->kept[i - 1], &iso->kept[i]) -
		      RINGDEV_ISO_MS;
		*early += gap < -1;
		*late += gap > 1;
	}
}

static void check_first_frame(const struct ringdev *d)
{
	const struct p2pvhci_kctl *kctl = (void *)d->ro;
	int behind = ((iso->kept[0].t_ns - kctl->frame0_ns) / 1000000 -
		      iso->kept[0].start_frame) & 0x7ff;

	ktap_ok(behind <= 100 && iso->kept[0].interval == 1 &&
		iso->kept[0].xflags == P2PVHCI_XF_ISO_ASAP,
		"the first starts when submitted: %d frames before it was published",
		behind);
}

/* No overlap, ever; a gap is there if this machine stood still meanwhile. */
static void check_frames(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	unsigned int early = 0, late, rounds = 0, i;

	do {
		iso->nkept = 0;
		ringdev_iso_submit(usb, RINGDEV_ISO_IN, 10);
		ringdev_iso_wait(10);
		look_at_frames(&early, &late);
		for (i = 0; i < 10; i++)
			ringdev_reap(usb, 1000);
	} while (++rounds < 5 && late);
	ktap_ok(!early && !late,
		"start_frame: each %u after the one before, %u early, %u late (round %u)",
		RINGDEV_ISO_MS, early, late, rounds);
	check_first_frame(&d);
	ringdev_pull_usbfs(&d, usb);
}

/* Frames from the first to the last of 16 URBs of 128 each. */
static int frames_at(int usb)
{
	unsigned int i, n = 16;

	iso->nkept = 0;
	for (i = 0; i < n; i++)
		if (ringdev_submit(usb, ringdev_iso_prepare(i, RINGDEV_ISO_IN,
							    128, 8)))
			return -errno;
	ringdev_iso_wait(n);
	for (i = n; i > 0; i--)
		ioctl(usb, USBDEVFS_DISCARDURB, &iso->urbs[i - 1].u);
	while (n-- && ringdev_reap(usb, 3000))
		;
	return frames_between(&iso->kept[0], &iso->kept[15]);
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
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_FULL), plain, fast, slow;
	int64_t most = P2PVHCI_EVENT_RATE_MAX;

	plain = frames_at(usb);
	ktap_ok(!ringdev_iso_rate(&d, d.epoch, most), "RATE");
	fast = frames_at(usb);
	ringdev_iso_rate(&d, d.epoch, -most);
	slow = frames_at(usb);
	ktap_ok(abs(plain - 1920) <= 1 && abs(fast - 1918) <= 1 &&
		abs(slow - 1922) <= 1 && fast < plain && plain < slow,
		"1920 frames: %d, at +1000 ppm %d, at -1000 ppm %d", plain,
		fast, slow);
	ktap_ok(ringdev_iso_rate(&d, d.epoch, most + 1) == -EINVAL &&
		ringdev_iso_rate(&d, d.epoch, -most - 1) == -EINVAL &&
		ringdev_iso_rate(&d, d.epoch, INT64_MIN) == -EINVAL &&
		ringdev_iso_rate(&d, d.epoch + 1, 0) == -ENOENT,
		"RATE out of range, or of another device");
	ktap_ok(odd_event(&d, 0, d.port, 0) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_MAX, d.port, 0) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_RATE, d.port, 1) == -EINVAL &&
		odd_event(&d, P2PVHCI_EVENT_RATE, 0, 0) == -ENOENT &&
		odd_event(&d, P2PVHCI_EVENT_RATE, 60000, 0) == -ENOENT,
		"events that are none, ports that are none");
	ringdev_pull_usbfs(&d, usb);
}

/* The agent is late: the URB is, and all others with it. */
static void check_late(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	unsigned int i, n = 5, early = 0, whole = 0;
	double start;

	iso->holding = 1;
	ringdev_iso_submit(usb, RINGDEV_ISO_IN, n);
	ringdev_iso_wait(n);
	usleep(200000);
	start = now_ms();
	ringdev_iso_answer(&d, 0, n);
	for (i = 0; i < n; i++) {
		if (ringdev_reap(usb, 1000) != &iso->urbs[i].u)
			break;
		early += now_ms() - start < i * RINGDEV_ISO_MS;
		whole += ringdev_iso_is_whole(&iso->urbs[i], i + 1);
	}
	ktap_ok(i == n && whole == n && !early,
		"completed 200 ms late: %u whole, %u before their time", whole,
		early);
	iso->holding = 0;
	ringdev_pull_usbfs(&d, usb);
}

/* Wanted back, and gone ----------------------------------------------------- */

static void check_cancel(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	struct usbdevfs_urb *last = &iso->urbs[RINGDEV_ISO_URBS - 1].u;
	unsigned int i, back = 0;
	double start, took;

	/* The last of them is completed, and 400 ms ahead of its time. */
	ringdev_iso_submit(usb, RINGDEV_ISO_OUT, RINGDEV_ISO_URBS);
	ringdev_iso_wait(RINGDEV_ISO_URBS);
	start = now_ms();
	ioctl(usb, USBDEVFS_DISCARDURB, last);
	took = now_ms() - start;
	for (i = 0; i < RINGDEV_ISO_URBS; i++)
		back += !!ringdev_reap(usb, 1000);
	ktap_ok(back == RINGDEV_ISO_URBS && took < 200 && iso->ncancels == 1 &&
		last->status == -ENOENT && !iso->urbs[0].u.status,
		"one that waits for its time: %.1f ms, status %d, %u CANCEL",
		took, last->status, iso->ncancels);

	iso->holding = 1;
	iso->nkept = 0;
	iso->ncancels = 0;
	ringdev_iso_submit(usb, RINGDEV_ISO_OUT, 3);
	ringdev_iso_wait(3);
	start = now_ms();
	ioctl(usb, USBDEVFS_DISCARDURB, &iso->urbs[1].u);
	took = now_ms() - start;
	ringdev_iso_answer(&d, 0, 1);
	ringdev_iso_answer(&d, 2, 1);
	ktap_ok(took < 2000 && iso->ncancels == 1 && ringdev_reap(usb, 1000) &&
		ringdev_reap(usb, 1000) && ringdev_reap(usb, 1000) &&
		!iso->urbs[0].u.status && !iso->urbs[2].u.status &&
		iso->urbs[1].u.status == -ENOENT,
		"one that nobody completes: %.0f ms, and its neighbours live",
		took);
	iso->holding = 0;
	ringdev_pull_usbfs(&d, usb);
}

static void check_unplug(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);
	struct usbdevfs_urb *done;
	unsigned int i, gone = 0;

	ringdev_iso_submit(usb, RINGDEV_ISO_IN, 20);
	ringdev_iso_wait(20);
	iso->holding = 1;
	for (i = 20; i < 25; i++)
		ringdev_submit(usb, ringdev_iso_prepare(i, RINGDEV_ISO_IN,
							RINGDEV_ISO_NPKT,
							RINGDEV_ISO_PKT));
	ringdev_iso_wait(25);
	ringdev_unbind(&d);
	for (i = 0; i < 200 && gone < 25; i++)
		if (!ioctl(usb, USBDEVFS_REAPURBNDELAY, &done))
			gone++;
		else
			usleep(10000);
	ktap_ok(gone == 25 && iso->urbs[24].u.status == -ESHUTDOWN,
		"unplugged with 25 queued: %u back, the last %d", gone,
		iso->urbs[24].u.status);
	iso->holding = 0;
	ringdev_pull_usbfs(&d, usb);
}

/* Leave with URBs that wait for their time, so that the module has to cope. */
static int leave(void)
{
	struct ringdev d = { .features = P2PVHCI_F_ISO };
	int usb = ringdev_iso_plug(&d, P2PVHCI_SPEED_HIGH);

	ringdev_iso_submit(usb, RINGDEV_ISO_OUT, RINGDEV_ISO_URBS);
	ringdev_iso_wait(RINGDEV_ISO_URBS);
	return iso->nkept != RINGDEV_ISO_URBS || kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "leave"))
		return leave();
	ktap_plan(16);
	check_pace(RINGDEV_ISO_IN);
	check_pace(RINGDEV_ISO_OUT);
	check_frames();
	check_rate();
	check_late();
	check_cancel();
	check_unplug();
	return ktap_end();
}
