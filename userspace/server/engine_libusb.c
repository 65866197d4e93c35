// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_libusb - devices through libusb, asynchronously.
 *
 * Every open device has a libusb context of its own: one uv_poll on its usbfs
 * file, stopped while the worker is in the kernel with the device.  A common
 * context would reap from a device whose lock is taken and stop the loop.
 * One more context, without open devices, hears hotplug.
 *
 * No transfer has a time-out and none is retried; isochronous transfers and
 * streams are not done here.
 */
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "engine.h"
#include "log.h"
#include "sysfs.h"

#define EP_NONE		0xff
#define EP_COUNT	32
#define IFACE_MAX	32	/* what usbfs can claim */
#define CTRL_MAX	4096	/* MAX_CTRL_BUFFER_LENGTH of libusb */

/* A control transfer has its SETUP packet in front of its data. */
#define HEADROOM	LIBUSB_CONTROL_SETUP_SIZE

/* A device that is plugged in. */
struct plugged {
	TAILQ_ENTRY(plugged) entry;
	struct engine *engine;
	libusb_device *dev;
	struct wire_device info;
	uv_work_t work;
	int probing;
	int announced;
	int gone;
};

TAILQ_HEAD(plugged_list, plugged);

struct event_poll {
	uv_poll_t poll;
	struct engine *engine;
};

#define ENGINE_POLLS	4

/* What engine_xfer.priv points to. */
struct transfer {
	STAILQ_ENTRY(transfer) entry;
	struct engine_device *dev;
	struct engine_xfer *xfer;
	struct libusb_transfer *transfer;
	unsigned int age;
};

STAILQ_HEAD(transfer_list, transfer);

struct engine {
	struct plugged_list plugged;
	uv_loop_t *loop;
	struct engine_events events;
	void *owner;
	libusb_context *ctx;
	libusb_hotplug_callback_handle hotplug;
	struct event_poll *polls[ENGINE_POLLS];
	unsigned int npolls;
	unsigned int probing;
	int stopping;
};

/*
 * alt and claimed belong to the worker; ep_type is written by it while the
 * device is held and read by the loop.  killed: endpoints whose transfers, if
 * older than age, a verb of the worker took away; both are written and read
 * only while the other side does not run.
 */
struct engine_device {
	_Atomic uint8_t ep_type[EP_COUNT];
	struct engine *engine;
	char busid[P2PUSB_BUSID_MAX + 1];
	libusb_context *ctx;
	libusb_device_handle *handle;
	int fd;
	uv_poll_t *poll;
	uint32_t claimed;
	uint8_t alt[IFACE_MAX];
	uint32_t killed;
	unsigned int age;
	struct transfer_list done;
	unsigned int ndone;
};

struct errno_row {
	int libusb;
	int err;
};

static const struct errno_row errno_rows[] = {
	{ LIBUSB_SUCCESS, 0 },
	{ LIBUSB_ERROR_INVALID_PARAM, -EINVAL },
	{ LIBUSB_ERROR_ACCESS, -EACCES },
	{ LIBUSB_ERROR_NO_DEVICE, -ENODEV },
	{ LIBUSB_ERROR_NOT_FOUND, -EINVAL },
	{ LIBUSB_ERROR_BUSY, -EBUSY },
	{ LIBUSB_ERROR_NO_MEM, -ENOMEM },
	{ LIBUSB_ERROR_NOT_SUPPORTED, -EOPNOTSUPP },
};

static int to_errno(int libusb)
{
	size_t i;

	for (i = 0; i < sizeof(errno_rows) / sizeof(errno_rows[0]); i++) {
		if (errno_rows[i].libusb == libusb)
			return errno_rows[i].err;
	}
	return -EIO;
}

