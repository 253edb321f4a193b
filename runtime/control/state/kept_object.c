/* SPDX-License-Identifier: MIT */
/*
 * Loading: open for its metadata → the entity tag is the one we know: done; else read it in
 * pieces, pinned to that tag → close. Saving: a pipeline of two stages, this memory and the
 * origin's sink.
 *
 * Origins may answer at once (OL_OK) or later (OL_WAIT); our callback is always made on a later
 * turn, through `post`.
 */
#include "control/state/kept_object.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"
#include "pipeline/pipeline.h"

#define ARENA_BYTES_MAX (1 * OL_MIB)
#define PIECE_BYTES (64 * OL_KIB)

struct ol_kept_object {
    ol_loop *loop;
    ol_origin *origin;
    ol_slice bucket, key; /* in one allocation behind the struct */
    char etag[OL_ETAG_SIZE]; /* of what was read or written last; empty = there is none */
    bool known;              /* etag says something */

    ol_object *object;
    ol_buf text;
    char loaded_etag[OL_ETAG_SIZE];
    ol_kept_load_cb load_cb;

    ol_arena *arena; /* of a write */
    ol_pipeline *pipeline;
    ol_slice saved;
    size_t offset; /* of what has been handed on */
    bool head_sent;
    ol_put_result result;
    ol_done_cb save_cb;

    void *arg;
    ol_error err;
    bool absent, unchanged;
    ol_post post;
};

ol_kept_object *ol_kept_object_new(const ol_kept_object_options *options)
{
    size_t names = options->bucket.len + options->key.len;
    ol_kept_object *self = ol_calloc(1, sizeof(*self) + names + 1);
    if (!self)
        return NULL;
    uint8_t *at = (uint8_t *)(self + 1);
    memcpy(at, options->bucket.data, options->bucket.len);
    memcpy(at + options->bucket.len, options->key.data, options->key.len);
    self->loop = options->loop;
    self->origin = options->origin;
    self->bucket = ol_slice_of(at, options->bucket.len);
    self->key = ol_slice_of(at + options->bucket.len, options->key.len);
    ol_buf_init(&self->text, options->bytes_max);
    return self;
}

void ol_kept_object_destroy(ol_kept_object *self)
{
    if (!self)
        return;
    ol_buf_fini(&self->text);
    ol_free(self);
}

void ol_kept_object_forget(ol_kept_object *self)
{
    self->known = false;
}

static void copy_etag(char out[OL_ETAG_SIZE], ol_slice etag)
{
    size_t len = etag.len < OL_ETAG_SIZE ? etag.len : OL_ETAG_SIZE - 1;
    if (len)
        memcpy(out, etag.data, len);
    out[len] = '\0';
}

/* ---- loading ---- */

static void tell_loaded(void *arg)
{
    ol_kept_object *self = arg;
    ol_error err = self->err;
    bool nothing = self->unchanged || self->absent || err.code;
    ol_slice text = nothing ? OL_SLICE_NONE : ol_slice_of(ol_buf_cstr(&self->text), self->text.len);
    if (!err.code) {
        memcpy(self->etag, self->absent ? "" : self->loaded_etag,
               self->absent ? 1 : sizeof(self->etag));
        self->known = true;
    }
    self->load_cb(self->arg, err.code ? &err : NULL, text, self->absent);
}

static void end_load(ol_kept_object *self, const ol_error *err)
{
    if (self->object)
        self->origin->ops->close_object(self->object);
    self->object = NULL;
    if (err)
        self->err = *err;
    self->post = (ol_post){.fn = tell_loaded, .arg = self};
    ol_loop_defer(self->loop, &self->post);
}

static void fail_load(ol_kept_object *self, int code, const char *why)
{
    ol_error err = {0};
    ol_error_set(&err, code, "%s", why);
    end_load(self, &err);
}

static void read_on(ol_kept_object *self);

static void on_piece(void *arg, const ol_error *err, size_t got)
{
    ol_kept_object *self = arg;
    if (err) {
        end_load(self, err);
        return;
    }
    self->text.len += got;
    if (got == 0)
        fail_load(self, OL_EORIGIN, "the control state is shorter than it says");
    else
        read_on(self);
}

/* Until all of it is there; an answer at once goes round, not down. */
static void read_on(ol_kept_object *self)
{
    uint64_t size = self->origin->ops->info(self->object)->size;
    while (self->text.len < size) {
        ol_error err = {0};
        size_t got = 0, want = size - self->text.len < PIECE_BYTES ? (size_t)(size - self->text.len)
                                                                   : PIECE_BYTES;
        int rc = ol_buf_reserve(&self->text, want);
        if (rc != OL_OK) {
            fail_load(self, rc, "the control state is larger than limits.control_bytes_max");
            return;
        }
        ol_span span = {.data = self->text.data + self->text.len, .len = want};
        rc = self->origin->ops->read_at(self->object, self->text.len, span, &got, on_piece, self,
                                        &err);
        if (rc == OL_WAIT)
            return;
        if (rc != OL_OK) {
            ol_error_set(&err, rc, "reading the control state");
            end_load(self, &err);
            return;
        }
        if (got == 0) {
            fail_load(self, OL_EORIGIN, "the control state is shorter than it says");
            return;
        }
        self->text.len += got;
    }
    end_load(self, NULL);
}

