// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paper_kernel - the kernel's half of a ring, for one process.
 *
 * Stands in for ring_open(), ring_close() and ioctl() of lib/ring.c.  Trusted
 * by the agent, so everything it publishes is as the contract has it.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "paper_kernel.h"
#include "wrap.h"

#define AREA		(64u << 10)	/* OUT and IN */
#define SHARE		(AREA / PAPER_TAGS)	/* of a request in OUT */
#define HEAD		4096u
#define LENGTH_MAX	(192u << 10)

struct paper_kernel paper_kernel;

/* The queue */

int __wrap_ring_open(const struct ring_params *params, struct ring *ring)
{
	struct p2pvhci_setup *s = &ring->setup;

	memset(ring, 0, sizeof(*ring));
	fuzz_check(!paper_kernel.ring);
	s->features = params->features;
	s->rq_entries = 4 * PAPER_TAGS;
	s->cq_entries = PAPER_TAGS;
	s->tags = PAPER_TAGS;
	s->out_bytes = AREA;
	s->in_bytes = AREA;
	s->off_rq = HEAD;
	s->off_out = 2 * HEAD;
	s->ro_bytes = s->off_out + AREA;
	s->off_cq = HEAD;
	s->off_in = 2 * HEAD;
	s->rw_bytes = s->off_in + AREA;
	ring->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fuzz_check(ring->fd >= 0);
	ring->ro = calloc(1, s->ro_bytes);
	ring->rw = calloc(1, s->rw_bytes);
	fuzz_check(ring->ro && ring->rw && !ring_init(ring));
	paper_kernel.ring = ring;
	paper_kernel.opened++;
	paper_kernel.taken = 0;
	return 0;
}

/* What was completed and not handed over counts: nobody asks for it again. */
void __wrap_ring_close(struct ring *ring)
{
	unsigned int i;

	if (!ring_dead(ring))
		paper_kernel_consume();
	for (i = 0; i < PAPER_TAGS; i++) {
		fuzz_check(!paper_kernel.slots[i].busy || ring_dead(ring));
		paper_kernel.slots[i].busy = 0;
	}
	for (i = 0; i < PAPER_PORTS; i++)
		paper_kernel.ports[i].bound = 0;
	paper_kernel.ring = NULL;
	close(ring->fd);
	free((void *)ring->ro);
	free(ring->rw);
	free(ring->map);
	free(ring->held);
	memset(ring, 0, sizeof(*ring));
	ring->fd = -1;
}

void paper_kernel_kill(void)
{
	struct p2pvhci_kctl *kctl;

	if (!paper_kernel.ring)
		return;
	kctl = (void *)(uintptr_t)paper_kernel.ring->kctl;
	kctl->flags |= P2PVHCI_KCTL_DEAD;
}

/* Completions */

static int in_area(uint64_t off, uint64_t len)
{
	return off <= AREA && len <= AREA - off;
}

static int is_in(const struct p2pvhci_req *req)
{
	if (req->op != P2PVHCI_OP_SUBMIT)
		return 0;
	return req->type == P2PVHCI_XFER_CONTROL ? req->setup[0] & 0x80 :
						   req->ep & 0x80;
}

static void check_packets(const struct paper_slot *slot,
			  const struct p2pvhci_cmp *cmp)
{
	const uint8_t *area = paper_kernel.ring->in;
	struct p2pvhci_iso packet;
	uint32_t errs = 0;
	uint64_t sum = 0;
	uint32_t i;

	fuzz_check(!(cmp->iso_off & 3));
	fuzz_check(in_area(cmp->iso_off, slot->req.npkt * sizeof(packet)));
	for (i = 0; i < slot->req.npkt; i++) {
		memcpy(&packet, area + cmp->iso_off + i * sizeof(packet),
		       sizeof(packet));
		fuzz_check(packet.len <= slot->lens[i] && !packet.rsv);
		fuzz_check(packet.status < P2PVHCI_ST_MAX);
		errs += packet.status != P2PVHCI_ST_OK;
		sum += packet.len;
	}
	fuzz_check(sum == cmp->actual);
	fuzz_check(!cmp->errs || cmp->errs == errs);
}

static int is_bound(const struct p2pvhci_req *req)
{
	const struct paper_port *port = &paper_kernel.ports[req->port - 1];

	return port->bound && port->epoch == req->epoch;
}

