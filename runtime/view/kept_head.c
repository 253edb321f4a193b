/* SPDX-License-Identifier: MIT */
#include "view/kept_head.h"

#include "base/alloc.h"

static ol_slice put(uint8_t **at, ol_slice bytes)
{
    ol_slice copy = ol_slice_of(*at, bytes.len);
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
    return copy;
}

ol_view_kept_head *ol_view_kept_head_new(const ol_head *head)
{
    const ol_headers *headers = &head->headers;
    size_t bytes = sizeof(ol_view_kept_head) + headers->count * sizeof(ol_header);
    for (size_t i = 0; i < headers->count; i++)
        bytes += headers->items[i].name.len + headers->items[i].value.len;
    ol_view_kept_head *kept = ol_malloc(bytes);
    if (!kept)
        return NULL;
    kept->bytes = bytes;
    kept->status = head->status;
    kept->content_length = head->content_length;
    kept->header_count = headers->count;
    uint8_t *at = (uint8_t *)(kept->headers + headers->count);
    for (size_t i = 0; i < headers->count; i++) {
        kept->headers[i].name = put(&at, headers->items[i].name);
        kept->headers[i].value = put(&at, headers->items[i].value);
    }
    return kept;
}

int ol_view_kept_head_copy(const ol_view_kept_head *kept, ol_arena *arena, ol_head *head)
{
    *head = (ol_head){.status = kept->status, .content_length = kept->content_length};
    ol_headers_init(&head->headers, arena);
    for (size_t i = 0; i < kept->header_count; i++) {
        ol_slice name = ol_arena_copy(arena, kept->headers[i].name);
        ol_slice value = ol_arena_copy(arena, kept->headers[i].value);
        if (!name.data || !value.data)
            return OL_ENOMEM;
        int rc = ol_headers_borrow(&head->headers, name, value);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}
