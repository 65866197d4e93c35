// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memdev - a USB device that answers at once, from memory; for benches.
 *
 * usage: memdev ring [BUSY-POLL-US]
 *        memdev tcp|tcp-coalesced|unix|unix-coalesced
 *
 * Plugs itself in, and runs until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front.h"
#include "model.h"
#include "ring_idle.h"

static const struct {
	const char *name;
	int flags;
} ways[] = {
	{ "tcp", 0 },
	{ "tcp-coalesced", FRONT_COALESCE },
	{ "unix", FRONT_UNIX },
	{ "unix-coalesced", FRONT_UNIX | FRONT_COALESCE },
};

static int run(const char *name, unsigned int poll_us)
{
	size_t i;

	if (!strcmp(name, "ring"))
		return front_ring(poll_us);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(name, ways[i].name))
			return front_usbip(ways[i].flags);
	fprintf(stderr, "memdev: no way is called \"%s\"\n", name);
	return 0;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: memdev ring [BUSY-POLL-US] | tcp | tcp-coalesced | unix | unix-coalesced\n");
		return 2;
	}
	/* Touched now: pages that fault later would be counted. */
	memset(model_memory, 0x5a, sizeof(model_memory));
	ret = run(argv[1], argc == 3 ? strtoul(argv[2], NULL, 0) :
				       RING_IDLE_POLL_US);
	if (ret)
		fprintf(stderr, "memdev: %s: %s\n", argv[1], strerror(-ret));
	return 1;
}
