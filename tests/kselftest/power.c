// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sleep of a device that lives in this process: a keyboard, whose driver wants
 * to be woken by it while somebody listens to its keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/hid.h>
#include <linux/input.h>
#include <linux/usb/ch9.h>

#include "ktap.h"
#include "ringdev.h"

#define KEYBOARD	0x0b0d
#define PATIENCE_MS	20000
#define PRESS_MS	2000

static const uint8_t report[] = {
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7,
	0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01,
	0x75, 0x08, 0x81, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65,
	0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
};

/* Remote wakeup; the companion at the end is for SuperSpeed only. */
#define CONFIG(total)							\
	9, USB_DT_CONFIG, total, 0, 1, 1, 0, 0xa0, 50,			\
	9, USB_DT_INTERFACE, 0, 0, 1, USB_CLASS_HID, 0, 0, 0,		\
	9, HID_DT_HID, 0x11, 0x01, 0, 1, HID_DT_REPORT,			\
	sizeof(report), 0,						\
	7, USB_DT_ENDPOINT, RINGDEV_INT_IN, USB_ENDPOINT_XFER_INT, 8, 0, 4

static const uint8_t config_hs[] = { CONFIG(34) };
static const uint8_t config_ss[] = {
	CONFIG(40), 6, USB_DT_SS_ENDPOINT_COMP, 0, 0, 8, 0,
};

static enum { OBEY, REFUSE, SILENT, DEAF } manner;
static int asleep, armed;
static unsigned int strays;
static uint64_t suspend_arg;
static struct ringdev keyboard;
static char sysfs[300];
static int keys = -1;

/* The device ---------------------------------------------------------------- */

static void answer(const struct p2pvhci_req *req, const void *data,
		   uint32_t len)
{
	ringdev_complete(&keyboard, req, P2PVHCI_ST_OK, data,
			 len < req->len ? len : req->len);
}

static enum ringdev_verdict describe(const struct p2pvhci_req *req)
{
	unsigned int value = req->setup[3] << 8 | req->setup[2];
	uint8_t buf[64];
	size_t len;

	switch (value >> 8) {
	case USB_DT_DEVICE:
		len = ringdev_describe(&keyboard, value, buf);
		/* The driver is chosen by the class of the interface. */
		buf[4] = 0;
		answer(req, buf, len);
		return RINGDEV_TAKEN;
	case USB_DT_CONFIG:
		if (keyboard.speed >= P2PVHCI_SPEED_SUPER)
			answer(req, config_ss, sizeof(config_ss));
		else
			answer(req, config_hs, sizeof(config_hs));
		return RINGDEV_TAKEN;
	case HID_DT_REPORT:
		answer(req, report, sizeof(report));
		return RINGDEV_TAKEN;
	}
	return RINGDEV_PASS;
}

/* May it wake us?  SuperSpeed asks the function, not the device. */
static void arm(const struct p2pvhci_req *req)
{
	int set = req->setup[1] == USB_REQ_SET_FEATURE;

	if (req->setup[0] == USB_RECIP_DEVICE &&
	    req->setup[2] == USB_DEVICE_REMOTE_WAKEUP)
		armed = set;
	else if (req->setup[0] == USB_RECIP_INTERFACE &&
		 req->setup[2] == USB_INTRF_FUNC_SUSPEND)
		armed = set &&
			req->setup[5] & (USB_INTRF_FUNC_SUSPEND_RW >> 8);
}

static enum ringdev_verdict submitted(const struct p2pvhci_req *req)
{
	strays += asleep;
	if (req->ep)
		return RINGDEV_PASS;
	if (req->setup[1] == USB_REQ_SET_FEATURE ||
	    req->setup[1] == USB_REQ_CLEAR_FEATURE)
		arm(req);
	if (req->setup[1] == USB_REQ_GET_DESCRIPTOR)
		return describe(req);
	return RINGDEV_PASS;
}

