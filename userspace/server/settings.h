/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings - what the server's configuration file can say.
 *
 * Only values; does not act on them.
 */
#ifndef P2PUSB_SERVER_SETTINGS_H
#define P2PUSB_SERVER_SETTINGS_H

#include <stddef.h>
#include <sys/socket.h>

#define SETTINGS_FILE		"/etc/p2pusb/p2pusbd.conf"
#define SETTINGS_LISTEN_MAX	8
#define SETTINGS_SHARE_MAX	64
#define SETTINGS_PATTERN_MAX	96

/* How devices are reached. */
enum settings_engine {
	SETTINGS_USBFS,
	SETTINGS_LIBUSB,
};

/**
 * struct settings - values of the file, or the defaults
 * @user: who the server becomes, never with capabilities
 * @group: primary group, "" = the user's own
 * @name: how we call ourselves to peers
 * @key: identity file
 * @peers: peers file, rewritten by `peer add`
 * @socket: control socket
 * @engine: enum settings_engine
 * @log_level: enum log_level
 * @nlisten: addresses in use, at least one
 * @listen: where to listen
 * @listen_len: lengths of @listen
 * @max_urbs: requests outstanding on one endpoint
 * @max_urb_kib: longest transfer
 * @max_ep_kib: bytes of outstanding requests on one endpoint
 * @max_links: connections at a time
 * @nshare: patterns in use
 * @share: devices that are shared when they are there
 */
struct settings {
	char user[64];
	char group[64];
	char name[65];
	char key[256];
	char peers[256];
	char socket[108];
	enum settings_engine engine;
	unsigned int log_level;
	unsigned int nlisten;
	struct sockaddr_storage listen[SETTINGS_LISTEN_MAX];
	socklen_t listen_len[SETTINGS_LISTEN_MAX];
	unsigned int max_urbs;
	unsigned int max_urb_kib;
	unsigned int max_ep_kib;
	unsigned int max_links;
	unsigned int nshare;
	char share[SETTINGS_SHARE_MAX][SETTINGS_PATTERN_MAX];
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

#endif /* P2PUSB_SERVER_SETTINGS_H */
