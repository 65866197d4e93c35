// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcpload - the same load over bare TCP, for scale: no cipher, no USB, no ring.
 *
 * tcpload in|out SIZE DEPTH MILLISECONDS CPU CPU
 *
 * A request is 64 bytes, or SIZE more for out; an answer 32, or SIZE more for
 * in: about what the heads of our messages are.  Client and server are
 * processes on the two CPUs.  Prints what figure_print() does.
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../figure/figure.h"

#define REQUEST_LEN	64u
#define ANSWER_LEN	32u
#define WARM_PARTS	4

/**
 * struct end - one process
 * @fd: socket
 * @buf: of the larger message
 * @request: bytes of one
 * @answer: bytes of one
 */
struct end {
	int fd;
	uint8_t *buf;
	size_t request;
	size_t answer;
};

static void pin(const char *cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(atoi(cpu), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %s", cpu);
}

static void send_all(struct end *end, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += (size_t)n) {
		n = send(end->fd, end->buf + done, len - done, MSG_NOSIGNAL);
		if (n <= 0)
			err(1, "send");
	}
}

/* Return: 0 at the end of the connection. */
static int take_all(struct end *end, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += (size_t)n) {
		n = recv(end->fd, end->buf + done, len - done, 0);
		if (n <= 0)
			return 0;
	}
	return 1;
}

static void no_delay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		err(1, "TCP_NODELAY");
}

static void serve(int listener, struct end *end)
{
	end->fd = accept(listener, NULL, NULL);
	if (end->fd < 0)
		err(1, "accept");
	no_delay(end->fd);
	while (take_all(end, end->request))
		send_all(end, end->answer);
	_exit(0);
}

static int listen_any(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (void *)addr, len) || listen(fd, 1) ||
	    getsockname(fd, (void *)addr, &len))
		err(1, "listen");
	return fd;
}

static void load(struct end *end, unsigned int depth, uint64_t length_ns,
		 pid_t server)
{
	uint64_t measure_at = figure_now() + length_ns / WARM_PARTS;
	uint64_t stop_at = measure_at + length_ns;
	uint64_t *since = calloc(depth, sizeof(*since));
	struct figure figure = { 0 };
	uint64_t now = figure_now();
	size_t size = end->request + end->answer - REQUEST_LEN - ANSWER_LEN;
	unsigned int i;

	if (!since)
		err(1, "memory");
	for (i = 0; i < depth; i++) {
		since[i] = now;
		send_all(end, end->request);
	}
	for (i = 0; now < stop_at; i = (i + 1) % depth) {
		if (!take_all(end, end->answer))
			errx(1, "the server left");
		now = figure_now();
		if (figure.started_ns)
			figure_add(&figure, size, now - since[i]);
		else if (now >= measure_at)
			figure_start(&figure, server);
		since[i] = now;
		send_all(end, end->request);
	}
	figure_end(&figure);
	figure_print(&figure, stdout);
}

int main(int argc, char **argv)
{
	struct end end = { .request = REQUEST_LEN, .answer = ANSWER_LEN };
	struct sockaddr_in addr;
	int listener;
	size_t size;
	pid_t pid;

	if (argc != 7)
		errx(2, "tcpload in|out SIZE DEPTH MILLISECONDS CPU CPU");
	size = strtoul(argv[2], NULL, 10);
	*(strcmp(argv[1], "in") ? &end.request : &end.answer) += size;
	end.buf = calloc(1, size + REQUEST_LEN);
	if (!end.buf || !atoi(argv[3]))
		errx(1, "nothing to do");
	listener = listen_any(&addr);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		pin(argv[6]);
		serve(listener, &end);
	}
	pin(argv[5]);
	end.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (end.fd < 0 || connect(end.fd, (void *)&addr, sizeof(addr)))
		err(1, "connect");
	no_delay(end.fd);
	load(&end, (unsigned int)atoi(argv[3]), strtoull(argv[4], NULL, 10) *
	     1000000, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 0;
}
