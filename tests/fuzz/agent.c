// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent - the agent's thread of one peer against a hostile server.
 *
 * All of it is real from the bytes of a stream to the ring: link, remote, want,
 * port, xfer, iso.  The network, the kernel and the time are paper.  Every
 * request of the kernel is with the agent or was completed, once.
 */
#include <errno.h>

#include "clock.h"
#include "paper_kernel.h"
#include "paper_quic.h"
#include "remote.h"
#include "wire_packet.h"
#include "wrap.h"

#define PENDING_MAX	64	/* on one stream */
#define DEVICES		6
#define PIECES		4	/* of the IN area */
#define HEAP_MAX	(1u << 20)	/* bytes of payload beside the ring */

/* A request that the server owes an answer. */
struct pending {
	uint64_t seq;
	uint32_t epoch;
	uint32_t length;
	uint16_t type;
	uint16_t npkt;
	int in;
	uint32_t lens[P2PUSB_NPKT_MAX];
};

/* What the server knows of a stream. */
struct stream {
	struct wire_ep_open open;
	struct pending pending[PENDING_MAX];
	unsigned int npending;
};

static struct {
	struct remote *remote;
	struct quic_conn *conn;
	struct addrinfo addr;
	uv_getaddrinfo_t *look_up;
	uv_getaddrinfo_cb looked_up;
	struct wire_attach attach;
	uint32_t last_dev;
	uint64_t cookie;
	struct ring_extent taken[PIECES];
	unsigned int taken_of;
} bed;

static struct mailbox home;

/* What is outside, see the Makefile */

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *req,
			  uv_getaddrinfo_cb done, const char *node,
			  const char *service, const struct addrinfo *hints)
{
	(void)loop;
	(void)hints;
	fuzz_check(*node && *service && !bed.look_up);
	bed.look_up = req;
	bed.looked_up = done;
	return 0;
}

void __wrap_uv_freeaddrinfo(struct addrinfo *addrs)
{
	fuzz_check(addrs == &bed.addr);
}

int __wrap_uv_thread_create(uv_thread_t *thread, uv_thread_cb run, void *arg)
{
	(void)thread;
	(void)run;
	(void)arg;
	return 0;
}

int __wrap_uv_thread_join(uv_thread_t *thread)
{
	(void)thread;
	return 0;
}

void __wrap_mailbox_post(struct mailbox *box, struct letter *letter)
{
	if (box != &home) {
		__real_mailbox_post(box, letter);
		return;
	}
	if (letter->data)
		json_object_put(letter->data);
	free(letter);
}

/* Our own mistakes are logged, not told to anybody. */
void __wrap_log_line(unsigned int level, const char *fmt, ...)
{
	(void)level;
	fuzz_check(!strstr(fmt, "no legal move"));
	fuzz_check(!strstr(fmt, "makes no sense here"));
}

/* What the agent says */

static struct stream *stream_of(struct quic_stream *stream)
{
	if (!stream->tag)
		stream->tag = calloc(1, sizeof(struct stream));
	fuzz_check(stream->tag);
	return stream->tag;
}

static void expect(struct quic_stream *stream, const struct wire_msg *msg)
{
	struct stream *s = stream_of(stream);
	struct pending *p;

	/* What a server that grants more loses count of, it never answers. */
	if (s->npending == PENDING_MAX)
		return;
	p = &s->pending[s->npending++];
	memset(p, 0, sizeof(*p));
	/* seq and epoch come first in all of them */
	p->seq = msg->reset.seq;
	p->epoch = msg->reset.epoch;
	p->type = msg->type;
	fuzz_check(p->epoch == s->open.epoch);
	if (msg->type != P2PUSB_MSG_SUBMIT)
		return;
	p->length = msg->submit.length;
	p->npkt = msg->submit.npkt;
	p->in = s->open.ep ? s->open.ep & 0x80 : msg->submit.setup[0] & 0x80;
	fuzz_check(!p->npkt == (s->open.type != P2PUSB_XFER_ISO));
	fuzz_check(msg->payload == p->npkt * WIRE_PACKET_LEN_SIZE +
		   (p->in ? 0 : p->length));
	fuzz_check(!p->npkt ||
		   !wire_packet_get_lens(stream->bytes, p->lens, p->npkt,
					 p->length));
}

static void heard(struct quic_stream *stream, const struct wire_msg *msg)
{
	switch (msg->type) {
	case P2PUSB_MSG_ATTACH:
		bed.attach = msg->attach;
		break;
	case P2PUSB_MSG_EP_OPEN:
		stream_of(stream)->open = msg->ep_open;
		break;
	case P2PUSB_MSG_SUBMIT:
	case P2PUSB_MSG_RESET:
	case P2PUSB_MSG_STREAMS:
	case P2PUSB_MSG_POWER:
		expect(stream, msg);
		break;
	}
}

