// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A USB device that lives in this process and speaks the ring of /dev/p2pvhci.
 *
 * It believes the kernel and checks nothing that the kernel says.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <linux/usb/ch9.h>
#include <linux/usbdevice_fs.h>

#include "ringdev.h"

#define RINGDEV_TAGS	64
#define RINGDEV_AREA	(4 << 20)

long ringdev_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Ring ---------------------------------------------------------------------- */

static struct p2pvhci_kctl *ringdev_kctl(const struct ringdev *d)
{
	return (struct p2pvhci_kctl *)d->ro;
}

static struct p2pvhci_uctl *ringdev_uctl(const struct ringdev *d)
{
	return (struct p2pvhci_uctl *)d->rw;
}

static uint32_t ringdev_load(const __u32 *p)
{
	return atomic_load_explicit((const _Atomic uint32_t *)p,
				    memory_order_acquire);
}

static void ringdev_store(__u32 *p, uint32_t v)
{
	atomic_store_explicit((_Atomic uint32_t *)p, v, memory_order_release);
}

static int ringdev_map(struct ringdev *d)
{
	void *p;

	p = mmap(NULL, d->setup.ro_bytes, PROT_READ, MAP_SHARED, d->fd,
		 P2PVHCI_MMAP_RO);
	if (p == MAP_FAILED)
		return -errno;
	d->ro = p;
	p = mmap(NULL, d->setup.rw_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		 d->fd, P2PVHCI_MMAP_RW);
	if (p == MAP_FAILED)
		return -errno;
	d->rw = p;
	return 0;
}

int ringdev_open(struct ringdev *d)
{
	int rc;

	pthread_mutex_init(&d->lock, NULL);
	d->rq_head = 0;
	d->cq_tail = 0;
	d->in_used = 0;
	d->nheld = 0;
	d->filled = 0;
	d->fd = open(P2PVHCI_DEVICE, O_RDWR | O_CLOEXEC);
	if (d->fd < 0)
		return -errno;
	memset(&d->setup, 0, sizeof(d->setup));
	d->setup.size = sizeof(d->setup);
	d->setup.flags = d->flags;
	d->setup.tags = d->tags ? d->tags : RINGDEV_TAGS;
	d->setup.out_bytes = d->area ? d->area : RINGDEV_AREA;
	d->setup.in_bytes = d->setup.out_bytes;
	rc = ioctl(d->fd, P2PVHCI_IOC_SETUP, &d->setup) ? -errno :
							   ringdev_map(d);
	d->memory = calloc(1, RINGDEV_MEMORY);
	if (!rc && !d->memory)
		rc = -ENOMEM;
	if (rc)
		ringdev_close(d);
	return rc;
}

void ringdev_close(struct ringdev *d)
{
	if (d->ro)
		munmap(d->ro, d->setup.ro_bytes);
	if (d->rw)
		munmap(d->rw, d->setup.rw_bytes);
	if (d->fd >= 0)
		close(d->fd);
	free(d->memory);
	d->ro = NULL;
	d->rw = NULL;
	d->memory = NULL;
	d->fd = -1;
}

int ringdev_bind(struct ringdev *d, uint8_t speed, uint64_t cookie)
{
	static const char target[] = "ringdev";
	struct p2pvhci_bind bind = {
		.size = sizeof(bind),
		.flags = cookie ? 0 : d->port_flags,
		.cookie = cookie,
		.target = cookie ? 0 : (uintptr_t)target,
		.target_len = cookie ? 0 : sizeof(target) - 1,
		.speed = speed,
		.lanes = speed < P2PVHCI_SPEED_SUPER_PLUS ? 0 :
			 d->lanes ? d->lanes : 1,
		.vid = RINGDEV_VENDOR,
		.pid = RINGDEV_PRODUCT,
	};

	/* The device's thread may ask for it before the call returns. */
	d->speed = speed;
	if (ioctl(d->fd, P2PVHCI_IOC_BIND, &bind))
		return -errno;
	d->port = bind.port;
	d->epoch = bind.epoch;
	return 0;
}