static void check_completion(const struct p2pvhci_cmp *cmp)
{
	const struct paper_slot *slot;
	const struct p2pvhci_req *req;
	uint64_t most;

	fuzz_check((uint32_t)cmp->token < PAPER_TAGS);
	slot = &paper_kernel.slots[(uint32_t)cmp->token];
	req = &slot->req;
	fuzz_check(slot->busy && req->token == cmp->token);
	/* It may be void: then the kernel does not look at it. */
	if (!is_bound(req))
		return;
	most = req->op == P2PVHCI_OP_SUBMIT ? req->len :
	       req->op == P2PVHCI_OP_STREAMS_ALLOC ? req->arg : 0;
	fuzz_check(cmp->actual <= most && cmp->status < P2PVHCI_ST_MAX);
	fuzz_check(!(cmp->flags & ~P2PVHCI_CMP_COPIED) && !cmp->start_frame);
	fuzz_check(cmp->status != P2PVHCI_ST_CANCELLED || slot->cancelled ||
		   paper_kernel.copy_error);
	if (!is_in(req) || !cmp->actual || cmp->flags & P2PVHCI_CMP_COPIED)
		fuzz_check(!cmp->in_off);
	fuzz_check(in_area(cmp->in_off, cmp->actual) || !is_in(req) ||
		   cmp->flags & P2PVHCI_CMP_COPIED);
	fuzz_check(!(cmp->flags & P2PVHCI_CMP_COPIED) ||
		   (is_in(req) && cmp->actual <= slot->copied));
	if (req->npkt)
		check_packets(slot, cmp);
	else
		fuzz_check(!cmp->iso_off && !cmp->errs);
}

void paper_kernel_consume(void)
{
	struct ring *ring = paper_kernel.ring;
	struct p2pvhci_kctl *kctl = (void *)(uintptr_t)ring->kctl;
	struct p2pvhci_cmp cmp;

	for (; paper_kernel.taken != ring->uctl->cq_tail;
	     paper_kernel.taken++) {
		cmp = ring->cq[paper_kernel.taken % PAPER_TAGS];
		check_completion(&cmp);
		paper_kernel.slots[(uint32_t)cmp.token].busy = 0;
	}
	kctl->cq_head = paper_kernel.taken;
}

static int enter(struct p2pvhci_enter *args)
{
	uint32_t before = paper_kernel.taken;

	if (ring_dead(paper_kernel.ring)) {
		errno = ESHUTDOWN;
		return -1;
	}
	paper_kernel_consume();
	args->done = paper_kernel.taken - before;
	return 0;
}

/* Ports */

static int bind_port(struct p2pvhci_bind *args)
{
	struct paper_port *port;
	unsigned int i;

	for (i = 0; i < PAPER_PORTS && paper_kernel.ports[i].bound; i++)
		;
	if (i == PAPER_PORTS)
		paper_kernel.bind_error = ENOSPC;
	fuzz_check(args->speed >= P2PVHCI_SPEED_LOW &&
		   args->speed < P2PVHCI_SPEED_MAX);
	fuzz_check(args->target_len <= P2PVHCI_TARGET_MAX);
	if (paper_kernel.bind_error) {
		errno = paper_kernel.bind_error;
		paper_kernel.bind_error = 0;
		return -1;
	}
	port = &paper_kernel.ports[i];
	*port = (struct paper_port) { .bound = 1, .epoch = port->epoch + 1 };
	args->port = i + 1;
	args->epoch = port->epoch;
	return 0;
}

static int unbind_port(const struct p2pvhci_unbind *args)
{
	struct paper_port *port;

	fuzz_check(args->port && args->port <= PAPER_PORTS);
	fuzz_check(args->status < 4096);
	port = &paper_kernel.ports[args->port - 1];
	if (!port->bound || port->epoch != args->epoch) {
		errno = ENOENT;
		return -1;
	}
	port->bound = 0;
	return 0;
}

static int copy_bytes(const struct p2pvhci_copy *args)
{
	uint8_t *bytes = (void *)(uintptr_t)args->addr;
	struct paper_slot *slot;
	uint8_t sum = 0;
	uint32_t i;

	fuzz_check((uint32_t)args->token < PAPER_TAGS && args->len);
	slot = &paper_kernel.slots[(uint32_t)args->token];
	fuzz_check(slot->busy && slot->req.token == args->token);
	fuzz_check(args->off + args->len <= slot->req.len);
	if (paper_kernel.copy_error) {
		errno = paper_kernel.copy_error;
		return -1;
	}
	if (!is_in(&slot->req))
		memset(bytes, 0x5c, args->len);
	for (i = 0; i < args->len; i++)
		sum += bytes[i];
	slot->copied = args->off + args->len;
	/* Whatever they are, they must be there. */
	return 0 & sum;
}

static int event(const struct p2pvhci_port_event *args)
{
	fuzz_check(args->event != P2PVHCI_EVENT_RATE ||
		   (args->arg <= P2PVHCI_EVENT_RATE_MAX &&
		    args->arg >= -(int64_t)P2PVHCI_EVENT_RATE_MAX));
	return 0;
}

