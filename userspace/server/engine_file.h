/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_file - the usbfs file of an open device, what all engines do with it.
 *
 * Sends no request to the device.
 */
#ifndef P2PUSB_SERVER_ENGINE_FILE_H
#define P2PUSB_SERVER_ENGINE_FILE_H

#include <stdatomic.h>

#include "engine.h"
#include "engine_poll.h"
#include "heap.h"

/* A control transfer has its SETUP packet in front of its data. */
#define ENGINE_FILE_HEADROOM	8

/**
 * struct engine_file - see above; a member of struct engine_device
 * @ep_type: by slot; written by the worker, read by the loop
 * @engine: of
 * @busid: for messages
 * @fd: usbfs file
 * @poll: of @fd; NULL while the device is held
 * @unheard: the last try to listen to @fd failed, and that was reported
 * @heap: the loop's
 * @done: reaped, not told
 * @home: configuration when it was opened, 0 = none
 * @claimed: interfaces; the worker's
 * @alt: alternate settings; the worker's
 */
struct engine_file {
	_Atomic uint8_t ep_type[ENGINE_EP_COUNT];
	struct engine *engine;
	char busid[P2PUSB_BUSID_MAX + 1];
	int fd;
	struct engine_poll *poll;
	int unheard;
	struct heap heap;
	struct engine_xfer_list done;
	unsigned int home;
	uint32_t claimed;
	uint8_t alt[ENGINE_IFACE_MAX];
};

/**
 * engine_file_open() - worker: open the node of a device
 * @file: zeroed, filled
 * @engine: of
 * @busid: of the device
 *
 * Return: 0, -ENODEV, -EACCES.
 */
int engine_file_open(struct engine_file *file, struct engine *engine,
		     const char *busid);

/**
 * engine_file_close() - worker: close it
 * @file: open, held, no memory of it in use
 */
void engine_file_close(struct engine_file *file);

/**
 * engine_file_config() - the configuration that the host's kernel has set
 * @file: open
 *
 * Return: its value; 0 when the device is not configured.
 */
unsigned int engine_file_config(const struct engine_file *file);

/**
 * engine_file_listen() - loop: hear of transfers that are done
 * @file: open
 * @ready: called then
 * @owner: its argument, the device
 *
 * Return: 0; negative errno, the first of a row reported: without memory for it
 * the device is deaf.
 */
int engine_file_listen(struct engine_file *file, void (*ready)(void *owner),
		       void *owner);

/**
 * engine_file_tell() - loop: tell all that is @done
 * @file: open; may be closed by the last one told
 *
 * Results are told when all are reaped: what they cause may make the worker
 * take the device's lock, or close it.
 */
void engine_file_tell(struct engine_file *file);

/**
 * engine_file_set_types() - worker: the endpoints there are now
 * @file: open
 * @types: by slot, enum p2pusb_xfer or ENGINE_EP_NONE
 */
void engine_file_set_types(struct engine_file *file,
			   const uint8_t types[ENGINE_EP_COUNT]);

/**
 * engine_file_endpoint() - type of an endpoint
 * @file: open
 * @ep: bEndpointAddress
 *
 * Return: enum p2pusb_xfer, -ENOENT.
 */
int engine_file_endpoint(const struct engine_file *file, uint8_t ep);

/**
 * engine_file_alloc() - memory with room for a SETUP packet in front of it
 * @file: open
 * @len: bytes, without that room
 *
 * Return: for engine_file_free(), NULL.
 */
uint8_t *engine_file_alloc(struct engine_file *file, size_t len);

/**
 * engine_file_free() - give it back
 * @file: open
 * @buf: of engine_file_alloc()
 * @len: likewise
 */
void engine_file_free(struct engine_file *file, uint8_t *buf, size_t len);

#endif /* P2PUSB_SERVER_ENGINE_FILE_H */
