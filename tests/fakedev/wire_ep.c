// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire_ep - streams of endpoints: requests in, results out.
 *
 * A peer that breaks the contract is thrown out, as a real server does it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "wire_front.h"
#include "wire_packet.h"

/**
 * struct wire_xfer - one request
 * @entry: with its endpoint
 * @xfer: what the model sees
 * @ep: endpoint
 * @seq: names it
 * @since: when it came
 * @lead: bytes ahead of the data in @buffer
 * @buffer: the data, and room ahead of them for what travels so
 */
struct wire_xfer {
	TAILQ_ENTRY(wire_xfer) entry;
	struct model_xfer xfer;
	struct wire_ep *ep;
	uint64_t seq;
	uint64_t since;
	uint32_t lead;
	uint8_t *buffer;
};

static struct wire_xfer *wire_xfer_of(struct model_xfer *xfer)
{
	return (void *)((char *)xfer - offsetof(struct wire_xfer, xfer));
}

static uint64_t now_of(const struct wire_ep *ep)
{
	return instance_now(ep->dev->front->instance);
}

static int broken(struct wire_ep *ep, const char *what)
{
	record_event((int)ep->dev->model.index, "violation",
		     ",\"ep\":%u,\"what\":\"%s\"", ep->ep, what);
	return link_reason(link_ep_link(ep->stream), "endpoint %02x: %s",
			   ep->ep, what);
}

/* Results */

static void put_packets(const struct wire_xfer *wx, uint8_t *to)
{
	const struct model_xfer *xfer = &wx->xfer;
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	uint32_t i;

	for (i = 0; i < xfer->npkt; i++) {
		packets[i].actual = xfer->packets[i].actual;
		packets[i].status = i < xfer->next_packet ?
				    xfer->packets[i].status : P2PUSB_ST_XDEV;
	}
	wire_packet_put(to, packets, xfer->npkt);
}

static int moves_in(const struct model_xfer *xfer)
{
	return xfer->ep ? xfer->ep & 0x80 : xfer->setup[0] & 0x80;
}

static void tell(struct wire_ep *ep, uint64_t seq, uint32_t status,
		 uint32_t actual)
{
	const struct wire_msg msg = {
		.type = P2PUSB_MSG_COMPLETE,
		.complete = {
			.seq = seq, .epoch = ep->epoch, .status = status,
			.actual = actual,
		},
	};

	link_ep_send(ep->stream, &msg, NULL);
}

static void tell_xfer(const struct wire_xfer *wx)
{
	const struct model_xfer *xfer = &wx->xfer;
	uint32_t npkt = xfer->next_packet ? xfer->npkt : 0;
	uint32_t array = npkt * WIRE_PACKET_SIZE;
	struct wire_msg msg = {
		.type = P2PUSB_MSG_COMPLETE,
		.payload = array + (moves_in(xfer) ? xfer->actual : 0),
		.complete = {
			.seq = wx->seq,
			.epoch = wx->ep->epoch,
			.status = xfer->status,
			.actual = xfer->actual,
			.npkt = (uint16_t)npkt,
			.errs = (uint16_t)xfer->errs,
			.device_us = (uint32_t)((now_of(wx->ep) - wx->since) /
						1000),
			.start_frame = (uint32_t)xfer->slot,
		},
	};
	uint8_t *payload = wx->buffer + wx->lead - array;

	if (npkt)
		put_packets(wx, payload);
	link_ep_send(wx->ep->stream, &msg, payload);
}

static void free_xfer(struct wire_xfer *wx)
{
	free(wx->xfer.packets);
	free(wx->buffer);
	free(wx);
}

static void free_ep(struct wire_ep *ep)
{
	if (ep->stream || ep->nxfers)
		return;
	TAILQ_REMOVE(&ep->dev->eps, ep, entry);
	free(ep->incoming);
	free(ep);
}

void wire_ep_done(struct model *model, struct model_xfer *xfer)
{
	struct wire_xfer *wx = wire_xfer_of(xfer);
	struct wire_ep *ep = wx->ep;

	(void)model;
	TAILQ_REMOVE(&ep->xfers, wx, entry);
	ep->nxfers--;
	ep->bytes -= xfer->length;
	if (ep->stream)
		tell_xfer(wx);
	free_xfer(wx);
	free_ep(ep);
}

/* Streams come and go */

