// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main - p2pusb-fakedev: read the script, take a place, serve.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <p2pusb/wire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "instance.h"
#include "log.h"
#include "persona.h"
#include "record.h"

#define PROGRAM		"p2pusb-fakedev"
#define RATE_PPM_MAX	1000
#define ERROR_MAX	512

volatile int instance_stop;
volatile int instance_report;

/**
 * struct options - the command line
 * @instance: what it asks for
 * @front: ring_front() or wire_front()
 * @text: script from the command line
 * @log: file of the record
 * @show_id: print the id of the key and exit
 * @check: read the script and exit
 * @done: nothing is left to do, exit with @status
 * @status: exit status
 */
struct options {
	struct instance *instance;
	int (*front)(struct instance *instance);
	const char *text;
	const char *log;
	int show_id;
	int check;
	int done;
	int status;
};

static void refuse(struct options *o, const char *what, const char *value)
{
	fprintf(stderr, PROGRAM ": E_USAGE: %s%s%s. Try: " PROGRAM " --help\n",
		what, value ? ": " : "", value ? value : "");
	o->status = ERROR_EXIT_USAGE;
	o->done = 1;
}

static void option_ring(struct options *o, const char *value)
{
	(void)value;
	o->front = ring_front;
}

static void option_wire(struct options *o, const char *value)
{
	(void)value;
	o->front = wire_front;
}

/* IP:PORT or [IP]:PORT */
static void option_listen(struct options *o, const char *value)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_DGRAM,
	};
	const char *colon = strrchr(value, ':');
	size_t len = colon ? (size_t)(colon - value) : 0;
	struct addrinfo *info;
	char host[64];

	if (!len || len >= sizeof(host)) {
		refuse(o, "no address and port", value);
		return;
	}
	memcpy(host, value, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	if (getaddrinfo(host, colon + 1, &hints, &info)) {
		refuse(o, "no address and port", value);
		return;
	}
	memcpy(&o->instance->listen, info->ai_addr, info->ai_addrlen);
	o->instance->listen_len = info->ai_addrlen;
	freeaddrinfo(info);
}

static void option_key(struct options *o, const char *value)
{
	int ret = key_load(value, &o->instance->key);

	if (!ret)
		return;
	fprintf(stderr, PROGRAM ": E_IO: identity %s: %s\n", value,
		strerror(-ret));
	o->status = ERROR_EXIT_FAILED;
	o->done = 1;
}

static void option_allow(struct options *o, const char *value)
{
	struct instance *instance = o->instance;

	if (instance->nallow >= INSTANCE_ALLOW_MAX)
		refuse(o, "too many peers", value);
	else if (key_parse(value, instance->allow[instance->nallow]))
		refuse(o, "no id of a peer", value);
	else
		instance->nallow++;
}

static int number(const char *value, long min, long max, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(value, &end, 10);
	return errno || end == value || *end || *out < min || *out > max;
}

static void option_rate(struct options *o, const char *value)
{
	long ppm;

	if (number(value, -RATE_PPM_MAX, RATE_PPM_MAX, &ppm))
		refuse(o, "no rate from -1000 to 1000 ppm", value);
	else
		o->instance->rate_ppm = (int32_t)ppm;
}

static void option_count(struct options *o, const char *value)
{
	long count;

	if (number(value, 1, SPEC_COUNT_MAX, &count))
		refuse(o, "no number of devices from 1 to 250", value);
	else
		o->instance->ndevices = (unsigned int)count;
}

static void option_log(struct options *o, const char *value)
{
	o->log = value;
}

static void option_text(struct options *o, const char *value)
{
	o->text = value;
}

static void option_id(struct options *o, const char *value)
{
	(void)value;
	o->show_id = 1;
}

static void option_check(struct options *o, const char *value)
{
	(void)value;
	o->check = 1;
}

static void option_no_streams(struct options *o, const char *value)
{
	(void)value;
	o->instance->caps &= ~P2PUSB_CAP_STREAMS;
}

static void option_list(struct options *o, const char *value)
{
	const struct persona *persona;
	unsigned int i;

	(void)value;
	for (i = 0; (persona = persona_at(i)); i++)
		printf("%-10s %s\n", persona->name, persona->text);
	o->done = 1;
}

static void option_version(struct options *o, const char *value)
{
	(void)value;
	printf(PROGRAM " " P2PUSB_VERSION "\n");
	o->done = 1;
}

static void option_help(struct options *o, const char *value);

