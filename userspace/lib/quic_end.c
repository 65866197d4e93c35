// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_end - why a connection ends, in errno and in words, and its last packet.
 *
 * Does not decide that it ends.  Words of a peer are bounded and stripped of
 * everything but printable ASCII here.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdio.h>
#include <string.h>

#include <p2pusb/wire.h>

#include "quic_int.h"

struct end_row {
	uint64_t code;
	int err;
	const char *text;
};

#define END_ROWS(rows)	(rows), sizeof(rows) / sizeof((rows)[0])

/* What the library says about us or about the network. */
static const struct end_row end_gone[] = {
	{ -NGTCP2_ERR_IDLE_CLOSE, -ETIMEDOUT,
	  "the peer went silent" },
	{ -NGTCP2_ERR_HANDSHAKE_TIMEOUT, -ETIMEDOUT,
	  "no answer within 5 s" },
	{ -NGTCP2_ERR_RECV_VERSION_NEGOTIATION, -EPROTONOSUPPORT,
	  "the peer does not speak QUIC version 1" },
	{ -NGTCP2_ERR_DROP_CONN, -EPROTO,
	  "the first packet was not valid" },
};

/* CONNECTION_CLOSE of the peer, application. */
static const struct end_row end_app[] = {
	{ P2PUSB_CLOSE_OK, 0, "the peer closed the connection" },
	{ P2PUSB_CLOSE_PROTOCOL, -EPROTO, "the peer found us to break the protocol" },
	{ P2PUSB_CLOSE_DENIED, -EACCES, "the peer does not admit us" },
	{ P2PUSB_CLOSE_VERSION, -EPROTONOSUPPORT, "the peer speaks another version" },
	{ P2PUSB_CLOSE_LIMIT, -EUSERS, "the peer is at a limit" },
	{ P2PUSB_CLOSE_SHUTDOWN, -ESHUTDOWN, "the peer's daemon stops" },
};

/* CONNECTION_CLOSE of the peer, transport. */
static const struct end_row end_transport[] = {
	{ NGTCP2_NO_ERROR, 0, "the peer closed the connection" },
	{ NGTCP2_CONNECTION_REFUSED, -ECONNREFUSED, "the peer refused the connection" },
	{ NGTCP2_APPLICATION_ERROR, -ESHUTDOWN, "the peer gave up in the handshake" },
};

/* TLS alerts, ours and the peer's. */
static const struct end_row end_alert[] = {
	{ GNUTLS_A_BAD_CERTIFICATE, -EACCES, NULL },
	{ GNUTLS_A_UNSUPPORTED_CERTIFICATE, -EACCES, NULL },
	{ GNUTLS_A_CERTIFICATE_UNKNOWN, -EACCES, NULL },
	{ GNUTLS_A_UNKNOWN_CA, -EACCES, NULL },
	{ GNUTLS_A_ACCESS_DENIED, -EACCES, NULL },
	{ GNUTLS_A_CERTIFICATE_REQUIRED, -EACCES, NULL },
	{ GNUTLS_A_NO_APPLICATION_PROTOCOL, -EPROTONOSUPPORT, NULL },
};

static const struct end_row *end_find(const struct end_row *rows, size_t n,
				      uint64_t code)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

/* Return: nonzero when this is the first reason, which is the one that counts. */
static int end_begin(struct quic_conn *conn, enum quic_how how, int err,
		     const char *why)
{
	struct quic_end *end = &conn->end;

	if (end->wanted)
		return 0;
	end->wanted = 1;
	end->how = how;
	end->err = err;
	snprintf(end->why, sizeof(end->why), "%s", why);
	quic_mark(conn);
	return 1;
}

void quic_end_gone(struct quic_conn *conn, int err, const char *why)
{
	end_begin(conn, QUIC_END_GONE, err, why);
}

void quic_conn_close(struct quic_conn *conn, int err, uint64_t code,
		     const char *why)
{
	struct quic_end *end = &conn->end;

	if (!end_begin(conn, conn->state == QUIC_OPEN ? QUIC_END_FLUSH :
		       QUIC_END_TELL, err, why))
		return;
	ngtcp2_ccerr_set_application_error(&end->ccerr, code,
					   (const uint8_t *)end->why,
					   strlen(end->why));
}

static void end_by_alert(struct quic_conn *conn)
{
	uint8_t alert = ngtcp2_conn_get_tls_alert(conn->nc);
	const struct end_row *row = end_find(END_ROWS(end_alert), alert);
	const char *name = gnutls_alert_get_name(alert);
	struct quic_end *end = &conn->end;
	char why[QUIC_WHY_LEN];

	if (conn->refused)
		snprintf(why, sizeof(why), conn->quic->server ?
			 "this key is not admitted" :
			 "the server has another key than the one asked for");
	else if (alert == GNUTLS_A_NO_APPLICATION_PROTOCOL)
		snprintf(why, sizeof(why), "the peer does not speak %s",
			 P2PUSB_ALPN);
	else
		snprintf(why, sizeof(why), "TLS handshake failed: %s",
			 name ? name : "unknown alert");

	if (!end_begin(conn, QUIC_END_TELL, row ? row->err : -EPROTO, why))
		return;
	ngtcp2_ccerr_set_tls_alert(&end->ccerr, alert,
				   (const uint8_t *)end->why,
				   strlen(end->why));
}