static void gone(struct quic_stream *stream)
{
	free(stream->tag);
}

static const struct paper_ears ears = { .heard = heard, .gone = gone };

/* The service and the network */

static void post(enum letter_type type, const char *device)
{
	struct letter *letter = calloc(1, sizeof(*letter));

	fuzz_check(letter);
	letter->type = type;
	letter->cookie = ++bed.cookie;
	letter->deadline = uv_hrtime() + 5000000000ull;
	snprintf(letter->device, sizeof(letter->device), "%s", device);
	remote_post(bed.remote, letter);
}

static const char *const names[DEVICES] = {
	"1-1", "1-2", "*", "1234:5678", "class:hub", "2-1",
};

static void attach(struct input *in)
{
	post(LETTER_ATTACH, names[input_pick(in, DEVICES)]);
}

static void ask(struct input *in)
{
	post(input_u8(in) & 1 ? LETTER_LIST : LETTER_STATUS, "");
}

static void look_up(struct input *in)
{
	int bad = input_u8(in) == 0xff;
	uv_getaddrinfo_t *req = bed.look_up;

	if (!req)
		return;
	bed.look_up = NULL;
	bed.looked_up(req, bad ? UV_EAI_NONAME : 0, bad ? NULL : &bed.addr);
}

static void ready(struct input *in)
{
	(void)in;
	if (bed.conn)
		paper_ready(bed.conn);
}

static void lose(struct input *in)
{
	static const int errs[] = { 0, -EACCES, -ETIMEDOUT, -ECONNRESET };

	if (bed.conn && input_u8(in) & 1)
		paper_lose(bed.conn, errs[input_pick(in, 4)]);
}

static void pass(struct input *in)
{
	static const uint32_t most[] = { 2, 20, 300, 3000, 20000 };

	clock_pass(&bed.remote->loop, input_u8(in) * most[input_pick(in, 5)] /
		   255);
}

static void acknowledge(struct input *in)
{
	(void)in;
	if (bed.conn)
		paper_acknowledge(bed.conn);
}

/* The server */

static struct quic_stream *control(void)
{
	struct quic_stream *stream;

	if (!bed.conn)
		return NULL;
	LIST_FOREACH(stream, &bed.conn->streams, entry)
		if (!stream->id)
			break;
	return stream;
}

static void say(const struct wire_msg *msg, const void *payload,
		struct input *in)
{
	struct quic_stream *stream = control();

	if (stream)
		paper_say(stream, msg, payload, in);
}

static void say_hello(struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_HELLO };
	uint8_t how = input_u8(in);

	msg.hello.major = P2PUSB_VERSION_MAJOR;
	msg.hello.caps = how & 1 ? 0 : P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS |
				       P2PUSB_CAP_POWER | P2PUSB_CAP_DESCS;
	msg.hello.max_urbs = how & 2 ? 1 : 8;
	msg.hello.max_urb_bytes = how & 4 ? 100 : 1 << 20;
	msg.hello.max_ep_bytes = how & 8 ? 100 : 1 << 20;
	say(&msg, NULL, in);
}

static struct wire_device device_named(const char *busid, uint8_t how)
{
	struct wire_device device = {
		.vid = 0x1234,
		.pid = 0x5678,
		.speed = how % P2PUSB_SPEED_SUPER_PLUS + 1,
		.state = P2PUSB_DEVICE_FREE,
		.dev_class = how == 0xfe ? 9 : 0,
		.lanes = how >> 6 & 1,
		.product = "paper",
	};

	snprintf(device.busid, sizeof(device.busid), "%s", busid);
	return device;
}

static void say_device(struct input *in)
{
	static const char *const busids[] = { "1-1", "1-2", "2-1", "" };
	struct wire_msg msg = { .type = P2PUSB_MSG_DEVICE };
	uint8_t how = input_u8(in);

	msg.device = device_named(busids[how & 3], how >> 2);
	if (input_u8(in) == 0xff) {
		msg.type = P2PUSB_MSG_DEVICE_GONE;
		memset(&msg.device_gone, 0, sizeof(msg.device_gone));
		strcpy(msg.device_gone.busid, busids[how & 3]);
	}
	say(&msg, NULL, in);
}

static void say_list_end(struct input *in)
{
	const struct wire_msg msg = { .type = P2PUSB_MSG_LIST_END };

	say(&msg, NULL, in);
}

/* A device descriptor and a string. */
static const uint8_t sample_descs[] = {
	1, 0, 0, 0, 18, 0, 0, 0,
	18, 1, 0, 2, 0, 0, 0, 64, 0x34, 0x12, 0x78, 0x56, 0, 1, 0, 0, 1, 1,
	3, 1, 9, 4, 4, 0, 0, 0,
	4, 3, 'p', 0,
};

