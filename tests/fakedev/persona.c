// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * persona - the list of personalities, and what they have in common.
 */
#include <string.h>

#include "persona.h"

static const struct persona *const personas[] = {
	&persona_zero, &persona_loopback, &persona_plain, &persona_hid,
	&persona_uac1, &persona_uac2, &persona_uvc, &persona_uvc_bulk,
	&persona_settings,
};

#define NPERSONAS (sizeof(personas) / sizeof(personas[0]))

const struct persona *persona_find(const char *name)
{
	size_t i;

	for (i = 0; i < NPERSONAS; i++) {
		if (!strcmp(personas[i]->name, name))
			return personas[i];
	}
	return NULL;
}

const struct persona *persona_at(unsigned int i)
{
	return i < NPERSONAS ? personas[i] : NULL;
}

void persona_describe(struct desc *desc, const struct spec *spec,
		      uint8_t speed)
{
	desc_start(desc, spec, speed);
	spec->persona->describe(desc, spec);
	desc_end(desc);
	if (spec->raw_device.len)
		memcpy(desc->device, spec->raw_device.bytes,
		       sizeof(desc->device));
	if (spec->raw_config.len) {
		memcpy(desc->config, spec->raw_config.bytes,
		       spec->raw_config.len);
		desc->config_len = spec->raw_config.len;
	}
	if (spec->raw_bos.len) {
		memcpy(desc->bos, spec->raw_bos.bytes, spec->raw_bos.len);
		desc->bos_len = spec->raw_bos.len;
	}
}

const char *persona_data(const struct persona *persona, uint8_t addr)
{
	const struct persona_ep *ep;

	for (ep = persona->eps; ep->addr; ep++) {
		if (ep->addr == addr)
			return ep->data;
	}
	return "zero";
}