static void end_quote(char *dst, size_t size, const uint8_t *src, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		dst[i] = src[i] >= 0x20 && src[i] < 0x7f ? src[i] : '?';
	dst[i] = '\0';
}

static const struct end_row *end_peer_row(const ngtcp2_ccerr *cc)
{
	static const struct end_row other = { 0, -EPROTO,
		"the peer closed with an unknown error" };
	static const struct end_row denied = { 0, -EACCES,
		"the peer does not admit our key" };
	static const struct end_row alpn = { 0, -EPROTONOSUPPORT,
		"the peer does not speak " P2PUSB_ALPN };
	const struct end_row *row;

	if (cc->type == NGTCP2_CCERR_TYPE_APPLICATION) {
		row = end_find(END_ROWS(end_app), cc->error_code);
	} else if (cc->error_code >> 8 == NGTCP2_CRYPTO_ERROR >> 8) {
		row = end_find(END_ROWS(end_alert), cc->error_code & 0xff);
		if (row)
			row = row->err == -EACCES ? &denied : &alpn;
	} else {
		row = end_find(END_ROWS(end_transport), cc->error_code);
	}
	return row ? row : &other;
}

static void end_by_peer(struct quic_conn *conn)
{
	const ngtcp2_ccerr *cc = ngtcp2_conn_get_ccerr(conn->nc);
	const struct end_row *row = end_peer_row(cc);
	char quote[QUIC_WHY_LEN / 2];
	char why[QUIC_WHY_LEN];

	end_quote(quote, sizeof(quote), cc->reason, cc->reasonlen);
	if (quote[0])
		snprintf(why, sizeof(why), "%s: \"%s\"", row->text, quote);
	else
		snprintf(why, sizeof(why), "%s", row->text);
	end_begin(conn, QUIC_END_HUSH, row->err, why);
}

void quic_end_lib(struct quic_conn *conn, int liberr)
{
	const struct end_row *row;
	const char *why;

	if (liberr == NGTCP2_ERR_DRAINING) {
		end_by_peer(conn);
		return;
	}
	if (liberr == NGTCP2_ERR_CRYPTO) {
		end_by_alert(conn);
		return;
	}
	row = end_find(END_ROWS(end_gone), -liberr);
	if (row) {
		quic_end_gone(conn, row->err, row->text);
		return;
	}
	why = ngtcp2_strerror(liberr);
	if (end_begin(conn, QUIC_END_TELL, liberr == NGTCP2_ERR_NOMEM ?
		      -ENOMEM : -EPROTO, why))
		ngtcp2_ccerr_set_liberr(&conn->end.ccerr, liberr,
					(const uint8_t *)why, strlen(why));
}

static void end_send_farewell(struct quic_conn *conn)
{
	size_t sent;

	/* Lost when the socket is full: then the next packet gets it. */
	udp_send(&conn->quic->udp, &conn->farewell_path, conn->farewell,
		 conn->farewell_len, conn->farewell_len, &sent);
}

static void end_write_farewell(struct quic_conn *conn)
{
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;
	ngtcp2_ssize n;

	ngtcp2_path_storage_zero(&ps);
	n = ngtcp2_conn_write_connection_close(conn->nc, &ps.path, &pi,
					       conn->farewell,
					       sizeof(conn->farewell),
					       &conn->end.ccerr, quic_now());
	if (n <= 0)
		return;
	quic_path_from_lib(&ps.path, &conn->farewell_path);
	conn->farewell_len = n;
	end_send_farewell(conn);
}

/* RFC 9000 10.2.1: answer ever fewer of the packets that still come. */
void quic_end_answer(struct quic_conn *conn)
{
	unsigned int n = ++conn->answers;

	if (conn->farewell_len && !(n & (n - 1)))
		end_send_farewell(conn);
}

static uint64_t end_linger(struct quic_conn *conn)
{
	uint64_t linger = 3 * ngtcp2_conn_get_pto(conn->nc);

	return quic_now() + (linger < QUIC_LINGER_MAX ? linger :
			     QUIC_LINGER_MAX);
}

void quic_end_finish(struct quic_conn *conn)
{
	struct quic *quic = conn->quic;
	/* Nobody was told of a connection that the server never let in. */
	int known = !quic->server || conn->state == QUIC_OPEN;

	if (conn->end.how <= QUIC_END_TELL)
		end_write_farewell(conn);

	if (conn->end.how == QUIC_END_GONE || quic->closing) {
		quic_conn_set_state(conn, QUIC_DEAD);
	} else {
		conn->linger_until = end_linger(conn);
		quic_conn_set_state(conn, QUIC_LINGER);
	}
	if (known)
		quic->config.ops->down(conn, conn->end.err, conn->end.why);
}
