/* SPDX-License-Identifier: MIT */
/*
 * The reader of listings, token by token: what it accepts, where it stops, and why.
 */
#include "lib/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_string.h"
#include "transform/lua/json.h"

/* One letter a token: { } [ ] n(ame) s(tring) i(nteger) t f 0(null) . (end) ! (wrong) */
static const char letters[] = "!.{}[]nsitf0";

static ol_lua_json tokens_of(ol_slice text, char *out, size_t size)
{
    ol_lua_json reader;
    enum ol_lua_json_token token;
    size_t count = 0;

    ol_lua_json_init(&reader, text);
    do {
        token = ol_lua_json_next(&reader);
        assert_true(count + 1 < size);
        out[count++] = letters[token];
    } while (token != OL_LUA_JSON_END && token != OL_LUA_JSON_WRONG);
    out[count] = '\0';
    assert_int_equal(ol_lua_json_next(&reader), token);
    return reader;
}

static void expect(const char *text, const char *tokens)
{
    char out[256];
    ol_slice slice = ol_slice_cstr(text);
    uint8_t *copy = malloc(slice.len ? slice.len : 1); /* of just its size: reads beyond are seen */

    memcpy(copy, slice.data, slice.len);
    tokens_of(ol_slice_of(copy, slice.len), out, sizeof(out));
    free(copy);
    if (strcmp(out, tokens) != 0)
        print_error("%s\n", text);
    assert_string_equal(out, tokens);
}

static void expect_wrong(const char *text, const char *tokens, const char *why)
{
    char out[256];
    ol_lua_json reader = tokens_of(ol_slice_cstr(text), out, sizeof(out));

    assert_string_equal(out, tokens);
    assert_non_null(reader.wrong);
    if (!strstr(reader.wrong, why))
        print_error("%s: %s\n", text, reader.wrong);
    assert_non_null(strstr(reader.wrong, why));
}

static void test_values(void **state)
{
    (void)state;
    expect("{}", "{}.");
    expect(" [ ] ", "[].");
    expect("\t{\"a\":1 ,\r\n\"b\":[true,false,null,\"x\",[],{}]}\n", "{nin[tf0s[]{}]}.");
    expect("[[1,2],[3]]", "[[ii][i]].");
    expect("0", "i.");
    expect("\"\"", "s.");
    expect("[[[[[[[[]]]]]]]]", "[[[[[[[[]]]]]]]].");
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0}, {"-0", 0}, {"7", 7}, {"-12", -12}, {"9223372036854775807", INT64_MAX},
                {"-9223372036854775807", -INT64_MAX}};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ol_lua_json reader;

        ol_lua_json_init(&reader, ol_slice_cstr(good[i].text));
        assert_int_equal(ol_lua_json_next(&reader), OL_LUA_JSON_INTEGER);
        assert_true(reader.integer == good[i].value);
    }
    expect_wrong("01", "!", "malformed");
    expect_wrong("-", "!", "malformed");
    expect_wrong("+1", "!", "a value is expected");
    expect_wrong("1.5", "!", "not whole");
    expect_wrong("1e3", "!", "not whole");
    expect_wrong("9223372036854775808", "!", "too large");
    expect_wrong("99999999999999999999999", "!", "too large");
    expect_wrong("NaN", "!", "a value is expected");
}

static void test_grammar(void **state)
{
    (void)state;
    expect_wrong("", "!", "ends too early");
    expect_wrong("{", "{!", "a name in quotes");
    expect_wrong("{\"a\"", "{!", "':'");
    expect_wrong("{\"a\":", "{n!", "ends too early");
    expect_wrong("{\"a\":1", "{ni!", "','");
    expect_wrong("{\"a\":1,}", "{ni!", "a name in quotes");
    expect_wrong("{a:1}", "{!", "a name in quotes");
    expect_wrong("{1:1}", "{!", "a name in quotes");
    expect_wrong("[1,]", "[i!", "a value is expected");
    expect_wrong("[1 2]", "[i!", "','");
    expect_wrong("[1}", "[i!", "','");
    expect_wrong("{\"a\":1]", "{ni!", "','");
    expect_wrong("[,1]", "[!", "a value is expected");
    expect_wrong("[]]", "[]!", "behind its end");
    expect_wrong("{} x", "{}!", "behind its end");
    expect_wrong("tru", "!", "a value is expected");
    expect_wrong("[[[[[[[[[]]]]]]]]]", "[[[[[[[[!", "nested too deeply");
}

static void test_strings(void **state)
{
    (void)state;
    expect_wrong("\"a", "!", "does not end");
    expect_wrong("\"a\\\"", "!", "does not end");
    expect_wrong("\"a\nb\"", "!", "does not end");
    expect_wrong("\"\xff\"", "!", "not UTF-8");
    expect_wrong("\"\xed\xa0\x80\"", "!", "not UTF-8");
    expect("\"\\\\\"", "s.");
    expect("{\"\xc3\xa4\":\"\\\"\"}", "{ns}.");
}

static void expect_unescaped(const char *raw, const char *want)
{
    uint8_t out[64];
    size_t len = 0, wrong = 999;
    bool good = ol_json_unescape(ol_slice_cstr(raw), out, &len, &wrong);

    assert_int_equal(good, want != NULL);
    if (want)
        assert_slices(ol_slice_of(out, len), ol_slice_cstr(want));
    else
        assert_int_equal(wrong, 1);
}

static void test_escapes(void **state)
{
    (void)state;
    expect_unescaped("", "");
    expect_unescaped("plain", "plain");
    expect_unescaped("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t");
    expect_unescaped("\\u0041\\u00e4\\u20AC", "A\xc3\xa4\xe2\x82\xac");
    expect_unescaped("\\ud83d\\ude00!", "\xf0\x9f\x98\x80!");
    expect_unescaped("x\\u0000", NULL);
    expect_unescaped("x\\ud83d", NULL);
    expect_unescaped("x\\ud83dx", NULL);
    expect_unescaped("x\\ud83d\\u0041", NULL);
    expect_unescaped("x\\ude00", NULL);
    expect_unescaped("x\\u12", NULL);
    expect_unescaped("x\\u12g4", NULL);
    expect_unescaped("x\\x41", NULL);
    expect_unescaped("x\\", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_integers), cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_strings), cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
