/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * p2pvhci - contract between the network virtual host controller and its agent.
 *
 * Three parts: the shared ring of one queue, the ioctls of /dev/p2pvhci, and
 * the generic netlink family for tools.  It says nothing about networks: what
 * travels between two machines is <p2pusb/wire.h>.
 */
#ifndef _UAPI_LINUX_P2PVHCI_H
#define _UAPI_LINUX_P2PVHCI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * DOC: Rules of this header
 *
 * Every structure has the same layout at 32 and 64 bit and in both byte
 * orders (fields are host-endian; 64-bit fields are aligned to 8).  Reserved
 * fields and unknown flag bits must be zero and are refused with -EINVAL
 * otherwise.  An ioctl structure starts with its @size as the caller knows it:
 * a smaller one than the kernel's is read as if its tail were zero (but never
 * smaller than in version 1: -EINVAL), a larger one is accepted when its tail
 * is zero (-E2BIG otherwise).
 */

#define P2PVHCI_DEVICE		"/dev/p2pvhci"
#define P2PVHCI_TARGET_MAX	1024	/* bytes of an attach target */
#define P2PVHCI_MESSAGE_MAX	256	/* bytes of a sentence, without NUL */
#define P2PVHCI_GRACE_MAX_MS	600000
#define P2PVHCI_WATCH_MAX_MS	3600000
#define P2PVHCI_NPKT_MAX	128	/* isochronous packets of an URB */

/*
 * DOC: Features
 *
 * SETUP takes the wanted bits and returns those granted.  A bit that is not
 * granted means that the matching operations and fields are not used.
 */
#define P2PVHCI_F_ISO		(1ULL << 0)	/* isochronous packets */
#define P2PVHCI_F_STREAMS	(1ULL << 1)	/* bulk streams */
#define P2PVHCI_F_COPY		(1ULL << 2)	/* IOC_COPY for long transfers */
#define P2PVHCI_F_GRACE		(1ULL << 3)	/* IOC_ADOPT, REPLAY */
#define P2PVHCI_F_POSTED	(1ULL << 4)	/* posted completions */
#define P2PVHCI_F_POWER		(1ULL << 5)	/* SUSPEND, RESUME, wakeup */
/* What this version grants. */
#define P2PVHCI_F_ALL		(P2PVHCI_F_ISO | P2PVHCI_F_STREAMS | \
				 P2PVHCI_F_COPY | P2PVHCI_F_POWER)

/*
 * DOC: Ring
 *
 * One open file is one queue is one ring.  Two mappings (MAP_SHARED, exact
 * size, offset given):
 *
 *   P2PVHCI_MMAP_RO  PROT_READ only: struct p2pvhci_kctl, request entries,
 *                    OUT area.  Written by the kernel.
 *   P2PVHCI_MMAP_RW  struct p2pvhci_uctl, completion entries, IN area.
 *                    Written by the agent, never trusted by the kernel.
 *
 * Indices run freely and are taken modulo the number of entries.  Requests:
 * the kernel fills an entry and stores kctl.rq_tail (release); the agent loads
 * it (acquire), takes entries, stores uctl.rq_head (release).  Completions:
 * the agent fills an entry and stores uctl.cq_tail (release), then calls
 * IOC_ENTER.
 *
 * Sleeping: the agent stores uctl.rq_head for all that it took, sets
 * uctl.need_wakeup, issues a full barrier, reloads kctl.rq_tail, and polls the
 * file only if it did not move.  The kernel
 * stores rq_tail, issues a full barrier, and wakes pollers only if need_wakeup
 * is set and the entry is the first that the agent has not taken.  Polling is
 * level-triggered: while entries are left, poll() does not wait.
 *
 * The OUT bytes of a request belong to its token: they stay readable and
 * unchanged until the agent has submitted the completion of that token,
 * however far rq_head has moved.
 */
#define P2PVHCI_MMAP_RO		0x000000000ULL
#define P2PVHCI_MMAP_RW		0x100000000ULL

/**
 * struct p2pvhci_kctl - kernel's half of the ring control, read-only
 * @rq_tail: requests published
 * @rsv0: zero
 * @cq_head: completions consumed
 * @rsv1: zero
 * @flags: P2PVHCI_KCTL_*
 * @epoch: times this queue was adopted
 * @frame0_ns: CLOCK_MONOTONIC of frame 0
 * @rsv2: zero
 */
struct p2pvhci_kctl {
	__u32 rq_tail;
	__u32 rsv0[15];
	__u32 cq_head;
	__u32 rsv1[15];
	__u32 flags;
	__u32 epoch;
	__aligned_u64 frame0_ns;
	__u32 rsv2[12];
};

#define P2PVHCI_KCTL_DEAD	(1U << 0)	/* queue killed, close the file */

