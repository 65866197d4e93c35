// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep of a port: which root-hub request begins or ends it, and how a port
 * looks whose device has woken up by itself.
 *
 * It answers no request (hub.c) and asks no device (power.c).
 */
#include <linux/kernel.h>
#include <linux/usb.h>
#include <linux/usb/ch11.h>
#include <linux/usb/hcd.h>

#include "hub.h"

#define ON_HS	BIT(P2PV_HUB_HS)
#define ON_SS	BIT(P2PV_HUB_SS)

static int hub_power_is_suspended(enum p2pv_hub_kind kind,
				  const struct p2pv_hub_port *port)
{
	if (!(port->status & USB_PORT_STAT_ENABLE))
		return 0;
	if (kind == P2PV_HUB_SS)
		return port->link == USB_SS_PORT_LS_U3;
	return !!(port->status & USB_PORT_STAT_SUSPEND);
}

/* @link counts for USB_PORT_FEAT_LINK_STATE only. */
static const struct hub_power_request {
	u16 type;
	u16 feature;
	u16 link;
	u8 hubs;
	u8 power;
} hub_power_requests[] = {
	{ SetPortFeature, USB_PORT_FEAT_SUSPEND, 0, ON_HS, P2PV_HUB_SUSPENDS },
	{ SetPortFeature, USB_PORT_FEAT_LINK_STATE, USB_SS_PORT_LS_U3, ON_SS,
	  P2PV_HUB_SUSPENDS },
	{ ClearPortFeature, USB_PORT_FEAT_SUSPEND, 0, ON_HS, P2PV_HUB_RESUMES },
	{ SetPortFeature, USB_PORT_FEAT_LINK_STATE, USB_SS_PORT_LS_U0, ON_SS,
	  P2PV_HUB_RESUMES },
	{ SetPortFeature, USB_PORT_FEAT_RESET, 0, ON_HS | ON_SS,
	  P2PV_HUB_RESUMES },
	{ SetPortFeature, USB_PORT_FEAT_BH_PORT_RESET, 0, ON_SS,
	  P2PV_HUB_RESUMES },
};

static int hub_power_matches(const struct hub_power_request *known,
			     enum p2pv_hub_kind kind,
			     const struct p2pv_hub_request *req)
{
	if (known->type != req->type || known->feature != req->value ||
	    !(known->hubs & BIT(kind)))
		return 0;
	return known->feature != USB_PORT_FEAT_LINK_STATE ||
	       known->link == p2pv_hub_link(req);
}

enum p2pv_hub_power p2pv_hub_power_change(enum p2pv_hub_kind kind,
					  const struct p2pv_hub_port *port,
					  const struct p2pv_hub_request *req)
{
	enum p2pv_hub_power power = P2PV_HUB_STAYS;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hub_power_requests); i++)
		if (hub_power_matches(&hub_power_requests[i], kind, req))
			power = hub_power_requests[i].power;
	if (power == P2PV_HUB_SUSPENDS &&
	    (!(port->status & USB_PORT_STAT_ENABLE) ||
	     hub_power_is_suspended(kind, port)))
		return P2PV_HUB_STAYS;
	return power;
}

int p2pv_hub_power_wakeup(enum p2pv_hub_kind kind, struct p2pv_hub_port *port)
{
	if (!hub_power_is_suspended(kind, port))
		return 0;
	if (kind == P2PV_HUB_SS) {
		port->link = USB_SS_PORT_LS_U0;
		port->change |= USB_PORT_STAT_C_LINK_STATE;
	} else {
		port->status &= ~USB_PORT_STAT_SUSPEND;
		port->change |= USB_PORT_STAT_C_SUSPEND;
	}
	return 1;
}
