// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctlping - how soon a daemon answers on its control socket.
 *
 * ctlping SOCKET MILLISECONDS	requests on one open connection, one a
 *				millisecond: p50, p99 in us
 * ctlping SOCKET COMMAND...	start COMMAND; ms until it answers, which ends it
 *
 * Prints "METRIC VALUE" lines.
 */
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../figure/figure.h"

#define START_MS	10000u
#define ANSWER_S	10

static const char request[] = "{\"verb\":\"status\"}\n";

static void pause_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&ts, NULL);
}

static int dial(const char *path)
{
	const struct timeval limit = { ANSWER_S, 0 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		err(1, "%s", path);
	strcpy(addr.sun_path, path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (void *)&addr, sizeof(addr)))
		return fd;
	close(fd);
	return -1;
}

/* An answer is one line. */
static void ask(int fd)
{
	char buf[4096];
	ssize_t n;

	if (write(fd, request, sizeof(request) - 1) < 0)
		err(1, "request");
	do {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			errx(1, "no answer");
	} while (buf[n - 1] != '\n');
}

static void ping(const char *path, unsigned int ms)
{
	struct figure figure = { 0 };
	uint64_t until = figure_now() + ms * 1000000ull;
	int fd = dial(path);
	uint64_t since;

	if (fd < 0)
		err(1, "%s", path);
	figure_start(&figure, 0);
	while ((since = figure_now()) < until) {
		ask(fd);
		figure_add(&figure, 0, figure_now() - since);
		pause_ms(1);
	}
	figure_end(&figure);
	figure_print(&figure, stdout);
}

static void start(const char *path, char **command)
{
	uint64_t since = figure_now();
	unsigned int tries;
	pid_t pid = fork();
	int fd = -1;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	for (tries = 0; fd < 0 && tries < START_MS; tries++) {
		fd = dial(path);
		if (fd < 0)
			pause_ms(1);
	}
	if (fd >= 0)
		ask(fd);
	since = figure_now() - since;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	if (fd < 0)
		errx(1, "%s does not answer", command[0]);
	printf("ms %.1f\n", (double)since / 1000000);
}

int main(int argc, char **argv)
{
	char *end;
	unsigned long ms;

	if (argc < 3)
		errx(2, "ctlping SOCKET MILLISECONDS|COMMAND...");
	ms = strtoul(argv[2], &end, 10);
	if (*end)
		start(argv[1], argv + 2);
	else
		ping(argv[1], (unsigned int)ms);
	return 0;
}
