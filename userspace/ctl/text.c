// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text - make text of peers, daemons and the kernel harmless on a terminal.
 *
 * A product name is chosen by whoever made the device: "\033]0;" in it must not
 * reach a terminal, nor may it reorder the line it stands in.
 */
#include "text.h"

#include <stdint.h>
#include <string.h>

/* First and last of the code points that are never printed. */
static const uint32_t text_hidden[][2] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad },
	{ 0x061c, 0x061c }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
	{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	{ 0xe0000, 0xe0fff },
};

static int text_is_hidden(uint32_t point)
{
	size_t i;

	for (i = 0; i < sizeof(text_hidden) / sizeof(text_hidden[0]); i++)
		if (point >= text_hidden[i][0] && point <= text_hidden[i][1])
			return 1;
	return 0;
}

/* Bytes of the UTF-8 character at @s, 0 when it is none. */
static size_t text_take(const unsigned char *s, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	*point = s[0];
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	*point = s[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3f);
	}
	if (*point < least[len] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return len;
}

void text_clean(char *text)
{
	char *in = text, *out = text;
	uint32_t point;
	size_t len;

	while (*in) {
		len = text_take((unsigned char *)in, &point);
		if (len && !text_is_hidden(point)) {
			memmove(out, in, len);
			out += len;
		} else {
			*out++ = '?';
		}
		in += len ? len : 1;
	}
	*out = '\0';
}

size_t text_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}
