// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer - list of peers in an ini file that the daemon rewrites.
 *
 * A change is first made in a copy, written beside the file, synced and
 * renamed over it: list and file are always equal, and a crash leaves the old
 * file or the new one.  Does not dial and holds no link.
 */
#include "peer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define PEER_PATH_MAX		4096
#define PEER_ADDR_CHARS		180	/* fits a line that config.c accepts */
#define PEER_PATTERN_SIZE	sizeof(((struct peer *)NULL)->allow[0])
#define PEER_HEX_CHARS		16		/* "[0-9a-f]*", for instance */

struct peer_list {
	char path[PEER_PATH_MAX];
	unsigned int npeers;
	struct peer peers[];
};

/**
 * struct peer_load - a file being read
 * @list: with room for PEER_MAX
 * @peer: of the section at hand
 * @has_key: its id was seen; a section that ends without one is refused
 */
struct peer_load {
	struct peer_list *list;
	struct peer *peer;
	int has_key;
};

static const uint8_t peer_no_key[KEY_LEN];

/* USB-IF base classes by the names that people use for them. */
static const struct {
	const char *name;
	uint8_t value;
} peer_classes[] = {
	{ "audio", 0x01 }, { "comm", 0x02 }, { "hid", 0x03 },
	{ "physical", 0x05 }, { "image", 0x06 }, { "printer", 0x07 },
	{ "storage", 0x08 }, { "hub", 0x09 }, { "data", 0x0a },
	{ "smartcard", 0x0b }, { "security", 0x0d }, { "video", 0x0e },
	{ "health", 0x0f }, { "av", 0x10 }, { "diagnostic", 0xdc },
	{ "wireless", 0xe0 }, { "misc", 0xef }, { "application", 0xfe },
	{ "vendor", 0xff },
};

static int peer_name_check(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > PEER_NAME_MAX || name[0] == '.')
		return -EINVAL;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return -EINVAL;
	return 0;
}

/* Host names, IPv4, [IPv6%zone], port; whether it resolves is not our matter. */
static int peer_address_check(const char *address)
{
	if (strlen(address) > PEER_ADDR_CHARS)
		return -EINVAL;
	for (; *address; address++)
		if (!isalnum((unsigned char)*address) &&
		    !strchr(".:-_%[]", *address))
			return -EINVAL;
	return 0;
}

static int peer_class_value(const char *text)
{
	unsigned long value;
	char *end;
	size_t i;

	for (i = 0; i < sizeof(peer_classes) / sizeof(peer_classes[0]); i++)
		if (!strcasecmp(peer_classes[i].name, text))
			return peer_classes[i].value;
	if (strncasecmp(text, "0x", 2) || !isxdigit((unsigned char)text[2]))
		return -EINVAL;
	value = strtoul(text + 2, &end, 16);
	return *end || value > 0xff ? -EINVAL : (int)value;
}

/* Four hex digits, or a glob that may match such. */
static int peer_hex_check(const char *text, size_t len)
{
	int wild = 0;
	size_t i;

	if (!len || len > PEER_HEX_CHARS)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (strchr("*?[", text[i]))
			wild = 1;
		else if (!isxdigit((unsigned char)text[i]) &&
			 !(wild && strchr("]-!", text[i])))
			return -EINVAL;
	}
	return wild || len == 4 ? 0 : -EINVAL;
}

/* VID:PID[:SERIAL] */
static int peer_ids_check(const char *pattern)
{
	const char *pid = strchr(pattern, ':');
	const char *serial;
	size_t len;

	if (!pid || peer_hex_check(pattern, (size_t)(pid - pattern)))
		return -EINVAL;
	pid++;
	serial = strchr(pid, ':');
	len = serial ? (size_t)(serial - pid) : strlen(pid);
	if (peer_hex_check(pid, len))
		return -EINVAL;
	return serial && !serial[1] ? -EINVAL : 0;
}

