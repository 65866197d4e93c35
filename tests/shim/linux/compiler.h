/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-in for the kernel's header: what the pure parts of kmod/ use. */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#define barrier()	__asm__ __volatile__("" : : : "memory")
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))

#endif
