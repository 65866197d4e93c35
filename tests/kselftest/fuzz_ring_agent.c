// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile agent with one device: it answers late, out of order, or badly,
 * while threads of it scribble, call and map.
 *
 * What it says of the device during enumeration is mostly right, or there would
 * be nothing to break.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/usb/ch9.h>

#include "fuzz_ring.h"

#define BATCH		24
#define IN_FIRST	(16 << 10)	/* below, answers of ringdev.c */

static struct p2pvhci_uctl *uctl_of(struct fuzz_liar *l)
{
	return (void *)l->d.rw;
}

static const struct p2pvhci_kctl *kctl_of(struct fuzz_liar *l)
{
	return (const void *)l->d.ro;
}

/* Completing ---------------------------------------------------------------- */

void fuzz_ring_push(struct fuzz_liar *l, const struct p2pvhci_cmp *cmp,
		    enum fuzz_verdict verdict, const char *why)
{
	/* After the first that kills, none counts. */
	if (l->verdict == FUZZ_LIVES && verdict != FUZZ_LIVES) {
		l->verdict = verdict;
		l->why = why;
	}
	ringdev_push(&l->d, cmp);
	l->batch++;
}

/* A killed queue says so everywhere, and does nothing any more. */
static void check_dead(struct fuzz_liar *l)
{
	struct pollfd pfd = { .fd = l->d.fd, .events = POLLIN };
	struct p2pvhci_copy copy = { .size = sizeof(copy) };
	int rc;

	if (!(kctl_of(l)->flags & P2PVHCI_KCTL_DEAD))
		fuzz_wrong("killed for '%s', and kctl does not say it",
			   l->why);
	if (poll(&pfd, 1, 5000) != 1 || !(pfd.revents & POLLHUP))
		fuzz_wrong("killed for '%s', and poll() does not say it",
			   l->why);
	rc = ringdev_enter(&l->d);
	if (rc != -ESHUTDOWN)
		fuzz_wrong("a dead queue enters: %d", rc);
	copy.token = l->settled[0];
	if (!ioctl(l->d.fd, P2PVHCI_IOC_COPY, &copy))
		fuzz_wrong("a dead queue copies");
	rc = ringdev_bind(&l->d, P2PVHCI_SPEED_HIGH, 0);
	if (!rc)
		fuzz_wrong("a dead queue binds");
}

/* Returns negative when the queue is dead. */
static int enter(struct fuzz_liar *l)
{
	uint32_t before = kctl_of(l)->cq_head;
	int rc = ringdev_enter(&l->d);

	fuzz_board->taken += kctl_of(l)->cq_head - before;
	fuzz_board->lies += l->verdict != FUZZ_LIVES;
	if (rc && rc != -ESHUTDOWN)
		fuzz_wrong("ENTER after '%s': %d", l->why, rc);
	if (!l->blurred && !rc && l->verdict == FUZZ_DIES)
		fuzz_wrong("a queue outlives '%s'", l->why);
	if (!l->blurred && rc && l->verdict == FUZZ_LIVES)
		fuzz_wrong("a queue is killed for the truth");
	l->batch = 0;
	l->verdict = FUZZ_LIVES;
	l->iso_base = IN_FIRST +
		      4 * fuzz_below(&l->dice, (l->d.setup.in_bytes -
						IN_FIRST - 32 * 1024) / 4);
	if (rc) {
		fuzz_board->deaths++;
		check_dead(l);
	}
	l->why = "the truth";
	return rc;
}

static void answer_one(struct fuzz_liar *l)
{
	uint32_t i = fuzz_below(&l->dice, l->nkept);

	if (l->d.features & P2PVHCI_F_COPY && fuzz_one_in(&l->dice, 8))
		fuzz_ring_copy(l, &l->kept[i]);
	if (l->lie_in && fuzz_one_in(&l->dice, l->lie_in))
		fuzz_ring_lie(l);
	else
		fuzz_ring_truth(l, i);
}

/* Requests ------------------------------------------------------------------ */

