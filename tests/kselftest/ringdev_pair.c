// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device of ringdev.c and its other side at once, or the test ends.
 */
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "ringdev.h"

int ringdev_plug_usbfs(struct ringdev *d, uint8_t speed)
{
	int usb, rc;

	rc = ringdev_plug(d, speed);
	if (rc)
		ktap_abort("no queue or no port: %s", strerror(-rc));
	usb = ringdev_usbfs(10000);
	if (usb < 0)
		ktap_abort("no device: %s", strerror(-usb));
	return usb;
}

void ringdev_pull_usbfs(struct ringdev *d, int usb)
{
	close(usb);
	ringdev_pull(d);
	ringdev_gone(5000);
}
