/* SPDX-License-Identifier: MIT */
/*
 * A write may hold many chunks. The part of it that is still undecoded when the stage below
 * asks to wait stays ours to read, because the write is then answered OL_WAIT itself.
 */
#include "s3/upload/upload_chunked.h"

typedef struct chunked {
    ol_aws_chunked decoder;
    ol_slice rest; /* of the write that waits */
} chunked;

static int open_stage(ol_stage *st, ol_error *err)
{
    const ol_upload_chunked_config *config = st->config;
    chunked *self = st->state;
    (void)err;
    ol_aws_chunked_init(&self->decoder, &config->decoder);
    return OL_OK;
}

static int change_head(ol_stage *st, ol_head *head, ol_error *err)
{
    const ol_upload_chunked_config *config = st->config;
    head->content_length = (int64_t)config->decoder.decoded_length;
    return ol_stage_head(st, head, err);
}

/* OL_OK: all of self->rest is decoded and taken. OL_WAIT: go on in resume. */
static int decode(ol_stage *st, ol_error *err)
{
    chunked *self = st->state;
    while (self->rest.len > 0) {
        ol_slice data;
        int rc = ol_aws_chunked_push(&self->decoder, &self->rest, &data, err);
        if (rc == OL_OK && data.len > 0)
            rc = ol_stage_write(st, data, err);
        if (rc != OL_OK)
            return rc;
    }
    return OL_OK;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    chunked *self = st->state;
    self->rest = in;
    return decode(st, err);
}

static void resume(ol_stage *st)
{
    ol_error err = {0};
    int rc = decode(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    else if (rc == OL_OK)
        ol_stage_ready(st);
}

static int finish(ol_stage *st, ol_error *err)
{
    const ol_upload_chunked_config *config = st->config;
    chunked *self = st->state;
    int rc = ol_aws_chunked_finish(&self->decoder, err);
    if (rc != OL_OK)
        return rc;
    memcpy(config->trailer_value, self->decoder.trailer_value, OL_AWS_TRAILER_VALUE_SIZE);
    return ol_stage_finish(st, err);
}

static void close_stage(ol_stage *st)
{
    chunked *self = st->state;
    ol_aws_chunked_fini(&self->decoder);
}

const ol_stage_ops ol_upload_chunked_ops = {
    .name = "aws-chunked",
    .phase = OL_PHASE_VERIFY,
    .state_size = sizeof(chunked),
    .open = open_stage,
    .head = change_head,
    .write = take,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
