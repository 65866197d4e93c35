// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queues without a device, made and broken by the thousand.
 *
 * No request was ever made there, so whatever is completed is a violation.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_ring.h"

struct alone {
	int fd;
	struct p2pvhci_setup setup;
	uint8_t *rw;
	const struct p2pvhci_kctl *kctl;
};

static uint32_t any_area(struct fuzz_dice *dice)
{
	if (!fuzz_one_in(dice, 8))
		return (64 << 10) + 4096 * fuzz_below(dice, 16);
	/* Not so long that the guest runs out of memory. */
	return fuzz_one_in(dice, 2) ? fuzz_below(dice, 4 << 20) :
				      0xffffffff - fuzz_below(dice, 1 << 20);
}

static int is_right(const struct p2pvhci_setup *s)
{
	if (s->tags < P2PVHCI_TAGS_MIN || s->tags > P2PVHCI_TAGS_MAX ||
	    s->flags & ~P2PVHCI_SETUP_LISTEN || s->rsv0)
		return 0;
	return !(s->out_bytes % 4096) && !(s->in_bytes % 4096) &&
	       s->out_bytes >= P2PVHCI_AREA_MIN &&
	       s->out_bytes <= P2PVHCI_AREA_MAX &&
	       s->in_bytes >= P2PVHCI_AREA_MIN &&
	       s->in_bytes <= P2PVHCI_AREA_MAX;
}

static int set_up(struct alone *a, struct fuzz_dice *dice)
{
	struct p2pvhci_setup *s = &a->setup;
	int right, rc;

	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	s->features = fuzz_u64(dice);
	s->tags = fuzz_one_in(dice, 8) ? fuzz_u32(dice) :
					 8 + fuzz_below(dice, 120);
	s->out_bytes = any_area(dice);
	s->in_bytes = any_area(dice);
	s->flags = fuzz_below(dice, 2);
	if (fuzz_one_in(dice, 16))
		s->rsv0 = fuzz_u32(dice);
	right = is_right(s);
	rc = ioctl(a->fd, P2PVHCI_IOC_SETUP, s) ? -errno : 0;
	if ((rc ? right : !right) && rc != -EBUSY && rc != -ENOMEM)
		fuzz_wrong("SETUP of %u tags, %u and %u bytes: %d", s->tags,
			   s->out_bytes, s->in_bytes, rc);
	if (!rc && s->features & ~P2PVHCI_F_ALL)
		fuzz_wrong("SETUP grants 0x%llx",
			   (unsigned long long)s->features);
	return rc;
}

static int map(struct alone *a)
{
	void *ro, *rw;

	ro = mmap(NULL, a->setup.ro_bytes, PROT_READ, MAP_SHARED, a->fd,
		  P2PVHCI_MMAP_RO);
	rw = mmap(NULL, a->setup.rw_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		  a->fd, P2PVHCI_MMAP_RW);
	a->kctl = ro == MAP_FAILED ? NULL : ro;
	a->rw = rw == MAP_FAILED ? NULL : rw;
	return a->kctl && a->rw ? 0 : -ENOMEM;
}

static void unmap(struct alone *a)
{
	if (a->kctl)
		munmap((void *)a->kctl, a->setup.ro_bytes);
	if (a->rw)
		munmap(a->rw, a->setup.rw_bytes);
	a->kctl = NULL;
	a->rw = NULL;
}

/* Any bytes, or a token that was good elsewhere. */
static void break_it(struct alone *a, struct fuzz_dice *dice)
{
	struct p2pvhci_cmp *cq = (void *)(a->rw + a->setup.off_cq);
	struct p2pvhci_uctl *uctl = (void *)a->rw;
	struct p2pvhci_enter enter = { .size = sizeof(enter) };
	uint32_t n = 1 + fuzz_below(dice, a->setup.cq_entries + 2), i;
	int rc;

	for (i = 0; i < n && i < a->setup.cq_entries; i++) {
		memset(&cq[i], 0, sizeof(cq[i]));
		cq[i].token = fuzz_board->tokens[fuzz_below(dice, FUZZ_TOKENS)];
		if (fuzz_one_in(dice, 2))
			fuzz_bytes(dice, &cq[i], sizeof(cq[i]));
	}
	uctl->cq_tail = fuzz_one_in(dice, 8) ? fuzz_u32(dice) | 1 : n;
	rc = ioctl(a->fd, P2PVHCI_IOC_ENTER, &enter) ? -errno : 0;
	fuzz_board->alone += a->kctl->cq_head;
	fuzz_board->deaths++;
	if (rc != -ESHUTDOWN || !(a->kctl->flags & P2PVHCI_KCTL_DEAD))
		fuzz_wrong("a completion of no request: ENTER %d, flags %u", rc,
			   a->kctl->flags);
}

void fuzz_ring_alone(struct fuzz_dice *dice)
{
	struct alone a = { .fd = open(P2PVHCI_DEVICE, O_RDWR | O_CLOEXEC) };

	if (a.fd < 0)
		return;
	if (!set_up(&a, dice)) {
		fuzz_board->queues++;
		if (!map(&a) && !fuzz_one_in(dice, 8))
			break_it(&a, dice);
		fuzz_ring_map(a.fd, &a.setup, dice);
		if (fuzz_one_in(dice, 4))
			fuzz_ring_pass(a.fd, dice);
	}
	/* Sometimes the file goes first, sometimes its memory. */
	if (fuzz_one_in(dice, 2))
		unmap(&a);
	close(a.fd);
	unmap(&a);
}
