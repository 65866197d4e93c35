// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_ring - the user half of the ring against a kernel half made of memory.
 *
 * Does not test what the kernel makes of it: tests/kselftest does.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring.h"

#define RQ_ENTRIES	16u
#define CQ_ENTRIES	8u
#define IN_BYTES	(128u << 10)
#define OUT_BYTES	(64u << 10)
#define FAKE_FD		9999

/* The kernel's half: what it would see and do. */
static struct {
	struct ring ring;
	struct p2pvhci_kctl *kctl;
	struct p2pvhci_req *rq;
	uint32_t cq_head;
	uint32_t enter_most;
	int enter_error;
	unsigned int enters;
	struct p2pvhci_attach_done done;
	struct p2pvhci_copy copy;
	int copy_breaks;
	struct p2pvhci_port_event event;
} fake;

static int fake_enter(struct p2pvhci_enter *enter)
{
	uint32_t n = fake.ring.uctl->cq_tail - fake.cq_head;

	fake.enters++;
	if (fake.enter_error) {
		errno = fake.enter_error;
		return -1;
	}
	enter->done = n < fake.enter_most ? n : fake.enter_most;
	fake.cq_head += enter->done;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != FAKE_FD)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	if (request == P2PVHCI_IOC_ENTER)
		return fake_enter(arg);
	if (request == P2PVHCI_IOC_ATTACH_DONE)
		fake.done = *(struct p2pvhci_attach_done *)arg;
	if (request == P2PVHCI_IOC_PORT_EVENT)
		fake.event = *(struct p2pvhci_port_event *)arg;
	if (request == P2PVHCI_IOC_COPY) {
		fake.copy = *(struct p2pvhci_copy *)arg;
		errno = fake.copy_breaks-- > 0 ? EINTR : ECANCELED;
		return -1;
	}
	return 0;
}

static void lay_out(struct p2pvhci_setup *s)
{
	s->rq_entries = RQ_ENTRIES;
	s->cq_entries = CQ_ENTRIES;
	s->tags = CQ_ENTRIES;
	s->out_bytes = OUT_BYTES;
	s->in_bytes = IN_BYTES;
	s->off_rq = 4096;
	s->off_out = 8192;
	s->ro_bytes = s->off_out + s->out_bytes;
	s->off_cq = 4096;
	s->off_in = 8192;
	s->rw_bytes = s->off_in + s->in_bytes;
}

static int setup(void **state)
{
	uint8_t *ro;

	(void)state;
	memset(&fake, 0, sizeof(fake));
	lay_out(&fake.ring.setup);
	ro = calloc(1, fake.ring.setup.ro_bytes);
	fake.ring.ro = ro;
	fake.ring.rw = calloc(1, fake.ring.setup.rw_bytes);
	fake.ring.fd = FAKE_FD;
	fake.kctl = (void *)ro;
	fake.rq = (void *)(ro + fake.ring.setup.off_rq);
	fake.enter_most = UINT32_MAX;
	return ring_init(&fake.ring);
}

static int teardown(void **state)
{
	(void)state;
	free((void *)fake.ring.ro);
	free(fake.ring.rw);
	free(fake.ring.map);
	free(fake.ring.held);
	return 0;
}

static void publish(uint64_t token)
{
	struct p2pvhci_req *req;
	uint32_t tail = fake.kctl->rq_tail;

	req = &fake.rq[tail % RQ_ENTRIES];
	memset(req, 0, sizeof(*req));
	req->token = token;
	req->out_off = P2PVHCI_OUT_NONE;
	__atomic_store_n(&fake.kctl->rq_tail, tail + 1, __ATOMIC_RELEASE);
}

static void refuses_a_layout_that_does_not_fit(void **state)
{
	struct ring ring = fake.ring;

	(void)state;
	ring.setup.rq_entries = 12;
	assert_int_equal(ring_init(&ring), -EINVAL);
	lay_out(&ring.setup);
	ring.setup.off_out = 8192 + 1;
	assert_int_equal(ring_init(&ring), -EINVAL);
	lay_out(&ring.setup);
	ring.setup.off_in = UINT32_MAX;
	assert_int_equal(ring_init(&ring), -EINVAL);
	lay_out(&ring.setup);
	ring.setup.off_cq = ring.setup.rw_bytes - 8;
	assert_int_equal(ring_init(&ring), -EINVAL);
}

