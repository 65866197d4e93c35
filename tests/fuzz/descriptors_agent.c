// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * descriptors_agent - the agent's half of the target "descriptors".
 *
 * The file itself is included, with its one public name that the server has as
 * well changed.
 */
#define descs_drop agent_descs_drop
#include "descs.c"

#include "descriptors_agent.h"
#include "input.h"

static void look_up(const struct descs *descs, const uint8_t setup[8])
{
	const uint8_t *end = descs->data + descs->len;
	struct wire_desc found;
	uint8_t sum = 0;
	uint16_t i;

	if (!descs_find(descs, setup, &found))
		return;
	fuzz_check(setup[0] == 0x80 && setup[1] == 6);
	fuzz_check(found.type == setup[3] && found.index == setup[2]);
	fuzz_check(found.bytes >= descs->data && found.len &&
		   found.len <= end - found.bytes);
	for (i = 0; i < found.len; i++)
		sum += found.bytes[i];
	(void)sum;
}

int descriptors_agent(const uint8_t *bytes, size_t len, const uint8_t setup[8])
{
	struct descs descs = { 0 };
	void *room;
	int ret;

	room = descs_room(&descs, (uint32_t)len);
	fuzz_check(room);
	if (len)
		memcpy(room, bytes, len);
	ret = descs_check(&descs);
	fuzz_check(!ret || ret == -EPROTO || ret == -EPERM);
	if (!ret)
		look_up(&descs, setup);
	descs_drop(&descs);
	return ret;
}
