// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_iso - isochronous endpoints between a kernel that paces, a network that
 * delays and a host controller with a clock of its own, all made up here.
 *
 * Time stands still while the agent works: what is measured is its algorithm.
 */
#include "agent_bed.h"
#include "iso_int.h"

#define MS		1000000ull
#define STEP_NS		100000ull
#define PKT_BYTES	8u
#define SLOT_BYTES	4096u
#define NET_MAX		1024u
#define EP_IN		0x81
#define EP_OUT		0x02

/* Something on its way to the server, and then with its controller. */
struct job {
	uint64_t at;		/* when it arrives there; then here, again */
	uint64_t seq;
	uint32_t npkt;
	uint32_t status;
	uint32_t first;		/* counter of its first packet */
	uint32_t device_us;
};

static struct {
	uint64_t now;
	uint8_t ep;
	uint32_t npkt;
	uint32_t nurbs;
	uint64_t pkt_ns;
	double ppm;
	uint64_t delay;
	uint64_t spread;
	uint64_t slow;		/* the way back, beyond the RTT */
	uint64_t frozen;	/* nothing arrives here before */
	unsigned int seed;
	/* network and controller */
	struct job there[NET_MAX];
	unsigned int nthere;
	struct job back[NET_MAX];
	unsigned int nback;
	uint64_t last_there;
	uint64_t last_back;
	uint64_t hc_free;
	uint32_t frame;
	uint32_t gaps;
	uint32_t sent_counter;
	uint32_t got_counter;
	/* kernel and driver */
	struct {
		uint64_t since;
		uint64_t due;
		int complete;
	} urbs[TAGS];
	uint32_t oldest;
	uint64_t due;
	uint64_t seq;
	uint32_t returned;
	uint32_t good;
	uint32_t bad;
	uint32_t jumps;
	uint32_t counter;
	int quiet;		/* the driver submits no more */
} sim;

uint64_t uv_hrtime(void)
{
	return sim.now;
}

static struct iso *stream(void)
{
	return port_ep(port, sim.ep)->iso;
}

static uint8_t *out_area(uint32_t slot)
{
	return (uint8_t *)queue->ring.ro + queue->ring.setup.off_out +
	       slot * SLOT_BYTES;
}

static uint64_t jitter(void)
{
	sim.seed = sim.seed * 1103515245 + 12345;
	return sim.spread ? (sim.seed >> 4) % sim.spread : 0;
}

/* --- The driver and the kernel ------------------------------------------- */

static void put_packets(uint32_t slot)
{
	struct p2pvhci_iso iso = { .len = PKT_BYTES };
	uint8_t *dst = out_area(slot);
	uint32_t i;

	for (i = 0; i < sim.npkt; i++)
		memcpy(dst + i * sizeof(iso), &iso, sizeof(iso));
	dst += sim.npkt * sizeof(iso);
	for (i = 0; i < sim.npkt && sim.ep == EP_OUT; i++, sim.counter++)
		memcpy(dst + i * PKT_BYTES, &sim.counter, sizeof(sim.counter));
}

static struct p2pvhci_req request(uint32_t slot)
{
	struct p2pvhci_req req = bulk(slot, ++sim.seq, sim.ep, 0);

	req.type = P2PVHCI_XFER_ISO;
	req.len = sim.npkt * PKT_BYTES;
	req.npkt = sim.npkt;
	req.out_off = slot * SLOT_BYTES;
	req.interval = (uint32_t)(sim.pkt_ns / 125000);
	req.t_ns = sim.now;
	return req;
}

static void submit_urb(uint32_t slot)
{
	double ns = (double)(sim.npkt * sim.pkt_ns) *
		    (1 - (double)kernel.event.arg / 1e9);
	struct p2pvhci_req req;

	put_packets(slot);
	if (sim.due < sim.now)
		sim.due = sim.now;
	sim.due += (uint64_t)ns;
	sim.urbs[slot].since = sim.now;
	sim.urbs[slot].due = sim.due;
	sim.urbs[slot].complete = 0;
	req = request(slot);
	req.start_frame = (int32_t)((sim.due - (uint64_t)ns) / MS & 0x7ff);
	submit(req);
}

