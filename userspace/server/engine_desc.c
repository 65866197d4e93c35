// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_desc - interfaces and endpoints in the descriptors of a device.
 *
 * Does not judge what the host's kernel thinks of them.
 */
#include "engine_desc.h"

#define DEVICE_LEN	18
#define CONFIG_LEN	9
#define INTERFACE_LEN	9
#define ENDPOINT_LEN	7

#define TYPE_CONFIG	2
#define TYPE_INTERFACE	4
#define TYPE_ENDPOINT	5

/* What is left of a configuration. */
struct walk {
	const uint8_t *at;
	const uint8_t *end;
};

static const uint8_t *walk_next(struct walk *walk)
{
	const uint8_t *at = walk->at;

	if (walk->end - at < 2 || at[0] < 2 || at[0] > walk->end - at)
		return NULL;
	walk->at += at[0];
	return at;
}

/*
 * Interface and endpoint descriptors; others are passed over, and so are, as by
 * the kernel, endpoints that are too short.  Interfaces may be too short: what
 * follows them does not belong to the one before.
 */
static const uint8_t *walk_part(struct walk *walk)
{
	const uint8_t *at;

	do {
		at = walk_next(walk);
	} while (at && at[1] != TYPE_INTERFACE &&
		 (at[1] != TYPE_ENDPOINT || at[0] < ENDPOINT_LEN));
	return at;
}

static int is_interface(const uint8_t *at)
{
	return at[1] == TYPE_INTERFACE && at[0] >= INTERFACE_LEN;
}

static struct walk walk_config(const struct engine_desc *desc,
			       unsigned int config)
{
	const uint8_t *end = desc->data + desc->len;
	const uint8_t *at = desc->data;
	size_t total;

	at += desc->len < DEVICE_LEN ? desc->len : DEVICE_LEN;
	while (end - at >= CONFIG_LEN && at[1] == TYPE_CONFIG) {
		total = at[2] | at[3] << 8;
		if (total < CONFIG_LEN || total > (size_t)(end - at))
			break;
		if (at[5] == config)
			return (struct walk) { at + CONFIG_LEN, at + total };
		at += total;
	}
	return (struct walk) { end, end };
}

uint32_t engine_desc_interfaces(const struct engine_desc *desc,
				unsigned int config)
{
	struct walk walk = walk_config(desc, config);
	uint32_t mask = 0;
	const uint8_t *at;

	while ((at = walk_part(&walk))) {
		if (is_interface(at) && at[2] < ENGINE_IFACE_MAX)
			mask |= 1u << at[2];
	}
	return mask;
}

uint32_t engine_desc_endpoints(const struct engine_desc *desc,
			       unsigned int config, unsigned int number,
			       unsigned int alt,
			       uint8_t types[ENGINE_EP_COUNT])
{
	struct walk walk = walk_config(desc, config);
	const uint8_t *at;
	uint32_t mask = 0;
	unsigned int slot;
	int ours = 0;

	while ((at = walk_part(&walk))) {
		if (at[1] == TYPE_INTERFACE) {
			ours = is_interface(at) && at[2] == number &&
			       at[3] == alt;
			continue;
		}
		if (!ours || !(at[2] & 0x0f))
			continue;
		slot = engine_slot(at[2]);
		mask |= 1u << slot;
		if (types)
			types[slot] = at[3] & 0x03;
	}
	return mask;
}
