/* SPDX-License-Identifier: MIT */
/* The wildcard matcher. */
#include "lib/check.h"

#include "access/match.h"
#include "base/clock.h"

#include <stdio.h>

static bool match(const char *pattern, const char *text)
{
    return ol_access_match(ol_slice_cstr(pattern), ol_slice_cstr(text), false);
}

static void matches_wildcards(void **state)
{
    (void)state;
    assert_true(match("", ""));
    assert_true(match("*", ""));
    assert_true(match("**", ""));
    assert_true(match("*", "anything/at:all"));
    assert_true(match("abc", "abc"));
    assert_true(match("a?c", "abc"));
    assert_true(match("a*c", "ac"));
    assert_true(match("a*c", "abbbc"));
    assert_true(match("a*b*c", "a_b_b_c"));
    assert_true(match("*abab", "ababab"));
    assert_true(match("*a*b", "xaab"));
    assert_true(match("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y/z"));
    assert_true(match("?*", "x"));
    assert_false(match("", "a"));
    assert_false(match("abc", "ab"));
    assert_false(match("abc", "abcd"));
    assert_false(match("a?c", "ac"));
    assert_false(match("a*c", "abcd"));
    assert_false(match("?", ""));
    assert_false(match("?*", ""));
    assert_false(match("*x", "xy"));
    assert_false(match("arn:aws:s3:::b/*", "arn:aws:s3:::b"));
    assert_false(match("arn:aws:s3:::b/*", "arn:aws:s3:::bb/x"));
    assert_false(match("ABC", "abc"));
}

static void folds_case_when_asked(void **state)
{
    (void)state;
    ol_slice pattern = OL_SLICE_LIT("S3:get*"), text = OL_SLICE_LIT("s3:GetObject");
    assert_true(ol_access_match(pattern, text, true));
    assert_false(ol_access_match(pattern, text, false));
}

/* The recursive definition, for short texts. */
static bool slow_match(ol_slice p, ol_slice t)
{
    if (p.len > 0 && p.data[0] == '*')
        return slow_match(ol_slice_from(p, 1), t) || (t.len > 0 && slow_match(p, ol_slice_from(t, 1)));
    if (p.len == 0 || t.len == 0)
        return p.len == t.len;
    return (p.data[0] == '?' || p.data[0] == t.data[0]) &&
           slow_match(ol_slice_from(p, 1), ol_slice_from(t, 1));
}

static void agrees_with_the_definition(void **state)
{
    (void)state;
    ol_test_random random = {.state = 11};
    int hits = 0;
    for (int round = 0; round < 50000; round++) {
        char pattern[8] = "", text[10] = "";
        size_t pattern_len = ol_test_random_below(&random, 8);
        size_t text_len = ol_test_random_below(&random, 10);
        for (size_t i = 0; i < pattern_len; i++)
            pattern[i] = "ab*?"[ol_test_random_below(&random, 4)];
        for (size_t i = 0; i < text_len; i++)
            text[i] = "ab"[ol_test_random_below(&random, 2)];
        bool wanted = slow_match(ol_slice_of(pattern, pattern_len), ol_slice_of(text, text_len));
        hits += wanted;
        if (match(pattern, text) != wanted)
            fail_msg("\"%s\" on \"%s\"", pattern, text);
    }
    assert_true(hits > 1000);
}

/* What takes a backtracking matcher longer than the universe has. */
static void stays_quick_on_hostile_patterns(void **state)
{
    (void)state;
    char pattern[2001], text[2001];
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(pattern + i, "a*", 2);
    pattern[1999] = 'b';
    pattern[2000] = '\0';
    memset(text, 'a', 2000);
    text[2000] = '\0';
    uint64_t before_ns = ol_clock_thread_cpu_ns();
    assert_false(match(pattern, text));
    assert_true(ol_clock_thread_cpu_ns() - before_ns < 1000000000u);
}

static bool may_begin(const char *pattern, const char *beginning)
{
    return ol_access_match_may_begin(ol_slice_cstr(pattern), ol_slice_cstr(beginning));
}

static void knows_what_a_pattern_may_begin_with(void **state)
{
    (void)state;
    assert_true(may_begin("*", "arn:"));
    assert_true(may_begin("a*", "arn:"));
    assert_true(may_begin("arn:aws:s3:::b/*", "arn:aws:s3:::b/"));
    assert_true(may_begin("arn:aws:s3:::*", "arn:aws:s3:::b/"));
    assert_true(may_begin("arn:aws:s3:::?/k", "arn:aws:s3:::b/"));
    assert_true(may_begin("*/x", "arn:aws:s3:::b/"));
    assert_true(may_begin("abc", ""));
    assert_true(may_begin("", ""));
    assert_false(may_begin("", "a"));
    assert_false(may_begin("arn:aws:s3:::b", "arn:aws:s3:::b/"));
    assert_false(may_begin("arn:aws:s3:::c*", "arn:aws:s3:::b/"));
    assert_false(may_begin("ar", "arn:"));
}

/* Against the definition: some continuation of up to 4 letters matches. */
static bool slow_may_begin(const char *pattern, const char *beginning)
{
    for (unsigned code = 0; code < 5 * 5 * 5 * 5; code++) {
        char text[16];
        size_t len = (size_t)snprintf(text, sizeof(text), "%s", beginning);
        for (unsigned rest = code; rest > 0; rest /= 5)
            if (rest % 5)
                text[len++] = "abcx"[rest % 5 - 1];
        text[len] = '\0';
        if (slow_match(ol_slice_cstr(pattern), ol_slice_cstr(text)))
            return true;
    }
    return false;
}

static void agrees_with_the_definition_of_beginnings(void **state)
{
    (void)state;
    ol_test_random random = {.state = 7};
    int hits = 0;
    for (int round = 0; round < 2000; round++) {
        char pattern[6] = "", beginning[5] = "";
        size_t pattern_len = ol_test_random_below(&random, 5);
        size_t beginning_len = ol_test_random_below(&random, 4);
        for (size_t i = 0; i < pattern_len; i++)
            pattern[i] = "ab*?"[ol_test_random_below(&random, 4)];
        for (size_t i = 0; i < beginning_len; i++)
            beginning[i] = "ab"[ol_test_random_below(&random, 2)];
        bool wanted = slow_may_begin(pattern, beginning);
        hits += wanted;
        if (may_begin(pattern, beginning) != wanted)
            fail_msg("\"%s\" on \"%s\"", pattern, beginning);
    }
    assert_true(hits > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_wildcards),
        cmocka_unit_test(folds_case_when_asked),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(stays_quick_on_hostile_patterns),
        cmocka_unit_test(knows_what_a_pattern_may_begin_with),
        cmocka_unit_test(agrees_with_the_definition_of_beginnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
