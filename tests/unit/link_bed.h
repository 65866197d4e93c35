/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_bed - two links over loopback in one loop, for lib_link.c, lib_quic.c.
 *
 * The owner of both links keeps what it is told; the server's half gives
 * every payload back.  Makes no assertion about what a test is for.
 */
#ifndef P2PUSB_TESTS_LINK_BED_H
#define P2PUSB_TESTS_LINK_BED_H

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "link.h"

#define BED_FN	static __attribute__((unused))

#define CANARY		"the canary sings only in the clear"
#define EPS_MAX		4
#define KEEP_MAX	16

/* What one side saw; the agent is side 0. */
struct side {
	struct link *link;
	struct link_ep *ep[EPS_MAX];
	int accepted;
	int up;
	int down;
	int err;
	int ep_downs;
	int msgs;
	uint64_t order[KEEP_MAX];
	char why[512];
	char peer_name[P2PUSB_NAME_MAX + 1];
	uint8_t *in[EPS_MAX];	/* payload being received, by endpoint */
	size_t in_bytes;
	unsigned int bad;
};

struct relay {
	uv_udp_t udp;
	struct sockaddr_in client;
	struct sockaddr_in server;
	int has_client;
	int drop_every;		/* n-th datagram */
	int mute_server;
	int dead;
	unsigned int count;
	unsigned int canaries;
	char buf[65536];
};

struct bed {
	uv_loop_t loop;
	struct key agent_key;
	struct key server_key;
	struct key other_key;
	struct link_config agent;
	struct link_config server;
	struct link_listener *listener;
	struct sockaddr_in6 addr;
	socklen_t addrlen;
	struct side side[2];
	struct relay relay;
	uint8_t admit[KEY_LEN];
};

BED_FN uint8_t pattern(uint64_t seq, size_t i)
{
	return (i >> 8) * 31 + i + seq * 7;
}

BED_FN uint8_t *pattern_new(uint64_t seq, size_t len)
{
	uint8_t *buf = malloc(len ? len : 1);
	size_t i;

	assert_non_null(buf);
	for (i = 0; i < len; i++)
		buf[i] = pattern(seq, i);
	return buf;
}

/* Owner of both links */

BED_FN int bed_admit(void *owner, const uint8_t key[KEY_LEN])
{
	struct bed *bed = owner;

	return memcmp(key, bed->admit, KEY_LEN) ? -EACCES : 0;
}

BED_FN int bed_accepted(void *owner, struct link *link)
{
	struct bed *bed = owner;
	struct side *side = &bed->side[1];

	link_set_ctx(link, side);
	side->link = link;
	side->accepted++;
	return 0;
}

BED_FN void bed_up(struct link *link, const struct wire_hello *peer)
{
	struct side *side = link_ctx(link);

	side->up++;
	strcpy(side->peer_name, peer->name);
}

BED_FN void bed_down(struct link *link, int err, const char *why)
{
	struct side *side = link_ctx(link);

	side->down++;
	side->err = err;
	snprintf(side->why, sizeof(side->why), "%s", why);
	side->link = NULL;
}

BED_FN int bed_msg(struct link *link, const struct wire_msg *msg)
{
	struct side *side = link_ctx(link);

	if (msg->type == P2PUSB_MSG_DETACH && msg->detach.dev == 666)
		return link_reason(link, "device %u is not attached", 666);
	side->msgs++;
	return 0;
}

BED_FN int bed_ep_open(struct link *link, struct link_ep *ep,
		       const struct wire_ep_open *open)
{
	struct side *side = link_ctx(link);

	if (open->ep >= EPS_MAX)
		return -EUSERS;
	link_ep_set_ctx(ep, (void *)(uintptr_t)(open->ep + 1));
	side->ep[open->ep] = ep;
	return 0;
}

BED_FN int ep_number(const struct link_ep *ep)
{
	return (int)(uintptr_t)link_ep_ctx(ep) - 1;
}

BED_FN int bed_ep_begin(struct link_ep *ep, const struct wire_msg *msg,
			void **dst)
{
	struct side *side = link_ctx(link_ep_link(ep));
	uint8_t **in = &side->in[ep_number(ep)];

	free(*in);
	*in = malloc(msg->payload);
	*dst = *in;
	return 0;
}

BED_FN void check_payload(struct side *side, const uint8_t *in, uint64_t seq,
			  size_t len)
{
	size_t i;

	side->in_bytes += len;
	for (i = 0; i < len; i++)
		if (in[i] != pattern(seq, i))
			side->bad++;
}

BED_FN int bed_ep_msg(struct link_ep *ep, const struct wire_msg *msg)
{
	struct side *side = link_ctx(link_ep_link(ep));
	struct wire_msg reply = { .type = P2PUSB_MSG_COMPLETE };
	uint64_t seq = msg->submit.seq;
	int err = 0;

	if (side->msgs < KEEP_MAX)
		side->order[side->msgs] = seq;
	side->msgs++;
	if (msg->payload)
		check_payload(side, side->in[ep_number(ep)], seq, msg->payload);
	if (msg->type != P2PUSB_MSG_SUBMIT)
		return 0;

	/* The server gives back what it got. */
	reply.complete.seq = seq;
	reply.complete.epoch = msg->submit.epoch;
	reply.complete.actual = msg->payload;
	reply.payload = msg->payload;
	err = link_ep_send(ep, &reply, side->in[ep_number(ep)]);
	assert_int_equal(err, 0);
	return 0;
}

BED_FN void bed_ep_down(struct link_ep *ep)
{
	struct side *side = link_ctx(link_ep_link(ep));

	side->ep_downs++;
}

