// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_conn - one connection: birth, packets in, timers, its turn to write.
 *
 * Knows no stream (quic_stream.c) and not why it ends (quic_end.c).
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdlib.h>
#include <string.h>

#include <p2pusb/wire.h>

#include "quic_int.h"

/* Guessing high makes the first lost packet cost a second. */
#define CONN_INITIAL_RTT	(50 * NGTCP2_MILLISECONDS)
#define CONN_PAYLOAD_MAX	8952	/* 9000 - IPv6 - UDP */

/* Ethernet, jumbo frames, then what tunnels leave. */
static const uint16_t conn_probes[] = { 1452, 8952, 1472, 1404, 1342, 1232 };

/* Legal moves; a refusal here is our bug, never the peer's. */
static const uint8_t conn_next[QUIC_NSTATES] = {
	[QUIC_HANDSHAKE] = 1 << QUIC_OPEN | 1 << QUIC_LINGER | 1 << QUIC_DEAD,
	[QUIC_OPEN]	 = 1 << QUIC_LINGER | 1 << QUIC_DEAD,
	[QUIC_LINGER]	 = 1 << QUIC_DEAD,
	[QUIC_DEAD]	 = 0,
};

void quic_conn_set_state(struct quic_conn *conn, enum quic_state next)
{
	if (!(conn_next[conn->state] & 1 << next))
		abort();
	if (conn->state == QUIC_HANDSHAKE)
		conn->quic->half_open--;
	conn->state = next;
}

void quic_path_to_lib(const struct udp_path *path, ngtcp2_path *out)
{
	out->local.addr = (ngtcp2_sockaddr *)&path->local.sa;
	out->local.addrlen = path->local.len;
	out->remote.addr = (ngtcp2_sockaddr *)&path->remote.sa;
	out->remote.addrlen = path->remote.len;
	out->user_data = NULL;
}

static void conn_addr_from_lib(const ngtcp2_addr *addr, struct udp_addr *out)
{
	out->len = addr->addrlen < sizeof(out->v6) ? addr->addrlen :
		   sizeof(out->v6);
	memcpy(&out->v6, addr->addr, out->len);
}

void quic_path_from_lib(const ngtcp2_path *path, struct udp_path *out)
{
	conn_addr_from_lib(&path->local, &out->local);
	conn_addr_from_lib(&path->remote, &out->remote);
}

/* Callbacks of the library; streams have theirs in quic_stream.c */

static void conn_rand(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	quic_tls_random(dest, len);
}

static void conn_new_cid(ngtcp2_cid *cid)
{
	uint8_t data[QUIC_CID_LEN];

	quic_tls_random(data, sizeof(data));
	ngtcp2_cid_init(cid, data, sizeof(data));
}

