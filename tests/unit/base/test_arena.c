/* SPDX-License-Identifier: MIT */
/* Request memory: bounds, alignment, reset, what runs at the end. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "base/arena.h"

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 20);
    uint8_t *pieces[300];
    for (size_t i = 0; i < 300; i++) {
        pieces[i] = ol_arena_alloc(arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 0xFF), i);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i & 0xFF);
    }
    assert_true(ol_arena_used(arena) >= 299 * 300 / 2);
    ol_arena_destroy(arena);
    ol_arena_destroy(NULL);
}

static void small_requests_cost_one_allocation(void **state)
{
    (void)state;
    long before = ol_alloc_live();
    ol_arena *arena = ol_arena_new(512 * 1024);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 30; i++)
            assert_non_null(ol_arena_alloc(arena, 100));
        assert_int_equal(ol_alloc_live(), before + 1);
        ol_arena_reset(arena);
        assert_int_equal(ol_arena_used(arena), 0);
    }
    assert_non_null(ol_arena_alloc(arena, 5000));
    assert_int_equal(ol_alloc_live(), before + 2);
    ol_arena_reset(arena);
    assert_int_equal(ol_alloc_live(), before + 1);
    ol_arena_destroy(arena);
    assert_no_leak(before);
}

static void a_first_block_may_be_larger(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new_sized(8192, 1 << 20);
    long live = ol_alloc_live();
    for (unsigned round = 0; round < 3; round++) {
        assert_non_null(ol_arena_alloc(arena, 8000));
        assert_int_equal(ol_alloc_live(), live);
        ol_arena_reset(arena);
    }
    ol_arena_destroy(arena);
    /* Never more than the maximum. */
    arena = ol_arena_new_sized(8192, 100);
    assert_non_null(ol_arena_alloc(arena, 100));
    assert_null(ol_arena_alloc(arena, 1));
    ol_arena_destroy(arena);
}

static void the_maximum_holds(void **state)
{
    (void)state;
    size_t maxima[] = {0, 1, 100, 4000, 10000, 300000};
    for (size_t m = 0; m < sizeof(maxima) / sizeof(maxima[0]); m++) {
        ol_arena *arena = ol_arena_new(maxima[m]);
        assert_null(ol_arena_alloc(arena, maxima[m] + 1));
        assert_null(ol_arena_alloc(arena, SIZE_MAX));
        size_t got = 0;
        while (ol_arena_alloc(arena, 48))
            got += 48;
        assert_true(got <= maxima[m]);
        assert_true(got + maxima[m] / 8 + 96 > maxima[m]);
        assert_int_equal(ol_arena_used(arena), got);
        ol_arena_reset(arena);
        size_t again = 0;
        while (ol_arena_alloc(arena, 48))
            again += 48;
        assert_int_equal(again, got);
        ol_arena_destroy(arena);
    }
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(100000);
    ol_slice copy = ol_arena_copy(arena, OL_SLICE_LIT("bytes"));
    assert_slice(copy, "bytes");
    assert_int_equal(copy.data[5], 0);
    ol_slice nothing = ol_arena_copy(arena, OL_SLICE_NONE);
    assert_non_null(nothing.data);
    assert_int_equal(nothing.len, 0);
    assert_string_equal(ol_arena_strdup(arena, "text"), "text");
    assert_string_equal(ol_arena_printf(arena, "%s-%d", "x", 42), "x-42");
    assert_null(ol_arena_copy(arena, ol_slice_of("", SIZE_MAX)).data);
    uint8_t *zeroed = ol_arena_calloc(arena, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zeroed[i], 0);
    ol_arena_destroy(arena);
}

static char order[8];

static void note(void *arg)
{
    strcat(order, arg);
}

static void ends_run_last_first_and_once(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(10000);
    order[0] = '\0';
    assert_code(ol_arena_on_end(arena, note, "a"), OL_OK);
    assert_code(ol_arena_on_end(arena, note, "b"), OL_OK);
    ol_arena_reset(arena);
    assert_string_equal(order, "ba");
    assert_code(ol_arena_on_end(arena, note, "c"), OL_OK);
    ol_arena_destroy(arena);
    assert_string_equal(order, "bac");
}

static int use(void *arg)
{
    (void)arg;
    int rc = OL_OK;
    ol_arena *arena = ol_arena_new(1 << 20);
    if (!arena)
        return OL_ENOMEM;
    for (size_t i = 0; i < 200 && rc == OL_OK; i++) {
        uint8_t *piece = ol_arena_alloc(arena, 1 + i * 7);
        if (piece)
            memset(piece, 1, 1 + i * 7);
        else
            rc = OL_ENOMEM;
    }
    order[0] = '\0';
    bool registered = ol_arena_on_end(arena, note, "x") == OL_OK;
    ol_arena_destroy(arena);
    assert_string_equal(order, registered ? "x" : "");
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_in_range(ol_test_fail_each(use, NULL), 3, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(small_requests_cost_one_allocation),
        cmocka_unit_test(a_first_block_may_be_larger),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(ends_run_last_first_and_once),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
