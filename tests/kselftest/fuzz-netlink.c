// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-netlink [--seed=N] [--messages=N] [--seconds=N] - every command of the
 * generic netlink family with attributes that are random or nearly right, with
 * and without privilege, beside an honest device and an agent that listens.
 *
 * Whatever is well framed is answered, and never by an errno that the family
 * does not know.
 */
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>

#include "fuzz_dice.h"
#include "fuzz_honest.h"
#include "genl.h"
#include "ktap.h"
#include "ringdev.h"

#define LISTENER	0x0004	/* idProduct */
#define ANSWER_MS	30000	/* of the kernel; the machine is slow */

/**
 * struct board - what all processes share
 * @seed: of everything
 * @wanted: messages
 * @stop: everybody is to end
 * @sent: messages
 * @taken: answered by 0
 * @refused: by an errno
 * @sentences: refusals that say why
 * @dumps: cut off in the middle
 * @heard: notifications
 * @asked: attach requests that an agent saw
 * @unprivileged: messages without CAP_SYS_ADMIN
 */
static struct board {
	uint64_t seed;
	uint64_t wanted;

	_Atomic int stop;
	_Atomic uint64_t sent;
	_Atomic uint64_t taken;
	_Atomic uint64_t refused;
	_Atomic uint64_t sentences;
	_Atomic uint64_t dumps;
	_Atomic uint64_t heard;
	_Atomic uint64_t asked;
	_Atomic uint64_t unprivileged;
} *board;

/* Who sends. */
enum who { ROOT, NETADMIN, NOBODY, NAMESPACE, NWHO };

struct sender {
	struct genl g;
	struct fuzz_dice dice;
	enum who who;
};

/* Messages ------------------------------------------------------------------ */

/* What a message may be answered by. */
enum fate {
	ANY,
	REFUSED,
};

static const uint8_t commands[] = {
	P2PVHCI_CMD_PORT_GET, P2PVHCI_CMD_ATTACH, P2PVHCI_CMD_ATTACH,
	P2PVHCI_CMD_DETACH, P2PVHCI_CMD_PORT_SET, P2PVHCI_CMD_STATS_GET,
};

/* The bytes of each attribute that a command knows, 0 = it has none. */
static const struct {
	uint16_t type;
	uint16_t bytes;
} known[P2PVHCI_CMD_MAX + 1][5] = {
	[P2PVHCI_CMD_PORT_GET] = { { P2PVHCI_A_PORT, 4 } },
	[P2PVHCI_CMD_ATTACH] = {
		{ P2PVHCI_A_TARGET, 1 }, { P2PVHCI_A_GRACE_MS, 4 },
		{ P2PVHCI_A_TIMEOUT_MS, 4 }, { P2PVHCI_A_PORT_FLAGS, 4 } },
	[P2PVHCI_CMD_DETACH] = {
		{ P2PVHCI_A_PORT, 4 }, { P2PVHCI_A_EPOCH, 4 } },
	[P2PVHCI_CMD_PORT_SET] = {
		{ P2PVHCI_A_PORT, 4 }, { P2PVHCI_A_GRACE_MS, 4 },
		{ P2PVHCI_A_WATCH_MS, 4 } },
};

static int knows(uint8_t cmd, uint16_t type)
{
	unsigned int i;

	for (i = 0; known[cmd][i].bytes; i++)
		if (known[cmd][i].type == type)
			return 1;
	return 0;
}

/* One that is the honest device's is only asked for by those who may not. */
static uint32_t any_port(struct sender *s, uint8_t cmd)
{
	uint32_t port = fuzz_one_in(&s->dice, 8) ? fuzz_u32(&s->dice) :
						   1 + fuzz_below(&s->dice, 31);

	if (s->who == ROOT && cmd == P2PVHCI_CMD_DETACH &&
	    port == fuzz_honest->port)
		port++;
	return port;
}

