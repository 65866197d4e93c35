// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire_front - made-up devices in the server's place: links, devices, time.
 *
 * Every device is shared with every peer that may come in.  Isochronous
 * packets take their time here, as they do at a host controller.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "wire_front.h"

#define WATCH_MS	50
#define URB_BYTES_MAX	(8u << 20)

/* Devices, as peers see them */

static void describe(const struct wire_dev *dev, struct wire_device *to)
{
	const struct model *model = &dev->model;
	const uint8_t *d = model->desc.device;
	const uint8_t *p = model->desc.config;
	const uint8_t *end = p + model->desc.config_len;
	size_t n = 0;

	memset(to, 0, sizeof(*to));
	memcpy(to->busid, dev->busid, sizeof(to->busid));
	to->vid = (uint16_t)(d[8] | d[9] << 8);
	to->pid = (uint16_t)(d[10] | d[11] << 8);
	to->bcd_device = (uint16_t)(d[12] | d[13] << 8);
	to->dev_class = d[4];
	to->dev_subclass = d[5];
	to->dev_protocol = d[6];
	to->speed = model->desc.speed;
	to->lanes = model->desc.speed == SPEC_SPEED_SUPER_PLUS;
	to->state = dev->holder ? P2PUSB_DEVICE_BUSY : P2PUSB_DEVICE_FREE;
	for (; end - p >= 9 && p[0] >= 2 && p[0] <= end - p; p += p[0]) {
		if (p[1] == 4 && !p[3] && n < sizeof(to->classes))
			to->classes[n++] = p[5];
	}
	snprintf(to->manufacturer, sizeof(to->manufacturer), "%s",
		 model->spec->manufacturer);
	snprintf(to->product, sizeof(to->product), "%s", model->spec->product);
	snprintf(to->serial, sizeof(to->serial), "%s", model->serial);
}

static void send_device(struct wire_session *session,
			const struct wire_dev *dev)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DEVICE };

	describe(dev, &msg.device);
	link_send(session->link, &msg);
}

static void announce(struct wire_dev *dev)
{
	struct wire_msg gone = { .type = P2PUSB_MSG_DEVICE_GONE };
	struct wire_session *session;

	memcpy(gone.device_gone.busid, dev->busid, sizeof(dev->busid));
	TAILQ_FOREACH(session, &dev->front->sessions, entry) {
		if (!session->listing)
			continue;
		if (dev->model.plugged)
			send_device(session, dev);
		else
			link_send(session->link, &gone);
	}
}

static void send_detached(struct wire_session *session, uint32_t dev,
			  uint32_t code, const char *why)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_DETACHED };

	msg.detached.dev = dev;
	msg.detached.code = code;
	snprintf(msg.detached.text, sizeof(msg.detached.text), "%s", why);
	link_send(session->link, &msg);
}

/* Nobody has it any more. */
static void release(struct wire_dev *dev, int link_is_gone)
{
	dev->holder = NULL;
	dev->dev = 0;
	wire_ep_shut(dev, link_is_gone);
	record_plain((int)dev->model.index, "detached");
	model_report(&dev->model);
	model_abandon(&dev->model);
}

/* What the models tell */

static void dev_gone(struct model *model)
{
	struct wire_dev *dev = model->front;
	struct wire_session *session = dev->holder;
	uint32_t number = dev->dev;

	if (session) {
		release(dev, 0);
		send_detached(session, number, P2PUSB_CODE_UNPLUGGED,
			      "unplugged");
	}
	announce(dev);
}

static void dev_back(struct model *model)
{
	model_plug(model);
	announce(model->front);
}

static void dev_wakeup(struct model *model)
{
	struct wire_dev *dev = model->front;
	struct wire_msg msg = { .type = P2PUSB_MSG_WAKEUP };

	msg.wakeup.dev = dev->dev;
	if (dev->holder)
		link_send(dev->holder->link, &msg);
}

static const struct model_ops front_ops = {
	.done = wire_ep_done,
	.gone = dev_gone,
	.back = dev_back,
	.wakeup = dev_wakeup,
};

/* Time */

static void time_passed(uv_timer_t *timer)
{
	struct wire_server *front = timer->data;
	uint64_t now = instance_now(front->instance);
	unsigned int i;

	for (i = 0; i < front->instance->ndevices; i++)
		model_run(&front->devs[i].model, now);
	wire_front_rearm(front);
}

void wire_front_rearm(struct wire_server *front)
{
	uint64_t now = instance_now(front->instance);
	uint64_t next = MODEL_NEVER;
	unsigned int i;
	uint64_t due;

	for (i = 0; i < front->instance->ndevices; i++) {
		due = model_next(&front->devs[i].model);
		next = due < next ? due : next;
	}
	if (next == MODEL_NEVER) {
		uv_timer_stop(&front->timer);
		return;
	}
	uv_update_time(&front->loop);
	uv_timer_start(&front->timer, time_passed,
		       next > now ? (next - now + 999999) / 1000000 : 0, 0);
}

