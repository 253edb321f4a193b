/* SPDX-License-Identifier: MIT */
/* Percent-encoding and query strings, in memory of exactly their size. */
#include "lib/check.h"

#include "lib/loan.h"
#include "s3/request/query.h"

/* Decodes a copy that ends where the text ends. */
static bool decode(const char *text, bool plus_is_space, char out[64])
{
    ol_test_loan loan = {0};
    size_t len = 0;
    ol_slice lent = ol_test_loan_start(&loan, ol_slice_cstr(text));
    bool ok = ol_percent_decode(lent, plus_is_space, (uint8_t *)out, &len);
    ol_test_loan_end(&loan);
    out[ok ? len : 0] = '\0';
    return ok;
}

static void decodes(void **state)
{
    (void)state;
    char out[64];
    assert_true(decode("a%20b+c%2b%2B", false, out));
    assert_string_equal(out, "a b+c++");
    assert_true(decode("a+b", true, out));
    assert_string_equal(out, "a b");
    assert_true(decode("%2525", false, out));
    assert_string_equal(out, "%25");
    static const char *const bad[] = {"%", "%4", "a%", "a%f", "%g0", "%0g", "%%41", "% 41"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (decode(bad[i], false, out))
            fail_msg("%s was decoded", bad[i]);
}

static bool canonical(const char *text, enum ol_percent_part part, char out[64])
{
    ol_test_loan loan = {0};
    size_t len = 0;
    ol_slice lent = ol_test_loan_start(&loan, ol_slice_cstr(text));
    bool ok = ol_percent_canonical(lent, part, (uint8_t *)out, &len);
    ol_test_loan_end(&loan);
    out[ok ? len : 0] = '\0';
    return ok;
}

static void makes_canonical(void **state)
{
    (void)state;
    char out[64];
    assert_true(canonical("/a b/%7e%2f%c3%A9+(1)", OL_PERCENT_PATH, out));
    assert_string_equal(out, "/a%20b/~%2F%C3%A9%2B%281%29");
    assert_true(canonical("a/b+c%2b~", OL_PERCENT_QUERY, out));
    assert_string_equal(out, "a%2Fb%20c%2B~");
    assert_false(canonical("a%2", OL_PERCENT_PATH, out));
    assert_false(canonical("%", OL_PERCENT_QUERY, out));
    assert_true(ol_percent_path_is_plain(OL_SLICE_LIT("/a/B-9._~//")));
    assert_false(ol_percent_path_is_plain(OL_SLICE_LIT("/a%20")));
    assert_false(ol_percent_path_is_plain(OL_SLICE_LIT("/a+")));
}

static void splits_queries(void **state)
{
    (void)state;
    ol_slice rest = OL_SLICE_LIT("&a=1&&b&c=&=d&e=f=g&"), name, value;
    static const char *const wanted[][2] = {
        {"a", "1"}, {"b", NULL}, {"c", ""}, {"", "d"}, {"e", "f=g"}};
    for (size_t i = 0; i < 5; i++) {
        assert_true(ol_query_next(&rest, &name, &value));
        assert_slices(name, ol_slice_cstr(wanted[i][0]));
        assert_slices(value, ol_slice_cstr(wanted[i][1]));
        assert_int_equal(value.data == NULL, wanted[i][1] == NULL);
    }
    assert_false(ol_query_next(&rest, &name, &value));
    rest = OL_SLICE_NONE;
    assert_false(ol_query_next(&rest, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(makes_canonical),
        cmocka_unit_test(splits_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
