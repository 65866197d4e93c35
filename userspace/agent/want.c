// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * want - something that somebody waits for from a peer: a list, a device.
 *
 * Does not choose among devices: target.c does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "device.h"
#include "log.h"
#include "remote.h"
#include "ring.h"
#include "target.h"
#include "want.h"

#define SENTENCE_MAX	1024

static void want_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop_want(struct want *want)
{
	struct remote *remote = want->remote;

	TAILQ_REMOVE(&remote->wants, want, entry);
	uv_close((uv_handle_t *)&want->timer, want_closed);
	remote_settle(remote);
}

static void answer_refused(struct want *want)
{
	struct letter *letter = want->letter;
	char sentence[SENTENCE_MAX];

	want->letter = NULL;
	if (letter->type == LETTER_LIST) {
		mailbox_post(want->remote->config->home, letter);
		return;
	}
	if (letter->comeback) {
		comeback_failed(letter->comeback, &letter->refusal);
		free(letter);
		return;
	}
	refusal_sentence(&letter->refusal, sentence, sizeof(sentence));
	log_note("%s", sentence);
	ring_attach_done(want->remote->config->listen_fd, letter->cookie,
			 refusal_errno(&letter->refusal), sentence);
	free(letter);
}

static void refuse(struct want *want, const char *code, const char *hint,
		   const char *why)
{
	refusal_set(&want->letter->refusal, code, hint, "%s", why);
	answer_refused(want);
}

static void want_deadline(uv_timer_t *timer)
{
	struct want *want = timer->data;

	refuse(want, "E_TIMEOUT", NULL, want->state == WANT_LINK ?
	       "the other machine did not come up in time" :
	       "the other machine did not answer in time");
	if (want->state == WANT_ANSWER)
		want->state = WANT_LATE;
	else
		drop_want(want);
}

static void answer_list(struct want *want)
{
	struct json_object *devices = json_object_new_array();
	struct json_object *data = json_object_new_object();
	const struct remote *remote = want->remote;
	struct letter *letter = want->letter;
	size_t i;

	for (i = 0; i < remote->ndevices; i++)
		json_object_array_add(devices,
				      device_json(&remote->devices[i]));
	json_object_object_add(data, "devices", devices);
	letter->data = data;
	letter->refusal.code = NULL;
	want->letter = NULL;
	mailbox_post(remote->config->home, letter);
	drop_want(want);
}

static int is_leaving(const struct remote *remote, const char *busid)
{
	const struct leaving *leaving;

	TAILQ_FOREACH(leaving, &remote->leaving, entry)
		if (!strcmp(leaving->busid, busid))
			return 1;
	return 0;
}

static int is_wanted(const struct remote *remote, const char *busid)
{
	const struct want *want;

	TAILQ_FOREACH(want, &remote->wants, entry)
		if (want->state == WANT_ANSWER && !strcmp(want->busid, busid))
			return 1;
	return 0;
}

static int send_attach(struct want *want)
{
	struct remote *remote = want->remote;
	struct wire_msg msg = {
		.type = P2PUSB_MSG_ATTACH,
		.attach = { .req = ++remote->next_req },
	};

	want->req = msg.attach.req;
	strcpy(msg.attach.busid, want->busid);
	if (getrandom(msg.attach.session, sizeof(msg.attach.session),
		      GRND_NONBLOCK) < 0)
		return -errno;
	return link_send(remote->link, &msg);
}

static void give_up(struct want *want)
{
	answer_refused(want);
	drop_want(want);
}

static void ask(struct want *want)
{
	struct refusal *refusal = &want->letter->refusal;
	struct remote *remote = want->remote;
	int ret;

	if (port_by_busid(remote, want->busid) ||
	    is_wanted(remote, want->busid)) {
		refusal_set(refusal, "E_BUSY", "p2pusbctl status",
			    "%s is attached to this machine already",
			    want->busid);
		give_up(want);
		return;
	}
	if (is_leaving(remote, want->busid)) {
		want->state = WANT_LEAVING;
		return;
	}
	ret = remote_need_queue(remote);
	if (!ret)
		ret = send_attach(want);
	if (ret) {
		refusal_set(refusal, "E_IO", NULL, "no queue to the kernel: %s",
			    strerror(-ret));
		give_up(want);
		return;
	}
	want->state = WANT_ANSWER;
}

