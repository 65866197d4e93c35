/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough generic netlink for tests, so that wrong messages can be made.
 *
 * It is no model for programs: those use libnl.
 */
#ifndef KSELFTEST_GENL_H
#define KSELFTEST_GENL_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/p2pvhci.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

struct genl {
	int fd;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	/* Of the last error. */
	char sentence[256];
};

/* A message under construction, or received: header, genl header, attributes. */
struct genl_msg {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	uint8_t attrs[8192];
} __attribute__((aligned(4)));

static inline void genl_init(struct genl_msg *m, uint16_t family, uint8_t cmd,
			     uint16_t flags)
{
	memset(m, 0, sizeof(m->nlh) + sizeof(m->genl));
	m->nlh.nlmsg_len = sizeof(m->nlh) + sizeof(m->genl);
	m->nlh.nlmsg_type = family;
	m->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	m->genl.cmd = cmd;
	m->genl.version = 1;
}

static inline void genl_put(struct genl_msg *m, uint16_t type, const void *data,
			    uint16_t len)
{
	struct nlattr *a = (void *)((uint8_t *)m + m->nlh.nlmsg_len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy(a + 1, data, len);
	memset((uint8_t *)(a + 1) + len, 0, NLA_ALIGN(len) - len);
	m->nlh.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

static inline void genl_put_u32(struct genl_msg *m, uint16_t type, uint32_t v)
{
	genl_put(m, type, &v, sizeof(v));
}

static inline const struct nlattr *genl_find(const void *from, int len,
					     uint16_t type)
{
	const struct nlattr *a = from;

	while (len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN &&
	       a->nla_len <= len) {
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		len -= NLA_ALIGN(a->nla_len);
		a = (const void *)((const uint8_t *)a + NLA_ALIGN(a->nla_len));
	}
	return NULL;
}

static inline const void *genl_attr(const struct genl_msg *m, uint16_t type)
{
	const struct nlattr *a;

	a = genl_find(m->attrs, m->nlh.nlmsg_len - sizeof(m->nlh) -
		      sizeof(m->genl), type);
	return a ? a + 1 : NULL;
}

static inline uint32_t genl_u32(const struct genl_msg *m, uint16_t type,
				uint32_t otherwise)
{
	const void *p = genl_attr(m, type);

	if (p)
		memcpy(&otherwise, p, sizeof(otherwise));
	return otherwise;
}

static inline uint64_t genl_u64(const struct genl_msg *m, uint16_t type)
{
	const void *p = genl_attr(m, type);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* The error of an acknowledgment, with its sentence. */
static inline int genl_error(struct genl *g, const void *buf, int len)
{
	const struct nlmsghdr *nlh = buf;
	const struct nlmsgerr *err = (const void *)(nlh + 1);
	const struct nlattr *a;
	int skip = sizeof(*nlh) + sizeof(*err);

	g->sentence[0] = 0;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && skip < len) {
		a = genl_find((const uint8_t *)buf + skip, len - skip,
			      NLMSGERR_ATTR_MSG);
		if (a)
			snprintf(g->sentence, sizeof(g->sentence), "%s",
				 (const char *)(a + 1));
	}
	return err->error;
}

/*
 * Send and wait for the acknowledgment.  Answers go to each(), the first also
 * to @reply.  Returns the kernel's verdict.
 */
static inline int genl_call(struct genl *g, struct genl_msg *m,
			    struct genl_msg *reply,
			    void (*each)(const struct genl_msg *, void *),
			    void *arg)
{
	static uint8_t buf[65536];
	struct nlmsghdr *nlh;
	int len, rc;

	m->nlh.nlmsg_seq = ++g->seq;
	m->nlh.nlmsg_flags |= NLM_F_ACK;
	if (send(g->fd, m, m->nlh.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		len = recv(g->fd, buf, sizeof(buf), 0);
		if (len < 0)
			return -errno;
		for (nlh = (void *)buf; NLMSG_OK(nlh, (uint32_t)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return genl_error(g, nlh, nlh->nlmsg_len);
			if (nlh->nlmsg_type == NLMSG_DONE) {
				memcpy(&rc, nlh + 1, sizeof(rc));
				return rc;
			}
			if (reply)
				memcpy(reply, nlh, nlh->nlmsg_len);
			if (each)
				each((void *)nlh, arg);
		}
	}
}

static inline uint32_t genl_first_group(const struct genl_msg *m)
{
	const struct nlattr *groups, *group, *id;

	groups = genl_attr(m, CTRL_ATTR_MCAST_GROUPS);
	if (!groups)
		return 0;
	/* A nest of nests; ours has one. */
	group = groups;
	id = genl_find(group + 1, group->nla_len - NLA_HDRLEN,
		       CTRL_ATTR_MCAST_GRP_ID);
	return id ? *(const uint32_t *)(id + 1) : 0;
}

/* Open a socket and find the family; 0 or a negative errno. */
static inline int genl_open(struct genl *g)
{
	static const char name[] = P2PVHCI_GENL_NAME;
	struct genl_msg m, reply;
	int one = 1, rc;

	memset(g, 0, sizeof(*g));
	g->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (g->fd < 0)
		return -errno;
	setsockopt(g->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(g->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
		   sizeof(one));
	genl_init(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	genl_put(&m, CTRL_ATTR_FAMILY_NAME, name, sizeof(name));
	rc = genl_call(g, &m, &reply, NULL, NULL);
	if (rc) {
		close(g->fd);
		return rc;
	}
	memcpy(&g->family, genl_attr(&reply, CTRL_ATTR_FAMILY_ID),
	       sizeof(g->family));
	g->group = genl_first_group(&reply);
	return 0;
}

static inline int genl_join(struct genl *g)
{
	return setsockopt(g->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &g->group,
			  sizeof(g->group)) ? -errno : 0;
}

/* The next notification: 1, or 0 after the time. */
static inline int genl_wait(struct genl *g, struct genl_msg *m, int timeout_ms)
{
	struct pollfd pfd = { .fd = g->fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 &&
	       recv(g->fd, m, sizeof(*m), 0) > 0;
}

#endif /* KSELFTEST_GENL_H */
