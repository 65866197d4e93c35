// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire_packet - isochronous packets, as they travel ahead of the payload.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "wire_packet.h"

void wire_packet_put_lens(uint8_t *buf, const uint32_t *lens, size_t n)
{
	p2pusb_le32 len;
	size_t i;

	for (i = 0; i < n; i++) {
		len = htole32(lens[i]);
		memcpy(buf + i * sizeof(len), &len, sizeof(len));
	}
}

int wire_packet_get_lens(const uint8_t *buf, uint32_t *lens, size_t n,
			 uint32_t total)
{
	uint64_t sum = 0;
	p2pusb_le32 len;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(&len, buf + i * sizeof(len), sizeof(len));
		lens[i] = le32toh(len);
		sum += lens[i];
	}
	return sum == total ? 0 : -EPROTO;
}

void wire_packet_put(uint8_t *buf, const struct wire_packet *packets, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct p2pusb_iso iso = {
			.actual = htole32(packets[i].actual),
			.status = htole16(packets[i].status),
		};

		memcpy(buf + i * sizeof(iso), &iso, sizeof(iso));
	}
}

int wire_packet_get(const uint8_t *buf, struct wire_packet *packets, size_t n,
		    uint32_t total)
{
	struct p2pusb_iso iso;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(&iso, buf + i * sizeof(iso), sizeof(iso));
		packets[i].actual = le32toh(iso.actual);
		packets[i].status = le16toh(iso.status);
		if (packets[i].status >= P2PUSB_ST_MAX || iso.rsv)
			return -EPROTO;
		sum += packets[i].actual;
	}
	return sum == total ? 0 : -EPROTO;
}
