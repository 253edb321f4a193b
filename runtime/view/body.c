/* SPDX-License-Identifier: MIT */
#include "view/body.h"

#include <assert.h>

#include "base/alloc.h"
#include "net/stable_memory.h"
#include "view/disk.h"

#define FIRST_BYTES 4096u /* of a body whose length nobody knows */
#define GROWTH 4u
#define CHUNKS_MIN 4u
#define LOOSE_BYTES_MAX (64u * 1024) /* not worth copying above that */

/* 4, 16, 64, 256 KiB are the ends of the chunks in the first block. */
static uint64_t end_of_next(uint64_t at)
{
    uint64_t end = FIRST_BYTES;
    while (end <= at && end < OL_VIEW_BLOCK_BYTES)
        end *= GROWTH;
    return end > at ? end : (at / OL_VIEW_BLOCK_BYTES + 1) * OL_VIEW_BLOCK_BYTES;
}

size_t ol_view_chunk_size(uint64_t at, int64_t length)
{
    if (length <= 0 || (uint64_t)length <= at)
        return (size_t)(end_of_next(at) - at);
    uint64_t left_of_block = OL_VIEW_BLOCK_BYTES - at % OL_VIEW_BLOCK_BYTES;
    uint64_t left = (uint64_t)length - at;
    return (size_t)(left < left_of_block ? left : left_of_block);
}

static bool is_paged(const ol_pages *pages, size_t size)
{
    return pages && size >= OL_STABLE_BYTES_MIN;
}

size_t ol_view_chunk_cost(size_t size)
{
    return sizeof(ol_view_chunk) + (size >= OL_STABLE_BYTES_MIN ? ol_pages_cost(size) : size);
}

uint64_t ol_view_body_cost(uint64_t length)
{
    uint64_t cost = 0;
    if (length >= OL_VIEW_BLOCK_BYTES)
        cost = length / OL_VIEW_BLOCK_BYTES * ol_view_chunk_cost(OL_VIEW_BLOCK_BYTES);
    size_t rest = (size_t)(length % OL_VIEW_BLOCK_BYTES);
    return rest > 0 ? cost + ol_view_chunk_cost(rest) : cost;
}

ol_view_chunk *ol_view_chunk_new(ol_pages *pages, uint64_t start, size_t size)
{
    uint8_t *data = is_paged(pages, size) ? ol_pages_take(pages, size) : NULL;
    ol_view_chunk *chunk = ol_malloc(sizeof *chunk + (data ? 0 : size));
    if (!chunk) {
        if (data)
            ol_pages_give(pages, data, size);
        return NULL;
    }
    *chunk = (ol_view_chunk){.start = start,
                             .size = size,
                             .data = data ? data : (uint8_t *)(chunk + 1),
                             .paged = data != NULL};
    return chunk;
}

void ol_view_chunk_free(ol_pages *pages, ol_view_chunk *chunk)
{
    if (!chunk)
        return;
    assert(chunk->pins == 0);
    if (chunk->paged)
        ol_pages_give(pages, chunk->data, chunk->size);
    ol_free(chunk);
}

int ol_view_body_add(ol_view_body *body, ol_view_chunk *chunk)
{
    if (body->count == body->cap) {
        size_t cap = body->cap ? 2 * body->cap : CHUNKS_MIN;
        ol_view_chunk **chunks = ol_realloc(body->chunks, cap * sizeof(ol_view_chunk *));
        if (!chunks)
            return OL_ENOMEM;
        body->chunks = chunks;
        body->cap = cap;
    }
    body->chunks[body->count++] = chunk;
    return OL_OK;
}

ol_view_chunk *ol_view_body_last(const ol_view_body *body)
{
    return body->count > 0 ? body->chunks[body->count - 1] : NULL;
}

ol_view_chunk *ol_view_body_find(const ol_view_body *body, uint64_t at)
{
    size_t low = 0, high = body->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ol_view_chunk *chunk = body->chunks[middle];
        if (chunk->start + chunk->size <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < body->count && body->chunks[low]->start <= at ? body->chunks[low] : NULL;
}

ol_span ol_view_body_trim(ol_view_body *body, uint64_t length)
{
    ol_view_chunk *chunk = ol_view_body_last(body);
    if (!chunk || !chunk->paged)
        return (ol_span){NULL, 0};
    size_t used = length > chunk->start ? (size_t)(length - chunk->start) : 0;
    size_t kept = ol_pages_cost(used > 0 ? used : 1);
    if (kept >= chunk->size)
        return (ol_span){NULL, 0};
    ol_span rest = {chunk->data + kept, chunk->size - kept};
    chunk->size = kept;
    return rest;
}

bool ol_view_body_is_loose(const ol_view_body *body, uint64_t length)
{
    if (length == 0 || length > LOOSE_BYTES_MAX || body->count == 0)
        return false;
    const ol_view_chunk *last = body->chunks[body->count - 1];
    uint64_t unused = last->start + last->size - length;
    return body->count > 1 || (unused > length / 8 && !last->paged);
}

ol_view_chunk *ol_view_body_pop(ol_view_body *body, uint64_t end)
{
    ol_view_chunk *chunk = body->count > 0 ? body->chunks[0] : NULL;
    if (!chunk || chunk->start >= end)
        return NULL;
    body->count--;
    memmove(body->chunks, body->chunks + 1, body->count * sizeof(ol_view_chunk *));
    chunk->gone = true;
    return chunk;
}

void ol_view_body_copy(const ol_view_body *body, uint64_t start, ol_span out)
{
    for (size_t done = 0, part; done < out.len; done += part) {
        const ol_view_chunk *chunk = ol_view_body_find(body, start + done);
        size_t from = (size_t)(start + done - chunk->start);
        part = chunk->size - from < out.len - done ? chunk->size - from : out.len - done;
        memcpy(out.data + done, chunk->data + from, part);
    }
}

void ol_view_body_fini(ol_view_body *body, ol_pages *pages)
{
    for (size_t i = 0; i < body->count; i++)
        ol_view_chunk_free(pages, body->chunks[i]);
    ol_free(body->chunks);
    *body = (ol_view_body){0};
}
