// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * urbtime - round trip of one URB to any device: GET_DESCRIPTOR, from usbfs.
 *
 * Works beside the device's own driver, since endpoint 0 needs no claim.  It
 * judges nothing; usbio times bulk transfers of a device made for that.
 *
 * usage: urbtime NODE [COUNT]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#define COUNT_MAX	10000

static unsigned int now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned int)(t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

static int ask(int fd)
{
	struct usb_device_descriptor desc;
	struct usbdevfs_ctrltransfer request = {
		.bRequestType = USB_DIR_IN,
		.bRequest = USB_REQ_GET_DESCRIPTOR,
		.wValue = USB_DT_DEVICE << 8,
		.wLength = sizeof(desc),
		.timeout = 5000,
		.data = &desc,
	};
	int n = ioctl(fd, USBDEVFS_CONTROL, &request);

	if (n < 0)
		return -errno;
	return n == sizeof(desc) ? 0 : -EREMOTEIO;
}

int main(int argc, char **argv)
{
	static unsigned int took[COUNT_MAX];
	unsigned int count = 500;
	unsigned int start;
	unsigned int i;
	int ret;
	int fd;

	if (argc > 2)
		count = (unsigned int)strtoul(argv[2], NULL, 0);
	if (argc < 2 || !count || count > COUNT_MAX) {
		fprintf(stderr, "usage: urbtime NODE [COUNT]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "urbtime: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (i = 0; i < count; i++) {
		start = now_us();
		ret = ask(fd);
		if (ret) {
			fprintf(stderr, "urbtime: URB %u: %s\n", i,
				strerror(-ret));
			return 1;
		}
		took[i] = now_us() - start;
	}
	qsort(took, count, sizeof(took[0]), compare);
	printf("%u URBs: p50 %u us, p99 %u us\n", count, took[count / 2],
	       took[count * 99 / 100]);
	return 0;
}
