// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root-hub requests, as two tables of small functions.
 *
 * It does no timing: a reset is over at once, because the hub driver sleeps
 * 60 ms before it looks, and the reset of the real device is
 * hc_driver.reset_device.  What a request means for the device's sleep is said
 * in hub_power.c.  It has no link power management, no indicators, no test
 * modes and no transaction translator to speak to.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/usb.h>
#include <linux/usb/ch9.h>
#include <linux/usb/ch11.h>
#include <linux/usb/hcd.h>

#include "hub.h"

#define HUB_GET_DESCRIPTOR	((USB_DIR_IN << 8) | USB_REQ_GET_DESCRIPTOR)

/* Sublink speed ids of hub_bos, shown in the extended port status. */
#define HUB_SSID_5G	4
#define HUB_SSID_10G	5

struct hub_call {
	enum p2pv_hub_kind kind;
	struct p2pv_hub_port *port;
	const struct p2pv_hub_request *req;
	u8 *buf;
};

#define HUB_ON_HS	BIT(P2PV_HUB_HS)
#define HUB_ON_SS	BIT(P2PV_HUB_SS)
#define HUB_ON_BOTH	(HUB_ON_HS | HUB_ON_SS)

static const u8 hub_desc_hs[] = {
	11, USB_DT_HUB, P2PV_HUB_NPORTS,
	HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_NO_OCPM, 0,
	10, 0,
	/* DeviceRemovable and PortPwrCtrlMask, 16 bits each */
	0x00, 0x00, 0xff, 0xff,
};

static const u8 hub_desc_ss[] = {
	USB_DT_SS_HUB_SIZE, USB_DT_SS_HUB, P2PV_HUB_NPORTS,
	HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_NO_OCPM, 0,
	50, 0,
	/* bHubHdrDecLat, wHubDelay, DeviceRemovable */
	0, 0, 0, 0, 0,
};

/*
 * SuperSpeed capability without link power management, and SuperSpeedPlus with
 * two symmetric speeds: 5 Gbit/s (id 4) and 10 Gbit/s (id 5).
 */
static const u8 hub_bos[] = {
	5, USB_DT_BOS, 43, 0, 2,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x08, 0x00, 1, 0, 0, 0,
	28, USB_DT_DEVICE_CAPABILITY, USB_SSP_CAP_TYPE, 0, 0x23, 0, 0, 0,
	HUB_SSID_5G, 0x11, 0, 0,
	0x34, 0x00, 0x05, 0x00,
	0xb4, 0x00, 0x05, 0x00,
	0x35, 0x40, 0x0a, 0x00,
	0xb5, 0x40, 0x0a, 0x00,
};

static_assert(sizeof(hub_bos) == 43);

static void hub_put16(u8 *p, u16 v)
{
	p[0] = v;
	p[1] = v >> 8;
}

static int hub_answer_bytes(const struct hub_call *call, const void *p,
			    size_t len)
{
	len = min_t(size_t, len, call->req->length);
	memcpy(call->buf, p, len);
	return len;
}

/* Port ------------------------------------------------------------------- */

static void hub_show_device(enum p2pv_hub_kind kind,
			    struct p2pv_hub_port *port)
{
	if (!port->powered || !port->speed)
		return;
	port->status = USB_PORT_STAT_CONNECTION;
	port->change |= USB_PORT_STAT_C_CONNECTION;
	/* A SuperSpeed link trains by itself; USB 2 waits for the reset. */
	if (kind == P2PV_HUB_SS) {
		port->status |= USB_PORT_STAT_ENABLE;
		port->link = USB_SS_PORT_LS_U0;
	}
}

static void hub_hide_device(struct p2pv_hub_port *port)
{
	if (port->status & USB_PORT_STAT_CONNECTION)
		port->change |= USB_PORT_STAT_C_CONNECTION;
	port->status = 0;
	port->link = USB_SS_PORT_LS_RX_DETECT;
}

void p2pv_hub_plug(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
		   u8 speed, u8 lanes)
{
	port->speed = speed;
	port->lanes = lanes;
	hub_show_device(kind, port);
}

void p2pv_hub_unplug(struct p2pv_hub_port *port)
{
	port->speed = 0;
	port->lanes = 0;
	hub_hide_device(port);
}

