/* SPDX-License-Identifier: MIT */
/* Encrypted objects when memory runs out, and when a request ends at any moment. */
#include "store_sealed.h"

#include "lib/pipeline_kit.h"

static kit_kms kms;
static uint8_t bytes[140000];

typedef struct scene {
    store_kit kit;
    unsigned opens;
} scene;

static bool is_expected(int rc)
{
    return rc == OL_OK || rc == OL_ENOMEM;
}

static int put_and_read(store_kit *kit, enum ol_sse_mode mode, size_t len)
{
    ol_sse sse = kit_sse(mode);
    ol_slice body = ol_slice_of(bytes, len);
    int rc = kit_put_sse(kit, "k", body, &sse, NULL);
    if (!is_expected(rc))
        fail_msg("%s: %s", ol_code_name(rc), kit->bench.err.detail);
    ol_test_collect collect = {0};
    if (rc == OL_OK)
        rc = kit_get_range(kit, "k", kit_key_of(mode), NULL, &collect);
    if (rc == OL_OK)
        assert_slices(ol_test_collect_out(&collect), body);
    ol_test_collect_fini(&collect);
    return rc;
}

static int read_some(store_kit *kit)
{
    ol_object *object;
    int rc = kit_open_with(kit, "k", kit_key_a, &object);
    if (rc != OL_OK)
        return rc;
    uint8_t span[100];
    size_t got;
    kit_answer answer = {0};
    rc = kit_settle(kit, kit->origin->ops->read_at(object, 70000, (ol_span){span, 100}, &got,
                                                   kit_on_read, &answer, NULL), &answer);
    if (rc == OL_OK)
        assert_memory_equal(span, bytes + 70000, 100);
    kit_close_object(kit, object);
    return rc;
}

static int put_parts(store_kit *kit)
{
    kit_id id;
    ol_sse sse = kit_sse(OL_SSE_KMS);
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .sse = &sse, .key_user = &kit_anybody.user};
    int rc = kit_create_as(kit, &req, &id);
    if (rc == OL_OK) {
        ol_part_request part = kit_part_request("k", &id, 1, ol_slice_of(bytes, 70000));
        ol_test_feed feed = {.body = ol_slice_of(bytes, 70000)};
        rc = kit_part_as(kit, &part, &feed);
    }
    if (rc == OL_OK)
        rc = kit_complete(kit, "k", &id, NULL);
    ol_test_collect collect = {0};
    if (rc == OL_OK)
        rc = kit_get_range(kit, "k", NULL, NULL, &collect);
    if (rc == OL_OK)
        assert_slices(ol_test_collect_out(&collect), ol_slice_of(bytes, 70000));
    ol_test_collect_fini(&collect);
    return rc;
}

static int work(store_kit *kit)
{
    int rc = ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL);
    if (rc == OL_OK)
        rc = put_and_read(kit, OL_SSE_S3, 100);
    if (rc == OL_OK)
        rc = put_and_read(kit, OL_SSE_C, sizeof bytes);
    if (rc == OL_OK)
        rc = read_some(kit);
    if (rc == OL_OK)
        rc = put_parts(kit);
    if (rc == OL_OK)
        rc = kit_remove(kit, "k");
    if (rc == OL_OK)
        rc = kit_bucket(kit, kit->origin->ops->bucket_remove, "b");
    return rc;
}

static int run_scene(void *arg)
{
    scene *s = arg;
    store_kit *kit = &s->kit;
    ol_test_bench_open(&kit->bench);
    int rc = kit->bench.rc;
    ol_error err = {0};
    if (rc == OL_OK)
        rc = ol_store_open(&kit->origin, &kit->options, &err);
    if (rc == OL_OK) {
        s->opens++;
        rc = work(kit);
    }
    assert_true(is_expected(rc));
    ol_test_bench_close(&kit->bench);
    kit->bench = (ol_test_bench){.done = false};
    ol_store_close(kit->origin);
    kit->origin = NULL;
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    scene s = {.opens = 0};
    kit_kms_init(&kms);
    kms.later = true;
    kit_init(&s.kit);
    s.kit.options.kms = &kms.kms;
    ol_test_bench_close(&s.kit.bench);
    unsigned tried = ol_test_fail_each(run_scene, &s);
    assert_true(tried > 60 && s.opens > 20);
    kit_start(&s.kit);
    assert_int_equal(kit_files(&s.kit, "tmp"), 0);
    kit_fini(&s.kit);
}

