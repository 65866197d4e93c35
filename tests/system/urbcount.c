// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * urbcount - what passes one device, counted through usbmon.
 *
 * usage: urbcount BUS DEVICE
 *
 * Prints "ready", and on SIGTERM one line for each endpoint and kind of ending:
 * "ep=81 status=0 count=100 bytes=51200", bytes as the URBs reported them.  It
 * fails when usbmon lost something.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define KINDS_MAX	256

/* Documentation/usb/usbmon.rst; there is no header for it. */
struct mon_packet {
	uint64_t id;
	uint8_t type;
	uint8_t xfer_type;
	uint8_t epnum;
	uint8_t devnum;
	uint16_t busnum;
	int8_t flag_setup;
	int8_t flag_data;
	int64_t ts_sec;
	int32_t ts_usec;
	int32_t status;
	uint32_t length;
	uint32_t len_cap;
	uint8_t setup[8];
	int32_t interval;
	int32_t start_frame;
	uint32_t xfer_flags;
	uint32_t ndesc;
};

struct mon_get {
	struct mon_packet *hdr;
	void *data;
	size_t alloc;
};

struct mon_stats {
	uint32_t queued;
	uint32_t dropped;
};

#define MON_IOCG_STATS		_IOR(0x92, 3, struct mon_stats)
#define MON_IOCT_RING_SIZE	_IO(0x92, 4)
#define MON_IOCX_GETX		_IOW(0x92, 10, struct mon_get)
#define MON_RING_SIZE		(1200 * 1024)	/* the most it takes */

static volatile sig_atomic_t stopped;

static struct kind {
	uint8_t ep;
	int status;
	unsigned long count;
	unsigned long long bytes;
} kinds[KINDS_MAX];

static unsigned int nkinds;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static void count(const struct mon_packet *packet)
{
	struct kind *kind = kinds;

	while (kind < kinds + nkinds && (kind->ep != packet->epnum ||
					 kind->status != packet->status))
		kind++;
	if (kind == kinds + KINDS_MAX)
		return;
	if (kind == kinds + nkinds) {
		nkinds++;
		kind->ep = packet->epnum;
		kind->status = packet->status;
	}
	kind->count++;
	kind->bytes += packet->length;
}

/* Take all there is without waiting. */
static void take(int fd, unsigned int device)
{
	struct mon_packet packet;
	struct mon_get get = { .hdr = &packet };

	while (!ioctl(fd, MON_IOCX_GETX, &get))
		if (packet.type == 'C' && packet.devnum == device)
			count(&packet);
}

static int compare(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	if (x->ep != y->ep)
		return x->ep < y->ep ? -1 : 1;
	return (x->status > y->status) - (x->status < y->status);
}

static void print(void)
{
	unsigned int i;

	qsort(kinds, nkinds, sizeof(kinds[0]), compare);
	for (i = 0; i < nkinds; i++)
		printf("ep=%02x status=%d count=%lu bytes=%llu\n", kinds[i].ep,
		       kinds[i].status, kinds[i].count, kinds[i].bytes);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct mon_stats stats = { 0 };
	struct pollfd poll_fd;
	unsigned int device, lost = 0;
	char path[64];

	if (argc != 3) {
		fprintf(stderr, "usage: urbcount BUS DEVICE\n");
		return 2;
	}
	device = atoi(argv[2]);
	snprintf(path, sizeof(path), "/dev/usbmon%d", atoi(argv[1]));
	poll_fd.fd = open(path, O_RDONLY | O_NONBLOCK);
	poll_fd.events = POLLIN;
	if (poll_fd.fd < 0) {
		fprintf(stderr, "urbcount: %s: %s\n", path, strerror(errno));
		return 1;
	}
	ioctl(poll_fd.fd, MON_IOCT_RING_SIZE, MON_RING_SIZE);
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	while (!stopped) {
		poll(&poll_fd, 1, 1000);
		take(poll_fd.fd, device);
		ioctl(poll_fd.fd, MON_IOCG_STATS, &stats);
		lost += stats.dropped;
	}
	take(poll_fd.fd, device);
	print();
	if (lost)
		fprintf(stderr, "urbcount: usbmon lost %u events\n", lost);
	return lost ? 1 : 0;
}
