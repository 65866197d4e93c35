// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink - generic netlink of the kernel module, by libnl.
 *
 * What the kernel sends is parsed with a policy; it is our own kernel, so that
 * it is trusted not to lie, but not to be of the same version.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define NETLINK_REPLY_S		5	/* the kernel answers at once */
#define NETLINK_RECV_MAX	4096	/* datagrams of one answer */
#define NETLINK_DUMP_TRIES	5
#define NETLINK_WATCH_BYTES	(256 << 10)

struct netlink {
	struct nl_sock *ask;
	struct nl_sock *watch;
	int family;
	int done;		/* ACK, error or end of dump arrived */
	int err;
	int got;
	netlink_each *each;
	void *ctx;
	struct netlink_port *port;
	struct netlink_port scratch;
	char why[NETLINK_WHY_MAX];
};

static const char *const netlink_states[] = {
	[P2PVHCI_PORT_EMPTY] = "empty",
	[P2PVHCI_PORT_REQUESTED] = "requested",
	[P2PVHCI_PORT_CONNECTING] = "connecting",
	[P2PVHCI_PORT_ATTACHED] = "attached",
	[P2PVHCI_PORT_LOST] = "lost",
	[P2PVHCI_PORT_DETACHING] = "detaching",
};

_Static_assert(sizeof(netlink_states) / sizeof(netlink_states[0]) ==
	       P2PVHCI_PORT_NSTATES, "a name for every state");

const char *netlink_state_name(uint32_t state)
{
	return state < P2PVHCI_PORT_NSTATES ? netlink_states[state] : "?";
}

const char *netlink_why(const struct netlink *nl)
{
	return nl->why;
}

/* Where a number of a message goes. */
struct netlink_field {
	uint16_t attr;
	uint16_t bytes;
	size_t offset;
};

#define FIELD(attr, member) { \
	attr, sizeof(((struct netlink_port *)NULL)->member), \
	offsetof(struct netlink_port, member) \
}

static const struct netlink_field netlink_fields[] = {
	FIELD(P2PVHCI_A_PORT, port),
	FIELD(P2PVHCI_A_STATE, state),
	FIELD(P2PVHCI_A_SPEED, speed),
	FIELD(P2PVHCI_A_EPOCH, epoch),
	FIELD(P2PVHCI_A_BUSNUM, busnum),
	FIELD(P2PVHCI_A_RHPORT, rhport),
	FIELD(P2PVHCI_A_GRACE_MS, grace_ms),
	FIELD(P2PVHCI_A_PORT_FLAGS, flags),
	FIELD(P2PVHCI_A_STATUS, status),
	FIELD(P2PVHCI_A_VID, vid),
	FIELD(P2PVHCI_A_PID, pid),
	FIELD(P2PVHCI_A_COOKIE, cookie),
	FIELD(P2PVHCI_A_SINCE_NS, since_ns),
	FIELD(P2PVHCI_A_URBS, urbs),
	FIELD(P2PVHCI_A_BYTES_IN, bytes_in),
	FIELD(P2PVHCI_A_BYTES_OUT, bytes_out),
	FIELD(P2PVHCI_A_ERRORS, errors),
	FIELD(P2PVHCI_A_CANCELS, cancels),
	FIELD(P2PVHCI_A_IN_FLIGHT, in_flight),
	FIELD(P2PVHCI_A_ZOMBIES, zombies),
	FIELD(P2PVHCI_A_WATCH_MS, watch_ms),
	FIELD(P2PVHCI_A_EP, ep),
	FIELD(P2PVHCI_A_EP_TYPE, ep_type),
	FIELD(P2PVHCI_A_TIMES_KERNEL, times[NETLINK_KERNEL]),
	FIELD(P2PVHCI_A_TIMES_LINK, times[NETLINK_LINK]),
	FIELD(P2PVHCI_A_TIMES_DEVICE, times[NETLINK_DEVICE]),
};

static void netlink_get_text(struct nlattr *attr, char *out, size_t max)
{
	size_t len;

	if (!attr)
		return;
	len = (size_t)nla_len(attr);
	if (len > max)
		len = max;
	memcpy(out, nla_data(attr), len);
	out[len] = '\0';
}

static int netlink_get(struct nl_msg *msg, struct netlink_port *port)
{
	const struct netlink_field *field;
	struct nlattr *attrs[P2PVHCI_A_MAX + 1];
	size_t i;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, P2PVHCI_A_MAX, NULL) < 0)
		return -EPROTO;
	memset(port, 0, sizeof(*port));
	port->state = P2PVHCI_PORT_NSTATES;
	port->ep = NETLINK_NO_EP;
	port->timed = attrs[P2PVHCI_A_TIMES_KERNEL] ? 1 : 0;
	for (i = 0; i < sizeof(netlink_fields) / sizeof(netlink_fields[0]);
	     i++) {
		field = &netlink_fields[i];
		if (!attrs[field->attr])
			continue;
		if (nla_len(attrs[field->attr]) != field->bytes)
			return -EPROTO;
		memcpy((char *)port + field->offset,
		       nla_data(attrs[field->attr]), field->bytes);
	}
	netlink_get_text(attrs[P2PVHCI_A_TARGET], port->target,
			 P2PVHCI_TARGET_MAX);
	netlink_get_text(attrs[P2PVHCI_A_MESSAGE], port->message,
			 P2PVHCI_MESSAGE_MAX);
	return 0;
}