int wire_ep_open(struct wire_dev *dev, struct link_ep *stream,
		 const struct wire_ep_open *open)
{
	static const enum link_prio prio[] = {
		[P2PUSB_XFER_CONTROL] = LINK_PRIO_CONTROL,
		[P2PUSB_XFER_ISO] = LINK_PRIO_ISO,
		[P2PUSB_XFER_BULK] = LINK_PRIO_BULK,
		[P2PUSB_XFER_INTERRUPT] = LINK_PRIO_INTERRUPT,
	};
	struct wire_ep *ep;

	ep = calloc(1, sizeof(*ep));
	if (!ep)
		return -ENOMEM;
	ep->dev = dev;
	ep->stream = stream;
	ep->ep = open->ep;
	ep->type = open->type;
	ep->epoch = open->epoch;
	TAILQ_INIT(&ep->xfers);
	TAILQ_INSERT_TAIL(&dev->eps, ep, entry);
	link_ep_set_ctx(stream, ep);
	link_ep_prio(stream, prio[open->type]);
	return 0;
}

void wire_ep_down(struct wire_ep *ep)
{
	struct model *model = &ep->dev->model;
	struct wire_xfer *wx;

	ep->stream = NULL;
	/* The last one would free the endpoint under our feet. */
	ep->nxfers++;
	while ((wx = TAILQ_FIRST(&ep->xfers)))
		model_cancel(model, &wx->xfer);
	ep->nxfers--;
	free_ep(ep);
}

void wire_ep_shut(struct wire_dev *dev, int streams_are_gone)
{
	struct link_ep *stream;
	struct wire_ep *ep;

	while ((ep = TAILQ_FIRST(&dev->eps))) {
		stream = ep->stream;
		wire_ep_down(ep);
		if (stream && !streams_are_gone)
			link_ep_close(stream);
	}
}

/* Requests */

static int check(struct wire_ep *ep, uint64_t seq, uint32_t epoch)
{
	if (epoch != ep->epoch)
		return broken(ep, "another epoch");
	if (ep->any && seq <= ep->seq)
		return broken(ep, "sequence number does not count up");
	if (ep->nxfers >= ep->dev->front->hello.max_urbs)
		return broken(ep, "more requests than the credit");
	ep->any = 1;
	ep->seq = seq;
	return 0;
}

static int check_submit(struct wire_ep *ep, const struct wire_msg *msg,
			int in)
{
	const struct wire_submit *submit = &msg->submit;
	const struct wire_hello *hello = &ep->dev->front->hello;
	uint32_t want = submit->npkt * WIRE_PACKET_LEN_SIZE +
			(in ? 0 : submit->length);

	if (submit->length > hello->max_urb_bytes)
		return broken(ep, "longer than the limit");
	if (ep->nxfers && ep->bytes + submit->length > hello->max_ep_bytes)
		return broken(ep, "more bytes than the credit");
	if (msg->payload != want)
		return broken(ep, "payload of another length");
	if (ep->type == P2PUSB_XFER_ISO ? !submit->npkt : submit->npkt)
		return broken(ep, "packets on the wrong type of endpoint");
	return check(ep, submit->seq, submit->epoch);
}

int wire_ep_begin(struct link_ep *stream, const struct wire_msg *msg,
		  void **dst)
{
	struct wire_ep *ep = link_ep_ctx(stream);

	/* Nothing else has payload, and never more than this. */
	if (msg->payload > ep->dev->front->hello.max_urb_bytes +
			   P2PUSB_NPKT_MAX * WIRE_PACKET_LEN_SIZE)
		return broken(ep, "longer than the limit");
	free(ep->incoming);
	ep->incoming = malloc(msg->payload);
	*dst = ep->incoming;
	return ep->incoming ? 0 : -ENOMEM;
}

static int take_packets(struct wire_ep *ep, const struct wire_submit *submit,
			struct model_xfer *xfer)
{
	uint32_t lens[P2PUSB_NPKT_MAX];
	uint32_t i;

	if (!submit->npkt)
		return 0;
	if (wire_packet_get_lens(ep->incoming, lens, submit->npkt,
				 submit->length))
		return broken(ep, "packets do not add up");
	xfer->packets = calloc(submit->npkt, sizeof(*xfer->packets));
	if (!xfer->packets)
		return -ENOMEM;
	for (i = 0; i < submit->npkt; i++)
		xfer->packets[i].len = lens[i];
	xfer->npkt = submit->npkt;
	return 0;
}

static int take_submit(struct wire_ep *ep, const struct wire_msg *msg,
		       struct wire_xfer *wx)
{
	const struct wire_submit *submit = &msg->submit;
	struct model_xfer *xfer = &wx->xfer;
	int in;
	int ret;

