// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * service - the agent's first thread: requests in, answers out.
 *
 * Never waits: what takes time is done by a peer's thread and comes back as a
 * letter.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "log.h"
#include "notify.h"
#include "service.h"
#include "target.h"
#include "verbs.h"

#define STOP_MS		1500	/* SIGTERM to the end, at most */
#define MARGIN_MS	250	/* our refusal reaches the tool before its own */
#define SENTENCE_MAX	1024

static void service_stop(struct service *service, int status);

struct letter *service_letter(enum letter_type type, uint32_t timeout_ms,
			      void *ctx)
{
	struct letter *letter = calloc(1, sizeof(*letter));

	if (!letter)
		return NULL;
	letter->type = type;
	letter->ctx = ctx;
	letter->deadline = uv_hrtime() + timeout_ms * 1000000ull;
	return letter;
}

struct remote *service_find(struct service *service, const char *name)
{
	struct remote *remote;

	TAILQ_FOREACH(remote, &service->remotes, entry)
		if (!remote->stopping && !strcmp(remote->peer.name, name))
			return remote;
	return NULL;
}

int service_remote(struct service *service, const struct peer *peer,
		   struct remote **out)
{
	int ret;

	*out = service_find(service, peer->name);
	if (*out)
		return 0;
	ret = remote_start(&service->remote_config, peer, out);
	if (!ret)
		TAILQ_INSERT_TAIL(&service->remotes, *out, entry);
	return ret;
}

int service_stop_remote(struct remote *remote, void *ctx)
{
	struct letter *letter = service_letter(LETTER_STOP, STOP_MS, ctx);

	if (!letter)
		return -ENOMEM;
	remote->stopping = 1;
	remote_post(remote, letter);
	return 0;
}

static void refuse_attach(struct service *service, uint64_t cookie,
			  const struct refusal *refusal)
{
	char sentence[SENTENCE_MAX];

	refusal_sentence(refusal, sentence, sizeof(sentence));
	log_note("%s", sentence);
	ring_attach_done(service->ring->fd, cookie, refusal_errno(refusal),
			 sentence);
}

static int post_attach(struct service *service, const struct peer *peer,
		       const struct target *target, uint64_t cookie,
		       const struct p2pvhci_attach_request *head)
{
	uint32_t timeout_ms = head->timeout_ms;
	struct remote *remote;
	struct letter *letter;
	int ret;

	ret = service_remote(service, peer, &remote);
	if (ret)
		return ret;
	if (timeout_ms > 2 * MARGIN_MS)
		timeout_ms -= MARGIN_MS;
	letter = service_letter(LETTER_ATTACH, timeout_ms, NULL);
	if (!letter)
		return -ENOMEM;
	letter->cookie = cookie;
	letter->flags = head->flags;
	strcpy(letter->device, target->device);
	remote_post(remote, letter);
	return 0;
}

/* The sentence is for who typed the target; the kernel took it unread. */
static void start_attach(struct service *service, uint64_t cookie,
			 const uint8_t *text,
			 const struct p2pvhci_attach_request *head)
{
	uint32_t len = head->target_len;
	struct refusal refusal = { 0 };
	const struct peer *peer;
	struct target target;
	int ret;

	refusal_what(&refusal, "cannot attach \"%.*s\"",
		     (int)(len < 100 ? len : 100), (const char *)text);
	/* A thread started now would be told to stop by nobody. */
	if (service->stopping) {
		refusal_set(&refusal, "E_SHUTDOWN", NULL, "the agent stops");
		refuse_attach(service, cookie, &refusal);
		return;
	}
	if (target_parse(text, len, &target)) {
		refusal_what(&refusal, "cannot attach that");
		refusal_set(&refusal, "E_USAGE", NULL,
			    "a target is PEER/DEVICE, %u and %u bytes at most",
			    PEER_NAME_MAX, TARGET_DEVICE_MAX);
		refuse_attach(service, cookie, &refusal);
		return;
	}
	peer = peer_by_name(service->peers, target.peer);
	if (!peer) {
		refusal_set(&refusal, "E_UNKNOWN_PEER", "p2pusbctl peer list",
			    "no peer is called \"%s\"", target.peer);
		refuse_attach(service, cookie, &refusal);
		return;
	}
	ret = post_attach(service, peer, &target, cookie, head);
	if (ret) {
		refusal_set(&refusal, "E_INTERNAL", NULL, "no thread for %s: %s",
			    peer->name, strerror(-ret));
		refuse_attach(service, cookie, &refusal);
	}
}

static int take_attach(struct service *service, const struct p2pvhci_req *req)
{
	const uint8_t *payload = ring_out(service->ring, req);
	struct p2pvhci_attach_request head;

	if (!payload || req->len < sizeof(head))
		return -EPROTO;
	memcpy(&head, payload, sizeof(head));
	if (head.target_len > P2PVHCI_TARGET_MAX ||
	    head.target_len > req->len - sizeof(head))
		return -EPROTO;
	start_attach(service, req->token, payload + sizeof(head), &head);
	return 0;
}