static void takes_requests_in_order_across_the_wrap(void **state)
{
	struct p2pvhci_req req;
	uint64_t token;

	(void)state;
	fake.kctl->rq_tail = UINT32_MAX - 2;
	fake.ring.rq_head = UINT32_MAX - 2;
	for (token = 1; token <= 3 * RQ_ENTRIES; token++) {
		publish(token);
		publish(token + 1000);
		assert_true(ring_next(&fake.ring, &req));
		assert_int_equal(req.token, token);
		assert_true(ring_next(&fake.ring, &req));
		assert_int_equal(req.token, token + 1000);
		assert_int_equal(fake.ring.uctl->rq_head, fake.kctl->rq_tail);
	}
	assert_false(ring_next(&fake.ring, &req));
}

static void finds_out_bytes_inside_the_area_only(void **state)
{
	struct p2pvhci_req req = { .len = 16, .out_off = OUT_BYTES - 16 };

	(void)state;
	assert_ptr_equal(ring_out(&fake.ring, &req),
			 fake.ring.out + OUT_BYTES - 16);
	req.out_off++;
	assert_null(ring_out(&fake.ring, &req));
	req.out_off = P2PVHCI_OUT_NONE;
	assert_null(ring_out(&fake.ring, &req));
	req.out_off = 0;
	req.len = 0;
	assert_null(ring_out(&fake.ring, &req));
}

static void does_not_sleep_over_a_request(void **state)
{
	struct p2pvhci_req req;

	(void)state;
	assert_false(ring_sleep(&fake.ring));
	assert_int_equal(fake.ring.uctl->need_wakeup, 1);
	publish(1);
	assert_true(ring_sleep(&fake.ring));
	ring_wake(&fake.ring);
	assert_int_equal(fake.ring.uctl->need_wakeup, 0);
	assert_true(ring_next(&fake.ring, &req));
	assert_false(ring_sleep(&fake.ring));
}

static void gives_the_in_area_out_once(void **state)
{
	uint8_t taken[IN_BYTES / RING_BLOCK] = { 0 };
	struct ring_extent held[64];
	unsigned int seed = 1;
	unsigned int i, n, b;

	(void)state;
	memset(held, 0xff, sizeof(held));
	for (i = 0; i < 20000; i++) {
		n = (unsigned int)rand_r(&seed) % 64;
		if (held[n].off != RING_NO_SPACE) {
			for (b = 0; b * RING_BLOCK < held[n].len; b++)
				taken[held[n].off / RING_BLOCK + b]--;
			ring_in_put(&fake.ring, held[n].off, held[n].len);
			held[n].off = RING_NO_SPACE;
			continue;
		}
		held[n].len = (unsigned int)rand_r(&seed) % 9000 + 1;
		held[n].off = ring_in_get(&fake.ring, held[n].len);
		if (held[n].off == RING_NO_SPACE)
			continue;
		assert_true(held[n].off + held[n].len <= IN_BYTES);
		for (b = 0; b * RING_BLOCK < held[n].len; b++)
			assert_int_equal(taken[held[n].off / RING_BLOCK + b]++,
					 0);
	}
	for (n = 0; n < 64; n++)
		if (held[n].off != RING_NO_SPACE)
			ring_in_put(&fake.ring, held[n].off, held[n].len);
	assert_int_equal(ring_in_get(&fake.ring, IN_BYTES), 0);
	assert_int_equal(ring_in_get(&fake.ring, 1), RING_NO_SPACE);
	ring_in_put(&fake.ring, 0, IN_BYTES);
	assert_int_equal(ring_in_get(&fake.ring, IN_BYTES + 1), RING_NO_SPACE);
	assert_int_equal(ring_in_get(&fake.ring, 0), RING_NO_SPACE);
	assert_int_equal(ring_in_get(&fake.ring, 1), 0);
}

