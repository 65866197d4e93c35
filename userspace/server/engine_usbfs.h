/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_usbfs - what the files of the usbfs engine share.
 *
 * A device is one open file of usbfs.  The loop submits, and reaps what is
 * done in batches when epoll says so; while the worker is in the kernel with
 * the device, the loop touches neither the file nor what the worker writes.
 */
#ifndef P2PUSB_SERVER_ENGINE_USBFS_H
#define P2PUSB_SERVER_ENGINE_USBFS_H

#include <uv.h>

#include "engine_desc.h"
#include "engine_file.h"
#include "engine_plug.h"
#include "engine_pool.h"

/**
 * struct engine_device - an open device
 * @file: see there
 * @pool: buffers that are not copied
 * @desc: its descriptors
 * @config: configuration now; the worker's
 * @nflying: submitted, not reaped; the worker's while it is held
 * @lost: the loop saw that it is unplugged; nothing is submitted any more
 * @streams: of each endpoint, by slot; the worker's while it is held
 * @dozing: it may sleep; likewise
 * @suspended: it did when the loop last looked; likewise
 * @look: looks; NULL while it is held or must be awake
 */
struct engine_device {
	struct engine_file file;
	struct engine_pool *pool;
	struct engine_desc desc;
	unsigned int config;
	unsigned int nflying;
	int lost;
	uint16_t streams[ENGINE_EP_COUNT];
	int dozing;
	int suspended;
	uv_timer_t *look;
};

/* engine_usbfs_urb.c: members of struct engine_ops */
void engine_usbfs_hold(struct engine_device *dev);
void engine_usbfs_resume(struct engine_device *dev);
int engine_usbfs_reap(struct engine_device *dev);
uint8_t *engine_usbfs_alloc(struct engine_device *dev, uint8_t type,
			    size_t len);
void engine_usbfs_free(struct engine_device *dev, uint8_t *buf, size_t len);
int engine_usbfs_submit(struct engine_device *dev, struct engine_xfer *xfer);
void engine_usbfs_put(struct engine_device *dev, struct engine_xfer *xfer);
int engine_usbfs_cancel(struct engine_device *dev, struct engine_xfer *xfer);

/* engine_usbfs_sleep.c: likewise */
int engine_usbfs_power(struct engine_device *dev, uint32_t state);

/**
 * engine_usbfs_watch() - loop: look whether a device that may sleep wakes up
 * @dev: not held
 */
void engine_usbfs_watch(struct engine_device *dev);

/**
 * engine_usbfs_unwatch() - loop: do not look any more
 * @dev: about to be held
 */
void engine_usbfs_unwatch(struct engine_device *dev);

/**
 * engine_usbfs_connected() - is it still plugged in?
 * @dev: open; takes no lock
 *
 * Return: non-zero when it is.
 */
int engine_usbfs_connected(const struct engine_device *dev);

#endif /* P2PUSB_SERVER_ENGINE_USBFS_H */
