/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iso_sub - isochronous transfers of our own at the server, and their packets.
 *
 * They keep the server's host controller busy whatever the kernel's URBs do.
 * Checks what the server says of them; does not decide when to send.
 */
#ifndef P2PUSB_AGENT_ISO_SUB_H
#define P2PUSB_AGENT_ISO_SUB_H

#include <stdint.h>
#include <sys/queue.h>

#include "wire.h"
#include "wire_packet.h"

struct port_ep;

/**
 * struct iso_sub - one of them
 * @entry: in a list of its endpoint
 * @seq: of SUBMIT
 * @length: bytes of all packets
 * @next: come back from the device: first packet that was not taken
 * @at: where its bytes begin in @data
 * @npkt: packets
 * @dead: nobody wants it any more, cancelled
 * @burst: sent with others at once, its time at the server tells nothing
 * @data: as it travels: packets, then bytes; NULL when there are none (yet)
 * @packets: @actual is the length asked for until COMPLETE
 */
struct iso_sub {
	TAILQ_ENTRY(iso_sub) entry;
	uint64_t seq;
	uint32_t length;
	uint32_t next;
	uint32_t at;
	uint16_t npkt;
	uint8_t dead;
	uint8_t burst;
	uint8_t *data;
	struct wire_packet packets[];
};

TAILQ_HEAD(iso_sub_list, iso_sub);

/**
 * iso_sub_new() - packets still to be described
 * @npkt: 1..P2PUSB_NPKT_MAX
 *
 * Return: it, NULL = no memory.
 */
struct iso_sub *iso_sub_new(uint16_t npkt);
void iso_sub_free(struct iso_sub *sub);
void iso_sub_free_all(struct iso_sub_list *list);

/**
 * iso_sub_pack() - bytes for the device
 * @sub: packets described
 * @bytes: @length bytes, packet after packet; may be NULL when there are none
 *
 * Return: 0, -ENOMEM.
 */
int iso_sub_pack(struct iso_sub *sub, const void *bytes);

/**
 * iso_sub_send() - SUBMIT
 * @ep: has a stream and credit
 * @sub: described, packed if OUT; becomes the last of @list
 * @list: of what is at the server
 * @seq: new on this stream
 * @interval: of the URB
 */
void iso_sub_send(struct port_ep *ep, struct iso_sub *sub,
		  struct iso_sub_list *list, uint64_t seq, uint32_t interval);

/**
 * iso_sub_judge() - whose COMPLETE is it, and can it be?
 * @ep: endpoint of its stream
 * @list: of what is at the server
 * @msg: head and body
 *
 * Return: it; NULL when the peer broke the contract, and the link knows how.
 */
struct iso_sub *iso_sub_judge(struct port_ep *ep,
			      const struct iso_sub_list *list,
			      const struct wire_msg *msg);

/**
 * iso_sub_unpack() - the packets that came with it
 * @ep: endpoint of its stream
 * @sub: judged, @data as received; NULL: no memory, then all are lost
 * @complete: body
 *
 * Return: 0; -EPROTO when the peer broke the contract, and the link knows how.
 */
int iso_sub_unpack(struct port_ep *ep, struct iso_sub *sub,
		   const struct wire_complete *complete);

#endif /* P2PUSB_AGENT_ISO_SUB_H */
