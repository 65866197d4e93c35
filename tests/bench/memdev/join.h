/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join - give vhci_hcd a connection.
 *
 * Knows no message of USB/IP.
 */
#ifndef MEMDEV_JOIN_H
#define MEMDEV_JOIN_H

#include <stdint.h>

/* As in the kernel's enum usb_device_speed. */
enum join_speed {
	JOIN_HIGH = 3,
	JOIN_SUPER = 5,
};

/**
 * join_tcp() - two ends of a connection over the loopback, without delays
 * @fds: filled
 *
 * Return: 0, negative errno.
 */
int join_tcp(int fds[2]);

/**
 * join_accept() - the first connection of another machine, without delays
 * @port: TCP
 *
 * Return: it, negative errno.
 */
int join_accept(uint16_t port);

/**
 * join_connect() - to another machine, without delays
 * @address: IPv4
 * @port: TCP
 *
 * Return: socket, negative errno.
 */
int join_connect(const char *address, uint16_t port);

/**
 * join_vhci() - plug the device behind a connection in
 * @port: from 0, of its speed
 * @fd: socket; closed: the kernel keeps its own hold of it
 * @devid: bus number << 16 | device number there
 * @speed: of the device
 *
 * Return: 0, negative errno.
 */
int join_vhci(unsigned int port, int fd, uint32_t devid, enum join_speed speed);

#endif /* MEMDEV_JOIN_H */
