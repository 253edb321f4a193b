/* SPDX-License-Identifier: MIT */
/*
 * The sink of an object whose length nobody knows beforehand (a form's file, what a transform
 * made). S3 wants lengths: so a body that ends within one part is a PUT, and a longer one an upload
 * in parts, gathered one at a time. Nothing is visible before the last step; an upload that is
 * not completed is aborted.
 *
 * The run is heap memory: a call that cannot be taken back (beginning, completing) may outlive
 * the stage, and then the upload it made is aborted.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "origin/s3/answer.h"
#include "origin/s3/operations.h"
#include "origin/s3/put.h"

#define PART_BYTES (8 * OL_MIB)
#define FIRST_BYTES (64 * OL_KIB)

enum phase { GATHERING, CREATING, SENDING, COMPLETING, OVER };

typedef struct run {
    ol_stage *stage; /* NULL once closed */
    ol_loop *loop;
    ol_s3_attachment *at;
    const ol_s3_put_config *config;
    enum phase phase;
    uint8_t *buffer;
    size_t cap, len;
    uint64_t total;
    ol_slice waiting;
    bool waits, ended;
    ol_s3_call *call;
    ol_arena *arena; /* of the call */
    ol_put_result result;
    char upload_id[OL_UPLOAD_ID_SIZE];
    ol_slice bucket, key; /* copies, behind the struct */
    ol_buf etags;         /* OL_ETAG_SIZE bytes a part */
} run;

static void go_on(run *r);

/* ---- the end ---- */

static void on_aborted(void *arg, const ol_error *err)
{
    (void)arg;
    (void)err; /* the service's own rules for stale uploads have to do */
}

static void abort_upload(run *r)
{
    ol_error err = {0};
    if (r->upload_id[0] == '\0')
        return;
    ol_s3_upload_abort(&r->at->origin->base, r->loop, r->bucket, r->key,
                       ol_slice_cstr(r->upload_id), on_aborted, NULL, &err);
    r->upload_id[0] = '\0';
}

static void run_free(run *r)
{
    abort_upload(r);
    ol_buf_fini(&r->etags);
    ol_free(r->buffer);
    ol_free(r);
}

static void drop_call(run *r)
{
    if (r->call)
        ol_s3_call_abort(r->call);
    r->call = NULL;
    if (r->arena)
        ol_s3_arena_give(r->at, r->arena);
    r->arena = NULL;
}

static void fail(run *r, const ol_error *err)
{
    r->phase = OVER;
    if (!ol_stage_is_over(r->stage))
        ol_stage_fail(r->stage, err);
}

static void succeed(run *r)
{
    ol_error err = {0};
    r->phase = OVER;
    r->upload_id[0] = '\0';
    if (r->config->result)
        *r->config->result = r->result;
    if (!ol_stage_is_over(r->stage) && ol_stage_finish(r->stage, &err) != OL_OK)
        fail(r, &err);
}

/* ---- one request with the gathered bytes: the object, or a part ---- */

static void on_writable(void *arg)
{
    (void)arg;
}

static int keep_etag(run *r)
{
    return ol_buf_add(&r->etags, ol_slice_of(r->result.etag, OL_ETAG_SIZE));
}

static void on_answer(void *arg, const ol_http_answer *answer)
{
    run *r = arg;
    ol_s3_put_result_of(answer, &r->result);
}

static int on_data(void *arg, ol_slice data)
{
    (void)arg;
    (void)data;
    return OL_OK;
}

static void on_done(void *arg, const ol_error *failed)
{
    run *r = arg;
    ol_error err = {0};
    r->call = NULL;
    drop_call(r);
    if (failed) {
        fail(r, failed);
    } else if (r->upload_id[0] == '\0') {
        succeed(r);
    } else if (keep_etag(r) != OL_OK) {
        ol_error_set(&err, OL_ENOMEM, "s3 origin: parts");
        fail(r, &err);
    } else {
        r->len = 0;
        r->phase = GATHERING;
        go_on(r);
    }
}