static uint32_t any_value(struct sender *s, uint8_t cmd, uint16_t type)
{
	switch (type) {
	case P2PVHCI_A_PORT:
		return any_port(s, cmd);
	case P2PVHCI_A_TIMEOUT_MS:
		if (fuzz_one_in(&s->dice, 4))
			break;
		return 100 + fuzz_below(&s->dice, 900);
	case P2PVHCI_A_PORT_FLAGS:
		return fuzz_below(&s->dice, 6);
	case P2PVHCI_A_GRACE_MS:
		return fuzz_one_in(&s->dice, 4) ? fuzz_u32(&s->dice) : 0;
	case P2PVHCI_A_EPOCH:
		return 1 + fuzz_below(&s->dice, 40);
	}
	return fuzz_u32(&s->dice);
}

static enum fate put_target(struct sender *s, struct genl_msg *m)
{
	uint16_t len = fuzz_one_in(&s->dice, 8) ?
		       fuzz_below(&s->dice, 4000) :
		       1 + fuzz_below(&s->dice, P2PVHCI_TARGET_MAX);
	uint8_t target[4000];

	/* Any bytes, and no NUL at the end. */
	fuzz_bytes(&s->dice, target, len);
	genl_put(m, P2PVHCI_A_TARGET, target, len);
	return !len || len > P2PVHCI_TARGET_MAX ? REFUSED : ANY;
}

static enum fate put_known(struct sender *s, struct genl_msg *m)
{
	uint8_t cmd = m->genl.cmd;
	enum fate fate = ANY;
	unsigned int i;

	for (i = 0; known[cmd][i].bytes; i++) {
		if (i && fuzz_one_in(&s->dice, 2))
			continue;
		if (known[cmd][i].bytes == 1)
			fate |= put_target(s, m);
		else
			genl_put_u32(m, known[cmd][i].type,
				     any_value(s, cmd, known[cmd][i].type));
	}
	return fate;
}

/* Spoiling ------------------------------------------------------------------ */

static enum fate spoil_not(struct sender *s, struct genl_msg *m)
{
	(void)s;
	(void)m;
	return ANY;
}

static enum fate spoil_foreign(struct sender *s, struct genl_msg *m)
{
	uint16_t type = fuzz_one_in(&s->dice, 2) ? fuzz_u64(&s->dice) & 0x3fff :
			fuzz_below(&s->dice, P2PVHCI_A_MAX + 4);

	if (knows(m->genl.cmd, type))
		return ANY;
	genl_put_u32(m, type, fuzz_u32(&s->dice));
	return REFUSED;
}

static enum fate spoil_length(struct sender *s, struct genl_msg *m)
{
	uint8_t junk[64];
	uint16_t len = fuzz_below(&s->dice, sizeof(junk));

	fuzz_bytes(&s->dice, junk, sizeof(junk));
	if (len == 4)
		len = 5;
	genl_put(m, P2PVHCI_A_PORT, junk, len);
	return REFUSED;
}

static enum fate spoil_nest(struct sender *s, struct genl_msg *m)
{
	uint8_t junk[256];

	fuzz_bytes(&s->dice, junk, sizeof(junk));
	genl_put(m, NLA_F_NESTED | fuzz_below(&s->dice, P2PVHCI_A_MAX + 1),
		 junk, fuzz_below(&s->dice, sizeof(junk)));
	return REFUSED;
}

/* The attributes once more; the last of each counts. */
static enum fate spoil_twice(struct sender *s, struct genl_msg *m)
{
	return put_known(s, m);
}

static enum fate spoil_tail(struct sender *s, struct genl_msg *m)
{
	uint8_t *end = (uint8_t *)m + m->nlh.nlmsg_len;
	uint32_t len = 1 + fuzz_below(&s->dice, 3);

	fuzz_bytes(&s->dice, end, 4);
	m->nlh.nlmsg_len += len;
	return REFUSED;
}

/* An attribute that says it is longer than the message. */
static enum fate spoil_overrun(struct sender *s, struct genl_msg *m)
{
	struct nlattr *a = (void *)((uint8_t *)m + m->nlh.nlmsg_len);

