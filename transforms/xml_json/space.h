/* SPDX-License-Identifier: MIT */
/* White space around text, which is UTF-8: what Python's str.strip() takes away, or with
 * XJ_STRIP_XML the four characters that XML calls white. */
#ifndef XJ_SPACE_H
#define XJ_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "convention.h"

/* How many bytes at the beginning are white space. */
size_t xj_space_before(const uint8_t *text, size_t size, enum xj_strip strip);
/* How many bytes are left without the white space at the end. */
size_t xj_space_trimmed(const uint8_t *text, size_t size, enum xj_strip strip);

#endif
