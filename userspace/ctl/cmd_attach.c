// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_attach - use a device of a peer here.
 *
 * The kernel hands the request to the agent, and the result comes back as a
 * notification of the port.  If this tool is interrupted the request goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "field.h"
#include "ports.h"
#include "screen.h"
#include "verb.h"

#define ATTACH_CONFIGURE_MS	5000	/* the system enumerates the device */
#define ATTACH_POLL_MS		50
#define ATTACH_TICK_MS		500
/* The kernel ends the request itself; this is for a kernel that does not. */
#define ATTACH_SLACK_MS		2000

struct attach {
	const struct request *req;
	struct netlink *nl;
	const char *target;
	uint64_t cookie;
	struct netlink_port port;
	char what[PEER_NAME_MAX + 160];
};

static const struct {
	uint32_t status;
	const char *code;
} attach_codes[] = {
	{ EACCES, "E_DENIED" },		{ EBUSY, "E_BUSY" },
	{ EHOSTUNREACH, "E_UNREACHABLE" }, { EINVAL, "E_USAGE" },
	{ EKEYREJECTED, "E_KEY" },	{ ENODEV, "E_UNKNOWN_DEVICE" },
	{ ENOENT, "E_UNKNOWN_PEER" },	{ ENOSPC, "E_LIMIT" },
	{ ENOTCONN, "E_AGENT_DOWN" },	{ ENOTUNIQ, "E_AMBIGUOUS" },
	{ EOPNOTSUPP, "E_UNSUPPORTED" }, { EPROTO, "E_PROTOCOL" },
	{ ESHUTDOWN, "E_SHUTDOWN" },	{ ETIMEDOUT, "E_TIMEOUT" },
};

static long attach_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void attach_progress(const struct attach *attach, const char *doing,
			    long start)
{
	long s = (attach_now_ms() - start) / 1000;

	if (!attach->req->quiet && doing)
		screen_progress("%s %s... %ld s", doing, attach->target, s);
	else if (!attach->req->quiet)
		screen_progress(NULL);
}

/* The agent's own code and sentence, if it gave them, else by errno. */
static int attach_refused(const struct attach *attach, struct failure *failure)
{
	const struct netlink_port *port = &attach->port;
	const char *code = "E_IO";
	size_t i;

	for (i = 0; i < sizeof(attach_codes) / sizeof(attach_codes[0]); i++)
		if (attach_codes[i].status == port->status)
			code = attach_codes[i].code;
	return failure_from_sentence(failure, code, attach->what,
				     *port->message ? port->message :
				     strerror((int)port->status));
}

static void attach_find(void *ctx, const struct netlink_port *port)
{
	struct attach *attach = ctx;

	if (port && port->cookie == attach->cookie &&
	    port->state == P2PVHCI_PORT_ATTACHED)
		attach->port = *port;
}

/* A notification was lost: the port tells, unless the attach has failed. */
static void attach_look(struct attach *attach)
{
	struct netlink_port none = { .state = P2PVHCI_PORT_NSTATES };

	attach->port = none;
	netlink_ports(attach->nl, attach_find, attach);
}

/* 0: attached, @port tells where. */
static int attach_result(struct attach *attach, struct failure *failure)
{
	const struct netlink_port *port = &attach->port;
	long start = attach_now_ms(), deadline;
	int err;

	deadline = start + attach->req->timeout_s * 1000L + ATTACH_SLACK_MS;
	while (attach_now_ms() < deadline) {
		attach_progress(attach, "attaching", start);
		err = netlink_next(attach->nl, ATTACH_TICK_MS, &attach->port);
		if (err == -ENOBUFS)
			attach_look(attach);
		else if (err && err != -ETIMEDOUT && err != -EINTR)
			return ports_failure(attach->nl, err, attach->what,
					     failure);
		if ((err && err != -ENOBUFS) || port->cookie != attach->cookie)
			continue;
		if (port->status)
			return attach_refused(attach, failure);
		if (port->state == P2PVHCI_PORT_ATTACHED)
			return 0;
	}
	return failure_set(failure, "E_TIMEOUT", "p2pusbctl status",
			   attach->what, "no result within %u s",
			   attach->req->timeout_s);
}

static int attach_ask(struct attach *attach, struct failure *failure)
{
	int err;

	err = netlink_watch(attach->nl);
	if (!err)
		err = netlink_attach(attach->nl, attach->target,
				     attach->req->timeout_s * 1000,
				     attach->req->port_flags,
				     &attach->cookie);
	if (err)
		return ports_failure(attach->nl, err, attach->what, failure);
	return attach_result(attach, failure);
}

