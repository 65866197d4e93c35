/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ffsdev_desc - what ffsdev tells FunctionFS about itself.
 *
 * To be written to ep0, the descriptors first.  No behaviour.
 */
#ifndef P2PUSB_TESTS_FFSDEV_DESC_H
#define P2PUSB_TESTS_FFSDEV_DESC_H

#include <stddef.h>

extern const void *const ffsdev_descriptors;
extern const size_t ffsdev_descriptors_size;
extern const void *const ffsdev_strings;
extern const size_t ffsdev_strings_size;

#endif /* P2PUSB_TESTS_FFSDEV_DESC_H */
