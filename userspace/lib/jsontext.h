/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jsontext - one JSON object out of the bytes of a stranger.
 *
 * json-c parses; this is what it does not do alike in all its versions.
 */
#ifndef P2PUSB_LIB_JSONTEXT_H
#define P2PUSB_LIB_JSONTEXT_H

#include <json-c/json.h>
#include <stddef.h>

/**
 * jsontext_parse() - strictly one object, and nothing behind it
 * @text: any bytes
 * @len: how many
 * @depth: nesting that is allowed
 *
 * Version 0.18 of json-c, when strict, takes no character beyond ASCII; such
 * characters are escaped for it.  They can stand in strings only, so nothing
 * changes its meaning.
 *
 * Return: object, or NULL: not JSON, not UTF-8, no object, too deep, no memory.
 */
struct json_object *jsontext_parse(const char *text, size_t len, int depth);

#endif /* P2PUSB_LIB_JSONTEXT_H */
