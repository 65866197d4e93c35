/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock - the time of a fuzz target, which passes when the input says so.
 *
 * CLOCK_MONOTONIC of this process, also to libuv; no other clock.
 */
#ifndef P2PUSB_FUZZ_CLOCK_H
#define P2PUSB_FUZZ_CLOCK_H

#include <stdint.h>
#include <uv.h>

/* At the start of an input: every input begins at the same time. */
void clock_reset(void);

/* @ms pass, then @loop runs once without waiting. */
void clock_pass(uv_loop_t *loop, uint32_t ms);

#endif /* P2PUSB_FUZZ_CLOCK_H */
