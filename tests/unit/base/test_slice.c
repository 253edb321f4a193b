/* SPDX-License-Identifier: MIT */
/* Slices: comparing, searching, numbers, UTF-8. */
#include "lib/check.h"

#include "base/utf8.h"

#define S(text) OL_SLICE_LIT(text)

static void compares_as_s3_lists_keys(void **state)
{
    (void)state;
    assert_int_equal(ol_slice_cmp(S("a"), S("a")), 0);
    assert_true(ol_slice_cmp(S("a"), S("b")) < 0);
    assert_true(ol_slice_cmp(S("a"), S("a/")) < 0);
    assert_true(ol_slice_cmp(S("a/"), S("a")) > 0);
    assert_true(ol_slice_cmp(S("\xC3\xA4"), S("z")) > 0);
    assert_true(ol_slice_cmp(S("\x00"), S("")) > 0);
    assert_int_equal(ol_slice_cmp(OL_SLICE_NONE, S("")), 0);
}

static void folds_only_ascii(void **state)
{
    (void)state;
    assert_true(ol_slice_ieq(S("ETag"), S("etAG")));
    assert_false(ol_slice_ieq(S("ETag"), S("ETa")));
    assert_false(ol_slice_ieq(S("@"), S("`")));
    assert_false(ol_slice_ieq(S("["), S("{")));
    assert_false(ol_slice_ieq(S("\xC4"), S("\xE4")));
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static void folds_the_same_at_every_place(void **state)
{
    (void)state;
    uint8_t a[19], b[19];
    for (size_t len = 1; len <= sizeof(a); len++) {
        for (size_t at = 0; at < len; at++) {
            memset(a, 'q', len);
            memset(b, 'Q', len);
            assert_true(ol_slice_ieq(ol_slice_of(a, len), ol_slice_of(b, len)));
            a[at] = 'r';
            assert_false(ol_slice_ieq(ol_slice_of(a, len), ol_slice_of(b, len)));
        }
    }
    memset(a, 'q', 11);
    memset(b, 'Q', 11);
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        a[3] = a[9] = (uint8_t)pair;
        b[3] = b[9] = (uint8_t)(pair >> 8);
        if (ol_slice_ieq(ol_slice_of(a, 11), ol_slice_of(b, 11)) != (fold(a[3]) == fold(b[3])))
            fail_msg("%02x and %02x", a[3], b[3]);
    }
}

static void starts_ends_finds_trims(void **state)
{
    (void)state;
    assert_true(ol_slice_starts(S("x-amz-meta-a"), S("x-amz-meta-")));
    assert_false(ol_slice_starts(S("x-amz"), S("x-amz-")));
    assert_true(ol_slice_starts(S(""), S("")));
    assert_true(ol_slice_ends(S("view--ol-s3"), S("--ol-s3")));
    assert_true(ol_slice_ends(S("a"), S("")));
    assert_false(ol_slice_ends(S("s3"), S("-s3")));
    assert_int_equal(ol_slice_find(S("a=b=c"), '='), 1);
    assert_int_equal(ol_slice_find(S("abc"), '='), -1);
    assert_int_equal(ol_slice_find(OL_SLICE_NONE, 0), -1);
    assert_int_equal(ol_slice_search(S("a=bb=c"), S("b=")), 3);
    assert_int_equal(ol_slice_search(S("a=b"), S("b=c")), -1);
    assert_int_equal(ol_slice_search(S("ab"), S("abc")), -1);
    assert_int_equal(ol_slice_search(S("abc"), S("abc")), 0);
    assert_int_equal(ol_slice_search(OL_SLICE_NONE, S("a")), -1);
    assert_int_equal(ol_slice_search(S("abc"), OL_SLICE_NONE), 0);
    assert_int_equal(ol_slice_search(OL_SLICE_NONE, OL_SLICE_NONE), 0);
    assert_slice(ol_slice_trim(S(" \t a b \t")), "a b");
    assert_slice(ol_slice_trim(S(" \t ")), "");
    assert_slice(ol_slice_from(S("abc"), 1), "bc");
    assert_slice(ol_slice_from(S("abc"), 9), "");
    assert_slice(ol_slice_first(S("abc"), 9), "abc");
}

static void numbers_are_exact(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(ol_slice_u64(S("0"), &n) && n == 0);
    assert_true(ol_slice_u64(S("00042"), &n) && n == 42);
    assert_true(ol_slice_u64(S("18446744073709551615"), &n) && n == UINT64_MAX);
    const char *bad[] = {"", "18446744073709551616", "99999999999999999999", "-1", "+1",
                         " 1", "1 ", "1a", "0x1", "1.0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        n = 7;
        assert_false(ol_slice_u64(ol_slice_cstr(bad[i]), &n));
        assert_int_equal(n, 7);
    }
}

