/* SPDX-License-Identifier: MIT */
/* Line diffs: nothing is lost or made up, and no shorter script of edits exists. */
#include "lib/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/line_diff.h"
#include "cli/side_by_side.h"

/* The columns, put together again. */
static void assert_whole(const ol_line_diff *diff, ol_slice left, ol_slice right)
{
    ol_buf a, b;
    ol_buf_init(&a, 1 << 20);
    ol_buf_init(&b, 1 << 20);
    for (size_t i = 0; i < diff->count; i++) {
        const ol_line_pair *p = &diff->pairs[i];
        if (p->kind != OL_LINE_ADDED) {
            ol_buf_add(&a, p->left);
            ol_buf_add_byte(&a, '\n');
        }
        if (p->kind != OL_LINE_REMOVED) {
            ol_buf_add(&b, p->right);
            ol_buf_add_byte(&b, '\n');
        }
        if (p->kind == OL_LINE_SAME)
            assert_true(ol_slice_eq(p->left, p->right));
    }
    assert_true(ol_slice_eq(ol_buf_slice(&a), left));
    assert_true(ol_slice_eq(ol_buf_slice(&b), right));
    ol_buf_fini(&a);
    ol_buf_fini(&b);
}

/* Longest common subsequence of one-letter lines, by the book. */
static size_t common(const char *a, size_t n, const char *b, size_t m)
{
    size_t best[32][32] = {{0}};
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++)
            best[i][j] = a[i - 1] == b[j - 1]                ? best[i - 1][j - 1] + 1
                         : best[i - 1][j] > best[i][j - 1] ? best[i - 1][j]
                                                           : best[i][j - 1];
    return best[n][m];
}

static size_t make_text(ol_test_random *random, char letters[30], char text[61])
{
    size_t n = ol_test_random_below(random, 13);
    for (size_t i = 0; i < n; i++) {
        letters[i] = (char)('a' + ol_test_random_below(random, 4));
        text[2 * i] = letters[i];
        text[2 * i + 1] = '\n';
    }
    return n;
}

static void test_the_shortest_script(void **state)
{
    (void)state;
    ol_test_random random = {.state = 11};
    for (unsigned round = 0; round < 3000; round++) {
        char a[30], b[30], left[61], right[61];
        size_t n = make_text(&random, a, left), m = make_text(&random, b, right);
        ol_line_diff diff;
        size_t same = 0;
        assert_code(ol_line_diff_make(&diff, ol_slice_of(left, 2 * n), ol_slice_of(right, 2 * m)),
                    OL_OK);
        assert_whole(&diff, ol_slice_of(left, 2 * n), ol_slice_of(right, 2 * m));
        for (size_t i = 0; i < diff.count; i++)
            same += diff.pairs[i].kind == OL_LINE_SAME;
        assert_int_equal(same, common(a, n, b, m));
        ol_line_diff_fini(&diff);
    }
}

/* Past so many edits the lines are paired in order, and still none is lost. */
static void test_many_edits(void **state)
{
    (void)state;
    ol_buf left, right;
    ol_line_diff diff;
    ol_buf_init(&left, 1 << 20);
    ol_buf_init(&right, 1 << 20);
    for (unsigned i = 0; i < 3000; i++) {
        ol_buf_addf(&left, "line %u\n", i);
        ol_buf_addf(&right, "row %u\n", i);
    }
    assert_code(ol_line_diff_make(&diff, ol_buf_slice(&left), ol_buf_slice(&right)), OL_OK);
    assert_int_equal(diff.count, 3000);
    for (size_t i = 0; i < diff.count; i++)
        assert_int_equal(diff.pairs[i].kind, OL_LINE_CHANGED);
    assert_whole(&diff, ol_buf_slice(&left), ol_buf_slice(&right));
    ol_line_diff_fini(&diff);
    ol_buf_fini(&left);
    ol_buf_fini(&right);
}

static void test_no_memory(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    int rc = OL_ENOMEM;
    for (long n = 0; rc != OL_OK; n++) {
        ol_line_diff diff;
        ol_alloc_fail_after(n);
        rc = ol_line_diff_make(&diff, OL_SLICE_LIT("a\nb\nc\n"), OL_SLICE_LIT("a\nx\nc\ny\n"));
        ol_alloc_fail_after(-1);
        assert_true(rc == OL_OK || rc == OL_ENOMEM);
        if (rc == OL_OK)
            ol_line_diff_fini(&diff);
        assert_int_equal(ol_alloc_live(), live);
        assert_true(n < 100);
    }
}

