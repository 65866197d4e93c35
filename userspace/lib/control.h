/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control - requests of p2pusbctl to a daemon over its Unix socket.
 *
 * One JSON object a line in each direction (json-c); a request has "verb" and
 * its arguments, an answer has "ok": true and its data, or "ok": false and
 * "error": {"code", "what", "why", "try"}.  The socket's group may connect;
 * the daemon is told the peer credentials.  Does not interpret verbs.
 */
#ifndef P2PUSB_LIB_CONTROL_H
#define P2PUSB_LIB_CONTROL_H

#include <json-c/json.h>
#include <sys/types.h>
#include <uv.h>

#define CONTROL_LINE_MAX	65536	/* bytes of a request */
#define CONTROL_ANSWER_MAX	(4u << 20)
#define CONTROL_CLIENTS_MAX	32
#define CONTROL_TIMEOUT_MS	10000	/* an unanswered request fails */

#define CONTROL_AGENT_SOCKET	"/run/p2pusb/agent.sock"
#define CONTROL_SERVER_SOCKET	"/run/p2pusb/server.sock"

struct control;			/* listening side */
struct control_request;		/* one request to be answered */

/**
 * struct control_verb - row of a daemon's table
 * @name: "peer-add"
 * @write: needs uid 0 or the daemon's own uid, or membership in the socket's
 *	group (which the socket's mode already demands); 0: anybody who could
 *	connect
 * @run: answers now or later, exactly once, with control_answer() or
 *	control_refuse().  @args is valid until the answer.
 */
struct control_verb {
	const char *name;
	int write;
	void (*run)(struct control_request *req, struct json_object *args);
};

/**
 * control_listen() - serve a socket
 * @loop: where
 * @path: socket; a stale one is replaced, a live one is -EADDRINUSE; 0660
 * @verbs: table, ends with @name NULL; borrowed
 * @owner: control_owner() of the requests
 * @control: out
 *
 * Ignores SIGPIPE in this process: a client may leave at any time.
 *
 * Return: 0 or negative errno (-EEXIST: a file that is no socket is there).
 */
int control_listen(uv_loop_t *loop, const char *path,
		   const struct control_verb *verbs, void *owner,
		   struct control **control);

/**
 * control_close() - stop serving, unlink the socket
 * @control: freed by the loop, which has to run on until its handles closed
 *
 * Requests that are still out may be answered after that, to nobody.
 */
void control_close(struct control *control);

void *control_owner(const struct control_request *req);

/**
 * control_answer() - success
 * @req: freed
 * @data: object whose members join the answer, or NULL; taken over
 */
void control_answer(struct control_request *req, struct json_object *data);

/**
 * control_refuse() - failure, as a person will read it: CODE: what. why. try
 * @req: freed
 * @code: stable, upper case, see error.h
 * @what: sentence: what could not be done
 * @why: sentence
 * @hint: a command or sentence to try, may be NULL
 */
void control_refuse(struct control_request *req, const char *code,
		    const char *what, const char *why, const char *hint);

/**
 * control_call() - tool: one request, one answer, blocking
 * @path: socket of a daemon
 * @request: object with "verb"; borrowed
 * @answer: out, also when the daemon refused; to be put by the caller
 *
 * Return: 0 when an answer came; -ENOENT, -ECONNREFUSED (daemon does not
 * run), -EACCES, -ETIMEDOUT, -EPROTO.
 */
int control_call(const char *path, struct json_object *request,
		 struct json_object **answer);

#endif /* P2PUSB_LIB_CONTROL_H */
