/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model - a device that answers at once, from memory.
 *
 * 1209:0002 of the kselftests, at high speed: bulk IN gives as many bytes as
 * are asked for, bulk OUT takes all.  It checks nothing and measures nothing.
 */
#ifndef MEMDEV_MODEL_H
#define MEMDEV_MODEL_H

#include <stdint.h>

#define MODEL_MEMORY	(4u << 20)	/* most bytes of one transfer */
#define MODEL_CONTROL	4096u		/* most bytes of a control transfer */

/* What bulk IN endpoints give. */
extern uint8_t model_memory[MODEL_MEMORY];

/**
 * model_control() - answer a request on endpoint 0
 * @setup: the eight bytes, as on the bus
 * @len: most bytes of the answer, or bytes that came
 * @to: IN: receives the answer, MODEL_CONTROL bytes
 *
 * Return: bytes moved, or -EPIPE.
 */
int model_control(const uint8_t *setup, uint32_t len, uint8_t *to);

#endif /* MEMDEV_MODEL_H */
