// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log - one line for a person on stderr.
 *
 * Does not buffer, does not rotate, does not open files.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define LOG_LINE_MAX	1024

static struct {
	const char *program;
	enum log_level level;
	int journal;
} log_state = { "p2pusb", LOG_LEVEL_NOTE, 0 };

void log_open(const char *program, enum log_level level)
{
	log_state.program = program;
	log_state.level = level;
	log_state.journal = !!getenv("JOURNAL_STREAM");
}

/* A text from a peer must not move the cursor of the person's terminal. */
static void log_clean(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	size_t start;
	size_t end;
	int n;

	if (level > log_state.level)
		return;
	if (log_state.journal)
		n = snprintf(line, sizeof(line), "<%d>", (int)level);
	else
		n = snprintf(line, sizeof(line), "%s: ", log_state.program);
	start = (size_t)n;

	va_start(args, fmt);
	n = vsnprintf(line + start, sizeof(line) - start - 1, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	end = start + (size_t)n;
	if (end > sizeof(line) - 2)
		end = sizeof(line) - 2;
	log_clean(line + start, end - start);
	line[end++] = '\n';
	/* One write: lines of several threads do not mix. */
	if (write(STDERR_FILENO, line, end) < 0)
		return;
}
