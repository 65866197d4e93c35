// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_usbfs - the usbfs engine of Linux: open, claim, verbs.
 *
 * All of it but engine_endpoint() runs on the worker of the device.  Devices
 * that come and go are in engine_plug.c, transfers in engine_usbfs_urb.c.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine_guard.h"
#include "engine_usbfs.h"
#include "ep0.h"
#include "log.h"
#include "sysfs.h"

#define DESC_MAX	(256u << 10)	/* of a device, all configurations */

/* usbfs says -ENOENT or -ESRCH of what the device does not have. */
static int usbfs(const struct engine_device *dev, unsigned long request,
		 void *arg)
{
	int ret;

	ret = ioctl(dev->file.fd, request, arg);
	if (ret >= 0)
		return ret;
	if (errno == ENOENT || errno == ESRCH || errno == EHOSTUNREACH)
		return -EINVAL;
	return errno == ESHUTDOWN ? -ENODEV : -errno;
}

/* What it is made of now */

static void read_endpoints(struct engine_device *dev)
{
	uint32_t interfaces = engine_desc_interfaces(&dev->desc, dev->config);
	uint8_t types[ENGINE_EP_COUNT];
	unsigned int i;

	memset(types, ENGINE_EP_NONE, sizeof(types));
	types[0] = P2PUSB_XFER_CONTROL;
	for (i = 0; i < ENGINE_IFACE_MAX; i++) {
		if (interfaces & 1u << i)
			engine_desc_endpoints(&dev->desc, dev->config, i,
					      dev->file.alt[i], types);
	}
	engine_file_set_types(&dev->file, types);
}

/* The kernel has taken streams back, with the endpoints. */
static void forget_streams(struct engine_device *dev, uint32_t endpoints)
{
	unsigned int i;

	for (i = 0; i < ENGINE_EP_COUNT; i++) {
		if (endpoints & 1u << i)
			dev->streams[i] = 0;
	}
}

/* Interfaces without a driver are at alternate setting 0, without streams. */
static void read_configuration(struct engine_device *dev)
{
	dev->config = engine_file_config(&dev->file);
	memset(dev->file.alt, 0, sizeof(dev->file.alt));
	forget_streams(dev, ~0u);
	read_endpoints(dev);
}

static int read_descriptors(struct engine_device *dev)
{
	uint8_t *data, *less;
	ssize_t len;

	/* usbfs skips what a device announced and did not send. */
	data = calloc(1, DESC_MAX);
	if (!data)
		return -ENOMEM;
	len = pread(dev->file.fd, data, DESC_MAX, 0);
	if (len < 0) {
		len = -errno;
		free(data);
		return len;
	}
	less = realloc(data, len ? len : 1);
	dev->desc.data = less ? less : data;
	dev->desc.len = len;
	return 0;
}

static int engine_endpoint(struct engine_device *dev, uint8_t ep)
{
	return engine_file_endpoint(&dev->file, ep);
}

/* Open, close */

static int engine_open(struct engine *engine, const char *busid,
		       struct engine_device **dev)
{
	struct engine_device *d;
	int ret;

	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	ret = engine_file_open(&d->file, engine, busid);
	if (ret)
		goto err_free;
	ret = read_descriptors(d);
	if (ret)
		goto err_close;
	d->pool = engine_pool_open(d->file.fd);
	if (!d->pool) {
		ret = -ENOMEM;
		goto err_free_desc;
	}
	read_configuration(d);
	*dev = d;
	return 0;

err_free_desc:
	free((void *)d->desc.data);
err_close:
	engine_file_close(&d->file);
err_free:
	free(d);
	return ret;
}

static void engine_close(struct engine_device *dev)
{
	/* A mapping would keep the file. */
	engine_pool_close(dev->pool);
	engine_file_close(&dev->file);
	free((void *)dev->desc.data);
	free(dev);
}

/* Claim */

static void release_all(struct engine_device *dev)
{
	unsigned int i;

	for (i = 0; i < ENGINE_IFACE_MAX; i++) {
		if (dev->file.claimed & 1u << i)
			usbfs(dev, USBDEVFS_RELEASEINTERFACE, &i);
	}
	dev->file.claimed = 0;
}

