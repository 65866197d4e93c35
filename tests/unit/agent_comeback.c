// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_comeback - a device is unplugged for sleep and plugged in again.
 *
 * Waits for real: a second, and two more.
 */
#include "agent_bed.h"

#define FLAGS	(P2PVHCI_PORT_UNAUTHORIZED | P2PVHCI_PORT_SLEEP_DETACH)

static void fall_asleep(void)
{
	strcpy(remote->peer.name, "attic");
	port->flags = FLAGS;
	comeback_start(port);
	port_end(port, PORT_TELL_SERVER, 0);
	port = NULL;
	remote->listed = 1;
	remote->ndevices = 1;
	strcpy(remote->devices[0].busid, "1-1");
	remote->devices[0].speed = P2PUSB_SPEED_HIGH;
	remote->devices[0].state = P2PUSB_DEVICE_FREE;
	drop_leaving_list();
}

static void wait_for_attach(unsigned int n)
{
	while (fake.attaches < n)
		uv_run(&remote->loop, UV_RUN_ONCE);
}

static void attached(void)
{
	struct wire_attached answer = {
		.req = fake.attach.req,
		.dev = 5 + fake.attaches,
		.device = remote->devices[0],
	};

	assert_int_equal(want_attached(remote, &answer,
				       &remote->descs), 0);
}

static void comes_back_when_the_machine_is_awake(void **state)
{
	(void)state;
	fall_asleep();
	assert_int_equal(fake.detaches, 1);
	wait_for_attach(1);
	assert_string_equal(fake.attach.busid, "1-1");
	kernel.bind_error = EAGAIN;
	attached();
	/* The kernel is not ready: the server has it back until then. */
	assert_int_equal(fake.detaches, 2);
	assert_true(TAILQ_EMPTY(&remote->ports));
	kernel.bind_error = 0;
	wait_for_attach(2);
	attached();
	assert_int_equal(kernel.bind.cookie, 0);
	assert_int_equal(kernel.bind.flags, FLAGS);
	assert_string_equal(kernel.target, "attic/1-1");
	port = TAILQ_FIRST(&remote->ports);
	assert_non_null(port);
	assert_int_equal(port->flags, FLAGS);
	assert_string_equal(port->target, "1-1");
	assert_true(TAILQ_EMPTY(&remote->comebacks));
}

static void gives_up_in_the_end(void **state)
{
	struct comeback *comeback;

	(void)state;
	fall_asleep();
	remote->ndevices = 0;
	comeback = TAILQ_FIRST(&remote->comebacks);
	comeback->until = uv_hrtime();
	while (!TAILQ_EMPTY(&remote->comebacks))
		uv_run(&remote->loop, UV_RUN_ONCE);
	assert_int_equal(fake.attaches, 0);
	assert_true(TAILQ_EMPTY(&remote->wants));
}

static void stops_with_the_agent(void **state)
{
	(void)state;
	fall_asleep();
	wait_for_attach(1);
	want_refuse_all(remote, "E_SHUTDOWN", "the agent stops", NULL);
	assert_false(TAILQ_EMPTY(&remote->comebacks));
	comeback_drop_all(remote);
	assert_true(TAILQ_EMPTY(&remote->comebacks));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(comes_back_when_the_machine_is_awake),
		BED_TEST(gives_up_in_the_end),
		BED_TEST(stops_with_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
