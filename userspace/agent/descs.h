/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * descs - descriptors of a device that came with ATTACHED.
 *
 * Whoever enumerates it asks for each of them; here is the answer without a
 * way to the other machine.  Does not answer requests: xfer.c does.
 */
#ifndef P2PUSB_AGENT_DESCS_H
#define P2PUSB_AGENT_DESCS_H

#include <stdint.h>

#include "wire_desc.h"

/**
 * struct descs - as they travel; zeroed = none
 * @data: ours
 * @len: bytes
 */
struct descs {
	uint8_t *data;
	uint32_t len;
};

/**
 * descs_room() - where to receive them
 * @descs: what it had is dropped
 * @len: bytes of the payload, not more than P2PUSB_DESCS_MAX
 *
 * Return: @len bytes; NULL without memory, and then there are none.
 */
void *descs_room(struct descs *descs, uint32_t len);

/**
 * descs_check() - the one place where they are judged
 * @descs: as a peer sent them
 *
 * Return: 0, -EPROTO when they make no sense, -EPERM for a hub.
 */
int descs_check(const struct descs *descs);

/**
 * descs_find() - what a device would answer
 * @descs: checked
 * @setup: SETUP packet
 * @found: filled, borrowed from @descs
 *
 * Return: non-zero when it asks for one that is there.
 */
int descs_find(const struct descs *descs, const uint8_t setup[8],
	       struct wire_desc *found);

/**
 * descs_drop() - forget them: from here the device answers itself
 * @descs: zeroed
 */
void descs_drop(struct descs *descs);

#endif /* P2PUSB_AGENT_DESCS_H */
