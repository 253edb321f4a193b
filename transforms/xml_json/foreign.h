/* SPDX-License-Identifier: MIT */
/* Bytes of an encoding of several bytes a character, as characters; cut anywhere. */
#ifndef XJ_FOREIGN_H
#define XJ_FOREIGN_H

#include <wchar.h>

#include "charset.h"

#define XJ_FOREIGN_PART_MAX 8 /* of a character, or of a sequence that changes the state */
#define XJ_FOREIGN_CHARACTERS 64

struct xj_foreign {
    iconv_t converter; /* from the request's first bytes to its end, if there is one */
    bool is_open;
    bool broken; /* behind the characters: bytes that mean nothing */
    size_t part_size, done, count;
    uint8_t part[XJ_FOREIGN_PART_MAX]; /* of what was cut */
    wchar_t characters[XJ_FOREIGN_CHARACTERS]; /* of them, those from `done` on wait to be taken */
};

/* `f` is zeroed. False: out of memory. */
bool xj_foreign_init(struct xj_foreign *f, const struct xj_charset *charset);
/* Also of one that is all zero. */
void xj_foreign_fini(struct xj_foreign *f);
/* More characters, when there are none (a converter that gives two for one keeps the second for the next
 * call; no document ends in such): from the bytes at *at, which moves on. */
void xj_foreign_fill(struct xj_foreign *f, const uint8_t **at, const uint8_t *end);

#endif
