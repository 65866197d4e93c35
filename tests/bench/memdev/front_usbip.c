// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device behind vhci_hcd, by the protocol of Documentation/usb/usbip_protocol.
 *
 * It reads as much as there is, and answers from memory without a copy, so as
 * to be as fast as this way allows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "front.h"
#include "join.h"
#include "model.h"

#define DEVID		(1u << 16 | 2)
#define BUFFER		(8u << 20)
#define REPLIES_MAX	256u

enum usbip_command {
	USBIP_SUBMIT = 1,
	USBIP_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

/* Big-endian, 48 bytes in both directions. */
struct usbip_header {
	uint32_t command;
	uint32_t seqnum;
	uint32_t devid;
	uint32_t direction;
	uint32_t ep;
	union {
		struct {
			uint32_t flags;
			uint32_t len;
			uint32_t start_frame;
			uint32_t npackets;
			uint32_t interval;
			uint8_t setup[8];
		} submit;
		struct {
			uint32_t status;
			uint32_t actual;
			uint32_t start_frame;
			uint32_t npackets;
			uint32_t errors;
			uint8_t pad[8];
		} reply;
	};
};

_Static_assert(sizeof(struct usbip_header) == 48, "usbip_header");

struct usbip {
	int fd;
	int flags;
	uint8_t *buf;
	size_t have;
	unsigned int nreplies;
	struct usbip_header replies[REPLIES_MAX];
	struct iovec iov[2 * REPLIES_MAX];
	unsigned int niov;
	uint8_t control[MODEL_CONTROL];
};

/* Joining ------------------------------------------------------------------- */

static int join(struct usbip *ip)
{
	int fds[2];
	int ret;

	if (ip->flags & FRONT_UNIX)
		ret = socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ? -errno : 0;
	else
		ret = join_tcp(fds);
	if (ret)
		return ret;
	ip->fd = fds[1];
	return join_vhci(0, fds[0], DEVID, JOIN_HIGH);
}

/* Answering ----------------------------------------------------------------- */

static int flush(struct usbip *ip)
{
	struct iovec *iov = ip->iov;
	unsigned int left = ip->niov;
	ssize_t n;

	ip->niov = 0;
	ip->nreplies = 0;
	while (left) {
		n = writev(ip->fd, iov, left);
		if (n < 0)
			return -errno;
		while (left && (size_t)n >= iov->iov_len) {
			n -= iov->iov_len;
			iov++;
			left--;
		}
		if (left) {
			iov->iov_base = (uint8_t *)iov->iov_base + n;
			iov->iov_len -= n;
		}
	}
	return 0;
}

static int reply(struct usbip *ip, const struct usbip_header *to,
		 uint32_t command, int32_t status, uint32_t actual,
		 const void *data)
{
	struct usbip_header *h = &ip->replies[ip->nreplies++];

	memset(h, 0, sizeof(*h));
	h->command = htonl(command);
	h->seqnum = to->seqnum;
	h->reply.status = htonl(status);
	h->reply.actual = htonl(actual);
	ip->iov[ip->niov++] = (struct iovec) { h, sizeof(*h) };
	if (data && actual)
		ip->iov[ip->niov++] = (struct iovec) { (void *)data, actual };
	if (!(ip->flags & FRONT_COALESCE) || ip->nreplies == REPLIES_MAX)
		return flush(ip);
	return 0;
}

static int take_control(struct usbip *ip, const struct usbip_header *h,
			uint32_t len, int in)
{
	int n, ret;

	n = model_control(h->submit.setup, len, ip->control);
	ret = reply(ip, h, USBIP_RET_SUBMIT, n < 0 ? n : 0, n < 0 ? 0 : n,
		    in ? ip->control : NULL);
	/* The next one uses the same memory. */
	return ret ? ret : flush(ip);
}

/* Bytes of the request at @at, 0 when it is not whole, or negative. */
static ssize_t take_one(struct usbip *ip, const uint8_t *at, size_t have)
{
	struct usbip_header h;
	uint32_t len, in;
	size_t whole = sizeof(h);
	int ret;

	if (have < sizeof(h))
		return 0;
	memcpy(&h, at, sizeof(h));
	if (ntohl(h.command) == USBIP_UNLINK) {
		/* It was answered already. */
		ret = reply(ip, &h, USBIP_RET_UNLINK, 0, 0, NULL);
		return ret ? ret : (ssize_t)whole;
	}
	len = ntohl(h.submit.len);
	in = ntohl(h.direction);
	if (len > MODEL_MEMORY)
		return -EMSGSIZE;
	if (!in)
		whole += len;
	if (have < whole)
		return 0;
	if (!h.ep)
		ret = take_control(ip, &h, len, in);
	else
		ret = reply(ip, &h, USBIP_RET_SUBMIT, 0, len,
			    in ? model_memory : NULL);
	return ret ? ret : (ssize_t)whole;
}

static int take_all(struct usbip *ip)
{
	size_t at = 0;
	ssize_t n;

	while ((n = take_one(ip, ip->buf + at, ip->have - at)) > 0)
		at += n;
	if (n < 0)
		return n;
	ip->have -= at;
	memmove(ip->buf, ip->buf + at, ip->have);
	return flush(ip);
}

int front_usbip(int flags)
{
	static uint8_t buf[BUFFER];
	static struct usbip ip;
	ssize_t n;
	int ret;

	ip.flags = flags;
	ip.buf = buf;
	memset(buf, 0, sizeof(buf));
	ret = join(&ip);
	while (!ret) {
		n = read(ip.fd, buf + ip.have, sizeof(buf) - ip.have);
		if (n <= 0)
			return n ? -errno : -ECONNRESET;
		ip.have += n;
		ret = take_all(&ip);
	}
	return ret;
}
