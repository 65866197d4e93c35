/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udp - a datagram socket that moves many packets with one system call.
 *
 * Uses UDP_SEGMENT and UDP_GRO where the kernel and the network card have
 * them and does without where not.  Knows neither QUIC nor the loop.
 */
#ifndef P2PUSB_LIB_UDP_H
#define P2PUSB_LIB_UDP_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define UDP_BUF_LEN	65536		/* one receive, one batch */
#define UDP_SEGS_MAX	64		/* packets of one batch */
#define UDP_TEXT_LEN	64

/**
 * struct udp_addr - an address with its length
 * @sa: generic view
 * @v4: when sa.sa_family is AF_INET
 * @v6: when it is AF_INET6
 * @len: bytes in use
 */
struct udp_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* Where a packet came from or goes to, both ends. */
struct udp_path {
	struct udp_addr local;
	struct udp_addr remote;
};

/**
 * struct udp - a socket
 * @fd: non-blocking, close on exec; -1 when closed
 * @gso: UDP_SEGMENT in use; cleared for good when it is refused
 * @gro: UDP_GRO in use
 * @connected: of udp_dial()
 * @local: bound address; the address part is all zero for a wildcard
 * @remote: of udp_dial()
 */
struct udp {
	int fd;
	uint8_t gso;
	uint8_t gro;
	uint8_t connected;
	struct udp_addr local;
	struct udp_addr remote;
};

/**
 * udp_dial() - socket for one peer
 * @udp: filled
 * @addr: peer
 * @len: its length
 *
 * Return: 0, -EAFNOSUPPORT, -ENETUNREACH, other negative errno.
 */
int udp_dial(struct udp *udp, const struct sockaddr *addr, socklen_t len);

/**
 * udp_listen() - socket for many peers
 * @udp: filled
 * @addr: may be a wildcard; that of IPv6 takes IPv4 too
 * @len: its length
 *
 * Return: 0, -EADDRINUSE, -EAFNOSUPPORT, other negative errno.
 */
int udp_listen(struct udp *udp, const struct sockaddr *addr, socklen_t len);

/**
 * udp_close() - close the socket
 * @udp: may be closed already
 */
void udp_close(struct udp *udp);

/**
 * udp_no_gso() - never use UDP_SEGMENT on this socket
 * @udp: socket
 */
void udp_no_gso(struct udp *udp);

/**
 * udp_send() - send packets of one size to one place
 * @udp: socket
 * @path: from where to where
 * @buf: packets one behind the other
 * @len: bytes in @buf
 * @seg: bytes of each packet; the last may be shorter
 * @sent: out: bytes that need not be offered again
 *
 * A packet that the network refuses counts as sent: it is lost, and QUIC
 * mends that.
 *
 * Return: 0; -EAGAIN when the socket is full; -ECONNREFUSED, -EHOSTUNREACH,
 * -ENETUNREACH when the network said so (@sent is then @len).
 */
int udp_send(struct udp *udp, const struct udp_path *path, const void *buf,
	     size_t len, size_t seg, size_t *sent);

/**
 * udp_recv() - receive packets of one size from one place
 * @udp: socket
 * @path: filled
 * @buf: UDP_BUF_LEN bytes
 * @seg: out: bytes of each packet; the last may be shorter
 *
 * Return: bytes; -EAGAIN when there are none; -ECONNREFUSED, -EHOSTUNREACH …
 * from the network.
 */
long udp_recv(struct udp *udp, struct udp_path *path, void *buf, size_t *seg);

/**
 * udp_text() - address for people
 * @addr: address
 * @buf: filled: "192.0.2.1:7" or "[2001:db8::1]:7"
 * @len: at least UDP_TEXT_LEN
 */
void udp_text(const struct udp_addr *addr, char *buf, size_t len);

/**
 * udp_port() - port of an address
 * @addr: address
 *
 * Return: host byte order.
 */
uint16_t udp_port(const struct udp_addr *addr);

#endif /* P2PUSB_LIB_UDP_H */
