// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod/hub.c and hub_power.c in user space: every request of the hub driver on
 * both kinds of hub, every feature, and every request that is none.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/kernel.h>
#include <linux/usb/hcd.h>
#include "hub.h"

static uint8_t buf[256];

static int ask(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
	       uint16_t type, uint16_t value, uint16_t index, uint16_t length)
{
	const struct p2pv_hub_request req = { type, value, index, length };

	memset(buf, 0xee, sizeof(buf));
	return p2pv_hub_answer(kind, port, &req, buf);
}

static int set(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
	       uint16_t feature)
{
	return ask(kind, port, SetPortFeature, feature, 1, 0);
}

static int clear(enum p2pv_hub_kind kind, struct p2pv_hub_port *port,
		 uint16_t feature)
{
	return ask(kind, port, ClearPortFeature, feature, 1, 0);
}

static int set_link(struct p2pv_hub_port *port, unsigned int state)
{
	return ask(P2PV_HUB_SS, port, SetPortFeature,
		   USB_PORT_FEAT_LINK_STATE, state << 8 | 1, 0);
}

static uint16_t word(unsigned int at)
{
	return buf[at] | buf[at + 1] << 8;
}

/* wPortStatus, with wPortChange in the upper half. */
static uint32_t status(enum p2pv_hub_kind kind, struct p2pv_hub_port *port)
{
	assert_int_equal(ask(kind, port, GetPortStatus, HUB_PORT_STATUS, 1, 4),
			 4);
	assert_int_equal(buf[4], 0xee);
	return word(0) | (uint32_t)word(2) << 16;
}

static struct p2pv_hub_port powered(enum p2pv_hub_kind kind)
{
	struct p2pv_hub_port port = { 0 };

	assert_int_equal(set(kind, &port, USB_PORT_FEAT_POWER), 0);
	return port;
}

#define CHANGED(bit)	((uint32_t)(bit) << 16)

static void hs_plug_reset_unplug(void **state)
{
	static const struct {
		uint8_t speed;
		uint16_t bits;
	} speeds[] = {
		{ P2PVHCI_SPEED_LOW, USB_PORT_STAT_LOW_SPEED },
		{ P2PVHCI_SPEED_FULL, 0 },
		{ P2PVHCI_SPEED_HIGH, USB_PORT_STAT_HIGH_SPEED },
	};
	struct p2pv_hub_port port;
	uint32_t base;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(speeds); i++) {
		port = powered(P2PV_HUB_HS);
		assert_int_equal(status(P2PV_HUB_HS, &port),
				 USB_PORT_STAT_POWER);
		p2pv_hub_plug(P2PV_HUB_HS, &port, speeds[i].speed, 0);
		base = USB_PORT_STAT_POWER | USB_PORT_STAT_CONNECTION |
		       speeds[i].bits;
		assert_int_equal(status(P2PV_HUB_HS, &port), base |
				 CHANGED(USB_PORT_STAT_C_CONNECTION));
		clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_C_CONNECTION);
		assert_int_equal(status(P2PV_HUB_HS, &port), base);
		set(P2PV_HUB_HS, &port, USB_PORT_FEAT_RESET);
		base |= USB_PORT_STAT_ENABLE;
		assert_int_equal(status(P2PV_HUB_HS, &port), base |
				 CHANGED(USB_PORT_STAT_C_RESET));
		clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_C_RESET);
		p2pv_hub_unplug(&port);
		assert_int_equal(status(P2PV_HUB_HS, &port),
				 USB_PORT_STAT_POWER |
				 CHANGED(USB_PORT_STAT_C_CONNECTION));
	}
}

static void hs_suspend(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_HS);

	(void)state;
	p2pv_hub_plug(P2PV_HUB_HS, &port, P2PVHCI_SPEED_HIGH, 0);
	set(P2PV_HUB_HS, &port, USB_PORT_FEAT_SUSPEND);
	assert_false(port.status & USB_PORT_STAT_SUSPEND);
	set(P2PV_HUB_HS, &port, USB_PORT_FEAT_RESET);
	port.change = 0;
	set(P2PV_HUB_HS, &port, USB_PORT_FEAT_SUSPEND);
	assert_true(status(P2PV_HUB_HS, &port) & USB_PORT_STAT_SUSPEND);
	clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_SUSPEND);
	assert_false(status(P2PV_HUB_HS, &port) & USB_PORT_STAT_SUSPEND);
	assert_int_equal(port.change, USB_PORT_STAT_C_SUSPEND);
	clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_C_SUSPEND);
	clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_SUSPEND);
	assert_int_equal(port.change, 0);
	clear(P2PV_HUB_HS, &port, USB_PORT_FEAT_ENABLE);
	assert_false(status(P2PV_HUB_HS, &port) & USB_PORT_STAT_ENABLE);
}

