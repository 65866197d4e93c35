// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "p2pvhci", for tools.
 *
 * The truth is Documentation/netlink/specs/p2pvhci.yaml.  It never talks to
 * the agent and never waits for it.  Reading needs no privilege; plugging
 * hardware in or out needs CAP_SYS_ADMIN in the initial user namespace, which
 * is more than the CAP_NET_ADMIN of GENL_ADMIN_PERM.
 */
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "p2pvhci.h"

#define NETLINK_TIMEOUT_MS	30000

static struct genl_family netlink_family;

/* Changes with every change of any port, so that a dump can tell. */
static atomic_t netlink_changes = ATOMIC_INIT(1);

enum netlink_group {
	NETLINK_GROUP_PORTS,
};

static const struct genl_multicast_group netlink_groups[] = {
	[NETLINK_GROUP_PORTS] = { .name = P2PVHCI_GENL_GROUP_PORTS },
};

/* Messages ------------------------------------------------------------------ */

static int netlink_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, P2PVHCI_A_PAD);
}

static int netlink_put_device(struct sk_buff *skb, const struct p2pv_port *port)
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

static int netlink_put_port(struct sk_buff *skb, const struct p2pv_port *port)
{
	const struct usb_hcd *hcd = p2pv_hcd_of(port);

	lockdep_assert_held(&port->lock);

	if (nla_put_u32(skb, P2PVHCI_A_PORT, port->num) ||
	    nla_put_u32(skb, P2PVHCI_A_STATE, port->state) ||
	    nla_put_u32(skb, P2PVHCI_A_EPOCH, port->epoch) ||
	    nla_put_u32(skb, P2PVHCI_A_BUSNUM, hcd ? hcd->self.busnum : 0) ||
	    nla_put_u32(skb, P2PVHCI_A_RHPORT, port->rhport) ||
	    netlink_put_u64(skb, P2PVHCI_A_SINCE_NS, port->since_ns))
		return -EMSGSIZE;
	if (port->cookie &&
	    netlink_put_u64(skb, P2PVHCI_A_COOKIE, port->cookie))
		return -EMSGSIZE;
	return netlink_put_device(skb, port);
}

static int netlink_put_stats(struct sk_buff *skb, const struct p2pv_port *port)
{
	const struct p2pv_stats *stats = &port->stats;

	lockdep_assert_held(&port->lock);

	if (nla_put_u32(skb, P2PVHCI_A_PORT, port->num) ||
	    nla_put_u32(skb, P2PVHCI_A_EPOCH, port->epoch) ||
	    netlink_put_u64(skb, P2PVHCI_A_URBS, stats->urbs) ||
	    netlink_put_u64(skb, P2PVHCI_A_BYTES_IN, stats->bytes_in) ||
	    netlink_put_u64(skb, P2PVHCI_A_BYTES_OUT, stats->bytes_out) ||
	    netlink_put_u64(skb, P2PVHCI_A_ERRORS, stats->errors) ||
	    netlink_put_u64(skb, P2PVHCI_A_CANCELS, stats->cancels) ||
	    nla_put_u32(skb, P2PVHCI_A_IN_FLIGHT, stats->in_flight) ||
	    nla_put_u32(skb, P2PVHCI_A_ZOMBIES, stats->zombies))
		return -EMSGSIZE;
	return 0;
}

typedef int (*netlink_put_fn)(struct sk_buff *skb,
			      const struct p2pv_port *port);

static int netlink_put_locked(struct sk_buff *skb, struct p2pv_port *port,
			      netlink_put_fn put)
{
	unsigned long flags;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	rc = put(skb, port);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

/* Notifications ------------------------------------------------------------- */

/* Lost for want of memory: watchers then dump, as after any overrun. */
static struct sk_buff *netlink_ntf_new(void **hdr)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&netlink_family, &init_net,
				NETLINK_GROUP_PORTS))
		return NULL;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &netlink_family, 0,
			   P2PVHCI_CMD_PORT_NTF);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static void netlink_ntf_send(struct sk_buff *skb, void *hdr, int rc)
{
	if (rc) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast(&netlink_family, skb, 0, NETLINK_GROUP_PORTS,
			  GFP_ATOMIC);
}

