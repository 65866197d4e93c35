/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model - a USB device: endpoint 0, endpoints, time.
 *
 * Pure: it knows neither ring nor wire, does not sleep and reads no clock.
 * The fronts give it transfers and the time; it gives them back when they are
 * done.  Time is that of the device's own frame clock, in ns.
 */
#ifndef FAKEDEV_MODEL_H
#define FAKEDEV_MODEL_H

#include <stdint.h>
#include <sys/queue.h>

#include "data.h"
#include "desc.h"
#include "record.h"
#include "spec.h"

#define MODEL_EPS	32	/* 16 OUT, 16 IN; endpoint 0 is the first */
#define MODEL_IFACES	8
#define MODEL_NEVER	UINT64_MAX
#define MODEL_LOOP_MAX	(1u << 20)	/* bytes that a loop keeps */
#define MODEL_STREAMS_MAX	65533u

/**
 * struct model_packet - one isochronous packet
 * @len: bytes that the host offers
 * @actual: bytes moved
 * @status: enum p2pusb_status
 */
struct model_packet {
	uint32_t len;
	uint32_t actual;
	uint16_t status;
};

/**
 * struct model_xfer - one transfer, owned by the front
 * @entry: in its endpoint, while the model has it
 * @ep: bEndpointAddress, 0 for endpoint 0
 * @stream: bulk stream, 0 = none
 * @setup: endpoint 0
 * @length: bytes of the transfer
 * @data: as many bytes; isochronous packets lie in it without gaps
 * @npkt: isochronous packets
 * @packets: those
 * @actual: out: bytes moved
 * @status: out: enum p2pusb_status
 * @errs: out: packets with an error
 * @due: ns, when it may be done; 0 = has not begun
 * @slot: isochronous: service interval of its first packet
 * @next_packet: isochronous: packets done
 */
struct model_xfer {
	TAILQ_ENTRY(model_xfer) entry;
	uint8_t ep;
	uint16_t stream;
	uint8_t setup[8];
	uint32_t length;
	uint8_t *data;
	uint32_t npkt;
	struct model_packet *packets;
	uint32_t actual;
	uint32_t status;
	uint32_t errs;
	uint64_t due;
	uint64_t slot;
	uint32_t next_packet;
};

TAILQ_HEAD(model_xfers, model_xfer);

/**
 * struct model_count - what an endpoint has seen
 * @transfers: done, of any kind
 * @bytes: moved
 * @faults: OUT bytes or frames that were not what was expected
 * @stalls: transfers that ended so
 * @errors: transfers that ended otherwise with an error
 * @cancelled: transfers taken back
 * @packets: isochronous packets
 * @missed: service intervals that passed without a packet, while it ran
 * @late_ns: the longest the host was behind, isochronous
 * @ahead_ns: the longest it was ahead of what has passed since its start
 */
struct model_count {
	uint64_t transfers;
	uint64_t bytes;
	uint64_t faults;
	uint64_t stalls;
	uint64_t errors;
	uint64_t cancelled;
	uint64_t packets;
	uint64_t missed;
	uint64_t late_ns;
	uint64_t ahead_ns;
};

/**
 * struct model_ep - one endpoint
 * @addr: bEndpointAddress
 * @type: enum spec_type
 * @active: described by the current settings
 * @halted: until CLEAR_HALT
 * @packet: wMaxPacketSize
 * @interval_ns: service interval, 0 = bulk, control
 * @max_streams: by its companion
 * @streams: granted
 * @rule: from the script, NULL = none
 * @data: what it sends or expects
 * @xfers: with the model, in the order they came
 * @since_clear: transfers since it was not halted
 * @begun: transfers so far
 * @first: ns of the first transfer, 0 = none yet
 * @next: interrupt: ns of the next service interval
 * @next_slot: isochronous: the one after the last that is taken, 0 = stopped
 * @start_slot: isochronous: where it started
 * @taken: isochronous: packets since then
 * @answer: next of the rule's answers
 * @loop: bytes that came on the twin
 * @loop_len: how many
 * @count: statistics
 */
struct model_ep {
	uint8_t addr;
	uint8_t type;
	uint8_t active;
	uint8_t halted;
	uint16_t packet;
	uint64_t interval_ns;
	uint32_t max_streams;
	uint32_t streams;
	const struct spec_rule *rule;
	struct data data;
	struct model_xfers xfers;
	uint32_t since_clear;
	uint32_t begun;
	uint64_t first;
	uint64_t next;
	uint64_t next_slot;
	uint64_t start_slot;
	uint64_t taken;
	uint32_t answer;
	uint8_t *loop;
	uint32_t loop_len;
	struct model_count count;
};

