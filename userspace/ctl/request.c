// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request - what a person typed, taken apart and checked.
 *
 * Not getopt_long(): an option may belong to some verbs only, and a complaint
 * has our form.  Abbreviations are refused: they break when options are added.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "verb.h"

static int set_json(struct request *req, const char *value)
{
	(void)value;
	req->json = 1;
	return 0;
}

static int set_quiet(struct request *req, const char *value)
{
	(void)value;
	req->quiet = 1;
	return 0;
}

static int set_help(struct request *req, const char *value)
{
	(void)value;
	req->help = 1;
	return 0;
}

static int set_version(struct request *req, const char *value)
{
	(void)value;
	req->version = 1;
	return 0;
}

static int set_agent(struct request *req, const char *value)
{
	(void)value;
	if (req->side == DAEMON_SERVER)
		return -EINVAL;
	req->side = DAEMON_AGENT;
	return 0;
}

static int set_server(struct request *req, const char *value)
{
	(void)value;
	if (req->side == DAEMON_AGENT)
		return -EINVAL;
	req->side = DAEMON_SERVER;
	return 0;
}

static int set_address(struct request *req, const char *value)
{
	req->address = value;
	return *value ? 0 : -EINVAL;
}

static int set_allow(struct request *req, const char *value)
{
	if (peer_pattern_check(value) || req->nallow == PEER_ALLOW_MAX)
		return -EINVAL;
	req->allow[req->nallow++] = value;
	return 0;
}

static int take_seconds(const char *value, unsigned int most,
			unsigned int *seconds)
{
	unsigned long n;
	char *end;

	if (!*value || strspn(value, "0123456789") != strlen(value))
		return -EINVAL;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || !n || n > most)
		return -ERANGE;
	*seconds = (unsigned int)n;
	return 0;
}

static int set_timeout(struct request *req, const char *value)
{
	return take_seconds(value, REQUEST_TIMEOUT_MAX_S, &req->timeout_s);
}

static int set_watch(struct request *req, const char *value)
{
	return take_seconds(value, REQUEST_WATCH_MAX_S, &req->watch_s);
}

static int set_no_wait(struct request *req, const char *value)
{
	(void)value;
	req->wait = 0;
	return 0;
}

static int set_unauthorized(struct request *req, const char *value)
{
	(void)value;
	req->port_flags |= P2PVHCI_PORT_UNAUTHORIZED;
	return 0;
}

static int set_sleep(struct request *req, const char *value)
{
	if (!strcmp(value, "detach"))
		req->port_flags |= P2PVHCI_PORT_SLEEP_DETACH;
	else if (!strcmp(value, "veto"))
		req->port_flags &= ~P2PVHCI_PORT_SLEEP_DETACH;
	else
		return -EINVAL;
	return 0;
}

static int set_all(struct request *req, const char *value)
{
	(void)value;
	req->all = 1;
	return 0;
}

static const struct request_option_row request_option_rows[] = {
	{ "address", 0, REQUEST_ADDRESS, "HOST[:PORT]",
	  "where the peer's server listens", set_address },
	{ "allow", 0, REQUEST_ALLOW, "PATTERN",
	  "devices the peer may use; up to 16 times", set_allow },
	{ "agent", 0, REQUEST_SIDE, NULL,
	  "ask p2pusb-agent, which uses devices", set_agent },
	{ "server", 0, REQUEST_SIDE, NULL,
	  "ask p2pusbd, which shares devices", set_server },
	{ "all", 0, REQUEST_ALL, NULL, "every port", set_all },
	{ "timeout", 0, REQUEST_TIMEOUT, "SECONDS",
	  "give up after 1 to 120 seconds (30)", set_timeout },
	{ "no-wait", 0, REQUEST_WAIT, NULL,
	  "do not wait until the system has configured the device",
	  set_no_wait },
	{ "unauthorized", 0, REQUEST_UNAUTHORIZED, NULL,
	  "let no driver at the device before it is authorized",
	  set_unauthorized },
	{ "sleep", 0, REQUEST_SLEEP, "detach|veto",
	  "before system sleep: detach it, or veto the sleep (veto)",
	  set_sleep },
	{ "watch", 0, REQUEST_WATCH, "SECONDS",
	  "time transfers for 1 to 3600 seconds and show these only",
	  set_watch },
	{ "json", 0, 0, NULL, "print one JSON object", set_json },
	{ "quiet", 'q', 0, NULL, "print nothing but errors and JSON",
	  set_quiet },
	{ "help", 'h', 0, NULL, "explain, do nothing", set_help },
	{ "version", 'V', 0, NULL, "print the version, do nothing",
	  set_version },
	{ NULL, 0, 0, NULL, NULL, NULL }
};

const struct request_option_row *request_options(void)
{
	return request_option_rows;
}

