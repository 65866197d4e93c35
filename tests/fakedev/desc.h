/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desc - descriptors, put together at one speed.
 *
 * Does not know personalities: they call it.
 */
#ifndef FAKEDEV_DESC_H
#define FAKEDEV_DESC_H

#include <stddef.h>
#include <stdint.h>

#include "spec.h"

#define DESC_CONFIG_MAX	1024
#define DESC_STRING_CHARS	(SPEC_TEXT_MAX + 12)
#define DESC_STRING_MAX		(2 * DESC_STRING_CHARS + 2)

/**
 * struct desc - all descriptors of a device but the strings
 * @speed: enum spec_speed, decides over packet sizes, intervals, companions
 * @device: device descriptor
 * @config: configuration with all that belongs to it
 * @config_len: its bytes
 * @bos: BOS with its capabilities
 * @bos_len: 0 = none
 */
struct desc {
	uint8_t speed;
	uint8_t device[18];
	uint8_t config[DESC_CONFIG_MAX];
	uint16_t config_len;
	uint8_t bos[SPEC_RAW_MAX];
	uint16_t bos_len;
};

/**
 * desc_start() - device descriptor, BOS, and the head of the configuration
 * @desc: filled
 * @spec: names and numbers
 * @speed: enum spec_speed, perhaps another than that of @spec
 */
void desc_start(struct desc *desc, const struct spec *spec, uint8_t speed);

/* desc_class() - class triple of the device descriptor */
void desc_class(struct desc *desc, uint8_t class, uint8_t subclass,
		uint8_t protocol);

/* desc_add() - any bytes; those that do not fit are dropped */
void desc_add(struct desc *desc, const void *bytes, size_t len);

void desc_interface(struct desc *desc, uint8_t number, uint8_t alt,
		    uint8_t neps, const uint8_t class[3]);

/* desc_endpoint() - endpoint and, at SuperSpeed, its companion */
void desc_endpoint(struct desc *desc, const struct spec_ep *ep);

/* desc_endpoint_audio() - with the two extra bytes of UAC1 */
void desc_endpoint_audio(struct desc *desc, const struct spec_ep *ep);

/* desc_end() - count what was added */
void desc_end(struct desc *desc);

/**
 * desc_string() - string descriptor
 * @text: ASCII; NULL = the languages
 * @to: at least DESC_STRING_MAX bytes
 *
 * Return: its bytes.
 */
size_t desc_string(const char *text, uint8_t *to);

#endif /* FAKEDEV_DESC_H */
