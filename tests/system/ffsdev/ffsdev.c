// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ffsdev - a FunctionFS device that remembers what the host sent it.
 *
 * Vendor interface with bulk and interrupt endpoints in both directions.  Each
 * OUT transfer is recorded, IN endpoints answer what they were armed with, and
 * endpoint 0 takes the orders of remember.h.  Binding it to a controller is the
 * caller's part: it prints "ready" when the function may be bound.
 *
 * usage: ffsdev MOUNTPOINT [--zeros]
 *
 * With --zeros its IN endpoints answer zeros from the start, for usbtest.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usb/functionfs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ffsdev_desc.h"
#include "remember.h"

#define CHUNK_MAX	(256 * 1024)
#define CHUNK_PACKETS_MAX 64

/**
 * struct endpoint - one of the four, with its thread
 * @fd: its file
 * @in: device to host
 * @busy: the thread is, or soon will be, in a transfer
 * @stall: the thread has to halt the endpoint
 * @head: next answer to give
 * @tail: end of the answers
 * @armed: IN: answers
 * @record: OUT: what came
 * @count: transfers that ended
 * @bytes: in them
 */
struct endpoint {
	int fd;
	int in;
	int busy;
	int stall;
	unsigned int head;
	unsigned int tail;
	struct remember_arm armed[REMEMBER_ARMED_MAX];
	struct remember_record record[REMEMBER_RECORDS_MAX];
	uint32_t count;
	uint64_t bytes;
	pthread_t thread;
};

/* All of it is under the lock. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct endpoint ep[REMEMBER_EPS];
	unsigned int enabled;
	unsigned int chunk;
	unsigned int paused;
	unsigned int take;
	unsigned int packet[REMEMBER_EPS];
	uint8_t control[REMEMBER_CTRL_MAX];
	uint8_t echo[REMEMBER_CTRL_MAX];
	size_t echo_length;
} dev = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
	.chunk = 1,
};

/* --- OUT endpoints */

/* A paused bulk endpoint may have been told to take some more. */
static int endpoint_wanted(struct endpoint *ep)
{
	if (ep->in)
		return ep->head != ep->tail;
	if (!dev.paused)
		return 1;
	if (!dev.take || ep != &dev.ep[REMEMBER_BULK_OUT])
		return 0;
	dev.take--;
	return 1;
}

/* Wait, locked, for something to do; the stall is done here. */
static void endpoint_wait(struct endpoint *ep)
{
	uint8_t byte;

	for (;;) {
		if (ep->stall) {
			/* Moving data the wrong way halts the endpoint. */
			if (ep->in)
				(void)!read(ep->fd, &byte, 1);
			else
				(void)!write(ep->fd, &byte, 1);
			ep->stall = 0;
			pthread_cond_broadcast(&dev.wake);
		}
		if (dev.enabled && endpoint_wanted(ep))
			return;
		pthread_cond_wait(&dev.wake, &dev.lock);
	}
}

/* The function was disabled under the transfer, and may be enabled again before
 * this thread runs: the next transfer waits for that in the kernel.
 */
static void endpoint_pause(void)
{
	pthread_mutex_unlock(&dev.lock);
	usleep(1000);
	pthread_mutex_lock(&dev.lock);
}

static void endpoint_record(struct endpoint *ep, const uint8_t *data,
			    size_t asked, size_t length)
{
	if (ep->count < REMEMBER_RECORDS_MAX) {
		ep->record[ep->count].length = htole32(length);
		ep->record[ep->count].asked = htole32(asked);
		ep->record[ep->count].sum =
			htole32(remember_sum(data, length));
	}
	ep->count++;
	ep->bytes += length;
}

static void *endpoint_out(void *arg)
{
	struct endpoint *ep = arg;
	uint8_t *data;
	ssize_t ret;
	size_t asked;

	data = malloc(CHUNK_MAX);
	if (!data)
		abort();
	pthread_mutex_lock(&dev.lock);
	for (;;) {
		ep->busy = 0;
		pthread_cond_broadcast(&dev.wake);
		endpoint_wait(ep);
		ep->busy = 1;
		asked = (size_t)dev.packet[ep - dev.ep] * dev.chunk;
		pthread_mutex_unlock(&dev.lock);
		ret = read(ep->fd, data, asked);
		pthread_mutex_lock(&dev.lock);
		if (ret >= 0)
			endpoint_record(ep, data, asked, ret);
		else if (ret < 0 && errno != EINTR)
			endpoint_pause();
	}
	return NULL;
}

