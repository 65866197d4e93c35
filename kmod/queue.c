// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue: the memory of one ring, its slots, and its death.
 *
 * It knows nothing of URBs.  Room is shared first come, first served, and
 * round-robin among endpoints that wait; no port has a quota.
 */
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "p2pvhci.h"

/* Granularity of the OUT area. */
#define QUEUE_OUT_ORDER		8
/* Ring entries that are not bound to a slot: UNBOUND of every port. */
#define QUEUE_LOOSE_ENTRIES	(P2PV_PAIRS_MAX * P2PV_PORTS_PER_PAIR + 16)

/* Memory -------------------------------------------------------------------- */

static void queue_free_area(struct p2pv_area *area)
{
	unsigned int i;

	if (area->addr)
		vunmap(area->addr);
	for (i = 0; i < area->npages; i++)
		__free_page(area->pages[i]);
	kvfree(area->pages);
	memset(area, 0, sizeof(*area));
}

static int queue_alloc_area(struct p2pv_area *area, u32 bytes)
{
	unsigned int n = bytes >> PAGE_SHIFT;

	area->pages = kvcalloc(n, sizeof(*area->pages), GFP_KERNEL_ACCOUNT);
	if (!area->pages)
		return -ENOMEM;
	for (; area->npages < n; area->npages++) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

		if (!page)
			goto err_free;
		area->pages[area->npages] = page;
	}
	area->addr = vmap(area->pages, n, VM_MAP, PAGE_KERNEL);
	if (area->addr)
		return 0;
err_free:
	queue_free_area(area);
	return -ENOMEM;
}

static int queue_alloc_slots(struct p2pv_queue *q)
{
	u32 i;

	q->slots = kvcalloc(q->tags, sizeof(*q->slots), GFP_KERNEL_ACCOUNT);
	if (!q->slots)
		return -ENOMEM;
	for (i = 0; i < q->tags; i++) {
		/* Tokens of different queues should not look alike. */
		q->slots[i].gen = max_t(u32, get_random_u32(), 1);
		list_add_tail(&q->slots[i].node, &q->free);
	}
	q->nfree = q->tags;
	q->reserve = clamp_t(u32, q->tags / 8, 1, 32);
	return 0;
}

static int queue_alloc_out(struct p2pv_queue *q)
{
	q->out_pool = gen_pool_create(QUEUE_OUT_ORDER, -1);
	if (!q->out_pool)
		return -ENOMEM;
	return gen_pool_add(q->out_pool, (unsigned long)q->out, q->out_bytes,
			    -1);
}

static int queue_alloc_bounce(struct p2pv_queue *q)
{
	if (!(q->features & P2PVHCI_F_COPY))
		return 0;
	q->bounce = kvzalloc(P2PV_COPY_CHUNK, GFP_KERNEL_ACCOUNT);
	return q->bounce ? 0 : -ENOMEM;
}

/*
 * Offsets and lengths of both mappings.  An honest agent cannot overflow the
 * request ring: per slot one SUBMIT, its CANCEL and the CANCEL of the slot's
 * last use may lie unread, and p2pv_queue_take() keeps twice as much free.
 */
static void queue_lay_out(struct p2pv_queue *q, struct p2pvhci_setup *s)
{
	s->rq_entries = roundup_pow_of_two(5 * s->tags + QUEUE_LOOSE_ENTRIES);
	s->cq_entries = roundup_pow_of_two(s->tags);
	s->off_rq = sizeof(struct p2pvhci_kctl);
	s->off_out = PAGE_ALIGN(s->off_rq +
				s->rq_entries * sizeof(struct p2pvhci_req));
	s->ro_bytes = s->off_out + s->out_bytes;
	s->off_cq = sizeof(struct p2pvhci_uctl);
	s->off_in = PAGE_ALIGN(s->off_cq +
			       s->cq_entries * sizeof(struct p2pvhci_cmp));
	s->rw_bytes = s->off_in + s->in_bytes;
	q->features = s->features;
	q->tags = s->tags;
	q->in_bytes = s->in_bytes;
	q->out_bytes = s->out_bytes;
}