static const struct link_ops bed_ops = {
	.admit = bed_admit,
	.accepted = bed_accepted,
	.up = bed_up,
	.down = bed_down,
	.msg = bed_msg,
	.ep_open = bed_ep_open,
	.ep_begin = bed_ep_begin,
	.ep_msg = bed_ep_msg,
	.ep_down = bed_ep_down,
};

/* The bed */

BED_FN void make_key(struct key *key)
{
	char path[] = "/tmp/lib_link.XXXXXX";
	char file[64];

	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/key", path);
	assert_int_equal(key_load(file, key), 0);
	unlink(file);
	rmdir(path);
}

BED_FN void bed_config(struct bed *bed, struct link_config *config,
		       const struct key *key, const char *name)
{
	config->loop = &bed->loop;
	config->key = key;
	config->ops = &bed_ops;
	config->owner = bed;
	config->hello.major = P2PUSB_VERSION_MAJOR;
	config->hello.minor = P2PUSB_VERSION_MINOR;
	config->hello.max_urbs = 32;
	config->hello.max_urb_bytes = 1 << 20;
	config->hello.max_ep_bytes = 1 << 20;
	strcpy(config->hello.name, name);
}

BED_FN int bed_setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	struct sockaddr_in *in = (struct sockaddr_in *)&bed->addr;

	uv_loop_init(&bed->loop);
	make_key(&bed->agent_key);
	make_key(&bed->server_key);
	make_key(&bed->other_key);
	bed_config(bed, &bed->agent, &bed->agent_key, "agent");
	bed_config(bed, &bed->server, &bed->server_key, "server");
	memcpy(bed->admit, bed->agent_key.pub, KEY_LEN);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bed->addrlen = sizeof(*in);
	*state = bed;
	return 0;
}

BED_FN int bed_teardown(void **state)
{
	struct bed *bed = *state;
	int i;

	if (bed->side[0].link)
		link_close(bed->side[0].link, P2PUSB_CLOSE_OK, "test ends");
	if (bed->listener)
		link_listener_close(bed->listener, P2PUSB_CLOSE_OK,
				    "test ends");
	if (bed->relay.udp.loop)
		uv_close((uv_handle_t *)&bed->relay.udp, NULL);
	/* Returns only when every handle is closed and all is freed. */
	uv_run(&bed->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bed->loop), 0);
	for (i = 0; i < 2 * EPS_MAX; i++)
		free(bed->side[i / EPS_MAX].in[i % EPS_MAX]);
	free(bed);
	return 0;
}

BED_FN void set_port(struct bed *bed, uint16_t port)
{
	if (bed->addr.sin6_family == AF_INET6)
		bed->addr.sin6_port = htons(port);
	else
		((struct sockaddr_in *)&bed->addr)->sin_port = htons(port);
}

BED_FN void listen_on(struct bed *bed)
{
	assert_int_equal(link_listen(&bed->server,
				     (struct sockaddr *)&bed->addr,
				     bed->addrlen, &bed->listener), 0);
	set_port(bed, link_listener_port(bed->listener));
}

BED_FN void dial(struct bed *bed, const struct key *server)
{
	assert_int_equal(link_dial(&bed->agent, (struct sockaddr *)&bed->addr,
				   bed->addrlen, server->pub, &bed->side[0],
				   &bed->side[0].link), 0);
}

BED_FN void no_op(uv_timer_t *timer)
{
	(void)timer;
}

/* Run until @flag reaches @value.  Return: milliseconds it took. */
BED_FN uint64_t run_until(struct bed *bed, const int *flag, int value,
			  unsigned int limit_ms)
{
	uint64_t start = uv_hrtime() / 1000000;
	uint64_t now = start;
	uv_timer_t tick;

	uv_timer_init(&bed->loop, &tick);
	uv_timer_start(&tick, no_op, 10, 10);
	while (*flag < value && now - start < limit_ms) {
		uv_run(&bed->loop, UV_RUN_ONCE);
		now = uv_hrtime() / 1000000;
	}
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&bed->loop, UV_RUN_NOWAIT);
	assert_true(*flag >= value);
	return now - start;
}

BED_FN void run_for(struct bed *bed, unsigned int ms)
{
	uint64_t end = uv_hrtime() / 1000000 + ms;
	uv_timer_t tick;

	uv_timer_init(&bed->loop, &tick);
	uv_timer_start(&tick, no_op, 10, 10);
	while (uv_hrtime() / 1000000 < end)
		uv_run(&bed->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&bed->loop, UV_RUN_NOWAIT);
}

BED_FN void connect_both(struct bed *bed)
{
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].up, 1, 5000);
	run_until(bed, &bed->side[1].up, 1, 5000);
}

BED_FN struct link_ep *open_ep(struct bed *bed, uint8_t num,
			       enum link_prio prio)
{
	struct wire_ep_open open = {
		.dev = 1, .epoch = 1, .ep = num, .type = P2PUSB_XFER_BULK,
	};
	struct link_ep *ep;

	assert_int_equal(link_ep_open(bed->side[0].link, &open, prio,
				      (void *)(uintptr_t)(num + 1), &ep), 0);
	return ep;
}

BED_FN void submit(struct link_ep *ep, uint64_t seq, const void *data,
		   size_t len)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_SUBMIT, .payload = len };

	msg.submit.seq = seq;
	msg.submit.epoch = 1;
	msg.submit.length = len;
	assert_int_equal(link_ep_send(ep, &msg, data), 0);
}

BED_FN void echo(struct bed *bed, struct link_ep *ep, uint64_t seq,
		 size_t len)
{
	int before = bed->side[0].msgs;
	uint8_t *buf = pattern_new(seq, len);

	submit(ep, seq, buf, len);
	free(buf);
	run_until(bed, &bed->side[0].msgs, before + 1, 20000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

#endif /* P2PUSB_TESTS_LINK_BED_H */
