// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent_descs - descriptors that came with ATTACHED, asked for over the ring.
 *
 * Does not test how they travel: server_descs and lib_wire do.
 */
#include "agent_bed.h"

static const uint8_t device_desc[18] = { 18, 1, 0x10, 2, 0xef };
static const uint8_t string_desc[] = { 6, 3, 'a', 0, 'b', 0 };

static void put_desc(uint8_t type, uint8_t index, uint16_t lang,
		     const uint8_t *bytes, uint16_t len)
{
	const struct wire_desc desc = {
		.type = type, .index = index, .lang = lang, .len = len,
		.bytes = bytes,
	};
	struct descs *descs = &port->descs;

	descs->data = realloc(descs->data, descs->len + 8u + len);
	descs->len += (uint32_t)wire_desc_put(&desc, descs->data + descs->len,
					      8u + len);
}

static struct p2pvhci_req get_desc(uint32_t slot, uint16_t value, uint16_t lang,
				   uint16_t len)
{
	const uint8_t setup[8] = {
		0x80, 6, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)lang,
		(uint8_t)(lang >> 8), (uint8_t)len, (uint8_t)(len >> 8),
	};
	struct p2pvhci_req req = bulk(slot, slot + 1, 0, len);

	req.type = P2PVHCI_XFER_CONTROL;
	req.out_off = P2PVHCI_OUT_NONE;
	memcpy(req.setup, setup, sizeof(setup));
	return req;
}

static void answers_what_the_device_would(void **state)
{
	const struct p2pvhci_cmp *cmp = kernel.cmps;

	(void)state;
	put_desc(1, 0, 0, device_desc, sizeof(device_desc));
	put_desc(3, 2, 0x0409, string_desc, sizeof(string_desc));
	assert_int_equal(descs_check(&port->descs), 0);
	submit(get_desc(0, 0x0100, 0, 64));
	submit(get_desc(1, 0x0100, 0, 8));
	submit(get_desc(2, 0x0302, 0x0409, 255));
	assert_int_equal(fake.nsent, 0);
	turn();
	assert_int_equal(kernel.ncmps, 3);
	assert_int_equal(cmp[0].status, P2PVHCI_ST_OK);
	assert_int_equal(cmp[0].actual, 18);
	assert_memory_equal(queue->ring.in + cmp[0].in_off, device_desc, 18);
	assert_int_equal(cmp[1].actual, 8);
	assert_int_equal(cmp[2].actual, 6);
	assert_int_equal(port->urbs, 3);
	assert_int_equal(port->bytes_in, 32);
	assert_int_equal(port->in_flight, 0);
}

static void asks_the_device_for_the_rest(void **state)
{
	struct p2pvhci_req req;

	(void)state;
	remote->hello.max_urbs = 16;
	put_desc(1, 0, 0, device_desc, sizeof(device_desc));
	put_desc(3, 2, 0x0409, string_desc, sizeof(string_desc));
	/* Another language, index, type; another recipient, another request. */
	submit(get_desc(0, 0x0302, 0x0407, 255));
	submit(get_desc(1, 0x0303, 0x0409, 255));
	submit(get_desc(2, 0x0600, 0, 10));
	req = get_desc(3, 0x0100, 0, 18);
	req.setup[0] = 0x81;
	submit(req);
	req = get_desc(4, 0x0100, 0, 18);
	req.setup[1] = 7;
	submit(req);
	assert_int_equal(fake.nsent, 5);
	/* What is behind others waits for them. */
	submit(get_desc(5, 0x0100, 0, 18));
	assert_int_equal(fake.nsent, 6);
}

/* Who calls a short answer an error gets it from the device. */
static void leaves_short_not_ok_to_the_device(void **state)
{
	struct p2pvhci_req req = get_desc(0, 0x0100, 0, 64);

	(void)state;
	put_desc(1, 0, 0, device_desc, sizeof(device_desc));
	req.xflags = P2PVHCI_XF_SHORT_NOT_OK;
	submit(req);
	assert_int_equal(fake.nsent, 1);
}

static void forgets_after_a_reset_that_failed(void **state)
{
	struct p2pvhci_req reset = bulk(0, 1, 0, 0);

	(void)state;
	put_desc(1, 0, 0, device_desc, sizeof(device_desc));
	reset.op = P2PVHCI_OP_RESET;
	reset.type = P2PVHCI_XFER_CONTROL;
	submit(reset);
	assert_int_equal(receive(0, complete(1, P2PUSB_ST_OK, 0, 0), 0), 0);
	submit(get_desc(1, 0x0100, 0, 18));
	assert_int_equal(fake.nsent, 1);
	reset.token += 2;
	reset.seq = 3;
	submit(reset);
	assert_int_equal(receive(0, complete(3, P2PUSB_ST_PROTO, 0, 0), 0), 0);
	submit(get_desc(3, 0x0100, 0, 18));
	assert_int_equal(fake.nsent, 3);
}

static void judges_descriptors(void **state)
{
	uint8_t hub[18] = { 18, 1, 0, 2, 9 };

	(void)state;
	put_desc(1, 0, 0, device_desc, 17);
	assert_int_equal(descs_check(&port->descs), -EPROTO);
	descs_drop(&port->descs);
	put_desc(3, 0, 0, string_desc, sizeof(string_desc));
	put_desc(1, 0, 0, hub, sizeof(hub));
	assert_int_equal(descs_check(&port->descs), -EPERM);
	port->descs.len--;
	assert_int_equal(descs_check(&port->descs), -EPROTO);
	descs_drop(&port->descs);
	assert_int_equal(descs_check(&port->descs), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(answers_what_the_device_would),
		BED_TEST(asks_the_device_for_the_rest),
		BED_TEST(leaves_short_not_ok_to_the_device),
		BED_TEST(forgets_after_a_reset_that_failed),
		BED_TEST(judges_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
