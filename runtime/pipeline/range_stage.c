/* SPDX-License-Identifier: MIT */
#include "pipeline/range_stage.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct range {
    ol_head head; /* held back until the first wanted byte */
    uint64_t at;  /* input bytes seen */
    bool head_sent;
} range;

static const ol_range_config *config_of(const ol_stage *st)
{
    return st->config;
}

static uint64_t end_of(const ol_stage *st)
{
    return config_of(st)->start + config_of(st)->length;
}

static int open_stage(ol_stage *st, ol_error *err)
{
    const ol_range_config *config = config_of(st);
    uint64_t end;
    assert(config->length > 0);
    if (__builtin_add_overflow(config->start, config->length, &end) || end > INT64_MAX)
        return ol_error_set(err, OL_ERANGE, "range ends above the largest size");
    return OL_OK;
}

static int set_content_range(ol_stage *st, ol_head *head)
{
    const ol_range_config *config = config_of(st);
    char text[96];
    int len = snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/", config->start,
                       end_of(st) - 1);
    int64_t total = config->total >= 0 ? config->total : head->content_length;
    if (total < 0)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "*");
    else
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%" PRId64, total);
    return ol_headers_set(&head->headers, OL_SLICE_LIT("Content-Range"),
                          ol_slice_of(text, (size_t)len));
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    range *self = st->state;
    if (head->status != 200) /* what was measured was another answer */
        return ol_error_set(err, OL_EDIVERGED, "a part of an answer with status %d", head->status);
    if (head->content_length >= 0 && (uint64_t)head->content_length < end_of(st))
        return ol_error_set(err, OL_ERANGE, "the body has %" PRId64 " bytes", head->content_length);
    int rc = set_content_range(st, head);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "content-range");
    head->status = 206;
    head->content_length = (int64_t)config_of(st)->length;
    self->head = *head;
    return OL_OK;
}

static int pass(ol_stage *st, ol_slice wanted, ol_error *err)
{
    range *self = st->state;
    if (!self->head_sent) {
        self->head_sent = true;
        int rc = ol_stage_head(st, &self->head, err);
        if (rc != OL_OK)
            return rc;
    }
    int rc = ol_stage_write(st, wanted, err);
    if (rc != OL_OK || self->at < end_of(st) || !config_of(st)->stop_early)
        return rc;
    return ol_stage_finish(st, err);
}

static int write_part(ol_stage *st, ol_slice in, ol_error *err)
{
    range *self = st->state;
    uint64_t begin = self->at;
    uint64_t start = config_of(st)->start, end = end_of(st);
    self->at += in.len;
    if (self->at <= start || begin >= end)
        return OL_OK;
    if (begin < start)
        in = ol_slice_from(in, (size_t)(start - begin));
    if (self->at > end)
        in = ol_slice_first(in, in.len - (size_t)(self->at - end));
    return pass(st, in, err);
}

static void resume(ol_stage *st)
{
    range *self = st->state;
    if (self->at < end_of(st) || !config_of(st)->stop_early) {
        ol_stage_ready(st);
        return;
    }
    ol_error err = {0};
    if (ol_stage_finish(st, &err) < 0)
        ol_stage_fail(st, &err);
}

static int finish(ol_stage *st, ol_error *err)
{
    range *self = st->state;
    if (self->at >= end_of(st))
        return ol_stage_finish(st, err);
    if (!self->head_sent)
        return ol_error_set(err, OL_ERANGE, "the body ended at %" PRIu64 ", before the range",
                            self->at);
    return ol_error_set(err, OL_EORIGIN, "the body ended at %" PRIu64 ", inside the range",
                        self->at);
}

const ol_stage_ops ol_range_stage_ops = {
    .name = "range",
    .phase = OL_PHASE_RANGE,
    .state_size = sizeof(range),
    .open = open_stage,
    .head = take_head,
    .write = write_part,
    .finish = finish,
    .resume = resume,
};
