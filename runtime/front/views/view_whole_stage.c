/* SPDX-License-Identifier: MIT */
#include "front/views/view_whole_stage.h"

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    if (head->status == 206 || ol_headers_get(&head->headers, "content-range").data)
        return ol_error_say(err, OL_ETRANSFORMRESPONSE,
                            "The transform answered a part that it was not asked for.");
    return ol_stage_head(st, head, err);
}

const ol_stage_ops ol_view_whole_stage_ops = {
    .name = "whole",
    .phase = OL_PHASE_RANGE,
    .head = take_head,
    .write = ol_stage_write,
    .reserve = ol_stage_reserve,
};
