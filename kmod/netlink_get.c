// SPDX-License-Identifier: GPL-2.0-only
/*
 * PORT_GET: ports, and attach requests that wait for the agent.
 *
 * It changes nothing.
 */
#include "netlink.h"

static int get_put_device(struct sk_buff *skb, const struct p2pv_port *port)
{
	if (port->state == P2PVHCI_PORT_EMPTY)
		return 0;
	if (nla_put_u32(skb, P2PVHCI_A_SPEED, port->hub.speed) ||
	    nla_put(skb, P2PVHCI_A_TARGET, port->target_len, port->target) ||
	    nla_put_u32(skb, P2PVHCI_A_PORT_FLAGS, port->flags) ||
	    nla_put_u16(skb, P2PVHCI_A_VID, port->vid) ||
	    nla_put_u16(skb, P2PVHCI_A_PID, port->pid))
		return -EMSGSIZE;
	return 0;
}

int p2pv_netlink_get_put(struct sk_buff *skb, const struct p2pv_port *port)
{
	lockdep_assert_held(&port->lock);

	if (nla_put_u32(skb, P2PVHCI_A_PORT, port->num) ||
	    nla_put_u32(skb, P2PVHCI_A_STATE, port->state) ||
	    nla_put_u32(skb, P2PVHCI_A_EPOCH, port->epoch) ||
	    nla_put_u32(skb, P2PVHCI_A_BUSNUM,
			p2pv_hcd_of(port)->self.busnum) ||
	    nla_put_u32(skb, P2PVHCI_A_RHPORT, port->rhport) ||
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_SINCE_NS, port->since_ns))
		return -EMSGSIZE;
	if (port->cookie &&
	    p2pv_netlink_put_u64(skb, P2PVHCI_A_COOKIE, port->cookie))
		return -EMSGSIZE;
	return get_put_device(skb, port);
}

int p2pv_netlink_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct p2pv_port *port = p2pv_netlink_port_of(info);
	struct sk_buff *msg;
	void *hdr;
	int rc = -EMSGSIZE;

	if (IS_ERR(port))
		return PTR_ERR(port);
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &p2pv_netlink_family, 0,
				P2PVHCI_CMD_PORT_GET);
	if (!hdr)
		goto err_free;
	rc = p2pv_netlink_put_locked(msg, port, p2pv_netlink_get_put);
	if (rc)
		goto err_free;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err_free:
	nlmsg_free(msg);
	return rc;
}

static int get_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			struct p2pv_port *port)
{
	void *hdr = p2pv_netlink_dump_put(skb, cb, P2PVHCI_CMD_PORT_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (p2pv_netlink_put_locked(skb, port, p2pv_netlink_get_put)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* cb->args[0]: number of the port to go on with. */
static int get_dump_ports(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct p2pv_port *port;

	cb->seq = atomic_read(&p2pv_netlink_changes);
	for (port = p2pv_port_next(cb->args[0]); port;
	     port = p2pv_port_next(port->num + 1)) {
		if (READ_ONCE(port->state) == P2PVHCI_PORT_EMPTY)
			continue;
		cb->args[0] = port->num;
		if (get_dump_one(skb, cb, port))
			return -EMSGSIZE;
	}
	cb->args[0] = U32_MAX;
	return 0;
}

struct get_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

/* cb->args[1]: attach requests already shown. */
static int get_dump_attach(const struct p2pv_attach_info *info, void *arg)
{
	struct get_dump *dump = arg;
	void *hdr;

	hdr = p2pv_netlink_dump_put(dump->skb, dump->cb, P2PVHCI_CMD_PORT_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(dump->skb, P2PVHCI_A_STATE, info->state) ||
	    p2pv_netlink_put_u64(dump->skb, P2PVHCI_A_COOKIE, info->cookie) ||
	    nla_put_u32(dump->skb, P2PVHCI_A_PORT_FLAGS, info->flags) ||
	    nla_put(dump->skb, P2PVHCI_A_TARGET, info->target_len,
		    info->target)) {
		genlmsg_cancel(dump->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(dump->skb, hdr);
	dump->cb->args[1]++;
	return 0;
}

int p2pv_netlink_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct get_dump dump = { .skb = skb, .cb = cb };

	if (!get_dump_ports(skb, cb))
		p2pv_attach_each(cb->args[1], get_dump_attach, &dump);
	return skb->len;
}
