/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * leftover - which devices a server that was killed did not give back.
 *
 * One small file a claimed device, below the folder of the control socket; the
 * next start finds those that are still there.  Gives nothing back itself.
 */
#ifndef P2PUSB_SERVER_LEFTOVER_H
#define P2PUSB_SERVER_LEFTOVER_H

#include <stddef.h>

/**
 * leftover_open() - make the folder
 * @socket: path of the control socket
 * @dir: out, "" when it cannot be had: then nothing is kept
 * @len: its size
 */
void leftover_open(const char *socket, char *dir, size_t len);

/**
 * leftover_mark() - a device is claimed; any thread
 * @dir: of leftover_open()
 * @busid: of the device
 */
void leftover_mark(const char *dir, const char *busid);

/**
 * leftover_clear() - it was given back; any thread
 * @dir: of leftover_open()
 * @busid: of the device
 */
void leftover_clear(const char *dir, const char *busid);

/**
 * leftover_take() - did a server leave it claimed?  Asked once
 * @dir: of leftover_open()
 * @busid: of a device that is there
 *
 * Return: non-zero when it did, and the device was not unplugged since.
 */
int leftover_take(const char *dir, const char *busid);

#endif /* P2PUSB_SERVER_LEFTOVER_H */
