/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify - tell the service manager how we are.
 *
 * The documented datagram protocol of sd_notify(3); without $NOTIFY_SOCKET
 * every call does nothing.  Does not listen and does not feed a watchdog.
 */
#ifndef P2PUSB_LIB_NOTIFY_H
#define P2PUSB_LIB_NOTIFY_H

/**
 * notify_ready() - serving from now on
 * @status: one line for `systemctl status`
 */
void notify_ready(const char *status);

/**
 * notify_stopping() - on the way down
 */
void notify_stopping(void);

#endif /* P2PUSB_LIB_NOTIFY_H */
