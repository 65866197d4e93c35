// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys, wire and failures of the network under two links.
 *
 * A relay socket between the two sees, drops and redirects datagrams.
 */
#include <dlfcn.h>
#include <gnutls/gnutls.h>

#include "link_bed.h"

static const char *alpn_override;

/* Interposed, so that a client can speak another protocol. */
int gnutls_alpn_set_protocols(gnutls_session_t session,
			      const gnutls_datum_t *protocols, unsigned int n,
			      unsigned int flags)
{
	int (*real)(gnutls_session_t s, const gnutls_datum_t *p,
		    unsigned int n, unsigned int flags);
	gnutls_datum_t other;

	real = dlsym(RTLD_NEXT, "gnutls_alpn_set_protocols");
	if (!alpn_override)
		return real(session, protocols, n, flags);
	if (!*alpn_override) {
		alpn_override = NULL;
		return 0;
	}
	other.data = (unsigned char *)alpn_override;
	other.size = strlen(alpn_override);
	alpn_override = NULL;
	return real(session, &other, 1, flags);
}

static unsigned int sendmsg_calls;
static unsigned int sendmsg_full_every;	/* n-th call finds the socket full */
static int sendmsg_gso_error;		/* what UDP_SEGMENT meets, once */

/* Interposed, so that the network can be as bad as it likes. */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*real)(int fd, const struct msghdr *msg, int flags);
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	real = dlsym(RTLD_NEXT, "sendmsg");
	if (sendmsg_full_every && ++sendmsg_calls % sendmsg_full_every == 0) {
		errno = EAGAIN;
		return -1;
	}
	for (; c; c = CMSG_NXTHDR((struct msghdr *)msg, c)) {
		if (c->cmsg_level != IPPROTO_UDP || !sendmsg_gso_error)
			continue;
		errno = sendmsg_gso_error;
		return -1;
	}
	return real(fd, msg, flags);
}

/* The relay */

static void relay_sent(uv_udp_send_t *req, int status)
{
	(void)status;
	free(req);
}

static void relay_forward(struct relay *relay, const char *data, size_t len,
			  const struct sockaddr_in *to)
{
	uv_udp_send_t *req = malloc(sizeof(*req) + len);
	uv_buf_t buf = uv_buf_init((char *)(req + 1), len);

	memcpy(buf.base, data, len);
	uv_udp_send(req, &relay->udp, &buf, 1, (const struct sockaddr *)to,
		    relay_sent);
}

static void relay_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct relay *relay = handle->data;

	(void)size;
	*buf = uv_buf_init(relay->buf, sizeof(relay->buf));
}

static void relay_recv(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
		       const struct sockaddr *sa, unsigned int flags)
{
	const struct sockaddr_in *from = (const struct sockaddr_in *)sa;
	struct relay *relay = udp->data;
	int from_server;

	(void)flags;
	if (n <= 0 || !from || relay->dead)
		return;
	if (memmem(buf->base, n, CANARY, strlen(CANARY)))
		relay->canaries++;
	relay->count++;
	if (relay->drop_every && relay->count % relay->drop_every == 0)
		return;
	from_server = from->sin_port == relay->server.sin_port;
	if (from_server && !relay->mute_server && relay->has_client)
		relay_forward(relay, buf->base, n, &relay->client);
	if (!from_server) {
		relay->client = *from;
		relay->has_client = 1;
		relay_forward(relay, buf->base, n, &relay->server);
	}
}

/* Agents that dial bed->addr from now on reach the listener through it. */
static void relay_start(struct bed *bed)
{
	struct relay *relay = &bed->relay;
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int len = sizeof(addr);

	memcpy(&relay->server, &bed->addr, sizeof(relay->server));
	uv_udp_init(&bed->loop, &relay->udp);
	relay->udp.data = relay;
	assert_int_equal(uv_udp_bind(&relay->udp, (struct sockaddr *)&addr, 0),
			 0);
	assert_int_equal(uv_udp_getsockname(&relay->udp,
					    (struct sockaddr *)&addr, &len),
			 0);
	uv_udp_recv_start(&relay->udp, relay_alloc, relay_recv);
	set_port(bed, ntohs(addr.sin_port));
}

/* Tests */

static void ipv6_wildcard_takes_ipv6_and_ipv4(void **state)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr_in *in;
	struct bed *bed = *state;

	bed->addr = any;
	bed->addrlen = sizeof(any);
	listen_on(bed);
	bed->addr.sin6_addr = in6addr_loopback;
	connect_both(bed);

	link_close(bed->side[0].link, P2PUSB_CLOSE_OK, "next");
	run_until(bed, &bed->side[1].down, 1, 2000);

	in = (struct sockaddr_in *)&bed->addr;
	in->sin_port = bed->addr.sin6_port;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bed->addrlen = sizeof(*in);
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].up, 2, 5000);
}

