/* SPDX-License-Identifier: MIT */
/*
 * An encrypted original as the object that it was before, whole: verified first, spooled, streamed; damaged,
 * cut into bytes; limits, and lengths that only the content tells.
 */
#include "unsealed_kit.h"

/* ---- whole bodies ---- */

static void gives_plaintext_and_its_head(void **state)
{
    (void)state;
    rig r;
    set_up(&r, SMALL_BYTES, OL_UNVERIFIED_FIRST_PASS);
    assert_code(run(&r), OL_OK);
    assert_gave(&r, 0, SMALL_BYTES);
    assert_int_equal(r.collect.head.content_length, SMALL_BYTES);
    assert_non_null(ol_headers_get(&r.collect.head.headers, "content-type").data);
    assert_non_null(ol_headers_get(&r.collect.head.headers, "last-modified").data);
    assert_null(ol_headers_get(&r.collect.head.headers, "x-amz-meta-x-amz-iv").data);
    assert_null(ol_headers_get(&r.collect.head.headers, "x-amz-checksum-crc32").data);
    const ol_object_info *info = r.object->origin->ops->info(r.object);
    assert_int_equal(info->size, SMALL_BYTES);
    assert_int_equal(info->header_count, 1);
    assert_int_equal(info->part_count, 0);
    assert_int_equal(r.sealed.bodies, 1); /* what is small was kept in memory */
    tear_down(&r);
    assert_int_equal(r.sealed.closes, 1);
}

static void large_ones_are_read_twice_or_spooled_or_streamed(void **state)
{
    (void)state;
    static const unsigned bodies[] = {[OL_UNVERIFIED_FIRST_PASS] = 2,
                                      [OL_UNVERIFIED_SPOOL] = 1,
                                      [OL_UNVERIFIED_STREAM] = 1};
    for (int how = 0; how < 3; how++) {
        rig r;
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        r.collect.wait_every = 2;
        assert_code(run(&r), OL_OK);
        assert_gave(&r, 0, LARGE_BYTES);
        assert_int_equal(r.sealed.bodies, bodies[how]);
        tear_down(&r);
    }
}

static void is_indifferent_to_pieces(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        rig r;
        set_up(&r, 2000, (enum ol_unverified)how);
        r.sealed.piece_bytes = 1;
        r.collect.wait_every = 1;
        assert_code(run(&r), OL_OK);
        assert_gave(&r, 0, 2000);
        tear_down(&r);
    }
}

static void an_empty_plaintext_is_verified_too(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < 2; damaged++) {
        rig r;
        set_up(&r, 0, OL_UNVERIFIED_FIRST_PASS);
        cipher[3] ^= (uint8_t)damaged;
        assert_code(run(&r), damaged ? OL_EDECRYPT : OL_OK);
        assert_gave(&r, 0, 0);
        tear_down(&r);
    }
}

static void damage_gives_nothing(void **state)
{
    (void)state;
    static const size_t at[] = {0, LARGE_BYTES / 2, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 15};
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
        for (int how = 0; how < 2; how++) {
            rig r;
            set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
            open_spool(&r, 1 << 24);
            cipher[at[i]] ^= 1;
            assert_code(run(&r), OL_EDECRYPT);
            assert_gave(&r, 0, 0);
            assert_false(r.collect.headed);
            tear_down(&r);
        }
}

static void a_streamed_one_breaks_at_its_end(void **state)
{
    (void)state;
    rig r;
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
    cipher[LARGE_BYTES] ^= 1;
    assert_code(run(&r), OL_EDECRYPT);
    assert_true(r.collect.headed && !r.collect.finished);
    tear_down(&r);
}

/* What an origin swaps between two readings is seen at the end of the second; a spool does not ask
 * again. */
static void swapped_bytes_break_the_body(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        rig r;
        set_up(&r, LARGE_BYTES, (enum ol_unverified)how);
        open_spool(&r, 1 << 24);
        memcpy(other, cipher, sizeof(other));
        other[LARGE_BYTES / 2] ^= 1;
        r.sealed.swaps = true;
        assert_code(run(&r), how == OL_UNVERIFIED_SPOOL ? OL_OK : OL_EDECRYPT);
        assert_int_equal(r.collect.finished, how == OL_UNVERIFIED_SPOOL);
        size_t right = r.collect.len; /* nothing of the segment with the other byte */
        assert_true(how == OL_UNVERIFIED_SPOOL || right <= LARGE_BYTES / 2);
        assert_gave(&r, 0, right);
        tear_down(&r);
    }
}

