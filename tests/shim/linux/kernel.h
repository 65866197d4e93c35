/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-in for the kernel's header: what the pure parts of kmod/ use. */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include <assert.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1UL << (n))
#define min_t(type, a, b)						\
	({ type a_ = (a); type b_ = (b); a_ < b_ ? a_ : b_; })

#undef static_assert
#define static_assert(expr)	_Static_assert(expr, #expr)

#endif
