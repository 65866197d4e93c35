// SPDX-License-Identifier: GPL-2.0-only
/*
 * STATS_GET: counters of ports and endpoints, and how long URBs took.
 *
 * It counts nothing itself; that are giveback.c and watch.c.
 */
#include "netlink.h"

static int stats_put_counters(struct sk_buff *skb,
			      const struct p2pv_stats *stats)
{
	if (p2pv_netlink_put_u64(skb, P2PVHCI_A_URBS, stats->urbs) ||
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_BYTES_IN, stats->bytes_in) ||
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_BYTES_OUT, stats->bytes_out) ||
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_ERRORS, stats->errors) ||
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_CANCELS, stats->cancels) ||
	    nla_put_u32(skb, P2PVHCI_A_IN_FLIGHT, stats->in_flight) ||
	    nla_put_u32(skb, P2PVHCI_A_ZOMBIES, stats->zombies))
		return -EMSGSIZE;
	return 0;
}

static int stats_put_name(struct sk_buff *skb, const struct p2pv_port *port)
{
	if (nla_put_u32(skb, P2PVHCI_A_PORT, port->num) ||
	    nla_put_u32(skb, P2PVHCI_A_EPOCH, port->epoch))
		return -EMSGSIZE;
	return 0;
}

static int stats_put_port(struct sk_buff *skb, const struct p2pv_port *port)
{
	struct p2pv_stats sum = { };
	const struct p2pv_stats *stats;
	unsigned int i;

	lockdep_assert_held(&port->lock);

	for (i = 0; i < P2PV_NEPS; i++) {
		stats = &port->eps[i].stats;
		sum.urbs += stats->urbs;
		sum.bytes_in += stats->bytes_in;
		sum.bytes_out += stats->bytes_out;
		sum.errors += stats->errors;
		sum.cancels += stats->cancels;
		sum.in_flight += stats->in_flight;
		sum.zombies += stats->zombies;
	}
	return stats_put_name(skb, port) ?:
	       nla_put_u32(skb, P2PVHCI_A_WATCH_MS,
			   p2pv_watch_left_ms(port)) ?:
	       stats_put_counters(skb, &sum);
}

static int stats_put_times(struct sk_buff *skb, const struct p2pv_watch_ep *ep)
{
	static const u16 attrs[P2PV_WATCH_NPARTS] = {
		[P2PV_WATCH_KERNEL] = P2PVHCI_A_TIMES_KERNEL,
		[P2PV_WATCH_LINK] = P2PVHCI_A_TIMES_LINK,
		[P2PV_WATCH_DEVICE] = P2PVHCI_A_TIMES_DEVICE,
	};
	unsigned int i;

	for (i = 0; i < P2PV_WATCH_NPARTS; i++)
		if (nla_put(skb, attrs[i], sizeof(ep->part[i]), &ep->part[i]))
			return -EMSGSIZE;
	return 0;
}

static int stats_put_ep(struct sk_buff *skb, const struct p2pv_port *port,
			unsigned int i)
{
	const struct p2pv_ep *ep = &port->eps[i];

	lockdep_assert_held(&port->lock);

	if (!ep->stats.urbs && !ep->stats.in_flight)
		return -ENODATA;
	if (stats_put_name(skb, port) ||
	    nla_put_u32(skb, P2PVHCI_A_EP, ep->addr) ||
	    nla_put_u32(skb, P2PVHCI_A_EP_TYPE, ep->type) ||
	    stats_put_counters(skb, &ep->stats))
		return -EMSGSIZE;
	return port->watch.eps ? stats_put_times(skb, &port->watch.eps[i]) : 0;
}

/* @part: 0 = the port, else 1 more than the index of the endpoint. */
static int stats_put_part(struct sk_buff *skb, struct p2pv_port *port,
			  unsigned int part)
{
	unsigned long flags;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	if (port->state == P2PVHCI_PORT_EMPTY)
		rc = -ENODATA;
	else if (!part)
		rc = stats_put_port(skb, port);
	else
		rc = stats_put_ep(skb, port, part - 1);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

static int stats_dump_part(struct sk_buff *skb, struct netlink_callback *cb,
			   struct p2pv_port *port, unsigned int part)
{
	void *hdr;
	int rc;

	hdr = p2pv_netlink_dump_put(skb, cb, P2PVHCI_CMD_STATS_GET);
	if (!hdr)
		return -EMSGSIZE;
	rc = stats_put_part(skb, port, part);
	if (rc)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return rc == -ENODATA ? 0 : rc;
}

/* cb->args[0], [1]: number of the port, and its part, to go on with. */
int p2pv_netlink_stats_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct p2pv_port *port;

	cb->seq = atomic_read(&p2pv_netlink_changes);
	for (port = p2pv_port_next(cb->args[0]); port;
	     port = p2pv_port_next(port->num + 1)) {
		if (READ_ONCE(port->state) == P2PVHCI_PORT_EMPTY) {
			cb->args[1] = 0;
			continue;
		}
		cb->args[0] = port->num;
		for (; cb->args[1] <= P2PV_NEPS; cb->args[1]++)
			if (stats_dump_part(skb, cb, port, cb->args[1]))
				return skb->len;
		cb->args[1] = 0;
	}
	cb->args[0] = U32_MAX;
	return skb->len;
}