/* --- IN endpoints */

/* Give one answer in pieces; only the end of it may be a short packet. */
static ssize_t endpoint_answer(struct endpoint *ep, uint8_t *data,
			       const struct remember_arm *arm)
{
	uint8_t *from = data;
	size_t left = arm->length, piece;
	ssize_t ret;

	if (arm->flags & REMEMBER_ARM_ZEROS)
		memset(data, 0, arm->length);
	else
		remember_fill(data, arm->length, arm->seed);
	while (left || arm->length == 0) {
		piece = left < 65536 ? left : 65536;
		ret = write(ep->fd, from, piece);
		if (ret < 0 || arm->length == 0)
			return ret;
		from += ret;
		left -= ret;
	}
	if (arm->flags & REMEMBER_ARM_ZLP)
		return write(ep->fd, data, 0);
	return 0;
}

static void endpoint_answered(struct endpoint *ep)
{
	struct remember_arm *arm = &ep->armed[ep->head % REMEMBER_ARMED_MAX];

	ep->count++;
	ep->bytes += arm->length;
	if (ep->head == ep->tail)
		return;
	if (arm->flags & REMEMBER_ARM_FOREVER)
		arm->seed++;
	else
		ep->head++;
}

static void *endpoint_in(void *arg)
{
	struct endpoint *ep = arg;
	struct remember_arm arm;
	uint8_t *data;
	ssize_t ret;

	data = malloc(CHUNK_MAX * 16);
	if (!data)
		abort();
	pthread_mutex_lock(&dev.lock);
	for (;;) {
		ep->busy = 0;
		pthread_cond_broadcast(&dev.wake);
		endpoint_wait(ep);
		ep->busy = 1;
		arm = ep->armed[ep->head % REMEMBER_ARMED_MAX];
		pthread_mutex_unlock(&dev.lock);
		ret = endpoint_answer(ep, data, &arm);
		pthread_mutex_lock(&dev.lock);
		if (ret >= 0)
			endpoint_answered(ep);
		else if (ret < 0 && errno != EINTR)
			endpoint_pause();
	}
	return NULL;
}

/* --- Endpoint 0 */

static void interrupted(int sig)
{
	(void)sig;
}

/* Call, locked, until the thread is out of its transfer.  A signal that comes
 * just before the system call is lost, so there is another one.
 */
static void endpoint_interrupt(struct endpoint *ep)
{
	while (ep->busy) {
		pthread_kill(ep->thread, SIGUSR1);
		pthread_mutex_unlock(&dev.lock);
		usleep(500);
		pthread_mutex_lock(&dev.lock);
	}
}

static void reset(void)
{
	struct endpoint *ep;

	dev.paused = 1;
	dev.take = 0;
	for (ep = dev.ep; ep < dev.ep + REMEMBER_EPS; ep++) {
		ep->tail = ep->head;
		endpoint_interrupt(ep);
		ep->count = 0;
		ep->bytes = 0;
	}
	dev.chunk = 1;
	dev.paused = 0;
	pthread_cond_broadcast(&dev.wake);
}

static void pause_out(unsigned int on)
{
	dev.paused = on;
	if (on) {
		endpoint_interrupt(&dev.ep[REMEMBER_BULK_OUT]);
		endpoint_interrupt(&dev.ep[REMEMBER_INT_OUT]);
	}
	pthread_cond_broadcast(&dev.wake);
}

static void set_chunk(unsigned int packets)
{
	pause_out(1);
	dev.chunk = packets ? packets : 1;
	if (dev.chunk > CHUNK_PACKETS_MAX)
		dev.chunk = CHUNK_PACKETS_MAX;
	pause_out(0);
}

static void stall_endpoint(unsigned int number)
{
	struct endpoint *ep = &dev.ep[number % REMEMBER_EPS];

	ep->stall = 1;
	if (ep->in)
		ep->tail = ep->head;
	pthread_cond_broadcast(&dev.wake);
	while (ep->stall) {
		pthread_kill(ep->thread, SIGUSR1);
		pthread_mutex_unlock(&dev.lock);
		usleep(500);
		pthread_mutex_lock(&dev.lock);
	}
}

static int arm_one(struct remember_arm arm)
{
	struct endpoint *ep;

	arm.ep = le32toh(arm.ep);
	arm.length = le32toh(arm.length);
	arm.seed = le32toh(arm.seed);
	arm.flags = le32toh(arm.flags);
	if (arm.ep >= REMEMBER_EPS || !dev.ep[arm.ep].in ||
	    arm.length > CHUNK_MAX * 16)
		return -EINVAL;
	ep = &dev.ep[arm.ep];
	if (ep->tail - ep->head == REMEMBER_ARMED_MAX)
		return -ENOSPC;
	ep->armed[ep->tail++ % REMEMBER_ARMED_MAX] = arm;
	return 0;
}