static void complete_in(uint64_t token, uint32_t len)
{
	struct ring_extent extent = { ring_in_get(&fake.ring, len), len };
	struct p2pvhci_cmp cmp = { .token = token, .in_off = extent.off };

	assert_int_not_equal(extent.off, RING_NO_SPACE);
	assert_int_equal(ring_complete(&fake.ring, &cmp, &extent), 0);
}

static void frees_in_pieces_after_enter_and_not_before(void **state)
{
	(void)state;
	complete_in(1, IN_BYTES / 2);
	complete_in(2, IN_BYTES / 2);
	assert_int_equal(ring_in_get(&fake.ring, 1), RING_NO_SPACE);
	assert_int_equal(fake.ring.uctl->cq_tail, 2);
	assert_int_equal(ring_enter(&fake.ring), 0);
	assert_int_equal(ring_pending(&fake.ring), 0);
	assert_int_equal(ring_in_get(&fake.ring, IN_BYTES), 0);
	/* Nothing written: nothing to ask the kernel. */
	assert_int_equal(ring_enter(&fake.ring), 0);
	assert_int_equal(fake.enters, 1);
}

static void enters_again_when_the_kernel_took_a_part(void **state)
{
	unsigned int i;

	(void)state;
	fake.enter_most = 3;
	for (i = 0; i < CQ_ENTRIES; i++)
		complete_in(i, 512);
	assert_int_equal(ring_enter(&fake.ring), 0);
	assert_int_equal(fake.enters, 3);
	assert_int_equal(ring_in_get(&fake.ring, IN_BYTES), 0);
}

static void says_when_no_entry_is_left_or_the_queue_is_dead(void **state)
{
	struct p2pvhci_cmp cmp = { .token = 7 };
	unsigned int i;

	(void)state;
	for (i = 0; i < CQ_ENTRIES; i++)
		assert_int_equal(ring_complete(&fake.ring, &cmp, NULL), 0);
	assert_int_equal(ring_complete(&fake.ring, &cmp, NULL), -ENOSPC);
	fake.enter_error = ESHUTDOWN;
	assert_int_equal(ring_enter(&fake.ring), -ESHUTDOWN);
	fake.enter_error = 0;
	fake.enter_most = 0;
	assert_int_equal(ring_enter(&fake.ring), -EIO);
	assert_false(ring_dead(&fake.ring));
	fake.kctl->flags = P2PVHCI_KCTL_DEAD;
	assert_true(ring_dead(&fake.ring));
}

static void sends_sentences_the_kernel_takes(void **state)
{
	char text[400];

	(void)state;
	ring_attach_done(FAKE_FD, 5, 2, "K\xc3\xbc" "che \xe2\x82\xac");
	assert_string_equal(fake.done.message, "K\xc3\xbc" "che \xe2\x82\xac");
	assert_int_equal(fake.done.cookie, 5);
	assert_int_equal(fake.done.status, 2);
	ring_attach_done(FAKE_FD, 5, 2, "a\nb\x1b[c\xff\xc3(\xc2\x85\xed\xa0\x80");
	assert_string_equal(fake.done.message, "a?b?[c?\?(?\?\?\?\?");
	memset(text, 'x', sizeof(text));
	text[399] = '\0';
	memcpy(text + 254, "\xe2\x82\xac", 3);
	ring_attach_done(FAKE_FD, 5, 2, text);
	assert_int_equal(strlen(fake.done.message), 254);
}

/* The kernel's half in a thread of its own, for the wake-up protocol. */
#define RACE_COUNT	200000u

static int race_event;

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void *race_kernel(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 1; i <= RACE_COUNT; i++) {
		while (fake.kctl->rq_tail - load(&fake.ring.uctl->rq_head) ==
		       RQ_ENTRIES)
			sched_yield();
		publish(i);
		/* Only for the first that it has not consumed, as kmod/ring.c. */
		atomic_thread_fence(memory_order_seq_cst);
		if (load(&fake.ring.uctl->need_wakeup) &&
		    load(&fake.ring.uctl->rq_head) == i - 1)
			eventfd_write(race_event, 1);
	}
	return NULL;
}

