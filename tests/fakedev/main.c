// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main - p2pusb-fakedev: read the script, take a place, serve.
 */
#include <errno.h>
#include <netdb.h>
#include <p2pusb/wire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "instance.h"
#include "log.h"
#include "options.h"
#include "persona.h"
#include "record.h"

#define PROGRAM		"p2pusb-fakedev"
#define RATE_PPM_MAX	1000
#define ERROR_MAX	512

volatile int instance_stop;
volatile int instance_report;

/**
 * struct command_line - what it asks for
 * @instance: what it asks for
 * @front: ring_front() or wire_front()
 * @text: script from the command line
 * @log: file of the record
 * @show_id: print the id of the key and exit
 * @check: read the script and exit
 */
struct command_line {
	struct instance *instance;
	int (*front)(struct instance *instance);
	const char *text;
	const char *log;
	int show_id;
	int check;
};

static int refuse(const char *what, const char *value)
{
	fprintf(stderr, PROGRAM ": E_USAGE: %s%s%s. Try: " PROGRAM " --help\n",
		what, value ? ": " : "", value ? value : "");
	return ERROR_EXIT_USAGE;
}

static int option_ring(void *ctx, const char *value)
{
	struct command_line *line = ctx;

	(void)value;
	line->front = ring_front;
	return OPTIONS_GO_ON;
}

static int option_wire(void *ctx, const char *value)
{
	struct command_line *line = ctx;

	(void)value;
	line->front = wire_front;
	return OPTIONS_GO_ON;
}

/* IP:PORT or [IP]:PORT */
static int option_listen(void *ctx, const char *value)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_DGRAM,
	};
	struct instance *instance = ((struct command_line *)ctx)->instance;
	const char *colon = strrchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : 0;
	struct addrinfo *info;
	char host[64];

	if (!len || len >= sizeof(host))
		return refuse("no address and port", value);
	memcpy(host, value, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	if (getaddrinfo(host, colon + 1, &hints, &info))
		return refuse("no address and port", value);
	memcpy(&instance->listen, info->ai_addr, info->ai_addrlen);
	instance->listen_len = info->ai_addrlen;
	freeaddrinfo(info);
	return OPTIONS_GO_ON;
}

static int option_key(void *ctx, const char *value)
{
	struct command_line *line = ctx;
	int ret = key_load(value, &line->instance->key);

	if (!ret)
		return OPTIONS_GO_ON;
	fprintf(stderr, PROGRAM ": E_IO: identity %s: %s\n", value,
		strerror(-ret));
	return ERROR_EXIT_FAILED;
}

static int option_allow(void *ctx, const char *value)
{
	struct instance *instance = ((struct command_line *)ctx)->instance;

	if (instance->nallow >= INSTANCE_ALLOW_MAX)
		return refuse("too many peers", value);
	if (key_parse(value, instance->allow[instance->nallow]))
		return refuse("no id of a peer", value);
	instance->nallow++;
	return OPTIONS_GO_ON;
}

static int number(const char *value, long min, long max, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(value, &end, 10);
	return errno || end == value || *end || *out < min || *out > max;
}

static int option_rate(void *ctx, const char *value)
{
	struct command_line *line = ctx;
	long ppm;

	if (number(value, -RATE_PPM_MAX, RATE_PPM_MAX, &ppm))
		return refuse("no rate from -1000 to 1000 ppm", value);
	line->instance->rate_ppm = (int32_t)ppm;
	return OPTIONS_GO_ON;
}

static int option_count(void *ctx, const char *value)
{
	struct command_line *line = ctx;
	long count;

	if (number(value, 1, SPEC_COUNT_MAX, &count))
		return refuse("no number of devices from 1 to 250", value);
	line->instance->ndevices = (unsigned int)count;
	return OPTIONS_GO_ON;
}

static int option_no_streams(void *ctx, const char *value)
{
	struct command_line *line = ctx;

	(void)value;
	line->instance->caps &= ~P2PUSB_CAP_STREAMS;
	return OPTIONS_GO_ON;
}

static int option_list(void *ctx, const char *value)
{
	const struct persona *persona;
	unsigned int i;

	(void)ctx;
	(void)value;
	for (i = 0; (persona = persona_at(i)); i++)
		printf("%-10s %s\n", persona->name, persona->text);
	return ERROR_EXIT_OK;
}

