/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of an URB: slots, endpoints, and who does what to them.
 *
 * What a port or a queue is stands in p2pvhci.h, which includes this.
 */
#ifndef _P2PVHCI_URB_H
#define _P2PVHCI_URB_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/usb.h>
#include <uapi/linux/p2pvhci.h>

#include "watch.h"

struct p2pv_pair;
struct p2pv_port;
struct p2pv_queue;

/* Bytes that IOC_COPY moves in one step. */
#define P2PV_COPY_CHUNK		SZ_64K
/* A cancelled URB is given back after this, whatever the agent does. */
#define P2PV_CANCEL_MS		1500
/* A port reset, as seen by everybody who waits on address0_mutex. */
#define P2PV_RESET_MS		5000
/* Streams: usbcore waits with the device locked. */
#define P2PV_STREAMS_MS		5000
/* usbcore gives a control transfer of enumeration 5 s; less scheduling. */
#define P2PV_SILENT_MS		4900

/**
 * enum p2pv_slot_state - who may touch a slot
 * @P2PV_SLOT_FREE: on queue.free
 * @P2PV_SLOT_COPYING: p2pv_urb_pump() fills the OUT block; it alone decides
 *	what comes next
 * @P2PV_SLOT_PUBLISHED: the agent has it
 * @P2PV_SLOT_CANCELLING: the agent has it and was asked for it back
 * @P2PV_SLOT_SERVING: IOC_COPY moves a chunk; back to PUBLISHED or CANCELLING
 * @P2PV_SLOT_COMPLETING: ENTER copies IN bytes; it alone decides what comes
 *	next
 * @P2PV_SLOT_HELD: completed, waits for its turn in the endpoint's order, or
 *	for its time
 * @P2PV_SLOT_ZOMBIE: the URB was given back, the agent still owes the
 *	completion; until then the OUT block stays and the slot is not reused
 */
enum p2pv_slot_state {
	P2PV_SLOT_FREE,
	P2PV_SLOT_COPYING,
	P2PV_SLOT_PUBLISHED,
	P2PV_SLOT_CANCELLING,
	P2PV_SLOT_SERVING,
	P2PV_SLOT_COMPLETING,
	P2PV_SLOT_HELD,
	P2PV_SLOT_ZOMBIE,
	P2PV_SLOT_NSTATES
};

/**
 * struct p2pv_slot - one outstanding request
 * @node: queue.free, or p2pv_ep.published in the order of the endpoint
 * @gen: upper half of the token, changes with every use, never 0
 * @state: guarded by port.lock while @port is set, by attach_lock while @op is
 *	ATTACH, else by queue.lock
 * @op: enum p2pvhci_op: SUBMIT, ATTACH, or that of a call
 * @dir_in: bytes come back
 * @stream: of the URB, 0 = none
 * @npkt: isochronous packets, 0 = not isochronous
 * @port: whose request; NULL for ATTACH
 * @ep: whose FIFO it stands in
 * @urb: the URB; NULL for calls and ATTACH, and once a ZOMBIE
 * @epoch: of @port when taken
 * @len: most bytes that a completion may claim
 * @copied: IN bytes that came by IOC_COPY, from the first on
 * @out_off: block in the OUT area, P2PVHCI_OUT_NONE or P2PVHCI_OUT_COPY
 * @out_len: its bytes
 * @status: HELD: how it ended, negative errno
 * @deadline: CANCELLING: give the URB back at this time, in jiffies
 * @published: in jiffies
 * @seq: in the endpoint, since published
 * @submitted_ns: isochronous: CLOCK_MONOTONIC when adopted
 * @duration_ns: isochronous: how long its packets are on the bus
 * @due_ns: isochronous: CLOCK_MONOTONIC when they were
 * @watch: its times, when somebody looks
 */
struct p2pv_slot {
	struct list_head node;
	u32 gen;
	u8 state;
	u8 op;
	u8 dir_in;
	u16 stream;
	u16 npkt;
	struct p2pv_port *port;
	struct p2pv_ep *ep;
	struct urb *urb;
	u32 epoch;
	u32 len;
	u32 copied;
	u32 out_off;
	u32 out_len;
	int status;
	unsigned long deadline;
	unsigned long published;
	u64 seq;
	u64 submitted_ns;
	u64 duration_ns;
	u64 due_ns;
	struct p2pv_watch_slot watch;
};

