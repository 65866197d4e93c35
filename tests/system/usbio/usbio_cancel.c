// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * usbio_cancel - what cancelled transfers leave to those that follow them.
 *
 * Drain-then-command, as drivers of card readers and modems do it, and storms
 * of submits and cancels.  Single cancels are in usbio_queue.c.
 */
#include "usbio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STORM		16
#define STORM_LENGTH	4096
#define STORM_PACKETS	8

/* --- Drain, then command */

/* Nothing is there to be read: taken back, it says so. */
static int drain_once(struct host *host, struct host_urb *xfer, unsigned int ms)
{
	struct host_urb *back;
	int ret;

	ret = host_submit(host, xfer);
	if (ret)
		return ret;
	usleep(ms * 1000);
	host_discard(host, xfer);
	ret = host_reap(host, &back, HOST_WAIT_MS);
	if (ret)
		return ret;
	if (xfer->urb.status == -ENOENT && !xfer->urb.actual_length)
		return 0;
	note("drained: status %d, actual %d", xfer->urb.status,
	     xfer->urb.actual_length);
	return -EBADE;
}

static int command_once(struct host *host, struct host_urb *xfer, uint32_t seed)
{
	int ret, length = 1 + seed % 2000;

	ret = host_arm(host, REMEMBER_BULK_IN, length, seed, 0);
	if (ret)
		return ret;
	ret = host_run(host, xfer);
	if (!ret && xfer->urb.actual_length == length &&
	    host_is_pattern(xfer->data, length, seed))
		return 0;
	note("answer %u: status %d, %d bytes of %d", seed, ret,
	     xfer->urb.actual_length, length);
	return -EBADE;
}

static unsigned int drain_then_command(struct host *host, unsigned int rounds)
{
	struct host_urb xfer;
	unsigned int i;
	int ret = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_urb_init(host, &xfer, REMEMBER_BULK_IN, 8192, 0);
	for (i = 0; i < rounds && !ret; i++) {
		ret = drain_once(host, &xfer, i % 4);
		/* An answer of whole packets would not end the transfer. */
		if (!ret && (1 + i % 2000) % host->packet[REMEMBER_BULK_IN])
			ret = command_once(host, &xfer, i);
	}
	host_urb_free(&xfer);
	return ret;
}

/*
 * The answer comes while the transfer is taken back: what that one did not get,
 * the next one gets, and nothing twice.
 */
static int race_once(struct host *host, struct host_urb *xfer, uint32_t seed)
{
	int length = 3 * host->packet[REMEMBER_BULK_IN] + 17, have, ret;
	uint8_t stream[8192 + 8192];
	struct host_urb *back;

	ret = host_submit(host, xfer);
	if (!ret)
		ret = host_arm(host, REMEMBER_BULK_IN, length, seed, 0);
	if (ret)
		return ret;
	usleep(rand() % 1500);
	host_discard(host, xfer);
	ret = host_reap(host, &back, HOST_WAIT_MS);
	if (ret)
		return ret;
	have = xfer->urb.actual_length;
	memcpy(stream, xfer->data, have);
	if (have < length) {
		ret = host_run(host, xfer);
		memcpy(stream + have, xfer->data, xfer->urb.actual_length);
		have += xfer->urb.actual_length;
	}
	if (!ret && have == length && host_is_pattern(stream, length, seed))
		return 0;
	note("answer %u: %d bytes of %d, status %d", seed, have, length, ret);
	return -EBADE;
}

static unsigned int race_then_command(struct host *host, unsigned int rounds)
{
	struct host_urb xfer;
	unsigned int i;
	int ret = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_urb_init(host, &xfer, REMEMBER_BULK_IN, 8192, 0);
	srand(2);
	for (i = 0; i < rounds && !ret; i++)
		ret = race_once(host, &xfer, i);
	host_urb_free(&xfer);
	return ret;
}

void usbio_drain(struct host *host, const struct usbio_args *args)
{
	unsigned int rounds = args->count ? args->count : 200;

	verdict(drain_then_command(host, rounds),
		"%u times drained, then asked: each answer is its own", rounds);
	verdict(race_then_command(host, rounds),
		"%u answers amid a cancel: nothing lost, nothing twice",
		rounds);
}

/* --- Storm */

struct storm {
	uint64_t sent[REMEMBER_EPS];
	uint64_t got;
	unsigned int cancelled;
	struct host_urb xfers[STORM];
};

