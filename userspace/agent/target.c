// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target - what a tool asks for: PEER/DEVICE, and HOST:PORT of a peer.
 *
 * Does not resolve and does not dial.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "target.h"

int target_parse(const uint8_t *text, size_t len, struct target *target)
{
	const uint8_t *slash = memchr(text, '/', len);
	size_t npeer;
	size_t ndevice;
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return -EINVAL;
	if (!slash)
		return -EINVAL;
	npeer = (size_t)(slash - text);
	ndevice = len - npeer - 1;
	if (!npeer || npeer > PEER_NAME_MAX)
		return -EINVAL;
	if (!ndevice || ndevice > TARGET_DEVICE_MAX)
		return -EINVAL;
	memset(target, 0, sizeof(*target));
	memcpy(target->peer, text, npeer);
	memcpy(target->device, slash + 1, ndevice);
	return 0;
}

static int matches(const char *text, const struct wire_device *device)
{
	if (!strcmp(text, device->busid))
		return 1;
	if (!peer_pattern_check(text) && peer_pattern_match(text, device))
		return 1;
	return device->product[0] &&
	       !fnmatch(text, device->product, FNM_CASEFOLD | FNM_NOESCAPE);
}

/* "1-1.4 (0781:5583 Ultra Fit)", as many as fit. */
static void candidates(const char *text, const struct wire_device *devices,
		       size_t count, char *buf, size_t len)
{
	size_t used = 0;
	size_t i;
	int n;

	buf[0] = '\0';
	for (i = 0; i < count && used < len; i++) {
		if (!matches(text, &devices[i]))
			continue;
		n = snprintf(buf + used, len - used, "%s%s (%04x:%04x %s)",
			     used ? ", " : "", devices[i].busid, devices[i].vid,
			     devices[i].pid, devices[i].product);
		if (n < 0 || (size_t)n >= len - used)
			break;
		used += (size_t)n;
	}
	/* A name that was cut is no name to copy. */
	if (i < count)
		buf[used] = '\0';
}

static const struct wire_device *
pick_exact(const char *text, const struct wire_device *devices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(text, devices[i].busid))
			return &devices[i];
	return NULL;
}

const struct wire_device *target_pick(const char *device,
				      const struct wire_device *devices,
				      size_t count, struct refusal *refusal)
{
	const struct wire_device *found = NULL;
	char names[384];
	size_t hits = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!matches(device, &devices[i]))
			continue;
		found = &devices[i];
		hits++;
	}
	/* A bus id is a name, even if some product is called the same. */
	if (hits > 1 && pick_exact(device, devices, count)) {
		found = pick_exact(device, devices, count);
		hits = 1;
	}
	if (!hits) {
		refusal_set(refusal, "E_UNKNOWN_DEVICE", "p2pusbctl list PEER",
			    "none of the %zu devices it offers answers to that name",
			    count);
		return NULL;
	}
	if (hits > 1) {
		candidates(device, devices, count, names, sizeof(names));
		refusal_set(refusal, "E_AMBIGUOUS", NULL,
			    "%zu devices answer to it: %s", hits, names);
		return NULL;
	}
	if (device_is_hub(found)) {
		refusal_set(refusal, "E_UNSUPPORTED", NULL,
			    "%s is a hub; attach what is plugged into it",
			    found->busid);
		return NULL;
	}
	return found;
}

static int put_port(const char *text, char port[6])
{
	unsigned long value;
	char *end;

	if (!*text || strlen(text) > 5 || strspn(text, "0123456789") !=
	    strlen(text))
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (!value || value > 65535)
		return -EINVAL;
	strcpy(port, text);
	return 0;
}

static int put_host(const char *text, size_t len,
		    char host[TARGET_HOST_MAX + 1])
{
	if (!len || len > TARGET_HOST_MAX)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	return 0;
}

int target_address(const char *text, char host[TARGET_HOST_MAX + 1],
		   char port[6])
{
	const char *colon = strrchr(text, ':');
	const char *end;

	snprintf(port, 6, "%u", P2PUSB_PORT_DEFAULT);
	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || put_host(text + 1, (size_t)(end - text - 1), host))
			return -EINVAL;
		if (!end[1])
			return 0;
		return end[1] == ':' ? put_port(end + 2, port) : -EINVAL;
	}
	/* Two colons without brackets: an IPv6 address, no port. */
	if (!colon || strchr(text, ':') != colon)
		return put_host(text, strlen(text), host);
	if (put_host(text, (size_t)(colon - text), host))
		return -EINVAL;
	return put_port(colon + 1, port);
}
