// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host controller driver: pairs of root hubs, and what usbcore calls.
 *
 * It moves no data and answers no hub request itself: see urb.c and hub.c.
 * Bandwidth and endpoints are not managed, link power management is not
 * offered, and SET_ADDRESS never leaves this machine: the far host does all of
 * that for the real device.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "p2pvhci.h"

/* hcd->hcd_priv: which half of which pair this is. */
struct hcd_half {
	struct p2pv_pair *pair;
	enum p2pv_hub_kind kind;
};

/* Ports of a kind that are kept free, ahead of those who want one. */
#define HCD_SPARE	4
#define HCD_GROW_WAIT	HZ

static struct p2pv_pair *hcd_pairs[P2PV_PAIRS_MAX];
static unsigned int hcd_npairs;

static void hcd_grow_work(struct work_struct *work);
static DECLARE_WORK(hcd_grow, hcd_grow_work);
static DECLARE_WAIT_QUEUE_HEAD(hcd_grown);
static unsigned int hcd_grow_tries;
static int hcd_grow_error;	/* of the last try */

static struct hcd_half *hcd_half(struct usb_hcd *hcd)
{
	return (struct hcd_half *)hcd->hcd_priv;
}

/* rhport counts from 1; anything else has no port. */
static struct p2pv_port *hcd_rhport(struct usb_hcd *hcd, unsigned int rhport)
{
	struct hcd_half *half = hcd_half(hcd);

	if (rhport < 1 || rhport > P2PV_HUB_NPORTS)
		return NULL;
	return &half->pair->ports[half->kind][rhport - 1];
}

/* A device behind a remote hub is a remote device of its own, not a child. */
static struct p2pv_port *hcd_port(struct usb_hcd *hcd,
				  const struct usb_device *udev)
{
	if (!udev->parent || udev->parent->parent)
		return NULL;
	return hcd_rhport(hcd, udev->portnum);
}

/* Controller ---------------------------------------------------------------- */

static int hcd_reset(struct usb_hcd *hcd)
{
	hcd->self.sg_tablesize = ~0;
	hcd->self.no_sg_constraint = 1;
	hcd->self.no_stop_on_short = 1;

	if (hcd_half(hcd)->kind == P2PV_HUB_HS) {
		hcd->speed = HCD_USB2;
		hcd->self.root_hub->speed = USB_SPEED_HIGH;
		/* Or full- and low-speed devices are refused. */
		hcd->has_tt = 1;
		return 0;
	}
	/*
	 * Gen 2x2, 20 Gbit/s, as the fastest device may be: below anything less
	 * it would look faster than its hub.  Not among the driver's flags,
	 * where both halves would get it; as is said there, usbcore has set a
	 * plain USB 3 root hub up by now.
	 */
	hcd->speed = HCD_USB32;
	hcd->self.root_hub->speed = USB_SPEED_SUPER_PLUS;
	hcd->self.root_hub->ssp_rate = USB_SSP_GEN_2x2;
	hcd->self.root_hub->rx_lanes = 2;
	hcd->self.root_hub->tx_lanes = 2;
	hcd->can_do_streams = 1;
	return 0;
}

static int hcd_start(struct usb_hcd *hcd)
{
	hcd->uses_new_polling = 1;
	hcd->power_budget = 0;
	hcd->state = HC_STATE_RUNNING;
	return 0;
}

static void hcd_stop(struct usb_hcd *hcd)
{
}

static int hcd_get_frame_number(struct usb_hcd *hcd)
{
	return p2pv_iso_frame(ktime_get_ns());
}

/* Root hub ------------------------------------------------------------------ */

static int hcd_hub_status_data(struct usb_hcd *hcd, char *buf)
{
	unsigned long flags;
	u32 changed = 0;
	unsigned int i;

	for (i = 1; i <= P2PV_HUB_NPORTS; i++) {
		struct p2pv_port *port = hcd_rhport(hcd, i);

		spin_lock_irqsave(&port->lock, flags);
		if (port->hub.change)
			changed |= BIT(i);
		spin_unlock_irqrestore(&port->lock, flags);
	}
	buf[0] = changed;
	buf[1] = changed >> 8;
	return changed ? 2 : 0;
}

