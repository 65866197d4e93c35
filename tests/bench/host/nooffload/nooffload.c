// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nooffload - preloaded: a kernel that knows neither UDP_SEGMENT nor UDP_GRO.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == IPPROTO_UDP && (name == UDP_SEGMENT || name == UDP_GRO)) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
