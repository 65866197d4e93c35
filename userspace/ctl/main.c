// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * p2pusbctl - the one command a person types, on either side.
 *
 * Parses, runs one verb, prints what it brought or why not.  Never reads stdin
 * and keeps nothing.
 */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "failure.h"
#include "field.h"
#include "request.h"
#include "screen.h"
#include "verb.h"

static void show_version(const struct request *req)
{
	struct json_object *out;

	if (!req->json) {
		puts("p2pusbctl " P2PUSB_VERSION);
		return;
	}
	out = json_object_new_object();
	field_put_text(out, "version", P2PUSB_VERSION);
	screen_json(out);
	json_object_put(out);
}

/* "VERB --help" is "help VERB". */
static void ask_for_help(int argc, char *const argv[], struct request *req)
{
	static const char *const help[] = { "help" };
	const struct verb *verb = req->verb;
	int i, bare = 1, taken;

	for (i = 1; i < argc; i++)
		bare &= argv[i][0] == '-';
	req->verb = verb_find(help, 1, &taken);
	req->nargs = bare ? 0 : 1;
	req->args[0] = verb->name;
}

static int run_verb(const struct request *req)
{
	struct json_object *out = json_object_new_object();
	struct failure failure = { .code = "E_INTERNAL" };
	int status = ERROR_EXIT_OK;

	if (req->verb->run(req, out, &failure))
		status = failure_print(&failure, req->json);
	else if (req->json)
		screen_json(out);
	else if (!req->quiet)
		req->verb->show(req, out);
	json_object_put(out);
	return status;
}

int main(int argc, char *argv[])
{
	struct failure failure;
	struct request req;
	int status = ERROR_EXIT_OK;

	if (request_parse(argc, argv, &req, &failure))
		return failure_print(&failure, req.json);
	if (req.help)
		ask_for_help(argc, argv, &req);
	if (req.version)
		show_version(&req);
	else
		status = run_verb(&req);
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	failure_set(&failure, "E_IO", NULL, "cannot print",
		    "standard output takes no more");
	return failure_print(&failure, 0);
}
