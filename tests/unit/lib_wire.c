// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib_wire - the codec: round trips, golden bytes, and everything a hostile
 * peer can do to one message.  Streams of messages are the link's test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "wire.h"
#include "wire_desc.h"
#include "wire_packet.h"

static const uint16_t types[] = {
	P2PUSB_MSG_HELLO, P2PUSB_MSG_LIST, P2PUSB_MSG_DEVICE,
	P2PUSB_MSG_DEVICE_GONE, P2PUSB_MSG_LIST_END, P2PUSB_MSG_ATTACH,
	P2PUSB_MSG_ATTACHED, P2PUSB_MSG_REFUSED, P2PUSB_MSG_DETACH,
	P2PUSB_MSG_DETACHED, P2PUSB_MSG_PING, P2PUSB_MSG_PONG,
	P2PUSB_MSG_EP_OPEN, P2PUSB_MSG_SUBMIT, P2PUSB_MSG_CANCEL,
	P2PUSB_MSG_RESET, P2PUSB_MSG_COMPLETE, P2PUSB_MSG_STREAMS,
	P2PUSB_MSG_POWER, P2PUSB_MSG_WAKEUP,
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

static struct wire_device device_sample(void)
{
	return (struct wire_device) {
		.busid = "1-1.4", .vid = 0x0403, .pid = 0x6001,
		.bcd_device = 0x0600, .dev_class = 0xef, .dev_subclass = 2,
		.dev_protocol = 1, .speed = P2PUSB_SPEED_HIGH,
		.state = P2PUSB_DEVICE_FREE, .classes = { 8, 3 },
		.manufacturer = "Größe", .product = "Stick", .serial = "A1",
	};
}

/* A legal message of each type, with every field set. */
static struct wire_msg sample(uint16_t type)
{
	struct wire_msg msg = { .type = type };

	switch (type) {
	case P2PUSB_MSG_HELLO:
		msg.hello = (struct wire_hello) {
			.major = 1, .minor = 7, .max_urbs = 64,
			.caps = 0x8000000000000001, .max_urb_bytes = 1 << 20,
			.max_ep_bytes = 4 << 20, .boot_id = { 1, 2, 3 },
			.name = "lab",
		};
		break;
	case P2PUSB_MSG_DEVICE:
		msg.device = device_sample();
		break;
	case P2PUSB_MSG_DEVICE_GONE:
		strcpy(msg.device_gone.busid, "2-1");
		break;
	case P2PUSB_MSG_ATTACH:
		msg.attach = (struct wire_attach) {
			.req = 9, .session = { 5 }, .busid = "1-1",
		};
		break;
	case P2PUSB_MSG_ATTACHED:
		msg.attached = (struct wire_attached) {
			.req = 9, .dev = 3, .device = device_sample(),
		};
		break;
	case P2PUSB_MSG_REFUSED:
		msg.refused = (struct wire_refused) {
			.req = 9, .code = P2PUSB_CODE_BUSY, .text = "taken",
		};
		break;
	case P2PUSB_MSG_DETACH:
		msg.detach.dev = 3;
		break;
	case P2PUSB_MSG_DETACHED:
		msg.detached = (struct wire_detached) {
			.dev = 3, .code = P2PUSB_CODE_UNPLUGGED, .text = "gone",
		};
		break;
	case P2PUSB_MSG_PING:
	case P2PUSB_MSG_PONG:
		msg.ping.cookie = 0x0102030405060708;
		break;
	case P2PUSB_MSG_EP_OPEN:
		msg.ep_open = (struct wire_ep_open) {
			.dev = 3, .epoch = 11, .ep = 0x81,
			.type = P2PUSB_XFER_BULK, .interval = 8,
		};
		break;
	case P2PUSB_MSG_SUBMIT:
		msg.payload = 31;
		msg.submit = (struct wire_submit) {
			.seq = 77, .epoch = 11, .length = 31,
			.flags = P2PUSB_XF_ZERO_PACKET, .stream = 0,
			.interval = 1, .start_frame = 4,
			.setup = { 0x80, 6, 0, 1, 0, 0, 18, 0 },
		};
		break;
	case P2PUSB_MSG_CANCEL:
		msg.cancel = (struct wire_cancel) { .seq = 77, .epoch = 11 };
		break;
	case P2PUSB_MSG_RESET:
		msg.reset = (struct wire_reset) { .seq = 78, .epoch = 11 };
		break;
	case P2PUSB_MSG_COMPLETE:
		msg.payload = 13;
		msg.complete = (struct wire_complete) {
			.seq = 77, .epoch = 11, .status = P2PUSB_ST_STALL,
			.actual = 13, .queue_us = 2, .device_us = 125,
			.start_frame = 4,
		};
		break;
	case P2PUSB_MSG_STREAMS:
		msg.streams = (struct wire_streams) {
			.seq = 79, .epoch = 11, .wanted = 16, .neps = 3,
			.eps = { 0x81, 2, 0x83 },
		};
		break;
	case P2PUSB_MSG_POWER:
		msg.power = (struct wire_power) {
			.seq = 80, .epoch = 11, .state = P2PUSB_POWER_SUSPEND,
		};
		break;
	case P2PUSB_MSG_WAKEUP:
		msg.wakeup.dev = 3;
		break;
	}
	return msg;
}

static void round_trip_of_every_type(void **state)
{
	uint8_t again[WIRE_BUF_LEN];
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg want;
	struct wire_msg got;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < NTYPES; i++) {
		want = sample(types[i]);
		len = wire_put(&want, buf);
		assert_int_equal(len, WIRE_HEAD_LEN + wire_body_len(types[i]));
		assert_int_equal(wire_peek(buf), len);
		assert_int_equal(wire_get(buf, len, &got), 0);
		assert_int_equal(got.type, want.type);
		assert_int_equal(got.payload, want.payload);
		assert_int_equal(wire_put(&got, again), len);
		assert_memory_equal(buf, again, len);
	}
}