static void ss_plug_and_links(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_SS);

	(void)state;
	assert_int_equal(status(P2PV_HUB_SS, &port), USB_SS_PORT_STAT_POWER |
			 USB_SS_PORT_LS_RX_DETECT);
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER, 0);
	assert_int_equal(status(P2PV_HUB_SS, &port), USB_SS_PORT_STAT_POWER |
			 USB_PORT_STAT_CONNECTION | USB_PORT_STAT_ENABLE |
			 USB_SS_PORT_LS_U0 |
			 CHANGED(USB_PORT_STAT_C_CONNECTION));
	port.change = 0;
	assert_int_equal(set_link(&port, 3), 0);
	assert_int_equal(status(P2PV_HUB_SS, &port) & USB_PORT_STAT_LINK_STATE,
			 USB_SS_PORT_LS_U3);
	assert_int_equal(port.change, 0);
	assert_int_equal(set_link(&port, 0), 0);
	assert_int_equal(port.change, USB_PORT_STAT_C_LINK_STATE);
	port.change = 0;
	assert_int_equal(set(P2PV_HUB_SS, &port, USB_PORT_FEAT_BH_PORT_RESET),
			 0);
	assert_int_equal(port.change, USB_PORT_STAT_C_RESET |
			 USB_PORT_STAT_C_BH_RESET);
	/* Each is acknowledged for itself. */
	clear(P2PV_HUB_SS, &port, USB_PORT_FEAT_C_RESET);
	assert_int_equal(port.change, USB_PORT_STAT_C_BH_RESET);
	clear(P2PV_HUB_SS, &port, USB_PORT_FEAT_C_BH_PORT_RESET);
	assert_int_equal(port.change, 0);
	assert_int_equal(set_link(&port, 4), 0);
	assert_int_equal(status(P2PV_HUB_SS, &port), USB_SS_PORT_STAT_POWER |
			 USB_SS_PORT_LS_SS_DISABLED |
			 CHANGED(USB_PORT_STAT_C_CONNECTION));
	assert_int_equal(set_link(&port, 0), -EPIPE);
	/* Disabling what has just been pulled is no mistake. */
	assert_int_equal(set_link(&port, 3), 0);
	assert_int_equal(port.link, USB_SS_PORT_LS_SS_DISABLED);
	assert_int_equal(set_link(&port, 10), -EPIPE);
	assert_int_equal(set_link(&port, 0xff), -EPIPE);
}

/* How a hub driver is rid of a device that failed: it must not come back. */
static void ss_disabled_stays_so(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_SS);

	(void)state;
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER, 0);
	port.change = 0;
	/* Without disabling first, it means nothing. */
	assert_int_equal(set_link(&port, 5), 0);
	assert_int_equal(port.link, USB_SS_PORT_LS_U0);
	assert_int_equal(set_link(&port, 4), 0);
	port.change = 0;
	assert_int_equal(set_link(&port, 5), 0);
	assert_int_equal(status(P2PV_HUB_SS, &port), USB_SS_PORT_STAT_POWER |
			 USB_SS_PORT_LS_RX_DETECT);
	set(P2PV_HUB_SS, &port, USB_PORT_FEAT_BH_PORT_RESET);
	assert_int_equal(port.status | port.change, 0);
	/* The next one does, and so does this one after a power cycle. */
	clear(P2PV_HUB_SS, &port, USB_PORT_FEAT_POWER);
	set(P2PV_HUB_SS, &port, USB_PORT_FEAT_POWER);
	assert_true(port.status & USB_PORT_STAT_CONNECTION);
	set_link(&port, 4);
	set_link(&port, 5);
	p2pv_hub_unplug(&port);
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER, 0);
	assert_int_equal(status(P2PV_HUB_SS, &port), USB_SS_PORT_STAT_POWER |
			 USB_PORT_STAT_CONNECTION | USB_PORT_STAT_ENABLE |
			 USB_SS_PORT_LS_U0 |
			 CHANGED(USB_PORT_STAT_C_CONNECTION));
}

