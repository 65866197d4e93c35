// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bareload - what TCP alone makes of the network between two machines.
 *
 * usage: bareload serve				answers for ever
 *	  bareload in|out ADDRESS SIZE DEPTH COUNT	prints figure_print()'s
 *
 * A request is 64 bytes, or SIZE more for out; an answer 32, or SIZE more for in:
 * about what the heads of USB/IP and of our own messages are.  It knows no USB.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../host/figure/figure.h"
#include "../memdev/join.h"

#define TCP_PORT	5001
#define HEAD_LEN	64u
#define ANSWER_LEN	32u
#define SIZE_MAX_KIB	1024u
#define DEPTH_MAX	64u

/* Heads every connection: what a request and its answer are long. */
struct lengths {
	uint32_t request;
	uint32_t answer;
};

static uint8_t buf[(SIZE_MAX_KIB << 10) + HEAD_LEN];

static void send_all(int fd, const void *from, size_t len)
{
	const uint8_t *at = from;
	ssize_t n;

	for (; len; len -= (size_t)n, at += n) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			err(1, "send");
	}
}

/* Return: 0 at the end of the connection. */
static int take_all(int fd, void *to, size_t len)
{
	return !len || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

static void serve(void)
{
	struct lengths lengths;
	int fd;

	for (;;) {
		fd = join_accept(TCP_PORT);
		if (fd < 0)
			errx(1, "accept: error %d", -fd);
		if (!take_all(fd, &lengths, sizeof(lengths)) ||
		    lengths.request > sizeof(buf) ||
		    lengths.answer > sizeof(buf))
			errx(1, "not a client of ours");
		while (take_all(fd, buf, lengths.request))
			send_all(fd, buf, lengths.answer);
		close(fd);
	}
}

static void load(int fd, const struct lengths *lengths, unsigned int depth,
		 unsigned int count)
{
	uint64_t size = lengths->request + lengths->answer - HEAD_LEN -
			ANSWER_LEN;
	struct figure figure = { 0 };
	uint64_t since[DEPTH_MAX];
	unsigned int i;

	send_all(fd, lengths, sizeof(*lengths));
	figure_start(&figure, 0);
	for (i = 0; i < depth + count; i++) {
		if (i >= depth) {
			if (!take_all(fd, buf, lengths->answer))
				errx(1, "the server left");
			figure_add(&figure, size,
				   figure_now() - since[i % depth]);
		}
		since[i % depth] = figure_now();
		if (i < count)
			send_all(fd, buf, lengths->request);
	}
	figure_end(&figure);
	figure_print(&figure, stdout);
}

int main(int argc, char **argv)
{
	struct lengths lengths = { HEAD_LEN, ANSWER_LEN };
	unsigned long size, depth, count;
	int fd;

	if (argc == 2 && !strcmp(argv[1], "serve"))
		serve();
	if (argc != 6)
		errx(2, "usage: bareload serve | in|out ADDRESS SIZE DEPTH COUNT");
	size = strtoul(argv[3], NULL, 10);
	depth = strtoul(argv[4], NULL, 10);
	count = strtoul(argv[5], NULL, 10);
	if (size > SIZE_MAX_KIB << 10 || !depth || depth > DEPTH_MAX || !count)
		errx(2, "no such load");
	*(strcmp(argv[1], "in") ? &lengths.request : &lengths.answer) +=
		(uint32_t)size;
	fd = join_connect(argv[2], TCP_PORT);
	if (fd < 0)
		errx(1, "%s: error %d", argv[2], -fd);
	load(fd, &lengths, (unsigned int)depth, (unsigned int)count);
	return 0;
}
