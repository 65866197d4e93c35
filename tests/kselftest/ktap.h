/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts of a C test, as the kernel's test anything protocol prints them.
 */
#ifndef KSELFTEST_KTAP_H
#define KSELFTEST_KTAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KTAP_SKIP	4

static unsigned int ktap_planned, ktap_done, ktap_failed;

static inline void ktap_plan(unsigned int n)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	ktap_planned = n;
	printf("KTAP version 1\n1..%u\n", n);
}

/* ktap_ok - one verdict; what was seen goes into the format */
static inline void __attribute__((format(printf, 2, 3)))
ktap_ok(int good, const char *format, ...)
{
	va_list args;

	printf("%s %u ", good ? "ok" : "not ok", ++ktap_done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	ktap_failed += !good;
}

/* ktap_skip - verdicts that this kernel cannot give */
static inline void ktap_skip(unsigned int n, const char *why)
{
	while (n--)
		printf("ok %u # SKIP %s\n", ++ktap_done, why);
}

static inline void __attribute__((format(printf, 1, 2), noreturn))
ktap_abort(const char *format, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static inline void __attribute__((noreturn)) ktap_skip_all(const char *why)
{
	printf("KTAP version 1\n1..0 # SKIP %s\n", why);
	exit(KTAP_SKIP);
}

static inline int ktap_end(void)
{
	printf("# Totals: %u of %u, %u failed\n", ktap_done, ktap_planned,
	       ktap_failed);
	return ktap_failed || ktap_done != ktap_planned;
}

#endif /* KSELFTEST_KTAP_H */
