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

#include "netlink.h"

#define NETLINK_TIMEOUT_MS	30000

atomic_t p2pv_netlink_changes = ATOMIC_INIT(1);

enum netlink_group {
	NETLINK_GROUP_PORTS,
};

static const struct genl_multicast_group netlink_groups[] = {
	[NETLINK_GROUP_PORTS] = { .name = P2PVHCI_GENL_GROUP_PORTS },
};

/* For all files of the family ------------------------------------------------ */

int p2pv_netlink_put_locked(struct sk_buff *skb, struct p2pv_port *port,
			    p2pv_netlink_put put)
{
	unsigned long flags;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	rc = put(skb, port);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

struct p2pv_port *p2pv_netlink_port_of(struct genl_info *info)
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

void *p2pv_netlink_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &p2pv_netlink_family, NLM_F_MULTI, cmd);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/* Notifications ------------------------------------------------------------- */

/* Lost for want of memory: watchers then dump, as after any overrun. */
static struct sk_buff *netlink_ntf_new(void **hdr)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&p2pv_netlink_family, &init_net,
				NETLINK_GROUP_PORTS))
		return NULL;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_ATOMIC);
	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &p2pv_netlink_family, 0,
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
	genlmsg_multicast(&p2pv_netlink_family, skb, 0, NETLINK_GROUP_PORTS,
			  GFP_ATOMIC);
}

static int netlink_put_ntf(struct sk_buff *skb, const struct p2pv_port *port)
{
	int rc = p2pv_netlink_get_put(skb, port);

	if (!rc && port->state != P2PVHCI_PORT_ATTACHED)
		rc = nla_put_u32(skb, P2PVHCI_A_STATUS, port->status);
	return rc;
}

void p2pv_netlink_port(struct p2pv_port *port)
{
	struct sk_buff *skb;
	void *hdr;

	atomic_inc(&p2pv_netlink_changes);
	skb = netlink_ntf_new(&hdr);
	if (skb)
		netlink_ntf_send(skb, hdr,
				 p2pv_netlink_put_locked(skb, port,
							 netlink_put_ntf));
}

static int netlink_put_result(struct sk_buff *skb, u64 cookie,
			      struct p2pv_port *port, u32 status,
			      const char *message)
{
	int rc;

	if (port)
		rc = p2pv_netlink_put_locked(skb, port,
					     p2pv_netlink_get_put);
	else
		rc = nla_put_u32(skb, P2PVHCI_A_STATE, P2PVHCI_PORT_EMPTY) ?:
		     p2pv_netlink_put_u64(skb, P2PVHCI_A_COOKIE, cookie);
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

	atomic_inc(&p2pv_netlink_changes);
	skb = netlink_ntf_new(&hdr);
	if (skb)
		netlink_ntf_send(skb, hdr,
				 netlink_put_result(skb, cookie, port, status,
						    message));
}

/* Changing ------------------------------------------------------------------ */

static int netlink_refuse_unprivileged(struct sk_buff *skb,
				       struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "plugging devices in or out, or timing them, needs CAP_SYS_ADMIN");
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
	hdr = genlmsg_put_reply(msg, info, &p2pv_netlink_family, 0,
				P2PVHCI_CMD_ATTACH);
	rc = hdr ? netlink_ask(info, &cookie) : -EMSGSIZE;
	if (!rc)
		rc = p2pv_netlink_put_u64(msg, P2PVHCI_A_COOKIE, cookie);
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
	port = p2pv_netlink_port_of(info);
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
	struct nlattr *watch;
	int rc;

	rc = netlink_refuse_unprivileged(skb, info);
	if (rc)
		return rc;
	port = p2pv_netlink_port_of(info);
	if (IS_ERR(port))
		return PTR_ERR(port);
	watch = info->attrs[P2PVHCI_A_WATCH_MS];
	if (!watch && !info->attrs[P2PVHCI_A_GRACE_MS]) {
		NL_SET_ERR_MSG(info->extack, "nothing to set was named");
		return -EINVAL;
	}
	rc = netlink_refuse_grace(info);
	if (rc || !watch)
		return rc;
	rc = p2pv_watch_set(port, nla_get_u32(watch));
	if (rc == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[P2PVHCI_A_PORT],
				    "no device is attached to this port");
	return rc;
}

/* Family -------------------------------------------------------------------- */

static struct netlink_range_validation netlink_timeouts = {
	.min = 100, .max = 120000,
};

static struct netlink_range_validation netlink_graces = {
	.max = P2PVHCI_GRACE_MAX_MS,
};

static struct netlink_range_validation netlink_watches = {
	.max = P2PVHCI_WATCH_MAX_MS,
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
	[P2PVHCI_A_WATCH_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &netlink_watches),
};

#define NETLINK_POLICY(name)						\
	.policy = netlink_policy_##name,				\
	.maxattr = ARRAY_SIZE(netlink_policy_##name) - 1

static const struct genl_ops netlink_ops[] = {
	{
		.cmd = P2PVHCI_CMD_PORT_GET,
		.doit = p2pv_netlink_get_doit,
		.dumpit = p2pv_netlink_get_dumpit,
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
		.dumpit = p2pv_netlink_stats_dumpit,
		NETLINK_POLICY(none),
	},
};

/* In init_net only: a virtual controller belongs to the machine. */
struct genl_family p2pv_netlink_family __ro_after_init = {
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
	return genl_register_family(&p2pv_netlink_family);
}

void p2pv_netlink_exit(void)
{
	genl_unregister_family(&p2pv_netlink_family);
}