static void ss_accepts_what_it_ignores(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_SS), before;

	(void)state;
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER, 0);
	before = port;
	assert_int_equal(set(P2PV_HUB_SS, &port, USB_PORT_FEAT_U1_TIMEOUT), 0);
	assert_int_equal(set(P2PV_HUB_SS, &port, USB_PORT_FEAT_U2_TIMEOUT), 0);
	assert_int_equal(set(P2PV_HUB_SS, &port,
			     USB_PORT_FEAT_REMOTE_WAKE_MASK), 0);
	assert_int_equal(ask(P2PV_HUB_SS, NULL, SetHubDepth, 3, 0, 0), 0);
	assert_int_equal(ask(P2PV_HUB_SS, &port, GetPortErrorCount, 0, 1, 2),
			 2);
	assert_int_equal(word(0), 0);
	assert_memory_equal(&port, &before, sizeof(port));
}

static enum p2pv_hub_power power(enum p2pv_hub_kind kind,
				 const struct p2pv_hub_port *port,
				 uint16_t type, uint16_t feature,
				 uint16_t link)
{
	const struct p2pv_hub_request req = { type, feature, link << 8 | 1, 0 };

	return p2pv_hub_power_change(kind, port, &req);
}

static void power_changes(void **state)
{
	struct p2pv_hub_port hs = powered(P2PV_HUB_HS);
	struct p2pv_hub_port ss = powered(P2PV_HUB_SS);
	const uint16_t on = SetPortFeature, off = ClearPortFeature;

	(void)state;
	p2pv_hub_plug(P2PV_HUB_HS, &hs, P2PVHCI_SPEED_HIGH, 0);
	/* Not enabled yet: there is nobody to put to sleep. */
	assert_int_equal(power(P2PV_HUB_HS, &hs, on, USB_PORT_FEAT_SUSPEND, 0),
			 P2PV_HUB_STAYS);
	set(P2PV_HUB_HS, &hs, USB_PORT_FEAT_RESET);
	assert_int_equal(power(P2PV_HUB_HS, &hs, on, USB_PORT_FEAT_SUSPEND, 0),
			 P2PV_HUB_SUSPENDS);
	set(P2PV_HUB_HS, &hs, USB_PORT_FEAT_SUSPEND);
	assert_int_equal(power(P2PV_HUB_HS, &hs, on, USB_PORT_FEAT_SUSPEND, 0),
			 P2PV_HUB_STAYS);
	assert_int_equal(power(P2PV_HUB_HS, &hs, off, USB_PORT_FEAT_SUSPEND, 0),
			 P2PV_HUB_RESUMES);
	assert_int_equal(power(P2PV_HUB_HS, &hs, on, USB_PORT_FEAT_RESET, 0),
			 P2PV_HUB_RESUMES);
	assert_int_equal(power(P2PV_HUB_HS, &hs, off, USB_PORT_FEAT_POWER, 0),
			 P2PV_HUB_STAYS);
	assert_int_equal(power(P2PV_HUB_HS, &hs, on, USB_PORT_FEAT_LINK_STATE,
			       3), P2PV_HUB_STAYS);

	p2pv_hub_plug(P2PV_HUB_SS, &ss, P2PVHCI_SPEED_SUPER, 0);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on, USB_PORT_FEAT_SUSPEND, 0),
			 P2PV_HUB_STAYS);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on, USB_PORT_FEAT_LINK_STATE,
			       3), P2PV_HUB_SUSPENDS);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on, USB_PORT_FEAT_LINK_STATE,
			       2), P2PV_HUB_STAYS);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on, USB_PORT_FEAT_LINK_STATE,
			       0), P2PV_HUB_RESUMES);
	set_link(&ss, 3);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on, USB_PORT_FEAT_LINK_STATE,
			       3), P2PV_HUB_STAYS);
	assert_int_equal(power(P2PV_HUB_SS, &ss, on,
			       USB_PORT_FEAT_BH_PORT_RESET, 0),
			 P2PV_HUB_RESUMES);
	assert_int_equal(power(P2PV_HUB_SS, &ss, GetPortStatus, 0, 0),
			 P2PV_HUB_STAYS);
}

