/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring - user half of one queue of /dev/p2pvhci.
 *
 * Both mappings, the requests, the completions and the allocator of the IN
 * area.  Knows no USB and no link; does not wait: the owner polls ring->fd.
 *
 * One thread owns a ring.  ring_attach_done() alone may be called on another
 * thread's ring: it touches nothing but the file.
 */
#ifndef P2PUSB_LIB_RING_H
#define P2PUSB_LIB_RING_H

#include <linux/p2pvhci.h>
#include <stddef.h>
#include <stdint.h>

#define RING_BLOCK	512u		/* IN area is given out in these */
#define RING_NO_SPACE	0xffffffffu

/**
 * struct ring_params - what ring_open() asks for
 * @features: P2PVHCI_F_* wanted; what was granted is in ring->setup
 * @flags: P2PVHCI_SETUP_*
 * @tags: requests that may be outstanding
 * @out_bytes: OUT area
 * @in_bytes: IN area
 */
struct ring_params {
	uint64_t features;
	uint32_t flags;
	uint32_t tags;
	uint32_t out_bytes;
	uint32_t in_bytes;
};

/**
 * struct ring_extent - a piece of the IN area
 * @off: offset, RING_NO_SPACE = none
 * @len: bytes asked for
 */
struct ring_extent {
	uint32_t off;
	uint32_t len;
};

/**
 * struct ring - one queue
 * @fd: the file; poll() it for EPOLLIN
 * @setup: as granted
 * @ro: mapping the kernel writes
 * @rw: mapping we write
 * @kctl: in @ro
 * @uctl: in @rw
 * @rq: request entries
 * @cq: completion entries
 * @out: OUT area
 * @in: IN area
 * @rq_head: requests taken
 * @cq_tail: completions written
 * @cq_done: completions the kernel has consumed
 * @held: pieces of the IN area that completion entries own
 * @map: IN area, one bit a block, set = taken
 * @map_words: words of @map
 * @map_hint: no free block before this word
 */
struct ring {
	int fd;
	struct p2pvhci_setup setup;
	const uint8_t *ro;
	uint8_t *rw;
	const struct p2pvhci_kctl *kctl;
	struct p2pvhci_uctl *uctl;
	const struct p2pvhci_req *rq;
	struct p2pvhci_cmp *cq;
	const uint8_t *out;
	uint8_t *in;
	uint32_t rq_head;
	uint32_t cq_tail;
	uint32_t cq_done;
	struct ring_extent *held;
	uint64_t *map;
	uint32_t map_words;
	uint32_t map_hint;
};

/**
 * ring_open() - open the device, make a queue and map it
 * @params: sizes
 * @ring: filled
 *
 * Return: 0, -ENOENT or -ENODEV (module not loaded), -EACCES, -EBUSY (somebody
 * listens), -ENOMEM, other negative errno.
 */
int ring_open(const struct ring_params *params, struct ring *ring);

/**
 * ring_init() - use mappings that are there
 * @ring: @fd, @setup, @ro and @rw are set; the rest is filled
 *
 * For ring_open() and for tests, which lay out the two mappings themselves.
 *
 * Return: 0, -EINVAL (offsets of @setup do not fit), -ENOMEM.
 */
int ring_init(struct ring *ring);

/**
 * ring_close() - unmap and close; the kernel unplugs what was bound
 * @ring: open, or all zero with @fd -1
 */
void ring_close(struct ring *ring);

/**
 * ring_dead() - has the kernel killed this queue?
 * @ring: open
 *
 * Return: non-zero when it has.
 */
int ring_dead(const struct ring *ring);

/**
 * ring_next() - take one request
 * @ring: open
 * @req: copy of it
 *
 * The entry may be reused by the kernel at once; the OUT bytes stay until the
 * completion was handed over.
 *
 * Return: non-zero when there was one.
 */
int ring_next(struct ring *ring, struct p2pvhci_req *req);

/**
 * ring_waiting() - is there a request?
 * @ring: open
 *
 * Return: non-zero when ring_next() would take one.
 */
int ring_waiting(const struct ring *ring);

/**
 * ring_out() - OUT bytes of a request
 * @ring: open
 * @req: of ring_next()
 *
 * Return: @req->len bytes, of an isochronous request those behind the packets;
 * NULL when it has none, or they would lie outside, or ring_copy() fetches them.
 */