static void queue_init_ring(struct p2pv_queue *q, const struct p2pvhci_setup *s)
{
	q->ring.kctl = q->ro.addr;
	q->ring.rq = q->ro.addr + s->off_rq;
	q->ring.rq_entries = s->rq_entries;
	q->out = q->ro.addr + s->off_out;
	q->ring.uctl = q->rw.addr;
	q->ring.cq = q->rw.addr + s->off_cq;
	q->ring.cq_entries = s->cq_entries;
	q->in = q->rw.addr + s->off_in;
	q->ring.kctl->frame0_ns = p2pv_frame0_ns;
}

static int queue_check_setup(const struct p2pvhci_setup *s)
{
	if (s->tags < P2PVHCI_TAGS_MIN || s->tags > P2PVHCI_TAGS_MAX)
		return -EINVAL;
	if (s->out_bytes < P2PVHCI_AREA_MIN ||
	    s->out_bytes > P2PVHCI_AREA_MAX || !PAGE_ALIGNED(s->out_bytes))
		return -EINVAL;
	if (s->in_bytes < P2PVHCI_AREA_MIN ||
	    s->in_bytes > P2PVHCI_AREA_MAX || !PAGE_ALIGNED(s->in_bytes))
		return -EINVAL;
	return 0;
}

static void queue_free_memory(struct p2pv_queue *q)
{
	if (q->out_pool)
		gen_pool_destroy(q->out_pool);
	q->out_pool = NULL;
	kvfree(q->bounce);
	q->bounce = NULL;
	kvfree(q->slots);
	q->slots = NULL;
	INIT_LIST_HEAD(&q->free);
	queue_free_area(&q->rw);
	queue_free_area(&q->ro);
}

int p2pv_queue_setup(struct p2pv_queue *q, struct p2pvhci_setup *setup)
{
	int rc;

	lockdep_assert_held(&q->setup);

	rc = queue_check_setup(setup);
	if (rc)
		return rc;
	queue_lay_out(q, setup);
	rc = queue_alloc_area(&q->ro, setup->ro_bytes);
	if (rc)
		return rc;
	rc = queue_alloc_area(&q->rw, setup->rw_bytes);
	if (rc)
		goto err_free;
	queue_init_ring(q, setup);
	rc = queue_alloc_slots(q);
	if (rc)
		goto err_free;
	rc = queue_alloc_out(q);
	if (rc)
		goto err_free;
	rc = queue_alloc_bounce(q);
	if (rc)
		goto err_free;
	get_random_bytes(q->id, sizeof(q->id));
	memcpy(setup->queue_id, q->id, sizeof(q->id));
	/* Pairs with p2pv_queue_ready(). */
	smp_store_release(&q->ready, 1);
	return 0;

err_free:
	queue_free_memory(q);
	return rc;
}

/* Life ---------------------------------------------------------------------- */

static struct p2pv_port *queue_first_port(struct p2pv_queue *q)
{
	struct p2pv_port *port;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	port = list_first_entry_or_null(&q->ports, struct p2pv_port,
					queue_node);
	spin_unlock_irqrestore(&q->lock, flags);
	return port;
}

static void queue_unplug_all(struct p2pv_queue *q)
{
	struct p2pv_port *port;

	/* Dead: nobody joins any more, and each round takes one away. */
	while ((port = queue_first_port(q)))
		p2pv_port_disconnect(port, q, 0, P2PV_PORT_AGENT, ESHUTDOWN);
}

static void queue_death_work(struct work_struct *work)
{
	struct p2pv_queue *q = container_of(work, struct p2pv_queue, death);

	p2pv_attach_gone(q);
	queue_unplug_all(q);
}

static void queue_deadline_work(struct work_struct *work)
{
	struct p2pv_queue *q = container_of(work, struct p2pv_queue,
					    deadline.work);
	unsigned long wait = p2pv_cancel_expire(q);

	p2pv_queue_kick(q);
	if (wait)
		p2pv_queue_arm(q, jiffies_to_msecs(wait) + 1);
}

