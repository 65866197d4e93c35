/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen - what a person or a script sees: lines, tables, progress, JSON.
 *
 * Everything printed for people goes through text_clean().  Knows no verbs.
 */
#ifndef P2PUSB_CTL_SCREEN_H
#define P2PUSB_CTL_SCREEN_H

#include <json-c/json.h>
#include <stddef.h>

#define SCREEN_CELL_MAX	256	/* bytes of a cell */
#define SCREEN_SCHEMA	1	/* of the JSON; grows only with breaks */

/**
 * struct screen_column - of a table made from an array of objects
 * @head: as printed
 * @name: member shown, when @cell is NULL
 * @cell: fills the text of a row otherwise
 */
struct screen_column {
	const char *head;
	const char *name;
	void (*cell)(struct json_object *row, char text[SCREEN_CELL_MAX]);
};

/**
 * screen_table() - aligned columns with a head
 * @rows: array of objects, NULL = none
 * @columns: ends with @head NULL
 *
 * Prints nothing when there are no rows.
 */
void screen_table(struct json_object *rows,
		  const struct screen_column *columns);

/**
 * screen_line() - one line on stdout
 * @fmt: printf, no newline
 */
void screen_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * screen_progress() - what is waited for; replaces the one before
 * @fmt: printf, no newline; NULL: the wait is over
 *
 * Only on a terminal, on stderr, so that pipes never see it.
 */
void screen_progress(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/**
 * screen_json() - the one object of a call
 * @object: printed behind "schema"
 */
void screen_json(struct json_object *object);

/* Cells that several tables have. */
void screen_cell_id(struct json_object *row, char text[SCREEN_CELL_MAX]);
void screen_cell_speed(struct json_object *row, char text[SCREEN_CELL_MAX]);
void screen_cell_name(struct json_object *row, char text[SCREEN_CELL_MAX]);

#endif /* P2PUSB_CTL_SCREEN_H */
