/* SPDX-License-Identifier: MIT */
/* The key audit's bucket, in a real store: lines of many threads, objects of a bounded size, bounds. */
#include "lib/check.h"

#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "front/keys/key_audit_bucket.h"
#include "lib/loop_fixture.h"
#include "lib/scratch.h"
#include "origin/store/store.h"

#define THREADS 4
#define LINES 2000
#define LINE "{\"event\":\"Decrypt\",\"n\":123456789}" /* its end comes on top */

typedef struct fixture {
    ol_test_scratch scratch;
    ol_origin *store;
    ol_key_audit_bucket *bucket;
} fixture;

static int setup(void **state)
{
    static fixture f;
    ol_store_options options;
    ol_error err = {0};
    f = (fixture){0};
    ol_test_scratch_open(&f.scratch);
    ol_store_options_default(&options);
    options.path = ol_test_scratch_path(&f.scratch, "store");
    assert_code_of(ol_store_open(&f.store, &options, &err), OL_OK, &err);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ol_key_audit_bucket_close(f->bucket);
    ol_store_close(f->store);
    ol_test_scratch_close(&f->scratch);
    return 0;
}

static void open_bucket(fixture *f, size_t object_bytes, size_t buffer_bytes)
{
    ol_error err = {0};
    const ol_key_audit_bucket_options options = {.origin = f->store,
                                                 .bucket = OL_SLICE_LIT("audit"),
                                                 .prefix = OL_SLICE_LIT("keys/"),
                                                 .interval_ms = 10,
                                                 .object_bytes = object_bytes,
                                                 .buffer_bytes = buffer_bytes,
                                                 .close_ms = OL_TEST_BOUND_MS};
    assert_code_of(ol_key_audit_bucket_open(&f->bucket, &options, &err), OL_OK, &err);
}

static ol_key_audit_bucket_stats stats_of(const fixture *f)
{
    ol_key_audit_bucket_stats stats;
    ol_key_audit_bucket_read_stats(f->bucket, &stats);
    return stats;
}

static bool is_through(void *arg)
{
    return stats_of(arg).waiting_bytes == 0;
}

static bool has_failed(void *arg)
{
    return stats_of(arg).failures > 1;
}

/* ---- reading back ---- */

typedef struct reading {
    bool done;
    ol_list_result *list;
} reading;

static void on_list(void *arg, const ol_error *err, ol_list_result *list)
{
    reading *r = arg;
    assert_null(err);
    r->done = true;
    r->list = list;
}

/* Bytes of all objects together; *count of them. */
static uint64_t stored_bytes(fixture *f, size_t *count)
{
    ol_test_loop loop;
    reading r = {0};
    ol_error err = {0};
    const ol_list_request request = {.bucket = OL_SLICE_LIT("audit"),
                                     .prefix = OL_SLICE_LIT("keys/"),
                                     .max_keys = 1000};
    uint64_t bytes = 0;
    assert_code(ol_test_loop_open(&loop), OL_OK);
    assert_code(f->store->ops->list(f->store, loop.loop, &request, on_list, &r, &err), OL_WAIT);
    ol_test_loop_until(&loop, &r.done, OL_TEST_BOUND_MS);
    for (size_t i = 0; i < r.list->object_count; i++)
        bytes += r.list->objects[i].size;
    *count = r.list->object_count;
    ol_arena_destroy(r.list->arena);
    ol_test_loop_close(&loop);
    return bytes;
}

static void *write_lines(void *arg)
{
    for (unsigned i = 0; i < LINES; i++)
        ol_key_audit_bucket_line(arg, OL_SLICE_LIT(LINE));
    return NULL;
}

static void test_many_writers(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    pthread_t threads[THREADS];
    size_t count;
    assert_code(ol_store_ensure_bucket(f->store, OL_SLICE_LIT("audit"), &err), OL_OK);
    open_bucket(f, 32768, 1 << 20);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, f->bucket), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ol_test_wait(is_through, f, OL_TEST_BOUND_MS);
    assert_int_equal(stats_of(f).dropped, 0);
    uint64_t objects = stats_of(f).objects;
    ol_key_audit_bucket_close(f->bucket);
    f->bucket = NULL;
    assert_int_equal(stored_bytes(f, &count), (uint64_t)THREADS * LINES * sizeof LINE);
    assert_int_equal(count, objects);
}

/* No bucket: lines wait up to the bound, then they are dropped; all that waited arrives. */
static void test_a_bucket_that_is_away(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    size_t count;
    open_bucket(f, 16384, 65536);
    write_lines(f->bucket);
    ol_test_wait(has_failed, f, OL_TEST_BOUND_MS);
    ol_key_audit_bucket_stats stats = stats_of(f);
    assert_int_equal(stats.objects, 0);
    assert_in_range(stats.waiting_bytes, 65536 - sizeof LINE, 65536);
    assert_int_equal(stats.dropped, LINES - stats.waiting_bytes / sizeof LINE);
    assert_code(ol_store_ensure_bucket(f->store, OL_SLICE_LIT("audit"), &err), OL_OK);
    ol_test_wait(is_through, f, 60000);
    assert_int_equal(stored_bytes(f, &count), stats.waiting_bytes);
}

/* What is there at the end is written before it is over. */
static void test_the_end(void **state)
{
    fixture *f = *state;
    ol_error err = {0};
    size_t count;
    assert_code(ol_store_ensure_bucket(f->store, OL_SLICE_LIT("audit"), &err), OL_OK);
    open_bucket(f, 1 << 20, 1 << 20);
    ol_key_audit_bucket_line(f->bucket, OL_SLICE_LIT("{}"));
    ol_key_audit_bucket_close(f->bucket);
    f->bucket = NULL;
    assert_int_equal(stored_bytes(f, &count), 3);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_writers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bucket_that_is_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