static void pick(struct want *want)
{
	const struct remote *remote = want->remote;
	struct letter *letter = want->letter;
	const struct wire_device *device;

	device = target_pick(letter->device, remote->devices, remote->ndevices,
			     &letter->refusal);
	if (!device) {
		give_up(want);
		return;
	}
	strcpy(want->busid, device->busid);
	ask(want);
}

static void step_one(struct want *want)
{
	if (want->state == WANT_LEAVING) {
		if (!is_leaving(want->remote, want->busid))
			ask(want);
		return;
	}
	if (want->state != WANT_LINK)
		return;
	if (want->letter->type == LETTER_LIST)
		answer_list(want);
	else
		pick(want);
}

void want_step(struct remote *remote)
{
	struct want *want;
	struct want *next;

	if (remote->state != REMOTE_UP || !remote->listed)
		return;
	for (want = TAILQ_FIRST(&remote->wants); want; want = next) {
		next = TAILQ_NEXT(want, entry);
		step_one(want);
	}
}

static void refuse_letter(struct remote *remote, struct letter *letter)
{
	struct want want = { .remote = remote, .letter = letter };

	answer_refused(&want);
}

void want_take(struct remote *remote, struct letter *letter)
{
	uint64_t now = uv_hrtime();
	struct want *want;

	if (letter->type == LETTER_ATTACH)
		refusal_what(&letter->refusal, "cannot attach %s/%s",
			     remote->peer.name, letter->device);
	else
		refusal_what(&letter->refusal, "cannot list the devices of %s",
			     remote->peer.name);
	want = calloc(1, sizeof(*want));
	if (!want || letter->deadline <= now) {
		free(want);
		refusal_set(&letter->refusal, "E_TIMEOUT", NULL,
			    "this machine was too busy to try");
		refuse_letter(remote, letter);
		return;
	}
	want->remote = remote;
	want->letter = letter;
	want->timer.data = want;
	uv_timer_init(&remote->loop, &want->timer);
	uv_timer_start(&want->timer, want_deadline,
		       (letter->deadline - now) / 1000000, 0);
	TAILQ_INSERT_TAIL(&remote->wants, want, entry);
	remote_settle(remote);
	if (remote->state == REMOTE_UP && remote->listed)
		step_one(want);
	else
		remote_need_link(remote);
}

static struct want *find_req(struct remote *remote, uint32_t req)
{
	struct want *want;

	TAILQ_FOREACH(want, &remote->wants, entry)
		if (want->req == req && (want->state == WANT_ANSWER ||
					 want->state == WANT_LATE))
			return want;
	return NULL;
}

static void send_detach(struct remote *remote, uint32_t dev)
{
	struct wire_msg msg = {
		.type = P2PUSB_MSG_DETACH,
		.detach = { .dev = dev },
	};

	link_send(remote->link, &msg);
}

static const struct {
	int err;
	const char *code;
	const char *hint;
	const char *text;
} bind_refusals[] = {
	{ -ENOSPC, "E_LIMIT", "p2pusbctl detach",
	  "every port of this machine is taken" },
	{ -ETIMEDOUT, "E_TIMEOUT", "p2pusbctl attach",
	  "this machine is still making ports" },
	{ -EAGAIN, "E_IO", NULL, "this machine goes to sleep" },
	{ -ENOENT, "E_TIMEOUT", NULL, "nobody waits for it any more" },
};

static void refuse_bind(struct want *want, int err)
{
	struct refusal *refusal = &want->letter->refusal;
	size_t i;

	for (i = 0; i < sizeof(bind_refusals) / sizeof(bind_refusals[0]); i++)
		if (bind_refusals[i].err == err)
			break;
	if (i < sizeof(bind_refusals) / sizeof(bind_refusals[0]))
		refusal_set(refusal, bind_refusals[i].code,
			    bind_refusals[i].hint, "%s", bind_refusals[i].text);
	else
		refusal_set(refusal, "E_IO", NULL,
			    "the kernel took no port: %s", strerror(-err));
	answer_refused(want);
}

/* From here it is either wholly attached or wholly given back. */
static void plug(struct want *want, const struct wire_attached *attached,
		 struct descs *descs)
{
	struct remote *remote = want->remote;
	char text[P2PVHCI_MESSAGE_MAX];
	struct port *port;
	int ret;

