// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio_host - transfers over usbfs, one URB for one URB, with their flags.
 *
 * It judges nothing and prints only when it cannot go on.
 */
#include "usbio_host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

uint64_t host_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void host_learn(struct host *host, const uint8_t *desc, size_t length)
{
	struct usb_endpoint_descriptor ep;
	unsigned int seen = 0;

	while (length >= 2 && desc[0] >= 2 && desc[0] <= length) {
		if (desc[1] == USB_DT_ENDPOINT && seen < REMEMBER_EPS) {
			memcpy(&ep, desc, USB_DT_ENDPOINT_SIZE);
			host->packet[seen] = ep.wMaxPacketSize & 0x7ff;
			host->address[seen++] = ep.bEndpointAddress;
		}
		length -= desc[0];
		desc += desc[0];
	}
}

int host_open(struct host *host, const char *path)
{
	uint8_t desc[4096];
	int interface = 0;
	ssize_t length;

	memset(host, 0, sizeof(*host));
	host->fd = open(path, O_RDWR | O_CLOEXEC);
	if (host->fd < 0)
		return -errno;
	length = read(host->fd, desc, sizeof(desc));
	if (length < 0)
		return -errno;
	host_learn(host, desc, length);
	if (!host->packet[REMEMBER_INT_OUT])
		return -EINVAL;
	if (ioctl(host->fd, USBDEVFS_CLAIMINTERFACE, &interface) < 0)
		return -errno;
	return 0;
}

void host_urb_init(struct host *host, struct host_urb *xfer, enum remember_ep ep,
		   size_t length, unsigned int flags)
{
	int bulk = ep == REMEMBER_BULK_IN || ep == REMEMBER_BULK_OUT;

	memset(xfer, 0, sizeof(*xfer));
	xfer->data = calloc(1, length + 1);
	if (!xfer->data) {
		fprintf(stderr, "usbio: no memory for %zu bytes\n", length);
		exit(1);
	}
	xfer->urb.type = bulk ? USBDEVFS_URB_TYPE_BULK :
				USBDEVFS_URB_TYPE_INTERRUPT;
	xfer->urb.endpoint = host->address[ep];
	xfer->urb.flags = flags;
	xfer->urb.buffer = xfer->data;
	xfer->urb.buffer_length = length;
	xfer->urb.usercontext = xfer;
}

void host_urb_free(struct host_urb *xfer)
{
	free(xfer->data);
	xfer->data = NULL;
}

int host_submit(struct host *host, struct host_urb *xfer)
{
	xfer->urb.status = -EINPROGRESS;
	xfer->urb.actual_length = 0;
	xfer->started_us = host_now_us();
	if (ioctl(host->fd, USBDEVFS_SUBMITURB, &xfer->urb) < 0)
		return -errno;
	xfer->out = 1;
	return 0;
}

int host_discard(struct host *host, struct host_urb *xfer)
{
	/* EINVAL: it has come back already and waits to be reaped. */
	if (ioctl(host->fd, USBDEVFS_DISCARDURB, &xfer->urb) < 0 &&
	    errno != EINVAL)
		return -errno;
	return 0;
}

int host_reap(struct host *host, struct host_urb **xfer, int timeout_ms)
{
	uint64_t end = host_now_us() + timeout_ms * 1000ULL, now;
	struct pollfd poll_fd = { .fd = host->fd, .events = POLLOUT };
	struct usbdevfs_urb *urb;

	for (;;) {
		if (!ioctl(host->fd, USBDEVFS_REAPURBNDELAY, &urb)) {
			*xfer = urb->usercontext;
			(*xfer)->out = 0;
			now = host_now_us();
			(*xfer)->took_us = now - (*xfer)->started_us;
			return 0;
		}
		if (errno != EAGAIN)
			return -errno;
		now = host_now_us();
		if (now >= end)
			return -ETIMEDOUT;
		poll(&poll_fd, 1, (end - now) / 1000 + 1);
	}
}

int host_run(struct host *host, struct host_urb *xfer)
{
	struct host_urb *back;
	int ret;

	ret = host_submit(host, xfer);
	if (ret)
		return ret;
	ret = host_reap(host, &back, HOST_WAIT_MS);
	if (!ret)
		return back->urb.status;
	host_discard(host, xfer);
	host_reap(host, &back, HOST_WAIT_MS);
	return ret;
}

int host_clear_halt(struct host *host, enum remember_ep ep)
{
	unsigned int address = host->address[ep];

	return ioctl(host->fd, USBDEVFS_CLEAR_HALT, &address) < 0 ? -errno : 0;
}

static int host_control(struct host *host, uint8_t type, uint8_t request,
			unsigned int value, void *data, size_t length)
{
	struct usbdevfs_ctrltransfer ctrl = {
		.bRequestType = type,
		.bRequest = request,
		.wValue = value,
		.wLength = length,
		.timeout = HOST_WAIT_MS,
		.data = data,
	};
	int ret;

	ret = ioctl(host->fd, USBDEVFS_CONTROL, &ctrl);
	return ret < 0 ? -errno : ret;
}

int host_order(struct host *host, enum remember_request request,
	       unsigned int value, const void *data, size_t length)
{
	return host_control(host, REMEMBER_TYPE_OUT, request, value,
			    (void *)data, length);
}

int host_ask(struct host *host, enum remember_request request,
	     unsigned int value, void *data, size_t length)
{
	return host_control(host, REMEMBER_TYPE_IN, request, value, data,
			    length);
}

int host_arm(struct host *host, enum remember_ep ep, uint32_t length,
	     uint32_t seed, uint32_t flags)
{
	struct remember_arm arm = { ep, length, seed, flags };
	int ret;

	ret = host_order(host, REMEMBER_ARM, 0, &arm, sizeof(arm));
	return ret < 0 ? ret : 0;
}

int host_stats(struct host *host, struct remember_stats *stats)
{
	int ret;

	ret = host_ask(host, REMEMBER_STATS, 0, stats, sizeof(*stats));
	if (ret < 0)
		return ret;
	return ret == sizeof(*stats) ? 0 : -EIO;
}

int host_records(struct host *host, enum remember_ep ep, unsigned int first,
		 struct remember_record *records, size_t max)
{
	size_t have = 0, room;
	int ret;

	while (have < max && first + have < REMEMBER_RECORDS_MAX) {
		room = (max - have) * sizeof(*records);
		if (room > REMEMBER_CTRL_MAX)
			room = REMEMBER_CTRL_MAX -
			       REMEMBER_CTRL_MAX % sizeof(*records);
		ret = host_ask(host, REMEMBER_RECORDS,
			       (first + have) | ep << REMEMBER_EP_SHIFT,
			       records + have, room);
		if (ret < 0)
			return ret;
		have += ret / sizeof(*records);
		if ((size_t)ret < room)
			break;
	}
	return have;
}

int host_is_pattern(const uint8_t *data, size_t length, uint32_t seed)
{
	uint8_t *want;
	int same;

	want = malloc(length + 1);
	if (!want)
		return 0;
	remember_fill(want, length, seed);
	same = !memcmp(data, want, length);
	free(want);
	return same;
}
