/* SPDX-License-Identifier: MIT */
/*
 * Compresses the body of an answer on the fly, for a client that asked. It stands between the
 * replay stage and the sink: when a body is run again, what was compressed stays, so a compression
 * outlives its pipelines (one at a time).
 *
 * ol_compression_settle decides, once the head is final; it is ol_head_plan_apply that calls it. A
 * stage whose compression was not settled as active passes everything through.
 *
 * What a slow source has written so far is sent on after a moment, not when a block is full. At most
 * two slices' worth of output are held.
 */
#ifndef OL_FRONT_COMPRESS_STAGE_H
#define OL_FRONT_COMPRESS_STAGE_H

#include "front/answer/content_coding.h"

typedef struct ol_compression ol_compression;

/* NULL when out of memory, or when `coding` is 0. What it allocates later ends with the arena. */
ol_compression *ol_compression_new(ol_arena *arena, unsigned coding);
/* Makes it the head of a compressed answer, where this answer suits. OL_OK or OL_ENOMEM. The same head
 * gives the same result again. */
int ol_compression_settle(ol_compression *compression, ol_head *head);
bool ol_compression_is_active(const ol_compression *compression);

/* config = ol_compression * */
extern const ol_stage_ops ol_compress_stage_ops;

#endif
