// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * session - one peer's link: what it sees, what it has attached.
 *
 * A peer is judged twice: its key in the handshake, and each device against
 * its patterns, whenever it asks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device.h"
#include "log.h"
#include "pipe.h"
#include "session.h"

static const struct peer *session_peer(const struct session *session)
{
	return peer_by_key(session->server->peers,
			   link_peer_key(session->link));
}

/* Shown to this peer?  Policy is asked anew each time. */
static int session_may(const struct session *session, const struct device *dev)
{
	const struct peer *peer = session_peer(session);

	return peer && peer_allows(peer, &dev->info);
}

const char *session_holder(const struct attachment *att)
{
	return att->session->name;
}

/* What a peer is sent is as reliable as its link: an error ends the link. */
static void session_send(struct session *session, const struct wire_msg *msg)
{
	if (session->up)
		link_send(session->link, msg);
}

/* Links come and go */

static int session_admit(void *owner, const uint8_t key[KEY_LEN])
{
	struct server *server = owner;
	char id[KEY_ID_LEN + 1];

	if (peer_by_key(server->peers, key))
		return 0;
	key_id(key, id);
	log_note("refused: unknown key %s", id);
	return -EACCES;
}

static int session_accepted(void *owner, struct link *link)
{
	struct server *server = owner;
	const struct peer *peer;
	struct session *session;

	peer = peer_by_key(server->peers, link_peer_key(link));
	if (!peer)
		return -EACCES;
	if (server->nsessions >= server->settings.max_links) {
		log_warn("refused: %s: %u links are open, the limit",
			 peer->name, server->nsessions);
		return -EUSERS;
	}
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->server = server;
	session->link = link;
	session->since = time(NULL);
	memcpy(session->name, peer->name, sizeof(session->name));
	TAILQ_INIT(&session->attachments);
	TAILQ_INSERT_TAIL(&server->sessions, session, entry);
	server->nsessions++;
	link_set_ctx(link, session);
	return 0;
}

/*
 * An agent that was killed leaves a link that looks alive until it times out,
 * and devices with it.  Its successor has the same key and another boot id.
 */
static void session_replace(struct session *session)
{
	const uint8_t *key = link_peer_key(session->link);
	struct session *other;

	TAILQ_FOREACH(other, &session->server->sessions, entry) {
		if (other != session && other->up &&
		    !memcmp(link_peer_key(other->link), key, KEY_LEN) &&
		    memcmp(other->boot_id, session->boot_id,
			   sizeof(other->boot_id)))
			link_close(other->link, P2PUSB_CLOSE_OK,
				   "another agent came with this key");
	}
}

static void session_up(struct link *link, const struct wire_hello *peer)
{
	struct session *session = link_ctx(link);
	char addr[64];

	session->up = 1;
	session->caps = peer->caps & session->server->hello.caps;
	memcpy(session->host, peer->name, sizeof(session->host));
	memcpy(session->boot_id, peer->boot_id, sizeof(session->boot_id));
	link_peer_addr(link, addr, sizeof(addr));
	log_note("%s connected from %s", session->name, addr);
	session_replace(session);
}

/* The streams died with the link. */
static void forget_streams(struct device *dev)
{
	struct pipe *pipe;

	TAILQ_FOREACH(pipe, &dev->pipes, entry)
		pipe->stream = NULL;
}

static void attachment_free(struct attachment *att)
{
	TAILQ_REMOVE(&att->session->attachments, att, entry);
	att->session->nattached--;
	free(att);
}

/* The next of its devices, taken from it. */
static struct attachment *session_pop(struct session *session)
{
	struct attachment *att = TAILQ_FIRST(&session->attachments);

	if (!att)
		return NULL;
	TAILQ_REMOVE(&session->attachments, att, entry);
	session->nattached--;
	device_detach(att->device, att);
	return att;
}

