/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * times - how long requests were away, while somebody looks at their port.
 *
 * The kernel says of which requests; of all others no clock is read.  Those of
 * isochronous streams are the agent's own, and are not timed.
 */
#ifndef P2PUSB_AGENT_TIMES_H
#define P2PUSB_AGENT_TIMES_H

#include <json-c/json.h>

#include "port.h"

/**
 * struct times - of one endpoint
 * @link: published by the kernel until complete here, but not at the server
 * @queue: at the server, before the device had it, as the server says
 * @device: likewise, at the device
 */
struct times {
	struct p2pvhci_times link;
	struct p2pvhci_times queue;
	struct p2pvhci_times device;
};

/**
 * times_count() - a request is complete
 * @ep: its endpoint; without memory it stays uncounted
 * @req: the request, P2PVHCI_REQ_TIMED
 * @complete: what the server says, not more than it took is believed
 */
void times_count(struct port_ep *ep, const struct p2pvhci_req *req,
		 const struct wire_complete *complete);

/**
 * times_status() - for `status`
 * @port: port
 *
 * Return: array of its endpoints, NULL when nobody ever looked.
 */
struct json_object *times_status(const struct port *port);

/** times_free() - of all endpoints of a port */
void times_free(struct port *port);

#endif /* P2PUSB_AGENT_TIMES_H */
