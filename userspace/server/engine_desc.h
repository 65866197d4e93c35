/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_desc - interfaces and endpoints in the descriptors of a device.
 *
 * The bytes are a stranger's: nothing but what is whole is believed.  Pure: no
 * I/O.
 */
#ifndef P2PUSB_SERVER_ENGINE_DESC_H
#define P2PUSB_SERVER_ENGINE_DESC_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

/**
 * struct engine_desc - the device descriptor, and all configurations behind it
 * @data: as usbfs gives them
 * @len: bytes
 */
struct engine_desc {
	const uint8_t *data;
	size_t len;
};

/**
 * engine_desc_interfaces() - those of a configuration
 * @desc: of the device
 * @config: bConfigurationValue
 *
 * Return: bit set of bInterfaceNumber, of those below ENGINE_IFACE_MAX.
 */
uint32_t engine_desc_interfaces(const struct engine_desc *desc,
				unsigned int config);

/**
 * engine_desc_endpoints() - those of one interface as it is set
 * @desc: of the device
 * @config: bConfigurationValue
 * @number: bInterfaceNumber
 * @alt: bAlternateSetting
 * @types: by slot: enum p2pusb_xfer is stored for each; NULL
 *
 * Return: bit set of slots.
 */
uint32_t engine_desc_endpoints(const struct engine_desc *desc,
			       unsigned int config, unsigned int number,
			       unsigned int alt,
			       uint8_t types[ENGINE_EP_COUNT]);

#endif /* P2PUSB_SERVER_ENGINE_DESC_H */