static void check_packet(const struct p2pvhci_iso *iso, const uint8_t *bytes)
{
	uint32_t counter;

	if (iso->status) {
		assert_int_equal(iso->status, P2PVHCI_ST_XDEV);
		assert_int_equal(iso->len, 0);
		sim.bad++;
		return;
	}
	sim.good++;
	assert_int_equal(iso->rsv, 0);
	assert_int_equal(iso->len, PKT_BYTES);
	if (sim.ep == EP_OUT)
		return;
	memcpy(&counter, bytes, sizeof(counter));
	/* Never anything twice or again. */
	assert_true(counter >= sim.counter);
	sim.jumps += sim.good > 1 && counter != sim.counter;
	sim.counter = counter + 1;
}

static void take_cmp(const struct p2pvhci_cmp *cmp)
{
	const struct p2pvhci_iso *iso;
	const uint8_t *bytes = queue->ring.in + cmp->in_off;
	uint32_t slot = (uint32_t)cmp->token;
	uint32_t sum = 0;
	uint32_t i;

	assert_int_equal(cmp->status, P2PVHCI_ST_OK);
	iso = (const void *)(queue->ring.in + cmp->iso_off);
	assert_int_equal(cmp->iso_off % 4, 0);
	for (i = 0; i < sim.npkt; i++) {
		check_packet(&iso[i], bytes + sum);
		sum += iso[i].len;
	}
	assert_int_equal(cmp->actual, sum);
	assert_false(sim.urbs[slot].complete);
	sim.urbs[slot].complete = 1;
	if (sim.now > sim.urbs[slot].due) {
		sim.due += sim.now - sim.urbs[slot].due;
		for (i = 0; i < sim.nurbs; i++)
			if (i != slot && !sim.urbs[i].complete)
				sim.urbs[i].due += sim.now -
						   sim.urbs[slot].due;
		sim.urbs[slot].due = sim.now;
	}
}

static void kernel_step(void)
{
	uint32_t i;

	assert_int_equal(ring_enter(&queue->ring), 0);
	for (i = 0; i < kernel.ncmps; i++)
		take_cmp(&kernel.cmps[i]);
	kernel.ncmps = 0;
	while (sim.urbs[sim.oldest].complete &&
	       sim.urbs[sim.oldest].due <= sim.now) {
		sim.urbs[sim.oldest].complete = 0;
		sim.returned++;
		if (!sim.quiet)
			submit_urb(sim.oldest);
		else
			sim.urbs[sim.oldest].due = UINT64_MAX;
		sim.oldest = (sim.oldest + 1) % sim.nurbs;
	}
}

/* --- The network and the server ------------------------------------------ */

static void check_out(const uint8_t *payload, uint32_t npkt)
{
	uint32_t counter;
	uint32_t len;
	uint32_t i;

	for (i = 0; i < npkt; i++) {
		memcpy(&len, payload + i * 4, sizeof(len));
		assert_int_equal(len, PKT_BYTES);
		memcpy(&counter, payload + npkt * 4 + i * PKT_BYTES,
		       sizeof(counter));
		assert_true(counter >= sim.got_counter);
		sim.got_counter = counter + 1;
	}
}

static void carry(void)
{
	struct wire_msg *msg;
	struct job *job;
	unsigned int i;

	for (i = 0; i < fake.nsent; i++) {
		msg = &fake.sent[i].msg;
		if (msg->type == P2PUSB_MSG_SUBMIT) {
			assert_true(sim.nthere < NET_MAX);
			job = &sim.there[sim.nthere++];
			memset(job, 0, sizeof(*job));
			job->at = sim.now + sim.delay + jitter();
			if (job->at < sim.last_there)
				job->at = sim.last_there;
			sim.last_there = job->at;
			job->seq = msg->submit.seq;
			job->npkt = msg->submit.npkt;
			if (sim.ep == EP_OUT)
				check_out(fake.sent[i].copy, job->npkt);
		}
		free(fake.sent[i].copy);
		fake.sent[i].copy = NULL;
	}
	fake.nsent = 0;
}

/* The controller takes it as soon as it is free. */
static void plan(const struct job *there)
{
	struct job *job = &sim.back[sim.nback++];
	uint64_t start = there->at + MS / 4;
	double ns = (double)(there->npkt * sim.pkt_ns) / (1 + sim.ppm / 1e6);
	uint64_t end;

	assert_true(sim.nback < NET_MAX);
	*job = *there;
	if (start > sim.hc_free) {
		sim.gaps += sim.hc_free != 0;
		if (sim.hc_free)
			sim.frame += (uint32_t)((start - sim.hc_free) /
						sim.pkt_ns);
	} else {
		start = sim.hc_free;
	}
	end = start + (uint64_t)ns;
	sim.hc_free = end;
	job->first = sim.frame;
	sim.frame += job->npkt;
	job->device_us = (uint32_t)((end - there->at) / 1000);
	job->at = end + sim.delay + sim.slow + jitter();
	if (job->at < sim.frozen)
		job->at = sim.frozen;
	if (job->at < sim.last_back)
		job->at = sim.last_back;
	sim.last_back = job->at;
}

