// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * join - give vhci_hcd a connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "join.h"

#define ATTACH "/sys/devices/platform/vhci_hcd.0/attach"

int join_tcp(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener, one = 1, i;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || fds[0] < 0 ||
	    bind(listener, (struct sockaddr *)&addr, len) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) ||
	    listen(listener, 1) ||
	    connect(fds[0], (struct sockaddr *)&addr, len))
		return -errno;
	fds[1] = accept(listener, NULL, NULL);
	if (fds[1] < 0)
		return -errno;
	close(listener);
	for (i = 0; i < 2; i++)
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
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
