/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iso_int - between iso.c and the two directions.
 *
 * Times are CLOCK_MONOTONIC in nanoseconds, as in the ring.
 */
#ifndef P2PUSB_AGENT_ISO_INT_H
#define P2PUSB_AGENT_ISO_INT_H

#include <uv.h>

#include "iso.h"
#include "iso_jitter.h"
#include "iso_sub.h"
#include "remote.h"
#include "xfer_int.h"

#define ISO_MS		1000000ull
#define ISO_SHORT_NS	(2 * ISO_MS)	/* a timer may be that late */

/**
 * enum iso_state - life of a stream
 * @ISO_IDLE: there is none
 * @ISO_PRIMING: until a delay's worth lies ready
 * @ISO_RUNNING: packets are handed on
 */
enum iso_state {
	ISO_IDLE,
	ISO_PRIMING,
	ISO_RUNNING,
	ISO_NSTATES
};

struct iso;

/**
 * struct iso_ops - what differs between the directions
 * @begin: the first URB of a stream is there
 * @run: hand on what can be
 * @late: the deadline has come
 * @deadline: when to call @late, 0 = never
 * @done: a transfer came back with its packets; taken over
 */
struct iso_ops {
	void (*begin)(struct iso *iso, uint64_t now);
	void (*run)(struct iso *iso, uint64_t now);
	void (*late)(struct iso *iso, uint64_t now);
	uint64_t (*deadline)(const struct iso *iso);
	void (*done)(struct iso *iso, struct iso_sub *sub,
		     const struct wire_complete *complete, uint64_t now);
};

/**
 * struct iso - an isochronous endpoint
 * @ep: of the port
 * @ops: of its direction
 * @timer: for what is late
 * @state: see there
 * @waiting: URBs that are not complete, in order
 * @waiting_pkts: in @waiting
 * @interval: of the last URB, as in EP_OPEN
 * @pkt_ns: between two packets
 * @due_ns: when the kernel wants the last URB back
 * @since_ns: ISO_PRIMING: since when
 * @dry_ns: OUT: when the last stream ran out of URBs, 0 = it was stopped
 * @patience_ns: so much later than due is too late
 * @seq: of the last transfer
 * @sent: transfers at the server
 * @live: packets in @sent that are not dead
 * @ready: IN: come, not handed out; OUT: complete to the kernel, not sent
 * @ready_pkts: in @ready
 * @debt: IN: packets that were given up and may still come
 * @pkt_len: IN: bytes of a packet
 * @jitter: delay and rate
 * @packets: handed on
 * @late_pkts: came when they had been given up
 * @lost: packets that the driver or the device did not get
 * @underruns: times that nothing lay ready
 * @overruns: times that too much did
 */
struct iso {
	struct port_ep *ep;
	const struct iso_ops *ops;
	uv_timer_t timer;
	enum iso_state state;
	struct xfer_list waiting;
	uint32_t waiting_pkts;
	uint32_t interval;
	uint64_t pkt_ns;
	uint64_t due_ns;
	uint64_t since_ns;
	uint64_t dry_ns;
	uint64_t patience_ns;
	uint64_t seq;
	struct iso_sub_list sent;
	uint32_t live;
	struct iso_sub_list ready;
	uint32_t ready_pkts;
	uint32_t debt;
	uint32_t pkt_len;
	struct iso_jitter jitter;
	uint64_t packets;
	uint64_t late_pkts;
	uint64_t lost;
	uint64_t underruns;
	uint64_t overruns;
};

extern const struct iso_ops iso_in_ops;
extern const struct iso_ops iso_out_ops;

/**
 * iso_move() - to another state
 * @iso: endpoint
 * @next: state
 */
void iso_move(struct iso *iso, enum iso_state next);

/**
 * iso_stop() - forget the stream; what is at the server is cancelled
 * @iso: any state
 */
void iso_stop(struct iso *iso);

/**
 * iso_send() - a transfer to the server
 * @iso: has a stream and credit
 * @sub: see iso_sub_send()
 */
void iso_send(struct iso *iso, struct iso_sub *sub);

/**
 * iso_sample() - something arrived
 * @iso: running
 * @now: when
 * @level_ns: what lay ready just before
 */
void iso_sample(struct iso *iso, uint64_t now, int64_t level_ns);

/**
 * iso_shift() - an URB is completed late: all that follow are due later
 * @iso: endpoint
 * @xfer: the URB, still waiting
 * @now: when
 */
void iso_shift(struct iso *iso, const struct xfer *xfer, uint64_t now);

/**
 * iso_rtt() - smoothed round-trip time
 * @iso: endpoint
 *
 * Return: nanoseconds.
 */
uint64_t iso_rtt(const struct iso *iso);

static inline uint64_t iso_time(const struct iso *iso, uint64_t pkts)
{
	return pkts * iso->pkt_ns;
}

#endif /* P2PUSB_AGENT_ISO_INT_H */
