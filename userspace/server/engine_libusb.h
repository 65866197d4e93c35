/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_libusb - what the files of the libusb engine share.
 *
 * Every open device has a libusb context of its own: one uv_poll on its usbfs
 * file, stopped while the worker is in the kernel with the device.  A common
 * context would reap from a device whose lock is taken and stop the loop.
 * One more context, without open devices, hears hotplug.
 */
#ifndef P2PUSB_SERVER_ENGINE_LIBUSB_H
#define P2PUSB_SERVER_ENGINE_LIBUSB_H

#include <libusb.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

#include "engine.h"

#define ENGINE_EP_COUNT		32
#define ENGINE_IFACE_MAX	32	/* what usbfs can claim */
#define ENGINE_POLLS		4	/* files of the hotplug context */

struct engine_plug;
struct engine_poll;
struct engine_done;

TAILQ_HEAD(engine_plug_list, engine_plug);
STAILQ_HEAD(engine_done_list, engine_done);

/**
 * struct engine - the hotplug context and what it has seen
 * @loop: of the server
 * @events: who is told
 * @owner: first argument of @events
 * @ctx: hears hotplug, opens nothing
 * @hotplug: its callback
 * @polls: its files in the loop
 * @npolls: of them
 * @plugged: devices that are there
 * @probing: of them, those whose strings are being read
 * @stopping: freed when nothing is probed any more
 */
struct engine {
	uv_loop_t *loop;
	struct engine_events events;
	void *owner;
	libusb_context *ctx;
	libusb_hotplug_callback_handle hotplug;
	struct engine_poll *polls[ENGINE_POLLS];
	unsigned int npolls;
	struct engine_plug_list plugged;
	unsigned int probing;
	int stopping;
};

/**
 * struct engine_device - an open device
 * @ep_type: by slot; written by the worker, read by the loop
 * @engine: of
 * @busid: for messages
 * @ctx: its own
 * @handle: wraps @fd
 * @fd: usbfs file
 * @poll: of @fd; NULL while the device is held
 * @home: configuration when it was opened, 0 = none; the worker's
 * @claimed: interfaces; the worker's
 * @alt: alternate settings; the worker's
 * @killed: endpoints whose transfers a verb took away, if they are older than
 *	@age; both change only while the other side does not run
 * @age: of what is submitted now
 * @done: reaped, not told
 * @ndone: reaped, ever
 */
struct engine_device {
	_Atomic uint8_t ep_type[ENGINE_EP_COUNT];
	struct engine *engine;
	char busid[P2PUSB_BUSID_MAX + 1];
	libusb_context *ctx;
	libusb_device_handle *handle;
	int fd;
	uv_poll_t *poll;
	uint32_t claimed;
	unsigned int home;
	uint8_t alt[ENGINE_IFACE_MAX];
	uint32_t killed;
	unsigned int age;
	struct engine_done_list done;
	unsigned int ndone;
};

/* Endpoint by number and direction, 0 to 31. */
static inline unsigned int engine_slot(uint8_t ep)
{
	return (ep & 0x0f) | (ep & 0x80) >> 3;
}

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

/* engine_plug.c: members of struct engine_ops */
int engine_plug_start(uv_loop_t *loop, const struct engine_events *events,
		      void *owner, struct engine **engine);
void engine_plug_stop(struct engine *engine);

/* engine_xfer.c: likewise */
void engine_xfer_hold(struct engine_device *dev);
void engine_xfer_resume(struct engine_device *dev);
uint8_t *engine_xfer_alloc(struct engine_device *dev, size_t len);
void engine_xfer_free(struct engine_device *dev, uint8_t *buf, size_t len);
int engine_xfer_submit(struct engine_device *dev, struct engine_xfer *xfer);
void engine_xfer_put(struct engine_device *dev, struct engine_xfer *xfer);
int engine_xfer_cancel(struct engine_device *dev, struct engine_xfer *xfer);

#endif /* P2PUSB_SERVER_ENGINE_LIBUSB_H */