	genl_put_u32(m, P2PVHCI_A_TARGET, 0);
	a->nla_len = 9 + fuzz_below(&s->dice, 0xffff - 9);
	return REFUSED;
}

static enum fate spoil_bytes(struct sender *s, struct genl_msg *m)
{
	uint32_t len = m->nlh.nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;

	if (!len)
		return ANY;
	/* Nobody can tell what that asks for. */
	if (s->who == ROOT && m->genl.cmd == P2PVHCI_CMD_DETACH)
		m->genl.cmd = P2PVHCI_CMD_PORT_GET;
	fuzz_spoil(&s->dice, m->attrs, len);
	return ANY;
}

static enum fate spoil_all(struct sender *s, struct genl_msg *m)
{
	uint32_t len = fuzz_below(&s->dice, sizeof(m->attrs));

	m->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + len;
	fuzz_bytes(&s->dice, m->attrs, len);
	m->genl.cmd = fuzz_u64(&s->dice);
	if (m->genl.cmd == P2PVHCI_CMD_DETACH)
		m->genl.cmd = 0;
	m->genl.version = fuzz_u64(&s->dice);
	m->genl.reserved = fuzz_one_in(&s->dice, 2) ? fuzz_u64(&s->dice) : 0;
	return ANY;
}

static enum fate spoil_command(struct sender *s, struct genl_msg *m)
{
	m->genl.cmd = fuzz_one_in(&s->dice, 2) ? P2PVHCI_CMD_PORT_NTF :
		      P2PVHCI_CMD_MAX + 1 + fuzz_below(&s->dice, 200);
	return REFUSED;
}

/* Not even a generic header. */
static enum fate spoil_short(struct sender *s, struct genl_msg *m)
{
	m->nlh.nlmsg_len = NLMSG_HDRLEN + fuzz_below(&s->dice, GENL_HDRLEN);
	return REFUSED;
}

static enum fate (*const spoils[])(struct sender *s, struct genl_msg *m) = {
	spoil_not, spoil_not, spoil_not, spoil_not, spoil_not, spoil_not,
	spoil_foreign, spoil_length, spoil_nest, spoil_twice, spoil_tail,
	spoil_overrun, spoil_bytes, spoil_bytes, spoil_all, spoil_command,
	spoil_short,
};

/* Sending ------------------------------------------------------------------- */

static int is_change(uint8_t cmd)
{
	return cmd == P2PVHCI_CMD_ATTACH || cmd == P2PVHCI_CMD_DETACH ||
	       cmd == P2PVHCI_CMD_PORT_SET;
}

static int is_known_errno(int rc)
{
	static const int errors[] = {
		0, -EINVAL, -ERANGE, -EOPNOTSUPP, -ENOENT, -ESRCH, -EPERM,
		-EBUSY,
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i] == rc)
			return 1;
	return 0;
}

static void judge(struct sender *s, const struct genl_msg *m, enum fate fate,
		  int rc)
{
	uint8_t cmd = m->genl.cmd;

	board->sent++;
	board->taken += !rc;
	board->refused += rc < 0;
	board->sentences += rc < 0 && s->g.sentence[0];
	board->unprivileged += s->who != ROOT;
	if (rc == -EAGAIN || rc == -EWOULDBLOCK)
		fuzz_wrong("no answer to command %u", cmd);
	else if (!is_known_errno(rc))
		fuzz_wrong("command %u is answered by %d", cmd, rc);
	else if (!rc && fate == REFUSED)
		fuzz_wrong("command %u of %u bytes should be refused", cmd,
			   m->nlh.nlmsg_len);
	else if (!rc && s->who != ROOT && is_change(cmd))
		fuzz_wrong("command %u without privilege (%d)", cmd, s->who);
}

