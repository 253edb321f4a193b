/* SPDX-License-Identifier: MIT */
/*
 * The source of a plaintext body, or of a piece of it: waits until it may be given out, then either
 * sends what was kept, or runs a pipeline of its own (body → decrypt → bridge) whose sink hands every
 * slice to the stage below this source, and every wait back.
 *
 * A piece of a format that cannot be entered in its middle is cut out of the whole. Where it is known
 * what the plaintext was when it was verified, only that comes to the bridge, in whole segments.
 */
#include "base/clock.h"
#include "front/originals/unsealed_private.h"

#define HEADERS_MORE 12

typedef struct source_config {
    ol_unsealed *object;
    ol_byte_range range;
    bool whole;
} source_config;

typedef struct source {
    ol_stage *stage;
    const source_config *config;
    ol_unsealed_wait wait;
    bool begun;
    bool lent;  /* the stage below has a slice of ours and waits */
    bool ended; /* our output is complete */
    uint64_t at, end; /* of the plaintext: what is sent next, what is not wanted any more */
    /* from what was kept */
    bool from_kept;
    ol_unsealed_load load;
    /* or from a pipeline */
    ol_pipeline *inner;
    ol_stage *bridge;
    uint64_t seen; /* where the bytes begin that the bridge gets next */
    bool cuts;     /* it gets more than is wanted, of what was verified before */
} source;

static void fail(source *self, const ol_error *err)
{
    if (!ol_stage_is_over(self->stage))
        ol_stage_fail(self->stage, err);
}

static int finish(source *self, ol_error *err)
{
    self->ended = true;
    return ol_stage_finish(self->stage, err);
}

/* ---- the head ---- */

static int add_head(const ol_object_info *info, ol_head *head)
{
    char quoted[OL_ETAG_SIZE + 3], date[OL_HTTP_DATE_SIZE];
    int len = snprintf(quoted, sizeof(quoted), "\"%.*s\"", OL_SLICE_FMT(info->etag));
    int rc = len > 0 && (size_t)len < sizeof(quoted)
                 ? ol_headers_add(&head->headers, OL_SLICE_LIT("etag"),
                                  ol_slice_of(quoted, (size_t)len))
                 : OL_OK;
    ol_clock_http_date(info->last_modified_ms, date);
    if (rc == OL_OK)
        rc = ol_headers_add(&head->headers, OL_SLICE_LIT("last-modified"), ol_slice_cstr(date));
    for (size_t i = 0; rc == OL_OK && i < info->header_count; i++)
        rc = ol_headers_add(&head->headers, info->headers[i].name, info->headers[i].value);
    return rc;
}

static int send_head(source *self, ol_error *err)
{
    ol_head head = {.status = 200, .content_length = (int64_t)(self->end - self->at)};
    ol_headers_init(&head.headers, ol_stage_arena(self->stage));
    int rc = add_head(&self->config->object->info, &head);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "opened original");
    return ol_stage_head(self->stage, &head, err);
}

/* ---- from what was kept ---- */

static void pump_kept(source *self);

static void on_loaded(void *arg, const ol_error *err)
{
    source *self = arg;
    if (ol_stage_is_over(self->stage))
        return;
    if (err)
        fail(self, err);
    else
        pump_kept(self);
}

/* Sends what is loaded. OL_OK when it is used up. */
static int send_loaded(source *self, ol_error *err)
{
    ol_slice bytes = self->load.bytes;
    if (bytes.len > self->end - self->at)
        bytes = ol_slice_first(bytes, (size_t)(self->end - self->at));
    self->load.bytes = OL_SLICE_NONE;
    self->at += bytes.len;
    int rc = bytes.len > 0 ? ol_stage_write(self->stage, bytes, err) : OL_OK;
    self->lent = rc == OL_WAIT;
    return rc;
}

