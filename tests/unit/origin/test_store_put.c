/* SPDX-License-Identifier: MIT */
/*
 * The sink stage of a PUT: slow neighbours, a slow disk, and being closed at every point.
 */
#include "store_kit.h"
#include "store_trap.h"

#include "base/clock.h"

#define LARGE 300001u /* more than one chunk */

static void start_put(store_kit *kit, const ol_put_request *req, ol_test_feed *feed)
{
    ol_test_bench_again(&kit->bench);
    const ol_stage_ops *ops;
    const void *config;
    ol_error err = {0};
    int rc = kit->origin->ops->put(kit->origin, req, kit->bench.arena, &ops, &config, &err);
    assert_code_of(rc, OL_OK, &err);
    ol_test_bench_feed(&kit->bench, feed);
    ol_test_bench_add(&kit->bench, ops, config);
    assert_code(ol_test_bench_start(&kit->bench), OL_OK);
}

/* Old version "old"; the new one is `len` bytes. Closed when a thread is at `point`. */
static void close_put_at(size_t len, enum ol_store_point point, int from, bool may_happen)
{
    store_kit kit;
    kit_open(&kit);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("old")), OL_OK);
    ol_slice body = kit_bytes(len, 11);
    trap t;
    trap_open(&t);
    trap_stop(&t, point, from);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                          .size = (int64_t)len};
    ol_test_feed feed = {.body = body, .piece_bytes = 65536};
    start_put(&kit, &req, &feed);
    trap_wait(&t, &kit.bench.loop);
    ol_test_bench_again(&kit.bench);
    trap_let_go(&t);
    kit_restart(&kit);
    trap_close(&t);
    kit_expect(&kit, "k", may_happen ? body : OL_SLICE_LIT("old"));
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    assert_int_equal(kit_files(&kit, "objects"), may_happen && len > 16384 ? 1 : 0);
    assert_string_equal(kit.warned, "");
    kit_free(body);
    kit_fini(&kit);
}

static void a_put_may_be_closed_at_every_point(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    const enum ol_store_point before[] = {OL_STORE_TEMP_CREATE, OL_STORE_FILE_WRITE,
                                          OL_STORE_FILE_SYNC, OL_STORE_FILE_SYNCED};
    for (size_t i = 0; i < 4; i++)
        close_put_at(900000, before[i], 0, false);
    close_put_at(900000, OL_STORE_FILE_WRITE, 2, false);
    /* Taken by the committer: it happens, answered or not. */
    const enum ol_store_point after[] = {OL_STORE_RENAME, OL_STORE_RENAMED, OL_STORE_SHELF_SYNC,
                                         OL_STORE_SHELF_SYNCED, OL_STORE_COMMIT,
                                         OL_STORE_COMMITTED, OL_STORE_PUBLISHED};
    for (size_t i = 0; i < 7; i++) {
        close_put_at(900000, after[i], 0, true);
        if (after[i] >= OL_STORE_COMMIT)
            close_put_at(100, after[i], 0, true);
    }
    assert_no_leak(live);
}

/* Behind another change in the committer's queue: taken back, as if it had not been. */
static void a_queued_put_may_be_closed(void **state)
{
    (void)state;
    const size_t lens[] = {100, 100000};
    for (size_t i = 0; i < 2; i++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(lens[i], 12);
        trap t;
        trap_open(&t);
        trap_stop(&t, OL_STORE_COMMIT, 0);
        kit_answer removed = {0};
        ol_remove_request removal = kit_removal("other");
        assert_code(kit.origin->ops->remove(kit.origin, kit.bench.loop.loop, &removal,
                                            kit_on_removed, &removed, NULL),
                    OL_WAIT);
        trap_wait(&t, &kit.bench.loop);
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1};
        ol_test_feed feed = {.body = body};
        start_put(&kit, &req, &feed);
        for (uint64_t end = ol_clock_mono_ms() + OL_TEST_BOUND_MS;
             lens[i] > 16384 && trap_arrived(&t, OL_STORE_FILE_SYNCED) == 0;) {
            assert_true(ol_clock_mono_ms() < end);
            ol_test_loop_turns(&kit.bench.loop, 1);
        }
        ol_test_loop_turns(&kit.bench.loop, 20);
        ol_test_bench_again(&kit.bench);
        trap_let_go(&t);
        kit_restart(&kit);
        assert_int_equal(removed.calls, 1);
        trap_close(&t);
        kit_expect_absent(&kit, "k");
        assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
        kit_free(body);
        kit_fini(&kit);
    }
}

