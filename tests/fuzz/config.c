// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config - files and sockets of this machine: settings, peers, keys, requests.
 *
 * No peer writes them, but what a person mistypes must be refused with a
 * sentence, and what the daemon writes it must read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config_agent.h"
#include "control.h"
#include "failure.h"
#include "input.h"
#include "jsontext.h"
#include "key.h"
#include "peer.h"
#include "settings.h"

#define ANSWERS_MAX	(256u << 10)

static char dir[256];
static char file[300];
static char sock[300];

/* Files */

static void write_file(struct input *in)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_check(fd >= 0);
	fuzz_check(write(fd, in->at, in->left) == (ssize_t)in->left);
	close(fd);
}

/* A refusal names the file and is a sentence. */
static void check_refusal(int ret, const char *error)
{
	if (ret)
		fuzz_check(ret < 0 && !strncmp(error, file, strlen(file)));
}

static void server_settings(struct input *in)
{
	struct settings settings;
	char error[256] = "";
	int ret;

	write_file(in);
	ret = settings_read(file, &settings, error, sizeof(error));
	check_refusal(ret, error);
	if (ret)
		return;
	fuzz_check(settings.nlisten && settings.nlisten <= SETTINGS_LISTEN_MAX);
	fuzz_check(settings.nshare <= SETTINGS_SHARE_MAX);
	fuzz_check(settings.max_links && settings.max_urbs);
}

static void agent_settings(struct input *in)
{
	char error[256] = "";

	write_file(in);
	check_refusal(config_agent_read(file, error, sizeof(error)), error);
}

static void same_peers(const struct peer_list *list, const char *error)
{
	struct peer_list *again = NULL;
	const struct peer *a = NULL;
	const struct peer *b = NULL;
	char why[256];

	(void)error;
	fuzz_check(!peer_list_load(file, &again, why, sizeof(why)));
	do {
		a = peer_next(list, a);
		b = peer_next(again, b);
		fuzz_check(!a == !b);
		fuzz_check(!a || !memcmp(a, b, sizeof(*a)));
	} while (a);
	peer_list_free(again);
}

static void peers(struct input *in)
{
	struct peer peer = {
		.name = "one-more", .key = { 7 }, .address = "[::1]:3241",
		.nallow = 1, .allow = { "*" },
	};
	struct peer_list *list = NULL;
	char error[256] = "";
	int ret;

	write_file(in);
	ret = peer_list_load(file, &list, error, sizeof(error));
	check_refusal(ret, error);
	if (ret)
		return;
	if (!peer_add(list, &peer)) {
		same_peers(list, error);
		fuzz_check(!peer_remove(list, peer.name));
		same_peers(list, error);
	}
	peer_list_free(list);
}

static void key_file(struct input *in)
{
	struct key key;

	write_file(in);
	if (!key_load(file, &key))
		fuzz_check(in->left == 2 * KEY_LEN + 1);
}

/* Texts */

static char *text_of(struct input *in)
{
	char *text = malloc(in->left + 1);

	fuzz_check(text);
	text[input_copy(in, text, in->left)] = '\0';
	return text;
}

static void ids(struct input *in)
{
	char *text = text_of(in);
	char id[KEY_ID_LEN + 1];
	uint8_t again[KEY_LEN];
	uint8_t key[KEY_LEN];

	if (!key_parse(text, key)) {
		key_id(key, id);
		fuzz_check(!key_parse(id, again));
		fuzz_check(!memcmp(key, again, KEY_LEN));
	}
	free(text);
}

static void patterns(struct input *in)
{
	const struct wire_device device = {
		.busid = "1-1.4", .vid = 0x0403, .pid = 0x6001,
		.classes = { 8, 3 }, .serial = "A1",
	};
	char *text = text_of(in);

	if (!peer_pattern_check(text))
		peer_pattern_match(text, &device);
	free(text);
}

static void sentences(struct input *in)
{
	char *text = text_of(in);
	struct failure failure;

	fuzz_check(failure_from_sentence(&failure, "E_IO", "no", text) < 0);
	fuzz_check(!strncmp(failure.code, "E_", 2));
	free(text);
}

/* Requests */

static void run_echo(struct control_request *req, struct json_object *args)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "text", json_object_get(args));
	control_answer(req, data);
}

static void run_refuse(struct control_request *req, struct json_object *args)
{
	control_refuse(req, "E_BUSY", json_object_get_string(args), "", NULL);
}

static struct control_request *held;

static void run_late(struct control_request *req, struct json_object *args)
{
	(void)args;
	if (held)
		control_answer(held, NULL);
	held = req;
}

static const struct control_verb verbs[] = {
	{ "echo", 0, run_echo },
	{ "refuse", 1, run_refuse },
	{ "late", 0, run_late },
	{ NULL, 0, NULL },
};

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	fuzz_check(fd >= 0 && strlen(sock) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, sock);
	fuzz_check(!connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static void spin(uv_loop_t *loop)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		uv_run(loop, UV_RUN_NOWAIT);
}

/* What the tool would make of it. */
static void read_answer(const char *line, size_t len)
{
	struct json_object *answer = jsontext_parse(line, len, 16);
	struct json_object *error = NULL;
	struct json_object *ok;
	struct failure failure;

	fuzz_check(answer && json_object_object_get_ex(answer, "ok", &ok));
	fuzz_check(json_object_is_type(ok, json_type_boolean));
	json_object_object_get_ex(answer, "error", &error);
	if (error)
		failure_from_json(&failure, error);
	json_object_put(answer);
}

static void read_answers(int fd)
{
	static char answers[ANSWERS_MAX];
	ssize_t n = read(fd, answers, sizeof(answers));
	char *line = answers;
	char *end;

	for (; n > 0; n -= end + 1 - line, line = end + 1) {
		end = memchr(line, '\n', (size_t)n);
		if (!end)
			break;
		read_answer(line, (size_t)(end - line));
	}
}

static void requests(struct input *in)
{
	struct control *control;
	uv_loop_t loop;
	size_t len;
	int fd;

	uv_loop_init(&loop);
	held = NULL;
	fuzz_check(!control_listen(&loop, sock, verbs, NULL, &control));
	fd = dial();
	spin(&loop);
	while (in->left) {
		len = input_u8(in) + 1u;
		if (len > in->left)
			len = in->left;
		/* It hangs up on what it does not understand. */
		if (len && send(fd, in->at, len, MSG_NOSIGNAL) < 0)
			break;
		in->at += len;
		in->left -= len;
		spin(&loop);
		read_answers(fd);
	}
	close(fd);
	spin(&loop);
	control_close(control);
	spin(&loop);
	if (held)
		control_answer(held, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	fuzz_check(!uv_loop_close(&loop));
}

static void answers(struct input *in)
{
	size_t len = in->left;
	uint8_t *text = input_block(in, &len);
	struct json_object *object = jsontext_parse((char *)text, len, 8);
	struct failure failure;

	if (object)
		failure_from_json(&failure, object);
	json_object_put(object);
	free(text);
}

static void (*const parts[])(struct input *in) = {
	server_settings,
	agent_settings,
	peers,
	key_file,
	ids,
	patterns,
	sentences,
	requests,
	answers,
	config_agent_target,
};

static void clean_up(void)
{
	unlink(file);
	unlink(sock);
	rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");

	(void)argc;
	(void)argv;
	snprintf(dir, sizeof(dir), "%s/p2pusb-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	fuzz_check(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(sock, sizeof(sock), "%s/socket", dir);
	atexit(clean_up);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	parts[input_pick(&in, sizeof(parts) / sizeof(parts[0]))](&in);
	return 0;
}
