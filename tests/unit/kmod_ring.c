// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/ring.c in user space: indices at their limits, what an agent may do to
 * them, and every field of a completion.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/kernel.h>
#include "ring.h"

#define ENTRIES	8

static struct p2pvhci_kctl kctl;
static struct p2pvhci_uctl uctl;
static struct p2pvhci_req rq[ENTRIES];
static struct p2pvhci_cmp cq[ENTRIES];

static struct p2pv_ring fresh_ring(uint32_t at)
{
	memset(&kctl, 0, sizeof(kctl));
	memset(&uctl, 0, sizeof(uctl));
	kctl.rq_tail = at;
	kctl.cq_head = at;
	uctl.rq_head = at;
	uctl.cq_tail = at;
	return (struct p2pv_ring) {
		.kctl = &kctl, .uctl = &uctl, .rq = rq, .cq = cq,
		.rq_entries = ENTRIES, .cq_entries = ENTRIES,
		.rq_tail = at, .cq_head = at,
	};
}

/* Where indices start must not matter, least of all around their wrap. */
static const uint32_t starts[] = { 0, 5, 0x7ffffffc, 0xfffffffc, 0xffffffff };

static void push_until_full(void **state)
{
	struct p2pvhci_req req = { 0 };
	struct p2pv_ring ring;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		ring = fresh_ring(starts[i]);
		for (j = 0; j < ENTRIES; j++) {
			req.token = 100 + j;
			assert_int_equal(p2pv_ring_room(&ring), ENTRIES - j);
			assert_int_equal(p2pv_ring_push(&ring, &req), 0);
			assert_int_equal(kctl.rq_tail, starts[i] + j + 1);
			assert_int_equal(rq[(starts[i] + j) % ENTRIES].token,
					 100 + j);
		}
		assert_int_equal(p2pv_ring_push(&ring, &req), -ENOSPC);
		uctl.rq_head++;
		assert_int_equal(p2pv_ring_room(&ring), 1);
		assert_int_equal(p2pv_ring_push(&ring, &req), 0);
	}
}

static void absurd_head(void **state)
{
	static const uint32_t heads[] = {
		1, 100, 0x80000000, 0xffffffff, -(uint32_t)ENTRIES - 1,
	};
	struct p2pvhci_req req = { 0 };
	struct p2pv_ring ring;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		ring = fresh_ring(0);
		uctl.rq_head = heads[i];
		/* What was published counts as unread: 1..ENTRIES is sane. */
		if (0 - heads[i] <= ENTRIES) {
			assert_true(p2pv_ring_room(&ring) >= 0);
			continue;
		}
		assert_int_equal(p2pv_ring_room(&ring), -EPROTO);
		assert_int_equal(p2pv_ring_push(&ring, &req), -EPROTO);
		assert_int_equal(kctl.rq_tail, 0);
	}
}

/* What the agent writes over its copy of a request changes nothing for us. */
static void private_truth(void **state)
{
	struct p2pv_ring ring = fresh_ring(0);
	struct p2pvhci_req req = { .token = 7 };

	(void)state;
	p2pv_ring_push(&ring, &req);
	kctl.rq_tail = 0x1234;
	p2pv_ring_push(&ring, &req);
	assert_int_equal(kctl.rq_tail, 2);
	kctl.cq_head = 77;
	uctl.cq_tail = 1;
	assert_int_equal(p2pv_ring_avail(&ring), 1);
}

static void wakeup(void **state)
{
	struct p2pv_ring ring = fresh_ring(0);

	(void)state;
	assert_int_equal(p2pv_ring_wants_wakeup(&ring, 0), 0);
	uctl.need_wakeup = 0x80000000;
	assert_int_not_equal(p2pv_ring_wants_wakeup(&ring, 0), 0);
	/* Who published what it has not consumed yet woke it. */
	assert_int_equal(p2pv_ring_wants_wakeup(&ring, 1), 0);
	uctl.rq_head = 1;
	assert_int_not_equal(p2pv_ring_wants_wakeup(&ring, 1), 0);
	assert_int_equal(p2pv_ring_wants_wakeup(&ring, 0), 0);
}

static void pop_in_order(void **state)
{
	struct p2pvhci_cmp cmp;
	struct p2pv_ring ring;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		ring = fresh_ring(starts[i]);
		for (j = 0; j < ENTRIES; j++)
			cq[(starts[i] + j) % ENTRIES].token = 50 + j;
		uctl.cq_tail += ENTRIES;
		assert_int_equal(p2pv_ring_avail(&ring), ENTRIES);
		for (j = 0; j < ENTRIES; j++) {
			p2pv_ring_pop(&ring, &cmp);
			assert_int_equal(cmp.token, 50 + j);
		}
		assert_int_equal(p2pv_ring_avail(&ring), 0);
		assert_int_equal(kctl.cq_head, starts[i]);
		p2pv_ring_consumed(&ring);
		assert_int_equal(kctl.cq_head, starts[i] + ENTRIES);
	}
}

