/* SPDX-License-Identifier: MIT */
/*
 * The encodings beside Unicode's own, ISO-8859-1 and US-ASCII that a document may declare: those of
 * one byte a character as tables, made when the process starts; those of several by iconv, whose
 * converters are loaded then and stay, because nothing can be opened later.
 */
#ifndef XJ_CHARSET_H
#define XJ_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XJ_NO_CHARACTER 0xffffu /* this byte means nothing */

struct xj_charset {
    const char *names; /* the first is iconv's, the others mean the same; a space between two */
    const uint16_t *table; /* of 256 bytes; NULL: iconv decodes it */
};

/* Once in the life of the process, while files may still be opened. What iconv does not have is
 * not known from then on. */
void xj_charsets_prepare(void);
/* The same but for capitals, '-' and '_'? */
bool xj_charset_names_equal(const char *a, size_t a_size, const char *b, size_t b_size);
/* By a declared name. NULL: not known. */
const struct xj_charset *xj_charset_named(const char *name, size_t size);
/* To wchar_t, which is UTF-32 here. (iconv_t)-1: out of memory. */
iconv_t xj_charset_open(const struct xj_charset *charset);
/* Does a text in it that begins with these bytes begin with an XML declaration? */
bool xj_charset_reads(const struct xj_charset *charset, const uint8_t *bytes, size_t size);
/* For reading the declaration of a document in any EBCDIC. NULL: not known. */
const uint16_t *xj_charset_ebcdic(void);

#endif
