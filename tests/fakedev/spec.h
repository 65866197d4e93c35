/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec - what a made-up device is, and how it misbehaves.
 *
 * Filled by script.c, read by everybody else and never changed after that.
 */
#ifndef FAKEDEV_SPEC_H
#define FAKEDEV_SPEC_H

#include <stdint.h>

#define SPEC_TEXT_MAX		48	/* bytes of a string descriptor's text */
#define SPEC_RULES_MAX		16	/* endpoints with rules */
#define SPEC_EPS_MAX		16	/* endpoints of a plain device */
#define SPEC_ANSWERS_MAX	64
#define SPEC_ANSWER_MAX		64	/* bytes */
#define SPEC_RAW_MAX		1024	/* bytes of descriptors from the script */
#define SPEC_COUNT_MAX		250	/* devices of one instance */

struct data_kind;
struct persona;

/* As enum p2pusb_speed and enum p2pvhci_speed. */
enum spec_speed {
	SPEC_SPEED_LOW = 1,
	SPEC_SPEED_FULL = 2,
	SPEC_SPEED_HIGH = 3,
	SPEC_SPEED_SUPER = 4,
	SPEC_SPEED_SUPER_PLUS = 5,
};

/* bmAttributes; also enum p2pusb_xfer */
enum spec_type {
	SPEC_CONTROL = 0,
	SPEC_ISO = 1,
	SPEC_BULK = 2,
	SPEC_INTERRUPT = 3,
};

/**
 * struct spec_ep - an endpoint to be described
 * @addr: bEndpointAddress
 * @attributes: bmAttributes
 * @packet: bytes; cut to what the speed allows
 * @interval_us: service interval, rounded to what the speed can express
 * @streams: bulk at SuperSpeed: how many, a power of two; 0 = none
 */
struct spec_ep {
	uint8_t addr;
	uint8_t attributes;
	uint16_t packet;
	uint32_t interval_us;
	uint32_t streams;
};

/**
 * struct spec_answer - one scripted answer of an IN endpoint
 * @len: bytes
 * @bytes: what it says
 */
struct spec_answer {
	uint8_t len;
	uint8_t bytes[SPEC_ANSWER_MAX];
};

/**
 * struct spec_rule - how one endpoint behaves; 0 = as a healthy one
 * @ep: its address; 0 = endpoint 0
 * @data: what it sends or expects, NULL = as the personality says
 * @loop: IN: sends what came on the OUT endpoint of the same number
 * @delay_ms: each transfer takes at least that long
 * @delay_max_ms: and at most that long, evenly spread
 * @nak_ms: nothing moves for that long from the first transfer on
 * @stall_after: halts after that many transfers, each time it was cleared
 * @short_bytes: IN: a transfer carries no more
 * @error_at: transfer that ends with @error_status, counted from 1
 * @error_status: enum p2pusb_status
 * @silent_from: transfer from which on there is no answer, counted from 1
 * @unplug_at: transfer with which the device leaves the bus, counted from 1
 * @nanswers: answers in use; when they are used up it sends nothing more
 * @answers: IN: what it sends, in turn
 */
struct spec_rule {
	uint8_t ep;
	const struct data_kind *data;
	uint8_t loop;
	uint32_t delay_ms;
	uint32_t delay_max_ms;
	uint32_t nak_ms;
	uint32_t stall_after;
	uint32_t short_bytes;
	uint32_t error_at;
	uint32_t error_status;
	uint32_t silent_from;
	uint32_t unplug_at;
	uint32_t nanswers;
	struct spec_answer *answers;
};

/**
 * struct spec_raw - descriptor bytes from the script
 * @len: 0 = the personality's
 * @bytes: sent as they are
 */
struct spec_raw {
	uint16_t len;
	uint8_t bytes[SPEC_RAW_MAX];
};

/**
 * struct spec - one device
 * @persona: personality
 * @speed: enum spec_speed
 * @vid: idVendor
 * @pid: idProduct
 * @manufacturer: string 1
 * @product: string 2
 * @serial: string 3
 * @neps: endpoints of a plain device
 * @eps: those
 * @nrules: rules in use
 * @rules: one an endpoint
 * @raw_device: device descriptor instead of the personality's
 * @raw_config: configuration descriptor, likewise
 * @raw_bos: BOS descriptor, likewise
 * @unplug_ms: leaves the bus that long after it was configured, 0 = stays
 * @return_ms: comes back that long after it left, 0 = does not
 * @wakeup_ms: suspended with wakeup: wakes that long after, 0 = does not
 * @reset_vid: idVendor after the first reset, 0 = no change
 * @reset_pid: idProduct after the first reset
 * @count: copies
 * @identical: copies have the same serial number
 * @line: where it was declared, for messages
 */
struct spec {
	const struct persona *persona;
	uint8_t speed;
	uint16_t vid;
	uint16_t pid;
	char manufacturer[SPEC_TEXT_MAX];
	char product[SPEC_TEXT_MAX];
	char serial[SPEC_TEXT_MAX];
	unsigned int neps;
	struct spec_ep eps[SPEC_EPS_MAX];
	unsigned int nrules;
	struct spec_rule rules[SPEC_RULES_MAX];
	struct spec_raw raw_device;
	struct spec_raw raw_config;
	struct spec_raw raw_bos;
	uint32_t unplug_ms;
	uint32_t return_ms;
	uint32_t wakeup_ms;
	uint16_t reset_vid;
	uint16_t reset_pid;
	uint32_t count;
	uint8_t identical;
	unsigned int line;
};

#endif /* FAKEDEV_SPEC_H */
