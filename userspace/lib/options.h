/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options - the command line of a program: one row an option.
 *
 * getopt_long() and the help are made of the rows; --help and --version are
 * there without one.  Knows no verbs: p2pusbctl has a table of its own.
 */
#ifndef P2PUSB_LIB_OPTIONS_H
#define P2PUSB_LIB_OPTIONS_H

#include <stddef.h>

#define OPTIONS_MAX	32	/* rows */
#define OPTIONS_GO_ON	(-1)	/* no exit status */

/**
 * struct options_row - one option
 * @name: behind "--"
 * @letter: behind "-", 0 = none
 * @value: what it takes, for the help; NULL = nothing
 * @text: what it is for
 * @set: told of it; OPTIONS_GO_ON, or the status to exit with.  NULL: it goes
 *	to @at
 * @at: offset in the ctx: const char * for the value, or int that becomes 1 for
 *	an option without one
 */
struct options_row {
	const char *name;
	char letter;
	const char *value;
	const char *text;
	int (*set)(void *ctx, const char *value);
	size_t at;
};

/**
 * struct options - a command line
 * @program: name of the program
 * @usage: what follows the name in the help
 * @purpose: a line or two, each with its newline
 * @notes: below the rows, NULL = nothing
 * @rows: the options
 * @nrows: how many, <= OPTIONS_MAX
 */
struct options {
	const char *program;
	const char *usage;
	const char *purpose;
	const char *notes;
	const struct options_row *rows;
	size_t nrows;
};

/**
 * options_read() - act on a command line
 * @options: what there is
 * @argc: of main()
 * @argv: of main(); what is not an option is moved to its end
 * @ctx: for the rows
 * @first: out: index of the first argument that is no option; NULL: there may be
 *	none
 *
 * What is not understood is reported on stderr.
 *
 * Return: OPTIONS_GO_ON, or the status to exit with.
 */
int options_read(const struct options *options, int argc, char **argv,
		 void *ctx, int *first);

#endif /* P2PUSB_LIB_OPTIONS_H */
