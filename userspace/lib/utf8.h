/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utf8 - the characters of a text.
 *
 * Does not judge what a character is good for.
 */
#ifndef P2PUSB_LIB_UTF8_H
#define P2PUSB_LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * utf8_decode() - first character of a text
 * @text: at least one byte
 * @left: bytes there are
 * @rune: out: the character, when the return is not 0
 *
 * Return: its bytes, 0 when it is none: overlong, a surrogate, cut short, or
 * beyond U+10FFFF (RFC 3629).
 */
size_t utf8_decode(const char *text, size_t left, uint32_t *rune);

#endif /* P2PUSB_LIB_UTF8_H */
