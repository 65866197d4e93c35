/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper_worker - the server's workers without threads.
 *
 * Stands in for server/worker.c.  A job runs, and is told done, when the input
 * says so; those of one worker in order.
 */
#ifndef P2PUSB_FUZZ_PAPER_WORKER_H
#define P2PUSB_FUZZ_PAPER_WORKER_H

#include "worker.h"

/* The next job of the @n-th worker runs.  Return: non-zero when there was one. */
int paper_worker_run(unsigned int n);

/* The oldest job that has run is told.  Return: non-zero when there was one. */
int paper_worker_done(void);

#endif /* P2PUSB_FUZZ_PAPER_WORKER_H */
