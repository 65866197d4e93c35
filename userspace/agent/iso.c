// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iso - isochronous endpoints: what both directions have in common.
 *
 * Mirrors when the kernel wants each URB back, by the rules of the ring.
 */
#include <errno.h>
#include <stdlib.h>

#include "iso_int.h"
#include "log.h"

#define FRAME_NS	ISO_MS
#define MICROFRAME_NS	125000ull
#define FRAMES		2048
#define START_NS	(1000 * ISO_MS)	/* of patience with the first packet */

static const char *const iso_states[] = {
	[ISO_IDLE] = "idle",
	[ISO_PRIMING] = "priming",
	[ISO_RUNNING] = "running",
};

_Static_assert(sizeof(iso_states) / sizeof(iso_states[0]) == ISO_NSTATES,
	       "every state has a name");

#define MOVE(state)	(1u << ISO_##state)

static const unsigned int iso_next[] = {
	[ISO_IDLE] = MOVE(PRIMING) | MOVE(IDLE),
	[ISO_PRIMING] = MOVE(RUNNING) | MOVE(IDLE),
	[ISO_RUNNING] = MOVE(PRIMING) | MOVE(IDLE),
};

void iso_move(struct iso *iso, enum iso_state next)
{
	if (!(iso_next[iso->state] & (1u << next)))
		log_err("endpoint 0x%02x: %s -> %s is no legal move",
			iso->ep->addr, iso_states[iso->state],
			iso_states[next]);
	iso->state = next;
}

uint64_t iso_rtt(const struct iso *iso)
{
	struct link_stats stats = { 0 };

	link_get_stats(iso->ep->port->remote->link, &stats);
	return stats.srtt_us * 1000;
}

/* One endpoint speaks for the clock of all. */
static void pass_clock(struct iso *iso)
{
	struct port *port = iso->ep->port;
	unsigned int i;

	if (port->clock != iso)
		return;
	port->clock = NULL;
	for (i = 0; i < PORT_EPS && !port->clock; i++)
		if (port->eps[i].iso && port->eps[i].iso->state != ISO_IDLE)
			port->clock = port->eps[i].iso;
}

void iso_sample(struct iso *iso, uint64_t now, int64_t level_ns)
{
	struct port *port = iso->ep->port;

	if (!iso_jitter_sample(&iso->jitter, now / 1000, level_ns / 1000) ||
	    port->clock != iso)
		return;
	port->rate = iso->jitter.rate;
	ring_port_event(&port->queue->ring, port->number, port->epoch,
			P2PVHCI_EVENT_RATE, port->rate);
}

void iso_stop(struct iso *iso)
{
	struct iso_sub *sub;

	TAILQ_FOREACH(sub, &iso->sent, entry) {
		if (!sub->dead && iso->ep->stream)
			xfer_send_cancel(iso->ep, sub->seq);
		sub->dead = 1;
	}
	iso_sub_free_all(&iso->ready);
	iso->live = 0;
	iso->ready_pkts = 0;
	iso->debt = 0;
	iso_move(iso, ISO_IDLE);
	pass_clock(iso);
}

void iso_send(struct iso *iso, struct iso_sub *sub)
{
	iso->live += sub->npkt;
	iso_sub_send(iso->ep, sub, &iso->sent, ++iso->seq, iso->interval);
}

void iso_shift(struct iso *iso, const struct xfer *xfer, uint64_t now)
{
	struct xfer *other;
	uint64_t shift;

	if (now <= xfer->due_ns)
		return;
	shift = now - xfer->due_ns;
	TAILQ_FOREACH(other, &iso->waiting, entry)
		other->due_ns += shift;
	iso->due_ns += shift;
}

static void deadline_came(uv_timer_t *timer);

static void arm(struct iso *iso, uint64_t now)
{
	uint64_t deadline = iso->ops->deadline(iso);
	uint64_t wait = 0;

	if (!deadline) {
		uv_timer_stop(&iso->timer);
		return;
	}
	if (deadline > now)
		wait = (deadline - now + ISO_MS - 1) / ISO_MS;
	uv_update_time(iso->timer.loop);
	uv_timer_start(&iso->timer, deadline_came, wait, 0);
}

static void begin(struct iso *iso, uint64_t now)
{
	const struct settings *s = iso->ep->port->remote->config->settings;
	struct port *port = iso->ep->port;
	struct link_stats stats = { 0 };

	link_get_stats(port->remote->link, &stats);
	iso_jitter_start(&iso->jitter, iso->ops == &iso_in_ops,
			 s->jitter_ms * 1000, stats.rttvar_us, port->rate);
	iso_move(iso, ISO_PRIMING);
	iso->since_ns = now;
	iso->patience_ns = START_NS;
	if (!port->clock)
		port->clock = iso;
	iso->ops->begin(iso, now);
}

