// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * altswitch - SET_INTERFACE again and again with bulk transfers in flight.
 *
 * usage: altswitch NODE INTERFACE ROUNDS ALT ALT [mod63|counter]
 *
 * Each round fills the bulk endpoints of the current alternate setting, waits
 * for some transfers, switches, and takes all of them back.  With a pattern, of
 * which the device is a source and a sink, it waits for one of each endpoint at
 * least.  It asks the device itself which setting it has.  Prints what went
 * wrong; the status is 1 then.
 *
 * mod63 begins anew in each packet; counter counts bytes, modulo 251, from one
 * switch to the next.  With it the bytes of each endpoint are told at the end,
 * those of transfers that were cut off among them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define QUEUE		16		/* per endpoint */
#define LENGTH		16384
#define WAIT_MS		10000
#define ENDPOINTS_MAX	4
#define ALTS_MAX	4

struct alt {
	unsigned int count;
	uint8_t address[ENDPOINTS_MAX];
	unsigned int packet[ENDPOINTS_MAX];
};

/* Of one endpoint */
struct flow {
	unsigned int queued;	/* bytes since the switch */
	unsigned int moved;	/* likewise */
	unsigned int done;	/* transfers, likewise */
	unsigned long long bytes;	/* that moved, all in all */
};

struct xfer {
	uint8_t data[LENGTH];
	unsigned int packet;
	unsigned int at;	/* of its first byte, since the switch */
	struct usbdevfs_urb urb;
};

static struct xfer xfers[ENDPOINTS_MAX * QUEUE];
static struct alt alts[ALTS_MAX];
static struct flow flows[32];
static unsigned int interface, done, cut;
static enum pattern { NONE, MOD63, COUNTER } pattern;
static int fd;

static struct flow *flow_of(unsigned int address)
{
	return &flows[(address & USB_DIR_IN) >> 3 | (address & 0x0f)];
}

static void learn_endpoint(struct alt *alt, const uint8_t *desc)
{
	struct usb_endpoint_descriptor ep;

	memcpy(&ep, desc, USB_DT_ENDPOINT_SIZE);
	if (!usb_endpoint_xfer_bulk(&ep) || alt->count == ENDPOINTS_MAX)
		return;
	/* Without a pattern nothing is known that the device would take. */
	if (!pattern && usb_endpoint_dir_out(&ep))
		return;
	alt->address[alt->count] = ep.bEndpointAddress;
	alt->packet[alt->count++] = ep.wMaxPacketSize & 0x7ff;
}

static void learn(const uint8_t *desc, size_t length)
{
	struct alt *alt = NULL;

	while (length >= 2 && desc[0] >= 2 && desc[0] <= length) {
		if (desc[1] == USB_DT_INTERFACE)
			alt = desc[2] == interface && desc[3] < ALTS_MAX ?
			      &alts[desc[3]] : NULL;
		else if (desc[1] == USB_DT_ENDPOINT && alt)
			learn_endpoint(alt, desc);
		length -= desc[0];
		desc += desc[0];
	}
}

static uint8_t byte_of(const struct xfer *xfer, unsigned int i)
{
	return pattern == MOD63 ? i % xfer->packet % 63 : (xfer->at + i) % 251;
}

static void fill(struct xfer *xfer)
{
	struct flow *flow = flow_of(xfer->urb.endpoint);
	unsigned int i;

	memset(xfer->data, 0, LENGTH);
	if (xfer->urb.endpoint & USB_DIR_IN)
		return;
	xfer->at = flow->queued;
	flow->queued += LENGTH;
	for (i = 0; i < LENGTH; i++)
		xfer->data[i] = byte_of(xfer, i);
}

static int submit(struct xfer *xfer, const struct alt *alt, unsigned int ep)
{
	memset(&xfer->urb, 0, sizeof(xfer->urb));
	xfer->packet = alt->packet[ep];
	xfer->urb.type = USBDEVFS_URB_TYPE_BULK;
	xfer->urb.endpoint = alt->address[ep];
	xfer->urb.buffer = xfer->data;
	xfer->urb.buffer_length = LENGTH;
	xfer->urb.usercontext = xfer;
	fill(xfer);
	return ioctl(fd, USBDEVFS_SUBMITURB, &xfer->urb) < 0 ? -errno : 0;
}

/* Of transfers that were cut off, too: what came is for nobody else. */
static int check_bytes(struct xfer *xfer)
{
	struct flow *flow = flow_of(xfer->urb.endpoint);
	unsigned int i, count = xfer->urb.actual_length;

	xfer->at = flow->moved;
	flow->moved += count;
	flow->bytes += count;
	if (!pattern || !(xfer->urb.endpoint & USB_DIR_IN))
		return 0;
	for (i = 0; i < count; i++)
		if (xfer->data[i] != byte_of(xfer, i))
			return -EILSEQ;
	return 0;
}

