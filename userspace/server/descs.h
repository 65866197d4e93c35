/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * descs - what a device says of itself, read once for all who attach it.
 *
 * Those descriptors that a host asks for when it enumerates a device: they
 * travel behind ATTACHED.  Bytes of a stranger, passed on as they are.
 */
#ifndef P2PUSB_SERVER_DESCS_H
#define P2PUSB_SERVER_DESCS_H

#include "engine.h"

/**
 * struct descs - see there; zeroed = none
 * @data: struct p2pusb_desc, each with its bytes; ours
 * @len: bytes, not more than P2PUSB_DESCS_MAX
 */
struct descs {
	uint8_t *data;
	uint32_t len;
};

/**
 * descs_read() - worker: ask the device
 * @ops: engine
 * @edev: open
 * @quirks: sysfs_quirks() of it; what it does not bear is not asked
 * @descs: zeroed; what the device does not say is left out
 *
 * Blocks for 2 s at most; what was not read by then is left out.
 */
void descs_read(const struct engine_ops *ops, struct engine_device *edev,
		unsigned int quirks, struct descs *descs);

/**
 * descs_drop() - forget them
 * @descs: zeroed
 */
void descs_drop(struct descs *descs);

#endif /* P2PUSB_SERVER_DESCS_H */
