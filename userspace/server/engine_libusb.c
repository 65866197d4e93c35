// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_libusb - the libusb engine: open, claim, verbs.
 *
 * All of it but engine_endpoint() runs on the worker of the device.  Devices
 * that come and go are in engine_plug.c, transfers in engine_xfer.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_libusb.h"
#include "ep0.h"
#include "sysfs.h"

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

int engine_errno(int error)
{
	size_t i;

	for (i = 0; i < sizeof(errno_rows) / sizeof(errno_rows[0]); i++) {
		if (errno_rows[i].libusb == error)
			return errno_rows[i].err;
	}
	return -EIO;
}

void engine_reap(libusb_context *ctx)
{
	struct timeval zero = { 0, 0 };

	libusb_handle_events_timeout_completed(ctx, &zero, NULL);
}

/* Endpoints of the current configuration and alternate settings */

static const struct libusb_interface_descriptor *
current_alt(struct engine_device *dev, const struct libusb_interface *iface)
{
	const struct libusb_interface_descriptor *alt;
	int i;

	for (i = 0; i < iface->num_altsetting; i++) {
		alt = &iface->altsetting[i];
		if (alt->bInterfaceNumber < ENGINE_IFACE_MAX &&
		    alt->bAlternateSetting == dev->file.alt[alt->bInterfaceNumber])
			return alt;
	}
	return NULL;
}

static void read_endpoints(struct engine_device *dev)
{
	const struct libusb_interface_descriptor *alt;
	const struct libusb_endpoint_descriptor *ep;
	struct libusb_config_descriptor *config;
	uint8_t types[ENGINE_EP_COUNT];
	unsigned int i;
	unsigned int j;

	memset(types, ENGINE_EP_NONE, sizeof(types));
	types[0] = P2PUSB_XFER_CONTROL;
	if (libusb_get_active_config_descriptor(libusb_get_device(dev->handle),
						&config))
		goto store;
	for (i = 0; i < config->bNumInterfaces; i++) {
		alt = current_alt(dev, &config->interface[i]);
		for (j = 0; alt && j < alt->bNumEndpoints; j++) {
			ep = &alt->endpoint[j];
			types[engine_slot(ep->bEndpointAddress)] =
				ep->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK;
		}
	}
	libusb_free_config_descriptor(config);
store:
	engine_file_set_types(&dev->file, types);
}

/* Endpoints of one interface as it is, by slot. */
static uint32_t interface_endpoints(struct engine_device *dev, int number)
{
	const struct libusb_interface_descriptor *alt;
	struct libusb_config_descriptor *config;
	uint32_t mask = 0;
	unsigned int i;
	unsigned int j;
	uint8_t ep;

	if (libusb_get_active_config_descriptor(libusb_get_device(dev->handle),
						&config))
		return 0;
	for (i = 0; i < config->bNumInterfaces; i++) {
		alt = current_alt(dev, &config->interface[i]);
		if (!alt || alt->bInterfaceNumber != number)
			continue;
		for (j = 0; j < alt->bNumEndpoints; j++) {
			ep = alt->endpoint[j].bEndpointAddress;
			mask |= 1u << engine_slot(ep);
		}
	}
	libusb_free_config_descriptor(config);
	return mask;
}

static int engine_endpoint(struct engine_device *dev, uint8_t ep)
{
	return engine_file_endpoint(&dev->file, ep);
}

/* Worker: open, claim */

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
	ret = engine_errno(libusb_init(&d->ctx));
	if (ret)
		goto err_close;
	ret = engine_errno(libusb_wrap_sys_device(d->ctx, d->file.fd,
						  &d->handle));
	if (ret)
		goto err_exit;
	read_endpoints(d);
	*dev = d;
	return 0;

err_exit:
	libusb_exit(d->ctx);
err_close:
	engine_file_close(&d->file);
err_free:
	free(d);
	return ret;
}

