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

bool xj_store_append_across(struct xj_store *s, const void *bytes, size_t size)
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

void xj_store_copy(const struct xj_store *s, uint32_t at, uint8_t *out, uint32_t size)
{
    uint32_t there = s->end - at < size ? s->end - at : size;
    memset(out, 0, size);
    for (uint32_t done = 0, part; done < there; done += part) {
        part = there - done;
        const uint8_t *bytes = xj_store_bytes(s, at + done, &part);
        memcpy(out + done, bytes, part);
    }
}

uint32_t xj_store_u32_across(const struct xj_store *s, uint32_t at)
{
    uint32_t value;
    uint8_t bytes[4];
    xj_store_copy(s, at, bytes, sizeof(bytes));
    memcpy(&value, bytes, 4);
    return value;
}

uint32_t xj_store_varint_across(const struct xj_store *s, uint32_t *at)
{
    uint8_t copy[XJ_VARINT_BYTES_MAX];
    const uint8_t *from = copy;
    xj_store_copy(s, *at, copy, sizeof(copy));
    uint32_t value = xj_varint_read(&from);
    *at += (uint32_t)(from - copy);
    return value;
}

void xj_store_cut(struct xj_store *s, uint32_t end)
{
    s->end = end;
}

void xj_store_patch(struct xj_store *s, uint32_t at, uint32_t value)
{
    uint8_t bytes[4];
    if (xj_store_together(at, 4)) {
        memcpy(xj_store_at(s, at), &value, 4);
        return;
    }
    memcpy(bytes, &value, 4);
    for (uint32_t i = 0; i < 4; i++)
        *xj_store_at(s, at + i) = bytes[i];
}