static void answer(const struct job *job)
{
	uint32_t bytes = sim.ep == EP_IN ? job->npkt * PKT_BYTES : 0;
	struct wire_msg msg = complete(job->seq, 0, job->npkt * PKT_BYTES,
				       job->npkt * 8 + bytes);
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	struct port_ep *ep = port_ep(port, sim.ep);
	uint32_t counter;
	void *dst = NULL;
	uint32_t i;

	msg.complete.npkt = (uint16_t)job->npkt;
	msg.complete.device_us = job->device_us;
	assert_int_equal(xfer_begin(ep, &msg, &dst), 0);
	for (i = 0; i < job->npkt; i++) {
		packets[i].actual = PKT_BYTES;
		packets[i].status = P2PUSB_ST_OK;
	}
	if (dst)
		wire_packet_put(dst, packets, job->npkt);
	for (i = 0; dst && i < job->npkt && bytes; i++) {
		counter = job->first + i;
		memcpy((uint8_t *)dst + job->npkt * 8 + i * PKT_BYTES, &counter,
		       sizeof(counter));
	}
	assert_int_equal(xfer_end(ep, &msg), 0);
}

static void pop(struct job *jobs, unsigned int *n)
{
	memmove(jobs, jobs + 1, --*n * sizeof(*jobs));
}

static void net_step(void)
{
	struct job job;

	carry();
	while (sim.nthere && sim.there[0].at <= sim.now) {
		plan(&sim.there[0]);
		pop(sim.there, &sim.nthere);
	}
	while (sim.nback && sim.back[0].at <= sim.now) {
		job = sim.back[0];
		pop(sim.back, &sim.nback);
		answer(&job);
	}
}

static void timer_step(void)
{
	struct iso *iso = stream();
	uint64_t deadline = iso ? iso->ops->deadline(iso) : 0;

	if (!deadline || deadline > sim.now)
		return;
	iso->ops->late(iso, sim.now);
	iso_kick(iso->ep);
}

static void run_ms(uint64_t ms)
{
	uint64_t end = sim.now + ms * MS;

	for (; sim.now < end; sim.now += STEP_NS) {
		net_step();
		timer_step();
		kernel_step();
	}
}

static void forget(void)
{
	struct iso *iso = stream();

	sim.returned = 0;
	sim.good = 0;
	sim.bad = 0;
	sim.jumps = 0;
	sim.gaps = 0;
	iso->lost = 0;
	iso->late_pkts = 0;
	iso->underruns = 0;
	iso->overruns = 0;
}

static void begin(uint8_t ep, uint32_t nurbs, uint32_t npkt, uint64_t pkt_us)
{
	uint32_t i;

	memset(&sim, 0, sizeof(sim));
	sim.now = 5000 * MS;
	sim.ep = ep;
	sim.nurbs = nurbs;
	sim.npkt = npkt;
	sim.pkt_ns = pkt_us * 1000;
	sim.delay = MS / 5;
	sim.seed = 7;
	remote->hello.max_urbs = 256;
	remote->hello.max_ep_bytes = 8 << 20;
	for (i = 0; i < nurbs; i++)
		submit_urb(i);
}

/* --- Tests --------------------------------------------------------------- */

/* Drivers as they are: audio at high and full speed, a camera, usbfs. */
static const struct {
	uint32_t nurbs;
	uint32_t npkt;
	uint32_t pkt_us;
} drivers[] = {
	{ 12, 8, 125 },
	{ 8, 1, 1000 },
	{ 4, 4, 1000 },
	{ 5, 32, 125 },
	{ 2, 64, 1000 },
};

#define NDRIVERS	(sizeof(drivers) / sizeof(drivers[0]))

static void again(void)
{
	void *none = NULL;

	teardown(&none);
	setup(&none);
}

