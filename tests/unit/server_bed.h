/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server with an engine of paper, and agents that speak to it over real
 * links, all in one loop.  Included by the tests of server/.
 */
#ifndef TESTS_SERVER_BED_H
#define TESTS_SERVER_BED_H

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "device.h"
#include "server.h"
#include "session.h"

#define BED_FLYING	64
#define BED_MSGS	64
#define BED_CALLS	32
#define BED_DATA	4096
#define BED_WAIT_MS	10000

/* A device of paper: what was asked of it, what it shall answer. */
struct engine_device {
	char busid[P2PUSB_BUSID_MAX + 1];
	int held;
	struct engine_xfer *flying[BED_FLYING];
	unsigned int nflying;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct engine_xfer *cancelled[BED_FLYING];
	unsigned int ncancelled;
	unsigned int nkilled;	/* cancels, ever */
	unsigned int killed_before[ENGINE_EP_COUNT];	/* the last submit */
	uint32_t cancel_actual;
	char calls[BED_CALLS][40];
	unsigned int ncalls;
	int blocked;		/* verbs wait */
	int verb_err;
	int submit_err;
	size_t room;		/* of memory for transfers, 0 = no end of it */
	size_t used;
	uint8_t missing;	/* endpoint that is not there */
	unsigned int streams_max;
	unsigned int reaps;	/* until then something is outstanding */
};

static struct engine_device *paper_last;
static int paper_claim_errs;	/* claims that fail with -EBUSY first */

static inline void paper_call(struct engine_device *dev, const char *fmt, ...)
{
	va_list args;

	pthread_mutex_lock(&dev->lock);
	va_start(args, fmt);
	if (dev->ncalls < BED_CALLS)
		vsnprintf(dev->calls[dev->ncalls++], 40, fmt, args);
	va_end(args);
	while (dev->blocked)
		pthread_cond_wait(&dev->wake, &dev->lock);
	pthread_mutex_unlock(&dev->lock);
}

static inline void paper_block(struct engine_device *dev, int blocked)
{
	pthread_mutex_lock(&dev->lock);
	dev->blocked = blocked;
	pthread_cond_broadcast(&dev->wake);
	pthread_mutex_unlock(&dev->lock);
}

static inline int paper_called(struct engine_device *dev, const char *call)
{
	int found = 0;
	unsigned int i;

	pthread_mutex_lock(&dev->lock);
	for (i = 0; i < dev->ncalls; i++)
		found += !strcmp(dev->calls[i], call);
	pthread_mutex_unlock(&dev->lock);
	return found;
}

static inline int paper_open(struct engine *engine, const char *busid,
			     struct engine_device **dev)
{
	struct engine_device *d = calloc(1, sizeof(*d));

	(void)engine;
	strcpy(d->busid, busid);
	d->held = 1;
	d->streams_max = 16;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->wake, NULL);
	paper_last = d;
	*dev = d;
	return 0;
}

static inline void paper_close(struct engine_device *dev)
{
	assert_true(dev->held);
	assert_int_equal(dev->nflying, 0);
	free(dev);
}

static inline void paper_take(struct engine_device *dev,
			      struct engine_xfer *xfer)
{
	unsigned int i;

	for (i = 0; i < dev->nflying && dev->flying[i] != xfer; i++)
		;
	assert_true(i < dev->nflying);
	memmove(&dev->flying[i], &dev->flying[i + 1],
		(dev->nflying - i - 1) * sizeof(dev->flying[0]));
	dev->nflying--;
}

/* The device has done with a transfer. */
static inline void paper_done(struct engine_device *dev, unsigned int i,
			      uint32_t status, uint32_t actual)
{
	struct engine_xfer *xfer = dev->flying[i];

	assert_true(i < dev->nflying);
	assert_false(dev->held);
	paper_take(dev, xfer);
	xfer->status = status;
	xfer->actual = actual;
	xfer->done(xfer);
}

static inline void paper_hold(struct engine_device *dev)
{
	dev->held = 1;
}

static inline void paper_resume(struct engine_device *dev)
{
	struct engine_xfer *xfer;

	dev->held = 0;
	while (dev->ncancelled && !dev->held) {
		xfer = dev->cancelled[--dev->ncancelled];
		paper_take(dev, xfer);
		xfer->status = P2PUSB_ST_CANCELLED;
		xfer->actual = dev->cancel_actual;
		xfer->done(xfer);
	}
}

