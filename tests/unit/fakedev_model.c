// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fakedev_model - what a made-up device does, and when.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/usb/ch9.h>
#include <p2pusb/wire.h>

#include "model.h"
#include "persona.h"
#include "script.h"
#include "video.h"

#define MS	1000000ull
#define DONE_MAX	64

/**
 * struct bed - a device on a bench
 * @script: what it is
 * @model: it
 * @now: ns
 * @ndone: transfers that came back
 * @done: those, in their order
 * @gone: how often it left
 * @back: how often it came back
 * @wakeups: how often it wanted to be awake
 * @with_us: transfers that the model has
 * @held_at_gone: those, when it left
 */
struct bed {
	struct script script;
	struct model model;
	uint64_t now;
	unsigned int ndone;
	struct model_xfer *done[DONE_MAX];
	unsigned int gone;
	unsigned int back;
	unsigned int wakeups;
	unsigned int with_us;
	unsigned int held_at_gone;
};

static void on_done(struct model *model, struct model_xfer *xfer)
{
	struct bed *bed = model->front;

	assert_true(bed->ndone < DONE_MAX);
	bed->done[bed->ndone++] = xfer;
	bed->with_us--;
}

static void on_gone(struct model *model)
{
	struct bed *bed = model->front;

	bed->gone++;
	bed->held_at_gone = bed->with_us;
}

static void on_back(struct model *model)
{
	struct bed *bed = model->front;

	bed->back++;
	model_plug(model);
}

static void on_wakeup(struct model *model)
{
	((struct bed *)model->front)->wakeups++;
}

static const struct model_ops bed_ops = {
	.done = on_done, .gone = on_gone, .back = on_back,
	.wakeup = on_wakeup,
};

static struct model_xfer *xfer_make(uint8_t ep, uint32_t length)
{
	struct model_xfer *xfer = calloc(1, sizeof(*xfer));

	xfer->ep = ep;
	xfer->length = length;
	xfer->data = calloc(1, length + 1);
	return xfer;
}

static void xfer_drop(struct model_xfer *xfer)
{
	free(xfer->packets);
	free(xfer->data);
	free(xfer);
}

static void give(struct bed *bed, struct model_xfer *xfer)
{
	bed->with_us++;
	model_submit(&bed->model, xfer, bed->now);
}

static void run(struct bed *bed, uint64_t ns)
{
	bed->now += ns;
	model_run(&bed->model, bed->now);
}

static void drop_done(struct bed *bed)
{
	while (bed->ndone)
		xfer_drop(bed->done[--bed->ndone]);
}

/* One control transfer; its status.  IN: what came is in @data. */
static uint32_t control(struct bed *bed, uint8_t type, uint8_t request,
			uint16_t value, uint16_t index, uint16_t length,
			uint8_t *data)
{
	const uint8_t setup[8] = {
		type, request, value & 0xff, value >> 8, index & 0xff,
		index >> 8, length & 0xff, length >> 8,
	};
	struct model_xfer *xfer = xfer_make(0, length);
	uint32_t status;

	memcpy(xfer->setup, setup, sizeof(setup));
	if (data && !(type & USB_DIR_IN))
		memcpy(xfer->data, data, length);
	give(bed, xfer);
	assert_int_equal(bed->ndone, 1);
	status = xfer->status;
	if (data && type & USB_DIR_IN)
		memcpy(data, xfer->data, xfer->actual);
	drop_done(bed);
	return status;
}

static void configure(struct bed *bed)
{
	assert_int_equal(control(bed, 0, USB_REQ_SET_CONFIGURATION, 1, 0, 0,
				 NULL), P2PUSB_ST_OK);
}

static void set_alt(struct bed *bed, uint16_t iface, uint16_t alt)
{
	assert_int_equal(control(bed, USB_RECIP_INTERFACE,
				 USB_REQ_SET_INTERFACE, alt, iface, 0, NULL),
			 P2PUSB_ST_OK);
}

