/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verb - what p2pusbctl can do: one row a verb.
 *
 * Does not parse the command line.
 */
#ifndef P2PUSB_CTL_VERB_H
#define P2PUSB_CTL_VERB_H

#include <json-c/json.h>

#include "failure.h"
#include "request.h"

/**
 * struct verb - a row
 * @name: one word, or two ("peer add")
 * @usage: arguments and options, as shown
 * @purpose: one sentence
 * @options: enum request_option it takes
 * @least: arguments
 * @most: arguments
 * @run: does it; fills @out, the object that --json prints.  0, or -ECANCELED
 *	with @failure
 * @show: prints @out for a person
 */
struct verb {
	const char *name;
	const char *usage;
	const char *purpose;
	unsigned int options;
	int least;
	int most;
	int (*run)(const struct request *req, struct json_object *out,
		   struct failure *failure);
	void (*show)(const struct request *req, struct json_object *out);
};

/**
 * verb_find() - row of the first words of a command line
 * @words: arguments without options
 * @nwords: 0 = the bare command: "status"
 * @taken: out: words that belong to the name
 *
 * Return: row, NULL.
 */
const struct verb *verb_find(const char *const *words, int nwords, int *taken);

/**
 * verb_table() - all rows, ends with @name NULL
 */
const struct verb *verb_table(void);

/* cmd_*.c */
typedef int verb_run(const struct request *req, struct json_object *out,
		     struct failure *failure);
typedef void verb_show(const struct request *req, struct json_object *out);

verb_run cmd_id, cmd_peer_add, cmd_peer_list, cmd_peer_remove, cmd_list;
verb_run cmd_attach, cmd_detach, cmd_status, cmd_stats, cmd_share, cmd_unshare;
verb_run cmd_explain, cmd_help;
verb_show cmd_id_show, cmd_peer_add_show, cmd_peer_list_show;
verb_show cmd_peer_remove_show, cmd_list_show, cmd_attach_show;
verb_show cmd_detach_show, cmd_status_show, cmd_stats_show, cmd_share_show;
verb_show cmd_unshare_show, cmd_explain_show, cmd_help_show;

#endif /* P2PUSB_CTL_VERB_H */
