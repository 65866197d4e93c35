// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control - the daemons' end of the control socket.
 *
 * A client has one request at a time; it is not read from while the daemon
 * works for it.  Clients, bytes of a line, time to send it, time to answer it
 * and time to take the answer are bounded, so that a client that does nothing
 * costs one slot for CONTROL_TIMEOUT_MS.  Does not know what verbs mean.
 *
 * DOC: Life of a request
 *
 * READING -> RUNNING (the verb has it) -> WRITING -> READING.  A request that
 * outlives its client is orphaned (@client NULL): answering it frees it.
 */
#include "control.h"
#include "jsontext.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_BACKLOG		16
#define CONTROL_DEPTH_MAX	8	/* of JSON in a request */
#define CONTROL_GROUPS_MAX	1024
#define CONTROL_FORMAT		(JSON_C_TO_STRING_PLAIN | \
				 JSON_C_TO_STRING_NOSLASHESCAPE)

enum control_state {
	CONTROL_READING,
	CONTROL_RUNNING,
	CONTROL_WRITING,
	CONTROL_CLOSING,
};

struct control_client {
	struct control *control;
	struct control_client *next;
	struct control_request *req;
	enum control_state state;
	int last;		/* close when the answer is written */
	int may_write;
	int handles;		/* still to be closed */
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_write_t write;
	char *out;
	size_t have;
	char in[CONTROL_LINE_MAX];
};

struct control {
	uv_loop_t *loop;
	uv_pipe_t listener;
	const struct control_verb *verbs;
	void *owner;
	gid_t gid;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int closed;		/* the listener is */
	unsigned int nclients;
	struct control_client *clients;
};

struct control_request {
	struct control_client *client;
	void *owner;
	struct json_object *args;
};

static void control_next_line(struct control_client *client);

void *control_owner(const struct control_request *req)
{
	return req->owner;
}

static void control_free_if_done(struct control *control)
{
	if (control->closed && !control->clients)
		free(control);
}

static void control_unlink(struct control_client *client)
{
	struct control_client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->control->nclients--;
}

static void control_handle_closed(uv_handle_t *handle)
{
	struct control_client *client = handle->data;
	struct control *control = client->control;

	if (--client->handles)
		return;
	control_unlink(client);
	free(client->out);
	free(client);
	control_free_if_done(control);
}

static void control_drop(struct control_client *client)
{
	if (client->state == CONTROL_CLOSING)
		return;
	client->state = CONTROL_CLOSING;
	if (client->req)
		client->req->client = NULL;
	client->req = NULL;
	uv_close((uv_handle_t *)&client->pipe, control_handle_closed);
	uv_close((uv_handle_t *)&client->timer, control_handle_closed);
}

static void control_written(uv_write_t *write, int status)
{
	struct control_client *client = write->data;

	free(client->out);
	client->out = NULL;
	if (client->state == CONTROL_CLOSING)
		return;
	if (status || client->last)
		control_drop(client);
	else
		control_next_line(client);
}

static void control_expired(uv_timer_t *timer);

static void control_arm(struct control_client *client)
{
	uv_timer_start(&client->timer, control_expired, CONTROL_TIMEOUT_MS, 0);
}

static struct json_object *control_error(const char *code, const char *what,
					 const char *why, const char *hint)
{
	struct json_object *answer = json_object_new_object();
	struct json_object *error = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(0));
	json_object_object_add(error, "code", json_object_new_string(code));
	json_object_object_add(error, "what", json_object_new_string(what));
	json_object_object_add(error, "why",
			       json_object_new_string(why ? why : ""));
	json_object_object_add(error, "try",
			       json_object_new_string(hint ? hint : ""));
	json_object_object_add(answer, "error", error);
	return answer;
}

/* Takes @answer over. */
static void control_send(struct control_client *client,
			 struct json_object *answer)
{
	const char *text;
	uv_buf_t buf;
	size_t len;

