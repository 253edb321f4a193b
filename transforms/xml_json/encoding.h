/* SPDX-License-Identifier: MIT */
/* In which encoding a document is, from its first bytes. */
#ifndef XJ_ENCODING_H
#define XJ_ENCODING_H

#include <stdint.h>

#include "charset.h"
#include "failure.h"

enum xj_encoding {
    XJ_UTF8,
    XJ_UTF16LE,
    XJ_UTF16BE,
    XJ_UTF32LE,
    XJ_UTF32BE,
    XJ_LATIN1,
    XJ_ASCII,
    XJ_TABLE,  /* the charset's */
    XJ_FOREIGN /* the charset's converter decodes */
};

struct xj_encoding_choice {
    enum xj_encoding encoding;
    bool is_ascii; /* bytes 0x20 to 0x7f are ASCII's, whatever stands before them */
    const struct xj_charset *charset; /* XJ_TABLE, XJ_FOREIGN */
};

/* Are these first bytes enough to know? They are when no more will come, or at
 * XJ_DECLARATION_BYTES_MAX (twice that in UTF-16, four times in UTF-32). */
bool xj_encoding_is_decidable(const uint8_t *head, size_t size);
/* False: why not is in `failure`. */
bool xj_encoding_decide(const uint8_t *head, size_t size, struct xj_encoding_choice *choice,
                        struct xj_failure *failure);

#endif
