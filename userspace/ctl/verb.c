// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * verb - what p2pusbctl can do: one row a verb.
 *
 * The table is also the source of help and, by help --json, of completion.
 */
#include "verb.h"

#include <string.h>

static const struct verb verbs[] = {
	{ "status", "", "what is attached and what is shared here (the default)",
	  0, 0, 0, cmd_status, cmd_status_show },
	{ "list", "[PEER]", "devices of this machine, or what a peer offers",
	  0, 0, 1, cmd_list, cmd_list_show },
	{ "attach",
	  "PEER/DEVICE [--timeout SECONDS] [--no-wait] [--unauthorized] "
	  "[--sleep detach|veto]",
	  "use a device of a peer here",
	  REQUEST_TIMEOUT | REQUEST_WAIT | REQUEST_UNAUTHORIZED | REQUEST_SLEEP,
	  1, 1, cmd_attach, cmd_attach_show },
	{ "detach", "PORT|PEER/DEVICE|--all", "give a device back",
	  REQUEST_ALL, 0, 1, cmd_detach, cmd_detach_show },
	{ "share", "DEVICE", "offer a device of this machine to peers",
	  0, 1, 1, cmd_share, cmd_share_show },
	{ "unshare", "DEVICE", "offer it no longer, and take it back",
	  0, 1, 1, cmd_unshare, cmd_unshare_show },
	{ "id", "[--agent|--server]", "this machine's id, for peer add there",
	  REQUEST_SIDE, 0, 0, cmd_id, cmd_id_show },
	{ "peer add",
	  "NAME ID [--address HOST[:PORT]] [--allow PATTERN]... [--agent|--server]",
	  "know a peer: with --address one that shares, with --allow one that "
	  "uses",
	  REQUEST_SIDE | REQUEST_ADDRESS | REQUEST_ALLOW, 2, 2,
	  cmd_peer_add, cmd_peer_add_show },
	{ "peer list", "[--agent|--server]", "known peers",
	  REQUEST_SIDE, 0, 0, cmd_peer_list, cmd_peer_list_show },
	{ "peer remove", "NAME [--agent|--server]", "forget a peer",
	  REQUEST_SIDE, 1, 1, cmd_peer_remove, cmd_peer_remove_show },
	{ "stats", "[PORT] [--watch SECONDS]",
	  "transfers, bytes and times of what is attached, by endpoint",
	  REQUEST_WATCH, 0, 1, cmd_stats, cmd_stats_show },
	{ "explain", "[CODE]", "what an error code means and what to do",
	  0, 0, 1, cmd_explain, cmd_explain_show },
	{ "help", "[VERB]", "verbs and options",
	  0, 0, 2, cmd_help, cmd_help_show },
	{ NULL, NULL, NULL, 0, 0, 0, NULL, NULL }
};

const struct verb *verb_table(void)
{
	return verbs;
}

/* Words of @name that @words begin with; 0 when they do not. */
static int verb_match(const char *name, const char *const *words, int nwords)
{
	const char *second = strchr(name, ' ');
	size_t len = second ? (size_t)(second - name) : strlen(name);

	if (strlen(words[0]) != len || strncmp(words[0], name, len))
		return 0;
	if (!second)
		return 1;
	return nwords > 1 && !strcmp(words[1], second + 1) ? 2 : 0;
}

const struct verb *verb_find(const char *const *words, int nwords, int *taken)
{
	static const char *const bare[] = { "status" };
	const struct verb *verb;

	*taken = 0;
	if (!nwords) {
		words = bare;
		nwords = 1;
	}
	for (verb = verbs; verb->name; verb++) {
		*taken = verb_match(verb->name, words, nwords);
		if (*taken)
			return verb;
	}
	return NULL;
}