/* Offer interfaces to the drivers of the host. */
static void connect_all(struct engine_device *dev, uint32_t interfaces)
{
	struct usbdevfs_ioctl connect = { .ioctl_code = USBDEVFS_CONNECT };
	unsigned int i;

	for (i = 0; i < ENGINE_IFACE_MAX; i++) {
		connect.ifno = i;
		if (interfaces & 1u << i)
			usbfs(dev, USBDEVFS_IOCTL, &connect);
	}
}

/* From its driver to us in one step; not from another program. */
static int claim_interface(struct engine_device *dev, unsigned int number)
{
	struct usbdevfs_disconnect_claim claim = {
		.interface = number,
		.flags = USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER,
		.driver = "usbfs",
	};
	int ret;

	ret = usbfs(dev, USBDEVFS_DISCONNECT_CLAIM, &claim);
	if (!ret)
		dev->file.claimed |= 1u << number;
	return ret;
}

static int claim_all(struct engine_device *dev)
{
	uint32_t interfaces;
	unsigned int i;
	int ret = 0;

	read_configuration(dev);
	interfaces = engine_desc_interfaces(&dev->desc, dev->config);
	for (i = 0; i < ENGINE_IFACE_MAX && !ret; i++) {
		if (interfaces & 1u << i)
			ret = claim_interface(dev, i);
	}
	return ret;
}

static int engine_claim(struct engine_device *dev)
{
	uint32_t claimed;
	int ret;

	ret = claim_all(dev);
	if (!ret)
		return 0;
	claimed = dev->file.claimed;
	release_all(dev);
	connect_all(dev, claimed);
	return ret;
}

/* The last client may have left it in another configuration, or in none. */
static int engine_release(struct engine_device *dev)
{
	uint32_t claimed = dev->file.claimed;
	int home = dev->file.home;

	release_all(dev);
	read_configuration(dev);
	if (!home || dev->config == dev->file.home) {
		connect_all(dev, claimed);
		return 0;
	}
	return usbfs(dev, USBDEVFS_SETCONFIGURATION, &home);
}

/* Streams */

/* For usbfs: the endpoints, of them those that have streams or all. */
static struct usbdevfs_streams *streams_new(const struct engine_device *dev,
					    const uint8_t *eps, unsigned int n,
					    int had)
{
	struct usbdevfs_streams *s;
	unsigned int i;

	s = calloc(1, sizeof(*s) + n);
	for (i = 0; s && i < n; i++) {
		if (!had || dev->streams[engine_slot(eps[i])])
			s->eps[s->num_eps++] = eps[i];
	}
	return s;
}

static void streams_set(struct engine_device *dev, const uint8_t *eps,
			unsigned int n, uint16_t streams)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		dev->streams[engine_slot(eps[i])] = streams;
}

static int engine_free_streams(struct engine_device *dev, const uint8_t *eps,
			       unsigned int n)
{
	struct usbdevfs_streams *s;
	int ret = 0;

	s = streams_new(dev, eps, n, 1);
	if (!s)
		return -ENOMEM;
	if (s->num_eps)
		ret = usbfs(dev, USBDEVFS_FREE_STREAMS, s);
	free(s);
	if (ret >= 0)
		streams_set(dev, eps, n, 0);
	return ret < 0 ? ret : 0;
}

static int engine_alloc_streams(struct engine_device *dev, const uint8_t *eps,
				unsigned int n, unsigned int wanted)
{
	struct usbdevfs_streams *s;
	int ret;

	/* usbfs gives none to an endpoint that has some. */
	ret = engine_free_streams(dev, eps, n);
	if (ret)
		return ret;
	s = streams_new(dev, eps, n, 0);
	if (!s)
		return -ENOMEM;
	s->num_streams = wanted < 2 ? 2 : wanted;
	ret = usbfs(dev, USBDEVFS_ALLOC_STREAMS, s);
	free(s);
	if (ret <= 0)
		return ret ? ret : -ENOSPC;
	if (ret > (int)wanted)
		ret = wanted;
	streams_set(dev, eps, n, ret);
	return ret;
}

