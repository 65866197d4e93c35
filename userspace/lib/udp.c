// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp - a datagram socket that moves many packets with one system call.
 *
 * Does not retry and does not wait: lost packets are the business of QUIC,
 * a full socket is that of the loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* netinet/udp.h of Debian 12 has them; linux/udp.h clashes with it. */
#include <netinet/udp.h>

#include "log.h"
#include "udp.h"

#define UDP_SOCKBUF	(4 << 20)
#define UDP_CMSG_LEN	256

union udp_cmsg {
	struct cmsghdr hdr;	/* for alignment */
	char buf[UDP_CMSG_LEN];
};

static int udp_set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		return -errno;
	return 0;
}

static int udp_is_wildcard(const struct udp_addr *addr)
{
	if (addr->sa.sa_family == AF_INET)
		return addr->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&addr->v6.sin6_addr);
}

/* Above net.core.?mem_max only with CAP_NET_ADMIN. */
static void udp_grow(int fd, int force, int name)
{
	if (udp_set(fd, SOL_SOCKET, force, UDP_SOCKBUF))
		udp_set(fd, SOL_SOCKET, name, UDP_SOCKBUF);
}

static int udp_rcvbuf(int fd)
{
	socklen_t size = sizeof(int);
	int len = 0;

	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &len, &size);
	/* The kernel counts its own needs, too, and so doubles it. */
	return len / 2;
}

/* It works without, only slower: once for all sockets will do. */
static void udp_tell(const struct udp *udp)
{
	static int told;
	int len = udp_rcvbuf(udp->fd);

	if ((udp->gso && udp->gro && len >= UDP_SOCKBUF) ||
	    __atomic_exchange_n(&told, 1, __ATOMIC_RELAXED))
		return;
	if (!udp->gso || !udp->gro)
		log_note("udp: this kernel has no %s: packets move one by one, which costs CPU",
			 udp->gso ? "UDP_GRO" : udp->gro ? "UDP_SEGMENT" :
			 "UDP_SEGMENT and no UDP_GRO");
	if (len < UDP_SOCKBUF)
		log_note("udp: receive buffer of %d KiB, %d wanted: packets may be lost under load. Try: sysctl net.core.rmem_max=%d",
			 len >> 10, UDP_SOCKBUF >> 10, UDP_SOCKBUF);
}

