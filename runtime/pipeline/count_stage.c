/* SPDX-License-Identifier: MIT */
#include "pipeline/count_stage.h"

static int open_stage(ol_stage *st, ol_error *err)
{
    const ol_count_config *config = st->config;
    (void)err;
    *config->bytes = 0;
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_count_config *config = st->config;
    (void)err;
    if (config->head)
        *config->head = *head;
    return OL_OK;
}

static int count(ol_stage *st, ol_slice in, ol_error *err)
{
    const ol_count_config *config = st->config;
    (void)err;
    *config->bytes += in.len;
    return OL_OK;
}

const ol_stage_ops ol_count_stage_ops = {
    .name = "count",
    .phase = OL_PHASE_SINK,
    .open = open_stage,
    .head = take_head,
    .write = count,
};