static int attach_done(const struct p2pvhci_attach_done *args)
{
	fuzz_check(args->status < 4096);
	fuzz_check(memchr(args->message, 0, sizeof(args->message)));
	paper_kernel.answered++;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	switch (request) {
	case P2PVHCI_IOC_ENTER:
		return enter(arg);
	case P2PVHCI_IOC_BIND:
		return bind_port(arg);
	case P2PVHCI_IOC_UNBIND:
		return unbind_port(arg);
	case P2PVHCI_IOC_COPY:
		return copy_bytes(arg);
	case P2PVHCI_IOC_PORT_EVENT:
		return event(arg);
	case P2PVHCI_IOC_ATTACH_DONE:
		return attach_done(arg);
	}
	fuzz_check(!"an ioctl that nobody knows");
	return -1;
}

/* Requests */

static void publish(const struct p2pvhci_req *req)
{
	struct ring *ring = paper_kernel.ring;
	struct p2pvhci_kctl *kctl = (void *)(uintptr_t)ring->kctl;
	struct p2pvhci_req *rq = (void *)(uintptr_t)ring->rq;

	if (kctl->rq_tail - ring->uctl->rq_head >= ring->setup.rq_entries)
		return;
	rq[kctl->rq_tail % ring->setup.rq_entries] = *req;
	kctl->rq_tail++;
}

static struct paper_port *pick_port(struct input *in, unsigned int *number)
{
	unsigned int n = input_pick(in, PAPER_PORTS);
	struct paper_port *port = &paper_kernel.ports[n];

	*number = n + 1;
	if (!paper_kernel.ring || !port->bound ||
	    ring_dead(paper_kernel.ring))
		return NULL;
	return port;
}

/* A free slot, with all that every request has; NULL: none. */
static struct paper_slot *new_slot(struct paper_port *port,
				   unsigned int number, uint8_t ep)
{
	unsigned int at = (ep & 0x0f) | (ep & 0x80) >> 3;
	struct paper_slot *slot;
	unsigned int i;

	for (i = 0; i < PAPER_TAGS && paper_kernel.slots[i].busy; i++)
		;
	if (i == PAPER_TAGS)
		return NULL;
	slot = &paper_kernel.slots[i];
	memset(slot, 0, sizeof(*slot));
	slot->busy = 1;
	slot->req.token = ++paper_kernel.generation << 32 | i;
	slot->req.seq = ++port->seqs[at];
	slot->req.op = P2PVHCI_OP_SUBMIT;
	slot->req.ep = ep;
	slot->req.port = (uint16_t)number;
	slot->req.epoch = port->epoch;
	slot->req.out_off = P2PVHCI_OUT_NONE;
	slot->req.t_ns = uv_hrtime();
	return slot;
}

static uint32_t share_of(const struct paper_slot *slot)
{
	return (uint32_t)slot->req.token * SHARE;
}

/* Lengths near what matters: none, short, the area, beyond the area. */
static uint32_t pick_length(struct input *in)
{
	static const uint32_t most[] = { 8, 64, 512, SHARE, SHARE, AREA / 2,
					 AREA, LENGTH_MAX };
	uint32_t m = most[input_pick(in, 8)];

	return (uint32_t)((uint64_t)input_u16(in) * m / UINT16_MAX);
}

static void set_control(struct p2pvhci_req *req, struct input *in)
{
	static const uint8_t setups[][8] = {
		{ 0x80, 0x06, 0x00, 0x01, 0, 0, 18, 0 },
		{ 0x80, 0x06, 0x00, 0x02, 0, 0, 64, 0 },
		{ 0x80, 0x06, 0x01, 0x03, 9, 4, 255, 0 },
		{ 0x00, 0x09, 0x01, 0x00, 0, 0, 0, 0 },
		{ 0x01, 0x0b, 0x01, 0x00, 0, 0, 0, 0 },
		{ 0x02, 0x01, 0x00, 0x00, 0x81, 0, 0, 0 },
		{ 0xc0, 0x01, 0x00, 0x00, 0, 0, 0, 2 },
		{ 0x40, 0x01, 0x00, 0x00, 0, 0, 0, 2 },
	};

	memcpy(req->setup, setups[input_pick(in, 8)], 8);
	req->type = P2PVHCI_XFER_CONTROL;
	req->len = req->setup[6] | req->setup[7] << 8;
	if (input_u8(in) & 1)
		req->len /= 2;
}