static void keep(struct fuzz_liar *l, const struct p2pvhci_req *req)
{
	l->kept[l->nkept++] = (struct fuzz_kept) { .req = *req };
	fuzz_board->tokens[fuzz_board->ntokens++ % FUZZ_TOKENS] = req->token;
}

/* What has to be right for the device to appear. */
static int is_groundwork(const struct p2pvhci_req *req)
{
	return req->op != P2PVHCI_OP_SUBMIT ||
	       (!req->ep && !(req->setup[0] & USB_TYPE_MASK));
}

static void cancel(struct fuzz_liar *l, uint64_t token)
{
	uint32_t i;

	if (l->silent || fuzz_one_in(&l->dice, 200))
		return;
	for (i = 0; i < l->nkept; i++)
		if (l->kept[i].req.token == token) {
			fuzz_ring_truth(l, i);
			return;
		}
}

/* Silence holds the hub up for seconds, and with it everybody's devices. */
static void lay_ground(struct fuzz_liar *l, const struct p2pvhci_req *req)
{
	if (l->early && req->op == P2PVHCI_OP_SUBMIT &&
	    fuzz_one_in(&l->dice, 4)) {
		keep(l, req);
		fuzz_ring_lie(l);
	} else if (!fuzz_one_in(&l->dice, 10000)) {
		ringdev_answer(&l->d, req);
		l->batch += req->op != P2PVHCI_OP_UNBOUND;
	}
}

static void take(struct fuzz_liar *l, const struct p2pvhci_req *req)
{
	if (req->op == P2PVHCI_OP_CANCEL)
		cancel(l, req->token);
	else if (is_groundwork(req))
		lay_ground(l, req);
	else
		keep(l, req);
}

/* As many as the ring surely has room for, some of them held back. */
static int serve(struct fuzz_liar *l)
{
	uint32_t most = l->d.setup.cq_entries - 4;
	struct p2pvhci_req req;
	int rc;

	if (most > BATCH)
		most = BATCH;
	rc = ringdev_next(&l->d, &req, l->nkept ? 1 : 20);
	while (rc > 0) {
		take(l, &req);
		if (l->batch >= most)
			break;
		rc = ringdev_next(&l->d, &req, 0);
	}
	while (!l->silent && l->nkept && l->batch < most &&
	       (l->nkept > 40 || !fuzz_one_in(&l->dice, 16)))
		answer_one(l);
	if (rc < 0)
		return rc;
	return l->batch ? enter(l) : 0;
}

/* Threads ------------------------------------------------------------------- */

/* Mostly where the kernel looks again if it looks twice. */
static void scribble_once(struct fuzz_liar *l, struct fuzz_dice *dice)
{
	struct p2pvhci_cmp *cq = (void *)(l->d.rw + l->d.setup.off_cq);
	uint32_t *in = (void *)(l->d.rw + l->d.setup.off_in);

	cq += fuzz_below(dice, l->d.setup.cq_entries);
	switch (fuzz_below(dice, 4096)) {
	case 0:
		if (fuzz_one_in(dice, 100))
			uctl_of(l)->rq_head = fuzz_u32(dice);
		return;
	case 1:
		if (fuzz_one_in(dice, 100))
			uctl_of(l)->cq_tail += fuzz_below(dice, 4) - 2;
		return;
	case 2 ... 64:
		uctl_of(l)->need_wakeup = fuzz_u32(dice);
		return;
	case 65 ... 256:
		cq->in_off = fuzz_below(dice, 64);
		return;
	case 257 ... 384:
		cq->actual = fuzz_below(dice, 256);
		return;
	case 385 ... 392:
		cq->actual = fuzz_u32(dice);
		return;
	case 393 ... 396:
		cq->token = fuzz_u64(dice);
		return;
	}
	in[fuzz_below(dice, l->d.setup.in_bytes / 4)] = fuzz_below(dice, 97);
}

static void *scribble(void *arg)
{
	struct fuzz_liar *l = arg;
	struct fuzz_dice dice = { fuzz_mix(l->dice.state, 1) };
	unsigned int n;

	while (!l->ended) {
		for (n = 0; n < 128; n++)
			scribble_once(l, &dice);
		usleep(1000);
	}
	return NULL;
}

