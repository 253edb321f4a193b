/* SPDX-License-Identifier: MIT */
/*
 * A store in a temporary folder and a loop to call it from, as synchronous calls: each turns the
 * loop until its answer is there. For the tests of this folder.
 */
#ifndef OL_TESTS_ORIGIN_STORE_KIT_H
#define OL_TESTS_ORIGIN_STORE_KIT_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_stages.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/hooks.h"
#include "origin/store/store.h"

/* ---- on whose behalf master keys are used ---- */

typedef struct kit_user {
    ol_key_user user; /* first */
    int answer;       /* OL_OK, an error, or OL_WAIT: on a later turn with `later` */
    int later;
    int asked, dropped;
    bool decrypt;     /* of the last ask */
    ol_key_ask *waiting;
    bool posted;
    ol_post post;
} kit_user;

static inline void kit_user_on_turn(void *arg)
{
    kit_user *self = arg;
    ol_key_ask *ask = self->waiting;
    self->posted = false;
    if (!ask)
        return;
    self->waiting = NULL;
    ol_error err = {0};
    if (self->later != OL_OK)
        ol_error_set(&err, self->later, "the user of the test");
    ask->cb(ask, self->later != OL_OK ? &err : NULL);
}

static inline int kit_user_ask(ol_key_user *user, ol_key_ask *ask, ol_error *err)
{
    kit_user *self = (kit_user *)user;
    self->asked++;
    self->decrypt = ask->decrypt;
    if (self->answer == OL_WAIT) {
        self->waiting = ask;
        if (self->posted)
            return OL_WAIT;
        self->posted = true;
        self->post = (ol_post){.fn = kit_user_on_turn, .arg = self};
        ol_loop_defer(ask->loop, &self->post);
        return OL_WAIT;
    }
    return self->answer == OL_OK ? OL_OK : ol_error_set(err, self->answer, "the user of the test");
}

static inline void kit_user_drop(ol_key_user *user, ol_key_ask *ask)
{
    kit_user *self = (kit_user *)user;
    if (self->waiting == ask)
        self->waiting = NULL;
    self->dropped++;
}

/* Everybody's: permits whatever is asked, unless a test says otherwise. */
static kit_user kit_anybody = {.user = {.ask = kit_user_ask, .drop = kit_user_drop}};

typedef struct store_kit {
    char path[160];
    ol_store_options options;
    ol_origin *origin;
    ol_test_bench bench;
    char warned[512]; /* the last line for the operator */
    const uint8_t *customer_key; /* objects are opened with it; NULL: without any */
} store_kit;

/* ---- folders ---- */

static inline void kit_make_folder(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, size, "%s/objlens-store-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static inline int kit_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void kit_remove_folder(const char *path)
{
    nftw(path, kit_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

typedef struct kit_count {
    unsigned files;
    char last[256];
} kit_count;

static kit_count kit_counted;

static inline int kit_count_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (kind == FTW_F) {
        kit_counted.files++;
        snprintf(kit_counted.last, sizeof kit_counted.last, "%s", path);
    }
    return 0;
}

/* Files below a folder of the data folder; the last one's path in kit_counted. */
static inline unsigned kit_files(const store_kit *kit, const char *folder)
{
    char path[240];
    snprintf(path, sizeof path, "%s/%s", kit->path, folder);
    kit_counted = (kit_count){0};
    nftw(path, kit_count_one, 16, FTW_PHYS);
    return kit_counted.files;
}

/* ---- opening ---- */

static inline void kit_on_warn(void *arg, const char *line)
{
    store_kit *kit = arg;
    snprintf(kit->warned, sizeof kit->warned, "%s", line);
}

static inline void kit_init(store_kit *kit)
{
    *kit = (store_kit){.origin = NULL};
    kit_make_folder(kit->path, sizeof kit->path);
    ol_store_options_default(&kit->options);
    kit->options.path = kit->path;
    kit->options.read_threads = 2;
    kit->options.write_threads = 2;
    kit->options.warn = kit_on_warn;
    kit->options.warn_arg = kit;
    ol_test_bench_open(&kit->bench);
    assert_code(kit->bench.rc, OL_OK);
}

static inline void kit_start(store_kit *kit)
{
    ol_error err = {0};
    if (!kit->bench.loop.loop)
        ol_test_bench_open(&kit->bench);
    assert_code(kit->bench.rc, OL_OK);
    assert_code_of(ol_store_open(&kit->origin, &kit->options, &err), OL_OK, &err);
}

/* The loop first, as a server does: what is on its way back from a thread comes home. */
static inline void kit_stop(store_kit *kit)
{
    ol_test_bench_close(&kit->bench);
    kit->bench = (ol_test_bench){.done = false};
    ol_store_close(kit->origin);
    kit->origin = NULL;
}

static inline void kit_restart(store_kit *kit)
{
    kit_stop(kit);
    kit_start(kit);
}

/* A store with a bucket "b". */
static inline void kit_open(store_kit *kit)
{
    kit_init(kit);
    kit_start(kit);
    ol_error err = {0};
    assert_code_of(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), &err), OL_OK, &err);
}

