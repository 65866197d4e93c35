// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settings - what the server's configuration file can say.
 *
 * Does not open what the values name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "control.h"
#include "log.h"
#include "peer.h"
#include "privilege.h"
#include "settings.h"
#include "wire.h"

#define URB_MAX_KIB	(8u << 10)	/* half of a message at most */
#define EP_MAX_KIB	(64u << 10)

/* One setter a text key: config_text() bounds it by the field. */
#define SETTINGS_TEXT(field)						\
static int set_##field(void *ctx, const char *section,			\
		       const char *value, char why[CONFIG_WHY_MAX])	\
{									\
	struct settings *s = ctx;					\
									\
	(void)section;							\
	return config_text(value, s->field, sizeof(s->field), why);	\
}

SETTINGS_TEXT(user)
SETTINGS_TEXT(group)
SETTINGS_TEXT(name)
SETTINGS_TEXT(key)
SETTINGS_TEXT(peers)
SETTINGS_TEXT(socket)

static int set_log(void *ctx, const char *section, const char *value,
		   char why[CONFIG_WHY_MAX])
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{ "error", LOG_LEVEL_ERR },
		{ "warning", LOG_LEVEL_WARN },
		{ "notice", LOG_LEVEL_NOTE },
		{ "info", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },
	};
	struct settings *s = ctx;
	size_t i;

	(void)section;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcmp(value, levels[i].name)) {
			s->log_level = levels[i].level;
			return 0;
		}
	}
	snprintf(why, CONFIG_WHY_MAX,
		 "is one of error, warning, notice, info, debug");
	return -EINVAL;
}

static int set_engine(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	if (!strcmp(value, "usbfs")) {
		s->engine = SETTINGS_USBFS;
	} else if (!strcmp(value, "libusb")) {
		s->engine = SETTINGS_LIBUSB;
	} else {
		snprintf(why, CONFIG_WHY_MAX, "is one of usbfs, libusb");
		return -EINVAL;
	}
	return 0;
}

/* HOST and PORT of "1.2.3.4:5", "[::1]:5", "::1", "1.2.3.4". */
static int split_address(const char *value, char host[64], unsigned int *port)
{
	const char *colon;
	const char *end;
	size_t len;
	char *rest;

	*port = P2PUSB_PORT_DEFAULT;
	if (*value == '[') {
		value++;
		end = strchr(value, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strchr(value, ':');
		/* More than one: an IPv6 address without port. */
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		end = colon ? colon : value + strlen(value);
	}
	len = end - value;
	if (!len || len >= 64)
		return -EINVAL;
	memcpy(host, value, len);
	host[len] = '\0';
	if (!colon)
		return 0;
	*port = strtoul(colon + 1, &rest, 10);
	return !colon[1] || *rest || *port > 65535 ? -EINVAL : 0;
}

static int parse_address(const char *value, struct sockaddr_storage *addr,
			 socklen_t *len)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	unsigned int port;
	char host[64];

	memset(addr, 0, sizeof(*addr));
	if (split_address(value, host, &port))
		return -EINVAL;
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		*len = sizeof(*in6);
		return 0;
	}
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		*len = sizeof(*in);
		return 0;
	}
	return -EINVAL;
}

static int set_listen(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	if (s->nlisten == SETTINGS_LISTEN_MAX) {
		snprintf(why, CONFIG_WHY_MAX, "at most %u addresses",
			 SETTINGS_LISTEN_MAX);
		return -EINVAL;
	}
	if (parse_address(value, &s->listen[s->nlisten],
			  &s->listen_len[s->nlisten])) {
		snprintf(why, CONFIG_WHY_MAX,
			 "is an IP address: 192.0.2.1:3241, [2001:db8::1]:3241 or [::]");
		return -EINVAL;
	}
	s->nlisten++;
	return 0;
}

static int set_urbs(void *ctx, const char *section, const char *value,
		    char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 1, 4096, &s->max_urbs, why);
}

static int set_urb_kib(void *ctx, const char *section, const char *value,
		       char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 64, URB_MAX_KIB, &s->max_urb_kib, why);
}

static int set_ep_kib(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 64, EP_MAX_KIB, &s->max_ep_kib, why);
}

static int set_links(void *ctx, const char *section, const char *value,
		     char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 1, 1024, &s->max_links, why);
}

static int set_share(void *ctx, const char *section, const char *value,
		     char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;
	int ret;

	(void)section;
	if (s->nshare == SETTINGS_SHARE_MAX) {
		snprintf(why, CONFIG_WHY_MAX, "at most %u devices",
			 SETTINGS_SHARE_MAX);
		return -EINVAL;
	}
	ret = config_text(value, s->share[s->nshare], SETTINGS_PATTERN_MAX,
			  why);
	if (ret)
		return ret;
	if (peer_pattern_check(value)) {
		snprintf(why, CONFIG_WHY_MAX,
			 "is *, VID:PID, VID:PID:SERIAL, port:BUSID or class:NAME");
		return -EINVAL;
	}
	s->nshare++;
	return 0;
}

static const struct config_key settings_keys[] = {
	{ "server", "user", set_user },
	{ "server", "group", set_group },
	{ "server", "name", set_name },
	{ "server", "key", set_key },
	{ "server", "peers", set_peers },
	{ "server", "socket", set_socket },
	{ "server", "log", set_log },
	{ "server", "engine", set_engine },
	{ "server", "listen", set_listen },
	{ "limits", "requests", set_urbs },
	{ "limits", "request_kib", set_urb_kib },
	{ "limits", "endpoint_kib", set_ep_kib },
	{ "limits", "links", set_links },
	{ "share", "device", set_share },
	{ NULL, NULL, NULL },
};

static void defaults(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->user, PRIVILEGE_USER);
	strcpy(s->group, PRIVILEGE_GROUP);
	strcpy(s->key, "/var/lib/p2pusb/server.key");
	strcpy(s->peers, "/var/lib/p2pusb/server-peers.conf");
	strcpy(s->socket, CONTROL_SERVER_SOCKET);
	if (gethostname(s->name, sizeof(s->name) - 1))
		strcpy(s->name, "p2pusbd");
	s->log_level = LOG_LEVEL_NOTE;
	s->max_urbs = 256;
	s->max_urb_kib = 8192;
	s->max_ep_kib = 8192;
	s->max_links = 32;
}

int settings_read(const char *path, struct settings *settings, char *error,
		  size_t len)
{
	int ret;

	defaults(settings);
	ret = config_read(path, SETTINGS_FILE, settings_keys, settings, error,
			  len);
	if (ret || settings->nlisten)
		return ret;
	settings->nlisten = 1;
	return parse_address("[::]", &settings->listen[0],
			     &settings->listen_len[0]);
}