static const ol_s3_call_ops call_ops = {
    .on_writable = on_writable,
    .on_answer = on_answer,
    .on_data = on_data,
    .on_done = on_done,
};

static int send_buffer(run *r, ol_error *err)
{
    const ol_s3_put_config *config = r->config;
    bool part = r->upload_id[0] != '\0';
    r->arena = ol_s3_arena_take(r->at, err);
    if (!r->arena)
        return err->code;
    const char *number = ol_arena_printf(r->arena, "%zu", r->etags.len / OL_ETAG_SIZE + 1);
    const ol_s3_param params[] = {{"partNumber", ol_slice_cstr(number)},
                                  {"uploadId", ol_slice_cstr(r->upload_id)}};
    const ol_s3_request request = {.method = "PUT",
                                   .bucket = r->bucket,
                                   .key = r->key,
                                   .params = params,
                                   .param_count = part ? 2 : 0,
                                   .headers = config->headers,
                                   .header_count = part ? config->customer_count
                                                       : config->header_count,
                                   .body = ol_slice_of(r->buffer, r->len),
                                   .retry = config->conditional && !part ? OL_S3_RETRY_UNSENT
                                                                         : OL_S3_RETRY_SAFE};
    r->phase = SENDING;
    return ol_s3_call_start(&r->call, r->at, &request, r->arena, &call_ops, r, err);
}

/* ---- the upload ---- */

static void on_created(void *arg, const ol_error *failed, ol_slice id)
{
    run *r = arg;
    ol_error err = {0};
    if (!failed)
        snprintf(r->upload_id, sizeof r->upload_id, "%.*s", OL_SLICE_FMT(id));
    if (!r->stage)
        run_free(r);
    else if (failed)
        fail(r, failed);
    else if (send_buffer(r, &err) != OL_OK)
        fail(r, &err);
}

static int create(run *r, ol_error *err)
{
    const ol_s3_put_config *config = r->config;
    const ol_upload_request request = {.bucket = r->bucket,
                                       .key = r->key,
                                       .headers = config->headers,
                                       .header_count = config->metadata_count,
                                       .tags = config->tags,
                                       .acl = config->acl};
    int rc = ol_s3_upload_create(&r->at->origin->base, r->loop, &request, on_created, r, err);
    if (rc != OL_WAIT)
        return rc;
    r->phase = CREATING;
    return OL_OK;
}

static void on_completed(void *arg, const ol_error *failed, const ol_put_result *result)
{
    run *r = arg;
    if (result) {
        r->result = *result;
        r->upload_id[0] = '\0';
    }
    if (!r->stage)
        run_free(r);
    else if (failed)
        fail(r, failed);
    else
        succeed(r);
}

static int complete(run *r, ol_error *err)
{
    size_t count = r->etags.len / OL_ETAG_SIZE;
    ol_part *parts = ol_calloc(count, sizeof *parts);
    if (!parts)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: parts");
    for (size_t i = 0; i < count; i++) {
        parts[i].number = (uint32_t)i + 1;
        parts[i].etag = ol_slice_cstr((const char *)r->etags.data + i * OL_ETAG_SIZE);
    }
    const ol_complete_request request = {.bucket = r->bucket,
                                         .key = r->key,
                                         .upload_id = ol_slice_cstr(r->upload_id),
                                         .parts = parts,
                                         .part_count = count,
                                         .if_none_match_any = r->config->if_none_match_any,
                                         .if_none_match = r->config->if_none_match,
                                         .if_match = r->config->if_match,
                                         .size = (int64_t)r->total};
    int rc = ol_s3_upload_complete(&r->at->origin->base, r->loop, &request, on_completed, r, err);
    ol_free(parts);
    if (rc != OL_WAIT)
        return rc;
    r->phase = COMPLETING;
    return OL_OK;
}

/* ---- gathering ---- */

