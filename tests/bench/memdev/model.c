// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * model - a device that answers at once, from memory.
 *
 * Endpoint 0 knows what usbcore asks in order to configure it, nothing else.
 */
#include <errno.h>
#include <linux/usb/ch9.h>

#include "model.h"
#include "ringdev.h"

uint8_t model_memory[MODEL_MEMORY];

int model_control(const uint8_t *setup, uint32_t len, uint8_t *to)
{
	const struct ringdev self = { .speed = P2PVHCI_SPEED_HIGH };
	uint32_t n;

	switch (setup[1]) {
	case USB_REQ_GET_DESCRIPTOR:
		n = ringdev_describe(&self, setup[3] << 8 | setup[2], to);
		if (!n)
			return -EPIPE;
		return n < len ? n : len;
	case USB_REQ_GET_STATUS:
		to[0] = 0;
		to[1] = 0;
		return len < 2 ? len : 2;
	}
	return setup[0] & USB_DIR_IN ? -EPIPE : (int)len;
}
