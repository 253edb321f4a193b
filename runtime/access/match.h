/* SPDX-License-Identifier: MIT */
/*
 * Wildcards as policies write them: '*' is any run of bytes, '?' any one byte. Linear in the
 * product of the lengths, no recursion.
 */
#ifndef OL_ACCESS_MATCH_H
#define OL_ACCESS_MATCH_H

#include "base/slice.h"

bool ol_access_match(ol_slice pattern, ol_slice text, bool ignore_case);

/* The same for patterns in which a '*' may also stand for itself: one unit a byte, or one of
 * these. */
#define OL_MATCH_ANY_RUN 0x100u
#define OL_MATCH_ANY_ONE 0x101u
bool ol_access_match_units(const uint16_t *pattern, size_t pattern_len, ol_slice text);

#define OL_MATCH_PATTERN_BYTES_MAX 2048
/* Could the pattern match some text that begins like this? False of longer patterns. */
bool ol_access_match_may_begin(ol_slice pattern, ol_slice beginning);

#endif
