/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings - what the agent's configuration file can say.
 *
 * Only values; does not act on them.
 */
#ifndef P2PUSB_AGENT_SETTINGS_H
#define P2PUSB_AGENT_SETTINGS_H

#include <stddef.h>

#include "ring.h"

#define SETTINGS_FILE	"/etc/p2pusb/p2pusb-agent.conf"

/**
 * struct settings - values of the file, or the defaults
 * @user: who the agent becomes, never with capabilities
 * @group: primary group, "" = the user's own
 * @name: how we call ourselves to servers
 * @key: identity file
 * @peers: peers file, rewritten by `peer add`
 * @socket: control socket
 * @log_level: enum log_level
 * @linger_s: a link without devices is closed after this
 * @jitter_ms: isochronous delay, 0 = automatic
 * @busy_poll_us: look on for so long before sleeping, 0 = not at all
 * @ring: sizes of the queue of one peer
 */
struct settings {
	char user[64];
	char group[64];
	char name[65];
	char key[256];
	char peers[256];
	char socket[108];
	unsigned int log_level;
	unsigned int linger_s;
	unsigned int jitter_ms;
	unsigned int busy_poll_us;
	struct ring_params ring;
};

/**
 * settings_read() - defaults, then the file and its drop-ins
 * @path: need not exist
 * @settings: filled
 * @error: "FILE:LINE: key: sentence" on failure
 * @len: its size
 *
 * Return: 0, negative errno.
 */
int settings_read(const char *path, struct settings *settings, char *error,
		  size_t len);

#endif /* P2PUSB_AGENT_SETTINGS_H */
