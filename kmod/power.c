// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep of one device while the machine is awake: the agent is asked to have
 * the far host suspend and resume it, and tells when it wakes up by itself.
 *
 * Which request of the hub driver means what is hub_power.c; sleep of the
 * machine is sleep.c.
 */
#include "p2pvhci.h"
#include "urb.h"

/* Half of what the hub driver gives a request, since suspend may need two. */
#define POWER_MS	1000

static int power_call(struct p2pv_port *port, enum p2pvhci_op op, u64 arg)
{
	struct p2pv_call call = {
		.op = op,
		.timeout_ms = POWER_MS,
		.arg = arg,
	};

	return p2pv_call_run(port, &call);
}

/* URBs may have waited for room since before the device fell asleep. */
static void power_wake_up(struct p2pv_port *port)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&port->lock, flags);
	port->asleep = 0;
	spin_unlock_irqrestore(&port->lock, flags);
	for (i = 0; i < P2PV_NEPS; i++)
		p2pv_urb_pump(&port->eps[i]);
}

static int power_is_asleep(struct p2pv_port *port, u32 *epoch)
{
	unsigned long flags;
	int asleep;

	spin_lock_irqsave(&port->lock, flags);
	asleep = port->asleep;
	*epoch = port->epoch;
	spin_unlock_irqrestore(&port->lock, flags);
	return asleep;
}

/*
 * Nothing follows the suspend, so the port sleeps from before it is asked for.
 * A device that is not configured has nothing to lose by staying awake, and is
 * not asked: returns 0.
 */
static int power_fall_asleep(struct p2pv_port *port, u64 *arg)
{
	unsigned long flags;
	int asleep;

	spin_lock_irqsave(&port->lock, flags);
	asleep = port->queue && port->configured && port->udev;
	port->asleep = asleep;
	*arg = asleep && port->udev->do_remote_wakeup ? P2PVHCI_SUSPEND_WAKEUP :
							0;
	spin_unlock_irqrestore(&port->lock, flags);
	return asleep;
}

static int power_resume(struct p2pv_port *port)
{
	u32 epoch;
	int rc;

	lockdep_assert_held(&port->power);

	if (!power_is_asleep(port, &epoch))
		return 0;
	rc = power_call(port, P2PVHCI_OP_RESUME, 0);
	if (rc)
		p2pv_port_disconnect(port, NULL, epoch, P2PV_PORT_KERNEL, -rc);
	power_wake_up(port);
	return rc;
}

static int power_suspend(struct p2pv_port *port)
{
	u64 arg;
	int rc;

	lockdep_assert_held(&port->power);

	if (!power_fall_asleep(port, &arg))
		return 0;
	rc = power_call(port, P2PVHCI_OP_SUSPEND, arg);
	if (!rc)
		return 0;
	/* It may be falling asleep this very moment. */
	if (rc == -ETIMEDOUT)
		power_resume(port);
	power_wake_up(port);
	/* An agent without power: it sleeps here only, and cannot wake us. */
	return rc == -EOPNOTSUPP && !arg ? 0 : rc;
}

static int power_answer(struct p2pv_port *port,
			const struct p2pv_hub_request *req, u8 *buf)
{
	unsigned long flags;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	rc = p2pv_hub_answer(port->kind, &port->hub, req, buf);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

static enum p2pv_hub_power power_change(struct p2pv_port *port,
					const struct p2pv_hub_request *req)
{
	enum p2pv_hub_power change;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	change = p2pv_hub_power_change(port->kind, &port->hub, req);
	spin_unlock_irqrestore(&port->lock, flags);
	return change;
}

int p2pv_power_hub_request(struct p2pv_port *port,
			   const struct p2pv_hub_request *req, u8 *buf)
{
	int rc = 0;

	/* Device and port in one step, or a wakeup would fall in between. */
	mutex_lock(&port->power);
	switch (power_change(port, req)) {
	case P2PV_HUB_SUSPENDS:
		rc = power_suspend(port);
		break;
	case P2PV_HUB_RESUMES:
		rc = power_resume(port);
		break;
	case P2PV_HUB_STAYS:
		break;
	}
	rc = rc ? -EPIPE : power_answer(port, req, buf);
	mutex_unlock(&port->power);
	return rc;
}

int p2pv_power_wakeup(struct p2pv_port *port, const struct p2pv_queue *q,
		      u32 epoch)
{
	unsigned long flags;
	int rc = 0;

	spin_lock_irqsave(&port->lock, flags);
	if (port->queue != q || port->epoch != epoch)
		rc = -ENOENT;
	else if (!(q->features & P2PVHCI_F_POWER))
		rc = -EINVAL;
	spin_unlock_irqrestore(&port->lock, flags);
	/*
	 * The caller is the agent, whom we will ask to resume.  That waits, so
	 * it is not for the queue of deadlines and deaths.
	 */
	if (!rc)
		queue_work(system_long_wq, &port->wake_work);
	return rc;
}

void p2pv_power_wake_work(struct work_struct *work)
{
	struct p2pv_port *port = container_of(work, struct p2pv_port,
					      wake_work);
	unsigned long flags;
	int woken = 0;

	mutex_lock(&port->power);
	if (!power_resume(port)) {
		spin_lock_irqsave(&port->lock, flags);
		woken = p2pv_hub_power_wakeup(port->kind, &port->hub);
		spin_unlock_irqrestore(&port->lock, flags);
	}
	mutex_unlock(&port->power);
	if (woken)
		p2pv_hcd_port_changed(port);
}
