// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * script_line - words of a line, and the sentence when one is wrong.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script_line.h"

int script_fail(struct script_line *r, const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(r->error, r->error_len, "%s:%u: ", r->name, r->line);
	if (n < 0 || (size_t)n >= r->error_len)
		return -EINVAL;
	va_start(args, fmt);
	vsnprintf(r->error + n, r->error_len - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Words to numbers */

int script_number(struct script_line *r, const char *word, uint32_t min,
		  uint32_t max, uint32_t *out)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(word, &end, 0);
	if (errno || end == word || *end || *word == '-' || v < min || v > max)
		return script_fail(r, "\"%s\" is no number from %u to %u", word, min,
			    max);
	*out = (uint32_t)v;
	return 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

int script_hex(struct script_line *r, const char *word, uint8_t *to, size_t max,
	       size_t *len)
{
	int high;
	int low;

	for (; *word; word += 2) {
		high = hex_digit(word[0]);
		low = high < 0 ? -1 : hex_digit(word[1]);
		if (low < 0)
			return script_fail(r, "\"%s\": bytes are pairs of hexadecimal digits",
				    word);
		if (*len >= max)
			return script_fail(r, "more than %zu bytes", max);
		to[(*len)++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int script_ids(struct script_line *r, const char *word, uint16_t *vid, uint16_t *pid)
{
	unsigned int v;
	unsigned int p;
	char rest;

	if (sscanf(word, "%4x:%4x%c", &v, &p, &rest) != 2)
		return script_fail(r, "\"%s\" is no VID:PID, as in 1209:0001", word);
	*vid = (uint16_t)v;
	*pid = (uint16_t)p;
	return 0;
}

/* Index of a word in a table of names that ends with NULL; -1 = none */
int script_find(const char *const *names, const char *word)
{
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], word))
			return i;
	}
	return -1;
}
