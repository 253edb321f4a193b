/* SPDX-License-Identifier: MIT */
/*
 * From the document's encoding to UTF-8. The parser only ever sees UTF-8 and is told to ignore
 * what the document declares: it would otherwise ask iconv, which opens files, which a host
 * cannot. UTF-8, UTF-16, US-ASCII, ISO-8859-1 and windows-1252 are known; others are refused.
 */
#ifndef XJ_DECODE_H
#define XJ_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So much of the beginning is looked at for a byte order mark and an XML declaration. */
#define XJ_SNIFF_BYTES 1024
/* No piece of input becomes more than this many times as long. */
#define XJ_DECODE_GROWTH 3

enum xj_encoding { XJ_UTF8, XJ_ASCII, XJ_LATIN1, XJ_WINDOWS1252, XJ_UTF16LE, XJ_UTF16BE };

struct xj_decoder {
    enum xj_encoding encoding;
    uint8_t half;        /* UTF-16: the first byte of a unit whose second is to come */
    bool has_half;
    uint16_t surrogate;  /* the first of a pair, or 0 */
};

/* What xj_decoder_begin answers to bytes that are no XML in any encoding. */
extern const char xj_not_xml[];

/* Find out the encoding from the first bytes (all there are, or XJ_SNIFF_BYTES). *skip: how
 * many of them are a byte order mark. NULL, or what is wrong. */
const char *xj_decoder_begin(struct xj_decoder *d, const uint8_t *bytes, size_t size, size_t *skip);
/* `out` has room for XJ_DECODE_GROWTH * (size + 2). *written: how much of it was used. NULL, or
 * what is wrong. */
const char *xj_decode(struct xj_decoder *d, const uint8_t *bytes, size_t size, uint8_t *out,
                      size_t *written);
/* After the last byte: NULL, or what is wrong. */
const char *xj_decoder_end(const struct xj_decoder *d);

#endif
