/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * descriptors_agent - the agent's half of the target "descriptors".
 *
 * Apart, since both ends have a descs.h.
 */
#ifndef P2PUSB_FUZZ_DESCRIPTORS_AGENT_H
#define P2PUSB_FUZZ_DESCRIPTORS_AGENT_H

#include <stddef.h>
#include <stdint.h>

/**
 * descriptors_agent() - what arrives behind ATTACHED
 * @bytes: of a server
 * @len: how many
 * @setup: a request that may be answered from them
 *
 * Return: as descs_check().
 */
int descriptors_agent(const uint8_t *bytes, size_t len, const uint8_t setup[8]);

#endif /* P2PUSB_FUZZ_DESCRIPTORS_AGENT_H */
