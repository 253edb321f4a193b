/* SPDX-License-Identifier: MIT */
/*
 * White space as Python's str.strip() has it, which is what xmltodict strips: more than XML
 * calls so, no-break and ideographic spaces among it.
 */
#ifndef XJ_SPACE_H
#define XJ_SPACE_H

#include <stddef.h>

/* How many bytes of white space the UTF-8 text begins with. */
size_t xj_space_before(const unsigned char *text, size_t size);
/* Its size without the white space at its end. */
size_t xj_without_space_behind(const unsigned char *text, size_t size);

#endif
