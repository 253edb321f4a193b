/* SPDX-License-Identifier: MIT */
/* Every allocation of the store fails once, on whatever thread it is made. */
#include "store_kit.h"

typedef struct scene {
    store_kit kit;
    unsigned opens;
} scene;

static bool is_expected(int rc)
{
    return rc == OL_OK || rc == OL_ENOMEM;
}

/* A version of the object, or nothing: never anything else. */
static int read_back(store_kit *kit, const char *key, ol_slice body)
{
    ol_test_collect collect = {0};
    int rc = kit_get(kit, OL_SLICE_LIT("b"), ol_slice_cstr(key), &collect);
    if (rc == OL_OK)
        assert_slices(ol_test_collect_out(&collect), body);
    ol_test_collect_fini(&collect);
    return rc;
}

static int put_and_read(store_kit *kit, const char *key, ol_slice body)
{
    int rc = kit_put(kit, key, body);
    assert_true(is_expected(rc));
    if (rc != OL_OK)
        return rc;
    rc = read_back(kit, key, body);
    assert_true(is_expected(rc));
    return rc;
}

static int list_all(store_kit *kit)
{
    ol_list_request req = {.bucket = OL_SLICE_LIT("b"), .max_keys = 100};
    ol_list_result *list;
    int rc = kit_list(kit, &req, &list);
    if (rc == OL_OK)
        ol_arena_destroy(list->arena);
    kit_answer answer = {0};
    if (rc == OL_OK)
        rc = kit_settle(kit, kit->origin->ops->bucket_list(kit->origin, kit->bench.loop.loop,
                                                           kit_on_buckets, &answer, NULL), &answer);
    if (answer.buckets)
        ol_arena_destroy(answer.buckets->arena);
    return rc;
}

static int work(store_kit *kit)
{
    static uint8_t bytes[700000];
    const size_t lens[] = {100, 20000, sizeof bytes};
    int rc = ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL);
    for (size_t i = 0; i < 3 && rc == OL_OK; i++)
        rc = put_and_read(kit, "k", ol_slice_of(bytes, lens[i]));
    if (rc == OL_OK)
        rc = list_all(kit);
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
    kit_init(&s.kit);
    ol_test_bench_close(&s.kit.bench);
    unsigned tried = ol_test_fail_each(run_scene, &s);
    assert_true(tried > 30 && s.opens > 10);
    /* Nothing of all that is left. */
    kit_start(&s.kit);
    assert_int_equal(kit_files(&s.kit, "tmp"), 0);
    kit_fini(&s.kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
