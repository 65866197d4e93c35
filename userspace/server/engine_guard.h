/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_guard - keep the host's drivers off a device while it has no owner.
 *
 * A port reset and a change of the configuration need all claims given up, and
 * the kernel offers the interfaces to its drivers meanwhile.  While the port
 * is claimed at its hub it does not.  The claim ends with the process at the
 * latest.  Does not touch drivers that are bound already.
 */
#ifndef P2PUSB_SERVER_ENGINE_GUARD_H
#define P2PUSB_SERVER_ENGINE_GUARD_H

/**
 * engine_guard_open() - claim the port of a device
 * @busid: of the device; may block on the lock of its hub
 *
 * Return: for engine_guard_close(), or negative errno: drivers may come.
 */
int engine_guard_open(const char *busid);

/**
 * engine_guard_close() - give the port back
 * @guard: of engine_guard_open(), also one that failed
 */
void engine_guard_close(int guard);

#endif /* P2PUSB_SERVER_ENGINE_GUARD_H */