static uint32_t to_status(enum libusb_transfer_status status)
{
	static const uint8_t rows[] = {
		[LIBUSB_TRANSFER_COMPLETED] = P2PUSB_ST_OK,
		[LIBUSB_TRANSFER_ERROR] = P2PUSB_ST_PROTO,
		[LIBUSB_TRANSFER_TIMED_OUT] = P2PUSB_ST_TIMEOUT,
		[LIBUSB_TRANSFER_CANCELLED] = P2PUSB_ST_CANCELLED,
		[LIBUSB_TRANSFER_STALL] = P2PUSB_ST_STALL,
		[LIBUSB_TRANSFER_NO_DEVICE] = P2PUSB_ST_NODEV,
		[LIBUSB_TRANSFER_OVERFLOW] = P2PUSB_ST_OVERFLOW,
	};

	return status < sizeof(rows) ? rows[status] : P2PUSB_ST_PROTO;
}

/* Devices come and go */

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
	uint8_t i;

	if (libusb_get_config_descriptor(dev, 0, &config))
		return;
	for (i = 0; i < config->bNumInterfaces && i < sizeof(info->classes);
	     i++) {
		if (config->interface[i].num_altsetting > 0)
			info->classes[i] =
				config->interface[i].altsetting->bInterfaceClass;
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
	ret = to_errno(libusb_get_device_descriptor(dev, &desc));
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

static void plugged_free(struct plugged *p)
{
	libusb_unref_device(p->dev);
	free(p);
}

static void plugged_remove(struct plugged *p)
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
	struct plugged *p = work->data;

	sysfs_strings(&p->info);
}

static void engine_exit(struct engine *engine);