/* Nothing will configure it before somebody allows it. */
static int attach_is_forbidden(const char *sysfs)
{
	char value[16];

	return ports_attribute(sysfs, "authorized", value, sizeof(value)) &&
	       !strcmp(value, "0");
}

/* 1: configured; 0: not in time; -ECANCELED: it has gone meanwhile. */
static int attach_configure(struct attach *attach, struct failure *failure)
{
	char sysfs[PORTS_SYSFS_MAX], value[16];
	struct netlink_port port;
	long start = attach_now_ms();

	ports_sysfs(&attach->port, sysfs);
	while (attach_now_ms() < start + ATTACH_CONFIGURE_MS) {
		if (ports_attribute(sysfs, "bConfigurationValue", value,
				    sizeof(value)))
			return 1;
		if (attach_is_forbidden(sysfs))
			return 0;
		attach_progress(attach, "configuring", start);
		if (netlink_next(attach->nl, ATTACH_POLL_MS, &port) ||
		    port.port != attach->port.port ||
		    port.state == P2PVHCI_PORT_ATTACHED)
			continue;
		return failure_set(failure, "E_UNPLUGGED",
				   "p2pusbctl list PEER", attach->what,
				   "the device left before the system had "
				   "configured it");
	}
	return 0;
}

static void attach_describe(const struct attach *attach, int configured,
			    struct json_object *out)
{
	static const char *const attributes[] = {
		"manufacturer", "product", "serial",
	};
	char sysfs[PORTS_SYSFS_MAX], text[256];
	struct json_object *port = ports_json(&attach->port);
	size_t i;

	json_object_object_foreach(port, name, value)
		json_object_object_add(out, name, json_object_get(value));
	json_object_put(port);
	field_put_text(out, "target", attach->target);
	field_put_bool(out, "configured", configured);
	ports_sysfs(&attach->port, sysfs);
	field_put_bool(out, "authorized", !attach_is_forbidden(sysfs));
	for (i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (ports_attribute(sysfs, attributes[i], text, sizeof(text)))
			field_put_text(out, attributes[i], text);
}

static int attach_check(const struct attach *attach, struct failure *failure)
{
	const char *slash = strchr(attach->target, '/');

	if (slash && slash != attach->target && slash[1] &&
	    strlen(attach->target) <= P2PVHCI_TARGET_MAX)
		return 0;
	return failure_set(failure, "E_USAGE", "p2pusbctl list PEER",
			   attach->what, "a device is named as PEER/DEVICE");
}

int cmd_attach(const struct request *req, struct json_object *out,
	       struct failure *failure)
{
	struct attach attach = { .req = req, .target = req->args[0] };
	int configured = 0;
	int err;

	snprintf(attach.what, sizeof(attach.what), "cannot attach %.160s",
		 attach.target);
	err = attach_check(&attach, failure);
	if (!err)
		err = ports_open(&attach.nl, attach.what, failure);
	if (err)
		return err;
	err = attach_ask(&attach, failure);
	if (!err && req->wait) {
		configured = attach_configure(&attach, failure);
		err = configured < 0 ? configured : 0;
	}
	attach_progress(&attach, NULL, 0);
	netlink_close(attach.nl);
	if (!err)
		attach_describe(&attach, configured, out);
	return err;
}

void cmd_attach_show(const struct request *req, struct json_object *out)
{
	char id[SCREEN_CELL_MAX], name[SCREEN_CELL_MAX];
	struct json_object *authorized, *configured;

	screen_cell_id(out, id);
	screen_cell_name(out, name);
	screen_line("attached %s as port %d (usb%s): %s%s%s",
		    field_text(out, "target"), (int)field_number(out, "port"),
		    field_text(out, "sysfs"), id, *name ? " " : "", name);
	configured = json_object_object_get(out, "configured");
	authorized = json_object_object_get(out, "authorized");
	if (!json_object_get_boolean(authorized))
		fprintf(stderr, "No driver may use it before 1 is written to /sys/bus/usb/devices/%s/authorized.\n",
			field_text(out, "sysfs"));
	else if (req->wait && !json_object_get_boolean(configured))
		fputs("The system has not configured it within 5 s; see dmesg.\n",
		      stderr);
}
