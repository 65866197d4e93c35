/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pipe - one endpoint in use: the order of its requests, its credits.
 *
 * Joins the stream of an endpoint to the device.  Requests start and end in
 * their order, only a cancelled one may overtake.  On endpoint 0 a verb waits
 * for what is before it and holds what is behind it.
 *
 * A pipe outlives its stream until its last request is done.
 */
#ifndef P2PUSB_SERVER_PIPE_H
#define P2PUSB_SERVER_PIPE_H

#include <sys/queue.h>

#include "link.h"
#include "xfer.h"

struct device;
struct server;

#define PIPE_HUNGER_MS	5000	/* then the request ends for want of memory */
#define PIPE_YIELD_MS	1000	/* of it, and others give way for as long */

TAILQ_HEAD(xfer_list, xfer);

/**
 * struct pipe - see above
 * @xfers: all of them, in order
 * @entry: in device->pipes
 * @hungry: in server->hungry
 * @dev: device
 * @stream: NULL: shut; nobody hears of the results
 * @ep: bEndpointAddress, 0 for endpoint 0
 * @type: enum p2pusb_xfer, of EP_OPEN
 * @epoch: of EP_OPEN
 * @seq: of the last request, valid when @any
 * @any: there was a request
 * @nxfers: requests not complete
 * @bytes: their lengths
 * @incoming: a SUBMIT whose payload is on its way
 * @next: first one that may not have been started; those before it have
 * @ndone: requests that are done and not told
 * @nbusy: requests not freed, complete or not
 * @waiting: for memory: it is in server->hungry
 * @since_ms: loop's time when the next request was first refused memory, or 0
 */
struct pipe {
	TAILQ_ENTRY(pipe) entry;
	LIST_ENTRY(pipe) hungry;
	struct xfer_list xfers;
	struct device *dev;
	struct link_ep *stream;
	uint8_t ep;
	uint8_t type;
	uint32_t epoch;
	uint64_t seq;
	int any;
	unsigned int nxfers;
	uint64_t bytes;
	struct xfer *incoming;
	struct xfer *next;
	unsigned int ndone;
	unsigned int nbusy;
	int waiting;
	uint64_t since_ms;
};

/**
 * pipe_open() - EP_OPEN
 * @dev: attached
 * @stream: its context becomes the pipe
 * @open: body
 *
 * A pipe of the same endpoint that is open still is shut.
 *
 * Return: 0, -ENOMEM, -EPROTO with a reason.
 */
int pipe_open(struct device *dev, struct link_ep *stream,
	      const struct wire_ep_open *open);

/**
 * pipe_begin() - SUBMIT whose payload follows
 * @pipe: open
 * @msg: SUBMIT
 * @dst: where the payload goes
 *
 * Return: 0, -EPROTO with a reason, -ENOMEM.
 */
int pipe_begin(struct pipe *pipe, const struct wire_msg *msg, void **dst);

/**
 * pipe_msg() - any message of the stream, payload complete
 * @pipe: open
 * @msg: SUBMIT, CANCEL, RESET
 *
 * Return: 0, -EPROTO with a reason, -ENOMEM.
 */
int pipe_msg(struct pipe *pipe, const struct wire_msg *msg);

/**
 * pipe_shut() - the stream is gone, or is to go
 * @pipe: may be freed
 *
 * What is queued is dropped, what the device has is cancelled.
 */
void pipe_shut(struct pipe *pipe);

/**
 * pipe_done() - the device has done with a request
 * @pipe: of the request; may be freed
 */
void pipe_done(struct pipe *pipe);

/**
 * pipe_feed() - memory may have become free: try those that wait for some
 * @server: of all pipes
 */
void pipe_feed(struct server *server);

/**
 * pipe_run() - start what may start, tell what is done
 * @pipe: may be freed
 */
void pipe_run(struct pipe *pipe);

#endif /* P2PUSB_SERVER_PIPE_H */