static void session_down(struct link *link, int err, const char *why)
{
	struct session *session = link_ctx(link);
	struct attachment *att;

	/* Not accepted: there is nothing to undo. */
	if (!session)
		return;
	session->up = 0;
	if (err)
		log_warn("%s lost: %s", session->name, why);
	else
		log_note("%s disconnected: %s", session->name, why);
	TAILQ_REMOVE(&session->server->sessions, session, entry);
	session->server->nsessions--;
	TAILQ_FOREACH(att, &session->attachments, entry) {
		if (att->dev)
			forget_streams(att->device);
	}
	while ((att = session_pop(session)))
		free(att);
	free(session);
}

void session_cut(struct server *server, const uint8_t *key, const char *why)
{
	struct attachment *att;
	struct session *session;

	TAILQ_FOREACH(session, &server->sessions, entry) {
		if (memcmp(link_peer_key(session->link), key, KEY_LEN))
			continue;
		while ((att = session_pop(session)))
			free(att);
		link_close(session->link, P2PUSB_CLOSE_DENIED, why);
	}
}

/* Devices of a session */

static struct attachment *find_dev(struct session *session, uint32_t dev)
{
	struct attachment *att;

	TAILQ_FOREACH(att, &session->attachments, entry) {
		if (att->dev == dev)
			return att;
	}
	return NULL;
}

/* Was that number ever given?  Then it is late, else it is a violation. */
static int was_dev(const struct session *session, uint32_t dev)
{
	return dev && dev <= session->next_dev;
}

void session_granted(struct attachment *att)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_ATTACHED };
	const struct descs *descs = &att->device->descs;

	att->dev = ++att->session->next_dev;
	msg.attached.req = att->req;
	msg.attached.dev = att->dev;
	device_wire(att->device, &msg.attached.device);
	if (att->session->caps & P2PUSB_CAP_DESCS)
		msg.payload = descs->len;
	if (att->session->up)
		link_send_with(att->session->link, &msg, descs->data);
}

static void send_refused(struct session *session, uint32_t req, uint32_t code,
			 const char *why)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_REFUSED };

	msg.refused.req = req;
	msg.refused.code = code;
	snprintf(msg.refused.text, sizeof(msg.refused.text), "%s", why);
	session_send(session, &msg);
}

void session_refused(struct attachment *att, uint32_t code, const char *why)
{
	log_note("%s: refused to %s: %s", att->device->info.busid,
		 att->session->name, why);
	send_refused(att->session, att->req, code, why);
	attachment_free(att);
}

static void send_detached(struct session *session, uint32_t dev, uint32_t code,
			  const char *why)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DETACHED };

	msg.detached.dev = dev;
	msg.detached.code = code;
	snprintf(msg.detached.text, sizeof(msg.detached.text), "%s", why);
	session_send(session, &msg);
}

void session_lost(struct attachment *att, uint32_t code, const char *why)
{
	log_note("%s: taken from %s: %s", att->device->info.busid,
		 att->session->name, why);
	if (att->dev)
		send_detached(att->session, att->dev, code, why);
	else
		send_refused(att->session, att->req, code, why);
	attachment_free(att);
}

void session_woke(struct attachment *att)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_WAKEUP };

	msg.wakeup.dev = att->dev;
	if (att->dev && att->session->caps & P2PUSB_CAP_POWER)
		session_send(att->session, &msg);
}

static void send_device(struct session *session, const struct device *dev)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DEVICE };

	device_wire(dev, &msg.device);
	session_send(session, &msg);
}

static void send_gone(struct session *session, const struct device *dev)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DEVICE_GONE };

	memcpy(msg.device_gone.busid, dev->info.busid,
	       sizeof(msg.device_gone.busid));
	session_send(session, &msg);
}

void session_announce(struct device *dev)
{
	int visible = device_visible(dev);
	struct session *session;

	if (!visible && !dev->announced)
		return;
	dev->announced = visible;
	TAILQ_FOREACH(session, &dev->server->sessions, entry) {
		if (!session->listing || !session_may(session, dev))
			continue;
		if (visible)
			send_device(session, dev);
		else
			send_gone(session, dev);
	}
}

/* Control messages */

