// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_plug - devices that come and go, by libusb's hotplug.
 *
 * Callbacks of libusb only take note: what may block on the lock of a device
 * is read in libuv's pool.  Opens no device.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_libusb.h"
#include "log.h"
#include "sysfs.h"

/* A device that is plugged in. */
struct engine_plug {
	TAILQ_ENTRY(engine_plug) entry;
	struct engine *engine;
	libusb_device *dev;
	struct wire_device info;
	uv_work_t work;
	int probing;
	int announced;
	int gone;
};

struct plug_poll {
	uv_poll_t poll;
	struct engine *engine;
};

static int busid_format(libusb_device *dev, char *buf, size_t len)
{
	uint8_t ports[8];
	size_t used;
	int n;
	int i;

	n = libusb_get_port_numbers(dev, ports, sizeof(ports));
	if (n <= 0)
		return -ENODEV;
	used = snprintf(buf, len, "%u", libusb_get_bus_number(dev));
	for (i = 0; i < n && used < len; i++)
		used += snprintf(buf + used, len - used, "%c%u", i ? '.' : '-',
				 ports[i]);
	return used < len ? 0 : -ENAMETOOLONG;
}

static void fill_classes(libusb_device *dev, struct wire_device *info)
{
	struct libusb_config_descriptor *config;
	const struct libusb_interface *iface;
	uint8_t i;

	if (libusb_get_config_descriptor(dev, 0, &config))
		return;
	for (i = 0; i < config->bNumInterfaces && i < sizeof(info->classes);
	     i++) {
		iface = &config->interface[i];
		if (iface->num_altsetting > 0)
			info->classes[i] = iface->altsetting->bInterfaceClass;
	}
	libusb_free_config_descriptor(config);
}

static int fill_info(libusb_device *dev, struct wire_device *info)
{
	struct libusb_device_descriptor desc;
	int speed;
	int ret;

	memset(info, 0, sizeof(*info));
	ret = busid_format(dev, info->busid, sizeof(info->busid));
	if (ret)
		return ret;
	ret = engine_errno(libusb_get_device_descriptor(dev, &desc));
	if (ret)
		return ret;
	info->vid = desc.idVendor;
	info->pid = desc.idProduct;
	info->bcd_device = desc.bcdDevice;
	info->dev_class = desc.bDeviceClass;
	info->dev_subclass = desc.bDeviceSubClass;
	info->dev_protocol = desc.bDeviceProtocol;
	/* libusb's numbers are those of the wire. */
	speed = libusb_get_device_speed(dev);
	info->speed = speed >= P2PUSB_SPEED_LOW &&
		      speed <= P2PUSB_SPEED_SUPER_PLUS ? speed :
		      P2PUSB_SPEED_FULL;
	info->lanes = info->speed == P2PUSB_SPEED_SUPER_PLUS;
	fill_classes(dev, info);
	return 0;
}

static void plugged_free(struct engine_plug *p)
{
	libusb_unref_device(p->dev);
	free(p);
}

static void plugged_remove(struct engine_plug *p)
{
	struct engine *engine = p->engine;
	char busid[sizeof(p->info.busid)];
	int announced = p->announced;

	memcpy(busid, p->info.busid, sizeof(busid));
	TAILQ_REMOVE(&engine->plugged, p, entry);
	plugged_free(p);
	if (announced)
		engine->events.left(engine->owner, busid);
}

/* libuv's pool: the strings may block on the lock of the device. */
static void probe_run(uv_work_t *work)
{
	struct engine_plug *p = work->data;

	sysfs_strings(&p->info);
}

static void engine_exit(struct engine *engine);

static void probe_done(uv_work_t *work, int status)
{
	struct engine_plug *p = work->data;
	struct engine *engine = p->engine;

	(void)status;
	p->probing = 0;
	engine->probing--;
	if (engine->stopping) {
		plugged_free(p);
		if (!engine->probing)
			engine_exit(engine);
		return;
	}
	if (p->gone) {
		plugged_remove(p);
		return;
	}
	p->announced = 1;
	engine->events.arrived(engine->owner, &p->info);
}

