// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pathload - transfers of a device, and what the processor did for each.
 *
 * usage: pathload in|out|diskread|diskwrite NODE SIZE DEPTH COUNT
 *
 * NODE is a usbfs node, whose first bulk endpoints are used, or a disk, whose
 * blocks below 64 KiB are taken from everywhere.  Prints
 * "METRIC VALUE" lines: instr (ns of the processor, idle time taken off, a
 * transfer), p50 (us), mbs; and, of the processes that probe.so was loaded into,
 * cipher, quic and server (ns a transfer; quic has the cipher in it, server has
 * not).
 */
#include <err.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../host/figure/figure.h"
#include "../host/probe/probe.h"

#define DEPTH_MAX	64u
#define WARM_UP		32u
#define DISK_BYTES	(32u << 20)	/* of the disk are used */
#define DISK_STRIDE	(4999u << 12)	/* from small block to small block */

/**
 * struct target - what is loaded
 * @fd: its node
 * @disk: it is one
 * @in: towards us
 * @size: of a transfer
 * @at: of the next one, disk
 * @ep: endpoint
 * @urbs: in flight
 * @since: when each was submitted
 */
struct target {
	int fd;
	int disk;
	int in;
	size_t size;
	off_t at;
	uint8_t ep;
	struct usbdevfs_urb urbs[DEPTH_MAX];
	uint64_t since[DEPTH_MAX];
};

/* The kernel's own account of idle time, without the interrupts in it. */
static uint64_t idle_ns(void)
{
	unsigned long long ns, sum = 0;
	char line[256];
	FILE *file = fopen("/proc/timer_list", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1 ||
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) == 1)
			sum += ns;
	if (file)
		fclose(file);
	return sum;
}

static uint8_t find_endpoint(int fd, int in)
{
	struct usb_endpoint_descriptor ep;
	uint8_t desc[4096];
	ssize_t len = read(fd, desc, sizeof(desc));
	ssize_t at;

	for (at = 0; at + 7 <= len && desc[at] >= 2; at += desc[at]) {
		memcpy(&ep, desc + at, USB_DT_ENDPOINT_SIZE);
		if (ep.bDescriptorType == USB_DT_ENDPOINT &&
		    (ep.bmAttributes & USB_ENDPOINT_XFERTYPE_MASK) ==
		    USB_ENDPOINT_XFER_BULK &&
		    !(ep.bEndpointAddress & USB_DIR_IN) == !in)
			return ep.bEndpointAddress;
	}
	errx(1, "no such bulk endpoint");
}

static void submit(struct target *target, unsigned int i)
{
	target->since[i] = figure_now();
	if (ioctl(target->fd, USBDEVFS_SUBMITURB, &target->urbs[i]))
		err(1, "submit");
}

static unsigned int reap(struct target *target)
{
	struct usbdevfs_urb *urb;

	if (ioctl(target->fd, USBDEVFS_REAPURB, &urb))
		err(1, "reap");
	if (urb->status || (size_t)urb->actual_length != target->size)
		errx(1, "transfer: status %d, %d bytes", urb->status,
		     urb->actual_length);
	return (unsigned int)(urb - target->urbs);
}

static void run_usb(struct target *target, unsigned int count,
		    struct figure *figure)
{
	unsigned int i;

	for (; count; count--) {
		i = reap(target);
		figure_add(figure, target->size,
			   figure_now() - target->since[i]);
		submit(target, i);
	}
}

static void open_usb(struct target *target, const char *node,
		     unsigned int depth)
{
	unsigned int interface = 0;
	unsigned int i;

	target->fd = open(node, O_RDWR);
	if (target->fd < 0)
		err(1, "%s", node);
	target->ep = find_endpoint(target->fd, target->in);
	if (ioctl(target->fd, USBDEVFS_CLAIMINTERFACE, &interface))
		err(1, "claim");
	for (i = 0; i < depth; i++) {
		target->urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		target->urbs[i].endpoint = target->ep;
		target->urbs[i].buffer = calloc(1, target->size);
		target->urbs[i].buffer_length = (int)target->size;
		submit(target, i);
	}
}

/*
 * Close with requests in flight and vhci_hcd's vhci_urb_dequeue() finds one that
 * its receiver has taken but whose bytes are still on their way: it says "done"
 * of it again and again, and usb_hcd_flush_endpoint() asks again and again, with
 * interrupts off.  The processor that would fetch the bytes is that one.
 */
static void drain_usb(struct target *target, unsigned int depth)
{
	while (depth--)
		reap(target);
}

static void run_disk(struct target *target, unsigned int count,
		     struct figure *figure)
{
	/* Coprime to the number of blocks: it meets each, and no neighbour. */
	off_t step = target->size < 65536 ? DISK_STRIDE : (off_t)target->size;
	void *buf = target->urbs[0].buffer;
	uint64_t since;
	ssize_t n;

	for (; count; count--) {
		since = figure_now();
		n = target->in ? pread(target->fd, buf, target->size, target->at) :
		    pwrite(target->fd, buf, target->size, target->at);
		if (n != (ssize_t)target->size)
			err(1, "disk");
		target->at = (target->at + step) % DISK_BYTES;
		figure_add(figure, target->size, figure_now() - since);
	}
}

static void open_disk(struct target *target, const char *node)
{
	target->fd = open(node, O_RDWR | O_DIRECT);
	if (target->fd < 0 ||
	    posix_memalign(&target->urbs[0].buffer, 4096, target->size))
		err(1, "%s", node);
	memset(target->urbs[0].buffer, 1, target->size);
}

static void run(struct target *target, unsigned int count,
		struct figure *figure)
{
	if (target->disk)
		run_disk(target, count, figure);
	else
		run_usb(target, count, figure);
}

static void measure(struct target *target, unsigned int count)
{
	struct figure warm = { 0 }, figure = { 0 };
	struct probe_sum before, after;
	uint64_t ns;

	run(target, target->disk ? 1 : WARM_UP, &warm);
	probe_sum(&before);
	figure_start(&figure, 0);
	ns = figure_now() - idle_ns();
	run(target, count, &figure);
	ns = figure_now() - idle_ns() - ns;
	figure_end(&figure);
	probe_sum(&after);
	printf("instr %.0f\n", (double)ns / count);
	printf("cipher %.0f\n", (double)(after.cipher_ns - before.cipher_ns) /
	       count);
	printf("quic %.0f\n", (double)(after.quic_ns - before.quic_ns) / count);
	printf("server %.0f\n", (double)(after.server_ns - before.server_ns) /
	       count);
	figure_print(&figure, stdout);
}

int main(int argc, char **argv)
{
	static struct target target;
	unsigned int depth;

	if (argc != 6)
		errx(2, "usage: pathload in|out|diskread|diskwrite NODE SIZE DEPTH COUNT");
	target.disk = !strncmp(argv[1], "disk", 4);
	target.in = !strcmp(argv[1], "in") || !strcmp(argv[1], "diskread");
	target.size = strtoul(argv[3], NULL, 10);
	depth = (unsigned int)strtoul(argv[4], NULL, 10);
	if (!target.size || !depth || depth > DEPTH_MAX)
		errx(2, "no such load");
	if (target.disk)
		open_disk(&target, argv[2]);
	else
		open_usb(&target, argv[2], depth);
	measure(&target, (unsigned int)strtoul(argv[5], NULL, 10));
	if (!target.disk)
		drain_usb(&target, depth);
	return 0;
}
