/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ep0 - which requests to endpoint 0 the host must know of.
 *
 * A host controller driver and usbfs keep state beside the device: its
 * configuration, its alternate settings, its data toggles.  Requests that
 * change it go through the engine's verbs, never raw.  Pure: no I/O.
 */
#ifndef P2PUSB_SERVER_EP0_H
#define P2PUSB_SERVER_EP0_H

#include <stdint.h>

/**
 * enum ep0_kind - what becomes of a request
 * @EP0_RAW: to the device as it is
 * @EP0_SWALLOW: answered with success; the host of the device did it itself
 * @EP0_SET_CONFIGURATION: verb, on the worker
 * @EP0_SET_INTERFACE: verb, on the worker
 * @EP0_CLEAR_HALT: verb, on the worker
 * @EP0_RESET: verb, on the worker; not a request but a message of its own
 * @EP0_STREAMS: likewise
 * @EP0_POWER: likewise
 */
enum ep0_kind {
	EP0_RAW,
	EP0_SWALLOW,
	EP0_SET_CONFIGURATION,
	EP0_SET_INTERFACE,
	EP0_CLEAR_HALT,
	EP0_RESET,
	EP0_STREAMS,
	EP0_POWER,
};

/**
 * ep0_kind() - judge a SETUP packet
 * @setup: 8 bytes of a peer
 *
 * Return: see there.
 */
enum ep0_kind ep0_kind(const uint8_t setup[8]);

/**
 * ep0_is_verb() - does it run on the worker, alone in the order of endpoint 0?
 * @kind: of ep0_kind()
 *
 * Return: non-zero when it does.
 */
static inline int ep0_is_verb(enum ep0_kind kind)
{
	return kind >= EP0_SET_CONFIGURATION;
}

/* Fields of a SETUP packet, USB 2.0 table 9-2. */
static inline uint16_t ep0_value(const uint8_t setup[8])
{
	return setup[2] | setup[3] << 8;
}

static inline uint16_t ep0_index(const uint8_t setup[8])
{
	return setup[4] | setup[5] << 8;
}

static inline uint16_t ep0_length(const uint8_t setup[8])
{
	return setup[6] | setup[7] << 8;
}

static inline int ep0_is_in(const uint8_t setup[8])
{
	return setup[0] & 0x80;
}

#endif /* P2PUSB_SERVER_EP0_H */
