// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * streamorder - read by bulk streams from a device that says which it answers.
 *
 * usage: streamorder NODE STREAMS URBS
 *
 * The device is fakedev's "plain" with a "tagged" source on 0x81: each transfer
 * carries its stream and how many were before it on that stream.  Submits URBS
 * transfers over STREAMS streams in turn, reaps them all, and prints
 * "streams=N wrong=N overtaken=N": transfers with the data of another stream or
 * place, and those that ended before one submitted earlier.  Status 0 when none
 * is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../fakedev/video.h"

#define EP		0x81
#define URBS_MAX	256
#define STREAMS_MAX	64
#define LENGTH		4096
#define WAIT_MS		10000

static struct usbdevfs_urb urbs[URBS_MAX];
static uint8_t data[URBS_MAX][LENGTH];
static uint32_t expected[STREAMS_MAX + 1];

static void die(const char *what)
{
	fprintf(stderr, "streamorder: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned int alloc_streams(int fd, unsigned int wanted)
{
	struct usbdevfs_streams *streams = calloc(1, sizeof(*streams) + 1);
	int granted;

	if (!streams)
		die("memory");
	streams->num_streams = wanted;
	streams->num_eps = 1;
	streams->eps[0] = EP;
	granted = ioctl(fd, USBDEVFS_ALLOC_STREAMS, streams);
	if (granted <= 0)
		die("ALLOC_STREAMS");
	free(streams);
	return (unsigned int)granted;
}

static void submit(int fd, unsigned int i, unsigned int stream)
{
	urbs[i] = (struct usbdevfs_urb) {
		.type = USBDEVFS_URB_TYPE_BULK,
		.endpoint = EP,
		.buffer = data[i],
		.buffer_length = LENGTH,
		.stream_id = stream,
	};
	if (ioctl(fd, USBDEVFS_SUBMITURB, &urbs[i]))
		die("SUBMITURB");
}

static struct usbdevfs_urb *reap(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *urb;

	if (poll(&pfd, 1, WAIT_MS) <= 0) {
		errno = ETIMEDOUT;
		die("no answer");
	}
	if (ioctl(fd, USBDEVFS_REAPURBNDELAY, &urb))
		die("REAPURB");
	return urb;
}

static int wrong(const struct usbdevfs_urb *urb)
{
	const uint8_t *bytes = urb->buffer;
	uint32_t seq = expected[urb->stream_id]++;

	if (!urb->status && urb->actual_length == LENGTH &&
	    video_get(bytes) == urb->stream_id && video_get(bytes + 4) == seq)
		return 0;
	printf("# stream %u: status %d, %d bytes, of stream %u place %u instead of %u\n",
	       urb->stream_id, urb->status, urb->actual_length,
	       video_get(bytes), video_get(bytes + 4), seq);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int interface = 0;
	unsigned int overtaken = 0;
	unsigned int streams;
	unsigned int bad = 0;
	unsigned int count;
	unsigned int i;
	unsigned int at;
	long last = -1;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: streamorder NODE STREAMS URBS\n");
		return 2;
	}
	streams = (unsigned int)strtoul(argv[2], NULL, 10);
	count = (unsigned int)strtoul(argv[3], NULL, 10);
	if (!streams || streams > STREAMS_MAX || !count || count > URBS_MAX)
		return 2;
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		die(argv[1]);
	if (ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface))
		die("CLAIMINTERFACE");
	streams = alloc_streams(fd, streams);
	for (i = 0; i < count; i++)
		submit(fd, i, 1 + i % streams);
	for (i = 0; i < count; i++) {
		at = (unsigned int)(reap(fd) - urbs);
		bad += wrong(&urbs[at]);
		overtaken += (long)at < last;
		last = at;
	}
	printf("streams=%u wrong=%u overtaken=%u\n", streams, bad, overtaken);
	return bad != 0;
}
