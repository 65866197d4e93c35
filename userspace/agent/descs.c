// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * descs - descriptors of a device that came with ATTACHED.
 *
 * Knows no device but the one they are of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "descs.h"
#include "device.h"

#define TYPE_DEVICE	1
#define DEVICE_LEN	18
#define DEVICE_CLASS	4	/* offset */

void *descs_room(struct descs *descs, uint32_t len)
{
	descs_drop(descs);
	descs->data = malloc(len);
	if (descs->data)
		descs->len = len;
	return descs->data;
}

void descs_drop(struct descs *descs)
{
	free(descs->data);
	descs->data = NULL;
	descs->len = 0;
}

static int check_one(const struct wire_desc *desc)
{
	if (desc->type != TYPE_DEVICE)
		return 0;
	if (desc->len != DEVICE_LEN)
		return -EPROTO;
	return desc->bytes[DEVICE_CLASS] == DEVICE_CLASS_HUB ? -EPERM : 0;
}

int descs_check(const struct descs *descs)
{
	const uint8_t *at = descs->data;
	struct wire_desc desc;
	int ret;

	if (!descs->data)
		return 0;
	while ((ret = wire_desc_get(&at, descs->data + descs->len, &desc)) > 0) {
		ret = check_one(&desc);
		if (ret)
			break;
	}
	return ret;
}

int descs_find(const struct descs *descs, const uint8_t setup[8],
	       struct wire_desc *found)
{
	static const uint8_t get_descriptor[] = { 0x80, 0x06 };
	const uint8_t *at = descs->data;

	if (!at || memcmp(setup, get_descriptor, sizeof(get_descriptor)))
		return 0;
	while (wire_desc_get(&at, descs->data + descs->len, found) > 0) {
		if (found->index == setup[2] && found->type == setup[3] &&
		    found->lang == (setup[4] | setup[5] << 8))
			return 1;
	}
	return 0;
}
