/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * persona - personalities: descriptors, class requests, what endpoints carry.
 */
#ifndef FAKEDEV_PERSONA_H
#define FAKEDEV_PERSONA_H

#include "model.h"

/**
 * struct persona_ep - what an endpoint carries, if the script says nothing
 * @addr: bEndpointAddress, 0 ends the list
 * @data: name of a kind of data; "loop" = as it came
 */
struct persona_ep {
	uint8_t addr;
	const char *data;
};

/**
 * struct persona - one personality
 * @name: in scripts
 * @text: one line, for the list
 * @vid: idVendor
 * @pid: idProduct
 * @speed: enum spec_speed unless the script says another
 * @min_speed: slowest that it can be
 * @describe: add interfaces and endpoints to the configuration
 * @control: class and vendor requests.  OUT: @data has come.  Return: bytes
 *	moved, or -1 = STALL.  NULL = STALL to all
 * @eps: what its endpoints carry
 */
struct persona {
	const char *name;
	const char *text;
	uint16_t vid;
	uint16_t pid;
	uint8_t speed;
	uint8_t min_speed;
	void (*describe)(struct desc *desc, const struct spec *spec);
	long (*control)(struct model *model, const uint8_t setup[8],
			uint8_t *data, uint32_t length);
	struct persona_ep eps[8];
};

extern const struct persona persona_zero;
extern const struct persona persona_loopback;
extern const struct persona persona_plain;
extern const struct persona persona_settings;
extern const struct persona persona_hid;
extern const struct persona persona_uac1;
extern const struct persona persona_uac2;
extern const struct persona persona_uvc;
extern const struct persona persona_uvc_bulk;

/**
 * persona_find() - a personality by its name
 * Return: NULL when there is none.
 */
const struct persona *persona_find(const char *name);

/* persona_at() - all of them, for the list; NULL behind the last */
const struct persona *persona_at(unsigned int i);

/**
 * persona_describe() - all descriptors of a device at one speed
 * @desc: filled
 * @spec: with the personality
 * @speed: enum spec_speed
 */
void persona_describe(struct desc *desc, const struct spec *spec,
		      uint8_t speed);

/* persona_data() - kind of data of an endpoint, "zero" if it says nothing */
const char *persona_data(const struct persona *persona, uint8_t addr);

#endif /* FAKEDEV_PERSONA_H */
