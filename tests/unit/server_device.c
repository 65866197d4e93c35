// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices: share, unshare, attach, who may see what, unplug, clean-up.
 */
#include "server_bed.h"

static int set_up(void **state)
{
	*state = bed_start();
	return 0;
}

static int tear_down(void **state)
{
	bed_stop(*state);
	return 0;
}

struct answer {
	int count;
	int err;
	char why[256];
};

static void answered(void *ctx, int err, const char *why)
{
	struct answer *answer = ctx;

	answer->count++;
	answer->err = err;
	snprintf(answer->why, sizeof(answer->why), "%s", why);
}

static unsigned int listed(struct bed *bed, unsigned int i)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_LIST };
	struct agent *agent = &bed->agent[i];
	unsigned int n;

	bed_forget(bed, i);
	link_send(agent->link, &msg);
	bed_next(bed, i, P2PUSB_MSG_LIST_END, 0);
	n = agent->nmsgs - 1;
	bed_forget(bed, i);
	return n;
}

static void test_default_deny(void **state)
{
	struct bed *bed = *state;

	bed_share(bed, "1-1");
	bed_dial(bed, 0, 1);
	bed_until(bed, bed->agent[0].down);
	assert_false(bed->agent[0].up);
	bed_admit(bed, 0, NULL);
	bed_connect(bed, 0);
	assert_int_equal(listed(bed, 0), 0);
	bed_send_attach(bed, 0, "1-1");
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_REFUSED, 0)->refused.code,
			 P2PUSB_CODE_NO_DEVICE);
}

static void test_only_what_is_allowed(void **state)
{
	struct bed *bed = *state;

	bed_share(bed, "1-1");
	bed_share(bed, "1-2");
	bed_plug(bed, "1-3");
	bed_admit(bed, 0, "port:1-2");
	bed_connect(bed, 0);
	assert_int_equal(listed(bed, 0), 1);
	bed_send_attach(bed, 0, "1-1");
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_REFUSED, 0)->refused.code,
			 P2PUSB_CODE_NO_DEVICE);
	bed_forget(bed, 0);
	bed_send_attach(bed, 0, "1-3");
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_REFUSED, 0)->refused.code,
			 P2PUSB_CODE_NO_DEVICE);
	bed_forget(bed, 0);
	assert_int_equal(bed_attach(bed, 0, "1-2"), 1);
}

static void test_busy_says_who(void **state)
{
	const struct wire_refused *refused;
	struct bed *bed = *state;

	bed_admit(bed, 0, "*");
	bed_admit(bed, 1, "*");
	bed_share(bed, "1-1");
	bed_connect(bed, 0);
	bed_connect(bed, 1);
	bed_attach(bed, 0, "1-1");
	bed_send_attach(bed, 1, "1-1");
	refused = &bed_next(bed, 1, P2PUSB_MSG_REFUSED, 0)->refused;
	assert_int_equal(refused->code, P2PUSB_CODE_BUSY);
	assert_int_equal(refused->req, 7);
	assert_non_null(strstr(refused->text, "attached by agent0 since 2"));
}

static void test_waits_for_clean(void **state)
{
	struct bed *bed = *state;
	uint32_t number;

	bed_admit(bed, 0, "*");
	bed_share(bed, "1-1");
	bed_connect(bed, 0);
	number = bed_attach(bed, 0, "1-1");
	paper_block(paper_last, 1);
	bed_detach(bed, 0, number);
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_DETACHED, 0)->detached.code,
			 P2PUSB_CODE_OK);
	bed_forget(bed, 0);
	bed_send_attach(bed, 0, "1-1");
	bed_until(bed, paper_called(paper_last, "reset"));
	bed_idle(bed, 50);
	assert_int_equal(bed->agent[0].nmsgs, 0);
	paper_block(paper_last, 0);
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_ATTACHED, 0)->attached.dev,
			 number + 1);
}

