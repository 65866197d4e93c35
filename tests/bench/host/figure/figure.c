// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * figure - what a load measures.
 */
#include <stdlib.h>

#include "figure.h"

#define ROOM_FIRST	65536u

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

uint64_t figure_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t cpu_of(const struct figure *figure)
{
	uint64_t ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	return figure->has_other ? ns + clock_ns(figure->other) : ns;
}

void figure_start(struct figure *figure, int other)
{
	figure->has_other = other && !clock_getcpuclockid(other,
							  &figure->other);
	figure->cpu_ns = cpu_of(figure);
	figure->started_ns = figure_now();
}

static int grow(struct figure *figure)
{
	uint32_t room = figure->room ? 2 * figure->room : ROOM_FIRST;
	uint64_t *latency = realloc(figure->latency, room * sizeof(*latency));

	if (!latency)
		return -1;
	figure->latency = latency;
	figure->room = room;
	return 0;
}

void figure_add(struct figure *figure, uint64_t bytes, uint64_t ns)
{
	if (figure->ended_ns)
		return;
	if (figure->count == figure->room && grow(figure))
		abort();
	figure->latency[figure->count++] = ns;
	figure->bytes += bytes;
}

void figure_end(struct figure *figure)
{
	figure->ended_ns = figure_now();
	figure->cpu_ns = cpu_of(figure) - figure->cpu_ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile(const struct figure *figure, unsigned int percent)
{
	uint64_t i = (uint64_t)figure->count * percent / 100;

	return figure->count ? (double)figure->latency[i] / 1000 : 0;
}

void figure_print(struct figure *figure, FILE *file)
{
	double us = (double)(figure->ended_ns - figure->started_ns) / 1000;
	double megabytes = (double)figure->bytes / 1000000;

	qsort(figure->latency, figure->count, sizeof(*figure->latency),
	      compare);
	fprintf(file, "mbs %.1f\n", (double)figure->bytes / us);
	fprintf(file, "urbs %.0f\n", figure->count / us * 1000000);
	fprintf(file, "p50 %.1f\n", percentile(figure, 50));
	fprintf(file, "p99 %.1f\n", percentile(figure, 99));
	fprintf(file, "cpums %.3f\n",
		megabytes > 0 ? (double)figure->cpu_ns / 1000000 / megabytes :
		0);
}