/* Nothing is done before @resume; the worker asks a few times. */
static inline int paper_reap(struct engine_device *dev)
{
	assert_true(dev->held);
	paper_call(dev, "reap");
	return dev->ncalls < dev->reaps;
}

static inline int paper_claim(struct engine_device *dev)
{
	paper_call(dev, "claim");
	return paper_claim_errs && paper_claim_errs-- ? -EBUSY : 0;
}

static inline int paper_release(struct engine_device *dev)
{
	paper_call(dev, "release");
	return 0;
}

static inline uint8_t *paper_alloc(struct engine_device *dev, uint8_t type,
				   size_t len)
{
	(void)dev;
	(void)type;
	return malloc(len ? len : 1);
}

static inline void paper_free(struct engine_device *dev, uint8_t *buf,
			      size_t len)
{
	(void)dev;
	(void)len;
	free(buf);
}

static inline int paper_submit(struct engine_device *dev,
			       struct engine_xfer *xfer)
{
	assert_false(dev->held);
	if (dev->submit_err)
		return dev->submit_err;
	if (dev->room && dev->used + xfer->length > dev->room)
		return -ENOMEM;
	dev->used += xfer->length;
	assert_true(dev->nflying < BED_FLYING);
	dev->flying[dev->nflying++] = xfer;
	dev->killed_before[engine_slot(xfer->ep)] = dev->nkilled;
	xfer->priv = dev;
	return 0;
}

static inline void paper_put(struct engine_device *dev,
			     struct engine_xfer *xfer)
{
	dev->used -= xfer->length;
	xfer->priv = NULL;
}

static inline int paper_cancel(struct engine_device *dev,
			       struct engine_xfer *xfer)
{
	paper_call(dev, "cancel");
	assert_true(dev->held);
	dev->nkilled++;
	dev->cancelled[dev->ncancelled++] = xfer;
	return 0;
}

static inline int paper_endpoint(struct engine_device *dev, uint8_t ep)
{
	if (ep == dev->missing)
		return -ENOENT;
	return (ep & 0x0f) == 3 ? P2PUSB_XFER_INTERRUPT :
	       (ep & 0x0f) == 4 ? P2PUSB_XFER_ISO : P2PUSB_XFER_BULK;
}

static inline int paper_configuration(struct engine_device *dev, int value)
{
	paper_call(dev, "configuration %d", value);
	return dev->verb_err;
}

static inline int paper_interface(struct engine_device *dev, int number,
				  int alt)
{
	paper_call(dev, "interface %d %d", number, alt);
	return dev->verb_err;
}

static inline int paper_clear_halt(struct engine_device *dev, uint8_t ep)
{
	paper_call(dev, "clear_halt %02x", ep);
	return dev->verb_err;
}

static inline int paper_reset(struct engine_device *dev)
{
	paper_call(dev, "reset");
	return dev->verb_err;
}

static inline int paper_alloc_streams(struct engine_device *dev,
				      const uint8_t *eps, unsigned int n,
				      unsigned int wanted)
{
	paper_call(dev, "streams %u of %02x, %u", n, eps[0], wanted);
	if (dev->verb_err)
		return dev->verb_err;
	return wanted < dev->streams_max ? wanted : dev->streams_max;
}

static inline int paper_free_streams(struct engine_device *dev,
				     const uint8_t *eps, unsigned int n)
{
	paper_call(dev, "no streams %u of %02x", n, eps[0]);
	return dev->verb_err;
}

/* It has no descriptors. */
static inline int paper_control(struct engine_device *dev,
				const uint8_t setup[8], void *data,
				unsigned int timeout_ms)
{
	(void)dev;
	(void)setup;
	(void)data;
	(void)timeout_ms;
	return -EPIPE;
}

static inline int paper_power(struct engine_device *dev, uint32_t state)
{
	paper_call(dev, "power %u", state);
	return dev->verb_err;
}

static const struct engine_ops paper_ops = {
	.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER,
	.open = paper_open,
	.close = paper_close,
	.hold = paper_hold,
	.resume = paper_resume,
	.reap = paper_reap,
	.claim = paper_claim,
	.release = paper_release,
	.alloc = paper_alloc,
	.free = paper_free,
	.submit = paper_submit,
	.put = paper_put,
	.cancel = paper_cancel,
	.endpoint = paper_endpoint,
	.set_configuration = paper_configuration,
	.set_interface = paper_interface,
	.clear_halt = paper_clear_halt,
	.reset = paper_reset,
	.control = paper_control,
	.alloc_streams = paper_alloc_streams,
	.free_streams = paper_free_streams,
	.power = paper_power,
};

