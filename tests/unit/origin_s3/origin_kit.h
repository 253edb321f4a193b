/* SPDX-License-Identifier: MIT */
/*
 * A remote origin attached to a test's loop, and its operations as calls that return when the
 * answer is there. Included by the tests of this room; each uses a part of it.
 */
#ifndef OL_TESTS_ORIGIN_KIT_H
#define OL_TESTS_ORIGIN_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"
#include "origin/s3/s3_origin.h"

#define KIT_UNUSED __attribute__((unused))

typedef struct okit {
    ol_test_bench bench;
    ol_origin *origin;
    ol_s3_origin_options options;
    char warned[512];
    unsigned warnings;
    bool attached;
} okit;

/* What an operation answered. */
typedef struct okit_answer {
    bool done;
    int rc;
    ol_error err;
    ol_object *object;
    ol_list_result *list;
    ol_bucket_list *buckets;
    ol_uploads_result *uploads;
    ol_part_list *parts;
    ol_put_result put;
    ol_remove_result removed;
    char text[8192];
    int status;
    size_t got;
} okit_answer;

static KIT_UNUSED void okit_warn(void *arg, const char *line)
{
    okit *k = arg;
    k->warnings++;
    snprintf(k->warned, sizeof k->warned, "%s", line);
}

/* Options to be changed between new and open. */
static KIT_UNUSED okit *okit_new(const char *endpoint)
{
    okit *k = calloc(1, sizeof *k);
    ol_s3_origin_options_default(&k->options);
    k->options.name = "test";
    k->options.endpoint = endpoint;
    k->options.credentials.from = OL_S3_CREDENTIALS_STATIC;
    k->options.credentials.access_key = "AKIDEXAMPLE";
    k->options.credentials.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    k->options.backoff_base_ms = 5;
    k->options.backoff_max_ms = 20;
    k->options.warn = okit_warn;
    k->options.warn_arg = k;
    return k;
}

static KIT_UNUSED void okit_open(okit *k)
{
    ol_error err = {0};
    ol_test_bench_open(&k->bench);
    assert_code_of(ol_s3_origin_new(&k->origin, &k->options, &err), OL_OK, &err);
    assert_code_of(ol_s3_origin_attach(k->origin, k->bench.loop.loop, &err), OL_OK, &err);
    k->attached = true;
}

static KIT_UNUSED void okit_set(void *arg)
{
    *(bool *)arg = true;
}

static KIT_UNUSED void okit_detach(okit *k)
{
    bool detached = false;
    if (!k->attached)
        return;
    k->attached = false;
    ol_s3_origin_detach(k->origin, k->bench.loop.loop, okit_set, &detached);
    ol_test_loop_until(&k->bench.loop, &detached, OL_TEST_BOUND_MS);
}

static KIT_UNUSED void okit_close(okit *k)
{
    ol_test_bench_again(&k->bench);
    okit_detach(k);
    ol_test_bench_close(&k->bench);
    ol_s3_origin_destroy(k->origin);
    free(k);
}

/* ---- waiting ---- */

static bool okit_is_done(void *arg)
{
    return ((okit_answer *)arg)->done;
}

/* `rc` is what the call returned. */
static KIT_UNUSED int okit_wait(okit *k, okit_answer *a, int rc)
{
    a->rc = rc;
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until_fn(&k->bench.loop, okit_is_done, a, OL_TEST_BOUND_MS);
    a->rc = a->err.code;
    return a->rc;
}

static void okit_take(okit_answer *a, const ol_error *err)
{
    assert_false(a->done);
    a->done = true;
    if (err)
        a->err = *err;
}

