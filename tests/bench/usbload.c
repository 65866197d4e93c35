// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbload - bulk transfers of a device in memory, timed: submit and reap.
 *
 * usage: usbload in|out SIZE DEPTH COUNT
 *
 * Waits for 1209:0002, keeps DEPTH URBs of SIZE bytes in flight until COUNT are
 * done or two seconds have passed, and prints "METRIC VALUE" lines: ns (elapsed,
 * a transfer), p50 and p99 (us, submit to reaped), urbs (a second), mbs (10^6
 * bytes a second), ctxsw (context switches of the machine, a transfer).  It
 * checks lengths, no bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <linux/usbdevice_fs.h>

#include "ringdev.h"

#define DEPTH_MAX	64u
#define COUNT_MAX	100000u
#define WARM_UP		64u		/* transfers that do not count */
#define LONG_NS		2000000000ull

struct flight {
	struct usbdevfs_urb urb;
	uint64_t start;
};

static struct flight flights[DEPTH_MAX];
static uint64_t took[COUNT_MAX + WARM_UP];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t context_switches(void)
{
	unsigned long long n = 0;
	char line[256];
	FILE *f = fopen("/proc/stat", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "ctxt %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void die(const char *what)
{
	fprintf(stderr, "usbload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void submit(int usb, struct flight *flight)
{
	flight->start = now_ns();
	if (ioctl(usb, USBDEVFS_SUBMITURB, &flight->urb))
		die("submit");
}

static struct flight *reap(int usb)
{
	struct usbdevfs_urb *urb;

	if (ioctl(usb, USBDEVFS_REAPURB, &urb))
		die("reap");
	if (urb->status || urb->actual_length != urb->buffer_length) {
		errno = urb->status ? -urb->status : EREMOTEIO;
		die("transfer");
	}
	return (struct flight *)urb;
}

/* Up to @count more transfers; whatever was in flight stays so. */
static unsigned int run(int usb, unsigned int count)
{
	uint64_t end = now_ns() + LONG_NS;
	struct flight *flight;
	unsigned int i = 0;

	do {
		flight = reap(usb);
		took[i++] = now_ns() - flight->start;
		submit(usb, flight);
	} while (i < count && flight->start < end);
	return i;
}

static void fill(int usb, uint8_t ep, unsigned int size, unsigned int depth)
{
	unsigned int i;

	for (i = 0; i < depth; i++) {
		flights[i].urb.type = USBDEVFS_URB_TYPE_BULK;
		flights[i].urb.endpoint = ep;
		flights[i].urb.buffer = calloc(1, size);
		flights[i].urb.buffer_length = size;
		if (!flights[i].urb.buffer)
			die("memory");
		memset(flights[i].urb.buffer, 1, size);
		submit(usb, &flights[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned int size, depth, count, i;
	uint64_t start, ns, switches;
	int usb;

	if (argc != 5) {
		fprintf(stderr, "usage: usbload in|out SIZE DEPTH COUNT\n");
		return 2;
	}
	size = strtoul(argv[2], NULL, 0);
	depth = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	if (!size || size > RINGDEV_MEMORY || !depth || depth > DEPTH_MAX ||
	    !count || count > COUNT_MAX)
		return 2;
	usb = ringdev_usbfs(10000);
	if (usb < 0) {
		errno = -usb;
		die("device");
	}
	fill(usb, strcmp(argv[1], "in") ? RINGDEV_BULK_OUT : RINGDEV_BULK_IN,
	     size, depth);
	run(usb, count < WARM_UP ? count : WARM_UP);
	switches = context_switches();
	start = now_ns();
	count = run(usb, count);
	ns = now_ns() - start;
	switches = context_switches() - switches;
	for (i = 0; i < depth; i++)
		reap(usb);
	qsort(took, count, sizeof(took[0]), compare);
	printf("ns %.1f\np50 %.2f\np99 %.2f\nurbs %.1f\nmbs %.3f\nctxsw %.3f\n",
	       (double)ns / count, took[count / 2] / 1e3,
	       took[count * 99 / 100] / 1e3, count * 1e9 / ns,
	       (double)count * size * 1e3 / ns, (double)switches / count);
	return 0;
}