static u16 hub_status_word(enum p2pv_hub_kind kind,
			   const struct p2pv_hub_port *port)
{
	u16 status = port->status;

	if (kind == P2PV_HUB_SS) {
		status |= port->link;
		if (port->powered)
			status |= USB_SS_PORT_STAT_POWER;
		return status;
	}
	if (port->powered)
		status |= USB_PORT_STAT_POWER;
	if (!(status & USB_PORT_STAT_CONNECTION))
		return status;
	if (port->speed == P2PVHCI_SPEED_LOW)
		status |= USB_PORT_STAT_LOW_SPEED;
	else if (port->speed == P2PVHCI_SPEED_HIGH)
		status |= USB_PORT_STAT_HIGH_SPEED;
	return status;
}

static u16 hub_ext_status_word(const struct p2pv_hub_port *port)
{
	u16 ssid = HUB_SSID_5G;
	u16 lanes = 0;

	if (port->speed == P2PVHCI_SPEED_SUPER_PLUS) {
		ssid = HUB_SSID_10G;
		/* Counted from zero. */
		lanes = port->lanes > 1 ? 1 : 0;
	}
	return ssid | ssid << 4 | lanes << 8 | lanes << 12;
}

static int hub_get_port_status(const struct hub_call *call)
{
	u8 answer[8] = { 0 };

	if (!call->port)
		return -EPIPE;
	hub_put16(answer, hub_status_word(call->kind, call->port));
	hub_put16(answer + 2, call->port->change);
	if (call->req->value == HUB_PORT_STATUS)
		return hub_answer_bytes(call, answer, 4);
	if (call->req->value != HUB_EXT_PORT_STATUS ||
	    call->kind != P2PV_HUB_SS)
		return -EPIPE;
	hub_put16(answer + 4, hub_ext_status_word(call->port));
	return hub_answer_bytes(call, answer, 8);
}

static int hub_get_port_error_count(const struct hub_call *call)
{
	if (!call->port)
		return -EPIPE;
	return hub_answer_bytes(call, "\0\0", 2);
}

/* Port features ----------------------------------------------------------- */

static int hub_feature_ignored(const struct hub_call *call)
{
	return 0;
}

static int hub_set_power(const struct hub_call *call)
{
	if (call->port->powered)
		return 0;
	call->port->powered = 1;
	call->port->link = USB_SS_PORT_LS_RX_DETECT;
	hub_show_device(call->kind, call->port);
	return 0;
}

static int hub_clear_power(const struct hub_call *call)
{
	hub_hide_device(call->port);
	call->port->powered = 0;
	return 0;
}

static int hub_reset(struct p2pv_hub_port *port, u16 change)
{
	if (!(port->status & USB_PORT_STAT_CONNECTION))
		return 0;
	port->status |= USB_PORT_STAT_ENABLE;
	port->status &= ~USB_PORT_STAT_SUSPEND;
	port->link = USB_SS_PORT_LS_U0;
	port->change |= change;
	return 0;
}

static int hub_set_reset(const struct hub_call *call)
{
	return hub_reset(call->port, USB_PORT_STAT_C_RESET);
}

static int hub_set_bh_reset(const struct hub_call *call)
{
	return hub_reset(call->port,
			 USB_PORT_STAT_C_RESET | USB_PORT_STAT_C_BH_RESET);
}

static int hub_clear_enable(const struct hub_call *call)
{
	call->port->status &= ~(USB_PORT_STAT_ENABLE | USB_PORT_STAT_SUSPEND);
	if (call->kind == P2PV_HUB_SS)
		call->port->link = USB_SS_PORT_LS_SS_DISABLED;
	return 0;
}

static int hub_set_suspend(const struct hub_call *call)
{
	if (call->port->status & USB_PORT_STAT_ENABLE)
		call->port->status |= USB_PORT_STAT_SUSPEND;
	return 0;
}

static int hub_clear_suspend(const struct hub_call *call)
{
	if (!(call->port->status & USB_PORT_STAT_SUSPEND))
		return 0;
	call->port->status &= ~USB_PORT_STAT_SUSPEND;
	call->port->change |= USB_PORT_STAT_C_SUSPEND;
	return 0;
}