/**
 * struct p2pvhci_uctl - agent's half of the ring control
 * @rq_head: requests consumed
 * @rsv0: zero
 * @cq_tail: completions written
 * @rsv1: zero
 * @need_wakeup: non-zero: the agent is about to sleep in poll()
 * @rsv2: zero
 */
struct p2pvhci_uctl {
	__u32 rq_head;
	__u32 rsv0[15];
	__u32 cq_tail;
	__u32 rsv1[15];
	__u32 need_wakeup;
	__u32 rsv2[15];
};

/**
 * enum p2pvhci_op - request operations
 * @P2PVHCI_OP_SUBMIT: an URB.  Completed by its token.
 * @P2PVHCI_OP_CANCEL: the URB @token is wanted back.  Has no completion of its
 *	own: the SUBMIT is completed with what really happened to it.  Of an
 *	isochronous URB that is complete already, but was not given back yet, it
 *	only says that the driver stops.
 * @P2PVHCI_OP_RESET: reset the device behind @port; endpoint 0, in the order
 *	of its SUBMITs.  Completed by its token.
 * @P2PVHCI_OP_UNBOUND: the kernel has unbound @port (detach); every token of
 *	this port's @epoch is void.  No token, no completion.  @arg is enum
 *	p2pvhci_unbound.
 * @P2PVHCI_OP_ATTACH: only on a listening queue: a tool wants a device.  The
 *	payload at @out_off is struct p2pvhci_attach_request.  Answered by
 *	IOC_ATTACH_DONE with the token as cookie, not by a completion.
 * @P2PVHCI_OP_STREAMS_ALLOC: give bulk endpoints streams; endpoint 0, in the
 *	order of its SUBMITs.  The payload at @out_off are @len endpoint
 *	addresses, @arg is the number of streams wanted for each, 1..65533.
 *	Completed by its token; @actual is the number granted, 1..@arg.
 *	Needs F_STREAMS.
 * @P2PVHCI_OP_STREAMS_FREE: take them back; payload likewise, @arg 0, @actual
 *	0.  Needs F_STREAMS.
 * @P2PVHCI_OP_SUSPEND: the device may sleep; endpoint 0, in the order of its
 *	SUBMITs, and no other request of the port follows before RESUME but
 *	CANCEL and UNBOUND.  @arg is P2PVHCI_SUSPEND_*.  Completed by its token.
 *	Needs F_POWER.
 * @P2PVHCI_OP_RESUME: the device is to be awake; likewise.
 * @P2PVHCI_OP_PING: reserved.
 */
enum p2pvhci_op {
	P2PVHCI_OP_SUBMIT = 1,
	P2PVHCI_OP_CANCEL = 2,
	P2PVHCI_OP_RESET = 3,
	P2PVHCI_OP_UNBOUND = 4,
	P2PVHCI_OP_ATTACH = 5,
	P2PVHCI_OP_STREAMS_ALLOC = 6,
	P2PVHCI_OP_STREAMS_FREE = 7,
	P2PVHCI_OP_SUSPEND = 8,
	P2PVHCI_OP_RESUME = 9,
	P2PVHCI_OP_PING = 10,
};

/* Transfer types of struct p2pvhci_req.type, USB 2.0 table 9-13 order. */
enum p2pvhci_xfer {
	P2PVHCI_XFER_CONTROL = 0,
	P2PVHCI_XFER_ISO = 1,
	P2PVHCI_XFER_BULK = 2,
	P2PVHCI_XFER_INTERRUPT = 3,
};

/**
 * enum p2pvhci_unbound - why the kernel unbound a port
 * @P2PVHCI_UNBOUND_DETACH: for good
 * @P2PVHCI_UNBOUND_SLEEP: the machine goes to sleep: attach it again once it
 *	is awake.  IOC_BIND is -EAGAIN until then
 */
enum p2pvhci_unbound {
	P2PVHCI_UNBOUND_DETACH = 0,
	P2PVHCI_UNBOUND_SLEEP = 1,
};

/* struct p2pvhci_req.arg of OP_SUSPEND */
#define P2PVHCI_SUSPEND_WAKEUP	(1U << 0)	/* it may wake us: EVENT_WAKEUP */

/* struct p2pvhci_req.flags */
#define P2PVHCI_REQ_REPLAY	(1U << 0)	/* published before, F_GRACE */
#define P2PVHCI_REQ_TIMED	(1U << 1)	/* somebody looks: A_WATCH_MS */

/* struct p2pvhci_req.xflags: what the driver asked of the URB */
#define P2PVHCI_XF_SHORT_NOT_OK	(1U << 0)
#define P2PVHCI_XF_ZERO_PACKET	(1U << 1)
#define P2PVHCI_XF_ISO_ASAP	(1U << 2)

