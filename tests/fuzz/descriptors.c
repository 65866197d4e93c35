// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * descriptors - of a hostile device to the server, of a server to the agent.
 *
 * What the server makes of any device the agent must be able to read.
 */
#include <errno.h>

#include "descriptors_agent.h"
#include "descs.h"
#include "engine_desc.h"
#include "input.h"
#include "wire_desc.h"

static struct input device;

/* Answers of a device: length, then bytes; 0 refuses, 255 does not answer. */
static int control(struct engine_device *dev, const uint8_t setup[8],
		   void *data, unsigned int timeout_ms)
{
	unsigned int most = setup[6] | setup[7] << 8;
	uint16_t len = input_u8(&device);

	(void)dev;
	fuzz_check(setup[0] == 0x80 && setup[1] == 6);
	fuzz_check(timeout_ms && most <= 4096);
	if (!len)
		return -EPIPE;
	if (len == 255)
		return -ETIMEDOUT;
	if (len == 254)
		len = input_u16(&device);
	if (len > most)
		len = most;
	input_copy(&device, data, len);
	return len;
}

static void read_device(struct input *in)
{
	static const uint8_t get_string[8] = { 0x80, 6, 1, 3, 9, 4, 255, 0 };
	const struct engine_ops ops = { .control = control };
	unsigned int quirks = input_u32(in);
	struct descs descs = { 0 };
	struct wire_desc desc;
	const uint8_t *at;
	int ret;

	device = *in;
	descs_read(&ops, NULL, quirks, &descs);
	fuzz_check(descs.len <= P2PUSB_DESCS_MAX && !descs.data == !descs.len);
	at = descs.data;
	while (at && (ret = wire_desc_get(&at, descs.data + descs.len, &desc)))
		fuzz_check(ret > 0);
	ret = descriptors_agent(descs.data, descs.len, get_string);
	/* It may be a hub; it cannot be malformed. */
	fuzz_check(ret != -EPROTO);
	descs_drop(&descs);
}

static void read_from_server(struct input *in)
{
	size_t len = SIZE_MAX;
	uint8_t setup[8];
	uint8_t *bytes;

	input_copy(in, setup, sizeof(setup));
	bytes = input_block(in, &len);
	descriptors_agent(bytes, len, setup);
	free(bytes);
}

/* What usbfs gives of a device: all its configurations. */
static void read_configurations(struct input *in)
{
	unsigned int config = input_u8(in);
	unsigned int number = input_u8(in);
	unsigned int alt = input_u8(in);
	uint8_t types[ENGINE_EP_COUNT];
	size_t len = SIZE_MAX;
	uint8_t *bytes = input_block(in, &len);
	const struct engine_desc desc = { bytes, len };
	uint32_t mask;
	unsigned int i;

	memset(types, ENGINE_EP_NONE, sizeof(types));
	engine_desc_interfaces(&desc, config);
	mask = engine_desc_endpoints(&desc, config, number, alt, types);
	for (i = 0; i < ENGINE_EP_COUNT; i++)
		fuzz_check((types[i] <= P2PUSB_XFER_INTERRUPT) ==
			   (mask >> i & 1));
	fuzz_check(engine_desc_endpoints(&desc, config, number, alt, NULL) ==
		   mask);
	free(bytes);
}

static void (*const parts[])(struct input *in) = {
	read_device,
	read_from_server,
	read_configurations,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	parts[input_pick(&in, sizeof(parts) / sizeof(parts[0]))](&in);
	return 0;
}
