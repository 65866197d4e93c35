// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysfs - what the kernel knows of a USB device, read without touching it.
 *
 * The strings are those of the device: bytes of a stranger, made printable
 * here once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define SYSFS_DEVICES	"/sys/bus/usb/devices"

static int read_attr(const char *busid, const char *name, char *buf, size_t len)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", busid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ENODEV;
	n = read(fd, buf, len - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static int read_number(const char *busid, const char *name, int base,
		       unsigned int *value)
{
	char text[32];
	char *end;
	int ret;

	ret = read_attr(busid, name, text, sizeof(text));
	if (ret)
		return ret;
	*value = strtoul(text, &end, base);
	return *end || end == text ? -EIO : 0;
}

int sysfs_number(const char *busid, const char *name, unsigned int *value)
{
	return read_number(busid, name, 10, value);
}

unsigned int sysfs_quirks(const char *busid)
{
	unsigned int quirks;

	return read_number(busid, "quirks", 16, &quirks) ? 0 : quirks;
}

int sysfs_is(const char *busid, const char *name, const char *text)
{
	char value[64];

	return !read_attr(busid, name, value, sizeof(value)) &&
	       !strcmp(value, text);
}

int sysfs_open_node(const char *busid)
{
	unsigned int bus;
	unsigned int num;
	char path[64];
	int ret;
	int fd;

	ret = sysfs_number(busid, "busnum", &bus);
	if (!ret)
		ret = sysfs_number(busid, "devnum", &num);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", bus, num);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	return fd;
}

int sysfs_imported(const char *busid)
{
	static const char *const controllers[] = {
		"/p2pvhci.", "/vhci_hcd.",
	};
	char target[PATH_MAX];
	char path[PATH_MAX];
	ssize_t n;
	size_t i;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s", busid);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return 0;
	target[n] = '\0';
	for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (strstr(target, controllers[i]))
			return 1;
	}
	return 0;
}

/* Length of a well-formed UTF-8 sequence, 0 when it is none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 :
		     *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
	size_t i;

	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Over-long forms, surrogates and what lies beyond Unicode. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	/* C1 control characters */
	if (*s == 0xc2 && s[1] < 0xa0)
		return 0;
	return len;
}

static void copy_text(char *dst, size_t size, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t used = 0;
	size_t len;

	while (*s) {
		len = utf8_len(s);
		if (used + (len ? len : 1) >= size)
			break;
		if (!len || *s < 0x20 || *s == 0x7f) {
			dst[used++] = '?';
			s++;
			continue;
		}
		memcpy(dst + used, s, len);
		used += len;
		s += len;
	}
	while (used && dst[used - 1] == ' ')
		used--;
	dst[used] = '\0';
}

static void read_text(const char *busid, const char *name, char *dst,
		      size_t size)
{
	char text[512];

	dst[0] = '\0';
	if (!read_attr(busid, name, text, sizeof(text)))
		copy_text(dst, size, text);
}

void sysfs_strings(struct wire_device *device)
{
	read_text(device->busid, "manufacturer", device->manufacturer,
		  sizeof(device->manufacturer));
	read_text(device->busid, "product", device->product,
		  sizeof(device->product));
	read_text(device->busid, "serial", device->serial,
		  sizeof(device->serial));
}

/* Name of the driver of an interface directory, 0 when it has one. */
static int read_driver(const char *interface, char *driver, size_t len)
{
	char path[PATH_MAX];
	char target[PATH_MAX];
	const char *name;
	ssize_t n;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/driver", interface);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(driver, len, "%.60s", name ? name + 1 : target);
	return 0;
}

void sysfs_holder(const char *busid, char *buf, size_t len)
{
	size_t prefix = strlen(busid);
	struct dirent *entry;
	char driver[64];
	DIR *dir;

	buf[0] = '\0';
	dir = opendir(SYSFS_DEVICES);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, busid, prefix) ||
		    entry->d_name[prefix] != ':' ||
		    read_driver(entry->d_name, driver, sizeof(driver)))
			continue;
		/* usbfs is a program; the kernel does not tell which. */
		if (!strcmp(driver, "usbfs")) {
			snprintf(buf, len,
				 "interface %s is held by a program (usbfs)",
				 entry->d_name);
			break;
		}
		snprintf(buf, len, "interface %s is held by the driver %s",
			 entry->d_name, driver);
	}
	closedir(dir);
}