	ret = remote_need_queue(remote);
	if (!ret)
		ret = port_open(remote, want->letter, attached, &port);
	if (ret) {
		send_detach(remote, attached->dev);
		refuse_bind(want, ret);
		return;
	}
	port->descs = *descs;
	*descs = (struct descs) { 0 };
	snprintf(text, sizeof(text), "%s/%s is attached as port %u",
		 remote->peer.name, port->device.busid, port->number);
	/* A bound port is a success, even if the answer comes too late. */
	if (want->letter->comeback)
		comeback_done(want->letter->comeback);
	else
		ring_attach_done(remote->config->listen_fd,
				 want->letter->cookie, 0, text);
	log_note("%s", text);
	free(want->letter);
	want->letter = NULL;
}

int want_attached(struct remote *remote, const struct wire_attached *attached,
		  struct descs *descs)
{
	struct want *want = find_req(remote, attached->req);
	int ret;

	if (!want)
		return link_reason(remote->link, "ATTACHED %u: nobody asked",
				   attached->req);
	if (strcmp(want->busid, attached->device.busid) || !attached->dev ||
	    port_by_dev(remote, attached->dev))
		return link_reason(remote->link, "ATTACHED %s as %u: not asked",
				   attached->device.busid, attached->dev);
	ret = descs_check(descs);
	if (ret == -EPROTO)
		return link_reason(remote->link, "ATTACHED %s: descriptors",
				   attached->device.busid);
	if (ret || device_is_hub(&attached->device))
		return link_reason(remote->link, "ATTACHED %s: a hub",
				   attached->device.busid);
	if (want->state == WANT_LATE)
		send_detach(remote, attached->dev);
	else
		plug(want, attached, descs);
	drop_want(want);
	return 0;
}

/* Why a server says no, in our codes. */
static const struct {
	const char *code;
	const char *hint;
} want_codes[] = {
	[P2PUSB_CODE_OK] = { "E_PROTOCOL", NULL },
	[P2PUSB_CODE_NO_DEVICE] = { "E_UNKNOWN_DEVICE", "p2pusbctl list PEER" },
	[P2PUSB_CODE_BUSY] = { "E_BUSY", NULL },
	[P2PUSB_CODE_CLAIM] = { "E_CLAIM", NULL },
	[P2PUSB_CODE_UNSUPPORTED] = { "E_UNSUPPORTED", NULL },
	[P2PUSB_CODE_LIMIT] = { "E_LIMIT", NULL },
	[P2PUSB_CODE_UNPLUGGED] = { "E_UNPLUGGED", NULL },
	[P2PUSB_CODE_REVOKED] = { "E_REVOKED", NULL },
	[P2PUSB_CODE_SHUTDOWN] = { "E_SHUTDOWN", NULL },
	[P2PUSB_CODE_IO] = { "E_IO", NULL },
};

int want_refused(struct remote *remote, const struct wire_refused *refused)
{
	struct want *want = find_req(remote, refused->req);

	if (!want)
		return link_reason(remote->link, "REFUSED %u: nobody asked",
				   refused->req);
	if (refused->code >= sizeof(want_codes) / sizeof(want_codes[0]))
		return link_reason(remote->link, "REFUSED with code %u",
				   refused->code);
	if (want->state == WANT_ANSWER)
		refuse(want, want_codes[refused->code].code,
		       want_codes[refused->code].hint,
		       refused->text[0] ? refused->text :
		       "the other machine gives no reason");
	drop_want(want);
	return 0;
}

void want_rewind(struct remote *remote)
{
	struct want *want;
	struct want *next;

	for (want = TAILQ_FIRST(&remote->wants); want; want = next) {
		next = TAILQ_NEXT(want, entry);
		want->state = WANT_LINK;
		if (!want->letter)
			drop_want(want);
	}
	if (!TAILQ_EMPTY(&remote->wants))
		remote_need_link(remote);
}

void want_refuse_all(struct remote *remote, const char *code, const char *why,
		     const char *hint)
{
	struct want *want;
	struct want *next;

	for (want = TAILQ_FIRST(&remote->wants); want; want = next) {
		next = TAILQ_NEXT(want, entry);
		if (want->letter)
			refuse(want, code, hint, why);
		drop_want(want);
	}
}