/* Neither does a part come out that has other bytes than the whole that was verified, wherever the other
 * byte is in it; what lies in other segments does. */
static void swapped_bytes_are_in_no_part(void **state)
{
    (void)state;
    static const struct {
        ol_byte_range range;
        size_t at;
        bool comes;
    } cases[] = {{{LARGE_BYTES / 2 - 10, 20}, LARGE_BYTES / 2, false},
                 {{0, 1}, 0, false},
                 {{LARGE_BYTES - 1, 1}, LARGE_BYTES - 1, false},
                 {{100, 200000}, 200099, false},
                 {{100, 200000}, 100, false},
                 {{100, 1000}, LARGE_BYTES / 2, true},
                 {{65536, 65536}, 65535, true},
                 {{65536, 65536}, 131072, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t piece_bytes = 0; piece_bytes < 2000; piece_bytes += 1999) {
            rig r;
            set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
            r.sealed.piece_bytes = piece_bytes;
            memcpy(other, cipher, sizeof(other));
            other[cases[i].at] ^= 1;
            r.sealed.swaps = true;
            r.range = cases[i].range;
            r.collect.wait_every = 1;
            assert_code(run(&r), cases[i].comes ? OL_OK : OL_EDECRYPT);
            if (cases[i].comes)
                assert_gave(&r, cases[i].range.start, cases[i].range.length);
            else
                assert_true(r.collect.len <= cases[i].at - cases[i].range.start);
            tear_down(&r);
        }
}

/* ---- limits ---- */

static void limits_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        rig r;
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_SPOOL);
        open_spool(&r, i == 0 ? 1 << 24 : 1 << 18);
        if (i == 0)
            r.object_bytes = LARGE_BYTES - 1;
        assert_code(run(&r), i == 0 ? OL_EVERIFYSIZE : OL_EVERIFYROOM);
        assert_gave(&r, 0, 0);
        tear_down(&r);
    }
}

/* ---- lengths that only the content tells ---- */

static void on_settled(void *arg, const ol_error *err)
{
    rig *r = arg;
    r->settled = true;
    r->settle_rc = err ? err->code : OL_OK;
}

static void a_pass_finds_the_length(void **state)
{
    (void)state;
    for (int damaged = 0; damaged < 2; damaged++) {
        rig r;
        bool gone = false;
        ol_error err = {0};
        set_up(&r, LARGE_BYTES, OL_UNVERIFIED_STREAM);
        r.hides_size = true;
        cipher[5] ^= (uint8_t)damaged;
        ol_test_bench_open(&r.bench);
        assert_code(open_object(&r), OL_OK);
        assert_code(ol_unsealed_settle(r.object, &gone, on_settled, &r, &err), OL_WAIT);
        ol_test_loop_until(&r.bench.loop, &r.settled, OL_TEST_BOUND_MS);
        assert_code(r.settle_rc, damaged ? OL_EDECRYPT : OL_OK);
        if (!damaged)
            assert_int_equal(r.object->origin->ops->info(r.object)->size, LARGE_BYTES);
        tear_down(&r);
    }
}

static void nobody_waits_for_a_client_who_left(void **state)
{
    (void)state;
    rig r;
    bool gone = true;
    ol_error err = {0};
    set_up(&r, LARGE_BYTES, OL_UNVERIFIED_FIRST_PASS);
    r.hides_size = true;
    ol_test_bench_open(&r.bench);
    assert_code(open_object(&r), OL_OK);
    assert_code(ol_unsealed_settle(r.object, &gone, on_settled, &r, &err), OL_WAIT);
    ol_test_loop_until(&r.bench.loop, &r.settled, OL_TEST_BOUND_MS);
    assert_code(r.settle_rc, OL_EPEER);
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_plaintext_and_its_head),
        cmocka_unit_test(large_ones_are_read_twice_or_spooled_or_streamed),
        cmocka_unit_test(is_indifferent_to_pieces),
        cmocka_unit_test(an_empty_plaintext_is_verified_too),
        cmocka_unit_test(damage_gives_nothing),
        cmocka_unit_test(a_streamed_one_breaks_at_its_end),
        cmocka_unit_test(swapped_bytes_break_the_body),
        cmocka_unit_test(swapped_bytes_are_in_no_part),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(a_pass_finds_the_length),
        cmocka_unit_test(nobody_waits_for_a_client_who_left),
    };
    ol_test_scratch_open(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ol_test_scratch_close(&scratch);
    return failed;
}