static struct bed *bed_make(const char *text, int paced)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char error[256] = "";

	if (script_read_text(&bed->script, "test", text, error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(model_init(&bed->model, &bed->script.specs[0], 0, 0,
				    &bed_ops, paced), 0);
	bed->model.front = bed;
	bed->now = 1000 * MS;
	model_plug(&bed->model);
	return bed;
}

static struct bed *bed_configured(const char *text, int paced)
{
	struct bed *bed = bed_make(text, paced);

	configure(bed);
	return bed;
}

static void bed_free(struct bed *bed)
{
	model_abandon(&bed->model);
	drop_done(bed);
	model_free(&bed->model);
	script_free(&bed->script);
	free(bed);
}

/* Descriptors */

static void check_config(const struct persona *persona, uint8_t speed)
{
	struct spec spec = { .persona = persona, .speed = speed };
	unsigned int ifaces = 0;
	struct desc desc;
	const uint8_t *p;
	const uint8_t *end;

	persona_describe(&desc, &spec, speed);
	p = desc.config;
	end = p + desc.config_len;
	assert_int_equal(p[2] | p[3] << 8, desc.config_len);
	for (; p < end; p += p[0]) {
		assert_true(p[0] >= 2 && p[0] <= end - p);
		if (p[1] == USB_DT_INTERFACE && !p[3])
			ifaces++;
		if (p[1] == USB_DT_ENDPOINT && speed == SPEC_SPEED_FULL)
			assert_true((p[4] | p[5] << 8) <= 1023);
	}
	assert_int_equal(desc.config[4], ifaces);
	assert_int_equal(!!desc.bos_len, speed >= SPEC_SPEED_SUPER);
}

static void descriptors_add_up_at_every_speed(void **state)
{
	const struct persona *persona;
	unsigned int i;
	uint8_t speed;

	(void)state;
	for (i = 0; (persona = persona_at(i)); i++) {
		for (speed = persona->min_speed;
		     speed <= SPEC_SPEED_SUPER_PLUS; speed++)
			check_config(persona, speed);
	}
}

static void answers_chapter_9(void **state)
{
	struct bed *bed = bed_make("device zero", 1);
	uint8_t in = USB_DIR_IN;
	uint8_t data[256];

	(void)state;
	assert_int_equal(control(bed, in, USB_REQ_GET_DESCRIPTOR,
				 USB_DT_DEVICE << 8, 0, 18, data), 0);
	assert_int_equal(data[8] | data[9] << 8, 0x0525);
	assert_int_equal(control(bed, in, USB_REQ_GET_DESCRIPTOR,
				 USB_DT_STRING << 8 | 3, 0x409, 255, data), 0);
	assert_int_equal(data[0], 2 + 2 * 4);
	assert_int_equal(data[2], 'F');
	assert_int_equal(control(bed, in, USB_REQ_GET_DESCRIPTOR,
				 USB_DT_BOS << 8, 0, 5, data),
			 P2PUSB_ST_STALL);
	assert_int_equal(control(bed, in | USB_RECIP_INTERFACE,
				 USB_REQ_GET_INTERFACE, 0, 0, 1, data),
			 P2PUSB_ST_STALL);
	configure(bed);
	set_alt(bed, 0, 1);
	assert_int_equal(control(bed, in | USB_RECIP_INTERFACE,
				 USB_REQ_GET_INTERFACE, 0, 0, 1, data), 0);
	assert_int_equal(data[0], 1);
	assert_int_equal(control(bed, 0, USB_REQ_SET_CONFIGURATION, 7, 0, 0,
				 NULL), P2PUSB_ST_STALL);
	bed_free(bed);
}

static void remembers_what_a_vendor_request_wrote(void **state)
{
	struct bed *bed = bed_make("device plain", 1);
	uint8_t data[3] = "abc";

	(void)state;
	assert_int_equal(control(bed, USB_TYPE_VENDOR, 0x5b, 0, 0, 3, data), 0);
	memset(data, 0, sizeof(data));
	assert_int_equal(control(bed, USB_DIR_IN | USB_TYPE_VENDOR, 0x5c, 0, 0,
				 3, data), 0);
	assert_memory_equal(data, "abc", 3);
	bed_free(bed);
}

/* Bulk */

static void source_counts_and_sink_checks(void **state)
{
	const char *text =
		"device zero;on 0x81 source counter;on 1 sink mod63";
	struct bed *bed = bed_configured(text, 1);
	struct model_xfer *out;
	unsigned int i;

	(void)state;
	give(bed, xfer_make(0x81, 300));
	give(bed, xfer_make(0x81, 10));
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(bed->done[0]->actual, 300);
	assert_int_equal(bed->done[0]->data[299], 299 % 251);
	assert_int_equal(bed->done[1]->data[0], 300 % 251);
	drop_done(bed);

	out = xfer_make(1, 1000);
	for (i = 0; i < 1000; i++)
		out->data[i] = (uint8_t)(i % 512 % 63);
	give(bed, out);
	assert_int_equal(bed->model.ep[1].count.faults, 0);
	out = xfer_make(1, 1000);
	give(bed, out);
	assert_int_equal(out->actual, 1000);
	assert_int_equal(bed->model.ep[1].count.faults, 1);
	bed_free(bed);
}

static void loop_gives_back_what_came(void **state)
{
	struct bed *bed = bed_configured("device loopback", 1);
	struct model_xfer *in = xfer_make(0x81, 64);
	struct model_xfer *out = xfer_make(1, 5);

	(void)state;
	give(bed, in);
	run(bed, 100 * MS);
	assert_int_equal(bed->ndone, 0);
	memcpy(out->data, "hello", 5);
	give(bed, out);
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(in->actual, 5);
	assert_memory_equal(in->data, "hello", 5);
	bed_free(bed);
}

static void answers_in_turn_then_says_nothing(void **state)
{
	const char *text =
		"device plain;endpoint 0x81 bulk 512;on 0x81 answer 01 0203";
	struct bed *bed = bed_configured(text, 1);

	(void)state;
	give(bed, xfer_make(0x81, 64));
	give(bed, xfer_make(0x81, 64));
	give(bed, xfer_make(0x81, 64));
	run(bed, 5000 * MS);
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(bed->done[0]->actual, 1);
	assert_int_equal(bed->done[1]->actual, 2);
	assert_int_equal(bed->done[1]->data[1], 3);
	bed_free(bed);
}

static void stalls_until_cleared_and_again(void **state)
{
	struct bed *bed = bed_configured("device zero;on 0x81 stall-after 2",
					 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->done[1]->status, P2PUSB_ST_OK);
	assert_int_equal(bed->done[2]->status, P2PUSB_ST_STALL);
	assert_int_equal(bed->done[3]->status, P2PUSB_ST_STALL);
	drop_done(bed);
	assert_int_equal(control(bed, USB_RECIP_ENDPOINT,
				 USB_REQ_CLEAR_FEATURE, 0, 0x81, 0, NULL), 0);
	for (i = 0; i < 3; i++)
		give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->done[1]->status, P2PUSB_ST_OK);
	assert_int_equal(bed->done[2]->status, P2PUSB_ST_STALL);
	bed_free(bed);
}