static void on_opened(void *arg, const ol_error *err, ol_object *object)
{
    ol_kept_object *self = arg;
    if (err && err->code == OL_ENOSUCHKEY) {
        self->absent = true;
        self->unchanged = self->known && !self->etag[0];
        end_load(self, NULL);
        return;
    }
    if (err) {
        end_load(self, err);
        return;
    }
    self->object = object;
    copy_etag(self->loaded_etag, self->origin->ops->info(object)->etag);
    self->unchanged = self->known && strcmp(self->etag, self->loaded_etag) == 0;
    if (self->unchanged)
        end_load(self, NULL);
    else
        read_on(self);
}

void ol_kept_object_load(ol_kept_object *self, ol_kept_load_cb cb, void *arg)
{
    ol_error err = {0};
    ol_object *object = NULL;
    ol_object_ref ref = {.bucket = self->bucket, .key = self->key, .open_for = OL_OPEN_FOR_INFO};
    self->load_cb = cb;
    self->arg = arg;
    self->absent = self->unchanged = false;
    ol_error_clear(&self->err);
    ol_buf_clear(&self->text);
    int rc = self->origin->ops->open(self->origin, self->loop, &ref, &object, on_opened, self, &err);
    if (rc == OL_WAIT)
        return;
    ol_error_set(&err, rc, "opening the control state");
    on_opened(self, rc == OL_OK ? NULL : &err, object);
}

/* ---- saving ---- */

static int send_head(ol_stage *st, ol_kept_object *self, ol_error *err)
{
    ol_head head = {.status = 200, .content_length = (int64_t)self->saved.len};
    ol_headers_init(&head.headers, ol_stage_arena(st));
    self->head_sent = true;
    return ol_stage_head(st, &head, err);
}

static int feed(ol_stage *st, ol_kept_object *self, ol_error *err)
{
    int rc = self->head_sent ? OL_OK : send_head(st, self, err);
    while (rc == OL_OK && self->offset < self->saved.len) {
        ol_slice piece = ol_slice_first(ol_slice_from(self->saved, self->offset), PIECE_BYTES);
        self->offset += piece.len;
        rc = ol_stage_write(st, piece, err);
    }
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static void resume(ol_stage *st)
{
    ol_kept_object *self = (ol_kept_object *)(uintptr_t)st->config;
    ol_error err = {0};
    if (feed(st, self, &err) < 0)
        ol_stage_fail(st, &err);
}

static const ol_stage_ops source_ops = {
    .name = "control",
    .phase = OL_PHASE_SOURCE,
    .resume = resume,
};

static void tell_saved(void *arg)
{
    ol_kept_object *self = arg;
    ol_error err = self->err;
    if (self->pipeline)
        ol_pipeline_close(self->pipeline);
    if (self->arena)
        ol_arena_destroy(self->arena);
    self->pipeline = NULL;
    self->arena = NULL;
    if (!err.code) {
        copy_etag(self->etag, ol_slice_cstr(self->result.etag));
        self->known = true;
    }
    self->save_cb(self->arg, err.code ? &err : NULL);
}

static void on_done(void *arg, const ol_error *err)
{
    ol_kept_object *self = arg;
    if (err)
        self->err = *err;
    self->post = (ol_post){.fn = tell_saved, .arg = self};
    ol_loop_defer(self->loop, &self->post);
}

static int start_save(ol_kept_object *self, ol_error *err)
{
    static const ol_pipeline_ops ops = {.on_done = on_done};
    static const ol_header type = {.name = {(const uint8_t *)"content-type", 12},
                                   .value = {(const uint8_t *)"application/json", 16}};
    ol_put_request request = {
        .bucket = self->bucket,
        .key = self->key,
        .headers = &type,
        .header_count = 1,
        .size = (int64_t)self->saved.len,
        .if_none_match_any = !self->etag[0],
        .if_match = ol_slice_cstr(self->etag),
        .result = &self->result,
    };
    const ol_stage_ops *sink;
    const void *config;
    self->arena = ol_arena_new(ARENA_BYTES_MAX);
    if (!self->arena)
        return OL_ENOMEM;
    int rc = self->origin->ops->put(self->origin, &request, self->arena, &sink, &config, err);
    if (rc == OL_OK)
        rc = ol_pipeline_new(&self->pipeline, self->loop, self->arena, &ops, self);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, &source_ops, self, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pipeline, sink, config, NULL);
    return rc == OL_OK ? ol_pipeline_start(self->pipeline, err) : rc;
}

void ol_kept_object_save(ol_kept_object *self, ol_slice text, ol_done_cb cb, void *arg)
{
    ol_error err = {0};
    self->save_cb = cb;
    self->arg = arg;
    self->saved = text;
    self->offset = 0;
    self->head_sent = false;
    self->result = (ol_put_result){0};
    ol_error_clear(&self->err);
    int rc = start_save(self, &err);
    if (rc == OL_OK)
        return;
    ol_error_set(&err, rc, "writing the control state");
    on_done(self, &err);
}
