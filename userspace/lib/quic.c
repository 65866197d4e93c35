// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic - a UDP socket on a uv loop and the connections that share it.
 *
 * Which packet belongs to whom, whose turn it is to write, and when the next
 * timer fires.  Does not know what is inside a packet.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "quic_int.h"

/* Bounds of one turn, so that other work of the loop is not starved. */
#define QUIC_RECV_TURN	16

uint64_t quic_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * QUIC_SEC + ts.tv_nsec;
}

/* Connection ids */

static struct quic_cids *quic_bucket(struct quic *quic, const uint8_t *cid,
				     size_t len)
{
	/* FNV-1a from a secret start: a peer cannot aim at one bucket. */
	uint64_t h = quic->seed;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ cid[i]) * 0x100000001b3;
	return &quic->buckets[(h ^ h >> 32) % QUIC_BUCKETS];
}

static struct quic_conn *quic_find(struct quic *quic, const uint8_t *cid,
				   size_t len)
{
	struct quic_cid *entry;

	LIST_FOREACH(entry, quic_bucket(quic, cid, len), bucket)
		if (entry->cid.datalen == len &&
		    !memcmp(entry->cid.data, cid, len))
			return entry->conn;
	return NULL;
}

int quic_cid_add(struct quic_conn *conn, const ngtcp2_cid *cid)
{
	struct quic *quic = conn->quic;
	struct quic_cid *entry;

	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->cid = *cid;
	entry->conn = conn;
	LIST_INSERT_HEAD(quic_bucket(quic, cid->data, cid->datalen), entry,
			 bucket);
	LIST_INSERT_HEAD(&conn->cids, entry, of_conn);
	return 0;
}

void quic_cid_remove(struct quic_conn *conn, const ngtcp2_cid *cid)
{
	struct quic_cid *entry = LIST_FIRST(&conn->cids);
	struct quic_cid *next;

	for (; entry; entry = next) {
		next = LIST_NEXT(entry, of_conn);
		if (cid && !ngtcp2_cid_eq(&entry->cid, cid))
			continue;
		LIST_REMOVE(entry, bucket);
		LIST_REMOVE(entry, of_conn);
		free(entry);
	}
}

/* Sending */

int quic_tx_pending(const struct quic *quic)
{
	return quic->tx.off < quic->tx.len;
}

static void quic_readable(uv_poll_t *poll, int status, int events);

static void quic_poll(struct quic *quic)
{
	int events = UV_READABLE;

	if (quic_tx_pending(quic))
		events |= UV_WRITABLE;
	uv_poll_start(&quic->poll, events, quic_readable);
}

/* Starts waiting for room when the socket is full. */
void quic_tx_send(struct quic *quic)
{
	struct quic_tx *tx = &quic->tx;
	size_t sent = 0;
	int err;

	err = udp_send(&quic->udp, &tx->path, tx->buf + tx->off,
		       tx->len - tx->off, tx->seg, &sent);
	tx->off += sent;
	if (err == -EAGAIN) {
		quic_poll(quic);
		return;
	}
	tx->off = 0;
	tx->len = 0;
	if (err)
		quic_unreachable(quic, err);
}

static void quic_writable(struct quic *quic)
{
	struct quic_conn *conn;

	quic_tx_send(quic);
	if (quic_tx_pending(quic))
		return;
	quic_poll(quic);
	TAILQ_FOREACH(conn, &quic->conns, entry)
		quic_mark(conn);
}

/*
 * Only a connected socket hears such things, so there is one connection.  An
 * ICMP message can be forged: once the peer is known, it must also stay
 * silent for a while.
 */
void quic_unreachable(struct quic *quic, int err)
{
	struct quic_conn *conn = TAILQ_FIRST(&quic->conns);

	if (quic->server || !conn)
		return;
	if (conn->state == QUIC_HANDSHAKE)
		quic_end_gone(conn, err, err == -ECONNREFUSED ?
				"nobody listens there" : strerror(-err));
	else if (conn->state == QUIC_OPEN && err == -ECONNREFUSED &&
		 !conn->refused_by)
		conn->refused_by = quic_now() + QUIC_REFUSED_TIMEOUT;
	quic_mark(conn);
}

/* Timer */