static void one_error_and_short_packets(void **state)
{
	const char *text =
		"device zero;on 0x81 error 2 crc;on 0x81 short 100";
	struct bed *bed = bed_configured(text, 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		give(bed, xfer_make(0x81, 512));
	assert_int_equal(bed->done[0]->status, P2PUSB_ST_OK);
	assert_int_equal(bed->done[0]->actual, 100);
	assert_int_equal(bed->done[1]->status, P2PUSB_ST_CRC);
	assert_int_equal(bed->done[1]->actual, 0);
	assert_int_equal(bed->done[2]->status, P2PUSB_ST_OK);
	bed_free(bed);
}

static void delays_keep_the_order(void **state)
{
	struct bed *bed = bed_configured("device zero;on 0x81 delay 5", 1);
	struct model_xfer *first = xfer_make(0x81, 8);
	struct model_xfer *second = xfer_make(0x81, 8);

	(void)state;
	give(bed, first);
	give(bed, second);
	assert_int_equal(model_next(&bed->model), bed->now + 5 * MS);
	run(bed, 4 * MS);
	assert_int_equal(bed->ndone, 0);
	run(bed, 1 * MS);
	assert_int_equal(bed->ndone, 1);
	assert_ptr_equal(bed->done[0], first);
	run(bed, 5 * MS);
	assert_int_equal(bed->ndone, 2);
	bed_free(bed);
}

static void naks_for_a_while(void **state)
{
	struct bed *bed = bed_configured("device zero;on 0x81 nak 200", 1);

	(void)state;
	give(bed, xfer_make(0x81, 8));
	run(bed, 199 * MS);
	assert_int_equal(bed->ndone, 0);
	run(bed, 1 * MS);
	assert_int_equal(bed->ndone, 1);
	give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->ndone, 2);
	bed_free(bed);
}

