/* SPDX-License-Identifier: MIT */
/*
 * FNV-1a, 64 bits: for tables whose keys nobody can choose against us. Where somebody can, map.h has a
 * keyed hash.
 */
#ifndef OL_BASE_FNV_H
#define OL_BASE_FNV_H

#include "base/slice.h"

#define OL_FNV_START 0xcbf29ce484222325ull

static inline uint64_t ol_fnv_byte(uint64_t hash, uint8_t byte)
{
    return (hash ^ byte) * 0x100000001b3ull;
}

/* More bytes behind those that `hash` stands for; OL_FNV_START stands for none. */
static inline uint64_t ol_fnv_more(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = ol_fnv_byte(hash, at[i]);
    return hash;
}

static inline uint64_t ol_fnv_cstr(const char *text)
{
    uint64_t hash = OL_FNV_START;
    for (; *text; text++)
        hash = ol_fnv_byte(hash, (uint8_t)*text);
    return hash;
}

#endif
