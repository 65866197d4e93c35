/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usbio - the verbs of the tool, and how they say what they found.
 *
 * A verb prints KTAP lines through verdict() and returns nothing: the exit
 * status is made of the verdicts.
 */
#ifndef P2PUSB_TESTS_USBIO_H
#define P2PUSB_TESTS_USBIO_H

#include "usbio_host.h"

/**
 * struct usbio_args - what followed the verb
 * @length: --length N
 * @count: --count N
 * @seconds: --seconds N
 * @zlp: --zlp
 */
struct usbio_args {
	size_t length;
	unsigned int count;
	unsigned int seconds;
	int zlp;
};

/* verdict() - one line, "ok" when @failed is 0; the rest is a printf. */
void verdict(int failed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* note() - one line of explanation. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void usbio_out(struct host *host, const struct usbio_args *args);
void usbio_in(struct host *host, const struct usbio_args *args);
void usbio_zlp_sweep(struct host *host, const struct usbio_args *args);
void usbio_stall(struct host *host, const struct usbio_args *args);
void usbio_control(struct host *host, const struct usbio_args *args);
void usbio_interrupt(struct host *host, const struct usbio_args *args);
void usbio_unlink(struct host *host, const struct usbio_args *args);
void usbio_latency(struct host *host, const struct usbio_args *args);
void usbio_hold(struct host *host, const struct usbio_args *args);
void usbio_flow(struct host *host, const struct usbio_args *args);
void usbio_drain(struct host *host, const struct usbio_args *args);
void usbio_storm(struct host *host, const struct usbio_args *args);
void usbio_silent(struct host *host, const struct usbio_args *args);

#endif /* P2PUSB_TESTS_USBIO_H */
