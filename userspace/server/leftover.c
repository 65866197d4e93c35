// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leftover - which devices a server that was killed did not give back.
 *
 * A file holds the number that the kernel gave the device: one that was
 * plugged in again has another.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leftover.h"
#include "log.h"
#include "sysfs.h"

void leftover_open(const char *socket, char *dir, size_t len)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", socket);
	snprintf(dir, len, "%s/claimed", dirname(copy));
	if (!mkdir(dir, 0700) || errno == EEXIST)
		return;
	log_warn("%s: %s: devices are not given back if the server is killed",
		 dir, strerror(errno));
	dir[0] = '\0';
}

/* 0 when there is no folder. */
static int path_of(const char *dir, const char *busid, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", dir, busid);
	return dir[0];
}

void leftover_mark(const char *dir, const char *busid)
{
	char path[PATH_MAX];
	unsigned int num;
	int fd;

	if (!path_of(dir, busid, path) || sysfs_number(busid, "devnum", &num))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* One that cannot be written is one less to give back. */
	if (dprintf(fd, "%u\n", num) < 0)
		log_info("%s: %s", path, strerror(errno));
	close(fd);
}

void leftover_clear(const char *dir, const char *busid)
{
	char path[PATH_MAX];

	if (path_of(dir, busid, path))
		unlink(path);
}

int leftover_take(const char *dir, const char *busid)
{
	unsigned int now;
	char path[PATH_MAX];
	char text[16] = "";
	int fd;

	if (!path_of(dir, busid, path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	unlink(path);
	return !sysfs_number(busid, "devnum", &now) &&
	       strtoul(text, NULL, 10) == now;
}
