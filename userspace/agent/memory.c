// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory - keep the data path out of the way of writeback.
 *
 * Does not make swap on an imported disk safe: nothing does.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "log.h"
#include "memory.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

/* Threads inherit the flag; it has to come before the first. */
static int be_flusher(void)
{
	return prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) ? -errno : 0;
}

static int raise_limit(void)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static int lock_touched(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -errno;
	return 0;
}

void memory_lock(void)
{
	int ret;

	ret = be_flusher();
	if (ret)
		log_warn("writeback through an imported disk may stall: PR_SET_IO_FLUSHER: %s",
			 strerror(-ret));
	/* MCL_FUTURE under a limit would make later mappings fail. */
	ret = raise_limit();
	if (!ret)
		ret = lock_touched();
	if (ret)
		log_warn("memory is not locked: %s; writeback through an imported disk may stall",
			 strerror(-ret));
}