static void wakes_up_by_itself(void **state)
{
	struct p2pv_hub_port hs = powered(P2PV_HUB_HS);
	struct p2pv_hub_port ss = powered(P2PV_HUB_SS);

	(void)state;
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_HS, &hs));
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_SS, &ss));
	p2pv_hub_plug(P2PV_HUB_HS, &hs, P2PVHCI_SPEED_LOW, 0);
	set(P2PV_HUB_HS, &hs, USB_PORT_FEAT_RESET);
	p2pv_hub_plug(P2PV_HUB_SS, &ss, P2PVHCI_SPEED_SUPER, 0);
	hs.change = 0;
	ss.change = 0;
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_HS, &hs));
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_SS, &ss));
	assert_int_equal(hs.change | ss.change, 0);

	set(P2PV_HUB_HS, &hs, USB_PORT_FEAT_SUSPEND);
	assert_true(p2pv_hub_power_wakeup(P2PV_HUB_HS, &hs));
	assert_int_equal(hs.change, USB_PORT_STAT_C_SUSPEND);
	assert_int_equal(status(P2PV_HUB_HS, &hs) & USB_PORT_STAT_SUSPEND, 0);
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_HS, &hs));

	set_link(&ss, 3);
	assert_true(p2pv_hub_power_wakeup(P2PV_HUB_SS, &ss));
	assert_int_equal(ss.change, USB_PORT_STAT_C_LINK_STATE);
	assert_int_equal(ss.link, USB_SS_PORT_LS_U0);
	assert_int_equal(clear(P2PV_HUB_SS, &ss,
			       USB_PORT_FEAT_C_PORT_LINK_STATE), 0);
	assert_int_equal(ss.change, 0);
	/* Pulled in its sleep. */
	set_link(&ss, 3);
	p2pv_hub_unplug(&ss);
	assert_false(p2pv_hub_power_wakeup(P2PV_HUB_SS, &ss));
}

static void power_hides_the_device(void **state)
{
	struct p2pv_hub_port port = { 0 };
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++) {
		memset(&port, 0, sizeof(port));
		p2pv_hub_plug(kind, &port, P2PVHCI_SPEED_HIGH, 0);
		assert_false(status(kind, &port) & USB_PORT_STAT_CONNECTION);
		set(kind, &port, USB_PORT_FEAT_POWER);
		assert_true(status(kind, &port) & USB_PORT_STAT_CONNECTION);
		clear(kind, &port, USB_PORT_FEAT_POWER);
		assert_false(status(kind, &port) & USB_PORT_STAT_CONNECTION);
		set(kind, &port, USB_PORT_FEAT_RESET);
		assert_false(port.status & USB_PORT_STAT_ENABLE);
	}
}

static void ext_status(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_SS);

	(void)state;
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER_PLUS, 2);
	assert_int_equal(ask(P2PV_HUB_SS, &port, GetPortStatus,
			     HUB_EXT_PORT_STATUS, 1, 8), 8);
	/* 10 Gbit/s both ways; two lanes, counted from zero. */
	assert_int_equal(word(4), 0x1155);
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER_PLUS, 1);
	ask(P2PV_HUB_SS, &port, GetPortStatus, HUB_EXT_PORT_STATUS, 1, 8);
	assert_int_equal(word(4), 0x0055);
	p2pv_hub_plug(P2PV_HUB_SS, &port, P2PVHCI_SPEED_SUPER, 0);
	ask(P2PV_HUB_SS, &port, GetPortStatus, HUB_EXT_PORT_STATUS, 1, 8);
	assert_int_equal(word(4), 0x0044);
	assert_int_equal(ask(P2PV_HUB_HS, &port, GetPortStatus,
			     HUB_EXT_PORT_STATUS, 1, 8), -EPIPE);
	assert_int_equal(ask(P2PV_HUB_SS, &port, GetPortStatus,
			     HUB_PORT_PD_STATUS, 1, 8), -EPIPE);
}

