/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack, in the words of the newest.  Force-included into
 * every file; the only place that may know a kernel version.
 *
 * Tests probe for the thing where they can: distributions backport.
 */
#ifndef _P2PVHCI_COMPAT_H
#define _P2PVHCI_COMPAT_H

#include <linux/list.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "p2pvhci needs Linux 6.1 or newer"
#endif

#ifndef P2PV_HAVE_VM_FLAGS_SET
#define vm_flags_set(vma, flags)	((void)((vma)->vm_flags |= (flags)))
#define vm_flags_clear(vma, flags)	((void)((vma)->vm_flags &= ~(flags)))
#endif

#ifndef P2PV_HAVE_LIST_COUNT_NODES
static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *pos;
	size_t count = 0;

	list_for_each(pos, head)
		count++;
	return count;
}
#endif

/* Since 6.13; before, the function was set by hand. */
#ifndef P2PV_HAVE_HRTIMER_SETUP
#define hrtimer_setup(timer, call, clock, mode)		\
	do {						\
		hrtimer_init(timer, clock, mode);	\
		(timer)->function = (call);		\
	} while (0)
#endif

/* hc_driver.address_device got a timeout in 6.8 and in later 6.1.y. */
#ifdef P2PV_HAVE_ADDRESS_TIMEOUT
#define P2PV_ADDRESS_TIMEOUT	, unsigned int timeout_ms
#else
#define P2PV_ADDRESS_TIMEOUT
#endif

#endif /* _P2PVHCI_COMPAT_H */