static void fail(struct iso *iso, uint8_t status)
{
	struct queue *queue = iso->ep->port->queue;
	struct xfer *xfer;

	iso_stop(iso);
	while ((xfer = TAILQ_FIRST(&iso->waiting)))
		xfer_finish_status(queue, xfer, status);
}

static void run(struct iso *iso, uint64_t now)
{
	struct port *port = iso->ep->port;
	int ret;

	if (port->remote->state != REMOTE_UP || port->halted)
		return;
	if (iso->state == ISO_IDLE && TAILQ_EMPTY(&iso->waiting))
		return;
	ret = xfer_need_stream(iso->ep, P2PVHCI_XFER_ISO, iso->interval);
	if (ret == -EBUSY || ret == -ESHUTDOWN)
		return;
	if (ret) {
		fail(iso, P2PVHCI_ST_NOSR);
		return;
	}
	if (iso->state == ISO_IDLE)
		begin(iso, now);
	iso->ops->run(iso, now);
	arm(iso, now);
}

static void deadline_came(uv_timer_t *timer)
{
	struct iso *iso = timer->data;
	uint64_t now = uv_hrtime();
	uint64_t deadline = iso->ops->deadline(iso);

	if (deadline && deadline <= now)
		iso->ops->late(iso, now);
	run(iso, now);
	/* What follows a stream on this endpoint may wait for its end. */
	xfer_pump(iso->ep);
}

static struct iso *get(struct port_ep *ep)
{
	struct iso *iso = ep->iso;

	if (iso)
		return iso;
	iso = calloc(1, sizeof(*iso));
	if (!iso)
		return NULL;
	iso->ep = ep;
	iso->ops = ep->addr & XFER_IN ? &iso_in_ops : &iso_out_ops;
	TAILQ_INIT(&iso->waiting);
	TAILQ_INIT(&iso->sent);
	TAILQ_INIT(&iso->ready);
	uv_timer_init(&ep->port->remote->loop, &iso->timer);
	iso->timer.data = iso;
	ep->iso = iso;
	return iso;
}

/* The kernel is trusted; its packets are what everything here counts by. */
static int makes_sense(const struct ring *ring, const struct xfer *xfer)
{
	const struct p2pvhci_iso *packets = ring_packets(ring, &xfer->req);
	const struct p2pvhci_req *req = &xfer->req;
	uint64_t sum = 0;
	uint32_t i;

	if (!packets || (!(req->ep & XFER_IN) && req->len &&
			 !ring_out(ring, req)))
		return 0;
	for (i = 0; i < req->npkt; i++)
		sum += packets[i].len;
	return sum == req->len && req->interval &&
	       req->npkt <= P2PUSB_NPKT_MAX;
}

/*
 * Our idea of the kernel's time drifts a little with each URB that is late; the
 * number of the first frame, of which there are 2048, puts it right.
 */
static uint64_t adjust(const struct ring *ring, uint64_t start, int32_t frame)
{
	uint64_t ours = (start - ring->kctl->frame0_ns) / FRAME_NS;
	uint32_t off = (uint32_t)(ours - (uint64_t)frame) & (FRAMES - 1);
	int32_t ahead = off < FRAMES / 2 ? (int32_t)off :
					   (int32_t)off - FRAMES;

	if (ahead >= -1 && ahead <= 1)
		return start;
	return start - (uint64_t)(ahead * (int64_t)FRAME_NS);
}

static void set_due(struct iso *iso, struct xfer *xfer)
{
	const struct ring *ring = &iso->ep->port->queue->ring;
	int64_t ns = (int64_t)iso_time(iso, xfer->req.npkt);
	uint64_t start = iso->due_ns;

	ns -= ns * iso->ep->port->rate / 1000000000;
	if (xfer->req.t_ns > start)
		start = xfer->req.t_ns;
	iso->due_ns = adjust(ring, start, xfer->req.start_frame) + (uint64_t)ns;
	xfer->due_ns = iso->due_ns;
}

void iso_submit(struct port_ep *ep, struct xfer *xfer)
{
	struct queue *queue = ep->port->queue;
	uint64_t unit = ep->port->device.speed >= P2PUSB_SPEED_HIGH ?
			MICROFRAME_NS : FRAME_NS;
	struct iso *iso = get(ep);

	if (!iso || !makes_sense(&queue->ring, xfer)) {
		xfer_finish_status(queue, xfer, iso ? P2PVHCI_ST_PROTO :
						      P2PVHCI_ST_NOSR);
		return;
	}
	iso->interval = xfer->req.interval;
	iso->pkt_ns = iso->interval * unit;
	TAILQ_REMOVE(&ep->pending, xfer, entry);
	TAILQ_INSERT_TAIL(&iso->waiting, xfer, entry);
	xfer->state = XFER_WAITING;
	iso->waiting_pkts += xfer->req.npkt;
	set_due(iso, xfer);
	run(iso, uv_hrtime());
}