static void pump_kept(source *self)
{
    ol_unsealed *object = self->config->object;
    ol_error err = {0};
    int rc = OL_OK;
    for (;;) {
        rc = send_loaded(self, &err);
        if (rc != OL_OK || self->at == self->end)
            break;
        rc = ol_unsealed_kept_load(&object->kept, object->loop, self->at, &self->load, &err);
        if (rc != OL_OK)
            break;
    }
    if (rc == OL_OK && !self->ended)
        rc = finish(self, &err);
    if (rc < 0)
        fail(self, &err);
}

/* ---- from a pipeline: the bridge ---- */

static int bridge_open(ol_stage *st, ol_error *err)
{
    (void)err;
    source *self = (source *)(uintptr_t)st->config;
    self->bridge = st;
    return OL_OK;
}

/* The head of the encrypted bytes says nothing that counts. */
static int bridge_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)head;
    source *self = (source *)(uintptr_t)st->config;
    return send_head(self, err);
}

static int bridge_write(ol_stage *st, ol_slice in, ol_error *err)
{
    source *self = (source *)(uintptr_t)st->config;
    uint64_t begin = self->seen;
    self->seen += in.len;
    if (self->seen <= self->at || self->ended)
        return OL_OK;
    if (begin < self->at)
        in = ol_slice_from(in, (size_t)(self->at - begin));
    if (in.len > self->end - self->at)
        in = ol_slice_first(in, (size_t)(self->end - self->at));
    if (in.len == 0)
        return OL_OK;
    self->at += in.len;
    int rc = ol_stage_write(self->stage, in, err);
    self->lent = rc == OL_WAIT;
    return rc == OL_OK && self->cuts && self->at == self->end ? finish(self, err) : rc;
}

/* Not before the cipher has seen its end: then all of it was authentic. */
static int bridge_finish(ol_stage *st, ol_error *err)
{
    source *self = (source *)(uintptr_t)st->config;
    if (self->at != self->end)
        return ol_error_set(err, OL_EDECRYPT, "shorter than it must be");
    int rc = self->ended ? OL_OK : finish(self, err);
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static const ol_stage_ops bridge_ops = {
    .name = "plaintext",
    .phase = OL_PHASE_SINK,
    .open = bridge_open,
    .head = bridge_head,
    .write = bridge_write,
    .finish = bridge_finish,
};

static void on_inner_done(void *arg, const ol_error *err)
{
    source *self = arg;
    if (err)
        fail(self, err);
}

static const ol_pipeline_ops inner_ops = {.on_done = on_inner_done};

static void plan(source *self, ol_byte_range *cipher, ol_content_config *content)
{
    const ol_unsealed *object = self->config->object;
    const ol_origin_ops *ops = object->sealed->origin->ops;
    ol_byte_range range = self->config->range;
    if (object->segments && !self->config->whole)
        range = ol_segments_around(object->segments, range);
    *content = (ol_content_config){.sealed = object->opened->sealed, .mode = OL_CONTENT_RELEASE};
    *cipher = (ol_byte_range){0, ops->info(object->sealed)->size};
    self->seen = 0;
    self->cuts = !self->config->whole && ol_sealed_range(object->opened->sealed, range.start,
                                                         range.length, &content->span) != OL_OK;
    if (self->config->whole || self->cuts)
        return;
    content->mode = OL_CONTENT_PART;
    content->plain_start = range.start;
    content->plain_length = range.length;
    *cipher = (ol_byte_range){content->span.start, content->span.length};
    self->seen = range.start;
}

static int add_check(source *self, ol_arena *arena)
{
    ol_segments_config *config = ol_arena_calloc(arena, sizeof(*config));
    if (!config)
        return OL_ENOMEM;
    *config = (ol_segments_config){self->config->object->segments, self->seen};
    return ol_pipeline_add(self->inner, &ol_segments_stage_ops, config, NULL);
}

static int build(source *self)
{
    const ol_unsealed *object = self->config->object;
    ol_arena *arena = ol_stage_arena(self->stage);
    const ol_stage_ops *body;
    const void *body_config;
    ol_byte_range cipher;
    ol_content_config *content = ol_arena_calloc(arena, sizeof(*content));
    if (!content)
        return OL_ENOMEM;
    plan(self, &cipher, content);
    int rc = ol_pipeline_new(&self->inner, object->loop, arena, &inner_ops, self);
    if (rc == OL_OK)
        rc = object->sealed->origin->ops->body(object->sealed, cipher, arena, &body, &body_config);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->inner, body, body_config, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->inner, &ol_content_stage_ops, content, NULL);
    if (rc == OL_OK && object->segments)
        rc = add_check(self, arena);
    return rc == OL_OK ? ol_pipeline_add(self->inner, &bridge_ops, self, NULL) : rc;
}

