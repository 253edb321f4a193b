/* SPDX-License-Identifier: MIT */
/*
 * Reading an encrypted body: one step brings the chunks in which a stretch stands, into a buffer, and
 * opens every one of them; only then is there plaintext to be had. One reader, one thread at a time.
 */
#ifndef OL_ORIGIN_STORE_UNSEAL_H
#define OL_ORIGIN_STORE_UNSEAL_H

#include "origin/store/extent.h"

/* Room for one chunk and an empty last one behind it: the least that a step needs. */
#define OL_UNSEAL_BYTES_MIN (OL_AT_REST_SEALED_CHUNK_BYTES + OL_AT_REST_TAG_BYTES)

typedef struct ol_unsealer {
    ol_entry *entry;     /* borrowed */
    ol_at_rest_key *key; /* counted */
    ol_extent extent;
    ol_at_rest_part part; /* of [start, end) of the object */
    uint64_t start, end;
    /* What a step brought and nobody took yet, of the object; the buffer's first chunk's place. */
    const uint8_t *buffer;
    uint64_t at, until, base;
} ol_unsealer;

void ol_unsealer_init(ol_unsealer *u, ol_entry *entry, ol_at_rest_key *key);
void ol_unsealer_fini(ol_unsealer *u, struct ol_janitor *janitor);

/* Bring what stands at `at`, and more up to `end`, as the buffer has room. Blocking, unless the body
 * is in memory. `at` == `end` only for an empty object, whose emptiness is looked at. `ahead`: about
 * so many bytes more will be wanted next. OL_OK or OL_EORIGIN. */
int ol_unseal_step(ol_unsealer *u, const ol_folder *folder, uint64_t at, uint64_t end,
                   ol_span buffer, uint64_t ahead, ol_error *err);
/* The next plaintext of it; empty: there is no more. Borrowed from the buffer. */
ol_slice ol_unseal_next(ol_unsealer *u);

#endif
