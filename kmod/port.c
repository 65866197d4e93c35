// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports: who is plugged in where, and the only writer of a port's state.
 *
 * It does not know what a port's URBs look like (urb.c) nor what the hub
 * driver sees of it (hub.c).
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "p2pvhci.h"
#include "trace.h"

/* Who gets a free port, the creation of pairs, and port_closed. */
DEFINE_MUTEX(p2pv_port_bind_lock);
static int port_closed;

/* Woken when usbcore has freed a device. */
static DECLARE_WAIT_QUEUE_HEAD(port_settled);

/*
 * Legal moves.  A refusal here is our bug, never the agent's: what the agent
 * asks for was checked before it got this far.
 */
static const u8 port_moves[P2PVHCI_PORT_NSTATES] = {
	[P2PVHCI_PORT_EMPTY] = BIT(P2PVHCI_PORT_ATTACHED),
	[P2PVHCI_PORT_ATTACHED] = BIT(P2PVHCI_PORT_DETACHING),
	[P2PVHCI_PORT_DETACHING] = BIT(P2PVHCI_PORT_EMPTY),
};

static void port_set_state(struct p2pv_port *port, enum p2pvhci_port_state next)
{
	lockdep_assert_held(&port->lock);

	WARN_ON_ONCE(!(port_moves[port->state] & BIT(next)));
	trace_p2pvhci_port_state(port, next);
	port->state = next;
	port->since_ns = ktime_get_boottime_ns();
}

void p2pv_port_init(struct p2pv_port *port, struct p2pv_pair *pair,
		    unsigned int pair_index, enum p2pv_hub_kind kind,
		    unsigned int index)
{
	port->pair = pair;
	port->kind = kind;
	port->rhport = index + 1;
	port->num = pair_index * P2PV_PORTS_PER_PAIR + kind * P2PV_HUB_NPORTS +
		    index + 1;
	spin_lock_init(&port->lock);
	mutex_init(&port->call);
	mutex_init(&port->power);
	INIT_WORK(&port->wake_work, p2pv_power_wake_work);
	init_completion(&port->call_done);
	INIT_LIST_HEAD(&port->late);
	INIT_WORK(&port->late_work, p2pv_giveback_late_work);
	INIT_LIST_HEAD(&port->queue_node);
	p2pv_hub_unplug(&port->hub);
}

void p2pv_port_exit(struct p2pv_port *port)
{
	unsigned int i;

	for (i = 0; port->eps && i < P2PV_NEPS; i++)
		p2pv_iso_exit_ep(&port->eps[i]);
	flush_work(&port->late_work);
	kfree(port->target);
	kvfree(port->watch.eps);
	kfree(port->eps);
}

struct p2pv_port *p2pv_port_find(u32 num)
{
	struct p2pv_port *port = p2pv_port_next(num);

	return port && port->num == num ? port : NULL;
}

struct p2pv_port *p2pv_port_next(u32 num)
{
	struct p2pv_pair *pair;
	u32 index = num ? num - 1 : 0;

	pair = p2pv_pair_get(index / P2PV_PORTS_PER_PAIR);
	if (!pair)
		return NULL;
	index %= P2PV_PORTS_PER_PAIR;
	return &pair->ports[index / P2PV_HUB_NPORTS][index % P2PV_HUB_NPORTS];
}

/* Plug ---------------------------------------------------------------------- */

/* Leaves EMPTY under p2pv_port_bind_lock only. */
static int port_is_empty(const struct p2pv_port *port)
{
	return READ_ONCE(port->state) == P2PVHCI_PORT_EMPTY;
}

unsigned int p2pv_port_count_empty(enum p2pv_hub_kind kind)
{
	struct p2pv_pair *pair;
	unsigned int n = 0;
	unsigned int i, j;

	for (i = 0; (pair = p2pv_pair_get(i)); i++)
		for (j = 0; j < P2PV_HUB_NPORTS; j++)
			n += port_is_empty(&pair->ports[kind][j]);
	return n;
}

static struct p2pv_port *port_find_empty(enum p2pv_hub_kind kind)
{
	struct p2pv_pair *pair;
	unsigned int i, j;

	lockdep_assert_held(&p2pv_port_bind_lock);

	for (i = 0; (pair = p2pv_pair_get(i)); i++)
		for (j = 0; j < P2PV_HUB_NPORTS; j++)
			if (port_is_empty(&pair->ports[kind][j]))
				return &pair->ports[kind][j];
	return NULL;
}