/* Link states, as the hub driver may ask for them -------------------------- */

static int hub_link_u0(struct p2pv_hub_port *port)
{
	if (!(port->status & USB_PORT_STAT_ENABLE))
		return -EPIPE;
	if (port->link == USB_SS_PORT_LS_U3)
		port->change |= USB_PORT_STAT_C_LINK_STATE;
	port->link = USB_SS_PORT_LS_U0;
	return 0;
}

/* This is also how the hub driver disables a port, perhaps one just left. */
static int hub_link_u3(struct p2pv_hub_port *port)
{
	if (port->status & USB_PORT_STAT_ENABLE)
		port->link = USB_SS_PORT_LS_U3;
	return 0;
}

static int hub_link_disabled(struct p2pv_hub_port *port)
{
	hub_hide_device(port);
	port->link = USB_SS_PORT_LS_SS_DISABLED;
	return 0;
}

/*
 * Waits for the next device: one that was disabled has failed, and would fail
 * again and again if it were shown anew.
 */
static int hub_link_rx_detect(struct p2pv_hub_port *port)
{
	if (!(port->status & USB_PORT_STAT_CONNECTION))
		port->link = USB_SS_PORT_LS_RX_DETECT;
	return 0;
}

static const struct hub_link {
	u16 state;
	int (*enter)(struct p2pv_hub_port *port);
} hub_links[] = {
	{ USB_SS_PORT_LS_U0, hub_link_u0 },
	{ USB_SS_PORT_LS_U3, hub_link_u3 },
	{ USB_SS_PORT_LS_SS_DISABLED, hub_link_disabled },
	{ USB_SS_PORT_LS_RX_DETECT, hub_link_rx_detect },
};

static int hub_set_link_state(const struct hub_call *call)
{
	u16 state = p2pv_hub_link(call->req);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hub_links); i++)
		if (hub_links[i].state == state)
			return hub_links[i].enter(call->port);
	return -EPIPE;
}

struct hub_feature {
	u8 hubs;
	int (*set)(const struct hub_call *call);
	int (*clear)(const struct hub_call *call);
	/* A change bit that ClearPortFeature acknowledges. */
	u16 change;
};

/* Feature 23 means two things; USB 2 link power management has no part here. */
static const struct hub_feature hub_features[] = {
	[USB_PORT_FEAT_ENABLE] = {
		HUB_ON_BOTH, .clear = hub_clear_enable },
	[USB_PORT_FEAT_SUSPEND] = {
		HUB_ON_HS, .set = hub_set_suspend, .clear = hub_clear_suspend },
	[USB_PORT_FEAT_RESET] = { HUB_ON_BOTH, .set = hub_set_reset },
	[USB_PORT_FEAT_LINK_STATE] = { HUB_ON_SS, .set = hub_set_link_state },
	[USB_PORT_FEAT_POWER] = {
		HUB_ON_BOTH, .set = hub_set_power, .clear = hub_clear_power },
	[USB_PORT_FEAT_C_CONNECTION] = {
		HUB_ON_BOTH, .change = USB_PORT_STAT_C_CONNECTION },
	[USB_PORT_FEAT_C_ENABLE] = {
		HUB_ON_HS, .change = USB_PORT_STAT_C_ENABLE },
	[USB_PORT_FEAT_C_SUSPEND] = {
		HUB_ON_HS, .change = USB_PORT_STAT_C_SUSPEND },
	[USB_PORT_FEAT_C_OVER_CURRENT] = {
		HUB_ON_BOTH, .change = USB_PORT_STAT_C_OVERCURRENT },
	[USB_PORT_FEAT_C_RESET] = {
		HUB_ON_BOTH, .change = USB_PORT_STAT_C_RESET },
	[USB_PORT_FEAT_U1_TIMEOUT] = { HUB_ON_SS, .set = hub_feature_ignored },
	[USB_PORT_FEAT_U2_TIMEOUT] = { HUB_ON_SS, .set = hub_feature_ignored },
	[USB_PORT_FEAT_C_PORT_LINK_STATE] = {
		HUB_ON_SS, .change = USB_PORT_STAT_C_LINK_STATE },
	[USB_PORT_FEAT_C_PORT_CONFIG_ERROR] = {
		HUB_ON_SS, .change = USB_PORT_STAT_C_CONFIG_ERROR },
	[USB_PORT_FEAT_REMOTE_WAKE_MASK] = {
		HUB_ON_SS, .set = hub_feature_ignored },
	[USB_PORT_FEAT_BH_PORT_RESET] = { HUB_ON_SS, .set = hub_set_bh_reset },
	[USB_PORT_FEAT_C_BH_PORT_RESET] = {
		HUB_ON_SS, .change = USB_PORT_STAT_C_BH_RESET },
};

