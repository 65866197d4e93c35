/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failure - why a verb was not done: CODE: what. Why. Try: command
 *
 * One line on stderr, or one JSON object on stdout; never both.
 */
#ifndef P2PUSB_CTL_FAILURE_H
#define P2PUSB_CTL_FAILURE_H

#include <json-c/json.h>

/**
 * struct failure - the line and its parts, without full stops
 * @code: of lib/error.c, or what a newer daemon said; "" = none
 * @what: could not be done
 * @why: the fact behind it, may be ""
 * @hint: command or sentence, may be ""
 */
struct failure {
	char code[32];
	char what[256];
	char why[640];
	char hint[256];
};

/**
 * failure_set() - fill it
 * @failure: filled
 * @code: of lib/error.c
 * @hint: may be NULL
 * @what: may come from elsewhere
 * @fmt: printf of @why
 *
 * Return: -ECANCELED, for the caller to return: the reason is in @failure.
 */
int failure_set(struct failure *failure, const char *code, const char *hint,
		const char *what, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/**
 * failure_from_json() - of a daemon's "error" object
 * Return: -ECANCELED.
 */
int failure_from_json(struct failure *failure, struct json_object *error);

/**
 * failure_from_sentence() - of "CODE: what. Why. Try: command"
 * @failure: filled
 * @code: when the sentence starts with none
 * @what: likewise
 * @sentence: of the agent, through the kernel; may be cut off or ""
 *
 * Return: -ECANCELED.
 */
int failure_from_sentence(struct failure *failure, const char *code,
			  const char *what, const char *sentence);

/**
 * failure_print() - tell
 * @failure: set
 * @json: not 0: as JSON on stdout
 *
 * Return: exit status of the code.
 */
int failure_print(const struct failure *failure, int json);

#endif /* P2PUSB_CTL_FAILURE_H */
