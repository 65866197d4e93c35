/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe - how much of a daemon's time is the cipher, and how much is QUIC.
 *
 * Preloaded into the daemons: what the QUIC library calls and what calls it is
 * timed by the thread's CPU clock, so that a thread that has to wait does not
 * count.  The cost of looking at the clock is taken off.
 */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stdint.h>

#define PROBE_DIR	"/tmp/probe"	/* a file for each process */

#define PROBE_SERVER	"p2pusbd"

/**
 * struct probe - sums of one process
 * @cipher_ns: AEAD and header protection
 * @quic_ns: packets made and read, cipher and sockets included; also what the
 *	owner does with the bytes before the library has read on
 * @cost_ns: looks at the clock, in neither of them
 */
struct probe {
	uint64_t cipher_ns;
	uint64_t quic_ns;
	uint64_t cost_ns;
};

/**
 * struct probe_sum - of all processes that were probed
 * @cipher_ns: see struct probe
 * @quic_ns: see struct probe
 * @server_ns: all that the server did, without QUIC and the looks at the clock
 */
struct probe_sum {
	uint64_t cipher_ns;
	uint64_t quic_ns;
	uint64_t server_ns;
};

/**
 * probe_sum() - add them up
 * @sum: filled
 */
void probe_sum(struct probe_sum *sum);

#endif /* BENCH_PROBE_H */
