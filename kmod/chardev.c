// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/p2pvhci: open, mmap, poll, ioctl, release.
 *
 * It checks what ioctl structures say; what they mean is done elsewhere.
 * Whoever may open the file may plug devices in: its mode is the fence.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "p2pvhci.h"

static int chardev_open(struct inode *inode, struct file *file)
{
	struct p2pv_queue *q;

	/* A read-only file would turn a shared mapping into a private one. */
	if (!(file->f_mode & FMODE_WRITE) || !(file->f_mode & FMODE_READ))
		return -EACCES;
	q = p2pv_queue_new();
	if (!q)
		return -ENOMEM;
	file->private_data = q;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	p2pv_queue_close(file->private_data);
	return 0;
}

static __poll_t chardev_poll(struct file *file, poll_table *wait)
{
	struct p2pv_queue *q = file->private_data;
	const struct p2pv_ring *ring = &q->ring;

	if (!p2pv_queue_ready(q))
		return EPOLLERR;
	poll_wait(file, &q->wait, wait);
	if (READ_ONCE(q->dead))
		return EPOLLIN | EPOLLERR | EPOLLHUP;
	if (READ_ONCE(ring->rq_tail) != READ_ONCE(ring->uctl->rq_head))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

/* Mapping ------------------------------------------------------------------- */

static int chardev_map(struct vm_area_struct *vma, const struct p2pv_area *area)
{
	if (vma->vm_end - vma->vm_start != (u64)area->npages << PAGE_SHIFT)
		return -EINVAL;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY);
	vm_flags_clear(vma, VM_MAYEXEC);
	return vm_map_pages_zero(vma, area->pages, area->npages);
}

static int chardev_map_ro(struct vm_area_struct *vma,
			  const struct p2pv_area *area)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	/* Without this, mprotect() would make the mapping writable. */
	vm_flags_clear(vma, VM_MAYWRITE);
	return chardev_map(vma, area);
}

static int chardev_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct p2pv_queue *q = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;

	if (!p2pv_queue_ready(q) || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (offset == P2PVHCI_MMAP_RO)
		return chardev_map_ro(vma, &q->ro);
	if (offset == P2PVHCI_MMAP_RW)
		return chardev_map(vma, &q->rw);
	return -EINVAL;
}

/* ioctl --------------------------------------------------------------------- */

union chardev_arg {
	u32 size;
	struct p2pvhci_setup setup;
	struct p2pvhci_enter enter;
	struct p2pvhci_bind bind;
	struct p2pvhci_unbind unbind;
	struct p2pvhci_attach_done attach_done;
	struct p2pvhci_copy copy;
	struct p2pvhci_port_event event;
};

static int chardev_setup(struct p2pv_queue *q, union chardev_arg *arg)
{
	struct p2pvhci_setup *s = &arg->setup;
	int rc;

	if (s->flags & ~P2PVHCI_SETUP_LISTEN || s->rsv0 ||
	    memchr_inv(s->rsv1, 0, sizeof(s->rsv1)))
		return -EINVAL;
	s->features &= P2PVHCI_F_ALL;

	mutex_lock(&q->setup);
	rc = q->ready ? -EBUSY : 0;
	if (!rc && s->flags & P2PVHCI_SETUP_LISTEN)
		rc = p2pv_attach_listen(q);
	if (!rc) {
		rc = p2pv_queue_setup(q, s);
		if (rc)
			p2pv_attach_gone(q);
	}
	mutex_unlock(&q->setup);
	return rc;
}

static int chardev_enter(struct p2pv_queue *q, union chardev_arg *arg)
{
	struct p2pvhci_enter *e = &arg->enter;

	if (e->flags || memchr_inv(e->rsv, 0, sizeof(e->rsv)))
		return -EINVAL;
	return p2pv_complete_enter(q, &e->done);
}

static int chardev_check_bind(const struct p2pvhci_bind *b)
{
	u8 max_lanes = b->speed == P2PVHCI_SPEED_SUPER_PLUS ? 2 : 0;

	if (b->flags & (b->cookie ? ~0U : ~P2PVHCI_PORT_FLAGS) ||
	    b->rsv0 || b->grace_ms ||
	    memchr_inv(b->rsv1, 0, sizeof(b->rsv1)))
		return -EINVAL;
	if (!b->speed || b->speed >= P2PVHCI_SPEED_MAX ||
	    b->lanes > max_lanes || !b->lanes != !max_lanes)
		return -EINVAL;
	if (b->cookie)
		return b->target || b->target_len ? -EINVAL : 0;
	return b->target_len && b->target_len <= P2PVHCI_TARGET_MAX ? 0 :
								       -EINVAL;
}

static struct p2pv_port *chardev_bind_target(struct p2pv_port_bind *bind,
					     const struct p2pvhci_bind *b,
					     u32 *epoch)
{
	struct p2pv_port *port;
	void *target;

	target = memdup_user(u64_to_user_ptr(b->target), b->target_len);
	if (IS_ERR(target))
		return ERR_CAST(target);
	bind->target = target;
	bind->target_len = b->target_len;
	port = p2pv_port_connect(bind, epoch);
	kfree(target);
	return port;
}

