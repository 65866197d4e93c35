/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_desc - the descriptors behind ATTACHED, each struct p2pusb_desc.
 *
 * Pure: no I/O, no memory.  Does not look into a descriptor.
 */
#ifndef P2PUSB_LIB_WIRE_DESC_H
#define P2PUSB_LIB_WIRE_DESC_H

#include <stddef.h>
#include <stdint.h>

/* Host-endian twin of struct p2pusb_desc; @bytes are borrowed. */
struct wire_desc {
	uint8_t type;
	uint8_t index;
	uint16_t lang;
	uint16_t len;
	const uint8_t *bytes;
};

/**
 * wire_desc_put() - encode one
 * @desc: see there
 * @to: where
 * @room: bytes there
 *
 * Return: bytes written, 0 when it does not fit.
 */
size_t wire_desc_put(const struct wire_desc *desc, uint8_t *to, size_t room);

/**
 * wire_desc_get() - decode and check the next one
 * @at: bytes of a peer, moved behind it
 * @end: of them
 * @desc: filled
 *
 * Return: 1; 0 at the end; -EPROTO.
 */
int wire_desc_get(const uint8_t **at, const uint8_t *end,
		  struct wire_desc *desc);

#endif /* P2PUSB_LIB_WIRE_DESC_H */
