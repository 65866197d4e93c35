// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * device_state - states of a device, and what is shown of it in each.
 *
 * The only writer of device->state.  Does not decide when to move.
 */
#include <string.h>

#include "device.h"
#include "log.h"
#include "session.h"

#define BIT(n)		(1u << (n))

static const char *const device_state_names[] = {
	[DEVICE_UNSHARED] = "unshared",
	[DEVICE_CLAIMING] = "claiming",
	[DEVICE_SHARED] = "shared",
	[DEVICE_ATTACHED] = "attached",
	[DEVICE_CLEANING] = "cleaning",
	[DEVICE_RELEASING] = "releasing",
	[DEVICE_GONE] = "gone",
};

static const uint8_t device_moves[] = {
	[DEVICE_UNSHARED] = BIT(DEVICE_CLAIMING) | BIT(DEVICE_GONE),
	[DEVICE_CLAIMING] = BIT(DEVICE_SHARED) | BIT(DEVICE_UNSHARED) |
			    BIT(DEVICE_RELEASING) | BIT(DEVICE_GONE),
	[DEVICE_SHARED] = BIT(DEVICE_ATTACHED) | BIT(DEVICE_RELEASING) |
			  BIT(DEVICE_GONE),
	[DEVICE_ATTACHED] = BIT(DEVICE_CLEANING) | BIT(DEVICE_GONE),
	[DEVICE_CLEANING] = BIT(DEVICE_SHARED) | BIT(DEVICE_RELEASING) |
			    BIT(DEVICE_GONE),
	[DEVICE_RELEASING] = BIT(DEVICE_UNSHARED) | BIT(DEVICE_GONE),
	[DEVICE_GONE] = 0,
};

_Static_assert(sizeof(device_moves) == DEVICE_NSTATES, "moves");

const char *device_state_name(enum device_state state)
{
	return state < DEVICE_NSTATES ? device_state_names[state] : "?";
}

/* A refusal here is our bug, never a peer's. */
void device_set(struct device *dev, enum device_state next)
{
	if (!(device_moves[dev->state] & BIT(next)))
		log_err("%s: illegal move from \"%s\" to \"%s\"",
			dev->info.busid, device_state_name(dev->state),
			device_state_name(next));
	dev->state = next;
	dev->since = time(NULL);
	session_announce(dev);
}

struct device *device_find(struct server *server, const char *busid)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &server->devices, entry) {
		if (!dev->unplugged && !strcmp(dev->info.busid, busid))
			return dev;
	}
	return NULL;
}

int device_visible(const struct device *dev)
{
	return !dev->unplugged && !dev->unshare &&
	       (dev->state == DEVICE_SHARED || dev->state == DEVICE_ATTACHED ||
		dev->state == DEVICE_CLEANING);
}

void device_wire(const struct device *dev, struct wire_device *info)
{
	*info = dev->info;
	info->state = dev->state == DEVICE_SHARED ? P2PUSB_DEVICE_FREE :
						    P2PUSB_DEVICE_BUSY;
}
