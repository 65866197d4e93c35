/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port - one device of a peer, plugged into one port of our controller.
 *
 * Joins a ring to a link: the kernel's name (port, epoch) to the server's
 * (dev), and endpoints to streams.  Does not dial and does not choose.
 */
#ifndef P2PUSB_AGENT_PORT_H
#define P2PUSB_AGENT_PORT_H

#include <json-c/json.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>
#include <uv.h>

#include "descs.h"
#include "link.h"
#include "target.h"
#include "wire.h"
#include "xfer.h"

#define PORT_EPS	32

struct iso;
struct letter;
struct queue;
struct remote;
struct times;

/**
 * struct port_ep - one endpoint
 * @port: of this device
 * @stream: NULL until the first request
 * @pending: not sent for want of credit, in order
 * @sent: not complete, in order
 * @iso: isochronous, from the first such request on
 * @nsent: at the server, of @sent or @iso
 * @bytes: of them
 * @addr: bEndpointAddress
 * @type: enum p2pvhci_xfer, of @stream
 * @times: NULL until somebody looks
 */
struct port_ep {
	struct port *port;
	struct link_ep *stream;
	struct xfer_list pending;
	struct xfer_list sent;
	struct iso *iso;
	uint32_t nsent;
	uint64_t bytes;
	uint8_t addr;
	uint8_t type;
	struct times *times;
};

/**
 * struct port - one attached device
 * @entry: in the remote's list
 * @remote: peer
 * @queue: ring it is bound to
 * @number: the kernel's name
 * @epoch: and its incarnation
 * @dev: the server's name
 * @device: what it is
 * @descs: its descriptors
 * @target: how it was asked for, DEVICE part
 * @flags: P2PVHCI_PORT_*, as asked for
 * @since: when it was bound
 * @urbs: completed
 * @bytes_in: from the device
 * @bytes_out: to the device
 * @in_flight: requests taken and not complete
 * @clock: endpoint whose @rate is used
 * @rate: of the far clock, parts per 10^9 faster than ours
 * @halted: the server ended a stream; nothing more is sent
 * @fuse: ends a halted port
 * @eps: by endpoint: number, and 16 more for IN
 */
struct port {
	TAILQ_ENTRY(port) entry;
	struct remote *remote;
	struct queue *queue;
	uint32_t number;
	uint32_t epoch;
	uint32_t dev;
	struct wire_device device;
	struct descs descs;
	char target[TARGET_DEVICE_MAX + 1];
	uint32_t flags;
	time_t since;
	uint64_t urbs;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t in_flight;
	const struct iso *clock;
	int64_t rate;
	int halted;
	uv_timer_t fuse;
	struct port_ep eps[PORT_EPS];
};

TAILQ_HEAD(port_list, port);

/* port_end(): who has to be told */
#define PORT_TELL_KERNEL	(1u << 0)
#define PORT_TELL_SERVER	(1u << 1)

/**
 * port_open() - plug a device in
 * @remote: peer; has a queue
 * @letter: the attach request
 * @attached: the server's answer
 * @port: out
 *
 * Return: 0, negative errno of ring_bind(), -ENOMEM.
 */
int port_open(struct remote *remote, const struct letter *letter,
	      const struct wire_attached *attached, struct port **port);

/**
 * port_end() - it is gone
 * @port: freed when the loop has run
 * @tell: PORT_TELL_*
 * @err: positive errno for the kernel's notification, 0 = as asked
 */
void port_end(struct port *port, unsigned int tell, int err);

/**
 * port_stream_lost() - the server ended one of its streams
 * @ep: endpoint; its stream is gone
 *
 * The DETACHED that says why travels on another stream and may come later.
 */
void port_stream_lost(struct port_ep *ep);

/**
 * port_find() - port by the kernel's name
 * @remote: peer
 * @number: port
 * @epoch: its incarnation
 *
 * Return: port, or NULL.
 */
struct port *port_find(const struct remote *remote, uint32_t number,
		       uint32_t epoch);

/**
 * port_by_dev() - port by the server's name
 * @remote: peer
 * @dev: of ATTACHED
 *
 * Return: port, or NULL.
 */
struct port *port_by_dev(const struct remote *remote, uint32_t dev);

/**
 * port_by_busid() - port by the device
 * @remote: peer
 * @busid: on the server
 *
 * Return: port, or NULL.
 */
struct port *port_by_busid(const struct remote *remote, const char *busid);

/**
 * port_ep() - endpoint by address
 * @port: port
 * @addr: bEndpointAddress of a request; both directions of 0 are one
 *
 * Return: endpoint.
 */
struct port_ep *port_ep(struct port *port, uint8_t addr);

/**
 * port_status() - for `status`
 * @port: port
 *
 * Return: object, or NULL.
 */
struct json_object *port_status(const struct port *port);

#endif /* P2PUSB_AGENT_PORT_H */
