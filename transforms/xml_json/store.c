/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <string.h>

void xj_store_init(struct xj_store *s, struct xj_memory *memory)
{
    *s = (struct xj_store){.memory = memory, .end = 1};
}

void xj_store_fini(struct xj_store *s)
{
    for (size_t i = 0; i < s->page_count; i++)
        xj_memory_give(s->memory, s->pages[i], XJ_PAGE_BYTES);
    xj_memory_give(s->memory, s->pages, s->pages_room * sizeof(*s->pages));
    *s = (struct xj_store){.memory = s->memory, .end = 1};
}

static bool add_page(struct xj_store *s)
{
    if (!xj_memory_grow(s->memory, &s->pages, &s->pages_room, sizeof(*s->pages), s->page_count + 1))
        return false;
    uint8_t *page = xj_memory_take(s->memory, XJ_PAGE_BYTES);
    if (!page)
        return false;
    s->pages[s->page_count++] = page;
    return true;
}

bool xj_store_append(struct xj_store *s, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        size_t page = s->end / XJ_PAGE_BYTES, at = s->end % XJ_PAGE_BYTES;
        if (page == s->page_count && !add_page(s))
            return false;
        size_t part = XJ_PAGE_BYTES - at < size ? XJ_PAGE_BYTES - at : size;
        memcpy(s->pages[page] + at, from, part);
        s->end += (uint32_t)part;
        from += part;
        size -= part;
    }
    return true;
}

void xj_store_cut(struct xj_store *s, uint32_t end)
{
    s->end = end;
}

static uint8_t *byte_at(const struct xj_store *s, uint32_t at)
{
    return &s->pages[at / XJ_PAGE_BYTES][at % XJ_PAGE_BYTES];
}

void xj_store_patch(struct xj_store *s, uint32_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        *byte_at(s, at + i) = (uint8_t)(value >> 8 * i);
}

uint32_t xj_store_u32(const struct xj_store *s, uint32_t at)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)*byte_at(s, at + i) << 8 * i;
    return value;
}

uint32_t xj_store_varint(const struct xj_store *s, uint32_t *at)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 7 * XJ_VARINT_BYTES_MAX; shift += 7) {
        uint8_t byte = *byte_at(s, (*at)++);
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

const uint8_t *xj_store_bytes(const struct xj_store *s, uint32_t at, uint32_t *size)
{
    uint32_t together = XJ_PAGE_BYTES - at % XJ_PAGE_BYTES;
    if (*size > together)
        *size = together;
    return byte_at(s, at);
}

size_t xj_varint(uint8_t out[XJ_VARINT_BYTES_MAX], uint32_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}