struct model;

/**
 * struct model_ops - what a front is told; it may submit from none of them
 * @done: the transfer is the front's again
 * @gone: the device leaves the bus; every transfer was given back before
 * @back: it is there again
 * @wakeup: suspended, it wants to be awake
 */
struct model_ops {
	void (*done)(struct model *model, struct model_xfer *xfer);
	void (*gone)(struct model *model);
	void (*back)(struct model *model);
	void (*wakeup)(struct model *model);
};

/**
 * struct model - one device
 * @spec: what it is
 * @ops: the front's
 * @front: for the front
 * @index: number within this instance
 * @paced: isochronous packets take their time here; else the host's side
 *	paces, and they are done at once
 * @plugged: on the bus
 * @desc: descriptors at its speed
 * @serial: string 3
 * @configuration: 0 = none
 * @alt: alternate setting of each interface
 * @remote_wakeup: DEVICE_REMOTE_WAKEUP
 * @resets: how often it was reset
 * @suspended: sleeps
 * @leaving: leaves once the call is over
 * @unplug_at: ns, MODEL_NEVER = not
 * @return_at: ns, likewise
 * @wakeup_at: ns, likewise
 * @vendor_len: bytes that the vendor request keeps
 * @vendor: those
 * @persona_state: for the personality
 * @ep: endpoints; see model_ep_index()
 * @random: state of the delays
 */
struct model {
	const struct spec *spec;
	const struct model_ops *ops;
	void *front;
	unsigned int index;
	uint8_t paced;
	uint8_t plugged;
	struct desc desc;
	char serial[SPEC_TEXT_MAX + 12];
	uint8_t configuration;
	uint8_t alt[MODEL_IFACES];
	uint8_t remote_wakeup;
	uint32_t resets;
	uint8_t suspended;
	uint8_t leaving;
	uint64_t unplug_at;
	uint64_t return_at;
	uint64_t wakeup_at;
	uint32_t vendor_len;
	uint8_t *vendor;
	uint8_t persona_state[64];
	struct model_ep ep[MODEL_EPS];
	uint32_t random;
};

/**
 * model_init() - a device as it comes out of its box
 * @model: filled
 * @spec: borrowed
 * @index: number within this instance
 * @copy: number among the copies of @spec
 * @ops: borrowed
 * @paced: see struct model
 *
 * Return: 0, -ENOMEM.
 */
int model_init(struct model *model, const struct spec *spec,
	       unsigned int index, unsigned int copy,
	       const struct model_ops *ops, int paced);
void model_free(struct model *model);

/* model_plug() - on the bus, unconfigured */
void model_plug(struct model *model);

/**
 * model_submit() - a transfer
 * @xfer: the model's until done, which may come before the return
 */
void model_submit(struct model *model, struct model_xfer *xfer, uint64_t now);

/* model_cancel() - take one back; done comes before the return */
void model_cancel(struct model *model, struct model_xfer *xfer);

/* model_abandon() - nobody uses the device any more: all are given back */
void model_abandon(struct model *model);

/* model_reset() - port reset */
void model_reset(struct model *model);

/**
 * model_streams() - give bulk endpoints streams
 * @eps: addresses
 * @neps: how many
 * @wanted: streams of each, 0 = take them back
 *
 * Return: number granted; 0 when @wanted is 0; -EINVAL.
 */
int model_streams(struct model *model, const uint8_t *eps, unsigned int neps,
		  uint32_t wanted);

/**
 * model_power() - sleep or wake
 * @suspend: non-zero: sleep
 * @wakeup: it may wake the host
 */
void model_power(struct model *model, int suspend, int wakeup, uint64_t now);

/* model_is_silent() - does endpoint 0 answer no more? */
int model_is_silent(const struct model *model);

/* model_run() - do what is due */
void model_run(struct model *model, uint64_t now);

/**
 * model_next() - when model_run() should be called again
 * Return: ns, MODEL_NEVER = only after the next call.
 */
uint64_t model_next(const struct model *model);

/* model_report() - write the counters of all endpoints to the record */
void model_report(const struct model *model);

/* For model_ep0.c */
void model_clear_halt(struct model *model, struct model_ep *ep);
void model_set_configuration(struct model *model, uint8_t value, uint64_t now);
void model_set_interface(struct model *model, uint8_t iface, uint8_t alt);

static inline unsigned int model_ep_index(uint8_t addr)
{
	return (addr & 0x0f) | (addr & 0x80 ? 16 : 0);
}

#endif /* FAKEDEV_MODEL_H */
