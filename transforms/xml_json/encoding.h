/* SPDX-License-Identifier: MIT */
/* In which encoding a document is, from its first bytes. */
#ifndef XJ_ENCODING_H
#define XJ_ENCODING_H

#include <stdint.h>

#include "failure.h"

enum xj_encoding { XJ_UTF8, XJ_UTF16LE, XJ_UTF16BE, XJ_LATIN1, XJ_ASCII };

/* Are these first bytes enough to know? They are when no more will come, or at
 * XJ_DECLARATION_BYTES_MAX (twice that in UTF-16). */
bool xj_encoding_is_decidable(const uint8_t *head, size_t size);
/* False: why not is in `failure`. */
bool xj_encoding_decide(const uint8_t *head, size_t size, enum xj_encoding *encoding,
                        struct xj_failure *failure);

#endif