static void silence_ends_with_a_cancel(void **state)
{
	struct bed *bed = bed_configured("device zero;on 0x81 silent 2", 1);
	struct model_xfer *silent = xfer_make(0x81, 8);

	(void)state;
	give(bed, xfer_make(0x81, 8));
	give(bed, silent);
	run(bed, 3600000 * MS);
	assert_int_equal(bed->ndone, 1);
	assert_int_equal(model_next(&bed->model), MODEL_NEVER);
	model_cancel(&bed->model, silent);
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(silent->status, P2PUSB_ST_CANCELLED);
	bed_free(bed);
}

static void silent_endpoint_0_does_not_come_out_of_reset(void **state)
{
	struct bed *bed = bed_make("device zero;on 0 silent 2", 1);
	uint8_t data[18];

	(void)state;
	assert_int_equal(model_is_silent(&bed->model), 0);
	control(bed, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, USB_DT_DEVICE << 8, 0,
		18, data);
	give(bed, xfer_make(0, 0));
	assert_int_equal(bed->ndone, 0);
	assert_int_equal(model_is_silent(&bed->model), 1);
	bed_free(bed);
}

static void unknown_endpoints_are_errors(void **state)
{
	struct bed *bed = bed_configured("device zero", 1);

	(void)state;
	give(bed, xfer_make(0x85, 8));
	assert_int_equal(bed->done[0]->status, P2PUSB_ST_PROTO);
	/* Of the other alternate setting */
	give(bed, xfer_make(0x82, 8));
	assert_int_equal(bed->done[1]->status, P2PUSB_ST_PROTO);
	bed_free(bed);
}

/* On and off the bus */

static void leaves_with_a_transfer_and_returns(void **state)
{
	const char *text =
		"device zero;on 0x81 unplug 3;return-after 100";
	struct bed *bed = bed_configured(text, 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->gone, 1);
	assert_int_equal(bed->held_at_gone, 0);
	assert_int_equal(bed->done[2]->status, P2PUSB_ST_NODEV);
	give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->done[3]->status, P2PUSB_ST_NODEV);
	run(bed, 100 * MS);
	assert_int_equal(bed->back, 1);
	drop_done(bed);
	configure(bed);
	give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->done[0]->status, P2PUSB_ST_OK);
	bed_free(bed);
}

static void leaves_after_a_while(void **state)
{
	const char *text =
		"device zero;unplug-after 50;on 0x81 silent 1";
	struct bed *bed = bed_configured(text, 1);

	(void)state;
	give(bed, xfer_make(0x81, 8));
	assert_int_equal(model_next(&bed->model), bed->now + 50 * MS);
	run(bed, 50 * MS);
	assert_int_equal(bed->gone, 1);
	assert_int_equal(bed->held_at_gone, 0);
	bed_free(bed);
}

static void reset_may_change_the_device(void **state)
{
	struct bed *bed = bed_configured("device zero;on-reset 1234:5678", 1);
	uint8_t data[18];

	(void)state;
	model_reset(&bed->model);
	control(bed, USB_DIR_IN, USB_REQ_GET_DESCRIPTOR, USB_DT_DEVICE << 8, 0,
		18, data);
	assert_int_equal(data[8] | data[9] << 8, 0x1234);
	assert_int_equal(data[10] | data[11] << 8, 0x5678);
	give(bed, xfer_make(0x81, 8));
	assert_int_equal(bed->done[0]->status, P2PUSB_ST_PROTO);
	bed_free(bed);
}

