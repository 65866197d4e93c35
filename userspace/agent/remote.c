// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * remote - the thread of one peer: its link, its queue, its devices.
 *
 * Does not dial again by itself when a link breaks: somebody has to want it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "remote.h"
#include "target.h"

#define REMOTE_STACK_TOUCH	(128u << 10)	/* bytes paged in at start */

static const char *const remote_states[] = {
	[REMOTE_IDLE] = "idle",
	[REMOTE_RESOLVING] = "resolving",
	[REMOTE_DIALLING] = "dialling",
	[REMOTE_UP] = "up",
	[REMOTE_CLOSING] = "closing",
};

_Static_assert(sizeof(remote_states) / sizeof(remote_states[0]) ==
	       REMOTE_NSTATES, "every state has a name");

#define MOVE(state)	(1u << REMOTE_##state)

static const unsigned int remote_next[] = {
	[REMOTE_IDLE] = MOVE(RESOLVING) | MOVE(DIALLING),
	[REMOTE_RESOLVING] = MOVE(DIALLING) | MOVE(IDLE),
	[REMOTE_DIALLING] = MOVE(UP) | MOVE(CLOSING) | MOVE(IDLE),
	[REMOTE_UP] = MOVE(CLOSING) | MOVE(IDLE),
	[REMOTE_CLOSING] = MOVE(IDLE),
};

const char *remote_state_name(enum remote_state state)
{
	return remote_states[state];
}

static void set_state(struct remote *remote, enum remote_state next)
{
	if (!(remote_next[remote->state] & (1u << next)))
		log_err("%s: %s -> %s is no legal move", remote->peer.name,
			remote_states[remote->state], remote_states[next]);
	remote->state = next;
}

/* What a broken link means to a person. */
static const struct {
	int err;
	const char *code;
	const char *hint;
} remote_errors[] = {
	{ -EACCES, "E_KEY", "p2pusbctl id on both machines" },
	{ -EPROTO, "E_PROTOCOL", "p2pusbctl --version on both machines" },
	{ -EPROTONOSUPPORT, "E_PROTOCOL",
	  "p2pusbctl --version on both machines" },
	{ -EUSERS, "E_LIMIT", NULL },
	{ -ESHUTDOWN, "E_SHUTDOWN", NULL },
	{ -ENOMEM, "E_INTERNAL", NULL },
	{ 0, "E_UNREACHABLE", "systemctl status p2pusbd on that machine" },
};

static void refuse_wants(struct remote *remote, int err, const char *why)
{
	size_t i;

	for (i = 0; remote_errors[i].err; i++)
		if (remote_errors[i].err == err)
			break;
	want_refuse_all(remote, remote_errors[i].code, why,
			remote_errors[i].hint);
}

static void free_addrs(struct remote *remote)
{
	if (remote->addrs)
		uv_freeaddrinfo(remote->addrs);
	remote->addrs = NULL;
	remote->addr = NULL;
}

static void hang_up(struct remote *remote, uint64_t code, const char *why)
{
	if (!remote->link || remote->state == REMOTE_CLOSING)
		return;
	free_addrs(remote);
	set_state(remote, REMOTE_CLOSING);
	link_close(remote->link, code, why);
}

static void drop_leaving(struct remote *remote)
{
	struct leaving *leaving;

	while ((leaving = TAILQ_FIRST(&remote->leaving))) {
		TAILQ_REMOVE(&remote->leaving, leaving, entry);
		free(leaving);
	}
}

static void end_ports(struct remote *remote, unsigned int tell, int err)
{
	struct port *port;

	while ((port = TAILQ_FIRST(&remote->ports)))
		port_end(port, tell, err);
}

static void remote_finish(struct remote *remote);
static int dial_next(struct remote *remote);

/* The handshake failed at one address: the next, or tell who waits. */
static void dial_failed(struct remote *remote, int err, const char *why)
{
	/* It was the right machine; another address will not be better. */
	if (err != -EACCES && !dial_next(remote))
		return;
	free_addrs(remote);
	refuse_wants(remote, err, why);
}