static int take_requests(struct service *service)
{
	struct p2pvhci_req req;

	ring_wake(service->ring);
	do {
		while (ring_next(service->ring, &req))
			if (req.op != P2PVHCI_OP_ATTACH ||
			    take_attach(service, &req))
				return -EPROTO;
	} while (ring_sleep(service->ring));
	return ring_dead(service->ring) ? -ESHUTDOWN : 0;
}

static void service_turn(uv_prepare_t *handle)
{
	struct service *service = handle->data;
	int ret;

	ret = take_requests(service);
	if (!ret || service->stopping)
		return;
	log_err("listening queue lost: %s", strerror(-ret));
	service_stop(service, ERROR_EXIT_FAILED);
}

/* Requests are taken in the turn that follows; this only ends the sleep. */
static void service_ready(uv_poll_t *handle, int status, int events)
{
	struct service *service = handle->data;

	(void)events;
	if (status >= 0 || service->stopping)
		return;
	log_err("listening queue lost: %s", uv_strerror(status));
	service_stop(service, ERROR_EXIT_FAILED);
}

static void close_all(struct service *service)
{
	uv_close((uv_handle_t *)&service->poll, NULL);
	uv_close((uv_handle_t *)&service->turn, NULL);
	uv_close((uv_handle_t *)&service->sigterm, NULL);
	uv_close((uv_handle_t *)&service->sigint, NULL);
	uv_close((uv_handle_t *)&service->stop_timer, NULL);
	mailbox_close(&service->home);
}

static void joined(struct service *service, struct letter *letter)
{
	struct remote *remote = letter->from;

	TAILQ_REMOVE(&service->remotes, remote, entry);
	remote_join(remote);
	if (letter->ctx)
		verbs_letter(letter);
	else
		free(letter);
	if (service->stopping && TAILQ_EMPTY(&service->remotes))
		close_all(service);
}

static void service_take(void *owner, struct letter *letter)
{
	struct service *service = owner;

	if (letter->type == LETTER_STOP)
		joined(service, letter);
	else
		verbs_letter(letter);
}

/* A thread that does not end must not keep the machine from going down. */
static void stop_overdue(uv_timer_t *timer)
{
	struct service *service = timer->data;

	log_warn("a peer's thread did not end within %d ms", STOP_MS);
	_exit(service->status);
}

static void service_stop(struct service *service, int status)
{
	struct remote *remote;

	if (service->stopping)
		return;
	service->stopping = 1;
	service->status = status;
	notify_stopping();
	uv_timer_start(&service->stop_timer, stop_overdue, STOP_MS, 0);
	control_close(service->control);
	TAILQ_FOREACH(remote, &service->remotes, entry)
		if (!remote->stopping && service_stop_remote(remote, NULL))
			_exit(status);
	if (TAILQ_EMPTY(&service->remotes))
		close_all(service);
}

static void service_signal(uv_signal_t *handle, int signum)
{
	(void)signum;
	service_stop(handle->data, ERROR_EXIT_OK);
}

static int start_handles(struct service *service)
{
	int ret;

	ret = uv_poll_init(&service->loop, &service->poll, service->ring->fd);
	if (ret)
		return ret;
	uv_prepare_init(&service->loop, &service->turn);
	uv_signal_init(&service->loop, &service->sigterm);
	uv_signal_init(&service->loop, &service->sigint);
	uv_timer_init(&service->loop, &service->stop_timer);
	service->poll.data = service;
	service->turn.data = service;
	service->sigterm.data = service;
	service->sigint.data = service;
	service->stop_timer.data = service;
	uv_prepare_start(&service->turn, service_turn);
	uv_signal_start(&service->sigterm, service_signal, SIGTERM);
	uv_signal_start(&service->sigint, service_signal, SIGINT);
	return uv_poll_start(&service->poll, UV_READABLE, service_ready);
}

static int start(struct service *service)
{
	const char *path = service->settings->socket;
	int ret;

	ret = uv_loop_init(&service->loop);
	if (!ret)
		ret = mailbox_open(&service->home, &service->loop, service_take,
				   service);
	if (!ret)
		ret = start_handles(service);
	if (ret) {
		log_err("E_INTERNAL: event loop: %s", uv_strerror(ret));
		return ret;
	}
	ret = control_listen(&service->loop, path, verbs_table, service,
			     &service->control);
	if (ret)
		log_err("E_IO: control socket %s: %s", path, strerror(-ret));
	return ret;
}

int service_run(const struct settings *settings, const struct key *key,
		struct peer_list *peers, struct ring *ring)
{
	struct service service = {
		.settings = settings,
		.key = key,
		.peers = peers,
		.ring = ring,
	};

	service.remote_config.settings = settings;
	service.remote_config.key = key;
	service.remote_config.home = &service.home;
	service.remote_config.listen_fd = ring->fd;
	TAILQ_INIT(&service.remotes);
	signal(SIGPIPE, SIG_IGN);
	if (start(&service))
		return ERROR_EXIT_FAILED;
	notify_ready("waiting for attach requests");
	uv_run(&service.loop, UV_RUN_DEFAULT);
	mailbox_free(&service.home);
	uv_loop_close(&service.loop);
	return service.status;
}