static int hcd_hub_control(struct usb_hcd *hcd, u16 type, u16 value, u16 index,
			   char *buf, u16 length)
{
	const struct p2pv_hub_request req = {
		.type = type, .value = value, .index = index, .length = length,
	};
	struct p2pv_port *port = hcd_rhport(hcd, index & 0xff);

	if (!port)
		return p2pv_hub_answer(hcd_half(hcd)->kind, NULL, &req,
				       (u8 *)buf);
	return p2pv_power_hub_request(port, &req, (u8 *)buf);
}

static int hcd_is_detaching(struct usb_hcd *hcd)
{
	unsigned int i;

	for (i = 1; i <= P2PV_HUB_NPORTS; i++)
		if (READ_ONCE(hcd_rhport(hcd, i)->state) ==
		    P2PVHCI_PORT_DETACHING)
			return 1;
	return 0;
}

/*
 * The devices sleep by now, so there is nothing to stop.  A port that changed
 * meanwhile keeps its hub awake; one that changes later wakes it up.  So does a
 * device that is gone while its driver does not know.
 */
static int hcd_suspend_bus(struct usb_hcd *hcd)
{
	char changed[2];

	return hcd_hub_status_data(hcd, changed) || hcd_is_detaching(hcd) ?
	       -EBUSY : 0;
}

/* The hub driver looks at all ports now, and begins with what it finds. */
static int hcd_resume_bus(struct usb_hcd *hcd)
{
	return 0;
}

void p2pv_hcd_port_changed(struct p2pv_port *port)
{
	struct usb_hcd *hcd = p2pv_hcd_of(port);

	/* Also while it is just falling asleep. */
	if (HC_IS_SUSPENDED(hcd->state))
		usb_hcd_resume_root_hub(hcd);
	usb_hcd_poll_rh_status(hcd);
}

/* Devices and URBs ---------------------------------------------------------- */

static int hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb,
			   gfp_t mem_flags)
{
	struct p2pv_port *port = hcd_port(hcd, urb->dev);

	return port ? p2pv_urb_enqueue(port, urb) : -ENODEV;
}

static int hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct p2pv_port *port = hcd_port(hcd, urb->dev);

	return port ? p2pv_cancel_urb(port, urb, status) : -EIDRM;
}

/*
 * Called after each successful port reset.  The first ones belong to
 * enumeration: the far host has enumerated the device already.  One reset
 * reaches the device, however often usbcore repeats it before it configures
 * the device again.
 */
static int hcd_reset_device(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct p2pv_port *port = hcd_port(hcd, udev);
	int rc;

	if (!port)
		return -ENODEV;
	rc = p2pv_port_claim(port, udev);
	if (rc)
		return rc;
	return p2pv_call_reset(port);
}

/* Only there so that usbcore does not send SET_ADDRESS. */
static int hcd_address_device(struct usb_hcd *hcd,
			      struct usb_device *udev P2PV_ADDRESS_TIMEOUT)
{
	return hcd_port(hcd, udev) ? 0 : -ENODEV;
}

static void hcd_free_dev(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct p2pv_port *port = hcd_port(hcd, udev);

	if (port)
		p2pv_port_disown(port, udev);
}

static int hcd_alloc_streams(struct usb_hcd *hcd, struct usb_device *udev,
			     struct usb_host_endpoint **eps, unsigned int neps,
			     unsigned int wanted, gfp_t mem_flags)
{
	struct p2pv_port *port = hcd_port(hcd, udev);

	return port ? p2pv_streams_alloc(port, eps, neps, wanted) : -ENODEV;
}

static int hcd_free_streams(struct usb_hcd *hcd, struct usb_device *udev,
			    struct usb_host_endpoint **eps, unsigned int neps,
			    gfp_t mem_flags)
{
	struct p2pv_port *port = hcd_port(hcd, udev);

	return port ? p2pv_streams_free(port, eps, neps) : -ENODEV;
}

