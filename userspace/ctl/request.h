/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request - what a person typed, taken apart and checked.
 *
 * One table of options, one of verbs (verb.h).  Does not do anything.
 */
#ifndef P2PUSB_CTL_REQUEST_H
#define P2PUSB_CTL_REQUEST_H

#include "daemon.h"
#include "failure.h"
#include "peer.h"

#define REQUEST_ARGS_MAX	4
#define REQUEST_TIMEOUT_S	30
#define REQUEST_TIMEOUT_MAX_S	120
#define REQUEST_WATCH_MAX_S	3600

struct verb;

/* Options that only some verbs take; bits of verb.options. */
enum request_option {
	REQUEST_SIDE = 1 << 0,
	REQUEST_ADDRESS = 1 << 1,
	REQUEST_ALLOW = 1 << 2,
	REQUEST_TIMEOUT = 1 << 3,
	REQUEST_WAIT = 1 << 4,
	REQUEST_ALL = 1 << 5,
	REQUEST_UNAUTHORIZED = 1 << 6,
	REQUEST_SLEEP = 1 << 7,
	REQUEST_WATCH = 1 << 8,
};

/**
 * struct request - a command line
 * @verb: row of the table
 * @nargs: arguments behind the verb
 * @args: those
 * @json: print JSON
 * @quiet: print nothing but errors and JSON
 * @help: --help was given
 * @version: --version was given
 * @side: which daemon
 * @timeout_s: of attach
 * @watch_s: stats of so many seconds, 0 = of all the time
 * @wait: attach until the device is configured
 * @port_flags: of attach, P2PVHCI_PORT_*
 * @all: detach all
 * @address: of a peer, NULL = none
 * @nallow: patterns
 * @allow: those
 */
struct request {
	const struct verb *verb;
	int nargs;
	const char *args[REQUEST_ARGS_MAX];
	int json;
	int quiet;
	int help;
	int version;
	enum daemon_side side;
	unsigned int timeout_s;
	unsigned int watch_s;
	int wait;
	unsigned int port_flags;
	int all;
	const char *address;
	unsigned int nallow;
	const char *allow[PEER_ALLOW_MAX];
};

/**
 * struct request_option_row - row of the table of options
 * @name: long form, without dashes
 * @letter: short form, 0 = none
 * @bit: enum request_option, 0 = every verb takes it
 * @value: name of its value, NULL = takes none
 * @purpose: one sentence
 * @set: stores it; 0, or -EINVAL when the value is wrong
 */
struct request_option_row {
	const char *name;
	char letter;
	unsigned int bit;
	const char *value;
	const char *purpose;
	int (*set)(struct request *req, const char *value);
};

/**
 * request_options() - the table, ends with @name NULL
 */
const struct request_option_row *request_options(void);

/**
 * request_parse() - take a command line apart
 * @argc: of main()
 * @argv: of main(); borrowed
 * @req: filled; @json is right even on failure
 * @failure: E_USAGE
 *
 * Options may stand anywhere; "--" ends them.  No verb means "status".
 *
 * Return: 0, -ECANCELED with @failure.
 */
int request_parse(int argc, char *const argv[], struct request *req,
		  struct failure *failure);

#endif /* P2PUSB_CTL_REQUEST_H */