static void descriptors(void **state)
{
	(void)state;
	assert_int_equal(ask(P2PV_HUB_HS, NULL, GetHubDescriptor,
			     USB_DT_HUB << 8, 0, 71), 11);
	assert_int_equal(buf[0], 11);
	assert_int_equal(buf[1], USB_DT_HUB);
	assert_int_equal(buf[2], P2PV_HUB_NPORTS);
	assert_int_equal(ask(P2PV_HUB_SS, NULL, GetHubDescriptor,
			     USB_DT_SS_HUB << 8, 0, USB_DT_SS_HUB_SIZE),
			 USB_DT_SS_HUB_SIZE);
	assert_int_equal(buf[1], USB_DT_SS_HUB);
	assert_int_equal(ask(P2PV_HUB_HS, NULL, GetHubStatus, 0, 0, 4), 4);
	assert_int_equal(word(0) | word(2), 0);
}

/* Every descriptor inside has its length, and they fill the total exactly. */
static void bos(void **state)
{
	const uint16_t get = USB_DIR_IN << 8 | USB_REQ_GET_DESCRIPTOR;
	unsigned int at, n = 0;
	int total;

	(void)state;
	total = ask(P2PV_HUB_SS, NULL, get, USB_DT_BOS << 8, 0, 255);
	assert_int_equal(total, word(2));
	for (at = buf[0]; at < (unsigned int)total; at += buf[at]) {
		assert_true(buf[at] >= 3);
		assert_int_equal(buf[at + 1], USB_DT_DEVICE_CAPABILITY);
		n++;
	}
	assert_int_equal(at, total);
	assert_int_equal(n, buf[4]);
	assert_int_equal(ask(P2PV_HUB_SS, NULL, get, USB_DT_BOS << 8, 0, 5),
			 5);
	assert_int_equal(buf[5], 0xee);
	assert_int_equal(ask(P2PV_HUB_HS, NULL, get, USB_DT_BOS << 8, 0, 255),
			 -EPIPE);
	assert_int_equal(ask(P2PV_HUB_SS, NULL, get, USB_DT_DEVICE << 8, 0,
			     255), -EPIPE);
}

static void answers_fit(void **state)
{
	static const uint16_t types[] = {
		GetPortStatus, GetHubStatus, GetHubDescriptor,
		GetPortErrorCount, USB_DIR_IN << 8 | USB_REQ_GET_DESCRIPTOR,
	};
	struct p2pv_hub_port port = powered(P2PV_HUB_SS);
	uint16_t values[] = { HUB_PORT_STATUS, HUB_EXT_PORT_STATUS,
			      USB_DT_BOS << 8 };
	unsigned int i, j, len;
	int rc;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		for (j = 0; j < ARRAY_SIZE(values); j++)
			for (len = 0; len < 64; len++) {
				rc = ask(P2PV_HUB_SS, &port, types[i],
					 values[j], 1, len);
				assert_true(rc <= (int)len);
				assert_int_equal(buf[len], 0xee);
			}
}

/* Which features may be set or cleared, by number and kind of hub. */
static const struct {
	uint16_t feature;
	const char *set;
	const char *clear;
} features[] = {
	{ USB_PORT_FEAT_CONNECTION, "", "" },
	{ USB_PORT_FEAT_ENABLE, "", "hs" },
	{ USB_PORT_FEAT_SUSPEND, "h", "h" },
	{ USB_PORT_FEAT_OVER_CURRENT, "", "" },
	{ USB_PORT_FEAT_RESET, "hs", "" },
	{ USB_PORT_FEAT_LINK_STATE, "s", "" },
	{ USB_PORT_FEAT_POWER, "hs", "hs" },
	{ USB_PORT_FEAT_LOWSPEED, "", "" },
	{ USB_PORT_FEAT_C_CONNECTION, "", "hs" },
	{ USB_PORT_FEAT_C_ENABLE, "", "h" },
	{ USB_PORT_FEAT_C_SUSPEND, "", "h" },
	{ USB_PORT_FEAT_C_OVER_CURRENT, "", "hs" },
	{ USB_PORT_FEAT_C_RESET, "", "hs" },
	{ USB_PORT_FEAT_TEST, "", "" },
	{ USB_PORT_FEAT_INDICATOR, "", "" },
	{ USB_PORT_FEAT_U1_TIMEOUT, "s", "" },
	{ USB_PORT_FEAT_U2_TIMEOUT, "s", "" },
	{ USB_PORT_FEAT_C_PORT_LINK_STATE, "", "s" },
	{ USB_PORT_FEAT_C_PORT_CONFIG_ERROR, "", "s" },
	{ USB_PORT_FEAT_REMOTE_WAKE_MASK, "s", "" },
	{ USB_PORT_FEAT_BH_PORT_RESET, "s", "" },
	{ USB_PORT_FEAT_C_BH_PORT_RESET, "", "s" },
	{ USB_PORT_FEAT_FORCE_LINKPM_ACCEPT, "", "" },
};

