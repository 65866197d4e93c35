// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_udp - what a socket says of a kernel that makes it slow.
 *
 * What it moves is tested through lib_quic and lib_link.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/udp.h>

#include "log.h"
#include "udp.h"

static int old_kernel;

/* Interposed: what an administrator or an old kernel would do. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int small = 65536;

	if (old_kernel && level == IPPROTO_UDP && name == UDP_GRO) {
		errno = ENOPROTOOPT;
		return -1;
	}
	if (old_kernel && level == SOL_SOCKET && name == SO_RCVBUFFORCE) {
		errno = EPERM;
		return -1;
	}
	if (old_kernel && level == SOL_SOCKET && name == SO_RCVBUF)
		value = &small;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* A socket is opened and closed; what it said is in @text. */
static void listen_and_read(char *text, size_t size)
{
	const struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	struct udp udp;
	size_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	assert_int_equal(udp_listen(&udp, (const struct sockaddr *)&addr,
				    sizeof(addr)), 0);
	udp_close(&udp);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void tells_once_what_makes_it_slow(void **state)
{
	char text[1024];

	(void)state;
	log_open("lib_udp", LOG_LEVEL_NOTE);
	old_kernel = 1;
	listen_and_read(text, sizeof(text));
	assert_non_null(strstr(text, "no UDP_GRO:"));
	assert_non_null(strstr(text, "receive buffer of 64 KiB, 4096 wanted"));
	assert_non_null(strstr(text, "sysctl net.core.rmem_max=4194304"));
	listen_and_read(text, sizeof(text));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_once_what_makes_it_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
