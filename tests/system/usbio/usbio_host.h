/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usbio_host - transfers over usbfs, one URB for one URB, with their flags.
 *
 * No libusb: what a transfer returned must be visible as the kernel said it.
 * Every wait has a deadline.  Does not know what is tested.
 */
#ifndef P2PUSB_TESTS_USBIO_HOST_H
#define P2PUSB_TESTS_USBIO_HOST_H

#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <stdint.h>

#include "remember.h"

#define HOST_WAIT_MS	10000	/* for anything that must not fail */

/**
 * struct host - an open device, interface 0 claimed
 * @fd: its node
 * @packet: wMaxPacketSize of each of ours
 * @address: their addresses
 */
struct host {
	int fd;
	unsigned int packet[REMEMBER_EPS];
	uint8_t address[REMEMBER_EPS];
};

/**
 * struct host_urb - one transfer
 * @data: urb.buffer
 * @out: submitted and not reaped
 * @index: the caller's
 * @took_us: between submit and reap
 * @started_us: the submit
 * @urb: as usbfs has it, last because it ends in an array; its usercontext
 *	points back
 */
struct host_urb {
	uint8_t *data;
	int out;
	unsigned int index;
	uint64_t took_us;
	uint64_t started_us;
	struct usbdevfs_urb urb;
};

/* Microseconds of the monotonic clock. */
uint64_t host_now_us(void);

/**
 * host_open() - open a node of /dev/bus/usb and learn its endpoints
 * Return: 0 or negative errno.
 */
int host_open(struct host *host, const char *path);

/**
 * host_urb_init() - make a transfer of @length bytes
 * @flags: USBDEVFS_URB_*
 *
 * Ends the program when memory is short.
 */
void host_urb_init(struct host *host, struct host_urb *xfer, enum remember_ep ep,
		   size_t length, unsigned int flags);
void host_urb_free(struct host_urb *xfer);

int host_submit(struct host *host, struct host_urb *xfer);
int host_discard(struct host *host, struct host_urb *xfer);

/**
 * host_reap() - wait for whichever comes back next
 * Return: 0 and *xfer; -ETIMEDOUT; -ENODEV: gone and none left.
 */
int host_reap(struct host *host, struct host_urb **xfer, int timeout_ms);

/**
 * host_run() - submit one and wait for it
 * Return: its status; -ETIMEDOUT after having taken it back.
 */
int host_run(struct host *host, struct host_urb *xfer);

int host_clear_halt(struct host *host, enum remember_ep ep);

/* Orders to the device of remember.h; bytes moved, or negative errno. */
int host_order(struct host *host, enum remember_request request,
	       unsigned int value, const void *data, size_t length);
int host_ask(struct host *host, enum remember_request request,
	     unsigned int value, void *data, size_t length);
int host_arm(struct host *host, enum remember_ep ep, uint32_t length,
	     uint32_t seed, uint32_t flags);
int host_stats(struct host *host, struct remember_stats *stats);

/**
 * host_records() - what an OUT endpoint remembers, from record @first on
 * Return: how many, or negative errno.
 */
int host_records(struct host *host, enum remember_ep ep, unsigned int first,
		 struct remember_record *records, size_t max);

/* Is this what the device fills a transfer of that seed with? */
int host_is_pattern(const uint8_t *data, size_t length, uint32_t seed);

#endif /* P2PUSB_TESTS_USBIO_HOST_H */