static int peer_text_check(const char *text)
{
	const char *c;

	if (!*text || isblank((unsigned char)*text))
		return -EINVAL;
	for (c = text; *c; c++) {
		/* " ;" starts a comment in the file. */
		if (iscntrl((unsigned char)*c) || *c == ';')
			return -EINVAL;
	}
	return isblank((unsigned char)c[-1]) ? -EINVAL : 0;
}

int peer_pattern_check(const char *pattern)
{
	if (strlen(pattern) >= PEER_PATTERN_SIZE || peer_text_check(pattern))
		return -EINVAL;
	if (!strcmp(pattern, "*"))
		return 0;
	if (!strncmp(pattern, "port:", 5))
		return !pattern[5] || strpbrk(pattern + 5, ": \t") ? -EINVAL : 0;
	if (!strncmp(pattern, "class:", 6))
		return peer_class_value(pattern + 6) < 0 ? -EINVAL : 0;
	return peer_ids_check(pattern);
}

static int peer_class_match(int class, const struct wire_device *device)
{
	size_t i;

	if (device->dev_class == class)
		return class != 0;
	for (i = 0; i < sizeof(device->classes) && device->classes[i]; i++)
		if (device->classes[i] == class)
			return 1;
	return 0;
}

/*
 * VID:PID has a fixed shape, so it is matched apart from the serial: a "*" in
 * one part must not reach over a colon into the next.
 */
static int peer_ids_match(const char *pattern, const struct wire_device *device)
{
	char want[2 * PEER_HEX_CHARS + 2], have[16];
	const char *serial;
	size_t len;

	serial = strchr(pattern, ':');
	serial = serial ? strchr(serial + 1, ':') : NULL;
	len = serial ? (size_t)(serial - pattern) : strlen(pattern);
	if (len >= sizeof(want))
		return 0;
	memcpy(want, pattern, len);
	want[len] = '\0';
	snprintf(have, sizeof(have), "%04x:%04x", device->vid, device->pid);
	if (fnmatch(want, have, FNM_CASEFOLD | FNM_NOESCAPE))
		return 0;
	return !serial || !fnmatch(serial + 1, device->serial, FNM_NOESCAPE);
}

int peer_pattern_match(const char *pattern, const struct wire_device *device)
{
	if (!strcmp(pattern, "*"))
		return 1;
	if (!strncmp(pattern, "port:", 5))
		return !fnmatch(pattern + 5, device->busid, FNM_NOESCAPE);
	if (!strncmp(pattern, "class:", 6))
		return peer_class_match(peer_class_value(pattern + 6), device);
	return peer_ids_match(pattern, device);
}

int peer_allows(const struct peer *peer, const struct wire_device *device)
{
	unsigned int i;

	for (i = 0; i < peer->nallow; i++)
		if (peer_pattern_match(peer->allow[i], device))
			return 1;
	return 0;
}

static int peer_check(const struct peer *peer)
{
	unsigned int i;

	if (peer_name_check(peer->name) || peer_address_check(peer->address) ||
	    !memcmp(peer->key, peer_no_key, KEY_LEN) ||
	    peer->nallow > PEER_ALLOW_MAX)
		return -EINVAL;
	for (i = 0; i < peer->nallow; i++)
		if (peer_pattern_check(peer->allow[i]))
			return -EINVAL;
	return 0;
}

const struct peer *peer_by_name(const struct peer_list *list, const char *name)
{
	unsigned int i;

	for (i = 0; i < list->npeers; i++)
		if (!strcmp(list->peers[i].name, name))
			return &list->peers[i];
	return NULL;
}

const struct peer *peer_by_key(const struct peer_list *list,
			       const uint8_t key[KEY_LEN])
{
	unsigned int i;

	for (i = 0; i < list->npeers; i++)
		if (!memcmp(list->peers[i].key, key, KEY_LEN))
			return &list->peers[i];
	return NULL;
}

const struct peer *peer_next(const struct peer_list *list,
			     const struct peer *after)
{
	const struct peer *next = after ? after + 1 : list->peers;

	return next < list->peers + list->npeers ? next : NULL;
}

static int peer_say(char why[CONFIG_WHY_MAX], int err, const char *sentence)
{
	snprintf(why, CONFIG_WHY_MAX, "%s", sentence);
	return err;
}