static void say_attached(struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_ATTACHED };
	uint8_t how = input_u8(in);
	const uint8_t *descs = sample_descs;
	uint8_t *block = NULL;
	size_t len = 0;

	msg.attached.req = bed.attach.req;
	msg.attached.dev = how & 0x20 ? bed.last_dev : ++bed.last_dev;
	msg.attached.device = device_named(bed.attach.busid, how & 0x1f);
	if (how & 0x40) {
		len = sizeof(sample_descs);
	} else if (how & 0x80) {
		len = input_u8(in);
		block = input_block(in, &len);
		descs = block;
	}
	msg.payload = (uint32_t)len;
	say(&msg, descs, in);
	free(block);
}

static void say_other(struct input *in)
{
	static const uint16_t types[] = {
		P2PUSB_MSG_REFUSED, P2PUSB_MSG_DETACHED, P2PUSB_MSG_WAKEUP,
		P2PUSB_MSG_PING,
	};
	struct wire_msg msg = { 0 };

	msg.type = types[input_pick(in, 4)];
	switch (msg.type) {
	case P2PUSB_MSG_REFUSED:
		msg.refused.req = bed.attach.req;
		msg.refused.code = input_pick(in, 11);
		break;
	case P2PUSB_MSG_DETACHED:
		msg.detached.dev = bed.last_dev - (input_u8(in) & 1);
		msg.detached.code = input_pick(in, 11);
		break;
	case P2PUSB_MSG_WAKEUP:
		msg.wakeup.dev = bed.last_dev;
		break;
	}
	say(&msg, NULL, in);
}

static struct quic_stream *pick_stream(struct input *in)
{
	return bed.conn ? paper_stream(bed.conn, input_u8(in)) : NULL;
}

static uint32_t put_packets(const struct pending *p, uint8_t *to, uint8_t how)
{
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	uint32_t actual = 0;
	unsigned int i;

	for (i = 0; i < p->npkt; i++) {
		packets[i].actual = how & 1 ? p->lens[i] / 2 : p->lens[i];
		packets[i].status = how & 2 && i & 1 ? P2PUSB_ST_XDEV : 0;
		actual += packets[i].actual;
	}
	wire_packet_put(to, packets, p->npkt);
	return actual;
}

/* An answer to a request, right in all that the input leaves alone. */
static void answer(struct quic_stream *stream, const struct pending *p,
		   uint8_t how, struct input *in)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_COMPLETE };
	uint32_t head = p->npkt * WIRE_PACKET_SIZE;
	uint8_t *bytes = calloc(1, head + p->length + 1);

	fuzz_check(bytes);
	msg.complete.seq = p->seq;
	msg.complete.epoch = p->epoch;
	msg.complete.npkt = p->npkt;
	if (how & 0x10)
		msg.complete.status = input_pick(in, P2PUSB_ST_MAX);
	if (p->npkt)
		msg.complete.actual = put_packets(p, bytes, how);
	else if (p->type == P2PUSB_MSG_STREAMS)
		msg.complete.actual = 1;
	else
		msg.complete.actual = how & 1 ? p->length / 2 : p->length;
	if (how & 0x20)
		msg.complete.device_us = input_u16(in);
	/* A hub, perhaps. */
	if (p->length > 4 && how & 0x40)
		bytes[head + 4] = 9;
	/* The whole of it failed: none of its packets was tried. */
	if (p->npkt && how & 0x08) {
		msg.complete.npkt = 0;
		msg.complete.actual = 0;
		head = 0;
	}
	msg.payload = head + (p->in ? msg.complete.actual : 0);
	paper_say(stream, &msg, bytes, in);
	free(bytes);
}

static void say_complete(struct input *in)
{
	struct quic_stream *stream = pick_stream(in);
	uint8_t how = input_u8(in);
	struct pending p;
	struct stream *s;
	unsigned int i;

	if (!stream || !stream->tag)
		return;
	s = stream->tag;
	if (!s->npending)
		return;
	i = how & 0x80 ? input_u8(in) % s->npending : 0;
	p = s->pending[i];
	/* Twice, sometimes. */
	if (how != 0xff) {
		s->npending--;
		memmove(&s->pending[i], &s->pending[i + 1],
			(s->npending - i) * sizeof(p));
	}
	answer(stream, &p, how, in);
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

	if (stream && input_u8(in) & 1)
		paper_end(stream);
}

