/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service - the agent's first thread: requests in, answers out.
 *
 * Takes attach requests from the kernel, verbs from the control socket and
 * signals; owns the list of peers and starts their threads.  Moves no USB
 * data and touches no link.
 */
#ifndef P2PUSB_AGENT_SERVICE_H
#define P2PUSB_AGENT_SERVICE_H

#include <sys/queue.h>
#include <uv.h>

#include "control.h"
#include "key.h"
#include "mailbox.h"
#include "peer.h"
#include "remote.h"
#include "ring.h"
#include "settings.h"

TAILQ_HEAD(remote_list, remote);

/**
 * struct service - the one of this process
 * @loop: of the first thread
 * @settings: borrowed
 * @key: borrowed
 * @peers: who may be dialled; owned by the caller of service_run()
 * @ring: listening queue; likewise
 * @poll: wakes the loop for @ring
 * @turn: takes requests before the loop sleeps
 * @sigterm: stops
 * @sigint: stops
 * @stop_timer: bounds the stop
 * @control: socket
 * @home: letters that come back
 * @remote_config: for remote_start()
 * @remotes: running threads
 * @stopping: the end has begun
 * @status: exit status
 */
struct service {
	uv_loop_t loop;
	const struct settings *settings;
	const struct key *key;
	struct peer_list *peers;
	struct ring *ring;
	uv_poll_t poll;
	uv_prepare_t turn;
	uv_signal_t sigterm;
	uv_signal_t sigint;
	uv_timer_t stop_timer;
	struct control *control;
	struct mailbox home;
	struct remote_config remote_config;
	struct remote_list remotes;
	int stopping;
	int status;
};

/**
 * service_run() - serve until SIGTERM
 * @settings: of the agent
 * @key: identity
 * @peers: list
 * @ring: listening queue
 *
 * Return: exit status.
 */
int service_run(const struct settings *settings, const struct key *key,
		struct peer_list *peers, struct ring *ring);

/**
 * service_remote() - thread of a peer, started when there is none
 * @service: the service
 * @peer: of its list
 * @remote: out
 *
 * Return: 0, negative errno.
 */
int service_remote(struct service *service, const struct peer *peer,
		   struct remote **remote);

/**
 * service_find() - thread of a peer, if it runs
 * @service: the service
 * @name: of the peer
 *
 * Return: remote, or NULL.
 */
struct remote *service_find(struct service *service, const char *name);

/**
 * service_stop_remote() - unplug its devices and end its thread
 * @remote: running; joined when it says so
 * @ctx: of the letter that comes back
 *
 * Return: 0, -ENOMEM.
 */
int service_stop_remote(struct remote *remote, void *ctx);

/**
 * service_letter() - an empty letter
 * @type: what it is about
 * @timeout_ms: how long somebody waits for the answer
 * @ctx: comes back with it
 *
 * Return: letter, NULL = no memory.
 */
struct letter *service_letter(enum letter_type type, uint32_t timeout_ms,
			      void *ctx);

#endif /* P2PUSB_AGENT_SERVICE_H */