	wx->ep = ep;
	wx->seq = submit->seq;
	xfer->ep = ep->ep;
	xfer->stream = submit->stream;
	xfer->length = submit->length;
	memcpy(xfer->setup, submit->setup, sizeof(xfer->setup));
	in = moves_in(xfer);
	ret = check_submit(ep, msg, in);
	if (!ret)
		ret = take_packets(ep, submit, xfer);
	if (ret)
		return ret;
	wx->lead = submit->npkt * WIRE_PACKET_SIZE;
	wx->buffer = calloc(1, wx->lead + submit->length + 1);
	if (!wx->buffer)
		return -ENOMEM;
	xfer->data = wx->buffer + wx->lead;
	if (!in && submit->length)
		memcpy(xfer->data, ep->incoming +
		       submit->npkt * WIRE_PACKET_LEN_SIZE, submit->length);
	return 0;
}

static int on_submit(struct wire_ep *ep, const struct wire_msg *msg)
{
	struct wire_xfer *wx;
	int ret;

	wx = calloc(1, sizeof(*wx));
	if (!wx)
		return -ENOMEM;
	wx->since = now_of(ep);
	ret = take_submit(ep, msg, wx);
	free(ep->incoming);
	ep->incoming = NULL;
	if (ret) {
		free_xfer(wx);
		return ret;
	}
	TAILQ_INSERT_TAIL(&ep->xfers, wx, entry);
	ep->nxfers++;
	ep->bytes += wx->xfer.length;
	model_submit(&ep->dev->model, &wx->xfer, now_of(ep));
	return 0;
}

static int on_cancel(struct wire_ep *ep, const struct wire_msg *msg)
{
	struct wire_xfer *wx;

	if (msg->cancel.epoch != ep->epoch)
		return broken(ep, "another epoch");
	TAILQ_FOREACH(wx, &ep->xfers, entry) {
		if (wx->seq == msg->cancel.seq) {
			model_cancel(&ep->dev->model, &wx->xfer);
			return 0;
		}
	}
	return 0;
}

static int on_reset(struct wire_ep *ep, const struct wire_msg *msg)
{
	int ret = check(ep, msg->reset.seq, msg->reset.epoch);

	if (ret || model_is_silent(&ep->dev->model))
		return ret;
	model_reset(&ep->dev->model);
	tell(ep, msg->reset.seq, P2PUSB_ST_OK, 0);
	return 0;
}

static int on_streams(struct wire_ep *ep, const struct wire_msg *msg)
{
	const struct wire_streams *streams = &msg->streams;
	int ret = check(ep, streams->seq, streams->epoch);
	int n;

	if (ret)
		return ret;
	n = model_streams(&ep->dev->model, streams->eps, streams->neps,
			  streams->wanted);
	tell(ep, streams->seq, n < 0 ? P2PUSB_ST_NOSPC : P2PUSB_ST_OK,
	     n < 0 ? 0 : (uint32_t)n);
	return 0;
}

static int on_power(struct wire_ep *ep, const struct wire_msg *msg)
{
	const struct wire_power *power = &msg->power;
	int ret = check(ep, power->seq, power->epoch);

	if (ret)
		return ret;
	model_power(&ep->dev->model, power->state != P2PUSB_POWER_ON,
		    power->state == P2PUSB_POWER_SUSPEND_WAKEUP, now_of(ep));
	tell(ep, power->seq, P2PUSB_ST_OK, 0);
	return 0;
}

static const struct {
	uint16_t type;
	uint8_t ep0_only;
	uint64_t cap;
	int (*take)(struct wire_ep *ep, const struct wire_msg *msg);
} rows[] = {
	{ P2PUSB_MSG_SUBMIT, 0, 0, on_submit },
	{ P2PUSB_MSG_CANCEL, 0, 0, on_cancel },
	{ P2PUSB_MSG_RESET, 1, 0, on_reset },
	{ P2PUSB_MSG_STREAMS, 1, P2PUSB_CAP_STREAMS, on_streams },
	{ P2PUSB_MSG_POWER, 1, P2PUSB_CAP_POWER, on_power },
};

int wire_ep_msg(struct link_ep *stream, const struct wire_msg *msg)
{
	struct wire_ep *ep = link_ep_ctx(stream);
	struct wire_server *front = ep->dev->front;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == msg->type)
			break;
	}
	if (i == sizeof(rows) / sizeof(rows[0]) || (rows[i].ep0_only && ep->ep))
		return broken(ep, "a message that has no place here");
	if (rows[i].cap & ~front->hello.caps)
		return broken(ep, "a message that was not offered");
	ret = rows[i].take(ep, msg);
	wire_front_rearm(front);
	return ret;
}
