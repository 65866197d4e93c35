// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * server - the server against hostile agents: two links, two devices.
 *
 * All of it is real from the bytes of a stream to the engine: link, session,
 * device, pipe, xfer, ep0.  The network, the devices, the workers and the time
 * are paper.  Every request is held or was completed, once, and memory is as
 * bounded as the credit.
 */
#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "paper_engine.h"
#include "paper_quic.h"
#include "paper_worker.h"
#include "pipe.h"
#include "session.h"
#include "wire_packet.h"
#include "wrap.h"

#define AGENTS		2
#define DEVICES		2
#define PENDING_MAX	64	/* on one stream, known to us */
#define URBS		8
#define URB_BYTES	4096u
#define EP_BYTES	8192u
#define PIPE_BYTES	(EP_BYTES + URBS * P2PUSB_NPKT_MAX * WIRE_PACKET_SIZE)
#define ROUNDS		10000	/* until everything has come to rest */
#define MOVED		0x3c	/* what a paper device sends */

/* What an agent knows of a stream. */
struct stream {
	struct wire_ep_open open;
	uint64_t seq;
	uint64_t pending[PENDING_MAX];
	unsigned int npending;
};

struct agent {
	struct quic_conn *conn;
	uint32_t dev;
};

static struct server server;
static struct agent agents[AGENTS];
static struct peer_list *peers;
static uint8_t keys[AGENTS][KEY_LEN] = { { 1 }, { 2 } };
static const char *const busids[DEVICES] = { "1-1", "1-2" };

/* What is outside, see the Makefile */

unsigned int __wrap_sysfs_quirks(const char *busid)
{
	(void)busid;
	return 0;
}

void __wrap_sysfs_holder(const char *busid, char *buf, size_t len)
{
	snprintf(buf, len, "a driver of %s", busid);
}

void __wrap_leftover_mark(const char *dir, const char *busid)
{
	(void)dir;
	(void)busid;
}

void __wrap_leftover_clear(const char *dir, const char *busid)
{
	(void)dir;
	(void)busid;
}

int __wrap_leftover_take(const char *dir, const char *busid)
{
	(void)dir;
	(void)busid;
	return 0;
}

/* Our own mistakes are logged, not told to anybody. */
void __wrap_log_line(unsigned int level, const char *fmt, ...)
{
	(void)level;
	fuzz_check(!strstr(fmt, "illegal move"));
}

/* What is said on the streams */

static struct stream *stream_of(struct quic_stream *stream)
{
	if (!stream->tag)
		stream->tag = calloc(1, sizeof(struct stream));
	fuzz_check(stream->tag);
	return stream->tag;
}

static struct agent *agent_of(const struct quic_conn *conn)
{
	return &agents[memcmp(conn->peer, keys[0], KEY_LEN) ? 1 : 0];
}

static void said(struct quic_stream *stream, const struct wire_msg *msg)
{
	struct stream *s = stream_of(stream);

	switch (stream->id ? msg->type : 0) {
	case P2PUSB_MSG_EP_OPEN:
		s->open = msg->ep_open;
		break;
	case P2PUSB_MSG_SUBMIT:
	case P2PUSB_MSG_RESET:
	case P2PUSB_MSG_STREAMS:
	case P2PUSB_MSG_POWER:
		/* seq comes first in all of them */
		if (s->npending < PENDING_MAX)
			s->pending[s->npending++] = msg->reset.seq;
		break;
	}
}

/* Bytes that no device sent are somebody else's. */
static void check_bytes(const struct quic_stream *stream,
			const struct wire_msg *msg)
{
	uint32_t i = msg->complete.npkt * WIRE_PACKET_SIZE;

	for (; i < msg->payload; i++)
		fuzz_check(stream->bytes[i] == MOVED);
}

static void heard_complete(struct quic_stream *stream,
			   const struct wire_msg *msg)
{
	struct stream *s = stream_of(stream);
	unsigned int i;

	fuzz_check(msg->type == P2PUSB_MSG_COMPLETE);
	for (i = 0; i < s->npending; i++)
		if (s->pending[i] == msg->complete.seq)
			break;
	fuzz_check(i < s->npending);
	s->pending[i] = s->pending[--s->npending];
	fuzz_check(msg->complete.epoch == s->open.epoch);
	check_bytes(stream, msg);
}

static void heard(struct quic_stream *stream, const struct wire_msg *msg)
{
	if (stream->id)
		heard_complete(stream, msg);
	else if (msg->type == P2PUSB_MSG_ATTACHED)
		agent_of(stream->conn)->dev = msg->attached.dev;
}

