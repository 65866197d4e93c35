// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bulk streams: asking for them and giving them back.
 *
 * What an endpoint has is in usbcore's usb_host_endpoint.streams, which it also
 * clears on every reset and change of setting; nothing is kept here.
 */
#include "p2pvhci.h"

/* Every endpoint of a device but its first. */
#define STREAMS_EPS		30
/* Ids 65534 and 65535 are reserved (USB 3.2, 8.12.1.4). */
#define STREAMS_MAX		65533

static int streams_call(struct p2pv_port *port, struct p2pv_call *call,
			struct usb_host_endpoint **eps, unsigned int neps)
{
	u8 addrs[STREAMS_EPS];
	unsigned int i;
	int rc;

	if (!neps || neps > STREAMS_EPS)
		return -EINVAL;
	for (i = 0; i < neps; i++)
		addrs[i] = eps[i]->desc.bEndpointAddress;
	call->payload = addrs;
	call->payload_len = neps;
	call->timeout_ms = P2PV_STREAMS_MS;
	rc = p2pv_call_run(port, call);
	/* Whether it has them or not, nobody here would know. */
	if (rc == -ETIMEDOUT)
		p2pv_port_disconnect(port, NULL, call->epoch, P2PV_PORT_KERNEL,
				     ETIMEDOUT);
	return rc;
}

static unsigned int streams_limit(struct usb_host_endpoint **eps,
				  unsigned int neps, unsigned int wanted)
{
	unsigned int i;
	int max;

	wanted = min_t(unsigned int, wanted, STREAMS_MAX);
	for (i = 0; i < neps; i++) {
		max = usb_ss_max_streams(&eps[i]->ss_ep_comp);
		wanted = min_t(unsigned int, wanted, max);
	}
	return wanted;
}

static int streams_busy(struct p2pv_port *port, struct usb_host_endpoint **eps,
			unsigned int neps)
{
	unsigned long flags;
	unsigned int i;
	int busy = 0;

	spin_lock_irqsave(&port->lock, flags);
	for (i = 0; i < neps; i++)
		busy |= !list_empty(&eps[i]->urb_list);
	spin_unlock_irqrestore(&port->lock, flags);
	return busy;
}

int p2pv_streams_alloc(struct p2pv_port *port, struct usb_host_endpoint **eps,
		       unsigned int neps, unsigned int wanted)
{
	unsigned int n = streams_limit(eps, neps, wanted);
	struct p2pv_call call = {
		.op = P2PVHCI_OP_STREAMS_ALLOC,
		.arg = n,
		.max = n,
	};
	int rc;

	if (!n || streams_busy(port, eps, neps))
		return -EINVAL;
	rc = streams_call(port, &call, eps, neps);
	if (rc)
		return rc;
	return call.actual ? call.actual : -ENOSPC;
}

int p2pv_streams_free(struct p2pv_port *port, struct usb_host_endpoint **eps,
		      unsigned int neps)
{
	struct p2pv_call call = { .op = P2PVHCI_OP_STREAMS_FREE };

	return streams_call(port, &call, eps, neps);
}
