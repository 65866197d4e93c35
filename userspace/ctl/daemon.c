// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon - which daemon a verb means, and asking it.
 *
 * A socket that may not be opened belongs to a daemon that runs: the person is
 * told of the group and not that the daemon is down.
 */
#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

static const struct {
	const char *name;
	const char *program;
	const char *socket;
	const char *start;
} daemons[DAEMON_NSIDES] = {
	[DAEMON_AGENT] = { "agent", "p2pusb-agent", CONTROL_AGENT_SOCKET,
			   "systemctl start p2pusb-agent" },
	[DAEMON_SERVER] = { "server", "p2pusbd", CONTROL_SERVER_SOCKET,
			    "systemctl start p2pusbd" },
};

const char *daemon_name(enum daemon_side side)
{
	return daemons[side].name;
}

static int daemon_runs(enum daemon_side side)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	strcpy(addr.sun_path, daemons[side].socket);
	err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	close(fd);
	return err != ENOENT && err != ECONNREFUSED;
}

int daemon_choose(enum daemon_side side, enum daemon_side *chosen,
		  struct failure *failure)
{
	int agent, server;

	if (side != DAEMON_ANY) {
		*chosen = side;
		return 0;
	}
	agent = daemon_runs(DAEMON_AGENT);
	server = daemon_runs(DAEMON_SERVER);
	if (agent && server)
		return failure_set(failure, "E_USAGE", "--agent or --server",
				   "which daemon is meant",
				   "both run on this machine");
	if (!agent && !server)
		return failure_set(failure, "E_DAEMON_DOWN",
				   "systemctl start p2pusb-agent, or systemctl "
				   "start p2pusbd", "no answer",
				   "neither p2pusb-agent nor p2pusbd runs here");
	*chosen = agent ? DAEMON_AGENT : DAEMON_SERVER;
	return 0;
}

struct json_object *daemon_request(const char *verb)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "verb", json_object_new_string(verb));
	return request;
}

/* Why control_call() brought no answer. */
static int daemon_silent(enum daemon_side side, int err,
			 struct failure *failure)
{
	char what[64];

	snprintf(what, sizeof(what), "no answer of %s", daemons[side].program);
	switch (-err) {
	case ENOENT:
	case ECONNREFUSED:
		return failure_set(failure, "E_DAEMON_DOWN",
				   daemons[side].start, what,
				   "%s does not run", daemons[side].program);
	case EACCES:
	case EPERM:
		return failure_set(failure, "E_PERMISSION",
				   "sudo, or adduser YOU p2pusb", what,
				   "its socket is for root and the group p2pusb");
	case ETIMEDOUT:
		return failure_set(failure, "E_TIMEOUT", NULL, what,
				   "it runs, and said nothing in time");
	case EMSGSIZE:
		return failure_set(failure, "E_USAGE", NULL, what,
				   "the request is too long");
	case EPROTO:
		return failure_set(failure, "E_PROTOCOL", NULL, what,
				   "what it sent is not understood");
	default:
		return failure_set(failure, "E_IO", NULL, what, "%s",
				   strerror(-err));
	}
}

int daemon_ask(enum daemon_side side, struct json_object *request,
	       struct json_object **answer, struct failure *failure)
{
	struct json_object *got, *ok, *error = NULL;
	int err;

	err = control_call(daemons[side].socket, request, &got);
	json_object_put(request);
	if (err)
		return daemon_silent(side, err, failure);
	/* control_call() has checked that it is there. */
	json_object_object_get_ex(got, "ok", &ok);
	if (json_object_get_boolean(ok)) {
		json_object_object_del(got, "ok");
		*answer = got;
		return 0;
	}
	json_object_object_get_ex(got, "error", &error);
	err = failure_from_json(failure, error);
	json_object_put(got);
	return err;
}
