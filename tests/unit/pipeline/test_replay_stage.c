/* SPDX-License-Identifier: MIT */
/* A body that is run again after its first run broke off. */
#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "pipeline/replay_stage.h"

#define BODY "0123456789abcdefghijklmnopqrstuvwxyz"
#define BODY_BYTES (sizeof(BODY) - 1)

/* One client's answer, made by several runs. */
typedef struct rig {
    ol_test_bench bench;
    ol_replay record;
    ol_test_collect collect;
} rig;

static void set_up(rig *r)
{
    ol_test_bench_open(&r->bench);
    ol_replay_init(&r->record);
}

static int run(rig *r, ol_test_feed *feed, unsigned way)
{
    ol_test_bench_again(&r->bench);
    ol_test_bench_feed(&r->bench, feed);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_add(&r->bench, &ol_replay_stage_ops, &r->record);
    ol_test_bench_below(&r->bench, way, NULL);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_test_collect_fini(&r->collect);
}

static const char *const fields[] = {"content-type", "text/plain", NULL};
static const char *const other_fields[] = {"content-type", "text/html", NULL};

static ol_test_feed whole(void)
{
    return (ol_test_feed){.body = OL_SLICE_LIT(BODY), .piece_bytes = 10, .fields = fields};
}

static ol_test_feed broken_at(size_t at)
{
    ol_test_feed feed = whole();
    feed.fails = true;
    feed.fail_at = at;
    return feed;
}

static void a_single_run_passes_everything(void **state)
{
    (void)state;
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        rig r = {.collect = {.wait_every = 2}};
        set_up(&r);
        ol_test_feed feed = whole();
        assert_code(run(&r, &feed, way), OL_OK);
        assert_slice(ol_test_collect_out(&r.collect), BODY);
        assert_int_equal(r.record.bytes, BODY_BYTES);
        assert_slice(ol_headers_get(&r.collect.head.headers, "content-type"), "text/plain");
        tear_down(&r);
    }
}

static void a_second_run_goes_on(void **state)
{
    (void)state;
    for (size_t at = 0; at <= BODY_BYTES; at++) {
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        ol_test_feed first = broken_at(at), second = whole();
        second.piece_bytes = 1 + at % 13;
        /* Ways that hold bytes back between record and sink would lose them with the first run:
         * the record stands before the sink. */
        assert_code(run(&r, &first, 2), OL_EORIGIN);
        assert_int_equal(r.record.bytes, at);
        assert_int_equal(r.record.head_sent, at > 0);
        /* A sink sends its head with the first byte, so it is ready for another until then. */
        assert_int_equal(r.collect.len, at);
        assert_code_of(run(&r, &second, (unsigned)at), OL_OK, &r.bench.err);
        assert_slice(ol_test_collect_out(&r.collect), BODY);
        assert_int_equal(r.record.bytes, BODY_BYTES);
        tear_down(&r);
    }
}

static void many_runs_go_on(void **state)
{
    (void)state;
    rig r = {.collect = {.max = BODY_BYTES}};
    set_up(&r);
    for (size_t at = 0; at < BODY_BYTES; at += 7) {
        ol_test_feed feed = broken_at(at);
        assert_code(run(&r, &feed, 0), OL_EORIGIN);
        assert_int_equal(r.collect.len, at);
    }
    /* An earlier end than the last run's takes nothing back. */
    ol_test_feed shorter = broken_at(3), feed = whole();
    assert_code(run(&r, &shorter, 0), OL_EORIGIN);
    assert_int_equal(r.collect.len, 35);
    assert_code(run(&r, &feed, 1), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), BODY);
    tear_down(&r);
}

/* The second run differs in one byte: before the point it is refused, behind it nobody knows. */
static void differences_are_refused(void **state)
{
    (void)state;
    for (size_t differs_at = 0; differs_at < BODY_BYTES; differs_at++) {
        char body[] = BODY;
        body[differs_at] = '!';
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        ol_test_feed first = broken_at(20), second = whole();
        second.body = ol_slice_of(body, BODY_BYTES);
        assert_code(run(&r, &first, 0), OL_EORIGIN);
        int want = differs_at < 20 ? OL_EDIVERGED : OL_OK;
        assert_code(run(&r, &second, (unsigned)differs_at % 3), want);
        assert_int_equal(r.collect.len, differs_at < 20 ? 20 : BODY_BYTES);
        assert_int_equal(r.collect.finished, differs_at >= 20);
        tear_down(&r);
    }
}

/* The first `bytes` of the body, once more into the record. */
static int recall(rig *r, size_t bytes)
{
    ol_test_feed feed = whole();
    feed.body = ol_slice_first(feed.body, bytes);
    ol_test_bench_again(&r->bench);
    ol_test_bench_feed(&r->bench, &feed);
    ol_test_bench_add(&r->bench, &ol_replay_recall_ops, &r->record);
    return ol_test_bench_run(&r->bench);
}