static void a_put_may_be_closed_at_every_turn(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const size_t lens[] = {100, 20000, 700000};
    for (size_t i = 0; i < 3; i++) {
        ol_slice body = kit_bytes(lens[i], 13);
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1};
        for (unsigned turns = 0; turns < 40; turns++) {
            ol_test_feed feed = {.body = body, .piece_bytes = 30000, .reserves = turns % 2};
            start_put(&kit, &req, &feed);
            ol_test_loop_turns(&kit.bench.loop, turns);
            ol_test_bench_again(&kit.bench);
            ol_object *object;
            int rc = kit_open_key(&kit, "k", &object);
            if (rc == OL_OK) {
                assert_int_equal(kit.origin->ops->info(object)->size, lens[i]);
                kit_close_object(&kit, object);
                kit_expect(&kit, "k", body);
            } else {
                assert_code(rc, OL_ENOSUCHKEY);
            }
        }
        kit_restart(&kit);
        assert_code(kit_remove(&kit, "k"), OL_OK);
        kit_restart(&kit);
        assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
        kit_free(body);
    }
    kit_fini(&kit);
}

/* The ways that cut into single bytes are for small bodies. */
static unsigned ways_for(size_t len)
{
    return len < LARGE ? OL_TEST_WAYS : 1;
}

static void uploads_pass_slow_and_cut(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const size_t lens[] = {1000, 20000, LARGE};
    for (size_t i = 0; i < 3; i++) {
        ol_slice body = kit_bytes(lens[i], 14);
        for (unsigned way = 0; way < ways_for(lens[i]); way++) {
            ol_test_bench_again(&kit.bench);
            ol_put_result result;
            ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                                  .size = way % 3 ? (int64_t)lens[i] : -1, .result = &result};
            const ol_stage_ops *ops;
            const void *config;
            ol_error err = {0};
            ol_arena *arena = kit.bench.arena;
            assert_code(kit.origin->ops->put(kit.origin, &req, arena, &ops, &config, &err), OL_OK);
            ol_test_feed feed = {.body = body, .piece_bytes = 70000};
            ol_test_bench_feed(&kit.bench, &feed);
            ol_test_bench_above(&kit.bench, way);
            ol_test_bench_add(&kit.bench, ops, config);
            assert_code(ol_test_bench_run(&kit.bench), OL_OK);
            kit_expect(&kit, "k", body);
        }
        kit_free(body);
    }
    kit_fini(&kit);
}

/* An upload holds two chunks, however slow the disk: the source is made to wait. */
static void a_slow_disk_holds_the_source_back(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(4 << 20, 15);
    trap t;
    trap_open(&t);
    trap_stop(&t, OL_STORE_FILE_WRITE, 1);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                          .size = (int64_t)body.len};
    ol_test_feed feed = {.body = body, .piece_bytes = 10000};
    start_put(&kit, &req, &feed);
    trap_wait(&t, &kit.bench.loop);
    ol_test_loop_turns(&kit.bench.loop, 50);
    assert_true(feed.fed <= 3 * 262144 + 10000);
    trap_let_go(&t);
    assert_code(ol_test_bench_wait(&kit.bench), OL_OK);
    trap_close(&t);
    kit_expect(&kit, "k", body);
    kit_free(body);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_may_be_closed_at_every_point),
        cmocka_unit_test(a_queued_put_may_be_closed),
        cmocka_unit_test(a_put_may_be_closed_at_every_turn),
        cmocka_unit_test(uploads_pass_slow_and_cut),
        cmocka_unit_test(a_slow_disk_holds_the_source_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