const void *ring_out(const struct ring *ring, const struct p2pvhci_req *req);

/**
 * ring_packets() - packets of an isochronous request
 * @ring: open
 * @req: of ring_next()
 *
 * Return: @req->npkt packets; NULL when it has none, or they would lie outside.
 */
const struct p2pvhci_iso *ring_packets(const struct ring *ring,
				       const struct p2pvhci_req *req);

/**
 * ring_granted() - may a feature be used?
 * @ring: open
 * @feature: P2PVHCI_F_*
 *
 * Return: non-zero when the kernel granted it.
 */
int ring_granted(const struct ring *ring, uint64_t feature);

/**
 * ring_copy() - move bytes of a long transfer, F_COPY
 * @ring: open
 * @req: SUBMIT that is not complete; its first @len bytes
 * @buf: OUT: filled; IN: read, the completion then says CMP_COPIED
 * @len: bytes, > 0
 *
 * Return: 0; -ECANCELED (the driver has it back: complete it all the same),
 * -ENOENT, -EFAULT, -EINVAL, -ESHUTDOWN.
 */
int ring_copy(const struct ring *ring, const struct p2pvhci_req *req, void *buf,
	      uint32_t len);

/**
 * ring_sleep() - ask for wake-ups before waiting
 * @ring: open
 *
 * Return: non-zero when a request came meanwhile: take it instead of waiting.
 */
int ring_sleep(struct ring *ring);

/**
 * ring_wake() - awake again: the kernel need not tell
 * @ring: open
 */
void ring_wake(struct ring *ring);

/**
 * ring_in_get() - take a piece of the IN area
 * @ring: open
 * @len: bytes, > 0
 *
 * Return: its offset, RING_NO_SPACE when no hole is large enough now.
 */
uint32_t ring_in_get(struct ring *ring, uint32_t len);

/**
 * ring_in_put() - give back a piece that no completion names
 * @ring: open
 * @off: of ring_in_get()
 * @len: same as there
 */
void ring_in_put(struct ring *ring, uint32_t off, uint32_t len);

/**
 * ring_complete() - write one completion
 * @ring: open
 * @cmp: what happened
 * @extent: piece of the IN area that goes with it, free again after
 *	ring_enter(); NULL = none
 *
 * Return: 0, -ENOSPC when all entries wait for ring_enter().
 */
int ring_complete(struct ring *ring, const struct p2pvhci_cmp *cmp,
		  const struct ring_extent *extent);

/**
 * ring_pending() - completions written and not handed over
 * @ring: open
 *
 * Return: their number.
 */
uint32_t ring_pending(const struct ring *ring);

/**
 * ring_enter() - hand them over; their pieces of the IN area are free again
 * @ring: open
 *
 * Return: 0, -ESHUTDOWN (queue is dead).
 */
int ring_enter(struct ring *ring);

/**
 * ring_bind() - plug a device into a free port
 * @ring: open
 * @bind: see <linux/p2pvhci.h>; @size is filled here
 *
 * Return: 0; -ENOSPC, -ENOENT, -ESHUTDOWN, -EINVAL.
 */
int ring_bind(struct ring *ring, struct p2pvhci_bind *bind);

/**
 * ring_unbind() - unplug it
 * @ring: open
 * @port: of ring_bind()
 * @epoch: of ring_bind()
 * @status: positive errno, 0 = as asked
 *
 * Return: 0; -ENOENT when it is not bound any more.
 */
int ring_unbind(struct ring *ring, uint32_t port, uint32_t epoch,
		uint32_t status);

/**
 * ring_port_event() - tell something of a port
 * @ring: open
 * @port: of ring_bind()
 * @epoch: of ring_bind()
 * @event: enum p2pvhci_event
 * @arg: see there
 *
 * Return: 0; -ENOENT when it is not bound any more; -EINVAL.
 */
int ring_port_event(const struct ring *ring, uint32_t port, uint32_t epoch,
		    uint32_t event, int64_t arg);

/**
 * ring_attach_done() - answer an attach request
 * @fd: of the listening queue; any thread
 * @cookie: token of the request
 * @status: 0 or positive errno
 * @message: sentence; cut to what fits, bytes that are no text replaced
 *
 * Return: 0; -ENOENT when the tool has given up.
 */
int ring_attach_done(int fd, uint64_t cookie, uint32_t status,
		     const char *message);

#endif /* P2PUSB_LIB_RING_H */