static void what_is_recalled_is_compared(void **state)
{
    (void)state;
    for (size_t differs_at = 0; differs_at < BODY_BYTES; differs_at++) {
        char body[] = BODY;
        body[differs_at] = '!';
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        r.record.recallable = true;
        ol_test_feed first = broken_at(20), second = whole(), third = whole();
        second.body = ol_slice_of(body, BODY_BYTES);
        second.fails = true;
        second.fail_at = 30;
        assert_code(run(&r, &first, 0), OL_EORIGIN);
        assert_int_equal(r.record.bytes, 20);
        assert_code(recall(&r, 20), OL_OK);
        assert_false(r.record.recallable);
        int want = differs_at < 20 ? OL_EDIVERGED : OL_EORIGIN;
        assert_code(run(&r, &second, (unsigned)differs_at % 3), want);
        if (differs_at >= 30) { /* and what the second run added is in the record as well */
            assert_code(run(&r, &third, 0), OL_OK);
            assert_slice(ol_test_collect_out(&r.collect), BODY);
        } else if (differs_at >= 20) {
            assert_code(run(&r, &third, 0), OL_EDIVERGED);
            assert_int_equal(r.collect.len, 30);
        } else {
            assert_int_equal(r.collect.len, 20);
        }
        tear_down(&r);
    }
}

static void nothing_goes_on_behind_what_was_not_recalled(void **state)
{
    (void)state;
    for (size_t recalled = 0; recalled <= 20; recalled++) {
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        r.record.recallable = true;
        ol_test_feed first = broken_at(20), second = whole();
        assert_code(run(&r, &first, 0), OL_EORIGIN);
        assert_code(recall(&r, recalled), recalled < 20 ? OL_EDIVERGED : OL_OK);
        assert_code(run(&r, &second, 0), recalled < 20 ? OL_EDIVERGED : OL_OK);
        assert_int_equal(r.collect.len, recalled < 20 ? 20 : BODY_BYTES);
        tear_down(&r);
    }
}

static void early_ends_are_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 20; length++) {
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        ol_test_feed first = broken_at(20), second = whole();
        first.hide_length = second.hide_length = true;
        second.body = ol_slice_first(second.body, length);
        assert_code(run(&r, &first, 0), OL_EORIGIN);
        assert_code(run(&r, &second, 0), length < 20 ? OL_EDIVERGED : OL_OK);
        assert_int_equal(r.collect.len, 20);
        tear_down(&r);
    }
}

static void other_heads_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        rig r = {.collect = {.max = BODY_BYTES}};
        set_up(&r);
        ol_test_feed first = broken_at(20), second = whole();
        if (i == 0)
            second.status = 203;
        if (i == 1)
            second.fields = other_fields;
        if (i == 2)
            second.hide_length = true;
        assert_code(run(&r, &first, 0), OL_EORIGIN);
        assert_code(run(&r, &second, 0), OL_EDIVERGED);
        assert_int_equal(r.collect.len, 20);
        tear_down(&r);
    }
}

static void before_the_first_byte_the_head_may_change(void **state)
{
    (void)state;
    rig r = {.collect = {.max = BODY_BYTES}};
    set_up(&r);
    ol_test_feed first = broken_at(0), second = whole();
    second.status = 203;
    assert_code(run(&r, &first, 0), OL_EORIGIN);
    assert_true(r.collect.headed);
    assert_code(run(&r, &second, 0), OL_OK);
    assert_int_equal(r.collect.head.status, 203);
    tear_down(&r);
    /* Unless the sink has let it go already. */
    rig sent = {.collect = {.max = BODY_BYTES}};
    set_up(&sent);
    assert_code(run(&sent, &first, 0), OL_EORIGIN);
    sent.record.head_sent = true;
    assert_code(run(&sent, &second, 0), OL_EDIVERGED);
    second.status = 200;
    assert_code(run(&sent, &second, 0), OL_OK);
    assert_slice(ol_test_collect_out(&sent.collect), BODY);
    tear_down(&sent);
}

static void offered_memory_is_not_swallowed(void **state)
{
    (void)state;
    rig r = {.collect = {.offers = true, .max = BODY_BYTES}};
    set_up(&r);
    ol_test_feed first = broken_at(15), second = whole();
    first.reserves = second.reserves = true;
    assert_code(run(&r, &first, 0), OL_EORIGIN);
    assert_int_equal(first.reserved, 2);
    assert_code(run(&r, &second, 0), OL_OK);
    assert_slice(ol_test_collect_out(&r.collect), BODY);
    assert_int_equal(second.reserved, 2); /* of pieces 0-9, 10-19, 20-29, 30-35 the last two */
    assert_int_equal(r.collect.offered_used, 4);
    tear_down(&r);
}

static int run_twice_with_little_memory(void *arg)
{
    (void)arg;
    rig r = {.collect = {.max = BODY_BYTES}};
    set_up(&r);
    ol_test_feed first = broken_at(15), second = whole();
    int rc = r.bench.arena ? run(&r, &first, 2) : OL_ENOMEM;
    if (rc == OL_EORIGIN)
        rc = run(&r, &second, 3);
    tear_down(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(run_twice_with_little_memory, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_run_passes_everything),
        cmocka_unit_test(a_second_run_goes_on),
        cmocka_unit_test(many_runs_go_on),
        cmocka_unit_test(differences_are_refused),
        cmocka_unit_test(what_is_recalled_is_compared),
        cmocka_unit_test(nothing_goes_on_behind_what_was_not_recalled),
        cmocka_unit_test(early_ends_are_refused),
        cmocka_unit_test(other_heads_are_refused),
        cmocka_unit_test(before_the_first_byte_the_head_may_change),
        cmocka_unit_test(offered_memory_is_not_swallowed),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