/* An agent: all messages it got, in order. */
struct agent {
	struct bed *bed;
	struct key key;
	struct link *link;
	int up;
	int down;
	int err;
	char why[512];
	struct wire_msg msgs[BED_MSGS];
	uint8_t data[BED_MSGS][BED_DATA];
	unsigned int nmsgs;
};

struct bed {
	struct server server;
	struct agent agent[2];
	uv_timer_t timer;
	int late;
	char peers[64];
};

static inline struct agent *agent_of(struct link *link)
{
	return link_ctx(link);
}

static inline void agent_up(struct link *link, const struct wire_hello *peer)
{
	(void)peer;
	agent_of(link)->up = 1;
}

static inline void agent_down(struct link *link, int err, const char *why)
{
	struct agent *agent = agent_of(link);

	agent->down = 1;
	agent->err = err;
	snprintf(agent->why, sizeof(agent->why), "%s", why);
}

static inline int agent_begin(struct link *link, const struct wire_msg *msg,
			      void **dst)
{
	struct agent *agent = agent_of(link);

	assert_true(msg->payload <= BED_DATA);
	*dst = agent->data[agent->nmsgs];
	return 0;
}

static inline int agent_msg(struct link *link, const struct wire_msg *msg)
{
	struct agent *agent = agent_of(link);

	assert_true(agent->nmsgs < BED_MSGS);
	agent->msgs[agent->nmsgs++] = *msg;
	return 0;
}

static inline int agent_ep_begin(struct link_ep *ep,
				 const struct wire_msg *msg, void **dst)
{
	return agent_begin(link_ep_link(ep), msg, dst);
}

static inline int agent_ep_msg(struct link_ep *ep, const struct wire_msg *msg)
{
	return agent_msg(link_ep_link(ep), msg);
}

static inline void agent_ep_down(struct link_ep *ep)
{
	(void)ep;
}

static const struct link_ops agent_ops = {
	.up = agent_up,
	.begin = agent_begin,
	.down = agent_down,
	.msg = agent_msg,
	.ep_begin = agent_ep_begin,
	.ep_msg = agent_ep_msg,
	.ep_down = agent_ep_down,
};

/* Time */

static inline void bed_late(uv_timer_t *timer)
{
	((struct bed *)timer->data)->late = 1;
}

#define bed_until(bed, condition) do {					\
	(bed)->late = 0;						\
	uv_timer_start(&(bed)->timer, bed_late, BED_WAIT_MS, 0);	\
	while (!(condition)) {						\
		assert_false((bed)->late);				\
		uv_run(&(bed)->server.loop, UV_RUN_ONCE);		\
	}								\
	uv_timer_stop(&(bed)->timer);					\
} while (0)

/* Long enough for what must not happen. */
static inline void bed_idle(struct bed *bed, unsigned int ms)
{
	bed->late = 0;
	uv_timer_start(&bed->timer, bed_late, ms, 0);
	while (!bed->late)
		uv_run(&bed->server.loop, UV_RUN_ONCE);
}

/* Start and end */

static inline void bed_admit(struct bed *bed, unsigned int i,
			     const char *pattern)
{
	struct peer peer = { .nallow = pattern ? 1 : 0 };

	snprintf(peer.name, sizeof(peer.name), "agent%u", i);
	memcpy(peer.key, bed->agent[i].key.pub, KEY_LEN);
	if (pattern)
		strcpy(peer.allow[0], pattern);
	assert_int_equal(peer_add(bed->server.peers, &peer), 0);
}

static inline void bed_key(struct key *key)
{
	char path[] = "/tmp/p2pusb-unit-XXXXXX";
	char file[64];

	assert_non_null(mkdtemp(path));
	snprintf(file, sizeof(file), "%s/key", path);
	assert_int_equal(key_load(file, key), 0);
	unlink(file);
	rmdir(path);
}

