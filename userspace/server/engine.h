/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine - how the server reaches a device: by usbfs, or by libusb.
 *
 * One engine owns a device.  Submit and cancel are asynchronous; the requests
 * that may block in the kernel run on the device's worker thread.  Does not
 * know peers, links or sequence numbers.
 */
#ifndef P2PUSB_SERVER_ENGINE_H
#define P2PUSB_SERVER_ENGINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "wire.h"
#include "wire_packet.h"

struct engine;
struct engine_device;

#define ENGINE_EP_COUNT		32
#define ENGINE_IFACE_MAX	32	/* what usbfs can claim */
#define ENGINE_EP_NONE		0xff	/* type of an endpoint that is not */

/* Endpoint by number and direction, 0 to 31. */
static inline unsigned int engine_slot(uint8_t ep)
{
	return (ep & 0x0f) | (ep & 0x80) >> 3;
}

STAILQ_HEAD(engine_xfer_list, engine_xfer);

/**
 * struct engine_xfer - one transfer
 * @entry: the engine's, from @submit to @done
 * @ep: bEndpointAddress; 0 for endpoint 0
 * @type: enum p2pusb_xfer
 * @flags: P2PUSB_XF_*
 * @setup: control
 * @stream: bulk stream, 0 = none; one that was not granted is refused
 * @npkt: isochronous packets, 1..P2PUSB_NPKT_MAX, else 0; as soon as possible,
 *	behind those of this endpoint before them
 * @lens: isochronous: bytes of each packet; the caller's until @done
 * @packets: isochronous: filled before @done; IN bytes lie in @data packet
 *	after packet without gaps
 * @errs: isochronous: filled before @done: packets with an error
 * @data: @length bytes, owned by the caller until @done
 * @length: bytes
 * @status: filled before @done: enum p2pusb_status
 * @actual: filled before @done: bytes moved, both directions, exact
 * @done: called once from the loop; the device may be closed in it
 * @ctx: the caller's
 * @priv: the engine's
 */
struct engine_xfer {
	STAILQ_ENTRY(engine_xfer) entry;
	uint8_t ep;
	uint8_t type;
	uint32_t flags;
	uint8_t setup[8];
	uint16_t stream;
	uint16_t npkt;
	uint16_t errs;
	const uint32_t *lens;
	struct wire_packet *packets;
	uint8_t *data;
	uint32_t length;
	uint32_t status;
	uint32_t actual;
	void (*done)(struct engine_xfer *xfer);
	void *ctx;
	void *priv;
};

/**
 * struct engine_events - what the engine tells its owner, from the loop
 * @arrived: a device is there (also for those there at start)
 * @left: it is gone: its transfers are done with P2PUSB_ST_NODEV
 * @woke: it was suspended and wants to be awake
 * @deaf: the loop cannot hear of its transfers, or must not ask for them: let
 *	the worker @reap
 */
struct engine_events {
	void (*arrived)(void *owner, const struct wire_device *device);
	void (*left)(void *owner, const char *busid);
	void (*woke)(void *owner, const char *busid);
	void (*deaf)(void *owner, struct engine_device *dev);
};

/**
 * struct engine_ops - contract of an engine
 *
 * Loop: @start, @stop, @hold, @resume, @alloc, @free, @submit, @put,
 * @endpoint.  Worker thread of the device (may block in the kernel, seconds),
 * between @hold and @resume: the others.
 * All that return int return 0 or a negative errno.
 *
 * @caps: P2PUSB_CAP_* that it has; streams and power are then not NULL
 * @start: begin to watch for devices
 * @stop: all devices are closed; stop watching
 * @open: open a device by busid; held at first; -ENODEV, -EACCES
 * @close: no transfer outstanding, released; ends with the device held
 * @hold: the worker is about to work on the device: the kernel's lock of the
 *	device may be taken for seconds, so neither @submit is called nor are
 *	transfers reaped until @resume; the loop serves all other devices
 * @resume: the worker has done; may call @done of transfers; the device is not
 *	closed before it returns
 * @reap: take what is done in the loop's place; told by @resume.  Non-zero:
 *	transfers are outstanding still
 * @claim: take every interface of the current configuration from the host's
 *	drivers, or none: on failure all is as before and the drivers are back
 * @release: give every interface back to its driver
 * @alloc: buffer for a transfer of @type (may be device memory); NULL
 * @free: of @alloc, the same @len
 * @submit: start; @done follows, later, unless an error is returned; -ENOMEM:
 *	the kernel lends no more memory now
 * @put: @done was called and no @cancel runs: forget the transfer
 * @cancel: ask; @done follows from the loop all the same
 * @endpoint: enum p2pusb_xfer of an endpoint in the current configuration and
 *	alternate settings; -ENOENT
 * @set_configuration: value of the SET_CONFIGURATION request; the claim is
 *	in place again afterwards, for the new configuration
 * @set_interface: likewise
 * @clear_halt: CLEAR_FEATURE(ENDPOINT_HALT) of an endpoint other than 0
 * @reset: port reset; claim and configuration survive; -ENODEV when the
 *	device came back as another one
 * @control: one IN request to endpoint 0, of @setup, beside all others; bytes it
 *	answered, or -EPIPE, -ETIMEDOUT …
 * @alloc_streams: @n bulk endpoints get @wanted streams each; returns how many
 *	they got, >= 1, or -ENOSPC, -EINVAL
 * @free_streams: and lose them
 * @power: enum p2pusb_power_state; one that cannot be had is 0 all the same
 *
 * The verbs of @set_configuration, @set_interface and @clear_halt return
 * -EINVAL for what the device does not have, -EBUSY when the claim was lost.
 */
struct engine_ops {
	uint64_t caps;
	int (*start)(uv_loop_t *loop, const struct engine_events *events,
		     void *owner, struct engine **engine);
	void (*stop)(struct engine *engine);
	int (*open)(struct engine *engine, const char *busid,
		    struct engine_device **dev);
	void (*close)(struct engine_device *dev);
	void (*hold)(struct engine_device *dev);
	void (*resume)(struct engine_device *dev);
	int (*reap)(struct engine_device *dev);
	int (*claim)(struct engine_device *dev);
	int (*release)(struct engine_device *dev);
	uint8_t *(*alloc)(struct engine_device *dev, uint8_t type, size_t len);
	void (*free)(struct engine_device *dev, uint8_t *buf, size_t len);
	int (*submit)(struct engine_device *dev, struct engine_xfer *xfer);
	void (*put)(struct engine_device *dev, struct engine_xfer *xfer);
	int (*cancel)(struct engine_device *dev, struct engine_xfer *xfer);
	int (*endpoint)(struct engine_device *dev, uint8_t ep);
	int (*set_configuration)(struct engine_device *dev, int value);
	int (*set_interface)(struct engine_device *dev, int number, int alt);
	int (*clear_halt)(struct engine_device *dev, uint8_t ep);
	int (*reset)(struct engine_device *dev);
	int (*control)(struct engine_device *dev, const uint8_t setup[8],
		       void *data, unsigned int timeout_ms);
	int (*alloc_streams)(struct engine_device *dev, const uint8_t *eps,
			     unsigned int n, unsigned int wanted);
	int (*free_streams)(struct engine_device *dev, const uint8_t *eps,
			    unsigned int n);
	int (*power)(struct engine_device *dev, uint32_t state);
};

extern const struct engine_ops engine_libusb;
extern const struct engine_ops engine_usbfs;

#endif /* P2PUSB_SERVER_ENGINE_H */