static void check_flow(uint8_t ep, size_t i, uint64_t delay, uint64_t spread)
{
	uint64_t urb_us = drivers[i].npkt * drivers[i].pkt_us;
	uint32_t want = (uint32_t)(10000000 / urb_us);

	again();
	begin(ep, drivers[i].nurbs, drivers[i].npkt, drivers[i].pkt_us);
	sim.delay = delay;
	sim.spread = spread;
	fake.srtt_us = (2 * delay + spread) / 1000;
	run_ms(6000);
	forget();
	run_ms(10000);
	assert_in_range(sim.returned, want - want / 200 - 2,
			want + want / 200 + 2);
	assert_int_equal(sim.bad, 0);
	assert_int_equal(sim.jumps, 0);
	assert_int_equal(sim.gaps, 0);
	assert_int_equal(stream()->lost, 0);
	assert_int_equal(stream()->underruns, 0);
	assert_int_equal(stream()->overruns, 0);
}

static void flows_from_the_device_without_loss(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NDRIVERS; i++) {
		check_flow(EP_IN, i, MS / 5, MS / 10);
		check_flow(EP_IN, i, 20 * MS, 10 * MS);
	}
}

static void flows_to_the_device_without_gaps(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NDRIVERS; i++) {
		check_flow(EP_OUT, i, MS / 5, MS / 10);
		check_flow(EP_OUT, i, 20 * MS, 10 * MS);
	}
}

static void follows_a_clock(uint8_t ep, double ppm)
{
	double got;

	again();
	begin(ep, 6, 2, 1000);
	sim.ppm = ppm;
	sim.spread = 3 * MS;
	sim.delay = 2 * MS;
	fake.srtt_us = 5000;
	run_ms(100000);
	forget();
	run_ms(60000);
	assert_int_equal(sim.bad, 0);
	assert_int_equal(sim.jumps, 0);
	assert_int_equal(sim.gaps, 0);
	got = (double)kernel.event.arg / 1000;
	assert_true(got > ppm - 60 && got < ppm + 60);
}

static void follows_the_clock_of_the_device(void **state)
{
	(void)state;
	follows_a_clock(EP_IN, 200);
	follows_a_clock(EP_IN, -200);
	follows_a_clock(EP_OUT, 200);
	follows_a_clock(EP_OUT, -200);
}

static void lives_through_a_stall(void **state)
{
	static const uint8_t eps[] = { EP_IN, EP_OUT };
	uint32_t before;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		again();
		begin(eps[i], 10, 2, 1000);
		run_ms(3000);
		before = sim.returned;
		sim.frozen = sim.now + 400 * MS;
		run_ms(400);
		/* The driver's time goes on, if not as fast. */
		assert_true(sim.returned > before + 50);
		/* But it does not run ahead of a device that says nothing. */
		if (eps[i] == EP_OUT)
			assert_true(stream()->live * sim.pkt_ns < 300 * MS);
		run_ms(4000);
		/* What comes when its time has passed is not played. */
		if (eps[i] == EP_IN) {
			assert_true(stream()->lost);
			assert_true(stream()->underruns);
			assert_true(stream()->late_pkts);
		}
		forget();
		run_ms(5000);
		assert_in_range(sim.returned, 2480, 2520);
		assert_int_equal(sim.bad, 0);
		assert_int_equal(sim.jumps, 0);
		assert_int_equal(sim.gaps, 0);
		assert_true(stream()->jitter.delay_us <= ISO_JITTER_MAX_US);
	}
}

static void feeds_the_device_when_the_way_back_is_slow(void **state)
{
	(void)state;
	begin(EP_OUT, 12, 1, 1000);
	sim.slow = 60 * MS;
	fake.srtt_us = 400;
	run_ms(2000);
	forget();
	run_ms(5000);
	assert_in_range(sim.returned, 4980, 5020);
	assert_int_equal(sim.gaps, 0);
	assert_int_equal(stream()->lost, 0);
}

static void serves_one_transfer_at_a_time(void **state)
{
	static const uint8_t eps[] = { EP_IN, EP_OUT };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		again();
		begin(eps[i], 1, 8, 1000);
		run_ms(1000);
		assert_in_range(sim.returned, 100, 126);
		assert_int_equal(sim.bad, 0);
	}
}

static void sends_the_rest_when_no_more_comes(void **state)
{
	(void)state;
	begin(EP_OUT, 1, 2, 1000);
	sim.quiet = 1;
	run_ms(100);
	assert_int_equal(sim.returned, 1);
	assert_int_equal(sim.got_counter, 2);
	assert_int_equal(stream()->state, ISO_IDLE);
}