#define P2PVHCI_OUT_NONE	0xffffffffU	/* no OUT block */
#define P2PVHCI_OUT_COPY	0xfffffffeU	/* OUT bytes by IOC_COPY, F_COPY */

/**
 * struct p2pvhci_req - one request, kernel to agent, read-only, 64 bytes
 * @token: generation << 32 | slot; names the request on this queue
 * @seq: of whatever is completed by its token: counts up by one per (port,
 *	endpoint) from 1; with @epoch the name that travels on the wire
 * @op: enum p2pvhci_op
 * @ep: bEndpointAddress (bit 7 = IN); 0 for endpoint 0 in both directions
 * @type: enum p2pvhci_xfer
 * @flags: P2PVHCI_REQ_*
 * @port: port number as returned by IOC_BIND
 * @stream: bulk stream id, 0 = none
 * @len: bytes of the transfer (buffer length), or of the payload
 * @npkt: isochronous packets, <= P2PVHCI_NPKT_MAX; their struct p2pvhci_iso
 *	array lies at @out_off, in both directions; OUT bytes follow it, packet
 *	after packet without gaps, @len in all
 * @out_off: offset of the OUT bytes in the OUT area, P2PVHCI_OUT_NONE = none,
 *	P2PVHCI_OUT_COPY = fetch them with IOC_COPY
 * @xflags: P2PVHCI_XF_*
 * @interval: period in the unit of the endpoint's speed, as bInterval decoded
 *	by the driver's urb->interval (frames or microframes)
 * @epoch: which device on this port, see struct p2pvhci_bind
 * @setup: control: the SETUP packet as on the bus (little-endian)
 * @start_frame: isochronous: the frame number (0..2047) of the first packet as
 *	the driver was told; paced by the kernel, which gives the URB back no
 *	sooner than its time has passed, however early it is completed
 * @arg: other operations: see there; 0
 * @t_ns: CLOCK_MONOTONIC when published
 *
 * Control transfers: direction is bit 7 of the first byte of @setup; @len is
 * wLength clipped to the buffer.
 */
struct p2pvhci_req {
	__aligned_u64 token;
	__aligned_u64 seq;
	__u8 op;
	__u8 ep;
	__u8 type;
	__u8 flags;
	__u16 port;
	__u16 stream;
	__u32 len;
	__u32 npkt;
	__u32 out_off;
	__u32 xflags;
	__u32 interval;
	__u32 epoch;
	union {
		__u8 setup[8];
		__s32 start_frame;
		__aligned_u64 arg;
	};
	__aligned_u64 t_ns;
};

/**
 * enum p2pvhci_status - how a request ended
 * @P2PVHCI_ST_OK: done; a short IN is OK (usbcore applies URB_SHORT_NOT_OK)
 * @P2PVHCI_ST_STALL: -EPIPE
 * @P2PVHCI_ST_OVERFLOW: -EOVERFLOW
 * @P2PVHCI_ST_PROTO: -EPROTO
 * @P2PVHCI_ST_CRC: -EILSEQ
 * @P2PVHCI_ST_TIMEOUT: -ETIME
 * @P2PVHCI_ST_COMM: -ECOMM
 * @P2PVHCI_ST_NOSR: -ENOSR
 * @P2PVHCI_ST_XDEV: -EXDEV
 * @P2PVHCI_ST_NODEV: -ESHUTDOWN; the device is gone
 * @P2PVHCI_ST_CANCELLED: -ECONNRESET; only after CANCEL, otherwise PROTO
 * @P2PVHCI_ST_REMOTEIO: -EREMOTEIO, short with XF_SHORT_NOT_OK
 * @P2PVHCI_ST_NOSPC: -ENOSPC
 * @P2PVHCI_ST_MAX: first value that is a violation
 */
enum p2pvhci_status {
	P2PVHCI_ST_OK = 0,
	P2PVHCI_ST_STALL = 1,
	P2PVHCI_ST_OVERFLOW = 2,
	P2PVHCI_ST_PROTO = 3,
	P2PVHCI_ST_CRC = 4,
	P2PVHCI_ST_TIMEOUT = 5,
	P2PVHCI_ST_COMM = 6,
	P2PVHCI_ST_NOSR = 7,
	P2PVHCI_ST_XDEV = 8,
	P2PVHCI_ST_NODEV = 9,
	P2PVHCI_ST_CANCELLED = 10,
	P2PVHCI_ST_REMOTEIO = 11,
	P2PVHCI_ST_NOSPC = 12,
	P2PVHCI_ST_MAX,
};

/* struct p2pvhci_cmp.flags */
#define P2PVHCI_CMP_COPIED	(1U << 0)	/* IN bytes came by IOC_COPY */