static const struct hc_driver hcd_driver = {
	.description = P2PV_NAME,
	.product_desc = "p2pusb virtual host controller",
	.hcd_priv_size = sizeof(struct hcd_half),
	.flags = HCD_USB3 | HCD_SHARED,

	.reset = hcd_reset,
	.start = hcd_start,
	.stop = hcd_stop,
	.get_frame_number = hcd_get_frame_number,

	.urb_enqueue = hcd_urb_enqueue,
	.urb_dequeue = hcd_urb_dequeue,
	.reset_device = hcd_reset_device,
	.address_device = hcd_address_device,
	.free_dev = hcd_free_dev,
	.alloc_streams = hcd_alloc_streams,
	.free_streams = hcd_free_streams,

	.hub_status_data = hcd_hub_status_data,
	.hub_control = hcd_hub_control,
	.bus_suspend = hcd_suspend_bus,
	.bus_resume = hcd_resume_bus,
};

/* Pairs --------------------------------------------------------------------- */

static void hcd_remove_half(struct p2pv_pair *pair, enum p2pv_hub_kind kind)
{
	usb_remove_hcd(pair->hcd[kind]);
	usb_put_hcd(pair->hcd[kind]);
}

static int hcd_add_half(struct p2pv_pair *pair, enum p2pv_hub_kind kind)
{
	struct device *dev = &pair->pdev->dev;
	struct usb_hcd *hcd;
	int rc;

	if (kind == P2PV_HUB_HS)
		hcd = usb_create_hcd(&hcd_driver, dev, dev_name(dev));
	else
		hcd = usb_create_shared_hcd(&hcd_driver, dev, dev_name(dev),
					    pair->hcd[P2PV_HUB_HS]);
	if (!hcd)
		return -ENOMEM;
	hcd_half(hcd)->pair = pair;
	hcd_half(hcd)->kind = kind;

	rc = usb_add_hcd(hcd, 0, 0);
	if (rc) {
		usb_put_hcd(hcd);
		/* What usbcore says when the machine has all the buses it may. */
		return rc == -E2BIG ? -ENOSPC : rc;
	}
	pair->hcd[kind] = hcd;
	return 0;
}

/*
 * uvcvideo and usb-storage size their buffers by the mask of the controller:
 * the 32 bits of a plain platform device would quarter storage transfers.
 */
static struct platform_device *hcd_register_device(unsigned int index)
{
	const struct platform_device_info info = {
		.name = P2PV_NAME,
		.id = index,
		.dma_mask = DMA_BIT_MASK(64),
	};

	return platform_device_register_full(&info);
}

static void hcd_init_ports(struct p2pv_pair *pair, unsigned int index)
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
static int hcd_add_pair(void)
{
	unsigned int index = hcd_npairs;
	struct p2pv_pair *pair;
	int rc;

	if (index == P2PV_PAIRS_MAX)
		return -ENOSPC;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL);
	if (!pair)
		return -ENOMEM;
	hcd_init_ports(pair, index);

	pair->pdev = hcd_register_device(index);
	if (IS_ERR(pair->pdev)) {
		rc = PTR_ERR(pair->pdev);
		goto err_free;
	}
	/* hub_port_init() follows it; with drivers_autoprobe off there is none. */
	rc = pair->pdev->dev.driver ? hcd_add_half(pair, P2PV_HUB_HS) : -ENODEV;
	if (rc)
		goto err_unregister;
	rc = hcd_add_half(pair, P2PV_HUB_SS);
	if (rc)
		goto err_remove_half;

	hcd_pairs[index] = pair;
	/* The pair before the number; pairs with p2pv_hcd_pair(). */
	smp_store_release(&hcd_npairs, index + 1);
	return 0;

err_remove_half:
	hcd_remove_half(pair, P2PV_HUB_HS);
err_unregister:
	platform_device_unregister(pair->pdev);
err_free:
	kfree(pair);
	return rc;
}

struct p2pv_pair *p2pv_hcd_pair(unsigned int index)
{
	/* Pairs with the release in hcd_add_pair(). */
	return index < smp_load_acquire(&hcd_npairs) ? hcd_pairs[index] : NULL;
}

