// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_times - how long requests were away: which are timed, and what of it
 * is the link's, the server's queue's and the device's.
 */
#include "agent_bed.h"

#include "latency.h"
#include "times.h"

#define MS	1000000ull

/* Published so long ago. */
static struct p2pvhci_req timed(uint32_t slot, uint64_t seq, uint64_t ns)
{
	struct p2pvhci_req req = bulk(slot, seq, 0x81, 512);

	req.flags = P2PVHCI_REQ_TIMED;
	req.t_ns = uv_hrtime() - ns;
	return req;
}

static struct wire_msg answer(uint64_t seq, uint32_t queue_us,
			      uint32_t device_us)
{
	struct wire_msg msg = complete(seq, 0, 0, 0);

	msg.complete.queue_us = queue_us;
	msg.complete.device_us = device_us;
	return msg;
}

static const struct times *seen(void)
{
	return port_ep(port, 0x81)->times;
}

static void nobody_looks(void **state)
{
	struct json_object *o;

	(void)state;
	submit(bulk(0, 1, 0x81, 512));
	assert_int_equal(receive(0x81, answer(1, 1000, 2000), 0), 0);
	assert_null(seen());
	assert_null(times_status(port));
	o = port_status(port);
	assert_false(json_object_object_get_ex(o, "times", NULL));
	json_object_put(o);
}

static void is_split(void **state)
{
	(void)state;
	submit(timed(0, 1, 100 * MS));
	assert_int_equal(receive(0x81, answer(1, 3000, 50000), 0), 0);
	assert_non_null(seen());
	assert_int_equal(seen()->device.sum_ns, 50 * MS);
	assert_int_equal(seen()->queue.sum_ns, 3 * MS);
	assert_true(seen()->link.sum_ns >= 47 * MS);
	/* One that is not timed, between two that are. */
	submit(bulk(1, 2, 0x81, 512));
	assert_int_equal(receive(0x81, answer(2, 1000, 1000), 0), 0);
	submit(timed(2, 3, 100 * MS));
	assert_int_equal(receive(0x81, answer(3, 0, 0), 0), 0);
	assert_int_equal(seen()->device.sum_ns, 50 * MS);
	assert_int_equal(latency_count(&seen()->device), 2);
	assert_int_equal(latency_count(&seen()->queue), 2);
	assert_int_equal(latency_count(&seen()->link), 2);
}

/* A server may say what it likes. */
static void more_than_it_took(void **state)
{
	uint64_t took;

	(void)state;
	submit(timed(0, 1, 10 * MS));
	assert_int_equal(receive(0x81, answer(1, UINT32_MAX, UINT32_MAX), 0),
			 0);
	took = seen()->device.sum_ns;
	assert_true(took >= 10 * MS && took < 60000 * MS);
	assert_int_equal(seen()->queue.sum_ns, 0);
	assert_int_equal(seen()->link.sum_ns, 0);
	/* A clock that goes backwards counts for nothing. */
	submit(timed(1, 2, -10000 * MS));
	assert_int_equal(receive(0x81, answer(2, 5, 5), 0), 0);
	assert_int_equal(seen()->device.sum_ns, took);
	assert_int_equal(seen()->device.buckets[0], 1);
}

static void is_in_the_status(void **state)
{
	struct json_object *o, *all, *one, *link;

	(void)state;
	submit(timed(0, 1, 10 * MS));
	assert_int_equal(receive(0x81, answer(1, 0, 1000), 0), 0);
	o = port_status(port);
	assert_true(json_object_object_get_ex(o, "times", &all));
	assert_int_equal(json_object_array_length(all), 1);
	one = json_object_array_get_idx(all, 0);
	assert_true(json_object_object_get_ex(one, "endpoint", &link));
	assert_int_equal(json_object_get_int(link), 0x81);
	assert_true(json_object_object_get_ex(one, "link", &link));
	assert_true(json_object_object_get_ex(link, "count", &link));
	assert_int_equal(json_object_get_int(link), 1);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_looks, setup, teardown),
		cmocka_unit_test_setup_teardown(is_split, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_it_took, setup,
						teardown),
		cmocka_unit_test_setup_teardown(is_in_the_status, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