/**
 * struct p2pv_stats - counters of an endpoint since the bind
 * @urbs: given back
 * @bytes_in: moved by them
 * @bytes_out: moved by them
 * @errors: given back with an error other than unlink
 * @cancels: unlinked
 * @in_flight: published and not completed
 * @zombies: completions overdue
 */
struct p2pv_stats {
	u64 urbs;
	u64 bytes_in;
	u64 bytes_out;
	u64 errors;
	u64 cancels;
	u32 in_flight;
	u32 zombies;
};

/**
 * struct p2pv_ep - FIFO of one endpoint, guarded by port.lock
 * @port: whose
 * @addr: bEndpointAddress, 0 for endpoint 0
 * @type: enum p2pvhci_xfer of the last URB
 * @pumping: somebody is publishing; whoever comes leaves the work to them
 * @starving: @next finds no room
 * @starved: since this time, in jiffies
 * @next: first unpublished URB, NULL = none
 * @published: slots in order
 * @waiting: queue.waiting, guarded by queue.lock
 * @seq: of the last request published
 * @timer: isochronous: gives back what is over
 * @stats: counters
 */
struct p2pv_ep {
	struct p2pv_port *port;
	u8 addr;
	u8 type;
	u8 pumping;
	u8 starving;
	unsigned long starved;
	struct urb *next;
	struct list_head published;
	struct list_head waiting;
	u64 seq;
	struct hrtimer timer;
	struct p2pv_stats stats;
};

/* urb.c ------------------------------------------------------------------ */

struct p2pv_ep *p2pv_urb_ep(struct p2pv_port *port, const struct urb *urb);

/** p2pv_urb_after() - the next of the endpoint's FIFO, or NULL */
struct urb *p2pv_urb_after(struct urb *urb);

/* p2pv_urb_read(), p2pv_urb_write() - bytes of its buffer, whatever its kind */
void p2pv_urb_read(const struct urb *urb, u32 off, void *to, u32 len);
void p2pv_urb_write(const struct urb *urb, u32 off, const void *from, u32 len);

int p2pv_urb_enqueue(struct p2pv_port *port, struct urb *urb);

/**
 * p2pv_urb_pump() - publish what the endpoint has, as far as there is room
 * @ep: the endpoint
 *
 * Context: any, no lock held.
 */
void p2pv_urb_pump(struct p2pv_ep *ep);

/**
 * p2pv_urb_adopt() - the slot stands last in the order of the endpoint
 * @ep: the endpoint, its port locked
 * @slot: as p2pv_queue_take() gave it
 */
void p2pv_urb_adopt(struct p2pv_ep *ep, struct p2pv_slot *slot);

/** p2pv_urb_request() - what every request of a slot says */
void p2pv_urb_request(struct p2pv_queue *q, const struct p2pv_slot *slot,
		      enum p2pvhci_op op, struct p2pvhci_req *req);

/**
 * p2pv_urb_publish() - the agent gets the slot
 * @q: the queue of its port, which is locked
 * @slot: adopted, its OUT block filled
 * @arg: of a call, else 0
 *
 * On failure the queue is dying, and its death gives the URB back.
 */
void p2pv_urb_publish(struct p2pv_queue *q, struct p2pv_slot *slot, u64 arg);

/* giveback.c ------------------------------------------------------------- */

/**
 * p2pv_giveback() - end the life of URBs
 * @done: list through urb->urb_list; status in urb->hcpriv
 *
 * Context: any, no lock held.
 */
void p2pv_giveback(struct list_head *done);

/**
 * p2pv_giveback_postpone() - have somebody else give back
 * @port: whose URBs, locked
 * @done: as for p2pv_giveback(); empty afterwards
 */
void p2pv_giveback_postpone(struct p2pv_port *port, struct list_head *done);

/** p2pv_giveback_late_work() - give back what was postponed */
void p2pv_giveback_late_work(struct work_struct *work);

/**
 * p2pv_giveback_detach() - an URB that has no slot leaves the FIFO
 * @ep: its endpoint; the port is locked
 * @urb: the URB
 * @status: how it ended, negative errno
 * @done: receives it
 */