/* What was collected meanwhile has nowhere to go. */
static void sends_nothing_when_the_stream_was_ended(void **state)
{
	(void)state;
	begin(EP_OUT, 1, 2, 1000);
	sim.quiet = 1;
	port_stream_lost(port_ep(port, EP_OUT));
	run_ms(100);
	assert_int_equal(fake.nsent, 0);
}

static void stops_when_nobody_asks(void **state)
{
	(void)state;
	begin(EP_IN, 4, 8, 1000);
	run_ms(500);
	sim.quiet = 1;
	run_ms(400);
	assert_int_equal(stream()->state, ISO_IDLE);
	run_ms(400);
	assert_int_equal(port_ep(port, EP_IN)->nsent, 0);
	assert_int_equal(port_ep(port, EP_IN)->bytes, 0);
}

/* The kernel reads as many packets as the URB has, whatever its status. */
static void check_all_lost(const struct p2pvhci_cmp *cmps, uint32_t n)
{
	const struct p2pvhci_iso *iso;
	uint32_t i;

	for (; n; n--, cmps++) {
		assert_int_equal(cmps->actual, 0);
		assert_int_equal(cmps->in_off, 0);
		iso = (const void *)(queue->ring.in + cmps->iso_off);
		for (i = 0; i < sim.npkt; i++) {
			assert_int_equal(iso[i].len, 0);
			assert_int_equal(iso[i].rsv, 0);
			assert_int_equal(iso[i].status, P2PVHCI_ST_XDEV);
		}
	}
}

static void cancels_at_once_and_forgets(void **state)
{
	unsigned int cancels = 0;
	uint32_t frame;
	uint32_t i;

	(void)state;
	begin(EP_IN, 4, 8, 1000);
	sim.delay = 30 * MS;
	fake.srtt_us = 60000;
	run_ms(1000);
	sim.frozen = sim.now + 500 * MS;
	run_ms(60);
	carry();
	for (i = 0; i < 4; i++)
		cancel(i);
	turn();
	assert_true(kernel.ncmps > 0);
	for (i = 0; i < kernel.ncmps; i++)
		assert_int_equal(kernel.cmps[i].status, P2PVHCI_ST_CANCELLED);
	check_all_lost(kernel.cmps, kernel.ncmps);
	kernel.ncmps = 0;
	assert_int_equal(stream()->state, ISO_IDLE);
	assert_int_equal(stream()->ready_pkts, 0);
	for (i = 0; i < fake.nsent; i++)
		cancels += fake.sent[i].msg.type == P2PUSB_MSG_CANCEL;
	assert_true(cancels > 2);
	/* A new stream gets nothing of the old one. */
	frame = sim.frame;
	sim.frozen = 0;
	sim.due = 0;
	sim.oldest = 0;
	sim.good = 0;
	for (i = 0; i < 4; i++)
		submit_urb(i);
	run_ms(2500);
	assert_true(sim.good > 1000);
	assert_true(sim.counter >= frame + sim.good);
}

static void stops_on_the_cancel_of_what_is_complete(void **state)
{
	struct p2pvhci_req req;

	(void)state;
	begin(EP_OUT, 4, 2, 1000);
	run_ms(50);
	assert_int_equal(stream()->state, ISO_RUNNING);
	req = request(0);
	req.op = P2PVHCI_OP_CANCEL;
	xfer_cancel(queue, &req);
	assert_int_equal(stream()->state, ISO_IDLE);
}

/* Nothing may be outstanding at a server that is to let the device sleep. */
static void stops_before_the_device_sleeps(void **state)
{
	struct p2pvhci_req req = { 0 };
	unsigned int last;

	(void)state;
	begin(EP_IN, 4, 8, 1000);
	run_ms(500);
	assert_int_equal(stream()->state, ISO_RUNNING);
	sim.quiet = 1;
	run_ms(50);
	carry();
	req.token = 9;
	req.seq = 1;
	req.op = P2PVHCI_OP_SUSPEND;
	req.port = PORT;
	req.epoch = EPOCH;
	req.out_off = P2PVHCI_OUT_NONE;
	submit(req);
	assert_int_equal(stream()->state, ISO_IDLE);
	last = fake.nsent - 1;
	assert_true(last > 0);
	assert_int_equal(fake.sent[0].msg.type, P2PUSB_MSG_CANCEL);
	assert_int_equal(fake.sent[last].msg.type, P2PUSB_MSG_POWER);
}

/*
 * The link is about to end: what came still lies ready, and URBs go on to come.
 */