static void secrets_compare_by_content(void **state)
{
    (void)state;
    assert_true(ol_slice_eq_secret(S("abc"), S("abc")));
    assert_false(ol_slice_eq_secret(S("abc"), S("abd")));
    assert_false(ol_slice_eq_secret(S("xbc"), S("abc")));
    assert_false(ol_slice_eq_secret(S("abc"), S("ab")));
    assert_true(ol_slice_eq_secret(OL_SLICE_NONE, S("")));
    /* Two differences that would cancel out under addition or xor of the whole. */
    assert_false(ol_slice_eq_secret(S("\x01\x02"), S("\x02\x01")));
    uint8_t a[19] = {0}, b[19] = {0};
    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_false(ol_slice_eq_secret(ol_slice_of(a, sizeof(a)), ol_slice_of(b, sizeof(b))));
        assert_true(ol_slice_eq_secret(ol_slice_of(a, bit / 8), ol_slice_of(b, bit / 8)));
        b[bit / 8] = 0;
    }
}

static bool encodable(uint32_t cp)
{
    return cp <= 0x10FFFF && !(cp >= 0xD800 && cp <= 0xDFFF);
}

/* The plain arithmetic of UTF-8, without its rules: can spell what is forbidden too. */
static size_t spell(uint32_t cp, size_t length, uint8_t out[4])
{
    static const uint8_t marks[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (length == 1) {
        out[0] = (uint8_t)cp;
        return 1;
    }
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (uint8_t)(marks[length] | cp);
    return length;
}

static size_t right_length(uint32_t cp)
{
    return cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
}

static void every_code_point_in_every_length(void **state)
{
    (void)state;
    static const uint32_t end[5] = {0, 0x80, 0x800, 0x10000, 0x200000};
    uint8_t text[4];
    for (size_t length = 1; length <= 4; length++) {
        for (uint32_t cp = 0; cp < end[length]; cp++) {
            ol_slice s = ol_slice_of(text, spell(cp, length, text));
            bool good = encodable(cp) && right_length(cp) == length;
            if (ol_slice_is_utf8(s) != good)
                fail_msg("U+%04X in %zu bytes should be %s", cp, length, good ? "good" : "bad");
            uint32_t decoded;
            size_t step = ol_utf8_next(s, &decoded);
            if (good && (step != length || decoded != cp))
                fail_msg("U+%04X decoded as U+%04X", cp, decoded);
        }
    }
}

static void malformed_utf8_is_seen_anywhere(void **state)
{
    (void)state;
    char text[40];
    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, 'a', sizeof(text));
        assert_true(ol_slice_is_utf8(ol_slice_of(text, sizeof(text))));
        text[at] = (char)0x80;
        assert_false(ol_slice_is_utf8(ol_slice_of(text, sizeof(text))));
        text[at] = (char)0xFF;
        assert_false(ol_slice_is_utf8(ol_slice_of(text, sizeof(text))));
    }
    assert_false(ol_slice_is_utf8(S("\xE2\x82")));
    assert_false(ol_slice_is_utf8(S("\xF0\x9F\x92")));
    assert_true(ol_slice_is_utf8(S("")));
    assert_true(ol_slice_is_utf8(S("key/\xF0\x9F\x92\xA9/\xC3\xA4 and more text behind it")));
}

static void damage_is_replaced_piece_by_piece(void **state)
{
    (void)state;
    uint32_t cp;
    assert_int_equal(ol_utf8_next(S("\xF0\x9F\x92" "a"), &cp), 3);
    assert_int_equal(cp, OL_UTF8_BAD);
    assert_int_equal(ol_utf8_next(S("\xE2\x82"), &cp), 2);
    assert_int_equal(ol_utf8_next(S("\xE0\x80\x80"), &cp), 1);
    assert_int_equal(ol_utf8_next(S("\xED\xA0\x80"), &cp), 1);
    assert_int_equal(ol_utf8_next(S("\xC0\xAF"), &cp), 1);
    assert_int_equal(cp, OL_UTF8_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_as_s3_lists_keys),
        cmocka_unit_test(folds_only_ascii),
        cmocka_unit_test(folds_the_same_at_every_place),
        cmocka_unit_test(starts_ends_finds_trims),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(secrets_compare_by_content),
        cmocka_unit_test(every_code_point_in_every_length),
        cmocka_unit_test(malformed_utf8_is_seen_anywhere),
        cmocka_unit_test(damage_is_replaced_piece_by_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