static void quic_arm(struct quic *quic)
{
	struct itimerspec its = { 0 };
	uint64_t at = UINT64_MAX;
	struct quic_conn *conn;

	TAILQ_FOREACH(conn, &quic->conns, entry) {
		uint64_t expiry = quic_conn_expiry(conn);

		if (expiry < at)
			at = expiry;
	}
	/* Firing too early costs a wake-up, setting it costs a system call. */
	if (at == UINT64_MAX || (quic->armed && quic->armed <= at))
		return;

	its.it_value.tv_sec = at / QUIC_SEC;
	its.it_value.tv_nsec = at % QUIC_SEC;
	if (!at)
		its.it_value.tv_nsec = 1;
	timerfd_settime(quic->timerfd, TFD_TIMER_ABSTIME, &its, NULL);
	quic->armed = at ? at : 1;
}

static void quic_timer(uv_poll_t *poll, int status, int events)
{
	struct quic *quic = poll->data;
	struct quic_conn *conn;
	uint64_t now, n;

	(void)status;
	(void)events;
	if (read(quic->timerfd, &n, sizeof(n)) != sizeof(n))
		return;
	quic->armed = 0;
	now = quic_now();
	TAILQ_FOREACH(conn, &quic->conns, entry)
		quic_conn_expire(conn, now);
	quic_arm(quic);
}

/* Receiving */

static void quic_datagram(struct quic *quic, const struct udp_path *path,
			  const uint8_t *pkt, size_t len, uint64_t now)
{
	ngtcp2_version_cid vc;
	struct quic_conn *conn;
	int rv;

	if (!quic->server) {
		conn = TAILQ_FIRST(&quic->conns);
		if (conn)
			quic_conn_read(conn, path, pkt, len, now);
		return;
	}

	rv = ngtcp2_pkt_decode_version_cid(&vc, pkt, len, QUIC_CID_LEN);
	if (rv == NGTCP2_ERR_VERSION_NEGOTIATION)
		quic_offer_version(quic, path, &vc, len);
	if (rv)
		return;

	conn = quic_find(quic, vc.dcid, vc.dcidlen);
	if (conn)
		quic_conn_read(conn, path, pkt, len, now);
	else
		quic_accept(quic, path, &vc, pkt, len);
}

static void quic_receive(struct quic *quic)
{
	struct udp_path path;
	size_t off, seg, n;
	uint64_t now;
	long len;
	int i;

	for (i = 0; i < QUIC_RECV_TURN; i++) {
		len = udp_recv(&quic->udp, &path, quic->rx, &seg);
		if (len == -EAGAIN)
			return;
		if (len < 0) {
			quic_unreachable(quic, len);
			continue;
		}
		/*
		 * Forged: nobody can be answered there, and the EINVAL of
		 * trying would pass for refused segmentation offload.
		 */
		if (!udp_port(&path.remote))
			continue;
		now = quic_now();
		for (off = 0; off < (size_t)len; off += n) {
			n = (size_t)len - off < seg ? (size_t)len - off : seg;
			quic_datagram(quic, &path, quic->rx + off, n, now);
		}
		/* Rarely is there another: the loop would ask again. */
		if (!i && len <= QUIC_SHORT_LEN)
			return;
	}
}

static void quic_readable(uv_poll_t *poll, int status, int events)
{
	struct quic *quic = poll->data;

	/* uv stops polling when the socket has an error to tell. */
	if (status < 0) {
		quic_receive(quic);
		quic_poll(quic);
		return;
	}
	if (events & UV_READABLE)
		quic_receive(quic);
	if (events & UV_WRITABLE)
		quic_writable(quic);
}

/* Turns of the loop */

/*
 * An idle handle keeps the loop from sleeping, so that whatever marks a
 * connection, in whatever phase, is served before the next wait.
 */
static void quic_turn(uv_idle_t *idle);

void quic_mark(struct quic_conn *conn)
{
	struct quic *quic = conn->quic;

	if (conn->dirty)
		return;
	if (TAILQ_EMPTY(&quic->dirty))
		uv_idle_start(&quic->idle, quic_turn);
	conn->dirty = 1;
	TAILQ_INSERT_TAIL(&quic->dirty, conn, dirt);
}

static void quic_released(uv_handle_t *handle)
{
	struct quic *quic = handle->data;

	if (--quic->handles)
		return;
	udp_close(&quic->udp);
	close(quic->timerfd);
	quic_chunks_free(quic);
	quic_tls_free(quic->tls);
	if (quic->server)
		quic->config.ops->closed(quic->config.owner);
	free(quic);
}

static void quic_release(struct quic *quic)
{
	if (uv_is_closing((uv_handle_t *)&quic->idle))
		return;
	uv_close((uv_handle_t *)&quic->idle, quic_released);
	uv_close((uv_handle_t *)&quic->poll, quic_released);
	uv_close((uv_handle_t *)&quic->timer, quic_released);
}

