/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config - ini files of the daemons (libinih), with drop-ins.
 *
 * PATH, then PATH.d/ *.conf in order of names.  An unknown section or key, a
 * bad value or a line that is no ini is an error that names file, line and
 * key.  Does not know what the keys mean: each program has a table.
 */
#ifndef P2PUSB_LIB_CONFIG_H
#define P2PUSB_LIB_CONFIG_H

#include <stddef.h>

struct config_key;

/**
 * CONFIG_WHY_MAX - bytes of the sentence of a setter
 */
#define CONFIG_WHY_MAX 128

/**
 * struct config_key - one key that a program understands
 * @section: "peer" matches "[peer]" and "[peer NAME]"
 * @name: key; "" is called once when a section starts (value = NAME or "")
 * @set: stores the value; 0, or negative errno with a sentence in @why
 */
struct config_key {
	const char *section;
	const char *name;
	int (*set)(void *ctx, const char *section_name, const char *value,
		   char why[CONFIG_WHY_MAX]);
};

/**
 * config_read() - read a file and its drop-ins
 * @path: main file; must exist, as somebody asked for it, unless it is @usual
 * @usual: the main file that nobody had to ask for
 * @keys: table, ends with @section NULL
 * @ctx: first argument of the setters
 * @error: on failure "FILE:LINE: key: sentence"
 * @len: its size
 *
 * Return: 0, -EINVAL with @error, other negative errno with @error.
 */
int config_read(const char *path, const char *usual,
		const struct config_key *keys, void *ctx, char *error,
		size_t len);

/**
 * config_read_file() - read one file, no drop-ins
 * @path: must exist, a regular file
 *
 * As config_read() otherwise; -ENOENT is reported, too.
 */
int config_read_file(const char *path, const struct config_key *keys, void *ctx,
		     char *error, size_t len);

/* Setters' helpers: 0, or -EINVAL with a sentence. */
int config_u32(const char *value, unsigned int min, unsigned int max,
	       unsigned int *out, char why[CONFIG_WHY_MAX]);
int config_bool(const char *value, int *out, char why[CONFIG_WHY_MAX]);
int config_text(const char *value, char *out, size_t size,
		char why[CONFIG_WHY_MAX]);

#endif /* P2PUSB_LIB_CONFIG_H */
