// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control_call - the tool's end of the control socket: ask, wait, return.
 *
 * Blocking, with one deadline for all of it.  Does not judge the answer.
 */
#include "control.h"
#include "jsontext.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The daemon's own limit comes first and has a better sentence. */
#define CALL_TIMEOUT_MS		(CONTROL_TIMEOUT_MS + 2000)
#define CALL_CHUNK		16384
#define CALL_DEPTH_MAX		16

struct call_buffer {
	char *text;
	size_t len;
	size_t size;
};

static long call_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int call_wait(int fd, short events, long deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	long left = deadline - call_now_ms();
	int n;

	if (left <= 0)
		return -ETIMEDOUT;
	n = poll(&pfd, 1, (int)left);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* Return: file descriptor or negative errno. */
static int call_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		/* EAGAIN: alive, and its backlog is full. */
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int call_send(int fd, const char *text, size_t len, long deadline)
{
	ssize_t n;
	int err;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n >= 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		/* It may have refused and hung up: the answer tells. */
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		err = call_wait(fd, POLLOUT, deadline);
		if (err)
			return err;
	}
	return 0;
}

static int call_grow(struct call_buffer *buf)
{
	char *text;

	if (buf->size - buf->len >= CALL_CHUNK)
		return 0;
	if (buf->size >= CONTROL_ANSWER_MAX + CALL_CHUNK)
		return -EPROTO;
	text = realloc(buf->text, buf->size * 2 + CALL_CHUNK);
	if (!text)
		return -ENOMEM;
	buf->text = text;
	buf->size = buf->size * 2 + CALL_CHUNK;
	return 0;
}

/* Read up to the newline. */
static int call_receive(int fd, struct call_buffer *buf, long deadline)
{
	ssize_t n;
	int err;

	for (;;) {
		err = call_grow(buf);
		if (err)
			return err;
		n = recv(fd, buf->text + buf->len, CALL_CHUNK, 0);
		if (!n)
			return -EPROTO;
		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				return errno == ECONNRESET ? -EPROTO : -errno;
			err = call_wait(fd, POLLIN, deadline);
			if (err)
				return err;
			continue;
		}
		buf->len += (size_t)n;
		if (buf->text[buf->len - 1] == '\n')
			return 0;
	}
}

static int call_parse(const struct call_buffer *buf, struct json_object **out)
{
	struct json_object *answer, *ok;

	answer = jsontext_parse(buf->text, buf->len - 1, CALL_DEPTH_MAX);
	if (!answer ||
	    !json_object_object_get_ex(answer, "ok", &ok) ||
	    !json_object_is_type(ok, json_type_boolean)) {
		json_object_put(answer);
		return -EPROTO;
	}
	*out = answer;
	return 0;
}

int control_call(const char *path, struct json_object *request,
		 struct json_object **answer)
{
	long deadline = call_now_ms() + CALL_TIMEOUT_MS;
	struct call_buffer buf = { 0 };
	const char *text;
	size_t len;
	int fd, err;

	text = json_object_to_json_string_length(request, JSON_C_TO_STRING_PLAIN,
						 &len);
	if (!text || len >= CONTROL_LINE_MAX)
		return -EMSGSIZE;
	fd = call_connect(path);
	if (fd < 0)
		return fd;
	err = call_send(fd, text, len, deadline);
	if (!err)
		err = call_send(fd, "\n", 1, deadline);
	if (!err)
		err = call_receive(fd, &buf, deadline);
	if (!err)
		err = call_parse(&buf, answer);
	free(buf.text);
	close(fd);
	return err;
}