static int peer_set_section(void *ctx, const char *section, const char *name,
			    char why[CONFIG_WHY_MAX])
{
	struct peer_load *load = ctx;
	struct peer_list *list = load->list;

	(void)section;
	if (load->peer && !load->has_key)
		return peer_say(why, -EINVAL, "the section before has no id");
	if (peer_name_check(name))
		return peer_say(why, -EINVAL,
				"a peer's name has 1 to 32 of A-Z a-z 0-9 . _ -");
	if (peer_by_name(list, name))
		return peer_say(why, -EEXIST, "a second section of that name");
	if (list->npeers == PEER_MAX)
		return peer_say(why, -ENOSPC, "more than 256 peers");
	load->peer = &list->peers[list->npeers++];
	load->has_key = 0;
	memset(load->peer, 0, sizeof(*load->peer));
	memcpy(load->peer->name, name, strlen(name) + 1);
	return 0;
}

static int peer_set_id(void *ctx, const char *section, const char *value,
		       char why[CONFIG_WHY_MAX])
{
	struct peer_load *load = ctx;
	uint8_t key[KEY_LEN];

	(void)section;
	if (load->has_key)
		return peer_say(why, -EINVAL, "a second id");
	if (key_parse(value, key) || !memcmp(key, peer_no_key, KEY_LEN))
		return peer_say(why, -EINVAL,
				"not an id as p2pusbctl id prints it");
	if (peer_by_key(load->list, key))
		return peer_say(why, -EEXIST, "another peer has this id");
	memcpy(load->peer->key, key, KEY_LEN);
	load->has_key = 1;
	return 0;
}

static int peer_set_address(void *ctx, const char *section, const char *value,
			    char why[CONFIG_WHY_MAX])
{
	struct peer_load *load = ctx;

	(void)section;
	if (!*value || peer_address_check(value))
		return peer_say(why, -EINVAL, "not HOST, HOST:PORT or [v6]:PORT");
	return config_text(value, load->peer->address, PEER_ADDR_MAX, why);
}

static int peer_set_allow(void *ctx, const char *section, const char *value,
			  char why[CONFIG_WHY_MAX])
{
	struct peer_load *load = ctx;
	struct peer *peer = load->peer;

	(void)section;
	if (peer->nallow == PEER_ALLOW_MAX)
		return peer_say(why, -ENOSPC, "more than 16 patterns");
	if (peer_pattern_check(value))
		return peer_say(why, -EINVAL, "not *, VID:PID, VID:PID:SERIAL, "
				"port:BUSID or class:NAME");
	return config_text(value, peer->allow[peer->nallow++],
			   sizeof(peer->allow[0]), why);
}

static const struct config_key peer_keys[] = {
	{ "peer", "", peer_set_section },
	{ "peer", "id", peer_set_id },
	{ "peer", "address", peer_set_address },
	{ "peer", "allow", peer_set_allow },
	{ NULL, NULL, NULL }
};

static struct peer_list *peer_list_copy(const struct peer_list *list,
					unsigned int room)
{
	struct peer_list *copy;

	copy = calloc(1, sizeof(*copy) + room * sizeof(copy->peers[0]));
	if (!copy)
		return NULL;
	memcpy(copy->path, list->path, sizeof(copy->path));
	copy->npeers = list->npeers < room ? list->npeers : room;
	memcpy(copy->peers, list->peers, copy->npeers * sizeof(list->peers[0]));
	return copy;
}

int peer_list_load(const char *path, struct peer_list **list, char *error,
		   size_t len)
{
	struct peer_load load = { 0 };
	int err;

	load.list = calloc(1, sizeof(*load.list) +
			   PEER_MAX * sizeof(load.list->peers[0]));
	if (!load.list) {
		snprintf(error, len, "%s: out of memory", path);
		return -ENOMEM;
	}
	if (strlen(path) >= sizeof(load.list->path) - sizeof(".new")) {
		snprintf(error, len, "%.64s...: name too long", path);
		err = -ENAMETOOLONG;
		goto err_free_list;
	}
	memcpy(load.list->path, path, strlen(path) + 1);
	err = config_read_file(path, peer_keys, &load, error, len);
	if (err && err != -ENOENT)
		goto err_free_list;
	if (load.peer && !load.has_key) {
		snprintf(error, len, "%s: [peer %s]: no id", path,
			 load.peer->name);
		err = -EINVAL;
		goto err_free_list;
	}
	*list = load.list;
	return 0;

err_free_list:
	free(load.list);
	return err;
}

