/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error - the stable codes that people and scripts see, and their exit codes.
 *
 * The table in error.c is the source of Documentation/ and `explain`.
 */
#ifndef P2PUSB_LIB_ERROR_H
#define P2PUSB_LIB_ERROR_H

/**
 * struct error_code - row of the table
 * @code: as printed
 * @exit: exit status of p2pusbctl
 * @text: what it means and what to do, for `p2pusbctl explain`
 */
struct error_code {
	const char *code;
	int exit;
	const char *text;
};

/* Exit status by family of codes. */
enum error_exit {
	ERROR_EXIT_OK = 0,
	ERROR_EXIT_FAILED = 1,		/* anything without a row of its own */
	ERROR_EXIT_USAGE = 2,		/* command line */
	ERROR_EXIT_CONFIG = 3,		/* configuration file */
	ERROR_EXIT_UNKNOWN = 4,		/* no such device, peer, port, key */
	ERROR_EXIT_BUSY = 5,		/* taken by somebody */
	ERROR_EXIT_DENIED = 6,		/* permission or policy */
	ERROR_EXIT_UNREACHABLE = 7,	/* daemon, agent, server, module */
	ERROR_EXIT_TIMEOUT = 8,
};

/**
 * error_find() - row of a code
 * @code: text, may come from elsewhere
 *
 * Return: row, or NULL.
 */
const struct error_code *error_find(const char *code);

/**
 * error_table() - all rows, ends with @code NULL
 */
const struct error_code *error_table(void);

#endif /* P2PUSB_LIB_ERROR_H */
