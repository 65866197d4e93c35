// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quic_tls - TLS 1.3 with raw Ed25519 public keys on both sides (RFC 7250).
 *
 * Does no I/O and decides nobody's admission: it proves a key and asks.  No
 * tickets, no 0-RTT: a resumed session would skip the question.
 */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdlib.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

#include <p2pusb/wire.h>

#include "log.h"
#include "quic_int.h"

#define TLS_COMMON \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3" \
	":-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK" \
	":-SIGN-ALL:+SIGN-EDDSA-ED25519" \
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1" \
	":%DISABLE_TLS13_COMPAT_MODE:-CIPHER-ALL"

#define TLS_AES_FIRST	":+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM"
/* SERVER_PRECEDENCE: whichever side lacks AES instructions wins. */
#define TLS_CHACHA_FIRST \
	":+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM:%SERVER_PRECEDENCE"

#define TLS_SECRET_LEN	32

/* DER of a SubjectPublicKeyInfo and of a PKCS #8 key up to the 32 bytes. */
static const uint8_t tls_spki[] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00
};

static const uint8_t tls_pkcs8[] = {
	0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
	0x04, 0x22, 0x04, 0x20
};

struct quic_tls {
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t prio;
	uint8_t reset_secret[TLS_SECRET_LEN];
	uint8_t retry_secret[TLS_SECRET_LEN];
};

static int tls_cpu_has_aes(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
	return !!(getauxval(AT_HWCAP) & HWCAP_AES);
#else
	return 0;
#endif
}

static int tls_peer_key(gnutls_session_t tls, uint8_t key[KEY_LEN])
{
	const gnutls_datum_t *spki;
	unsigned int n = 0;

	if (gnutls_certificate_type_get2(tls, GNUTLS_CTYPE_PEERS) !=
	    GNUTLS_CRT_RAWPK)
		return -EACCES;

	spki = gnutls_certificate_get_peers(tls, &n);
	if (!spki || n != 1 || spki->size != sizeof(tls_spki) + KEY_LEN)
		return -EACCES;
	if (memcmp(spki->data, tls_spki, sizeof(tls_spki)))
		return -EACCES;

	memcpy(key, spki->data + sizeof(tls_spki), KEY_LEN);
	return 0;
}

/* The one place where a peer is let in or not. */
static int tls_judge(struct quic_conn *conn, gnutls_session_t tls)
{
	const struct quic_config *config = &conn->quic->config;
	uint8_t key[KEY_LEN];
	int err;

	err = tls_peer_key(tls, key);
	if (err)
		return err;

	if (!conn->quic->server)
		return memcmp(key, conn->peer, KEY_LEN) ? -EACCES : 0;

	memcpy(conn->peer, key, KEY_LEN);
	return config->ops->admit(config->owner, key);
}

/*
 * GNUTLS_ALPN_MANDATORY refuses other protocols, not a peer that names none;
 * RFC 9001 8.1 wants both.
 */
static int tls_speaks_ours(gnutls_session_t tls)
{
	gnutls_datum_t alpn;

	return !gnutls_alpn_get_selected_protocol(tls, &alpn) &&
	       alpn.size == sizeof(P2PUSB_ALPN) - 1 &&
	       !memcmp(alpn.data, P2PUSB_ALPN, alpn.size);
}

static int tls_verify(gnutls_session_t tls)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(tls);
	struct quic_conn *conn = ref->user_data;

	if (!tls_speaks_ours(tls))
		return GNUTLS_E_NO_APPLICATION_PROTOCOL;
	if (!tls_judge(conn, tls))
		return 0;
	conn->refused = 1;
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static int tls_load_key(struct quic_tls *tls, const struct key *key)
{
	uint8_t pkcs8[sizeof(tls_pkcs8) + KEY_LEN];
	uint8_t spki[sizeof(tls_spki) + KEY_LEN];
	gnutls_datum_t priv = { .data = pkcs8, .size = sizeof(pkcs8) };
	gnutls_datum_t pub = { .data = spki, .size = sizeof(spki) };
	int rv;

	memcpy(pkcs8, tls_pkcs8, sizeof(tls_pkcs8));
	memcpy(pkcs8 + sizeof(tls_pkcs8), key->seed, KEY_LEN);
	memcpy(spki, tls_spki, sizeof(tls_spki));
	memcpy(spki + sizeof(tls_spki), key->pub, KEY_LEN);

	rv = gnutls_certificate_set_rawpk_key_mem(tls->cred, &pub, &priv,
						  GNUTLS_X509_FMT_DER, NULL, 0,
						  NULL, 0, 0);
	gnutls_memset(pkcs8, 0, sizeof(pkcs8));
	if (rv < 0) {
		log_err("tls: own key cannot be used: %s",
			gnutls_strerror(rv));
		return -EINVAL;
	}
	return 0;
}

