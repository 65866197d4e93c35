/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root-hub requests.
 *
 * Pure: a request and the port it names go in, the answer comes out.  It takes
 * no lock, starts nothing, tells nobody, and builds in user space through
 * tests/shim/.
 */
#ifndef _P2PVHCI_HUB_H
#define _P2PVHCI_HUB_H

#include <linux/types.h>
#include <uapi/linux/p2pvhci.h>

#define P2PV_HUB_NPORTS	15	/* most that a SuperSpeed hub may have */

enum p2pv_hub_kind {
	P2PV_HUB_HS,
	P2PV_HUB_SS,
	P2PV_HUB_NKINDS
};

/**
 * struct p2pv_hub_port - a port as the hub driver sees it
 * @status: wPortStatus without the power, speed and link-state bits
 * @change: wPortChange
 * @link: SuperSpeed: USB_SS_PORT_LS_*
 * @powered: the hub driver has switched the port on
 * @speed: enum p2pvhci_speed of the device that is plugged in, 0 = none
 * @lanes: SuperSpeedPlus: lanes in each direction
 */
struct p2pv_hub_port {
	u16 status;
	u16 change;
	u16 link;
	u8 powered;
	u8 speed;
	u8 lanes;
};

/**
 * struct p2pv_hub_request - a control request to the root hub
 * @type: bmRequestType << 8 | bRequest
 * @value: wValue
 * @index: wIndex; its low byte names the port, from 1
 * @length: wLength
 */
struct p2pv_hub_request {
	u16 type;
	u16 value;
	u16 index;
	u16 length;
};

/**
 * p2pv_hub_link() - link state that a request names
 * @req: SetPortFeature(LINK_STATE)
 *
 * Return: the second byte of wIndex, as USB_SS_PORT_LS_*.
 */
static inline u16 p2pv_hub_link(const struct p2pv_hub_request *req)
{
	return req->index >> 8 << 5;
}

/**
 * p2pv_hub_plug() - a device appears
 * @kind: of the hub
 * @port: the port, its lock held by the caller
 * @speed: enum p2pvhci_speed that suits @kind
 * @lanes: 1 or 2; looked at for SuperSpeedPlus only
 */
void p2pv_hub_plug(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
		   u8 speed, u8 lanes);

/**
 * p2pv_hub_unplug() - the device is gone
 * @port: the port, its lock held by the caller
 */
void p2pv_hub_unplug(struct p2pv_hub_port *port);

/**
 * p2pv_hub_answer() - answer one request
 * @kind: of the hub
 * @port: the port that the low byte of wIndex names, its lock held by the
 *	caller; NULL when that byte is not a port number
 * @req: the request
 * @buf: answer, room for wLength bytes
 *
 * Return: bytes of the answer, or -EPIPE: the hub stalls.
 */
int p2pv_hub_answer(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
		    const struct p2pv_hub_request *req, u8 *buf);

/**
 * enum p2pv_hub_power - what a request means for the device behind the port
 * @P2PV_HUB_STAYS: nothing
 * @P2PV_HUB_SUSPENDS: it is to sleep once the request is answered
 * @P2PV_HUB_RESUMES: it is to be awake before, if it is not
 */
enum p2pv_hub_power {
	P2PV_HUB_STAYS,
	P2PV_HUB_SUSPENDS,
	P2PV_HUB_RESUMES,
};

/**
 * p2pv_hub_power_change() - does a request put a device to sleep, or wake it
 * @kind: of the hub
 * @port: the port that the request names, its lock held by the caller
 * @req: the request, not answered yet
 *
 * Return: what is to happen to the device.
 */
enum p2pv_hub_power p2pv_hub_power_change(enum p2pv_hub_kind kind,
					  const struct p2pv_hub_port *port,
					  const struct p2pv_hub_request *req);

/**
 * p2pv_hub_power_wakeup() - a suspended device has woken up by itself
 * @kind: of the hub
 * @port: the port, its lock held by the caller
 *
 * Return: 1 when the hub driver has something to look at, 0 when the port was
 * not suspended.
 */
int p2pv_hub_power_wakeup(enum p2pv_hub_kind kind, struct p2pv_hub_port *port);

#endif /* _P2PVHCI_HUB_H */
