// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jsontext - one JSON object out of the bytes of a stranger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"
#include "utf8.h"

#define ESCAPE_GROWTH	3	/* two bytes become the six of \u00e4 */

static size_t escape_rune(char *out, uint32_t rune)
{
	if (rune < 0x10000)
		return (size_t)sprintf(out, "\\u%04x", rune);
	rune -= 0x10000;
	return (size_t)sprintf(out, "\\u%04x\\u%04x", 0xd800 | rune >> 10,
			       0xdc00 | (rune & 0x3ff));
}

/* ASCII, to be freed; NULL: no UTF-8, no memory. */
static char *escape(const char *text, size_t len, size_t *out_len)
{
	char *out = malloc(len * ESCAPE_GROWTH + 1);
	int escaped = 0;
	uint32_t rune;
	size_t to = 0;
	size_t n;

	while (out && len) {
		n = utf8_decode(text, len, &rune);
		/* What is escaped already is no escape that JSON knows. */
		if (!n || (n > 1 && escaped)) {
			free(out);
			return NULL;
		}
		escaped = !escaped && rune == '\\';
		if (n == 1)
			out[to++] = *text;
		else
			to += escape_rune(out + to, rune);
		text += n;
		len -= n;
	}
	*out_len = to;
	return out;
}

static struct json_object *parse(const char *text, size_t len, int depth)
{
	struct json_object *object;
	struct json_tokener *tok;

	tok = json_tokener_new_ex(depth);
	if (!tok)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) != json_tokener_success ||
	    json_tokener_get_parse_end(tok) != len ||
	    !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tok);
	return object;
}

struct json_object *jsontext_parse(const char *text, size_t len, int depth)
{
	struct json_object *object;
	char *ascii;
	size_t n;

	if (memchr(text, '\0', len))
		return NULL;
	ascii = escape(text, len, &n);
	if (!ascii)
		return NULL;
	object = parse(ascii, n, depth);
	free(ascii);
	return object;
}