	text = json_object_to_json_string_length(answer, CONTROL_FORMAT, &len);
	if (text && len >= CONTROL_ANSWER_MAX) {
		json_object_put(answer);
		answer = control_error("E_LIMIT", "no answer",
				       "it would be longer than 4 MiB", NULL);
		text = json_object_to_json_string_length(answer, CONTROL_FORMAT,
							 &len);
	}
	client->out = text ? malloc(len + 1) : NULL;
	if (client->out) {
		memcpy(client->out, text, len);
		client->out[len] = '\n';
	}
	json_object_put(answer);
	if (!client->out) {
		control_drop(client);
		return;
	}
	client->state = CONTROL_WRITING;
	client->write.data = client;
	buf = uv_buf_init(client->out, (unsigned int)len + 1);
	control_arm(client);
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1,
		     control_written))
		control_drop(client);
}

/* Takes @answer over; @req is gone afterwards. */
static void control_finish(struct control_request *req,
			   struct json_object *answer)
{
	struct control_client *client = req->client;

	json_object_put(req->args);
	free(req);
	if (!client) {
		json_object_put(answer);
		return;
	}
	client->req = NULL;
	control_send(client, answer);
}

void control_answer(struct control_request *req, struct json_object *data)
{
	if (!data)
		data = json_object_new_object();
	json_object_object_add(data, "ok", json_object_new_boolean(1));
	control_finish(req, data);
}

void control_refuse(struct control_request *req, const char *code,
		    const char *what, const char *why, const char *hint)
{
	control_finish(req, control_error(code, what, why, hint));
}

/* The client said something that no tool of ours says: answer, then hang up. */
static void control_reject(struct control_client *client, const char *why)
{
	uv_read_stop((uv_stream_t *)&client->pipe);
	client->last = 1;
	control_send(client, control_error("E_USAGE", "request refused", why,
					   NULL));
}

static void control_expired(uv_timer_t *timer)
{
	struct control_client *client = timer->data;

	if (client->state != CONTROL_RUNNING) {
		control_drop(client);
		return;
	}
	client->req->client = NULL;
	client->req = NULL;
	client->last = 1;
	control_send(client, control_error("E_TIMEOUT", "no answer",
					   "the daemon did not get done with it "
					   "in 10 s", NULL));
}

static const struct control_verb *control_verb(const struct control *control,
					       struct json_object *args)
{
	const struct control_verb *verb;
	struct json_object *name;

	if (!json_object_object_get_ex(args, "verb", &name) ||
	    !json_object_is_type(name, json_type_string))
		return NULL;
	for (verb = control->verbs; verb->name; verb++)
		if (!strcmp(verb->name, json_object_get_string(name)))
			return verb;
	return NULL;
}

/* Takes @args over. */
static void control_run(struct control_client *client, struct json_object *args)
{
	const struct control_verb *verb = control_verb(client->control, args);
	struct control_request *req;

	req = calloc(1, sizeof(*req));
	if (!req) {
		json_object_put(args);
		control_drop(client);
		return;
	}
	req->client = client;
	req->owner = client->control->owner;
	req->args = args;
	client->req = req;
	client->state = CONTROL_RUNNING;
	control_arm(client);
	if (!verb)
		control_refuse(req, "E_USAGE", "request refused",
			       "this daemon has no such verb", NULL);
	else if (verb->write && !client->may_write)
		control_refuse(req, "E_PERMISSION", "request refused",
			       "it needs root or the group p2pusb", NULL);
	else
		verb->run(req, args);
}

static void control_line(struct control_client *client, size_t len)
{
	struct json_object *args;

	args = jsontext_parse(client->in, len, CONTROL_DEPTH_MAX);
	client->have -= len + 1;
	memmove(client->in, client->in + len + 1, client->have);
	if (args)
		control_run(client, args);
	else
		control_reject(client, "it is not one JSON object on a line");
}

static void control_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct control_client *client = handle->data;

	(void)size;
	*buf = uv_buf_init(client->in + client->have,
			   (unsigned int)(sizeof(client->in) - client->have));
}

static void control_received(uv_stream_t *stream, ssize_t n,
			     const uv_buf_t *buf)
{
	struct control_client *client = stream->data;

	(void)buf;
	if (n < 0) {
		control_drop(client);
		return;
	}
	client->have += (size_t)n;
	if (n)
		control_next_line(client);
}