static enum ringdev_verdict suspended(const struct p2pvhci_req *req)
{
	suspend_arg = req->arg;
	if (manner == REFUSE) {
		ringdev_complete(&keyboard, req, P2PVHCI_ST_PROTO, NULL, 0);
	} else {
		asleep = 1;
		if (manner != SILENT)
			answer(req, NULL, 0);
	}
	return RINGDEV_TAKEN;
}

static enum ringdev_verdict resumed(const struct p2pvhci_req *req)
{
	asleep = 0;
	if (manner == DEAF)
		ringdev_complete(&keyboard, req, P2PVHCI_ST_PROTO, NULL, 0);
	else
		answer(req, NULL, 0);
	return RINGDEV_TAKEN;
}

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	(void)d;
	switch (req->op) {
	case P2PVHCI_OP_SUBMIT:
		return submitted(req);
	case P2PVHCI_OP_SUSPEND:
		return suspended(req);
	case P2PVHCI_OP_RESUME:
		return resumed(req);
	}
	return RINGDEV_PASS;
}

static int wake(uint32_t epoch, int64_t arg)
{
	struct p2pvhci_port_event event = {
		.size = sizeof(event),
		.port = keyboard.port,
		.epoch = epoch,
		.event = P2PVHCI_EVENT_WAKEUP,
		.arg = arg,
	};

	return ioctl(keyboard.fd, P2PVHCI_IOC_PORT_EVENT, &event) ? -errno : 0;
}

/* The other side ------------------------------------------------------------ */

static void read_file(const char *path, char text[32])
{
	FILE *f = fopen(path, "r");

	text[0] = 0;
	if (!f)
		return;
	if (!fgets(text, 32, f))
		text[0] = 0;
	fclose(f);
	text[strcspn(text, "\n")] = 0;
}

static int write_power(const char *name, const char *value)
{
	char path[400];
	int rc = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/power/%s", sysfs, name);
	f = fopen(path, "w");
	if (!f)
		return -1;
	if (fputs(value, f) >= 0)
		rc = 0;
	return fclose(f) ? -1 : rc;
}

/* The keyboard's driver lets it go, or takes it. */
static int write_driver(const char *verb)
{
	char path[64];
	int rc = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/usb/drivers/usbhid/%s", verb);
	f = fopen(path, "w");
	if (!f)
		return -1;
	if (fprintf(f, "%s:1.0", strrchr(sysfs, '/') + 1) > 0)
		rc = 0;
	return fclose(f) ? -1 : rc;
}

static int is_status(const char *wanted)
{
	char path[400], text[32];

	snprintf(path, sizeof(path), "%s/power/runtime_status", sysfs);
	read_file(path, text);
	return !strcmp(text, wanted);
}

static int wait_status(const char *wanted, int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;

	while (!is_status(wanted)) {
		if (ringdev_now_ms() > end)
			return 0;
		usleep(10000);
	}
	return 1;
}

/* The sysfs folder of the keyboard, 1 when there is one. */
static int find_sysfs(void)
{
	char text[32];
	glob_t found;
	size_t i;

	sysfs[0] = 0;
	if (glob("/sys/bus/usb/devices/*/idProduct", 0, NULL, &found))
		return 0;
	for (i = 0; i < found.gl_pathc; i++) {
		read_file(found.gl_pathv[i], text);
		if (strtoul(text, NULL, 16) == KEYBOARD)
			snprintf(sysfs, sizeof(sysfs), "%.*s",
				 (int)(strrchr(found.gl_pathv[i], '/') -
				       found.gl_pathv[i]), found.gl_pathv[i]);
	}
	globfree(&found);
	return !!sysfs[0];
}

/* Its event node, or -1. */
static int open_keys(void)
{
	char path[400];
	glob_t found;
	int fd = -1;

	if (!find_sysfs())
		return -1;
	snprintf(path, sizeof(path), "%s/*:*/*/input/input*/event*", sysfs);
	if (glob(path, 0, NULL, &found))
		return -1;
	snprintf(path, sizeof(path), "/dev/input/%s",
		 strrchr(found.gl_pathv[0], '/') + 1);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	globfree(&found);
	return fd;
}

