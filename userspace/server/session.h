/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session - one peer's link: what it sees, what it has attached.
 *
 * Does not judge requests to a device; see pipe.h.
 */
#ifndef P2PUSB_SERVER_SESSION_H
#define P2PUSB_SERVER_SESSION_H

#include <sys/queue.h>

#include "server.h"

struct device;

/**
 * struct attachment - a device that a session has or waits for
 * @entry: in session->attachments
 * @session: whose
 * @device: which; NULL only while it is taken away
 * @req: of ATTACH
 * @dev: number on this link, 0 while it waits
 */
struct attachment {
	TAILQ_ENTRY(attachment) entry;
	struct session *session;
	struct device *device;
	uint32_t req;
	uint32_t dev;
};

TAILQ_HEAD(attachment_list, attachment);

/**
 * struct session - a link with an admitted key
 * @attachments: see there
 * @entry: in server->sessions
 * @server: whose
 * @link: ours until @down
 * @name: of the peer in our list, at the time it came
 * @host: what it calls itself; never trusted
 * @boot_id: of its HELLO
 * @since: connected
 * @caps: P2PUSB_CAP_* of both sides
 * @up: its HELLO came
 * @listing: it asked for the list and is told of changes
 * @nattached: of them
 * @next_dev: number of the next one
 */
struct session {
	TAILQ_ENTRY(session) entry;
	struct attachment_list attachments;
	struct server *server;
	struct link *link;
	char name[PEER_NAME_MAX + 1];
	char host[P2PUSB_NAME_MAX + 1];
	uint8_t boot_id[16];
	time_t since;
	uint64_t caps;
	int up;
	int listing;
	unsigned int nattached;
	uint32_t next_dev;
};

extern const struct link_ops session_ops;

/**
 * session_granted() - ATTACHED
 * @att: its device is its own now
 */
void session_granted(struct attachment *att);

/**
 * session_refused() - REFUSED
 * @att: freed
 * @code: P2PUSB_CODE_*
 * @why: sentence
 */
void session_refused(struct attachment *att, uint32_t code, const char *why);

/**
 * session_lost() - DETACHED, or REFUSED while it waits
 * @att: freed; its device has forgotten it
 * @code: P2PUSB_CODE_*
 * @why: sentence
 */
void session_lost(struct attachment *att, uint32_t code, const char *why);

/**
 * session_woke() - WAKEUP
 * @att: its device sleeps and wants to be awake
 */
void session_woke(struct attachment *att);

/**
 * session_holder() - for "busy" answers and status
 * Return: name of the peer.
 */
const char *session_holder(const struct attachment *att);

/**
 * session_announce() - tell all that listen and may know of a change
 * @dev: shown, changed, or hidden
 */
void session_announce(struct device *dev);

/**
 * session_cut() - end all links of a key, at once
 * @server: whose
 * @key: KEY_LEN bytes
 * @why: sentence for the peer
 */
void session_cut(struct server *server, const uint8_t *key, const char *why);

#endif /* P2PUSB_SERVER_SESSION_H */
