// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices with impossible descriptors: the kernel gives up on each, once, and
 * the port is as good as before.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "ktap.h"
#include "ringdev.h"

#define DESCRIPTORS_PRODUCT	0x2000	/* of the first case */
/* usbcore tries four times, each time two ways, and 15 ports in a row. */
#define GIVE_UP_MS		90000
#define QUIET_MS		8000

static const uint8_t no_device[18] = { 18, 0x77 };
static const uint8_t short_device[18] = { 4, USB_DT_DEVICE };

static const uint8_t odd_ep0[18] = {
	18, USB_DT_DEVICE, 0, 2, 0xff, 0, 0, 3, 0x09, 0x12, 0, 0x20, 0, 1,
	0, 0, 0, 1,
};

static const uint8_t no_configs[18] = {
	18, USB_DT_DEVICE, 0, 2, 0xff, 0, 0, 64, 0x09, 0x12, 0, 0x20, 0, 1,
	0, 0, 0, 0,
};

static const uint8_t no_config[9] = { 9, 0x55, 9, 0, 1, 1, 0, 0x80, 50 };

/* It says it has 65535 bytes. */
static const uint8_t huge_config[9] = {
	9, USB_DT_CONFIG, 0xff, 0xff, 1, 1, 0, 0x80, 50,
};

static const uint8_t tiny_config[9] = { 2, USB_DT_CONFIG, 2, 0, 1, 1, 0, 0, 0 };

/* A descriptor takes the place of the right one; none stalls. */
static const struct {
	const char *what;
	uint8_t speed;
	uint8_t type;
	uint8_t len;
	const uint8_t *bytes;
} cases[] = {
	{ "no device descriptor", P2PVHCI_SPEED_HIGH, USB_DT_DEVICE, 0, NULL },
	{ "no device descriptor, SuperSpeed", P2PVHCI_SPEED_SUPER,
	  USB_DT_DEVICE, 0, NULL },
	{ "a device descriptor of another type", P2PVHCI_SPEED_HIGH,
	  USB_DT_DEVICE, 18, no_device },
	{ "one of four bytes", P2PVHCI_SPEED_FULL, USB_DT_DEVICE, 4,
	  short_device },
	{ "packets of three bytes", P2PVHCI_SPEED_HIGH, USB_DT_DEVICE, 18,
	  odd_ep0 },
	{ "packets of 64 bytes, SuperSpeed", P2PVHCI_SPEED_SUPER_PLUS,
	  USB_DT_DEVICE, 18, no_configs },
	{ "no configuration", P2PVHCI_SPEED_HIGH, USB_DT_DEVICE, 18,
	  no_configs },
	{ "no configuration descriptor", P2PVHCI_SPEED_SUPER, USB_DT_CONFIG, 0,
	  NULL },
	{ "a configuration of another type", P2PVHCI_SPEED_LOW, USB_DT_CONFIG,
	  9, no_config },
	{ "a configuration of two bytes", P2PVHCI_SPEED_HIGH, USB_DT_CONFIG, 9,
	  tiny_config },
	{ "a configuration longer than it is", P2PVHCI_SPEED_SUPER,
	  USB_DT_CONFIG, 9, huge_config },
};

#define NCASES	(sizeof(cases) / sizeof(cases[0]))

static struct ringdev devices[NCASES];
static volatile unsigned int asked[NCASES];
static volatile int configured[NCASES];
static volatile long last_ms;

static enum ringdev_verdict lie(struct ringdev *d,
				const struct p2pvhci_req *req)
{
	unsigned int i = d - devices;
	uint32_t len = cases[i].len;

	if (req->op != P2PVHCI_OP_SUBMIT)
		return RINGDEV_PASS;
	if (len > req->len)
		len = req->len;
	asked[i]++;
	last_ms = ringdev_now_ms();
	if (req->ep)
		return RINGDEV_PASS;
	if (req->setup[1] == USB_REQ_SET_CONFIGURATION)
		configured[i] = 1;
	if (req->setup[1] != USB_REQ_GET_DESCRIPTOR ||
	    req->setup[3] != cases[i].type)
		return RINGDEV_PASS;
	if (cases[i].bytes)
		ringdev_complete(d, req, P2PVHCI_ST_OK, cases[i].bytes, len);
	else
		ringdev_complete(d, req, P2PVHCI_ST_STALL, NULL, 0);
	return RINGDEV_TAKEN;
}

static void plug(unsigned int i)
{
	int rc;

	devices[i].tags = P2PVHCI_TAGS_MIN;
	devices[i].area = P2PVHCI_AREA_MIN;
	devices[i].product = DESCRIPTORS_PRODUCT + i;
	devices[i].hook = lie;
	rc = ringdev_plug(&devices[i], cases[i].speed);
	if (rc)
		ktap_abort("%s: %s", cases[i].what, strerror(-rc));
}

/* Until nobody has been asked anything for a while. */
static int wait_quiet(void)
{
	long start = ringdev_now_ms();

	last_ms = start;
	while (ringdev_now_ms() - last_ms < QUIET_MS) {
		if (ringdev_now_ms() - start > GIVE_UP_MS)
			return 0;
		usleep(50000);
	}
	return 1;
}

int main(void)
{
	struct ringdev good = { 0 };
	unsigned int i;
	int usb, rc = 0;

	ktap_plan(NCASES + 3);
	for (i = 0; i < NCASES; i++)
		plug(i);
	ktap_ok(wait_quiet(), "the kernel gives up on all of them");
	for (i = 0; i < NCASES; i++)
		ktap_ok(asked[i] && !configured[i], "%s: asked %u times",
			cases[i].what, asked[i]);
	for (i = 0; i < NCASES; i++)
		rc |= ringdev_unbind(&devices[i]);
	ktap_ok(!rc, "their ports are free again: %d", rc);
	for (i = 0; i < NCASES; i++)
		ringdev_pull(&devices[i]);

	rc = ringdev_plug(&good, P2PVHCI_SPEED_SUPER);
	if (rc)
		ktap_abort("no port: %s", strerror(-rc));
	usb = ringdev_usbfs(20000);
	ktap_ok(usb >= 0, "and a good device works there: port %u", good.port);
	if (usb >= 0)
		close(usb);
	ringdev_pull(&good);
	return ktap_end();
}