static void send_one(struct sender *s)
{
	struct genl_msg m;
	enum fate fate;
	uint8_t cmd = commands[fuzz_below(&s->dice, sizeof(commands))];
	uint16_t flags = cmd == P2PVHCI_CMD_STATS_GET ||
			 (cmd == P2PVHCI_CMD_PORT_GET &&
			  fuzz_one_in(&s->dice, 2)) ? NLM_F_DUMP : 0;

	genl_init(&m, s->g.family, cmd, flags);
	fate = put_known(s, &m);
	fate |= spoils[fuzz_below(&s->dice,
				  sizeof(spoils) / sizeof(spoils[0]))](s, &m);
	if (fuzz_one_in(&s->dice, 40))
		m.nlh.nlmsg_flags ^= fuzz_u64(&s->dice) & 0xff00;
	judge(s, &m, fate, genl_call(&s->g, &m, NULL, NULL, NULL));
}

static int reopen(struct sender *s)
{
	struct timeval limit = { .tv_sec = ANSWER_MS / 1000 };
	int rc = genl_open(&s->g);

	if (rc)
		fuzz_wrong("no socket for %d: %d", s->who, rc);
	else
		setsockopt(s->g.fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
			   sizeof(limit));
	return rc;
}

/* Ask for more than one answer holds, take less than it, and go. */
static void cut_dump(struct sender *s)
{
	uint8_t buf[512];
	struct genl_msg m;
	int n;

	for (n = 1 + fuzz_below(&s->dice, 3); n; n--) {
		genl_init(&m, s->g.family, fuzz_one_in(&s->dice, 2) ?
			  P2PVHCI_CMD_PORT_GET : P2PVHCI_CMD_STATS_GET,
			  NLM_F_DUMP);
		send(s->g.fd, &m, m.nlh.nlmsg_len, 0);
		board->sent++;
	}
	if (fuzz_one_in(&s->dice, 2))
		recv(s->g.fd, buf, sizeof(buf), 0);
	close(s->g.fd);
	board->dumps++;
}

/* Groups that are and are not; some are heard, some never read. */
static void join_groups(struct sender *s)
{
	uint32_t group = fuzz_u32(&s->dice);
	struct genl_msg m;
	struct genl g;
	int n;

	if (genl_open(&g))
		return;
	setsockopt(g.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		   sizeof(group));
	setsockopt(g.fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group,
		   sizeof(group));
	if (genl_join(&g))
		fuzz_wrong("nobody may listen");
	if (fuzz_one_in(&s->dice, 2))
		for (n = 0; n < 20; n++)
			send_one(s);
	while (genl_wait(&g, &m, 0))
		board->heard++;
	close(g.fd);
}

/* Who ----------------------------------------------------------------------- */

/* All capabilities but one. */
static int keep_only(int capability)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	data[0].effective = 1U << capability;
	data[0].permitted = 1U << capability;
	return syscall(SYS_capset, &head, data);
}

static int become(enum who who)
{
	switch (who) {
	case NETADMIN:
		return keep_only(CAP_NET_ADMIN);
	case NOBODY:
		return setgid(65534) || setuid(65534);
	case NAMESPACE:
		/* Not every kernel has them; then it is nobody. */
		if (setgid(65534) || setuid(65534))
			return -1;
		unshare(CLONE_NEWUSER);
		break;
	default:
		break;
	}
	return 0;
}

static void run_sender(unsigned int who)
{
	struct sender s = { .who = who };

	s.dice.state = fuzz_mix(board->seed, 10 + who);
	/* What counts is who sends, not only who opened it. */
	if ((fuzz_one_in(&s.dice, 2) && reopen(&s)) || become(who))
		fuzz_wrong("no sender %u", who);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!s.g.fd && reopen(&s))
		return;
	while (!board->stop) {
		send_one(&s);
		if (fuzz_one_in(&s.dice, 50)) {
			cut_dump(&s);
			if (reopen(&s))
				return;
		}
		if (fuzz_one_in(&s.dice, 100))
			join_groups(&s);
	}
}

/* The agent that listens ---------------------------------------------------- */

