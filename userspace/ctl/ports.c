// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports - the kernel's ports as JSON, and what is known of the devices there.
 *
 * Does not change a port.
 */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "field.h"

#define PORTS_SYSFS_DIR	"/sys/bus/usb/devices"

static const char *const ports_speeds[P2PVHCI_SPEED_MAX] = {
	[P2PVHCI_SPEED_LOW] = "low",
	[P2PVHCI_SPEED_FULL] = "full",
	[P2PVHCI_SPEED_HIGH] = "high",
	[P2PVHCI_SPEED_SUPER] = "super",
	[P2PVHCI_SPEED_SUPER_PLUS] = "super-plus",
};

int ports_open(struct netlink **nl, const char *what, struct failure *failure)
{
	int err = netlink_open(nl);

	if (!err)
		return 0;
	if (err == -ENOENT)
		return failure_set(failure, "E_MODULE_MISSING",
				   "sudo modprobe p2pvhci", what,
				   "the kernel module p2pvhci is not loaded");
	return failure_set(failure, "E_IO", NULL, what, "netlink: %s",
			   strerror(-err));
}

static const struct {
	int err;
	const char *code;
	const char *hint;
	const char *why;
} ports_errors[] = {
	{ -EPERM, "E_PERMISSION", "sudo p2pusbctl",
	  "plugging devices in or out, or timing them, needs CAP_SYS_ADMIN" },
	{ -ESRCH, "E_AGENT_DOWN", "systemctl start p2pusb-agent",
	  "no agent listens" },
	{ -EBUSY, "E_LIMIT", NULL, "too many requests wait for the agent" },
	{ -ENOENT, "E_UNKNOWN_PORT", "p2pusbctl status",
	  "nothing is attached there" },
	{ -ETIMEDOUT, "E_TIMEOUT", NULL, "the kernel gave no answer" },
	{ -EPROTO, "E_PROTOCOL", "p2pusbctl --version",
	  "module and tool are of different versions" },
};

int ports_failure(const struct netlink *nl, int err, const char *what,
		  struct failure *failure)
{
	const char *why = netlink_why(nl);
	size_t i;

	for (i = 0; i < sizeof(ports_errors) / sizeof(ports_errors[0]); i++)
		if (ports_errors[i].err == err)
			return failure_set(failure, ports_errors[i].code,
					   ports_errors[i].hint, what, "%s",
					   *why ? why : ports_errors[i].why);
	return failure_set(failure, "E_IO", NULL, what, "%s",
			   *why ? why : strerror(-err));
}

void ports_sysfs(const struct netlink_port *port, char name[PORTS_SYSFS_MAX])
{
	snprintf(name, PORTS_SYSFS_MAX, "%u-%u", port->busnum, port->rhport);
}

int ports_attribute(const char *sysfs, const char *attribute, char *text,
		    size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), PORTS_SYSFS_DIR "/%s/%s", sysfs,
		 attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		n = 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text != '\0';
}

static int64_t ports_age_ms(uint64_t since_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000 -
	       (int64_t)(since_ns / 1000000);
}

struct json_object *ports_json(const struct netlink_port *port)
{
	struct json_object *o = json_object_new_object();
	char sysfs[PORTS_SYSFS_MAX];

	if (port->port)
		field_put_number(o, "port", port->port);
	field_put_text(o, "state", netlink_state_name(port->state));
	field_put_text(o, "target", port->target);
	field_put_text(o, "sleep",
		       port->flags & P2PVHCI_PORT_SLEEP_DETACH ? "detach" :
								 "veto");
	field_put_bool(o, "unauthorized",
		       !!(port->flags & P2PVHCI_PORT_UNAUTHORIZED));
	if (port->speed && port->speed < P2PVHCI_SPEED_MAX)
		field_put_text(o, "speed", ports_speeds[port->speed]);
	if (!port->rhport)
		return o;
	ports_sysfs(port, sysfs);
	field_put_text(o, "sysfs", sysfs);
	field_put_number(o, "busnum", port->busnum);
	field_put_number(o, "rhport", port->rhport);
	field_put_number(o, "epoch", port->epoch);
	field_put_number(o, "vid", port->vid);
	field_put_number(o, "pid", port->pid);
	field_put_number(o, "age_ms", ports_age_ms(port->since_ns));
	return o;
}

static void ports_add(void *ctx, const struct netlink_port *port)
{
	struct json_object **ports = ctx;

	if (port) {
		json_object_array_add(*ports, ports_json(port));
		return;
	}
	json_object_put(*ports);
	*ports = json_object_new_array();
}

int ports_dump(struct netlink *nl, struct json_object **ports,
	       struct failure *failure)
{
	int err;

	*ports = json_object_new_array();
	err = netlink_ports(nl, ports_add, ports);
	if (!err)
		return 0;
	json_object_put(*ports);
	*ports = NULL;
	return ports_failure(nl, err, "cannot read the ports", failure);
}

static void ports_name_one(struct json_object *port,
			   struct json_object *attachments)
{
	static const char *const texts[] = {
		"peer", "busid", "manufacturer", "product", "serial",
	};
	struct json_object *at;
	size_t i, k;

	for (i = 0; i < json_object_array_length(attachments); i++) {
		at = json_object_array_get_idx(attachments, i);
		/* Another epoch is another device on the same port. */
		if (field_number(at, "port") != field_number(port, "port") ||
		    field_number(at, "epoch") != field_number(port, "epoch"))
			continue;
		for (k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			field_put_text(port, texts[k],
				       field_text(at, texts[k]));
	}
}

void ports_name(struct json_object *ports, struct json_object *attachments)
{
	size_t i;

	if (!ports || !attachments)
		return;
	for (i = 0; i < json_object_array_length(ports); i++)
		ports_name_one(json_object_array_get_idx(ports, i),
			       attachments);
}
