// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * descs - what a device says of itself, read once for all who attach it.
 *
 * A device that is slow to answer is not asked any more: then its client asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "descs.h"
#include "wire_desc.h"

#define TYPE_DEVICE	1
#define TYPE_CONFIG	2
#define TYPE_STRING	3
#define TYPE_INTERFACE	4
#define TYPE_BOS	15

#define DEVICE_LEN	18
#define CONFIG_LEN	9
#define INTERFACE_LEN	9
#define BOS_LEN		5

/* Of linux/usb/quirks.h, which the kernel keeps to itself. */
#define QUIRK_STRING_FETCH_255		(1u << 0)
#define QUIRK_CONFIG_INTF_STRINGS	(1u << 3)
#define QUIRK_NO_BOS			(1u << 17)

#define TIMEOUT_MS	500	/* for an answer */
#define READING_MS	2000	/* for all of them */
#define ANSWER_MAX	4096	/* of usbfs */
#define STRING_MAX	255	/* what hosts ask for */
#define CONFIGS_MAX	8

/**
 * struct reading - under way
 * @ops: engine
 * @edev: device
 * @quirks: of usbcore
 * @until_ms: CLOCK_MONOTONIC when there is no more time
 * @to: P2PUSB_DESCS_MAX bytes
 * @len: of them in use
 * @over: it did not answer, or there is no room or time
 * @lang: first language of its strings
 * @named: strings that the others name, by index
 * @answer: the last one
 */
struct reading {
	const struct engine_ops *ops;
	struct engine_device *edev;
	unsigned int quirks;
	int64_t until_ms;
	uint8_t *to;
	size_t len;
	int over;
	uint16_t lang;
	uint8_t named[256];
	uint8_t answer[ANSWER_MAX];
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* For the next answer; 0 = none: to usbfs that would be for ever. */
static unsigned int time_left(const struct reading *r)
{
	int64_t left = r->until_ms - now_ms();

	if (left <= 0)
		return 0;
	return left < TIMEOUT_MS ? left : TIMEOUT_MS;
}

static int ask(struct reading *r, uint8_t type, uint8_t index, uint16_t lang,
	       uint16_t len)
{
	const uint8_t setup[8] = {
		0x80, 0x06, index, type, lang & 0xff, lang >> 8,
		len & 0xff, len >> 8,
	};
	unsigned int timeout_ms = time_left(r);
	int ret;

	r->over |= !timeout_ms;
	if (r->over)
		return 0;
	ret = r->ops->control(r->edev, setup, r->answer, timeout_ms);
	if (ret >= 0)
		return ret;
	/* What it does not have it refuses. */
	r->over = ret != -EPIPE;
	return 0;
}

/* The last answer, which was all that there is. */
static void keep(struct reading *r, uint8_t type, uint8_t index, uint16_t lang,
		 uint16_t len)
{
	const struct wire_desc desc = {
		.type = type,
		.index = index,
		.lang = lang,
		.len = len,
		.bytes = r->answer,
	};
	size_t used;

	used = wire_desc_put(&desc, r->to + r->len, P2PUSB_DESCS_MAX - r->len);
	r->len += used;
	r->over |= !used;
}

static unsigned int read_device(struct reading *r)
{
	if (ask(r, TYPE_DEVICE, 0, 0, DEVICE_LEN) != DEVICE_LEN)
		return 0;
	keep(r, TYPE_DEVICE, 0, 0, DEVICE_LEN);
	r->named[r->answer[14]] = 1;
	r->named[r->answer[15]] = 1;
	r->named[r->answer[16]] = 1;
	return r->answer[17] < CONFIGS_MAX ? r->answer[17] : CONFIGS_MAX;
}

/* One that says in its bytes 2 and 3 how long it is. */
static int read_long(struct reading *r, uint8_t type, uint8_t index, int head)
{
	int len;

	if (ask(r, type, index, 0, head) < head || r->answer[1] != type)
		return 0;
	len = r->answer[2] | r->answer[3] << 8;
	if (len < head || len > ANSWER_MAX)
		return 0;
	len = ask(r, type, index, 0, len);
	if (len < head)
		return 0;
	keep(r, type, index, 0, len);
	return len;
}

static void read_config(struct reading *r, uint8_t index)
{
	int len = read_long(r, TYPE_CONFIG, index, CONFIG_LEN);
	const uint8_t *at = r->answer;
	const uint8_t *end = at + len;

	if (!len || r->quirks & QUIRK_CONFIG_INTF_STRINGS)
		return;
	r->named[at[6]] = 1;
	for (; end - at >= 2 && at[0] >= 2 && at[0] <= end - at; at += at[0]) {
		if (at[1] == TYPE_INTERFACE && at[0] >= INTERFACE_LEN)
			r->named[at[8]] = 1;
	}
}

static void read_strings(struct reading *r)
{
	unsigned int i;
	int len;

	/* Then the client's kernel knows how to ask. */
	if (r->quirks & QUIRK_STRING_FETCH_255)
		return;
	len = ask(r, TYPE_STRING, 0, 0, STRING_MAX);
	if (len < 4 || r->answer[1] != TYPE_STRING)
		return;
	keep(r, TYPE_STRING, 0, 0, len);
	r->lang = r->answer[2] | r->answer[3] << 8;
	for (i = 1; i < sizeof(r->named); i++) {
		if (!r->named[i])
			continue;
		len = ask(r, TYPE_STRING, i, r->lang, STRING_MAX);
		if (len > 0)
			keep(r, TYPE_STRING, i, r->lang, len);
	}
}

/* Before version 2.01 there is none, and some devices hang when asked. */
static int has_bos(const struct reading *r)
{
	return !(r->quirks & QUIRK_NO_BOS) &&
	       (r->answer[2] | r->answer[3] << 8) >= 0x0201;
}

static void read_all(struct reading *r)
{
	unsigned int configs = read_device(r);
	int bos = configs && has_bos(r);
	unsigned int i;

	if (!configs)
		return;
	if (bos)
		read_long(r, TYPE_BOS, 0, BOS_LEN);
	for (i = 0; i < configs; i++)
		read_config(r, i);
	r->named[0] = 0;
	if (memchr(r->named, 1, sizeof(r->named)))
		read_strings(r);
}

void descs_read(const struct engine_ops *ops, struct engine_device *edev,
		unsigned int quirks, struct descs *descs)
{
	struct reading *r;
	uint8_t *less;

	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->ops = ops;
	r->edev = edev;
	r->quirks = quirks;
	r->until_ms = now_ms() + READING_MS;
	r->to = malloc(P2PUSB_DESCS_MAX);
	if (r->to)
		read_all(r);
	less = r->len ? realloc(r->to, r->len) : NULL;
	if (!less)
		free(r->to);
	descs->data = less;
	descs->len = less ? r->len : 0;
	free(r);
}

void descs_drop(struct descs *descs)
{
	free(descs->data);
	descs->data = NULL;
	descs->len = 0;
}
