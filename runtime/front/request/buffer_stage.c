/* SPDX-License-Identifier: MIT */
#include "front/request/buffer_stage.h"

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st;
    (void)head;
    (void)err;
    return OL_OK;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    int rc = ol_buf_add((ol_buf *)st->config, in);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc == OL_ELIMIT ? OL_EMALFORMEDXML : rc, "the body is too large");
}

const ol_stage_ops ol_buffer_stage_ops = {
    .name = "buffer",
    .phase = OL_PHASE_SINK,
    .head = take_head,
    .write = take,
};
