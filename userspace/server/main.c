// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main - p2pusbd: acquire in order, serve, release in reverse.
 *
 * Does nothing with what it acquires.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "log.h"
#include "privilege.h"
#include "server.h"

#define PROGRAM		"p2pusbd"
#define ERROR_MAX	512

/**
 * struct options - the command line
 * @config: configuration file
 * @check: read it and go
 * @done: nothing is left to do: exit with @status
 * @status: exit status
 */
struct options {
	const char *config;
	int check;
	int done;
	int status;
};

static void option_help(struct options *o, const char *value);

static void option_version(struct options *o, const char *value)
{
	(void)value;
	printf(PROGRAM " " P2PUSB_VERSION "\n");
	o->done = 1;
}

static void option_config(struct options *o, const char *value)
{
	o->config = value;
}

static void option_check(struct options *o, const char *value)
{
	(void)value;
	o->check = 1;
}

/* One row an option; getopt and the help are made of it. */
static const struct {
	const char *name;
	char letter;
	const char *value;
	const char *text;
	void (*set)(struct options *o, const char *value);
} option_rows[] = {
	{ "config", 'c', "FILE", "read FILE, not " SETTINGS_FILE,
	  option_config },
	{ "check", 0, NULL, "check the configuration and exit", option_check },
	{ "help", 'h', NULL, "print this and exit", option_help },
	{ "version", 'V', NULL, "print the version and exit", option_version },
};

#define NOPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

static void option_help(struct options *o, const char *value)
{
	char name[32];
	size_t i;

	(void)value;
	printf("Usage: " PROGRAM " [OPTION]...\n"
	       "Share USB devices of this machine with the peers that may use them.\n\n");
	for (i = 0; i < NOPTIONS; i++) {
		snprintf(name, sizeof(name), "--%s%s%s", option_rows[i].name,
			 option_rows[i].value ? " " : "",
			 option_rows[i].value ? option_rows[i].value : "");
		printf("  %c%c%s %-16s %s\n",
		       option_rows[i].letter ? '-' : ' ',
		       option_rows[i].letter ? option_rows[i].letter : ' ',
		       option_rows[i].letter ? "," : " ", name,
		       option_rows[i].text);
	}
	o->done = 1;
}

static void options_read(struct options *o, int argc, char **argv)
{
	struct option longs[NOPTIONS + 1] = { 0 };
	char shorts[2 * NOPTIONS + 1] = "";
	size_t i;
	int c;

	for (i = 0; i < NOPTIONS; i++) {
		longs[i].name = option_rows[i].name;
		longs[i].has_arg = option_rows[i].value ? required_argument :
							  no_argument;
		longs[i].val = (int)i + 256;
		if (option_rows[i].letter)
			snprintf(shorts + strlen(shorts), 3, "%c%s",
				 option_rows[i].letter,
				 option_rows[i].value ? ":" : "");
	}
	while (!o->done && (c = getopt_long(argc, argv, shorts, longs, NULL)) !=
	       -1) {
		for (i = 0; i < NOPTIONS; i++)
			if (c == option_rows[i].letter || c == (int)i + 256)
				break;
		if (i < NOPTIONS)
			option_rows[i].set(o, optarg);
		o->status = i < NOPTIONS ? ERROR_EXIT_OK : ERROR_EXIT_USAGE;
		o->done |= o->status;
	}
	if (!o->done && optind < argc) {
		fprintf(stderr, PROGRAM ": E_USAGE: unexpected \"%s\". Try: "
			PROGRAM " --help\n", argv[optind]);
		o->status = ERROR_EXIT_USAGE;
		o->done = 1;
	}
}

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
	struct options options = { .config = SETTINGS_FILE };
	static const struct engine_ops *const engines[] = {
		[SETTINGS_USBFS] = &engine_usbfs,
		[SETTINGS_LIBUSB] = &engine_libusb,
	};
	static struct server server;
	char error[ERROR_MAX];
	int status;

	options_read(&options, argc, argv);
	if (options.done)
		return options.status;
	log_open(PROGRAM, LOG_LEVEL_NOTE);
	/* The usual file may be absent, one that was asked for may not. */
	if (strcmp(options.config, SETTINGS_FILE) &&
	    access(options.config, R_OK)) {
		log_err("E_CONFIG: cannot start. %s: %s.", options.config,
			strerror(errno));
		return ERROR_EXIT_CONFIG;
	}
	if (settings_read(options.config, &server.settings, error,
			  sizeof(error))) {
		log_err("E_CONFIG: cannot start. %s.", error);
		return ERROR_EXIT_CONFIG;
	}
	if (options.check) {
		printf("%s: good\n", options.config);
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
