/* SPDX-License-Identifier: MIT */
/*
 * Answers that nobody wants any more, and what still runs when the loop is detached: each call is told, once.
 */
#include "fake_s3.h"

static void a_held_answer_is_let_go(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_object_ref ref = okit_ref("b", "k");
    fake_say(x, OK_BODY("1000000", "0123"), FAKE_KEEP);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_int_equal(x->k->origin->ops->info(a.object)->size, 1000000);
    x->k->origin->ops->close_object(a.object);
    assert_served(x);
    fixture_free(x);
}

static void a_short_answer_keeps_the_connection(void **state)
{
    (void)state;
    fixture *x = opened();
    const ol_object_ref ref = okit_ref("b", "k");
    for (int i = 0; i < 3; i++) {
        okit_answer a;
        fake_say(x, OK_BODY("5", "hello"), FAKE_KEEP);
        assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
        x->k->origin->ops->close_object(a.object); /* a condition said 304, say */
        ol_test_loop_turns(&x->k->bench.loop, 5);
    }
    assert_served(x);
    assert_int_equal(x->f.connections, 1);
    fixture_free(x);
}

static void what_runs_at_the_end_is_told(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0}, b = {0};
    ol_origin *o = x->k->origin;
    const ol_object_ref ref = okit_ref("b", "k");
    const ol_list_request list = {.bucket = OL_SLICE_LIT("b"), .max_keys = 10};
    fake_say(x, NULL, FAKE_HANG);
    fake_say(x, NULL, FAKE_HANG);
    assert_code(o->ops->open(o, x->f.loop, &ref, &a.object, okit_on_object, &a, &a.err), OL_WAIT);
    assert_code(o->ops->list(o, x->f.loop, &list, okit_on_list, &b, &b.err), OL_WAIT);
    ol_test_loop_turns(&x->k->bench.loop, 20);
    okit_detach(x->k);
    assert_true(a.done && b.done);
    assert_code(a.err.code, OL_ECANCELED);
    assert_code(b.err.code, OL_ECANCELED);
    fixture_free(x);
}

/* A body that is cut by the end is not continued. */
static void a_body_that_runs_at_the_end_is_told(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_object_ref ref = okit_ref("b", "k");
    const ol_stage_ops *ops;
    const void *config;
    ol_test_collect collect = {0};
    fake_say(x, OK_BODY("10", "0123"), FAKE_HANG);
    assert_code_of(okit_open_ref(x->k, &ref, &a), OL_OK, &a.err);
    assert_code(x->k->origin->ops->body(a.object, (ol_byte_range){0, 10}, x->k->bench.arena, &ops,
                                        &config),
                OL_OK);
    ol_test_bench_add(&x->k->bench, ops, config);
    ol_test_bench_collect(&x->k->bench, &collect);
    assert_code(ol_test_bench_start(&x->k->bench), OL_OK);
    ol_test_loop_turns(&x->k->bench.loop, 5);
    x->k->attached = false;
    bool detached = false;
    ol_s3_origin_detach(x->k->origin, x->f.loop, okit_set, &detached);
    assert_code(ol_test_bench_wait(&x->k->bench), OL_ECANCELED);
    ol_test_collect_fini(&collect);
    ol_test_bench_again(&x->k->bench);
    x->k->origin->ops->close_object(a.object);
    ol_test_loop_until(&x->k->bench.loop, &detached, OL_TEST_BOUND_MS);
    assert_served(x);
    fixture_free(x);
}

/* Tries that rest have no connection under them that ends them. */
static void what_rests_at_the_end_is_told(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    fixture *x = fixture_new();
    x->k->options.retry_after_max_ms = 60000;
    fixture_open(x);
    okit_answer a[COUNT] = {0};
    ol_origin *o = x->k->origin;
    const ol_list_request list = {.bucket = OL_SLICE_LIT("b"), .max_keys = 10};
    for (size_t i = 0; i < COUNT; i++)
        fake_say(x, i == 1 ? NULL : "HTTP/1.1 503 No\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n",
                 i == 1 ? FAKE_HANG : FAKE_KEEP);
    for (size_t i = 0; i < COUNT; i++)
        assert_code(o->ops->list(o, x->f.loop, &list, okit_on_list, &a[i], &a[i].err), OL_WAIT);
    for (unsigned turns = 0; turns < 1000 && x->f.served < COUNT; turns++)
        ol_test_loop_turns(&x->k->bench.loop, 1);
    ol_test_loop_turns(&x->k->bench.loop, 20);
    okit_detach(x->k);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(a[i].done);
        assert_code(a[i].err.code, OL_ECANCELED);
    }
    assert_served(x);
    fixture_free(x);
}

static void a_loop_must_be_attached(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    okit_detach(x->k);
    assert_code(okit_head(x->k, "b", "k", &a), OL_EUNAVAILABLE);
    fixture_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_held_answer_is_let_go),
        cmocka_unit_test(a_short_answer_keeps_the_connection),
        cmocka_unit_test(what_runs_at_the_end_is_told),
        cmocka_unit_test(a_body_that_runs_at_the_end_is_told),
        cmocka_unit_test(what_rests_at_the_end_is_told),
        cmocka_unit_test(a_loop_must_be_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