static void wakes_only_if_it_was_allowed(void **state)
{
	struct bed *bed = bed_configured("device zero;wakeup-after 20", 1);

	(void)state;
	model_power(&bed->model, 1, 1, bed->now);
	run(bed, 100 * MS);
	assert_int_equal(bed->wakeups, 0);
	model_power(&bed->model, 0, 0, bed->now);
	control(bed, 0, USB_REQ_SET_FEATURE, USB_DEVICE_REMOTE_WAKEUP, 0, 0,
		NULL);
	model_power(&bed->model, 1, 1, bed->now);
	run(bed, 19 * MS);
	assert_int_equal(bed->wakeups, 0);
	run(bed, 1 * MS);
	assert_int_equal(bed->wakeups, 1);
	bed_free(bed);
}

/* Streams */

static const char streams_text[] =
	"device plain;speed super;endpoint 0x81 bulk 1024 0 16;"
	"endpoint 0x02 bulk 1024;on 0x81 source tagged;on 0x81 delay 1 20";

static struct model_xfer *stream_xfer(uint16_t stream)
{
	struct model_xfer *xfer = xfer_make(0x81, 32);

	xfer->stream = stream;
	return xfer;
}

static void streams_are_granted_as_described(void **state)
{
	struct bed *bed = bed_configured(streams_text, 1);
	uint8_t both[2] = { 0x81, 0x02 };

	(void)state;
	assert_int_equal(model_streams(&bed->model, both, 2, 4), -EINVAL);
	assert_int_equal(model_streams(&bed->model, both, 1, 100), 16);
	assert_int_equal(model_streams(&bed->model, both, 1, 4), 4);
	give(bed, stream_xfer(0));
	give(bed, stream_xfer(5));
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(bed->done[0]->status, P2PUSB_ST_PROTO);
	assert_int_equal(bed->done[1]->status, P2PUSB_ST_PROTO);
	assert_int_equal(model_streams(&bed->model, both, 1, 0), 0);
	give(bed, stream_xfer(1));
	assert_int_equal(bed->done[2]->status, P2PUSB_ST_PROTO);
	bed_free(bed);
}

static void streams_overtake_but_keep_their_order(void **state)
{
	struct bed *bed = bed_configured(streams_text, 1);
	uint32_t next[5] = { 0 };
	const uint8_t ep = 0x81;
	unsigned int overtaken = 0;
	unsigned int last = 0;
	unsigned int i;
	uint32_t stream;

	(void)state;
	assert_int_equal(model_streams(&bed->model, &ep, 1, 4), 4);
	for (i = 0; i < 40; i++)
		give(bed, stream_xfer((uint16_t)(1 + i % 4)));
	for (i = 0; i < 400; i++)
		run(bed, MS);
	assert_int_equal(bed->ndone, 40);
	for (i = 0; i < 40; i++) {
		stream = video_get(bed->done[i]->data);
		assert_int_equal(stream, bed->done[i]->stream);
		assert_int_equal(video_get(bed->done[i]->data + 4),
				 next[stream]++);
		overtaken += next[stream] < last;
		last = next[stream];
	}
	assert_true(overtaken > 0);
	bed_free(bed);
}

/* Isochronous: the zero's endpoints have 1024 bytes a millisecond */

static struct model_xfer *iso_xfer(uint8_t ep, uint32_t npkt, uint32_t len)
{
	struct model_xfer *xfer = xfer_make(ep, npkt * len);
	uint32_t i;

	xfer->npkt = npkt;
	xfer->packets = calloc(npkt, sizeof(*xfer->packets));
	for (i = 0; i < npkt; i++)
		xfer->packets[i].len = len;
	return xfer;
}

static struct bed *iso_bed(const char *text, int paced)
{
	struct bed *bed = bed_configured(text, paced);

	set_alt(bed, 0, 1);
	return bed;
}