static void plug(uint8_t speed, uint64_t features)
{
	long end = ringdev_now_ms() + PATIENCE_MS;
	int rc;

	memset(&keyboard, 0, sizeof(keyboard));
	keyboard.features = features;
	keyboard.product = KEYBOARD;
	keyboard.hook = hook;
	manner = OBEY;
	asleep = 0;
	strays = 0;
	rc = ringdev_plug(&keyboard, speed);
	if (rc)
		ktap_abort("no queue or no port: %s", strerror(-rc));
	while ((keys = open_keys()) < 0) {
		if (ringdev_now_ms() > end)
			ktap_abort("no keyboard");
		usleep(50000);
	}
	write_power("autosuspend_delay_ms", "100");
}

static int wait_gone(void)
{
	long end = ringdev_now_ms() + PATIENCE_MS;

	while (find_sysfs()) {
		if (ringdev_now_ms() > end)
			return 0;
		usleep(10000);
	}
	return 1;
}

static void pull(void)
{
	if (keys >= 0)
		close(keys);
	keys = -1;
	ringdev_pull(&keyboard);
	wait_gone();
}

/* A report, once the driver asks for one; 0 when it does not. */
static int report_keys(uint8_t key, long end)
{
	const uint8_t state[8] = { 0, 0, key };

	while (ringdev_poke(&keyboard, state, sizeof(state))) {
		if (ringdev_now_ms() > end)
			return 0;
		usleep(10000);
	}
	return 1;
}

static int heard_key(long end)
{
	struct input_event event;

	while (ringdev_now_ms() < end) {
		if (read(keys, &event, sizeof(event)) != sizeof(event))
			usleep(10000);
		else if (event.type == EV_KEY && event.code == KEY_A &&
			 event.value == 1)
			return 1;
	}
	return 0;
}

/*
 * Press a key and let it go; did the driver hear it?  One that was just about
 * to put the device to sleep throws the report away that met its cancel: the
 * finger presses again.
 */
static int types(void)
{
	long end = ringdev_now_ms() + PATIENCE_MS;
	int heard = 0;

	while (!heard && ringdev_now_ms() < end) {
		if (!report_keys(4, end))
			return 0;
		heard = heard_key(ringdev_now_ms() + PRESS_MS);
		if (!report_keys(0, end))
			return 0;
	}
	return heard;
}

/* Verdicts ------------------------------------------------------------------ */

static void check_sleep(const char *name, uint8_t speed)
{
	unsigned int *seen = keyboard.seen;
	int rc;

	plug(speed, P2PVHCI_F_POWER);
	ktap_ok(types(), "%s: it types", name);
	write_power("control", "auto");
	rc = wait_status("suspended", PATIENCE_MS);
	ktap_ok(rc && seen[P2PVHCI_OP_SUSPEND] == 1 && armed &&
		suspend_arg == P2PVHCI_SUSPEND_WAKEUP,
		"%s: it sleeps when idle, and may wake us: %d, %u, armed %d",
		name, rc, seen[P2PVHCI_OP_SUSPEND], armed);
	usleep(300000);
	ktap_ok(!strays && seen[P2PVHCI_OP_SUSPEND] == 1 &&
		!seen[P2PVHCI_OP_RESUME],
		"%s: and is left alone: %u strays", name, strays);

	rc = wake(keyboard.epoch, 0);
	if (!rc && !wait_status("active", PATIENCE_MS))
		rc = -ETIMEDOUT;
	ktap_ok(!rc && seen[P2PVHCI_OP_RESUME] == 1,
		"%s: it wakes us: %d, %u resumes", name, rc,
		seen[P2PVHCI_OP_RESUME]);
	ktap_ok(types(), "%s: and types again", name);

	wait_status("suspended", PATIENCE_MS);
	write_power("control", "on");
	rc = wait_status("active", PATIENCE_MS) && types();
	ktap_ok(rc && !strays &&
		seen[P2PVHCI_OP_RESUME] == seen[P2PVHCI_OP_SUSPEND],
		"%s: we wake it: %u suspends, %u resumes, %u strays", name,
		seen[P2PVHCI_OP_SUSPEND], seen[P2PVHCI_OP_RESUME], strays);
	ktap_ok(!wake(keyboard.epoch, 0) &&
		wake(keyboard.epoch + 1, 0) == -ENOENT &&
		wake(keyboard.epoch, 1) == -EINVAL && types(),
		"%s: a wakeup while awake is harmless, a wrong one refused",
		name);
	pull();
}

