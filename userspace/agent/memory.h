/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory - keep the data path out of the way of writeback.
 *
 * A disk may be behind us: a page fault or an allocation of ours that waits
 * for that disk would wait for ever.  Does not touch pages itself.
 */
#ifndef P2PUSB_AGENT_MEMORY_H
#define P2PUSB_AGENT_MEMORY_H

/**
 * memory_lock() - lock what is touched, and never reclaim through I/O
 *
 * Before the first thread and while still privileged.  What cannot be had is
 * said in the log and is no reason not to serve.
 */
void memory_lock(void);

#endif /* P2PUSB_AGENT_MEMORY_H */
