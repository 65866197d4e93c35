/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemon - which daemon a verb means, and asking it.
 *
 * Does not know verbs.
 */
#ifndef P2PUSB_CTL_DAEMON_H
#define P2PUSB_CTL_DAEMON_H

#include <json-c/json.h>

#include "failure.h"

enum daemon_side {
	DAEMON_ANY,		/* whichever runs */
	DAEMON_AGENT,
	DAEMON_SERVER,
	DAEMON_NSIDES
};

/**
 * daemon_choose() - the one that a verb means
 * @side: what the person said; DAEMON_ANY: the one that runs
 * @chosen: out
 * @failure: E_DAEMON_DOWN, or E_USAGE when both run
 *
 * Return: 0, -ECANCELED with @failure.
 */
int daemon_choose(enum daemon_side side, enum daemon_side *chosen,
		  struct failure *failure);

/**
 * daemon_request() - new request, to be filled
 * Return: object with "verb".
 */
struct json_object *daemon_request(const char *verb);

/**
 * daemon_ask() - one request, its answer
 * @side: not DAEMON_ANY
 * @request: put
 * @answer: out, without "ok"; to be put
 * @failure: what the daemon said, or why it said nothing
 *
 * Return: 0, -ECANCELED with @failure.
 */
int daemon_ask(enum daemon_side side, struct json_object *request,
	       struct json_object **answer, struct failure *failure);

/**
 * daemon_name() - "agent", "server"
 */
const char *daemon_name(enum daemon_side side);

#endif /* P2PUSB_CTL_DAEMON_H */
