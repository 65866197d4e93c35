// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs of root hubs: made ahead of need, and removed with the module.
 *
 * What a root hub does is hcd.c.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "p2pvhci.h"

/* Ports of a kind that are kept free, ahead of those who want one. */
#define PAIR_SPARE	4
#define PAIR_GROW_WAIT	HZ

static struct p2pv_pair *pair_all[P2PV_PAIRS_MAX];
static unsigned int pair_count;

static void pair_grow_work(struct work_struct *work);
static DECLARE_WORK(pair_grow, pair_grow_work);
static DECLARE_WAIT_QUEUE_HEAD(pair_grown);
static unsigned int pair_grow_tries;
static int pair_grow_error;	/* of the last try */

/*
 * uvcvideo and usb-storage size their buffers by the mask of the controller:
 * the 32 bits of a plain platform device would quarter storage transfers.
 */
static struct platform_device *pair_register_device(unsigned int index)
{
	const struct platform_device_info info = {
		.name = P2PV_NAME,
		.id = index,
		.dma_mask = DMA_BIT_MASK(64),
	};

	return platform_device_register_full(&info);
}

static void pair_init_ports(struct p2pv_pair *pair, unsigned int index)
{
	unsigned int kind, i;

	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (i = 0; i < P2PV_HUB_NPORTS; i++)
			p2pv_port_init(&pair->ports[kind][i], pair, index,
				       kind, i);
}

/*
 * Both halves at once, while nothing is plugged in there: usb_add_hcd() of the
 * second takes a lock of the pair that usbcore holds while a device takes its
 * SET_CONFIGURATION.
 */
static int pair_add(void)
{
	unsigned int index = pair_count;
	struct p2pv_pair *pair;
	int rc;

	if (index == P2PV_PAIRS_MAX)
		return -ENOSPC;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair)
		return -ENOMEM;
	pair_init_ports(pair, index);

	pair->pdev = pair_register_device(index);
	if (IS_ERR(pair->pdev)) {
		rc = PTR_ERR(pair->pdev);
		goto err_free;
	}
	/* hub_port_init() follows it; with drivers_autoprobe off there is none. */
	rc = pair->pdev->dev.driver ? p2pv_hcd_add(pair, P2PV_HUB_HS) : -ENODEV;
	if (rc)
		goto err_unregister;
	rc = p2pv_hcd_add(pair, P2PV_HUB_SS);
	if (rc)
		goto err_remove_half;

	pair_all[index] = pair;
	/* The pair before the number; pairs with p2pv_pair_get(). */
	smp_store_release(&pair_count, index + 1);
	return 0;

err_remove_half:
	p2pv_hcd_remove(pair, P2PV_HUB_HS);
err_unregister:
	platform_device_unregister(pair->pdev);
err_free:
	kfree(pair);
	return rc;
}

struct p2pv_pair *p2pv_pair_get(unsigned int index)
{
	/* Pairs with the release in pair_add(). */
	return index < smp_load_acquire(&pair_count) ? pair_all[index] : NULL;
}

/* Growing: the only writer of pair_all while the module works. */

static int pair_is_scarce(void)
{
	return p2pv_port_count_empty(P2PV_HUB_HS) < PAIR_SPARE ||
	       p2pv_port_count_empty(P2PV_HUB_SS) < PAIR_SPARE;
}

static void pair_grow_work(struct work_struct *work)
{
	int rc = 0;

	while (!rc && pair_is_scarce())
		rc = pair_add();
	pair_grow_error = rc;
	/* The verdict before the number; pairs with pair_grow_tries_seen(). */
	smp_store_release(&pair_grow_tries, pair_grow_tries + 1);
	wake_up_all(&pair_grown);
}

static unsigned int pair_grow_tries_seen(void)
{
	/* Pairs with the release in pair_grow_work(). */
	return smp_load_acquire(&pair_grow_tries);
}

void p2pv_pair_grow(void)
{
	if (pair_is_scarce())
		/* Buses do not appear while the machine falls asleep. */
		queue_work(system_freezable_wq, &pair_grow);
}

int p2pv_pair_wait_port(enum p2pv_hub_kind kind)
{
	unsigned int tries = pair_grow_tries_seen();
	long rc;

	if (p2pv_port_count_empty(kind))
		return 0;
	p2pv_pair_grow();
	rc = wait_event_killable_timeout(pair_grown,
					 p2pv_port_count_empty(kind) ||
					 pair_grow_tries_seen() != tries,
					 PAIR_GROW_WAIT);
	if (rc <= 0)
		return rc ? rc : -ETIMEDOUT;
	if (p2pv_port_count_empty(kind))
		return 0;
	return pair_grow_error ? pair_grow_error : -ETIMEDOUT;
}

/*
 * Every URB is back before usb_remove_hcd() starts, or hub_wq would sit out
 * its own timeouts on a device that nobody answers for.
 */
static void pair_unplug_port(struct p2pv_port *port)
{
	p2pv_port_disconnect(port, NULL, 0, P2PV_PORT_KERNEL, ESHUTDOWN);
	/* It is about to tell a hub; nobody can start it any more. */
	flush_work(&port->wake_work);
}

static void pair_unplug(struct p2pv_pair *pair)
{
	unsigned int kind, i;

	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (i = 0; i < P2PV_HUB_NPORTS; i++)
			pair_unplug_port(&pair->ports[kind][i]);
}

static void pair_remove(struct p2pv_pair *pair)
{
	unsigned int kind, i;

	p2pv_hcd_remove(pair, P2PV_HUB_SS);
	p2pv_hcd_remove(pair, P2PV_HUB_HS);
	platform_device_unregister(pair->pdev);
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (i = 0; i < P2PV_HUB_NPORTS; i++)
			p2pv_port_exit(&pair->ports[kind][i]);
	kfree(pair);
}

/* hub_port_init() wants the name of the driver, so there has to be one. */
static int pair_probe(struct platform_device *pdev)
{
	return 0;
}

static struct platform_driver pair_driver = {
	.probe = pair_probe,
	.driver = {
		.name = P2PV_NAME,
		.suppress_bind_attrs = true,
	},
};

int p2pv_pair_init(void)
{
	int rc;

	rc = platform_driver_register(&pair_driver);
	if (rc)
		return rc;
	rc = pair_add();
	if (rc)
		platform_driver_unregister(&pair_driver);
	return rc;
}

void p2pv_pair_unplug(void)
{
	unsigned int i;

	cancel_work_sync(&pair_grow);
	for (i = 0; i < pair_count; i++)
		pair_unplug(pair_all[i]);
}

void p2pv_pair_exit(void)
{
	while (pair_count)
		pair_remove(pair_all[--pair_count]);
	platform_driver_unregister(&pair_driver);
}