/*
 * The secret of stateless resets follows from the identity, so that a daemon
 * that was killed and started again can tell its peers at once.
 */
static int tls_secrets(struct quic_tls *tls, const struct key *key)
{
	static const char label[] = "p2pusb stateless reset";
	int rv;

	rv = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->seed, KEY_LEN, label,
			      sizeof(label) - 1, tls->reset_secret);
	if (rv >= 0)
		rv = gnutls_rnd(GNUTLS_RND_RANDOM, tls->retry_secret,
				TLS_SECRET_LEN);
	return rv < 0 ? -EIO : 0;
}

int quic_tls_new(const struct key *key, struct quic_tls **out)
{
	struct quic_tls *tls;
	int err;

	tls = calloc(1, sizeof(*tls));
	if (!tls)
		return -ENOMEM;

	err = -ENOMEM;
	if (gnutls_certificate_allocate_credentials(&tls->cred) < 0)
		goto err_free;
	gnutls_certificate_set_verify_function(tls->cred, tls_verify);

	err = -EINVAL;
	if (gnutls_priority_init(&tls->prio, tls_cpu_has_aes() ?
				 TLS_COMMON TLS_AES_FIRST :
				 TLS_COMMON TLS_CHACHA_FIRST, NULL) < 0)
		goto err_free_cred;

	err = tls_load_key(tls, key);
	if (err)
		goto err_free_prio;
	err = tls_secrets(tls, key);
	if (err)
		goto err_free_prio;

	*out = tls;
	return 0;

err_free_prio:
	gnutls_priority_deinit(tls->prio);
err_free_cred:
	gnutls_certificate_free_credentials(tls->cred);
err_free:
	free(tls);
	return err;
}

void quic_tls_free(struct quic_tls *tls)
{
	gnutls_priority_deinit(tls->prio);
	gnutls_certificate_free_credentials(tls->cred);
	gnutls_memset(tls, 0, sizeof(*tls));
	free(tls);
}

static ngtcp2_conn *tls_get_conn(ngtcp2_crypto_conn_ref *ref)
{
	struct quic_conn *conn = ref->user_data;

	return conn->nc;
}

static int tls_configure(struct quic_conn *conn, gnutls_session_t tls)
{
	gnutls_datum_t alpn = {
		.data = (unsigned char *)P2PUSB_ALPN,
		.size = sizeof(P2PUSB_ALPN) - 1,
	};
	struct quic_tls *own = conn->quic->tls;

	if (gnutls_priority_set(tls, own->prio) < 0)
		return -EINVAL;
	if (gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, own->cred) < 0)
		return -EINVAL;
	if (gnutls_alpn_set_protocols(tls, &alpn, 1, GNUTLS_ALPN_MANDATORY))
		return -EINVAL;

	if (!conn->quic->server)
		return ngtcp2_crypto_gnutls_configure_client_session(tls) ?
			-EINVAL : 0;

	gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUIRE);
	return ngtcp2_crypto_gnutls_configure_server_session(tls) ?
		-EINVAL : 0;
}

int quic_tls_start(struct quic_conn *conn)
{
	unsigned int flags = GNUTLS_ENABLE_RAWPK | GNUTLS_NO_TICKETS |
			     GNUTLS_NO_AUTO_SEND_TICKET |
			     GNUTLS_NO_END_OF_EARLY_DATA;
	int err;

	flags |= conn->quic->server ? GNUTLS_SERVER : GNUTLS_CLIENT;
	if (gnutls_init(&conn->tls, flags) < 0) {
		conn->tls = NULL;
		return -ENOMEM;
	}

	conn->ref.get_conn = tls_get_conn;
	conn->ref.user_data = conn;
	gnutls_session_set_ptr(conn->tls, &conn->ref);

	err = tls_configure(conn, conn->tls);
	if (err) {
		quic_tls_stop(conn);
		return err;
	}
	ngtcp2_conn_set_tls_native_handle(conn->nc, conn->tls);
	return 0;
}

void quic_tls_stop(struct quic_conn *conn)
{
	if (conn->tls)
		gnutls_deinit(conn->tls);
	conn->tls = NULL;
}

void quic_tls_random(void *buf, size_t len)
{
	/* Fails only when the system has no randomness at all. */
	if (gnutls_rnd(GNUTLS_RND_NONCE, buf, len) < 0)
		abort();
}

int quic_tls_reset_token(const struct quic *quic, const ngtcp2_cid *cid,
			 uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN])
{
	const uint8_t *secret = quic->tls->reset_secret;

	return ngtcp2_crypto_generate_stateless_reset_token(token, secret,
							    TLS_SECRET_LEN,
							    cid);
}

const uint8_t *quic_tls_retry_secret(const struct quic *quic, size_t *len)
{
	*len = TLS_SECRET_LEN;
	return quic->tls->retry_secret;
}
