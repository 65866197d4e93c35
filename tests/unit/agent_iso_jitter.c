// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_iso_jitter - delay and rate against arrivals made up here.
 *
 * A chunk of 2 ms is due to arrive every 2 ms of the far clock, late by some
 * jitter; it is consumed at our own clock, trimmed by the rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <linux/p2pvhci.h>

#include "iso_jitter.h"

#define CHUNK_US	2000.0

static struct {
	struct iso_jitter jitter;
	double far_ppm;		/* how much faster the far clock is */
	double spread_us;	/* of the jitter, evenly */
	double now_us;		/* ours */
	double sent_us;		/* ours, when the next chunk leaves */
	double level_us;	/* ready now */
	double least_us;
	unsigned int seed;
	int in;
} sim;

static double noise(void)
{
	sim.seed = sim.seed * 1103515245 + 12345;
	return (sim.seed >> 8 & 0xffff) / 65536.0;
}

static void begin(int in, double far_ppm, double spread_us, uint32_t fixed_us)
{
	sim.far_ppm = far_ppm;
	sim.spread_us = spread_us;
	sim.now_us = 1000000;
	sim.sent_us = sim.now_us;
	sim.seed = 1;
	sim.in = in;
	iso_jitter_start(&sim.jitter, in, fixed_us, 0, 0);
	sim.level_us = (double)sim.jitter.delay_us;
	sim.least_us = 1e9;
}

/*
 * What lies ready sinks at one clock and rises by a chunk at the other; which
 * is which depends on the direction.
 */
static void arrive(double late_us)
{
	double ours = 1 + (double)sim.jitter.rate / 1e9;
	double far = 1 + sim.far_ppm / 1e6;
	double step = CHUNK_US / (sim.in ? far : ours);
	double when;

	sim.sent_us += step;
	when = sim.sent_us + late_us;
	if (when < sim.now_us)
		when = sim.now_us;
	sim.level_us -= (when - sim.now_us) * (sim.in ? ours : far);
	sim.now_us = when;
	if (sim.level_us < sim.least_us)
		sim.least_us = sim.level_us;
	iso_jitter_sample(&sim.jitter, (uint64_t)when, (int64_t)sim.level_us);
	/* What could not wait made the other side lag behind. */
	if (sim.level_us < 0)
		sim.level_us = 0;
	sim.level_us += CHUNK_US;
}

static void run(unsigned int seconds)
{
	double end = sim.now_us + seconds * 1e6;

	while (sim.now_us < end)
		arrive(sim.spread_us * noise());
}

static void covers_the_jitter_that_it_sees(void **state)
{
	(void)state;
	begin(1, 0, 20000, 0);
	assert_int_equal(sim.jitter.delay_us, 5000);
	run(10);
	assert_in_range(sim.jitter.delay_us, 10000, 30000);
	sim.least_us = 1e9;
	run(60);
	assert_true(sim.least_us > 0);
}

/*
 * A network that is late by up to 10 ms, evenly, and a machine that now and then
 * stands still for 5 ms more.  What the stream begins with came by luck: late or
 * early.  The deviation of the round-trip time is that of both ways together.
 */
static unsigned int times_dry(int in, unsigned int seed)
{
	unsigned int dry = 0;
	double end;

	begin(in, 0, 10000, 0);
	iso_jitter_start(&sim.jitter, in, 0, 3300, 0);
	sim.level_us = (double)sim.jitter.delay_us;
	sim.seed = seed;
	sim.now_us += sim.spread_us * noise();
	run(2);
	end = sim.now_us + 60e6;
	while (sim.now_us < end) {
		sim.least_us = 0;
		arrive(sim.spread_us * noise() + (noise() < 0.0005 ? 5000 : 0));
		dry += sim.least_us < 0;
	}
	return dry;
}

static void a_stream_that_runs_does_not_run_dry(void **state)
{
	unsigned int dry = 0;
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 200; seed++)
		dry += times_dry(seed & 1, seed) > 0;
	assert_int_equal(dry, 0);
}

static void shrinks_when_the_network_is_quiet(void **state)
{
	(void)state;
	begin(1, 0, 40000, 0);
	run(20);
	assert_in_range(sim.jitter.delay_us, 20000, 60000);
	sim.spread_us = 200;
	run(300);
	assert_in_range(sim.jitter.delay_us, ISO_JITTER_MIN_US, 6000);
	assert_in_range(sim.jitter.level_us, 3000, 8000);
}

static void learns_the_far_clock(void **state)
{
	static const double ppm[] = { 200, -200, 45, 0 };
	double got;
	size_t i;
	int in;

	(void)state;
	for (in = 0; in < 2; in++) {
		for (i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
			begin(in, ppm[i], 5000, 0);
			run(180);
			got = (double)sim.jitter.rate / 1000;
			assert_true(got > ppm[i] - 25 && got < ppm[i] + 25);
			sim.least_us = 1e9;
			run(120);
			assert_true(sim.least_us > 0);
			assert_true(llabs(sim.jitter.level_us -
				    iso_jitter_target(&sim.jitter)) < 2000);
		}
	}
}

static void survives_a_gap(void **state)
{
	int64_t before;

	(void)state;
	begin(1, 50, 2000, 0);
	run(30);
	before = sim.jitter.delay_us;
	arrive(60000);
	/* Told at once. */
	assert_true(sim.jitter.delay_us > before + 40000);
	assert_true(sim.jitter.delay_us <= ISO_JITTER_MAX_US);
	run(120);
	assert_true(llabs(sim.jitter.level_us -
			  iso_jitter_target(&sim.jitter)) < 20000);
	assert_true(llabs(sim.jitter.rate) <= P2PVHCI_EVENT_RATE_MAX);
	/* No jump in the rate that outlives the gap. */
	run(300);
	assert_true(sim.jitter.rate > 0 && sim.jitter.rate < 120000);
}

static void survives_silence(void **state)
{
	(void)state;
	begin(1, 0, 1000, 0);
	run(10);
	sim.now_us += 600e6;
	sim.sent_us = sim.now_us;
	run(10);
	assert_true(llabs(sim.jitter.rate) < 300000);
}

static void keeps_to_a_setting(void **state)
{
	(void)state;
	begin(1, 0, 50000, 25000);
	run(20);
	assert_int_equal(sim.jitter.delay_us, 25000);
	assert_int_equal(iso_jitter_patience(&sim.jitter), 2000);
	iso_jitter_start(&sim.jitter, 1, 0, 1u << 30, 0);
	assert_int_equal(sim.jitter.delay_us, ISO_JITTER_MAX_US);
	iso_jitter_start(&sim.jitter, 0, 0, 8000, 77000);
	assert_int_equal(sim.jitter.delay_us, 37000);
	assert_int_equal(sim.jitter.rate, 77000);
	/* What the driver keeps ready anyhow is no reason to slow it down. */
	iso_jitter_floor(&sim.jitter, 50000);
	assert_int_equal(iso_jitter_target(&sim.jitter), 50000);
	iso_jitter_floor(&sim.jitter, 3000);
	assert_int_equal(iso_jitter_target(&sim.jitter), 37000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covers_the_jitter_that_it_sees),
		cmocka_unit_test(a_stream_that_runs_does_not_run_dry),
		cmocka_unit_test(shrinks_when_the_network_is_quiet),
		cmocka_unit_test(learns_the_far_clock),
		cmocka_unit_test(survives_a_gap),
		cmocka_unit_test(survives_silence),
		cmocka_unit_test(keeps_to_a_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
