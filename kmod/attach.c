// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach requests: from a tool to the agent that listens, and the answer back
 * to everybody who watches.
 *
 * A request has no port; it gets one when the agent binds.  What is asked for
 * is opaque here.
 */
#include <linux/err.h>
#include <linux/nls.h>
#include <linux/slab.h>

#include "p2pvhci.h"

#define ATTACH_PENDING_MAX	32

/**
 * struct attach - a request that waits for the agent
 * @node: attach_list, oldest first
 * @slot: of the listener's queue
 * @cookie: token of @slot
 * @rq_tail: of the ring when it was published
 * @deadline: in jiffies
 * @port: bound for it, or NULL
 * @req: as sent to the agent
 */
struct attach {
	struct list_head node;
	struct p2pv_slot *slot;
	u64 cookie;
	u32 rq_tail;
	unsigned long deadline;
	struct p2pv_port *port;
	struct p2pvhci_attach_request req;
};

static DEFINE_MUTEX(attach_lock);
static LIST_HEAD(attach_list);
static struct p2pv_queue *attach_listener;
static struct delayed_work attach_timer;

static size_t attach_bytes(const struct p2pvhci_attach_request *req)
{
	return sizeof(*req) + req->target_len;
}

static struct attach *attach_find(u64 cookie)
{
	struct attach *a;

	lockdep_assert_held(&attach_lock);

	list_for_each_entry(a, &attach_list, node)
		if (a->cookie == cookie)
			return a;
	return NULL;
}

static void attach_end(struct attach *a, u32 status, const char *message)
{
	lockdep_assert_held(&attach_lock);

	list_del(&a->node);
	p2pv_netlink_result(a->cookie, a->port, status, message);
	kfree(a);
}

/* Timeouts ------------------------------------------------------------------ */

static void attach_expire(struct attach *a)
{
	/* The agent still owes an answer; until then it may read the block. */
	a->slot->state = P2PV_SLOT_ZOMBIE;
	if (a->port)
		attach_end(a, 0, "");
	else
		attach_end(a, ETIMEDOUT, "The agent gave no answer in time.");
}

static void attach_arm(void)
{
	unsigned long wait = MAX_JIFFY_OFFSET;
	struct attach *a;

	lockdep_assert_held(&attach_lock);

	if (list_empty(&attach_list))
		return;
	list_for_each_entry(a, &attach_list, node)
		wait = min_t(unsigned long, wait,
			     max_t(long, a->deadline - jiffies, 0));
	mod_delayed_work(p2pv_wq, &attach_timer, wait);
}

static void attach_timer_work(struct work_struct *work)
{
	struct attach *a, *next;

	mutex_lock(&attach_lock);
	list_for_each_entry_safe(a, next, &attach_list, node)
		if (time_after_eq(jiffies, a->deadline))
			attach_expire(a);
	attach_arm();
	mutex_unlock(&attach_lock);
}

/* The listener -------------------------------------------------------------- */

int p2pv_attach_listen(struct p2pv_queue *q)
{
	int rc = 0;

	mutex_lock(&attach_lock);
	if (attach_listener)
		rc = -EBUSY;
	else
		attach_listener = q;
	mutex_unlock(&attach_lock);
	return rc;
}

void p2pv_attach_gone(struct p2pv_queue *q)
{
	struct attach *a, *next;

	mutex_lock(&attach_lock);
	if (attach_listener == q) {
		attach_listener = NULL;
		list_for_each_entry_safe(a, next, &attach_list, node)
			attach_end(a, ENOTCONN, "The agent went away.");
	}
	mutex_unlock(&attach_lock);
}

/* Asking -------------------------------------------------------------------- */

static void attach_publish(struct p2pv_queue *q, struct attach *a)
{
	struct p2pvhci_req req = {
		.token = a->cookie,
		.op = P2PVHCI_OP_ATTACH,
		.len = attach_bytes(&a->req),
		.out_off = a->slot->out_off,
	};

	memcpy(q->out + a->slot->out_off, &a->req, attach_bytes(&a->req));
	a->slot->state = P2PV_SLOT_PUBLISHED;
	p2pv_queue_publish(q, &req);
	a->rq_tail = READ_ONCE(q->ring.rq_tail);
}

static int attach_start(struct p2pv_queue *q, struct attach *a)
{
	lockdep_assert_held(&attach_lock);

	if (!q || !p2pv_queue_ready(q) || READ_ONCE(q->dead))
		return -ESRCH;
	if (list_count_nodes(&attach_list) >= ATTACH_PENDING_MAX)
		return -EBUSY;
	a->slot = p2pv_queue_take(q, P2PVHCI_OP_ATTACH, attach_bytes(&a->req),
				  NULL);
	if (!a->slot)
		return -EBUSY;
	a->cookie = p2pv_queue_token(q, a->slot);
	a->deadline = jiffies + msecs_to_jiffies(a->req.timeout_ms);
	list_add_tail(&a->node, &attach_list);
	attach_publish(q, a);
	attach_arm();
	return 0;
}