int ringdev_unbind(struct ringdev *d)
{
	struct p2pvhci_unbind unbind = {
		.size = sizeof(unbind),
		.port = d->port,
		.epoch = d->epoch,
	};

	return ioctl(d->fd, P2PVHCI_IOC_UNBIND, &unbind) ? -errno : 0;
}

static int ringdev_sleep(struct ringdev *d, int timeout_ms)
{
	struct pollfd pfd = { .fd = d->fd, .events = POLLIN };
	int rc = 0;

	atomic_store((_Atomic uint32_t *)&ringdev_uctl(d)->need_wakeup, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (ringdev_load(&ringdev_kctl(d)->rq_tail) == d->rq_head)
		rc = poll(&pfd, 1, timeout_ms);
	ringdev_store(&ringdev_uctl(d)->need_wakeup, 0);
	if (rc > 0 && pfd.revents & (POLLERR | POLLHUP))
		return -ESHUTDOWN;
	return 0;
}

int ringdev_next(struct ringdev *d, struct p2pvhci_req *req, int timeout_ms)
{
	const struct p2pvhci_req *rq = (void *)(d->ro + d->setup.off_rq);
	int rc;

	if (ringdev_load(&ringdev_kctl(d)->rq_tail) == d->rq_head) {
		rc = ringdev_sleep(d, timeout_ms);
		if (rc)
			return rc;
	}
	if (ringdev_load(&ringdev_kctl(d)->rq_tail) == d->rq_head)
		return 0;
	*req = rq[d->rq_head & (d->setup.rq_entries - 1)];
	ringdev_store(&ringdev_uctl(d)->rq_head, ++d->rq_head);
	return 1;
}

const uint8_t *ringdev_out(const struct ringdev *d,
			   const struct p2pvhci_req *req)
{
	return d->ro + d->setup.off_out + req->out_off;
}

void ringdev_push(struct ringdev *d, const struct p2pvhci_cmp *cmp)
{
	struct p2pvhci_cmp *cq = (void *)(d->rw + d->setup.off_cq);

	cq[d->cq_tail & (d->setup.cq_entries - 1)] = *cmp;
	ringdev_store(&ringdev_uctl(d)->cq_tail, ++d->cq_tail);
}

void ringdev_complete(struct ringdev *d, const struct p2pvhci_req *req,
		      uint8_t status, const void *data, uint32_t actual)
{
	struct p2pvhci_cmp cmp = {
		.token = req->token,
		.status = status,
		.actual = actual,
	};

	if (data && actual) {
		if (actual > d->setup.in_bytes - d->in_used)
			ringdev_enter(d);
		cmp.in_off = d->in_used;
		memcpy(d->rw + d->setup.off_in + cmp.in_off, data, actual);
		d->in_used += actual;
	}
	ringdev_push(d, &cmp);
}

int ringdev_enter(struct ringdev *d)
{
	struct p2pvhci_enter enter = { .size = sizeof(enter) };

	d->in_used = 0;
	return ioctl(d->fd, P2PVHCI_IOC_ENTER, &enter) ? -errno : 0;
}

/* Descriptors --------------------------------------------------------------- */

#define RINGDEV_LE16(v)	((v) & 0xff), ((v) >> 8)

/* Packet sizes fit the speed; see ringdev_describe(). */
static const uint8_t ringdev_device[] = {
	18, USB_DT_DEVICE, RINGDEV_LE16(0x0200), USB_CLASS_VENDOR_SPEC, 0, 0,
	64, RINGDEV_LE16(RINGDEV_VENDOR), RINGDEV_LE16(RINGDEV_PRODUCT),
	RINGDEV_LE16(0x0100), 1, 2, 3, 1,
};

#define RINGDEV_INTERFACE(alt)						\
	9, USB_DT_INTERFACE, 0, alt, 4, USB_CLASS_VENDOR_SPEC, 0, 0, 0

#define RINGDEV_ENDPOINT(addr, type, max, interval)			\
	7, USB_DT_ENDPOINT, addr, type, RINGDEV_LE16(max), interval

#define RINGDEV_ALT(alt, bulk)						\
	RINGDEV_INTERFACE(alt),						\
	RINGDEV_ENDPOINT(RINGDEV_BULK_OUT, USB_ENDPOINT_XFER_BULK, bulk, 0), \
	RINGDEV_ENDPOINT(RINGDEV_BULK_IN, USB_ENDPOINT_XFER_BULK, bulk, 0), \
	RINGDEV_ENDPOINT(RINGDEV_INT_IN, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_ENDPOINT(RINGDEV_INT_OUT, USB_ENDPOINT_XFER_INT, 64, 4)

#define RINGDEV_CONFIG(total, bulk)					\
	9, USB_DT_CONFIG, RINGDEV_LE16(total), 1, 1, 0, 0x80, 50,	\
	RINGDEV_ALT(0, bulk), RINGDEV_ALT(1, bulk)

static const uint8_t ringdev_config_fs[] = {
	RINGDEV_CONFIG(9 + 2 * (9 + 4 * 7), 64)
};

static const uint8_t ringdev_config_hs[] = {
	RINGDEV_CONFIG(9 + 2 * (9 + 4 * 7), 512)
};

#define RINGDEV_COMPANION	6, USB_DT_SS_ENDPOINT_COMP, 0, 0, 0, 0
#define RINGDEV_COMPANION_INT	6, USB_DT_SS_ENDPOINT_COMP, 0, 0, 64, 0

#define RINGDEV_ALT_SS(alt)						\
	RINGDEV_INTERFACE(alt),						\
	RINGDEV_ENDPOINT(RINGDEV_BULK_OUT, USB_ENDPOINT_XFER_BULK, 1024, 0), \
	RINGDEV_COMPANION,						\
	RINGDEV_ENDPOINT(RINGDEV_BULK_IN, USB_ENDPOINT_XFER_BULK, 1024, 0), \
	RINGDEV_COMPANION,						\
	RINGDEV_ENDPOINT(RINGDEV_INT_IN, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_COMPANION_INT,						\
	RINGDEV_ENDPOINT(RINGDEV_INT_OUT, USB_ENDPOINT_XFER_INT, 64, 4),	\
	RINGDEV_COMPANION_INT

static const uint8_t ringdev_config_ss[] = {
	9, USB_DT_CONFIG, RINGDEV_LE16(9 + 2 * (9 + 4 * 13)), 1, 1, 0, 0x80, 50,
	RINGDEV_ALT_SS(0), RINGDEV_ALT_SS(1),
};

static const uint8_t ringdev_bos[] = {
	5, USB_DT_BOS, 15, 0, 1,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x08, 0x00, 1, 0, 0, 0,
};

static const char * const ringdev_strings[] = {
	[1] = "p2pusb", [2] = "ring device", [3] = "RING0001",
};

static size_t ringdev_string(uint8_t *to, unsigned int index)
{
	const char *s;
	size_t i;

	if (!index) {
		memcpy(to, (uint8_t[]){ 4, USB_DT_STRING, 0x09, 0x04 }, 4);
		return 4;
	}
	if (index >= sizeof(ringdev_strings) / sizeof(ringdev_strings[0]))
		return 0;
	s = ringdev_strings[index];
	for (i = 0; s[i]; i++) {
		to[2 + 2 * i] = s[i];
		to[3 + 2 * i] = 0;
	}
	to[0] = 2 + 2 * i;
	to[1] = USB_DT_STRING;
	return to[0];
}

static size_t ringdev_device_descriptor(const struct ringdev *d, uint8_t *to)
{
	memcpy(to, ringdev_device, sizeof(ringdev_device));
	if (d->product) {
		to[10] = d->product & 0xff;
		to[11] = d->product >> 8;
	}
	if (d->speed >= P2PVHCI_SPEED_SUPER) {
		to[2] = 0x10;
		to[3] = 0x03;
		to[7] = 9;
	} else if (d->speed == P2PVHCI_SPEED_LOW) {
		to[7] = 8;
	}
	return sizeof(ringdev_device);
}

static size_t ringdev_config_descriptor(const struct ringdev *d, uint8_t *to)
{
	const uint8_t *from = ringdev_config_fs;
	size_t len = sizeof(ringdev_config_fs);

	if (d->speed >= P2PVHCI_SPEED_SUPER) {
		from = ringdev_config_ss;
		len = sizeof(ringdev_config_ss);
	} else if (d->speed == P2PVHCI_SPEED_HIGH) {
		from = ringdev_config_hs;
	}
	memcpy(to, from, len);
	return len;
}

static size_t ringdev_describe(const struct ringdev *d, unsigned int value,
			       uint8_t *to)
{
	switch (value >> 8) {
	case USB_DT_DEVICE:
		return ringdev_device_descriptor(d, to);
	case USB_DT_CONFIG:
		return ringdev_config_descriptor(d, to);
	case USB_DT_STRING:
		return ringdev_string(to, value & 0xff);
	case USB_DT_BOS:
		if (d->speed < P2PVHCI_SPEED_SUPER)
			return 0;
		memcpy(to, ringdev_bos, sizeof(ringdev_bos));
		return sizeof(ringdev_bos);
	}
	return 0;
}

/* Device -------------------------------------------------------------------- */

static void ringdev_ok(struct ringdev *d, const struct p2pvhci_req *req,
		       const void *data, uint32_t actual)
{
	if (actual > req->len)
		actual = req->len;
	ringdev_complete(d, req, P2PVHCI_ST_OK, data, actual);
}

static void ringdev_stall(struct ringdev *d, const struct p2pvhci_req *req)
{
	ringdev_complete(d, req, P2PVHCI_ST_STALL, NULL, 0);
}

static void ringdev_standard(struct ringdev *d, const struct p2pvhci_req *req)
{
	static const uint8_t zeroes[2];
	uint8_t buf[256];
	size_t len;

	switch (req->setup[1]) {
	case USB_REQ_GET_DESCRIPTOR:
		len = ringdev_describe(d, req->setup[3] << 8 | req->setup[2],
				       buf);
		if (len)
			ringdev_ok(d, req, buf, len);
		else
			ringdev_stall(d, req);
		return;
	case USB_REQ_GET_STATUS:
		ringdev_ok(d, req, zeroes, 2);
		return;
	case USB_REQ_GET_CONFIGURATION:
		ringdev_ok(d, req, "\1", 1);
		return;
	}
	ringdev_ok(d, req, NULL, req->setup[0] & USB_DIR_IN ? 0 : req->len);
}

static void ringdev_vendor(struct ringdev *d, const struct p2pvhci_req *req)
{
	if (req->setup[1] != RINGDEV_REQ_MEMORY) {
		ringdev_stall(d, req);
	} else if (req->setup[0] & USB_DIR_IN) {
		ringdev_ok(d, req, d->memory, req->len);
	} else {
		memcpy(d->memory, ringdev_out(d, req), req->len);
		ringdev_ok(d, req, NULL, req->len);
	}
}

static void ringdev_bulk_out(struct ringdev *d, const struct p2pvhci_req *req)
{
	if (req->len > RINGDEV_MEMORY) {
		ringdev_complete(d, req, P2PVHCI_ST_OVERFLOW, NULL, 0);
		return;
	}
	if (req->len)
		memcpy(d->memory, ringdev_out(d, req), req->len);
	d->filled = req->len;
	ringdev_ok(d, req, NULL, req->len);
}

static void ringdev_urb(struct ringdev *d, const struct p2pvhci_req *req)
{
	switch (req->ep) {
	case 0:
		if ((req->setup[0] & USB_TYPE_MASK) == USB_TYPE_STANDARD)
			ringdev_standard(d, req);
		else
			ringdev_vendor(d, req);
		return;
	case RINGDEV_BULK_OUT:
	case RINGDEV_INT_OUT:
		ringdev_bulk_out(d, req);
		return;
	case RINGDEV_BULK_IN:
		ringdev_ok(d, req, d->memory, d->filled);
		return;
	case RINGDEV_INT_IN:
		if (d->nheld < sizeof(d->held) / sizeof(d->held[0])) {
			d->held[d->nheld++] = *req;
			return;
		}
	}
	ringdev_stall(d, req);
}

static void ringdev_unhold(struct ringdev *d, unsigned int i)
{
	d->nheld--;
	memmove(&d->held[i], &d->held[i + 1],
		(d->nheld - i) * sizeof(d->held[0]));
}

static void ringdev_cancel(struct ringdev *d, uint64_t token)
{
	struct p2pvhci_req req;
	unsigned int i;

	for (i = 0; i < d->nheld; i++) {
		if (d->held[i].token != token)
			continue;
		req = d->held[i];
		ringdev_unhold(d, i);
		ringdev_complete(d, &req, P2PVHCI_ST_CANCELLED, NULL, 0);
		return;
	}
}

int ringdev_poke(struct ringdev *d, const void *data, uint32_t len)
{
	struct p2pvhci_req req;
	int rc = -EAGAIN;

	pthread_mutex_lock(&d->lock);
	if (d->nheld) {
		req = d->held[0];
		ringdev_unhold(d, 0);
		ringdev_ok(d, &req, data, len);
		rc = ringdev_enter(d);
	}
	pthread_mutex_unlock(&d->lock);
	return rc;
}

void ringdev_answer(struct ringdev *d, const struct p2pvhci_req *req)
{
	switch (req->op) {
	case P2PVHCI_OP_SUBMIT:
		ringdev_urb(d, req);
		break;
	case P2PVHCI_OP_CANCEL:
		ringdev_cancel(d, req->token);
		break;
	case P2PVHCI_OP_RESET:
		ringdev_complete(d, req, P2PVHCI_ST_OK, NULL, 0);
		break;
	case P2PVHCI_OP_UNBOUND:
		while (d->nheld)
			ringdev_cancel(d, d->held[0].token);
		break;
	}
}

/* Thread -------------------------------------------------------------------- */

/* Answer what is there, half a ring at most; negative when the queue died. */
static int ringdev_serve(struct ringdev *d, struct p2pvhci_req *req)
{
	uint32_t before = d->cq_tail;
	int rc;

	do {
		if (req->op <= P2PVHCI_OP_PING)
			d->seen[req->op]++;
		if (!d->hook || d->hook(d, req) == RINGDEV_PASS)
			ringdev_answer(d, req);
		if (d->cq_tail - before >= d->setup.cq_entries / 2)
			break;
		rc = ringdev_next(d, req, 0);
	} while (rc > 0);
	return d->cq_tail == before ? 0 : ringdev_enter(d);
}

static void *ringdev_run(void *arg)
{
	struct ringdev *d = arg;
	struct p2pvhci_req req;
	int rc = 0;

	while (!d->stop && rc >= 0) {
		rc = ringdev_next(d, &req, 50);
		if (rc <= 0)
			continue;
		pthread_mutex_lock(&d->lock);
		rc = ringdev_serve(d, &req);
		pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

int ringdev_start(struct ringdev *d)
{
	d->stop = 0;
	return -pthread_create(&d->thread, NULL, ringdev_run, d);
}

void ringdev_stop(struct ringdev *d)
{
	d->stop = 1;
	pthread_join(d->thread, NULL);
}

int ringdev_plug(struct ringdev *d, uint8_t speed)
{
	int rc;

	rc = ringdev_open(d);
	if (rc)
		return rc;
	rc = ringdev_start(d);
	if (!rc)
		rc = ringdev_bind(d, speed, 0);
	return rc;
}

void ringdev_pull(struct ringdev *d)
{
	ringdev_stop(d);
	ringdev_close(d);
}

/* The other side ------------------------------------------------------------ */

static int ringdev_read(const char *dir, const char *file, int base)
{
	char path[512], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", dir, file);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return strtol(text, NULL, base);
}

/* The node of a configured device; 0, or -ENODEV. */
static int ringdev_find(uint16_t product, char *path, size_t size)
{
	struct dirent *entry;
	int rc = -ENODEV;
	DIR *dir;

	dir = opendir("/sys/bus/usb/devices");
	if (!dir)
		return -errno;
	while (rc && (entry = readdir(dir))) {
		if (ringdev_read(entry->d_name, "idVendor", 16) !=
		    RINGDEV_VENDOR ||
		    ringdev_read(entry->d_name, "idProduct", 16) !=
		    product ||
		    ringdev_read(entry->d_name, "bConfigurationValue", 10) != 1)
			continue;
		snprintf(path, size, "/dev/bus/usb/%03d/%03d",
			 ringdev_read(entry->d_name, "busnum", 10),
			 ringdev_read(entry->d_name, "devnum", 10));
		rc = 0;
	}
	closedir(dir);
	return rc;
}

int ringdev_usbfs_of(uint16_t product, int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;
	unsigned int interface = 0;
	char path[64];
	int usb;

	while (ringdev_find(product, path, sizeof(path)) || access(path, R_OK)) {
		if (ringdev_now_ms() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	usb = open(path, O_RDWR | O_CLOEXEC);
	if (usb < 0)
		return -errno;
	if (ioctl(usb, USBDEVFS_CLAIMINTERFACE, &interface)) {
		int rc = -errno;

		close(usb);
		return rc;
	}
	return usb;
}

int ringdev_usbfs(int timeout_ms)
{
	return ringdev_usbfs_of(RINGDEV_PRODUCT, timeout_ms);
}

int ringdev_gone(int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;
	char path[64];

	while (!ringdev_find(RINGDEV_PRODUCT, path, sizeof(path))) {
		if (ringdev_now_ms() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return 0;
}

int ringdev_control(int usb, uint8_t type, uint8_t request, uint16_t value,
		    uint16_t index, void *data, uint16_t len,
		    unsigned int timeout_ms)
{
	struct usbdevfs_ctrltransfer x = {
		.bRequestType = type, .bRequest = request, .wValue = value,
		.wIndex = index, .wLength = len, .timeout = timeout_ms,
		.data = data,
	};
	int rc = ioctl(usb, USBDEVFS_CONTROL, &x);

	return rc < 0 ? -errno : rc;
}

int ringdev_bulk(int usb, unsigned int ep, void *data, unsigned int len,
		 unsigned int timeout_ms)
{
	struct usbdevfs_bulktransfer x = {
		.ep = ep, .len = len, .timeout = timeout_ms, .data = data,
	};
	int rc = ioctl(usb, USBDEVFS_BULK, &x);

	return rc < 0 ? -errno : rc;
}

int ringdev_submit(int usb, struct usbdevfs_urb *urb)
{
	return ioctl(usb, USBDEVFS_SUBMITURB, urb) ? -errno : 0;
}

struct usbdevfs_urb *ringdev_reap(int usb, int timeout_ms)
{
	struct pollfd pfd = { .fd = usb, .events = POLLOUT };
	struct usbdevfs_urb *urb;

	if (poll(&pfd, 1, timeout_ms) <= 0 ||
	    ioctl(usb, USBDEVFS_REAPURBNDELAY, &urb))
		return NULL;
	return urb;
}

void ringdev_fill(void *data, unsigned int len, unsigned int seed)
{
	uint8_t *p = data;
	unsigned int i;

	for (i = 0; i < len; i++)
		p[i] = (seed * 131 + i * 7 + (i >> 8)) & 0xff;
}
