/* SPDX-License-Identifier: MIT */
/* Checksums of views as fields, and the guesses about what is in the cache. */
#include "front/views/view_checksums.h"
#include "front/views/view_hints.h"

#include <stdio.h>

#include "lib/check.h"

static void tells_both_checksums(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_headers headers;
    ol_headers_init(&headers, arena);
    /* Of "123456789". */
    ol_view_facts facts = {.crc32 = 0xcbf43926u, .crc64nvme = 0xae8b14860a799888u};
    assert_int_equal(ol_view_checksums_add(&headers, &facts), OL_OK);
    assert_int_equal(headers.count, 0);
    facts.has_checksums = true;
    assert_int_equal(ol_view_checksums_add(&headers, &facts), OL_OK);
    assert_true(ol_slice_eq_cstr(ol_headers_get(&headers, "x-amz-checksum-crc32"), "y/Q5Jg=="));
    assert_true(ol_slice_eq_cstr(ol_headers_get(&headers, "x-amz-checksum-crc64nvme"),
                                 "rosUhgp5mIg="));
    assert_true(ol_slice_eq_cstr(ol_headers_get(&headers, "x-amz-checksum-type"), "FULL_OBJECT"));
    ol_object_checksum one;
    ol_view_checksums_describe(&facts, &one);
    assert_string_equal(one.name, "CRC64NVME");
    assert_string_equal(one.text, "rosUhgp5mIg=");
    ol_arena_destroy(arena);
}

static void remembers_who_asked_first(void **state)
{
    (void)state;
    ol_view_hints *hints = ol_view_hints_new();
    assert_non_null(hints);
    assert_false(ol_view_hints_claim(hints, 77));
    assert_true(ol_view_hints_claim(hints, 77));
    ol_view_hints_set(hints, 77, false);
    assert_false(ol_view_hints_claim(hints, 77));
    ol_view_hints_set(hints, 78, true);
    assert_true(ol_view_hints_claim(hints, 78));
    assert_true(ol_view_hints_claim(hints, 77));
    ol_view_hints_set(hints, 77 + 16384, false); /* another one of the same place */
    assert_true(ol_view_hints_claim(hints, 77));
    ol_view_hints_destroy(hints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_both_checksums),
        cmocka_unit_test(remembers_who_asked_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
