// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main - p2pusbd: acquire in order, serve, release in reverse.
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
#include "log.h"
#include "options.h"
#include "privilege.h"
#include "server.h"

#define PROGRAM		"p2pusbd"
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
	.purpose = "Share USB devices of this machine with the peers that may use them.\n",
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

static int load_peers(struct server *server)
{
	char error[ERROR_MAX];
	int ret;

	ret = peer_list_load(server->settings.peers, &server->peers, error,
			     sizeof(error));
	if (ret)
		log_err("E_CONFIG: cannot start. %s.", error);
	return ret;
}

static int serve(struct server *server)
{
	int status;
	int ret;

	ret = key_load(server->settings.key, &server->key);
	if (ret) {
		log_err("E_IO: cannot start. Identity %s: %s.",
			server->settings.key, strerror(-ret));
		return ERROR_EXIT_FAILED;
	}
	status = ERROR_EXIT_CONFIG;
	if (load_peers(server))
		goto wipe_key;
	ret = server_run(server);
	status = !ret ? ERROR_EXIT_OK : ret == -EADDRINUSE ? ERROR_EXIT_BUSY :
							     ERROR_EXIT_FAILED;
	peer_list_free(server->peers);
wipe_key:
	key_wipe(&server->key);
	return status;
}

static int run(struct server *server)
{
	struct settings *settings = &server->settings;
	struct privilege who;
	char error[ERROR_MAX];

	if (privilege_find(settings->user, settings->group, &who, error,
			   sizeof(error))) {
		log_err("E_CONFIG: cannot start. %s. Try: adduser --system --group "
			PRIVILEGE_USER, error);
		return ERROR_EXIT_CONFIG;
	}
	if (!who.uid)
		log_warn("user = root: a defect in this program would be one of the whole machine");
	if (make_dirs(settings, &who))
		return ERROR_EXIT_FAILED;
	if (privilege_drop(&who, error, sizeof(error))) {
		log_err("E_PERMISSION: cannot start. %s.", error);
		return ERROR_EXIT_DENIED;
	}
	return serve(server);
}

int main(int argc, char **argv)
{
	struct command_line line = { .config = SETTINGS_FILE };
	static const struct engine_ops *const engines[] = {
		[SETTINGS_USBFS] = &engine_usbfs,
		[SETTINGS_LIBUSB] = &engine_libusb,
	};
	static struct server server;
	char error[ERROR_MAX];
	int status;

	status = options_read(&options, argc, argv, &line, NULL);
	if (status != OPTIONS_GO_ON)
		return status;
	log_open(PROGRAM, LOG_LEVEL_NOTE);
	if (settings_read(line.config, &server.settings, error,
			  sizeof(error))) {
		log_err("E_CONFIG: cannot start. %s.", error);
		return ERROR_EXIT_CONFIG;
	}
	if (line.check) {
		printf("%s: good\n", line.config);
		return ERROR_EXIT_OK;
	}
	server.ops = engines[server.settings.engine];
	log_open(PROGRAM, (enum log_level)server.settings.log_level);
	status = run(&server);
	/* exit() would wait for a thread that hangs in the kernel. */
	if (server.stopping == 3)
		_exit(status);
	return status;
}
