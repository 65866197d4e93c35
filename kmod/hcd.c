// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host controller driver: what usbcore calls.
 *
 * It moves no data and answers no hub request itself: see urb.c and hub.c.
 * Bandwidth and endpoints are not managed, link power management is not
 * offered, and SET_ADDRESS never leaves this machine: the far host does all of
 * that for the real device.
 */
#include <linux/ktime.h>
#include <linux/platform_device.h>

#include "p2pvhci.h"

/* hcd->hcd_priv: which half of which pair this is. */
struct hcd_half {
	struct p2pv_pair *pair;
	enum p2pv_hub_kind kind;
};

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

/* Halves -------------------------------------------------------------------- */

void p2pv_hcd_remove(struct p2pv_pair *pair, enum p2pv_hub_kind kind)
{
	usb_remove_hcd(pair->hcd[kind]);
	usb_put_hcd(pair->hcd[kind]);
}

int p2pv_hcd_add(struct p2pv_pair *pair, enum p2pv_hub_kind kind)
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
