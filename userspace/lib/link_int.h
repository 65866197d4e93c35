/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_int - what link.c and link_msg.c share; not for anybody else.
 */
#ifndef P2PUSB_LIB_LINK_INT_H
#define P2PUSB_LIB_LINK_INT_H

#include <sys/queue.h>

#include "frame.h"
#include "link.h"
#include "quic.h"

/**
 * enum link_state - of a link
 * @LINK_CONNECTING: keys are not proven; @conn may be used, nothing else
 * @LINK_HELLO: waiting for the peer's HELLO; server: @control may be NULL
 * @LINK_UP: both know each other
 * @LINK_CLOSING: no more messages; waiting for down
 */
enum link_state {
	LINK_CONNECTING,
	LINK_HELLO,
	LINK_UP,
	LINK_CLOSING,
	LINK_NSTATES
};

/**
 * struct link_ep - one stream of a link
 * @stream: NULL when ended
 * @opened: EP_OPEN was seen or sent; always set on the control stream
 * @busy: inside frame_feed()
 * @closed: freed when no longer busy
 */
struct link_ep {
	LIST_ENTRY(link_ep) entry;
	struct link *link;
	struct quic_stream *stream;
	void *ctx;
	uint8_t opened;
	uint8_t busy;
	uint8_t closed;
	struct frame frame;
};

struct link {
	struct link_config config;
	struct quic_conn *conn;
	enum link_state state;
	uint8_t server;
	struct link_ep *control;
	void *ctx;
	char reason[QUIC_WHY_LEN];
	LIST_HEAD(, link_ep) eps;
};

/* link.c */
void link_set_state(struct link *link, enum link_state next);
int link_put(struct link_ep *ep, const struct wire_msg *msg,
	     const void *payload);
int link_put_hello(struct link *link);

/* link_msg.c: bytes of a stream; 0, or why the link must end */
int link_msg_feed(struct link_ep *ep, const uint8_t *data, size_t len);

#endif /* P2PUSB_LIB_LINK_INT_H */