static KIT_UNUSED void okit_on_object(void *arg, const ol_error *err, ol_object *object)
{
    ((okit_answer *)arg)->object = object;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_done(void *arg, const ol_error *err)
{
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_list(void *arg, const ol_error *err, ol_list_result *list)
{
    ((okit_answer *)arg)->list = list;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_buckets(void *arg, const ol_error *err, ol_bucket_list *list)
{
    ((okit_answer *)arg)->buckets = list;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_uploads(void *arg, const ol_error *err, ol_uploads_result *r)
{
    ((okit_answer *)arg)->uploads = r;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_parts(void *arg, const ol_error *err, ol_part_list *list)
{
    ((okit_answer *)arg)->parts = list;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_put(void *arg, const ol_error *err, const ol_put_result *result)
{
    if (result)
        ((okit_answer *)arg)->put = *result;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_removed(void *arg, const ol_error *err, const ol_remove_result *r)
{
    if (r)
        ((okit_answer *)arg)->removed = *r;
    okit_take(arg, err);
}

static KIT_UNUSED void okit_on_text(void *arg, const ol_error *err, ol_slice text)
{
    okit_answer *a = arg;
    snprintf(a->text, sizeof a->text, "%.*s", OL_SLICE_FMT(text));
    okit_take(a, err);
}

static KIT_UNUSED void okit_on_subresource(void *arg, const ol_error *err, int status,
                                           ol_slice body)
{
    okit_answer *a = arg;
    a->status = status;
    okit_on_text(a, err, body);
}

static KIT_UNUSED void okit_on_read(void *arg, const ol_error *err, size_t got)
{
    ((okit_answer *)arg)->got = got;
    okit_take(arg, err);
}

/* ---- operations ---- */

static KIT_UNUSED ol_object_ref okit_ref(const char *bucket, const char *key)
{
    return (ol_object_ref){.bucket = ol_slice_cstr(bucket), .key = ol_slice_cstr(key)};
}

static KIT_UNUSED int okit_open_ref(okit *k, const ol_object_ref *ref, okit_answer *a)
{
    *a = (okit_answer){0};
    return okit_wait(k, a, k->origin->ops->open(k->origin, k->bench.loop.loop, ref, &a->object,
                                                okit_on_object, a, &a->err));
}

static KIT_UNUSED int okit_head(okit *k, const char *bucket, const char *key, okit_answer *a)
{
    ol_object_ref ref = okit_ref(bucket, key);
    ref.open_for = OL_OPEN_FOR_INFO;
    return okit_open_ref(k, &ref, a);
}

/* A body of an opened object, by one way of cutting and delaying, into `collect`. */
static KIT_UNUSED int okit_body_into(okit *k, ol_object *object, ol_byte_range range,
                                     ol_test_collect *collect, unsigned way)
{
    const ol_stage_ops *ops;
    const void *config;
    int rc = k->origin->ops->body(object, range, k->bench.arena, &ops, &config);
    if (rc != OL_OK)
        return rc;
    ol_test_bench_add(&k->bench, ops, config);
    ol_test_bench_below(&k->bench, way, NULL);
    ol_test_bench_collect(&k->bench, collect);
    return ol_test_bench_run(&k->bench);
}

/* GET as a client would: open for the body with a hint, then the whole or that range. */
static KIT_UNUSED int okit_get(okit *k, const char *bucket, const char *key, const char *hint,
                               ol_buf *out, okit_answer *a)
{
    ol_object_ref ref = okit_ref(bucket, key);
    ref.range_hint = ol_slice_cstr(hint);
    int rc = okit_open_ref(k, &ref, a);
    if (rc != OL_OK)
        return rc;
    ol_byte_range range = {0, k->origin->ops->info(a->object)->size};
    ol_test_collect collect = {0};
    unsigned long long first, last;
    if (hint && sscanf(hint, "bytes=%llu-%llu", &first, &last) == 2)
        range = (ol_byte_range){first, last - first + 1};
    rc = okit_body_into(k, a->object, range, &collect, 0);
    if (rc != OL_OK)
        a->err = k->bench.err;
    ol_buf_clear(out);
    ol_buf_add(out, ol_test_collect_out(&collect));
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&k->bench);
    k->origin->ops->close_object(a->object);
    return rc;
}

static KIT_UNUSED int okit_run_sink(okit *k, const ol_stage_ops *ops, const void *config,
                                    ol_slice body, size_t piece, okit_answer *a)
{
    ol_test_feed feed = {.body = body, .piece_bytes = piece, .reserves = piece == 1};
    ol_test_bench_feed(&k->bench, &feed);
    ol_test_bench_add(&k->bench, ops, config);
    int rc = ol_test_bench_run(&k->bench);
    a->err = k->bench.err;
    ol_test_bench_again(&k->bench);
    return rc;
}

static KIT_UNUSED int okit_put_req(okit *k, ol_put_request *req, ol_slice body, size_t piece,
                                   okit_answer *a)
{
    const ol_stage_ops *ops;
    const void *config;
    *a = (okit_answer){0};
    req->result = &a->put;
    int rc = k->origin->ops->put(k->origin, req, k->bench.arena, &ops, &config, &a->err);
    return rc == OL_OK ? okit_run_sink(k, ops, config, body, piece, a) : rc;
}

static KIT_UNUSED int okit_put(okit *k, const char *bucket, const char *key, ol_slice body,
                               okit_answer *a)
{
    ol_put_request req = {.bucket = ol_slice_cstr(bucket),
                          .key = ol_slice_cstr(key),
                          .size = (int64_t)body.len};
    return okit_put_req(k, &req, body, 0, a);
}

static KIT_UNUSED int okit_list(okit *k, const ol_list_request *req, okit_answer *a)
{
    *a = (okit_answer){0};
    return okit_wait(k, a, k->origin->ops->list(k->origin, k->bench.loop.loop, req, okit_on_list,
                                                a, &a->err));
}

static KIT_UNUSED int okit_remove(okit *k, const char *bucket, const char *key, okit_answer *a)
{
    const ol_remove_request req = {.bucket = ol_slice_cstr(bucket),
                                   .key = ol_slice_cstr(key),
                                   .if_modified_ms = -1,
                                   .if_size = -1};
    *a = (okit_answer){0};
    return okit_wait(k, a, k->origin->ops->remove(k->origin, k->bench.loop.loop, &req,
                                                  okit_on_removed, a, &a->err));
}

static KIT_UNUSED int okit_bucket_create(okit *k, const char *bucket, okit_answer *a)
{
    *a = (okit_answer){0};
    return okit_wait(k, a, k->origin->ops->bucket_create(k->origin, k->bench.loop.loop,
                                                         ol_slice_cstr(bucket), okit_on_done, a,
                                                         &a->err));
}

#endif