static void fields_arrive_in_their_places(void **state)
{
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg = sample(P2PUSB_MSG_COMPLETE);
	struct wire_msg got;
	size_t len = wire_put(&msg, buf);

	(void)state;
	assert_int_equal(wire_get(buf, len, &got), 0);
	assert_int_equal(got.complete.seq, 77);
	assert_int_equal(got.complete.status, P2PUSB_ST_STALL);
	assert_int_equal(got.complete.actual, 13);
	assert_int_equal(got.complete.device_us, 125);

	msg = sample(P2PUSB_MSG_ATTACHED);
	len = wire_put(&msg, buf);
	assert_int_equal(wire_get(buf, len, &got), 0);
	assert_string_equal(got.attached.device.busid, "1-1.4");
	assert_string_equal(got.attached.device.manufacturer, "Größe");
	assert_int_equal(got.attached.device.pid, 0x6001);
	assert_int_equal(got.attached.device.classes[1], 3);
}

static void golden_bytes_of_version_1(void **state)
{
	static const uint8_t cancel[] = {
		24, 0, 0, 0, 34, 0, 0, 0,
		77, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t submit[] = {
		79, 0, 0, 0, 33, 0, 0, 0,
		77, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 2, 0, 0, 0,
		31, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
		0x80, 6, 0, 1, 0, 0, 18, 0,
	};
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg;

	(void)state;
	msg = sample(P2PUSB_MSG_CANCEL);
	assert_int_equal(wire_put(&msg, buf), sizeof(cancel));
	assert_memory_equal(buf, cancel, sizeof(cancel));
	msg = sample(P2PUSB_MSG_SUBMIT);
	assert_int_equal(wire_put(&msg, buf), sizeof(submit));
	assert_memory_equal(buf, submit, sizeof(submit));
}

static void truncation_at_every_byte_is_refused(void **state)
{
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg;
	struct wire_msg got;
	uint8_t *cut;
	size_t len;
	size_t n;
	size_t i;

	(void)state;
	for (i = 0; i < NTYPES; i++) {
		msg = sample(types[i]);
		len = wire_put(&msg, buf);
		for (n = 0; n < len; n++) {
			/* A heap copy of just n bytes: ASan sees a read past. */
			cut = malloc(n ? n : 1);
			memcpy(cut, buf, n);
			assert_int_equal(wire_get(cut, n, &got), -EPROTO);
			free(cut);
		}
	}
}

static void put_head(uint8_t *buf, uint32_t len, uint16_t type, uint16_t flags)
{
	const uint8_t head[] = {
		len & 255, len >> 8 & 255, len >> 16 & 255, len >> 24,
		type & 255, type >> 8, flags & 255, flags >> 8,
	};

	memcpy(buf, head, sizeof(head));
}

static void lengths_and_types_out_of_range_are_refused(void **state)
{
	uint8_t buf[WIRE_BUF_LEN] = { 0 };

	(void)state;
	put_head(buf, P2PUSB_MSG_MAX + 1, P2PUSB_MSG_SUBMIT, 0);
	assert_int_equal(wire_peek(buf), -EMSGSIZE);
	put_head(buf, UINT32_MAX, P2PUSB_MSG_SUBMIT, 0);
	assert_int_equal(wire_peek(buf), -EMSGSIZE);
	put_head(buf, 7, P2PUSB_MSG_LIST, 0);
	assert_int_equal(wire_peek(buf), -EPROTO);
	put_head(buf, 8, P2PUSB_MSG_HELLO, 0);
	assert_int_equal(wire_peek(buf), -EPROTO);
	put_head(buf, 64, 999, 0);
	assert_int_equal(wire_peek(buf), -EPROTO);
	put_head(buf, 64, 0, 0);
	assert_int_equal(wire_peek(buf), -EPROTO);
	put_head(buf, 8, P2PUSB_MSG_LIST, 0x8000);
	assert_int_equal(wire_peek(buf), -EPROTO);
}

static void unknown_optional_message_is_skipped_whole(void **state)
{
	uint8_t buf[WIRE_BUF_LEN] = { 0 };
	struct wire_msg got;

	(void)state;
	put_head(buf, 64, 999, P2PUSB_HEAD_OPTIONAL);
	assert_int_equal(wire_peek(buf), 64);
	assert_int_equal(wire_get(buf, 64, &got), -ENOMSG);
}

static void refused_with(uint16_t type, size_t at, uint8_t value)
{
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg = sample(type);
	struct wire_msg got;
	size_t len = wire_put(&msg, buf);

	buf[WIRE_HEAD_LEN + at] = value;
	assert_int_equal(wire_get(buf, len, &got), -EPROTO);
}

static void illegal_values_are_refused(void **state)
{
	(void)state;
	/* status, reserved word, payload that is not @actual */
	refused_with(P2PUSB_MSG_COMPLETE,
		     offsetof(struct p2pusb_complete, status), P2PUSB_ST_MAX);
	refused_with(P2PUSB_MSG_COMPLETE,
		     offsetof(struct p2pusb_complete, rsv), 1);
	refused_with(P2PUSB_MSG_COMPLETE,
		     offsetof(struct p2pusb_complete, actual), 14);
	refused_with(P2PUSB_MSG_SUBMIT,
		     offsetof(struct p2pusb_submit, length), 30);
	refused_with(P2PUSB_MSG_SUBMIT,
		     offsetof(struct p2pusb_submit, flags), 0x80);
	refused_with(P2PUSB_MSG_EP_OPEN,
		     offsetof(struct p2pusb_ep_open, type), 4);
	refused_with(P2PUSB_MSG_DEVICE,
		     offsetof(struct p2pusb_device, speed), 0);
	refused_with(P2PUSB_MSG_DEVICE,
		     offsetof(struct p2pusb_device, state), 3);
	/* bytes behind the end of a text */
	refused_with(P2PUSB_MSG_ATTACH,
		     offsetof(struct p2pusb_attach, busid) + 20, 'x');
	refused_with(P2PUSB_MSG_ATTACH,
		     offsetof(struct p2pusb_attach, flags), 1);
}

#define RSV(t, s, f)	{ P2PUSB_MSG_##t, offsetof(struct p2pusb_##s, f), \
			  sizeof(((struct p2pusb_##s *)0)->f) }

static void reserved_bytes_are_zero_all_of_them(void **state)
{
	static const struct {
		uint16_t type;
		size_t at;
		size_t len;
	} rows[] = {
		RSV(DEVICE, device, rsv), RSV(ATTACHED, attached, device.rsv),
		RSV(ATTACH, attach, flags), RSV(DETACH, detach, rsv),
		RSV(EP_OPEN, ep_open, rsv), RSV(CANCEL, cancel, rsv),
		RSV(RESET, reset, rsv), RSV(COMPLETE, complete, rsv),
		RSV(STREAMS, streams, rsv), RSV(WAKEUP, wakeup, rsv),
	};
	size_t i;
	size_t n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (n = 0; n < rows[i].len; n++)
			refused_with(rows[i].type, rows[i].at + n, 1);
}

static void only_transfers_carry_payload(void **state)
{
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg;
	struct wire_msg got;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < NTYPES; i++) {
		msg = sample(types[i]);
		msg.payload += msg.type == P2PUSB_MSG_ATTACHED ?
			       P2PUSB_DESCS_MAX + 1 : 5;
		len = wire_put(&msg, buf);
		assert_int_equal(wire_get(buf, len, &got), -EPROTO);
	}
}

static void text_of_a_peer_cannot_hurt_a_terminal(void **state)
{
	struct wire_msg msg = sample(P2PUSB_MSG_REFUSED);
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg got;
	size_t len;

	(void)state;
	strcpy(msg.refused.text, "a\033[2Jb\nc\x9b\xc2\x9b\xff\xc0\xafö\xed\xa0\x80");
	len = wire_put(&msg, buf);
	assert_int_equal(wire_get(buf, len, &got), 0);
	assert_string_equal(got.refused.text, "a?[2Jb?c" "???" "???" "ö???");
}

static void packets_travel_ahead_of_the_payload(void **state)
{
	struct wire_msg msg = sample(P2PUSB_MSG_COMPLETE);
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg got;
	size_t len;

	(void)state;
	msg.complete.npkt = 2;
	msg.payload = 2 * WIRE_PACKET_SIZE + msg.complete.actual;
	len = wire_put(&msg, buf);
	assert_int_equal(wire_get(buf, len, &got), 0);
	msg.payload = 2 * WIRE_PACKET_SIZE;
	len = wire_put(&msg, buf);
	assert_int_equal(wire_get(buf, len, &got), 0);
	msg.payload = WIRE_PACKET_SIZE;
	len = wire_put(&msg, buf);
	assert_int_equal(wire_get(buf, len, &got), -EPROTO);
}

static void packets_must_add_up(void **state)
{
	static const struct wire_packet packets[] = {
		{ 188, P2PUSB_ST_OK }, { 0, P2PUSB_ST_XDEV },
	};
	static const uint32_t lens[] = { 1024, 512 };
	uint8_t buf[2 * WIRE_PACKET_SIZE];
	struct wire_packet got[2];
	uint32_t out[2];

	(void)state;
	wire_packet_put(buf, packets, 2);
	assert_int_equal(wire_packet_get(buf, got, 2, 188), 0);
	assert_int_equal(got[0].actual, 188);
	assert_int_equal(got[1].status, P2PUSB_ST_XDEV);
	assert_int_equal(wire_packet_get(buf, got, 2, 189), -EPROTO);
	buf[4] = P2PUSB_ST_MAX;
	assert_int_equal(wire_packet_get(buf, got, 2, 188), -EPROTO);
	wire_packet_put_lens(buf, lens, 2);
	assert_int_equal(wire_packet_get_lens(buf, out, 2, 1536), 0);
	assert_int_equal(out[1], 512);
	assert_int_equal(wire_packet_get_lens(buf, out, 2, 1535), -EPROTO);
	/* A sum that wraps around 32 bit is no sum. */
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(wire_packet_get_lens(buf, out, 2, UINT32_MAX - 1),
			 -EPROTO);
}

static void descriptors_arrive_as_they_are(void **state)
{
	static const uint8_t bytes[] = { 4, 3, 9, 4 };
	const struct wire_desc desc = {
		.type = 3, .index = 7, .lang = 0x0409, .len = 4, .bytes = bytes,
	};
	const uint8_t *at, *end;
	struct wire_desc got;
	uint8_t buf[24];
	size_t cut;

	(void)state;
	assert_int_equal(wire_desc_put(&desc, buf, 11), 0);
	assert_int_equal(wire_desc_put(&desc, buf, 12), 12);
	assert_int_equal(wire_desc_put(&desc, buf + 12, 12), 12);
	assert_int_equal(buf[2], 0x09);
	assert_int_equal(buf[4], 4);
	at = buf;
	end = buf + sizeof(buf);
	assert_int_equal(wire_desc_get(&at, end, &got), 1);
	assert_int_equal(wire_desc_get(&at, end, &got), 1);
	assert_int_equal(got.type << 8 | got.index, 0x0307);
	assert_int_equal(got.lang, 0x0409);
	assert_int_equal(got.len, 4);
	assert_memory_equal(got.bytes, bytes, 4);
	assert_int_equal(wire_desc_get(&at, end, &got), 0);
	for (cut = 1; cut < 12; cut++) {
		at = buf;
		assert_int_equal(wire_desc_get(&at, buf + cut, &got), -EPROTO);
	}
	at = buf;
	buf[6] = 1;
	assert_int_equal(wire_desc_get(&at, end, &got), -EPROTO);
	buf[6] = 0;
	buf[4] = 0;
	assert_int_equal(wire_desc_get(&at, end, &got), -EPROTO);
}

/* Any bytes: no crash, and what is accepted encodes to the same bytes. */
static void random_bytes_never_hurt(void **state)
{
	uint8_t again[WIRE_BUF_LEN];
	uint8_t buf[WIRE_BUF_LEN];
	struct wire_msg msg;
	unsigned int round;
	size_t len;
	long want;

	(void)state;
	srand(1);
	for (round = 0; round < 200000; round++) {
		msg = sample(types[(size_t)rand() % NTYPES]);
		len = wire_put(&msg, buf);
		buf[(size_t)rand() % len] = (uint8_t)rand();
		buf[(size_t)rand() % len] ^= (uint8_t)(1 << (rand() & 7));
		want = wire_peek(buf);
		if (want < 0 || want > (long)len)
			continue;
		if (wire_get(buf, (size_t)want, &msg))
			continue;
		assert_int_equal(wire_put(&msg, again), want);
		if (msg.type != P2PUSB_MSG_SUBMIT)
			continue;
		assert_memory_equal(buf, again, (size_t)want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_of_every_type),
		cmocka_unit_test(fields_arrive_in_their_places),
		cmocka_unit_test(golden_bytes_of_version_1),
		cmocka_unit_test(truncation_at_every_byte_is_refused),
		cmocka_unit_test(lengths_and_types_out_of_range_are_refused),
		cmocka_unit_test(unknown_optional_message_is_skipped_whole),
		cmocka_unit_test(illegal_values_are_refused),
		cmocka_unit_test(reserved_bytes_are_zero_all_of_them),
		cmocka_unit_test(only_transfers_carry_payload),
		cmocka_unit_test(text_of_a_peer_cannot_hurt_a_terminal),
		cmocka_unit_test(packets_travel_ahead_of_the_payload),
		cmocka_unit_test(packets_must_add_up),
		cmocka_unit_test(descriptors_arrive_as_they_are),
		cmocka_unit_test(random_bytes_never_hurt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
