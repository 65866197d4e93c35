/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record - what happened, one JSON object a line.
 *
 * Does not judge; tests and people read it.
 */
#ifndef FAKEDEV_RECORD_H
#define FAKEDEV_RECORD_H

/**
 * record_open() - where to write
 * @path: file, truncated; "-" = standard output
 *
 * Until then, and without it, nothing is recorded.
 *
 * Return: 0, negative errno.
 */
int record_open(const char *path);

/**
 * record_event() - write one line
 * @device: index within this instance, negative = none
 * @event: name, [a-z-]
 * @fmt: printf: more members with a comma ahead, as ",\"ep\":%u".  Texts must
 *	be free of quotes and control characters
 */
void record_event(int device, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* record_plain() - the same without more members */
void record_plain(int device, const char *event);

void record_close(void);

#endif /* FAKEDEV_RECORD_H */
