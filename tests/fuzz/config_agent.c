// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config_agent - the agent's half of the target "config".
 *
 * The file itself is included, with the name changed that the server has too.
 */
#define settings_read agent_settings_read
#include "settings.c"

#include "config_agent.h"
#include "target.h"

int config_agent_read(const char *path, char *error, size_t len)
{
	struct settings settings;
	int ret = settings_read(path, &settings, error, len);

	if (ret)
		return ret;
	fuzz_check(memchr(settings.name, 0, sizeof(settings.name)));
	fuzz_check(settings.ring.tags >= P2PVHCI_TAGS_MIN &&
		   settings.ring.tags <= P2PVHCI_TAGS_MAX);
	fuzz_check(settings.ring.in_bytes >= P2PVHCI_AREA_MIN &&
		   settings.ring.in_bytes <= P2PVHCI_AREA_MAX);
	fuzz_check(settings.linger_s);
	return 0;
}

static void check_target(const uint8_t *text, size_t len)
{
	const struct wire_device devices[] = {
		{ .busid = "1-1", .vid = 0x1234, .product = "Stick" },
		{ .busid = "1-2", .vid = 0x1234, .product = "stick 2" },
		{ .busid = "2-1", .dev_class = 9, .product = "Hub" },
	};
	struct refusal refusal = { 0 };
	struct target target;
	char sentence[1024];

	if (target_parse(text, len, &target))
		return;
	fuzz_check(*target.peer && *target.device);
	if (target_pick(target.device, devices, 3, &refusal))
		return;
	fuzz_check(refusal.code);
	refusal_sentence(&refusal, sentence, sizeof(sentence));
	fuzz_check(refusal_errno(&refusal) < 4096);
}

static void check_address(const uint8_t *bytes, size_t len)
{
	char host[TARGET_HOST_MAX + 1];
	char *text = malloc(len + 1);
	char port[6];

	fuzz_check(text);
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (!target_address(text, host, port))
		fuzz_check(*host && *port && strlen(port) < sizeof(port));
	free(text);
}

void config_agent_target(struct input *in)
{
	size_t len = in->left;
	uint8_t *text = input_block(in, &len);

	check_target(text, len);
	check_address(text, len);
	free(text);
}