static void packets_take_their_time(void **state)
{
	struct bed *bed = iso_bed("device zero;on 0x82 source counter", 1);

	(void)state;
	give(bed, iso_xfer(0x82, 8, 100));
	give(bed, iso_xfer(0x82, 8, 100));
	/* The first interval is the one after that which runs. */
	assert_int_equal(model_next(&bed->model), bed->now + 9 * MS);
	run(bed, 9 * MS - 1);
	assert_int_equal(bed->ndone, 0);
	run(bed, 1);
	assert_int_equal(bed->ndone, 1);
	assert_int_equal(bed->done[0]->actual, 800);
	assert_int_equal(bed->done[0]->data[799], 799 % 251);
	run(bed, 8 * MS);
	assert_int_equal(bed->ndone, 2);
	assert_int_equal(bed->model.ep[18].count.missed, 0);
	bed_free(bed);
}

static void intervals_without_a_packet_are_counted(void **state)
{
	struct bed *bed = iso_bed("device zero;on 0x82 source counter", 1);

	(void)state;
	give(bed, iso_xfer(0x82, 4, 1024));
	run(bed, 5 * MS);
	assert_int_equal(bed->ndone, 1);
	/* Intervals 5, 6 and 7 pass; 8 is the next. */
	run(bed, 2 * MS);
	give(bed, iso_xfer(0x82, 4, 1024));
	assert_int_equal(bed->model.ep[18].count.missed, 3);
	run(bed, 5 * MS);
	assert_int_equal(bed->ndone, 2);
	/* What was sent in them is lost. */
	assert_int_equal(bed->done[1]->data[0], 7 * 1024 % 251);
	bed_free(bed);
}

static void a_stop_is_no_gap(void **state)
{
	struct bed *bed = iso_bed("device zero", 1);
	struct model_xfer *last = iso_xfer(0x82, 4, 1024);

	(void)state;
	give(bed, iso_xfer(0x82, 4, 1024));
	give(bed, last);
	run(bed, 5 * MS);
	model_cancel(&bed->model, last);
	run(bed, 50 * MS);
	give(bed, iso_xfer(0x82, 4, 1024));
	assert_int_equal(bed->model.ep[18].count.missed, 0);
	bed_free(bed);
}

static void unpaced_is_at_once_and_counts_the_lead(void **state)
{
	struct bed *bed = iso_bed("device zero", 0);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++)
		give(bed, iso_xfer(0x82, 8, 1024));
	assert_int_equal(bed->ndone, 3);
	assert_int_equal(bed->model.ep[18].count.ahead_ns, 24 * MS);
	/* A host that keeps the time does not get further ahead. */
	for (i = 0; i < 10; i++) {
		run(bed, 8 * MS);
		give(bed, iso_xfer(0x82, 8, 1024));
	}
	assert_true(bed->model.ep[18].count.ahead_ns <= 25 * MS);
	/* One that does not, does. */
	for (i = 0; i < 10; i++)
		give(bed, iso_xfer(0x82, 8, 1024));
	assert_true(bed->model.ep[18].count.ahead_ns >= 80 * MS);
	bed_free(bed);
}

static void one_packet_may_fail(void **state)
{
	struct bed *bed = iso_bed("device zero;on 0x82 error 3 xdev", 0);
	struct model_xfer *xfer = iso_xfer(0x82, 4, 10);

	(void)state;
	give(bed, xfer);
	assert_int_equal(xfer->status, P2PUSB_ST_OK);
	assert_int_equal(xfer->errs, 1);
	assert_int_equal(xfer->packets[2].status, P2PUSB_ST_XDEV);
	assert_int_equal(xfer->actual, 30);
	bed_free(bed);
}

/* Sound */

static void sound_is_a_ramp_both_ways(void **state)
{
	struct bed *bed = bed_configured("device uac2", 0);
	struct model_xfer *in = iso_xfer(0x82, 2, 196);
	struct model_xfer *out = iso_xfer(1, 2, 192);
	struct model_ep *play = &bed->model.ep[1];

	(void)state;
	set_alt(bed, 1, 1);
	set_alt(bed, 2, 1);
	give(bed, in);
	assert_int_equal(in->packets[0].actual, 192);
	assert_int_equal(in->actual, 384);
	assert_int_equal(video_get(in->data + 4 * 95) & 0xffff, 95);
	/* Silence, then what was captured, then silence */
	give(bed, iso_xfer(1, 2, 192));
	memcpy(out->data, in->data, 384);
	give(bed, out);
	give(bed, iso_xfer(1, 2, 192));
	assert_int_equal(play->count.faults, 0);
	assert_int_equal(play->data.good, 96);
	/* Sound again: there was a hole. */
	out = iso_xfer(1, 2, 192);
	memcpy(out->data, in->data, 384);
	give(bed, out);
	assert_int_equal(play->count.faults, 1);
	bed_free(bed);
}

