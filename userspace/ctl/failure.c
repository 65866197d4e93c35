// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * failure - why a verb was not done, as one line.
 *
 * Texts come from peers and daemons, too: they are cleaned here and nowhere
 * else on the way to stderr.
 */
#include "failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "field.h"
#include "screen.h"
#include "text.h"

/* Clean, without the full stop that the line adds. */
static void failure_copy(char *out, size_t size, const char *text)
{
	size_t len;

	snprintf(out, size, "%s", text);
	text_clean(out);
	len = strlen(out);
	while (len && (out[len - 1] == '.' || out[len - 1] == ' '))
		out[--len] = '\0';
}

int failure_set(struct failure *failure, const char *code, const char *hint,
		const char *what, const char *fmt, ...)
{
	char why[sizeof(failure->why)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(failure->code, sizeof(failure->code), "%s", code);
	failure_copy(failure->what, sizeof(failure->what), what);
	failure_copy(failure->why, sizeof(failure->why), why);
	failure_copy(failure->hint, sizeof(failure->hint), hint ? hint : "");
	return -ECANCELED;
}

/* E_ and capitals: anything else is no code, whoever sent it. */
static size_t failure_code_len(const char *text)
{
	size_t len;

	if (strncmp(text, "E_", 2))
		return 0;
	len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return len < sizeof(((struct failure *)NULL)->code) ? len : 0;
}

int failure_from_json(struct failure *failure, struct json_object *error)
{
	const char *code = field_text(error, "code");
	size_t len = failure_code_len(code);

	if (!len || code[len])
		code = "E_PROTOCOL";
	return failure_set(failure, code, field_text(error, "try"),
			   field_text(error, "what"), "%s",
			   field_text(error, "why"));
}

int failure_from_sentence(struct failure *failure, const char *code,
			  const char *what, const char *sentence)
{
	char given[sizeof(failure->code)], text[1024], *why, *hint;
	size_t len = failure_code_len(sentence);

	if (!len || sentence[len] != ':')
		return failure_set(failure, code, NULL, what, "%s", sentence);
	memcpy(given, sentence, len);
	given[len] = '\0';
	sentence += len + 1;
	snprintf(text, sizeof(text), "%s",
		 sentence + strspn(sentence, " "));
	hint = strstr(text, ". Try: ");
	if (hint) {
		*hint = '\0';
		hint += strlen(". Try: ");
	}
	why = strstr(text, ". ");
	if (why) {
		*why = '\0';
		why += 2;
	}
	return failure_set(failure, given, hint, text, "%s", why ? why : "");
}

static int failure_exit(const struct failure *failure)
{
	const struct error_code *row = error_find(failure->code);

	return row ? row->exit : ERROR_EXIT_FAILED;
}

int failure_print(const struct failure *failure, int json)
{
	struct json_object *out, *error;

	if (!json) {
		fprintf(stderr, "%s: %s.", failure->code, failure->what);
		if (*failure->why)
			fprintf(stderr, " %s.", failure->why);
		if (*failure->hint)
			fprintf(stderr, " Try: %s", failure->hint);
		fputc('\n', stderr);
		return failure_exit(failure);
	}
	out = json_object_new_object();
	error = json_object_new_object();
	field_put_text(error, "code", failure->code);
	field_put_text(error, "what", failure->what);
	field_put_text(error, "why", failure->why);
	field_put_text(error, "try", failure->hint);
	field_put_number(error, "exit", failure_exit(failure));
	json_object_object_add(out, "error", error);
	screen_json(out);
	json_object_put(out);
	return failure_exit(failure);
}
