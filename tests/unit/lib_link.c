// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What two links say to one another: HELLO, messages, payload, endings.
 */
#include "link_bed.h"
#include "quic.h"

static void handshake_and_hello_both_ways(void **state)
{
	struct bed *bed = *state;
	struct link_stats stats;
	char text[64];

	listen_on(bed);
	connect_both(bed);
	assert_string_equal(bed->side[0].peer_name, "server");
	assert_string_equal(bed->side[1].peer_name, "agent");
	assert_memory_equal(link_peer_key(bed->side[0].link),
			    bed->server_key.pub, KEY_LEN);
	assert_memory_equal(link_peer_key(bed->side[1].link),
			    bed->agent_key.pub, KEY_LEN);
	link_peer_addr(bed->side[1].link, text, sizeof(text));
	assert_int_equal(strncmp(text, "127.0.0.1:", 10), 0);
	link_get_stats(bed->side[0].link, &stats);
	assert_true(stats.sent >= 1200 && stats.received >= 1200);
	assert_true(stats.srtt_us > 0 && stats.cwnd > 0);
}

static void other_major_version_is_refused(void **state)
{
	struct bed *bed = *state;

	bed->agent.hello.major = 9;
	listen_on(bed);
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].down, 1, 5000);
	assert_int_equal(bed->side[0].err, -EPROTONOSUPPORT);
	assert_non_null(strstr(bed->side[0].why, "version 9.0, here is 1.0"));
	assert_int_equal(bed->side[1].up, 0);
}

static void echo_sizes(struct bed *bed)
{
	static const size_t sizes[] = {
		1, 7, 1200, 16351, 16352, 16353, 65536, 8 << 20, 1
	};
	struct link_ep *ep;
	size_t i, sum = 0;

	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		echo(bed, ep, i + 1, sizes[i]);
		sum += sizes[i];
	}
	for (i = 0; i < 2; i++) {
		assert_int_equal(bed->side[i].in_bytes, sum);
		assert_int_equal(bed->side[i].bad, 0);
		assert_int_equal(bed->side[i].down, 0);
	}
}

static void payload_of_all_sizes_comes_back(void **state)
{
	struct bed *bed = *state;
	struct link_stats stats;

	listen_on(bed);
	connect_both(bed);
	echo_sizes(bed);
	link_get_stats(bed->side[0].link, &stats);
	assert_int_equal(stats.gso, 1);
	assert_int_equal(stats.gro, 1);
}

static void payload_without_gso_comes_back(void **state)
{
	struct bed *bed = *state;
	struct link_stats stats;

	bed->agent.no_gso = 1;
	bed->server.no_gso = 1;
	listen_on(bed);
	connect_both(bed);
	echo_sizes(bed);
	link_get_stats(bed->side[0].link, &stats);
	assert_int_equal(stats.gso, 0);
}

static void both_directions_at_once_on_many_streams(void **state)
{
	struct bed *bed = *state;
	struct link_ep *ep[EPS_MAX];
	uint8_t *buf;
	int i, n;

	listen_on(bed);
	connect_both(bed);
	for (i = 0; i < EPS_MAX; i++)
		ep[i] = open_ep(bed, i, i);
	for (n = 0; n < 64; n++) {
		buf = pattern_new(n, 65536 + n);
		submit(ep[n % EPS_MAX], n, buf, 65536 + n);
		free(buf);
	}
	run_until(bed, &bed->side[0].msgs, 64, 20000);
	assert_int_equal(bed->side[1].msgs, 64);
	assert_int_equal(bed->side[0].in_bytes, bed->side[1].in_bytes);
	assert_int_equal(bed->side[0].bad + bed->side[1].bad, 0);
}

