// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings of a queue in every way that is wrong and some that are right, and
 * its file in other hands.
 *
 * No mapping of it can ever be one that writes to what only the kernel writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_ring.h"

#define PAGE	4096UL

/* Mapping ------------------------------------------------------------------- */

static size_t any_length(const struct p2pvhci_setup *setup,
			 struct fuzz_dice *dice)
{
	size_t right = fuzz_one_in(dice, 2) ? setup->ro_bytes :
					      setup->rw_bytes;

	switch (fuzz_below(dice, 6)) {
	case 0:
		return right + PAGE;
	case 1:
		return right - PAGE;
	case 2:
		return PAGE * (1 + fuzz_below(dice, 600));
	}
	return right;
}

static uint64_t any_offset(struct fuzz_dice *dice)
{
	switch (fuzz_below(dice, 6)) {
	case 0:
		return PAGE * fuzz_below(dice, 100);
	case 1:
		return P2PVHCI_MMAP_RW + PAGE * fuzz_below(dice, 3);
	case 2:
		return (fuzz_u64(dice) >> 1) & ~(PAGE - 1);
	case 3:
		return P2PVHCI_MMAP_RO;
	}
	return P2PVHCI_MMAP_RW;
}

static int may_map(const struct p2pvhci_setup *setup, size_t len, int prot,
		   int flags, uint64_t offset)
{
	if (!(flags & MAP_SHARED) || prot & PROT_EXEC)
		return 0;
	if (offset == P2PVHCI_MMAP_RO)
		return len == setup->ro_bytes && !(prot & PROT_WRITE);
	return offset == P2PVHCI_MMAP_RW && len == setup->rw_bytes;
}

/* Debuggers write to what a process itself may not. */
static void check_mem_write(void *p)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	uint32_t junk = 0;

	if (fd < 0)
		return;
	if (pwrite(fd, &junk, sizeof(junk), (uintptr_t)p) > 0)
		fuzz_wrong("/proc/self/mem writes to the kernel's half");
	close(fd);
}

static void abuse(uint8_t *p, size_t len, uint64_t offset,
		  struct fuzz_dice *dice)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_WILLNEED, MADV_DOFORK, MADV_FREE,
		MADV_DODUMP, MADV_HUGEPAGE, MADV_MERGEABLE, MADV_REMOVE,
	};
	size_t part = PAGE * fuzz_below(dice, len / PAGE);
	int ro = offset == P2PVHCI_MMAP_RO;

	if (ro && !mprotect(p + part, PAGE, PROT_READ | PROT_WRITE))
		fuzz_wrong("mprotect() makes the kernel's half writable");
	if (!mprotect(p, PAGE, PROT_READ | PROT_EXEC))
		fuzz_wrong("mprotect() makes the ring executable");
	if (ro && fuzz_one_in(dice, 2))
		check_mem_write(p + part);
	if (mremap(p, len, len + PAGE, MREMAP_MAYMOVE) != MAP_FAILED)
		fuzz_wrong("mremap() makes the ring longer");
	madvise(p + part, PAGE, advice[fuzz_below(dice, 8)]);
	mlock(p, PAGE);
	if (fuzz_one_in(dice, 2))
		munmap(p + part, PAGE);
	msync(p, len, MS_SYNC);
	if (fuzz_one_in(dice, 2))
		mprotect(p, len, PROT_NONE);
	munmap(p, len);
}

void fuzz_ring_map(int fd, const struct p2pvhci_setup *setup,
		   struct fuzz_dice *dice)
{
	int flags = fuzz_one_in(dice, 8) ? MAP_PRIVATE : MAP_SHARED;
	int prot = fuzz_one_in(dice, 2) ? PROT_READ : fuzz_below(dice, 8);
	size_t len = any_length(setup, dice);
	uint64_t offset = any_offset(dice);
	int may = may_map(setup, len, prot, flags, offset);
	uint8_t *p;

	p = mmap(NULL, len, prot, flags, fd, offset);
	fuzz_board->maps++;
	if (p == MAP_FAILED && !may)
		return;
	if (p != MAP_FAILED && may) {
		abuse(p, len, offset, dice);
		return;
	}
	/* Memory, or the number of mappings, may be short. */
	if (p == MAP_FAILED && (errno == ENOMEM || errno == EAGAIN))
		return;
	fuzz_wrong("mmap() of %zu at 0x%llx, prot %d, flags %d: %s", len,
		   (unsigned long long)offset, prot, flags,
		   p == MAP_FAILED ? "refused" : "taken");
}

/* Passing on ---------------------------------------------------------------- */

static int send_fd(int to, int from, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { .head = {
		.cmsg_len = CMSG_LEN(2 * sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fds[2] = { fd, from };

	/* With who would receive it: only the collector finds the circle. */
	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	return sendmsg(to, &msg, 0) < 0 ? -errno : 0;
}

static int receive_fd(int from)
{
	char room[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(from, &msg, MSG_DONTWAIT) < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&msg);
	if (head)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* Somebody else has the queue; its agent is gone. */
static void inherit(int fd, struct fuzz_dice *dice)
{
	struct p2pvhci_enter enter = { .size = sizeof(enter) };
	int n;

	for (n = fuzz_below(dice, 20); n; n--) {
		ioctl(fd, P2PVHCI_IOC_ENTER, &enter);
		fd = dup(fd);
		usleep(fuzz_below(dice, 10000));
	}
	_exit(0);
}

void fuzz_ring_pass(int fd, struct fuzz_dice *dice)
{
	int pair[2];

	if (fuzz_one_in(dice, 3)) {
		if (!fork())
			inherit(fd, dice);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return;
	if (send_fd(pair[0], pair[1], fd))
		return;
	/* Left in flight, or taken out by a child. */
	if (fuzz_one_in(dice, 2) && !fork())
		inherit(receive_fd(pair[1]), dice);
}