static void answer(struct ringdev *d, struct fuzz_dice *dice, uint64_t cookie)
{
	struct p2pvhci_attach_done done = {
		.size = sizeof(done),
		.cookie = cookie,
		.status = 1 + fuzz_below(dice, 100),
	};
	int rc;

	board->asked++;
	switch (fuzz_below(dice, 16)) {
	case 0 ... 3:
		/* Never, or too late. */
		return;
	case 4:
		/* It takes its time to come and go. */
		if (!ringdev_bind(d, P2PVHCI_SPEED_HIGH, cookie))
			done.status = 0;
		break;
	case 5 ... 8:
		memset(done.message, 'x', fuzz_below(dice, 257));
		break;
	}
	rc = ioctl(d->fd, P2PVHCI_IOC_ATTACH_DONE, &done) ? -errno : 0;
	if (rc && rc != -ENOENT)
		fuzz_wrong("the answer to an attach: %d", rc);
	if (!done.status && fuzz_one_in(dice, 2))
		ringdev_unbind(d);
}

static void listen_until(struct fuzz_dice *dice, long end)
{
	struct ringdev d = { .product = LISTENER, .flags = P2PVHCI_SETUP_LISTEN,
			     .tags = 256, .area = 256 << 10 };
	struct p2pvhci_req req;
	int rc = ringdev_open(&d);

	if (rc)
		fuzz_wrong("no listener: %d", rc);
	while (rc >= 0 && !board->stop && ringdev_now_ms() < end) {
		rc = ringdev_next(&d, &req, 20);
		if (rc <= 0)
			continue;
		if (req.op == P2PVHCI_OP_ATTACH) {
			answer(&d, dice, req.token);
			continue;
		}
		ringdev_answer(&d, &req);
		rc = ringdev_enter(&d);
	}
	if (rc < 0)
		fuzz_wrong("the listener died: %d", rc);
	ringdev_close(&d);
}

static void run_listener(unsigned int unused)
{
	struct fuzz_dice dice = { fuzz_mix(board->seed, 2) };

	(void)unused;
	while (!board->stop)
		listen_until(&dice, ringdev_now_ms() + 300 +
			     fuzz_below(&dice, 2000));
}

/* All ----------------------------------------------------------------------- */

static void report(void)
{
	struct fuzz_honest *h = fuzz_honest;

	printf("# %llu taken, %llu refused, %llu of them with a sentence, %llu dumps cut off, %llu notifications\n",
	       (unsigned long long)board->taken,
	       (unsigned long long)board->refused,
	       (unsigned long long)board->sentences,
	       (unsigned long long)board->dumps,
	       (unsigned long long)board->heard);
	ktap_ok(!h->wrongs, "the kernel was wrong %u times", h->wrongs);
	ktap_ok(h->loops > 10,
		"the honest pair: %llu loops, %llu bytes verified",
		(unsigned long long)h->loops, (unsigned long long)h->bytes);
	ktap_ok(board->sent >= board->wanted,
		"%llu messages, %llu of them without privilege",
		(unsigned long long)board->sent,
		(unsigned long long)board->unprivileged);
	ktap_ok(board->taken && board->refused && board->asked &&
		board->heard, "%llu attach requests reached an agent",
		(unsigned long long)board->asked);
}

int main(int argc, char **argv)
{
	long end, seconds = fuzz_option(argc, argv, "--seconds",
					"fuzz_seconds", 400);
	pid_t pids[NWHO + 1];
	unsigned int i;

	ktap_plan(4);
	board = fuzz_share(sizeof(*board));
	board->wanted = fuzz_option(argc, argv, "--messages", "fuzz_messages",
				    20000);
	board->seed = fuzz_seed(argc, argv);
	fuzz_honest_start(board->seed);
	for (i = 0; i < NWHO; i++)
		pids[i] = fuzz_start(run_sender, i);
	pids[i] = fuzz_start(run_listener, 0);
	end = ringdev_now_ms() + seconds * 1000;
	while (board->sent < board->wanted && ringdev_now_ms() < end &&
	       !fuzz_honest->wrongs)
		usleep(50000);
	board->stop = 1;
	for (i = 0; i <= NWHO; i++)
		fuzz_join(pids[i], 2 * ANSWER_MS);
	fuzz_honest_end();
	report();
	return ktap_end();
}