/* Queues are kept in pieces of 16352 bytes: every message ends one here. */
static void deep_queue_of_aligned_messages_drains(void **state)
{
	enum { PIECE = 16352, OPEN = 24, SUBMIT = 48, DEEP = 16, N = 600 };
	struct bed *bed = *state;
	struct link_ep *ep;
	uint8_t *buf;
	int n;

	listen_on(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	buf = pattern_new(0, 2 * PIECE);
	submit(ep, 0, buf, PIECE - OPEN - SUBMIT);
	for (n = 1; n < N; n++) {
		if (n >= DEEP)
			run_until(bed, &bed->side[0].msgs, n - DEEP + 1,
				  10000);
		submit(ep, 0, buf, (1 + n % 2) * PIECE - SUBMIT);
	}
	free(buf);
	run_until(bed, &bed->side[0].msgs, N, 10000);
	assert_int_equal(bed->side[0].bad + bed->side[1].bad, 0);
}

static void interrupt_overtakes_bulk(void **state)
{
	struct bed *bed = *state;
	struct link_ep *bulk, *intr;
	uint8_t *buf;

	listen_on(bed);
	connect_both(bed);
	bulk = open_ep(bed, 1, LINK_PRIO_BULK);
	intr = open_ep(bed, 2, LINK_PRIO_INTERRUPT);
	echo(bed, bulk, 1, 1);
	echo(bed, intr, 2, 1);
	buf = pattern_new(3, 8 << 20);
	submit(bulk, 3, buf, 8 << 20);
	submit(intr, 4, NULL, 0);
	free(buf);
	run_until(bed, &bed->side[0].msgs, 4, 20000);
	assert_int_equal(bed->side[1].order[2], 4);
	assert_int_equal(bed->side[1].order[3], 3);
}

static void closed_endpoint_leaves_the_link_alone(void **state)
{
	struct bed *bed = *state;
	struct link_ep *one, *two;

	listen_on(bed);
	connect_both(bed);
	one = open_ep(bed, 1, LINK_PRIO_BULK);
	two = open_ep(bed, 2, LINK_PRIO_BULK);
	echo(bed, one, 1, 100);
	echo(bed, two, 2, 100);
	link_ep_close(one);
	run_until(bed, &bed->side[1].ep_downs, 1, 2000);
	echo(bed, two, 3, 100000);
	assert_int_equal(bed->side[0].down + bed->side[1].down, 0);

	/* And the other way round. */
	link_ep_close(bed->side[1].ep[2]);
	run_until(bed, &bed->side[0].ep_downs, 1, 2000);
	assert_int_equal(bed->side[0].down + bed->side[1].down, 0);
}

static void close_says_why_to_the_server(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	link_close(bed->side[0].link, P2PUSB_CLOSE_SHUTDOWN,
		   "agent goes\nhome \x01");
	assert_int_equal(bed->side[0].down, 0);
	run_until(bed, &bed->side[1].down, 1, 2000);
	assert_int_equal(bed->side[1].err, -ESHUTDOWN);
	assert_non_null(strstr(bed->side[1].why, "agent goes?home ?"));
	assert_int_equal(bed->side[0].down, 1);
	assert_int_equal(bed->side[0].err, 0);
}

static void listener_close_says_why_to_the_agent(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	link_listener_close(bed->listener, P2PUSB_CLOSE_SHUTDOWN, "off");
	bed->listener = NULL;
	run_until(bed, &bed->side[0].down, 1, 2000);
	assert_int_equal(bed->side[0].err, -ESHUTDOWN);
	assert_non_null(strstr(bed->side[0].why, "\"off\""));
	assert_int_equal(bed->side[1].down, 1);
}

static void violation_found_by_the_owner_closes_with_its_reason(void **state)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DETACH };
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	msg.detach.dev = 666;
	assert_int_equal(link_send(bed->side[0].link, &msg), 0);
	run_until(bed, &bed->side[0].down, 1, 2000);
	assert_int_equal(bed->side[0].err, -EPROTO);
	assert_non_null(strstr(bed->side[0].why, "device 666 is not attached"));
	assert_int_equal(bed->side[1].err, -EPROTO);
}

static void message_of_the_wrong_side_closes(void **state)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_LIST };
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	assert_int_equal(link_send(bed->side[1].link, &msg), 0);
	run_until(bed, &bed->side[1].down, 1, 2000);
	assert_int_equal(bed->side[1].err, -EPROTO);
	assert_non_null(strstr(bed->side[1].why, "does not belong here"));
}

static void ping_is_answered_within(void **state)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_PING };
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	assert_int_equal(link_send(bed->side[0].link, &msg), 0);
	assert_int_equal(link_send(bed->side[1].link, &msg), 0);
	run_for(bed, 100);
	assert_int_equal(bed->side[0].msgs + bed->side[1].msgs, 0);
	assert_int_equal(bed->side[0].down + bed->side[1].down, 0);
}

/* A client that has a good key and no manners, made from lib/quic alone. */

struct rude {
	struct quic_conn *conn;
	const void *first;	/* on the first stream */
	size_t first_len;
	const void *second;
	size_t second_len;
	int down;
	int err;
	char why[512];
};

static void rude_ready(void *owner, struct quic_conn *conn)
{
	struct rude *rude = owner;
	struct quic_stream *stream;

	assert_int_equal(quic_stream_open(conn, 0, rude, &stream), 0);
	assert_int_equal(quic_stream_send(stream, rude->first,
					  rude->first_len), 0);
	if (!rude->second)
		return;
	assert_int_equal(quic_stream_open(conn, 0, rude, &stream), 0);
	assert_int_equal(quic_stream_send(stream, rude->second,
					  rude->second_len), 0);
}