/* One row an option; getopt and the help are made of it. */
static const struct {
	const char *name;
	const char *value;
	const char *text;
	void (*set)(struct options *o, const char *value);
} option_rows[] = {
	{ "ring", NULL, "in the agent's place, on /dev/p2pvhci", option_ring },
	{ "wire", NULL, "in the server's place, for an agent", option_wire },
	{ "listen", "ADDR:PORT", "--wire: where", option_listen },
	{ "key", "FILE", "--wire: identity, made if it is not there",
	  option_key },
	{ "allow", "ID", "--wire: an agent that may come, repeatable",
	  option_allow },
	{ "no-streams", NULL, "--wire: do not offer bulk streams",
	  option_no_streams },
	{ "id", NULL, "print the id of the key and exit", option_id },
	{ "device", "TEXT", "script from here, lines separated by ;",
	  option_text },
	{ "count", "N", "that many copies of the only device", option_count },
	{ "rate-ppm", "N", "frame clock that much too fast (-1000..1000)",
	  option_rate },
	{ "log", "FILE", "record of events, JSON lines; - = standard output",
	  option_log },
	{ "check", NULL, "read the script and exit", option_check },
	{ "list", NULL, "print the personalities and exit", option_list },
	{ "help", NULL, "print this and exit", option_help },
	{ "version", NULL, "print the version and exit", option_version },
};

#define NOPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

static void option_help(struct options *o, const char *value)
{
	char name[32];
	size_t i;

	(void)value;
	printf("Usage: " PROGRAM " --ring|--wire [OPTION]... [SCRIPT]\n"
	       "Be a USB device, or many, made of software.\n\n");
	for (i = 0; i < NOPTIONS; i++) {
		snprintf(name, sizeof(name), "--%s%s%s", option_rows[i].name,
			 option_rows[i].value ? " " : "",
			 option_rows[i].value ? option_rows[i].value : "");
		printf("  %-20s %s\n", name, option_rows[i].text);
	}
	printf("\nSIGUSR1 writes the counters to the record; SIGTERM ends it.\n");
	o->done = 1;
}

static void options_read(struct options *o, int argc, char **argv)
{
	struct option longs[NOPTIONS + 1] = { 0 };
	size_t i;
	int c;

	for (i = 0; i < NOPTIONS; i++) {
		longs[i].name = option_rows[i].name;
		longs[i].has_arg = option_rows[i].value ? required_argument :
							  no_argument;
		longs[i].val = (int)i + 256;
	}
	while (!o->done &&
	       (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c < 256) {
			o->status = ERROR_EXIT_USAGE;
			o->done = 1;
			return;
		}
		option_rows[c - 256].set(o, optarg);
	}
}

static int read_script(struct options *o, const char *path)
{
	struct script *script = &o->instance->script;
	char error[ERROR_MAX];
	int ret;

	ret = path ? script_read_file(script, path, error, sizeof(error)) :
		     script_read_text(script, "--device", o->text, error,
				      sizeof(error));
	if (!ret)
		return 0;
	fprintf(stderr, PROGRAM ": E_CONFIG: %s\n", error);
	o->status = ERROR_EXIT_CONFIG;
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

static int serve(struct options *o)
{
	struct instance *instance = o->instance;
	const struct sigaction action = { .sa_handler = on_signal };
	struct timespec ts;
	int ret;

	if (o->log) {
		ret = record_open(o->log);
		if (ret) {
			fprintf(stderr, PROGRAM ": E_IO: %s: %s\n", o->log,
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
	ret = o->front(instance);
	record_close();
	return ret ? ERROR_EXIT_FAILED : ERROR_EXIT_OK;
}

static void check_options(struct options *o, int nfiles)
{
	struct instance *instance = o->instance;

	if (nfiles > 1 || (nfiles && o->text) || (!nfiles && !o->text))
		refuse(o, "one script, as a file or with --device", NULL);
	else if (!o->front && !o->check)
		refuse(o, "--ring or --wire", NULL);
	else if (o->front == wire_front &&
		 (!instance->listen_len || !instance->nallow))
		refuse(o, "--wire needs --listen, --key and --allow", NULL);
}

int main(int argc, char **argv)
{
	static struct instance instance = {
		.max_urbs = 1024,
		.max_ep_bytes = 16u << 20,
		.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER,
	};
	struct options options = { .instance = &instance };
	char id[KEY_ID_LEN + 1];

	log_open(PROGRAM, LOG_LEVEL_NOTE);
	options_read(&options, argc, argv);
	if (!options.done && options.show_id) {
		key_id(instance.key.pub, id);
		printf("%s\n", id);
		options.done = 1;
	}
	if (!options.done)
		check_options(&options, argc - optind);
	if (options.done)
		return options.status;
	if (!read_script(&options, optind < argc ? argv[optind] : NULL)) {
		count_devices(&instance);
		if (instance.ndevices > SPEC_COUNT_MAX)
			refuse(&options, "more than 250 devices", NULL);
		else if (!options.check)
			options.status = serve(&options);
	}
	script_free(&instance.script);
	key_wipe(&instance.key);
	return options.status;
}
