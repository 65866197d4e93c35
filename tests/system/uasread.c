// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uasread - read a UAS disk through usbfs, by bulk streams.
 *
 * usage: uasread NODE STREAMS BLOCKS
 *
 * NODE is a device of /dev/bus/usb with the endpoints of QEMU's usb-uas.  Asks
 * for STREAMS streams, keeps as many READs in flight as it was given, submits
 * the data of a round in the reverse order of its commands, and writes the
 * first BLOCKS blocks of 512 bytes to its standard output.  Says on stderr
 * "streams=N", then the vendor of INQUIRY.
 *
 * Knows no other UAS device and no error of a disk: whatever is not as it
 * should be ends it with status 1.
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

#define EP_COMMAND	0x01
#define EP_STATUS	0x82
#define EP_DATA_IN	0x83
#define EP_DATA_OUT	0x04

#define TAGS_MAX	16
#define BLOCK		512
#define CHUNK		64		/* blocks a READ */
#define WAIT_MS		20000

#define IU_COMMAND	0x01
#define IU_SENSE	0x03

/* One command: its three transfers. */
struct command {
	struct usbdevfs_urb out;
	struct usbdevfs_urb in;
	struct usbdevfs_urb status;
	uint8_t iu[32];
	uint8_t sense[128];
	uint8_t data[CHUNK * BLOCK];
	unsigned int length;
};

static struct command commands[TAGS_MAX];
static unsigned int pending;
static int fd;

static void fail(const char *what)
{
	fprintf(stderr, "uasread: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void claim(void)
{
	struct usbdevfs_disconnect_claim take = { .interface = 0 };
	struct usbdevfs_setinterface set = { .interface = 0 };

	if (ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &take))
		fail("claim");
	if (ioctl(fd, USBDEVFS_SETINTERFACE, &set))
		fail("alternate setting");
}

static unsigned int alloc_streams(unsigned int wanted)
{
	static const uint8_t eps[] = { EP_STATUS, EP_DATA_IN, EP_DATA_OUT };
	struct usbdevfs_streams *streams;
	int ret;

	streams = calloc(1, sizeof(*streams) + sizeof(eps));
	if (!streams)
		fail("memory");
	streams->num_streams = wanted;
	streams->num_eps = sizeof(eps);
	memcpy(streams->eps, eps, sizeof(eps));
	ret = ioctl(fd, USBDEVFS_ALLOC_STREAMS, streams);
	if (ret < 1)
		fail("streams");
	free(streams);
	return ret;
}

static void submit(struct usbdevfs_urb *urb, uint8_t ep, unsigned int stream,
		   void *data, unsigned int length)
{
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = ep;
	urb->stream_id = stream;
	urb->buffer = data;
	urb->buffer_length = length;
	if (ioctl(fd, USBDEVFS_SUBMITURB, urb))
		fail("submit");
	pending++;
}

static void start(unsigned int tag, const uint8_t *cdb, unsigned int length)
{
	struct command *c = &commands[tag - 1];

	c->length = length;
	memset(c->iu, 0, sizeof(c->iu));
	c->iu[0] = IU_COMMAND;
	c->iu[3] = tag;
	memcpy(c->iu + 16, cdb, 10);
	submit(&c->status, EP_STATUS, tag, c->sense, sizeof(c->sense));
	submit(&c->out, EP_COMMAND, 0, c->iu, sizeof(c->iu));
}

static void start_data(unsigned int tag)
{
	struct command *c = &commands[tag - 1];

	submit(&c->in, EP_DATA_IN, tag, c->data, c->length);
}

static void reap(void)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *urb;

	while (pending) {
		if (ioctl(fd, USBDEVFS_REAPURBNDELAY, &urb)) {
			if (errno != EAGAIN || poll(&p, 1, WAIT_MS) != 1)
				fail("reap");
			continue;
		}
		if (urb->status) {
			errno = -urb->status;
			fail("transfer");
		}
		pending--;
	}
}

static void check(unsigned int tag)
{
	const struct command *c = &commands[tag - 1];

	errno = EBADMSG;
	if (c->sense[0] != IU_SENSE || c->sense[3] != tag || c->sense[6])
		fail("status of the disk");
	if ((unsigned int)c->in.actual_length != c->length)
		fail("length of the data");
}

static void inquire(unsigned int tag)
{
	static const uint8_t cdb[10] = { 0x12, 0, 0, 0, 36 };

	start(tag, cdb, 36);
	start_data(tag);
	reap();
	check(tag);
	fprintf(stderr, "%.8s\n", commands[tag - 1].data + 8);
}

static unsigned int chunk(unsigned int left)
{
	return left < CHUNK ? left : CHUNK;
}

static void start_read(unsigned int tag, unsigned int lba, unsigned int n)
{
	const uint8_t cdb[10] = {
		0x28, 0, lba >> 24, lba >> 16, lba >> 8, lba, 0, 0, n,
	};

	start(tag, cdb, n * BLOCK);
}

/* A round of reads, their data asked for last first; blocks read. */
static unsigned int read_round(unsigned int ntags, unsigned int lba,
			       unsigned int blocks)
{
	unsigned int done = 0;
	unsigned int n = 0;
	unsigned int i;

	while (n < ntags && done < blocks) {
		start_read(++n, lba + done, chunk(blocks - done));
		done += chunk(blocks - done);
	}
	for (i = n; i; i--)
		start_data(i);
	reap();
	for (i = 1; i <= n; i++) {
		check(i);
		if (fwrite(commands[i - 1].data, commands[i - 1].length, 1,
			   stdout) != 1)
			fail("output");
	}
	return done;
}

int main(int argc, char **argv)
{
	unsigned int blocks;
	unsigned int lba;
	unsigned int n;

	if (argc != 4)
		return 2;
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		fail(argv[1]);
	claim();
	n = alloc_streams(atoi(argv[2]));
	fprintf(stderr, "streams=%u\n", n);
	if (n > TAGS_MAX)
		n = TAGS_MAX;
	inquire(n);
	blocks = atoi(argv[3]);
	for (lba = 0; lba < blocks;)
		lba += read_round(n, lba, blocks - lba);
	return fflush(stdout) ? 1 : 0;
}