static int msg_list(struct session *session, const struct wire_msg *msg)
{
	struct wire_msg end = { .type = P2PUSB_MSG_LIST_END };
	struct device *dev;

	(void)msg;
	session->listing = 1;
	TAILQ_FOREACH(dev, &session->server->devices, entry) {
		if (device_visible(dev) && session_may(session, dev))
			send_device(session, dev);
	}
	session_send(session, &end);
	return 0;
}

static int msg_attach(struct session *session, const struct wire_msg *msg)
{
	const struct wire_attach *attach = &msg->attach;
	struct attachment *att;
	struct device *dev;

	if (session->nattached >= P2PUSB_DEVICES_MAX) {
		send_refused(session, attach->req, P2PUSB_CODE_LIMIT,
			     "too many devices on one connection");
		return 0;
	}
	dev = device_find(session->server, attach->busid);
	/* One answer for both: a stranger learns nothing. */
	if (!dev || !device_visible(dev) || !session_may(session, dev)) {
		log_note("refused to %s: no device \"%s\" for it",
			 session->name, attach->busid);
		send_refused(session, attach->req, P2PUSB_CODE_NO_DEVICE,
			     "no such device is shared with you");
		return 0;
	}
	att = calloc(1, sizeof(*att));
	if (!att)
		return -ENOMEM;
	att->session = session;
	att->device = dev;
	att->req = attach->req;
	TAILQ_INSERT_TAIL(&session->attachments, att, entry);
	session->nattached++;
	device_attach(dev, att);
	return 0;
}

static int msg_detach(struct session *session, const struct wire_msg *msg)
{
	uint32_t number = msg->detach.dev;
	struct attachment *att;
	struct device *dev;

	att = number ? find_dev(session, number) : NULL;
	if (!att) {
		/* It crossed our own DETACHED. */
		if (was_dev(session, number))
			return 0;
		return link_reason(session->link, "DETACH of device %u, which was never attached",
				   number);
	}
	dev = att->device;
	device_detach(dev, att);
	attachment_free(att);
	send_detached(session, number, P2PUSB_CODE_OK, "as you wish");
	return 0;
}

static const struct {
	uint16_t type;
	int (*take)(struct session *session, const struct wire_msg *msg);
} msg_rows[] = {
	{ P2PUSB_MSG_LIST, msg_list },
	{ P2PUSB_MSG_ATTACH, msg_attach },
	{ P2PUSB_MSG_DETACH, msg_detach },
};

static int session_msg(struct link *link, const struct wire_msg *msg)
{
	size_t i;

	for (i = 0; i < sizeof(msg_rows) / sizeof(msg_rows[0]); i++) {
		if (msg_rows[i].type == msg->type)
			return msg_rows[i].take(link_ctx(link), msg);
	}
	return link_reason(link, "%s is not for a server",
			   wire_name(msg->type));
}

/* Endpoint streams */

static int session_ep_open(struct link *link, struct link_ep *ep,
			   const struct wire_ep_open *open)
{
	struct session *session = link_ctx(link);
	struct attachment *att;

	att = open->dev ? find_dev(session, open->dev) : NULL;
	if (att)
		return pipe_open(att->device, ep, open);
	if (!was_dev(session, open->dev))
		return link_reason(link, "EP_OPEN of device %u, which was never attached",
				   open->dev);
	/* The device went while this was on its way. */
	link_ep_close(ep);
	return 0;
}

static int session_ep_begin(struct link_ep *ep, const struct wire_msg *msg,
			    void **dst)
{
	return pipe_begin(link_ep_ctx(ep), msg, dst);
}

static int session_ep_msg(struct link_ep *ep, const struct wire_msg *msg)
{
	return pipe_msg(link_ep_ctx(ep), msg);
}

static void session_ep_down(struct link_ep *ep)
{
	struct pipe *pipe = link_ep_ctx(ep);

	if (!pipe)
		return;
	pipe->stream = NULL;
	pipe_shut(pipe);
}

const struct link_ops session_ops = {
	.admit = session_admit,
	.accepted = session_accepted,
	.up = session_up,
	.down = session_down,
	.msg = session_msg,
	.ep_open = session_ep_open,
	.ep_begin = session_ep_begin,
	.ep_msg = session_ep_msg,
	.ep_down = session_ep_down,
};