static void wrong_server_key_is_refused_by_the_agent(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	dial(bed, &bed->other_key);
	run_until(bed, &bed->side[0].down, 1, 5000);
	assert_int_equal(bed->side[0].err, -EACCES);
	assert_non_null(strstr(bed->side[0].why, "another key"));
	run_for(bed, 50);
	assert_int_equal(bed->side[1].accepted, 0);
}

static void unknown_agent_key_is_refused_by_the_server(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	memcpy(bed->admit, bed->other_key.pub, KEY_LEN);
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].down, 1, 5000);
	assert_int_equal(bed->side[0].err, -EACCES);
	assert_non_null(strstr(bed->side[0].why, "not admit"));
	assert_int_equal(bed->side[0].up, 0);
	assert_int_equal(bed->side[1].accepted, 0);
}

static void other_alpn_is_refused(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	alpn_override = "p2pusb/9";
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].down, 1, 5000);
	assert_int_equal(bed->side[0].err, -EPROTONOSUPPORT);
	assert_int_equal(bed->side[1].accepted, 0);
}

static void no_alpn_is_refused(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	alpn_override = "";
	dial(bed, &bed->server_key);
	run_until(bed, &bed->side[0].down, 1, 5000);
	assert_int_not_equal(bed->side[0].err, 0);
	assert_int_equal(bed->side[0].up, 0);
	assert_int_equal(bed->side[1].accepted, 0);
}

static void nobody_there_is_told_at_once(void **state)
{
	struct bed *bed = *state;
	uint64_t ms;

	listen_on(bed);
	link_listener_close(bed->listener, P2PUSB_CLOSE_OK, "");
	bed->listener = NULL;
	run_for(bed, 20);
	dial(bed, &bed->server_key);
	ms = run_until(bed, &bed->side[0].down, 1, 6000);
	assert_int_equal(bed->side[0].err, -ECONNREFUSED);
	assert_true(ms < 500);
}

static void loss_is_mended(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	relay_start(bed);
	bed->relay.drop_every = 13;
	connect_both(bed);
	echo(bed, open_ep(bed, 1, LINK_PRIO_BULK), 5, 1 << 20);
	assert_int_equal(bed->side[0].bad + bed->side[1].bad, 0);
	assert_true(bed->relay.count > 100);
}

static void payload_is_not_in_clear_on_the_wire(void **state)
{
	char text[4096] = "";
	struct bed *bed = *state;
	struct link_ep *ep;
	int i;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	for (i = 0; i < 100; i++)
		strcat(text, CANARY);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	submit(ep, 1, text, sizeof(text));
	run_until(bed, &bed->side[0].msgs, 1, 5000);
	assert_memory_equal(bed->side[0].in[1], text, sizeof(text));
	assert_memory_equal(bed->side[1].in[1], text, sizeof(text));
	assert_true(bed->relay.count > 4);
	assert_int_equal(bed->relay.canaries, 0);
}

static void full_socket_delays_and_loses_nothing(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	connect_both(bed);
	sendmsg_full_every = 3;
	echo(bed, open_ep(bed, 1, LINK_PRIO_BULK), 1, 4 << 20);
	sendmsg_full_every = 0;
	assert_int_equal(bed->side[0].bad + bed->side[1].bad, 0);
}

static void refused_gso_is_done_without(void **state)
{
	static const int errors[] = { EIO, EINVAL, EMSGSIZE, ENOPROTOOPT };
	struct bed *bed = *state;
	struct link_stats stats;
	size_t i;

	listen_on(bed);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		connect_both(bed);
		sendmsg_gso_error = errors[i];
		echo(bed, open_ep(bed, 1, LINK_PRIO_BULK), 1, 1 << 20);
		sendmsg_gso_error = 0;
		link_get_stats(bed->side[0].link, &stats);
		assert_int_equal(stats.gso, 0);
		link_close(bed->side[0].link, P2PUSB_CLOSE_OK, "next");
		run_until(bed, &bed->side[1].down, i + 1, 2000);
		bed->side[0].up = 0;
		bed->side[1].up = 0;
	}
	assert_int_equal(bed->side[0].bad + bed->side[1].bad, 0);
}