void p2pv_giveback_detach(struct p2pv_ep *ep, struct urb *urb, int status,
			  struct list_head *done);

/** p2pv_giveback_finish() - the token is settled: URB and slot part */
void p2pv_giveback_finish(struct p2pv_queue *q, struct p2pv_slot *slot,
			  int status, struct list_head *done);

/**
 * p2pv_giveback_abandon() - the URB goes, the agent still owes the completion
 * @slot: becomes a ZOMBIE; its port is locked
 * @status: how the URB ended
 * @done: receives the URB, if there is one
 */
void p2pv_giveback_abandon(struct p2pv_slot *slot, int status,
			   struct list_head *done);

/**
 * p2pv_giveback_drain() - what completed early and is now first goes back
 * @q: the queue
 * @ep: the endpoint, its port locked
 * @stream: whose order
 * @done: receives the URBs
 */
void p2pv_giveback_drain(struct p2pv_queue *q, struct p2pv_ep *ep, u16 stream,
			 struct list_head *done);

/* cancel.c --------------------------------------------------------------- */

int p2pv_cancel_urb(struct p2pv_port *port, struct urb *urb, int status);

/** p2pv_cancel_publish() - ask the agent for a PUBLISHED slot; port locked */
void p2pv_cancel_publish(struct p2pv_queue *q, struct p2pv_slot *slot);

/**
 * p2pv_cancel_port() - take every URB of a port away from the agent
 * @port: the port, its lock held
 * @q: the queue it is leaving
 * @done: receives the URBs, for p2pv_giveback()
 *
 * URBs that somebody is copying are given back by whoever copies.
 */
void p2pv_cancel_port(struct p2pv_port *port, struct p2pv_queue *q,
		      struct list_head *done);

/**
 * p2pv_cancel_expire() - give cancelled URBs back whose deadline has passed
 * @q: the queue
 *
 * Context: process.
 * Return: jiffies until the next deadline, 0 = none.
 */
unsigned long p2pv_cancel_expire(struct p2pv_queue *q);

/* complete.c ------------------------------------------------------------- */

/**
 * p2pv_complete_enter() - take the completions written so far
 * @q: the queue
 * @done: receives how many
 *
 * Context: process.  Gives URBs back.  A violation kills the queue.
 * Return: 0, -ESHUTDOWN.
 */
int p2pv_complete_enter(struct p2pv_queue *q, u32 *done);

/* call.c ----------------------------------------------------------------- */

/**
 * struct p2pv_call - a request that is no URB, in the order of endpoint 0
 * @op: RESET, STREAMS_ALLOC, STREAMS_FREE, SUSPEND or RESUME
 * @timeout_ms: wait no longer, for room and the answer together
 * @arg: as struct p2pvhci_req.arg
 * @max: most that the answer's @actual may say
 * @payload: bytes for the OUT area, may be NULL
 * @payload_len: how many
 * @actual: out: as struct p2pvhci_cmp.actual
 * @epoch: of the device; 0 = whichever is plugged in now, and out: which one was
 */
struct p2pv_call {
	enum p2pvhci_op op;
	u32 timeout_ms;
	u64 arg;
	u32 max;
	const void *payload;
	u32 payload_len;
	u32 actual;
	u32 epoch;
};

/**
 * p2pv_call_run() - ask the agent and wait for the answer
 * @port: about which device
 * @call: what
 *
 * Calls of a port queue up, so the wait may be that of the one before, too.
 *
 * Context: process, no spinlock held.
 * Return: 0, -ENODEV (nothing plugged in), -EOPNOTSUPP (feature not granted),
 * -EBUSY (no room all the time), -ETIMEDOUT, -ESHUTDOWN (unplugged meanwhile), or what the
 * agent says.
 */
int p2pv_call_run(struct p2pv_port *port, struct p2pv_call *call);

/**
 * p2pv_call_finish() - the answer to a call, or its end
 * @slot: of the call; its port is locked
 * @status: negative errno or 0
 * @actual: as the agent says
 */
void p2pv_call_finish(struct p2pv_slot *slot, int status, u32 actual);

/**
 * p2pv_call_reset() - have the real device reset
 * @port: where it is
 *
 * Context: process; waits for the agent, P2PV_RESET_MS at most.
 * Return: 0 or a negative errno; the port is then disconnected.
 */