static void link_down(struct link *link, int err, const char *why)
{
	struct remote *remote = link_ctx(link);
	enum remote_state was = remote->state;
	char text[384];
	char addr[64];

	link_peer_addr(link, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s: %.256s", addr, why);
	remote->link = NULL;
	remote->listed = 0;
	remote->ndevices = 0;
	set_state(remote, REMOTE_IDLE);
	end_ports(remote, PORT_TELL_KERNEL, err ? -err : ECONNRESET);
	drop_leaving(remote);
	descs_drop(&remote->descs);
	if (was == REMOTE_UP)
		log_note("%s: link down: %s", remote->peer.name, text);
	if (remote->stop)
		remote_finish(remote);
	else if (was == REMOTE_CLOSING)
		want_rewind(remote);
	else if (was == REMOTE_DIALLING)
		dial_failed(remote, err, text);
	else
		refuse_wants(remote, err, text);
}

static void link_is_up(struct link *link, const struct wire_hello *hello)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_LIST };
	struct remote *remote = link_ctx(link);

	if (remote->state != REMOTE_DIALLING)
		return;
	set_state(remote, REMOTE_UP);
	free_addrs(remote);
	remote->hello = *hello;
	link_send(link, &msg);
	/* Whoever wanted it may have given up while a name was looked up. */
	remote_settle(remote);
}

static int link_msg(struct link *link, const struct wire_msg *msg)
{
	struct remote *remote = link_ctx(link);

	return remote->state == REMOTE_UP ? remote_msg(remote, msg) : 0;
}

static int link_begin(struct link *link, const struct wire_msg *msg, void **dst)
{
	return remote_msg_begin(link_ctx(link), msg, dst);
}

static int ep_begin(struct link_ep *stream, const struct wire_msg *msg,
		    void **dst)
{
	return xfer_begin(link_ep_ctx(stream), msg, dst);
}

static int ep_msg(struct link_ep *stream, const struct wire_msg *msg)
{
	return xfer_end(link_ep_ctx(stream), msg);
}

static void ep_down(struct link_ep *stream)
{
	port_stream_lost(link_ep_ctx(stream));
}

static const struct link_ops remote_ops = {
	.up = link_is_up,
	.down = link_down,
	.begin = link_begin,
	.msg = link_msg,
	.ep_begin = ep_begin,
	.ep_msg = ep_msg,
	.ep_down = ep_down,
};

static void fill_hello(const struct remote *remote, struct wire_hello *hello)
{
	memset(hello, 0, sizeof(*hello));
	hello->major = P2PUSB_VERSION_MAJOR;
	hello->minor = P2PUSB_VERSION_MINOR;
	hello->caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER |
		      P2PUSB_CAP_DESCS;
	hello->max_urbs = remote->config->settings->ring.tags;
	hello->max_urb_bytes = remote->config->settings->ring.in_bytes / 2;
	hello->max_ep_bytes = remote->config->settings->ring.in_bytes;
	if (getrandom(hello->boot_id, sizeof(hello->boot_id), GRND_NONBLOCK) < 0)
		log_warn("no random boot id: %s", strerror(errno));
	strcpy(hello->name, remote->config->settings->name);
}

static int dial_next(struct remote *remote)
{
	struct link_config config = {
		.loop = &remote->loop,
		.key = remote->config->key,
		.ops = &remote_ops,
		.owner = remote,
	};
	const struct addrinfo *addr;
	int ret = -EHOSTUNREACH;

	fill_hello(remote, &config.hello);
	while (ret && remote->addr) {
		addr = remote->addr;
		remote->addr = addr->ai_next;
		ret = link_dial(&config, addr->ai_addr, addr->ai_addrlen,
				remote->peer.key, remote, &remote->link);
	}
	if (ret)
		return ret;
	set_state(remote, REMOTE_DIALLING);
	return 0;
}

static void resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *res)
{
	struct remote *remote = req->data;
	char why[256];
	int ret;

	remote->addrs = res;
	remote->addr = res;
	if (remote->stop) {
		free_addrs(remote);
		set_state(remote, REMOTE_IDLE);
		remote_finish(remote);
		return;
	}
	ret = status < 0 ? status : dial_next(remote);
	if (!ret)
		return;
	set_state(remote, REMOTE_IDLE);
	free_addrs(remote);
	snprintf(why, sizeof(why), "%.128s: %s", remote->peer.address,
		 uv_strerror(ret));
	refuse_wants(remote, -EHOSTUNREACH, why);
}

static int resolve(struct remote *remote)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_protocol = IPPROTO_UDP,
		.ai_flags = AI_NUMERICSERV,
	};
	char host[TARGET_HOST_MAX + 1];
	char port[6];
	int ret;

	ret = target_address(remote->peer.address, host, port);
	if (ret)
		return ret;
	remote->resolve.data = remote;
	return uv_getaddrinfo(&remote->loop, &remote->resolve, resolved, host,
			      port, &hints);
}

void remote_need_link(struct remote *remote)
{
	char why[256];

	if (remote->state != REMOTE_IDLE)
		return;
	if (resolve(remote)) {
		snprintf(why, sizeof(why), "\"%.128s\" is no address",
			 remote->peer.address);
		want_refuse_all(remote, "E_BAD_ADDRESS", why,
				"p2pusbctl peer add NAME ID --address HOST");
		return;
	}
	set_state(remote, REMOTE_RESOLVING);
}