static inline struct bed *bed_start(void)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct bed *bed = calloc(1, sizeof(*bed));
	struct server *server = &bed->server;
	struct link_config config;
	char error[256];
	int fd;

	server->ops = &paper_ops;
	uv_loop_init(&server->loop);
	uv_timer_init(&server->loop, &bed->timer);
	bed->timer.data = bed;
	uv_timer_init(&server->loop, &server->hunger);
	server->hunger.data = server;
	TAILQ_INIT(&server->devices);
	TAILQ_INIT(&server->sessions);
	strcpy(bed->peers, "/tmp/p2pusb-unit-XXXXXX");
	fd = mkstemp(bed->peers);
	close(fd);
	assert_int_equal(peer_list_load(bed->peers, &server->peers, error,
					sizeof(error)), 0);
	bed_key(&server->key);
	bed_key(&bed->agent[0].key);
	bed_key(&bed->agent[1].key);
	server->settings.max_links = 4;
	server->hello = (struct wire_hello) {
		.major = 1,
		.caps = paper_ops.caps | P2PUSB_CAP_DESCS,
		.max_urbs = 8,
		.max_urb_bytes = 4096,
		.max_ep_bytes = 8192,
		.boot_id = { 1 },
	};
	assert_int_equal(worker_pool_open(&server->loop, &server->pool), 0);
	config = (struct link_config) {
		.loop = &server->loop,
		.key = &server->key,
		.hello = server->hello,
		.ops = &session_ops,
		.owner = server,
	};
	assert_int_equal(link_listen(&config, (struct sockaddr *)&addr,
				     sizeof(addr), &server->listeners[0]), 0);
	server->nlisteners = 1;
	paper_claim_errs = 0;
	return bed;
}

static inline void bed_walk(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static inline void bed_stop(struct bed *bed)
{
	struct server *server = &bed->server;
	struct device *dev;

	TAILQ_FOREACH(dev, &server->devices, entry)
		device_unshare(dev, NULL, P2PUSB_CODE_SHUTDOWN, "the end");
	link_listener_close(server->listeners[0], P2PUSB_CLOSE_SHUTDOWN,
			    "the end");
	bed_until(bed, !server->nshared && TAILQ_EMPTY(&server->sessions));
	worker_pool_close(server->pool);
	uv_close((uv_handle_t *)&bed->timer, NULL);
	uv_close((uv_handle_t *)&server->hunger, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&server->loop), 0);
	while ((dev = TAILQ_FIRST(&server->devices))) {
		TAILQ_REMOVE(&server->devices, dev, entry);
		free(dev);
	}
	peer_list_free(server->peers);
	unlink(bed->peers);
	free(bed);
}

static inline void bed_dial(struct bed *bed, unsigned int i, uint8_t boot)
{
	struct agent *agent = &bed->agent[i];
	struct link_config config = {
		.loop = &bed->server.loop,
		.key = &agent->key,
		.hello = { .major = 1, .max_urbs = 1, .boot_id = { boot },
			   .caps = P2PUSB_CAP_POWER |
				   (i ? 0 : P2PUSB_CAP_DESCS),
			   .name = "unit" },
		.ops = &agent_ops,
	};
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	addr.sin6_port = htons(link_listener_port(bed->server.listeners[0]));
	agent->bed = bed;
	agent->up = 0;
	agent->down = 0;
	assert_int_equal(link_dial(&config, (struct sockaddr *)&addr,
				   sizeof(addr), bed->server.key.pub, agent,
				   &agent->link), 0);
}

static inline void bed_connect(struct bed *bed, unsigned int i)
{
	struct agent *agent = &bed->agent[i];

	bed_dial(bed, i, 1);
	bed_until(bed, agent->up || agent->down);
	assert_true(agent->up);
}

/* Devices */

static inline struct device *bed_plug(struct bed *bed, const char *busid)
{
	struct wire_device info = {
		.vid = 0x1234, .pid = 0x5678, .speed = P2PUSB_SPEED_HIGH,
		.product = "paper",
	};

	strcpy(info.busid, busid);
	device_arrived(&bed->server, &info);
	return device_find(&bed->server, busid);
}

static inline struct device *bed_share(struct bed *bed, const char *busid)
{
	struct device *dev = bed_plug(bed, busid);

	device_share(dev, NULL);
	bed_until(bed, dev->state != DEVICE_CLAIMING);
	assert_int_equal(dev->state, DEVICE_SHARED);
	return dev;
}

/* Speaking as an agent */

static inline const struct wire_msg *bed_next(struct bed *bed, unsigned int i,
					      uint16_t type, unsigned int from)
{
	struct agent *agent = &bed->agent[i];
	unsigned int n = from;

	for (;;) {
		for (; n < agent->nmsgs; n++) {
			if (agent->msgs[n].type == type)
				return &agent->msgs[n];
		}
		bed_until(bed, agent->nmsgs > n || agent->down);
		assert_false(agent->down && agent->nmsgs == n);
	}
}

static inline void bed_forget(struct bed *bed, unsigned int i)
{
	bed->agent[i].nmsgs = 0;
}

