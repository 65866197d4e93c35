// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * join - give vhci_hcd a connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "join.h"

#define ATTACH "/sys/devices/platform/vhci_hcd.0/attach"

static int without_delay(int fd)
{
	int one = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		return -errno;
	return fd;
}

static int listen_at(struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(*addr);
	int one = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)addr, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		return -errno;
	return fd;
}

static int connect_to(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return -errno;
	return without_delay(fd);
}

int join_tcp(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = listen_at(&addr);

	if (listener < 0)
		return listener;
	fds[0] = connect_to(&addr);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = without_delay(accept(listener, NULL, NULL));
	close(listener);
	return fds[1] < 0 ? fds[1] : 0;
}

int join_accept(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int listener = listen_at(&addr);
	int fd;

	if (listener < 0)
		return listener;
	fd = without_delay(accept(listener, NULL, NULL));
	close(listener);
	return fd;
}

int join_connect(const char *address, uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	if (inet_pton(AF_INET, address, &addr.sin_addr) != 1)
		return -EINVAL;
	return connect_to(&addr);
}

int join_vhci(unsigned int port, int fd, uint32_t devid, enum join_speed speed)
{
	int attach, len, ret;
	char line[64];

	attach = open(ATTACH, O_WRONLY | O_CLOEXEC);
	if (attach < 0)
		return -errno;
	len = snprintf(line, sizeof(line), "%u %d %u %d", port, fd, devid,
		       speed);
	ret = write(attach, line, len) < 0 ? -errno : 0;
	close(attach);
	close(fd);
	return ret;
}
