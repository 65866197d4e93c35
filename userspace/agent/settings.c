// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settings - what the agent's configuration file can say.
 *
 * Does not open what the values name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "iso_jitter.h"
#include "log.h"
#include "privilege.h"
#include "ring_idle.h"
#include "settings.h"

#define JITTER_MIN_MS	(ISO_JITTER_MIN_US / 1000u)
#define JITTER_MAX_MS	(ISO_JITTER_MAX_US / 1000u)
#define AREA_MIN_KIB	(P2PVHCI_AREA_MIN >> 10)
#define AREA_MAX_KIB	(P2PVHCI_AREA_MAX >> 10)
#define AREA_STEP_KIB	64u	/* a multiple of every page size in use */

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

static int set_linger(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 1, 86400, &s->linger_s, why);
}

static int set_requests(void *ctx, const char *section, const char *value,
			char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, P2PVHCI_TAGS_MIN, P2PVHCI_TAGS_MAX,
			  &s->ring.tags, why);
}

static int set_area(const char *value, uint32_t *bytes,
		    char why[CONFIG_WHY_MAX])
{
	unsigned int kib;
	int ret;

	ret = config_u32(value, AREA_MIN_KIB, AREA_MAX_KIB, &kib, why);
	if (ret)
		return ret;
	if (kib % AREA_STEP_KIB) {
		snprintf(why, CONFIG_WHY_MAX, "is a multiple of %u",
			 AREA_STEP_KIB);
		return -EINVAL;
	}
	*bytes = kib << 10;
	return 0;
}

static int set_out(void *ctx, const char *section, const char *value,
		   char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return set_area(value, &s->ring.out_bytes, why);
}

static int set_in(void *ctx, const char *section, const char *value,
		  char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return set_area(value, &s->ring.in_bytes, why);
}

static int set_jitter(void *ctx, const char *section, const char *value,
		      char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	if (!strcmp(value, "auto")) {
		s->jitter_ms = 0;
		return 0;
	}
	if (!config_u32(value, JITTER_MIN_MS, JITTER_MAX_MS, &s->jitter_ms,
			why))
		return 0;
	snprintf(why, CONFIG_WHY_MAX, "is \"auto\" or a number from %u to %u",
		 JITTER_MIN_MS, JITTER_MAX_MS);
	return -EINVAL;
}

static int set_busy_poll(void *ctx, const char *section, const char *value,
			 char why[CONFIG_WHY_MAX])
{
	struct settings *s = ctx;

	(void)section;
	return config_u32(value, 0, RING_IDLE_POLL_MAX_US, &s->busy_poll_us,
			  why);
}

static const struct config_key settings_keys[] = {
	{ "agent", "user", set_user },
	{ "agent", "group", set_group },
	{ "agent", "name", set_name },
	{ "agent", "key", set_key },
	{ "agent", "peers", set_peers },
	{ "agent", "socket", set_socket },
	{ "agent", "log", set_log },
	{ "link", "linger_s", set_linger },
	{ "iso", "jitter_ms", set_jitter },
	{ "ring", "busy_poll_us", set_busy_poll },
	{ "queue", "requests", set_requests },
	{ "queue", "out_kib", set_out },
	{ "queue", "in_kib", set_in },
	{ NULL, NULL, NULL },
};

static void defaults(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->user, PRIVILEGE_USER);
	strcpy(s->group, PRIVILEGE_GROUP);
	strcpy(s->key, "/var/lib/p2pusb/agent.key");
	strcpy(s->peers, "/var/lib/p2pusb/agent-peers.conf");
	strcpy(s->socket, "/run/p2pusb/agent.sock");
	if (gethostname(s->name, sizeof(s->name) - 1))
		strcpy(s->name, "p2pusb-agent");
	s->log_level = LOG_LEVEL_NOTE;
	s->linger_s = 60;
	s->busy_poll_us = RING_IDLE_POLL_US;
	s->ring.features = P2PVHCI_F_ALL;
	s->ring.tags = 256;
	s->ring.out_bytes = 8u << 20;
	s->ring.in_bytes = 8u << 20;
}

int settings_read(const char *path, struct settings *settings, char *error,
		  size_t len)
{
	defaults(settings);
	return config_read(path, SETTINGS_FILE, settings_keys, settings, error,
			  len);
}
