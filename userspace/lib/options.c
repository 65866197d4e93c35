// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options - the command line of a program: one row an option.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "options.h"

#define LONG_FIRST	256	/* values of long options, above all letters */

static const struct options_row own_rows[] = {
	{ "help", 'h', NULL, "print this and exit", NULL, 0 },
	{ "version", 'V', NULL, "print the version and exit", NULL, 0 },
};

#define NOWN	(sizeof(own_rows) / sizeof(own_rows[0]))

static const struct options_row *row_at(const struct options *options, size_t i)
{
	if (i < options->nrows)
		return &options->rows[i];
	i -= options->nrows;
	return i < NOWN ? &own_rows[i] : NULL;
}

static void print_row(const struct options_row *row)
{
	char name[32];

	snprintf(name, sizeof(name), "--%s%s%s", row->name,
		 row->value ? " " : "", row->value ? row->value : "");
	printf("  %c%c%s %-20s %s\n", row->letter ? '-' : ' ',
	       row->letter ? row->letter : ' ', row->letter ? "," : " ", name,
	       row->text);
}

static int print_help(const struct options *options)
{
	const struct options_row *row;
	size_t i;

	printf("Usage: %s %s\n%s\n", options->program, options->usage,
	       options->purpose);
	for (i = 0; (row = row_at(options, i)); i++)
		print_row(row);
	if (options->notes)
		printf("\n%s", options->notes);
	return ERROR_EXIT_OK;
}

static int note(const struct options_row *row, void *ctx)
{
	char *at = (char *)ctx + row->at;

	if (row->value)
		*(const char **)at = optarg;
	else
		*(int *)at = 1;
	return OPTIONS_GO_ON;
}

static int act(const struct options *options, const struct options_row *row,
	       void *ctx)
{
	if (row == &own_rows[0])
		return print_help(options);
	if (row != &own_rows[1])
		return row->set ? row->set(ctx, optarg) : note(row, ctx);
	printf("%s " P2PUSB_VERSION "\n", options->program);
	return ERROR_EXIT_OK;
}

/* -1: getopt_long() has said what is wrong. */
static int next_row(const struct options *options, int c)
{
	const struct options_row *row;
	size_t i;

	for (i = 0; (row = row_at(options, i)); i++)
		if (c == row->letter || c == (int)i + LONG_FIRST)
			return (int)i;
	return -1;
}

static void describe(const struct options *options, struct option *longs,
		     char *shorts)
{
	const struct options_row *row;
	size_t i;

	for (i = 0; (row = row_at(options, i)); i++) {
		longs[i].name = row->name;
		longs[i].has_arg = row->value ? required_argument : no_argument;
		longs[i].val = (int)i + LONG_FIRST;
		if (row->letter) {
			*shorts++ = row->letter;
			if (row->value)
				*shorts++ = ':';
		}
	}
}

static int refuse_argument(const struct options *options, const char *text)
{
	fprintf(stderr, "%s: E_USAGE: unexpected \"%s\". Try: %s --help\n",
		options->program, text, options->program);
	return ERROR_EXIT_USAGE;
}

int options_read(const struct options *options, int argc, char **argv,
		 void *ctx, int *first)
{
	struct option longs[OPTIONS_MAX + NOWN + 1] = { 0 };
	char shorts[2 * (OPTIONS_MAX + NOWN) + 1] = "";
	int status = OPTIONS_GO_ON;
	int row, c;

	describe(options, longs, shorts);
	while (status == OPTIONS_GO_ON &&
	       (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		row = next_row(options, c);
		status = row < 0 ? ERROR_EXIT_USAGE :
				   act(options, row_at(options, row), ctx);
	}
	if (first)
		*first = optind;
	else if (status == OPTIONS_GO_ON && optind < argc)
		status = refuse_argument(options, argv[optind]);
	return status;
}