/* The kernel would take them back too, but complain of it. */
static void drop_streams(struct engine_device *dev, uint32_t endpoints)
{
	uint8_t eps[ENGINE_EP_COUNT];
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < ENGINE_EP_COUNT; i++) {
		if (endpoints & 1u << i && dev->streams[i])
			eps[n++] = (i & 0x0f) | (i & 0x10) << 3;
	}
	if (n)
		engine_free_streams(dev, eps, n);
	forget_streams(dev, endpoints);
}

/* Verbs */

static int guard(const struct engine_device *dev)
{
	int ret;

	ret = engine_guard_open(dev->file.busid);
	if (ret < 0 && ret != -ENODEV)
		log_warn("%s: its hub does not keep drivers away: %s",
			 dev->file.busid, strerror(-ret));
	return ret;
}

/* usbfs refuses while any interface is claimed, by ourselves too. */
static int engine_set_configuration(struct engine_device *dev, int value)
{
	int fence = guard(dev);
	int ret;

	release_all(dev);
	/* 0 could be a configuration's number: -1 is what usbfs wants. */
	value = value ? value : -1;
	ret = usbfs(dev, USBDEVFS_SETCONFIGURATION, &value);
	if (ret != -ENODEV && claim_all(dev))
		ret = -EBUSY;
	engine_guard_close(fence);
	return ret;
}

static int engine_set_interface(struct engine_device *dev, int number, int alt)
{
	struct usbdevfs_setinterface set = {
		.interface = number, .altsetting = alt,
	};
	int ret;

	if (number < 0 || number >= ENGINE_IFACE_MAX ||
	    !(dev->file.claimed & 1u << number))
		return -EINVAL;
	drop_streams(dev, engine_desc_endpoints(&dev->desc, dev->config, number,
						dev->file.alt[number], NULL));
	ret = usbfs(dev, USBDEVFS_SETINTERFACE, &set);
	if (ret)
		return ret;
	dev->file.alt[number] = alt;
	read_endpoints(dev);
	return 0;
}

static int engine_clear_halt(struct engine_device *dev, uint8_t ep)
{
	unsigned int number = ep;

	return usbfs(dev, USBDEVFS_CLEAR_HALT, &number);
}

static int engine_control(struct engine_device *dev, const uint8_t setup[8],
			  void *data, unsigned int timeout_ms)
{
	struct usbdevfs_ctrltransfer control = {
		.bRequestType = setup[0],
		.bRequest = setup[1],
		.wValue = ep0_value(setup),
		.wIndex = ep0_index(setup),
		.wLength = ep0_length(setup),
		.timeout = timeout_ms,
		.data = data,
	};

	return usbfs(dev, USBDEVFS_CONTROL, &control);
}

/*
 * The kernel unbinds usbfs from what is claimed, and offers that to drivers
 * afterwards: give it up ourselves, and claim it again behind the fence.
 */
static int engine_reset(struct engine_device *dev)
{
	int fence = guard(dev);
	int ret;

	/* The next client does not know that the last one let it sleep. */
	engine_usbfs_power(dev, P2PUSB_POWER_ON);
	release_all(dev);
	ret = usbfs(dev, USBDEVFS_RESET, NULL);
	if (!engine_usbfs_connected(dev))
		ret = -ENODEV;
	if (ret != -ENODEV && claim_all(dev))
		ret = -EBUSY;
	engine_guard_close(fence);
	return ret;
}

const struct engine_ops engine_usbfs = {
	.caps = P2PUSB_CAP_ISO | P2PUSB_CAP_STREAMS | P2PUSB_CAP_POWER,
	.start = engine_plug_start,
	.stop = engine_plug_stop,
	.open = engine_open,
	.close = engine_close,
	.hold = engine_usbfs_hold,
	.resume = engine_usbfs_resume,
	.reap = engine_usbfs_reap,
	.claim = engine_claim,
	.release = engine_release,
	.alloc = engine_usbfs_alloc,
	.free = engine_usbfs_free,
	.submit = engine_usbfs_submit,
	.put = engine_usbfs_put,
	.cancel = engine_usbfs_cancel,
	.endpoint = engine_endpoint,
	.set_configuration = engine_set_configuration,
	.set_interface = engine_set_interface,
	.clear_halt = engine_clear_halt,
	.reset = engine_reset,
	.control = engine_control,
	.alloc_streams = engine_alloc_streams,
	.free_streams = engine_free_streams,
	.power = engine_usbfs_power,
};
