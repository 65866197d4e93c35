/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * p2pvhci - structures, states and locking of the whole module.
 *
 * What the agent sees is <uapi/linux/p2pvhci.h>; the way of an URB is urb.h,
 * and the pure parts have headers of their own (hub.h, ring.h).
 */
#ifndef _P2PVHCI_H
#define _P2PVHCI_H

#include <linux/completion.h>
#include <linux/genalloc.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/p2pvhci.h>

#include "hub.h"
#include "ring.h"
#include "urb.h"

/**
 * DOC: Objects
 *
 * A *pair* is one platform device with two root hubs, 15 USB 2 and 15
 * SuperSpeed ports.  Pairs appear when ports become scarce and stay until the
 * module goes, so a pointer to a port is always good, and so is its number.
 *
 * A *port* is bound to at most one *queue*.  A queue is one open file of
 * /dev/p2pvhci and its ring; it dies when the agent breaks the contract or
 * closes the file, and its ports disconnect.
 *
 * A *slot* is one outstanding request of a queue.  Its index and generation
 * make the token that the agent answers with.
 *
 * An *endpoint* is a FIFO of URBs.  usbcore's own list, ep->urb_list, is that
 * FIFO: first the published URBs, each with a slot in urb->hcpriv, then the
 * unpublished ones from @next on, with a stamp of watch.h there, or NULL.
 * Nothing is ever allocated for an URB.
 */

/**
 * DOC: Locking
 *
 * From the outside in:
 *
 *   queue.setup (mutex)            SETUP
 *   attach_lock (mutex)            attach requests, their slots, the listener
 *   p2pv_port_bind_lock (mutex)    who gets a free port, whether anybody does
 *   port.power (mutex)             sleep of a device and of its port
 *   port.call (mutex)              who waits for the agent's answer
 *   queue.copy (mutex)             the bounce buffer of IOC_COPY
 *   queue.enter (mutex)            taking completions, chunks of IOC_COPY, and
 *                                  deadlines
 *   port.lock (spinlock, irqsave)  "the HCD lock" of usbcore: URBs of the
 *                                  device, its endpoints, slots in use, port
 *                                  state, hub status
 *   queue.lock (spinlock)          ring producer, free slots, lists of ports
 *                                  and of waiting endpoints, death
 *
 * No two port locks are ever held together.  URBs are given back and payload
 * is copied with no spinlock held: a slot is then COPYING, SERVING or
 * COMPLETING, and everybody else leaves it to whoever set that state.
 */

/**
 * DOC: States
 *
 * Port: EMPTY -> ATTACHED -> DETACHING -> EMPTY; port.c is the only writer.
 * DETACHING ends when usbcore has freed its device.  REQUESTED and CONNECTING
 * belong to an attach request, which has no port yet (attach.c).
 *
 * Slot: see enum p2pv_slot_state.
 */

#define P2PV_NAME		"p2pvhci"
/* 48 of the 64 buses that a machine may have; the others are for real ones. */
#define P2PV_PAIRS_MAX		24
#define P2PV_PORTS_PER_PAIR	(P2PV_HUB_NKINDS * P2PV_HUB_NPORTS)
#define P2PV_NEPS		32

/**
 * struct p2pv_port - one port of a root hub
 * @pair: set once
 * @kind: set once
 * @rhport: port of the root hub, from 1, set once
 * @num: number for the agent and for tools, from 1, set once
 * @eps: P2PV_NEPS endpoints, made with the first bind, then kept
 * @power: guards sleep: @asleep and what the hub driver sees of it change
 *	together
 * @wake_work: p2pv_power_wake_work()
 * @call: one p2pv_call_run() at a time
 * @lock: guards everything below
 * @state: enum p2pvhci_port_state
 * @epoch: devices that were plugged in here
 * @configured: SET_CONFIGURATION done since the last forwarded reset
 * @asleep: from the SUSPEND until the RESUME, nothing else is published
 * @flags: P2PVHCI_PORT_*
 * @hub: what the hub driver sees
 * @udev: usbcore's device, from its first reset until free_dev; compared, not
 *	followed
 * @queue: whose ring serves it, with a reference
 * @queue_node: queue.ports, guarded by queue.lock
 * @call_slot: what p2pv_call_run() waits for
 * @call_status: how it ended
 * @call_actual: likewise
 * @call_done: wakes it
 * @late: URBs that @late_work gives back, as p2pv_giveback() takes them
 * @late_work: p2pv_giveback_late_work()
 * @cookie: attach request it came from, 0 = the agent's own
 * @status: positive errno, why it was last disconnected
 * @vid: label
 * @pid: label
 * @since_ns: CLOCK_BOOTTIME of the last change of @state
 * @target: what it is, opaque
 * @target_len: bytes of @target
 * @rate_ppb: as P2PVHCI_EVENT_RATE
 * @watch: who looks at how long its URBs take
 */
