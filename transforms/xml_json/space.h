/* SPDX-License-Identifier: MIT */
/* White space as xmltodict strips it: what Python's str.strip() takes away. Text is UTF-8. */
#ifndef XJ_SPACE_H
#define XJ_SPACE_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes at the beginning are white space. */
size_t xj_space_before(const uint8_t *text, size_t size);
/* How many bytes are left without the white space at the end. */
size_t xj_space_trimmed(const uint8_t *text, size_t size);

#endif