/* Links */

static int admit(void *owner, const uint8_t key[KEY_LEN])
{
	struct wire_server *front = owner;
	unsigned int i;

	for (i = 0; i < front->instance->nallow; i++) {
		if (!memcmp(front->instance->allow[i], key, KEY_LEN))
			return 0;
	}
	record_plain(-1, "refused-key");
	return -EACCES;
}

static int accepted(void *owner, struct link *link)
{
	struct wire_server *front = owner;
	struct wire_session *session;

	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->front = front;
	session->link = link;
	TAILQ_INSERT_TAIL(&front->sessions, session, entry);
	link_set_ctx(link, session);
	return 0;
}

static void up(struct link *link, const struct wire_hello *peer)
{
	(void)link;
	record_event(-1, "connected", ",\"caps\":%llu",
		     (unsigned long long)peer->caps);
}

static void down(struct link *link, int err, const char *why)
{
	struct wire_session *session = link_ctx(link);
	struct wire_server *front;
	unsigned int i;

	if (!session)
		return;
	front = session->front;
	record_event(-1, "disconnected", ",\"error\":%d", -err);
	if (err)
		log_note("link lost: %s", why);
	for (i = 0; i < front->instance->ndevices; i++) {
		if (front->devs[i].holder == session)
			release(&front->devs[i], 1);
	}
	TAILQ_REMOVE(&front->sessions, session, entry);
	free(session);
}

/* Control messages */

static int on_list(struct wire_session *session, const struct wire_msg *msg)
{
	const struct wire_msg end = { .type = P2PUSB_MSG_LIST_END };
	struct wire_server *front = session->front;
	unsigned int i;

	(void)msg;
	session->listing = 1;
	for (i = 0; i < front->instance->ndevices; i++) {
		if (front->devs[i].model.plugged)
			send_device(session, &front->devs[i]);
	}
	link_send(session->link, &end);
	return 0;
}

static struct wire_dev *find_busid(struct wire_server *front, const char *busid)
{
	unsigned int i;

	for (i = 0; i < front->instance->ndevices; i++) {
		if (!strcmp(front->devs[i].busid, busid))
			return &front->devs[i];
	}
	return NULL;
}

static struct wire_dev *find_number(struct wire_session *session, uint32_t dev)
{
	struct wire_server *front = session->front;
	unsigned int i;

	for (i = 0; i < front->instance->ndevices; i++) {
		if (front->devs[i].holder == session &&
		    front->devs[i].dev == dev)
			return &front->devs[i];
	}
	return NULL;
}

static void refuse(struct wire_session *session, uint32_t req, uint32_t code,
		   const char *why)
{
	struct wire_msg msg = { .type = P2PUSB_MSG_REFUSED };

	msg.refused.req = req;
	msg.refused.code = code;
	snprintf(msg.refused.text, sizeof(msg.refused.text), "%s", why);
	link_send(session->link, &msg);
}

static int on_attach(struct wire_session *session, const struct wire_msg *msg)
{
	const struct wire_attach *attach = &msg->attach;
	struct wire_msg yes = { .type = P2PUSB_MSG_ATTACHED };
	struct wire_dev *dev = find_busid(session->front, attach->busid);

	if (!dev || !dev->model.plugged) {
		refuse(session, attach->req, P2PUSB_CODE_NO_DEVICE,
		       "no such device is shared with you");
		return 0;
	}
	if (dev->holder) {
		refuse(session, attach->req, P2PUSB_CODE_BUSY,
		       "attached by somebody else");
		return 0;
	}
	dev->holder = session;
	dev->dev = ++session->next_dev;
	record_plain((int)dev->model.index, "attached");
	yes.attached.req = attach->req;
	yes.attached.dev = dev->dev;
	describe(dev, &yes.attached.device);
	link_send(session->link, &yes);
	return 0;
}

static int on_detach(struct wire_session *session, const struct wire_msg *msg)
{
	struct wire_dev *dev = find_number(session, msg->detach.dev);

	/* It may have crossed our own DETACHED. */
	if (!dev)
		return 0;
	release(dev, 0);
	send_detached(session, msg->detach.dev, P2PUSB_CODE_OK, "as you wish");
	return 0;
}

static int on_msg(struct link *link, const struct wire_msg *msg)
{
	struct wire_session *session = link_ctx(link);

	switch (msg->type) {
	case P2PUSB_MSG_LIST:
		return on_list(session, msg);
	case P2PUSB_MSG_ATTACH:
		return on_attach(session, msg);
	case P2PUSB_MSG_DETACH:
		return on_detach(session, msg);
	default:
		return link_reason(link, "%s is not for a server",
				   wire_name(msg->type));
	}
}