/**
 * struct p2pvhci_cmp - one completion, agent to kernel, 32 bytes
 * @token: of the request; each token is completed exactly once
 * @status: enum p2pvhci_status
 * @flags: P2PVHCI_CMP_*
 * @errs: isochronous packets with an error
 * @actual: bytes moved, both directions, <= req.len; kept also on error
 * @in_off: IN: where in the IN area the bytes lie; the area may be reused when
 *	ENTER has consumed the completion.  0 when nothing is to be copied.
 * @iso_off: where in the IN area the struct p2pvhci_iso array of all req.npkt
 *	packets lies, aligned to 4; 0 when npkt is 0.  Each @len is at most
 *	that of the request; their sum is @actual; IN bytes lie at @in_off
 *	packet after packet without gaps
 * @start_frame: 0
 * @dev_us: microseconds the transfer spent at the far host controller, 0 =
 *	not known; for statistics only
 *
 * A violation (unknown or stale token, actual > len, range outside the IN
 * area, non-zero reserved bits) kills the queue, nothing else.
 */
struct p2pvhci_cmp {
	__aligned_u64 token;
	__u8 status;
	__u8 flags;
	__u16 errs;
	__u32 actual;
	__u32 in_off;
	__u32 iso_off;
	__s32 start_frame;
	__u32 dev_us;
};

/**
 * struct p2pvhci_iso - one isochronous packet
 * @len: request: bytes of the packet; completion: bytes moved
 * @status: completion: enum p2pvhci_status
 * @rsv: zero
 */
struct p2pvhci_iso {
	__u32 len;
	__u16 status;
	__u16 rsv;
};

/* struct p2pvhci_setup.flags */
#define P2PVHCI_SETUP_LISTEN	(1U << 0)	/* this queue takes OP_ATTACH */

#define P2PVHCI_TAGS_MIN	8
#define P2PVHCI_TAGS_MAX	2048
#define P2PVHCI_AREA_MIN	(64U << 10)
#define P2PVHCI_AREA_MAX	(64U << 20)

/**
 * struct p2pvhci_setup - IOC_SETUP: make the ring of this file, once
 * @size: sizeof(struct p2pvhci_setup)
 * @flags: P2PVHCI_SETUP_*; one listening queue at a time (-EBUSY)
 * @features: in: wanted, out: granted P2PVHCI_F_*
 * @tags: in: requests that may be outstanding, TAGS_MIN..TAGS_MAX
 * @rq_entries: out: power of two
 * @cq_entries: out: power of two, >= tags
 * @out_bytes: in: OUT area, AREA_MIN..AREA_MAX, a multiple of the page size
 * @in_bytes: in: IN area, likewise
 * @ro_bytes: out: length of the mapping at P2PVHCI_MMAP_RO
 * @rw_bytes: out: length of the mapping at P2PVHCI_MMAP_RW
 * @off_rq: out: request entries, offset in RO (kctl is at 0)
 * @off_out: out: OUT area, offset in RO
 * @off_cq: out: completion entries, offset in RW (uctl is at 0)
 * @off_in: out: IN area, offset in RW
 * @queue_id: out: random name of this queue, for IOC_ADOPT
 * @rsv0: zero
 * @rsv1: zero
 *
 * A transfer longer than half of the area of its direction needs F_COPY;
 * without it, and if isochronous, it is refused to the driver with -EMSGSIZE.
 * The memory counts against the memory
 * cgroup of the caller.
 *
 * Return: 0, -EBUSY (already set up, or somebody listens), -EINVAL, -ENOMEM.
 */
struct p2pvhci_setup {
	__u32 size;
	__u32 flags;
	__aligned_u64 features;
	__u32 tags;
	__u32 rq_entries;
	__u32 cq_entries;
	__u32 rsv0;
	__u32 out_bytes;
	__u32 in_bytes;
	__u32 ro_bytes;
	__u32 rw_bytes;
	__u32 off_rq;
	__u32 off_out;
	__u32 off_cq;
	__u32 off_in;
	__u8 queue_id[16];
	__aligned_u64 rsv1[4];
};

/**
 * struct p2pvhci_enter - IOC_ENTER: hand over the completions written so far
 * @size: sizeof(struct p2pvhci_enter)
 * @flags: zero
 * @done: out: completions consumed
 * @rsv: zero
 *
 * Never blocks on the agent or the network; URBs are given back in the
 * caller's context.
 *
 * Return: 0, -ESHUTDOWN (queue is dead: close the file), -EINVAL.
 */
struct p2pvhci_enter {
	__u32 size;
	__u32 flags;
	__u32 done;
	__u32 rsv[5];
};