static int arm_endpoints(const uint8_t *data, size_t length)
{
	struct remember_arm arm;
	int ret = 0;

	for (; length >= sizeof(arm) && !ret; length -= sizeof(arm)) {
		memcpy(&arm, data, sizeof(arm));
		data += sizeof(arm);
		ret = arm_one(arm);
	}
	pthread_cond_broadcast(&dev.wake);
	return ret;
}

static size_t fill_stats(uint8_t *data)
{
	struct remember_stats stats = { 0 };
	struct endpoint *ep;
	int i;

	for (i = 0; i < REMEMBER_EPS; i++) {
		ep = &dev.ep[i];
		stats.ep[i].count = htole32(ep->count);
		stats.ep[i].waiting = htole32(ep->tail - ep->head);
		stats.ep[i].bytes = htole64(ep->bytes);
	}
	memcpy(data, &stats, sizeof(stats));
	return sizeof(stats);
}

static size_t fill_records(uint8_t *data, unsigned int number,
			   unsigned int first, size_t room)
{
	struct endpoint *ep = &dev.ep[number % REMEMBER_EPS];
	size_t count = room / sizeof(ep->record[0]);
	size_t have = ep->count;

	if (have > REMEMBER_RECORDS_MAX)
		have = REMEMBER_RECORDS_MAX;
	if (first >= have)
		return 0;
	if (count > have - first)
		count = have - first;
	memcpy(data, &ep->record[first], count * sizeof(ep->record[0]));
	return count * sizeof(ep->record[0]);
}

/* Answers an IN request; negative: stall. */
static ssize_t control_in(const struct usb_ctrlrequest *setup, uint8_t *data)
{
	unsigned int room = le16toh(setup->wLength);
	unsigned int value = le16toh(setup->wValue);

	switch (setup->bRequest) {
	case REMEMBER_STATS:
		return fill_stats(data);
	case REMEMBER_RECORDS:
		if (room > REMEMBER_CTRL_MAX)
			room = REMEMBER_CTRL_MAX;
		return fill_records(data, value >> REMEMBER_EP_SHIFT,
				    value & (REMEMBER_RECORDS_MAX - 1), room);
	case REMEMBER_ECHO:
		memcpy(data, dev.echo, dev.echo_length);
		return dev.echo_length;
	}
	return -EPIPE;
}

/* Acts on an OUT request whose data have come. */
static int control_out(const struct usb_ctrlrequest *setup,
		       const uint8_t *data, size_t length)
{
	unsigned int value = le16toh(setup->wValue);

	switch (setup->bRequest) {
	case REMEMBER_RESET:
		reset();
		return 0;
	case REMEMBER_ARM:
		return arm_endpoints(data, length);
	case REMEMBER_STALL_EP:
		stall_endpoint(value);
		return 0;
	case REMEMBER_ECHO:
		memcpy(dev.echo, data, length);
		dev.echo_length = length;
		return 0;
	case REMEMBER_CHUNK:
		set_chunk(value);
		return 0;
	case REMEMBER_PAUSE:
		pause_out(value);
		return 0;
	case REMEMBER_TAKE:
		dev.take = value;
		pthread_cond_broadcast(&dev.wake);
		return 0;
	case REMEMBER_SILENT:
		return 0;
	}
	return -EPIPE;
}

/* The wrong direction stalls. */
static void control_stall(int ep0, const struct usb_ctrlrequest *setup)
{
	uint8_t byte;

	if (setup->bRequestType & USB_DIR_IN)
		(void)!read(ep0, &byte, 0);
	else
		(void)!write(ep0, &byte, 0);
}

static void control_answer(int ep0, const struct usb_ctrlrequest *setup)
{
	size_t length = le16toh(setup->wLength);
	ssize_t ret;

	pthread_mutex_lock(&dev.lock);
	ret = control_in(setup, dev.control);
	pthread_mutex_unlock(&dev.lock);
	if (ret < 0)
		return control_stall(ep0, setup);
	if ((size_t)ret > length)
		ret = length;
	(void)!write(ep0, dev.control, ret);
}

/* An order without data is carried out before its status stage, so that it is
 * done when the host goes on; data can only be had with the status stage.
 */
