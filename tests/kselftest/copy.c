// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IOC_COPY: transfers that are longer than the areas, what is refused, and
 * that the agent's memory holds nobody up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>
#include <linux/userfaultfd.h>

#include "ktap.h"
#include "ringdev.h"

#define AREA		(256 << 10)
#define BIG		(4 << 20)
#define MIDDLE		(512 << 10)
#define LIMIT_MS	1000

static uint8_t out[BIG], in[BIG], agent[BIG];
static struct p2pvhci_req kept;
static volatile int nkept, keep_ep = -1, ncancels, answers;

static enum ringdev_verdict hook(struct ringdev *d,
				 const struct p2pvhci_req *req)
{
	if (req->op == P2PVHCI_OP_SUBMIT && req->ep != 0) {
		kept = *req;
		nkept++;
	}
	if (req->ep != keep_ep)
		return RINGDEV_PASS;
	if (req->op == P2PVHCI_OP_CANCEL) {
		ncancels++;
		if (answers)
			ringdev_complete(d, &kept, P2PVHCI_ST_CANCELLED, NULL,
					 0);
	}
	return RINGDEV_TAKEN;
}

static int plug(struct ringdev *d)
{
	int usb = ringdev_plug_usbfs(d, P2PVHCI_SPEED_HIGH);

	nkept = 0;
	ncancels = 0;
	return usb;
}

static void pull(struct ringdev *d, int usb)
{
	keep_ep = -1;
	ringdev_pull_usbfs(d, usb);
}

static void prepare(struct usbdevfs_urb *urb, uint8_t ep, void *buf,
		    unsigned int len)
{
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = ep;
	urb->buffer = buf;
	urb->buffer_length = len;
}

/* Submit and reap; the status, or why not. */
static int transfer(int usb, uint8_t ep, void *buf, unsigned int len,
		    unsigned int *actual)
{
	struct usbdevfs_urb urb;
	int rc;

	prepare(&urb, ep, buf, len);
	rc = ringdev_submit(usb, &urb);
	if (rc)
		return rc;
	if (!ringdev_reap(usb, 10000))
		return -ETIMEDOUT;
	*actual = urb.actual_length;
	return urb.status;
}

static void start_one(int usb, struct usbdevfs_urb *urb, uint8_t ep, void *buf,
		      unsigned int len)
{
	int i;

	keep_ep = ep;
	nkept = 0;
	ncancels = 0;
	prepare(urb, ep, buf, len);
	if (ringdev_submit(usb, urb))
		ktap_abort("URB of %u bytes: %s", len, strerror(errno));
	for (i = 0; i < 300 && !nkept; i++)
		usleep(10000);
}