static void test_detach_cancels(void **state)
{
	struct bed *bed = *state;
	struct device *dev;
	struct link_ep *ep;
	uint32_t number;

	bed_admit(bed, 0, "*");
	dev = bed_share(bed, "1-1");
	bed_connect(bed, 0);
	number = bed_attach(bed, 0, "1-1");
	ep = bed_ep(bed, number, 0x81, P2PUSB_XFER_BULK);
	bed_submit(ep, 1, 10, NULL);
	bed_until(bed, paper_last->nflying == 1);
	bed_detach(bed, 0, number);
	bed_until(bed, dev->state == DEVICE_SHARED);
	assert_int_equal(paper_called(paper_last, "cancel"), 1);
	assert_int_equal(paper_called(paper_last, "reset"), 1);
	assert_int_equal(dev->npipes, 0);
	/* A stream of the device that was is no violation. */
	bed_ep(bed, number, 0x02, P2PUSB_XFER_BULK);
	bed_idle(bed, 50);
	assert_false(bed->agent[0].down);
}

static void test_link_lost(void **state)
{
	struct bed *bed = *state;
	struct device *dev;
	struct link_ep *ep;
	uint32_t number;

	bed_admit(bed, 0, "*");
	dev = bed_share(bed, "1-1");
	bed_connect(bed, 0);
	number = bed_attach(bed, 0, "1-1");
	ep = bed_ep(bed, number, 0x81, P2PUSB_XFER_BULK);
	bed_submit(ep, 1, 10, NULL);
	bed_submit(ep, 2, 10, NULL);
	bed_until(bed, paper_last->nflying == 2);
	link_close(bed->agent[0].link, P2PUSB_CLOSE_OK, "gone");
	bed_until(bed, dev->state == DEVICE_SHARED && bed->agent[0].down);
	assert_int_equal(paper_called(paper_last, "cancel"), 2);
	bed_connect(bed, 0);
	bed_attach(bed, 0, "1-1");
}

/* The link of an agent that was killed gives way to its successor. */
static void test_successor(void **state)
{
	struct bed *bed = *state;

	bed_admit(bed, 0, "*");
	bed_share(bed, "1-1");
	bed_connect(bed, 0);
	bed_attach(bed, 0, "1-1");
	bed->agent[1].key = bed->agent[0].key;
	bed_dial(bed, 1, 2);
	bed_until(bed, bed->agent[0].down && bed->agent[1].up);
	bed_attach(bed, 1, "1-1");
}

static void test_unplug(void **state)
{
	struct bed *bed = *state;
	struct link_ep *ep;
	uint32_t number;

	bed_admit(bed, 0, "*");
	bed_share(bed, "1-1");
	bed_connect(bed, 0);
	listed(bed, 0);
	number = bed_attach(bed, 0, "1-1");
	ep = bed_ep(bed, number, 0x81, P2PUSB_XFER_BULK);
	bed_submit(ep, 1, 10, NULL);
	bed_until(bed, paper_last->nflying == 1);
	device_left(&bed->server, "1-1");
	assert_null(device_find(&bed->server, "1-1"));
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_DETACHED, 0)->detached.code,
			 P2PUSB_CODE_UNPLUGGED);
	bed_next(bed, 0, P2PUSB_MSG_DEVICE_GONE, 0);
	bed_until(bed, TAILQ_EMPTY(&bed->server.devices));
	assert_int_equal(bed->server.nshared, 0);
}

static void test_unplug_while_claiming(void **state)
{
	struct bed *bed = *state;
	struct answer answer = { 0 };
	struct device_wish wish = { answered, &answer };

	paper_claim_errs = 100;
	device_share(bed_plug(bed, "1-1"), &wish);
	device_left(&bed->server, "1-1");
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.err, -ENODEV);
	bed_until(bed, TAILQ_EMPTY(&bed->server.devices));
	assert_int_equal(answer.count, 1);
}

static void test_claim_retried(void **state)
{
	struct bed *bed = *state;
	struct answer answer = { 0 };
	struct device_wish wish = { answered, &answer };
	struct device *dev = bed_plug(bed, "1-1");

	paper_claim_errs = 2;
	device_share(dev, &wish);
	bed_until(bed, answer.count);
	assert_int_equal(answer.err, 0);
	assert_int_equal(paper_called(paper_last, "claim"), 3);
	device_unshare(dev, &wish, P2PUSB_CODE_REVOKED, "test");
	bed_until(bed, answer.count == 2);
	assert_int_equal(dev->state, DEVICE_UNSHARED);
}