static const struct options_row option_rows[] = {
	{ "ring", 0, NULL, "in the agent's place, on /dev/p2pvhci", option_ring, 0 },
	{ "wire", 0, NULL, "in the server's place, for an agent", option_wire, 0 },
	{ "listen", 0, "ADDR:PORT", "--wire: where", option_listen, 0 },
	{ "key", 0, "FILE", "--wire: identity, made if it is not there",
	  option_key, 0 },
	{ "allow", 0, "ID", "--wire: an agent that may come, repeatable",
	  option_allow, 0 },
	{ "no-streams", 0, NULL, "--wire: do not offer bulk streams",
	  option_no_streams, 0 },
	{ "id", 0, NULL, "print the id of the key and exit",
	  NULL, offsetof(struct command_line, show_id) },
	{ "device", 0, "TEXT", "script from here, lines separated by ;",
	  NULL, offsetof(struct command_line, text) },
	{ "count", 0, "N", "that many copies of the only device", option_count, 0 },
	{ "rate-ppm", 0, "N", "frame clock that much too fast (-1000..1000)",
	  option_rate, 0 },
	{ "log", 0, "FILE", "record of events, JSON lines; - = standard output",
	  NULL, offsetof(struct command_line, log) },
	{ "check", 0, NULL, "read the script and exit",
	  NULL, offsetof(struct command_line, check) },
	{ "list", 0, NULL, "print the personalities and exit", option_list, 0 },
};

static const struct options options = {
	.program = PROGRAM,
	.usage = "--ring|--wire [OPTION]... [SCRIPT]",
	.purpose = "Be a USB device, or many, made of software.\n",
	.notes = "SIGUSR1 writes the counters to the record; SIGTERM ends it.\n",
	.rows = option_rows,
	.nrows = sizeof(option_rows) / sizeof(option_rows[0]),
};

static int read_script(const struct command_line *line, const char *path)
{
	struct script *script = &line->instance->script;
	char error[ERROR_MAX];
	int ret;

	ret = path ? script_read_file(script, path, error, sizeof(error)) :
		     script_read_text(script, "--device", line->text, error,
				      sizeof(error));
	if (!ret)
		return 0;
	fprintf(stderr, PROGRAM ": E_CONFIG: %s\n", error);
	return ret;
}

static void count_devices(struct instance *instance)
{
	struct script *script = &instance->script;
	unsigned int i;

	if (instance->ndevices)
		script->specs[0].count = instance->ndevices;
	instance->ndevices = 0;
	for (i = 0; i < script->nspecs; i++)
		instance->ndevices += script->specs[i].count;
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		instance_report = 1;
	else
		instance_stop = 1;
}

static int serve(const struct command_line *line)
{
	struct instance *instance = line->instance;
	const struct sigaction action = { .sa_handler = on_signal };
	struct timespec ts;
	int ret;

	if (line->log) {
		ret = record_open(line->log);
		if (ret) {
			fprintf(stderr, PROGRAM ": E_IO: %s: %s\n", line->log,
				strerror(-ret));
			return ERROR_EXIT_FAILED;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	instance->start_ns = (uint64_t)ts.tv_sec * 1000000000u +
			     (uint64_t)ts.tv_nsec;
	ret = line->front(instance);
	record_close();
	return ret ? ERROR_EXIT_FAILED : ERROR_EXIT_OK;
}

static int check_line(const struct command_line *line, int nfiles)
{
	const struct instance *instance = line->instance;

	if (nfiles > 1 || (nfiles && line->text) || (!nfiles && !line->text))
		return refuse("one script, as a file or with --device", NULL);
	if (!line->front && !line->check)
		return refuse("--ring or --wire", NULL);
	if (line->front == wire_front &&
	    (!instance->listen_len || !instance->nallow))
		return refuse("--wire needs --listen, --key and --allow", NULL);
	return OPTIONS_GO_ON;
}

static int run(const struct command_line *line, const char *path)
{
	struct instance *instance = line->instance;

	if (read_script(line, path))
		return ERROR_EXIT_CONFIG;
	count_devices(instance);
	if (instance->ndevices > SPEC_COUNT_MAX)
		return refuse("more than 250 devices", NULL);
	return line->check ? ERROR_EXIT_OK : serve(line);
}

static int print_id(const struct instance *instance)
{
	char id[KEY_ID_LEN + 1];

	key_id(instance->key.pub, id);
	printf("%s\n", id);
	return ERROR_EXIT_OK;
}

int main(int argc, char **argv)
{
	static struct instance instance = {
		.max_urbs = 1024,
		.max_ep_bytes = 16u << 20,
		.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER,
	};
	struct command_line line = { .instance = &instance };
	int first, status;

	log_open(PROGRAM, LOG_LEVEL_NOTE);
	status = options_read(&options, argc, argv, &line, &first);
	if (status == OPTIONS_GO_ON && line.show_id)
		status = print_id(&instance);
	if (status == OPTIONS_GO_ON)
		status = check_line(&line, argc - first);
	if (status != OPTIONS_GO_ON)
		return status;
	status = run(&line, argv[first]);
	script_free(&instance.script);
	key_wipe(&instance.key);
	return status;
}
