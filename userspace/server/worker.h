/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker - one thread for what may block in the kernel, per shared device.
 *
 * Jobs of a worker run one after the other, in order; their results come back
 * to the loop.  Knows no USB; does not limit how many workers there are.
 */
#ifndef P2PUSB_SERVER_WORKER_H
#define P2PUSB_SERVER_WORKER_H

#include <sys/queue.h>
#include <uv.h>

struct worker;
struct worker_pool;

/**
 * struct worker_job - something to do; embedded in what it is about
 * @entry: of a list of whoever will post it
 * @run: on the thread; returns 0 or negative errno
 * @done: on the loop, once, with what @run returned
 * @worker: set by worker_post()
 * @result: of @run
 * @next: private
 */
struct worker_job {
	STAILQ_ENTRY(worker_job) entry;
	int (*run)(struct worker_job *job);
	void (*done)(struct worker_job *job, int result);
	struct worker *worker;
	int result;
	struct worker_job *next;
};

/**
 * worker_pool_open() - where results of workers come back
 * @loop: of the owner
 * @pool: out
 *
 * Return: 0, negative errno.
 */
int worker_pool_open(uv_loop_t *loop, struct worker_pool **pool);

/**
 * worker_pool_close() - no worker will be started any more
 * @pool: freed from the loop, once all its workers ended
 */
void worker_pool_close(struct worker_pool *pool);

/**
 * worker_start() - new thread
 * @pool: see there
 * @worker: out
 *
 * Return: 0, -ENOMEM, -EAGAIN.
 */
int worker_start(struct worker_pool *pool, struct worker **worker);

/**
 * worker_stop() - end the thread once its jobs are done
 * @worker: freed from the loop after that; never waited for
 */
void worker_stop(struct worker *worker);

/**
 * worker_post() - queue a job; from the loop
 * @worker: not stopped
 * @job: lives until @done
 */
void worker_post(struct worker *worker, struct worker_job *job);

/**
 * worker_pause() - let time pass; from @run
 * @worker: of this thread
 * @ms: milliseconds
 *
 * Return: 0, -ECANCELED when the worker is to stop.
 */
int worker_pause(struct worker *worker, unsigned int ms);

#endif /* P2PUSB_SERVER_WORKER_H */