static void gone(struct quic_stream *stream)
{
	free(stream->tag);
}

static const struct paper_ears ears = {
	.heard = heard,
	.said = said,
	.gone = gone,
};

/* The agents */

static struct agent *pick_agent(struct input *in)
{
	return &agents[input_pick(in, AGENTS)];
}

static struct quic_stream *pick_stream(struct input *in)
{
	struct agent *agent = pick_agent(in);

	return agent->conn ? paper_stream(agent->conn, input_u8(in)) : NULL;
}

static void say(struct agent *agent, const struct wire_msg *msg,
		struct input *in)
{
	struct quic_stream *stream;

	if (!agent->conn)
		return;
	LIST_FOREACH(stream, &agent->conn->streams, entry)
		if (!stream->id)
			break;
	if (stream)
		paper_say(stream, msg, NULL, in);
}

static void say_hello(struct agent *agent, struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_HELLO };
	uint8_t how = input_u8(in);

	msg.hello.major = P2PUSB_VERSION_MAJOR;
	msg.hello.caps = how & 1 ? 0 : P2PUSB_CAP_DESCS | P2PUSB_CAP_POWER;
	msg.hello.boot_id[0] = how >> 1 & 1;
	say(agent, &msg, in);
}

static void connect_one(struct input *in)
{
	struct agent *agent = pick_agent(in);

	if (agent->conn)
		return;
	agent->conn = paper_connect(keys[agent - agents]);
	if (agent->conn && paper_open(agent->conn))
		say_hello(agent, in);
}

static void say_attach(struct agent *agent, unsigned int n, struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_ATTACH };

	strcpy(msg.attach.busid, busids[n]);
	msg.attach.req = n + 1;
	say(agent, &msg, in);
}

static void attach(struct input *in)
{
	struct agent *agent = pick_agent(in);

	say_attach(agent, input_pick(in, DEVICES), in);
}

static void say_other(struct input *in)
{
	static const uint16_t types[] = {
		P2PUSB_MSG_DETACH, P2PUSB_MSG_DETACH, P2PUSB_MSG_LIST,
		P2PUSB_MSG_PING,
	};
	struct agent *agent = pick_agent(in);
	struct wire_msg msg = { 0 };

	msg.type = types[input_pick(in, 4)];
	if (msg.type == P2PUSB_MSG_DETACH)
		msg.detach.dev = agent->dev;
	say(agent, &msg, in);
}

static struct quic_stream *open_ep(struct agent *agent, uint8_t ep,
				   struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_EP_OPEN };
	struct quic_stream *stream;

	stream = agent->conn ? paper_open(agent->conn) : NULL;
	if (!stream)
		return NULL;
	msg.ep_open.dev = agent->dev;
	msg.ep_open.epoch = 1;
	msg.ep_open.ep = ep;
	msg.ep_open.type = !ep ? P2PUSB_XFER_CONTROL :
			   (ep & 0x0f) == 3 ? P2PUSB_XFER_INTERRUPT :
			   (ep & 0x0f) == 4 ? P2PUSB_XFER_ISO :
					      P2PUSB_XFER_BULK;
	paper_say(stream, &msg, NULL, in);
	return stream;
}

static void open_one(struct input *in)
{
	static const uint8_t eps[] = { 0, 0x81, 0x02, 0x83, 0x03, 0x84, 0x04 };
	struct agent *agent = pick_agent(in);

	open_ep(agent, eps[input_pick(in, sizeof(eps))], in);
}

static uint32_t put_lens(struct wire_msg *msg, uint8_t *bytes, uint8_t how)
{
	uint32_t lens[P2PUSB_NPKT_MAX];
	unsigned int i;

	msg->submit.npkt = how % 9 + 1;
	for (i = 0; i < msg->submit.npkt; i++) {
		lens[i] = how * (i + 1u) % 100;
		msg->submit.length += lens[i];
	}
	wire_packet_put_lens(bytes, lens, msg->submit.npkt);
	return msg->submit.npkt * WIRE_PACKET_LEN_SIZE;
}