/* All of these only make things faster or more exact: none is fatal. */
static void udp_tune(struct udp *udp)
{
	int fd = udp->fd;

	udp_grow(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	udp_grow(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	udp_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (udp->local.sa.sa_family == AF_INET6)
		udp_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			IPV6_PMTUDISC_PROBE);
	udp->gro = !udp_set(fd, IPPROTO_UDP, UDP_GRO, 1);
	udp->gso = !udp_set(fd, IPPROTO_UDP, UDP_SEGMENT, 0);
	udp_tell(udp);
}

static int udp_open(struct udp *udp, const struct sockaddr *addr,
		    socklen_t len)
{
	if (len > sizeof(struct sockaddr_in6))
		return -EINVAL;
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return -EAFNOSUPPORT;

	memset(udp, 0, sizeof(*udp));
	udp->fd = socket(addr->sa_family,
			 SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return udp->fd < 0 ? -errno : 0;
}

static int udp_learn_local(struct udp *udp)
{
	udp->local.len = sizeof(udp->local.v6);
	if (getsockname(udp->fd, &udp->local.sa, &udp->local.len))
		return -errno;
	return 0;
}

int udp_dial(struct udp *udp, const struct sockaddr *addr, socklen_t len)
{
	int err;

	err = udp_open(udp, addr, len);
	if (err)
		return err;

	if (connect(udp->fd, addr, len)) {
		err = -errno;
		goto err_close;
	}
	err = udp_learn_local(udp);
	if (err)
		goto err_close;

	memcpy(&udp->remote.sa, addr, len);
	udp->remote.len = len;
	udp->connected = 1;
	udp_tune(udp);
	return 0;

err_close:
	udp_close(udp);
	return err;
}

int udp_listen(struct udp *udp, const struct sockaddr *addr, socklen_t len)
{
	int err;

	err = udp_open(udp, addr, len);
	if (err)
		return err;

	if (addr->sa_family == AF_INET6) {
		err = udp_set(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		if (err)
			goto err_close;
	}
	if (bind(udp->fd, addr, len)) {
		err = -errno;
		goto err_close;
	}
	err = udp_learn_local(udp);
	if (err)
		goto err_close;

	/* Which of our addresses a peer used: answers must come from there. */
	if (addr->sa_family == AF_INET6)
		err = udp_set(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else
		err = udp_set(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (err)
		goto err_close;

	udp_tune(udp);
	return 0;

err_close:
	udp_close(udp);
	return err;
}

void udp_close(struct udp *udp)
{
	if (udp->fd >= 0)
		close(udp->fd);
	udp->fd = -1;
}

void udp_no_gso(struct udp *udp)
{
	udp->gso = 0;
}

static void *udp_put_cmsg(struct msghdr *msg, int level, int type, size_t len)
{
	struct cmsghdr *c;

	c = (struct cmsghdr *)((char *)msg->msg_control + msg->msg_controllen);
	msg->msg_controllen += CMSG_SPACE(len);
	memset(c, 0, CMSG_SPACE(len));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	return CMSG_DATA(c);
}

static void udp_put_source(struct msghdr *msg, const struct udp_addr *local)
{
	struct in6_pktinfo info6 = { 0 };
	struct in_pktinfo info = { 0 };

	if (local->sa.sa_family == AF_INET6) {
		info6.ipi6_addr = local->v6.sin6_addr;
		if (IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr))
			info6.ipi6_ifindex = local->v6.sin6_scope_id;
		memcpy(udp_put_cmsg(msg, IPPROTO_IPV6, IPV6_PKTINFO,
				    sizeof(info6)), &info6, sizeof(info6));
	} else {
		info.ipi_spec_dst = local->v4.sin_addr;
		memcpy(udp_put_cmsg(msg, IPPROTO_IP, IP_PKTINFO, sizeof(info)),
		       &info, sizeof(info));
	}
}

static int udp_send_one(struct udp *udp, const struct udp_path *path,
			const void *buf, size_t len, size_t seg)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint16_t gso = seg;
	union udp_cmsg cmsg;

	msg.msg_control = cmsg.buf;
	if (!udp->connected) {
		msg.msg_name = (void *)&path->remote.sa;
		msg.msg_namelen = path->remote.len;
		if (!udp_is_wildcard(&path->local))
			udp_put_source(&msg, &path->local);
	}
	if (len > seg)
		memcpy(udp_put_cmsg(&msg, IPPROTO_UDP, UDP_SEGMENT,
				    sizeof(gso)), &gso, sizeof(gso));
	if (!msg.msg_controllen)
		msg.msg_control = NULL;

	if (sendmsg(udp->fd, &msg, 0) < 0)
		return -errno;
	return 0;
}

static int udp_gso_refused(struct udp *udp, int err)
{
	switch (err) {
	case -EIO:
	case -EINVAL:
	case -EMSGSIZE:
	case -ENOPROTOOPT:
		break;
	default:
		return 0;
	}
	udp->gso = 0;
	log_info("udp: segmentation offload refused (%s): sending packets one by one, which costs CPU",
		 strerror(-err));
	return 1;
}

static int udp_is_network_error(int err)
{
	return err == -ECONNREFUSED || err == -EHOSTUNREACH ||
	       err == -ENETUNREACH;
}

int udp_send(struct udp *udp, const struct udp_path *path, const void *buf,
	     size_t len, size_t seg, size_t *sent)
{
	size_t left, n;
	int ret = 0;
	int err;

	for (*sent = 0; *sent < len; ) {
		left = len - *sent;
		n = udp->gso || left < seg ? left : seg;
		err = udp_send_one(udp, path, (const char *)buf + *sent, n,
				   seg);
		if (err == -EINTR)
			continue;
		if (err == -EAGAIN)
			return err;
		if (n > seg && udp_gso_refused(udp, err))
			continue;
		if (udp_is_network_error(err))
			ret = err;
		*sent += n;
	}
	return ret;
}

static void udp_get_cmsg(const struct cmsghdr *c, struct udp_path *path,
			 size_t *seg)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info;
	int gro;

	if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
		memcpy(&gro, CMSG_DATA(c), sizeof(gro));
		if (gro > 0)
			*seg = gro;
	} else if (c->cmsg_level == IPPROTO_IPV6 &&
		   c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info6, CMSG_DATA(c), sizeof(info6));
		path->local.v6.sin6_addr = info6.ipi6_addr;
		if (IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr))
			path->local.v6.sin6_scope_id = info6.ipi6_ifindex;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		path->local.v4.sin_addr = info.ipi_addr;
	}
}

long udp_recv(struct udp *udp, struct udp_path *path, void *buf, size_t *seg)
{
	struct iovec iov = { .iov_base = buf, .iov_len = UDP_BUF_LEN };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union udp_cmsg cmsg;
	struct cmsghdr *c;
	ssize_t n;

	path->local = udp->local;
	msg.msg_name = &path->remote.sa;
	msg.msg_namelen = sizeof(path->remote.v6);
	msg.msg_control = cmsg.buf;
	msg.msg_controllen = sizeof(cmsg.buf);

	do {
		n = recvmsg(udp->fd, &msg, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	path->remote.len = msg.msg_namelen;
	*seg = n;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		udp_get_cmsg(c, path, seg);
	return n;
}

void udp_text(const struct udp_addr *addr, char *buf, size_t len)
{
	char host[INET6_ADDRSTRLEN] = "?";
	const struct in6_addr *in6;

	if (addr->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &addr->v4.sin_addr, host, sizeof(host));
		snprintf(buf, len, "%s:%u", host, udp_port(addr));
		return;
	}
	in6 = &addr->v6.sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		inet_ntop(AF_INET, &in6->s6_addr[12], host, sizeof(host));
		snprintf(buf, len, "%s:%u", host, udp_port(addr));
		return;
	}
	inet_ntop(AF_INET6, in6, host, sizeof(host));
	snprintf(buf, len, "[%s]:%u", host, udp_port(addr));
}

uint16_t udp_port(const struct udp_addr *addr)
{
	if (addr->sa.sa_family == AF_INET)
		return ntohs(addr->v4.sin_port);
	return ntohs(addr->v6.sin6_port);
}
