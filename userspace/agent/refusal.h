/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refusal - why something was not done, for a person and for a script.
 *
 * Only the text; who is told decides its owner.
 */
#ifndef P2PUSB_AGENT_REFUSAL_H
#define P2PUSB_AGENT_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct refusal - CODE: what. why. try: hint
 * @code: stable, of lib/error.c; NULL = nothing was refused
 * @what: what could not be done, no full stop
 * @why: the fact behind it, no full stop
 * @hint: command or sentence, may be ""
 */
struct refusal {
	const char *code;
	char what[160];
	char why[512];
	char hint[128];
};

/**
 * refusal_set() - the code and its two sentences
 * @refusal: @what stays as refusal_what() left it
 * @code: static text of lib/error.c
 * @hint: may be NULL
 * @fmt: printf of @why
 */
void refusal_set(struct refusal *refusal, const char *code, const char *hint,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * refusal_what() - what is being attempted, set before anything can fail
 * @refusal: filled
 * @fmt: printf
 */
void refusal_what(struct refusal *refusal, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * refusal_sentence() - all of it in one line
 * @refusal: set
 * @buf: filled, NUL-terminated
 * @len: its size
 */
void refusal_sentence(const struct refusal *refusal, char *buf, size_t len);

/**
 * refusal_errno() - what a port notification carries
 * @refusal: set
 *
 * Return: positive errno.
 */
uint32_t refusal_errno(const struct refusal *refusal);

#endif /* P2PUSB_AGENT_REFUSAL_H */
