// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire_desc - the descriptors behind ATTACHED, each struct p2pusb_desc.
 *
 * Does not know how many there should be.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include <p2pusb/wire.h>

#include "wire_desc.h"

size_t wire_desc_put(const struct wire_desc *desc, uint8_t *to, size_t room)
{
	const struct p2pusb_desc head = {
		.type = desc->type,
		.index = desc->index,
		.lang = htole16(desc->lang),
		.len = htole16(desc->len),
	};

	if (room < sizeof(head) + desc->len)
		return 0;
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), desc->bytes, desc->len);
	return sizeof(head) + desc->len;
}

int wire_desc_get(const uint8_t **at, const uint8_t *end,
		  struct wire_desc *desc)
{
	struct p2pusb_desc head;
	size_t left = end - *at;

	if (!left)
		return 0;
	if (left < sizeof(head))
		return -EPROTO;
	memcpy(&head, *at, sizeof(head));
	*desc = (struct wire_desc) {
		.type = head.type,
		.index = head.index,
		.lang = le16toh(head.lang),
		.len = le16toh(head.len),
		.bytes = *at + sizeof(head),
	};
	if (head.rsv || !desc->len || desc->len > left - sizeof(head))
		return -EPROTO;
	*at += sizeof(head) + desc->len;
	return 1;
}