static void test_claim_fails(void **state)
{
	struct bed *bed = *state;
	struct answer answer = { 0 };
	struct device_wish wish = { answered, &answer };
	struct device *dev = bed_plug(bed, "1-1");

	paper_claim_errs = 100;
	device_share(dev, &wish);
	bed_until(bed, answer.count);
	assert_int_equal(answer.err, -EBUSY);
	assert_int_not_equal(strlen(answer.why), 0);
	assert_int_equal(dev->state, DEVICE_UNSHARED);
	assert_int_equal(bed->server.nshared, 0);
}

static void test_hub_refused(void **state)
{
	struct bed *bed = *state;
	struct answer answer = { 0 };
	struct device_wish wish = { answered, &answer };
	struct device *dev = bed_plug(bed, "1-1");

	dev->info.dev_class = 9;
	device_share(dev, &wish);
	assert_int_equal(answer.err, -EOPNOTSUPP);
	assert_non_null(strstr(answer.why, "hub"));
}

static void test_unshare_revokes(void **state)
{
	struct bed *bed = *state;
	struct answer answer = { 0 };
	struct device_wish wish = { answered, &answer };
	struct device *dev;

	bed_admit(bed, 0, "*");
	dev = bed_share(bed, "1-1");
	bed_connect(bed, 0);
	listed(bed, 0);
	bed_attach(bed, 0, "1-1");
	device_unshare(dev, &wish, P2PUSB_CODE_REVOKED, "test");
	assert_int_equal(bed_next(bed, 0, P2PUSB_MSG_DETACHED, 0)->detached.code,
			 P2PUSB_CODE_REVOKED);
	bed_next(bed, 0, P2PUSB_MSG_DEVICE_GONE, 0);
	bed_until(bed, answer.count);
	assert_int_equal(answer.err, 0);
	assert_int_equal(dev->state, DEVICE_UNSHARED);
}

static void test_shared_by_settings(void **state)
{
	struct bed *bed = *state;
	struct device *dev;

	strcpy(bed->server.settings.share[0], "1234:*");
	bed->server.settings.nshare = 1;
	dev = bed_plug(bed, "1-1");
	assert_int_equal(dev->state, DEVICE_CLAIMING);
	bed_until(bed, dev->state == DEVICE_SHARED);
}

static void test_announced(void **state)
{
	struct bed *bed = *state;
	const struct wire_msg *msg;
	struct device *dev;

	bed_admit(bed, 0, "*");
	bed_admit(bed, 1, "*");
	dev = bed_share(bed, "1-1");
	bed_connect(bed, 0);
	bed_connect(bed, 1);
	assert_int_equal(listed(bed, 1), 1);
	bed_attach(bed, 0, "1-1");
	msg = bed_next(bed, 1, P2PUSB_MSG_DEVICE, 0);
	assert_int_equal(msg->device.state, P2PUSB_DEVICE_BUSY);
	device_unshare(dev, NULL, P2PUSB_CODE_REVOKED, "test");
	msg = bed_next(bed, 1, P2PUSB_MSG_DEVICE_GONE, 0);
	assert_string_equal(msg->device_gone.busid, "1-1");
}

static void test_peer_cut(void **state)
{
	struct bed *bed = *state;
	struct device *dev;

	bed_admit(bed, 0, "*");
	dev = bed_share(bed, "1-1");
	bed_connect(bed, 0);
	bed_attach(bed, 0, "1-1");
	assert_int_equal(peer_remove(bed->server.peers, "agent0"), 0);
	session_cut(&bed->server, bed->agent[0].key.pub, "no longer admitted");
	bed_until(bed, bed->agent[0].down);
	assert_non_null(strstr(bed->agent[0].why, "no longer admitted"));
	bed_until(bed, dev->state == DEVICE_SHARED);
}