static void counts_right_when_the_link_ends(void **state)
{
	(void)state;
	begin(EP_IN, 4, 8, 1000);
	run_ms(500);
	sim.quiet = 1;
	run_ms(60);
	assert_true(stream()->ready_pkts > 1);
	remote->state = REMOTE_CLOSING;
	sim.npkt = 1;
	submit_urb(0);
	stream()->ops->late(stream(), sim.now + 300 * MS);
	assert_true(stream()->lost < 100);
	remote->state = REMOTE_UP;
}

static void tells_the_driver_of_an_endpoint_that_fails(void **state)
{
	struct wire_msg msg = complete(1, P2PUSB_ST_NOSPC, 0, 0);
	uint32_t i;

	(void)state;
	begin(EP_IN, 4, 8, 1000);
	assert_true(fake.nsent > 3);
	assert_int_equal(receive(EP_IN, msg, 0), 0);
	turn();
	assert_int_equal(kernel.ncmps, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(kernel.cmps[i].status, P2PVHCI_ST_NOSPC);
	check_all_lost(kernel.cmps, kernel.ncmps);
	assert_int_equal(stream()->state, ISO_IDLE);
}

/* COMPLETE of @npkt packets with @each bytes, @status of the last. */
static int lie(uint64_t seq, uint16_t npkt, uint32_t each, uint32_t actual,
	       uint16_t status)
{
	struct wire_msg msg = complete(seq, 0, actual, npkt * 8u + actual);
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	void *dst = NULL;
	uint16_t i;
	int ret;

	msg.complete.npkt = npkt;
	ret = xfer_begin(port_ep(port, EP_IN), &msg, &dst);
	if (ret)
		return ret;
	for (i = 0; i < npkt; i++) {
		packets[i].actual = each;
		packets[i].status = P2PUSB_ST_OK;
	}
	packets[npkt - 1].status = status;
	wire_packet_put(dst, packets, npkt);
	return xfer_end(port_ep(port, EP_IN), &msg);
}

static void takes_no_lie_about_packets(void **state)
{
	uint16_t npkt;

	(void)state;
	begin(EP_IN, 4, 8, 1000);
	npkt = fake.sent[0].msg.submit.npkt;
	assert_int_equal(lie(2, npkt, 1, npkt, 0), -EPROTO);
	assert_int_equal(lie(1, npkt + 1, 1, npkt + 1, 0), -EPROTO);
	assert_int_equal(lie(1, npkt, 9, npkt * 9, 0), -EPROTO);
	assert_int_equal(receive(EP_IN, complete(1, 0, 0, 0), 0), -EPROTO);
	/* These are seen when all is here, and then the link ends. */
	assert_int_equal(lie(1, npkt, 1, npkt + 1, 0), -EPROTO);
	assert_int_equal(lie(2, npkt, 1, npkt, P2PUSB_ST_MAX), -EPROTO);
	assert_non_null(strstr(fake.reason, "0x81"));
}

static void refuses_requests_that_make_no_sense(void **state)
{
	struct p2pvhci_req req;

	(void)state;
	begin(EP_IN, 1, 8, 1000);
	put_packets(1);
	req = request(1);
	req.len++;
	submit(req);
	req = request(2);
	req.out_off = OUT_BYTES - 8;
	submit(req);
	req = request(3);
	req.interval = 0;
	submit(req);
	turn();
	assert_int_equal(kernel.ncmps, 3);
	assert_int_equal(kernel.cmps[0].status, P2PVHCI_ST_PROTO);
	assert_int_equal(kernel.cmps[2].status, P2PVHCI_ST_PROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(flows_from_the_device_without_loss),
		BED_TEST(flows_to_the_device_without_gaps),
		BED_TEST(follows_the_clock_of_the_device),
		BED_TEST(lives_through_a_stall),
		BED_TEST(feeds_the_device_when_the_way_back_is_slow),
		BED_TEST(serves_one_transfer_at_a_time),
		BED_TEST(sends_the_rest_when_no_more_comes),
		BED_TEST(sends_nothing_when_the_stream_was_ended),
		BED_TEST(stops_when_nobody_asks),
		BED_TEST(cancels_at_once_and_forgets),
		BED_TEST(stops_on_the_cancel_of_what_is_complete),
		BED_TEST(stops_before_the_device_sleeps),
		BED_TEST(counts_right_when_the_link_ends),
		BED_TEST(tells_the_driver_of_an_endpoint_that_fails),
		BED_TEST(takes_no_lie_about_packets),
		BED_TEST(refuses_requests_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