static inline void bed_send_attach(struct bed *bed, unsigned int i,
				   const char *busid)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_ATTACH, .attach = { .req = 7 },
	};

	strcpy(msg.attach.busid, busid);
	assert_int_equal(link_send(bed->agent[i].link, &msg), 0);
}

static inline uint32_t bed_attach(struct bed *bed, unsigned int i,
				  const char *busid)
{
	uint32_t dev;

	bed_send_attach(bed, i, busid);
	dev = bed_next(bed, i, P2PUSB_MSG_ATTACHED, 0)->attached.dev;
	bed_forget(bed, i);
	return dev;
}

static inline void bed_detach(struct bed *bed, unsigned int i, uint32_t dev)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_DETACH, .detach = { .dev = dev },
	};

	assert_int_equal(link_send(bed->agent[i].link, &msg), 0);
}

static inline struct link_ep *bed_ep(struct bed *bed, uint32_t dev, uint8_t ep,
				     uint8_t type)
{
	struct wire_ep_open open = {
		.dev = dev, .epoch = 1, .ep = ep, .type = type,
	};
	struct link_ep *stream;

	assert_int_equal(link_ep_open(bed->agent[0].link, &open,
				      LINK_PRIO_BULK, NULL, &stream), 0);
	return stream;
}

static inline void bed_submit(struct link_ep *ep, uint64_t seq, uint32_t length,
			      const void *payload)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.payload = payload ? length : 0,
		.submit = { .seq = seq, .epoch = 1, .length = length },
	};

	assert_int_equal(link_ep_send(ep, &msg, payload), 0);
}

/* Two isochronous packets; @more bytes than they say. */
static inline void bed_iso(struct link_ep *ep, uint64_t seq, uint32_t more,
			   uint32_t len0, uint32_t len1, const void *data)
{
	const uint32_t lens[2] = { len0, len1 };
	uint32_t length = len0 + len1 + more;
	uint8_t payload[64] = { 0 };
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.payload = sizeof(lens) + (data ? length : 0),
		.submit = { .seq = seq, .epoch = 1, .length = length,
			    .npkt = 2 },
	};

	wire_packet_put_lens(payload, lens, 2);
	if (data)
		memcpy(payload + sizeof(lens), data, length);
	assert_int_equal(link_ep_send(ep, &msg, payload), 0);
}

static inline void bed_control(struct link_ep *ep, uint64_t seq, uint8_t type,
			       uint8_t request, uint16_t value, uint16_t index,
			       uint16_t length)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.payload = type & 0x80 ? 0 : length,
		.submit = { .seq = seq, .epoch = 1, .length = length,
			    .setup = { type, request, value, value >> 8,
				       index, index >> 8, length,
				       length >> 8 } },
	};
	static const uint8_t zeros[BED_DATA];

	assert_int_equal(link_ep_send(ep, &msg, zeros), 0);
}

static inline void bed_cancel(struct link_ep *ep, uint64_t seq)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_CANCEL,
		.cancel = { .seq = seq, .epoch = 1 },
	};

	assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
}

static inline void bed_reset(struct link_ep *ep, uint64_t seq)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_RESET,
		.reset = { .seq = seq, .epoch = 1 },
	};

	assert_int_equal(link_ep_send(ep, &msg, NULL), 0);
}

/* The n-th COMPLETE since bed_forget(). */
static inline const struct wire_complete *bed_complete(struct bed *bed,
						       unsigned int n)
{
	bed_until(bed, bed->agent[0].nmsgs > n || bed->agent[0].down);
	assert_true(bed->agent[0].nmsgs > n);
	assert_int_equal(bed->agent[0].msgs[n].type, P2PUSB_MSG_COMPLETE);
	return &bed->agent[0].msgs[n].complete;
}

static inline void bed_expect(struct bed *bed, unsigned int n, uint64_t seq,
			      uint32_t status, uint32_t actual)
{
	const struct wire_complete *complete = bed_complete(bed, n);

	assert_int_equal(complete->seq, seq);
	assert_int_equal(complete->status, status);
	assert_int_equal(complete->actual, actual);
}

/* The server closed the link, and said why. */
static inline void bed_violated(struct bed *bed, const char *part)
{
	struct agent *agent = &bed->agent[0];

	bed_until(bed, agent->down);
	if (!strstr(agent->why, part))
		fail_msg("\"%s\" is not in \"%s\"", part, agent->why);
}

#endif /* TESTS_SERVER_BED_H */
