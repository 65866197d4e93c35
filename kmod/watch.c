// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long URBs take, while somebody looks: kernel, link and device.
 *
 * It does not count URBs or bytes; giveback.c always does.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "p2pvhci.h"
#include "times.h"

/* Of a long of 32 bits that leaves nine minutes; an URB waits for less. */
#define WATCH_STAMP_SHIFT	(BITS_PER_LONG == 64 ? 0 : 8)

static unsigned long watch_stamp_of(u64 now)
{
	return (unsigned long)(now >> WATCH_STAMP_SHIFT) << 1;
}

void *p2pv_watch_stamp_now(struct p2pv_watch *watch)
{
	u64 now = ktime_get_ns();

	if (now < watch->until_ns)
		return (void *)(watch_stamp_of(now) | P2PV_WATCH_STAMP);
	watch->on = 0;
	return NULL;
}

void p2pv_watch_shown_at(struct p2pv_watch_slot *times, u64 now)
{
	unsigned long ticks;

	ticks = watch_stamp_of(now) - (times->stamp & ~P2PV_WATCH_STAMP);
	times->before_ns = (u64)(ticks >> 1) << WATCH_STAMP_SHIFT;
	times->shown_ns = now;
}

void p2pv_watch_handed_now(struct p2pv_watch_slot *times, u32 dev_us)
{
	times->handed_ns = ktime_get_ns();
	times->dev_us = dev_us;
}

void p2pv_watch_count(const struct p2pv_slot *slot)
{
	const struct p2pv_watch_slot *times = &slot->watch;
	struct p2pv_port *port = slot->port;
	struct p2pvhci_times *part;
	u64 away, device;

	lockdep_assert_held(&port->lock);

	part = port->watch.eps[slot->ep - port->eps].part;
	away = times->handed_ns - times->shown_ns;
	device = min_t(u64, (u64)times->dev_us * NSEC_PER_USEC, away);
	p2pv_times_add(&part[P2PV_WATCH_KERNEL], times->before_ns +
		       ktime_get_ns() - times->handed_ns);
	p2pv_times_add(&part[P2PV_WATCH_LINK], away - device);
	p2pv_times_add(&part[P2PV_WATCH_DEVICE], device);
}

/* Who looks ----------------------------------------------------------------- */

static int watch_set_locked(struct p2pv_port *port, u32 ms,
			    struct p2pv_watch_ep **eps)
{
	struct p2pv_watch *watch = &port->watch;

	lockdep_assert_held(&port->lock);

	if (port->state != P2PVHCI_PORT_ATTACHED)
		return -ENOENT;
	if (ms && !watch->eps)
		swap(watch->eps, *eps);
	watch->on = ms ? 1 : 0;
	watch->until_ns = ms ? max(watch->until_ns, ktime_get_ns() +
				   (u64)ms * NSEC_PER_MSEC) : 0;
	return 0;
}

int p2pv_watch_set(struct p2pv_port *port, u32 ms)
{
	struct p2pv_watch_ep *eps;
	unsigned long flags;
	int rc;

	eps = kvcalloc(P2PV_NEPS, sizeof(*eps), GFP_KERNEL);
	if (!eps)
		return -ENOMEM;
	spin_lock_irqsave(&port->lock, flags);
	rc = watch_set_locked(port, ms, &eps);
	spin_unlock_irqrestore(&port->lock, flags);
	kvfree(eps);
	return rc;
}

u32 p2pv_watch_left_ms(const struct p2pv_port *port)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&port->lock);

	if (now >= port->watch.until_ns)
		return 0;
	return div_u64(port->watch.until_ns - now, NSEC_PER_MSEC);
}

void p2pv_watch_reset(struct p2pv_port *port)
{
	struct p2pv_watch *watch = &port->watch;

	lockdep_assert_held(&port->lock);

	watch->on = 0;
	watch->until_ns = 0;
	if (watch->eps)
		memset(watch->eps, 0, P2PV_NEPS * sizeof(*watch->eps));
}
