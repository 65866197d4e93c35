// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests that are no URBs, and whose sender waits: reset, streams, power.
 *
 * They stand in the order of endpoint 0.  Every wait is bounded; what a
 * failure means to the port is the sender's business.
 */
#include <linux/delay.h>

#include "p2pvhci.h"

#define CALL_RETRY_MS	20	/* others give back slots and OUT bytes */

static const u64 call_features[] = {
	[P2PVHCI_OP_RESET] = 0,
	[P2PVHCI_OP_STREAMS_ALLOC] = P2PVHCI_F_STREAMS,
	[P2PVHCI_OP_STREAMS_FREE] = P2PVHCI_F_STREAMS,
	[P2PVHCI_OP_SUSPEND] = P2PVHCI_F_POWER,
	[P2PVHCI_OP_RESUME] = P2PVHCI_F_POWER,
};

static int call_publish(struct p2pv_port *port, struct p2pv_call *call)
{
	u64 need = call_features[call->op];
	struct p2pv_queue *q = port->queue;
	struct p2pv_slot *slot;

	lockdep_assert_held(&port->lock);

	if (!q || port->epoch != call->epoch)
		return -ENODEV;
	if ((q->features & need) != need)
		return -EOPNOTSUPP;
	slot = p2pv_queue_take(q, call->op, call->payload_len, NULL);
	if (!slot)
		return -EBUSY;
	if (call->payload_len)
		memcpy(q->out + slot->out_off, call->payload,
		       call->payload_len);
	slot->len = call->max;
	reinit_completion(&port->call_done);
	port->call_slot = slot;
	p2pv_urb_adopt(&port->eps[0], slot);
	p2pv_urb_publish(q, slot, call->arg);
	return 0;
}

static int call_result(struct p2pv_port *port, struct p2pv_call *call)
{
	struct p2pv_slot *slot = port->call_slot;
	LIST_HEAD(none);

	lockdep_assert_held(&port->lock);

	if (slot) {
		port->call_slot = NULL;
		p2pv_giveback_abandon(slot, -ETIMEDOUT, &none);
		return -ETIMEDOUT;
	}
	call->actual = port->call_actual;
	return port->call_status;
}

void p2pv_call_finish(struct p2pv_slot *slot, int status, u32 actual)
{
	struct p2pv_port *port = slot->port;

	lockdep_assert_held(&port->lock);

	if (port->call_slot != slot)
		return;
	port->call_slot = NULL;
	port->call_status = status;
	port->call_actual = actual;
	complete(&port->call_done);
}

static int call_try(struct p2pv_port *port, struct p2pv_call *call)
{
	unsigned long flags;
	int rc;

	spin_lock_irqsave(&port->lock, flags);
	/* A device that comes while we wait for room is another one. */
	if (!call->epoch)
		call->epoch = port->epoch;
	rc = call_publish(port, call);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

static int call_run_locked(struct p2pv_port *port, struct p2pv_call *call)
{
	unsigned long end = jiffies + msecs_to_jiffies(call->timeout_ms);
	unsigned long flags;
	int rc;

	lockdep_assert_held(&port->call);

	for (rc = call_try(port, call); rc == -EBUSY && time_before(jiffies, end);
	     rc = call_try(port, call))
		msleep(CALL_RETRY_MS);
	if (rc)
		return rc;
	wait_for_completion_timeout(&port->call_done,
				    max_t(long, end - jiffies, 1));
	spin_lock_irqsave(&port->lock, flags);
	rc = call_result(port, call);
	spin_unlock_irqrestore(&port->lock, flags);
	return rc;
}

int p2pv_call_run(struct p2pv_port *port, struct p2pv_call *call)
{
	int rc;

	mutex_lock(&port->call);
	rc = call_run_locked(port, call);
	mutex_unlock(&port->call);
	return rc;
}

/* Reset --------------------------------------------------------------------- */

static int call_is_configured(struct p2pv_port *port, u32 *epoch)
{
	unsigned long flags;
	int configured;

	spin_lock_irqsave(&port->lock, flags);
	configured = port->queue ? port->configured : -ENODEV;
	*epoch = port->epoch;
	spin_unlock_irqrestore(&port->lock, flags);
	return configured;
}

static void call_note_reset(struct p2pv_port *port)
{
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	port->configured = 0;
	spin_unlock_irqrestore(&port->lock, flags);
}

int p2pv_call_reset(struct p2pv_port *port)
{
	struct p2pv_call call = {
		.op = P2PVHCI_OP_RESET,
		.timeout_ms = P2PV_RESET_MS,
	};
	int rc;

	rc = call_is_configured(port, &call.epoch);
	if (!rc)
		return 0;
	if (rc > 0)
		rc = p2pv_call_run(port, &call);
	if (!rc)
		call_note_reset(port);
	else
		p2pv_port_disconnect(port, NULL, call.epoch, P2PV_PORT_KERNEL,
				     -rc);
	return rc;
}
