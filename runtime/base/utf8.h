/* SPDX-License-Identifier: MIT */
/*
 * One strict UTF-8 decoder for everyone who walks over text (validation, escaping).
 */
#ifndef OL_BASE_UTF8_H
#define OL_BASE_UTF8_H

#include "base/slice.h"

#define OL_UTF8_BAD UINT32_MAX

/* Decode the first code point of `s`, which must not be empty. Returns the bytes consumed, at
 * least 1. Malformed input gives OL_UTF8_BAD and consumes the longest prefix that could have
 * begun a code point, so that every damage yields one replacement character. */
size_t ol_utf8_next(ol_slice s, uint32_t *code_point);

#endif
