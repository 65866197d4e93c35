/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs - what p2pusbctl may ask the agent over its socket.
 *
 * Does not plug in: that goes through the kernel, which asks for rights.
 */
#ifndef P2PUSB_AGENT_VERBS_H
#define P2PUSB_AGENT_VERBS_H

#include "control.h"
#include "mailbox.h"

extern const struct control_verb verbs_table[];

/**
 * verbs_letter() - a letter that a verb had sent is back
 * @letter: answered; taken over
 */
void verbs_letter(struct letter *letter);

#endif /* P2PUSB_AGENT_VERBS_H */
