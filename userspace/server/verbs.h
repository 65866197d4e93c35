/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verbs - what p2pusbctl may ask the server over its socket.
 *
 *   id                              -> id, name
 *   status                          -> version, listen[], peers[], devices[]
 *   list                            -> devices[]
 *   share, unshare {device}         -> busid
 *   peer-list                       -> peers[]
 *   peer-add {name, id, allow[]}
 *   peer-remove {name}
 *
 * A device has busid, vid, pid (numbers), class, speed, state, manufacturer,
 * product, serial, since (seconds since 1970) and, when attached, holder.  A
 * peer has name, id, allow[], connected, and when it is: via, host, since,
 * rtt_us.  Does not check who asks: the socket's mode does.
 */
#ifndef P2PUSB_SERVER_VERBS_H
#define P2PUSB_SERVER_VERBS_H

#include "control.h"

extern const struct control_verb verbs_table[];

#endif /* P2PUSB_SERVER_VERBS_H */
