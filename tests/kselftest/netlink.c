// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The generic netlink family: what it refuses and with which sentence, attach
 * from request to result, dumps and notifications.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "genl.h"
#include "ktap.h"
#include "ringdev.h"

static struct genl cmd, watch;

/* Refusals ------------------------------------------------------------------ */

struct refusal {
	const char *what;
	uint8_t cmd;
	int expected;
	/* Part of the sentence. */
	const char *sentence;
	void (*fill)(struct genl_msg *m);
};

#define FILL(name, code)						\
	static void name(struct genl_msg *m) { code; }

static const uint8_t blob[2048];

FILL(fill_none, (void)m)
FILL(fill_target, genl_put(m, P2PVHCI_A_TARGET, "x", 1))
FILL(fill_empty_target, genl_put(m, P2PVHCI_A_TARGET, "", 0))
FILL(fill_long_target, genl_put(m, P2PVHCI_A_TARGET, blob, 1025))
FILL(fill_short_time, fill_target(m);
	genl_put_u32(m, P2PVHCI_A_TIMEOUT_MS, 99))
FILL(fill_long_time, fill_target(m);
	genl_put_u32(m, P2PVHCI_A_TIMEOUT_MS, 120001))
FILL(fill_wrong_size, fill_target(m);
	genl_put(m, P2PVHCI_A_TIMEOUT_MS, blob, 2))
FILL(fill_flags, fill_target(m);
	genl_put_u32(m, P2PVHCI_A_PORT_FLAGS, 0x10))
FILL(fill_grace, fill_target(m);
	genl_put_u32(m, P2PVHCI_A_GRACE_MS, 1))
FILL(fill_long_grace, fill_target(m);
	genl_put_u32(m, P2PVHCI_A_GRACE_MS, 600001))
FILL(fill_foreign, fill_target(m); genl_put_u32(m, P2PVHCI_A_STATE, 1))
FILL(fill_unknown, fill_target(m); genl_put_u32(m, 999, 1))
FILL(fill_port0, genl_put_u32(m, P2PVHCI_A_PORT, 0))
FILL(fill_port1, genl_put_u32(m, P2PVHCI_A_PORT, 1))
FILL(fill_port_big, genl_put_u32(m, P2PVHCI_A_PORT, 0xffffffff))
FILL(fill_port_grace, fill_port1(m);
	genl_put_u32(m, P2PVHCI_A_GRACE_MS, 1000))

static const struct refusal refusals[] = {
	{ "attach, nobody listens", P2PVHCI_CMD_ATTACH, -ESRCH,
	  "no agent is listening", fill_target },
	{ "attach, no target", P2PVHCI_CMD_ATTACH, -EINVAL, "target",
	  fill_none },
	{ "attach, empty target", P2PVHCI_CMD_ATTACH, -ERANGE, "",
	  fill_empty_target },
	{ "attach, long target", P2PVHCI_CMD_ATTACH, -ERANGE, "",
	  fill_long_target },
	{ "attach, short time", P2PVHCI_CMD_ATTACH, -ERANGE, "range",
	  fill_short_time },
	{ "attach, long time", P2PVHCI_CMD_ATTACH, -ERANGE, "range",
	  fill_long_time },
	{ "attach, attribute of 2 bytes", P2PVHCI_CMD_ATTACH, -EINVAL, "length",
	  fill_wrong_size },
	{ "attach, unknown flag", P2PVHCI_CMD_ATTACH, -EINVAL, "",
	  fill_flags },
	{ "attach, grace", P2PVHCI_CMD_ATTACH, -EOPNOTSUPP, "hold a port",
	  fill_grace },
	{ "attach, long grace", P2PVHCI_CMD_ATTACH, -ERANGE, "",
	  fill_long_grace },
	{ "attach, attribute of another command", P2PVHCI_CMD_ATTACH, -EINVAL,
	  "", fill_foreign },
	{ "attach, unknown attribute", P2PVHCI_CMD_ATTACH, -EINVAL, "",
	  fill_unknown },
	{ "get, no port", P2PVHCI_CMD_PORT_GET, -EINVAL, "port number",
	  fill_none },
	{ "get, port 0", P2PVHCI_CMD_PORT_GET, -ERANGE, "", fill_port0 },
	{ "get, no such port", P2PVHCI_CMD_PORT_GET, -ENOENT, "no port",
	  fill_port_big },
	{ "detach, no port", P2PVHCI_CMD_DETACH, -EINVAL, "port number",
	  fill_none },
	{ "detach, nothing there", P2PVHCI_CMD_DETACH, -ENOENT, "attached",
	  fill_port1 },
	{ "set, nothing named", P2PVHCI_CMD_PORT_SET, -EINVAL, "nothing",
	  fill_port1 },
	{ "set, grace", P2PVHCI_CMD_PORT_SET, -EOPNOTSUPP, "hold a port",
	  fill_port_grace },
	{ "statistics of one", P2PVHCI_CMD_STATS_GET, -EOPNOTSUPP, "",
	  fill_none },
	{ "command unknown", P2PVHCI_CMD_MAX + 1, -EOPNOTSUPP, "", fill_none },
	{ "command of notifications", P2PVHCI_CMD_PORT_NTF, -EOPNOTSUPP, "",
	  fill_none },
};

