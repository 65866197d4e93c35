// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * worker - one thread for what may block in the kernel, per shared device.
 *
 * Locking: worker->lock guards jobs and stopping, pool->lock guards finished;
 * neither is held while a job runs or is told done, and never both at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "worker.h"

struct job_queue {
	struct worker_job *head;
	struct worker_job **tail;
};

struct worker_pool {
	uv_async_t async;
	pthread_mutex_t lock;
	struct job_queue finished;
	unsigned int nworkers;
	int closing;
};

struct worker {
	struct worker_pool *pool;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_queue jobs;
	int stopping;
	struct worker_job last;
};

static void queue_init(struct job_queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
}

static void queue_push(struct job_queue *queue, struct worker_job *job)
{
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
}

static struct worker_job *queue_pop(struct job_queue *queue)
{
	struct worker_job *job = queue->head;

	if (!job)
		return NULL;
	queue->head = job->next;
	if (!queue->head)
		queue->tail = &queue->head;
	return job;
}

static struct worker_job *pool_pop(struct worker_pool *pool)
{
	struct worker_job *job;

	pthread_mutex_lock(&pool->lock);
	job = queue_pop(&pool->finished);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void pool_finished(uv_async_t *async)
{
	struct worker_pool *pool = async->data;
	struct worker_job *job;

	while ((job = pool_pop(pool)))
		job->done(job, job->result);
}

int worker_pool_open(uv_loop_t *loop, struct worker_pool **pool)
{
	struct worker_pool *p;
	int ret;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	ret = uv_async_init(loop, &p->async, pool_finished);
	if (ret) {
		free(p);
		return ret;
	}
	p->async.data = p;
	pthread_mutex_init(&p->lock, NULL);
	queue_init(&p->finished);
	*pool = p;
	return 0;
}

static void pool_free(uv_handle_t *handle)
{
	struct worker_pool *pool = handle->data;

	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* Threads speak to the pool to their very end. */
static void pool_settle(struct worker_pool *pool)
{
	if (pool->closing && !pool->nworkers)
		uv_close((uv_handle_t *)&pool->async, pool_free);
}

void worker_pool_close(struct worker_pool *pool)
{
	pool->closing = 1;
	pool_settle(pool);
}

static void pool_push(struct worker_pool *pool, struct worker_job *job)
{
	pthread_mutex_lock(&pool->lock);
	queue_push(&pool->finished, job);
	/* Under the lock: once it is seen, the pool may be closed. */
	uv_async_send(&pool->async);
	pthread_mutex_unlock(&pool->lock);
}

static struct worker_job *worker_next(struct worker *worker)
{
	struct worker_job *job;

	pthread_mutex_lock(&worker->lock);
	while (!worker->jobs.head && !worker->stopping)
		pthread_cond_wait(&worker->wake, &worker->lock);
	job = queue_pop(&worker->jobs);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct worker_job *job;

	while ((job = worker_next(worker))) {
		job->result = job->run(job);
		pool_push(worker->pool, job);
	}
	pool_push(worker->pool, &worker->last);
	return NULL;
}

static void worker_ended(struct worker_job *job, int result)
{
	struct worker *worker = job->worker;
	struct worker_pool *pool = worker->pool;

	(void)result;
	/* It has said its last word: the join does not block. */
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	pool->nworkers--;
	pool_settle(pool);
}

int worker_start(struct worker_pool *pool, struct worker **worker)
{
	struct worker *w;
	pthread_condattr_t attr;
	int ret;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->pool = pool;
	w->last.worker = w;
	w->last.done = worker_ended;
	queue_init(&w->jobs);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);

	ret = pthread_create(&w->thread, NULL, worker_main, w);
	if (ret) {
		pthread_cond_destroy(&w->wake);
		pthread_mutex_destroy(&w->lock);
		free(w);
		return -ret;
	}
	pool->nworkers++;
	*worker = w;
	return 0;
}

void worker_stop(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->stopping = 1;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

void worker_post(struct worker *worker, struct worker_job *job)
{
	job->worker = worker;
	pthread_mutex_lock(&worker->lock);
	queue_push(&worker->jobs, job);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

int worker_pause(struct worker *worker, unsigned int ms)
{
	struct timespec until;
	int stopping;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000l;
	if (until.tv_nsec >= 1000000000l) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000l;
	}

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&worker->wake, &worker->lock,
					     &until);
	stopping = worker->stopping;
	pthread_mutex_unlock(&worker->lock);
	return stopping ? -ECANCELED : 0;
}