static void set_control(struct wire_msg *msg, struct input *in)
{
	static const uint8_t setups[][8] = {
		{ 0x80, 0x06, 0x00, 0x01, 0, 0, 18, 0 },
		{ 0x00, 0x09, 0x01, 0x00, 0, 0, 0, 0 },
		{ 0x01, 0x0b, 0x01, 0x00, 0, 0, 0, 0 },
		{ 0x02, 0x01, 0x00, 0x00, 0x81, 0, 0, 0 },
		{ 0x00, 0x05, 0x01, 0x00, 0, 0, 0, 0 },
		{ 0x00, 0x30, 0x00, 0x00, 0, 0, 6, 0 },
		{ 0x40, 0x01, 0x00, 0x00, 0, 0, 64, 0 },
		{ 0xc0, 0x01, 0x00, 0x00, 0, 0, 0, 8 },
	};

	memcpy(msg->submit.setup, setups[input_pick(in, 8)], 8);
	msg->submit.length = msg->submit.setup[6] | msg->submit.setup[7] << 8;
}

/* A request, right in all that the input leaves alone. */
static void submit(struct input *in)
{
	static uint8_t bytes[P2PUSB_NPKT_MAX * 4 + URB_BYTES];
	struct wire_msg msg = { .type = P2PUSB_MSG_SUBMIT };
	struct quic_stream *stream = pick_stream(in);
	uint8_t how = input_u8(in);
	uint32_t head = 0;
	struct stream *s;
	int is_in;

	if (!stream || !stream->id)
		return;
	s = stream_of(stream);
	msg.submit.seq = ++s->seq;
	msg.submit.epoch = s->open.epoch;
	msg.submit.flags = how >> 6;
	if (s->open.type == P2PUSB_XFER_ISO)
		head = put_lens(&msg, bytes, how);
	else if (s->open.type == P2PUSB_XFER_CONTROL)
		set_control(&msg, in);
	else
		msg.submit.length = how * 16;
	if (how == 0xfe)
		msg.submit.stream = 3;
	is_in = s->open.ep ? s->open.ep & 0x80 : msg.submit.setup[0] & 0x80;
	msg.payload = head + (is_in ? 0 : msg.submit.length);
	paper_say(stream, &msg, bytes, in);
}

static void cancel(struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_CANCEL };
	struct quic_stream *stream = pick_stream(in);
	uint8_t back = input_u8(in);
	struct stream *s;

	if (!stream || !stream->id)
		return;
	s = stream_of(stream);
	msg.cancel.seq = s->seq - back % 8;
	msg.cancel.epoch = s->open.epoch;
	paper_say(stream, &msg, NULL, in);
}

static void verb(struct input *in)
{
	static const uint16_t types[] = {
		P2PUSB_MSG_RESET, P2PUSB_MSG_STREAMS, P2PUSB_MSG_POWER,
	};
	struct quic_stream *stream = pick_stream(in);
	struct wire_msg msg = { 0 };
	struct stream *s;

	msg.type = types[input_pick(in, 3)];
	if (!stream || !stream->id)
		return;
	s = stream_of(stream);
	msg.reset.seq = ++s->seq;
	msg.reset.epoch = s->open.epoch;
	if (msg.type == P2PUSB_MSG_STREAMS) {
		msg.streams.wanted = input_u8(in);
		msg.streams.neps = 2;
		msg.streams.eps[0] = 0x81;
		msg.streams.eps[1] = 0x02;
	}
	if (msg.type == P2PUSB_MSG_POWER)
		msg.power.state = input_pick(in, 3);
	paper_say(stream, &msg, NULL, in);
}

static void say_bytes(struct input *in)
{
	struct quic_stream *stream = pick_stream(in);

	if (stream)
		paper_babble(stream, in);
}

static void end_stream(struct input *in)
{
	struct quic_stream *stream = pick_stream(in);

	if (stream)
		paper_end(stream);
}

static void lose(struct input *in)
{
	struct agent *agent = pick_agent(in);

	if (agent->conn && input_u8(in) & 1)
		paper_lose(agent->conn, -ETIMEDOUT);
}

static void acknowledge(struct input *in)
{
	struct agent *agent = pick_agent(in);

	if (agent->conn)
		paper_acknowledge(agent->conn);
}

/* The machine */

static void work(struct input *in)
{
	paper_worker_run(input_pick(in, DEVICES + 1));
}

static void worked(struct input *in)
{
	(void)in;
	paper_worker_done();
}

static void pass(struct input *in)
{
	clock_pass(&server.loop, input_u8(in) * 30);
}

static void fault(struct input *in)
{
	static const int errs[] = { 0, 0, -ENOMEM, -ENODEV, -EINVAL, -EPIPE };
	uint8_t how = input_u8(in);

	switch (how & 3) {
	case 0:
		paper_engine.submit_err = errs[input_pick(in, 6)];
		break;
	case 1:
		paper_engine.verb_err = errs[input_pick(in, 6)];
		break;
	case 2:
		if (how & 4)
			paper_engine.room = input_u8(in) * 32;
		else
			paper_engine.missing = input_u8(in);
		break;
	case 3:
		paper_engine.no_memory = how == 0xff;
		paper_engine.claim_err = how & 4 ? -EBUSY : 0;
		break;
	}
}