/* Growing: the only writer of hcd_pairs while the module works. */

static int hcd_is_scarce(void)
{
	return p2pv_port_count_empty(P2PV_HUB_HS) < HCD_SPARE ||
	       p2pv_port_count_empty(P2PV_HUB_SS) < HCD_SPARE;
}

static void hcd_grow_work(struct work_struct *work)
{
	int rc = 0;

	while (!rc && hcd_is_scarce())
		rc = hcd_add_pair();
	hcd_grow_error = rc;
	/* The verdict before the number; pairs with hcd_grow_tries_seen(). */
	smp_store_release(&hcd_grow_tries, hcd_grow_tries + 1);
	wake_up_all(&hcd_grown);
}

static unsigned int hcd_grow_tries_seen(void)
{
	/* Pairs with the release in hcd_grow_work(). */
	return smp_load_acquire(&hcd_grow_tries);
}

void p2pv_hcd_grow(void)
{
	if (hcd_is_scarce())
		/* Buses do not appear while the machine falls asleep. */
		queue_work(system_freezable_wq, &hcd_grow);
}

int p2pv_hcd_wait_port(enum p2pv_hub_kind kind)
{
	unsigned int tries = hcd_grow_tries_seen();
	long rc;

	if (p2pv_port_count_empty(kind))
		return 0;
	p2pv_hcd_grow();
	rc = wait_event_killable_timeout(hcd_grown,
					 p2pv_port_count_empty(kind) ||
					 hcd_grow_tries_seen() != tries,
					 HCD_GROW_WAIT);
	if (rc <= 0)
		return rc ? rc : -ETIMEDOUT;
	if (p2pv_port_count_empty(kind))
		return 0;
	return hcd_grow_error ? hcd_grow_error : -ETIMEDOUT;
}

/*
 * Every URB is back before usb_remove_hcd() starts, or hub_wq would sit out
 * its own timeouts on a device that nobody answers for.
 */
static void hcd_unplug_port(struct p2pv_port *port)
{
	p2pv_port_disconnect(port, NULL, 0, P2PV_PORT_KERNEL, ESHUTDOWN);
	/* It is about to tell a hub; nobody can start it any more. */
	flush_work(&port->wake_work);
}

static void hcd_unplug_pair(struct p2pv_pair *pair)
{
	unsigned int kind, i;

	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (i = 0; i < P2PV_HUB_NPORTS; i++)
			hcd_unplug_port(&pair->ports[kind][i]);
}

static void hcd_remove_pair(struct p2pv_pair *pair)
{
	unsigned int kind, i;

	hcd_remove_half(pair, P2PV_HUB_SS);
	hcd_remove_half(pair, P2PV_HUB_HS);
	platform_device_unregister(pair->pdev);
	for (kind = 0; kind < P2PV_HUB_NKINDS; kind++)
		for (i = 0; i < P2PV_HUB_NPORTS; i++)
			p2pv_port_exit(&pair->ports[kind][i]);
	kfree(pair);
}

/* hub_port_init() wants the name of the driver, so there has to be one. */
static int hcd_probe(struct platform_device *pdev)
{
	return 0;
}

static struct platform_driver hcd_platform_driver = {
	.probe = hcd_probe,
	.driver = {
		.name = P2PV_NAME,
		.suppress_bind_attrs = true,
	},
};

int p2pv_hcd_init(void)
{
	int rc;

	rc = platform_driver_register(&hcd_platform_driver);
	if (rc)
		return rc;
	rc = hcd_add_pair();
	if (rc)
		platform_driver_unregister(&hcd_platform_driver);
	return rc;
}

void p2pv_hcd_unplug(void)
{
	unsigned int i;

	cancel_work_sync(&hcd_grow);
	for (i = 0; i < hcd_npairs; i++)
		hcd_unplug_pair(hcd_pairs[i]);
}

void p2pv_hcd_exit(void)
{
	while (hcd_npairs)
		hcd_remove_pair(hcd_pairs[--hcd_npairs]);
	platform_driver_unregister(&hcd_platform_driver);
}