static void check_refusal(void)
{
	plug(P2PVHCI_SPEED_HIGH, P2PVHCI_F_POWER);
	manner = REFUSE;
	write_power("control", "auto");
	sleep(1);
	ktap_ok(keyboard.seen[P2PVHCI_OP_SUSPEND] && !is_status("suspended") &&
		!keyboard.seen[P2PVHCI_OP_RESUME],
		"one that will not sleep stays awake: asked %u times",
		keyboard.seen[P2PVHCI_OP_SUSPEND]);
	write_power("control", "on");
	ktap_ok(types(), "and types");
	pull();
}

static void check_silence(void)
{
	long start = ringdev_now_ms();
	int rc;

	plug(P2PVHCI_SPEED_HIGH, P2PVHCI_F_POWER);
	manner = SILENT;
	write_power("control", "auto");
	while (!keyboard.seen[P2PVHCI_OP_RESUME] &&
	       ringdev_now_ms() - start < PATIENCE_MS)
		usleep(10000);
	manner = OBEY;
	write_power("control", "on");
	rc = keyboard.seen[P2PVHCI_OP_RESUME];
	ktap_ok(rc && types(),
		"one that says nothing is told to wake up: %d resumes", rc);
	pull();
}

static void check_deaf(void)
{
	int gone;

	plug(P2PVHCI_SPEED_SUPER, P2PVHCI_F_POWER);
	manner = DEAF;
	write_power("control", "auto");
	wait_status("suspended", PATIENCE_MS);
	write_power("control", "on");
	gone = wait_gone();
	ktap_ok(gone && keyboard.seen[P2PVHCI_OP_UNBOUND] == 1,
		"one that does not wake up is unplugged: %u UNBOUND",
		keyboard.seen[P2PVHCI_OP_UNBOUND]);
	pull();
}

static void check_unplug(void)
{
	plug(P2PVHCI_SPEED_HIGH, P2PVHCI_F_POWER);
	write_power("control", "auto");
	wait_status("suspended", PATIENCE_MS);
	ktap_ok(!ringdev_unbind(&keyboard) && wait_gone(),
		"pulled in its sleep: gone");
	asleep = 0;
	pull();
	plug(P2PVHCI_SPEED_HIGH, P2PVHCI_F_POWER);
	ktap_ok(types(), "and the next one in its place types");
	pull();
}

/* An agent that knows nothing of power. */
static void check_without(void)
{
	int was_asleep, heard;

	plug(P2PVHCI_SPEED_HIGH, 0);
	write_power("control", "auto");
	sleep(1);
	was_asleep = is_status("suspended");
	heard = types();
	ktap_ok(!was_asleep && heard,
		"without F_POWER: awake while it may have to wake us: asleep %d, heard %d",
		was_asleep, heard);
	/* The console listens, too, until it has no driver. */
	close(keys);
	ktap_ok(!write_driver("unbind") &&
		wait_status("suspended", PATIENCE_MS) &&
		!keyboard.seen[P2PVHCI_OP_SUSPEND],
		"asleep on this side only when nobody listens");
	ktap_ok(wake(keyboard.epoch, 0) == -EINVAL, "no wakeup without it");
	write_driver("bind");
	keys = open_keys();
	ktap_ok(keys >= 0 && types(), "and awake again when somebody does");
	pull();
}

int main(void)
{
	ktap_plan(2 * 7 + 2 + 1 + 1 + 2 + 4);
	check_sleep("high speed", P2PVHCI_SPEED_HIGH);
	check_sleep("super speed", P2PVHCI_SPEED_SUPER);
	check_refusal();
	check_silence();
	check_deaf();
	check_unplug();
	check_without();
	return ktap_end();
}