struct p2pv_port {
	struct p2pv_pair *pair;
	enum p2pv_hub_kind kind;
	u8 rhport;
	u16 num;
	struct p2pv_ep *eps;
	/* One p2pv_call_run() at a time. */
	struct mutex call;
	/* Sleep of the device and of its port. */
	struct mutex power;
	struct work_struct wake_work;

	/* Guards everything below. */
	spinlock_t lock;
	enum p2pvhci_port_state state;
	u32 epoch;
	u8 configured;
	u8 asleep;
	u32 flags;
	struct p2pv_hub_port hub;
	const struct usb_device *udev;
	struct p2pv_queue *queue;
	struct list_head queue_node;
	struct p2pv_slot *call_slot;
	int call_status;
	u32 call_actual;
	struct completion call_done;
	struct list_head late;
	struct work_struct late_work;
	u64 cookie;
	u32 status;
	u16 vid;
	u16 pid;
	u64 since_ns;
	void *target;
	u32 target_len;
	s32 rate_ppb;
	struct p2pv_watch watch;
};

/**
 * struct p2pv_pair - one virtual controller
 * @pdev: its platform device
 * @hcd: the two halves, by enum p2pv_hub_kind; constant once anybody sees it
 * @ports: likewise
 */
struct p2pv_pair {
	struct platform_device *pdev;
	struct usb_hcd *hcd[P2PV_HUB_NKINDS];
	struct p2pv_port ports[P2PV_HUB_NKINDS][P2PV_HUB_NPORTS];
};

/**
 * struct p2pv_area - memory shared with the agent
 * @pages: @npages pages
 * @npages: length
 * @addr: kernel mapping
 */
struct p2pv_area {
	struct page **pages;
	unsigned int npages;
	void *addr;
};

/**
 * struct p2pv_queue - one open file, one ring
 * @ref: file, ports, and whoever copies
 * @setup: guards SETUP
 * @ready: SETUP done; everything up to @wait is then constant
 * @features: P2PVHCI_F_* as granted
 * @listening: takes OP_ATTACH
 * @tags: number of slots
 * @reserve: slots that URBs leave to RESET and ATTACH
 * @in_bytes: size of the IN area
 * @out_bytes: size of the OUT area
 * @ro: read-only mapping
 * @rw: agent's mapping
 * @out: OUT area
 * @in: IN area
 * @out_pool: free space of the OUT area
 * @slots: @tags slots
 * @id: random name
 * @wait: pollers
 * @copy: guards @bounce; held while the agent's memory faults
 * @bounce: P2PV_COPY_CHUNK bytes, with F_COPY
 * @enter: guards the consuming half of @ring, and @iso
 * @iso: packets of the completion at hand
 * @lock: guards the producing half of @ring and everything below
 * @ring: indices
 * @dead: no more requests; ports disconnect
 * @free: free slots
 * @nfree: length of @free
 * @waiting: endpoints that want a slot, OUT space or a ring entry
 * @ports: bound ports
 * @death: disconnects the ports of a dead queue
 * @deadline: gives cancelled URBs back, and kicks waiting endpoints
 * @release: frees the queue
 */
struct p2pv_queue {
	struct kref ref;
	/* SETUP happens once. */
	struct mutex setup;
	int ready;
	u8 listening;
	u64 features;
	u32 tags;
	u32 reserve;
	u32 in_bytes;
	u32 out_bytes;
	struct p2pv_area ro;
	struct p2pv_area rw;
	void *out;
	const void *in;
	struct gen_pool *out_pool;
	struct p2pv_slot *slots;
	u8 id[16];
	wait_queue_head_t wait;