int p2pv_attach_request(const struct p2pvhci_attach_request *req, u64 *cookie)
{
	struct attach *a;
	int rc;

	a = kzalloc(offsetof(struct attach, req) + attach_bytes(req),
		    GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	a->req = *req;
	memcpy(a->req.target, req->target, req->target_len);

	mutex_lock(&attach_lock);
	rc = attach_start(attach_listener, a);
	*cookie = a->cookie;
	mutex_unlock(&attach_lock);
	if (rc)
		kfree(a);
	return rc;
}

/* Answering ----------------------------------------------------------------- */

struct p2pv_port *p2pv_attach_bind(struct p2pv_port_bind *bind, u32 *epoch)
{
	struct p2pv_port *port = ERR_PTR(-ENOENT);
	struct attach *a;

	mutex_lock(&attach_lock);
	a = attach_find(bind->cookie);
	if (a && !a->port) {
		bind->target = a->req.target;
		bind->target_len = a->req.target_len;
		bind->flags = a->req.flags;
		port = p2pv_port_connect(bind, epoch);
		if (!IS_ERR(port))
			a->port = port;
	}
	mutex_unlock(&attach_lock);
	return port;
}

/* It ends up on somebody's terminal: one line of clean UTF-8. */
static int attach_check_message(const char *text, size_t len)
{
	unicode_t c;
	int n;

	while (len) {
		n = utf8_to_utf32((const u8 *)text, min_t(size_t, len, 4), &c);
		if (n <= 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return -EINVAL;
		text += n;
		len -= n;
	}
	return 0;
}

static int attach_check_done(const struct p2pvhci_attach_done *done)
{
	size_t len = strnlen(done->message, sizeof(done->message));

	if (done->status > MAX_ERRNO ||
	    memchr_inv(done->message + len, 0, sizeof(done->message) - len))
		return -EINVAL;
	return attach_check_message(done->message, len);
}

/* The late answer to a request that has timed out. */
static void attach_free_zombie(u64 cookie)
{
	struct p2pv_queue *q = attach_listener;
	struct p2pv_slot *slot;

	lockdep_assert_held(&attach_lock);

	slot = q && p2pv_queue_ready(q) ? p2pv_queue_lookup(q, cookie) : NULL;
	if (slot && slot->op == P2PVHCI_OP_ATTACH &&
	    slot->state == P2PV_SLOT_ZOMBIE)
		p2pv_queue_free(q, slot);
}

static int attach_answer(const struct p2pvhci_attach_done *done,
			 const char *message)
{
	struct attach *a = attach_find(done->cookie);

	lockdep_assert_held(&attach_lock);

	if (!a) {
		attach_free_zombie(done->cookie);
		return -ENOENT;
	}
	if (!done->status && !a->port)
		return -EINVAL;
	p2pv_queue_free(attach_listener, a->slot);
	attach_end(a, done->status, message);
	return 0;
}

int p2pv_attach_done(const struct p2pvhci_attach_done *done)
{
	char message[P2PVHCI_MESSAGE_MAX + 1] = { 0 };
	int rc;

	rc = attach_check_done(done);
	if (rc)
		return rc;
	memcpy(message, done->message, sizeof(done->message));
	mutex_lock(&attach_lock);
	rc = attach_answer(done, message);
	mutex_unlock(&attach_lock);
	return rc;
}

/* Looking ------------------------------------------------------------------- */

static enum p2pvhci_port_state attach_state(const struct attach *a)
{
	const struct p2pv_ring *ring = &attach_listener->ring;

	/* Only shown to people, so the agent may lie about its head. */
	if ((s32)(READ_ONCE(ring->uctl->rq_head) - a->rq_tail) >= 0)
		return P2PVHCI_PORT_CONNECTING;
	return P2PVHCI_PORT_REQUESTED;
}

int p2pv_attach_each(unsigned int skip,
		     int (*visit)(const struct p2pv_attach_info *info,
				  void *arg), void *arg)
{
	struct p2pv_attach_info info;
	struct attach *a;
	int rc = 0;

	mutex_lock(&attach_lock);
	list_for_each_entry(a, &attach_list, node) {
		if (a->port || (skip && skip--))
			continue;
		info.cookie = a->cookie;
		info.state = attach_state(a);
		info.flags = a->req.flags;
		info.target = a->req.target;
		info.target_len = a->req.target_len;
		rc = visit(&info, arg);
		if (rc)
			break;
	}
	mutex_unlock(&attach_lock);
	return rc;
}

void p2pv_attach_init(void)
{
	INIT_DELAYED_WORK(&attach_timer, attach_timer_work);
}

void p2pv_attach_exit(void)
{
	cancel_delayed_work_sync(&attach_timer);
}
