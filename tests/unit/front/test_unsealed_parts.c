/* SPDX-License-Identifier: MIT */
/*
 * An encrypted original in pieces and by read_at, what is remembered of a verified one, and its endings:
 * closed at every point, without memory.
 */
#include "unsealed_kit.h"
#include "read_result.h"

/* ---- pieces and reads ---- */

static void pieces_come_after_the_whole_was_verified(void **state)
{
    (void)state;
    static const ol_byte_range ranges[] = {
        {0, 1}, {15, 2}, {LARGE_BYTES - 1, 1}, {262140, 10}, {100, 300000}, {7, 0}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (int how = 0; how < 3; how++) {
            rig r;
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            r.range = ranges[i];
            assert_code(run(&r), OL_OK);
            assert_gave(&r, ranges[i].start, ranges[i].length);
            tear_down(&r);
        }
}

static void a_piece_of_what_is_damaged_elsewhere_is_refused(void **state)
{
    (void)state;
    for (int ranged = 0; ranged < 2; ranged++) {
        rig r;
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
        r.rule.rules.ranged = ranged;
        r.range = (ol_byte_range){100, 100};
        cipher[LARGE_BYTES - 1] ^= 1;
        assert_code(run(&r), ranged ? OL_OK : OL_EDECRYPT);
        assert_gave(&r, 100, ranged ? 100 : 0);
        tear_down(&r);
    }
}

static void reads_share_one_pass(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        rig r;
        uint8_t a[1000], b[1000];
        read_result first = {0}, second = {0};
        size_t got;
        ol_error err = {0};
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        ol_test_bench_open(&r.bench);
        assert_code(open_object(&r), OL_OK);
        const ol_origin_ops *ops = r.object->origin->ops;
        assert_code(ops->read_at(r.object, 1000, (ol_span){a, sizeof(a)}, &got, on_read, &first,
                                 &err), OL_WAIT);
        assert_code(ops->read_at(r.object, LARGE_BYTES - 10, (ol_span){b, sizeof(b)}, &got, on_read,
                                 &second, &err), OL_WAIT);
        ol_test_loop_until(&r.bench.loop, &first.done, OL_TEST_BOUND_MS);
        ol_test_loop_until(&r.bench.loop, &second.done, OL_TEST_BOUND_MS);
        assert_code(first.rc, OL_OK);
        assert_int_equal(first.got, sizeof(a));
        assert_memory_equal(a, plain + 1000, sizeof(a));
        assert_int_equal(second.got, 10);
        assert_memory_equal(b, plain + LARGE_BYTES - 10, 10);
        assert_int_equal(r.sealed.bodies, how == OL_UNVERIFIED_SPOOL ? 1 : 3);
        assert_code(ops->read_at(r.object, LARGE_BYTES, (ol_span){b, 1}, &got, on_read, &second,
                                 &err), OL_OK);
        assert_int_equal(got, 0);
        tear_down(&r);
    }
}

static void dropped_reads_are_not_called_back(void **state)
{
    (void)state;
    rig r;
    uint8_t a[1000];
    read_result result = {0};
    size_t got;
    ol_error err = {0};
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    ol_test_bench_open(&r.bench);
    assert_code(open_object(&r), OL_OK);
    const ol_origin_ops *ops = r.object->origin->ops;
    assert_code(ops->read_at(r.object, 0, (ol_span){a, sizeof(a)}, &got, on_read, &result, &err),
                OL_WAIT);
    ops->drop_reads(r.object);
    ol_test_loop_turns(&r.bench.loop, 50);
    assert_false(result.done);
    tear_down(&r);
}

/* ---- what is remembered ---- */

static void a_verified_version_is_not_verified_again(void **state)
{
    (void)state;
    rig r;
    ol_keys *keys;
    ol_opened_note note = {.plain_size = 7};
    ol_opened_book *book = ol_opened_book_new(100000);
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    note.keys = keys;
    note.opened = make_opened(&r);
    assert_false(ol_opened_book_find(book, &(ol_opened_note){.keys = keys}));
    ol_opened_book_put(book, &note);
    ol_opened_release(note.opened);
    ol_opened_note found = {.keys = keys};
    assert_true(ol_opened_book_find(book, &found));
    assert_int_equal(found.plain_size, 7);
    assert_ptr_equal(found.opened, note.opened);
    ol_opened_release(found.opened);
    found = (ol_opened_note){.digest = {1}, .keys = keys};
    assert_false(ol_opened_book_find(book, &found));
    ol_opened_note by_others = {.keys = NULL};
    assert_true(ol_opened_book_find(book, &by_others));
    assert_null(by_others.opened); /* a key that other keys opened is not given out */
    ol_opened_book_destroy(book);
    ol_keys_release(keys);
}

/* Another object over the same version: its parts come without a pass of its own, and only what was
 * verified comes. */