static void sound_cards_have_one_rate(void **state)
{
	struct bed *bed = bed_configured("device uac2", 0);
	uint8_t data[14];

	(void)state;
	assert_int_equal(control(bed, 0xa1, 2, 0x0100, 0x0100, 14, data), 0);
	assert_int_equal(data[2] | data[3] << 8, 48000);
	assert_int_equal(control(bed, 0xa1, 1, 0x0100, 0x0900, 4, data),
			 P2PUSB_ST_STALL);
	bed_free(bed);
}

/* Pictures */

static void check_picture(const uint8_t *frame, uint32_t number)
{
	assert_int_equal(video_get(frame), VIDEO_MAGIC);
	assert_int_equal(video_get(frame + 4), number);
	assert_int_equal(video_get(frame + VIDEO_FRAME_BYTES - 4),
			 video_sum(frame));
}

static void bulk_pictures_come_at_their_rate(void **state)
{
	struct bed *bed = bed_configured("device uvc-bulk", 1);
	static uint8_t frame[VIDEO_FRAME_BYTES];
	uint32_t at = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		give(bed, xfer_make(0x81, 16384));
	/* Three payloads are a picture, the fourth waits for the next. */
	assert_int_equal(bed->ndone, 3);
	for (i = 0; i < 3; i++) {
		memcpy(frame + at, bed->done[i]->data + 2,
		       bed->done[i]->actual - 2);
		at += bed->done[i]->actual - 2;
	}
	assert_int_equal(at, VIDEO_FRAME_BYTES);
	assert_int_equal(bed->done[1]->data[1], 0x80);
	assert_int_equal(bed->done[2]->data[1], 0x82);
	check_picture(frame, 0);
	run(bed, 33 * MS);
	assert_int_equal(bed->ndone, 3);
	run(bed, 1 * MS);
	assert_int_equal(bed->ndone, 4);
	assert_int_equal(bed->done[3]->data[1], 0x81);
	bed_free(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_add_up_at_every_speed),
		cmocka_unit_test(answers_chapter_9),
		cmocka_unit_test(remembers_what_a_vendor_request_wrote),
		cmocka_unit_test(source_counts_and_sink_checks),
		cmocka_unit_test(loop_gives_back_what_came),
		cmocka_unit_test(answers_in_turn_then_says_nothing),
		cmocka_unit_test(stalls_until_cleared_and_again),
		cmocka_unit_test(one_error_and_short_packets),
		cmocka_unit_test(delays_keep_the_order),
		cmocka_unit_test(naks_for_a_while),
		cmocka_unit_test(silence_ends_with_a_cancel),
		cmocka_unit_test(silent_endpoint_0_does_not_come_out_of_reset),
		cmocka_unit_test(unknown_endpoints_are_errors),
		cmocka_unit_test(leaves_with_a_transfer_and_returns),
		cmocka_unit_test(leaves_after_a_while),
		cmocka_unit_test(reset_may_change_the_device),
		cmocka_unit_test(wakes_only_if_it_was_allowed),
		cmocka_unit_test(streams_are_granted_as_described),
		cmocka_unit_test(streams_overtake_but_keep_their_order),
		cmocka_unit_test(packets_take_their_time),
		cmocka_unit_test(intervals_without_a_packet_are_counted),
		cmocka_unit_test(a_stop_is_no_gap),
		cmocka_unit_test(unpaced_is_at_once_and_counts_the_lead),
		cmocka_unit_test(one_packet_may_fail),
		cmocka_unit_test(sound_is_a_ramp_both_ways),
		cmocka_unit_test(sound_cards_have_one_rate),
		cmocka_unit_test(bulk_pictures_come_at_their_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
