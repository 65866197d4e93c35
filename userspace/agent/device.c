// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device - a peer's device as a JSON object, for `list` and `status`.
 *
 * Does not judge what a peer says of it.
 */
#include <string.h>

#include "device.h"

static const char *const device_speeds[] = {
	[P2PUSB_SPEED_LOW] = "low",
	[P2PUSB_SPEED_FULL] = "full",
	[P2PUSB_SPEED_HIGH] = "high",
	[P2PUSB_SPEED_SUPER] = "super",
	[P2PUSB_SPEED_SUPER_PLUS] = "super-plus",
};

static const char *const device_states[] = {
	[P2PUSB_DEVICE_FREE] = "free",
	[P2PUSB_DEVICE_BUSY] = "busy",
};

int device_is_hub(const struct wire_device *device)
{
	return device->dev_class == DEVICE_CLASS_HUB ||
	       memchr(device->classes, DEVICE_CLASS_HUB,
		      sizeof(device->classes));
}

static const char *name_of(const char *const *names, size_t count, size_t i)
{
	return i < count && names[i] ? names[i] : "unknown";
}

#define NAME_OF(names, i) \
	name_of(names, sizeof(names) / sizeof((names)[0]), i)

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_number(struct json_object *o, const char *key, int value)
{
	json_object_object_add(o, key, json_object_new_int(value));
}

static struct json_object *classes_json(const struct wire_device *device)
{
	struct json_object *classes = json_object_new_array();
	size_t i;

	for (i = 0; i < sizeof(device->classes) && device->classes[i]; i++)
		json_object_array_add(classes,
				      json_object_new_int(device->classes[i]));
	return classes;
}

struct json_object *device_json(const struct wire_device *device)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	add_text(o, "busid", device->busid);
	add_number(o, "vid", device->vid);
	add_number(o, "pid", device->pid);
	add_number(o, "class", device->dev_class);
	json_object_object_add(o, "classes", classes_json(device));
	add_text(o, "speed", NAME_OF(device_speeds, device->speed));
	add_text(o, "state", NAME_OF(device_states, device->state));
	add_text(o, "manufacturer", device->manufacturer);
	add_text(o, "product", device->product);
	add_text(o, "serial", device->serial);
	return o;
}