#define NREFUSALS	(sizeof(refusals) / sizeof(refusals[0]))

static int refused(struct genl *g, const struct refusal *r)
{
	struct genl_msg m;
	int rc;

	genl_init(&m, g->family, r->cmd, 0);
	r->fill(&m);
	rc = genl_call(g, &m, NULL, NULL, NULL);
	return rc;
}

static void check_refusals(void)
{
	unsigned int i;
	int rc;

	for (i = 0; i < NREFUSALS; i++) {
		rc = refused(&cmd, &refusals[i]);
		ktap_ok(rc == refusals[i].expected &&
			strstr(cmd.sentence, refusals[i].sentence), "%s: %d %s",
			refusals[i].what, rc, cmd.sentence);
	}
}

/* Each type: one that is looked up in a table of none is read from beyond it. */
static void check_stats_attributes(void)
{
	unsigned int type, refusals_seen = 0;
	struct genl_msg m;

	for (type = 1; type <= P2PVHCI_A_MAX; type++) {
		genl_init(&m, cmd.family, P2PVHCI_CMD_STATS_GET, NLM_F_DUMP);
		genl_put_u32(&m, type, 1);
		refusals_seen += genl_call(&cmd, &m, NULL, NULL, NULL) ==
				 -EINVAL;
	}
	ktap_ok(refusals_seen == P2PVHCI_A_MAX,
		"statistics take no attribute: %u of %u refused",
		refusals_seen, (unsigned int)P2PVHCI_A_MAX);
}

static void count(const struct genl_msg *m, void *arg)
{
	(void)m;
	++*(unsigned int *)arg;
}

static int dump(struct genl *g, uint8_t command,
		void (*each)(const struct genl_msg *, void *), void *arg)
{
	struct genl_msg m;

	genl_init(&m, g->family, command, NLM_F_DUMP);
	return genl_call(g, &m, NULL, each, arg);
}

/* In a child, so that it can give its privileges away. */
static int as_nobody(void)
{
	static const struct refusal attach = {
		.cmd = P2PVHCI_CMD_ATTACH, .fill = fill_target,
	};
	static const struct refusal detach = {
		.cmd = P2PVHCI_CMD_DETACH, .fill = fill_port1,
	};
	unsigned int n = 0;
	struct genl g;

	if (setgid(65534) || setuid(65534) || genl_open(&g))
		return 1;
	if (refused(&g, &attach) != -EPERM ||
	    !strstr(g.sentence, "CAP_SYS_ADMIN"))
		return 2;
	if (refused(&g, &detach) != -EPERM)
		return 3;
	return dump(&g, P2PVHCI_CMD_PORT_GET, count, &n) ? 4 : 0;
}

static int elsewhere(void)
{
	struct genl g;

	return unshare(CLONE_NEWNET) || genl_open(&g) != -ENOENT;
}

static int in_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Attach -------------------------------------------------------------------- */

static pid_t agent_start(void)
{
	int out[2];
	char word[8];
	pid_t pid;

	if (pipe(out))
		ktap_abort("no pipe");
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		execlp("fakeagent", "fakeagent", "listen", NULL);
		_exit(1);
	}
	close(out[1]);
	if (read(out[0], word, sizeof(word)) <= 0)
		ktap_abort("no agent");
	/* The pipe stays open, or its next line would kill it. */
	return pid;
}

static void agent_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int attach(const char *target, uint32_t timeout_ms, uint32_t flags,
		  uint64_t *cookie)
{
	struct genl_msg m, reply;
	int rc;

	genl_init(&m, cmd.family, P2PVHCI_CMD_ATTACH, 0);
	genl_put(&m, P2PVHCI_A_TARGET, target, strlen(target));
	genl_put_u32(&m, P2PVHCI_A_TIMEOUT_MS, timeout_ms);
	if (flags)
		genl_put_u32(&m, P2PVHCI_A_PORT_FLAGS, flags);
	rc = genl_call(&cmd, &m, &reply, NULL, NULL);
	*cookie = rc ? 0 : genl_u64(&reply, P2PVHCI_A_COOKIE);
	return rc;
}

