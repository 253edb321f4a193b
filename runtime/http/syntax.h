/* SPDX-License-Identifier: MIT */
/*
 * The character classes of HTTP/1.1 (RFC 9110 section 5.6), for this room only.
 */
#ifndef OL_HTTP_SYNTAX_H
#define OL_HTTP_SYNTAX_H

#include "base/slice.h"

enum {
    OL_CH_TOKEN = 1,  /* method and field names */
    OL_CH_VALUE = 2,  /* field values: visible, space, tab, and bytes from 0x80 */
    OL_CH_TARGET = 4, /* request targets: visible but '#' (bytes from 0x80 pass) */
    OL_CH_HOST = 8,   /* host and port, brackets of IPv6 included */
    OL_CH_HEX = 16
};

extern const uint8_t ol_http_chars[256];

static inline bool ol_http_char_is(uint8_t ch, unsigned classes)
{
    return (ol_http_chars[ch] & classes) != 0;
}

/* Every byte is of the class. True for the empty slice. */
bool ol_http_all(ol_slice text, unsigned classes);
/* Calls for each element of a comma-separated list, blanks cut off, empty ones left out. */
void ol_http_each_token(ol_slice list, void (*visit)(void *arg, ol_slice token), void *arg);
/* The usual words for a status, "Unknown" otherwise. */
const char *ol_http_reason(int status);

#endif
