// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main - p2pusb-agent: acquire in order, serve, release in reverse.
 *
 * Does nothing with what it acquires.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "key.h"
#include "log.h"
#include "memory.h"
#include "options.h"
#include "peer.h"
#include "privilege.h"
#include "ring.h"
#include "service.h"
#include "settings.h"

#define PROGRAM		"p2pusb-agent"
#define LISTEN_TAGS	64	/* attach requests at a time */
#define ERROR_MAX	512

/**
 * struct command_line - what it asks for
 * @config: configuration file
 * @check: read it and go
 */
struct command_line {
	const char *config;
	int check;
};

static const struct options_row option_rows[] = {
	{ "config", 'c', "FILE", "read FILE, not " SETTINGS_FILE,
	  NULL, offsetof(struct command_line, config) },
	{ "check", 0, NULL, "check the configuration and exit",
	  NULL, offsetof(struct command_line, check) },
};

static const struct options options = {
	.program = PROGRAM,
	.usage = "[OPTION]...",
	.purpose = "Use USB devices of other machines: joins the kernel module p2pvhci to p2pusbd there.\n",
	.rows = option_rows,
	.nrows = sizeof(option_rows) / sizeof(option_rows[0]),
};

/* The directory of @path, made for the user we will be. */
static int make_parent(const char *path, mode_t mode,
		       const struct privilege *who)
{
	char error[ERROR_MAX];
	char copy[256];
	int ret;

	snprintf(copy, sizeof(copy), "%s", path);
	ret = privilege_dir(dirname(copy), mode, who, error, sizeof(error));
	if (ret)
		log_err("E_IO: cannot start. %s.", error);
	return ret;
}

static int make_dirs(const struct settings *s, const struct privilege *who)
{
	int ret;

	ret = make_parent(s->key, 0700, who);
	if (!ret)
		ret = make_parent(s->peers, 0700, who);
	if (!ret)
		ret = make_parent(s->socket, 0755, who);
	return ret;
}

static int open_listener(struct ring *ring)
{
	const struct ring_params params = {
		.flags = P2PVHCI_SETUP_LISTEN,
		.tags = LISTEN_TAGS,
		.out_bytes = 2 * P2PVHCI_AREA_MIN,
		.in_bytes = P2PVHCI_AREA_MIN,
	};
	int ret = ring_open(&params, ring);

	if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO)
		log_err("E_MODULE_MISSING: cannot start. " P2PVHCI_DEVICE
			" is not there: the module p2pvhci is not loaded. Try: modprobe p2pvhci");
	else if (ret == -EBUSY)
		log_err("E_BUSY: cannot start. Another agent listens already.");
	else if (ret == -EACCES)
		log_err("E_PERMISSION: cannot start. " P2PVHCI_DEVICE
			": %s. Try: udevadm trigger " P2PVHCI_DEVICE,
			strerror(-ret));
	else if (ret)
		log_err("E_IO: cannot start. " P2PVHCI_DEVICE ": %s.",
			strerror(-ret));
	return ret;
}

static int listener_status(int ret)
{
	switch (ret) {
	case -EBUSY:
		return ERROR_EXIT_BUSY;
	case -EACCES:
		return ERROR_EXIT_DENIED;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return ERROR_EXIT_UNREACHABLE;
	default:
		return ERROR_EXIT_FAILED;
	}
}

/*
 * The queues of the peers are opened later, without any privilege.  udev has
 * a rule for that; without udev nobody else sets the group.
 */
static void share_device(const struct ring *ring, const struct privilege *who)
{
	if (fchown(ring->fd, (uid_t)-1, who->gid))
		log_info(P2PVHCI_DEVICE ": group %u: %s",
			 (unsigned int)who->gid, strerror(errno));
}

static int check_device(void)
{
	if (!access(P2PVHCI_DEVICE, R_OK | W_OK))
		return 0;
	log_err("E_PERMISSION: cannot start. " P2PVHCI_DEVICE
		" is not for uid %u: %s. Try: udevadm trigger " P2PVHCI_DEVICE,
		(unsigned int)geteuid(), strerror(errno));
	return -EACCES;
}

static int serve(const struct settings *settings, struct ring *ring)
{
	struct peer_list *peers;
	char error[ERROR_MAX];
	struct key key;
	int status;
	int ret;

	ret = key_load(settings->key, &key);
	if (ret) {
		log_err("E_IO: cannot start. Identity %s: %s.", settings->key,
			strerror(-ret));
		return ERROR_EXIT_FAILED;
	}
	ret = peer_list_load(settings->peers, &peers, error, sizeof(error));
	if (ret) {
		log_err("E_CONFIG: cannot start. %s.", error);
		status = ERROR_EXIT_CONFIG;
		goto wipe_key;
	}
	status = service_run(settings, &key, peers, ring);
	peer_list_free(peers);
wipe_key:
	key_wipe(&key);
	return status;
}

static int run(const struct settings *settings)
{
	struct ring ring = { .fd = -1 };
	struct privilege who;
	char error[ERROR_MAX];
	int status;
	int ret;

	ret = privilege_find(settings->user, settings->group, &who, error,
			     sizeof(error));
	if (ret) {
		log_err("E_CONFIG: cannot start. %s. Try: adduser --system --group "
			PRIVILEGE_USER, error);
		return ERROR_EXIT_CONFIG;
	}
	if (make_dirs(settings, &who))
		return ERROR_EXIT_FAILED;
	memory_lock();
	ret = open_listener(&ring);
	if (ret)
		return listener_status(ret);

	share_device(&ring, &who);
	status = ERROR_EXIT_DENIED;
	ret = privilege_drop(&who, error, sizeof(error));
	if (ret)
		log_err("E_PERMISSION: cannot start. %s.", error);
	else if (!check_device())
		status = serve(settings, &ring);
	ring_close(&ring);
	return status;
}

int main(int argc, char **argv)
{
	struct command_line line = { .config = SETTINGS_FILE };
	struct settings settings;
	char error[ERROR_MAX];
	int status;

	status = options_read(&options, argc, argv, &line, NULL);
	if (status != OPTIONS_GO_ON)
		return status;
	log_open(PROGRAM, LOG_LEVEL_NOTE);
	if (settings_read(line.config, &settings, error, sizeof(error))) {
		log_err("E_CONFIG: cannot start. %s.", error);
		return ERROR_EXIT_CONFIG;
	}
	if (line.check) {
		printf("%s: good\n", line.config);
		return ERROR_EXIT_OK;
	}
	log_open(PROGRAM, (enum log_level)settings.log_level);
	return run(&settings);
}