static int finish(struct ringdev *d, uint8_t flags, uint32_t actual)
{
	struct p2pvhci_cmp cmp = {
		.token = kept.token, .flags = flags, .actual = actual,
	};
	int rc;

	pthread_mutex_lock(&d->lock);
	ringdev_push(d, &cmp);
	rc = ringdev_enter(d);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

/* Bytes --------------------------------------------------------------------- */

static void check_big(int usb)
{
	unsigned int actual = 0;
	int rc;

	ringdev_fill(out, BIG, 41);
	rc = transfer(usb, RINGDEV_BULK_OUT, out, BIG, &actual);
	ktap_ok(!rc && actual == BIG && kept.out_off == P2PVHCI_OUT_COPY,
		"OUT of 4 MiB, scattered: %d, actual %u", rc, actual);
	rc = transfer(usb, RINGDEV_BULK_IN, in, BIG, &actual);
	ktap_ok(!rc && actual == BIG && !memcmp(in, out, BIG),
		"IN of 4 MiB: %d, actual %u, %s", rc, actual,
		memcmp(in, out, BIG) ? "wrong" : "as sent");
}

/* Memory of usbfs is one piece for the kernel. */
static void check_linear(int usb)
{
	unsigned int actual = 0;
	uint8_t *map;
	int rc;

	map = mmap(NULL, MIDDLE, PROT_READ | PROT_WRITE, MAP_SHARED, usb, 0);
	if (map == MAP_FAILED)
		ktap_abort("no memory of usbfs: %s", strerror(errno));
	ringdev_fill(map, MIDDLE, 42);
	rc = transfer(usb, RINGDEV_BULK_OUT, map, MIDDLE, &actual);
	memset(map, 0, MIDDLE);
	rc |= transfer(usb, RINGDEV_BULK_IN, map, MIDDLE, &actual);
	ringdev_fill(out, MIDDLE, 42);
	ktap_ok(!rc && actual == MIDDLE && !memcmp(map, out, MIDDLE),
		"512 KiB in one piece, there and back: %d, actual %u", rc,
		actual);
	munmap(map, MIDDLE);
}

static void check_limit(int usb)
{
	unsigned int actual = 0, fits, copies;
	int rc;

	rc = transfer(usb, RINGDEV_BULK_OUT, out, AREA / 2, &actual);
	fits = kept.out_off < AREA;
	rc |= transfer(usb, RINGDEV_BULK_OUT, out, AREA / 2 + 1, &actual);
	copies = kept.out_off == P2PVHCI_OUT_COPY;
	ktap_ok(!rc && fits && copies,
		"half the area fits, one more is to be copied: %d", rc);
}

static void check_short(struct ringdev *d, int usb)
{
	struct usbdevfs_urb urb, *done;
	int copied, rc;

	start_one(usb, &urb, RINGDEV_BULK_IN, in, MIDDLE);
	ringdev_fill(agent, 100000, 43);
	memset(in, 0, MIDDLE);
	copied = ringdev_copy(d, &kept, agent, 0, 70000) ||
		 ringdev_copy(d, &kept, agent + 60000, 60000, 40000);
	rc = finish(d, P2PVHCI_CMP_COPIED, 100000);
	done = ringdev_reap(usb, 2000);
	ktap_ok(!copied && !rc && done && !urb.status &&
		urb.actual_length == 100000 && !memcmp(in, agent, 100000),
		"a short IN, copied in overlapping pieces: %d, %d", rc,
		urb.actual_length);
	start_one(usb, &urb, RINGDEV_BULK_IN, in, MIDDLE);
	memcpy(d->rw + d->setup.off_in, "abc", 3);
	rc = finish(d, 0, 3);
	ktap_ok(!rc && ringdev_reap(usb, 2000) && urb.actual_length == 3 &&
		!memcmp(in, "abc", 3), "a very short one, by the area: %d", rc);
	keep_ep = -1;
}

/* Refusals ------------------------------------------------------------------ */

static int copy_raw(struct ringdev *d, struct p2pvhci_copy copy)
{
	copy.size = sizeof(copy);
	if (!copy.token)
		copy.token = kept.token;
	if (!copy.addr)
		copy.addr = (uintptr_t)agent;
	return ioctl(d->fd, P2PVHCI_IOC_COPY, &copy) ? -errno : 0;
}

static const struct {
	const char *what;
	int expected;
	struct p2pvhci_copy copy;
} refusals[] = {
	{ "flags", -EINVAL, { .flags = 1, .len = 1 } },
	{ "reserved", -EINVAL, { .len = 1, .rsv[1] = 1 } },
	{ "unknown token", -ENOENT, { .token = 0x1234500000001, .len = 1 } },
	{ "beyond the slots", -ENOENT, { .token = 0x100000fff, .len = 1 } },
	{ "offset beyond the end", -EINVAL, { .off = MIDDLE + 1 } },
	{ "over the end", -EINVAL, { .len = MIDDLE + 1 } },
	{ "range that wraps", -EINVAL, { .off = 4096, .len = 0xfffff000 } },
	{ "memory that is none", -EFAULT, { .addr = 4096, .len = 64 } },
	{ "memory of the kernel", -EFAULT,
	  { .addr = 0xffff888000000000ULL, .len = 64 } },
	{ "nothing", 0, { .off = 0 } },
};

#define NREFUSALS	(sizeof(refusals) / sizeof(refusals[0]))

static void check_refusals(struct ringdev *d, int usb)
{
	struct usbdevfs_urb urb;
	unsigned int i;
	int rc;

	start_one(usb, &urb, RINGDEV_BULK_OUT, out, MIDDLE);
	for (i = 0; i < NREFUSALS; i++) {
		rc = copy_raw(d, refusals[i].copy);
		ktap_ok(rc == refusals[i].expected, "%s: %d",
			refusals[i].what, rc);
	}
	finish(d, 0, MIDDLE);
	ringdev_reap(usb, 2000);
	rc = copy_raw(d, (struct p2pvhci_copy) { .len = 1 });
	ktap_ok(rc == -ENOENT, "a token that is completed: %d", rc);

	start_one(usb, &urb, RINGDEV_BULK_IN, in, MIDDLE);
	rc = ringdev_copy(d, &kept, agent, 0, 100);
	ktap_ok(!rc && ringdev_copy(d, &kept, agent, 101, 10) == -EINVAL,
		"a gap in IN bytes: %d", rc);
	finish(d, P2PVHCI_CMP_COPIED, 100);
	ringdev_reap(usb, 2000);
	keep_ep = -1;
}

static void check_claim(void)
{
	struct ringdev d = { .hook = hook, .features = P2PVHCI_F_COPY };
	int usb = plug(&d), rc;
	struct usbdevfs_urb urb;

	start_one(usb, &urb, RINGDEV_BULK_IN, in, MIDDLE);
	rc = ringdev_copy(&d, &kept, agent, 0, 1000);
	ktap_ok(!rc && finish(&d, P2PVHCI_CMP_COPIED, 1001) == -ESHUTDOWN,
		"a completion of more than was copied kills the queue");
	pull(&d, usb);
}

static void check_without(void)
{
	struct ringdev d = { .hook = hook, .area = AREA };
	unsigned int actual;
	int usb = plug(&d), rc;

	rc = transfer(usb, RINGDEV_BULK_OUT, out, AREA / 2 + 1, &actual);
	keep_ep = RINGDEV_BULK_OUT;
	ktap_ok(rc == -EMSGSIZE &&
		ringdev_copy(&d, &kept, agent, 0, 1) == -EINVAL,
		"without the feature: %d", rc);
	pull(&d, usb);
}

/* Memory that faults -------------------------------------------------------- */

struct copier {
	struct ringdev *d;
	uint8_t *page;
	pthread_t thread;
	volatile int rc;
};

static void *copy_run(void *arg)
{
	struct copier *c = arg;

	c->rc = ringdev_copy(c->d, &kept, c->page, 0, MIDDLE);
	return NULL;
}

/* A descriptor that @page faults to, until it is closed; or negative. */
static int hold_memory(void *page)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)page, MIDDLE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