static int netlink_put_ntf(struct sk_buff *skb, const struct p2pv_port *port)
{
	int rc = netlink_put_port(skb, port);

	if (!rc && port->state != P2PVHCI_PORT_ATTACHED)
		rc = nla_put_u32(skb, P2PVHCI_A_STATUS, port->status);
	return rc;
}

void p2pv_netlink_port(struct p2pv_port *port)
{
	struct sk_buff *skb;
	void *hdr;

	atomic_inc(&netlink_changes);
	skb = netlink_ntf_new(&hdr);
	if (skb)
		netlink_ntf_send(skb, hdr, netlink_put_locked(skb, port,
							      netlink_put_ntf));
}

static int netlink_put_result(struct sk_buff *skb, u64 cookie,
			      struct p2pv_port *port, u32 status,
			      const char *message)
{
	int rc;

	if (port)
		rc = netlink_put_locked(skb, port, netlink_put_port);
	else
		rc = nla_put_u32(skb, P2PVHCI_A_STATE, P2PVHCI_PORT_EMPTY) ?:
		     netlink_put_u64(skb, P2PVHCI_A_COOKIE, cookie);
	if (!rc)
		rc = nla_put_u32(skb, P2PVHCI_A_STATUS, status);
	if (!rc && *message)
		rc = nla_put_string(skb, P2PVHCI_A_MESSAGE, message);
	return rc;
}

void p2pv_netlink_result(u64 cookie, struct p2pv_port *port, u32 status,
			 const char *message)
{
	struct sk_buff *skb;
	void *hdr;

	atomic_inc(&netlink_changes);
	skb = netlink_ntf_new(&hdr);
	if (skb)
		netlink_ntf_send(skb, hdr,
				 netlink_put_result(skb, cookie, port, status,
						    message));
}

/* Reading ------------------------------------------------------------------- */

static struct p2pv_port *netlink_port_of(struct genl_info *info)
{
	struct p2pv_port *port;

	if (!info->attrs[P2PVHCI_A_PORT]) {
		NL_SET_ERR_MSG(info->extack, "a port number is needed");
		return ERR_PTR(-EINVAL);
	}
	port = p2pv_port_find(nla_get_u32(info->attrs[P2PVHCI_A_PORT]));
	if (port)
		return port;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[P2PVHCI_A_PORT],
			    "there is no port with this number");
	return ERR_PTR(-ENOENT);
}

static int netlink_port_get(struct sk_buff *skb, struct genl_info *info)
{
	struct p2pv_port *port = netlink_port_of(info);
	struct sk_buff *msg;
	void *hdr;
	int rc = -EMSGSIZE;

	if (IS_ERR(port))
		return PTR_ERR(port);
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &netlink_family, 0,
				P2PVHCI_CMD_PORT_GET);
	if (!hdr)
		goto err_free;
	rc = netlink_put_locked(msg, port, netlink_put_port);
	if (rc)
		goto err_free;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err_free:
	nlmsg_free(msg);
	return rc;
}

static void *netlink_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
			      u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &netlink_family, NLM_F_MULTI, cmd);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

