// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A USB device that lives in this process and speaks the ring of /dev/p2pvhci.
 *
 * It believes the kernel and checks nothing that the kernel says.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "ringdev.h"

#define RINGDEV_TAGS	64
#define RINGDEV_AREA	(4 << 20)

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
	d->setup.features = d->features;
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

int ringdev_copy(struct ringdev *d, const struct p2pvhci_req *req, void *buf,
		 uint32_t off, uint32_t len)
{
	struct p2pvhci_copy copy = {
		.size = sizeof(copy),
		.token = req->token,
		.addr = (uintptr_t)buf,
		.off = off,
		.len = len,
	};

	return ioctl(d->fd, P2PVHCI_IOC_COPY, &copy) ? -errno : 0;
}

/* Bytes of the IN area, until the next ringdev_enter(). */
static uint32_t ringdev_take(struct ringdev *d, uint32_t len)
{
	uint32_t off;

	len = (len + 7) & ~7U;
	if (len > d->setup.in_bytes - d->in_used)
		ringdev_enter(d);
	off = d->in_used;
	d->in_used += len;
	return off;
}

void ringdev_complete(struct ringdev *d, const struct p2pvhci_req *req,
		      uint8_t status, const void *data, uint32_t actual)
{
	struct p2pvhci_cmp cmp = {
		.token = req->token,
		.status = status,
		.actual = actual,
	};

	if (data && actual > d->setup.in_bytes / 2) {
		/* What is wanted back may be gone by now. */
		if (ringdev_copy(d, req, (void *)data, 0, actual))
			cmp.actual = 0;
		cmp.flags = P2PVHCI_CMP_COPIED;
	} else if (data && actual) {
		cmp.in_off = ringdev_take(d, actual);
		memcpy(d->rw + d->setup.off_in + cmp.in_off, data, actual);
	}
	ringdev_push(d, &cmp);
}

void ringdev_complete_iso(struct ringdev *d, const struct p2pvhci_req *req,
			  uint8_t status, const struct p2pvhci_iso *iso,
			  const void *data)
{
	uint32_t bytes = req->npkt * sizeof(*iso), i;
	struct p2pvhci_cmp cmp = {
		.token = req->token,
		.status = status,
	};
	uint8_t *to;

	for (i = 0; i < req->npkt; i++) {
		cmp.actual += iso[i].len;
		cmp.errs += iso[i].status != P2PVHCI_ST_OK;
	}
	cmp.iso_off = ringdev_take(d, data ? bytes + cmp.actual : bytes);
	to = d->rw + d->setup.off_in + cmp.iso_off;
	memcpy(to, iso, bytes);
	if (data && cmp.actual) {
		cmp.in_off = cmp.iso_off + bytes;
		memcpy(to + bytes, data, cmp.actual);
	}
	ringdev_push(d, &cmp);
}

int ringdev_enter(struct ringdev *d)
{
	struct p2pvhci_enter enter = { .size = sizeof(enter) };

	d->in_used = 0;
	return ioctl(d->fd, P2PVHCI_IOC_ENTER, &enter) ? -errno : 0;
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

static int ringdev_fetch(struct ringdev *d, const struct p2pvhci_req *req)
{
	if (req->out_off == P2PVHCI_OUT_COPY)
		return ringdev_copy(d, req, d->memory, 0, req->len);
	memcpy(d->memory, ringdev_out(d, req), req->len);
	return 0;
}

static void ringdev_bulk_out(struct ringdev *d, const struct p2pvhci_req *req)
{
	if (req->len > RINGDEV_MEMORY) {
		ringdev_complete(d, req, P2PVHCI_ST_OVERFLOW, NULL, 0);
		return;
	}
	if (req->len && ringdev_fetch(d, req)) {
		ringdev_complete(d, req, P2PVHCI_ST_PROTO, NULL, 0);
		return;
	}
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
	case P2PVHCI_OP_STREAMS_FREE:
	case P2PVHCI_OP_SUSPEND:
	case P2PVHCI_OP_RESUME:
		ringdev_complete(d, req, P2PVHCI_ST_OK, NULL, 0);
		break;
	case P2PVHCI_OP_STREAMS_ALLOC:
		ringdev_complete(d, req, P2PVHCI_ST_OK, NULL, req->arg);
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
