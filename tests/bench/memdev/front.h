/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front - the ways by which the device gets to a kernel.
 */
#ifndef MEMDEV_FRONT_H
#define MEMDEV_FRONT_H

/**
 * enum front_flags - how USB/IP is spoken
 * @FRONT_UNIX: over a socket pair, else over TCP on the loopback
 * @FRONT_COALESCE: all answers to what one read brought in one write, else a
 *	write for each
 */
enum front_flags {
	FRONT_UNIX = 1 << 0,
	FRONT_COALESCE = 1 << 1,
};

/**
 * front_ring() - behind p2pvhci, with the ring code of the agent
 * @poll_us: as busy_poll_us of its configuration
 *
 * Return: a negative errno, once the queue is lost.
 */
int front_ring(unsigned int poll_us);

/**
 * front_usbip() - behind vhci_hcd
 * @flags: enum front_flags
 *
 * Return: a negative errno, once the connection is lost.
 */
int front_usbip(int flags);

#endif /* MEMDEV_FRONT_H */
