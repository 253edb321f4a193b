/* SPDX-License-Identifier: MIT */
/*
 * Whether a secret, or the way in which an encoder writes it, stands in a text: as it is, or with what
 * such writers put in between.
 */
#ifndef OL_CLI_SECRET_SEARCH_H
#define OL_CLI_SECRET_SEARCH_H

#include "base/slice.h"

/* All: `form` is not empty. */
bool ol_secret_stands_in(ol_slice text, ol_slice form);
/* Letters of either case. */
bool ol_secret_stands_in_any_case(ol_slice text, ol_slice form);
/* Base64, perhaps over several lines, also where line ends are written "\r\n" or "\n" with a backslash. */
bool ol_secret_stands_in_lines(ol_slice text, ol_slice base64);
/* Hexadecimal in lower case, found in either and with separators between the bytes: "61:62", "61 62",
 * "0x61, 0x62", "\x61\x62". */
bool ol_secret_stands_in_dump(ol_slice text, ol_slice hex);
/* UTF-8, some or all of whose characters are written as references ("&#97;", "&#x61;", "&amp;"). Letters
 * of either case. False for a text without any. */
bool ol_secret_stands_in_references(ol_slice text, ol_slice secret);

#endif