static void probe_done(uv_work_t *work, int status)
{
	struct plugged *p = work->data;
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
	struct plugged *p;

	p = calloc(1, sizeof(*p));
	if (!p) {
		log_err("a device was plugged in, but there is no memory");
		return;
	}
	if (fill_info(dev, &p->info)) {
		/* Root hubs have no port of their own. */
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
	struct plugged *p;

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

static void reap(libusb_context *ctx)
{
	struct timeval zero = { 0, 0 };

	libusb_handle_events_timeout_completed(ctx, &zero, NULL);
}

/* Start and stop */

static void hotplug_poll(uv_poll_t *poll, int status, int events)
{
	struct event_poll *p = poll->data;

	(void)status;
	(void)events;
	reap(p->engine->ctx);
}

static void event_poll_free(uv_handle_t *handle)
{
	free(handle->data);
}

static int event_poll_add(struct engine *engine, const struct libusb_pollfd *fd)
{
	struct event_poll *p;
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
	return to_errno(ret);
}

static int engine_start(uv_loop_t *loop, const struct engine_events *events,
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

	ret = to_errno(libusb_init(&e->ctx));
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

static void engine_stop(struct engine *engine)
{
	struct plugged *next;
	struct plugged *p;

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

/* Endpoints of the current configuration and alternate settings */

static unsigned int ep_slot(uint8_t ep)
{
	return (ep & 0x0f) | (ep & 0x80) >> 3;
}

static const struct libusb_interface_descriptor *
current_alt(struct engine_device *dev, const struct libusb_interface *iface)
{
	const struct libusb_interface_descriptor *alt;
	int i;

	for (i = 0; i < iface->num_altsetting; i++) {
		alt = &iface->altsetting[i];
		if (alt->bInterfaceNumber < IFACE_MAX &&
		    alt->bAlternateSetting == dev->alt[alt->bInterfaceNumber])
			return alt;
	}
	return NULL;
}

static void read_endpoints(struct engine_device *dev)
{
	const struct libusb_interface_descriptor *alt;
	const struct libusb_endpoint_descriptor *ep;
	struct libusb_config_descriptor *config;
	uint8_t types[EP_COUNT];
	unsigned int i;
	unsigned int j;

	memset(types, EP_NONE, sizeof(types));
	types[0] = P2PUSB_XFER_CONTROL;
	if (libusb_get_active_config_descriptor(libusb_get_device(dev->handle),
						&config))
		goto store;
	for (i = 0; i < config->bNumInterfaces; i++) {
		alt = current_alt(dev, &config->interface[i]);
		for (j = 0; alt && j < alt->bNumEndpoints; j++) {
			ep = &alt->endpoint[j];
			types[ep_slot(ep->bEndpointAddress)] =
				ep->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK;
		}
	}
	libusb_free_config_descriptor(config);
store:
	for (i = 0; i < EP_COUNT; i++)
		atomic_store(&dev->ep_type[i], types[i]);
}

/* Endpoints of one interface as it is, by slot. */
static uint32_t interface_endpoints(struct engine_device *dev, int number)
{
	const struct libusb_interface_descriptor *alt;
	struct libusb_config_descriptor *config;
	uint32_t mask = 0;
	unsigned int i;
	unsigned int j;

	if (libusb_get_active_config_descriptor(libusb_get_device(dev->handle),
						&config))
		return 0;
	for (i = 0; i < config->bNumInterfaces; i++) {
		alt = current_alt(dev, &config->interface[i]);
		if (!alt || alt->bInterfaceNumber != number)
			continue;
		for (j = 0; j < alt->bNumEndpoints; j++)
			mask |= 1u << ep_slot(alt->endpoint[j].bEndpointAddress);
	}
	libusb_free_config_descriptor(config);
	return mask;
}

static int engine_endpoint(struct engine_device *dev, uint8_t ep)
{
	uint8_t type;

	type = atomic_load(&dev->ep_type[ep_slot(ep)]);
	return type == EP_NONE ? -ENOENT : type;
}

/* Worker: open, claim */

static int open_node(const char *busid)
{
	unsigned int bus;
	unsigned int num;
	char path[64];
	int ret;
	int fd;

	ret = sysfs_number(busid, "busnum", &bus);
	if (!ret)
		ret = sysfs_number(busid, "devnum", &num);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", bus, num);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	return fd;
}

static int engine_open(struct engine *engine, const char *busid,
		       struct engine_device **dev)
{
	struct engine_device *d;
	int ret;

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->engine = engine;
	STAILQ_INIT(&d->done);
	snprintf(d->busid, sizeof(d->busid), "%s", busid);
	d->fd = open_node(busid);
	if (d->fd < 0) {
		ret = d->fd;
		goto err_free;
	}
	ret = to_errno(libusb_init(&d->ctx));
	if (ret)
		goto err_close;
	ret = to_errno(libusb_wrap_sys_device(d->ctx, d->fd, &d->handle));
	if (ret)
		goto err_exit;
	read_endpoints(d);
	*dev = d;
	return 0;

err_exit:
	libusb_exit(d->ctx);
err_close:
	close(d->fd);
err_free:
	free(d);
	return ret;
}

static void engine_close(struct engine_device *dev)
{
	libusb_close(dev->handle);
	libusb_exit(dev->ctx);
	close(dev->fd);
	free(dev);
}

static void release_all(struct engine_device *dev)
{
	unsigned int i;

	for (i = 0; i < IFACE_MAX; i++) {
		if (dev->claimed & 1u << i)
			libusb_release_interface(dev->handle, i);
	}
	dev->claimed = 0;
}

/*
 * Claiming takes an interface from its driver; releasing gives it back only
 * with auto-detach on, which is off while a configuration is changed, so that
 * no driver of the host slips in between.
 */
static int claim_all(struct engine_device *dev)
{
	struct libusb_config_descriptor *config;
	unsigned int number;
	unsigned int i;
	int ret;

	ret = libusb_get_active_config_descriptor(libusb_get_device(dev->handle),
						  &config);
	/* Not configured: there is nothing to claim. */
	if (ret == LIBUSB_ERROR_NOT_FOUND)
		return 0;
	if (ret)
		return to_errno(ret);
	libusb_set_auto_detach_kernel_driver(dev->handle, 1);
	for (i = 0; i < config->bNumInterfaces && !ret; i++) {
		if (config->interface[i].num_altsetting < 1)
			continue;
		number = config->interface[i].altsetting->bInterfaceNumber;
		ret = libusb_claim_interface(dev->handle, number);
		if (!ret)
			dev->claimed |= 1u << number;
	}
	libusb_free_config_descriptor(config);
	return to_errno(ret);
}

static int engine_claim(struct engine_device *dev)
{
	int ret;

	ret = claim_all(dev);
	if (ret)
		release_all(dev);
	/* Unbinding a driver puts alternate setting 0 back. */
	memset(dev->alt, 0, sizeof(dev->alt));
	read_endpoints(dev);
	return ret;
}

static int engine_release(struct engine_device *dev)
{
	libusb_set_auto_detach_kernel_driver(dev->handle, 1);
	release_all(dev);
	return 0;
}

/* Worker: verbs */

static void take_away(struct engine_device *dev, uint32_t endpoints)
{
	dev->killed |= endpoints;
	dev->age++;
}

/* usbfs refuses while any interface is claimed, by ourselves too. */
static int engine_set_configuration(struct engine_device *dev, int value)
{
	int ret;

	take_away(dev, ~0u);
	libusb_set_auto_detach_kernel_driver(dev->handle, 0);
	release_all(dev);
	/* 0 could be a configuration's number: -1 is what usbfs wants. */
	ret = to_errno(libusb_set_configuration(dev->handle,
						value ? value : -1));
	if (ret != -ENODEV && engine_claim(dev))
		return -EBUSY;
	return ret;
}

static int engine_set_interface(struct engine_device *dev, int number, int alt)
{
	int ret;

	if (number < 0 || number >= IFACE_MAX)
		return -EINVAL;
	take_away(dev, interface_endpoints(dev, number));
	ret = to_errno(libusb_set_interface_alt_setting(dev->handle, number,
							alt));
	if (ret)
		return ret;
	dev->alt[number] = alt;
	read_endpoints(dev);
	return 0;
}

static int engine_clear_halt(struct engine_device *dev, uint8_t ep)
{
	return to_errno(libusb_clear_halt(dev->handle, ep));
}

static int engine_reset(struct engine_device *dev)
{
	int ret;

	take_away(dev, ~0u);
	ret = libusb_reset_device(dev->handle);
	if (ret == LIBUSB_ERROR_NOT_FOUND || ret == LIBUSB_ERROR_NO_DEVICE)
		return -ENODEV;
	/*
	 * libusb releases before the reset and claims again only when it
	 * went well; claim what is not, whatever happened.
	 */
	if (ret) {
		libusb_set_auto_detach_kernel_driver(dev->handle, 0);
		release_all(dev);
		if (engine_claim(dev))
			return -EBUSY;
		return to_errno(ret);
	}
	memset(dev->alt, 0, sizeof(dev->alt));
	read_endpoints(dev);
	return 0;
}

/* Transfers */

/*
 * Results are told when libusb has been left: what they cause may make the
 * worker take the device's lock, or close it.  The last one told may be the
 * end of the device.
 */
static void tell_done(struct engine_device *dev)
{
	struct transfer_list list = STAILQ_HEAD_INITIALIZER(list);
	struct transfer *t;

	STAILQ_CONCAT(&list, &dev->done);
	while ((t = STAILQ_FIRST(&list))) {
		STAILQ_REMOVE_HEAD(&list, entry);
		t->xfer->done(t->xfer);
	}
}

static void device_poll(uv_poll_t *poll, int status, int events)
{
	struct engine_device *dev = poll->data;

	/*
	 * An error is the unplugged device: libusb sees it too and ends the
	 * transfers; libuv has stopped the poll already.
	 */
	(void)status;
	(void)events;
	reap(dev->ctx);
	tell_done(dev);
}

static void device_poll_free(uv_handle_t *handle)
{
	free(handle);
}

static void engine_hold(struct engine_device *dev)
{
	if (!dev->poll)
		return;
	/* Before the file can be closed on the worker. */
	uv_close((uv_handle_t *)dev->poll, device_poll_free);
	dev->poll = NULL;
}

/* What a verb took away was given back meanwhile: nothing new is among it. */
static void reap_killed(struct engine_device *dev)
{
	unsigned int before;

	if (!dev->killed)
		return;
	do {
		before = dev->ndone;
		reap(dev->ctx);
	} while (dev->ndone != before);
	dev->killed = 0;
}

static void engine_resume(struct engine_device *dev)
{
	uv_poll_t *poll;
	int ret;

	poll = calloc(1, sizeof(*poll));
	if (!poll) {
		log_err("%s: no memory to listen to the device", dev->busid);
		return;
	}
	ret = uv_poll_init(dev->engine->loop, poll, dev->fd);
	if (ret) {
		log_err("%s: cannot listen to the device: %s", dev->busid,
			uv_strerror(ret));
		free(poll);
		return;
	}
	poll->data = dev;
	dev->poll = poll;
	uv_poll_start(poll, UV_WRITABLE, device_poll);
	reap_killed(dev);
	tell_done(dev);
}

static uint8_t *engine_alloc(struct engine_device *dev, size_t len)
{
	uint8_t *buf;

	(void)dev;
	buf = malloc(HEADROOM + len);
	return buf ? buf + HEADROOM : NULL;
}

static void engine_free(struct engine_device *dev, uint8_t *buf, size_t len)
{
	(void)dev;
	(void)len;
	free(buf - HEADROOM);
}

/*
 * A transfer that usbfs took away is reported by libusb as complete, with
 * what had been moved, or as that of a lost device.  Neither is true.
 */
static uint32_t true_status(const struct transfer *t, uint32_t status)
{
	const struct libusb_transfer *transfer = t->transfer;
	uint8_t ep = transfer->endpoint;
	uint32_t bit = 1u << ep_slot(ep);

	if (!(ep & 0x0f) || !(t->dev->killed & bit) || t->age == t->dev->age)
		return status;
	if (status == P2PUSB_ST_NODEV ||
	    (status == P2PUSB_ST_OK &&
	     transfer->actual_length < transfer->length))
		return P2PUSB_ST_PROTO;
	return status;
}

static void LIBUSB_CALL transfer_done(struct libusb_transfer *transfer)
{
	struct engine_xfer *xfer = transfer->user_data;
	struct transfer *t = xfer->priv;

	xfer->status = true_status(t, to_status(transfer->status));
	xfer->actual = transfer->actual_length;
	t->dev->ndone++;
	STAILQ_INSERT_TAIL(&t->dev->done, t, entry);
}

static void fill_transfer(struct engine_device *dev, struct engine_xfer *xfer,
			  struct libusb_transfer *transfer)
{
	transfer->dev_handle = dev->handle;
	transfer->endpoint = xfer->ep;
	transfer->type = xfer->type;
	transfer->callback = transfer_done;
	transfer->user_data = xfer;
	transfer->buffer = xfer->data;
	transfer->length = xfer->length;
	if (xfer->flags & P2PUSB_XF_ZERO_PACKET)
		transfer->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET;
	if (xfer->type == P2PUSB_XFER_CONTROL) {
		transfer->buffer -= HEADROOM;
		transfer->length += HEADROOM;
		memcpy(transfer->buffer, xfer->setup, HEADROOM);
	}
}

static void engine_put(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct transfer *t = xfer->priv;

	(void)dev;
	libusb_free_transfer(t->transfer);
	free(t);
	xfer->priv = NULL;
}

static int engine_submit(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct transfer *t;
	int ret;

	if (xfer->type == P2PUSB_XFER_CONTROL && xfer->length > CTRL_MAX)
		return -EMSGSIZE;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->dev = dev;
	t->xfer = xfer;
	t->age = dev->age;
	t->transfer = libusb_alloc_transfer(0);
	if (!t->transfer) {
		free(t);
		return -ENOMEM;
	}
	xfer->priv = t;
	fill_transfer(dev, xfer, t->transfer);
	ret = to_errno(libusb_submit_transfer(t->transfer));
	if (ret)
		engine_put(dev, xfer);
	return ret;
}

static int engine_cancel(struct engine_device *dev, struct engine_xfer *xfer)
{
	struct transfer *t = xfer->priv;

	(void)dev;
	return to_errno(libusb_cancel_transfer(t->transfer));
}

const struct engine_ops engine_libusb = {
	.start = engine_start,
	.stop = engine_stop,
	.open = engine_open,
	.close = engine_close,
	.hold = engine_hold,
	.resume = engine_resume,
	.claim = engine_claim,
	.release = engine_release,
	.alloc = engine_alloc,
	.free = engine_free,
	.submit = engine_submit,
	.put = engine_put,
	.cancel = engine_cancel,
	.endpoint = engine_endpoint,
	.set_configuration = engine_set_configuration,
	.set_interface = engine_set_interface,
	.clear_halt = engine_clear_halt,
	.reset = engine_reset,
};
