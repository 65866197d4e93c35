// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * utf8 - the characters of a text.
 */
#include "utf8.h"

static size_t utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t utf8_decode(const char *text, size_t left, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)text;
	size_t len = utf8_len(p[0]);
	size_t i;

	if (!len || len > left)
		return 0;
	*rune = len == 1 ? p[0] : p[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*rune = *rune << 6 | (p[i] & 0x3f);
	}
	if (*rune < least[len] || *rune > 0x10ffff ||
	    (*rune >= 0xd800 && *rune < 0xe000))
		return 0;
	return len;
}