static void absurd_tail(void **state)
{
	struct p2pv_ring ring = fresh_ring(0);

	(void)state;
	uctl.cq_tail = ENTRIES + 1;
	assert_int_equal(p2pv_ring_avail(&ring), -EPROTO);
	uctl.cq_tail = 0xffffffff;
	assert_int_equal(p2pv_ring_avail(&ring), -EPROTO);
	uctl.cq_tail = 0x80000000;
	assert_int_equal(p2pv_ring_avail(&ring), -EPROTO);
}

static void tokens(void **state)
{
	uint64_t token = p2pv_ring_token(0xdeadbeef, 0x12345678);

	(void)state;
	assert_int_equal(token, 0xdeadbeef12345678ULL);
	assert_int_equal(p2pv_ring_token_gen(token), 0xdeadbeef);
	assert_int_equal(p2pv_ring_token_slot(token), 0x12345678);
}

#define AREA	65536
#define LIMITS(n, in)	{ .len = (n), .in_bytes = AREA, .dir_in = (in) }

static const struct {
	const char *what;
	struct p2pvhci_cmp cmp;
	struct p2pv_ring_limits limits;
	int verdict;
} checks[] = {
	{ "nothing", {}, LIMITS(0, 0), 0 },
	{ "all of an OUT", { .actual = 512 }, LIMITS(512, 0), 0 },
	{ "more than the OUT", { .actual = 513 }, LIMITS(512, 0), -EPROTO },
	{ "an OUT at an offset", { .actual = 1, .in_off = 1 }, LIMITS(512, 0),
	  -EPROTO },
	{ "all of an IN", { .actual = 512, .in_off = 64 }, LIMITS(512, 1),
	  0 },
	{ "more than the IN", { .actual = 513 }, LIMITS(512, 1), -EPROTO },
	{ "negative", { .actual = 0xffffffff }, LIMITS(512, 1), -EPROTO },
	{ "negative, no limit", { .actual = 0xffffffff },
	  LIMITS(0xffffffff, 1), -EPROTO },
	{ "end of the area", { .actual = 512, .in_off = AREA - 512 },
	  LIMITS(512, 1), 0 },
	{ "over the end", { .actual = 512, .in_off = AREA - 511 },
	  LIMITS(512, 1), -EPROTO },
	{ "at the end", { .actual = 1, .in_off = AREA }, LIMITS(512, 1),
	  -EPROTO },
	{ "offset that wraps", { .actual = 512, .in_off = 0xffffff00 },
	  LIMITS(512, 1), -EPROTO },
	{ "offset without bytes", { .in_off = 4 }, LIMITS(512, 1), -EPROTO },
	{ "whole area", { .actual = AREA }, LIMITS(AREA, 1), 0 },
	{ "last status", { .status = P2PVHCI_ST_MAX - 1 }, LIMITS(0, 0), 0 },
	{ "status too high", { .status = P2PVHCI_ST_MAX }, LIMITS(0, 0),
	  -EPROTO },
	{ "status 255", { .status = 255 }, LIMITS(0, 0), -EPROTO },
	{ "flags", { .flags = 0x80 }, LIMITS(0, 0), -EPROTO },
	{ "copied, not granted", { .flags = P2PVHCI_CMP_COPIED },
	  { 512, AREA, 1, 0, 0, 512 }, -EPROTO },
	{ "copied", { .flags = P2PVHCI_CMP_COPIED, .actual = 512 },
	  { 600, AREA, 1, 1, 0, 512 }, 0 },
	{ "more than was copied",
	  { .flags = P2PVHCI_CMP_COPIED, .actual = 513 },
	  { 600, AREA, 1, 1, 0, 512 }, -EPROTO },
	{ "copied beyond the area",
	  { .flags = P2PVHCI_CMP_COPIED, .actual = 2 * AREA },
	  { 2 * AREA, AREA, 1, 1, 0, 2 * AREA }, 0 },
	{ "copied, and an offset", { .flags = P2PVHCI_CMP_COPIED, .in_off = 4 },
	  { 600, AREA, 1, 1, 0, 512 }, -EPROTO },
	{ "copied OUT", { .flags = P2PVHCI_CMP_COPIED },
	  { 512, AREA, 0, 1, 0, 512 }, -EPROTO },
	{ "copied packets", { .flags = P2PVHCI_CMP_COPIED },
	  { 512, AREA, 1, 1, 4, 512 }, -EPROTO },
	{ "copy granted and not used", { .actual = 3 },
	  { 512, AREA, 1, 1, 0, 0 }, 0 },
	{ "packets", { .iso_off = 64, .errs = 8 }, { 512, AREA, 1, 0, 8, 0 },
	  0 },
	{ "packets at offset 0", {}, { 512, AREA, 1, 0, 8, 0 }, 0 },
	{ "packets at the end", { .iso_off = AREA - 64 },
	  { 512, AREA, 1, 0, 8, 0 }, 0 },
	{ "packets over the end", { .iso_off = AREA - 60 },
	  { 512, AREA, 1, 0, 8, 0 }, -EPROTO },
	{ "packets that wrap", { .iso_off = 0xfffffffc },
	  { 512, AREA, 1, 0, 8, 0 }, -EPROTO },
	{ "packets askew", { .iso_off = 66 }, { 512, AREA, 1, 0, 8, 0 },
	  -EPROTO },
	{ "more errors than packets", { .errs = 9 },
	  { 512, AREA, 1, 0, 8, 0 }, -EPROTO },
	{ "packets and a start frame", { .start_frame = 1 },
	  { 512, AREA, 1, 0, 8, 0 }, -EPROTO },
	{ "errs", { .errs = 1 }, LIMITS(0, 0), -EPROTO },
	{ "iso_off", { .iso_off = 1 }, LIMITS(0, 0), -EPROTO },
	{ "start_frame", { .start_frame = -1 }, LIMITS(0, 0), -EPROTO },
	{ "dev_us is free", { .dev_us = 0xffffffff }, LIMITS(0, 0), 0 },
	{ "bytes with an error", { .status = P2PVHCI_ST_STALL, .actual = 3 },
	  LIMITS(512, 1), 0 },
};