/* Speeds, the order of enum usb_device_speed is not relied upon. */
enum p2pvhci_speed {
	P2PVHCI_SPEED_LOW = 1,
	P2PVHCI_SPEED_FULL = 2,
	P2PVHCI_SPEED_HIGH = 3,
	P2PVHCI_SPEED_SUPER = 4,
	P2PVHCI_SPEED_SUPER_PLUS = 5,
	P2PVHCI_SPEED_MAX,
};

/* struct p2pvhci_bind.flags, P2PVHCI_A_PORT_FLAGS */
#define P2PVHCI_PORT_UNAUTHORIZED (1U << 0)	/* leave authorized = 0 */
/* Unplug when the machine goes to sleep; else it may not sleep. */
#define P2PVHCI_PORT_SLEEP_DETACH (1U << 1)
#define P2PVHCI_PORT_FLAGS	(P2PVHCI_PORT_UNAUTHORIZED | \
				 P2PVHCI_PORT_SLEEP_DETACH)

/**
 * struct p2pvhci_bind - IOC_BIND: plug a device into a free port
 * @size: sizeof(struct p2pvhci_bind)
 * @flags: P2PVHCI_PORT_*, when @cookie is 0; else they come with the attach
 *	request, and this is zero
 * @cookie: token of the OP_ATTACH that is being served; 0 = the agent's own
 *	standing attach, then @target names it
 * @target: address of the target text, when @cookie is 0
 * @target_len: its bytes, <= P2PVHCI_TARGET_MAX
 * @speed: enum p2pvhci_speed; below SUPER a USB 2 port is taken
 * @lanes: SUPER_PLUS: lanes in each direction, else 0
 * @rsv0: zero
 * @vid: idVendor, a label for status only
 * @pid: idProduct, a label for status only
 * @grace_ms: how long the port outlives its agent, F_GRACE; 0
 * @port: out: port number, unique on this machine while bound
 * @epoch: out: names this device on this port; counts up
 * @rsv1: zero
 *
 * The port raises CONNECTION at once: the device's requests follow on the
 * queue of this file.
 *
 * Return: 0, -ENOSPC (no free port), -ETIMEDOUT (none came within a second),
 * -ENOENT (cookie unknown or timed out), -EAGAIN (the machine goes to sleep),
 * -ESHUTDOWN, -EINVAL.
 */
struct p2pvhci_bind {
	__u32 size;
	__u32 flags;
	__aligned_u64 cookie;
	__aligned_u64 target;
	__u32 target_len;
	__u8 speed;
	__u8 lanes;
	__u16 rsv0;
	__u16 vid;
	__u16 pid;
	__u32 grace_ms;
	__u32 port;
	__u32 epoch;
	__aligned_u64 rsv1[4];
};

/**
 * struct p2pvhci_unbind - IOC_UNBIND: the device is gone
 * @size: sizeof(struct p2pvhci_unbind)
 * @port: a port of this queue
 * @epoch: as returned by IOC_BIND
 * @status: errno (positive) for the port notification, 0 = as asked
 * @rsv: zero
 *
 * Every URB of the port is given back -ESHUTDOWN and the port disconnects.
 * Outstanding tokens of the port become void; completing one later is legal
 * and has no effect but to free its slot.
 *
 * Return: 0, -ENOENT (not bound to this queue with this epoch).
 */
struct p2pvhci_unbind {
	__u32 size;
	__u32 port;
	__u32 epoch;
	__u32 status;
	__aligned_u64 rsv[2];
};

/**
 * struct p2pvhci_attach_request - payload of OP_ATTACH in the OUT area
 * @flags: P2PVHCI_PORT_*
 * @grace_ms: wanted grace
 * @timeout_ms: the tool gives up after this
 * @target_len: bytes of @target
 * @target: what to attach, opaque for the kernel, not NUL-terminated
 */
struct p2pvhci_attach_request {
	__u32 flags;
	__u32 grace_ms;
	__u32 timeout_ms;
	__u32 target_len;
	__u8 target[];
};

/**
 * struct p2pvhci_attach_done - IOC_ATTACH_DONE: answer to OP_ATTACH
 * @size: sizeof(struct p2pvhci_attach_done)
 * @status: 0 = bound (IOC_BIND with this cookie came first), else a positive
 *	errno
 * @cookie: token of the OP_ATTACH
 * @message: sentence for the person, valid UTF-8, NUL-padded
 * @rsv: zero
 *
 * Return: 0, -ENOENT (unknown or timed out), -EINVAL.
 */
struct p2pvhci_attach_done {
	__u32 size;
	__u32 status;
	__aligned_u64 cookie;
	char message[P2PVHCI_MESSAGE_MAX];
	__aligned_u64 rsv[2];
};