/* The result is the notification with this cookie and a status. */
static int result(uint64_t cookie, struct genl_msg *m, int timeout_ms)
{
	long end = ringdev_now_ms() + timeout_ms;

	while (ringdev_now_ms() < end) {
		if (genl_wait(&watch, m, end - ringdev_now_ms()) &&
		    m->genl.cmd == P2PVHCI_CMD_PORT_NTF &&
		    genl_u64(m, P2PVHCI_A_COOKIE) == cookie &&
		    genl_attr(m, P2PVHCI_A_STATUS))
			return genl_u32(m, P2PVHCI_A_STATUS, 0);
	}
	return -1;
}

/* Wait until the port of @m says this state. */
static int state_follows(const struct genl_msg *m, uint32_t state)
{
	uint32_t port = genl_u32(m, P2PVHCI_A_PORT, 0);
	struct genl_msg ntf;

	while (genl_wait(&watch, &ntf, 3000))
		if (genl_u32(&ntf, P2PVHCI_A_PORT, 0) == port &&
		    genl_u32(&ntf, P2PVHCI_A_STATE, 99) == state)
			return 1;
	return 0;
}

static void check_good(void)
{
	struct genl_msg ntf, m, reply;
	uint64_t cookie;
	uint32_t port;
	int rc, usb;
	unsigned int n = 0;

	rc = attach("good", 5000, 0, &cookie);
	ktap_ok(!rc && cookie, "attach: %d, cookie %llx", rc,
		(unsigned long long)cookie);
	rc = result(cookie, &ntf, 5000);
	port = genl_u32(&ntf, P2PVHCI_A_PORT, 0);
	ktap_ok(!rc && port && genl_u32(&ntf, P2PVHCI_A_STATE, 0) ==
		P2PVHCI_PORT_ATTACHED, "its result: %d, port %u", rc, port);
	usb = ringdev_usbfs(10000);
	ktap_ok(usb >= 0, "the device is there");

	genl_init(&m, cmd.family, P2PVHCI_CMD_PORT_GET, 0);
	genl_put_u32(&m, P2PVHCI_A_PORT, port);
	rc = genl_call(&cmd, &m, &reply, NULL, NULL);
	ktap_ok(!rc && genl_u64(&reply, P2PVHCI_A_COOKIE) == cookie &&
		genl_u32(&reply, P2PVHCI_A_SPEED, 0) == P2PVHCI_SPEED_HIGH &&
		genl_attr(&reply, P2PVHCI_A_TARGET) &&
		!memcmp(genl_attr(&reply, P2PVHCI_A_TARGET), "good", 4) &&
		genl_u32(&reply, P2PVHCI_A_BUSNUM, 0) &&
		genl_u64(&reply, P2PVHCI_A_SINCE_NS), "get: %d", rc);
	rc = dump(&cmd, P2PVHCI_CMD_PORT_GET, count, &n);
	ktap_ok(!rc && n == 1, "dump: %d, %u", rc, n);

	genl_init(&m, cmd.family, P2PVHCI_CMD_STATS_GET, NLM_F_DUMP);
	rc = genl_call(&cmd, &m, &reply, NULL, NULL);
	ktap_ok(!rc && genl_u64(&reply, P2PVHCI_A_URBS) > 5 &&
		genl_u64(&reply, P2PVHCI_A_BYTES_IN) > 18, "statistics: %llu",
		(unsigned long long)genl_u64(&reply, P2PVHCI_A_URBS));

	genl_init(&m, cmd.family, P2PVHCI_CMD_DETACH, 0);
	genl_put_u32(&m, P2PVHCI_A_PORT, port);
	genl_put_u32(&m, P2PVHCI_A_EPOCH,
		     genl_u32(&ntf, P2PVHCI_A_EPOCH, 0) + 1);
	rc = genl_call(&cmd, &m, NULL, NULL, NULL);
	ktap_ok(rc == -ENOENT, "detach of another epoch: %d", rc);
	genl_init(&m, cmd.family, P2PVHCI_CMD_DETACH, 0);
	genl_put_u32(&m, P2PVHCI_A_PORT, port);
	genl_put_u32(&m, P2PVHCI_A_EPOCH, genl_u32(&ntf, P2PVHCI_A_EPOCH, 0));
	rc = genl_call(&cmd, &m, NULL, NULL, NULL);
	close(usb);
	ktap_ok(!rc && state_follows(&ntf, P2PVHCI_PORT_DETACHING) &&
		state_follows(&ntf, P2PVHCI_PORT_EMPTY) && !ringdev_gone(3000),
		"detach: %d, and its notifications", rc);
}