static void engine_close(struct engine_device *dev)
{
	libusb_close(dev->handle);
	libusb_exit(dev->ctx);
	engine_file_close(&dev->file);
	free(dev);
}

static void release_all(struct engine_device *dev)
{
	unsigned int i;

	for (i = 0; i < ENGINE_IFACE_MAX; i++) {
		if (dev->file.claimed & 1u << i)
			libusb_release_interface(dev->handle, i);
	}
	dev->file.claimed = 0;
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
		return engine_errno(ret);
	libusb_set_auto_detach_kernel_driver(dev->handle, 1);
	for (i = 0; i < config->bNumInterfaces && !ret; i++) {
		if (config->interface[i].num_altsetting < 1)
			continue;
		number = config->interface[i].altsetting->bInterfaceNumber;
		ret = libusb_claim_interface(dev->handle, number);
		if (!ret)
			dev->file.claimed |= 1u << number;
	}
	libusb_free_config_descriptor(config);
	return engine_errno(ret);
}

static int engine_claim(struct engine_device *dev)
{
	int ret;

	ret = claim_all(dev);
	if (ret)
		release_all(dev);
	/* Unbinding a driver puts alternate setting 0 back. */
	memset(dev->file.alt, 0, sizeof(dev->file.alt));
	read_endpoints(dev);
	return ret;
}

/* The last client may have left it in another configuration, or in none. */
static int engine_release(struct engine_device *dev)
{
	int home;

	home = !dev->file.home ||
	       engine_file_config(&dev->file) == dev->file.home;
	/* Drivers bound to the wrong one would be in the way of the right. */
	libusb_set_auto_detach_kernel_driver(dev->handle, home);
	release_all(dev);
	if (home)
		return 0;
	return engine_errno(libusb_set_configuration(dev->handle, dev->file.home));
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
	ret = libusb_set_configuration(dev->handle, value ? value : -1);
	ret = engine_errno(ret);
	if (ret != -ENODEV && engine_claim(dev))
		return -EBUSY;
	return ret;
}

static int engine_set_interface(struct engine_device *dev, int number, int alt)
{
	int ret;

	if (number < 0 || number >= ENGINE_IFACE_MAX)
		return -EINVAL;
	take_away(dev, interface_endpoints(dev, number));
	ret = libusb_set_interface_alt_setting(dev->handle, number, alt);
	if (ret)
		return engine_errno(ret);
	dev->file.alt[number] = alt;
	read_endpoints(dev);
	return 0;
}

static int engine_clear_halt(struct engine_device *dev, uint8_t ep)
{
	return engine_errno(libusb_clear_halt(dev->handle, ep));
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
		return engine_errno(ret);
	}
	memset(dev->file.alt, 0, sizeof(dev->file.alt));
	read_endpoints(dev);
	return 0;
}

static int engine_control(struct engine_device *dev, const uint8_t setup[8],
			  void *data, unsigned int timeout_ms)
{
	int ret;

	ret = libusb_control_transfer(dev->handle, setup[0], setup[1],
				      ep0_value(setup), ep0_index(setup), data,
				      ep0_length(setup), timeout_ms);
	return ret == LIBUSB_ERROR_PIPE ? -EPIPE :
	       ret < 0 ? engine_errno(ret) : ret;
}

const struct engine_ops engine_libusb = {
	.start = engine_plug_start,
	.stop = engine_plug_stop,
	.open = engine_open,
	.close = engine_close,
	.hold = engine_xfer_hold,
	.resume = engine_xfer_resume,
	.reap = engine_xfer_reap,
	.claim = engine_claim,
	.release = engine_release,
	.alloc = engine_xfer_alloc,
	.free = engine_xfer_free,
	.submit = engine_xfer_submit,
	.put = engine_xfer_put,
	.cancel = engine_xfer_cancel,
	.endpoint = engine_endpoint,
	.set_configuration = engine_set_configuration,
	.set_interface = engine_set_interface,
	.clear_halt = engine_clear_halt,
	.reset = engine_reset,
	.control = engine_control,
};