/**
 * struct p2pvhci_copy - IOC_COPY: move bytes of a long transfer, F_COPY
 * @size: sizeof(struct p2pvhci_copy)
 * @flags: zero
 * @token: a SUBMIT that is outstanding, not isochronous
 * @addr: memory of the caller
 * @off: first byte of the transfer
 * @len: how many, @off + @len <= req.len
 * @rsv: zero
 *
 * OUT: the bytes are written to @addr.  IN: they are read from @addr; the
 * completion then says CMP_COPIED, which holds for all of its @actual bytes.
 * IN bytes come without gaps: @off is at most what was copied so far.
 * A transfer longer than half of the area of its direction moves this way
 * only; others may.
 *
 * Context: may fault on @addr; never holds an unlink up.
 * Return: 0, -ENOENT (token not outstanding), -ECANCELED (the URB was given
 * back meanwhile: complete the token all the same), -EFAULT, -EINVAL,
 * -ESHUTDOWN.
 */
struct p2pvhci_copy {
	__u32 size;
	__u32 flags;
	__aligned_u64 token;
	__aligned_u64 addr;
	__u32 off;
	__u32 len;
	__aligned_u64 rsv[2];
};

/**
 * enum p2pvhci_event - what an agent tells of a port
 * @P2PVHCI_EVENT_WAKEUP: the suspended device wants to be awake.  F_POWER
 * @P2PVHCI_EVENT_RATE: @arg: how much shorter (> 0) the frames of the far host
 *	are than ours, in parts per 10^9, -RATE_MAX..RATE_MAX; isochronous URBs
 *	of the port are paced that much faster from now on.  F_ISO
 * @P2PVHCI_EVENT_MAX: first value that is refused
 */
enum p2pvhci_event {
	P2PVHCI_EVENT_WAKEUP = 1,
	P2PVHCI_EVENT_RATE = 2,
	P2PVHCI_EVENT_MAX,
};

#define P2PVHCI_EVENT_RATE_MAX	1000000	/* 1000 ppm, twice what USB allows */

/**
 * struct p2pvhci_port_event - IOC_PORT_EVENT
 * @size: sizeof(struct p2pvhci_port_event)
 * @port: a port of this queue
 * @epoch: as returned by IOC_BIND
 * @event: enum p2pvhci_event
 * @arg: see there, else 0
 * @rsv: zero
 *
 * Return: 0, -ENOENT (not bound to this queue with this epoch), -EINVAL.
 */
struct p2pvhci_port_event {
	__u32 size;
	__u32 port;
	__u32 epoch;
	__u32 event;
	__s64 arg;
	__aligned_u64 rsv[2];
};

#define P2PVHCI_IOC_SETUP	_IOWR(0xb9, 0x00, struct p2pvhci_setup)
#define P2PVHCI_IOC_ENTER	_IOWR(0xb9, 0x01, struct p2pvhci_enter)
#define P2PVHCI_IOC_BIND	_IOWR(0xb9, 0x02, struct p2pvhci_bind)
#define P2PVHCI_IOC_UNBIND	_IOW(0xb9, 0x03, struct p2pvhci_unbind)
#define P2PVHCI_IOC_ATTACH_DONE	_IOW(0xb9, 0x04, struct p2pvhci_attach_done)
/* 0x05 ADOPT (F_GRACE) */
#define P2PVHCI_IOC_COPY	_IOW(0xb9, 0x06, struct p2pvhci_copy)
#define P2PVHCI_IOC_PORT_EVENT	_IOW(0xb9, 0x07, struct p2pvhci_port_event)

/*
 * DOC: Generic netlink family "p2pvhci"
 *
 * For tools.  Source of truth: Documentation/netlink/specs/p2pvhci.yaml.
 * ATTACH and DETACH and PORT_SET need CAP_SYS_ADMIN in the initial user
 * namespace; reading needs nothing.  The family exists in the initial network
 * namespace only.
 */
#define P2PVHCI_GENL_NAME	"p2pvhci"
#define P2PVHCI_GENL_VERSION	1
#define P2PVHCI_GENL_GROUP_PORTS "ports"

