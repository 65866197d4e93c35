// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep of the machine: refused, or every device unplugged before it.
 *
 * User space is frozen before devices suspend and thawed after they resume, so
 * no request of the drivers that suspend could reach the agent: a device is
 * gone by then, or there is no sleep.  The choice was made when it was plugged
 * in (P2PVHCI_PORT_SLEEP_DETACH).  Plugging in again afterwards is up to the
 * agent.  A single device that sleeps while the machine is awake is power.c.
 */
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/suspend.h>

#include "p2pvhci.h"

/*
 * Most drivers let go of their devices within this time.  Not those that have a
 * notifier themselves, as Bluetooth and some network adapters do: to unregister
 * it they wait until the chain in which we are called is through.  So nothing is
 * refused then: the freezer waits for hub_wq, 20 s at most, and no bus sleeps
 * with a port that is DETACHING.
 */
#define SLEEP_DRIVERS_MS	3000
/* Of a target, in the log. */
#define SLEEP_TARGET_MAX	64

static void sleep_refuse(struct p2pv_port *port)
{
	char target[SLEEP_TARGET_MAX];
	unsigned long flags;
	u32 len;

	spin_lock_irqsave(&port->lock, flags);
	len = min_t(u32, port->target_len, sizeof(target));
	memcpy(target, port->target, len);
	spin_unlock_irqrestore(&port->lock, flags);
	pr_warn(P2PV_NAME ": system sleep refused: port %u (%*pE) is attached; detach it, or attach it with --sleep detach\n",
		port->num, len, target);
}

static void sleep_unplug(void)
{
	struct p2pv_port *port;
	unsigned int n = 0;

	for (port = p2pv_port_next(1); port;
	     port = p2pv_port_next(port->num + 1))
		n += !p2pv_port_disconnect(port, NULL, 0, P2PV_PORT_SLEEP, 0);
	if (n)
		pr_info(P2PV_NAME ": system sleep: %u device%s unplugged\n",
			n, n == 1 ? " was" : "s were");
	if (!p2pv_port_wait_settled(SLEEP_DRIVERS_MS))
		pr_info(P2PV_NAME ": system sleep: drivers still hold an unplugged device after %u ms; it has to be gone when tasks are frozen\n",
			SLEEP_DRIVERS_MS);
}

static int sleep_prepare(unsigned long event)
{
	struct p2pv_port *port = p2pv_port_close_all();

	if (port) {
		sleep_refuse(port);
		return -EBUSY;
	}
	/* Suspend has done so already; hibernation does it too late for us. */
	if (event == PM_HIBERNATION_PREPARE && p2pv_port_count())
		ksys_sync_helper();
	sleep_unplug();
	return 0;
}

static int sleep_notify(struct notifier_block *nb, unsigned long event,
			void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(sleep_prepare(event));
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		p2pv_port_open_all();
		return NOTIFY_OK;
	}
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = sleep_notify,
	/* Last: a driver's own notifier may still talk to its device. */
	.priority = INT_MIN,
};

int p2pv_sleep_init(void)
{
	return register_pm_notifier(&sleep_notifier);
}

void p2pv_sleep_exit(void)
{
	unregister_pm_notifier(&sleep_notifier);
}
