// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_accept - packets that belong to no connection of a listening socket.
 *
 * Opens a connection, or answers without keeping anything: Retry, Version
 * Negotiation, refusal, stateless reset.  Never answers with more bytes than
 * came, nor more than QUIC_STATELESS_MAX times a second.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

#include "quic_int.h"

#define ACCEPT_REPLY_LEN	1200
/* RFC 9000 10.3: shorter ones could answer one another for ever. */
#define ACCEPT_RESET_MIN	(NGTCP2_MIN_STATELESS_RESET_RANDLEN + \
				 NGTCP2_STATELESS_RESET_TOKENLEN + 1)
#define ACCEPT_RESET_RANDLEN	22

static int accept_may_answer(struct quic *quic)
{
	uint64_t sec = quic_now() / QUIC_SEC;

	if (quic->stateless_sec != sec) {
		quic->stateless_sec = sec;
		quic->stateless = 0;
	}
	return quic->stateless++ < QUIC_STATELESS_MAX;
}

/* @len: what a writing function of the library returned. */
static void accept_answer(struct quic *quic, const struct udp_path *path,
			  const uint8_t *pkt, ngtcp2_ssize len)
{
	size_t sent;

	if (len > 0)
		udp_send(&quic->udp, path, pkt, len, len, &sent);
}

void quic_offer_version(struct quic *quic, const struct udp_path *path,
			const ngtcp2_version_cid *vc, size_t len)
{
	static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1 };
	uint8_t pkt[ACCEPT_REPLY_LEN];
	ngtcp2_ssize n;
	uint8_t noise;

	if (len < NGTCP2_MAX_UDP_PAYLOAD_SIZE || !accept_may_answer(quic))
		return;

	quic_tls_random(&noise, sizeof(noise));
	n = ngtcp2_pkt_write_version_negotiation(pkt, sizeof(pkt), noise,
						 vc->scid, vc->scidlen,
						 vc->dcid, vc->dcidlen,
						 versions, 1);
	accept_answer(quic, path, pkt, n);
}

static void accept_reset(struct quic *quic, const struct udp_path *path,
			 const ngtcp2_version_cid *vc, size_t len)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t noise[ACCEPT_RESET_RANDLEN];
	uint8_t pkt[ACCEPT_REPLY_LEN];
	size_t room = len - 1;
	ngtcp2_ssize n;
	ngtcp2_cid cid;

	if (len <= ACCEPT_RESET_MIN || !accept_may_answer(quic))
		return;

	ngtcp2_cid_init(&cid, vc->dcid, vc->dcidlen);
	if (quic_tls_reset_token(quic, &cid, token))
		return;
	quic_tls_random(noise, sizeof(noise));
	if (room > sizeof(pkt))
		room = sizeof(pkt);
	n = ngtcp2_pkt_write_stateless_reset(pkt, room, token, noise,
					     sizeof(noise));
	accept_answer(quic, path, pkt, n);
}

static void accept_refuse(struct quic *quic, const struct udp_path *path,
			  const ngtcp2_pkt_hd *hd, uint64_t code,
			  const char *why)
{
	uint8_t pkt[ACCEPT_REPLY_LEN];
	ngtcp2_ssize n;

	if (!accept_may_answer(quic))
		return;
	n = ngtcp2_crypto_write_connection_close(pkt, sizeof(pkt), hd->version,
						 &hd->scid, &hd->dcid, code,
						 (const uint8_t *)why,
						 strlen(why));
	accept_answer(quic, path, pkt, n);
}

/* Make the client prove its address before anything is kept for it. */
static void accept_retry(struct quic *quic, const struct udp_path *path,
			 const ngtcp2_pkt_hd *hd)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
	uint8_t cid[QUIC_CID_LEN];
	uint8_t pkt[ACCEPT_REPLY_LEN];
	const uint8_t *secret;
	ngtcp2_ssize len;
	ngtcp2_cid scid;
	size_t n;

	if (!accept_may_answer(quic))
		return;

	quic_tls_random(cid, sizeof(cid));
	ngtcp2_cid_init(&scid, cid, sizeof(cid));
	secret = quic_tls_retry_secret(quic, &n);
	len = ngtcp2_crypto_generate_retry_token2(token, secret, n,
						  hd->version,
						  &path->remote.sa,
						  path->remote.len, &scid,
						  &hd->dcid, quic_now());
	if (len < 0)
		return;
	len = ngtcp2_crypto_write_retry(pkt, sizeof(pkt), hd->version,
					&hd->scid, &scid, &hd->dcid, token,
					len);
	accept_answer(quic, path, pkt, len);
}

static int accept_token(struct quic *quic, const struct udp_path *path,
			const ngtcp2_pkt_hd *hd, ngtcp2_cid *odcid)
{
	const uint8_t *secret;
	size_t n;

	if (hd->token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
		return -EACCES;
	secret = quic_tls_retry_secret(quic, &n);
	return ngtcp2_crypto_verify_retry_token2(odcid, hd->token,
						 hd->tokenlen, secret, n,
						 hd->version,
						 &path->remote.sa,
						 path->remote.len, &hd->dcid,
						 QUIC_RETRY_TIMEOUT,
						 quic_now()) ? -EACCES : 0;
}

static void accept_initial(struct quic *quic, const struct udp_path *path,
			   const ngtcp2_pkt_hd *hd, const uint8_t *pkt,
			   size_t len)
{
	ngtcp2_cid *odcid = NULL;
	struct quic_conn *conn;
	ngtcp2_cid cid;

	if (hd->tokenlen) {
		if (accept_token(quic, path, hd, &cid)) {
			accept_refuse(quic, path, hd, NGTCP2_INVALID_TOKEN,
				      "token is not ours or too old");
			return;
		}
		odcid = &cid;
	}
	if (quic->closing || quic->nconns >= QUIC_CONNS_MAX) {
		accept_refuse(quic, path, hd, NGTCP2_CONNECTION_REFUSED,
			      quic->closing ? "daemon stops" :
			      "too many connections");
		return;
	}
	if (quic->half_open >= QUIC_HALF_OPEN_MAX)
		return;
	if (quic->half_open >= QUIC_HALF_OPEN_RETRY && !odcid) {
		accept_retry(quic, path, hd);
		return;
	}
	if (!quic_conn_server(quic, path, hd, odcid, &conn))
		quic_conn_read(conn, path, pkt, len, quic_now());
}

void quic_accept(struct quic *quic, const struct udp_path *path,
		 const ngtcp2_version_cid *vc, const uint8_t *pkt, size_t len)
{
	ngtcp2_pkt_hd hd;

	if (!ngtcp2_accept(&hd, pkt, len))
		accept_initial(quic, path, &hd, pkt, len);
	else if (!vc->version && vc->dcidlen == QUIC_CID_LEN)
		accept_reset(quic, path, vc, len);
}
