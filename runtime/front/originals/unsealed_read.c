/* SPDX-License-Identifier: MIT */
/*
 * read_at over plaintext: a small pipeline a read, whose source is the one that bodies have.
 */
#include "base/alloc.h"
#include "front/originals/unsealed_private.h"

#define ARENA_BYTES_MAX (1u << 20)

typedef struct ol_unsealed_reading {
    ol_unsealed *object;
    ol_arena *arena;
    ol_pipeline *pipeline;
    ol_span span; /* the caller's */
    size_t got;
    ol_read_cb cb;
    void *arg;
    struct ol_unsealed_reading *next, **back;
} reading;

static void end(reading *self)
{
    *self->back = self->next;
    if (self->next)
        self->next->back = self->back;
    if (self->pipeline)
        ol_pipeline_close(self->pipeline);
    ol_arena_destroy(self->arena);
    ol_free(self);
}

static void on_done(void *arg, const ol_error *done_err)
{
    reading *self = arg;
    ol_error err = done_err ? *done_err : (ol_error){0};
    ol_read_cb cb = self->cb;
    void *cb_arg = self->arg;
    size_t got = self->got;
    end(self);
    cb(cb_arg, err.code ? &err : NULL, err.code ? 0 : got);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st, (void)head, (void)err;
    return OL_OK;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    reading *self = (reading *)(uintptr_t)st->config;
    if (in.len > self->span.len - self->got)
        return ol_error_set(err, OL_EINTERNAL, "more than was asked for");
    if (in.len > 0)
        memcpy(self->span.data + self->got, in.data, in.len);
    self->got += in.len;
    return OL_OK;
}

static const ol_stage_ops sink_ops = {
    .name = "read",
    .phase = OL_PHASE_SINK,
    .head = take_head,
    .write = take,
};

static int run(reading *self, uint64_t offset, ol_error *err)
{
    const ol_stage_ops *body;
    const void *config;
    ol_byte_range range = {offset, self->span.len};
    int rc = ol_pipeline_new(&self->pipeline, self->object->loop, self->arena, &pipeline_ops, self);
    if (rc == OL_OK)
        rc = ol_unsealed_body(&self->object->base, range, self->arena, &body, &config);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, body, config, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &sink_ops, self, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pipeline, err);
    if (rc != OL_OK)
        self->pipeline = NULL;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "reading an original");
}

int ol_unsealed_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                        void *arg, ol_error *err)
{
    ol_unsealed *owner = (ol_unsealed *)object;
    uint64_t size = owner->info.size;
    uint64_t left = offset < size ? size - offset : 0;
    *got = 0;
    if (left == 0 || span.len == 0)
        return OL_OK;
    reading *self = ol_calloc(1, sizeof(*self));
    ol_arena *arena = self ? ol_arena_new(ARENA_BYTES_MAX) : NULL;
    if (!arena) {
        ol_free(self);
        return ol_error_set(err, OL_ENOMEM, "reading an original");
    }
    *self = (reading){.object = owner,
                      .arena = arena,
                      .span = {span.data, span.len < left ? span.len : (size_t)left},
                      .cb = cb,
                      .arg = arg,
                      .next = owner->reads,
                      .back = &owner->reads};
    if (self->next)
        self->next->back = &self->next;
    owner->reads = self;
    int rc = run(self, offset, err);
    if (rc == OL_OK)
        return OL_WAIT;
    end(self);
    return rc;
}

void ol_unsealed_drop_reads(ol_object *object)
{
    ol_unsealed *self = (ol_unsealed *)object;
    while (self->reads)
        end(self->reads);
}
