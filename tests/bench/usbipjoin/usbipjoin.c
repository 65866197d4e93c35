// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbipjoin - USB/IP from the kernel to itself, in clear text, over the loopback.
 *
 * usage: usbipjoin BUSID PORT
 *
 * BUSID is bound to usbip-host already, PORT of vhci_hcd (from 0) is free.
 * Nothing runs afterwards: both ends are in the kernel.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../memdev/join.h"

#define SUPER_MBIT	5000

static long attribute(const char *busid, const char *name)
{
	char path[128], text[32];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", busid, name);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		err(1, "%s", path);
	fclose(file);
	return strtol(text, NULL, 10);
}

static void give_server(const char *busid, int fd)
{
	char path[128];
	int attr;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/usbip_sockfd",
		 busid);
	attr = open(path, O_WRONLY);
	if (attr < 0 || dprintf(attr, "%d\n", fd) < 0)
		err(1, "%s", path);
	close(attr);
}

int main(int argc, char **argv)
{
	uint32_t devid;
	int fds[2];
	int ret;

	if (argc != 3)
		errx(2, "usage: usbipjoin BUSID PORT");
	devid = (uint32_t)(attribute(argv[1], "busnum") << 16 |
			   attribute(argv[1], "devnum"));
	ret = join_tcp(fds);
	if (ret)
		errx(1, "socket: error %d", -ret);
	give_server(argv[1], fds[1]);
	ret = join_vhci((unsigned int)atoi(argv[2]), fds[0], devid,
			attribute(argv[1], "speed") < SUPER_MBIT ? JOIN_HIGH :
			JOIN_SUPER);
	if (ret)
		errx(1, "vhci_hcd: error %d", -ret);
	return 0;
}
