// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * key - the Ed25519 identity of a daemon, its file and its text form.
 *
 * The file holds one line, the seed in hexadecimal.  Does not encrypt it: the
 * file's mode is its protection.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <nettle/eddsa.h>
#include <nettle/memops.h>

#include "key.h"

#define KEY_CHECK_LEN	3
#define KEY_RAW_LEN	(KEY_LEN + KEY_CHECK_LEN)
#define KEY_DIGITS	(KEY_RAW_LEN * 8 / 5)
#define KEY_GROUP	8
#define KEY_FILE_LEN	(2 * KEY_LEN + 1)

static const char key_base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char key_hex[] = "0123456789abcdef";

_Static_assert(KEY_RAW_LEN * 8 % 5 == 0, "an id has no padding");
_Static_assert(KEY_DIGITS + KEY_DIGITS / KEY_GROUP - 1 == KEY_ID_LEN, "id");
_Static_assert(KEY_LEN == ED25519_KEY_SIZE, "Ed25519");

static int key_write_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int key_sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096] = ".";
	int ret;
	int fd;

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s",
			 slash == path ? 1 : (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fsync(fd) ? -errno : 0;
	close(fd);
	return ret;
}

static void key_print(const uint8_t seed[KEY_LEN], char line[KEY_FILE_LEN])
{
	size_t i;

	for (i = 0; i < KEY_LEN; i++) {
		line[2 * i] = key_hex[seed[i] >> 4];
		line[2 * i + 1] = key_hex[seed[i] & 15];
	}
	line[2 * KEY_LEN] = '\n';
}

/*
 * Written aside and linked into place: a crash leaves no half a key, and a key
 * that another process made meanwhile wins (-EEXIST).
 */
static int key_create(const char *path)
{
	char line[KEY_FILE_LEN];
	uint8_t seed[KEY_LEN];
	char tmp[4096];
	int ret;
	int fd;

	ret = snprintf(tmp, sizeof(tmp), "%s.%d", path, (int)getpid());
	if (ret >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	if (gnutls_rnd(GNUTLS_RND_KEY, seed, sizeof(seed)))
		return -EIO;
	key_print(seed, line);
	explicit_bzero(seed, sizeof(seed));

	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0) {
		ret = -errno;
		goto err_wipe;
	}
	ret = key_write_all(fd, line, sizeof(line));
	if (!ret && link(tmp, path))
		ret = -errno;
	unlink(tmp);
	close(fd);
	if (!ret)
		ret = key_sync_dir(path);
err_wipe:
	explicit_bzero(line, sizeof(line));
	return ret;
}

static int key_scan(const char line[KEY_FILE_LEN], uint8_t seed[KEY_LEN])
{
	const char *hi;
	const char *lo;
	size_t i;

	if (line[2 * KEY_LEN] != '\n')
		return -EBADMSG;
	for (i = 0; i < KEY_LEN; i++) {
		hi = memchr(key_hex, line[2 * i], 16);
		lo = memchr(key_hex, line[2 * i + 1], 16);
		if (!hi || !lo)
			return -EBADMSG;
		seed[i] = (uint8_t)((hi - key_hex) << 4 | (lo - key_hex));
	}
	return 0;
}

static int key_read(int fd, struct key *key)
{
	char line[KEY_FILE_LEN + 1];
	struct stat st;
	ssize_t n;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_mode & 077)
		return -EPERM;
	n = read(fd, line, sizeof(line));
	if (n < 0)
		return -errno;
	ret = n == KEY_FILE_LEN ? key_scan(line, key->seed) : -EBADMSG;
	explicit_bzero(line, sizeof(line));
	if (!ret)
		ed25519_sha512_public_key(key->pub, key->seed);
	return ret;
}

int key_load(const char *path, struct key *key)
{
	int ret;
	int fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		ret = key_create(path);
		if (ret && ret != -EEXIST)
			return ret;
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	ret = key_read(fd, key);
	close(fd);
	if (ret)
		key_wipe(key);
	return ret;
}

void key_wipe(struct key *key)
{
	explicit_bzero(key, sizeof(*key));
}

static int key_check(const uint8_t pub[KEY_LEN], uint8_t check[KEY_CHECK_LEN])
{
	uint8_t digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, pub, KEY_LEN, digest))
		return -EIO;
	memcpy(check, digest, KEY_CHECK_LEN);
	return 0;
}

void key_id(const uint8_t pub[KEY_LEN], char id[KEY_ID_LEN + 1])
{
	uint8_t raw[KEY_RAW_LEN] = { 0 };
	unsigned int bits = 0;
	unsigned int acc = 0;
	size_t digit = 0;
	size_t i;
	char *p = id;

	memcpy(raw, pub, KEY_LEN);
	/* Fails only where SHA-256 is missing, and then TLS fails first. */
	key_check(pub, raw + KEY_LEN);
	for (i = 0; i < KEY_RAW_LEN; i++) {
		acc = acc << 8 | raw[i];
		for (bits += 8; bits >= 5; bits -= 5) {
			if (digit && digit % KEY_GROUP == 0)
				*p++ = '-';
			*p++ = key_base32[acc >> (bits - 5) & 31];
			digit++;
		}
	}
	*p = '\0';
}

int key_parse(const char *text, uint8_t pub[KEY_LEN])
{
	uint8_t check[KEY_CHECK_LEN];
	uint8_t raw[KEY_RAW_LEN];
	unsigned int bits = 0;
	unsigned int acc = 0;
	size_t out = 0;
	const char *p;
	const char *d;

	for (p = text; *p; p++) {
		if (*p == '-')
			continue;
		d = strchr(key_base32, tolower((unsigned char)*p));
		if (!d || out == KEY_RAW_LEN)
			return -EINVAL;
		acc = acc << 5 | (unsigned int)(d - key_base32);
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			raw[out++] = (uint8_t)(acc >> bits);
		}
	}
	if (out != KEY_RAW_LEN || bits)
		return -EINVAL;
	if (key_check(raw, check))
		return -EIO;
	if (!memeql_sec(check, raw + KEY_LEN, KEY_CHECK_LEN))
		return -EBADMSG;
	memcpy(pub, raw, KEY_LEN);
	return 0;
}
