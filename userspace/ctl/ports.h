/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ports - the kernel's ports as JSON, and what is known of the devices there.
 *
 * The kernel is the truth of what is attached; the agent only adds names.
 */
#ifndef P2PUSB_CTL_PORTS_H
#define P2PUSB_CTL_PORTS_H

#include <json-c/json.h>

#include "failure.h"
#include "netlink.h"

#define PORTS_SYSFS_MAX	32	/* bytes of "3-1" */

/**
 * ports_open() - speak to the module
 * @nl: out
 * @what: could not be done, for @failure
 * @failure: E_MODULE_MISSING
 *
 * Return: 0, -ECANCELED with @failure.
 */
int ports_open(struct netlink **nl, const char *what, struct failure *failure);

/**
 * ports_failure() - why a netlink call failed
 * @nl: the handle that failed
 * @err: what it returned
 * @what: could not be done
 * @failure: filled
 *
 * Return: -ECANCELED.
 */
int ports_failure(const struct netlink *nl, int err, const char *what,
		  struct failure *failure);

/**
 * ports_dump() - every port in use, and every attach under way
 * @nl: handle
 * @ports: out, array; to be put
 * @failure: filled
 *
 * Return: 0, -ECANCELED with @failure.
 */
int ports_dump(struct netlink *nl, struct json_object **ports,
	       struct failure *failure);

/**
 * ports_name() - join what the agent knows
 * @ports: of ports_dump()
 * @attachments: of its "status"
 */
void ports_name(struct json_object *ports, struct json_object *attachments);

/**
 * ports_json() - one port
 * @port: of the kernel
 *
 * Return: object.
 */
struct json_object *ports_json(const struct netlink_port *port);

/**
 * ports_sysfs() - name of the device in /sys/bus/usb/devices
 * @port: with @busnum and @rhport
 * @name: filled
 */
void ports_sysfs(const struct netlink_port *port, char name[PORTS_SYSFS_MAX]);

/**
 * ports_attribute() - what the system says of a device
 * @sysfs: of ports_sysfs()
 * @attribute: file there
 * @text: filled, "" when there is none
 * @size: its size
 *
 * Return: not 0 when there is such a text.
 */
int ports_attribute(const char *sysfs, const char *attribute, char *text,
		    size_t size);

#endif /* P2PUSB_CTL_PORTS_H */