/* Much of the IN area is taken, as by answers that are half here; and free. */
static void crowd(struct input *in)
{
	struct ring *ring = paper_kernel.ring;
	uint32_t len = (input_u8(in) & 0x7f) * RING_BLOCK + 1;
	struct ring_extent *piece = &bed.taken[input_pick(in, PIECES)];

	if (!ring || ring_dead(ring))
		return;
	/* Those of another ring went with it. */
	if (bed.taken_of != paper_kernel.opened)
		memset(bed.taken, 0, sizeof(bed.taken));
	bed.taken_of = paper_kernel.opened;
	if (piece->len) {
		ring_in_put(ring, piece->off, piece->len);
		piece->len = 0;
		return;
	}
	piece->off = ring_in_get(ring, len);
	piece->len = piece->off == RING_NO_SPACE ? 0 : len;
}

static void fault(struct input *in)
{
	static const int copies[] = { 0, ECANCELED, ENOENT, EFAULT };
	static const int binds[] = { 0, ENOSPC, ETIMEDOUT, EAGAIN };
	uint8_t how = input_u8(in);

	paper_kernel.copy_error = copies[how & 3];
	paper_kernel.bind_error = binds[how >> 2 & 3];
	if (how == 0xf0)
		paper_kernel_kill();
	if (how > 0xf0)
		crowd(in);
}

static void turn(void)
{
	clock_pass(&bed.remote->loop, 0);
	bed.conn = paper_dialled;
	if (bed.conn && paper_settle(bed.conn))
		bed.conn = paper_dialled;
}

/* As far as a device on a port, the way that all would like it. */
static void plug_in(struct input *in)
{
	struct input none = { NULL, 0 };

	if (input_u8(in) & 1)
		none = *in;
	post(LETTER_ATTACH, "1-1");
	turn();
	look_up(&none);
	turn();
	ready(&none);
	turn();
	say_hello(&none);
	say_device(&none);
	say_list_end(&none);
	turn();
	say_attached(&none);
	turn();
}

static void (*const steps[])(struct input *in) = {
	plug_in, attach, ask, look_up, ready, lose, pass, pass, acknowledge,
	say_hello, say_device, say_list_end, say_attached, say_other,
	say_complete, say_complete, say_complete, say_complete, say_bytes,
	end_stream, fault,
	paper_kernel_submit, paper_kernel_submit, paper_kernel_submit,
	paper_kernel_iso, paper_kernel_iso, paper_kernel_verb,
	paper_kernel_cancel, paper_kernel_cancel, paper_kernel_unbind,
};

/* What the kernel waits for the agent has, and nothing else. */
static void check_held(void)
{
	const struct queue *queue = bed.remote->queue;
	const struct port *port;
	uint32_t in_flight = 0;
	uint32_t held = 0;
	uint32_t i;

	if (!queue || !paper_kernel.ring || ring_dead(paper_kernel.ring) ||
	    ring_waiting(paper_kernel.ring))
		return;
	paper_kernel_consume();
	for (i = 0; i < PAPER_TAGS; i++) {
		fuzz_check(paper_kernel.slots[i].busy ==
			   (queue->xfers.slots[i].state != XFER_FREE));
		held += paper_kernel.slots[i].busy;
	}
	TAILQ_FOREACH(port, &bed.remote->ports, entry)
		in_flight += port->in_flight;
	fuzz_check(held == in_flight);
	fuzz_check(queue->xfers.heap_bytes + queue->xfers.long_bytes <=
		   HEAP_MAX);
}

static void stop(void)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	struct input none = { NULL, 0 };
	unsigned int i;

	fuzz_check(letter);
	letter->type = LETTER_STOP;
	remote_post(bed.remote, letter);
	turn();
	look_up(&none);
	for (i = 0; i < 4; i++) {
		if (bed.conn)
			paper_lose(bed.conn, 0);
		turn();
	}
	fuzz_check(!bed.conn && !bed.remote->queue);
	/* All handles are closed, so nothing is waited for. */
	fuzz_check(!uv_run(&bed.remote->loop, UV_RUN_NOWAIT));
	fuzz_check(!uv_loop_close(&bed.remote->loop));
	fuzz_check(!paper_kernel.ring);
	free(letter);
	remote_join(bed.remote);
}

static const struct settings settings = {
	.name = "paper",
	.linger_s = 60,
	.ring = { .features = P2PVHCI_F_ALL, .tags = PAPER_TAGS,
		  .in_bytes = 64u << 10, .out_bytes = 64u << 10 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct remote_config config = {
		.settings = &settings, .home = &home, .listen_fd = -1,
	};
	struct input in = { data, size };
	struct peer peer = { .name = "server", .address = "192.0.2.1" };

	memset(&bed, 0, sizeof(bed));
	memset(&paper_kernel, 0, sizeof(paper_kernel));
	paper_ears = &ears;
	clock_reset();
	fuzz_check(!remote_start(&config, &peer, &bed.remote));
	while (in.left) {
		steps[input_pick(&in, sizeof(steps) / sizeof(steps[0]))](&in);
		turn();
		check_held();
	}
	stop();
	return 0;
}
