// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * refusal - why something was not done, for a person and for a script.
 *
 * Does not log and does not send.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "refusal.h"

static const struct {
	const char *code;
	int err;
} refusal_errnos[] = {
	{ "E_AMBIGUOUS", ENOTUNIQ },
	{ "E_BAD_ADDRESS", EINVAL },
	{ "E_BUSY", EBUSY },
	{ "E_CLAIM", EBUSY },
	{ "E_DENIED", EACCES },
	{ "E_INTERNAL", EIO },
	{ "E_IO", EIO },
	{ "E_KEY", EKEYREJECTED },
	{ "E_LIMIT", ENOSPC },
	{ "E_PROTOCOL", EPROTO },
	{ "E_REVOKED", EACCES },
	{ "E_SHUTDOWN", ESHUTDOWN },
	{ "E_TIMEOUT", ETIMEDOUT },
	{ "E_UNKNOWN_DEVICE", ENODEV },
	{ "E_UNKNOWN_PEER", ENOENT },
	{ "E_UNPLUGGED", ENODEV },
	{ "E_UNREACHABLE", EHOSTUNREACH },
	{ "E_UNSUPPORTED", EOPNOTSUPP },
	{ "E_USAGE", EINVAL },
	{ NULL, EIO },
};

void refusal_set(struct refusal *refusal, const char *code, const char *hint,
		 const char *fmt, ...)
{
	va_list args;
	size_t len;

	refusal->code = code;
	va_start(args, fmt);
	vsnprintf(refusal->why, sizeof(refusal->why), fmt, args);
	va_end(args);
	/* Texts of a peer may end in one; the sentence brings its own. */
	len = strlen(refusal->why);
	if (len && refusal->why[len - 1] == '.')
		refusal->why[len - 1] = '\0';
	snprintf(refusal->hint, sizeof(refusal->hint), "%s", hint ? hint : "");
}

void refusal_what(struct refusal *refusal, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(refusal->what, sizeof(refusal->what), fmt, args);
	va_end(args);
}

void refusal_sentence(const struct refusal *refusal, char *buf, size_t len)
{
	int n;

	n = snprintf(buf, len, "%s: %s. %s.", refusal->code, refusal->what,
		     refusal->why);
	if (refusal->hint[0] && n > 0 && (size_t)n < len)
		snprintf(buf + n, len - n, " Try: %s", refusal->hint);
}

uint32_t refusal_errno(const struct refusal *refusal)
{
	size_t i;

	for (i = 0; refusal_errnos[i].code; i++)
		if (!strcmp(refusal_errnos[i].code, refusal->code))
			break;
	return (uint32_t)refusal_errnos[i].err;
}
