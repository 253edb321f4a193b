/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one entry, as far as they are in memory: chunks, one behind the other, that are
 * filled once and never written again. Chunks of 16 KiB and more stand in pages from which sockets
 * send without a copy (net/pages.h), others on the heap. They grow as the body does, and end where
 * the blocks of the disk end (view/disk.h), so that a block is a chunk, but for the first.
 *
 * One thread fills. Everything here but ol_view_chunk_new and _free happens under the entry's lock.
 * A chunk that has been written to disk leaves from the front; who has its bytes lent keeps it
 * alive by a pin.
 */
#ifndef OL_VIEW_BODY_H
#define OL_VIEW_BODY_H

#include "base/error.h"
#include "net/pages.h"

typedef struct ol_view_chunk {
    uint64_t start; /* of the body */
    size_t size;    /* how much it can hold */
    uint8_t *data;
    unsigned pins;
    bool paged; /* in pages, else behind this struct */
    bool gone;  /* left the body; goes with its last pin */
    struct ol_view_chunk *next; /* for who has taken several out */
} ol_view_chunk;

typedef struct ol_view_body {
    ol_view_chunk **chunks;
    size_t count, cap;
    uint64_t disk_end; /* what stands before it is on disk, and not in here */
} ol_view_body;

/* How large the next chunk should be for a body that has `at` bytes and is said to get `length`
 * (-1: nobody knows). */
size_t ol_view_chunk_size(uint64_t at, int64_t length);
/* What a chunk of so many bytes takes from memory. */
size_t ol_view_chunk_cost(size_t size);
/* What a body of that length takes. */
uint64_t ol_view_body_cost(uint64_t length);
/* NULL: out of memory. `pages` may be NULL. */
ol_view_chunk *ol_view_chunk_new(ol_pages *pages, uint64_t start, size_t size);
void ol_view_chunk_free(ol_pages *pages, ol_view_chunk *chunk);

/* OL_OK or OL_ENOMEM (the chunk stays the caller's). */
int ol_view_body_add(ol_view_body *body, ol_view_chunk *chunk);
/* The chunk with that byte of the body, or NULL when none has it. */
ol_view_chunk *ol_view_body_find(const ol_view_body *body, uint64_t at);
/* The one that is being filled; NULL when there is none yet. */
ol_view_chunk *ol_view_body_last(const ol_view_body *body);
/* The body has ended with `length` bytes: whole pages behind its end leave it. They are the
 * caller's, to be given back without the lock; data NULL when there are none. */
ol_span ol_view_body_trim(ol_view_body *body, uint64_t length);
/* Whether so short a body had better stand in one chunk of its size. */
bool ol_view_body_is_loose(const ol_view_body *body, uint64_t length);
/* Everything before `end`, a chunk's end, is on disk: take out its next chunk; NULL when there is
 * no more. It is the caller's, to be freed without the lock, unless it is pinned. */
ol_view_chunk *ol_view_body_pop(ol_view_body *body, uint64_t end);
/* Bytes that stand in several chunks, one behind the other. */
void ol_view_body_copy(const ol_view_body *body, uint64_t start, ol_span out);
/* Frees what there is; nothing is pinned. */
void ol_view_body_fini(ol_view_body *body, ol_pages *pages);

#endif