	/* The bounce buffer. */
	struct mutex copy;
	void *bounce;
	/* The consuming half of the ring, and iso. */
	struct mutex enter;
	struct p2pvhci_iso iso[P2PVHCI_NPKT_MAX];
	/* The producing half of the ring, and everything below. */
	spinlock_t lock;
	struct p2pv_ring ring;
	int dead;
	struct list_head free;
	u32 nfree;
	struct list_head waiting;
	struct list_head ports;

	struct work_struct death;
	struct delayed_work deadline;
	struct work_struct release;
};

/* main.c */
extern struct workqueue_struct *p2pv_wq;
extern u64 p2pv_frame0_ns;

/* pair.c ----------------------------------------------------------------- */

/**
 * p2pv_pair_init() - make the first pair
 *
 * Return: 0 or a negative errno.
 */
int p2pv_pair_init(void);

/**
 * p2pv_pair_unplug() - disconnect every port
 *
 * Context: process; no queue is open, and none will be.
 */
void p2pv_pair_unplug(void);

/**
 * p2pv_pair_exit() - remove every pair; nothing is plugged in
 */
void p2pv_pair_exit(void);

/**
 * p2pv_pair_grow() - make pairs if few ports are free, by and by
 *
 * Somebody else makes them: usb_add_hcd() takes locks under which usbcore waits
 * for devices, and so for the agent that would wait here.
 *
 * Context: any.
 */
void p2pv_pair_grow(void);

/**
 * p2pv_pair_wait_port() - wait until a port is free, or none can be made
 * @kind: of which hub
 *
 * Context: process, no lock held; for a second at most.
 * Return: 0 (others may be quicker, though), -ENOSPC at the limit or when the
 * machine has no bus left, -ETIMEDOUT, -ERESTARTSYS when killed, or why no pair
 * can be made.
 */
int p2pv_pair_wait_port(enum p2pv_hub_kind kind);

/**
 * p2pv_pair_get() - pair by number
 * @index: from 0
 *
 * Return: the pair, which stays until the module goes, or NULL.
 */
struct p2pv_pair *p2pv_pair_get(unsigned int index);

/* hcd.c ------------------------------------------------------------------ */

/**
 * p2pv_hcd_add() - a root hub
 * @pair: has a device, and for @kind P2PV_HUB_SS the other half
 * @kind: which half
 *
 * Return: 0, -ENOSPC when the machine has no bus left, another negative errno.
 */
int p2pv_hcd_add(struct p2pv_pair *pair, enum p2pv_hub_kind kind);

/**
 * p2pv_hcd_remove() - take it away
 * @pair: of p2pv_hcd_add()
 * @kind: which half; the one that was added last goes first
 */
void p2pv_hcd_remove(struct p2pv_pair *pair, enum p2pv_hub_kind kind);

/**
 * p2pv_hcd_port_changed() - tell the hub driver to look
 * @port: whose status changed
 *
 * Context: any, no lock held.
 */
void p2pv_hcd_port_changed(struct p2pv_port *port);

/** p2pv_hcd_of() - root hub of a port */
static inline struct usb_hcd *p2pv_hcd_of(const struct p2pv_port *port)
{
	return port->pair->hcd[port->kind];
}

/* port.c ----------------------------------------------------------------- */

extern struct mutex p2pv_port_bind_lock;

/**
 * struct p2pv_port_bind - what to plug in
 * @queue: whose ring serves it
 * @cookie: attach request it answers, or 0
 * @target: opaque bytes; copied
 * @target_len: how many
 * @flags: P2PVHCI_PORT_*
 * @speed: enum p2pvhci_speed
 * @lanes: of SuperSpeedPlus
 * @vid: label
 * @pid: label
 */
struct p2pv_port_bind {
	struct p2pv_queue *queue;
	u64 cookie;
	const void *target;
	u32 target_len;
	u32 flags;
	u8 speed;
	u8 lanes;
	u16 vid;
	u16 pid;
};

