/* SPDX-License-Identifier: MIT */
/*
 * Strings as JSON writes them, for whoever reads JSON: where one ends, and what it says. Strict;
 * an escaped NUL and half a surrogate pair are mistakes. Whether the text is UTF-8 is the caller's
 * to know.
 */
#ifndef OL_BASE_JSON_STRING_H
#define OL_BASE_JSON_STRING_H

#include "base/slice.h"

/* `start` is behind the opening quote. True with *end at the closing quote; false with *end where it
 * goes wrong: the text's end, or a control character. */
bool ol_json_string_end(ol_slice text, size_t start, size_t *end, bool *escaped);

/* What stands between the quotes, into `out`, which has room for raw.len bytes. False for a
 * malformed escape, which begins at *wrong. */
bool ol_json_unescape(ol_slice raw, uint8_t *out, size_t *len, size_t *wrong);

#endif