static int storm_submit(struct host *host, struct storm *storm)
{
	struct host_urb *xfer;
	enum remember_ep ep;
	unsigned int i;
	size_t length;
	int ret = 0;

	for (i = 0; i < STORM && !ret; i++) {
		xfer = &storm->xfers[i];
		ep = rand() % REMEMBER_EPS;
		length = host->packet[ep] * (1 + rand() % STORM_PACKETS);
		host_urb_init(host, xfer, ep, length, 0);
		xfer->index = ep;
		ret = host_submit(host, xfer);
	}
	return ret;
}

/* The stream of answers goes on where the last transfer with data ended. */
static int storm_in(struct storm *storm, const struct host_urb *xfer)
{
	static uint8_t answer[STORM_LENGTH];
	unsigned int i, at;

	for (i = 0; i < (unsigned int)xfer->urb.actual_length; i++) {
		at = storm->got++ % STORM_LENGTH;
		if (!at || !i)
			remember_fill(answer, STORM_LENGTH,
				      (storm->got - 1) / STORM_LENGTH);
		if (xfer->data[i] != answer[at])
			return -EILSEQ;
	}
	return 0;
}

static int storm_check(struct storm *storm, struct host_urb *xfer)
{
	int status = xfer->urb.status;

	if (xfer->out)
		return -ETIMEDOUT;
	if (status && status != -ENOENT)
		return status;
	storm->cancelled += !!status;
	if (xfer->index == REMEMBER_BULK_IN)
		return storm_in(storm, xfer);
	storm->sent[xfer->index] += xfer->urb.actual_length;
	return 0;
}

static int storm_round(struct host *host, struct storm *storm)
{
	struct host_urb *back;
	unsigned int i;
	int ret, bad;

	ret = storm_submit(host, storm);
	if (rand() & 1)
		usleep(rand() % 1000);
	for (i = 0; i < STORM; i++)
		host_discard(host, &storm->xfers[i]);
	for (i = 0; i < STORM && !ret; i++)
		ret = host_reap(host, &back, HOST_WAIT_MS);
	for (i = 0; i < STORM; i++) {
		bad = ret ? 0 : storm_check(storm, &storm->xfers[i]);
		if (bad)
			note("endpoint %u: status %d, actual %d: %s",
			     storm->xfers[i].index, storm->xfers[i].urb.status,
			     storm->xfers[i].urb.actual_length, strerror(-bad));
		ret = ret ? ret : bad;
		host_urb_free(&storm->xfers[i]);
	}
	return ret;
}

/* The last packets may still be on their way through the device. */
static int storm_counts(struct host *host, const struct storm *storm)
{
	static const enum remember_ep eps[] = {
		REMEMBER_BULK_OUT, REMEMBER_INT_OUT,
	};
	struct remember_stats stats = { 0 };
	unsigned int i, wrong = 0;

	usleep(200000);
	if (host_stats(host, &stats))
		return 1;
	for (i = 0; i < 2; i++)
		if (stats.ep[eps[i]].bytes != storm->sent[eps[i]]) {
			note("endpoint %u: %llu bytes sent, %llu there", eps[i],
			     (unsigned long long)storm->sent[eps[i]],
			     (unsigned long long)stats.ep[eps[i]].bytes);
			wrong++;
		}
	return wrong;
}

void usbio_storm(struct host *host, const struct usbio_args *args)
{
	unsigned int count = args->count ? args->count : 2000, i;
	static struct storm storm;
	int ret = 0;

	host_order(host, REMEMBER_RESET, 0, NULL, 0);
	host_arm(host, REMEMBER_BULK_IN, STORM_LENGTH, 0,
		 REMEMBER_ARM_FOREVER);
	srand(3);
	for (i = 0; i < count && !ret; i += STORM)
		ret = storm_round(host, &storm);
	note("%u of %u taken back; %llu bytes came, %llu and %llu went",
	     storm.cancelled, i, (unsigned long long)storm.got,
	     (unsigned long long)storm.sent[REMEMBER_BULK_OUT],
	     (unsigned long long)storm.sent[REMEMBER_INT_OUT]);
	verdict(ret, "%u submits, each cancelled: no byte lost or twice", i);
	verdict(storm_counts(host, &storm),
		"the device got what it was said to have got");
}
