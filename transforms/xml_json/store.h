/* SPDX-License-Identifier: MIT */
/*
 * One long run of bytes, written at its end and read anywhere, kept in pages so that growing
 * never copies it. Places are counted from 1: 0 stands for "nowhere".
 */
#ifndef XJ_STORE_H
#define XJ_STORE_H

#include <stdint.h>

#include "memory.h"

#define XJ_PAGE_BYTES (32 * 1024u)
#define XJ_VARINT_BYTES_MAX 5

struct xj_store {
    struct xj_memory *memory;
    uint8_t **pages;
    size_t pages_room, page_count;
    uint32_t end; /* where the next byte goes */
};

void xj_store_init(struct xj_store *s, struct xj_memory *memory);
void xj_store_fini(struct xj_store *s);

/* False when memory is refused: a part may have been written. */
bool xj_store_append(struct xj_store *s, const void *bytes, size_t size);
/* Forget what was written from `end` on. Its pages are kept for what comes. */
void xj_store_cut(struct xj_store *s, uint32_t end);

/* Four bytes written before become `value`. */
void xj_store_patch(struct xj_store *s, uint32_t at, uint32_t value);

static inline uint8_t *xj_store_at(const struct xj_store *s, uint32_t at)
{
    return &s->pages[at / XJ_PAGE_BYTES][at % XJ_PAGE_BYTES];
}

static inline uint32_t xj_store_u32(const struct xj_store *s, uint32_t at)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)*xj_store_at(s, at + i) << 8 * i;
    return value;
}

/* A number of up to 32 bits; *at moves behind it. */
static inline uint32_t xj_store_varint(const struct xj_store *s, uint32_t *at)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 7 * XJ_VARINT_BYTES_MAX; shift += 7) {
        uint8_t byte = *xj_store_at(s, (*at)++);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* The bytes at `at` as far as they lie together: *size is lowered to that. */
static inline const uint8_t *xj_store_bytes(const struct xj_store *s, uint32_t at, uint32_t *size)
{
    uint32_t together = XJ_PAGE_BYTES - at % XJ_PAGE_BYTES;
    if (*size > together)
        *size = together;
    return xj_store_at(s, at);
}

/* Encode for xj_store_varint; returns how many bytes. */
static inline size_t xj_varint(uint8_t out[XJ_VARINT_BYTES_MAX], uint32_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

#endif