/**
 * enum p2pvhci_cmd - netlink commands
 * @P2PVHCI_CMD_UNSPEC: refused
 * @P2PVHCI_CMD_PORT_GET: do: A_PORT -> that port; dump: all that are not EMPTY
 * @P2PVHCI_CMD_PORT_NTF: group "ports": a port changed, or an attach ended.
 *	Carries A_COOKIE and, when an attach failed, A_STATUS and A_MESSAGE
 * @P2PVHCI_CMD_ATTACH: A_TARGET, [A_TIMEOUT_MS, A_GRACE_MS, A_PORT_FLAGS] ->
 *	A_COOKIE at once; the result follows as PORT_NTF with that cookie.
 *	-ESRCH with a sentence when no agent listens
 * @P2PVHCI_CMD_DETACH: A_PORT [A_EPOCH]: disconnect at once
 * @P2PVHCI_CMD_PORT_SET: A_PORT [A_GRACE_MS, A_WATCH_MS]
 * @P2PVHCI_CMD_STATS_GET: dump: of every port that is not EMPTY A_PORT,
 *	A_WATCH_MS and the counters; then of each endpoint in use the same
 *	counters with A_EP and A_EP_TYPE, and A_TIMES_* if the port was ever
 *	watched
 */
enum p2pvhci_cmd {
	P2PVHCI_CMD_UNSPEC,
	P2PVHCI_CMD_PORT_GET,
	P2PVHCI_CMD_PORT_NTF,
	P2PVHCI_CMD_ATTACH,
	P2PVHCI_CMD_DETACH,
	P2PVHCI_CMD_PORT_SET,
	P2PVHCI_CMD_STATS_GET,
	__P2PVHCI_CMD_AFTER_LAST,
	P2PVHCI_CMD_MAX = __P2PVHCI_CMD_AFTER_LAST - 1
};

/**
 * enum p2pvhci_port_state - life of a port
 * @P2PVHCI_PORT_EMPTY: nothing here
 * @P2PVHCI_PORT_REQUESTED: an attach waits for the agent to take it
 * @P2PVHCI_PORT_CONNECTING: the agent dials
 * @P2PVHCI_PORT_ATTACHED: device on the bus
 * @P2PVHCI_PORT_LOST: agent gone, within grace; URBs are held
 * @P2PVHCI_PORT_DETACHING: disconnect under way, requests outstanding
 */
enum p2pvhci_port_state {
	P2PVHCI_PORT_EMPTY,
	P2PVHCI_PORT_REQUESTED,
	P2PVHCI_PORT_CONNECTING,
	P2PVHCI_PORT_ATTACHED,
	P2PVHCI_PORT_LOST,
	P2PVHCI_PORT_DETACHING,
	P2PVHCI_PORT_NSTATES
};

/**
 * enum p2pvhci_attr - netlink attributes
 * @P2PVHCI_A_UNSPEC: refused
 * @P2PVHCI_A_PAD: alignment
 * @P2PVHCI_A_PORT: u32, port number
 * @P2PVHCI_A_STATE: u32, enum p2pvhci_port_state
 * @P2PVHCI_A_SPEED: u32, enum p2pvhci_speed
 * @P2PVHCI_A_COOKIE: u64, names an attach from request to result
 * @P2PVHCI_A_TARGET: binary, 1..P2PVHCI_TARGET_MAX bytes, opaque
 * @P2PVHCI_A_GRACE_MS: u32, 0..P2PVHCI_GRACE_MAX_MS
 * @P2PVHCI_A_TIMEOUT_MS: u32, 100..120000, default 30000
 * @P2PVHCI_A_PORT_FLAGS: u32, P2PVHCI_PORT_*
 * @P2PVHCI_A_STATUS: u32, positive errno, 0 = success
 * @P2PVHCI_A_MESSAGE: string, a sentence from the agent, <= MESSAGE_MAX
 * @P2PVHCI_A_EPOCH: u32
 * @P2PVHCI_A_VID: u16, label
 * @P2PVHCI_A_PID: u16, label
 * @P2PVHCI_A_BUSNUM: u32, USB bus of the root hub
 * @P2PVHCI_A_RHPORT: u32, port of that root hub, from 1
 * @P2PVHCI_A_SINCE_NS: u64, CLOCK_BOOTTIME of the last change of state
 * @P2PVHCI_A_URBS: u64, URBs given back
 * @P2PVHCI_A_BYTES_IN: u64
 * @P2PVHCI_A_BYTES_OUT: u64
 * @P2PVHCI_A_ERRORS: u64, URBs given back with an error other than unlink
 * @P2PVHCI_A_CANCELS: u64, URBs unlinked
 * @P2PVHCI_A_IN_FLIGHT: u32, URBs published and not completed
 * @P2PVHCI_A_ZOMBIES: u32, slots whose completion is overdue
 * @P2PVHCI_A_EP: u32, bEndpointAddress, 0 for endpoint 0
 * @P2PVHCI_A_EP_TYPE: u32, enum p2pvhci_xfer of the last URB
 * @P2PVHCI_A_WATCH_MS: u32, 0..P2PVHCI_WATCH_MAX_MS: URBs that are submitted to
 *	this port within that time from now on are timed, 0 = no more of them;
 *	a longer watch that somebody else set stays.  In STATS_GET what is left
 * @P2PVHCI_A_TIMES_KERNEL: struct p2pvhci_times, of timed URBs: submitted until
 *	published, and completion handed in until given back
 * @P2PVHCI_A_TIMES_LINK: likewise, published until the completion was handed
 *	in, less TIMES_DEVICE: agent, network, and the far machine
 * @P2PVHCI_A_TIMES_DEVICE: likewise, struct p2pvhci_cmp.dev_us
 */