static void misses_no_wakeup(void **state)
{
	struct pollfd pfd = { .events = POLLIN };
	struct p2pvhci_req req;
	pthread_t thread;
	eventfd_t value;
	uint32_t got = 0;

	(void)state;
	race_event = eventfd(0, EFD_NONBLOCK);
	pfd.fd = race_event;
	pthread_create(&thread, NULL, race_kernel, NULL);
	while (got < RACE_COUNT) {
		ring_wake(&fake.ring);
		while (ring_next(&fake.ring, &req))
			assert_int_equal(req.token, ++got);
		if (got == RACE_COUNT || ring_sleep(&fake.ring))
			continue;
		assert_int_equal(poll(&pfd, 1, 10000), 1);
		eventfd_read(race_event, &value);
	}
	pthread_join(thread, NULL);
	close(race_event);
}

static void finds_packets_and_the_bytes_behind_them(void **state)
{
	struct p2pvhci_req req = {
		.len = 16,
		.npkt = 4,
		.out_off = OUT_BYTES - 48,
	};

	(void)state;
	assert_ptr_equal(ring_packets(&fake.ring, &req),
			 fake.ring.out + OUT_BYTES - 48);
	assert_ptr_equal(ring_out(&fake.ring, &req),
			 fake.ring.out + OUT_BYTES - 16);
	req.out_off += 4;
	assert_non_null(ring_packets(&fake.ring, &req));
	assert_null(ring_out(&fake.ring, &req));
	req.out_off--;
	assert_null(ring_packets(&fake.ring, &req));
	req.out_off = OUT_BYTES - 24;
	assert_null(ring_packets(&fake.ring, &req));
	req.npkt = UINT32_MAX;
	req.out_off = 0;
	assert_null(ring_packets(&fake.ring, &req));
	req.npkt = 0;
	assert_null(ring_packets(&fake.ring, &req));
	req.out_off = P2PVHCI_OUT_COPY;
	assert_null(ring_out(&fake.ring, &req));
}

static void copies_and_tells_events(void **state)
{
	struct p2pvhci_req req = { .token = 77, .len = 9000 };
	char byte;

	(void)state;
	fake.copy_breaks = 2;
	assert_int_equal(ring_copy(&fake.ring, &req, &byte, 8000), -ECANCELED);
	assert_int_equal(fake.copy.size, sizeof(fake.copy));
	assert_int_equal(fake.copy.token, 77);
	assert_int_equal(fake.copy.addr, (uintptr_t)&byte);
	assert_int_equal(fake.copy.off, 0);
	assert_int_equal(fake.copy.len, 8000);
	assert_int_equal(ring_port_event(&fake.ring, 3, 4, P2PVHCI_EVENT_RATE,
					 -250000), 0);
	assert_int_equal(fake.event.size, sizeof(fake.event));
	assert_int_equal(fake.event.port, 3);
	assert_int_equal(fake.event.epoch, 4);
	assert_int_equal(fake.event.arg, -250000);
	fake.ring.setup.features = P2PVHCI_F_ISO | P2PVHCI_F_COPY;
	assert_true(ring_granted(&fake.ring, P2PVHCI_F_COPY));
	assert_false(ring_granted(&fake.ring, P2PVHCI_F_POWER));
}

#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(refuses_a_layout_that_does_not_fit),
		RING_TEST(takes_requests_in_order_across_the_wrap),
		RING_TEST(finds_out_bytes_inside_the_area_only),
		RING_TEST(does_not_sleep_over_a_request),
		RING_TEST(gives_the_in_area_out_once),
		RING_TEST(finds_packets_and_the_bytes_behind_them),
		RING_TEST(copies_and_tells_events),
		RING_TEST(frees_in_pieces_after_enter_and_not_before),
		RING_TEST(enters_again_when_the_kernel_took_a_part),
		RING_TEST(says_when_no_entry_is_left_or_the_queue_is_dead),
		RING_TEST(sends_sentences_the_kernel_takes),
		RING_TEST(misses_no_wakeup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