static void deaf(struct engine_device *dev)
{
	device_deaf(&server, dev);
}

static void arrive(unsigned int n)
{
	struct wire_device info = {
		.vid = 0x1234, .pid = 0x5678, .speed = P2PUSB_SPEED_HIGH,
		.product = "paper",
	};

	strcpy(info.busid, busids[n]);
	if (!device_find(&server, info.busid) && server.nshared < 4)
		device_arrived(&server, &info);
}

static void owner(struct input *in)
{
	unsigned int n = input_pick(in, DEVICES);
	struct device *dev = device_find(&server, busids[n]);
	uint8_t how = input_u8(in);

	if (!dev) {
		arrive(n);
		return;
	}
	switch (how & 7) {
	case 0:
		device_share(dev, NULL);
		break;
	case 1:
		device_unshare(dev, NULL, P2PUSB_CODE_REVOKED, "revoked");
		break;
	case 2:
		device_left(&server, busids[n]);
		break;
	case 3:
		device_woke(&server, busids[n]);
		break;
	case 4:
		if (how & 8)
			paper_engine.deaf = deaf;
		else if (dev->edev && !dev->njobs)
			deaf(dev->edev);
		break;
	case 5:
		if (how == 5)
			session_cut(&server, keys[1], "no longer");
		break;
	}
}

static void settle(void)
{
	unsigned int i;

	for (i = 0; i < AGENTS; i++)
		if (agents[i].conn && paper_settle(agents[i].conn))
			agents[i] = (struct agent) { 0 };
}

/* Until nothing moves by itself. */
static void rest(void)
{
	unsigned int round = 0;
	int any;
	unsigned int i;

	do {
		any = paper_engine_drain();
		for (i = 0; i < 8; i++)
			any |= paper_worker_run(i);
		any |= paper_worker_done();
		settle();
		/* Who is hungry is fed, or ends. */
		if (!any && !LIST_EMPTY(&server.hungry)) {
			clock_pass(&server.loop, PIPE_HUNGER_MS);
			any = 1;
		}
		fuzz_check(++round < ROUNDS);
	} while (any);
}

/* An agent with a device and its endpoints, the way that all would like it. */
static void plug_in(struct input *in)
{
	static const uint8_t eps[] = { 0, 0x81, 0x02, 0x83, 0x84, 0x04 };
	struct input none = { NULL, 0 };
	struct agent *agent = pick_agent(in);
	uint8_t how = input_u8(in);
	unsigned int i;

	if (!agent->conn) {
		agent->conn = paper_connect(keys[agent - agents]);
		if (agent->conn && paper_open(agent->conn))
			say_hello(agent, &none);
	}
	say_attach(agent, how & 1, &none);
	settle();
	for (i = 0; i < sizeof(eps); i++)
		if (how & 4 << i)
			open_ep(agent, eps[i], &none);
}

static void (*const steps[])(struct input *in) = {
	plug_in, connect_one, attach, say_other, open_one, open_one,
	submit, submit, submit, submit, cancel, cancel, verb, say_bytes,
	end_stream, lose, acknowledge, work, work, worked, worked, pass,
	fault, owner, paper_engine_done, paper_engine_done,
};

static void check_credit(const struct device *dev)
{
	const struct pipe *pipe;

	TAILQ_FOREACH(pipe, &dev->pipes, entry) {
		/* Those that are told may wait for their cancel. */
		fuzz_check(pipe->nxfers <= URBS && pipe->nbusy <= 2 * URBS);
		fuzz_check(pipe->bytes <= EP_BYTES || pipe->nxfers == 1);
	}
}

static void check_bounds(void)
{
	struct device *dev;

	fuzz_check(paper_engine.bytes <=
		   PAPER_OPEN_MAX * DEVICE_PIPES_MAX * PIPE_BYTES);
	fuzz_check(server.nsessions <= AGENTS);
	TAILQ_FOREACH(dev, &server.devices, entry) {
		fuzz_check(dev->npipes <= DEVICE_PIPES_MAX);
		check_credit(dev);
	}
}