void iso_unlist(struct xfer *xfer)
{
	struct iso *iso = xfer->ep->iso;

	TAILQ_REMOVE(&iso->waiting, xfer, entry);
	iso->waiting_pkts -= xfer->req.npkt;
}

void iso_cancel(struct xfer *xfer)
{
	struct port_ep *ep = xfer->ep;

	xfer_finish_status(ep->port->queue, xfer, P2PVHCI_ST_CANCELLED);
	if (TAILQ_EMPTY(&ep->iso->waiting))
		iso_stop(ep->iso);
	else
		run(ep->iso, uv_hrtime());
}

void iso_cancelled(struct queue *queue, const struct p2pvhci_req *req)
{
	struct port *port = port_find(queue->remote, req->port, req->epoch);
	struct iso *iso = port ? port_ep(port, req->ep)->iso : NULL;

	if (iso && iso->state != ISO_IDLE && TAILQ_EMPTY(&iso->waiting))
		iso_stop(iso);
}

int iso_begin(struct port_ep *ep, const struct wire_msg *msg, void **dst)
{
	struct iso_sub *sub = iso_sub_judge(ep, &ep->iso->sent, msg);

	if (!sub)
		return -EPROTO;
	if (sub->dead)
		return 0;
	sub->data = malloc(msg->payload);
	*dst = sub->data;
	return 0;
}

static int sub_is_back(struct iso *iso, struct iso_sub *sub,
		       const struct wire_complete *c)
{
	uint64_t now = uv_hrtime();
	uint8_t status = (uint8_t)c->status;
	int ret;

	if (sub->dead) {
		iso_sub_free(sub);
		return 0;
	}
	iso->live -= sub->npkt;
	if (!c->npkt) {
		iso_sub_free(sub);
		fail(iso, status == P2PUSB_ST_CANCELLED ? P2PVHCI_ST_PROTO :
							  status);
		return 0;
	}
	ret = iso_sub_unpack(iso->ep, sub, c);
	if (ret) {
		iso_sub_free(sub);
		return ret;
	}
	iso->packets += sub->npkt;
	iso->ops->done(iso, sub, c, now);
	return 0;
}

static void count(struct port *port, uint8_t addr, uint32_t actual)
{
	port->urbs++;
	if (addr & XFER_IN)
		port->bytes_in += actual;
	else
		port->bytes_out += actual;
}

int iso_end(struct port_ep *ep, const struct wire_msg *msg)
{
	struct iso *iso = ep->iso;
	struct iso_sub *sub = iso_sub_judge(ep, &iso->sent, msg);
	int ret;

	if (!sub)
		return -EPROTO;
	TAILQ_REMOVE(&iso->sent, sub, entry);
	ep->nsent--;
	ep->bytes -= sub->length;
	count(ep->port, ep->addr, msg->complete.actual);
	ret = sub_is_back(iso, sub, &msg->complete);
	if (ret)
		return ret;
	run(iso, uv_hrtime());
	xfer_pump(ep);
	return 0;
}

void iso_kick(struct port_ep *ep)
{
	if (ep->iso)
		run(ep->iso, uv_hrtime());
}

void iso_stop_all(struct port *port)
{
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++)
		if (port->eps[i].iso && port->eps[i].iso->state != ISO_IDLE)
			iso_stop(port->eps[i].iso);
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void iso_close(struct port_ep *ep)
{
	struct iso *iso = ep->iso;

	if (!iso)
		return;
	iso_sub_free_all(&iso->sent);
	iso_sub_free_all(&iso->ready);
	uv_close((uv_handle_t *)&iso->timer, timer_closed);
	ep->iso = NULL;
}

static void add(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *one_status(const struct iso *iso)
{
	struct json_object *o = json_object_new_object();
	const struct iso_jitter *jitter = &iso->jitter;

	add(o, "endpoint", iso->ep->addr);
	json_object_object_add(o, "state",
			       json_object_new_string(iso_states[iso->state]));
	add(o, "delay_us", jitter->delay_us);
	add(o, "level_us", jitter->level_us);
	add(o, "rate_ppb", jitter->rate);
	add(o, "packets", (int64_t)iso->packets);
	add(o, "late", (int64_t)iso->late_pkts);
	add(o, "lost", (int64_t)iso->lost);
	add(o, "underruns", (int64_t)iso->underruns);
	add(o, "overruns", (int64_t)iso->overruns);
	return o;
}

struct json_object *iso_status(const struct port *port)
{
	struct json_object *all = NULL;
	unsigned int i;

	for (i = 0; i < PORT_EPS; i++) {
		if (!port->eps[i].iso)
			continue;
		if (!all)
			all = json_object_new_array();
		json_object_array_add(all, one_status(port->eps[i].iso));
	}
	return all;
}
