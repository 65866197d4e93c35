// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_control - a daemon's control socket against good and bad clients.
 *
 * The daemon's loop runs in a thread; the tests are clients of the socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define NOBODY	65534

struct daemon {
	char dir[64];
	char path[96];
	uv_loop_t loop;
	uv_async_t stop;
	uv_timer_t timer;
	struct control *control;
	struct control_request *held;
	struct control_request *delayed;
	pthread_t thread;
	int ran;
};

static void run_echo(struct control_request *req, struct json_object *args)
{
	struct daemon *d = control_owner(req);
	struct json_object *data = json_object_new_object();
	struct json_object *text;

	__atomic_add_fetch(&d->ran, 1, __ATOMIC_SEQ_CST);
	if (json_object_object_get_ex(args, "text", &text))
		json_object_object_add(data, "text", json_object_get(text));
	control_answer(req, data);
}

static void run_refuse(struct control_request *req, struct json_object *args)
{
	(void)args;
	control_refuse(req, "E_BUSY", "no device", "it is taken", NULL);
}

static void answer_delayed(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	control_answer(d->delayed, NULL);
	d->delayed = NULL;
}

static void run_later(struct control_request *req, struct json_object *args)
{
	struct daemon *d = control_owner(req);

	(void)args;
	d->delayed = req;
	uv_timer_start(&d->timer, answer_delayed, 300, 0);
}

static void run_never(struct control_request *req, struct json_object *args)
{
	struct daemon *d = control_owner(req);

	(void)args;
	d->held = req;
}

static void run_huge(struct control_request *req, struct json_object *args)
{
	struct json_object *data = json_object_new_object();
	char *text = malloc(CONTROL_ANSWER_MAX);

	(void)args;
	memset(text, 'x', CONTROL_ANSWER_MAX);
	json_object_object_add(data, "text",
			       json_object_new_string_len(text,
							  CONTROL_ANSWER_MAX));
	free(text);
	control_answer(req, data);
}

static void run_large(struct control_request *req, struct json_object *args)
{
	struct json_object *data = json_object_new_object();
	char *text = malloc(1 << 20);

	(void)args;
	memset(text, 'x', 1 << 20);
	json_object_object_add(data, "text",
			       json_object_new_string_len(text, 1 << 20));
	free(text);
	control_answer(req, data);
}

static const struct control_verb verbs[] = {
	{ "echo", 0, run_echo },
	{ "refuse", 0, run_refuse },
	{ "later", 0, run_later },
	{ "never", 0, run_never },
	{ "huge", 0, run_huge },
	{ "large", 0, run_large },
	{ "write", 1, run_echo },
	{ NULL, 0, NULL }
};

static void stop(uv_async_t *async)
{
	struct daemon *d = async->data;

	control_close(d->control);
	/* Answers may come after the end; nobody is there to take them. */
	if (d->held)
		control_answer(d->held, NULL);
	if (d->delayed)
		control_answer(d->delayed, NULL);
	uv_close((uv_handle_t *)&d->timer, NULL);
	uv_close((uv_handle_t *)async, NULL);
}

static void *serve(void *arg)
{
	struct daemon *d = arg;

	uv_run(&d->loop, UV_RUN_DEFAULT);
	return NULL;
}

static int setup(void **state)
{
	struct daemon *d = calloc(1, sizeof(*d));

	strcpy(d->dir, "/tmp/p2pusb-control-XXXXXX");
	if (!mkdtemp(d->dir))
		return -1;
	chmod(d->dir, 0755);
	snprintf(d->path, sizeof(d->path), "%s/s", d->dir);
	uv_loop_init(&d->loop);
	uv_async_init(&d->loop, &d->stop, stop);
	uv_timer_init(&d->loop, &d->timer);
	d->stop.data = d;
	d->timer.data = d;
	if (control_listen(&d->loop, d->path, verbs, d, &d->control))
		return -1;
	*state = d;
	return pthread_create(&d->thread, NULL, serve, d);
}

