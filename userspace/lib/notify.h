/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify - tell the service manager how we are.
 *
 * The documented datagram protocol of sd_notify(3); without $NOTIFY_SOCKET
 * every call does nothing.  Does not listen and has no timer of its own.
 */
#ifndef P2PUSB_LIB_NOTIFY_H
#define P2PUSB_LIB_NOTIFY_H

#include <stdint.h>

/**
 * notify_ready() - serving from now on
 * @status: one line for `systemctl status`
 */
void notify_ready(const char *status);

/**
 * notify_stopping() - on the way down
 */
void notify_stopping(void);

/**
 * notify_alive_ms() - how often the manager's watchdog wants to hear of us
 *
 * Return: milliseconds between calls of notify_alive(), half of what it waits;
 * 0 = it does not watch.
 */
uint64_t notify_alive_ms(void);

/**
 * notify_alive() - feed the watchdog; from the loop that does the work
 */
void notify_alive(void);

#endif /* P2PUSB_LIB_NOTIFY_H */