static int netlink_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			    struct p2pv_port *port, u8 cmd, netlink_put_fn put)
{
	void *hdr = netlink_dump_put(skb, cb, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (netlink_put_locked(skb, port, put)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* cb->args[0]: number of the port to go on with. */
static int netlink_dump_ports(struct sk_buff *skb, struct netlink_callback *cb,
			      u8 cmd, netlink_put_fn put)
{
	struct p2pv_port *port;

	cb->seq = atomic_read(&netlink_changes);
	for (port = p2pv_port_next(cb->args[0]); port;
	     port = p2pv_port_next(port->num + 1)) {
		if (READ_ONCE(port->state) == P2PVHCI_PORT_EMPTY)
			continue;
		cb->args[0] = port->num;
		if (netlink_dump_one(skb, cb, port, cmd, put))
			return -EMSGSIZE;
	}
	cb->args[0] = U32_MAX;
	return 0;
}

struct netlink_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

/* cb->args[1]: attach requests already shown. */
static int netlink_dump_attach(const struct p2pv_attach_info *info, void *arg)
{
	struct netlink_dump *dump = arg;
	void *hdr;

	hdr = netlink_dump_put(dump->skb, dump->cb, P2PVHCI_CMD_PORT_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(dump->skb, P2PVHCI_A_STATE, info->state) ||
	    netlink_put_u64(dump->skb, P2PVHCI_A_COOKIE, info->cookie) ||
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

static int netlink_port_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct netlink_dump dump = { .skb = skb, .cb = cb };

	if (!netlink_dump_ports(skb, cb, P2PVHCI_CMD_PORT_GET,
				netlink_put_port))
		p2pv_attach_each(cb->args[1], netlink_dump_attach, &dump);
	return skb->len;
}

static int netlink_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	netlink_dump_ports(skb, cb, P2PVHCI_CMD_STATS_GET, netlink_put_stats);
	return skb->len;
}

/* Changing ------------------------------------------------------------------ */

static int netlink_refuse_unprivileged(struct sk_buff *skb,
				       struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "plugging devices in or out needs CAP_SYS_ADMIN");
	return -EPERM;
}

static int netlink_refuse_grace(struct genl_info *info)
{
	struct nlattr *grace = info->attrs[P2PVHCI_A_GRACE_MS];

	if (!grace || !nla_get_u32(grace))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, grace,
			    "this version cannot hold a port without its agent");
	return -EOPNOTSUPP;
}

static u32 netlink_u32(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

static int netlink_ask(struct genl_info *info, u64 *cookie)
{
	struct nlattr *target = info->attrs[P2PVHCI_A_TARGET];
	struct p2pvhci_attach_request *req;
	int rc;

	req = kzalloc(sizeof(*req) + nla_len(target), GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	req->flags = netlink_u32(info, P2PVHCI_A_PORT_FLAGS, 0);
	req->timeout_ms = netlink_u32(info, P2PVHCI_A_TIMEOUT_MS,
				      NETLINK_TIMEOUT_MS);
	req->target_len = nla_len(target);
	memcpy(req->target, nla_data(target), nla_len(target));
	rc = p2pv_attach_request(req, cookie);
	kfree(req);
	if (rc == -ESRCH)
		NL_SET_ERR_MSG(info->extack,
			       "no agent is listening; start p2pusb-agent");
	else if (rc == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "too many attach requests wait for the agent");
	return rc;
}

static int netlink_attach(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	u64 cookie;
	void *hdr;
	int rc;

	rc = netlink_refuse_unprivileged(skb, info) ?:
	     netlink_refuse_grace(info);
	if (rc)
		return rc;
	if (!info->attrs[P2PVHCI_A_TARGET]) {
		NL_SET_ERR_MSG(info->extack, "a target is needed");
		return -EINVAL;
	}
	/* First what may fail: a request that is sent cannot be taken back. */
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &netlink_family, 0,
				P2PVHCI_CMD_ATTACH);
	rc = hdr ? netlink_ask(info, &cookie) : -EMSGSIZE;
	if (!rc)
		rc = netlink_put_u64(msg, P2PVHCI_A_COOKIE, cookie);
	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int netlink_detach(struct sk_buff *skb, struct genl_info *info)
{
	struct p2pv_port *port;
	int rc;

	rc = netlink_refuse_unprivileged(skb, info);
	if (rc)
		return rc;
	port = netlink_port_of(info);
	if (IS_ERR(port))
		return PTR_ERR(port);
	rc = p2pv_port_disconnect(port, NULL,
				  netlink_u32(info, P2PVHCI_A_EPOCH, 0),
				  P2PV_PORT_KERNEL, 0);
	if (rc)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[P2PVHCI_A_PORT],
				    "no such device is attached to this port");
	return rc;
}

static int netlink_port_set(struct sk_buff *skb, struct genl_info *info)
{
	struct p2pv_port *port;
	int rc;

	rc = netlink_refuse_unprivileged(skb, info);
	if (rc)
		return rc;
	port = netlink_port_of(info);
	if (IS_ERR(port))
		return PTR_ERR(port);
	if (!info->attrs[P2PVHCI_A_GRACE_MS]) {
		NL_SET_ERR_MSG(info->extack, "nothing to set was named");
		return -EINVAL;
	}
	return netlink_refuse_grace(info);
}

/* Family -------------------------------------------------------------------- */

static struct netlink_range_validation netlink_timeouts = {
	.min = 100, .max = 120000,
};

static struct netlink_range_validation netlink_graces = {
	.max = P2PVHCI_GRACE_MAX_MS,
};

/*
 * Not of one entry: genetlink takes maxattr 0 for the family's maxattr and
 * would look attributes up behind the end.
 */
static const struct nla_policy netlink_policy_none[P2PVHCI_A_MAX + 1] = { };

static const struct nla_policy netlink_policy_port[] = {
	[P2PVHCI_A_PORT] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy netlink_policy_attach[] = {
	[P2PVHCI_A_TARGET] = NLA_POLICY_RANGE(NLA_BINARY, 1, P2PVHCI_TARGET_MAX),
	[P2PVHCI_A_GRACE_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &netlink_graces),
	[P2PVHCI_A_TIMEOUT_MS] = NLA_POLICY_FULL_RANGE(NLA_U32,
						       &netlink_timeouts),
	[P2PVHCI_A_PORT_FLAGS] = NLA_POLICY_MASK(NLA_U32,
						 P2PVHCI_PORT_FLAGS),
};

static const struct nla_policy netlink_policy_detach[] = {
	[P2PVHCI_A_PORT] = NLA_POLICY_MIN(NLA_U32, 1),
	[P2PVHCI_A_EPOCH] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy netlink_policy_port_set[] = {
	[P2PVHCI_A_PORT] = NLA_POLICY_MIN(NLA_U32, 1),
	[P2PVHCI_A_GRACE_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &netlink_graces),
};

#define NETLINK_POLICY(name)						\
	.policy = netlink_policy_##name,				\
	.maxattr = ARRAY_SIZE(netlink_policy_##name) - 1

static const struct genl_ops netlink_ops[] = {
	{
		.cmd = P2PVHCI_CMD_PORT_GET,
		.doit = netlink_port_get,
		.dumpit = netlink_port_dump,
		NETLINK_POLICY(port),
	},
	{
		.cmd = P2PVHCI_CMD_ATTACH,
		.doit = netlink_attach,
		NETLINK_POLICY(attach),
	},
	{
		.cmd = P2PVHCI_CMD_DETACH,
		.doit = netlink_detach,
		NETLINK_POLICY(detach),
	},
	{
		.cmd = P2PVHCI_CMD_PORT_SET,
		.doit = netlink_port_set,
		NETLINK_POLICY(port_set),
	},
	{
		.cmd = P2PVHCI_CMD_STATS_GET,
		.dumpit = netlink_stats_dump,
		NETLINK_POLICY(none),
	},
};

/* In init_net only: a virtual controller belongs to the machine. */
static struct genl_family netlink_family __ro_after_init = {
	.name = P2PVHCI_GENL_NAME,
	.version = P2PVHCI_GENL_VERSION,
	.maxattr = P2PVHCI_A_MAX,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = netlink_ops,
	.n_ops = ARRAY_SIZE(netlink_ops),
	.resv_start_op = P2PVHCI_CMD_UNSPEC + 1,
	.mcgrps = netlink_groups,
	.n_mcgrps = ARRAY_SIZE(netlink_groups),
};

int p2pv_netlink_init(void)
{
	return genl_register_family(&netlink_family);
}

void p2pv_netlink_exit(void)
{
	genl_unregister_family(&netlink_family);
}
