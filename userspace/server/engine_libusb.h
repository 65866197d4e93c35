/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_libusb - what the files of the libusb engine share.
 *
 * Every open device has a libusb context of its own: one uv_poll on its usbfs
 * file, stopped while the worker is in the kernel with the device.  A common
 * context would reap from a device whose lock is taken and stop the loop.
 * Engine of systems without usbfs, and when the settings ask for it.
 */
#ifndef P2PUSB_SERVER_ENGINE_LIBUSB_H
#define P2PUSB_SERVER_ENGINE_LIBUSB_H

#include <libusb.h>

#include "engine_file.h"
#include "engine_plug.h"

/**
 * struct engine_device - an open device
 * @file: see there
 * @ctx: its own
 * @handle: wraps the file
 * @killed: endpoints whose transfers a verb took away, if they are older than
 *	@age; both change only while the other side does not run
 * @age: of what is submitted now
 * @nflying: submitted, not reaped; the worker's while it is held
 */
struct engine_device {
	struct engine_file file;
	libusb_context *ctx;
	libusb_device_handle *handle;
	uint32_t killed;
	unsigned int age;
	unsigned int nflying;
};

/**
 * engine_errno() - negative errno of a libusb error
 * @error: LIBUSB_SUCCESS or LIBUSB_ERROR_*
 *
 * Return: 0 or negative errno.
 */
int engine_errno(int error);

/**
 * engine_reap() - let a context take what is ready, without waiting
 * @ctx: none of its devices is held
 */
void engine_reap(libusb_context *ctx);

/* engine_xfer.c: members of struct engine_ops */
void engine_xfer_hold(struct engine_device *dev);
void engine_xfer_resume(struct engine_device *dev);
int engine_xfer_reap(struct engine_device *dev);
uint8_t *engine_xfer_alloc(struct engine_device *dev, uint8_t type, size_t len);
void engine_xfer_free(struct engine_device *dev, uint8_t *buf, size_t len);
int engine_xfer_submit(struct engine_device *dev, struct engine_xfer *xfer);
void engine_xfer_put(struct engine_device *dev, struct engine_xfer *xfer);
int engine_xfer_cancel(struct engine_device *dev, struct engine_xfer *xfer);

#endif /* P2PUSB_SERVER_ENGINE_LIBUSB_H */
