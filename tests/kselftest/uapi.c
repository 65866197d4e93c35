// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The letter of <linux/p2pvhci.h>: mappings and ioctls that must be refused,
 * and how.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ktap.h"
#include "ringdev.h"

static long page;

static int open_queue(void)
{
	return open(P2PVHCI_DEVICE, O_RDWR | O_CLOEXEC);
}

static void setup_init(struct p2pvhci_setup *s)
{
	memset(s, 0, sizeof(*s));
	s->size = sizeof(*s);
	s->tags = 16;
	s->out_bytes = P2PVHCI_AREA_MIN;
	s->in_bytes = P2PVHCI_AREA_MIN;
}

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

/* Mappings ------------------------------------------------------------------ */

static int map(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *p = mmap(NULL, len, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

static void expect_map(const char *what, int expected, int got)
{
	ktap_ok(got == expected, "%s: %d", what, got);
}

static void check_mappings(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct p2pvhci_setup s;
	int fd = open_queue();
	void *p;

	setup_init(&s);
	expect_map("before SETUP", -EINVAL, map(fd, page, PROT_READ, MAP_SHARED,
						P2PVHCI_MMAP_RO));
	if (call(fd, P2PVHCI_IOC_SETUP, &s))
		ktap_abort("SETUP fails");
	expect_map("read-only part writable", -EACCES,
		   map(fd, s.ro_bytes, rw, MAP_SHARED, P2PVHCI_MMAP_RO));
	expect_map("read-only part private", -EINVAL,
		   map(fd, s.ro_bytes, PROT_READ, MAP_PRIVATE,
		       P2PVHCI_MMAP_RO));
	expect_map("agent's part private", -EINVAL,
		   map(fd, s.rw_bytes, rw, MAP_PRIVATE, P2PVHCI_MMAP_RW));
	expect_map("too short", -EINVAL,
		   map(fd, s.ro_bytes - page, PROT_READ, MAP_SHARED,
		       P2PVHCI_MMAP_RO));
	expect_map("too long", -EINVAL,
		   map(fd, s.rw_bytes + page, rw, MAP_SHARED, P2PVHCI_MMAP_RW));
	expect_map("elsewhere", -EINVAL,
		   map(fd, s.ro_bytes, PROT_READ, MAP_SHARED, page));
	expect_map("executable", -EACCES,
		   map(fd, s.rw_bytes, rw | PROT_EXEC, MAP_SHARED,
		       P2PVHCI_MMAP_RW));
	expect_map("agent's part", 0,
		   map(fd, s.rw_bytes, rw, MAP_SHARED, P2PVHCI_MMAP_RW));

	p = mmap(NULL, s.ro_bytes, PROT_READ, MAP_SHARED, fd, P2PVHCI_MMAP_RO);
	ktap_ok(p != MAP_FAILED, "read-only part");
	expect_map("mprotect to writable", -EACCES,
		   mprotect(p, s.ro_bytes, rw) ? -errno : 0);
	expect_map("mprotect to executable", -EACCES,
		   mprotect(p, s.ro_bytes, PROT_READ | PROT_EXEC) ? -errno : 0);
	ktap_ok(mremap(p, s.ro_bytes, s.ro_bytes + page, MREMAP_MAYMOVE) ==
		MAP_FAILED && errno == EFAULT, "mremap cannot grow it");
	close(fd);
	ktap_ok(((struct p2pvhci_kctl *)p)->rq_tail == 0,
		"a mapping outlives the descriptor");
	munmap(p, s.ro_bytes);
}

static void check_open(void)
{
	int fd = open(P2PVHCI_DEVICE, O_RDONLY);

	ktap_ok(fd < 0 && errno == EACCES, "open for reading alone");
	fd = open(P2PVHCI_DEVICE, O_WRONLY);
	ktap_ok(fd < 0 && errno == EACCES, "open for writing alone");
}

/* SETUP --------------------------------------------------------------------- */

struct setup_case {
	const char *what;
	int expected;
	void (*change)(struct p2pvhci_setup *s);
};

#define SETUP_CHANGE(name, code)					\
	static void name(struct p2pvhci_setup *s) { code; }

SETUP_CHANGE(set_none, (void)s)
SETUP_CHANGE(set_small, s->size = sizeof(*s) - 8)
SETUP_CHANGE(set_zero, s->size = 0)
SETUP_CHANGE(set_huge, s->size = 1 << 20)
SETUP_CHANGE(set_flag, s->flags = 0x80000000)
SETUP_CHANGE(set_rsv0, s->rsv0 = 1)
SETUP_CHANGE(set_rsv1, s->rsv1[3] = 1)
SETUP_CHANGE(set_few, s->tags = P2PVHCI_TAGS_MIN - 1)
SETUP_CHANGE(set_many, s->tags = P2PVHCI_TAGS_MAX + 1)
SETUP_CHANGE(set_out_small, s->out_bytes = P2PVHCI_AREA_MIN - 4096)
SETUP_CHANGE(set_out_odd, s->out_bytes = P2PVHCI_AREA_MIN + 1)
SETUP_CHANGE(set_in_big, s->in_bytes = P2PVHCI_AREA_MAX + 4096)
SETUP_CHANGE(set_in_zero, s->in_bytes = 0)

static const struct setup_case setup_cases[] = {
	{ "size smaller than ever", -EINVAL, set_small },
	{ "size zero", -EINVAL, set_zero },
	{ "size beyond a page", -E2BIG, set_huge },
	{ "unknown flag", -EINVAL, set_flag },
	{ "rsv0", -EINVAL, set_rsv0 },
	{ "rsv1", -EINVAL, set_rsv1 },
	{ "too few tags", -EINVAL, set_few },
	{ "too many tags", -EINVAL, set_many },
	{ "OUT area too small", -EINVAL, set_out_small },
	{ "OUT area not in pages", -EINVAL, set_out_odd },
	{ "IN area too large", -EINVAL, set_in_big },
	{ "no IN area", -EINVAL, set_in_zero },
	{ "all right", 0, set_none },
};

#define NSETUPS	(sizeof(setup_cases) / sizeof(setup_cases[0]))

static void check_setup_cases(void)
{
	struct p2pvhci_setup s;
	int fd = open_queue();
	unsigned int i;
	int rc;

	for (i = 0; i < NSETUPS; i++) {
		setup_init(&s);
		setup_cases[i].change(&s);
		rc = call(fd, P2PVHCI_IOC_SETUP, &s);
		ktap_ok(rc == setup_cases[i].expected, "SETUP, %s: %d",
			setup_cases[i].what, rc);
	}
	ktap_ok(!s.features && s.rq_entries >= 2 * s.tags &&
		s.cq_entries >= s.tags && !(s.rq_entries & (s.rq_entries - 1)),
		"it grants %llx and %u + %u entries",
		(unsigned long long)s.features, s.rq_entries, s.cq_entries);
	rc = call(fd, P2PVHCI_IOC_SETUP, &s);
	ktap_ok(rc == -EBUSY, "SETUP twice: %d", rc);
	close(fd);
}

static void check_longer(void)
{
	struct {
		struct p2pvhci_setup s;
		uint8_t tail[16];
	} longer = { 0 };
	int fd = open_queue(), rc;

	setup_init(&longer.s);
	longer.s.size = sizeof(longer);
	longer.tail[15] = 1;
	rc = call(fd, P2PVHCI_IOC_SETUP, &longer);
	ktap_ok(rc == -E2BIG, "a longer structure with content: %d", rc);
	longer.tail[15] = 0;
	rc = call(fd, P2PVHCI_IOC_SETUP, &longer);
	ktap_ok(!rc, "a longer structure without: %d", rc);
	close(fd);
}

static void check_listen(void)
{
	struct p2pvhci_setup s;
	int one = open_queue(), two = open_queue(), rc;

	setup_init(&s);
	s.flags = P2PVHCI_SETUP_LISTEN;
	call(one, P2PVHCI_IOC_SETUP, &s);
	setup_init(&s);
	s.flags = P2PVHCI_SETUP_LISTEN;
	rc = call(two, P2PVHCI_IOC_SETUP, &s);
	ktap_ok(rc == -EBUSY, "a second listener: %d", rc);
	close(one);
	rc = call(two, P2PVHCI_IOC_SETUP, &s);
	ktap_ok(!rc, "once the first is gone: %d", rc);
	close(two);
}

/* The other calls ----------------------------------------------------------- */

static void check_before_setup(void)
{
	struct p2pvhci_enter enter = { .size = sizeof(enter) };
	struct pollfd pfd = { .fd = open_queue(), .events = POLLIN };
	int rc;

	rc = call(pfd.fd, P2PVHCI_IOC_ENTER, &enter);
	ktap_ok(rc == -EINVAL, "ENTER before SETUP: %d", rc);
	ktap_ok(poll(&pfd, 1, 0) == 1 && pfd.revents & POLLERR,
		"poll before SETUP");
	close(pfd.fd);
}

struct bind_case {
	const char *what;
	int expected;
	void (*change)(struct p2pvhci_bind *b);
};

#define BIND_CHANGE(name, code)						\
	static void name(struct p2pvhci_bind *b) { code; }

BIND_CHANGE(bind_speed0, b->speed = 0)
BIND_CHANGE(bind_speed9, b->speed = P2PVHCI_SPEED_MAX)
BIND_CHANGE(bind_lanes, b->lanes = 1)
BIND_CHANGE(bind_lanes3, b->speed = P2PVHCI_SPEED_SUPER_PLUS; b->lanes = 3)
BIND_CHANGE(bind_flags, b->flags = P2PVHCI_PORT_FLAGS + 1)
BIND_CHANGE(bind_cookie_flags, b->cookie = 1ULL << 40; b->target = 0;
	    b->target_len = 0; b->flags = P2PVHCI_PORT_UNAUTHORIZED)
BIND_CHANGE(bind_speed255, b->speed = 255)
BIND_CHANGE(bind_ss_lanes, b->speed = P2PVHCI_SPEED_SUPER; b->lanes = 2)
BIND_CHANGE(bind_no_lanes, b->speed = P2PVHCI_SPEED_SUPER_PLUS; b->lanes = 0)
BIND_CHANGE(bind_rsv0, b->rsv0 = 1)
BIND_CHANGE(bind_rsv1, b->rsv1[0] = 1)
BIND_CHANGE(bind_grace, b->grace_ms = 1)
BIND_CHANGE(bind_no_target, b->target_len = 0)
BIND_CHANGE(bind_long, b->target_len = P2PVHCI_TARGET_MAX + 1)
BIND_CHANGE(bind_fault, b->target = 8)
BIND_CHANGE(bind_cookie, b->cookie = 1ULL << 40; b->target = 0;
	    b->target_len = 0)
BIND_CHANGE(bind_both, b->cookie = 1ULL << 40)

static const struct bind_case bind_cases[] = {
	{ "no speed", -EINVAL, bind_speed0 },
	{ "unknown speed", -EINVAL, bind_speed9 },
	{ "absurd speed", -EINVAL, bind_speed255 },
	{ "lanes of a USB 2 device", -EINVAL, bind_lanes },
	{ "lanes of a SuperSpeed device", -EINVAL, bind_ss_lanes },
	{ "SuperSpeedPlus without lanes", -EINVAL, bind_no_lanes },
	{ "three lanes", -EINVAL, bind_lanes3 },
	{ "unknown flags", -EINVAL, bind_flags },
	{ "flags that came with the request", -EINVAL, bind_cookie_flags },
	{ "rsv0", -EINVAL, bind_rsv0 },
	{ "rsv1", -EINVAL, bind_rsv1 },
	{ "grace, which is not granted", -EINVAL, bind_grace },
	{ "neither cookie nor target", -EINVAL, bind_no_target },
	{ "target too long", -EINVAL, bind_long },
	{ "target not readable", -EFAULT, bind_fault },
	{ "unknown cookie", -ENOENT, bind_cookie },
	{ "cookie and target", -EINVAL, bind_both },
};

#define NBINDS	(sizeof(bind_cases) / sizeof(bind_cases[0]))

static void check_bind_cases(int fd)
{
	struct p2pvhci_bind b;
	unsigned int i;
	int rc;

	for (i = 0; i < NBINDS; i++) {
		memset(&b, 0, sizeof(b));
		b.size = sizeof(b);
		b.speed = P2PVHCI_SPEED_HIGH;
		b.target = (uintptr_t)"x";
		b.target_len = 1;
		bind_cases[i].change(&b);
		rc = call(fd, P2PVHCI_IOC_BIND, &b);
		ktap_ok(rc == bind_cases[i].expected, "BIND, %s: %d",
			bind_cases[i].what, rc);
	}
}

static void check_calls(int fd)
{
	struct p2pvhci_enter enter = { .size = sizeof(enter) };
	struct p2pvhci_unbind unbind = { .size = sizeof(unbind), .port = 1 };
	struct p2pvhci_attach_done done = { .size = sizeof(done) };
	int rc;

	rc = call(fd, P2PVHCI_IOC_ENTER, &enter);
	ktap_ok(!rc && !enter.done, "ENTER with nothing: %d", rc);
	enter.flags = 1;
	rc = call(fd, P2PVHCI_IOC_ENTER, &enter);
	ktap_ok(rc == -EINVAL, "ENTER, flags: %d", rc);
	enter.flags = 0;
	enter.rsv[4] = 1;
	rc = call(fd, P2PVHCI_IOC_ENTER, &enter);
	ktap_ok(rc == -EINVAL, "ENTER, rsv: %d", rc);
	rc = call(fd, P2PVHCI_IOC_UNBIND, &unbind);
	ktap_ok(rc == -ENOENT, "UNBIND of a port that is not ours: %d", rc);
	unbind.port = 0xffffffff;
	unbind.epoch = 1;
	rc = call(fd, P2PVHCI_IOC_UNBIND, &unbind);
	ktap_ok(rc == -ENOENT, "UNBIND of no port: %d", rc);
	unbind.rsv[0] = 1;
	rc = call(fd, P2PVHCI_IOC_UNBIND, &unbind);
	ktap_ok(rc == -EINVAL, "UNBIND, rsv: %d", rc);
	rc = call(fd, P2PVHCI_IOC_ATTACH_DONE, &done);
	ktap_ok(rc == -ENOENT, "ATTACH_DONE of no request: %d", rc);
	memcpy(done.message, "bad \033[31m", 9);
	rc = call(fd, P2PVHCI_IOC_ATTACH_DONE, &done);
	ktap_ok(rc == -EINVAL, "ATTACH_DONE, escape sequence: %d", rc);
	memcpy(done.message, "bad \377utf", 9);
	rc = call(fd, P2PVHCI_IOC_ATTACH_DONE, &done);
	ktap_ok(rc == -EINVAL, "ATTACH_DONE, not UTF-8: %d", rc);
	memcpy(done.message, "a\0b", 4);
	rc = call(fd, P2PVHCI_IOC_ATTACH_DONE, &done);
	ktap_ok(rc == -EINVAL, "ATTACH_DONE, bytes after NUL: %d", rc);
}

static void check_commands(int fd)
{
	uint64_t arg[64] = { 0 };
	int rc;

	rc = call(fd, _IOWR(0xb9, 0x05, arg), arg);
	ktap_ok(rc == -ENOTTY, "a command that is not there: %d", rc);
	rc = call(fd, _IOWR(0xb8, 0x01, struct p2pvhci_enter), arg);
	ktap_ok(rc == -ENOTTY, "another type: %d", rc);
	rc = call(fd, _IOW(0xb9, 0x01, struct p2pvhci_enter), arg);
	ktap_ok(rc == -ENOTTY, "another direction: %d", rc);
	rc = call(fd, P2PVHCI_IOC_ENTER, NULL);
	ktap_ok(rc == -EFAULT, "no structure: %d", rc);
}

/* A pair may take longer than BIND waits: then one is to ask again. */
static int bind_patiently(int fd, struct p2pvhci_bind *b)
{
	unsigned int tries = 0;
	int rc;

	do {
		memset(b, 0, sizeof(*b));
		b->size = sizeof(*b);
		b->speed = P2PVHCI_SPEED_FULL;
		b->target = (uintptr_t)"x";
		b->target_len = 1;
		rc = call(fd, P2PVHCI_IOC_BIND, b);
	} while (rc == -ETIMEDOUT && ++tries < 20);
	return rc;
}

/* More ports than one pair has; every one is numbered, none twice. */
static void check_many_ports(int fd)
{
	uint8_t seen[512] = { 0 };
	struct p2pvhci_bind b;
	unsigned int n = 0;
	int rc = 0;

	for (n = 0; n < 17 && !rc; n++) {
		rc = bind_patiently(fd, &b);
		if (!rc && (!b.port || b.port >= 512 || seen[b.port]++))
			rc = -EBADMSG;
	}
	ktap_ok(!rc && n == 17, "17 devices need a second pair: %d", rc);
}

int main(void)
{
	struct p2pvhci_setup s;
	int fd;

	page = sysconf(_SC_PAGESIZE);
	ktap_plan(14 + 2 + NSETUPS + 2 + 2 + 2 + 2 + NBINDS + 10 + 4 + 1);
	check_mappings();
	check_open();
	check_setup_cases();
	check_longer();
	check_listen();
	check_before_setup();
	fd = open_queue();
	setup_init(&s);
	if (call(fd, P2PVHCI_IOC_SETUP, &s))
		ktap_abort("SETUP fails");
	check_bind_cases(fd);
	check_calls(fd);
	check_commands(fd);
	check_many_ports(fd);
	close(fd);
	return ktap_end();
}