static int feature_allowed(uint16_t feature, int clearing, char kind)
{
	const char *kinds = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].feature == feature)
			kinds = clearing ? features[i].clear : features[i].set;
	return !!strchr(kinds, kind);
}

static void every_feature(void **state)
{
	struct p2pv_hub_port port;
	unsigned int kind, feature, clearing;
	int rc, allowed;

	(void)state;
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (feature = 0; feature < 0x10000; feature++)
			for (clearing = 0; clearing < 2; clearing++) {
				port = powered(kind);
				p2pv_hub_plug(kind, &port, 4 - !kind, 0);
				set(kind, &port, USB_PORT_FEAT_RESET);
				rc = clearing ? clear(kind, &port, feature) :
						set(kind, &port, feature);
				allowed = feature_allowed(feature, clearing,
							  "hs"[kind]);
				if (rc != (allowed ? 0 : -EPIPE))
					fail_msg("hub %u, feature %u, clear %u: %d",
						 kind, feature, clearing, rc);
			}
}

/* All 65536 requests, with and without a port: answered or stalled. */
static void every_request(void **state)
{
	struct p2pv_hub_port port = powered(P2PV_HUB_HS);
	unsigned int kind, type, answered[P2PV_HUB_NKINDS] = { 0 };

	(void)state;
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (type = 0; type < 0x10000; type++) {
			ask(kind, NULL, type, USB_DT_BOS << 8, 99, 64);
			if (ask(kind, &port, type, 0, 1, 64) != -EPIPE)
				answered[kind]++;
		}
	/*
	 * Feature 0 of a port and descriptor 0 stall; what is left is
	 * GetPortStatus, GetHubStatus, GetHubDescriptor and ClearHubFeature,
	 * with three of the translator, or depth and error count.
	 */
	assert_int_equal(answered[P2PV_HUB_HS], 4 + 3);
	assert_int_equal(answered[P2PV_HUB_SS], 4 + 2);
}

static void no_port(void **state)
{
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++) {
		assert_int_equal(ask(kind, NULL, GetPortStatus, 0, 99, 4),
				 -EPIPE);
		assert_int_equal(ask(kind, NULL, SetPortFeature,
				     USB_PORT_FEAT_RESET, 99, 0), -EPIPE);
		assert_int_equal(ask(kind, NULL, ClearPortFeature,
				     USB_PORT_FEAT_C_RESET, 99, 0), -EPIPE);
		assert_int_equal(ask(kind, NULL, GetPortErrorCount, 0, 99, 2),
				 -EPIPE);
		assert_int_equal(ask(kind, NULL, SetHubFeature, 0, 0, 0),
				 -EPIPE);
		assert_int_equal(ask(kind, NULL, ClearHubFeature, 2, 0, 0),
				 -EPIPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hs_plug_reset_unplug),
		cmocka_unit_test(hs_suspend),
		cmocka_unit_test(ss_plug_and_links),
		cmocka_unit_test(ss_disabled_stays_so),
		cmocka_unit_test(ss_accepts_what_it_ignores),
		cmocka_unit_test(power_changes),
		cmocka_unit_test(wakes_up_by_itself),
		cmocka_unit_test(power_hides_the_device),
		cmocka_unit_test(ext_status),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(bos),
		cmocka_unit_test(answers_fit),
		cmocka_unit_test(every_feature),
		cmocka_unit_test(every_request),
		cmocka_unit_test(no_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
