/* SPDX-License-Identifier: MIT */
/*
 * The source lends its bytes as they lie, so they are never copied; its head's list is copied, for
 * stages below may change theirs and the same source may feed a second run.
 */
#include "pipeline/memory_stages.h"

static int copy_headers(ol_headers *to, const ol_headers *from, ol_arena *arena)
{
    int rc = OL_OK;
    ol_headers_init(to, arena);
    for (size_t i = 0; rc == OL_OK && i < from->count; i++)
        rc = ol_headers_add(to, from->items[i].name, from->items[i].value);
    return rc;
}

/* ---- the source ---- */

typedef struct source {
    ol_head head;
    bool sent;
} source;

static int send_all(ol_stage *st, ol_error *err)
{
    source *self = st->state;
    const ol_memory_source *config = st->config;
    self->sent = true;
    self->head = config->head;
    int rc = copy_headers(&self->head.headers, &config->head.headers, ol_stage_arena(st));
    if (rc != OL_OK)
        return ol_error_set(err, rc, "a head from memory");
    rc = ol_stage_head(st, &self->head, err);
    return rc == OL_OK ? ol_stage_write(st, config->bytes, err) : rc;
}

/* Asked to begin, or told that the one write was taken. */
static void resume(ol_stage *st)
{
    source *self = st->state;
    ol_error err = {0};
    int rc = self->sent ? OL_OK : send_all(st, &err);
    if (rc == OL_OK)
        rc = ol_stage_finish(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
}

const ol_stage_ops ol_memory_source_ops = {
    .name = "memory",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(source),
    .resume = resume,
};

/* ---- the sink ---- */

static int open_sink(ol_stage *st, ol_error *err)
{
    ol_memory_sink *config = (ol_memory_sink *)st->config;
    (void)err;
    config->head = (ol_head){.content_length = -1};
    ol_buf_clear(&config->bytes);
    config->taken = 0;
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    ol_memory_sink *config = (ol_memory_sink *)st->config;
    config->head = *head;
    int rc = copy_headers(&config->head.headers, &head->headers, config->arena);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a head in memory");
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    ol_memory_sink *config = (ol_memory_sink *)st->config;
    config->taken += in.len;
    int rc = config->counts_only ? OL_OK : ol_buf_add(&config->bytes, in);
    if (rc == OL_OK)
        return OL_OK;
    return ol_error_set(err, rc == OL_ELIMIT ? OL_ETRANSFORMOUTPUT : rc,
                        "more than %zu bytes where a small answer is expected", config->bytes.max);
}

const ol_stage_ops ol_memory_sink_ops = {
    .name = "memory",
    .phase = OL_PHASE_SINK,
    .open = open_sink,
    .head = take_head,
    .write = take,
};
