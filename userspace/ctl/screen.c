// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * screen - lines, tables, progress, JSON.
 *
 * Plain text: no colours, so that a terminal, a pipe and a screen reader get
 * the same.  Only progress knows what a terminal is.
 */
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "field.h"
#include "text.h"

#define SCREEN_LINE_MAX		2048
#define SCREEN_COLUMNS_MAX	12
#define SCREEN_GAP		2

static const struct {
	const char *name;
	const char *shown;
} screen_speeds[] = {
	{ "low", "1.5M" }, { "full", "12M" }, { "high", "480M" },
	{ "super", "5G" }, { "super-plus", "10G" }, { "super+", "10G" },
};

void screen_cell_id(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	snprintf(text, SCREEN_CELL_MAX, "%04x:%04x",
		 (unsigned int)field_number(row, "vid") & 0xffff,
		 (unsigned int)field_number(row, "pid") & 0xffff);
}

void screen_cell_speed(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	const char *name = field_text(row, "speed");
	size_t i;

	snprintf(text, SCREEN_CELL_MAX, "%s", name);
	for (i = 0; i < sizeof(screen_speeds) / sizeof(screen_speeds[0]); i++)
		if (!strcmp(screen_speeds[i].name, name))
			snprintf(text, SCREEN_CELL_MAX, "%s",
				 screen_speeds[i].shown);
}

/* "Maker Product", without the maker where the product repeats it. */
void screen_cell_name(struct json_object *row, char text[SCREEN_CELL_MAX])
{
	const char *maker = field_text(row, "manufacturer");
	const char *product = field_text(row, "product");

	if (!*maker || !strncmp(maker, product, strlen(maker)))
		snprintf(text, SCREEN_CELL_MAX, "%s", product);
	else
		snprintf(text, SCREEN_CELL_MAX, "%s%s%s", maker,
			 *product ? " " : "", product);
}

static void screen_cell_member(struct json_object *row, const char *name,
			       char text[SCREEN_CELL_MAX])
{
	struct json_object *value;
	const char *shown;

	text[0] = '\0';
	if (!json_object_object_get_ex(row, name, &value))
		return;
	/* Text without its quotes, all else as in JSON. */
	shown = json_object_is_type(value, json_type_string) ?
			json_object_get_string(value) :
			json_object_to_json_string(value);
	snprintf(text, SCREEN_CELL_MAX, "%s", shown);
}

static void screen_cell(struct json_object *row,
			const struct screen_column *column,
			char text[SCREEN_CELL_MAX])
{
	if (column->cell)
		column->cell(row, text);
	else
		screen_cell_member(row, column->name, text);
	text_clean(text);
	/* A column is never empty, so that awk can count them. */
	if (!*text)
		strcpy(text, "-");
}

static void screen_pad(const char *text, size_t width, int last)
{
	size_t have = text_width(text);

	fputs(text, stdout);
	if (last)
		fputc('\n', stdout);
	else
		printf("%*s", (int)(width - have + SCREEN_GAP), "");
}

void screen_table(struct json_object *rows, const struct screen_column *columns)
{
	size_t widths[SCREEN_COLUMNS_MAX], ncolumns, c, r, width;
	char text[SCREEN_CELL_MAX];
	size_t nrows = rows ? json_object_array_length(rows) : 0;

	if (!nrows)
		return;
	for (c = 0; columns[c].head && c < SCREEN_COLUMNS_MAX; c++) {
		widths[c] = text_width(columns[c].head);
		for (r = 0; r < nrows; r++) {
			screen_cell(json_object_array_get_idx(rows, r),
				    &columns[c], text);
			width = text_width(text);
			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	ncolumns = c;
	for (c = 0; c < ncolumns; c++)
		screen_pad(columns[c].head, widths[c], c + 1 == ncolumns);
	for (r = 0; r < nrows; r++) {
		for (c = 0; c < ncolumns; c++) {
			screen_cell(json_object_array_get_idx(rows, r),
				    &columns[c], text);
			screen_pad(text, widths[c], c + 1 == ncolumns);
		}
	}
}

void screen_line(const char *fmt, ...)
{
	char line[SCREEN_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_clean(line);
	puts(line);
}

void screen_progress(const char *fmt, ...)
{
	char line[SCREEN_LINE_MAX];
	va_list ap;

	if (!isatty(STDERR_FILENO))
		return;
	line[0] = '\0';
	if (fmt) {
		va_start(ap, fmt);
		vsnprintf(line, sizeof(line), fmt, ap);
		va_end(ap);
		text_clean(line);
	}
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
}

void screen_json(struct json_object *object)
{
	struct json_object *whole = json_object_new_object();

	field_put_number(whole, "schema", SCREEN_SCHEMA);
	json_object_object_foreach(object, name, value)
		json_object_object_add(whole, name, json_object_get(value));
	puts(json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(whole);
}
