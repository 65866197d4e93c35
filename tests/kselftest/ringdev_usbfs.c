// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The other side of the device of ringdev.c: usbfs, as a driver would use it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/usbdevice_fs.h>

#include "ringdev.h"

long ringdev_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int ringdev_read(const char *dir, const char *file, int base)
{
	char path[512], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", dir, file);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return strtol(text, NULL, base);
}

/* The node of a configured device; 0, or -ENODEV. */
static int ringdev_find(uint16_t product, char *path, size_t size)
{
	struct dirent *entry;
	int rc = -ENODEV;
	DIR *dir;

	dir = opendir("/sys/bus/usb/devices");
	if (!dir)
		return -errno;
	while (rc && (entry = readdir(dir))) {
		if (ringdev_read(entry->d_name, "idVendor", 16) !=
		    RINGDEV_VENDOR ||
		    ringdev_read(entry->d_name, "idProduct", 16) !=
		    product ||
		    ringdev_read(entry->d_name, "bConfigurationValue", 10) != 1)
			continue;
		snprintf(path, size, "/dev/bus/usb/%03d/%03d",
			 ringdev_read(entry->d_name, "busnum", 10),
			 ringdev_read(entry->d_name, "devnum", 10));
		rc = 0;
	}
	closedir(dir);
	return rc;
}

int ringdev_usbfs_of(uint16_t product, int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;
	unsigned int interface = 0;
	char path[64];
	int usb;

	while (ringdev_find(product, path, sizeof(path)) || access(path, R_OK)) {
		if (ringdev_now_ms() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	usb = open(path, O_RDWR | O_CLOEXEC);
	if (usb < 0)
		return -errno;
	if (ioctl(usb, USBDEVFS_CLAIMINTERFACE, &interface)) {
		int rc = -errno;

		close(usb);
		return rc;
	}
	return usb;
}

int ringdev_usbfs(int timeout_ms)
{
	return ringdev_usbfs_of(RINGDEV_PRODUCT, timeout_ms);
}

int ringdev_gone(int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;
	char path[64];

	while (!ringdev_find(RINGDEV_PRODUCT, path, sizeof(path))) {
		if (ringdev_now_ms() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return 0;
}

int ringdev_control(int usb, uint8_t type, uint8_t request, uint16_t value,
		    uint16_t index, void *data, uint16_t len,
		    unsigned int timeout_ms)
{
	struct usbdevfs_ctrltransfer x = {
		.bRequestType = type, .bRequest = request, .wValue = value,
		.wIndex = index, .wLength = len, .timeout = timeout_ms,
		.data = data,
	};
	int rc = ioctl(usb, USBDEVFS_CONTROL, &x);

	return rc < 0 ? -errno : rc;
}

int ringdev_bulk(int usb, unsigned int ep, void *data, unsigned int len,
		 unsigned int timeout_ms)
{
	struct usbdevfs_bulktransfer x = {
		.ep = ep, .len = len, .timeout = timeout_ms, .data = data,
	};
	int rc = ioctl(usb, USBDEVFS_BULK, &x);

	return rc < 0 ? -errno : rc;
}

int ringdev_submit(int usb, struct usbdevfs_urb *urb)
{
	return ioctl(usb, USBDEVFS_SUBMITURB, urb) ? -errno : 0;
}

struct usbdevfs_urb *ringdev_reap(int usb, int timeout_ms)
{
	struct pollfd pfd = { .fd = usb, .events = POLLOUT };
	struct usbdevfs_urb *urb;

	if (poll(&pfd, 1, timeout_ms) <= 0 ||
	    ioctl(usb, USBDEVFS_REAPURBNDELAY, &urb))
		return NULL;
	return urb;
}

int ringdev_setting(int usb, unsigned int interface, unsigned int alt)
{
	struct usbdevfs_setinterface set = {
		.interface = interface, .altsetting = alt,
	};

	if (ioctl(usb, USBDEVFS_CLAIMINTERFACE, &interface) ||
	    ioctl(usb, USBDEVFS_SETINTERFACE, &set))
		return -errno;
	return 0;
}

static int ringdev_streams(int usb, unsigned long cmd, unsigned int n,
			   const uint8_t *eps, unsigned int neps)
{
	struct {
		struct usbdevfs_streams s;
		unsigned char eps[4];
	} arg = { .s.num_streams = n, .s.num_eps = neps };
	int rc;

	memcpy(arg.s.eps, eps, neps);
	rc = ioctl(usb, cmd, &arg);
	return rc < 0 ? -errno : rc;
}

int ringdev_alloc_streams(int usb, unsigned int n, const uint8_t *eps,
			  unsigned int neps)
{
	return ringdev_streams(usb, USBDEVFS_ALLOC_STREAMS, n, eps, neps);
}

int ringdev_free_streams(int usb, const uint8_t *eps, unsigned int neps)
{
	return ringdev_streams(usb, USBDEVFS_FREE_STREAMS, 0, eps, neps);
}

void ringdev_fill(void *data, unsigned int len, unsigned int seed)
{
	uint8_t *p = data;
	unsigned int i;

	for (i = 0; i < len; i++)
		p[i] = (seed * 131 + i * 7 + (i >> 8)) & 0xff;
}