static int can_hold_memory(void)
{
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOSYS;
}

/* A thread that hangs in COPY; DISCARDURB; then the memory is there. */
static void check_held(struct ringdev *d, int usb, uint8_t ep, int answer)
{
	struct copier c = { .d = d, .rc = 1 };
	struct usbdevfs_urb urb;
	struct uffd_msg msg;
	long ms;
	int fd;

	answers = answer;
	start_one(usb, &urb, ep, ep & USB_DIR_IN ? in : out, MIDDLE);
	c.page = mmap(NULL, MIDDLE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = hold_memory(c.page);
	if (fd < 0)
		ktap_abort("no userfaultfd: %s", strerror(-fd));
	pthread_create(&c.thread, NULL, copy_run, &c);
	/* Until it really hangs there. */
	if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
		ktap_abort("nothing faults");
	ms = ringdev_now_ms();
	ioctl(usb, USBDEVFS_DISCARDURB, &urb);
	ms = ringdev_now_ms() - ms;
	ktap_ok(c.rc == 1 && ms < (answer ? LIMIT_MS : 2000) &&
		ringdev_reap(usb, 1000) && urb.status == -ENOENT,
		"%s while a COPY hangs%s: %ld ms",
		ep & USB_DIR_IN ? "IN" : "OUT",
		answer ? "" : " and nobody answers", ms);
	close(fd);
	pthread_join(c.thread, NULL);
	ktap_ok(c.rc == (answer ? -ENOENT : -ECANCELED),
		"then the COPY says %d", c.rc);
	if (!answer)
		finish(d, 0, 0);
	munmap(c.page, MIDDLE);
	keep_ep = -1;
}

static void check_all_held(struct ringdev *d, int usb)
{
	if (!can_hold_memory()) {
		ktap_skip(8, "this kernel has no userfaultfd");
		return;
	}
	check_held(d, usb, RINGDEV_BULK_OUT, 1);
	check_held(d, usb, RINGDEV_BULK_IN, 1);
	check_held(d, usb, RINGDEV_BULK_OUT, 0);
	check_held(d, usb, RINGDEV_BULK_IN, 0);
}

/* Copies against cancels ---------------------------------------------------- */

static void check_race(struct ringdev *d, int usb)
{
	unsigned int i, wrong = 0, all = 0, n = 60;
	struct usbdevfs_urb urb;
	struct copier c = { .d = d, .page = agent };

	answers = 1;
	ringdev_fill(out, MIDDLE, 44);
	for (i = 0; i < n; i++) {
		start_one(usb, &urb, i & 1 ? RINGDEV_BULK_IN :
			  RINGDEV_BULK_OUT, i & 1 ? in : out, MIDDLE);
		pthread_create(&c.thread, NULL, copy_run, &c);
		usleep(i * 37 % 1500);
		ioctl(usb, USBDEVFS_DISCARDURB, &urb);
		pthread_join(c.thread, NULL);
		all += !c.rc;
		wrong += (c.rc && c.rc != -ENOENT && c.rc != -ECANCELED) ||
			 !ringdev_reap(usb, 2000) || urb.status != -ENOENT;
	}
	ktap_ok(!wrong, "%u copies against cancels: %u came through, %u wrong",
		n, all, wrong);
	keep_ep = -1;
}

int main(void)
{
	struct ringdev d = {
		.hook = hook, .area = AREA, .features = P2PVHCI_F_COPY,
	};
	int usb;

	ktap_plan(21 + NREFUSALS);
	usb = plug(&d);
	check_big(usb);
	check_linear(usb);
	check_limit(usb);
	check_short(&d, usb);
	check_refusals(&d, usb);
	check_all_held(&d, usb);
	check_race(&d, usb);
	check_big(usb);
	pull(&d, usb);
	check_claim();
	check_without();
	return ktap_end();
}
