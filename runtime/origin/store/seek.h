/* SPDX-License-Identifier: MIT */
/*
 * Where a listing looks next. Keys are walked in byte order from a bound on; what stands below a
 * common prefix is passed with one seek, however much it is. One page, one thread.
 */
#ifndef OL_ORIGIN_STORE_SEEK_H
#define OL_ORIGIN_STORE_SEEK_H

#include "base/limits.h"
#include "base/slice.h"

/* A bound: a key, and one byte behind it. */
#define OL_SEEK_BYTES_MAX (OL_KEY_BYTES_MAX + 1)

typedef struct ol_seek {
    ol_slice prefix, delimiter;
    uint8_t bytes[OL_SEEK_BYTES_MAX];
    size_t len;
} ol_seek;

static inline ol_slice ol_seek_bound(const ol_seek *seek)
{
    return ol_slice_of(seek->bytes, seek->len);
}

/* To this key, or to the first one behind it. */
void ol_seek_at(ol_seek *seek, ol_slice key, bool behind);
/* To the smallest key behind all that begin with `prefix`. False: there can be none. */
bool ol_seek_past(ol_seek *seek, ol_slice prefix);
/* To where a page begins: at the prefix, or behind `after` if that is further. */
bool ol_seek_first(ol_seek *seek, ol_slice after);
/* The common prefix that `key`, which begins with the prefix, falls under; or the empty slice. */
ol_slice ol_seek_common(const ol_seek *seek, ol_slice key);

#endif