/* Nobody reads: closed streams keep nothing, open ones share one bound. */
static void unread_bytes_are_bounded_by_connection(void **state)
{
	const size_t len = 8 << 20;
	struct wire_msg msg = { .type = P2PUSB_MSG_SUBMIT, .payload = len };
	uint8_t *buf = calloc(1, len);
	struct bed *bed = *state;
	int err = 0;
	int i;

	listen_on(bed);
	connect_both(bed);
	msg.submit.length = len;
	for (i = 0; i < 20; i++) {
		struct link_ep *ep = open_ep(bed, 1, LINK_PRIO_BULK);

		submit(ep, 1, buf, len);
		link_ep_close(ep);
	}
	for (i = 0; i < 20 && !err; i++)
		err = link_ep_send(open_ep(bed, 1, LINK_PRIO_BULK), &msg, buf);
	free(buf);
	assert_int_equal(err, -ENOMEM);
	assert_in_range(i * len, 64 << 20, 104 << 20);
}

static void garbage_datagrams_are_ignored(void **state)
{
	struct bed *bed = *state;
	uint8_t junk[2000];
	int fd, i;

	listen_on(bed);
	connect_both(bed);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	srandom(1);
	for (i = 0; i < 3000; i++) {
		size_t len = random() % sizeof(junk), k;

		for (k = 0; k < len; k++)
			junk[k] = random();
		/* Half of them look like Initial packets of version 1. */
		if (i % 2)
			memcpy(junk, "\xc3\0\0\0\1\x08", 6);
		sendto(fd, junk, len, 0, (struct sockaddr *)&bed->addr,
		       bed->addrlen);
		if (i % 50 == 0)
			uv_run(&bed->loop, UV_RUN_NOWAIT);
	}
	close(fd);
	echo(bed, open_ep(bed, 1, LINK_PRIO_BULK), 1, 100000);
	assert_int_equal(bed->side[0].down + bed->side[1].down, 0);
	assert_int_equal(bed->side[1].accepted, 1);
}

static void restarted_server_is_noticed_at_once(void **state)
{
	struct link_listener *second;
	struct bed *bed = *state;
	struct link_ep *ep;
	uint64_t ms;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	echo(bed, ep, 1, 8);

	/* Same identity, no memory. */
	memcpy(&bed->addr, &bed->relay.server, sizeof(bed->relay.server));
	set_port(bed, 0);
	assert_int_equal(link_listen(&bed->server,
				     (struct sockaddr *)&bed->addr,
				     bed->addrlen, &second), 0);
	bed->relay.server.sin_port = htons(link_listener_port(second));
	submit(ep, 2, NULL, 0);
	ms = run_until(bed, &bed->side[0].down, 1, 3000);
	assert_int_equal(bed->side[0].err, -ECONNRESET);
	assert_true(ms < 1000);
	link_listener_close(second, P2PUSB_CLOSE_OK, "");
}

