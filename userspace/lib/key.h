/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * key - the Ed25519 identity of a daemon, its file and its text form.
 *
 * Does not do TLS; lib/quic.c hands @priv to GnuTLS.
 */
#ifndef P2PUSB_LIB_KEY_H
#define P2PUSB_LIB_KEY_H

#include <stddef.h>
#include <stdint.h>

#define KEY_LEN		32
#define KEY_ID_LEN	62	/* 7 groups of 8 base32 digits, 6 dashes */

/**
 * struct key - an identity
 * @seed: secret, RFC 8032
 * @pub: public key
 */
struct key {
	uint8_t seed[KEY_LEN];
	uint8_t pub[KEY_LEN];
};

/**
 * key_load() - read an identity, make it at the first start
 * @path: file, 0600; refused (-EPERM) when others may read it
 * @key: filled
 *
 * A new file is complete on disk before the call returns and never replaces
 * one that is there.
 *
 * Return: 0, -EPERM, -EBADMSG (not a key file), other negative errno.
 */
int key_load(const char *path, struct key *key);

/**
 * key_wipe() - forget a secret
 * @key: zeroed in a way that the compiler keeps
 */
void key_wipe(struct key *key);

/**
 * key_id() - text form of a public key, with a checksum
 * @pub: KEY_LEN bytes
 * @id: filled, NUL-terminated
 *
 * Lower-case base32 (RFC 4648) of the key and the first 3 bytes of its
 * SHA-256, in groups of eight: a mistyped id is refused, not unknown.
 */
void key_id(const uint8_t pub[KEY_LEN], char id[KEY_ID_LEN + 1]);

/**
 * key_parse() - public key from its text form
 * @text: with or without dashes, any case
 * @pub: filled
 *
 * Return: 0, -EINVAL (length or digit), -EBADMSG (checksum: mistyped).
 */
int key_parse(const char *text, uint8_t pub[KEY_LEN]);

#endif /* P2PUSB_LIB_KEY_H */
