// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_ring_idle - when the owner of a ring sleeps, and when it looks on.
 *
 * Time and processors are made up.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ring_idle.h"

#define US	1000ull
#define POLL_US	50u

static struct {
	uint64_t ns;
	int processors;
	int others;
	int policy;
	uint64_t turns;
	uint64_t wait_ns;
	char delays[64];
	struct p2pvhci_kctl kctl;
	struct p2pvhci_uctl uctl;
	struct ring ring;
	struct ring_idle idle;
} fake;

int clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	t->tv_sec = fake.ns / 1000000000;
	t->tv_nsec = fake.ns % 1000000000;
	return 0;
}

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	int i;

	(void)pid;
	memset(set, 0, size);
	for (i = 0; i < fake.processors; i++)
		CPU_SET(i, set);
	return 0;
}

int get_nprocs(void)
{
	return fake.processors > fake.others ? fake.processors : fake.others;
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	(void)pid;
	(void)param;
	fake.policy = policy;
	return 0;
}

int sched_getscheduler(pid_t pid)
{
	(void)pid;
	return fake.policy;
}

FILE *fopen(const char *path, const char *mode)
{
	(void)path;
	(void)mode;
	snprintf(fake.delays, sizeof(fake.delays), "77 %llu %llu\n",
		 (unsigned long long)fake.wait_ns,
		 (unsigned long long)fake.turns);
	return fmemopen(fake.delays, strlen(fake.delays), "r");
}

static void start(int processors, unsigned int poll_us)
{
	memset(&fake, 0, sizeof(fake));
	fake.ns = 1000000000;
	fake.processors = processors;
	fake.ring.kctl = &fake.kctl;
	fake.ring.uctl = &fake.uctl;
	ring_idle_init(&fake.idle, poll_us);
}

/* One piece of work every @gap_us, @n times; is it awake right after? */
static int awake_after(unsigned int n, unsigned int gap_us)
{
	int awake = 0;

	for (; n; n--) {
		fake.ns += gap_us * US;
		ring_wake(&fake.ring);
		awake = ring_idle_sleep(&fake.idle, &fake.ring, 1);
	}
	return awake;
}

static void looks_on_while_requests_come_quickly(void **state)
{
	(void)state;
	start(2, POLL_US);
	assert_true(awake_after(20, 10));
	assert_int_equal(fake.uctl.need_wakeup, 0);
	fake.ns += (POLL_US - 1) * US;
	assert_true(ring_idle_sleep(&fake.idle, &fake.ring, 0));
	fake.ns += US;
	assert_false(ring_idle_sleep(&fake.idle, &fake.ring, 0));
	assert_int_equal(fake.uctl.need_wakeup, 1);
}

static void sleeps_at_once_when_they_come_slowly(void **state)
{
	(void)state;
	start(2, POLL_US);
	assert_false(awake_after(20, 1000));
	assert_int_equal(fake.uctl.need_wakeup, 1);
	/* A long silence is forgotten as quickly as a short one. */
	fake.ns += 1000000 * US;
	assert_true(awake_after(10, 10));
	start(2, 0);
	assert_false(awake_after(20, 1));
}

static void never_looks_on_with_one_processor(void **state)
{
	(void)state;
	start(1, POLL_US);
	assert_false(awake_after(20, 1));
	assert_int_equal(fake.uctl.need_wakeup, 1);
}

static void is_as_ever_when_bound_to_one_of_several(void **state)
{
	(void)state;
	start(1, POLL_US);
	memset(&fake.idle, 0, sizeof(fake.idle));
	fake.policy = SCHED_OTHER;
	fake.others = 2;
	ring_idle_init(&fake.idle, POLL_US);
	assert_int_equal(fake.policy, SCHED_OTHER);
	assert_false(awake_after(20, 1));
}

static void does_not_sleep_over_what_came(void **state)
{
	(void)state;
	start(1, POLL_US);
	fake.kctl.rq_tail = 1;
	assert_true(ring_idle_sleep(&fake.idle, &fake.ring, 0));
}

/* So many tenths of a second, 100 turns in each, @wait_us before each turn. */
static void tenths(unsigned int n, unsigned int wait_us)
{
	for (; n; n--) {
		fake.ns += 100000 * US;
		fake.turns += 100;
		fake.wait_ns += 100 * wait_us * US;
		ring_idle_sleep(&fake.idle, &fake.ring, 1);
	}
}

static void is_polite_while_it_need_not_wait(void **state)
{
	(void)state;
	start(1, POLL_US);
	assert_int_equal(fake.policy, SCHED_BATCH);
	tenths(10, 900);
	assert_int_equal(fake.policy, SCHED_BATCH);
	tenths(1, 1100);
	assert_int_equal(fake.policy, SCHED_OTHER);
	tenths(63, 0);
	assert_int_equal(fake.policy, SCHED_OTHER);
	tenths(1, 0);
	assert_int_equal(fake.policy, SCHED_BATCH);
	start(2, POLL_US);
	tenths(10, 10000);
	assert_int_equal(fake.policy, SCHED_OTHER);
}

static void keeps_the_policy_that_somebody_chose(void **state)
{
	(void)state;
	start(1, POLL_US);
	memset(&fake.idle, 0, sizeof(fake.idle));
	fake.policy = SCHED_FIFO;
	ring_idle_init(&fake.idle, POLL_US);
	tenths(200, 0);
	assert_int_equal(fake.policy, SCHED_FIFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_on_while_requests_come_quickly),
		cmocka_unit_test(sleeps_at_once_when_they_come_slowly),
		cmocka_unit_test(never_looks_on_with_one_processor),
		cmocka_unit_test(is_as_ever_when_bound_to_one_of_several),
		cmocka_unit_test(does_not_sleep_over_what_came),
		cmocka_unit_test(is_polite_while_it_need_not_wait),
		cmocka_unit_test(keeps_the_policy_that_somebody_chose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
