// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-ring [--seed=N] [--completions=N] [--seconds=N] - hostile agents beside
 * an honest one.
 *
 * Workers (fuzz_ring_drive.c) have an agent each that breaks the rules of the
 * ring until it is killed for it, and a driver whose URBs must come back.  The
 * honest pair (fuzz_honest.h) must not notice.
 */
#include <unistd.h>

#include "fuzz_ring.h"
#include "genl.h"
#include "ktap.h"

struct fuzz_board *fuzz_board;

static struct fuzz_board *make_board(int argc, char **argv)
{
	const char *kernel = getenv("rig_kernel");
	struct fuzz_board *b;

	b = fuzz_share(sizeof(*b));
	b->limit_ms = kernel && !strcmp(kernel, "debug") ? 20000 : 10000;
	b->wanted = fuzz_option(argc, argv, "--completions",
				"fuzz_completions", 100000);
	b->seed = fuzz_seed(argc, argv);
	return b;
}

static uint64_t completions(void)
{
	return fuzz_board->taken + fuzz_board->alone;
}

static void watch(long seconds)
{
	long start = ringdev_now_ms(), said = start, now = start;

	while (completions() < fuzz_board->wanted &&
	       now - start < seconds * 1000 && !fuzz_honest->wrongs) {
		usleep(100000);
		now = ringdev_now_ms();
		if (now - said < 10000)
			continue;
		said = now;
		printf("# %ld s: %llu completions, %llu deaths\n",
		       (now - start) / 1000,
		       (unsigned long long)completions(),
		       (unsigned long long)fuzz_board->deaths);
	}
}

static void report(void)
{
	struct fuzz_honest *h = fuzz_honest;
	struct fuzz_board *b = fuzz_board;

	printf("# %llu queues, %llu lies, %llu deaths, %llu kills, %llu ioctls, %llu mappings\n",
	       (unsigned long long)b->queues, (unsigned long long)b->lies,
	       (unsigned long long)b->deaths, (unsigned long long)b->kills,
	       (unsigned long long)b->calls, (unsigned long long)b->maps);
	ktap_ok(!h->wrongs, "the kernel was wrong %u times", h->wrongs);
	ktap_ok(h->loops > 10,
		"the honest pair: %llu loops, %llu bytes verified",
		(unsigned long long)h->loops, (unsigned long long)h->bytes);
	ktap_ok(completions() >= b->wanted,
		"%llu completions, %llu of them without a device",
		(unsigned long long)completions(),
		(unsigned long long)b->alone);
	ktap_ok(b->deaths > b->wanted / 5000 && b->kills > b->wanted / 20000,
		"%llu queues and %llu agents were killed",
		(unsigned long long)b->deaths, (unsigned long long)b->kills);
	ktap_ok(b->urbs && b->urbs == b->back,
		"%llu of %llu URBs came back, %llu taken back, the last %ld ms after its queue",
		(unsigned long long)b->back, (unsigned long long)b->urbs,
		(unsigned long long)b->discards, b->longest_ms);
}

static void count(const struct genl_msg *m, void *arg)
{
	(void)m;
	++*(int *)arg;
}

/* Ports that are not empty, and attach requests; or negative. */
static int ports(void)
{
	struct genl_msg m;
	struct genl g;
	int n = 0, rc;

	rc = genl_open(&g);
	if (rc)
		return rc;
	genl_init(&m, g.family, P2PVHCI_CMD_PORT_GET, NLM_F_DUMP);
	rc = genl_call(&g, &m, NULL, count, &n);
	close(g.fd);
	return rc ? rc : n;
}

static void check_ports(void)
{
	long end = ringdev_now_ms() + fuzz_board->limit_ms;
	int n;

	while ((n = ports()) && ringdev_now_ms() < end)
		usleep(50000);
	ktap_ok(!n, "no port is left: %d", n);
}

int main(int argc, char **argv)
{
	pid_t workers[FUZZ_WORKERS];
	unsigned int i;

	ktap_plan(6);
	fuzz_board = make_board(argc, argv);
	fuzz_honest_start(fuzz_board->seed);
	for (i = 0; i < FUZZ_WORKERS; i++)
		workers[i] = fuzz_start(fuzz_ring_drive, i);
	watch(fuzz_option(argc, argv, "--seconds", "fuzz_seconds", 600));
	fuzz_board->stop = 1;
	for (i = 0; i < FUZZ_WORKERS; i++)
		fuzz_join(workers[i], 5 * fuzz_board->limit_ms);
	fuzz_honest_end();
	report();
	check_ports();
	return ktap_end();
}