/* All that was asked on a stream that is open was answered. */
static void check_answered(void)
{
	struct quic_stream *stream;
	unsigned int i;

	for (i = 0; i < AGENTS; i++) {
		if (!agents[i].conn)
			continue;
		LIST_FOREACH(stream, &agents[i].conn->streams, entry)
			fuzz_check(!stream->id || !stream->owned ||
				   !stream_of(stream)->npending);
	}
}

static void start(struct input *in)
{
	struct link_config config = {
		.loop = &server.loop,
		.ops = &session_ops,
		.owner = &server,
	};

	memset(&server, 0, sizeof(server));
	memset(&paper_engine, 0, sizeof(paper_engine));
	memset(agents, 0, sizeof(agents));
	paper_ears = &ears;
	clock_reset();
	uv_loop_init(&server.loop);
	uv_timer_init(&server.loop, &server.hunger);
	server.hunger.data = &server;
	TAILQ_INIT(&server.devices);
	TAILQ_INIT(&server.sessions);
	server.ops = &paper_engine_ops;
	server.peers = peers;
	server.settings.max_links = AGENTS;
	server.hello = (struct wire_hello) {
		.major = P2PUSB_VERSION_MAJOR,
		.caps = paper_engine_ops.caps | P2PUSB_CAP_DESCS,
		.max_urbs = URBS,
		.max_urb_bytes = URB_BYTES,
		.max_ep_bytes = EP_BYTES,
	};
	config.hello = server.hello;
	worker_pool_open(&server.loop, &server.pool);
	fuzz_check(!link_listen(&config, NULL, 0, &server.listeners[0]));
	if (input_u8(in) & 1) {
		paper_engine.descs.at = in->at;
		paper_engine.descs.left = in->left < 64 ? in->left : 64;
		in->at += paper_engine.descs.left;
		in->left -= paper_engine.descs.left;
	}
	arrive(0);
	arrive(1);
	device_share(device_find(&server, busids[0]), NULL);
	device_share(device_find(&server, busids[1]), NULL);
	rest();
}

static void check_nothing_left(void)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &server.devices, entry) {
		fuzz_check(!dev->nxfers && !dev->npipes && !dev->njobs);
		fuzz_check(TAILQ_EMPTY(&dev->pipes) && !dev->holder);
		fuzz_check(dev->state == DEVICE_SHARED ||
			   dev->state == DEVICE_UNSHARED);
	}
	fuzz_check(!paper_engine.bytes && !paper_engine.lent);
	fuzz_check(!server.nflying);
	fuzz_check(TAILQ_EMPTY(&server.sessions) && !server.nsessions);
	fuzz_check(LIST_EMPTY(&server.hungry));
}

static void stop(void)
{
	struct device *dev;
	unsigned int i;

	/* Less room than one request needs is an answer, too. */
	paper_engine.submit_err = 0;
	paper_engine.no_memory = 0;
	rest();
	check_answered();
	for (i = 0; i < AGENTS; i++)
		if (agents[i].conn)
			paper_lose(agents[i].conn, 0);
	settle();
	rest();
	check_nothing_left();
	TAILQ_FOREACH(dev, &server.devices, entry)
		device_unshare(dev, NULL, P2PUSB_CODE_SHUTDOWN, "the end");
	rest();
	fuzz_check(!server.nshared);
	while ((dev = TAILQ_FIRST(&server.devices))) {
		TAILQ_REMOVE(&server.devices, dev, entry);
		free(dev);
	}
	link_listener_close(server.listeners[0], P2PUSB_CLOSE_SHUTDOWN, "end");
	worker_pool_close(server.pool);
	heap_drop(&server.heap);
	uv_close((uv_handle_t *)&server.hunger, NULL);
	uv_run(&server.loop, UV_RUN_NOWAIT);
	fuzz_check(!uv_loop_close(&server.loop));
}

/* The second sees one of the devices only. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[] = "/tmp/p2pusb-fuzz-XXXXXX";
	char ids[AGENTS][KEY_ID_LEN + 1];
	char error[256];
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	(void)argc;
	(void)argv;
	fuzz_check(file);
	key_id(keys[0], ids[0]);
	key_id(keys[1], ids[1]);
	fprintf(file, "[peer a]\nid = %s\nallow = *\n", ids[0]);
	fprintf(file, "[peer b]\nid = %s\nallow = port:1-2\n", ids[1]);
	fclose(file);
	fuzz_check(!peer_list_load(path, &peers, error, sizeof(error)));
	unlink(path);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	start(&in);
	while (in.left) {
		steps[input_pick(&in, sizeof(steps) / sizeof(steps[0]))](&in);
		settle();
		check_bounds();
	}
	stop();
	return 0;
}