static void queue_release_work(struct work_struct *work)
{
	struct p2pv_queue *q = container_of(work, struct p2pv_queue, release);
	u32 i;

	/* gen_pool_destroy() insists on an empty pool. */
	for (i = 0; q->out_pool && i < q->tags; i++)
		if (q->slots[i].out_len)
			gen_pool_free(q->out_pool, (unsigned long)q->out +
				      q->slots[i].out_off,
				      q->slots[i].out_len);
	queue_free_memory(q);
	kfree(q);
}

struct p2pv_queue *p2pv_queue_new(void)
{
	struct p2pv_queue *q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);

	if (!q)
		return NULL;
	kref_init(&q->ref);
	mutex_init(&q->setup);
	mutex_init(&q->copy);
	mutex_init(&q->enter);
	spin_lock_init(&q->lock);
	init_waitqueue_head(&q->wait);
	INIT_LIST_HEAD(&q->free);
	INIT_LIST_HEAD(&q->waiting);
	INIT_LIST_HEAD(&q->ports);
	INIT_WORK(&q->death, queue_death_work);
	INIT_DELAYED_WORK(&q->deadline, queue_deadline_work);
	INIT_WORK(&q->release, queue_release_work);
	return q;
}

static void queue_last_put(struct kref *ref)
{
	struct p2pv_queue *q = container_of(ref, struct p2pv_queue, ref);

	/* The last reference may go in atomic context; vunmap() sleeps. */
	queue_work(p2pv_wq, &q->release);
}

void p2pv_queue_put(struct p2pv_queue *q)
{
	kref_put(&q->ref, queue_last_put);
}

static int queue_set_dead(struct p2pv_queue *q)
{
	int was;

	lockdep_assert_held(&q->lock);

	was = q->dead;
	q->dead = 1;
	if (!was && p2pv_queue_ready(q))
		WRITE_ONCE(q->ring.kctl->flags, P2PVHCI_KCTL_DEAD);
	return was;
}

static void queue_kill_locked(struct p2pv_queue *q, const char *why)
{
	if (queue_set_dead(q))
		return;
	pr_warn_ratelimited(P2PV_NAME ": agent broke the contract of its queue: %s; its devices disconnect\n",
			    why);
	queue_work(p2pv_wq, &q->death);
	wake_up_interruptible_poll(&q->wait, EPOLLIN | EPOLLERR | EPOLLHUP);
}

void p2pv_queue_kill(struct p2pv_queue *q, const char *why)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	queue_kill_locked(q, why);
	spin_unlock_irqrestore(&q->lock, flags);
}

void p2pv_queue_close(struct p2pv_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	queue_set_dead(q);
	spin_unlock_irqrestore(&q->lock, flags);
	p2pv_attach_gone(q);
	queue_unplug_all(q);
	/* Nothing arms them any more once the queue is dead and portless. */
	cancel_work_sync(&q->death);
	cancel_delayed_work_sync(&q->deadline);
	p2pv_queue_put(q);
}

void p2pv_queue_arm(struct p2pv_queue *q, unsigned int ms)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->dead)
		;
	else if (ms)
		queue_delayed_work(p2pv_wq, &q->deadline, msecs_to_jiffies(ms));
	else
		mod_delayed_work(p2pv_wq, &q->deadline, 0);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Slots --------------------------------------------------------------------- */

static int queue_has_room(const struct p2pv_queue *q, enum p2pvhci_op op)
{
	u32 keep = op == P2PVHCI_OP_SUBMIT ? q->reserve : 0;

	return q->nfree > keep &&
	       p2pv_ring_room(&q->ring) > (int)(2 * q->tags);
}

static unsigned long queue_alloc_block(struct p2pv_queue *q, u32 len)
{
	return len ? gen_pool_alloc(q->out_pool, len) : 0;
}

static struct p2pv_slot *queue_take_locked(struct p2pv_queue *q,
					   enum p2pvhci_op op, u32 out_len)
{
	struct p2pv_slot *slot;
	unsigned long block;

	lockdep_assert_held(&q->lock);

