/* SPDX-License-Identifier: MIT */
/*
 * An original that a client encrypted, opened: its content key and what is known of its shape. Counted,
 * immutable once several hold it, any thread. And the book of those that were opened not long ago: so
 * that a reader who asks for range after range does not pay for a key and a verification each time.
 *
 * Keys that a KMS unwrapped are not kept here: the data-key cache has them, behind the authorization
 * that comes before every use.
 */
#ifndef OL_FRONT_OPENED_H
#define OL_FRONT_OPENED_H

#include "crypto/content/sealed.h"
#include "front/originals/segments.h"

#define OL_OPENED_DIGEST_BYTES 32u

typedef struct ol_opened {
    ol_sealed *sealed;
    ol_arena *arena; /* what `sealed` points into */
    ol_slice key_id; /* of the raw key by which it was opened, in `arena`; empty = a KMS, or not known */
    int references_;
} ol_opened;

/* With an arena of its own, and nothing opened yet. NULL when there is no memory. */
ol_opened *ol_opened_new(void);
ol_opened *ol_opened_acquire(ol_opened *opened);
void ol_opened_release(ol_opened *opened);

/* ---- the book ---- */

typedef struct ol_opened_book ol_opened_book;

/* What is known of a version: `digest` is over everything that names it and says how it was encrypted,
 * and over the rule. */
typedef struct ol_opened_note {
    uint8_t digest[OL_OPENED_DIGEST_BYTES];
    const ol_keys *keys; /* by which it was opened */
    bool verified;       /* to its end */
    uint64_t plain_size;
    ol_segments *segments; /* what it was then; NULL: not known. Out: the caller's reference */
    ol_opened *opened;     /* NULL: only the rest is known. Out: the caller's reference */
} ol_opened_note;

#define OL_OPENED_SEGMENTS_BYTES_MAX (16u << 20) /* of memory for segments; the oldest go */

/* Nothing is remembered longer than age_ms; 0 = nothing is. NULL when there is no memory. */
ol_opened_book *ol_opened_book_new(uint32_t age_ms);
void ol_opened_book_destroy(ol_opened_book *book);
/* By note->digest and note->keys. */
bool ol_opened_book_find(ol_opened_book *book, ol_opened_note *note);
void ol_opened_book_put(ol_opened_book *book, const ol_opened_note *note);

#endif
