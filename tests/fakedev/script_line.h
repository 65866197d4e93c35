/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script_line - one line of a script, shared by the files that take it apart.
 *
 * script.c has the lines of a device, script_rule.c those of an endpoint,
 * script_line.c the words.
 */
#ifndef FAKEDEV_SCRIPT_LINE_H
#define FAKEDEV_SCRIPT_LINE_H

#include "script.h"

#define SCRIPT_WORDS_MAX	80
#define SCRIPT_MS_MAX		3600000u

/**
 * struct script_line - one line, and where it is from
 * @script: what is filled
 * @spec: device of this block, NULL before the first
 * @name: of the file
 * @line: number
 * @nwords: words of the line
 * @words: those
 * @error: sentence
 * @error_len: its size
 */
struct script_line {
	struct script *script;
	struct spec *spec;
	const char *name;
	unsigned int line;
	unsigned int nwords;
	char *words[SCRIPT_WORDS_MAX];
	char *error;
	size_t error_len;
};

/* script_fail() - "FILE:LINE: sentence"; returns -EINVAL */
int script_fail(struct script_line *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* All of these return 0, or -EINVAL with the sentence. */

int script_number(struct script_line *r, const char *word, uint32_t min,
		  uint32_t max, uint32_t *out);

/* script_hex() - bytes behind the @len that are there; at most @max in all */
int script_hex(struct script_line *r, const char *word, uint8_t *to, size_t max,
	       size_t *len);

/* script_ids() - VID:PID */
int script_ids(struct script_line *r, const char *word, uint16_t *vid,
	       uint16_t *pid);

/* script_find() - index in a table that ends with NULL; -1 = not there */
int script_find(const char *const *names, const char *word);

/* script_rule() - the rules of an endpoint; NULL: too many endpoints */
struct spec_rule *script_rule(struct spec *spec, uint8_t ep);

/* script_rule_line() - take "on ADDRESS RULE ..." */
int script_rule_line(struct script_line *r);

#endif /* FAKEDEV_SCRIPT_LINE_H */
