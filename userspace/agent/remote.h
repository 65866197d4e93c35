/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remote - the thread of one peer: its link, its queue, its devices.
 *
 * Dials when somebody wants something and hangs up when nobody has for a
 * while.  What people want is want.c, what is plugged in is port.c.
 *
 * Thread: remote_start(), remote_post() and remote_join() belong to the
 * service's thread; everything else to the peer's own.
 */
#ifndef P2PUSB_AGENT_REMOTE_H
#define P2PUSB_AGENT_REMOTE_H

#include <netdb.h>
#include <sys/queue.h>
#include <uv.h>

#include "comeback.h"
#include "descs.h"
#include "link.h"
#include "mailbox.h"
#include "peer.h"
#include "port.h"
#include "queue.h"
#include "settings.h"
#include "want.h"

#define REMOTE_DEVICES_MAX	P2PUSB_DEVICES_MAX

/**
 * enum remote_state - how we stand with the peer
 * @REMOTE_IDLE: no link; @link is NULL
 * @REMOTE_RESOLVING: name look-up under way
 * @REMOTE_DIALLING: @link has no HELLO of the peer yet
 * @REMOTE_UP: messages may be sent
 * @REMOTE_CLOSING: we hung up, @down is owed
 */
enum remote_state {
	REMOTE_IDLE,
	REMOTE_RESOLVING,
	REMOTE_DIALLING,
	REMOTE_UP,
	REMOTE_CLOSING,
	REMOTE_NSTATES
};

/**
 * struct remote_config - what all peers' threads have in common
 * @settings: of the agent; borrowed
 * @key: identity; borrowed
 * @home: the service's mailbox
 * @listen_fd: where attach requests are answered
 */
struct remote_config {
	const struct settings *settings;
	const struct key *key;
	struct mailbox *home;
	int listen_fd;
};

/**
 * struct leaving - a device that was given back and is not confirmed
 * @entry: in the remote's list
 * @dev: the server's name
 * @busid: the device
 */
struct leaving {
	TAILQ_ENTRY(leaving) entry;
	uint32_t dev;
	char busid[P2PUSB_BUSID_MAX + 1];
};

TAILQ_HEAD(leaving_list, leaving);

/**
 * struct remote - one peer
 *
 * The service's:
 * @entry: in its list
 * @stopping: LETTER_STOP was posted
 *
 * Written once by remote_start():
 * @config: see there
 * @peer: who it is
 * @thread: runs @loop
 * @loop: of everything below
 * @box: letters to this thread
 *
 * The thread's:
 * @state: see enum remote_state
 * @link: connection, NULL in IDLE and RESOLVING
 * @hello: what the server said of itself
 * @stop: the letter to send back at the end
 * @addrs: of the look-up
 * @addr: the one being tried
 * @resolve: the look-up
 * @linger: hangs up
 * @queue: ring, NULL when there is none
 * @listed: the list is complete and followed
 * @ndevices: entries of @devices
 * @devices: what the peer offers
 * @next_req: of ATTACH
 * @descs: of the ATTACHED that just arrives
 * @wants: what is asked for
 * @ports: what is plugged in
 * @leaving: what was given back
 * @comebacks: what is to be plugged in again
 */
struct remote {
	TAILQ_ENTRY(remote) entry;
	int stopping;

	const struct remote_config *config;
	struct peer peer;
	uv_thread_t thread;
	uv_loop_t loop;
	struct mailbox box;

	enum remote_state state;
	struct link *link;
	struct wire_hello hello;
	struct letter *stop;
	struct addrinfo *addrs;
	const struct addrinfo *addr;
	uv_getaddrinfo_t resolve;
	uv_timer_t linger;
	struct queue *queue;
	int listed;
	size_t ndevices;
	struct wire_device devices[REMOTE_DEVICES_MAX];
	uint32_t next_req;
	struct descs descs;
	struct want_list wants;
	struct port_list ports;
	struct leaving_list leaving;
	struct comeback_list comebacks;
};

/**
 * remote_start() - start the thread of a peer
 * @config: borrowed
 * @peer: copied
 * @remote: out
 *
 * Return: 0, negative errno.
 */
int remote_start(const struct remote_config *config, const struct peer *peer,
		 struct remote **remote);

/**
 * remote_post() - give it a letter
 * @remote: not yet sent LETTER_STOP
 * @letter: taken over
 */
void remote_post(struct remote *remote, struct letter *letter);

/**
 * remote_join() - after LETTER_STOP came back
 * @remote: freed
 */
void remote_join(struct remote *remote);

/**
 * remote_need_link() - somebody wants the link
 * @remote: any state; wants are stepped when it is up and listed
 */
void remote_need_link(struct remote *remote);

/**
 * remote_need_queue() - somebody wants to plug in
 * @remote: peer
 *
 * Return: 0, negative errno.
 */
int remote_need_queue(struct remote *remote);

/**
 * remote_msg() - a message on the control stream
 * @remote: up
 * @msg: one that the link lets through to an agent
 *
 * Return: 0; -EPROTO when the peer broke the contract, and the link knows how.
 */
int remote_msg(struct remote *remote, const struct wire_msg *msg);

/**
 * remote_msg_begin() - a message with payload arrives on the control stream
 * @remote: up, or closing
 * @msg: head and body
 * @dst: out, NULL = nowhere
 *
 * Return: as remote_msg().
 */
int remote_msg_begin(struct remote *remote, const struct wire_msg *msg,
		     void **dst);

/**
 * remote_status() - for `status`
 * @remote: peer
 *
 * Return: object with the link and the attachments.
 */
struct json_object *remote_status(const struct remote *remote);

/**
 * remote_settle() - a want or a port has gone: is anybody left?
 * @remote: peer
 */
void remote_settle(struct remote *remote);

/**
 * remote_queue_lost() - the kernel killed the queue, or it is unusable
 * @remote: peer; its ports are gone, its link is closed
 * @why: sentence
 */
void remote_queue_lost(struct remote *remote, const char *why);

/**
 * remote_state_name() - for status and logs
 * @state: state
 *
 * Return: static text.
 */
const char *remote_state_name(enum remote_state state);

#endif /* P2PUSB_AGENT_REMOTE_H */
