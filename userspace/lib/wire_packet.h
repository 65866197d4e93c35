/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_packet - isochronous packets, as they travel ahead of the payload.
 *
 * Does not know endpoints: whether data follows them is the caller's to check.
 */
#ifndef P2PUSB_LIB_WIRE_PACKET_H
#define P2PUSB_LIB_WIRE_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "p2pusb/wire.h"

#define WIRE_PACKET_LEN_SIZE	4	/* of SUBMIT, bytes a packet */
#define WIRE_PACKET_SIZE	8	/* of COMPLETE, bytes a packet */

/**
 * struct wire_packet - what became of one packet
 * @actual: bytes moved
 * @status: enum p2pusb_status
 */
struct wire_packet {
	uint32_t actual;
	uint16_t status;
};

/**
 * wire_packet_put_lens() - encode the packets of SUBMIT
 * @buf: @n * WIRE_PACKET_LEN_SIZE bytes
 * @lens: bytes of each
 * @n: how many
 */
void wire_packet_put_lens(uint8_t *buf, const uint32_t *lens, size_t n);

/**
 * wire_packet_get_lens() - decode and check the packets of SUBMIT
 * @buf: @n * WIRE_PACKET_LEN_SIZE bytes of a peer
 * @lens: filled
 * @n: how many
 * @total: length of the transfer
 *
 * Return: 0, -EPROTO when they do not add up to @total.
 */
int wire_packet_get_lens(const uint8_t *buf, uint32_t *lens, size_t n,
			 uint32_t total);

/**
 * wire_packet_put() - encode the packets of COMPLETE
 * @buf: @n * WIRE_PACKET_SIZE bytes
 * @packets: what became of each
 * @n: how many
 */
void wire_packet_put(uint8_t *buf, const struct wire_packet *packets,
		     size_t n);

/**
 * wire_packet_get() - decode and check the packets of COMPLETE
 * @buf: @n * WIRE_PACKET_SIZE bytes of a peer
 * @packets: filled
 * @n: how many
 * @total: bytes that the transfer moved
 *
 * Return: 0, -EPROTO: they do not add up to @total, or no known status.
 */
int wire_packet_get(const uint8_t *buf, struct wire_packet *packets, size_t n,
		    uint32_t total);

#endif /* P2PUSB_LIB_WIRE_PACKET_H */