static inline void kit_fini(store_kit *kit)
{
    kit_stop(kit);
    kit_remove_folder(kit->path);
}

/* ---- waiting for an answer ---- */

typedef struct kit_answer {
    bool done;
    int calls;
    ol_error err;
    ol_object *object;
    ol_list_result *list;
    ol_bucket_list *buckets;
    size_t got;
} kit_answer;

static inline void kit_take(kit_answer *answer, const ol_error *err)
{
    answer->done = true;
    answer->calls++;
    if (err)
        answer->err = *err;
}

static inline void kit_on_done(void *arg, const ol_error *err)
{
    kit_take(arg, err);
}

static inline void kit_on_removed(void *arg, const ol_error *err, const ol_remove_result *result)
{
    kit_take(arg, err);
    assert_true((err == NULL) == (result != NULL));
}

static inline void kit_on_object(void *arg, const ol_error *err, ol_object *object)
{
    kit_take(arg, err);
    ((kit_answer *)arg)->object = object;
}

static inline void kit_on_list(void *arg, const ol_error *err, ol_list_result *list)
{
    kit_take(arg, err);
    ((kit_answer *)arg)->list = list;
}

static inline void kit_on_buckets(void *arg, const ol_error *err, ol_bucket_list *list)
{
    kit_take(arg, err);
    ((kit_answer *)arg)->buckets = list;
}

static inline void kit_on_read(void *arg, const ol_error *err, size_t got)
{
    kit_take(arg, err);
    ((kit_answer *)arg)->got = got;
}

/* `rc` is what the call returned. The outcome. */
static inline int kit_settle(store_kit *kit, int rc, kit_answer *answer)
{
    if (rc != OL_WAIT)
        return rc;
    ol_test_loop_until(&kit->bench.loop, &answer->done, OL_TEST_BOUND_MS);
    return answer->err.code;
}

/* ---- calls ---- */

static inline int kit_put_as(store_kit *kit, ol_put_request *req, ol_test_feed *feed)
{
    ol_test_bench_again(&kit->bench);
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    int rc = kit->origin->ops->put(kit->origin, req, kit->bench.arena, &ops, &config, &err);
    kit->bench.err = err;
    if (rc != OL_OK)
        return rc;
    ol_test_bench_feed(&kit->bench, feed);
    ol_test_bench_add(&kit->bench, ops, config);
    return ol_test_bench_run(&kit->bench);
}

static inline int kit_put(store_kit *kit, const char *key, ol_slice body)
{
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                          .key = ol_slice_cstr(key),
                          .size = (int64_t)body.len};
    ol_test_feed feed = {.body = body, .piece_bytes = 65536};
    return kit_put_as(kit, &req, &feed);
}

static inline int kit_open_object(store_kit *kit, ol_slice bucket, ol_slice key, ol_slice if_match,
                                  ol_object **object, ol_error *err)
{
    kit_answer answer = {0};
    ol_object_ref ref = {.bucket = bucket, .key = key, .if_match = if_match,
                         .customer_key = kit->customer_key,
                         .key_user = &kit_anybody.user};
    *object = NULL;
    int rc = kit->origin->ops->open(kit->origin, kit->bench.loop.loop, &ref, object, kit_on_object,
                                    &answer, err);
    bool waited = rc == OL_WAIT;
    rc = kit_settle(kit, rc, &answer);
    if (waited) {
        *object = answer.object;
        if (err)
            *err = answer.err;
    }
    assert_true((rc == OL_OK) == (*object != NULL));
    return rc;
}

