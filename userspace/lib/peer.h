/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer - the peers a daemon knows: name, key, address, what they may use.
 *
 * An ini file that the daemon itself rewrites (peer add, peer remove); one
 * section "[peer NAME]" each.  An empty list admits nobody.  Does not dial.
 *
 * Thread: the owner's loop; peer_admits() may be called from there only.
 */
#ifndef P2PUSB_LIB_PEER_H
#define P2PUSB_LIB_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "key.h"
#include "wire.h"

#define PEER_NAME_MAX	32
#define PEER_ADDR_MAX	280	/* host:port, [v6]:port */
#define PEER_ALLOW_MAX	16	/* patterns of one peer */
#define PEER_MAX	256

/**
 * struct peer - one of them
 * @name: [A-Za-z0-9._-]{1,32}, unique
 * @key: who it is, unique
 * @address: where to dial, "" on a server
 * @nallow: patterns in use
 * @allow: devices it may use: "*", "vid:pid", "vid:pid:serial",
 *	"port:BUSID", "class:NAME|0xNN"; with glob characters (not in class).
 *	A class is matched by the device or any of its interfaces.  None = none.
 */
struct peer {
	char name[PEER_NAME_MAX + 1];
	uint8_t key[KEY_LEN];
	char address[PEER_ADDR_MAX];
	unsigned int nallow;
	char allow[PEER_ALLOW_MAX][96];
};

struct peer_list;

/**
 * peer_list_load() - read the list
 * @path: file; missing = empty list
 * @list: out
 * @error: "FILE:LINE: key: sentence" on failure
 * @len: its size
 *
 * Return: 0, -EINVAL, other negative errno.
 */
int peer_list_load(const char *path, struct peer_list **list, char *error,
		   size_t len);
void peer_list_free(struct peer_list *list);

/**
 * peer_add() - add one and write the file (atomically, 0600, synced)
 * Return: 0, -EEXIST (name or key), -EINVAL (field), -ENOSPC, other errno; the
 * list is unchanged on error.
 */
int peer_add(struct peer_list *list, const struct peer *peer);
int peer_remove(struct peer_list *list, const char *name);

/* What these return is valid until the next peer_add() or peer_remove(). */
const struct peer *peer_by_name(const struct peer_list *list, const char *name);
const struct peer *peer_by_key(const struct peer_list *list,
			       const uint8_t key[KEY_LEN]);
/* NULL starts; NULL ends. */
const struct peer *peer_next(const struct peer_list *list,
			     const struct peer *after);

/**
 * peer_pattern_check() - is this a pattern at all?
 * Return: 0, -EINVAL.
 */
int peer_pattern_check(const char *pattern);

/**
 * peer_pattern_match() - does a pattern name this device?
 * @pattern: checked
 * @device: all its fields count
 *
 * Return: non-zero when it does.
 */
int peer_pattern_match(const char *pattern, const struct wire_device *device);

/**
 * peer_allows() - may this peer use this device?
 * Return: non-zero when one of its patterns matches; 0 for an empty list.
 */
int peer_allows(const struct peer *peer, const struct wire_device *device);

#endif /* P2PUSB_LIB_PEER_H */