static int check(struct xfer *xfer)
{
	switch (xfer->urb.status) {
	case 0:
		done++;
		flow_of(xfer->urb.endpoint)->done++;
		if (pattern && xfer->urb.actual_length != LENGTH)
			return -EMSGSIZE;
		break;
	case -ENOENT:
	case -ECONNRESET:
	case -ESHUTDOWN:
		cut++;
		break;
	default:
		return xfer->urb.status;
	}
	return check_bytes(xfer);
}

static int reap(void)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *urb;
	struct xfer *xfer;
	int ret;

	while (ioctl(fd, USBDEVFS_REAPURBNDELAY, &urb) < 0) {
		if (errno != EAGAIN)
			return -errno;
		if (poll(&poll_fd, 1, WAIT_MS) <= 0)
			return -ETIMEDOUT;
	}
	xfer = urb->usercontext;
	ret = check(xfer);
	if (ret)
		printf("endpoint %02x: status %d, %d bytes: %s\n",
		       urb->endpoint, urb->status, urb->actual_length,
		       strerror(-ret));
	return ret;
}

static int switch_to(unsigned int alt)
{
	struct usbdevfs_setinterface set = { interface, alt };
	uint8_t now = 0xff;
	struct usbdevfs_ctrltransfer ask = {
		.bRequestType = USB_DIR_IN | USB_RECIP_INTERFACE,
		.bRequest = USB_REQ_GET_INTERFACE,
		.wIndex = interface,
		.wLength = 1,
		.timeout = WAIT_MS,
		.data = &now,
	};

	if (ioctl(fd, USBDEVFS_SETINTERFACE, &set) < 0)
		return -errno;
	if (ioctl(fd, USBDEVFS_CONTROL, &ask) != 1 || now != alt) {
		printf("the device has setting %u, not %u\n", now, alt);
		return -EBADE;
	}
	return 0;
}

/* Has each endpoint moved a transfer since the switch? */
static int is_flowing(const struct alt *alt)
{
	unsigned int i;

	for (i = 0; i < alt->count; i++)
		if (!flow_of(alt->address[i])->done)
			return 0;
	return 1;
}

static void begin(const struct alt *alt)
{
	struct flow *flow;
	unsigned int i;

	for (i = 0; i < alt->count; i++) {
		flow = flow_of(alt->address[i]);
		flow->queued = 0;
		flow->moved = 0;
		flow->done = 0;
	}
}

static int round_of(const struct alt *alt, unsigned int next, unsigned int wait)
{
	unsigned int i, flying = 0;
	int ret = 0;

	begin(alt);
	for (i = 0; i < alt->count * QUEUE && !ret; i++, flying += !ret)
		ret = submit(&xfers[i], alt, i % alt->count);
	for (; pattern && flying && !ret && (wait || !is_flowing(alt));
	     wait -= !!wait, flying--)
		ret = reap();
	if (!ret)
		ret = switch_to(next);
	for (; flying && !ret; flying--)
		ret = reap();
	return ret;
}

static void tell(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++)
		if (flows[i].bytes)
			printf("endpoint %u: %llu bytes\n",
			       (i & 0x10) << 3 | (i & 0x0f), flows[i].bytes);
}

static enum pattern pattern_of(const char *name)
{
	if (name && !strcmp(name, "mod63"))
		return MOD63;
	return name && !strcmp(name, "counter") ? COUNTER : NONE;
}

int main(int argc, char **argv)
{
	unsigned int i, rounds, pair[2];
	uint8_t desc[4096];
	ssize_t length;
	int ret = 0;

	if (argc < 6) {
		fprintf(stderr, "usage: altswitch NODE INTERFACE ROUNDS ALT ALT"
			" [mod63|counter]\n");
		return 2;
	}
	interface = atoi(argv[2]);
	rounds = atoi(argv[3]);
	pair[0] = atoi(argv[4]) % ALTS_MAX;
	pair[1] = atoi(argv[5]) % ALTS_MAX;
	pattern = pattern_of(argv[6]);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, desc, sizeof(desc));
	if (length < 0 || ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface) < 0) {
		fprintf(stderr, "altswitch: %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	learn(desc, length);
	ret = switch_to(pair[0]);
	for (i = 0; i < rounds && !ret; i++)
		ret = round_of(&alts[pair[i & 1]], pair[~i & 1], i % 7);
	if (ret)
		printf("round %u: %s\n", i, strerror(-ret));
	if (pattern == COUNTER)
		tell();
	printf("%u transfers done, %u cut off in %u rounds\n", done, cut, i);
	return ret || !cut || (pattern && !done);
}
