/* SPDX-License-Identifier: MIT */
/*
 * Views whose transforms keep positions: byte i of the view comes of the bytes around byte i of the
 * original. A range of such a view needs no more of the original than itself and the reach of the
 * chain on either side; the rest is neither read nor decrypted. The chain sees the reach too, so
 * that what it recognizes across the edge of a range is recognized all the same.
 */
#ifndef OL_FRONT_VIEW_POSITIONS_H
#define OL_FRONT_VIEW_POSITIONS_H

#include "front/views/view_chain.h"
#include "pipeline/range_stage.h"
#include "s3/request/range.h"

typedef struct ol_view_piece {
    ol_byte_range original; /* what is read */
    ol_range_config cut;    /* what is sent of the output; config of a range stage */
} ol_view_piece;

/* `wanted` is a part of a view of `size` bytes, not empty. */
void ol_view_piece_of(const ol_view_reach *reach, const ol_byte_range *wanted, uint64_t size,
                      ol_view_piece *piece);
/* Enough of the original to learn the head of its view, without any of the output being sent. */
ol_byte_range ol_view_piece_for_head(const ol_view_reach *reach, uint64_t size);
/* The Range header by which the origin may begin to send the piece before the size is known. `out`
 * has OL_VIEW_HINT_SIZE bytes; empty when there is none. */
#define OL_VIEW_HINT_SIZE 64
void ol_view_piece_hint(const ol_view_reach *reach, const ol_range_spec *wanted,
                        char out[OL_VIEW_HINT_SIZE]);

/* Stands between a piece and the chain, which is told the size of the whole. config = const
 * ol_object_info * */
extern const ol_stage_ops ol_view_piece_stage_ops;

#endif
