/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire_front - made-up devices in the server's place; shared by its two files.
 *
 * wire_front.c has links, devices and control messages, wire_ep.c has the
 * streams of endpoints.
 */
#ifndef FAKEDEV_WIRE_FRONT_H
#define FAKEDEV_WIRE_FRONT_H

#include <sys/queue.h>
#include <uv.h>

#include "instance.h"
#include "link.h"
#include "model.h"

struct wire_session;

/**
 * struct wire_dev - one device
 * @eps: streams of its endpoints
 * @model: what it does
 * @front: whose
 * @busid: its name for peers
 * @holder: who has attached it, NULL = nobody
 * @dev: its number on the holder's link
 */
struct wire_dev {
	TAILQ_HEAD(, wire_ep) eps;
	struct model model;
	struct wire_server *front;
	char busid[P2PUSB_BUSID_MAX + 1];
	struct wire_session *holder;
	uint32_t dev;
};

/**
 * struct wire_session - one peer's link
 * @entry: of the server
 * @front: whose
 * @link: it
 * @listing: it wants to hear of devices
 * @next_dev: last number given
 */
struct wire_session {
	TAILQ_ENTRY(wire_session) entry;
	struct wire_server *front;
	struct link *link;
	int listing;
	uint32_t next_dev;
};

/**
 * struct wire_server - all of it
 * @sessions: links
 * @instance: what was asked for
 * @loop: where everything happens
 * @timer: next thing the models have to do
 * @watch: looks for signals
 * @listener: takes links
 * @hello: what we say of ourselves
 * @devs: devices
 */
struct wire_server {
	TAILQ_HEAD(, wire_session) sessions;
	struct instance *instance;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_timer_t watch;
	struct link_listener *listener;
	struct wire_hello hello;
	struct wire_dev *devs;
};

/**
 * struct wire_ep - the stream of one endpoint
 * @entry: of its device
 * @xfers: with the model
 * @dev: device
 * @stream: NULL once it is gone
 * @ep: bEndpointAddress
 * @type: enum p2pusb_xfer
 * @epoch: of the agent
 * @seq: last sequence number
 * @any: there was one
 * @nxfers: outstanding
 * @bytes: outstanding
 * @incoming: payload that is on its way
 */
struct wire_ep {
	TAILQ_ENTRY(wire_ep) entry;
	TAILQ_HEAD(, wire_xfer) xfers;
	struct wire_dev *dev;
	struct link_ep *stream;
	uint8_t ep;
	uint8_t type;
	uint32_t epoch;
	uint64_t seq;
	int any;
	uint32_t nxfers;
	uint64_t bytes;
	uint8_t *incoming;
};

/* wire_front_rearm() - the models may have something else to do next */
void wire_front_rearm(struct wire_server *front);

/* wire_ep_open(), wire_ep_begin(), wire_ep_msg(): see struct link_ops */
int wire_ep_open(struct wire_dev *dev, struct link_ep *stream,
		 const struct wire_ep_open *open);
int wire_ep_begin(struct link_ep *stream, const struct wire_msg *msg,
		  void **dst);
int wire_ep_msg(struct link_ep *stream, const struct wire_msg *msg);

/* wire_ep_down() - the stream is gone, freed when its transfers are */
void wire_ep_down(struct wire_ep *ep);

/* wire_ep_done() - model_ops.done */
void wire_ep_done(struct model *model, struct model_xfer *xfer);

/* wire_ep_shut() - close all streams of a device */
void wire_ep_shut(struct wire_dev *dev, int streams_are_gone);

#endif /* FAKEDEV_WIRE_FRONT_H */
