/* SPDX-License-Identifier: MIT */
/* Decisions: the default, Deny before Allow, root; and the wildcard matcher. */
#include "lib/check.h"

#include "access/access.h"
#include "base/clock.h"

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
static bool slow_match(const char *p, const char *t)
{
    if (*p == '*')
        return slow_match(p + 1, t) || (*t && slow_match(p, t + 1));
    if (*t == '\0')
        return *p == '\0';
    return (*p == '?' || *p == *t) && slow_match(p + 1, t + 1);
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
        bool wanted = slow_match(pattern, text);
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

/* ---- decisions ---- */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const ol_slice get_anything[] = {OL_SLICE_LIT("s3:Get*")};
static const ol_slice all_actions[] = {OL_SLICE_LIT("*")};
static const ol_slice all_resources[] = {OL_SLICE_LIT("*")};
static const ol_slice two_buckets[] = {OL_SLICE_LIT("arn:aws:s3:::x"),
                                       OL_SLICE_LIT("arn:aws:s3:::b/*")};
static const ol_slice secrets[] = {OL_SLICE_LIT("arn:aws:s3:::b/secret/*")};

static const ol_statement allow_get = {true, get_anything, 1, two_buckets, 2};
static const ol_statement deny_secrets = {false, all_actions, 1, secrets, 1};

static int decide(bool root, const ol_statement *statements, size_t count, const char *action,
                  const char *resource)
{
    ol_identity who = {.root = root, .statements = statements, .statement_count = count};
    ol_error err = {0};
    int rc = ol_access_decide(&who, ol_slice_cstr(action), ol_slice_cstr(resource), &err);
    assert_int_equal(err.code, rc);
    if (rc != OL_OK) {
        assert_string_equal(err.message, "Access Denied"); /* the reason is the log's only */
        assert_true(err.detail[0] != '\0');
    }
    return rc;
}

static void denies_by_default(void **state)
{
    (void)state;
    ol_error err = {0};
    assert_code(decide(false, NULL, 0, "s3:GetObject", "arn:aws:s3:::b/k"), OL_EACCESS);
    assert_code(ol_access_decide(NULL, OL_SLICE_LIT("s3:GetObject"), OL_SLICE_LIT("*"), &err),
                OL_EACCESS);
}

static void allows_what_a_statement_allows(void **state)
{
    (void)state;
    assert_code(decide(false, &allow_get, 1, "s3:GetObject", "arn:aws:s3:::b/k"), OL_OK);
    assert_code(decide(false, &allow_get, 1, "S3:GETOBJECT", "arn:aws:s3:::b/k"), OL_OK);
    assert_code(decide(false, &allow_get, 1, "s3:PutObject", "arn:aws:s3:::b/k"), OL_EACCESS);
    assert_code(decide(false, &allow_get, 1, "s3:GetObject", "arn:aws:s3:::B/k"), OL_EACCESS);
    assert_code(decide(false, &allow_get, 1, "s3:GetObject", "arn:aws:s3:::c/k"), OL_EACCESS);
}

static void a_deny_wins_wherever_it_stands(void **state)
{
    (void)state;
    const ol_statement first[] = {deny_secrets, allow_get}, last[] = {allow_get, deny_secrets};
    assert_code(decide(false, first, 2, "s3:GetObject", "arn:aws:s3:::b/secret/k"), OL_EACCESS);
    assert_code(decide(false, last, 2, "s3:GetObject", "arn:aws:s3:::b/secret/k"), OL_EACCESS);
    assert_code(decide(true, last, 2, "s3:GetObject", "arn:aws:s3:::b/secret/k"), OL_EACCESS);
    assert_code(decide(false, last, 2, "s3:GetObject", "arn:aws:s3:::b/open"), OL_OK);
}

static void an_empty_statement_says_nothing(void **state)
{
    (void)state;
    const ol_statement no_actions = {true, NULL, 0, all_resources, COUNT(all_resources)};
    const ol_statement no_resources = {true, all_actions, COUNT(all_actions), NULL, 0};
    assert_code(decide(false, &no_actions, 1, "s3:GetObject", "arn:aws:s3:::b/k"), OL_EACCESS);
    assert_code(decide(false, &no_resources, 1, "s3:GetObject", "arn:aws:s3:::b/k"), OL_EACCESS);
}

static void root_may(void **state)
{
    (void)state;
    assert_code(decide(true, NULL, 0, "s3:DeleteBucket", "arn:aws:s3:::b"), OL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_wildcards),
        cmocka_unit_test(folds_case_when_asked),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(stays_quick_on_hostile_patterns),
        cmocka_unit_test(denies_by_default),
        cmocka_unit_test(allows_what_a_statement_allows),
        cmocka_unit_test(a_deny_wins_wherever_it_stands),
        cmocka_unit_test(an_empty_statement_says_nothing),
        cmocka_unit_test(root_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