	if (q->dead || !queue_has_room(q, op))
		return NULL;
	block = queue_alloc_block(q, out_len);
	if (out_len && !block)
		return NULL;
	slot = list_first_entry(&q->free, struct p2pv_slot, node);
	list_del_init(&slot->node);
	q->nfree--;
	slot->state = P2PV_SLOT_COPYING;
	slot->op = op;
	slot->dir_in = 0;
	slot->stream = 0;
	slot->npkt = 0;
	slot->copied = 0;
	slot->watch.stamp = 0;
	slot->len = 0;
	slot->out_len = out_len;
	slot->out_off = out_len ? block - (unsigned long)q->out :
				  P2PVHCI_OUT_NONE;
	return slot;
}

struct p2pv_slot *p2pv_queue_take(struct p2pv_queue *q, enum p2pvhci_op op,
				  u32 out_len, struct p2pv_ep *ep)
{
	struct p2pv_slot *slot;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	slot = queue_take_locked(q, op, out_len);
	/* In one step with the look for room, or a kick could be missed. */
	if (!slot && ep && list_empty(&ep->waiting))
		list_add_tail(&ep->waiting, &q->waiting);
	spin_unlock_irqrestore(&q->lock, flags);
	return slot;
}

void p2pv_queue_free(struct p2pv_queue *q, struct p2pv_slot *slot)
{
	u32 gen = slot->gen + 1;
	unsigned long flags;

	if (slot->out_len)
		gen_pool_free(q->out_pool, (unsigned long)q->out +
			      slot->out_off, slot->out_len);
	slot->out_len = 0;
	slot->urb = NULL;
	slot->ep = NULL;
	WRITE_ONCE(slot->port, NULL);

	spin_lock_irqsave(&q->lock, flags);
	slot->state = P2PV_SLOT_FREE;
	/* From here on the token is unknown; 0 is never a generation. */
	WRITE_ONCE(slot->gen, gen ? gen : 1);
	list_add(&slot->node, &q->free);
	q->nfree++;
	spin_unlock_irqrestore(&q->lock, flags);
}

struct p2pv_slot *p2pv_queue_lookup(struct p2pv_queue *q, u64 token)
{
	u32 index = p2pv_ring_token_slot(token);
	struct p2pv_slot *slot;

	if (index >= q->tags)
		return NULL;
	slot = &q->slots[array_index_nospec(index, q->tags)];
	if (READ_ONCE(slot->gen) != p2pv_ring_token_gen(token))
		return NULL;
	return slot;
}

/* Requests ------------------------------------------------------------------ */

int p2pv_queue_publish(struct p2pv_queue *q, struct p2pvhci_req *req)
{
	unsigned long flags;
	u32 index;
	int rc;

	req->t_ns = ktime_get_ns();
	spin_lock_irqsave(&q->lock, flags);
	index = q->ring.rq_tail;
	rc = q->dead ? -ESHUTDOWN : p2pv_ring_push(&q->ring, req);
	if (rc == -EPROTO)
		queue_kill_locked(q, "head of the request ring out of range");
	else if (rc == -ENOSPC)
		queue_kill_locked(q, "request ring never read");
	spin_unlock_irqrestore(&q->lock, flags);
	if (!rc && p2pv_ring_wants_wakeup(&q->ring, index))
		wake_up_interruptible_poll(&q->wait, EPOLLIN);
	return rc;
}

static struct p2pv_ep *queue_next_waiting(struct p2pv_queue *q)
{
	struct p2pv_ep *ep;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	ep = list_first_entry_or_null(&q->waiting, struct p2pv_ep, waiting);
	if (ep)
		list_del_init(&ep->waiting);
	spin_unlock_irqrestore(&q->lock, flags);
	return ep;
}

static unsigned int queue_count_waiting(struct p2pv_queue *q)
{
	unsigned long flags;
	unsigned int n;

	spin_lock_irqsave(&q->lock, flags);
	n = list_count_nodes(&q->waiting);
	spin_unlock_irqrestore(&q->lock, flags);
	return n;
}

/* Whoever finds no room stands at the end again, so: one round only. */
void p2pv_queue_kick(struct p2pv_queue *q)
{
	unsigned int n;
	struct p2pv_ep *ep;

	if (list_empty_careful(&q->waiting))
		return;
	for (n = queue_count_waiting(q); n; n--) {
		ep = queue_next_waiting(q);
		if (!ep)
			return;
		p2pv_urb_pump(ep);
	}
}