/**
 * enum p2pv_port_why - who ends a port
 * @P2PV_PORT_AGENT: the agent knows
 * @P2PV_PORT_KERNEL: the agent is told by UNBOUND
 * @P2PV_PORT_SLEEP: likewise, and that it may come again after the sleep
 */
enum p2pv_port_why {
	P2PV_PORT_AGENT,
	P2PV_PORT_KERNEL,
	P2PV_PORT_SLEEP,
};

/** p2pv_port_init() - prepare a port of a new pair */
void p2pv_port_init(struct p2pv_port *port, struct p2pv_pair *pair,
		    unsigned int pair_index, enum p2pv_hub_kind kind,
		    unsigned int index);

/** p2pv_port_exit() - free what a port of a removed pair owns */
void p2pv_port_exit(struct p2pv_port *port);

/**
 * p2pv_port_find() - port by number
 * @num: as in struct p2pvhci_bind
 *
 * Return: the port, or NULL.
 */
struct p2pv_port *p2pv_port_find(u32 num);

/**
 * p2pv_port_next() - walk all ports in the order of their numbers
 * @num: number to start at
 *
 * Return: the first port numbered @num or higher, or NULL.
 */
struct p2pv_port *p2pv_port_next(u32 num);

/** p2pv_port_count_empty() - free ports of all hubs of a kind; context: any */
unsigned int p2pv_port_count_empty(enum p2pv_hub_kind kind);

/** p2pv_port_hub_kind() - the hub for devices of a speed, enum p2pvhci_speed */
static inline enum p2pv_hub_kind p2pv_port_hub_kind(u8 speed)
{
	return speed >= P2PVHCI_SPEED_SUPER ? P2PV_HUB_SS : P2PV_HUB_HS;
}

/**
 * p2pv_port_connect() - take a free port and plug a device in
 * @bind: what
 * @epoch: receives the epoch of the device
 *
 * Context: process; takes p2pv_port_bind_lock.
 * Return: the port, or ERR_PTR(): -ENOSPC, -ESHUTDOWN, -ENOMEM, -EAGAIN (the
 * machine goes to sleep).
 */
struct p2pv_port *p2pv_port_connect(const struct p2pv_port_bind *bind,
				    u32 *epoch);

/**
 * p2pv_port_disconnect() - unplug the device and give all its URBs back
 * @port: the port
 * @queue: only if bound to this queue; NULL = any
 * @epoch: only this device; 0 = any
 * @why: who ends it
 * @status: positive errno for the notification
 *
 * Context: any, no lock held.
 * Return: 0, or -ENOENT when no such device is plugged in here.
 */
int p2pv_port_disconnect(struct p2pv_port *port,
			 const struct p2pv_queue *queue, u32 epoch,
			 enum p2pv_port_why why, u32 status);

/**
 * p2pv_port_claim() - usbcore shows its device for the first time
 * @port: where it is
 * @udev: the device
 *
 * Return: 0, or -ENODEV when nothing is plugged in or another device is known.
 */
int p2pv_port_claim(struct p2pv_port *port, struct usb_device *udev);

/**
 * p2pv_port_disown() - usbcore has freed its device
 * @port: where it was
 * @udev: the device
 */
void p2pv_port_disown(struct p2pv_port *port, const struct usb_device *udev);

/** p2pv_port_count() - ports with a device */
unsigned int p2pv_port_count(void);

/**
 * p2pv_port_close_all() - no port is given away from now on
 *
 * Return: NULL; or a port whose device may not be unplugged for the machine's
 * sleep, and then nothing has changed.
 */
struct p2pv_port *p2pv_port_close_all(void);

/** p2pv_port_open_all() - the end of p2pv_port_close_all() */
void p2pv_port_open_all(void);

/**
 * p2pv_port_wait_settled() - wait until usbcore has freed unplugged devices
 * @timeout_ms: no longer than this
 *
 * Return: non-zero when none is left.
 */
int p2pv_port_wait_settled(unsigned int timeout_ms);

/* queue.c ---------------------------------------------------------------- */

struct p2pv_queue *p2pv_queue_new(void);
void p2pv_queue_put(struct p2pv_queue *q);

