/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iso - isochronous endpoints: a jitter buffer between two clocks.
 *
 * The kernel gives an URB back no sooner than its time has passed, the server's
 * host controller works at its own pace, and the network delays.  Here the
 * URBs of the kernel and the transfers at the server are kept apart: the latter
 * are our own (iso_sub.c) and flow all the time.
 *
 * OUT (iso_out.c): a delay's worth of packets is collected and sent at once, so
 * that as much lies ready at the server; from then on URBs are sent as they
 * come.  IN (iso_in.c): enough transfers are outstanding to cover the way to
 * the server and back; what they bring is handed out once a delay's worth lies
 * ready here.  How long the delay is, and how far the kernel's pace is trimmed,
 * says iso_jitter.c.
 *
 * Completions are in the order of the URBs.  Does not retry: a packet that is
 * too late is lost.
 */
#ifndef P2PUSB_AGENT_ISO_H
#define P2PUSB_AGENT_ISO_H

#include <json-c/json.h>

#include "wire.h"
#include "xfer.h"

struct port;
struct port_ep;

/**
 * iso_submit() - take an isochronous SUBMIT
 * @ep: endpoint
 * @xfer: in @pending of @ep
 */
void iso_submit(struct port_ep *ep, struct xfer *xfer);

/**
 * iso_cancel() - take the CANCEL of an URB
 * @xfer: XFER_WAITING
 *
 * The stream stops with its last URB.
 */
void iso_cancel(struct xfer *xfer);

/**
 * iso_cancelled() - take the CANCEL of an URB that is complete
 * @queue: whose ring it came from
 * @req: the CANCEL; most are of other types and mean nothing
 *
 * The kernel holds it until its time has passed, and the driver does not want
 * to wait: it stops the stream.
 */
void iso_cancelled(struct queue *queue, const struct p2pvhci_req *req);

/**
 * iso_unlist() - it is about to be completed
 * @xfer: XFER_WAITING
 */
void iso_unlist(struct xfer *xfer);

/**
 * iso_begin() - as xfer_begin()
 * @ep: its stream is isochronous
 * @msg: head and body
 * @dst: out
 */
int iso_begin(struct port_ep *ep, const struct wire_msg *msg, void **dst);

/**
 * iso_end() - as xfer_end()
 * @ep: its stream is isochronous
 * @msg: head and body
 */
int iso_end(struct port_ep *ep, const struct wire_msg *msg);

/**
 * iso_kick() - what kept it from its stream has gone
 * @ep: any endpoint
 */
void iso_kick(struct port_ep *ep);

/**
 * iso_stop_all() - the endpoints of a device end
 * @port: device; what is ready for its URBs is forgotten
 */
void iso_stop_all(struct port *port);

/**
 * iso_close() - the port ends
 * @ep: any endpoint; no URB is left
 */
void iso_close(struct port_ep *ep);

/**
 * iso_status() - counters of a device for `status`
 * @port: device
 *
 * Return: array, one object an endpoint that was used; NULL = none was.
 */
struct json_object *iso_status(const struct port *port);

#endif /* P2PUSB_AGENT_ISO_H */