/* A device that is stuck in the kernel holds back no other. */
static void test_stuck_device(void **state)
{
	struct engine_device *stuck;
	struct bed *bed = *state;
	struct link_ep *ep0;
	struct link_ep *ep;
	uint32_t number;

	bed_admit(bed, 0, "*");
	bed_share(bed, "1-1");
	stuck = paper_last;
	bed_share(bed, "1-2");
	bed_connect(bed, 0);
	ep0 = bed_ep(bed, bed_attach(bed, 0, "1-1"), 0, P2PUSB_XFER_CONTROL);
	paper_block(stuck, 1);
	bed_reset(ep0, 1);
	bed_until(bed, paper_called(stuck, "reset"));
	number = bed_attach(bed, 0, "1-2");
	ep = bed_ep(bed, number, 0x81, P2PUSB_XFER_BULK);
	bed_submit(ep, 1, 10, NULL);
	bed_until(bed, paper_last->nflying == 1);
	paper_done(paper_last, 0, P2PUSB_ST_OK, 10);
	bed_expect(bed, 0, 1, P2PUSB_ST_OK, 10);
	bed_detach(bed, 0, number);
	bed_next(bed, 0, P2PUSB_MSG_DETACHED, 0);
	paper_block(stuck, 0);
}

/* The worker reaps in the loop's place, until all is there or for a while. */
static void test_deaf(void **state)
{
	struct bed *bed = *state;
	struct device *dev = bed_share(bed, "1-1");
	struct engine_device *edev = dev->edev;
	uint64_t before;

	edev->reaps = edev->ncalls + 3;
	device_deaf(&bed->server, edev);
	device_deaf(&bed->server, edev);
	assert_true(edev->held);
	bed_until(bed, !dev->deaf);
	assert_false(edev->held);
	assert_int_equal(paper_called(edev, "reap"), 3);
	edev->reaps = BED_CALLS;
	device_deaf(&bed->server, edev);
	bed_until(bed, !dev->deaf);
	assert_false(edev->held);
	/* Not at once, even if it has nothing to wait for. */
	edev->reaps = 0;
	before = uv_hrtime();
	device_deaf(&bed->server, edev);
	bed_until(bed, !dev->deaf);
	assert_true(uv_hrtime() - before >= 20 * 1000000ull);
}

/* What was read when it was claimed comes with it, to those who know of it. */
static void test_descriptors(void **state)
{
	struct bed *bed = *state;
	struct device *dev = bed_share(bed, "1-1");
	const struct wire_msg *msg;
	uint32_t number;

	dev->descs.data = malloc(100);
	dev->descs.len = 100;
	memset(dev->descs.data, 'd', 100);
	bed_admit(bed, 0, "*");
	bed_admit(bed, 1, "*");
	bed_connect(bed, 0);
	bed_connect(bed, 1);
	bed_send_attach(bed, 0, "1-1");
	msg = bed_next(bed, 0, P2PUSB_MSG_ATTACHED, 0);
	assert_int_equal(msg->payload, 100);
	assert_memory_equal(bed->agent[0].data[0], dev->descs.data, 100);
	number = msg->attached.dev;
	bed_forget(bed, 0);
	bed_detach(bed, 0, number);
	bed_next(bed, 0, P2PUSB_MSG_DETACHED, 0);
	bed_send_attach(bed, 1, "1-1");
	msg = bed_next(bed, 1, P2PUSB_MSG_ATTACHED, 0);
	assert_int_equal(msg->payload, 0);
}

static void test_detach_unknown(void **state)
{
	struct bed *bed = *state;

	bed_admit(bed, 0, "*");
	bed_connect(bed, 0);
	bed_detach(bed, 0, 1);
	bed_violated(bed, "never attached");
}

#define BED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED(test_default_deny),
		BED(test_only_what_is_allowed),
		BED(test_busy_says_who),
		BED(test_waits_for_clean),
		BED(test_detach_cancels),
		BED(test_link_lost),
		BED(test_successor),
		BED(test_unplug),
		BED(test_unplug_while_claiming),
		BED(test_claim_retried),
		BED(test_claim_fails),
		BED(test_hub_refused),
		BED(test_unshare_revokes),
		BED(test_shared_by_settings),
		BED(test_announced),
		BED(test_peer_cut),
		BED(test_stuck_device),
		BED(test_deaf),
		BED(test_descriptors),
		BED(test_detach_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
