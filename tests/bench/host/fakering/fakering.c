// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fakering - system calls of the agent on a device that is not there.
 *
 * Everything else goes to the kernel untouched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fakering.h"

#define RINGS_MAX	8
#define PAGE		4096u

static struct fakering rings[RINGS_MAX];
static unsigned int nrings;
static uint32_t next_port = 1;

static struct fakering *ring_of(int fd)
{
	unsigned int i;

	for (i = 0; i < nrings; i++)
		if (rings[i].fd == fd && fd >= 0)
			return &rings[i];
	return NULL;
}

static uint32_t round_up(uint64_t bytes)
{
	return (uint32_t)((bytes + PAGE - 1) / PAGE * PAGE);
}

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

/* Layout */

static void *area(uint32_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

static int set_up(struct fakering *ring, struct p2pvhci_setup *setup)
{
	struct p2pvhci_setup *s = &ring->setup;

	*s = *setup;
	s->features &= P2PVHCI_F_ALL;
	s->rq_entries = power_of_two(2 * s->tags);
	s->cq_entries = power_of_two(s->tags);
	s->off_rq = PAGE;
	s->off_out = round_up(s->off_rq + (uint64_t)s->rq_entries *
			      sizeof(struct p2pvhci_req));
	s->ro_bytes = s->off_out + s->out_bytes;
	s->off_cq = PAGE;
	s->off_in = round_up(s->off_cq + (uint64_t)s->cq_entries *
			     sizeof(struct p2pvhci_cmp));
	s->rw_bytes = s->off_in + s->in_bytes;
	ring->ro = area(s->ro_bytes);
	ring->rw = area(s->rw_bytes);
	if (!ring->ro || !ring->rw)
		return -ENOMEM;
	*setup = *s;
	if (s->flags & P2PVHCI_SETUP_LISTEN)
		load_listen(ring);
	return 0;
}

/* Operation */

void fakering_publish(struct fakering *ring, const struct p2pvhci_req *req)
{
	struct p2pvhci_kctl *kctl = (void *)ring->ro;
	struct p2pvhci_req *rq = (void *)(ring->ro + ring->setup.off_rq);

	rq[kctl->rq_tail & (ring->setup.rq_entries - 1)] = *req;
	__atomic_store_n(&kctl->rq_tail, kctl->rq_tail + 1, __ATOMIC_RELEASE);
}

static int enter(struct fakering *ring, struct p2pvhci_enter *enter)
{
	const struct p2pvhci_uctl *uctl = (void *)ring->rw;
	const struct p2pvhci_cmp *cq = (void *)(ring->rw + ring->setup.off_cq);
	uint32_t tail = __atomic_load_n(&uctl->cq_tail, __ATOMIC_ACQUIRE);

	for (enter->done = 0; ring->cq_head != tail; enter->done++)
		load_complete(ring, &cq[ring->cq_head++ &
					(ring->setup.cq_entries - 1)]);
	return 0;
}

static int bind_port(struct fakering *ring, struct p2pvhci_bind *bind)
{
	bind->port = next_port++;
	bind->epoch = 1;
	load_begin(ring);
	return 0;
}

static int attach_done(const struct p2pvhci_attach_done *done)
{
	if (done->status)
		load_refused(done->message);
	return 0;
}

static int answer(struct fakering *ring, unsigned long request, void *arg)
{
	switch (request) {
	case P2PVHCI_IOC_SETUP:
		return set_up(ring, arg);
	case P2PVHCI_IOC_ENTER:
		return enter(ring, arg);
	case P2PVHCI_IOC_BIND:
		return bind_port(ring, arg);
	case P2PVHCI_IOC_ATTACH_DONE:
		return attach_done(arg);
	case P2PVHCI_IOC_UNBIND:
		return 0;
	default:
		return -EINVAL;
	}
}

/* What the agent calls */

static int open_ring(void)
{
	struct fakering *ring = &rings[nrings];

	if (nrings == RINGS_MAX) {
		errno = EBUSY;
		return -1;
	}
	ring->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ring->fd >= 0)
		nrings++;
	return ring->fd;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct fakering *ring = ring_of(fd);
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!ring || _IOC_TYPE(request) != _IOC_TYPE(P2PVHCI_IOC_SETUP))
		return (int)syscall(SYS_ioctl, fd, request, arg);
	ret = answer(ring, request, arg);
	if (!ret)
		return 0;
	errno = -ret;
	return -1;
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (!strcmp(path, P2PVHCI_DEVICE))
		return open_ring();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int access(const char *path, int mode)
{
	if (!strcmp(path, P2PVHCI_DEVICE))
		return 0;
	return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	struct fakering *ring = ring_of(fd);

	if (ring)
		return off == P2PVHCI_MMAP_RO ? ring->ro : ring->rw;
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, off);
}
