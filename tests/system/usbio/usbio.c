// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio - drive the device that remembers (ffsdev) and judge what it did.
 *
 * Prints KTAP lines; the status is 0 when all were ok, 1 when one was not, 2
 * for a wrong command line.  It speaks to usbfs alone.
 */
#include "usbio.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX	40	/* a verdict, not a flood */

static unsigned int verdicts, failures, notes;

void verdict(int failed, const char *format, ...)
{
	va_list args;

	printf("%sok %u ", failed ? "not " : "", ++verdicts);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !!failed;
	notes = 0;
}

void note(const char *format, ...)
{
	va_list args;

	if (notes++ >= NOTES_MAX)
		return;
	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const struct {
	const char *name;
	void (*run)(struct host *host, const struct usbio_args *args);
} verbs[] = {
	{ "out", usbio_out },
	{ "in", usbio_in },
	{ "zlp-sweep", usbio_zlp_sweep },
	{ "stall", usbio_stall },
	{ "control", usbio_control },
	{ "interrupt", usbio_interrupt },
	{ "unlink", usbio_unlink },
	{ "latency", usbio_latency },
	{ "hold", usbio_hold },
	{ "flow", usbio_flow },
	{ "drain", usbio_drain },
	{ "storm", usbio_storm },
	{ "silent", usbio_silent },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int usage(void)
{
	unsigned int i;

	fprintf(stderr, "usage: usbio NODE VERB [--length N] [--count N]"
		" [--seconds N] [--zlp]\nverbs:");
	for (i = 0; i < VERBS; i++)
		fprintf(stderr, " %s", verbs[i].name);
	fputc('\n', stderr);
	return 2;
}

static int parse_args(char **argv, struct usbio_args *args)
{
	for (; *argv; argv++) {
		if (!strcmp(*argv, "--zlp"))
			args->zlp = 1;
		else if (!strcmp(*argv, "--length") && argv[1])
			args->length = strtoul(*++argv, NULL, 0);
		else if (!strcmp(*argv, "--count") && argv[1])
			args->count = strtoul(*++argv, NULL, 0);
		else if (!strcmp(*argv, "--seconds") && argv[1])
			args->seconds = strtoul(*++argv, NULL, 0);
		else
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct usbio_args args = { 0 };
	struct host host;
	unsigned int i;
	int ret;

	if (argc < 3 || parse_args(argv + 3, &args))
		return usage();
	for (i = 0; i < VERBS && strcmp(argv[2], verbs[i].name); i++)
		;
	if (i == VERBS)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	ret = host_open(&host, argv[1]);
	if (ret) {
		fprintf(stderr, "usbio: %s: %s\n", argv[1], strerror(-ret));
		return 1;
	}
	verbs[i].run(&host, &args);
	return failures ? 1 : 0;
}