static void control_obey(int ep0, const struct usb_ctrlrequest *setup)
{
	size_t length = le16toh(setup->wLength);
	int ret;

	if (length && read(ep0, dev.control, length) != (ssize_t)length)
		return;
	pthread_mutex_lock(&dev.lock);
	ret = control_out(setup, dev.control, length);
	pthread_mutex_unlock(&dev.lock);
	if (length)
		return;
	if (ret < 0)
		return control_stall(ep0, setup);
	(void)!read(ep0, dev.control, 0);
}

static void control_setup(int ep0, const struct usb_ctrlrequest *setup)
{
	if (setup->bRequest == REMEMBER_STALL_EP0 ||
	    le16toh(setup->wLength) > REMEMBER_CTRL_MAX)
		return control_stall(ep0, setup);
	if (setup->bRequest == REMEMBER_SILENT)
		usleep(le16toh(setup->wValue) * 1000);
	if (setup->bRequestType & USB_DIR_IN)
		control_answer(ep0, setup);
	else
		control_obey(ep0, setup);
}

/* The function may be enabled at another speed each time. */
static void learn_packets(void)
{
	struct usb_endpoint_descriptor desc;
	int i;

	for (i = 0; i < REMEMBER_EPS; i++) {
		if (ioctl(dev.ep[i].fd, FUNCTIONFS_ENDPOINT_DESC, &desc) < 0)
			continue;
		dev.packet[i] = le16toh(desc.wMaxPacketSize) & 0x7ff;
	}
}

static void control_event(int ep0, const struct usb_functionfs_event *event)
{
	switch (event->type) {
	case FUNCTIONFS_ENABLE:
		learn_packets();
		pthread_mutex_lock(&dev.lock);
		dev.enabled = 1;
		pthread_cond_broadcast(&dev.wake);
		pthread_mutex_unlock(&dev.lock);
		break;
	case FUNCTIONFS_DISABLE:
	case FUNCTIONFS_UNBIND:
		pthread_mutex_lock(&dev.lock);
		dev.enabled = 0;
		pthread_mutex_unlock(&dev.lock);
		break;
	case FUNCTIONFS_SETUP:
		control_setup(ep0, &event->u.setup);
		break;
	}
}

/* Whole packets, whatever is asked for. */
static void arm_zeros(void)
{
	static const enum remember_ep eps[] = {
		REMEMBER_BULK_IN, REMEMBER_INT_IN,
	};
	unsigned int i;

	pthread_mutex_lock(&dev.lock);
	for (i = 0; i < 2; i++)
		arm_one((struct remember_arm) {
			.ep = htole32(eps[i]),
			.length = htole32(4096),
			.flags = htole32(REMEMBER_ARM_FOREVER |
					 REMEMBER_ARM_ZEROS),
		});
	pthread_mutex_unlock(&dev.lock);
}

static int start_endpoints(const char *dir)
{
	struct endpoint *ep;
	char path[256];
	int i;

	for (i = 0; i < REMEMBER_EPS; i++) {
		ep = &dev.ep[i];
		snprintf(path, sizeof(path), "%s/ep%d", dir, i + 1);
		ep->fd = open(path, O_RDWR);
		if (ep->fd < 0)
			return -errno;
		ep->in = i == REMEMBER_BULK_IN || i == REMEMBER_INT_IN;
		if (pthread_create(&ep->thread, NULL,
				   ep->in ? endpoint_in : endpoint_out, ep))
			return -EAGAIN;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = interrupted };
	struct usb_functionfs_event event;
	char path[256];
	int ep0, ret;

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "--zeros"))) {
		fprintf(stderr, "usage: ffsdev MOUNTPOINT [--zeros]\n");
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	snprintf(path, sizeof(path), "%s/ep0", argv[1]);
	ep0 = open(path, O_RDWR);
	if (ep0 < 0 ||
	    write(ep0, ffsdev_descriptors, ffsdev_descriptors_size) < 0 ||
	    write(ep0, ffsdev_strings, ffsdev_strings_size) < 0) {
		fprintf(stderr, "ffsdev: %s: %s\n", path, strerror(errno));
		return 1;
	}
	ret = start_endpoints(argv[1]);
	if (ret) {
		fprintf(stderr, "ffsdev: endpoints: %s\n", strerror(-ret));
		return 1;
	}
	if (argc == 3)
		arm_zeros();
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (read(ep0, &event, sizeof(event)) == sizeof(event))
			control_event(ep0, &event);
		else if (errno != EINTR && errno != EIDRM)
			return 1;
	}
}