static void rude_down(struct quic_conn *conn, int err, const char *why)
{
	struct rude *rude = quic_conn_ctx(conn);

	rude->down++;
	rude->err = err;
	snprintf(rude->why, sizeof(rude->why), "%s", why);
}

static void rude_data(struct quic_stream *stream, const uint8_t *data,
		      size_t len)
{
	(void)stream;
	(void)data;
	(void)len;
}

static const struct quic_ops rude_ops = {
	.ready = rude_ready,
	.down = rude_down,
	.stream_data = rude_data,
};

static void be_rude(struct bed *bed, struct rude *rude, int err,
		    const char *why)
{
	struct quic_config config = {
		.loop = &bed->loop, .key = &bed->agent_key, .ops = &rude_ops,
		.owner = rude,
	};

	assert_int_equal(quic_dial(&config, (struct sockaddr *)&bed->addr,
				   bed->addrlen, bed->server_key.pub, rude,
				   &rude->conn), 0);
	run_until(bed, &rude->down, 1, 8000);
	assert_int_equal(rude->err, err);
	assert_non_null(strstr(rude->why, why));
}

static void rubbish_on_the_control_stream_closes(void **state)
{
	static const uint8_t rubbish[64] = { 0xff, 0xff, 0xff, 0xff, 0xff };
	struct bed *bed = *state;
	struct rude rude = { .first = rubbish, .first_len = sizeof(rubbish) };

	listen_on(bed);
	be_rude(bed, &rude, -EPROTO, "message");
	assert_int_equal(bed->side[1].up, 0);
}

static void message_before_hello_closes(void **state)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_LIST };
	uint8_t buf[WIRE_BUF_LEN];
	struct bed *bed = *state;
	struct rude rude = { .first = buf };

	rude.first_len = wire_put(&msg, buf);
	listen_on(bed);
	be_rude(bed, &rude, -EPROTO, "before HELLO");
}

static void submit_before_ep_open_closes(void **state)
{
	struct wire_msg hello = { .type = P2PUSB_MSG_HELLO };
	struct wire_msg msg = { .type = P2PUSB_MSG_SUBMIT };
	uint8_t one[WIRE_BUF_LEN], two[WIRE_BUF_LEN];
	struct bed *bed = *state;
	struct rude rude = { .first = one, .second = two };

	hello.hello = bed->agent.hello;
	msg.submit.epoch = 1;
	rude.first_len = wire_put(&hello, one);
	rude.second_len = wire_put(&msg, two);
	listen_on(bed);
	be_rude(bed, &rude, -EPROTO, "SUBMIT before EP_OPEN");
}

static void flood_of_questions_is_bounded(void **state)
{
	struct wire_msg hello = { .type = P2PUSB_MSG_HELLO };
	struct wire_msg ping = { .type = P2PUSB_MSG_PING };
	size_t len, n, room = 20 << 20;
	struct bed *bed = *state;
	struct rude rude = { 0 };
	uint8_t *buf;

	buf = calloc(1, room + WIRE_BUF_LEN);
	hello.hello = bed->agent.hello;
	len = wire_put(&hello, buf);
	for (; len < room; len += n)
		n = wire_put(&ping, buf + len);
	rude.first = buf;
	rude.first_len = len;
	listen_on(bed);
	be_rude(bed, &rude, -EUSERS, "do not read");
	free(buf);
}

static void silence_after_the_handshake_closes(void **state)
{
	struct bed *bed = *state;
	struct rude rude = { .first = "\0", .first_len = 1 };

	listen_on(bed);
	/* It is the server that runs out of patience, or the agent. */
	be_rude(bed, &rude, -ETIMEDOUT, "no HELLO in time");
	run_until(bed, &bed->side[1].down, 1, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(handshake_and_hello_both_ways),
		T(other_major_version_is_refused),
		T(payload_of_all_sizes_comes_back),
		T(payload_without_gso_comes_back),
		T(both_directions_at_once_on_many_streams),
		T(deep_queue_of_aligned_messages_drains),
		T(interrupt_overtakes_bulk),
		T(closed_endpoint_leaves_the_link_alone),
		T(close_says_why_to_the_server),
		T(listener_close_says_why_to_the_agent),
		T(violation_found_by_the_owner_closes_with_its_reason),
		T(message_of_the_wrong_side_closes),
		T(ping_is_answered_within),
		T(rubbish_on_the_control_stream_closes),
		T(message_before_hello_closes),
		T(submit_before_ep_open_closes),
		T(flood_of_questions_is_bounded),
		T(silence_after_the_handshake_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
