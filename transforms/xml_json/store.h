/* SPDX-License-Identifier: MIT */
/*
 * One long run of bytes, written at its end and read anywhere, kept in pages so that growing
 * never copies it. Places are counted from 1: 0 stands for "nowhere".
 */
#ifndef XJ_STORE_H
#define XJ_STORE_H

#include <stdint.h>
#include <string.h>

#include "../kit/copy.h"
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

/* Where it does not fit into the page. */
bool xj_store_append_across(struct xj_store *s, const void *bytes, size_t size);
/* Forget what was written from `end` on. Its pages are kept for what comes. */
void xj_store_cut(struct xj_store *s, uint32_t end);

/* Four bytes written before become `value`. */
void xj_store_patch(struct xj_store *s, uint32_t at, uint32_t value);

static inline uint8_t *xj_store_at(const struct xj_store *s, uint32_t at)
{
    return &s->pages[at / XJ_PAGE_BYTES][at % XJ_PAGE_BYTES];
}

/* Do the `size` bytes from there on lie in one page? */
static inline bool xj_store_together(uint32_t at, uint32_t size)
{
    return at % XJ_PAGE_BYTES + size <= XJ_PAGE_BYTES;
}

/* Four bytes, in the order of the machine that wrote them. */
uint32_t xj_store_u32_across(const struct xj_store *s, uint32_t at);

static inline uint32_t xj_store_u32(const struct xj_store *s, uint32_t at)
{
    uint32_t value;
    if (!xj_store_together(at, 4))
        return xj_store_u32_across(s, at);
    memcpy(&value, xj_store_at(s, at), 4);
    return value;
}

/* As many of the bytes from `at` on as there are; the rest of `out` becomes 0. */
void xj_store_copy(const struct xj_store *s, uint32_t at, uint8_t *out, uint32_t size);

/* A number of up to 32 bits; *at moves behind it. Most take a byte. */
static inline uint32_t xj_varint_read(const uint8_t **at)
{
    uint32_t value = *(*at)++;
    if (value < 0x80)
        return value;
    value &= 0x7f;
    for (unsigned shift = 7; shift < 7 * XJ_VARINT_BYTES_MAX; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* Where it may not lie in one page. */
uint32_t xj_store_varint_across(const struct xj_store *s, uint32_t *at);

static inline uint32_t xj_store_varint(const struct xj_store *s, uint32_t *at)
{
    if (!xj_store_together(*at, XJ_VARINT_BYTES_MAX))
        return xj_store_varint_across(s, at);
    const uint8_t *begin = xj_store_at(s, *at), *from = begin;
    uint32_t value = xj_varint_read(&from);
    *at += (uint32_t)(from - begin);
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

/* False when memory is refused: a part may have been written. */
static inline bool xj_store_append(struct xj_store *s, const void *bytes, size_t size)
{
    size_t page = s->end / XJ_PAGE_BYTES, at = s->end % XJ_PAGE_BYTES;
    if (page == s->page_count || size > XJ_PAGE_BYTES - at)
        return xj_store_append_across(s, bytes, size);
    kit_copy(s->pages[page] + at, bytes, size);
    s->end += (uint32_t)size;
    return true;
}

/* Where the next `size` bytes may be written, when they fit into the page that is being filled; else NULL. */
static inline uint8_t *xj_store_room(const struct xj_store *s, uint32_t size)
{
    if (s->end / XJ_PAGE_BYTES == s->page_count || !xj_store_together(s->end, size))
        return NULL;
    return xj_store_at(s, s->end);
}

/* So many of them have been written. */
static inline void xj_store_take(struct xj_store *s, size_t size)
{
    s->end += (uint32_t)size;
}

/* Encode for xj_varint_read; returns how many bytes. */
static inline size_t xj_varint(uint8_t out[XJ_VARINT_BYTES_MAX], uint32_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

/* Written as xj_store_varint reads it. False when memory is refused. */
static inline bool xj_store_append_varint(struct xj_store *s, uint32_t value)
{
    uint8_t bytes[XJ_VARINT_BYTES_MAX];
    size_t page = s->end / XJ_PAGE_BYTES, at = s->end % XJ_PAGE_BYTES;
    if (page == s->page_count || sizeof(bytes) > XJ_PAGE_BYTES - at)
        return xj_store_append_across(s, bytes, xj_varint(bytes, value));
    s->end += (uint32_t)xj_varint(s->pages[page] + at, value);
    return true;
}

#endif