static inline int kit_open_key(store_kit *kit, const char *key, ol_object **object)
{
    return kit_open_object(kit, OL_SLICE_LIT("b"), ol_slice_cstr(key), OL_SLICE_NONE, object, NULL);
}

static inline void kit_close_object(store_kit *kit, ol_object *object)
{
    kit->origin->ops->close_object(object);
}

/* The body of an open object into `collect`; its head stays until the bench's next run. */
static inline int kit_read(store_kit *kit, ol_object *object, ol_byte_range range,
                           ol_test_collect *collect)
{
    ol_test_bench_again(&kit->bench);
    const ol_stage_ops *ops;
    const void *config;
    int rc = kit->origin->ops->body(object, range, kit->bench.arena, &ops, &config);
    if (rc != OL_OK)
        return rc;
    ol_test_bench_add(&kit->bench, ops, config);
    ol_test_bench_collect(&kit->bench, collect);
    return ol_test_bench_run(&kit->bench);
}

/* The whole body. The caller frees what was collected. */
static inline int kit_get(store_kit *kit, ol_slice bucket, ol_slice key, ol_test_collect *collect)
{
    ol_object *object;
    int rc = kit_open_object(kit, bucket, key, OL_SLICE_NONE, &object, NULL);
    if (rc != OL_OK)
        return rc;
    ol_byte_range all = {0, kit->origin->ops->info(object)->size};
    rc = kit_read(kit, object, all, collect);
    kit_close_object(kit, object);
    return rc;
}

static inline void kit_expect(store_kit *kit, const char *key, ol_slice body)
{
    ol_test_collect collect = {0};
    assert_code(kit_get(kit, OL_SLICE_LIT("b"), ol_slice_cstr(key), &collect), OL_OK);
    assert_int_equal(collect.len, body.len);
    if (body.len > 0)
        assert_memory_equal(collect.data, body.data, body.len);
    ol_test_collect_fini(&collect);
}

static inline void kit_expect_absent(store_kit *kit, const char *key)
{
    ol_object *object;
    assert_code(kit_open_key(kit, key, &object), OL_ENOSUCHKEY);
}

/* Removing a key of "b" without conditions. */
static inline ol_remove_request kit_removal(const char *key)
{
    return (ol_remove_request){.bucket = OL_SLICE_LIT("b"),
                               .key = ol_slice_cstr(key),
                               .if_modified_ms = -1,
                               .if_size = -1};
}

static inline int kit_remove_as(store_kit *kit, const ol_remove_request *req)
{
    kit_answer answer = {0};
    return kit_settle(kit,
                      kit->origin->ops->remove(kit->origin, kit->bench.loop.loop, req,
                                               kit_on_removed, &answer, NULL),
                      &answer);
}

static inline int kit_remove(store_kit *kit, const char *key)
{
    ol_remove_request req = kit_removal(key);
    return kit_remove_as(kit, &req);
}

typedef int (*kit_bucket_op)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                             ol_error *err);

static inline int kit_bucket(store_kit *kit, kit_bucket_op op, const char *name)
{
    kit_answer answer = {0};
    return kit_settle(kit,
                      op(kit->origin, kit->bench.loop.loop, ol_slice_cstr(name), kit_on_done,
                         &answer, NULL),
                      &answer);
}

/* The caller destroys (*list)->arena. */
static inline int kit_list(store_kit *kit, const ol_list_request *req, ol_list_result **list)
{
    kit_answer answer = {0};
    int rc = kit_settle(kit,
                        kit->origin->ops->list(kit->origin, kit->bench.loop.loop, req, kit_on_list,
                                               &answer, NULL),
                        &answer);
    *list = answer.list;
    return rc;
}

/* Bytes that tell where they stand and what they belong to. */
static inline ol_slice kit_bytes(size_t len, uint64_t seed)
{
    uint8_t *data = malloc(len ? len : 1);
    assert_non_null(data);
    ol_test_random random = {seed};
    ol_test_random_fill(&random, data, len);
    return ol_slice_of(data, len);
}

static inline void kit_free(ol_slice bytes)
{
    free((void *)bytes.data);
}

#endif
