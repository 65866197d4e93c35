// SPDX-License-Identifier: GPL-2.0-only
/*
 * p2pvhci - a virtual USB host controller whose devices are plugged in
 * somewhere else.
 *
 * It knows no network, no peers and no keys: requests go to an agent in user
 * space on /dev/p2pvhci.  It has no isochronous transfers, no bulk streams, no
 * remote wakeup, and a device does not outlive its agent; the matching feature
 * bits are not granted.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/suspend.h>
#include <net/genetlink.h>

#include "p2pvhci.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

struct workqueue_struct *p2pv_wq;
u64 p2pv_frame0_ns;

/*
 * User space is frozen before devices suspend and thawed after they resume, so
 * no request of the suspending drivers could reach the agent.  Nothing but a
 * refusal is honest while a device is plugged in.
 */
static int main_pm_notify(struct notifier_block *nb, unsigned long event,
			  void *unused)
{
	unsigned int n = p2pv_port_count();

	if (!n || (event != PM_SUSPEND_PREPARE &&
		   event != PM_HIBERNATION_PREPARE &&
		   event != PM_RESTORE_PREPARE))
		return NOTIFY_DONE;
	pr_warn(P2PV_NAME ": system sleep refused, %u remote USB device%s attached; detach first\n",
		n, n == 1 ? " is" : "s are");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block main_pm_notifier = {
	.notifier_call = main_pm_notify,
};

static int __init main_init(void)
{
	int rc;

	p2pv_frame0_ns = ktime_get_ns();
	p2pv_wq = alloc_workqueue(P2PV_NAME, WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!p2pv_wq)
		return -ENOMEM;
	p2pv_attach_init();
	rc = p2pv_hcd_init();
	if (rc)
		goto err_attach_exit;
	/* It walks the pairs, so it comes after them and goes before. */
	rc = register_pm_notifier(&main_pm_notifier);
	if (rc)
		goto err_hcd_exit;
	rc = p2pv_netlink_init();
	if (rc)
		goto err_unregister_pm;
	rc = p2pv_chardev_init();
	if (rc)
		goto err_netlink_exit;
	return 0;

err_netlink_exit:
	p2pv_netlink_exit();
err_unregister_pm:
	unregister_pm_notifier(&main_pm_notifier);
err_hcd_exit:
	p2pv_hcd_exit();
err_attach_exit:
	p2pv_attach_exit();
	destroy_workqueue(p2pv_wq);
	return rc;
}

static void __exit main_exit(void)
{
	p2pv_chardev_exit();
	p2pv_netlink_exit();
	p2pv_attach_exit();
	unregister_pm_notifier(&main_pm_notifier);
	p2pv_hcd_exit();
	destroy_workqueue(p2pv_wq);
}

module_init(main_init);
module_exit(main_exit);

MODULE_DESCRIPTION("Virtual USB host controller for devices plugged in elsewhere");
MODULE_AUTHOR("The p2pusb authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(P2PVHCI_GENL_NAME);
