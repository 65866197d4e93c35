// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ep0 - which requests to endpoint 0 the host must know of.
 *
 * Does not carry them out; see xfer.c.
 */
#include <stddef.h>

#include "ep0.h"

/* bmRequestType of standard requests without data or with OUT data */
#define TO_DEVICE	0x00
#define TO_INTERFACE	0x01
#define TO_ENDPOINT	0x02

#define ANY		(-1)

#define ENDPOINT_HALT	0
#define U1_ENABLE	48
#define U2_ENABLE	49
#define LTM_ENABLE	50

struct ep0_row {
	uint8_t type;
	uint8_t request;
	int value;
	int length;
	enum ep0_kind kind;
};

/*
 * DEVICE_REMOTE_WAKEUP is not here: usbfs passes it on, and the host that
 * the device is plugged into does not suspend a claimed device.
 */
static const struct ep0_row ep0_rows[] = {
	/* SET_ADDRESS: the address belongs to the bus it is plugged into */
	{ TO_DEVICE, 0x05, ANY, ANY, EP0_SWALLOW },
	/* SET_SEL and SET_ISOCH_DELAY describe the client's virtual bus */
	{ TO_DEVICE, 0x30, ANY, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x31, ANY, ANY, EP0_SWALLOW },
	/* Link power states are between the device and its own host */
	{ TO_DEVICE, 0x03, U1_ENABLE, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x03, U2_ENABLE, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x03, LTM_ENABLE, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x01, U1_ENABLE, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x01, U2_ENABLE, ANY, EP0_SWALLOW },
	{ TO_DEVICE, 0x01, LTM_ENABLE, ANY, EP0_SWALLOW },
	/* A verb has no data; what has is malformed, the device may judge */
	{ TO_DEVICE, 0x09, ANY, 0, EP0_SET_CONFIGURATION },
	{ TO_INTERFACE, 0x0b, ANY, 0, EP0_SET_INTERFACE },
	{ TO_ENDPOINT, 0x01, ENDPOINT_HALT, 0, EP0_CLEAR_HALT },
};

static int row_matches(const struct ep0_row *row, const uint8_t setup[8])
{
	return row->type == setup[0] && row->request == setup[1] &&
	       (row->value == ANY || row->value == ep0_value(setup)) &&
	       (row->length == ANY || row->length == ep0_length(setup));
}

enum ep0_kind ep0_kind(const uint8_t setup[8])
{
	size_t i;

	for (i = 0; i < sizeof(ep0_rows) / sizeof(ep0_rows[0]); i++) {
		if (!row_matches(&ep0_rows[i], setup))
			continue;
		/* usbfs knows no halt of endpoint 0 */
		if (ep0_rows[i].kind == EP0_CLEAR_HALT &&
		    !(ep0_index(setup) & 0x0f))
			return EP0_RAW;
		return ep0_rows[i].kind;
	}
	return EP0_RAW;
}
