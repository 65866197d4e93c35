// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * field - members of JSON objects, by name, with a default.
 *
 * Does not know which members exist.
 */
#include "field.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static struct json_object *field_get(struct json_object *from, const char *name,
				     enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(from, json_type_object) ||
	    !json_object_object_get_ex(from, name, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

const char *field_text(struct json_object *from, const char *name)
{
	struct json_object *value = field_get(from, name, json_type_string);

	return value ? json_object_get_string(value) : "";
}

int64_t field_number(struct json_object *from, const char *name)
{
	struct json_object *value = field_get(from, name, json_type_int);

	return value ? json_object_get_int64(value) : 0;
}

struct json_object *field_array(struct json_object *from, const char *name)
{
	return field_get(from, name, json_type_array);
}

struct json_object *field_object(struct json_object *from, const char *name)
{
	return field_get(from, name, json_type_object);
}

void field_put_text(struct json_object *to, const char *name, const char *text)
{
	char *clean = strdup(text);

	if (!clean)
		return;
	text_clean(clean);
	json_object_object_add(to, name, json_object_new_string(clean));
	free(clean);
}

void field_put_number(struct json_object *to, const char *name, int64_t value)
{
	json_object_object_add(to, name, json_object_new_int64(value));
}

void field_put_bool(struct json_object *to, const char *name, int value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}