static int chardev_bind(struct p2pv_queue *q, union chardev_arg *arg)
{
	struct p2pvhci_bind *b = &arg->bind;
	struct p2pv_port_bind bind = {
		.queue = q,
		.cookie = b->cookie,
		.flags = b->flags,
		.speed = b->speed,
		.lanes = b->lanes,
		.vid = b->vid,
		.pid = b->pid,
	};
	struct p2pv_port *port;
	int rc;

	rc = chardev_check_bind(b);
	if (!rc)
		rc = p2pv_pair_wait_port(p2pv_port_hub_kind(b->speed));
	if (rc)
		return rc;
	if (b->cookie)
		port = p2pv_attach_bind(&bind, &b->epoch);
	else
		port = chardev_bind_target(&bind, b, &b->epoch);
	if (IS_ERR(port))
		return PTR_ERR(port);
	b->port = port->num;
	return 0;
}

static int chardev_unbind(struct p2pv_queue *q, union chardev_arg *arg)
{
	const struct p2pvhci_unbind *u = &arg->unbind;
	struct p2pv_port *port;

	if (u->status > MAX_ERRNO || memchr_inv(u->rsv, 0, sizeof(u->rsv)))
		return -EINVAL;
	/* Epochs count from 1; 0 would mean any. */
	port = u->epoch ? p2pv_port_find(u->port) : NULL;
	if (!port)
		return -ENOENT;
	return p2pv_port_disconnect(port, q, u->epoch, P2PV_PORT_AGENT,
				    u->status);
}

static int chardev_attach_done(struct p2pv_queue *q, union chardev_arg *arg)
{
	const struct p2pvhci_attach_done *d = &arg->attach_done;

	if (memchr_inv(d->rsv, 0, sizeof(d->rsv)))
		return -EINVAL;
	return p2pv_attach_done(d);
}

static int chardev_copy(struct p2pv_queue *q, union chardev_arg *arg)
{
	const struct p2pvhci_copy *c = &arg->copy;

	if (c->flags || memchr_inv(c->rsv, 0, sizeof(c->rsv)))
		return -EINVAL;
	return p2pv_copy(q, c);
}

static int chardev_port_event(struct p2pv_queue *q, union chardev_arg *arg)
{
	const struct p2pvhci_port_event *e = &arg->event;
	struct p2pv_port *port = p2pv_port_find(e->port);

	if (memchr_inv(e->rsv, 0, sizeof(e->rsv)) || !e->event ||
	    e->event >= P2PVHCI_EVENT_MAX)
		return -EINVAL;
	if (!port)
		return -ENOENT;
	if (e->event == P2PVHCI_EVENT_RATE)
		return p2pv_iso_rate(port, q, e->epoch, e->arg);
	return e->arg ? -EINVAL : p2pv_power_wakeup(port, q, e->epoch);
}

static const struct chardev_verb {
	unsigned int cmd;
	int (*call)(struct p2pv_queue *q, union chardev_arg *arg);
} chardev_verbs[] = {
	{ P2PVHCI_IOC_SETUP, chardev_setup },
	{ P2PVHCI_IOC_ENTER, chardev_enter },
	{ P2PVHCI_IOC_BIND, chardev_bind },
	{ P2PVHCI_IOC_UNBIND, chardev_unbind },
	{ P2PVHCI_IOC_ATTACH_DONE, chardev_attach_done },
	{ P2PVHCI_IOC_COPY, chardev_copy },
	{ P2PVHCI_IOC_PORT_EVENT, chardev_port_event },
};

/*
 * The size that counts is inside the structure, so that it may grow; that in
 * the command is whatever the caller was built with.
 */
static const struct chardev_verb *chardev_find_verb(unsigned int cmd)
{
	const unsigned int same = ~(_IOC_SIZEMASK << _IOC_SIZESHIFT);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(chardev_verbs); i++)
		if ((chardev_verbs[i].cmd & same) == (cmd & same))
			return &chardev_verbs[i];
	return NULL;
}

static int chardev_copy_in(union chardev_arg *arg, size_t known,
			   void __user *from)
{
	u32 size;
	int rc;

	if (get_user(size, (u32 __user *)from))
		return -EFAULT;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	rc = copy_struct_from_user(arg, known, from, size);
	/* It may have changed since it was looked at. */
	arg->size = size;
	return rc;
}

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long addr)
{
	const struct chardev_verb *verb = chardev_find_verb(cmd);
	struct p2pv_queue *q = file->private_data;
	void __user *user = (void __user *)addr;
	union chardev_arg arg = { 0 };
	int rc;

	if (!verb)
		return -ENOTTY;
	rc = chardev_copy_in(&arg, _IOC_SIZE(verb->cmd), user);
	if (rc)
		return rc;
	if (verb->call != chardev_setup && !p2pv_queue_ready(q))
		return -EINVAL;
	rc = verb->call(q, &arg);
	if (rc)
		return rc;
	if (_IOC_DIR(cmd) & _IOC_READ &&
	    copy_to_user(user, &arg, _IOC_SIZE(verb->cmd)))
		return -EFAULT;
	return 0;
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.poll = chardev_poll,
	.mmap = chardev_mmap,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice chardev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = P2PV_NAME,
	.fops = &chardev_fops,
	.mode = 0660,
};

int p2pv_chardev_init(void)
{
	return misc_register(&chardev_misc);
}

void p2pv_chardev_exit(void)
{
	misc_deregister(&chardev_misc);
}