/* Run the line that is there, or wait for one. */
static void control_next_line(struct control_client *client)
{
	uv_stream_t *stream = (uv_stream_t *)&client->pipe;
	char *end = memchr(client->in, '\n', client->have);

	if (end) {
		uv_read_stop(stream);
		control_line(client, (size_t)(end - client->in));
		return;
	}
	if (client->have == sizeof(client->in)) {
		control_reject(client, "it is longer than 65536 bytes");
		return;
	}
	/* Bytes that trickle in do not prolong the time for a line. */
	if (client->state == CONTROL_READING)
		return;
	client->state = CONTROL_READING;
	control_arm(client);
	if (uv_read_start(stream, control_alloc, control_received))
		control_drop(client);
}

static int control_in_group(int fd, gid_t gid)
{
	gid_t groups[CONTROL_GROUPS_MAX];
	socklen_t len = sizeof(groups);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return 0;
	for (i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

static int control_may_write(const struct control *control, uv_pipe_t *pipe)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)pipe, &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return 0;
	return cred.uid == 0 || cred.uid == geteuid() ||
	       cred.gid == control->gid || control_in_group(fd, control->gid);
}

static void control_connected(uv_stream_t *listener, int status)
{
	struct control *control = listener->data;
	struct control_client *client;

	if (status)
		return;
	client = calloc(1, sizeof(*client));
	if (!client)
		return;
	client->control = control;
	client->next = control->clients;
	control->clients = client;
	control->nclients++;
	client->handles = 2;
	uv_pipe_init(control->loop, &client->pipe, 0);
	uv_timer_init(control->loop, &client->timer);
	client->pipe.data = client;
	client->timer.data = client;
	/* Not READING yet: control_next_line() starts that. */
	client->state = CONTROL_RUNNING;
	if (uv_accept(listener, (uv_stream_t *)&client->pipe)) {
		control_drop(client);
		return;
	}
	if (control->nclients > CONTROL_CLIENTS_MAX) {
		client->last = 1;
		control_send(client, control_error("E_LIMIT", "request refused",
						   "too many clients", NULL));
		return;
	}
	client->may_write = control_may_write(control, &client->pipe);
	control_next_line(client);
}

/* 0: free to bind; a socket that nobody answers at is left over and goes. */
static int control_clear(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	err = err ? errno : 0;
	close(fd);
	if (err != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(addr->sun_path) ? -errno : 0;
}

static void control_listener_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	control->closed = 1;
	control_free_if_done(control);
}

void control_close(struct control *control)
{
	struct control_client *client;

	for (client = control->clients; client; client = client->next)
		control_drop(client);
	if (*control->path)
		unlink(control->path);
	uv_close((uv_handle_t *)&control->listener, control_listener_closed);
}

/*
 * Not uv_pipe_bind(): it turns ENOENT into EACCES.  Nobody can connect before
 * uv_listen(), so the mode is never wider than it should be.
 */
static int control_start(struct control *control,
			 const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, err;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		goto err_close;
	memcpy(control->path, addr->sun_path, sizeof(control->path));
	if (chmod(control->path, 0660) || stat(control->path, &st))
		goto err_close;
	control->gid = st.st_gid;
	err = uv_pipe_open(&control->listener, fd);
	if (err) {
		close(fd);
		return err;
	}
	return uv_listen((uv_stream_t *)&control->listener, CONTROL_BACKLOG,
			 control_connected);

err_close:
	err = -errno;
	close(fd);
	return err;
}

int control_listen(uv_loop_t *loop, const char *path,
		   const struct control_verb *verbs, void *owner,
		   struct control **control)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct control *ctl;
	int err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	err = control_clear(&addr);
	if (err)
		return err;
	ctl = calloc(1, sizeof(*ctl));
	if (!ctl)
		return -ENOMEM;
	ctl->loop = loop;
	ctl->verbs = verbs;
	ctl->owner = owner;
	/* libuv writes without MSG_NOSIGNAL: a client may leave any time. */
	signal(SIGPIPE, SIG_IGN);
	uv_pipe_init(loop, &ctl->listener, 0);
	ctl->listener.data = ctl;
	err = control_start(ctl, &addr);
	if (err) {
		control_close(ctl);
		return err;
	}
	*control = ctl;
	return 0;
}
