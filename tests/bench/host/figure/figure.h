/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figure - what a load measures: bytes, latencies and CPU time of two
 * processes.
 *
 * Keeps every latency: a histogram's edges would show in the ratio.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/**
 * struct figure - zeroed at the start
 * @started_ns: CLOCK_MONOTONIC
 * @ended_ns: likewise, 0 = not yet
 * @cpu_ns: of this process and the other one, at the start; then between
 * @other: CPU clock of the other process
 * @has_other: there is one
 * @bytes: moved
 * @count: entries of @latency
 * @room: how many it could have
 * @latency: in ns
 */
struct figure {
	uint64_t started_ns;
	uint64_t ended_ns;
	uint64_t cpu_ns;
	clockid_t other;
	int has_other;
	uint64_t bytes;
	uint32_t count;
	uint32_t room;
	uint64_t *latency;
};

/* CLOCK_MONOTONIC in ns. */
uint64_t figure_now(void);

/**
 * figure_start() - count from now on
 * @figure: zeroed
 * @other: pid whose CPU time counts beside ours, 0 = none
 */
void figure_start(struct figure *figure, int other);

/**
 * figure_add() - one transfer is done
 * @figure: started
 * @bytes: moved by it; it does not count after figure_end()
 * @ns: how long it took
 */
void figure_add(struct figure *figure, uint64_t bytes, uint64_t ns);

/**
 * figure_end() - count no more
 * @figure: started
 */
void figure_end(struct figure *figure);

/**
 * figure_print() - "METRIC VALUE" lines: mbs, urbs, p50, p99 (us), cpums
 * @figure: ended
 * @file: where
 */
void figure_print(struct figure *figure, FILE *file);

#endif /* BENCH_FIGURE_H */