static void what_was_remembered_is_compared(void **state)
{
    (void)state;
    ol_keys *keys;
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    for (int lies = 0; lies < 2; lies++)
        for (int whole = 0; whole < 2; whole++) {
            rig r, again;
            ol_opened_note note = {.keys = keys};
            ol_opened_book *book = ol_opened_book_new(100000);
            set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            r.book = book;
            r.note = note;
            assert_code(run(&r), OL_OK);
            r.book = NULL;
            tear_down(&r);
            assert_true(ol_opened_book_find(book, &note));
            assert_true(note.verified && note.segments);
            ol_opened_release(note.opened);
            note.opened = NULL;
            set_up(&again, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            again.note = note;
            cipher[LARGE_BYTES / 2] ^= (uint8_t)lies;
            if (!whole)
                again.range = (ol_byte_range){LARGE_BYTES / 2, 5};
            assert_code(run(&again), lies ? OL_EDECRYPT : OL_OK);
            assert_int_equal(again.sealed.bodies, 1);
            assert_true(lies || again.collect.len == again.range.length);
            assert_true(!lies || again.collect.len <= (whole ? LARGE_BYTES / 2 : 0));
            ol_segments_release(note.segments);
            tear_down(&again);
            ol_opened_book_destroy(book);
        }
    ol_keys_release(keys);
}

/* A verification whose digests are forgotten is none for large ones. */
static void without_digests_it_is_verified_again(void **state)
{
    (void)state;
    rig r;
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    r.note = (ol_opened_note){.verified = true, .plain_size = LARGE_BYTES};
    r.range = (ol_byte_range){10, 10};
    cipher[LARGE_BYTES - 1] ^= 1;
    assert_code(run(&r), OL_EDECRYPT);
    assert_gave(&r, 0, 0);
    tear_down(&r);
}

/* Memory for digests is bounded: the oldest go. */
static void the_book_holds_so_many_digests(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    ol_keys *keys;
    static const uint8_t bytes[65536 * 2];
    ol_opened_book *book = ol_opened_book_new(100000);
    assert_int_equal(ol_keys_new(&keys), OL_OK);
    for (unsigned i = 0; i < NOTES; i++) {
        ol_opened_note note = {.digest = {(uint8_t)i, (uint8_t)(i >> 8)}, .keys = keys};
        note.segments = ol_segments_new(0);
        assert_int_equal(ol_segments_add(note.segments, ol_slice_of(bytes, sizeof(bytes))), OL_OK);
        assert_int_equal(ol_segments_end(note.segments), OL_OK);
        ol_opened_book_put(book, &note);
        ol_opened_book_put(book, &note); /* replaces */
        ol_segments_release(note.segments);
    }
    unsigned known = 0;
    for (unsigned i = 0; i < NOTES; i++) {
        ol_opened_note note = {.digest = {(uint8_t)i, (uint8_t)(i >> 8)}, .keys = keys};
        assert_true(ol_opened_book_find(book, &note));
        assert_true(note.segments || i < NOTES / 2);
        known += note.segments != NULL;
        ol_segments_release(note.segments);
    }
    assert_in_range(known, 250, 256);
    ol_opened_book_destroy(book);
    ol_keys_release(keys);
}

/* ---- endings ---- */

static void closes_at_every_turn(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++)
        for (unsigned turns = 0; turns < 40; turns++) {
            rig r;
            long live = ol_alloc_live();
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            r.sealed.piece_bytes = 100000;
            r.collect.wait_every = 1;
            ol_test_bench_open(&r.bench);
            assert_code(open_object(&r), OL_OK);
            add_source(&r);
            ol_test_bench_collect(&r.bench, &r.collect);
            assert_code(ol_test_bench_start(&r.bench), OL_OK);
            ol_test_loop_turns(&r.bench.loop, turns);
            tear_down(&r);
            assert_no_leak(live);
        }
}

static int without_memory(void *arg)
{
    rig r;
    set_up(&r, *(const size_t *)arg, OL_UNVERIFIED_FIRST_PASS);
    r.range = (ol_byte_range){*(const size_t *)arg - 1000, 900};
    r.hides_size = false;
    int rc = run(&r);
    if (rc != OL_OK)
        assert_int_equal(r.collect.len, 0);
    tear_down(&r);
    return rc;
}

static void survives_any_failure_of_memory(void **state)
{
    (void)state;
    size_t sizes[] = {SMALL_BYTES, LARGE_BYTES};
    for (int i = 0; i < 2; i++)
        assert_true(ol_test_fail_each(without_memory, &sizes[i]) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_after_the_whole_was_verified),
        cmocka_unit_test(a_piece_of_what_is_damaged_elsewhere_is_refused),
        cmocka_unit_test(reads_share_one_pass),
        cmocka_unit_test(dropped_reads_are_not_called_back),
        cmocka_unit_test(a_verified_version_is_not_verified_again),
        cmocka_unit_test(what_was_remembered_is_compared),
        cmocka_unit_test(without_digests_it_is_verified_again),
        cmocka_unit_test(the_book_holds_so_many_digests),
        cmocka_unit_test(closes_at_every_turn),
        cmocka_unit_test(survives_any_failure_of_memory),
    };
    ol_test_scratch_open(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ol_test_scratch_close(&scratch);
    return failed;
}