static int port_make_eps(struct p2pv_port *port)
{
	struct p2pv_ep *eps;
	unsigned int i;

	if (port->eps)
		return 0;
	eps = kcalloc(P2PV_NEPS, sizeof(*eps), GFP_KERNEL);
	if (!eps)
		return -ENOMEM;
	for (i = 0; i < P2PV_NEPS; i++) {
		eps[i].port = port;
		eps[i].addr = (i & 1 ? USB_DIR_IN : 0) | i >> 1;
		INIT_LIST_HEAD(&eps[i].published);
		INIT_LIST_HEAD(&eps[i].waiting);
		p2pv_iso_init_ep(&eps[i]);
	}
	port->eps = eps;
	return 0;
}

static int port_join_queue(struct p2pv_port *port, struct p2pv_queue *q)
{
	int rc = 0;

	lockdep_assert_held(&port->lock);

	spin_lock(&q->lock);
	if (q->dead)
		rc = -ESHUTDOWN;
	else
		list_add_tail(&port->queue_node, &q->ports);
	spin_unlock(&q->lock);
	if (!rc)
		port->queue = p2pv_queue_get(q);
	return rc;
}

static void port_fill(struct p2pv_port *port, const struct p2pv_port_bind *bind,
		      void *target)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);

	port->epoch++;
	port->configured = 0;
	port->asleep = 0;
	port->flags = bind->flags;
	port->cookie = bind->cookie;
	port->status = 0;
	port->vid = bind->vid;
	port->pid = bind->pid;
	port->target = target;
	port->target_len = bind->target_len;
	port->rate_ppb = 0;
	p2pv_watch_reset(port);
	for (i = 0; i < P2PV_NEPS; i++) {
		port->eps[i].seq = 0;
		memset(&port->eps[i].stats, 0, sizeof(port->eps[i].stats));
	}
	p2pv_hub_plug(port->kind, &port->hub, bind->speed, bind->lanes);
}

