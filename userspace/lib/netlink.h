/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink - requests of tools to the kernel module, and its notifications.
 *
 * Typed access to the generic netlink family of <linux/p2pvhci.h>; the only
 * file that knows libnl.  Every call has a deadline.  Does not judge states
 * and does not print.
 *
 * Thread: one at a time.
 */
#ifndef P2PUSB_LIB_NETLINK_H
#define P2PUSB_LIB_NETLINK_H

#include <linux/p2pvhci.h>
#include <stdint.h>

#define NETLINK_WHY_MAX	256	/* bytes of a sentence of the kernel */

#define NETLINK_NO_EP	UINT32_MAX

struct netlink;

/* Where an URB was, for struct netlink_port.times. */
enum netlink_part {
	NETLINK_KERNEL,
	NETLINK_LINK,
	NETLINK_DEVICE,
	NETLINK_NPARTS
};

/**
 * struct netlink_port - a port, a notification, or the counters of a port or
 *	of one of its endpoints
 * @port: number
 * @state: enum p2pvhci_port_state; P2PVHCI_PORT_NSTATES when not told
 * @speed: enum p2pvhci_speed, 0 = not told
 * @epoch: which device on this port
 * @busnum: USB bus of the root hub
 * @rhport: port of that root hub, from 1; 0 = none
 * @grace_ms: how long it outlives its agent
 * @flags: P2PVHCI_PORT_*
 * @status: notification: positive errno of an attach that failed
 * @vid: label
 * @pid: label
 * @cookie: names the attach, 0 = none
 * @since_ns: CLOCK_BOOTTIME of the last change of state
 * @urbs: counter, as the following
 * @watch_ms: counters of a port: how long its URBs will still be timed
 * @ep: counters of an endpoint: its address; else NETLINK_NO_EP
 * @ep_type: enum p2pvhci_xfer
 * @timed: @times was told
 * @times: of an endpoint, by enum netlink_part
 * @target: what was attached, NUL-terminated; bytes of whoever asked
 * @message: sentence of the agent, NUL-terminated, untrusted
 */
struct netlink_port {
	uint32_t port;
	uint32_t state;
	uint32_t speed;
	uint32_t epoch;
	uint32_t busnum;
	uint32_t rhport;
	uint32_t grace_ms;
	uint32_t flags;
	uint32_t status;
	uint16_t vid;
	uint16_t pid;
	uint64_t cookie;
	uint64_t since_ns;
	uint64_t urbs;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t errors;
	uint64_t cancels;
	uint32_t in_flight;
	uint32_t zombies;
	uint32_t watch_ms;
	uint32_t ep;
	uint32_t ep_type;
	int timed;
	struct p2pvhci_times times[NETLINK_NPARTS];
	char target[P2PVHCI_TARGET_MAX + 1];
	char message[P2PVHCI_MESSAGE_MAX + 1];
};

/**
 * netlink_open() - find the family
 * @nl: out
 *
 * Return: 0, -ENOENT (the module is not loaded, or this is not the initial
 * network namespace), other negative errno.
 */
int netlink_open(struct netlink **nl);
void netlink_close(struct netlink *nl);

/**
 * netlink_watch() - subscribe to the notifications of ports
 * @nl: handle
 *
 * Uses a socket of its own: a notification may overtake the reply to the
 * request that causes it.  To be called before that request.
 *
 * Return: 0 or negative errno.
 */
int netlink_watch(struct netlink *nl);

/**
 * netlink_next() - wait for a notification
 * @nl: watching
 * @timeout_ms: 0 = only what is there
 * @port: filled
 *
 * Return: 0, -ETIMEDOUT, -EINTR (signal), -ENOBUFS (some were lost: dump),
 * other negative errno.
 */
int netlink_next(struct netlink *nl, int timeout_ms, struct netlink_port *port);

/**
 * netlink_attach() - ask for a device
 * @nl: handle
 * @target: text for the agent
 * @timeout_ms: the kernel gives up after this
 * @flags: P2PVHCI_PORT_*
 * @cookie: out, names the notification that will tell the result
 *
 * Return: 0, -ESRCH (no agent listens), -EPERM, other negative errno;
 * netlink_why() may say more.
 */
int netlink_attach(struct netlink *nl, const char *target,
		   unsigned int timeout_ms, uint32_t flags, uint64_t *cookie);

/**
 * netlink_detach() - disconnect a port at once
 * @nl: handle
 * @port: number
 * @epoch: only if it is still this device; 0 = whatever is there
 *
 * Return: 0, -ENOENT, -EPERM, other negative errno; netlink_why().
 */
int netlink_detach(struct netlink *nl, uint32_t port, uint32_t epoch);

typedef void netlink_each(void *ctx, const struct netlink_port *port);

/**
 * netlink_ports() - every port that is not empty
 * @nl: handle
 * @each: called for each; again for all of them when the dump was interrupted,
 *	after a call with NULL
 * @ctx: its first argument
 *
 * Return: 0 or negative errno.
 */
int netlink_ports(struct netlink *nl, netlink_each *each, void *ctx);

/**
 * netlink_stats() - counters of every port, each before those of its endpoints;
 *	as netlink_ports()
 */
int netlink_stats(struct netlink *nl, netlink_each *each, void *ctx);

/**
 * netlink_time() - have the URBs of a port timed
 * @nl: handle
 * @port: number
 * @ms: for so long from now on, up to P2PVHCI_WATCH_MAX_MS
 *
 * Return: 0, -ENOENT, -EPERM, other negative errno; netlink_why().
 */
int netlink_time(struct netlink *nl, uint32_t port, uint32_t ms);

/**
 * netlink_why() - the kernel's sentence on the last call that failed
 *
 * Return: text, "" when it gave none.
 */
const char *netlink_why(const struct netlink *nl);

/**
 * netlink_state_name() - of a port
 * Return: static text, "?" for one that is not known.
 */
const char *netlink_state_name(uint32_t state);

#endif /* P2PUSB_LIB_NETLINK_H */
