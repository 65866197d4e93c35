// SPDX-License-Identifier: GPL-2.0-only
/*
 * p2pvhci - a virtual USB host controller whose devices are plugged in
 * somewhere else.
 *
 * It knows no network, no peers and no keys: requests go to an agent in user
 * space on /dev/p2pvhci.  A device does not outlive its agent; the matching
 * feature bits are not granted.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "p2pvhci.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

struct workqueue_struct *p2pv_wq;
u64 p2pv_frame0_ns;

static int __init main_init(void)
{
	int rc;

	p2pv_frame0_ns = ktime_get_ns();
	p2pv_wq = alloc_workqueue(P2PV_NAME, WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!p2pv_wq)
		return -ENOMEM;
	p2pv_attach_init();
	rc = p2pv_pair_init();
	if (rc)
		goto err_attach_exit;
	/* It walks the pairs, so it comes after them and goes before. */
	rc = p2pv_sleep_init();
	if (rc)
		goto err_hcd_exit;
	rc = p2pv_netlink_init();
	if (rc)
		goto err_sleep_exit;
	rc = p2pv_chardev_init();
	if (rc)
		goto err_netlink_exit;
	return 0;

err_netlink_exit:
	p2pv_netlink_exit();
err_sleep_exit:
	p2pv_sleep_exit();
err_hcd_exit:
	p2pv_pair_exit();
err_attach_exit:
	p2pv_attach_exit();
	destroy_workqueue(p2pv_wq);
	return rc;
}

static void __exit main_exit(void)
{
	p2pv_chardev_exit();
	/* Watchers are told, so while there is somebody to tell them. */
	p2pv_pair_unplug();
	p2pv_netlink_exit();
	p2pv_attach_exit();
	p2pv_sleep_exit();
	p2pv_pair_exit();
	destroy_workqueue(p2pv_wq);
}

module_init(main_init);
module_exit(main_exit);

MODULE_DESCRIPTION("Virtual USB host controller for devices plugged in elsewhere");
MODULE_AUTHOR("The p2pusb authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(P2PVHCI_GENL_NAME);
