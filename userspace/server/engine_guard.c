// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_guard - keep the host's drivers off a device while it has no owner.
 *
 * See Documentation/decisions/0005-claimed-port.rst for what was not chosen.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine_guard.h"
#include "sysfs.h"

/* "1-2.3" is port 3 of hub "1-2", "1-2" is port 2 of root hub "usb1". */
static int hub_of(const char *busid, char *hub, size_t len, unsigned int *port)
{
	const char *cut = strrchr(busid, '.');
	const char *dash = strchr(busid, '-');

	if (!dash)
		return -EINVAL;
	if (cut)
		snprintf(hub, len, "%.*s", (int)(cut - busid), busid);
	else
		snprintf(hub, len, "usb%.*s", (int)(dash - busid), busid);
	*port = strtoul((cut ? cut : dash) + 1, NULL, 10);
	return 0;
}

int engine_guard_open(const char *busid)
{
	unsigned int port;
	char hub[64];
	int ret;
	int fd;

	ret = hub_of(busid, hub, sizeof(hub), &port);
	if (ret)
		return ret;
	fd = sysfs_open_node(hub);
	if (fd < 0)
		return fd;
	if (ioctl(fd, USBDEVFS_CLAIM_PORT, &port)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

void engine_guard_close(int guard)
{
	if (guard >= 0)
		close(guard);
}