/* ---- given up ---- */

static void open_sealed(store_kit *kit)
{
    kit_kms_init(&kms);
    kms.later = true;
    kit_init(kit);
    kit->options.kms = &kms.kms;
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
}

#define TURNS_MAX 60u

/* The loop turns so many times, then the pipeline is closed. True: it had ended by itself, for which
 * the last one is given its time. */
static bool turn_and_close(store_kit *kit, unsigned turns)
{
    if (turns < TURNS_MAX)
        ol_test_loop_turns(&kit->bench.loop, turns);
    else
        assert_code(ol_test_bench_wait(&kit->bench), OL_OK);
    bool ended = kit->bench.done;
    ol_test_bench_again(&kit->bench);
    return ended;
}

static void puts_that_are_given_up(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_sse sse = kit_sse(OL_SSE_KMS);
    const size_t lens[] = {100, sizeof bytes};
    for (unsigned l = 0; l < 2; l++) {
        bool ended = false;
        for (unsigned turns = 0; !ended && turns <= TURNS_MAX; turns++) {
            ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1,
                                  .sse = &sse, .key_user = &kit_anybody.user};
            const ol_stage_ops *ops;
            const void *config;
            ol_test_bench_again(&kit.bench);
            assert_code(kit.origin->ops->put(kit.origin, &req, kit.bench.arena, &ops, &config,
                                             NULL), OL_OK);
            ol_test_feed feed = {.body = ol_slice_of(bytes, lens[l]), .piece_bytes = 50000};
            ol_test_bench_feed(&kit.bench, &feed);
            ol_test_bench_add(&kit.bench, ops, config);
            assert_code(ol_test_bench_start(&kit.bench), OL_OK);
            ended = turn_and_close(&kit, turns);
        }
        assert_true(ended);
        kit_expect_with(&kit, "k", NULL, ol_slice_of(bytes, lens[l]));
    }
    assert_true(kms.canceled > 0);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    kit_fini(&kit);
}

static void gets_that_are_given_up(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_sse sse = kit_sse(OL_SSE_C);
    assert_code(kit_put_sse(&kit, "k", ol_slice_of(bytes, sizeof bytes), &sse, NULL), OL_OK);
    bool ended = false;
    for (unsigned turns = 0; !ended && turns <= TURNS_MAX; turns++) {
        ol_object *object;
        assert_code(kit_open_with(&kit, "k", kit_key_a, &object), OL_OK);
        const ol_stage_ops *ops;
        const void *config;
        ol_test_bench_again(&kit.bench);
        assert_code(kit.origin->ops->body(object, (ol_byte_range){0, sizeof bytes},
                                          kit.bench.arena, &ops, &config), OL_OK);
        ol_test_collect collect = {.wait_every = 1};
        ol_test_bench_add(&kit.bench, ops, config);
        ol_test_bench_collect(&kit.bench, &collect);
        assert_code(ol_test_bench_start(&kit.bench), OL_OK);
        /* A read_at is given up with its object, while a thread may be at it. */
        static uint8_t span[100000];
        size_t got;
        kit_answer answer = {0};
        int rc = kit.origin->ops->read_at(object, 10, (ol_span){span, sizeof span}, &got,
                                          kit_on_read, &answer, NULL);
        assert_true(rc == OL_WAIT || rc == OL_OK);
        ended = turn_and_close(&kit, turns);
        kit.origin->ops->drop_reads(object);
        ol_test_collect_fini(&collect);
        kit_close_object(&kit, object);
    }
    assert_true(ended);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_that_are_given_up),
        cmocka_unit_test(gets_that_are_given_up),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
