/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text - make text of peers, daemons and the kernel harmless on a terminal.
 *
 * Pure.  Does not print and does not know locales: output is UTF-8.
 */
#ifndef P2PUSB_CTL_TEXT_H
#define P2PUSB_CTL_TEXT_H

#include <stddef.h>

/**
 * text_clean() - replace what a terminal would obey instead of show
 * @text: NUL-terminated, changed in place, never longer than before
 *
 * Control characters (C0, DEL, C1), what is no UTF-8, and the invisible
 * characters that change the order of others each become one "?".
 */
void text_clean(char *text);

/**
 * text_width() - characters of a text
 * @text: clean
 *
 * Return: code points; wide and combining ones count as one.
 */
size_t text_width(const char *text);

#endif /* P2PUSB_CTL_TEXT_H */
