// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load - a driver that keeps so many requests of one size in flight.
 *
 * It submits from its completion handler, as drivers do, and touches no byte:
 * what the kernel copies is not the user-space path.  What to do comes from
 * the environment:
 *
 *   BENCH_LOAD="in|out SIZE DEPTH MILLISECONDS"; none: only plug it in
 *   BENCH_SERVER_PID=PID	whose CPU time counts, too
 *   BENCH_RESULT=FILE		"METRIC VALUE" lines, written when all is done
 *
 * Metrics as in Documentation/performance.rst.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fakering.h"
#include "../figure/figure.h"

#define TARGET		"bench/1-1"
#define ATTACH_MS	30000
#define WARM_PARTS	4	/* of the measured time */
#define EP0_SLOT	0	/* the loads have 1 and on */

static const uint8_t set_configuration[8] = { 0x00, 0x09, 1 };

static struct {
	int in;
	uint32_t size;
	uint32_t depth;
	uint64_t length_ns;
	uint64_t measure_at;
	uint64_t stop_at;
	int server_pid;
	uint64_t seq;
	uint32_t in_flight;
	uint64_t *since;	/* by slot */
	struct figure figure;
} load;

static void fail(const char *what)
{
	fprintf(stderr, "fakering: %s\n", what);
	_exit(1);
}

static void read_orders(void)
{
	const char *server = getenv("BENCH_SERVER_PID");
	const char *orders = getenv("BENCH_LOAD");
	unsigned int ms;
	char what[4];

	if (!orders)
		return;
	if (sscanf(orders, "%3s %u %u %u", what, &load.size, &load.depth,
		   &ms) != 4)
		fail("BENCH_LOAD is not \"in|out SIZE DEPTH MILLISECONDS\"");
	load.in = !strcmp(what, "in");
	load.server_pid = server ? atoi(server) : 0;
	load.length_ns = ms * 1000000ull;
	load.since = calloc(load.depth + 1, sizeof(*load.since));
	if (!load.since)
		fail("out of memory");
}

void load_listen(struct fakering *ring)
{
	struct p2pvhci_attach_request head = {
		.timeout_ms = ATTACH_MS,
		.target_len = sizeof(TARGET) - 1,
	};
	const struct p2pvhci_req req = {
		.token = 1,
		.op = P2PVHCI_OP_ATTACH,
		.len = sizeof(head) + sizeof(TARGET) - 1,
	};
	uint8_t *out = ring->ro + ring->setup.off_out;

	read_orders();
	if (!getenv("BENCH_RESULT"))
		return;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), TARGET, sizeof(TARGET) - 1);
	fakering_publish(ring, &req);
}

static void submit(struct fakering *ring, uint32_t slot, uint64_t now)
{
	struct p2pvhci_req req = {
		.token = 1ull << 32 | slot,
		.seq = ++load.seq,
		.op = P2PVHCI_OP_SUBMIT,
		.ep = load.in ? 0x81 : 0x01,
		.type = P2PVHCI_XFER_BULK,
		.port = 1,
		.epoch = 1,
		.len = load.size,
		.out_off = load.in ? P2PVHCI_OUT_NONE :
			   (slot - 1) * load.size,
	};

	load.since[slot] = now;
	load.in_flight++;
	fakering_publish(ring, &req);
}

void load_begin(struct fakering *ring)
{
	struct p2pvhci_req req = {
		.token = 1ull << 32 | EP0_SLOT,
		.seq = 1,
		.op = P2PVHCI_OP_SUBMIT,
		.type = P2PVHCI_XFER_CONTROL,
		.port = 1,
		.epoch = 1,
		.out_off = P2PVHCI_OUT_NONE,
	};

	if ((uint64_t)load.size * load.depth > ring->setup.out_bytes ||
	    load.depth >= ring->setup.tags)
		fail("this load does not fit into the ring");
	memcpy(req.setup, set_configuration, sizeof(req.setup));
	fakering_publish(ring, &req);
}

static void start(struct fakering *ring, uint64_t now)
{
	uint32_t slot;

	load.measure_at = now + load.length_ns / WARM_PARTS;
	load.stop_at = load.measure_at + load.length_ns;
	for (slot = 1; slot <= load.depth; slot++)
		submit(ring, slot, now);
}

static void write_result(void)
{
	const char *path = getenv("BENCH_RESULT");
	char temporary[4096];
	FILE *file;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (!file)
		fail("BENCH_RESULT cannot be written");
	if (load.depth)
		figure_print(&load.figure, file);
	if (fclose(file) || rename(temporary, path))
		fail("BENCH_RESULT cannot be written");
}

/* Some are still in flight when the time is over. */
static void again(struct fakering *ring, uint32_t slot, uint64_t now)
{
	if (now >= load.measure_at && !load.figure.started_ns)
		figure_start(&load.figure, load.server_pid);
	else if (load.figure.started_ns)
		figure_add(&load.figure, load.size, now - load.since[slot]);
	if (now < load.stop_at) {
		submit(ring, slot, now);
		return;
	}
	if (!load.figure.ended_ns)
		figure_end(&load.figure);
	if (!load.in_flight)
		write_result();
}

void load_complete(struct fakering *ring, const struct p2pvhci_cmp *cmp)
{
	uint32_t slot = (uint32_t)cmp->token;
	uint64_t now = figure_now();

	if (cmp->status)
		fail("a transfer ended with an error");
	if (slot != EP0_SLOT) {
		if (cmp->actual != load.size)
			fail("a transfer was short");
		load.in_flight--;
		again(ring, slot, now);
	} else if (load.depth) {
		start(ring, now);
	} else {
		write_result();
	}
}

void load_refused(const char *message)
{
	fail(message);
}
