// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jsonget - print a value of the one JSON object on stdin.
 *
 * usage: jsonget [PATH]    as in ports.0.state; ports.# is how many there are
 *
 * Status 1: what came is not exactly one JSON object; 2: usage; 3: there is no
 * such value.  Without PATH it only checks.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (4 << 20)

static char *read_all(size_t *length)
{
	char *text = malloc(INPUT_MAX + 1);
	ssize_t n = 0;

	if (!text)
		return NULL;
	*length = 0;
	do {
		*length += n;
		n = read(STDIN_FILENO, text + *length, INPUT_MAX - *length);
	} while (n > 0);
	text[*length] = '\0';
	return text;
}

/* The whole input must be one object, and nothing but a newline after it. */
static struct json_object *parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;
	size_t end;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(tokener, text, length);
	end = json_tokener_get_parse_end(tokener);
	if (o && (!json_object_is_type(o, json_type_object) ||
		  (end != length && strcmp(text + end, "\n")))) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

/* NULL: not there. */
static struct json_object *step(struct json_object *o, const char *name)
{
	struct json_object *next = NULL;
	size_t length;

	if (json_object_is_type(o, json_type_array)) {
		length = json_object_array_length(o);
		if (!strcmp(name, "#"))
			return json_object_new_int64(length);
		if (strspn(name, "0123456789") != strlen(name) ||
		    strtoul(name, NULL, 10) >= length)
			return NULL;
		return json_object_array_get_idx(o, strtoul(name, NULL, 10));
	}
	if (!json_object_object_get_ex(o, name, &next))
		return NULL;
	return next;
}

int main(int argc, char **argv)
{
	struct json_object *o;
	size_t length;
	char *text, *name;

	if (argc > 2) {
		fprintf(stderr, "usage: jsonget [PATH]\n");
		return 2;
	}
	text = read_all(&length);
	o = text ? parse(text, length) : NULL;
	if (!o) {
		fprintf(stderr, "jsonget: not one JSON object: %.200s\n",
			text ? text : strerror(errno));
		return 1;
	}
	if (argc == 1)
		return 0;
	for (name = strtok(argv[1], "."); name && o; name = strtok(NULL, "."))
		o = step(o, name);
	if (!o)
		return 3;
	puts(json_object_is_type(o, json_type_string) ?
	     json_object_get_string(o) :
	     json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	return 0;
}
