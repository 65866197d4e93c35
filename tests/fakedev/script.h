/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script - the small language that says what devices there are.
 *
 * Documentation/fakedev.rst explains it.  Knows no fronts and runs nothing.
 */
#ifndef FAKEDEV_SCRIPT_H
#define FAKEDEV_SCRIPT_H

#include <stddef.h>

#include "spec.h"

#define SCRIPT_SPECS_MAX 16

/**
 * struct script - what was read
 * @nspecs: device blocks
 * @specs: those
 */
struct script {
	unsigned int nspecs;
	struct spec specs[SCRIPT_SPECS_MAX];
};

/**
 * script_read_file() - read a script
 * @script: all zero, or with what was read before; more is added
 * @path: file
 * @error: on failure "FILE:LINE: sentence"
 * @len: its size
 *
 * Return: 0, -EINVAL, other negative errno, all with @error.
 */
int script_read_file(struct script *script, const char *path, char *error,
		     size_t len);

/**
 * script_read_text() - the same from memory
 * @name: for messages
 * @text: lines, separated by newline or semicolon
 */
int script_read_text(struct script *script, const char *name, const char *text,
		     char *error, size_t len);

void script_free(struct script *script);

#endif /* FAKEDEV_SCRIPT_H */