static void check_unauthorized(void)
{
	struct genl_msg ntf, m;
	char path[64], text = '?';
	uint64_t cookie;
	FILE *f = NULL;
	int i;

	attach("good", 5000, P2PVHCI_PORT_UNAUTHORIZED, &cookie);
	if (result(cookie, &ntf, 5000))
		memset(&ntf, 0, sizeof(ntf));
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%u-%u/authorized",
		 genl_u32(&ntf, P2PVHCI_A_BUSNUM, 0),
		 genl_u32(&ntf, P2PVHCI_A_RHPORT, 0));
	for (i = 0; i < 300 && !f; i++) {
		usleep(10000);
		f = fopen(path, "r");
	}
	if (f) {
		text = fgetc(f);
		fclose(f);
	}
	ktap_ok(text == '0', "unauthorized: %s says %c", path, text);
	f = fopen(path, "w");
	if (f) {
		fputc('1', f);
		fclose(f);
	}
	i = ringdev_usbfs(5000);
	ktap_ok(i >= 0, "until somebody says yes: %d", i);
	close(i);
	genl_init(&m, cmd.family, P2PVHCI_CMD_DETACH, 0);
	genl_put_u32(&m, P2PVHCI_A_PORT, genl_u32(&ntf, P2PVHCI_A_PORT, 0));
	genl_call(&cmd, &m, NULL, NULL, NULL);
	ringdev_gone(3000);
}

static void check_bad(void)
{
	struct genl_msg ntf;
	const char *message;
	uint64_t cookie;
	int rc;

	attach("bad", 5000, 0, &cookie);
	rc = result(cookie, &ntf, 5000);
	message = genl_attr(&ntf, P2PVHCI_A_MESSAGE);
	ktap_ok(rc == ENODEV && message &&
		!strcmp(message, "There is no such device.") &&
		genl_u32(&ntf, P2PVHCI_A_STATE, 9) == P2PVHCI_PORT_EMPTY,
		"an attach that fails: %d %s", rc, message ? message : "");
}

static void note_pending(const struct genl_msg *m, void *arg)
{
	if (!genl_attr(m, P2PVHCI_A_PORT))
		*(uint64_t *)arg = genl_u64(m, P2PVHCI_A_COOKIE);
}

static void check_late(void)
{
	uint64_t cookie, pending = 0;
	struct genl_msg ntf;
	int rc;

	attach("late", 400, 0, &cookie);
	rc = dump(&cmd, P2PVHCI_CMD_PORT_GET, note_pending, &pending);
	ktap_ok(!rc && pending == cookie, "a pending attach is dumped");
	rc = result(cookie, &ntf, 3000);
	ktap_ok(rc == ETIMEDOUT, "an attach without answer: %d", rc);
	sleep(3);
	ktap_ok(ringdev_gone(100) == 0, "its late answer has no effect");
}

static void check_many(pid_t agent)
{
	uint64_t cookie, last = 0;
	struct genl_msg ntf;
	int n, rc = 0;

	for (n = 0; n < 40 && !rc; n++) {
		rc = attach("late", 60000, 0, &cookie);
		if (!rc)
			last = cookie;
	}
	ktap_ok(rc == -EBUSY && n == 33 && strstr(cmd.sentence, "too many"),
		"attach number %d: %d %s", n, rc, cmd.sentence);
	agent_kill(agent);
	rc = result(last, &ntf, 3000);
	ktap_ok(rc == ENOTCONN, "the agent dies: %d %s", rc,
		(const char *)genl_attr(&ntf, P2PVHCI_A_MESSAGE));
	rc = attach("good", 1000, 0, &cookie);
	ktap_ok(rc == -ESRCH, "then nobody listens: %d", rc);
}

int main(void)
{
	pid_t agent;
	int rc;

	ktap_plan(1 + NREFUSALS + 1 + 2 + 8 + 2 + 1 + 3 + 3);
	rc = genl_open(&cmd);
	if (!rc)
		rc = genl_open(&watch);
	if (!rc)
		rc = genl_join(&watch);
	ktap_ok(!rc, "family %u, group %u: %d", cmd.family, watch.group, rc);
	check_refusals();
	check_stats_attributes();
	rc = in_child(as_nobody);
	ktap_ok(!rc, "without privilege: refused with a sentence, reads: %d",
		rc);
	rc = in_child(elsewhere);
	ktap_ok(!rc, "no family in another network namespace: %d", rc);
	agent = agent_start();
	check_good();
	check_unauthorized();
	check_bad();
	check_late();
	check_many(agent);
	return ktap_end();
}
