/* SPDX-License-Identifier: MIT */
/*
 * The text form of age files: base64 in lines of 64 characters between two marks. Read strictly, as a
 * stream: each line is decoded when it is complete. No white space but outside the marks.
 */
#ifndef OL_CRYPTO_AGE_ARMOR_H
#define OL_CRYPTO_AGE_ARMOR_H

#include "base/buf.h"
#include "base/error.h"

#define OL_AGE_ARMOR_LINE_BYTES_MAX 256u

enum ol_age_armor_place { OL_AGE_ARMOR_BEFORE, OL_AGE_ARMOR_BODY, OL_AGE_ARMOR_AFTER };

/* Zeroed memory is a decoder. */
typedef struct ol_age_armor {
    enum ol_age_armor_place place;
    uint8_t line[OL_AGE_ARMOR_LINE_BYTES_MAX];
    size_t len;
    bool is_complete; /* a short line was there: the end must follow */
} ol_age_armor;

/* Do these first bytes begin one? */
bool ol_age_armor_is_one(ol_slice first);
/* Appends what `text` holds to `out`. OL_OK, OL_EDECRYPT, or the buffer's error. */
int ol_age_armor_take(ol_age_armor *armor, ol_slice text, ol_buf *out);
/* After the last of it. OL_OK: the closing mark was there. */
int ol_age_armor_end(ol_age_armor *armor, ol_buf *out);

#endif