static int netlink_on_message(struct nl_msg *msg, void *arg)
{
	struct netlink *nl = arg;
	int err;

	err = netlink_get(msg, nl->port);
	if (err) {
		nl->err = err;
		return NL_OK;
	}
	nl->got = 1;
	if (nl->each)
		nl->each(nl->ctx, nl->port);
	return NL_OK;
}

static int netlink_on_end(struct nl_msg *msg, void *arg)
{
	struct netlink *nl = arg;

	(void)msg;
	nl->done = 1;
	return NL_STOP;
}

/* The sentence follows the echoed request, of which CAPPED leaves the head. */
static void netlink_get_why(struct netlink *nl, const struct nlmsgerr *e)
{
	const struct nlmsghdr *hdr = (const void *)((const char *)e -
						    NLMSG_HDRLEN);
	size_t skip = sizeof(*e), total;
	struct nlattr *attr;
	int left;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED)) {
		if (e->msg.nlmsg_len < NLMSG_HDRLEN)
			return;
		skip += NLMSG_ALIGN(e->msg.nlmsg_len - NLMSG_HDRLEN);
	}
	total = hdr->nlmsg_len - NLMSG_HDRLEN;
	if (hdr->nlmsg_len < NLMSG_HDRLEN || skip > total)
		return;
	nla_for_each_attr(attr, (struct nlattr *)((char *)e + skip),
			  (int)(total - skip), left)
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			netlink_get_text(attr, nl->why, sizeof(nl->why) - 1);
}

static int netlink_on_error(struct sockaddr_nl *from, struct nlmsgerr *e,
			    void *arg)
{
	struct netlink *nl = arg;

	(void)from;
	nl->done = 1;
	nl->err = e->error;
	netlink_get_why(nl, e);
	return NL_STOP;
}

static int netlink_errno(int nle)
{
	switch (-nle) {
	case NLE_AGAIN:
		return -ETIMEDOUT;
	case NLE_INTR:
		return -EINTR;
	case NLE_NOMEM:
		/* libnl's name for ENOBUFS of a receive, too. */
		return -ENOBUFS;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
		return -EPERM;
	case NLE_DUMP_INTR:
		return -EAGAIN;
	default:
		return -EPROTO;
	}
}

static void netlink_set_callbacks(struct netlink *nl, struct nl_sock *sock)
{
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, netlink_on_message,
			    nl);
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, netlink_on_end, nl);
	nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, netlink_on_end,
			    nl);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, netlink_on_error, nl);
}

static int netlink_socket(struct nl_sock **out)
{
	struct timeval limit = { .tv_sec = NETLINK_REPLY_S };
	struct nl_sock *sock;
	int one = 1;
	int err, fd;

	sock = nl_socket_alloc();
	if (!sock)
		return -ENOMEM;
	err = genl_connect(sock);
	if (err) {
		nl_socket_free(sock);
		return netlink_errno(err);
	}
	fd = nl_socket_get_fd(sock);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	/* Old kernels refuse these: sentences are missing then. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	*out = sock;
	return 0;
}

int netlink_open(struct netlink **out)
{
	struct netlink *nl;
	int err;

	nl = calloc(1, sizeof(*nl));
	if (!nl)
		return -ENOMEM;
	err = netlink_socket(&nl->ask);
	if (err)
		goto err_free;
	nl->family = genl_ctrl_resolve(nl->ask, P2PVHCI_GENL_NAME);
	if (nl->family < 0) {
		err = netlink_errno(nl->family);
		goto err_free_ask;
	}
	netlink_set_callbacks(nl, nl->ask);
	*out = nl;
	return 0;

err_free_ask:
	nl_socket_free(nl->ask);
err_free:
	free(nl);
	return err;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	nl_socket_free(nl->watch);
	nl_socket_free(nl->ask);
	free(nl);
}

int netlink_watch(struct netlink *nl)
{
	int err, group;

	group = genl_ctrl_resolve_grp(nl->ask, P2PVHCI_GENL_NAME,
				      P2PVHCI_GENL_GROUP_PORTS);
	if (group < 0)
		return netlink_errno(group);
	err = netlink_socket(&nl->watch);
	if (err)
		return err;
	nl_socket_set_buffer_size(nl->watch, NETLINK_WATCH_BYTES, 0);
	/* Notifications answer nothing, so they have no sequence. */
	nl_socket_disable_seq_check(nl->watch);
	netlink_set_callbacks(nl, nl->watch);
	err = nl_socket_add_membership(nl->watch, group);
	if (!err)
		return 0;
	nl_socket_free(nl->watch);
	nl->watch = NULL;
	return netlink_errno(err);
}