int remote_need_queue(struct remote *remote)
{
	return remote->queue ? 0 : queue_open(remote, &remote->queue);
}

static void close_queue(struct remote *remote)
{
	if (remote->queue)
		queue_close(remote->queue);
	remote->queue = NULL;
}

void remote_queue_lost(struct remote *remote, const char *why)
{
	log_err("%s: queue to the kernel lost: %s; its devices are unplugged",
		remote->peer.name, why);
	end_ports(remote, 0, ESHUTDOWN);
	close_queue(remote);
	hang_up(remote, P2PUSB_CLOSE_OK, "queue lost");
}

static void lingered(uv_timer_t *timer)
{
	struct remote *remote = timer->data;

	close_queue(remote);
	hang_up(remote, P2PUSB_CLOSE_OK, "nothing is attached");
}

void remote_settle(struct remote *remote)
{
	uint64_t linger = remote->config->settings->linger_s * 1000ull;

	if (remote->stop)
		return;
	if (TAILQ_EMPTY(&remote->ports) && TAILQ_EMPTY(&remote->wants) &&
	    TAILQ_EMPTY(&remote->comebacks))
		uv_timer_start(&remote->linger, lingered, linger, 0);
	else
		uv_timer_stop(&remote->linger);
}

/* Nothing is left to wait for: let the loop run out. */
static void remote_finish(struct remote *remote)
{
	close_queue(remote);
	uv_close((uv_handle_t *)&remote->linger, NULL);
	mailbox_close(&remote->box);
}

static void remote_stop(struct remote *remote, struct letter *letter)
{
	remote->stop = letter;
	want_refuse_all(remote, "E_SHUTDOWN", "the agent stops", NULL);
	comeback_drop_all(remote);
	end_ports(remote, PORT_TELL_KERNEL | PORT_TELL_SERVER, 0);
	if (remote->link)
		hang_up(remote, P2PUSB_CLOSE_SHUTDOWN, "the agent stops");
	else if (remote->state == REMOTE_RESOLVING)
		uv_cancel((uv_req_t *)&remote->resolve);
	else
		remote_finish(remote);
}

static void remote_take(void *owner, struct letter *letter)
{
	struct remote *remote = owner;

	letter->from = remote;
	switch (letter->type) {
	case LETTER_ATTACH:
	case LETTER_LIST:
		want_take(remote, letter);
		break;
	case LETTER_STATUS:
		letter->data = remote_status(remote);
		mailbox_post(remote->config->home, letter);
		break;
	case LETTER_STOP:
		remote_stop(remote, letter);
		break;
	}
}

/* With MCL_ONFAULT a page is locked when it was touched: do it now. */
static void touch_stack(void)
{
	volatile char page[REMOTE_STACK_TOUCH];
	size_t i;

	for (i = 0; i < sizeof(page); i += 4096)
		page[i] = 0;
}

static void remote_main(void *arg)
{
	struct remote *remote = arg;

	touch_stack();
	uv_run(&remote->loop, UV_RUN_DEFAULT);
	uv_loop_close(&remote->loop);
	/* The service joins us when it reads this. */
	mailbox_post(remote->config->home, remote->stop);
}

int remote_start(const struct remote_config *config, const struct peer *peer,
		 struct remote **out)
{
	struct remote *remote;
	int ret;

	remote = calloc(1, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	remote->config = config;
	remote->peer = *peer;
	TAILQ_INIT(&remote->wants);
	TAILQ_INIT(&remote->ports);
	TAILQ_INIT(&remote->leaving);
	TAILQ_INIT(&remote->comebacks);
	ret = uv_loop_init(&remote->loop);
	if (ret)
		goto err_free;
	ret = mailbox_open(&remote->box, &remote->loop, remote_take, remote);
	if (ret)
		goto err_close_loop;
	uv_timer_init(&remote->loop, &remote->linger);
	remote->linger.data = remote;
	ret = uv_thread_create(&remote->thread, remote_main, remote);
	if (ret)
		goto err_close_box;
	*out = remote;
	return 0;

err_close_box:
	uv_close((uv_handle_t *)&remote->linger, NULL);
	mailbox_close(&remote->box);
	uv_run(&remote->loop, UV_RUN_DEFAULT);
	mailbox_free(&remote->box);
err_close_loop:
	uv_loop_close(&remote->loop);
err_free:
	free(remote);
	return ret;
}

void remote_post(struct remote *remote, struct letter *letter)
{
	mailbox_post(&remote->box, letter);
}

void remote_join(struct remote *remote)
{
	uv_thread_join(&remote->thread);
	mailbox_free(&remote->box);
	free(remote);
}