/* A command line being read. */
struct request_words {
	int argc;
	char *const *argv;
	int at;
	unsigned int used;	/* enum request_option seen */
	int nwords;
	const char *words[REQUEST_ARGS_MAX + 2];
};

static const struct request_option_row *request_find(const char *arg,
						     const char **value)
{
	const struct request_option_row *row;
	size_t len;

	*value = NULL;
	if (arg[1] != '-') {
		for (row = request_option_rows; row->name; row++)
			if (row->letter && row->letter == arg[1] && !arg[2])
				return row;
		return NULL;
	}
	arg += 2;
	len = strcspn(arg, "=");
	if (arg[len] == '=')
		*value = arg + len + 1;
	for (row = request_option_rows; row->name; row++)
		if (strlen(row->name) == len && !strncmp(row->name, arg, len))
			return row;
	return NULL;
}

static int request_take_option(struct request *req, struct request_words *words,
			       struct failure *failure)
{
	const char *arg = words->argv[words->at], *value;
	const struct request_option_row *row = request_find(arg, &value);

	if (!row)
		return failure_set(failure, "E_USAGE", "p2pusbctl help", arg,
				   "there is no such option");
	if (row->value && !value && words->at + 1 < words->argc)
		value = words->argv[++words->at];
	if (!row->value != !value)
		return failure_set(failure, "E_USAGE", NULL, arg,
				   row->value ? "it needs a value: %s"
					      : "it takes no value%s",
				   row->value ? row->value : "");
	if (row->set(req, value))
		return failure_set(failure, row->set == set_allow ?
				   "E_BAD_PATTERN" : "E_USAGE", NULL, arg,
				   value ? "\"%s\" is not possible here: %s"
					 : "it excludes another option%s%s",
				   value ? value : "",
				   value ? row->purpose : "");
	words->used |= row->bit;
	return 0;
}

static int request_take_words(struct request *req, struct request_words *words,
			      struct failure *failure)
{
	const char *arg;
	int options = 1;
	int err;

	for (words->at = 1; words->at < words->argc; words->at++) {
		arg = words->argv[words->at];
		if (options && !strcmp(arg, "--")) {
			options = 0;
			continue;
		}
		if (options && arg[0] == '-' && arg[1]) {
			err = request_take_option(req, words, failure);
			if (err)
				return err;
			continue;
		}
		if (words->nwords == REQUEST_ARGS_MAX + 2)
			return failure_set(failure, "E_USAGE", "p2pusbctl help",
					   arg, "too many arguments");
		words->words[words->nwords++] = arg;
	}
	return 0;
}

static int request_check(const struct request *req, unsigned int used,
			 struct failure *failure)
{
	const struct request_option_row *row;
	const struct verb *verb = req->verb;
	char what[64], hint[64];

	snprintf(what, sizeof(what), "p2pusbctl %s", verb->name);
	snprintf(hint, sizeof(hint), "p2pusbctl help %s", verb->name);
	for (row = request_option_rows; row->name; row++)
		if (row->bit & used & ~verb->options)
			return failure_set(failure, "E_USAGE", hint, what,
					   "it takes no --%s", row->name);
	if (req->nargs < verb->least || req->nargs > verb->most)
		return failure_set(failure, "E_USAGE", hint, what,
				   "it is used as: %s %s", verb->name,
				   verb->usage);
	return 0;
}

/* "peer" alone: say what may follow. */
static int request_no_verb(const struct request_words *words,
			   struct failure *failure)
{
	char second[128] = "";
	const struct verb *verb;
	size_t len = strlen(words->words[0]), used = 0;

	for (verb = verb_table(); verb->name && used < sizeof(second); verb++)
		if (!strncmp(verb->name, words->words[0], len) &&
		    verb->name[len] == ' ')
			used += (size_t)snprintf(second + used,
						 sizeof(second) - used, "%s%s",
						 used ? ", " : "",
						 verb->name + len + 1);
	return failure_set(failure, "E_USAGE", "p2pusbctl help",
			   words->words[0], used ? "it is followed by one of: %s"
			   : "there is no such verb%s", second);
}

int request_parse(int argc, char *const argv[], struct request *req,
		  struct failure *failure)
{
	struct request_words words = { .argc = argc, .argv = argv };
	int i, taken, err;

	memset(req, 0, sizeof(*req));
	req->timeout_s = REQUEST_TIMEOUT_S;
	req->wait = 1;
	/* Looked for first, so that every complaint has the wanted form. */
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			req->json = 1;
	err = request_take_words(req, &words, failure);
	if (err)
		return err;
	req->verb = verb_find(words.words, words.nwords, &taken);
	if (!req->verb)
		return request_no_verb(&words, failure);
	for (i = taken; i < words.nwords && req->nargs < REQUEST_ARGS_MAX; i++)
		req->args[req->nargs++] = words.words[i];
	if (req->help || req->version)
		return 0;
	return request_check(req, words.used, failure);
}
