/* SPDX-License-Identifier: MIT */
/* Which bytes of an original a part of a view needs, when positions are kept. */
#include "front/views/view_positions.h"

#include <stdio.h>

#include "lib/check.h"

static void reads_no_more_than_the_reach(void **state)
{
    (void)state;
    const ol_view_reach reach = {.before = 5, .after = 7};
    ol_view_piece piece;
    ol_view_piece_of(&reach, &(ol_byte_range){100, 10}, 1000, &piece);
    assert_int_equal(piece.original.start, 95);
    assert_int_equal(piece.original.length, 22);
    assert_int_equal(piece.cut.start, 5);
    assert_int_equal(piece.cut.length, 10);
    assert_int_equal(piece.cut.total, 1000);
}

static void stays_inside_the_original(void **state)
{
    (void)state;
    const ol_view_reach wide = {.before = 500, .after = UINT64_MAX};
    const ol_view_reach none = {0};
    ol_view_piece piece;
    ol_view_piece_of(&wide, &(ol_byte_range){3, 4}, 20, &piece);
    assert_int_equal(piece.original.start, 0);
    assert_int_equal(piece.original.length, 20);
    assert_int_equal(piece.cut.start, 3);
    ol_view_piece_of(&none, &(ol_byte_range){19, 1}, 20, &piece);
    assert_int_equal(piece.original.start, 19);
    assert_int_equal(piece.original.length, 1);
    assert_int_equal(piece.cut.start, 0);
}

/* Every range of a small original: the cut of the piece is the wanted part. */
static void cuts_what_was_wanted(void **state)
{
    (void)state;
    enum { SIZE = 12 };
    for (uint64_t before = 0; before < 4; before++)
        for (uint64_t start = 0; start < SIZE; start++)
            for (uint64_t length = 1; start + length <= SIZE; length++) {
                const ol_view_reach reach = {.before = before, .after = 3 - before};
                ol_view_piece piece;
                ol_view_piece_of(&reach, &(ol_byte_range){start, length}, SIZE, &piece);
                assert_int_equal(piece.original.start + piece.cut.start, start);
                assert_int_equal(piece.cut.length, length);
                assert_true(piece.cut.start + length <= piece.original.length);
                assert_true(piece.original.start + piece.original.length <= SIZE);
            }
}

static void knows_a_piece_for_the_head(void **state)
{
    (void)state;
    const ol_view_reach reach = {.before = 9, .after = 4};
    const ol_view_reach endless = {.after = UINT64_MAX};
    assert_int_equal(ol_view_piece_for_head(&reach, 100).length, 5);
    assert_int_equal(ol_view_piece_for_head(&reach, 2).length, 2);
    assert_int_equal(ol_view_piece_for_head(&reach, 0).length, 0);
    assert_int_equal(ol_view_piece_for_head(&endless, 100).length, 100);
}

static void check_hint(ol_view_reach reach, const char *asked, const char *wanted)
{
    ol_range_spec spec;
    char hint[OL_VIEW_HINT_SIZE];
    assert_int_equal(ol_s3_range_spec(ol_slice_cstr(asked), &spec), OL_OK);
    ol_view_piece_hint(&reach, &spec, hint);
    assert_string_equal(hint, wanted);
}

static void asks_the_origin_for_the_piece(void **state)
{
    (void)state;
    const ol_view_reach reach = {.before = 5, .after = 7};
    check_hint(reach, "bytes=100-109", "bytes=95-116");
    check_hint(reach, "bytes=2-3", "bytes=0-10");
    check_hint(reach, "bytes=100-", "bytes=95-");
    check_hint(reach, "bytes=-10", "bytes=-15");
    check_hint(reach, "bytes=0-18446744073709551614", "bytes=0-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_no_more_than_the_reach),
        cmocka_unit_test(stays_inside_the_original),
        cmocka_unit_test(cuts_what_was_wanted),
        cmocka_unit_test(knows_a_piece_for_the_head),
        cmocka_unit_test(asks_the_origin_for_the_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