static int run_inner(source *self, ol_error *err)
{
    int rc = build(self);
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->inner, err);
    if (rc != OL_OK)
        self->inner = NULL; /* a pipeline that did not start is closed already */
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "opened original");
}

/* ---- the stage ---- */

/* A part cannot be broken off at an end that it does not reach: it has to be right before it goes out. */
static bool part_is_safe(const ol_unsealed *object)
{
    return object->has_kept || object->segments || object->rule->rules.ranged ||
           ol_sealed_is_chunked(object->opened->sealed) ||
           ol_sealed_tail_bytes(object->opened->sealed) > 0;
}

static int begin(source *self, ol_error *err)
{
    const ol_unsealed *object = self->config->object;
    if (!self->config->whole && !part_is_safe(object))
        return ol_error_set(err, OL_EVERIFYSIZE, "too long for parts of it to be verified");
    self->at = self->config->range.start;
    self->end = self->at + self->config->range.length;
    self->from_kept = object->has_kept;
    self->load = (ol_unsealed_load){.cb = on_loaded, .arg = self};
    bool nothing = self->config->range.length == 0 && !self->config->whole;
    if (!self->from_kept && !nothing)
        return run_inner(self, err);
    int rc = send_head(self, err);
    if (rc == OL_OK && self->at == self->end)
        return finish(self, err);
    if (rc == OL_OK)
        pump_kept(self);
    return rc;
}

static void on_ready(void *arg, const ol_error *wait_err)
{
    source *self = arg;
    ol_error err = {0};
    if (ol_stage_is_over(self->stage))
        return;
    if (wait_err)
        fail(self, wait_err);
    else if (begin(self, &err) != OL_OK)
        fail(self, &err);
}

static int source_open(ol_stage *st, ol_error *err)
{
    (void)err;
    source *self = st->state;
    *self = (source){.stage = st, .config = st->config};
    return OL_OK;
}

static void source_resume(ol_stage *st)
{
    source *self = st->state;
    ol_error err = {0};
    int rc = OL_OK;
    if (self->begun) {
        bool lent = self->lent;
        self->lent = false;
        if (lent && self->from_kept)
            pump_kept(self);
        else if (lent && self->cuts && self->at == self->end)
            rc = finish(self, &err);
        else if (lent && self->inner)
            ol_stage_ready(self->bridge);
        if (rc < 0)
            fail(self, &err);
        return;
    }
    self->begun = true;
    self->wait = (ol_unsealed_wait){.cb = on_ready, .arg = self};
    rc = ol_unsealed_ready(self->config->object, self->config->whole, &self->wait, &err);
    if (rc == OL_OK)
        rc = begin(self, &err);
    if (rc < 0)
        fail(self, &err);
}

static void source_close(ol_stage *st)
{
    source *self = st->state;
    ol_unsealed_wait_cancel(&self->wait);
    ol_unsealed_load_fini(&self->load);
    if (self->inner)
        ol_pipeline_close(self->inner);
    self->inner = NULL;
}

static const ol_stage_ops source_ops = {
    .name = "original",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(source),
    .open = source_open,
    .resume = source_resume,
    .close = source_close,
};

int ol_unsealed_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                     const ol_stage_ops **ops, const void **config)
{
    ol_unsealed *self = (ol_unsealed *)object;
    source_config *own = ol_arena_calloc(arena, sizeof(*own));
    if (!own)
        return OL_ENOMEM;
    *own = (source_config){.object = self,
                           .range = range,
                           .whole = range.start == 0 && range.length == self->info.size};
    *ops = &source_ops;
    *config = own;
    return OL_OK;
}
