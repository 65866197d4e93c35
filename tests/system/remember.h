/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * remember - what ffsdev (the device) and usbio (the host) agree about.
 *
 * Vendor requests to interface 0, little-endian structures.  Both programs run
 * in the same guest, so there is no version.  No code beyond the pattern.
 */
#ifndef P2PUSB_TESTS_REMEMBER_H
#define P2PUSB_TESTS_REMEMBER_H

#include <stddef.h>
#include <stdint.h>

#define REMEMBER_VENDOR		0x1209	/* pid.codes, for tests */
#define REMEMBER_PRODUCT	0x0001
#define REMEMBER_CTRL_MAX	4096	/* what FunctionFS can answer on ep0 */
#define REMEMBER_RECORDS_MAX	16384	/* OUT transfers an endpoint remembers */
#define REMEMBER_EP_SHIFT	14	/* FunctionFS rewrites wIndex */
#define REMEMBER_ARMED_MAX	2048	/* answers that may wait on an endpoint */

/* bmRequestType of all of them */
#define REMEMBER_TYPE_OUT	0x41
#define REMEMBER_TYPE_IN	0xc1

/**
 * enum remember_request - bRequest
 * @REMEMBER_RESET: forget records and answers, all behaviour as at the start
 * @REMEMBER_STATS: IN, struct remember_stats
 * @REMEMBER_RECORDS: IN, wValue = enum remember_ep << REMEMBER_EP_SHIFT | first
 *	one; struct remember_record, as many as fit
 * @REMEMBER_ARM: OUT, any number of struct remember_arm
 * @REMEMBER_STALL_EP: wValue = enum remember_ep
 * @REMEMBER_STALL_EP0: is stalled, whatever its direction and length
 * @REMEMBER_SILENT: answered only after wValue milliseconds
 * @REMEMBER_ECHO: OUT keeps the data, IN returns them
 * @REMEMBER_CHUNK: wValue = packets that one read of an OUT endpoint takes
 * @REMEMBER_PAUSE: wValue = 1: OUT endpoints take nothing, 0: they do
 * @REMEMBER_TAKE: a paused bulk OUT endpoint does wValue reads
 */
enum remember_request {
	REMEMBER_RESET = 1,
	REMEMBER_STATS,
	REMEMBER_RECORDS,
	REMEMBER_ARM,
	REMEMBER_STALL_EP,
	REMEMBER_STALL_EP0,
	REMEMBER_SILENT,
	REMEMBER_ECHO,
	REMEMBER_CHUNK,
	REMEMBER_PAUSE,
	REMEMBER_TAKE,
};

/* In the order of the descriptors. */
enum remember_ep {
	REMEMBER_BULK_IN,
	REMEMBER_BULK_OUT,
	REMEMBER_INT_IN,
	REMEMBER_INT_OUT,
	REMEMBER_EPS,
};

/**
 * struct remember_record - one read of an OUT endpoint, as it ended
 * @length: bytes; less than asked for: a short packet ended it, 0: a ZLP
 * @sum: remember_sum() of them
 * @asked: bytes the device was ready to take
 */
struct remember_record {
	uint32_t length;
	uint32_t sum;
	uint32_t asked;
};

/**
 * struct remember_stats - what happened on each endpoint since RESET
 * @count: transfers that ended (of OUT: records; IN: answers taken)
 * @bytes: in them
 * @waiting: answers that wait
 */
struct remember_stats {
	struct {
		uint32_t count;
		uint32_t waiting;
		uint64_t bytes;
	} ep[REMEMBER_EPS];
};

#define REMEMBER_ARM_ZLP	1	/* a ZLP follows */
#define REMEMBER_ARM_FOREVER	2	/* again and again, seed + 1 each time */
#define REMEMBER_ARM_ZEROS	4	/* no pattern */

/**
 * struct remember_arm - answer of an IN endpoint
 * @ep: enum remember_ep
 * @length: bytes of pattern
 * @seed: of the pattern
 * @flags: REMEMBER_ARM_*
 */
struct remember_arm {
	uint32_t ep;
	uint32_t length;
	uint32_t seed;
	uint32_t flags;
};

/* No two places of no two seeds look alike, and no run of bytes repeats. */
static inline void remember_fill(uint8_t *data, size_t length, uint32_t seed)
{
	uint32_t word = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		if (!(i & 3)) {
			word = (uint32_t)(i >> 2) * 0x9e3779b1u ^
			       (seed + 1) * 0x85ebca6bu;
			word ^= word >> 15;
			word *= 0x2c1b3c6du;
			word ^= word >> 12;
		}
		data[i] = word >> (8 * (i & 3));
	}
}

static inline uint32_t remember_sum(const uint8_t *data, size_t length)
{
	uint32_t sum = 2166136261u;

	while (length--)
		sum = (sum ^ *data++) * 16777619u;
	return sum;
}

#endif /* P2PUSB_TESTS_REMEMBER_H */