static void *call(void *arg)
{
	struct fuzz_caller c = { .l = arg };

	c.dice.state = fuzz_mix(c.l->dice.state, 2);
	while (!c.l->ended) {
		fuzz_ring_call(&c);
		usleep(fuzz_below(&c.dice, 4000));
	}
	return NULL;
}

static void *map(void *arg)
{
	struct fuzz_liar *l = arg;
	struct fuzz_dice dice = { fuzz_mix(l->dice.state, 3) };

	while (!l->ended) {
		fuzz_ring_map(l->d.fd, &l->d.setup, &dice);
		usleep(fuzz_below(&dice, 20000));
	}
	return NULL;
}

/* A queue beside the first, again and again. */
static void *be_alone(void *arg)
{
	struct fuzz_liar *l = arg;
	struct fuzz_dice dice = { fuzz_mix(l->dice.state, 4) };

	while (!l->ended) {
		fuzz_ring_alone(&dice);
		usleep(fuzz_below(&dice, 50000));
	}
	return NULL;
}

static void start_threads(struct fuzz_liar *l)
{
	static const struct {
		void *(*run)(void *arg);
		uint32_t in;
	} threads[] = {
		{ call, 2 }, { map, 3 }, { be_alone, 2 }, { scribble, 4 },
	};
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
		if (!fuzz_one_in(&l->dice, threads[i].in))
			continue;
		if (threads[i].run == scribble)
			l->blurred = 1;
		if (!pthread_create(&thread, NULL, threads[i].run, l))
			pthread_detach(thread);
	}
}

/* Life ---------------------------------------------------------------------- */

static const uint32_t lies_in[] = { 50, 500, 2000, 8000 };
static const uint32_t tags[] = { 8, 9, 16, 31, 64, 64, 128, 200 };
static const uint32_t areas[] = {
	64 << 10, 68 << 10, 128 << 10, 256 << 10, 1 << 20,
};

static const uint8_t speeds[] = {
	P2PVHCI_SPEED_HIGH, P2PVHCI_SPEED_SUPER, P2PVHCI_SPEED_FULL,
	P2PVHCI_SPEED_SUPER_PLUS,
};

static void be_born(struct fuzz_liar *l, uint16_t product)
{
	struct fuzz_dice *dice = &l->dice;

	l->d.tags = tags[fuzz_below(dice, 8)];
	l->d.area = areas[fuzz_below(dice, 5)];
	l->d.features = P2PVHCI_F_ISO | (fuzz_one_in(dice, 3) ? 0 :
					 P2PVHCI_F_COPY | P2PVHCI_F_POWER);
	l->d.product = product;
	l->lie_in = lies_in[fuzz_below(dice, 4)];
	l->silent = fuzz_one_in(dice, 24);
	l->early = fuzz_one_in(dice, 6);
	if (ringdev_open(&l->d))
		_exit(1);
	fuzz_board->queues++;
	l->iso_base = IN_FIRST;
	l->why = "the truth";
	if (ringdev_bind(&l->d, speeds[fuzz_below(dice, 4)], 0))
		_exit(1);
}

/* A while after its death its memory and its file are still there. */
static void die(struct fuzz_liar *l)
{
	switch (fuzz_below(&l->dice, 4)) {
	case 0:
		_exit(0);
	case 1:
		fuzz_ring_pass(l->d.fd, &l->dice);
		break;
	case 2:
		l->ended = 1;
		usleep(50000);
		ringdev_close(&l->d);
		break;
	}
	usleep(300000);
	_exit(0);
}

void fuzz_ring_agent(uint64_t seed, uint16_t product, uint32_t turn)
{
	static struct fuzz_liar l;
	uint32_t left;

	l.dice.state = seed;
	l.turn = turn;
	be_born(&l, product);
	start_threads(&l);
	/* Some end while all is well. */
	left = fuzz_one_in(&l.dice, 8) ? fuzz_below(&l.dice, 3000) : UINT32_MAX;
	while (left-- && !l.unbound && serve(&l) >= 0)
		;
	die(&l);
	_exit(0);
}