static const struct hub_feature *hub_find_feature(const struct hub_call *call)
{
	const struct hub_feature *feature;

	if (!call->port || call->req->value >= ARRAY_SIZE(hub_features))
		return NULL;
	feature = &hub_features[call->req->value];
	return feature->hubs & BIT(call->kind) ? feature : NULL;
}

static int hub_set_port_feature(const struct hub_call *call)
{
	const struct hub_feature *feature = hub_find_feature(call);

	if (!feature || !feature->set)
		return -EPIPE;
	return feature->set(call);
}

static int hub_clear_port_feature(const struct hub_call *call)
{
	const struct hub_feature *feature = hub_find_feature(call);

	if (!feature)
		return -EPIPE;
	if (feature->change) {
		call->port->change &= ~feature->change;
		return 0;
	}
	return feature->clear ? feature->clear(call) : -EPIPE;
}

/* Hub --------------------------------------------------------------------- */

static int hub_get_descriptor(const struct hub_call *call)
{
	if (call->kind == P2PV_HUB_SS)
		return hub_answer_bytes(call, hub_desc_ss, sizeof(hub_desc_ss));
	return hub_answer_bytes(call, hub_desc_hs, sizeof(hub_desc_hs));
}

static int hub_get_bos(const struct hub_call *call)
{
	if (call->req->value >> 8 != USB_DT_BOS)
		return -EPIPE;
	return hub_answer_bytes(call, hub_bos, sizeof(hub_bos));
}

static int hub_get_status(const struct hub_call *call)
{
	return hub_answer_bytes(call, "\0\0\0\0", 4);
}

/* Local power and over-current never change. */
static int hub_clear_hub_feature(const struct hub_call *call)
{
	return call->req->value <= C_HUB_OVER_CURRENT ? 0 : -EPIPE;
}

/* The translator is the far host's business; there is nothing to clear. */
static int hub_tt_accepted(const struct hub_call *call)
{
	return 0;
}

static int hub_set_depth(const struct hub_call *call)
{
	return 0;
}

static const struct hub_verb {
	u16 type;
	u8 hubs;
	int (*answer)(const struct hub_call *call);
} hub_verbs[] = {
	{ GetPortStatus, HUB_ON_BOTH, hub_get_port_status },
	{ ClearPortFeature, HUB_ON_BOTH, hub_clear_port_feature },
	{ SetPortFeature, HUB_ON_BOTH, hub_set_port_feature },
	{ GetHubStatus, HUB_ON_BOTH, hub_get_status },
	{ GetHubDescriptor, HUB_ON_BOTH, hub_get_descriptor },
	{ ClearHubFeature, HUB_ON_BOTH, hub_clear_hub_feature },
	{ HUB_GET_DESCRIPTOR, HUB_ON_SS, hub_get_bos },
	{ SetHubDepth, HUB_ON_SS, hub_set_depth },
	{ GetPortErrorCount, HUB_ON_SS, hub_get_port_error_count },
	{ ClearTTBuffer, HUB_ON_HS, hub_tt_accepted },
	{ ResetTT, HUB_ON_HS, hub_tt_accepted },
	{ StopTT, HUB_ON_HS, hub_tt_accepted },
};

int p2pv_hub_answer(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
		    const struct p2pv_hub_request *req, u8 *buf)
{
	const struct hub_call call = {
		.kind = kind, .port = port, .req = req, .buf = buf,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hub_verbs); i++)
		if (hub_verbs[i].type == req->type &&
		    hub_verbs[i].hubs & BIT(kind))
			return hub_verbs[i].answer(&call);
	return -EPIPE;
}