static inline struct p2pv_queue *p2pv_queue_get(struct p2pv_queue *q)
{
	kref_get(&q->ref);
	return q;
}

/** p2pv_queue_ready() - non-zero after SETUP; orders what SETUP wrote */
static inline int p2pv_queue_ready(const struct p2pv_queue *q)
{
	/* Pairs with the release at the end of p2pv_queue_setup(). */
	return smp_load_acquire(&q->ready);
}

/**
 * p2pv_queue_setup() - make the ring
 * @q: a fresh queue, with queue.setup held
 * @setup: in and out, checked by the caller for reserved bits
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int p2pv_queue_setup(struct p2pv_queue *q, struct p2pvhci_setup *setup);

/**
 * p2pv_queue_kill() - no more requests; have the ports disconnected
 * @q: the queue
 * @why: what the agent did, for the log
 *
 * Context: any; no queue.lock held.
 */
void p2pv_queue_kill(struct p2pv_queue *q, const char *why);

/**
 * p2pv_queue_close() - the file is gone: end everything the queue carries
 * @q: the queue; the caller's reference is dropped
 *
 * Context: process.
 */
void p2pv_queue_close(struct p2pv_queue *q);

/**
 * p2pv_queue_take() - reserve a slot and OUT space
 * @q: the queue
 * @op: SUBMIT leaves the reserve alone
 * @out_len: bytes of the OUT block, 0 = none
 * @ep: waits in queue.waiting when there is no room; NULL = nobody waits
 *
 * Return: the slot, COPYING, with token and OUT block set; or NULL.
 */
struct p2pv_slot *p2pv_queue_take(struct p2pv_queue *q, enum p2pvhci_op op,
				  u32 out_len, struct p2pv_ep *ep);

/**
 * p2pv_queue_free() - the slot and its OUT block may be used again
 * @q: the queue
 * @slot: nobody knows its token any more
 */
void p2pv_queue_free(struct p2pv_queue *q, struct p2pv_slot *slot);

/**
 * p2pv_queue_publish() - hand a request to the agent
 * @q: the queue
 * @req: the entry
 *
 * Context: any.  A ring that overflows kills the queue.
 * Return: 0, -ESHUTDOWN, -ENOSPC.
 */
int p2pv_queue_publish(struct p2pv_queue *q, struct p2pvhci_req *req);

/**
 * p2pv_queue_arm() - have overdue URBs and waiting endpoints looked after
 * @q: the queue
 * @ms: from now, unless that happens sooner anyway
 */
void p2pv_queue_arm(struct p2pv_queue *q, unsigned int ms);

/** p2pv_queue_kick() - let waiting endpoints try again */
void p2pv_queue_kick(struct p2pv_queue *q);

/**
 * p2pv_queue_lookup() - slot of a token
 * @q: the queue
 * @token: anything
 *
 * Return: the slot whose token this was a moment ago, or NULL.  The caller
 * looks again under the lock that guards the slot.
 */
struct p2pv_slot *p2pv_queue_lookup(struct p2pv_queue *q, u64 token);

static inline u64 p2pv_queue_token(const struct p2pv_queue *q,
				   const struct p2pv_slot *slot)
{
	return p2pv_ring_token(slot->gen, slot - q->slots);
}

/* attach.c --------------------------------------------------------------- */

/**
 * struct p2pv_attach_info - a pending request as tools see it
 * @cookie: its name
 * @state: REQUESTED or CONNECTING
 * @flags: P2PVHCI_PORT_*
 * @grace_ms: wanted
 * @target: what
 * @target_len: bytes
 */
struct p2pv_attach_info {
	u64 cookie;
	enum p2pvhci_port_state state;
	u32 flags;
	const void *target;
	u32 target_len;
};

void p2pv_attach_init(void);
void p2pv_attach_exit(void);

/** p2pv_attach_listen() - @q takes requests from now on; -EBUSY */
int p2pv_attach_listen(struct p2pv_queue *q);

/** p2pv_attach_gone() - @q is closing: fail what waits for it */
void p2pv_attach_gone(struct p2pv_queue *q);

