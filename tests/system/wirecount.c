// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wirecount - look for a text in all that passes a network interface.
 *
 * usage: wirecount INTERFACE TEXT
 *
 * Prints "ready", and on SIGTERM one line: frames, bytes and how many frames
 * held the text.  A text that is cut by a frame's end is not found.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static int listen_on(const char *interface)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int room = 32 << 20, fd;

	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (!addr.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return fd;
}

static unsigned long dropped(int fd)
{
	struct tpacket_stats stats;
	socklen_t length = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &length) < 0)
		return 0;
	return stats.tp_drops;
}

int main(int argc, char **argv)
{
	/* Without SA_RESTART, so that recv() ends. */
	struct sigaction action = { .sa_handler = stop };
	unsigned long frames = 0, bytes = 0, found = 0;
	static char frame[1 << 17];
	ssize_t n;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: wirecount INTERFACE TEXT\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	fd = listen_on(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "wirecount: %s: %s\n", argv[1], strerror(-fd));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (!stopped) {
		n = recv(fd, frame, sizeof(frame), 0);
		if (n < 0)
			continue;
		frames++;
		bytes += n;
		found += !!memmem(frame, n, argv[2], strlen(argv[2]));
	}
	printf("frames=%lu bytes=%lu dropped=%lu found=%lu\n", frames, bytes,
	       dropped(fd), found);
	return 0;
}
