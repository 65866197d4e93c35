/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrap - functions that a target stands in for, by the linker's --wrap.
 *
 * Which ones a target does is in the Makefile.
 */
#ifndef P2PUSB_FUZZ_WRAP_H
#define P2PUSB_FUZZ_WRAP_H

#include <netdb.h>
#include <stddef.h>
#include <uv.h>

struct letter;
struct mailbox;
struct ring;
struct ring_params;

/* The kernel: paper_kernel.c */
int __wrap_ring_open(const struct ring_params *params, struct ring *ring);
void __wrap_ring_close(struct ring *ring);
int __wrap_ioctl(int fd, unsigned long request, ...);

/* Threads, look-ups and the service: agent.c */
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *req,
			  uv_getaddrinfo_cb done, const char *node,
			  const char *service, const struct addrinfo *hints);
void __wrap_uv_freeaddrinfo(struct addrinfo *addrs);
int __wrap_uv_thread_create(uv_thread_t *thread, uv_thread_cb run, void *arg);
int __wrap_uv_thread_join(uv_thread_t *thread);
void __wrap_mailbox_post(struct mailbox *box, struct letter *letter);
void __real_mailbox_post(struct mailbox *box, struct letter *letter);

/* The machine's files: server.c */
unsigned int __wrap_sysfs_quirks(const char *busid);
void __wrap_sysfs_holder(const char *busid, char *buf, size_t len);
void __wrap_leftover_mark(const char *dir, const char *busid);
void __wrap_leftover_clear(const char *dir, const char *busid);
int __wrap_leftover_take(const char *dir, const char *busid);

/* The journal: agent.c, server.c; an enum log_level */
void __wrap_log_line(unsigned int level, const char *fmt, ...);

#endif /* P2PUSB_FUZZ_WRAP_H */