/* Swaps the target in, so that the old one is freed without the lock. */
static int port_plug(struct p2pv_port *port, const struct p2pv_port_bind *bind,
		     void **target, u32 *epoch)
{
	unsigned long flags;
	void *old;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	rc = port_join_queue(port, bind->queue);
	if (!rc) {
		old = port->target;
		port_fill(port, bind, *target);
		*target = old;
		*epoch = port->epoch;
		port_set_state(port, P2PVHCI_PORT_ATTACHED);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

static struct p2pv_port *port_connect_locked(const struct p2pv_port_bind *bind,
					     u32 *epoch)
{
	struct p2pv_port *port;
	void *target;
	int rc;

	if (port_closed)
		return ERR_PTR(-EAGAIN);
	port = port_find_empty(p2pv_port_hub_kind(bind->speed));
	if (!port)
		return ERR_PTR(-ENOSPC);
	rc = port_make_eps(port);
	if (rc)
		return ERR_PTR(rc);
	target = kmemdup(bind->target, bind->target_len, GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	rc = port_plug(port, bind, &target, epoch);
	kfree(target);
	return rc ? ERR_PTR(rc) : port;
}

struct p2pv_port *p2pv_port_connect(const struct p2pv_port_bind *bind,
				    u32 *epoch)
{
	struct p2pv_port *port;

	mutex_lock(&p2pv_port_bind_lock);
	port = port_connect_locked(bind, epoch);
	mutex_unlock(&p2pv_port_bind_lock);
	if (IS_ERR(port))
		return port;
	p2pv_pair_grow();
	p2pv_netlink_port(port);
	p2pv_hcd_port_changed(port);
	return port;
}

/* Unplug -------------------------------------------------------------------- */

static void port_leave_queue(struct p2pv_port *port, struct p2pv_queue *q)
{
	unsigned int i;

	lockdep_assert_held(&port->lock);

	spin_lock(&q->lock);
	list_del_init(&port->queue_node);
	for (i = 0; i < P2PV_NEPS; i++)
		list_del_init(&port->eps[i].waiting);
	spin_unlock(&q->lock);
	port->queue = NULL;
}

/*
 * The device is gone when usbcore has freed its own; until then a new device
 * must not appear here, or the two would be mixed up.
 */
static void port_settle(struct p2pv_port *port)
{
	if (port->state == P2PVHCI_PORT_DETACHING && !port->udev)
		port_set_state(port, P2PVHCI_PORT_EMPTY);
}

static void port_send_unbound(struct p2pv_port *port, struct p2pv_queue *q,
			      u32 epoch, enum p2pv_port_why why)
{
	struct p2pvhci_req req = {
		.op = P2PVHCI_OP_UNBOUND,
		.port = port->num,
		.epoch = epoch,
		.out_off = P2PVHCI_OUT_NONE,
		.arg = why == P2PV_PORT_SLEEP ? P2PVHCI_UNBOUND_SLEEP :
						P2PVHCI_UNBOUND_DETACH,
	};

	p2pv_queue_publish(q, &req);
}

int p2pv_port_disconnect(struct p2pv_port *port,
			 const struct p2pv_queue *queue, u32 epoch,
			 enum p2pv_port_why why, u32 status)
{
	struct p2pv_queue *q;
	unsigned long flags;
	LIST_HEAD(done);

	spin_lock_irqsave(&port->lock, flags);
	q = port->queue;
	if (port->state != P2PVHCI_PORT_ATTACHED || (queue && queue != q) ||
	    (epoch && epoch != port->epoch)) {
		spin_unlock_irqrestore(&port->lock, flags);
		return -ENOENT;
	}
	epoch = port->epoch;
	port->status = status;
	p2pv_hub_unplug(&port->hub);
	p2pv_cancel_port(port, q, &done);
	port_leave_queue(port, q);
	port_set_state(port, P2PVHCI_PORT_DETACHING);
	port_settle(port);
	spin_unlock_irqrestore(&port->lock, flags);

	p2pv_giveback(&done);
	if (why != P2PV_PORT_AGENT)
		port_send_unbound(port, q, epoch, why);
	p2pv_queue_kick(q);
	p2pv_queue_put(q);
	p2pv_netlink_port(port);
	p2pv_hcd_port_changed(port);
	/* It may have settled at once. */
	wake_up_all(&port_settled);
	return 0;
}

int p2pv_port_claim(struct p2pv_port *port, struct usb_device *udev)
{
	unsigned long flags;
	int rc = 0;

	spin_lock_irqsave(&port->lock, flags);
	if (port->state != P2PVHCI_PORT_ATTACHED ||
	    (port->udev && port->udev != udev))
		rc = -ENODEV;
	else
		port->udev = udev;
	/* Before usbcore configures it; later the choice is the user's. */
	if (!rc && !udev->config && port->flags & P2PVHCI_PORT_UNAUTHORIZED)
		udev->authorized = 0;
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

void p2pv_port_disown(struct p2pv_port *port, const struct usb_device *udev)
{
	unsigned long flags;
	int emptied = 0;

	spin_lock_irqsave(&port->lock, flags);
	if (port->udev == udev) {
		port->udev = NULL;
		port_settle(port);
		emptied = port->state == P2PVHCI_PORT_EMPTY;
	}
	spin_unlock_irqrestore(&port->lock, flags);
	if (!emptied)
		return;
	p2pv_netlink_port(port);
	wake_up_all(&port_settled);
}

/* All ports ----------------------------------------------------------------- */

static struct p2pv_port *port_find_sleepless(void)
{
	struct p2pv_port *port;

	for (port = p2pv_port_next(1); port;
	     port = p2pv_port_next(port->num + 1))
		/* Becomes ATTACHED, and gets its flags, under bind_lock. */
		if (READ_ONCE(port->state) == P2PVHCI_PORT_ATTACHED &&
		    !(port->flags & P2PVHCI_PORT_SLEEP_DETACH))
			return port;
	return NULL;
}

struct p2pv_port *p2pv_port_close_all(void)
{
	struct p2pv_port *port;

	mutex_lock(&p2pv_port_bind_lock);
	port = port_find_sleepless();
	if (!port)
		port_closed = 1;
	mutex_unlock(&p2pv_port_bind_lock);
	return port;
}

void p2pv_port_open_all(void)
{
	mutex_lock(&p2pv_port_bind_lock);
	port_closed = 0;
	mutex_unlock(&p2pv_port_bind_lock);
}

static unsigned int port_count_in(enum p2pvhci_port_state state)
{
	struct p2pv_port *port;
	unsigned int n = 0;

	for (port = p2pv_port_next(1); port;
	     port = p2pv_port_next(port->num + 1))
		n += READ_ONCE(port->state) == state;
	return n;
}

unsigned int p2pv_port_count(void)
{
	return port_count_in(P2PVHCI_PORT_ATTACHED);
}

int p2pv_port_wait_settled(unsigned int timeout_ms)
{
	return wait_event_timeout(port_settled,
				  !port_count_in(P2PVHCI_PORT_DETACHING),
				  msecs_to_jiffies(timeout_ms)) > 0;
}