int p2pv_call_reset(struct p2pv_port *port);

/* streams.c -------------------------------------------------------------- */

/**
 * p2pv_streams_alloc() - have streams for bulk endpoints
 * @port: of the device
 * @eps: endpoints, as struct hc_driver.alloc_streams gets them
 * @neps: how many
 * @wanted: streams for each
 *
 * Context: process; waits for the agent, P2PV_STREAMS_MS at most.  A device
 * that does not answer is disconnected.
 * Return: streams granted, 1..@wanted, or a negative errno.
 */
int p2pv_streams_alloc(struct p2pv_port *port, struct usb_host_endpoint **eps,
		       unsigned int neps, unsigned int wanted);

/** p2pv_streams_free() - likewise; 0 or a negative errno */
int p2pv_streams_free(struct p2pv_port *port, struct usb_host_endpoint **eps,
		      unsigned int neps);

/* iso.c ------------------------------------------------------------------ */

/** p2pv_iso_frame() - frame number, 0..2047, at a time of CLOCK_MONOTONIC */
int p2pv_iso_frame(u64 ns);

/** p2pv_iso_len() - bytes of all packets; of a checked URB */
u32 p2pv_iso_len(const struct urb *urb);

/** p2pv_iso_block_len() - bytes that p2pv_iso_fill() writes */
u32 p2pv_iso_block_len(const struct urb *urb);

/** p2pv_iso_fill() - packet lengths, and OUT bytes without gaps */
void p2pv_iso_fill(const struct urb *urb, void *to);

/** p2pv_iso_check() - 0, or why the URB is refused */
int p2pv_iso_check(const struct urb *urb);

/**
 * p2pv_iso_start() - set the time of an URB
 * @slot: just adopted; its port is locked
 */
void p2pv_iso_start(struct p2pv_slot *slot);

/**
 * p2pv_iso_admit() - take the packets of a completion, and judge them
 * @q: the queue, with queue.enter held; keeps the only copy
 * @slot: has an URB; its port is locked
 * @cmp: checked
 *
 * Return: 0 or -EPROTO: a violation.
 */
int p2pv_iso_admit(struct p2pv_queue *q, const struct p2pv_slot *slot,
		   const struct p2pvhci_cmp *cmp);

/** p2pv_iso_errno() - status of the URB as a whole */
int p2pv_iso_errno(u8 status, int cancelled);

/**
 * p2pv_iso_store() - results and IN bytes of admitted packets go to the URB
 * @q: the queue, with queue.enter held
 * @slot: COMPLETING
 * @from: IN bytes
 * @cancelled: non-zero when CANCEL was asked for
 */
void p2pv_iso_store(struct p2pv_queue *q, const struct p2pv_slot *slot,
		    const void *from, int cancelled);

/** p2pv_iso_hold() - completed: HELD until it is over; port locked */
void p2pv_iso_hold(struct p2pv_slot *slot);

/** p2pv_iso_arm() - have what is HELD given back when it is over; port locked */
void p2pv_iso_arm(struct p2pv_ep *ep);

void p2pv_iso_init_ep(struct p2pv_ep *ep);

/** p2pv_iso_exit_ep() - no URB is left; waits for the timer */
void p2pv_iso_exit_ep(struct p2pv_ep *ep);

/**
 * p2pv_iso_rate() - pace a device to the clock of its far host
 * @port: where it is
 * @q: by whose word
 * @epoch: which device
 * @ppb: as P2PVHCI_EVENT_RATE
 *
 * Return: 0, -EINVAL, -ENOENT (not bound to this queue with this epoch).
 */
int p2pv_iso_rate(struct p2pv_port *port, const struct p2pv_queue *q,
		  u32 epoch, s64 ppb);

/* copy.c ----------------------------------------------------------------- */

/**
 * p2pv_copy() - IOC_COPY
 * @q: the queue
 * @copy: checked for reserved bits
 *
 * Context: process; faults on the caller's memory.
 * Return: see struct p2pvhci_copy.
 */
int p2pv_copy(struct p2pv_queue *q, const struct p2pvhci_copy *copy);

#endif /* _P2PVHCI_URB_H */