static void completions(void **state)
{
	unsigned int i;
	int rc;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		rc = p2pv_ring_check(&checks[i].cmp, &checks[i].limits);
		if (rc != checks[i].verdict)
			fail_msg("%s: %d", checks[i].what, rc);
	}
}

static const struct {
	struct p2pvhci_iso iso;
	uint32_t asked;
	int verdict;
} packets[] = {
	{ { 0, 0, 0 }, 0, 0 },
	{ { 192, P2PVHCI_ST_OK, 0 }, 192, 0 },
	{ { 193, P2PVHCI_ST_OK, 0 }, 192, -EPROTO },
	{ { 0xffffffff, P2PVHCI_ST_OK, 0 }, 0x7fffffff, -EPROTO },
	{ { 5, P2PVHCI_ST_XDEV, 0 }, 192, 0 },
	{ { 0, P2PVHCI_ST_MAX, 0 }, 192, -EPROTO },
	{ { 0, 0x100, 0 }, 192, -EPROTO },
	{ { 0, 0, 1 }, 192, -EPROTO },
};

static void one_packet(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(packets); i++)
		assert_int_equal(p2pv_ring_check_iso(&packets[i].iso,
						     packets[i].asked),
				 packets[i].verdict);
}

static void errnos(void **state)
{
	unsigned int status;

	(void)state;
	for (status = 1; status < P2PVHCI_ST_MAX; status++)
		assert_true(p2pv_ring_errno(status, 1) < 0);
	assert_int_equal(p2pv_ring_errno(P2PVHCI_ST_OK, 0), 0);
	assert_int_equal(p2pv_ring_errno(P2PVHCI_ST_STALL, 0), -EPIPE);
	assert_int_equal(p2pv_ring_errno(P2PVHCI_ST_CANCELLED, 1),
			 -ECONNRESET);
	assert_int_equal(p2pv_ring_errno(P2PVHCI_ST_CANCELLED, 0), -EPROTO);
}

/* The agent's half, on a thread of its own, to the letter of the contract. */
static void *consume(void *arg)
{
	uint32_t head = 0, *n = arg;

	while (head < *n) {
		if (__atomic_load_n(&kctl.rq_tail, __ATOMIC_ACQUIRE) == head)
			continue;
		if (rq[head % ENTRIES].token != head)
			return (void *)1;
		__atomic_store_n(&uctl.rq_head, ++head, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void two_threads(void **state)
{
	struct p2pv_ring ring = fresh_ring(0);
	struct p2pvhci_req req = { 0 };
	uint32_t n = 200000;
	pthread_t thread;
	void *wrong;
	int rc;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, consume, &n), 0);
	while (req.token < n) {
		rc = p2pv_ring_push(&ring, &req);
		if (!rc)
			req.token++;
		else
			assert_int_equal(rc, -ENOSPC);
	}
	pthread_join(thread, &wrong);
	assert_null(wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_until_full),
		cmocka_unit_test(absurd_head),
		cmocka_unit_test(private_truth),
		cmocka_unit_test(wakeup),
		cmocka_unit_test(pop_in_order),
		cmocka_unit_test(absurd_tail),
		cmocka_unit_test(tokens),
		cmocka_unit_test(completions),
		cmocka_unit_test(one_packet),
		cmocka_unit_test(errnos),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
