/* SPDX-License-Identifier: MIT */
/*
 * What a plaintext was when all of it was verified: a keyed digest for each of its segments. An origin
 * that is asked for a part later, or for the whole once more, may answer with other bytes under the same
 * ETag; nothing of them comes through the stage below.
 *
 * Segments are of 64 KiB, of more where there would be more than 4096 of them, of 1 MiB at most: a part
 * costs the segments that it touches, and memory is 16 bytes a segment. The digest is GMAC (AES-256,
 * NIST SP 800-38D) under a random key of the table's own; nobody is ever shown key or digests.
 */
#ifndef OL_FRONT_SEGMENTS_H
#define OL_FRONT_SEGMENTS_H

#include "origin/origin.h"
#include "pipeline/stage.h"

#define OL_SEGMENTS_MAX 65536u /* of 1 MiB: as long as AES-GCM can be */

/* Counted; immutable once it is complete, any thread then. */
typedef struct ol_segments ol_segments;

/* Of a plaintext of about `size` bytes, the ciphertext's where nobody knows better. NULL when there is no
 * memory. */
ol_segments *ol_segments_new(uint64_t size);
ol_segments *ol_segments_acquire(ol_segments *segments);
void ol_segments_release(ol_segments *segments);
/* The next bytes, and the end of them. OL_OK, OL_ENOMEM, OL_EINTERNAL; OL_ELIMIT: there are more than can
 * be remembered. */
int ol_segments_add(ol_segments *segments, ol_slice plain);
int ol_segments_end(ol_segments *segments);
size_t ol_segments_memory(const ol_segments *segments);
/* `range` (within the plaintext, not empty) and what lies around it in its segments. */
ol_byte_range ol_segments_around(const ol_segments *segments, ol_byte_range range);

/* Passes on whole segments that are what they were; OL_EDECRYPT for others, before anything of them, and
 * before the head if it is the first. It needs to begin at a segment's start. */
typedef struct ol_segments_config {
    ol_segments *segments; /* held by the caller */
    uint64_t start;
} ol_segments_config;
/* config = const ol_segments_config * */
extern const ol_stage_ops ol_segments_stage_ops;

#endif