static int on_ep_open(struct link *link, struct link_ep *ep,
		      const struct wire_ep_open *open)
{
	struct wire_dev *dev = find_number(link_ctx(link), open->dev);

	if (dev)
		return wire_ep_open(dev, ep, open);
	link_ep_close(ep);
	return 0;
}

static void on_ep_down(struct link_ep *ep)
{
	if (link_ep_ctx(ep))
		wire_ep_down(link_ep_ctx(ep));
}

static const struct link_ops link_rows = {
	.admit = admit,
	.accepted = accepted,
	.up = up,
	.down = down,
	.msg = on_msg,
	.ep_open = on_ep_open,
	.ep_begin = wire_ep_begin,
	.ep_msg = wire_ep_msg,
	.ep_down = on_ep_down,
};

/* Start and stop */

static int start_devs(struct wire_server *front)
{
	struct instance *instance = front->instance;
	const struct spec *spec;
	struct wire_dev *dev;
	unsigned int copy;
	unsigned int i;

	front->devs = calloc(instance->ndevices, sizeof(*front->devs));
	if (!front->devs)
		return -ENOMEM;
	for (i = 0; i < instance->ndevices; i++) {
		dev = &front->devs[i];
		spec = instance_spec(instance, i, &copy);
		TAILQ_INIT(&dev->eps);
		dev->front = front;
		snprintf(dev->busid, sizeof(dev->busid), "1-%u", i + 1);
		if (model_init(&dev->model, spec, i, copy, &front_ops, 1))
			return -ENOMEM;
		dev->model.front = dev;
		model_plug(&dev->model);
	}
	return 0;
}

static void stop_devs(struct wire_server *front)
{
	unsigned int i;

	for (i = 0; front->devs && i < front->instance->ndevices; i++) {
		model_report(&front->devs[i].model);
		model_free(&front->devs[i].model);
	}
	free(front->devs);
}

static int start_link(struct wire_server *front)
{
	struct instance *instance = front->instance;
	struct link_config config = {
		.loop = &front->loop,
		.key = &instance->key,
		.ops = &link_rows,
		.owner = front,
	};
	struct wire_hello *hello = &front->hello;

	hello->major = P2PUSB_VERSION_MAJOR;
	hello->minor = P2PUSB_VERSION_MINOR;
	hello->max_urbs = instance->max_urbs;
	hello->max_urb_bytes = URB_BYTES_MAX;
	hello->max_ep_bytes = instance->max_ep_bytes;
	hello->caps = instance->caps;
	snprintf(hello->name, sizeof(hello->name), "fakedev");
	if (getrandom(hello->boot_id, sizeof(hello->boot_id), 0) !=
	    sizeof(hello->boot_id))
		return -EIO;
	config.hello = *hello;
	return link_listen(&config, (const struct sockaddr *)&instance->listen,
			   instance->listen_len, &front->listener);
}

static void stop(struct wire_server *front)
{
	link_listener_close(front->listener, P2PUSB_CLOSE_SHUTDOWN,
			    "the server stops");
	uv_close((uv_handle_t *)&front->timer, NULL);
	uv_close((uv_handle_t *)&front->watch, NULL);
}

static void look(uv_timer_t *timer)
{
	struct wire_server *front = timer->data;
	unsigned int i;

	if (instance_report) {
		instance_report = 0;
		for (i = 0; i < front->instance->ndevices; i++)
			model_report(&front->devs[i].model);
		record_plain(-1, "reported");
	}
	if (instance_stop && !uv_is_closing((uv_handle_t *)timer))
		stop(front);
}

int wire_front(struct instance *instance)
{
	struct wire_server front = { .instance = instance };
	int ret;

	ret = uv_loop_init(&front.loop);
	if (ret)
		return ret;
	TAILQ_INIT(&front.sessions);
	uv_timer_init(&front.loop, &front.timer);
	uv_timer_init(&front.loop, &front.watch);
	front.timer.data = &front;
	front.watch.data = &front;
	ret = start_devs(&front);
	if (!ret)
		ret = start_link(&front);
	if (ret) {
		log_err("cannot start: %s.", strerror(-ret));
		uv_close((uv_handle_t *)&front.timer, NULL);
		uv_close((uv_handle_t *)&front.watch, NULL);
	} else {
		log_note("%u devices are shared", instance->ndevices);
		uv_timer_start(&front.watch, look, WATCH_MS, WATCH_MS);
	}
	uv_run(&front.loop, UV_RUN_DEFAULT);
	stop_devs(&front);
	uv_loop_close(&front.loop);
	return ret;
}