static int teardown(void **state)
{
	struct daemon *d = *state;

	uv_async_send(&d->stop);
	pthread_join(d->thread, NULL);
	if (uv_loop_close(&d->loop))
		return -1;
	/* The socket goes with its owner. */
	if (!access(d->path, F_OK) || rmdir(d->dir))
		return -1;
	free(d);
	return 0;
}

/* Negative: no way to the daemon. */
static int try_dial(const struct daemon *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = 30 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, d->path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int dial(const struct daemon *d)
{
	int fd = try_dial(d);

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* With a time limit on the socket, no signal restarts recv(). */
static ssize_t hear_byte(int fd, char *byte)
{
	ssize_t n;

	do {
		n = recv(fd, byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* One line, "" at the end of the stream. */
static void hear(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && hear_byte(fd, line + n) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
}

static void expect(int fd, const char *part)
{
	char line[1024];

	hear(fd, line, sizeof(line));
	if (!*part)
		assert_string_equal(line, "");
	else if (!strstr(line, part))
		fail_msg("wanted %s, got %s", part, line);
}

static struct json_object *request(const char *verb)
{
	struct json_object *req = json_object_new_object();

	json_object_object_add(req, "verb", json_object_new_string(verb));
	return req;
}

/* Whatever the bad client did: a good one is served. */
static void served(const struct daemon *d)
{
	struct json_object *req = request("echo"), *answer, *text;

	json_object_object_add(req, "text", json_object_new_string("hi/ä"));
	assert_int_equal(control_call(d->path, req, &answer), 0);
	assert_true(json_object_object_get_ex(answer, "text", &text));
	assert_string_equal(json_object_get_string(text), "hi/ä");
	json_object_put(answer);
	json_object_put(req);
}

static void test_answer(void **state)
{
	struct daemon *d = *state;
	struct stat st;

	served(d);
	assert_int_equal(stat(d->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void test_refusal(void **state)
{
	struct daemon *d = *state;
	int fd = dial(d);

	say(fd, "{\"verb\":\"refuse\"}\n", 18);
	expect(fd, "{\"ok\":false,\"error\":{\"code\":\"E_BUSY\",\"what\":"
	       "\"no device\",\"why\":\"it is taken\",\"try\":\"\"}}\n");
	say(fd, "{\"verb\":\"nonsense\"}\n", 20);
	expect(fd, "\"E_USAGE\"");
	close(fd);
}

/* Several lines in one write, and one line in many. */
static void test_lines_and_packets(void **state)
{
	static const char two[] = "{\"verb\":\"echo\",\"text\":1}\n"
				  "{\"verb\":\"echo\",\"text\":2}\n{\"verb\"";
	static const char rest[] = ":\"echo\",\"text\":3}\n";
	struct daemon *d = *state;
	int fd = dial(d);
	size_t i;

	say(fd, two, sizeof(two) - 1);
	expect(fd, "\"text\":1");
	expect(fd, "\"text\":2");
	for (i = 0; i < sizeof(rest) - 1; i++)
		say(fd, rest + i, 1);
	expect(fd, "\"text\":3");
	close(fd);
}

static void test_garbage(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "\n", 1 },
		{ "hello\n", 6 },
		{ "{\"verb\":\"echo\"\n", 15 },
		{ "{\"verb\":\"echo\"} {}\n", 19 },
		{ "[\"verb\"]\n", 9 },
		{ "\"verb\"\n", 7 },
		{ "null\n", 5 },
		{ "{\"verb\":\"echo\"}\0\n", 17 },
		{ "\xff\xfe{}\n", 5 },
		{ "{\"verb\":\"echo\",\"a\":\"\xff\"}\n", 24 },
		{ "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}\n", 31 },
	};
	struct daemon *d = *state;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fd = dial(d);
		say(fd, rows[i].text, rows[i].len);
		expect(fd, "\"E_USAGE\"");
		expect(fd, "");
		close(fd);
	}
	assert_int_equal(d->ran, 0);
	fd = dial(d);
	say(fd, "{\"verb\":7}\n", 11);
	expect(fd, "\"E_USAGE\"");
	close(fd);
	served(d);
}

static void test_oversize_line(void **state)
{
	struct daemon *d = *state;
	char *text = malloc(CONTROL_LINE_MAX * 2);
	int fd = dial(d);

	memset(text, ' ', CONTROL_LINE_MAX * 2);
	say(fd, text, CONTROL_LINE_MAX * 2);
	expect(fd, "longer than 65536 bytes");
	expect(fd, "");
	close(fd);
	/* The longest that is allowed. */
	memcpy(text, "{\"verb\":\"echo\"}", 15);
	text[14] = ' ';
	text[CONTROL_LINE_MAX - 2] = '}';
	text[CONTROL_LINE_MAX - 1] = '\n';
	fd = dial(d);
	say(fd, text, CONTROL_LINE_MAX);
	expect(fd, "\"ok\":true");
	close(fd);
	free(text);
	served(d);
}

static void test_oversize_answer(void **state)
{
	struct daemon *d = *state;
	struct json_object *req = request("huge"), *answer, *text;
	int fd = dial(d);

	say(fd, "{\"verb\":\"huge\"}\n", 16);
	expect(fd, "\"E_LIMIT\"");
	close(fd);
	json_object_put(req);
	req = request("large");
	assert_int_equal(control_call(d->path, req, &answer), 0);
	assert_true(json_object_object_get_ex(answer, "text", &text));
	assert_int_equal(json_object_get_string_len(text), 1 << 20);
	json_object_put(answer);
	json_object_put(req);
}

static void test_too_many_clients(void **state)
{
	struct daemon *d = *state;
	int fds[CONTROL_CLIENTS_MAX + 8];
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fds[i] = dial(d);
		say(fds[i], "{\"verb\":\"echo\"}\n", 16);
		expect(fds[i], "\"ok\":true");
	}
	for (; i < CONTROL_CLIENTS_MAX + 8; i++) {
		fds[i] = dial(d);
		expect(fds[i], "too many clients");
		expect(fds[i], "");
	}
	/* Those who were first are still served. */
	say(fds[0], "{\"verb\":\"echo\"}\n", 16);
	expect(fds[0], "\"ok\":true");
	for (i = 0; i < CONTROL_CLIENTS_MAX + 8; i++)
		close(fds[i]);
	usleep(200000);
	served(d);
}

static void test_gone_before_answer(void **state)
{
	struct daemon *d = *state;
	int fd = dial(d);

	say(fd, "{\"verb\":\"later\"}\n", 17);
	usleep(50000);
	close(fd);
	usleep(500000);
	fd = dial(d);
	say(fd, "{\"verb\":\"large\"}\n", 17);
	close(fd);
	served(d);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * At the same time: a client that sends half a line, one that sends a byte now
 * and then, one that does not take its answer, and one that gets none.
 */
static void test_slow_clients(void **state)
{
	struct daemon *d = *state;
	int half = dial(d), trickle = dial(d), deaf = dial(d), wait = dial(d);
	double start = seconds();
	struct pollfd pfd = { .fd = trickle, .events = POLLIN };
	char byte;

	say(half, "{\"verb\":", 8);
	say(deaf, "{\"verb\":\"large\"}\n", 17);
	say(wait, "{\"verb\":\"never\"}\n", 17);
	while (seconds() - start < CONTROL_TIMEOUT_MS / 1000 - 1) {
		say(trickle, " ", 1);
		assert_int_equal(poll(&pfd, 1, 500), 0);
	}
	served(d);
	expect(half, "");
	expect(trickle, "");
	expect(wait, "\"E_TIMEOUT\"");
	expect(wait, "");
	assert_true(seconds() - start < CONTROL_TIMEOUT_MS / 1000 + 3);
	/* Given up in the middle: some bytes, no newline, the end. */
	while (hear_byte(deaf, &byte) == 1)
		assert_int_not_equal(byte, '\n');
	served(d);
	close(half);
	close(trickle);
	close(deaf);
	close(wait);
}

static void test_second_daemon(void **state)
{
	struct daemon *d = *state;
	struct control *control;
	uv_loop_t loop;

	uv_loop_init(&loop);
	assert_int_equal(control_listen(&loop, d->path, verbs, d, &control),
			 -EADDRINUSE);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	served(d);
}

static void test_left_over_socket(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct daemon *d = *state;
	struct control *control;
	uv_loop_t loop;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/old", d->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	uv_loop_init(&loop);
	assert_int_equal(control_listen(&loop, addr.sun_path, verbs, d,
					&control), 0);
	control_close(control);
	uv_run(&loop, UV_RUN_DEFAULT);
	/* A file of another kind is somebody else's. */
	fclose(fopen(addr.sun_path, "w"));
	assert_int_equal(control_listen(&loop, addr.sun_path, verbs, d,
					&control), -EEXIST);
	unlink(addr.sun_path);
	assert_int_equal(control_listen(&loop, "/nonexistent/s", verbs, d,
					&control), -ENOENT);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

/* The second lock behind the mode of the socket. */
static void test_stranger_may_not_write(void **state)
{
	struct daemon *d = *state;
	int fd, status;
	pid_t pid;

	if (geteuid())
		skip();
	assert_int_equal(chmod(d->path, 0666), 0);
	pid = fork();
	if (!pid) {
		char line[512];

		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		fd = try_dial(d);
		if (fd < 0)
			_exit(5);
		say(fd, "{\"verb\":\"echo\"}\n", 16);
		hear(fd, line, sizeof(line));
		if (!strstr(line, "\"ok\":true"))
			_exit(3);
		say(fd, "{\"verb\":\"write\"}\n", 17);
		hear(fd, line, sizeof(line));
		_exit(strstr(line, "\"E_PERMISSION\"") ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	fd = dial(d);
	say(fd, "{\"verb\":\"write\"}\n", 17);
	expect(fd, "\"ok\":true");
	close(fd);
}

static void test_call_without_daemon(void **state)
{
	struct daemon *d = *state;
	struct json_object *req = request("echo"), *answer;
	char path[128], longest[200];

	snprintf(path, sizeof(path), "%s/none", d->dir);
	assert_int_equal(control_call(path, req, &answer), -ENOENT);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(control_call(longest, req, &answer), -ENAMETOOLONG);
	json_object_put(req);
}

static void *rogue(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);

	say(fd, "nonsense\n", 9);
	usleep(100000);
	close(fd);
	fd = accept(*(int *)arg, NULL, NULL);
	close(fd);
	return NULL;
}

static void test_call_of_rogue_daemon(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct json_object *req = request("echo"), *answer;
	struct daemon *d = *state;
	pthread_t thread;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/rogue", d->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 4), 0);
	pthread_create(&thread, NULL, rogue, &fd);
	assert_int_equal(control_call(addr.sun_path, req, &answer), -EPROTO);
	assert_int_equal(control_call(addr.sun_path, req, &answer), -EPROTO);
	pthread_join(thread, NULL);
	close(fd);
	unlink(addr.sun_path);
	json_object_put(req);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_answer),
		TEST(test_refusal),
		TEST(test_lines_and_packets),
		TEST(test_garbage),
		TEST(test_oversize_line),
		TEST(test_oversize_answer),
		TEST(test_too_many_clients),
		TEST(test_gone_before_answer),
		TEST(test_slow_clients),
		TEST(test_second_daemon),
		TEST(test_left_over_socket),
		TEST(test_stranger_may_not_write),
		TEST(test_call_without_daemon),
		TEST(test_call_of_rogue_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
