// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * remote_msg - what a server says on the control stream.
 *
 * The shape of a message was checked in lib/wire.c; whether it makes sense now
 * is checked here and by who takes it.  Sends nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "remote.h"

static struct wire_device *find_device(struct remote *remote, const char *busid)
{
	size_t i;

	for (i = 0; i < remote->ndevices; i++)
		if (!strcmp(remote->devices[i].busid, busid))
			return &remote->devices[i];
	return NULL;
}

static int on_device(struct remote *remote, const struct wire_msg *msg)
{
	struct wire_device *device = find_device(remote, msg->device.busid);

	if (!device && remote->ndevices == REMOTE_DEVICES_MAX)
		return link_reason(remote->link, "more than %u devices",
				   REMOTE_DEVICES_MAX);
	if (!device)
		device = &remote->devices[remote->ndevices++];
	*device = msg->device;
	return 0;
}

static int on_device_gone(struct remote *remote, const struct wire_msg *msg)
{
	struct wire_device *device = find_device(remote,
						 msg->device_gone.busid);

	if (device)
		*device = remote->devices[--remote->ndevices];
	return 0;
}

static int on_list_end(struct remote *remote, const struct wire_msg *msg)
{
	(void)msg;
	remote->listed = 1;
	want_step(remote);
	return 0;
}

static int on_attached(struct remote *remote, const struct wire_msg *msg)
{
	int ret;

	/* Whoever plugs it in takes them. */
	ret = want_attached(remote, &msg->attached, &remote->descs);
	descs_drop(&remote->descs);
	return ret;
}

static int on_refused(struct remote *remote, const struct wire_msg *msg)
{
	return want_refused(remote, &msg->refused);
}

static const int remote_msg_errno[] = {
	[P2PUSB_CODE_OK] = 0,
	[P2PUSB_CODE_NO_DEVICE] = ENODEV,
	[P2PUSB_CODE_BUSY] = EBUSY,
	[P2PUSB_CODE_CLAIM] = EBUSY,
	[P2PUSB_CODE_UNSUPPORTED] = EOPNOTSUPP,
	[P2PUSB_CODE_LIMIT] = ENOSPC,
	[P2PUSB_CODE_UNPLUGGED] = ENODEV,
	[P2PUSB_CODE_REVOKED] = EACCES,
	[P2PUSB_CODE_SHUTDOWN] = ESHUTDOWN,
	[P2PUSB_CODE_IO] = EIO,
};

/* Unknown to us when both sides gave it up at the same time. */
static int on_detached(struct remote *remote, const struct wire_msg *msg)
{
	const struct wire_detached *detached = &msg->detached;
	struct port *port = port_by_dev(remote, detached->dev);
	struct leaving *leaving;
	int err = EIO;

	if (detached->code < sizeof(remote_msg_errno) / sizeof(int))
		err = remote_msg_errno[detached->code];
	if (port) {
		if (detached->text[0])
			log_note("%s/%s: %s", remote->peer.name,
				 port->device.busid, detached->text);
		port_end(port, PORT_TELL_KERNEL, err ? err : ENODEV);
		return 0;
	}
	TAILQ_FOREACH(leaving, &remote->leaving, entry)
		if (leaving->dev == detached->dev)
			break;
	if (leaving) {
		TAILQ_REMOVE(&remote->leaving, leaving, entry);
		free(leaving);
		want_step(remote);
	}
	return 0;
}

/* Unknown to us when it was given up meanwhile. */
static int on_wakeup(struct remote *remote, const struct wire_msg *msg)
{
	struct port *port = port_by_dev(remote, msg->wakeup.dev);

	if (!(remote->hello.caps & P2PUSB_CAP_POWER))
		return link_reason(remote->link, "WAKEUP without CAP_POWER");
	if (port)
		ring_port_event(&port->queue->ring, port->number, port->epoch,
				P2PVHCI_EVENT_WAKEUP, 0);
	return 0;
}

/* All that the link lets through to an agent. */
static int (*const remote_msg_takers[])(struct remote *remote,
				  const struct wire_msg *msg) = {
	[P2PUSB_MSG_DEVICE] = on_device,
	[P2PUSB_MSG_DEVICE_GONE] = on_device_gone,
	[P2PUSB_MSG_LIST_END] = on_list_end,
	[P2PUSB_MSG_ATTACHED] = on_attached,
	[P2PUSB_MSG_REFUSED] = on_refused,
	[P2PUSB_MSG_DETACHED] = on_detached,
	[P2PUSB_MSG_WAKEUP] = on_wakeup,
};

int remote_msg_begin(struct remote *remote, const struct wire_msg *msg,
		     void **dst)
{
	if (remote->state != REMOTE_UP)
		return 0;
	if (!(remote->hello.caps & P2PUSB_CAP_DESCS) ||
	    msg->type != P2PUSB_MSG_ATTACHED)
		return link_reason(remote->link, "%s with payload",
				   wire_name(msg->type));
	*dst = descs_room(&remote->descs, msg->payload);
	return 0;
}

int remote_msg(struct remote *remote, const struct wire_msg *msg)
{
	return remote_msg_takers[msg->type](remote, msg);
}