enum p2pvhci_attr {
	P2PVHCI_A_UNSPEC,
	P2PVHCI_A_PAD,
	P2PVHCI_A_PORT,
	P2PVHCI_A_STATE,
	P2PVHCI_A_SPEED,
	P2PVHCI_A_COOKIE,
	P2PVHCI_A_TARGET,
	P2PVHCI_A_GRACE_MS,
	P2PVHCI_A_TIMEOUT_MS,
	P2PVHCI_A_PORT_FLAGS,
	P2PVHCI_A_STATUS,
	P2PVHCI_A_MESSAGE,
	P2PVHCI_A_EPOCH,
	P2PVHCI_A_VID,
	P2PVHCI_A_PID,
	P2PVHCI_A_BUSNUM,
	P2PVHCI_A_RHPORT,
	P2PVHCI_A_SINCE_NS,
	P2PVHCI_A_URBS,
	P2PVHCI_A_BYTES_IN,
	P2PVHCI_A_BYTES_OUT,
	P2PVHCI_A_ERRORS,
	P2PVHCI_A_CANCELS,
	P2PVHCI_A_IN_FLIGHT,
	P2PVHCI_A_ZOMBIES,
	P2PVHCI_A_EP,
	P2PVHCI_A_EP_TYPE,
	P2PVHCI_A_WATCH_MS,
	P2PVHCI_A_TIMES_KERNEL,
	P2PVHCI_A_TIMES_LINK,
	P2PVHCI_A_TIMES_DEVICE,
	__P2PVHCI_A_AFTER_LAST,
	P2PVHCI_A_MAX = __P2PVHCI_A_AFTER_LAST - 1
};

#define P2PVHCI_TIMES_BUCKETS	32
#define P2PVHCI_TIMES_MIN_NS	256	/* end of the first bucket */

/**
 * struct p2pvhci_times - binary attribute: how long something took
 * @sum_ns: of all
 * @buckets: how many took less than TIMES_MIN_NS << index, and not less than
 *	half of that but for the first; the last has also all that took longer
 *
 * Counts up from the bind of the port, isochronous URBs (which are paced) and
 * those that the agent never completed left out.  The same URBs are in each
 * of A_TIMES_*.
 */
struct p2pvhci_times {
	__aligned_u64 sum_ns;
	__aligned_u64 buckets[P2PVHCI_TIMES_BUCKETS];
};

/* Layout, checked by every compiler that reads this header. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct p2pvhci_kctl) == 192, "kctl");
_Static_assert(sizeof(struct p2pvhci_uctl) == 192, "uctl");
_Static_assert(sizeof(struct p2pvhci_req) == 64, "req");
_Static_assert(sizeof(struct p2pvhci_cmp) == 32, "cmp");
_Static_assert(sizeof(struct p2pvhci_iso) == 8, "iso");
_Static_assert(sizeof(struct p2pvhci_setup) == 112, "setup");
_Static_assert(sizeof(struct p2pvhci_enter) == 32, "enter");
_Static_assert(sizeof(struct p2pvhci_bind) == 80, "bind");
_Static_assert(sizeof(struct p2pvhci_unbind) == 32, "unbind");
_Static_assert(sizeof(struct p2pvhci_attach_request) == 16, "attach_request");
_Static_assert(sizeof(struct p2pvhci_attach_done) == 288, "attach_done");
_Static_assert(sizeof(struct p2pvhci_copy) == 48, "copy");
_Static_assert(sizeof(struct p2pvhci_port_event) == 40, "port_event");
_Static_assert(sizeof(struct p2pvhci_times) == 264, "times");
_Static_assert(__builtin_offsetof(struct p2pvhci_kctl, cq_head) == 64, "kctl");
_Static_assert(__builtin_offsetof(struct p2pvhci_kctl, flags) == 128, "kctl");
_Static_assert(__builtin_offsetof(struct p2pvhci_uctl, cq_tail) == 64, "uctl");
_Static_assert(__builtin_offsetof(struct p2pvhci_req, len) == 24, "req");
_Static_assert(__builtin_offsetof(struct p2pvhci_req, setup) == 48, "req");
_Static_assert(__builtin_offsetof(struct p2pvhci_cmp, in_off) == 16, "cmp");
#endif

#endif /* _UAPI_LINUX_P2PVHCI_H */
