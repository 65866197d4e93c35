// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workers: order, results on the loop, pauses that a stop ends, no leaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "worker.h"

#define JOBS	100

struct numbered {
	struct worker_job job;
	int number;
};

static int next_run;
static int next_done;
static uv_thread_t loop_thread;

static int count_run(struct worker_job *job)
{
	struct numbered *n = (struct numbered *)job;
	uv_thread_t self = uv_thread_self();

	if (uv_thread_equal(&self, &loop_thread))
		return -EDEADLK;
	return n->number == next_run++ ? -n->number : 1;
}

static void count_done(struct worker_job *job, int result)
{
	struct numbered *n = (struct numbered *)job;
	uv_thread_t self = uv_thread_self();

	assert_true(uv_thread_equal(&self, &loop_thread));
	assert_int_equal(result, -n->number);
	assert_int_equal(n->number, next_done++);
	if (next_done == JOBS)
		worker_stop(job->worker);
}

static void test_order(void **state)
{
	struct numbered jobs[JOBS] = { 0 };
	struct worker_pool *pool;
	struct worker *worker;
	uv_loop_t loop;
	int i;

	(void)state;
	loop_thread = uv_thread_self();
	uv_loop_init(&loop);
	assert_int_equal(worker_pool_open(&loop, &pool), 0);
	assert_int_equal(worker_start(pool, &worker), 0);
	for (i = 0; i < JOBS; i++) {
		jobs[i].number = i;
		jobs[i].job.run = count_run;
		jobs[i].job.done = count_done;
		worker_post(worker, &jobs[i].job);
	}
	worker_pool_close(pool);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(next_done, JOBS);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static int pause_run(struct worker_job *job)
{
	int ret;

	ret = worker_pause(job->worker, 1);
	return ret ? ret : worker_pause(job->worker, 60000);
}

static void pause_done(struct worker_job *job, int result)
{
	(void)job;
	next_done = result;
}

static void test_stop_ends_pause(void **state)
{
	struct worker_job job = { .run = pause_run, .done = pause_done };
	struct worker_pool *pool;
	struct worker *worker;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(worker_pool_open(&loop, &pool), 0);
	assert_int_equal(worker_start(pool, &worker), 0);
	worker_post(worker, &job);
	worker_stop(worker);
	worker_pool_close(pool);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(next_done, -ECANCELED);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_stop_ends_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
