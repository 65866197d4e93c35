// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record - what happened, one JSON object a line.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "record.h"

static FILE *record_file;

int record_open(const char *path)
{
	record_file = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!record_file)
		return -errno;
	/* A test reads it while it grows. */
	setvbuf(record_file, NULL, _IOLBF, 0);
	return 0;
}

static void start_line(int device, const char *event)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	fprintf(record_file, "{\"ms\":%llu",
		(unsigned long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
	if (device >= 0)
		fprintf(record_file, ",\"device\":%d", device);
	fprintf(record_file, ",\"event\":\"%s\"", event);
}

void record_event(int device, const char *event, const char *fmt, ...)
{
	va_list args;

	if (!record_file)
		return;
	start_line(device, event);
	va_start(args, fmt);
	vfprintf(record_file, fmt, args);
	va_end(args);
	fputs("}\n", record_file);
}

void record_plain(int device, const char *event)
{
	if (!record_file)
		return;
	start_line(device, event);
	fputs("}\n", record_file);
}

void record_close(void)
{
	if (record_file && record_file != stdout)
		fclose(record_file);
	record_file = NULL;
}
