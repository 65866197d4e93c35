/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device - a peer's device as a JSON object, for `list` and `status`.
 *
 * Does not judge what a peer says of it.
 */
#ifndef P2PUSB_AGENT_DEVICE_H
#define P2PUSB_AGENT_DEVICE_H

#include <json-c/json.h>

#include "wire.h"

#define DEVICE_CLASS_HUB	0x09

/**
 * device_is_hub() - does it say that it is a hub?
 * @device: as a peer sent it
 *
 * Return: non-zero when the device or one of its interfaces is of that class.
 */
int device_is_hub(const struct wire_device *device);

/**
 * device_json() - what is known of a device
 * @device: as a peer sent it
 *
 * Return: object; NULL = no memory.
 */
struct json_object *device_json(const struct wire_device *device);

#endif /* P2PUSB_AGENT_DEVICE_H */
