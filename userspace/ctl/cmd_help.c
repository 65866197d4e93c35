// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_help - verbs, options and codes, out of their tables.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "field.h"
#include "screen.h"
#include "verb.h"

#define HELP_LINE_CHARS	78

static struct json_object *help_code(const struct error_code *row)
{
	struct json_object *o = json_object_new_object();

	field_put_text(o, "code", row->code);
	field_put_number(o, "exit", row->exit);
	field_put_text(o, "text", row->text);
	return o;
}

int cmd_explain(const struct request *req, struct json_object *out,
		struct failure *failure)
{
	struct json_object *codes = json_object_new_array();
	const struct error_code *row;

	json_object_object_add(out, "codes", codes);
	if (!req->nargs) {
		for (row = error_table(); row->code; row++)
			json_object_array_add(codes, help_code(row));
		return 0;
	}
	row = error_find(req->args[0]);
	if (!row)
		return failure_set(failure, "E_UNKNOWN_CODE",
				   "p2pusbctl explain", "nothing to explain",
				   "there is no code \"%s\"", req->args[0]);
	json_object_array_add(codes, help_code(row));
	return 0;
}

/* Words of @text, broken into lines. */
static void help_wrap(const char *text)
{
	size_t column = 0, len;

	while (*text) {
		len = strcspn(text, " ");
		if (column && column + 1 + len > HELP_LINE_CHARS) {
			putchar('\n');
			column = 0;
		}
		printf("%s%.*s", column ? " " : "", (int)len, text);
		column += len + !!column;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static const struct screen_column help_code_columns[] = {
	{ "CODE", "code", NULL },
	{ "EXIT", "exit", NULL },
	{ NULL, NULL, NULL }
};

void cmd_explain_show(const struct request *req, struct json_object *out)
{
	struct json_object *codes = field_array(out, "codes"), *row;

	if (!req->nargs) {
		screen_table(codes, help_code_columns);
		return;
	}
	row = json_object_array_get_idx(codes, 0);
	printf("%s (exit status %d)\n", field_text(row, "code"),
	       (int)field_number(row, "exit"));
	help_wrap(field_text(row, "text"));
}

/* "help peer add" and "peer add --help" mean the same. */
static const struct verb *help_find(const struct request *req)
{
	const struct verb *verb;
	char name[64];

	snprintf(name, sizeof(name), "%.31s%s%.31s", req->args[0],
		 req->nargs > 1 ? " " : "", req->nargs > 1 ? req->args[1] : "");
	for (verb = verb_table(); verb->name; verb++)
		if (!strcmp(verb->name, name))
			return verb;
	return NULL;
}

static struct json_object *help_options(const struct verb *verb)
{
	struct json_object *options = json_object_new_array();
	const struct request_option_row *row;
	char text[64];

	for (row = request_options(); row->name; row++) {
		if (row->bit && !(row->bit & verb->options))
			continue;
		snprintf(text, sizeof(text), "--%s", row->name);
		json_object_array_add(options, json_object_new_string(text));
	}
	return options;
}

static struct json_object *help_verb(const struct verb *verb)
{
	struct json_object *o = json_object_new_object();

	field_put_text(o, "name", verb->name);
	field_put_text(o, "usage", verb->usage);
	field_put_text(o, "purpose", verb->purpose);
	json_object_object_add(o, "options", help_options(verb));
	return o;
}

int cmd_help(const struct request *req, struct json_object *out,
	     struct failure *failure)
{
	struct json_object *verbs = json_object_new_array();
	const struct verb *verb;

	json_object_object_add(out, "verbs", verbs);
	if (!req->nargs) {
		for (verb = verb_table(); verb->name; verb++)
			json_object_array_add(verbs, help_verb(verb));
		return 0;
	}
	verb = help_find(req);
	if (!verb)
		return failure_set(failure, "E_USAGE", "p2pusbctl help",
				   req->args[0], "there is no such verb");
	json_object_array_add(verbs, help_verb(verb));
	return 0;
}

static void help_print_options(unsigned int bits, unsigned int general)
{
	const struct request_option_row *row;
	char left[48];

	for (row = request_options(); row->name; row++) {
		if (row->bit ? !(row->bit & bits) : !general)
			continue;
		snprintf(left, sizeof(left), "%s%.1s%s--%s%s%s",
			 row->letter ? "-" : "", &row->letter,
			 row->letter ? ", " : "", row->name,
			 row->value ? " " : "", row->value ? row->value : "");
		printf("  %-24s %s\n", left, row->purpose);
	}
}

static void help_show_one(const struct verb *verb)
{
	printf("usage: p2pusbctl %s %s\n\n%s\n", verb->name, verb->usage,
	       verb->purpose);
	if (!verb->options)
		return;
	putchar('\n');
	help_print_options(verb->options, 0);
}

void cmd_help_show(const struct request *req, struct json_object *out)
{
	const struct verb *verb;

	(void)out;
	if (req->nargs) {
		help_show_one(help_find(req));
		return;
	}
	printf("usage: p2pusbctl [VERB] [ARGUMENT]... [OPTION]...\n\n"
	       "Use a USB device that is plugged in somewhere else.\n\n");
	for (verb = verb_table(); verb->name; verb++)
		printf("  %-12s %s\n", verb->name, verb->purpose);
	putchar('\n');
	help_print_options(0, 1);
	printf("\np2pusbctl help VERB shows arguments and options of a verb.\n");
}
