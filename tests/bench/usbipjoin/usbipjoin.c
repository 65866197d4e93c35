// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbipjoin - USB/IP from kernel to kernel, in clear text.
 *
 * usage: usbipjoin BUSID PORT			over the loopback
 *	  usbipjoin give BUSID			to whoever connects to TCP_PORT
 *	  usbipjoin take ADDRESS PORT
 *
 * BUSID is bound to usbip-host already, PORT of vhci_hcd (from 0) is free.
 * Nothing runs afterwards: both ends are in the kernel.  Between machines the
 * first bytes are ours: what vhci_hcd must be told of the device.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../memdev/join.h"

#define SUPER_MBIT	5000
#define TCP_PORT	3240

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

/* What vhci_hcd must be told. */
struct about {
	uint32_t devid;
	uint32_t speed;
};

static struct about about(const char *busid)
{
	return (struct about){
		.devid = (uint32_t)(attribute(busid, "busnum") << 16 |
				    attribute(busid, "devnum")),
		.speed = attribute(busid, "speed") < SUPER_MBIT ? JOIN_HIGH :
			 JOIN_SUPER,
	};
}

static void plug(const char *port, int fd, const struct about *about)
{
	int ret = join_vhci((unsigned int)atoi(port), fd, about->devid,
			    about->speed);

	if (ret)
		errx(1, "vhci_hcd: error %d", -ret);
}

static void loop(const char *busid, const char *port)
{
	const struct about it = about(busid);
	int fds[2];
	int ret;

	ret = join_tcp(fds);
	if (ret)
		errx(1, "socket: error %d", -ret);
	give_server(busid, fds[1]);
	plug(port, fds[0], &it);
}

static void give(const char *busid)
{
	const struct about it = about(busid);
	int fd = join_accept(TCP_PORT);

	if (fd < 0)
		errx(1, "socket: error %d", -fd);
	if (write(fd, &it, sizeof(it)) != sizeof(it))
		err(1, "write");
	give_server(busid, fd);
}

static void take(const char *address, const char *port)
{
	int fd = join_connect(address, TCP_PORT);
	struct about it;

	if (fd < 0)
		errx(1, "%s: error %d", address, -fd);
	if (read(fd, &it, sizeof(it)) != sizeof(it))
		err(1, "read");
	plug(port, fd, &it);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "give"))
		give(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "take"))
		take(argv[2], argv[3]);
	else if (argc == 3)
		loop(argv[1], argv[2]);
	else
		errx(2, "usage: usbipjoin BUSID PORT | give BUSID | take ADDRESS PORT");
	return 0;
}