static void print(const char *left, const char *right, bool coloured, char *out, size_t size)
{
    ol_line_diff diff;
    FILE *file = fmemopen(out, size, "w");
    assert_non_null(file);
    assert_code(ol_line_diff_make(&diff, ol_slice_cstr(left), ol_slice_cstr(right)), OL_OK);
    ol_side_by_side_print(&(ol_side_by_side){.out = file, .width = 44, .coloured = coloured}, &diff);
    ol_line_diff_fini(&diff);
    fclose(file);
}

static void test_columns(void **state)
{
    (void)state;
    char out[2000];
    print("same\ncard 1234\ngone\nend\n", "same\ncard ****\nend\nnew\n", false, out, sizeof(out));
    assert_string_equal(out, "same                   same\n"
                             "card 1234            | card ****\n"
                             "gone                 <\n"
                             "end                    end\n"
                             "                     > new\n"
                             "1 changed, 1 removed, 1 added\n");
}

/* What a terminal would obey is shown, never sent. */
static void test_nothing_reaches_the_terminal(void **state)
{
    (void)state;
    char out[2000];
    print("a\x1b[2Jb\xff\r\n", "\xc2\x9b 1\xe2\x80\xae 2\t\n", false, out, sizeof(out));
    for (const char *c = out; *c; c++)
        assert_true((unsigned char)*c >= 0x20 || *c == '\n');
    assert_non_null(strstr(out, "a\\x1b[2Jb\\xff\\x0d"));
    assert_non_null(strstr(out, "\\u009b 1\\u202e 2\\t"));
}

static void test_only_the_difference_is_coloured(void **state)
{
    (void)state;
    char out[2000];
    print("card 1234 ok\n", "card **** ok\n", true, out, sizeof(out));
    assert_non_null(strstr(out, "card \033[31m1234\033[0m ok"));
    assert_non_null(strstr(out, "card \033[32m****\033[0m ok"));
}

static void test_long_lines_go_on(void **state)
{
    (void)state;
    char out[2000];
    print("abcdefghijklmnopqrstuvwxyz\n", "abc\n", false, out, sizeof(out));
    assert_string_equal(out, "abcdefghijklmnopqrst | abc\n"
                             "uvwxyz               |\n"
                             "1 changed, 0 removed, 0 added\n");
}

/* Columns are as wide as a terminal shows them. */
static void test_wide_and_narrow_characters(void **state)
{
    (void)state;
    char out[2000];
    print("\xe6\x97\xa5\xe6\x9c\xac 1\n", "e\xcc\x81t\xc3\xa9 2\n", false, out, sizeof(out));
    assert_string_equal(out, "\xe6\x97\xa5\xe6\x9c\xac 1               | e\xcc\x81t\xc3\xa9 2\n"
                             "1 changed, 0 removed, 0 added\n");
    /* One that does not fit into what is left of a row begins the next. */
    print("abcdefghijklmnopqrs\xe6\x97\xa5\n", "\n", false, out, sizeof(out));
    assert_string_equal(out, "abcdefghijklmnopqrs  |\n"
                             "\xe6\x97\xa5                   |\n"
                             "1 changed, 0 removed, 0 added\n");
}

/* No line differs, and still the texts do. */
static void test_the_last_newline(void **state)
{
    (void)state;
    char out[2000];
    print("a\n", "a", false, out, sizeof(out));
    assert_non_null(strstr(out, "0 added; only the left ends with a newline\n"));
    print("a\nb", "a\nc\n", false, out, sizeof(out));
    assert_non_null(strstr(out, "0 added; only the right ends with a newline\n"));
    print("a", "b", false, out, sizeof(out));
    assert_null(strstr(out, "newline"));
    print("", "", false, out, sizeof(out));
    assert_string_equal(out, "0 changed, 0 removed, 0 added\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shortest_script),
        cmocka_unit_test(test_many_edits),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_nothing_reaches_the_terminal),
        cmocka_unit_test(test_only_the_difference_is_coloured),
        cmocka_unit_test(test_long_lines_go_on),
        cmocka_unit_test(test_wide_and_narrow_characters),
        cmocka_unit_test(test_the_last_newline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
