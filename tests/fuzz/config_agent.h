/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_agent - the agent's half of the target "config".
 *
 * Apart, since both daemons have a settings.h.
 */
#ifndef P2PUSB_FUZZ_CONFIG_AGENT_H
#define P2PUSB_FUZZ_CONFIG_AGENT_H

#include <stddef.h>

#include "input.h"

/* A configuration file of the agent, as settings_read(). */
int config_agent_read(const char *path, char *error, size_t len);

/* What a tool asks for: PEER/DEVICE, and an address of a peer. */
void config_agent_target(struct input *in);

#endif /* P2PUSB_FUZZ_CONFIG_AGENT_H */
