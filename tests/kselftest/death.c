// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent dies by SIGKILL with a thousand URBs in flight: all come back, the
 * port is gone and free again.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ktap.h"
#include "ringdev.h"

#define NURBS	1000
#define ROUNDS	3

/* Under KASAN and lockdep everything takes several times as long. */
static long limit_ms = 2000;

static uint8_t data[512];
static struct usbdevfs_urb urbs[NURBS];

static enum ringdev_verdict silent_hook(struct ringdev *d,
					const struct p2pvhci_req *req)
{
	(void)d;
	return req->ep & 0xf ? RINGDEV_TAKEN : RINGDEV_PASS;
}

static void agent(unsigned int tags)
{
	struct ringdev d = { .hook = silent_hook, .tags = tags };

	if (ringdev_plug(&d, P2PVHCI_SPEED_HIGH))
		_exit(1);
	pause();
	_exit(0);
}

static void check_round(unsigned int tags)
{
	struct usbdevfs_urb *done;
	unsigned int i, sent = 0, back = 0, wrong = 0;
	pid_t pid = fork();
	long t;
	int usb;

	if (!pid)
		agent(tags);
	usb = ringdev_usbfs(10000);
	if (usb < 0)
		ktap_abort("no device: %s", strerror(-usb));
	for (i = 0; i < NURBS; i++) {
		memset(&urbs[i], 0, sizeof(urbs[i]));
		urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		urbs[i].endpoint = i & 1 ? RINGDEV_BULK_IN : RINGDEV_BULK_OUT;
		urbs[i].buffer = data;
		urbs[i].buffer_length = sizeof(data);
		sent += !ringdev_submit(usb, &urbs[i]);
	}
	t = ringdev_now_ms();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (back < NURBS && ringdev_now_ms() - t < limit_ms) {
		if (ioctl(usb, USBDEVFS_REAPURBNDELAY, &done)) {
			usleep(1000);
			continue;
		}
		back++;
		wrong += done->status != -ESHUTDOWN;
	}
	t = ringdev_now_ms() - t;
	ktap_ok(sent == NURBS && back == NURBS && !wrong && t < limit_ms,
		"%u tags: %u of %u URBs back in %ld ms, %u with another status",
		tags, back, sent, t, wrong);
	close(usb);
	ktap_ok(!ringdev_gone(3000), "and the device is gone");
}

int main(void)
{
	const char *kernel = getenv("rig_kernel");
	unsigned int i;

	if (kernel && !strcmp(kernel, "debug"))
		limit_ms = 10000;
	ktap_plan(2 * ROUNDS);
	for (i = 0; i < ROUNDS; i++)
		check_round(i ? 2048 : 64);
	return ktap_end();
}