static void quic_turn(uv_idle_t *idle)
{
	struct quic *quic = idle->data;
	struct quic_dirty todo = TAILQ_HEAD_INITIALIZER(todo);
	struct quic_conn *conn;

	uv_idle_stop(idle);
	TAILQ_CONCAT(&todo, &quic->dirty, dirt);
	while ((conn = TAILQ_FIRST(&todo))) {
		TAILQ_REMOVE(&todo, conn, dirt);
		conn->dirty = 0;
		quic_conn_turn(conn);
		if (conn->state == QUIC_DEAD)
			quic_conn_free(conn);
	}
	if (TAILQ_EMPTY(&quic->conns) && (quic->closing || !quic->server))
		quic_release(quic);
	else
		quic_arm(quic);
}

/* Opening and closing */

static int quic_new(const struct quic_config *config, struct quic **out)
{
	struct quic *quic;
	int err;

	quic = calloc(1, sizeof(*quic));
	if (!quic)
		return -ENOMEM;
	quic->config = *config;
	quic->config.key = NULL;
	TAILQ_INIT(&quic->conns);
	TAILQ_INIT(&quic->dirty);
	TAILQ_INIT(&quic->chunks);
	quic_tls_random(&quic->seed, sizeof(quic->seed));

	err = quic_tls_new(config->key, &quic->tls);
	if (err)
		goto err_free;
	quic->timerfd = timerfd_create(CLOCK_MONOTONIC,
				       TFD_NONBLOCK | TFD_CLOEXEC);
	err = -EMFILE;
	if (quic->timerfd < 0)
		goto err_free_tls;
	*out = quic;
	return 0;

err_free_tls:
	quic_tls_free(quic->tls);
err_free:
	free(quic);
	return err;
}

static void quic_undo_new(struct quic *quic)
{
	close(quic->timerfd);
	quic_tls_free(quic->tls);
	free(quic);
}

/* From here on only quic_release() frees it. */
static int quic_join(struct quic *quic)
{
	uv_loop_t *loop = quic->config.loop;
	int err;

	if (quic->config.no_gso)
		udp_no_gso(&quic->udp);

	err = uv_poll_init(loop, &quic->poll, quic->udp.fd);
	if (err)
		goto err_close;
	err = uv_poll_init(loop, &quic->timer, quic->timerfd);
	if (err)
		goto err_close_poll;
	uv_idle_init(loop, &quic->idle);
	quic->poll.data = quic;
	quic->timer.data = quic;
	quic->idle.data = quic;
	quic->handles = 3;
	quic_poll(quic);
	uv_poll_start(&quic->timer, UV_READABLE, quic_timer);
	return 0;

err_close_poll:
	quic->handles = 1;
	quic->server = 0;	/* nobody knows of it yet */
	quic->poll.data = quic;
	uv_close((uv_handle_t *)&quic->poll, quic_released);
	return err;
err_close:
	udp_close(&quic->udp);
	quic_undo_new(quic);
	return err;
}

int quic_dial(const struct quic_config *config, const struct sockaddr *addr,
	      socklen_t len, const uint8_t peer[KEY_LEN], void *ctx,
	      struct quic_conn **conn)
{
	struct quic *quic;
	int err;

	err = quic_new(config, &quic);
	if (err)
		return err;
	err = udp_dial(&quic->udp, addr, len);
	if (err) {
		quic_undo_new(quic);
		return err;
	}
	err = quic_join(quic);
	if (err)
		return err;
	err = quic_conn_client(quic, peer, ctx, conn);
	if (err)
		quic_release(quic);
	return err;
}

int quic_listen(const struct quic_config *config, const struct sockaddr *addr,
		socklen_t len, struct quic **out)
{
	struct quic *quic;
	int err;

	err = quic_new(config, &quic);
	if (err)
		return err;
	err = udp_listen(&quic->udp, addr, len);
	if (err) {
		quic_undo_new(quic);
		return err;
	}
	quic->server = 1;
	err = quic_join(quic);
	if (err)
		return err;
	*out = quic;
	return 0;
}

uint16_t quic_port(const struct quic *quic)
{
	return udp_port(&quic->udp.local);
}

void quic_close(struct quic *quic, uint64_t code, const char *why)
{
	struct quic_conn *conn;

	if (quic->closing)
		return;
	quic->closing = 1;
	TAILQ_FOREACH(conn, &quic->conns, entry) {
		quic_conn_close(conn, 0, code, why);
		quic_mark(conn);
	}
	uv_idle_start(&quic->idle, quic_turn);
}
