/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instance - what the command line asked for, and the clock of it.
 */
#ifndef FAKEDEV_INSTANCE_H
#define FAKEDEV_INSTANCE_H

#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include "key.h"
#include "script.h"

#define INSTANCE_ALLOW_MAX	8

/**
 * struct instance - one run
 * @script: what devices there are
 * @ndevices: copies counted
 * @rate_ppm: how much faster the frame clock runs than CLOCK_MONOTONIC
 * @start_ns: CLOCK_MONOTONIC when it started
 * @key: --wire: who we are
 * @listen: --wire: where
 * @listen_len: its length
 * @nallow: keys in use
 * @allow: --wire: who may attach
 * @max_urbs: --wire: credit
 * @max_ep_bytes: --wire: credit
 * @caps: --wire: P2PUSB_CAP_* that are offered
 */
struct instance {
	struct script script;
	unsigned int ndevices;
	int32_t rate_ppm;
	uint64_t start_ns;
	struct key key;
	struct sockaddr_storage listen;
	socklen_t listen_len;
	unsigned int nallow;
	uint8_t allow[INSTANCE_ALLOW_MAX][KEY_LEN];
	uint32_t max_urbs;
	uint32_t max_ep_bytes;
	uint64_t caps;
};

/* instance_now() - ns of the frame clock */
static inline uint64_t instance_now(const struct instance *instance)
{
	struct timespec ts;
	int64_t passed;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	passed = (int64_t)(now - instance->start_ns);
	return now + (uint64_t)(passed / 1000 * instance->rate_ppm / 1000);
}

/**
 * instance_spec() - which device is number @index
 * @copy: out: number among its copies
 */
static inline const struct spec *instance_spec(const struct instance *instance,
					       unsigned int index,
					       unsigned int *copy)
{
	const struct spec *spec = instance->script.specs;

	while (index >= spec->count) {
		index -= spec->count;
		spec++;
	}
	*copy = index;
	return spec;
}

/* Set by signals: end, and write the counters. */
extern volatile int instance_stop;
extern volatile int instance_report;

/* ring_front() - devices on /dev/p2pvhci; returns when asked to stop */
int ring_front(struct instance *instance);

/* wire_front() - devices of a server; likewise */
int wire_front(struct instance *instance);

#endif /* FAKEDEV_INSTANCE_H */
