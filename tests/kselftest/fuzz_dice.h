/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chance for fuzzers: the same from the same seed, and a stream for everybody.
 *
 * It knows nothing of what is fuzzed.
 */
#ifndef KSELFTEST_FUZZ_DICE_H
#define KSELFTEST_FUZZ_DICE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fuzz_dice {
	uint64_t state;
};

/* fuzz_mix - a seed of its own for whoever @who is */
static inline uint64_t fuzz_mix(uint64_t seed, uint64_t who)
{
	seed += (who + 1) * 0x9e3779b97f4a7c15ULL;
	seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9ULL;
	seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebULL;
	return seed ^ (seed >> 31);
}

static inline uint64_t fuzz_u64(struct fuzz_dice *dice)
{
	return fuzz_mix(dice->state++, 0);
}

/* fuzz_below - 0..@n - 1, or 0 */
static inline uint32_t fuzz_below(struct fuzz_dice *dice, uint32_t n)
{
	return n ? (fuzz_u64(dice) >> 16) % n : 0;
}

static inline int fuzz_one_in(struct fuzz_dice *dice, uint32_t n)
{
	return !fuzz_below(dice, n);
}

/* fuzz_u32 - near a border, a small one, or any */
static inline uint32_t fuzz_u32(struct fuzz_dice *dice)
{
	static const uint32_t border[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0xffff,
		0x1000, 0x100, 64,
	};

	switch (fuzz_below(dice, 3)) {
	case 0:
		return border[fuzz_below(dice, 10)] + fuzz_below(dice, 3) - 1;
	case 1:
		return fuzz_below(dice, 256);
	}
	return fuzz_u64(dice);
}

static inline void fuzz_bytes(struct fuzz_dice *dice, void *to, size_t len)
{
	uint8_t *p = to;

	while (len--)
		*p++ = fuzz_u64(dice);
}

/* fuzz_spoil - change some bytes of @len */
static inline void fuzz_spoil(struct fuzz_dice *dice, void *at, size_t len)
{
	uint8_t *p = at;
	int n;

	for (n = 1 + fuzz_below(dice, 3); n; n--)
		p[fuzz_below(dice, len)] ^= 1 + fuzz_below(dice, 255);
}

/* fuzz_option - the number after "--name=" or in the environment */
static inline uint64_t fuzz_option(int argc, char **argv, const char *name,
				   const char *env, uint64_t otherwise)
{
	const char *text = getenv(env);
	size_t n = strlen(name);
	int i;

	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
			text = argv[i] + n + 1;
	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* fuzz_seed - as asked for, or of the time; and how to have it again */
static inline uint64_t fuzz_seed(int argc, char **argv)
{
	uint64_t seed = fuzz_option(argc, argv, "--seed", "fuzz_seed",
				    fuzz_mix(time(NULL), 0) >> 32);

	printf("# seed %llu; again with fuzz_seed=%llu or --seed=%llu\n",
	       (unsigned long long)seed, (unsigned long long)seed,
	       (unsigned long long)seed);
	return seed;
}

#endif /* KSELFTEST_FUZZ_DICE_H */