static int conn_get_new_cid(ngtcp2_conn *nc, ngtcp2_cid *cid, uint8_t *token,
			    size_t len, void *user)
{
	struct quic_conn *conn = user;

	(void)nc;
	quic_tls_random(cid->data, len);
	cid->datalen = len;
	if (quic_tls_reset_token(conn->quic, cid, token))
		return NGTCP2_ERR_CALLBACK_FAILURE;
	return quic_cid_add(conn, cid) ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

static int conn_remove_cid(ngtcp2_conn *nc, const ngtcp2_cid *cid, void *user)
{
	(void)nc;
	quic_cid_remove(user, cid);
	return 0;
}

/* Within it, because stream data may follow in the same packet. */
static int conn_completed(ngtcp2_conn *nc, void *user)
{
	struct quic_conn *conn = user;
	struct quic *quic = conn->quic;

	(void)nc;
	quic_conn_set_state(conn, QUIC_OPEN);
	conn->trust_by = quic_now() + QUIC_TRUST_TIMEOUT;
	quic_conn_keep_alive(conn);
	quic->config.ops->ready(quic->config.owner, conn);
	return 0;
}

static int conn_stateless_reset(ngtcp2_conn *nc,
				const ngtcp2_pkt_stateless_reset *sr,
				void *user)
{
	(void)nc;
	(void)sr;
	quic_end_gone(user, -ECONNRESET,
		      "the peer no longer knows this connection: it was restarted");
	return 0;
}

static const ngtcp2_callbacks conn_callbacks = {
	.client_initial = ngtcp2_crypto_client_initial_cb,
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
	.handshake_completed = conn_completed,
	.encrypt = ngtcp2_crypto_encrypt_cb,
	.decrypt = ngtcp2_crypto_decrypt_cb,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.recv_stateless_reset = conn_stateless_reset,
	.recv_retry = ngtcp2_crypto_recv_retry_cb,
	.rand = conn_rand,
	.get_new_connection_id = conn_get_new_cid,
	.remove_connection_id = conn_remove_cid,
	.update_key = ngtcp2_crypto_update_key_cb,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

/* Birth and death */

static void conn_settings(ngtcp2_settings *settings)
{
	ngtcp2_settings_default(settings);
	settings->cc_algo = NGTCP2_CC_ALGO_CUBIC;
	settings->initial_ts = quic_now();
	settings->initial_rtt = CONN_INITIAL_RTT;
	settings->handshake_timeout = QUIC_HANDSHAKE_TIMEOUT;
	settings->max_tx_udp_payload_size = CONN_PAYLOAD_MAX;
	/*
	 * An answer should carry the ACK.  The library adds one to a packet
	 * only when it is due, and on a LAN it is due so soon after the answer
	 * that it costs a timer and a packet of its own.
	 */
	settings->ack_thresh = 1;
	settings->max_window = QUIC_WINDOW_MAX;
	settings->max_stream_window = QUIC_STREAM_WINDOW_MAX;
	settings->pmtud_probes = conn_probes;
	settings->pmtud_probeslen = sizeof(conn_probes) /
				    sizeof(conn_probes[0]);
}

static void conn_params(const struct quic *quic,
			ngtcp2_transport_params *params)
{
	ngtcp2_transport_params_default(params);
	params->initial_max_data = QUIC_WINDOW_TINY;
	params->initial_max_stream_data_bidi_local = QUIC_STREAM_WINDOW;
	params->initial_max_stream_data_bidi_remote = QUIC_STREAM_WINDOW;
	params->initial_max_streams_bidi = quic->server ? QUIC_STREAMS_MAX : 0;
	params->initial_max_streams_uni = 0;
	params->max_idle_timeout = QUIC_IDLE;
	params->active_connection_id_limit = 4;
}

static struct quic_conn *conn_alloc(struct quic *quic)
{
	struct quic_conn *conn;
	int i;

	conn = calloc(1, sizeof(*conn));
	if (!conn)
		return NULL;
	conn->quic = quic;
	LIST_INIT(&conn->cids);
	LIST_INIT(&conn->streams);
	for (i = 0; i < QUIC_NPRIO; i++)
		TAILQ_INIT(&conn->sched[i]);
	conn->expiry = UINT64_MAX;
	ngtcp2_ccerr_default(&conn->end.ccerr);
	TAILQ_INSERT_TAIL(&quic->conns, conn, entry);
	quic->nconns++;
	quic->half_open++;
	return conn;
}

void quic_conn_free(struct quic_conn *conn)
{
	struct quic *quic = conn->quic;

	if (conn->state == QUIC_HANDSHAKE)
		quic->half_open--;
	if (conn->dirty)
		TAILQ_REMOVE(&quic->dirty, conn, dirt);
	quic_stream_free_all(conn);
	quic_cid_remove(conn, NULL);
	ngtcp2_conn_del(conn->nc);
	quic_tls_stop(conn);
	TAILQ_REMOVE(&quic->conns, conn, entry);
	quic->nconns--;
	free(conn);
}

int quic_conn_client(struct quic *quic, const uint8_t peer[KEY_LEN], void *ctx,
		     struct quic_conn **out)
{
	ngtcp2_callbacks callbacks = conn_callbacks;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	struct quic_conn *conn;
	ngtcp2_cid dcid, scid;
	struct udp_path up;
	ngtcp2_path path;

	conn = conn_alloc(quic);
	if (!conn)
		return -ENOMEM;
	conn->ctx = ctx;
	memcpy(conn->peer, peer, KEY_LEN);

	conn_params(quic, &params);
	conn_settings(&settings);
	quic_stream_callbacks(&callbacks);
	conn_new_cid(&dcid);
	conn_new_cid(&scid);
	up.local = quic->udp.local;
	up.remote = quic->udp.remote;
	quic_path_to_lib(&up, &path);

	if (ngtcp2_conn_client_new(&conn->nc, &dcid, &scid, &path,
				   NGTCP2_PROTO_VER_V1, &callbacks, &settings,
				   &params, NULL, conn) ||
	    quic_tls_start(conn)) {
		quic_conn_free(conn);
		return -ENOMEM;
	}
	quic_mark(conn);
	*out = conn;
	return 0;
}

int quic_conn_server(struct quic *quic, const struct udp_path *up,
		     const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
		     struct quic_conn **out)
{
	ngtcp2_callbacks callbacks = conn_callbacks;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	struct quic_conn *conn;
	ngtcp2_path path;
	ngtcp2_cid scid;

	conn = conn_alloc(quic);
	if (!conn)
		return -ENOMEM;

	conn_new_cid(&scid);
	conn_params(quic, &params);
	params.original_dcid = odcid ? *odcid : hd->dcid;
	params.original_dcid_present = 1;
	if (odcid) {
		params.retry_scid = hd->dcid;
		params.retry_scid_present = 1;
	}
	params.stateless_reset_token_present =
		!quic_tls_reset_token(quic, &scid,
				      params.stateless_reset_token);
	conn_settings(&settings);
	settings.token = hd->token;
	settings.tokenlen = hd->tokenlen;
	if (odcid)
		settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
	quic_stream_callbacks(&callbacks);
	quic_path_to_lib(up, &path);

	if (ngtcp2_conn_server_new(&conn->nc, &hd->scid, &scid, &path,
				   hd->version, &callbacks, &settings, &params,
				   NULL, conn) ||
	    quic_tls_start(conn) || quic_cid_add(conn, &scid) ||
	    quic_cid_add(conn, &hd->dcid)) {
		quic_conn_free(conn);
		return -ENOMEM;
	}
	*out = conn;
	return 0;
}

/* Packets and timers */

void quic_conn_read(struct quic_conn *conn, const struct udp_path *up,
		    const uint8_t *pkt, size_t len, uint64_t now)
{
	ngtcp2_pkt_info pi = { 0 };
	ngtcp2_path path;
	int rv;

	if (conn->end.wanted) {
		if (conn->state == QUIC_LINGER)
			quic_end_answer(conn);
		return;
	}

	conn->received += len;
	quic_path_to_lib(up, &path);
	conn->heard = 0;
	conn->quic->busy++;
	rv = ngtcp2_conn_read_pkt(conn->nc, &path, &pi, pkt, len, now);
	conn->quic->busy--;
	conn->refused_by = 0;
	conn->unanswered = conn->unanswered || !conn->heard ||
			   len > QUIC_SHORT_LEN ? 2 : 1;
	if (rv)
		quic_end_lib(conn, rv);
	quic_mark(conn);
}

static uint64_t conn_min(uint64_t a, uint64_t b)
{
	return b && b < a ? b : a;
}

uint64_t quic_conn_expiry(struct quic_conn *conn)
{
	uint64_t at;

	if (conn->state == QUIC_LINGER)
		return conn->linger_until;
	if (conn->end.wanted || quic_tx_pending(conn->quic))
		return UINT64_MAX;
	at = conn_min(conn->expiry, conn->trust_by);
	return conn_min(at, conn->refused_by);
}

static void conn_deadlines(struct quic_conn *conn, uint64_t now)
{
	if (conn->trust_by && conn->trust_by <= now)
		quic_conn_close(conn, -ETIMEDOUT, P2PUSB_CLOSE_PROTOCOL,
				"no HELLO in time");
	if (conn->refused_by && conn->refused_by <= now)
		quic_end_gone(conn, -ECONNREFUSED,
			      "nobody listens there any more");
}

void quic_conn_expire(struct quic_conn *conn, uint64_t now)
{
	int rv;

	if (quic_conn_expiry(conn) > now)
		return;
	conn->expiry = UINT64_MAX;	/* until its turn has come */
	conn->unanswered = 0;
	quic_mark(conn);
	if (conn->state == QUIC_LINGER) {
		quic_conn_set_state(conn, QUIC_DEAD);
		return;
	}
	conn_deadlines(conn, now);
	if (conn->end.wanted)
		return;
	rv = ngtcp2_conn_handle_expiry(conn->nc, now);
	if (rv)
		quic_end_lib(conn, rv);
}

/* See DOC: Acknowledgements.  Return: nonzero when there is nothing to write. */
static int conn_waits(struct quic_conn *conn)
{
	uint64_t until;

	if (conn->state != QUIC_OPEN || conn->end.wanted ||
	    conn->unanswered != 1 || conn->nstreams < 2 ||
	    quic_sched_ready(conn))
		return 0;
	conn->expiry = ngtcp2_conn_get_expiry(conn->nc);
	until = quic_now() + QUIC_ACK_WAIT;
	if (conn->expiry < until)
		conn->expiry = until;
	return 1;
}

void quic_conn_turn(struct quic_conn *conn)
{
	if (conn->state >= QUIC_LINGER || conn_waits(conn))
		return;
	conn->unanswered = 0;
	if (!conn->end.wanted || conn->end.how == QUIC_END_FLUSH)
		quic_sched_write(conn);
	if (conn->end.wanted)
		quic_end_finish(conn);
}

/* For the owner */

void quic_conn_trust(struct quic_conn *conn)
{
	if (!conn->trust_by)
		return;
	conn->trust_by = 0;
	ngtcp2_conn_extend_max_offset(conn->nc,
				      QUIC_WINDOW - QUIC_WINDOW_TINY);
	quic_mark(conn);
}

void quic_conn_flush(struct quic_conn *conn)
{
	if (conn->quic->busy || conn->end.wanted) {
		quic_mark(conn);
		return;
	}
	quic_sched_write(conn);
	/* The turn looks at what went wrong and sets the timer. */
	quic_mark(conn);
}

/* See DOC: Liveness.  Only one side needs to speak, and it is the agent. */
void quic_conn_keep_alive(struct quic_conn *conn)
{
	uint64_t every = conn->nstreams > 1 ? QUIC_KEEP_BUSY : QUIC_KEEP_IDLE;

	if (!conn->quic->server)
		ngtcp2_conn_set_keep_alive_timeout(conn->nc, every);
}

void *quic_conn_ctx(const struct quic_conn *conn)
{
	return conn->ctx;
}

void quic_conn_set_ctx(struct quic_conn *conn, void *ctx)
{
	conn->ctx = ctx;
}

const uint8_t *quic_conn_peer(const struct quic_conn *conn)
{
	return conn->peer;
}

void quic_conn_addr(const struct quic_conn *conn, char *buf, size_t len)
{
	struct udp_path path;

	quic_path_from_lib(ngtcp2_conn_get_path(conn->nc), &path);
	udp_text(&path.remote, buf, len);
}

void quic_conn_stats(const struct quic_conn *conn, struct quic_stats *stats)
{
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(conn->nc, &info);
	stats->srtt_us = info.latest_rtt ? info.smoothed_rtt / 1000 : 0;
	stats->rttvar_us = info.latest_rtt ? info.rttvar / 1000 : 0;
	stats->cwnd = info.cwnd;
	stats->sent = conn->sent;
	stats->received = conn->received;
	stats->gso = conn->quic->udp.gso;
	stats->gro = conn->quic->udp.gro;
}
