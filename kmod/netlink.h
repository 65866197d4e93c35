/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of the generic netlink family: netlink*.c.
 *
 * Not for the others, which find what they need in p2pvhci.h.
 */
#ifndef _P2PVHCI_NETLINK_H
#define _P2PVHCI_NETLINK_H

#include <net/genetlink.h>

#include "p2pvhci.h"

/* netlink.c -------------------------------------------------------------- */

extern struct genl_family p2pv_netlink_family;

/* Changes with every change of any port, so that a dump can tell. */
extern atomic_t p2pv_netlink_changes;

typedef int (*p2pv_netlink_put)(struct sk_buff *skb,
				const struct p2pv_port *port);

static inline int p2pv_netlink_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, P2PVHCI_A_PAD);
}

/** p2pv_netlink_put_locked() - @put with the port locked */
int p2pv_netlink_put_locked(struct sk_buff *skb, struct p2pv_port *port,
			    p2pv_netlink_put put);

/** p2pv_netlink_port_of() - that a request names, or ERR_PTR() and a sentence */
struct p2pv_port *p2pv_netlink_port_of(struct genl_info *info);

/** p2pv_netlink_dump_put() - head of a message of a dump, or NULL: no room */
void *p2pv_netlink_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd);

/* netlink_get.c ---------------------------------------------------------- */

/** p2pv_netlink_get_put() - what is told of a port, which is locked */
int p2pv_netlink_get_put(struct sk_buff *skb, const struct p2pv_port *port);
int p2pv_netlink_get_doit(struct sk_buff *skb, struct genl_info *info);
int p2pv_netlink_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_stats.c -------------------------------------------------------- */

int p2pv_netlink_stats_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _P2PVHCI_NETLINK_H */