/**
 * p2pv_attach_request() - ask the listening agent for a device
 * @req: flags, timeout and target
 * @cookie: receives the name of the request
 *
 * Return: 0, -ESRCH (nobody listens), -EBUSY (too many wait), -ENOMEM.
 */
int p2pv_attach_request(const struct p2pvhci_attach_request *req, u64 *cookie);

/**
 * p2pv_attach_bind() - plug in what a request asked for
 * @bind: cookie, speed, lanes and labels; the rest comes from the request
 * @epoch: receives the epoch
 *
 * Return: the port or ERR_PTR(), -ENOENT when the cookie is unknown.
 */
struct p2pv_port *p2pv_attach_bind(struct p2pv_port_bind *bind, u32 *epoch);

/**
 * p2pv_attach_done() - the agent's answer
 * @done: checked for reserved bits
 *
 * Return: 0, -ENOENT, -EINVAL.
 */
int p2pv_attach_done(const struct p2pvhci_attach_done *done);

/**
 * p2pv_attach_each() - visit pending requests
 * @skip: how many to pass over
 * @visit: called with attach_lock held; non-zero stops
 * @arg: for @visit
 *
 * Return: what @visit returned last, or 0.
 */
int p2pv_attach_each(unsigned int skip,
		     int (*visit)(const struct p2pv_attach_info *info,
				  void *arg), void *arg);

/* power.c ---------------------------------------------------------------- */

/**
 * p2pv_power_hub_request() - answer a request to a port of the root hub
 * @port: the port that it names
 * @req: the request
 * @buf: answer, room for wLength bytes
 *
 * Has the device suspended before its port is, and resumed before that.
 *
 * Context: process; may wait for the agent, two seconds at most.
 * Return: as p2pv_hub_answer(); -EPIPE also when the device stays awake, or
 * did not wake up, and then is unplugged.
 */
int p2pv_power_hub_request(struct p2pv_port *port,
			   const struct p2pv_hub_request *req, u8 *buf);

/**
 * p2pv_power_wakeup() - a sleeping device wants to be awake
 * @port: where it is
 * @q: the queue that says so
 * @epoch: the device that is meant
 *
 * Context: process.
 * Return: 0, also when it is awake; -ENOENT when it is not bound to this queue;
 * -EINVAL without F_POWER.
 */
int p2pv_power_wakeup(struct p2pv_port *port, const struct p2pv_queue *q,
		      u32 epoch);

/** p2pv_power_wake_work() - wake a port up, and then its hub */
void p2pv_power_wake_work(struct work_struct *work);

/* sleep.c ---------------------------------------------------------------- */

int p2pv_sleep_init(void);
void p2pv_sleep_exit(void);

/* watch.c: see also watch.h ---------------------------------------------- */

/**
 * p2pv_watch_set() - have URBs timed
 * @port: that are submitted to this port
 * @ms: for so long, unless it is longer already; 0 = no more of them
 *
 * Context: process.
 * Return: 0, -ENOENT (no device), -ENOMEM.
 */
int p2pv_watch_set(struct p2pv_port *port, u32 ms);

/** p2pv_watch_left_ms() - how long they still will be; port locked */
u32 p2pv_watch_left_ms(const struct p2pv_port *port);

/** p2pv_watch_reset() - another device, which nobody looks at; port locked */
void p2pv_watch_reset(struct p2pv_port *port);

/* chardev.c, netlink.c --------------------------------------------------- */

int p2pv_chardev_init(void);
void p2pv_chardev_exit(void);

int p2pv_netlink_init(void);
void p2pv_netlink_exit(void);

/**
 * p2pv_netlink_port() - tell watchers that a port changed
 * @port: the port
 *
 * Context: any, no lock held.
 */
void p2pv_netlink_port(struct p2pv_port *port);

/**
 * p2pv_netlink_result() - tell watchers how an attach ended
 * @cookie: its name
 * @port: where, or NULL
 * @status: positive errno, 0 = success
 * @message: sentence, NUL-terminated
 */
void p2pv_netlink_result(u64 cookie, struct p2pv_port *port, u32 status,
			 const char *message);

#endif /* _P2PVHCI_H */