static int grow(run *r)
{
    size_t cap = r->cap ? r->cap * 2 : FIRST_BYTES;
    uint8_t *buffer = ol_realloc(r->buffer, cap);
    if (!buffer)
        return OL_ENOMEM;
    r->buffer = buffer;
    r->cap = cap;
    return OL_OK;
}

static int gather(run *r, ol_error *err)
{
    while (r->waiting.len > 0 && r->len < PART_BYTES) {
        if (r->len == r->cap && grow(r) != OL_OK)
            return ol_error_set(err, OL_ENOMEM, "s3 origin: part");
        size_t room = r->cap - r->len;
        size_t take = r->waiting.len < room ? r->waiting.len : room;
        memcpy(r->buffer + r->len, r->waiting.data, take);
        r->len += take;
        r->waiting = ol_slice_from(r->waiting, take);
    }
    return OL_OK;
}

/* What is due now that nothing is under way. */
static int next_step(run *r, ol_error *err)
{
    int rc = gather(r, err);
    if (rc != OL_OK)
        return rc;
    bool more = r->waiting.len > 0;
    if (more && r->upload_id[0] == '\0')
        return create(r, err);
    if (more || (r->ended && r->len > 0) || (r->ended && r->upload_id[0] == '\0'))
        return send_buffer(r, err);
    return r->ended ? complete(r, err) : OL_OK;
}

static void go_on(run *r)
{
    ol_error err = {0};
    if (next_step(r, &err) != OL_OK) {
        fail(r, &err);
        return;
    }
    if (r->waits && r->waiting.len == 0) {
        r->waits = false;
        ol_stage_ready(r->stage);
    }
}

/* ---- the stage ---- */

static run *run_of(const ol_stage *st)
{
    return *(run **)st->state;
}

static int unknown_open(ol_stage *st, ol_error *err)
{
    const ol_s3_put_config *config = st->config;
    ol_s3_attachment *at = ol_s3_attachment_of(config->origin, ol_stage_loop(st), err);
    if (!at)
        return err->code;
    run *r = ol_calloc(1, sizeof *r + config->bucket.len + config->key.len);
    if (!r)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: upload");
    uint8_t *texts = (uint8_t *)(r + 1);
    if (config->bucket.len > 0)
        memcpy(texts, config->bucket.data, config->bucket.len);
    if (config->key.len > 0)
        memcpy(texts + config->bucket.len, config->key.data, config->key.len);
    r->bucket = ol_slice_of(texts, config->bucket.len);
    r->key = ol_slice_of(texts + config->bucket.len, config->key.len);
    r->stage = st;
    r->loop = ol_stage_loop(st);
    r->at = at;
    r->config = config;
    ol_buf_init(&r->etags, OL_PARTS_MAX * OL_ETAG_SIZE);
    *(run **)st->state = r;
    return OL_OK;
}

static int unknown_write(ol_stage *st, ol_slice in, ol_error *err)
{
    run *r = run_of(st);
    r->total += in.len;
    if (r->total > OL_PUT_BYTES_MAX)
        return ol_error_set(err, OL_ETOOLARGE, NULL);
    r->waiting = in;
    int rc = r->phase == GATHERING ? next_step(r, err) : OL_OK;
    if (rc != OL_OK)
        return rc;
    r->waits = r->waiting.len > 0;
    return r->waits ? OL_WAIT : OL_OK;
}

static int unknown_finish(ol_stage *st, ol_error *err)
{
    run *r = run_of(st);
    r->ended = true;
    return r->phase == GATHERING ? next_step(r, err) : OL_OK;
}

static void unknown_close(ol_stage *st)
{
    run *r = run_of(st);
    bool wait = r->phase == CREATING || r->phase == COMPLETING;
    drop_call(r);
    r->stage = NULL;
    r->config = NULL;
    if (!wait)
        run_free(r);
}

const ol_stage_ops ol_s3_put_unknown_ops = {
    .name = "s3",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(run *),
    .open = unknown_open,
    .write = unknown_write,
    .finish = unknown_finish,
    .close = unknown_close,
};
