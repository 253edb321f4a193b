/* SPDX-License-Identifier: MIT */
#include "front/views/view_positions.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t add_clamped(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

void ol_view_piece_of(const ol_view_reach *reach, const ol_byte_range *wanted, uint64_t size,
                      ol_view_piece *piece)
{
    uint64_t start = wanted->start > reach->before ? wanted->start - reach->before : 0;
    uint64_t end = add_clamped(wanted->start + wanted->length, reach->after);
    if (end > size)
        end = size;
    piece->original = (ol_byte_range){.start = start, .length = end - start};
    piece->cut = (ol_range_config){.start = wanted->start - start,
                                   .length = wanted->length,
                                   .total = (int64_t)size};
}

ol_byte_range ol_view_piece_for_head(const ol_view_reach *reach, uint64_t size)
{
    uint64_t length = add_clamped(1, reach->after);
    return (ol_byte_range){.start = 0, .length = length < size ? length : size};
}

void ol_view_piece_hint(const ol_view_reach *reach, const ol_range_spec *wanted,
                        char out[OL_VIEW_HINT_SIZE])
{
    uint64_t start = wanted->start > reach->before ? wanted->start - reach->before : 0;
    uint64_t last = add_clamped(wanted->last, reach->after);
    if (wanted->suffix)
        snprintf(out, OL_VIEW_HINT_SIZE, "bytes=-%" PRIu64,
                 add_clamped(wanted->length, reach->before));
    else if (last == UINT64_MAX)
        snprintf(out, OL_VIEW_HINT_SIZE, "bytes=%" PRIu64 "-", start);
    else
        snprintf(out, OL_VIEW_HINT_SIZE, "bytes=%" PRIu64 "-%" PRIu64, start, last);
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_object_info *original = st->config;
    head->content_length = (int64_t)original->size;
    return ol_stage_head(st, head, err);
}

static int pass(ol_stage *st, ol_slice in, ol_error *err)
{
    return ol_stage_write(st, in, err);
}

static int reserve(ol_stage *st, ol_span *span)
{
    return ol_stage_reserve(st, span);
}

const ol_stage_ops ol_view_piece_stage_ops = {
    .name = "piece",
    .phase = OL_PHASE_VERIFY,
    .head = take_head,
    .write = pass,
    .reserve = reserve,
};
