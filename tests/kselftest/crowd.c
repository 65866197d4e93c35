// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd N - N devices of all speeds at once: each is enumerated, says its
 * speed, answers, and is gone when its queue is; port numbers are their own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "ringdev.h"

#define CROWD_MAX	200
#define CROWD_PRODUCT	0x1000	/* of the first one */
#define CROWD_TAGS	P2PVHCI_TAGS_MIN
#define CROWD_AREA	P2PVHCI_AREA_MIN

static const struct {
	uint8_t speed;
	uint8_t lanes;
	const char *sysfs;
} speeds[] = {
	{ P2PVHCI_SPEED_LOW, 0, "1.5" },
	{ P2PVHCI_SPEED_FULL, 0, "12" },
	{ P2PVHCI_SPEED_HIGH, 0, "480" },
	{ P2PVHCI_SPEED_SUPER, 0, "5000" },
	{ P2PVHCI_SPEED_SUPER_PLUS, 1, "10000" },
	{ P2PVHCI_SPEED_SUPER_PLUS, 2, "20000" },
};

#define NSPEEDS	(sizeof(speeds) / sizeof(speeds[0]))

/* What sysfs says of each device, by its place in the crowd. */
static struct {
	int there;
	unsigned int busnum;
	unsigned int devnum;
	char speed[16];
} seen[CROWD_MAX];

static struct ringdev crowd[CROWD_MAX];
static unsigned int members;

/* An attribute of a device; empty when there is none. */
static void attribute(const char *dev, const char *name, char text[16])
{
	char path[300];
	ssize_t n;
	int fd;

	text[0] = 0;
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%.200s/%s", dev,
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, 15);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
}

static void look_at(const char *dev)
{
	unsigned long product;
	char text[16];

	/* Interfaces have a colon; root hubs another vendor. */
	if (strchr(dev, ':'))
		return;
	attribute(dev, "idProduct", text);
	product = strtoul(text, NULL, 16) - CROWD_PRODUCT;
	if (product >= members)
		return;
	attribute(dev, "bConfigurationValue", text);
	seen[product].there = text[0] == '1';
	attribute(dev, "busnum", text);
	seen[product].busnum = atoi(text);
	attribute(dev, "devnum", text);
	seen[product].devnum = atoi(text);
	attribute(dev, "speed", seen[product].speed);
}

/* How many devices of the crowd there are. */
static unsigned int look(void)
{
	struct dirent *entry;
	unsigned int i, n = 0;
	DIR *dir;

	memset(seen, 0, sizeof(seen));
	dir = opendir("/sys/bus/usb/devices");
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		look_at(entry->d_name);
	closedir(dir);
	for (i = 0; i < members; i++)
		n += seen[i].there;
	return n;
}

static unsigned int look_until(unsigned int wanted, int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;
	unsigned int n;

	for (;;) {
		n = look();
		if (n == wanted || ringdev_now_ms() > end)
			return n;
		usleep(250000);
	}
}

static int join(unsigned int i)
{
	struct ringdev *d = &crowd[i];

	memset(d, 0, sizeof(*d));
	d->tags = CROWD_TAGS;
	d->area = CROWD_AREA;
	d->product = CROWD_PRODUCT + i;
	d->lanes = speeds[i % NSPEEDS].lanes;
	return ringdev_plug(d, speeds[i % NSPEEDS].speed);
}

static void join_all(void)
{
	unsigned int i;
	int rc;

	for (i = 0; i < members; i++) {
		rc = join(i);
		if (rc)
			ktap_abort("device %u: %s", i, strerror(-rc));
	}
}

/* They all stop before the first one is waited for. */
static void leave_all(void)
{
	unsigned int i;

	for (i = 0; i < members; i++)
		crowd[i].stop = 1;
	for (i = 0; i < members; i++)
		ringdev_pull(&crowd[i]);
}

static void check_numbers(void)
{
	unsigned int i, j, twins = 0;

	for (i = 0; i < members; i++)
		for (j = 0; j < i; j++)
			twins += crowd[i].port == crowd[j].port;
	ktap_ok(!twins, "port numbers are their own: %u twins", twins);
}

static void check_speeds(void)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < members; i++) {
		if (!strcmp(seen[i].speed, speeds[i % NSPEEDS].sysfs))
			continue;
		wrong++;
		printf("# device %u: speed %s, not %s\n", i, seen[i].speed,
		       speeds[i % NSPEEDS].sysfs);
	}
	ktap_ok(!wrong, "speeds: %u wrong", wrong);
}

/* Each gets bytes of its own and gives them back. */
static int answers(unsigned int i)
{
	uint8_t out[64], in[64] = { 0 };
	char path[64];
	int usb, rc;

	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", seen[i].busnum,
		 seen[i].devnum);
	usb = open(path, O_RDWR | O_CLOEXEC);
	if (usb < 0)
		return 0;
	ringdev_fill(out, sizeof(out), i);
	rc = ringdev_control(usb, 0x40, RINGDEV_REQ_MEMORY, 0, 0, out,
			     sizeof(out), 5000);
	if (rc == sizeof(out))
		rc = ringdev_control(usb, 0xc0, RINGDEV_REQ_MEMORY, 0, 0, in,
				     sizeof(in), 5000);
	close(usb);
	return rc == sizeof(in) && !memcmp(in, out, sizeof(in)) &&
	       !memcmp(crowd[i].memory, out, sizeof(out));
}

static void check_answers(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < members; i++)
		n += answers(i);
	ktap_ok(n == members, "%u of %u answer with their own bytes", n,
		members);
}

int main(int argc, char **argv)
{
	long start = ringdev_now_ms();
	uint16_t ports[CROWD_MAX];
	unsigned int i, n, moved = 0;

	members = argc > 1 ? atoi(argv[1]) : 12;
	if (!members || members > CROWD_MAX)
		return 2;
	ktap_plan(6);
	join_all();
	n = look_until(members, 120000);
	ktap_ok(n == members, "%u of %u are there after %ld ms", n, members,
		ringdev_now_ms() - start);
	check_numbers();
	check_speeds();
	check_answers();
	for (i = 0; i < members; i++)
		ports[i] = crowd[i].port;
	leave_all();
	start = ringdev_now_ms();
	n = look_until(0, 60000);
	ktap_ok(!n, "%u are left after %ld ms", n, ringdev_now_ms() - start);

	/* The same plugs again: the numbers mean what they meant. */
	join_all();
	for (i = 0; i < members; i++)
		moved += ports[i] != crowd[i].port;
	ktap_ok(!moved, "plugged in again: %u have another port", moved);
	leave_all();
	return ktap_end();
}
