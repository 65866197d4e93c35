/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input - the bytes of a fuzzer, taken one after the other.
 *
 * What is no longer there is zero, so that every input means something.
 */
#ifndef P2PUSB_FUZZ_INPUT_H
#define P2PUSB_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A promise of ours was broken: the fuzzer keeps the input. */
#define fuzz_check(condition) do {					\
	if (!(condition)) {						\
		fprintf(stderr, "%s:%d: broken: %s\n", __FILE__,	\
			__LINE__, #condition);				\
		abort();						\
	}								\
} while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

static inline size_t input_copy(struct input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(to, 0, len);
	if (!n)
		return 0;
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t v;

	input_copy(in, &v, sizeof(v));
	return v;
}

static inline uint16_t input_u16(struct input *in)
{
	uint8_t v[2];

	input_copy(in, v, sizeof(v));
	return (uint16_t)(v[0] | v[1] << 8);
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t low = input_u16(in);

	return low | (uint32_t)input_u16(in) << 16;
}

/* One of @n, evenly. */
static inline unsigned int input_pick(struct input *in, unsigned int n)
{
	return input_u8(in) % n;
}

/* At the end of its block, so that a byte too many is seen; free() it. */
static inline uint8_t *input_block(struct input *in, size_t *len)
{
	uint8_t *block;

	if (*len > in->left)
		*len = in->left;
	block = malloc(*len ? *len : 1);
	fuzz_check(block);
	input_copy(in, block, *len);
	return block;
}

#endif /* P2PUSB_FUZZ_INPUT_H */
