// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paper_worker - the server's workers without threads.
 *
 * Does not interleave within a job: what it does to a device is the engine's.
 */
#include <errno.h>

#include "input.h"
#include "paper_worker.h"

#define WORKERS_MAX	8

struct worker_pool {
	unsigned int nworkers;
	int closing;
};

struct worker {
	struct worker_pool *pool;
	struct worker_job *jobs;
	int stopping;
	struct worker_job last;
};

static struct worker *workers[WORKERS_MAX];
static struct worker_job *finished;

static void push(struct worker_job **list, struct worker_job *job)
{
	while (*list)
		list = &(*list)->next;
	job->next = NULL;
	*list = job;
}

static struct worker_job *pop(struct worker_job **list)
{
	struct worker_job *job = *list;

	if (job)
		*list = job->next;
	return job;
}

static void settle(struct worker_pool *pool)
{
	if (pool->closing && !pool->nworkers)
		free(pool);
}

int worker_pool_open(uv_loop_t *loop, struct worker_pool **pool)
{
	(void)loop;
	*pool = calloc(1, sizeof(**pool));
	fuzz_check(*pool);
	return 0;
}

void worker_pool_close(struct worker_pool *pool)
{
	pool->closing = 1;
	settle(pool);
}

static void ended(struct worker_job *job, int result)
{
	struct worker_pool *pool = job->worker->pool;

	(void)result;
	free(job->worker);
	pool->nworkers--;
	settle(pool);
}

int worker_start(struct worker_pool *pool, struct worker **worker)
{
	unsigned int i;

	for (i = 0; i < WORKERS_MAX && workers[i]; i++)
		;
	fuzz_check(i < WORKERS_MAX);
	*worker = calloc(1, sizeof(**worker));
	fuzz_check(*worker);
	(*worker)->pool = pool;
	(*worker)->last.worker = *worker;
	(*worker)->last.done = ended;
	workers[i] = *worker;
	pool->nworkers++;
	return 0;
}

void worker_stop(struct worker *worker)
{
	fuzz_check(!worker->stopping);
	worker->stopping = 1;
}

void worker_post(struct worker *worker, struct worker_job *job)
{
	fuzz_check(!worker->stopping);
	job->worker = worker;
	push(&worker->jobs, job);
}

int worker_pause(struct worker *worker, unsigned int ms)
{
	(void)ms;
	return worker->stopping ? -ECANCELED : 0;
}

int paper_worker_run(unsigned int n)
{
	struct worker **worker = &workers[n % WORKERS_MAX];
	struct worker_job *job;

	if (!*worker)
		return 0;
	job = pop(&(*worker)->jobs);
	if (job) {
		job->result = job->run(job);
		push(&finished, job);
		return 1;
	}
	if (!(*worker)->stopping)
		return 0;
	push(&finished, &(*worker)->last);
	*worker = NULL;
	return 1;
}

int paper_worker_done(void)
{
	struct worker_job *job = pop(&finished);

	if (!job)
		return 0;
	job->done(job, job->result);
	return 1;
}
