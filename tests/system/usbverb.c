// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbverb - ask usbfs for what is no transfer.
 *
 * usage: usbverb NODE reset
 *        usbverb NODE configuration VALUE
 *        usbverb NODE interface NUMBER ALTERNATE
 *        usbverb NODE control-in LENGTH
 *
 * configuration 0 means none.  control-in reads as many bytes of the
 * configuration descriptor, and prints how many came.  Status 1, and why on
 * stderr, when the kernel or the device refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int verb_reset(int fd, int a, int b)
{
	(void)a;
	(void)b;
	return ioctl(fd, USBDEVFS_RESET);
}

static int verb_configuration(int fd, int value, int b)
{
	(void)b;
	value = value ? value : -1;
	return ioctl(fd, USBDEVFS_SETCONFIGURATION, &value);
}

static int verb_interface(int fd, int number, int alt)
{
	struct usbdevfs_setinterface set = {
		.interface = number, .altsetting = alt,
	};

	return ioctl(fd, USBDEVFS_SETINTERFACE, &set);
}

static int verb_control_in(int fd, int length, int b)
{
	static uint8_t buf[8 + 65535] = { 0x80, 0x06, 0, 2 };
	struct usbdevfs_urb urb = {
		.type = USBDEVFS_URB_TYPE_CONTROL,
		.buffer = buf,
		.buffer_length = 8 + length,
	};
	struct usbdevfs_urb *done;

	(void)b;
	buf[6] = length;
	buf[7] = length >> 8;
	if (ioctl(fd, USBDEVFS_SUBMITURB, &urb) ||
	    ioctl(fd, USBDEVFS_REAPURB, &done))
		return -1;
	errno = -urb.status;
	printf("%d\n", urb.actual_length);
	return urb.status;
}

static const struct {
	const char *name;
	int nargs;
	int (*run)(int fd, int a, int b);
} verbs[] = {
	{ "reset", 0, verb_reset },
	{ "configuration", 1, verb_configuration },
	{ "interface", 2, verb_interface },
	{ "control-in", 1, verb_control_in },
};

int main(int argc, char **argv)
{
	unsigned int i;
	int fd;

	for (i = 0; argc > 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[2], verbs[i].name) || argc != 3 + verbs[i].nargs)
			continue;
		fd = open(argv[1], O_RDWR);
		if (fd >= 0 && !verbs[i].run(fd, argc > 3 ? atoi(argv[3]) : 0,
					     argc > 4 ? atoi(argv[4]) : 0))
			return 0;
		fprintf(stderr, "usbverb: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	return 2;
}