static void hotplug_arrived(struct engine *engine, libusb_device *dev)
{
	struct engine_plug *p;

	p = calloc(1, sizeof(*p));
	if (!p) {
		log_err("a device was plugged in, but there is no memory");
		return;
	}
	if (fill_info(dev, &p->info) || sysfs_imported(p->info.busid)) {
		/*
		 * Root hubs have no port of their own; what another server
		 * lent to this machine is not ours to lend.
		 */
		free(p);
		return;
	}
	p->engine = engine;
	p->dev = libusb_ref_device(dev);
	p->work.data = p;
	TAILQ_INSERT_TAIL(&engine->plugged, p, entry);
	p->probing = 1;
	engine->probing++;
	uv_queue_work(engine->loop, &p->work, probe_run, probe_done);
}

static void hotplug_left(struct engine *engine, libusb_device *dev)
{
	struct engine_plug *p;

	TAILQ_FOREACH(p, &engine->plugged, entry) {
		if (p->dev == dev)
			break;
	}
	if (!p)
		return;
	if (p->probing)
		p->gone = 1;
	else
		plugged_remove(p);
}

static int LIBUSB_CALL hotplug_event(libusb_context *ctx, libusb_device *dev,
				     libusb_hotplug_event event, void *data)
{
	(void)ctx;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
		hotplug_arrived(data, dev);
	else
		hotplug_left(data, dev);
	return 0;
}

/* Start and stop */

static void hotplug_poll(uv_poll_t *poll, int status, int events)
{
	struct plug_poll *p = poll->data;

	(void)status;
	(void)events;
	engine_reap(p->engine->ctx);
}

static void event_poll_free(uv_handle_t *handle)
{
	free(handle->data);
}

static int event_poll_add(struct engine *engine, const struct libusb_pollfd *fd)
{
	struct plug_poll *p;
	int ret;

	if (engine->npolls == ENGINE_POLLS)
		return -ENOSPC;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	ret = uv_poll_init(engine->loop, &p->poll, fd->fd);
	if (ret) {
		free(p);
		return ret;
	}
	p->engine = engine;
	p->poll.data = p;
	engine->polls[engine->npolls++] = p;
	return uv_poll_start(&p->poll, UV_READABLE, hotplug_poll);
}

/* No device is opened in this context: its files stay as they are. */
static int event_polls_add(struct engine *engine)
{
	const struct libusb_pollfd **fds;
	int ret = 0;
	int i;

	fds = libusb_get_pollfds(engine->ctx);
	if (!fds)
		return -ENOMEM;
	for (i = 0; fds[i] && !ret; i++)
		ret = event_poll_add(engine, fds[i]);
	libusb_free_pollfds(fds);
	return ret;
}

static void event_polls_remove(struct engine *engine)
{
	while (engine->npolls)
		uv_close((uv_handle_t *)&engine->polls[--engine->npolls]->poll,
			 event_poll_free);
}

static int hotplug_start(struct engine *engine)
{
	const int events = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
			   LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT;
	const int any = LIBUSB_HOTPLUG_MATCH_ANY;
	int ret;

	if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		return -EOPNOTSUPP;
	ret = libusb_hotplug_register_callback(engine->ctx, events,
					       LIBUSB_HOTPLUG_ENUMERATE, any,
					       any, any, hotplug_event, engine,
					       &engine->hotplug);
	return engine_errno(ret);
}

int engine_plug_start(uv_loop_t *loop, const struct engine_events *events,
		      void *owner, struct engine **engine)
{
	struct engine *e;
	int ret;

	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->loop = loop;
	e->events = *events;
	e->owner = owner;
	TAILQ_INIT(&e->plugged);

	ret = engine_errno(libusb_init(&e->ctx));
	if (ret)
		goto err_free;
	ret = event_polls_add(e);
	if (ret)
		goto err_polls;
	ret = hotplug_start(e);
	if (ret)
		goto err_polls;
	/* From here: contexts of single devices, which look for nothing. */
	libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	*engine = e;
	return 0;

err_polls:
	event_polls_remove(e);
	libusb_exit(e->ctx);
err_free:
	free(e);
	return ret;
}

static void engine_exit(struct engine *engine)
{
	libusb_exit(engine->ctx);
	free(engine);
}

void engine_plug_stop(struct engine *engine)
{
	struct engine_plug *next;
	struct engine_plug *p;

	engine->stopping = 1;
	libusb_hotplug_deregister_callback(engine->ctx, engine->hotplug);
	event_polls_remove(engine);
	for (p = TAILQ_FIRST(&engine->plugged); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		TAILQ_REMOVE(&engine->plugged, p, entry);
		if (!p->probing)
			plugged_free(p);
	}
	if (!engine->probing)
		engine_exit(engine);
}
