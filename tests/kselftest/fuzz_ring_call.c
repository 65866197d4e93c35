// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every ioctl of /dev/p2pvhci, with arguments that are nearly right, or not at
 * all.
 *
 * Whatever is said: an answer comes, and it is an errno of the contract.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_ring.h"

/* Memory -------------------------------------------------------------------- */

#define GOOD_BYTES	(1 << 20)
#define PAGE		4096

/* The end of it is followed by a page that nobody may touch. */
static uint8_t *make_good(void)
{
	uint8_t *p;

	p = mmap(NULL, GOOD_BYTES + PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		_exit(1);
	mprotect(p + GOOD_BYTES, PAGE, PROT_NONE);
	return p;
}

void *fuzz_ring_memory(struct fuzz_liar *l, struct fuzz_dice *dice, size_t len,
		       int *good)
{
	static __thread uint8_t *memory;

	if (!memory)
		memory = make_good();
	*good = len <= GOOD_BYTES;
	switch (fuzz_below(dice, 12)) {
	case 0:
		*good = 0;
		return NULL;
	case 1:
		*good = 0;
		return (void *)(uintptr_t)0xffff888000000000ULL;
	case 2:
		*good = 0;
		return (void *)(uintptr_t)fuzz_u64(dice);
	case 3:
		*good = 0;
		return memory + GOOD_BYTES - fuzz_below(dice, len + 1);
	case 4:
		*good = 0;
		return l->d.ro + fuzz_below(dice, l->d.setup.ro_bytes);
	case 5:
		/* What is copied there may undo what else was said. */
		if (!l->blurred)
			break;
		*good = 0;
		return l->d.rw + l->d.setup.off_in;
	}
	return memory;
}

/* COPY ---------------------------------------------------------------------- */

void fuzz_ring_copy(struct fuzz_liar *l, struct fuzz_kept *kept)
{
	const struct p2pvhci_req *req = &kept->req;
	uint32_t off, len = 1 + fuzz_below(&l->dice, req->len);
	int good, rc;
	void *at;

	off = fuzz_one_in(&l->dice, 2) ? kept->copied :
					 fuzz_below(&l->dice, req->len + 9);
	if (fuzz_one_in(&l->dice, 10))
		len = fuzz_u32(&l->dice);
	at = fuzz_ring_memory(l, &l->dice, len, &good);
	rc = ringdev_copy(&l->d, req, at, off, len);
	fuzz_board->calls++;
	if (rc)
		return;
	if (off > req->len || len > req->len - off || req->npkt)
		fuzz_wrong("COPY of %u at %u of %u, %u packets: taken", len,
			   off, req->len, req->npkt);
	if (fuzz_is_in(req) && off + len > kept->copied)
		kept->copied = off + len;
}

/* All ----------------------------------------------------------------------- */

union arg {
	uint32_t size;
	struct p2pvhci_setup setup;
	struct p2pvhci_enter enter;
	struct p2pvhci_bind bind;
	struct p2pvhci_unbind unbind;
	struct p2pvhci_attach_done attach_done;
	struct p2pvhci_copy copy;
	struct p2pvhci_port_event event;
	uint8_t bytes[512];
};

static void fill_setup(struct fuzz_caller *c, union arg *arg)
{
	arg->setup.tags = 8 + fuzz_below(&c->dice, 64);
	arg->setup.out_bytes = 64 << 10;
	arg->setup.in_bytes = 64 << 10;
	arg->setup.flags = fuzz_below(&c->dice, 2);
}

/* An ENTER that is right comes from the agent, who judges it. */
static void fill_enter(struct fuzz_caller *c, union arg *arg)
{
	arg->enter.rsv[fuzz_below(&c->dice, 5)] = fuzz_u32(&c->dice) | 1;
}

static void fill_bind(struct fuzz_caller *c, union arg *arg)
{
	static const char target[] = "fuzz";

	arg->bind.target = (uintptr_t)target;
	arg->bind.target_len = sizeof(target);
	/* With another speed the hub would take long to give it up. */
	arg->bind.speed = c->l->d.speed;
	if (fuzz_one_in(&c->dice, 8))
		arg->bind.speed = P2PVHCI_SPEED_MAX * fuzz_below(&c->dice, 3);
	arg->bind.lanes = arg->bind.speed == P2PVHCI_SPEED_SUPER_PLUS;
	arg->bind.flags = fuzz_below(&c->dice, 4);
	/* Devices take time; a few are enough. */
	if (c->binds || fuzz_one_in(&c->dice, 4))
		arg->bind.cookie = fuzz_u64(&c->dice);
	else if (c->l->silent)
		arg->bind.rsv0 = 1;
	else
		c->binds++;
}

/* Of this queue, of another, or of nobody. */
static uint32_t any_port(struct fuzz_caller *c)
{
	return fuzz_one_in(&c->dice, 4) ? fuzz_u32(&c->dice) :
					  1 + fuzz_below(&c->dice, 40);
}

static void fill_unbind(struct fuzz_caller *c, union arg *arg)
{
	arg->unbind.port = fuzz_one_in(&c->dice, 2) ? c->l->d.port :
						      any_port(c);
	arg->unbind.epoch = fuzz_one_in(&c->dice, 20) ? c->l->d.epoch :
							fuzz_u32(&c->dice);
	arg->unbind.status = fuzz_below(&c->dice, 5000);
}

static void fill_attach_done(struct fuzz_caller *c, union arg *arg)
{
	arg->attach_done.status = fuzz_below(&c->dice, 200);
	arg->attach_done.cookie = fuzz_board->tokens[fuzz_below(&c->dice,
								FUZZ_TOKENS)];
	if (fuzz_one_in(&c->dice, 2))
		fuzz_bytes(&c->dice, arg->attach_done.message,
			   fuzz_below(&c->dice, P2PVHCI_MESSAGE_MAX + 1));
}

static void fill_copy(struct fuzz_caller *c, union arg *arg)
{
	uint32_t len = fuzz_below(&c->dice, 300000);
	int good;

	arg->copy.token = fuzz_board->tokens[fuzz_below(&c->dice, FUZZ_TOKENS)];
	arg->copy.addr = (uintptr_t)fuzz_ring_memory(c->l, &c->dice, len,
						     &good);
	arg->copy.off = fuzz_one_in(&c->dice, 2) ? 0 : fuzz_u32(&c->dice);
	arg->copy.len = len;
}

static void fill_event(struct fuzz_caller *c, union arg *arg)
{
	arg->event.port = fuzz_one_in(&c->dice, 2) ? c->l->d.port :
						     any_port(c);
	arg->event.epoch = c->l->d.epoch + fuzz_below(&c->dice, 2);
	arg->event.event = fuzz_below(&c->dice, P2PVHCI_EVENT_MAX + 1);
	arg->event.arg = fuzz_one_in(&c->dice, 2) ? 0 :
			 (int64_t)fuzz_u64(&c->dice) >>
			 fuzz_below(&c->dice, 64);
}

static const struct verb {
	const char *name;
	unsigned long cmd;
	void (*fill)(struct fuzz_caller *c, union arg *arg);
	/* The errors of the contract; 0 ends them. */
	int errors[12];
} verbs[] = {
	{ "SETUP", P2PVHCI_IOC_SETUP, fill_setup,
	  { EBUSY, EINVAL, ENOMEM } },
	{ "ENTER", P2PVHCI_IOC_ENTER, fill_enter, { ESHUTDOWN, EINVAL } },
	{ "BIND", P2PVHCI_IOC_BIND, fill_bind,
	  { ENOSPC, ETIMEDOUT, ENOENT, EAGAIN, ESHUTDOWN, EINVAL, ENOMEM } },
	{ "UNBIND", P2PVHCI_IOC_UNBIND, fill_unbind, { ENOENT, EINVAL } },
	{ "ATTACH_DONE", P2PVHCI_IOC_ATTACH_DONE, fill_attach_done,
	  { ENOENT, EINVAL } },
	{ "COPY", P2PVHCI_IOC_COPY, fill_copy,
	  { ENOENT, ECANCELED, EINVAL, ESHUTDOWN, EINTR } },
	{ "PORT_EVENT", P2PVHCI_IOC_PORT_EVENT, fill_event,
	  { ENOENT, EINVAL } },
};

static int is_expected(const struct verb *verb, int error)
{
	unsigned int i;

	/* Of any argument; a killed caller sees anything. */
	if (!error || error == EFAULT || error == E2BIG)
		return 1;
	for (i = 0; verb->errors[i]; i++)
		if (verb->errors[i] == error)
			return 1;
	return 0;
}

static void judge(const struct verb *verb, int rc, int error, long took)
{
	if (rc && !is_expected(verb, error))
		fuzz_wrong("%s says %d", verb->name, -error);
	if (took > fuzz_board->limit_ms)
		fuzz_wrong("%s took %ld ms", verb->name, took);
}

/* As it should be but for one thing. */
static void call_nearly(struct fuzz_caller *c, const struct verb *verb)
{
	long start = ringdev_now_ms();
	size_t known = _IOC_SIZE(verb->cmd);
	union arg arg = { 0 };
	int rc;

	verb->fill(c, &arg);
	arg.size = fuzz_one_in(&c->dice, 8) ? fuzz_u32(&c->dice) : known;
	if (fuzz_one_in(&c->dice, 4))
		fuzz_spoil(&c->dice, arg.bytes, sizeof(arg));
	/* Never right by chance: see fill_enter(). */
	if (verb->fill == fill_enter)
		arg.enter.flags |= 1;
	rc = ioctl(c->l->d.fd, verb->cmd, &arg);
	judge(verb, rc, errno, ringdev_now_ms() - start);
	if (!rc && verb->fill == fill_unbind &&
	    arg.unbind.port == c->l->d.port)
		c->l->unbound = 1;
	if (!rc && verb->fill == fill_enter)
		fuzz_wrong("an ENTER with flags is taken");
	if (!rc && verb->fill == fill_setup)
		fuzz_wrong("a second SETUP is taken");
}

/* Bad memory, or memory that others write. */
static void call_anywhere(struct fuzz_caller *c, const struct verb *verb)
{
	uint32_t known = _IOC_SIZE(verb->cmd);
	void *at;
	int good;

	at = fuzz_ring_memory(c->l, &c->dice, known, &good);
	if (verb->fill == fill_enter || verb->fill == fill_bind)
		return;
	if (good) {
		fuzz_bytes(&c->dice, at, known);
		if (!fuzz_one_in(&c->dice, 4))
			memcpy(at, &known, sizeof(known));
	}
	ioctl(c->l->d.fd, verb->cmd, at);
}

static void call_unknown(struct fuzz_caller *c)
{
	unsigned long cmd = fuzz_u32(&c->dice);
	union arg arg = { 0 };

	if (fuzz_one_in(&c->dice, 2))
		cmd = _IOC(fuzz_below(&c->dice, 4), 0xb9,
			   8 + fuzz_below(&c->dice, 248),
			   fuzz_below(&c->dice, 512));
	else if (_IOC_TYPE(cmd) < 0xa0 || _IOC_TYPE(cmd) == 0xb9)
		return;	/* of any file, as FIFREEZE, or ours */
	if (!ioctl(c->l->d.fd, cmd, &arg) || errno != ENOTTY)
		fuzz_wrong("ioctl 0x%lx says %d", cmd, -errno);
}

void fuzz_ring_call(struct fuzz_caller *c)
{
	const struct verb *verb;

	verb = &verbs[fuzz_below(&c->dice, sizeof(verbs) / sizeof(verbs[0]))];
	fuzz_board->calls++;
	switch (fuzz_below(&c->dice, 4)) {
	case 0:
		call_unknown(c);
		return;
	case 1:
		call_anywhere(c, verb);
		return;
	}
	call_nearly(c, verb);
}
