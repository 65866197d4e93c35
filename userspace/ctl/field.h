/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * field - members of JSON objects, by name, with a default.
 *
 * A daemon of another version may leave out or add members, and of a member of
 * the wrong type nothing is taken.
 */
#ifndef P2PUSB_CTL_FIELD_H
#define P2PUSB_CTL_FIELD_H

#include <json-c/json.h>
#include <stdint.h>

/* Read: "", 0, NULL when there is none (or @from is NULL). */
const char *field_text(struct json_object *from, const char *name);
int64_t field_number(struct json_object *from, const char *name);
struct json_object *field_array(struct json_object *from, const char *name);
struct json_object *field_object(struct json_object *from, const char *name);

/* Write; a text is made valid UTF-8 without control characters. */
void field_put_text(struct json_object *to, const char *name,
		    const char *text);
void field_put_number(struct json_object *to, const char *name, int64_t value);
void field_put_bool(struct json_object *to, const char *name, int value);

#endif /* P2PUSB_CTL_FIELD_H */
