// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iso_sub - isochronous transfers of our own at the server, and their packets.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "iso_sub.h"
#include "xfer_int.h"

struct iso_sub *iso_sub_new(uint16_t npkt)
{
	struct iso_sub *sub;

	sub = calloc(1, sizeof(*sub) + npkt * sizeof(sub->packets[0]));
	if (sub)
		sub->npkt = npkt;
	return sub;
}

void iso_sub_free(struct iso_sub *sub)
{
	free(sub->data);
	free(sub);
}

void iso_sub_free_all(struct iso_sub_list *list)
{
	struct iso_sub *sub;

	while ((sub = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, sub, entry);
		iso_sub_free(sub);
	}
}

static void put_lens(const struct iso_sub *sub, uint8_t *buf)
{
	uint32_t lens[P2PUSB_NPKT_MAX];
	uint16_t i;

	for (i = 0; i < sub->npkt; i++)
		lens[i] = sub->packets[i].actual;
	wire_packet_put_lens(buf, lens, sub->npkt);
}

int iso_sub_pack(struct iso_sub *sub, const void *bytes)
{
	size_t head = sub->npkt * WIRE_PACKET_LEN_SIZE;

	sub->data = malloc(head + sub->length);
	if (!sub->data)
		return -ENOMEM;
	put_lens(sub, sub->data);
	if (sub->length)
		memcpy(sub->data + head, bytes, sub->length);
	return 0;
}

void iso_sub_send(struct port_ep *ep, struct iso_sub *sub,
		  struct iso_sub_list *list, uint64_t seq, uint32_t interval)
{
	uint8_t lens[P2PUSB_NPKT_MAX * WIRE_PACKET_LEN_SIZE];
	const uint8_t *payload = sub->data;
	struct wire_msg msg = {
		.type = P2PUSB_MSG_SUBMIT,
		.payload = sub->npkt * WIRE_PACKET_LEN_SIZE,
		.submit = {
			.seq = seq,
			.epoch = ep->port->epoch,
			.flags = P2PUSB_XF_ISO_ASAP,
			.length = sub->length,
			.npkt = sub->npkt,
			.interval = interval,
		},
	};

	if (payload) {
		msg.payload += sub->length;
	} else {
		put_lens(sub, lens);
		payload = lens;
	}
	sub->seq = seq;
	TAILQ_INSERT_TAIL(list, sub, entry);
	ep->nsent++;
	ep->bytes += sub->length;
	xfer_check_sent(ep, link_ep_send(ep->stream, &msg, payload));
	free(sub->data);
	sub->data = NULL;
}

/* In order, but that what was cancelled may come whenever it likes. */
static struct iso_sub *find(const struct iso_sub_list *list, uint64_t seq)
{
	struct iso_sub *sub;

	TAILQ_FOREACH(sub, list, entry) {
		if (sub->seq == seq)
			return sub;
		if (!sub->dead)
			return NULL;
	}
	return NULL;
}

static uint32_t payload_of(const struct port_ep *ep,
			   const struct wire_complete *c)
{
	uint32_t bytes = ep->addr & XFER_IN ? c->actual : 0;

	return c->npkt * (uint32_t)WIRE_PACKET_SIZE + bytes;
}

struct iso_sub *iso_sub_judge(struct port_ep *ep,
			      const struct iso_sub_list *list,
			      const struct wire_msg *msg)
{
	const struct wire_complete *c = &msg->complete;
	struct link *link = link_ep_link(ep->stream);
	struct iso_sub *sub = find(list, c->seq);

	if (c->epoch != ep->port->epoch)
		link_reason(link, "endpoint 0x%02x: epoch %u, not %u", ep->addr,
			    c->epoch, ep->port->epoch);
	else if (!sub)
		link_reason(link, "endpoint 0x%02x: it is not %" PRIu64 "'s turn",
			    ep->addr, c->seq);
	else if (c->actual > sub->length)
		link_reason(link, "endpoint 0x%02x: %u of %u bytes", ep->addr,
			    c->actual, sub->length);
	else if (c->npkt ? c->npkt != sub->npkt :
			   c->actual || c->status == P2PUSB_ST_OK)
		link_reason(link, "endpoint 0x%02x: %u of %u packets", ep->addr,
			    c->npkt, sub->npkt);
	else if (c->errs > c->npkt || msg->payload != payload_of(ep, c))
		link_reason(link, "endpoint 0x%02x: payload of %u bytes",
			    ep->addr, msg->payload);
	else
		return sub;
	return NULL;
}

static void lose_all(struct iso_sub *sub)
{
	uint16_t i;

	for (i = 0; i < sub->npkt; i++) {
		sub->packets[i].actual = 0;
		sub->packets[i].status = P2PUSB_ST_XDEV;
	}
}

int iso_sub_unpack(struct port_ep *ep, struct iso_sub *sub,
		   const struct wire_complete *c)
{
	struct link *link = link_ep_link(ep->stream);
	struct wire_packet packets[P2PUSB_NPKT_MAX];
	uint16_t i;

	sub->at = sub->npkt * WIRE_PACKET_SIZE;
	sub->next = 0;
	if (!sub->data) {
		lose_all(sub);
		return 0;
	}
	if (wire_packet_get(sub->data, packets, sub->npkt, c->actual))
		return link_reason(link, "endpoint 0x%02x: packets that make no sense",
				   ep->addr);
	for (i = 0; i < sub->npkt; i++)
		if (packets[i].actual > sub->packets[i].actual)
			return link_reason(link, "endpoint 0x%02x: packet of %u of %u bytes",
					   ep->addr, packets[i].actual,
					   sub->packets[i].actual);
	memcpy(sub->packets, packets, sub->npkt * sizeof(packets[0]));
	return 0;
}