static void netlink_begin(struct netlink *nl, struct netlink_port *port,
			  netlink_each *each, void *ctx)
{
	nl->done = 0;
	nl->err = 0;
	nl->got = 0;
	nl->port = port;
	nl->each = each;
	nl->ctx = ctx;
	nl->why[0] = '\0';
}

int netlink_next(struct netlink *nl, int timeout_ms, struct netlink_port *port)
{
	struct pollfd pfd = {
		.fd = nl_socket_get_fd(nl->watch), .events = POLLIN,
	};
	int n;

	n = poll(&pfd, 1, timeout_ms);
	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	netlink_begin(nl, port, NULL, NULL);
	n = nl_recvmsgs_default(nl->watch);
	if (nl->err)
		return nl->err;
	if (n < 0)
		return netlink_errno(n);
	return nl->got ? 0 : -EPROTO;
}

static struct nl_msg *netlink_message(struct netlink *nl, uint8_t cmd,
				      int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg)
		return NULL;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags,
			cmd, P2PVHCI_GENL_VERSION))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/* Send and free @msg, take everything that answers it. */
static int netlink_ask(struct netlink *nl, struct nl_msg *msg)
{
	int i, err;

	err = nl_send_auto(nl->ask, msg);
	nlmsg_free(msg);
	if (err < 0)
		return netlink_errno(err);
	for (i = 0; !nl->done && i < NETLINK_RECV_MAX; i++) {
		err = nl_recvmsgs_default(nl->ask);
		if (err < 0 && (!nl->done || err == -NLE_DUMP_INTR))
			return netlink_errno(err);
	}
	return nl->done ? nl->err : -EPROTO;
}

int netlink_attach(struct netlink *nl, const char *target,
		   unsigned int timeout_ms, uint32_t flags, uint64_t *cookie)
{
	struct nl_msg *msg;
	int err;

	netlink_begin(nl, &nl->scratch, NULL, NULL);
	if (!*target || strlen(target) > P2PVHCI_TARGET_MAX)
		return -EINVAL;
	msg = netlink_message(nl, P2PVHCI_CMD_ATTACH, 0);
	if (!msg)
		return -ENOMEM;
	if (nla_put(msg, P2PVHCI_A_TARGET, (int)strlen(target), target) ||
	    nla_put_u32(msg, P2PVHCI_A_TIMEOUT_MS, timeout_ms) ||
	    nla_put_u32(msg, P2PVHCI_A_PORT_FLAGS, flags)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	err = netlink_ask(nl, msg);
	if (err)
		return err;
	if (!nl->got || !nl->scratch.cookie)
		return -EPROTO;
	*cookie = nl->scratch.cookie;
	return 0;
}

/* Ask something of a port; @value of @attr, 0 = leave it out. */
static int netlink_ask_port(struct netlink *nl, uint8_t cmd, uint32_t port,
			    int attr, uint32_t value)
{
	struct nl_msg *msg;

	netlink_begin(nl, &nl->scratch, NULL, NULL);
	msg = netlink_message(nl, cmd, 0);
	if (!msg)
		return -ENOMEM;
	if (nla_put_u32(msg, P2PVHCI_A_PORT, port) ||
	    (value && nla_put_u32(msg, attr, value))) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return netlink_ask(nl, msg);
}

int netlink_detach(struct netlink *nl, uint32_t port, uint32_t epoch)
{
	return netlink_ask_port(nl, P2PVHCI_CMD_DETACH, port, P2PVHCI_A_EPOCH,
				epoch);
}

int netlink_time(struct netlink *nl, uint32_t port, uint32_t ms)
{
	return netlink_ask_port(nl, P2PVHCI_CMD_PORT_SET, port,
				P2PVHCI_A_WATCH_MS, ms);
}

static int netlink_dump(struct netlink *nl, uint8_t cmd, netlink_each *each,
			void *ctx)
{
	struct nl_msg *msg;
	int err = -EAGAIN;
	int i;

	for (i = 0; err == -EAGAIN && i < NETLINK_DUMP_TRIES; i++) {
		if (i)
			each(ctx, NULL);
		netlink_begin(nl, &nl->scratch, each, ctx);
		msg = netlink_message(nl, cmd, NLM_F_DUMP);
		if (!msg)
			return -ENOMEM;
		err = netlink_ask(nl, msg);
	}
	return err;
}

int netlink_ports(struct netlink *nl, netlink_each *each, void *ctx)
{
	return netlink_dump(nl, P2PVHCI_CMD_PORT_GET, each, ctx);
}

int netlink_stats(struct netlink *nl, netlink_each *each, void *ctx)
{
	return netlink_dump(nl, P2PVHCI_CMD_STATS_GET, each, ctx);
}
