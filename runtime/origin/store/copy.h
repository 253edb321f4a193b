/* SPDX-License-Identifier: MIT */
/* Strings that are put one behind the other into memory that was measured for them. */
#ifndef OL_ORIGIN_STORE_COPY_H
#define OL_ORIGIN_STORE_COPY_H

#include "base/slice.h"

/* The copy; `*at` goes on behind it. */
static inline ol_slice ol_put_slice(uint8_t **at, ol_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    ol_slice copy = ol_slice_of(*at, bytes.len);
    *at += bytes.len;
    return copy;
}

#endif