static void killed_server_is_noticed_by_its_closed_port(void **state)
{
	struct bed *bed = *state;
	struct link_ep *ep;
	uint64_t ms;
	int fd;

	listen_on(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	echo(bed, ep, 1, 8);
	/* What SIGKILL does to its socket: other descriptors come later. */
	for (fd = 3; fd < 64; fd++) {
		struct sockaddr_in sin = { 0 };
		socklen_t len = sizeof(sin);

		if (!getsockname(fd, (struct sockaddr *)&sin, &len) &&
		    sin.sin_port == ((struct sockaddr_in *)&bed->addr)->sin_port)
			break;
	}
	assert_true(fd < 64);
	assert_int_equal(dup2(STDIN_FILENO, fd), fd);
	submit(ep, 2, NULL, 0);
	ms = run_until(bed, &bed->side[0].down, 1, 4000);
	assert_int_equal(bed->side[0].err, -ECONNREFUSED);
	assert_true(ms >= 900 && ms < 2500);
	/* Its server cannot say good-bye: it is gone with the bed. */
}

static void half_open_flood_meets_retry_and_a_cap(void **state)
{
	struct side flood[80] = { 0 };
	struct bed *bed = *state;
	struct sockaddr_in6 direct;
	int i;

	listen_on(bed);
	direct = bed->addr;
	relay_start(bed);
	bed->relay.mute_server = 1;
	for (i = 0; i < 80; i++) {
		assert_int_equal(link_dial(&bed->agent,
					   (struct sockaddr *)&bed->addr,
					   bed->addrlen, bed->server_key.pub,
					   &flood[i], &flood[i].link), 0);
		uv_run(&bed->loop, UV_RUN_NOWAIT);
	}
	run_for(bed, 200);

	/* More than 32 are half open: this one has to pass a Retry. */
	bed->addr = direct;
	connect_both(bed);
	assert_int_equal(bed->side[1].accepted, 1);
	for (i = 0; i < 80; i++)
		link_close(flood[i].link, P2PUSB_CLOSE_OK, "");
	run_for(bed, 1500);
	for (i = 0; i < 80; i++)
		assert_int_equal(flood[i].down, 1);
}

/* The best of a few rounds: a machine may be busy for longer than we wait. */
static void answers_carry_the_acknowledgements(void **state)
{
	unsigned int least = UINT32_MAX;
	struct bed *bed = *state;
	unsigned int count;
	struct link_ep *ep;
	uint64_t seq = 1;
	int round, i;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	for (round = 0; round < 10; round++) {
		echo(bed, ep, seq++, 64);
		run_for(bed, 30);
		count = bed->relay.count;
		for (i = 0; i < 20; i++)
			echo(bed, ep, seq++, 64);
		count = bed->relay.count - count;
		least = count < least ? count : least;
		run_for(bed, 30);
	}
	assert_in_range(least, 40, 50);
}

/* Nobody answers: the ACK goes out by itself, and soon. */
static void an_unanswered_message_is_acknowledged(void **state)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_CANCEL };
	unsigned int least = UINT32_MAX;
	struct bed *bed = *state;
	unsigned int count;
	struct link_ep *ep;
	int before, round;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_BULK);
	echo(bed, ep, 1, 64);
	msg.cancel.seq = 1;
	msg.cancel.epoch = 1;
	/* The library may have something else to say in one of them. */
	for (round = 0; round < 5; round++) {
		run_for(bed, 100);
		count = bed->relay.count;
		before = bed->side[1].msgs;
		assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
		run_until(bed, &bed->side[1].msgs, before + 1, 5000);
		run_for(bed, 100);
		count = bed->relay.count - count;
		least = count < least ? count : least;
	}
	/* Without it the message would be sent again and again. */
	assert_int_equal(least, 2);
}

static void silence_ends_the_dial_after_5_s(void **state)
{
	struct bed *bed = *state;
	uint64_t ms;

	listen_on(bed);
	relay_start(bed);
	bed->relay.dead = 1;
	dial(bed, &bed->server_key);
	ms = run_until(bed, &bed->side[0].down, 1, 7000);
	assert_int_equal(bed->side[0].err, -ETIMEDOUT);
	assert_true(ms > 4000 && ms < 6000);
}

static void vanished_peer_is_noticed_within_20_s(void **state)
{
	struct bed *bed = *state;
	struct link_ep *ep;
	uint64_t ms;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	ep = open_ep(bed, 1, LINK_PRIO_INTERRUPT);
	echo(bed, ep, 1, 8);
	run_for(bed, 300);
	bed->relay.dead = 1;
	submit(ep, 2, NULL, 0);
	ms = run_until(bed, &bed->side[0].down, 1, 20000);
	ms += run_until(bed, &bed->side[1].down, 1, 20000 - ms);
	assert_int_equal(bed->side[0].err, -ETIMEDOUT);
	assert_int_equal(bed->side[1].err, -ETIMEDOUT);
	print_message("both sides noticed within %lu ms\n", ms);
}

static void idle_link_stays_up(void **state)
{
	struct bed *bed = *state;

	listen_on(bed);
	relay_start(bed);
	connect_both(bed);
	run_for(bed, 500);
	bed->relay.count = 0;
	run_for(bed, 20000);
	assert_int_equal(bed->side[0].down + bed->side[1].down, 0);
	/* A PING and its ACK every 3 s, and nothing else. */
	assert_true(bed->relay.count >= 12 && bed->relay.count <= 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ipv6_wildcard_takes_ipv6_and_ipv4),
		T(wrong_server_key_is_refused_by_the_agent),
		T(unknown_agent_key_is_refused_by_the_server),
		T(other_alpn_is_refused),
		T(no_alpn_is_refused),
		T(nobody_there_is_told_at_once),
		T(loss_is_mended),
		T(payload_is_not_in_clear_on_the_wire),
		T(full_socket_delays_and_loses_nothing),
		T(refused_gso_is_done_without),
		T(unread_bytes_are_bounded_by_connection),
		T(garbage_datagrams_are_ignored),
		T(restarted_server_is_noticed_at_once),
		T(killed_server_is_noticed_by_its_closed_port),
		T(half_open_flood_meets_retry_and_a_cap),
		T(answers_carry_the_acknowledgements),
		T(an_unanswered_message_is_acknowledged),
		T(silence_ends_the_dial_after_5_s),
		T(vanished_peer_is_noticed_within_20_s),
		T(idle_link_stays_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
