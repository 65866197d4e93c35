/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target - what a tool asks for: PEER/DEVICE, and HOST:PORT of a peer.
 *
 * Pure.  Text of a tool is checked here; does not know who the peers are.
 */
#ifndef P2PUSB_AGENT_TARGET_H
#define P2PUSB_AGENT_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "peer.h"
#include "refusal.h"
#include "wire.h"

#define TARGET_DEVICE_MAX	128	/* bytes of the DEVICE part */
#define TARGET_HOST_MAX		255

/**
 * struct target - PEER/DEVICE
 * @peer: name of the peer
 * @device: bus id, VID:PID[:SERIAL], port:BUSID, class:NAME or a glob of the
 *	product's name
 */
struct target {
	char peer[PEER_NAME_MAX + 1];
	char device[TARGET_DEVICE_MAX + 1];
};

/**
 * target_parse() - take PEER/DEVICE apart
 * @text: bytes of a tool, not NUL-terminated
 * @len: their number
 * @target: filled
 *
 * Return: 0; -EINVAL: a part is empty or too long, or a byte is no printable
 * character.
 */
int target_parse(const uint8_t *text, size_t len, struct target *target);

/**
 * target_pick() - the one device that is meant
 * @device: of target_parse()
 * @devices: what the peer offers
 * @count: how many
 * @refusal: why not, with the candidates when there are several
 *
 * Never guesses; a hub is refused.
 *
 * Return: the device; NULL with @refusal.
 */
const struct wire_device *target_pick(const char *device,
				      const struct wire_device *devices,
				      size_t count, struct refusal *refusal);

/**
 * target_address() - take HOST, HOST:PORT, IPv4, IPv6 or [IPv6]:PORT apart
 * @text: NUL-terminated
 * @host: filled
 * @port: filled with digits
 *
 * Return: 0, -EINVAL.
 */
int target_address(const char *text, char host[TARGET_HOST_MAX + 1],
		   char port[6]);

#endif /* P2PUSB_AGENT_TARGET_H */