void paper_kernel_submit(struct input *in)
{
	uint8_t how = input_u8(in);
	uint8_t ep = how & 0x83;
	struct paper_slot *slot;
	struct p2pvhci_req *req;
	struct paper_port *port;
	unsigned int number;

	port = pick_port(in, &number);
	if (!port || port->asleep)
		return;
	if (!(ep & 0x0f))
		ep = 0;
	slot = new_slot(port, number, ep);
	if (!slot)
		return;
	req = &slot->req;
	if (!ep) {
		set_control(req, in);
	} else {
		req->type = ep & 1 ? P2PVHCI_XFER_BULK : P2PVHCI_XFER_INTERRUPT;
		/* Another alternate setting, another type. */
		if (how & 0x40)
			req->type ^= 1;
		req->len = pick_length(in);
		req->stream = how & 0x20 ? input_u8(in) : 0;
		req->interval = 1;
	}
	req->xflags = how >> 2 & 3;
	req->flags = how & 0x10 ? P2PVHCI_REQ_TIMED : 0;
	if (req->len && !is_in(req))
		req->out_off = req->len <= SHARE ? share_of(slot) :
						   P2PVHCI_OUT_COPY;
	publish(req);
}

void paper_kernel_iso(struct input *in)
{
	uint8_t how = input_u8(in);
	struct p2pvhci_iso *packets;
	struct paper_slot *slot;
	struct p2pvhci_req *req;
	struct paper_port *port;
	unsigned int number;
	uint32_t i;

	port = pick_port(in, &number);
	if (!port || port->asleep)
		return;
	slot = new_slot(port, number, (how & 0x80) | 4);
	if (!slot)
		return;
	req = &slot->req;
	req->type = P2PVHCI_XFER_ISO;
	req->npkt = how % 33 + 1;
	req->interval = 1u << (how >> 5 & 3);
	req->out_off = share_of(slot);
	packets = (void *)(uintptr_t)(paper_kernel.ring->out + req->out_off);
	for (i = 0; i < req->npkt; i++) {
		packets[i] = (struct p2pvhci_iso) { .len = input_u8(in) % 100 };
		slot->lens[i] = packets[i].len;
		req->len += packets[i].len;
	}
	req->xflags = P2PVHCI_XF_ISO_ASAP;
	req->start_frame = (int32_t)(req->t_ns / 1000000 & 2047);
	publish(req);
}

void paper_kernel_verb(struct input *in)
{
	static const uint8_t ops[] = {
		P2PVHCI_OP_RESET, P2PVHCI_OP_STREAMS_ALLOC,
		P2PVHCI_OP_STREAMS_FREE, P2PVHCI_OP_SUSPEND, P2PVHCI_OP_RESUME,
	};
	uint8_t op = ops[input_pick(in, sizeof(ops))];
	struct paper_slot *slot;
	struct p2pvhci_req *req;
	struct paper_port *port;
	unsigned int number;
	int wakes;

	port = pick_port(in, &number);
	wakes = op == P2PVHCI_OP_RESUME;
	if (!port || port->asleep != wakes)
		return;
	slot = new_slot(port, number, 0);
	if (!slot)
		return;
	req = &slot->req;
	req->op = op;
	if (op == P2PVHCI_OP_STREAMS_ALLOC || op == P2PVHCI_OP_STREAMS_FREE) {
		req->out_off = share_of(slot);
		req->len = input_pick(in, 4) + 1;
	}
	if (op == P2PVHCI_OP_STREAMS_ALLOC)
		req->arg = input_u8(in) + 1;
	if (op == P2PVHCI_OP_SUSPEND)
		req->arg = input_u8(in) & P2PVHCI_SUSPEND_WAKEUP;
	port->asleep = op == P2PVHCI_OP_SUSPEND;
	publish(req);
}

void paper_kernel_cancel(struct input *in)
{
	struct paper_slot *slot = &paper_kernel.slots[input_pick(in,
								 PAPER_TAGS)];
	struct p2pvhci_req req = slot->req;

	/* Of an isochronous one also when it is complete. */
	if (!paper_kernel.ring || slot->cancelled || !req.token ||
	    !is_bound(&req) || ring_dead(paper_kernel.ring) ||
	    (!slot->busy && !req.npkt) || req.op != P2PVHCI_OP_SUBMIT)
		return;
	slot->cancelled = 1;
	req.op = P2PVHCI_OP_CANCEL;
	publish(&req);
}

void paper_kernel_unbind(struct input *in)
{
	struct p2pvhci_req req = { .op = P2PVHCI_OP_UNBOUND };
	struct paper_port *port;
	unsigned int number;

	port = pick_port(in, &number);
	if (!port)
		return;
	port->bound = 0;
	req.port = (uint16_t)number;
	req.epoch = port->epoch;
	req.arg = input_u8(in) & 1;
	publish(&req);
}