void peer_list_free(struct peer_list *list)
{
	free(list);
}

static void peer_write(FILE *file, const struct peer *peer)
{
	char id[KEY_ID_LEN + 1];
	unsigned int i;

	key_id(peer->key, id);
	fprintf(file, "\n[peer %s]\nid = %s\n", peer->name, id);
	if (*peer->address)
		fprintf(file, "address = %s\n", peer->address);
	for (i = 0; i < peer->nallow; i++)
		fprintf(file, "allow = %s\n", peer->allow[i]);
}

static int peer_list_write(const struct peer_list *list, int fd)
{
	const struct peer *peer;
	FILE *file;
	int err = 0;

	file = fdopen(fd, "w");
	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	fputs("# Written by the daemon: p2pusbctl peer add, peer remove.\n",
	      file);
	for (peer = peer_next(list, NULL); peer; peer = peer_next(list, peer))
		peer_write(file, peer);
	if (fflush(file) || ferror(file) || fsync(fileno(file)))
		err = errno ? -errno : -EIO;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/*
 * The rename is on disk only when the directory is.  The change is made by
 * then: a disk that cannot sync makes it no less valid.
 */
static void peer_sync_dir(const char *path)
{
	char dir[PEER_PATH_MAX];
	char *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash)
		snprintf(dir, sizeof(dir), ".");
	else if (slash == dir)
		slash[1] = '\0';
	else
		*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int peer_list_save(const struct peer_list *list)
{
	char temporary[PEER_PATH_MAX + 8];
	int fd, err;

	snprintf(temporary, sizeof(temporary), "%s.new", list->path);
	/* Left over from a crash: never a file that anybody reads. */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = peer_list_write(list, fd);
	if (err)
		goto err_unlink;
	if (rename(temporary, list->path)) {
		err = -errno;
		goto err_unlink;
	}
	peer_sync_dir(list->path);
	return 0;

err_unlink:
	unlink(temporary);
	return err;
}

/* The list was allocated for PEER_MAX, so a written copy can replace it. */
static int peer_list_replace(struct peer_list *list,
			     const struct peer_list *copy)
{
	int err;

	err = peer_list_save(copy);
	if (err)
		return err;
	list->npeers = copy->npeers;
	memcpy(list->peers, copy->peers, copy->npeers * sizeof(copy->peers[0]));
	return 0;
}

int peer_add(struct peer_list *list, const struct peer *peer)
{
	struct peer_list *copy;
	int err;

	if (peer_check(peer))
		return -EINVAL;
	if (peer_by_name(list, peer->name) || peer_by_key(list, peer->key))
		return -EEXIST;
	if (list->npeers == PEER_MAX)
		return -ENOSPC;
	copy = peer_list_copy(list, list->npeers + 1);
	if (!copy)
		return -ENOMEM;
	copy->peers[copy->npeers++] = *peer;
	err = peer_list_replace(list, copy);
	free(copy);
	return err;
}

int peer_remove(struct peer_list *list, const char *name)
{
	const struct peer *peer = peer_by_name(list, name);
	struct peer_list *copy;
	size_t at;
	int err;

	if (!peer)
		return -ENOENT;
	copy = peer_list_copy(list, list->npeers);
	if (!copy)
		return -ENOMEM;
	at = (size_t)(peer - list->peers);
	copy->npeers--;
	memmove(&copy->peers[at], &copy->peers[at + 1],
		(copy->npeers - at) * sizeof(copy->peers[0]));
	err = peer_list_replace(list, copy);
	free(copy);
	return err;
}
