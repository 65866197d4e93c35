// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * times - how long requests were away, while somebody looks at their port.
 *
 * Does not know how long they were in the kernel; the kernel does.
 */
#include <stdlib.h>

#include "latency.h"
#include "times.h"

static uint64_t at_most(uint32_t us, uint64_t ns)
{
	return us * 1000ull < ns ? us * 1000ull : ns;
}

void times_count(struct port_ep *ep, const struct p2pvhci_req *req,
		 const struct wire_complete *complete)
{
	uint64_t now = uv_hrtime();
	uint64_t left = now > req->t_ns ? now - req->t_ns : 0;
	uint64_t device = at_most(complete->device_us, left);
	uint64_t queue = at_most(complete->queue_us, left - device);

	if (!ep->times)
		ep->times = calloc(1, sizeof(*ep->times));
	if (!ep->times)
		return;
	latency_add(&ep->times->device, device);
	latency_add(&ep->times->queue, queue);
	latency_add(&ep->times->link, left - device - queue);
}

static struct json_object *one_status(const struct port_ep *ep)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "endpoint", json_object_new_int(ep->addr));
	json_object_object_add(o, "link", latency_json(&ep->times->link));
	json_object_object_add(o, "queue", latency_json(&ep->times->queue));
	json_object_object_add(o, "device", latency_json(&ep->times->device));
	return o;
}

struct json_object *times_status(const struct port *port)
{
	struct json_object *all = NULL;
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++) {
		if (!port->eps[i].times)
			continue;
		if (!all)
			all = json_object_new_array();
		json_object_array_add(all, one_status(&port->eps[i]));
	}
	return all;
}

void times_free(struct port *port)
{
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++)
		free(port->eps[i].times);
}
