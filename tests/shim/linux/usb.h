/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-in for the kernel's header: what the pure parts of kmod/ use. */
#ifndef SHIM_LINUX_USB_H
#define SHIM_LINUX_USB_H

#include <linux/types.h>

#endif
