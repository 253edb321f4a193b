/* SPDX-License-Identifier: MIT */
/*
 * Our pattern matcher against Lua's own: the same results for patterns and texts made at random
 * and for a list of awkward ones; pauses change nothing; blow-ups meet the budget.
 */
#include "lib/check.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

#include "transform/lua/pattern.h"

static bool always(void)
{
    return true;
}

/* One search, with as many pauses as there can be or none. */
static enum ol_pattern_result search(ol_pattern *m, bool pauses)
{
    enum ol_pattern_result result;

    m->pause = pauses ? always : NULL;
    while ((result = ol_pattern_search(m)) == OL_PATTERN_PAUSE)
        assert_true(pauses);
    return result;
}

/* Call string.find of real Lua; results are left on its stack. LUA_OK or the error. */
static int lua_find(lua_State *L, ol_slice text, ol_slice pattern)
{
    lua_settop(L, 0);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_replace(L, 1);
    lua_pushlstring(L, (const char *)text.data, text.len);
    lua_pushlstring(L, (const char *)pattern.data, pattern.len);
    return lua_pcall(L, 2, LUA_MULTRET, 0);
}

static void assert_capture(lua_State *L, int index, const ol_pattern *m, unsigned i)
{
    const ol_pattern_capture *capture = &m->captures[i];
    size_t len;
    const char *text;

    if (capture->len == OL_PATTERN_POSITION) {
        assert_int_equal(lua_tointeger(L, index), capture->start - m->text + 1);
        return;
    }
    text = lua_tolstring(L, index, &len);
    assert_non_null(text);
    assert_slices(ol_slice_of(capture->start, (size_t)capture->len), ol_slice_of(text, len));
}

static void show(ol_slice text, ol_slice pattern)
{
    print_error("text \"%.*s\" pattern \"%.*s\"\n", OL_SLICE_FMT(text), OL_SLICE_FMT(pattern));
}

static void compare(lua_State *L, ol_slice text, ol_slice pattern, bool pauses)
{
    ol_pattern_choice *choices =
        malloc(ol_pattern_choices_needed(pattern) * sizeof(ol_pattern_choice));
    int status = lua_find(L, text, pattern);
    enum ol_pattern_result result, want;
    bool unclosed = false;
    ol_pattern m;

    /* string.find does not take these for patterns, a lone ")" among them. */
    if (ol_pattern_is_plain(pattern)) {
        free(choices);
        return;
    }
    /* Lua reads the text as a string with a NUL behind; so a copy of just the size is ours. */
    ol_pattern_init(&m, text, pattern, true, 1ull << 40, choices);
    result = search(&m, pauses);
    for (unsigned i = 0; result == OL_PATTERN_MATCH && i < m.level; i++)
        unclosed |= m.captures[i].len == OL_PATTERN_OPEN;
    want = status != LUA_OK ? OL_PATTERN_BAD : lua_isnil(L, 1) ? OL_PATTERN_NONE : OL_PATTERN_MATCH;
    if (unclosed)
        result = OL_PATTERN_BAD;
    if (result != want) {
        show(text, pattern);
        print_error("got %d want %d %s\n", result, want, status ? lua_tostring(L, -1) : "");
        fail();
    }
    if (result == OL_PATTERN_MATCH) {
        if (m.start - m.text + 1 != lua_tointeger(L, 1) || m.end - m.text != lua_tointeger(L, 2))
            show(text, pattern);
        assert_int_equal(m.start - m.text + 1, lua_tointeger(L, 1));
        assert_int_equal(m.end - m.text, lua_tointeger(L, 2));
        assert_int_equal(lua_gettop(L) - 2, m.level);
        for (unsigned i = 0; i < m.level; i++)
            assert_capture(L, (int)i + 3, &m, i);
    }
    free(choices);
}

static const char *const awkward[][2] = {
    {"hello world", "o w"},     {"hello", "l+"},          {"hello", "^h(.-)o$"},
    {"", ""},                   {"", "^$"},               {"abc", "()b()"},
    {"key = value", "(%w+)%s*=%s*(%w+)"},                 {"f(a(b)c)d", "%b()"},
    {"THE (quick) fox", "%f[%a]%a+%f[%A]"},               {"\"it's\"", "([\"'])(.-)%1"},
    {"aaa", "a-$"},             {"aaab", "a-b"},          {"aaa", "a?a?a?a?"},
    {"x]y", "[]]"},             {"x^y", "[%^x]"},         {"x-y", "[a-]"},
    {"abc", "[a-c]+"},          {"abc", "[^a-b]"},        {"a.b", "%."},
    {"abc", "%"},               {"abc", "["},             {"abc", "[a"},
    {"abc", "[%"},              {"abc", "("},             {"abc", ")"},
    {"abc", "(a"},              {"abc", "%1"},            {"abc", "(a)%2"},
    {"abc", "%f"},              {"abc", "%b"},            {"abc", "%bx"},
    {"a$b", "a$b"},             {"abc", "c$"},            {"ab", "^^a"},
    {"aXb", "%u"},              {"a\tb", "%c"},           {"a b", "%S+$"},
    {"12ab", "%x+"},            {"ab", "(a)(b)%2"},       {"abab", "(ab)%1"},
    {"aa", "()%1"},             {"abc", "(()b)"},         {"[[x]]", "%[%[.-%]%]"},
    {"abc", "%0"},              {"abc", "[a-%%]"},        {"a-z", "[a%-z]+"},
    {"xyz", "[^%s%p]+"},        {"\xff\x80", "[\x80-\xff]+"}, {"abc", "a*"},
    {"abc", "((((((((((((((((((((((((((((((((("},         {"ab(c", "[(]"},
    {"abc", "*"},               {"a*b", "a**"},           {"abc", "-"},
    {"abc", "?"},               {"a+b", "+"},             {"aab", "(a*(.)%w(%s*))"}};

static void test_awkward(void **state)
{
    lua_State *L = luaL_newstate();

    (void)state;
    luaL_openlibs(L);
    for (size_t i = 0; i < sizeof(awkward) / sizeof(awkward[0]); i++)
        for (int pauses = 0; pauses < 2; pauses++)
            compare(L, ol_slice_cstr(awkward[i][0]), ol_slice_cstr(awkward[i][1]), pauses);
    lua_close(L);
}

/* Patterns from the pieces they are made of, so that most of them are well-formed. */
static size_t random_pattern(ol_test_random *random, char *out, size_t pieces)
{
    static const char *const parts[] = {"a", "b", "ab", ".", "%a", "%d", "%s", "%w", "%p", "[ab]",
                                        "[^a]", "[a-c]", "[%a1]", "(", ")", "()", "%1", "%2", "%b()",
                                        "%f[%w]", "^", "$", "c", "1", " ", "%%", "[]", "%"};
    static const char *const suffixes[] = {"", "", "", "*", "+", "-", "?"};
    size_t len = 0;

    for (size_t i = 0; i < pieces; i++) {
        /* The last three are malformed more often than not. */
        size_t kinds = ol_test_random_below(random, 20) ? 25 : 28;
        const char *part = parts[ol_test_random_below(random, kinds)];
        const char *suffix = suffixes[ol_test_random_below(random, 7)];

        len += (size_t)sprintf(out + len, "%s%s", part, suffix);
    }
    return len;
}

static size_t random_text(ol_test_random *random, char *out)
{
    static const char letters[] = "aaabbbc1 (),.%A\xe4";
    size_t len = ol_test_random_below(random, 24);

    for (size_t i = 0; i < len; i++)
        out[i] = letters[ol_test_random_below(random, sizeof(letters) - 1)];
    return len;
}

static void test_random(void **state)
{
    lua_State *L = luaL_newstate();
    ol_test_random random = {2026};

    (void)state;
    luaL_openlibs(L);
    for (unsigned i = 0; i < 60000; i++) {
        char text[32], pattern[128];
        size_t pattern_len = random_pattern(&random, pattern, ol_test_random_below(&random, 7));
        size_t text_len = random_text(&random, text);

        compare(L, ol_slice_of(text, text_len), ol_slice_of(pattern, pattern_len), i % 2);
    }
    lua_close(L);
}

/* Long runs go through the code that works in bursts, and long texts through the map. */
static void test_long(void **state)
{
    static const char *const patterns[] = {"a*b", "[ab]+c", "(a-)c", "%b()", "%f[c]c", "[cx]", "(.*)c()",
                                           "([xyz])", "%d", "a+$", "[^a]"};
    lua_State *L = luaL_newstate();
    char *text = malloc(10000);

    (void)state;
    luaL_openlibs(L);
    memset(text, 'a', 10000);
    text[9998] = 'c';
    for (unsigned round = 0; round < 3; round++) {
        if (round == 1)
            memset(text + 3000, 'b', 3000);
        if (round == 2) {
            text[0] = '(';
            text[9999] = ')';
        }
        for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
            for (int pauses = 0; pauses < 2; pauses++)
                compare(L, ol_slice_of(text, 10000), ol_slice_cstr(patterns[i]), pauses);
    }
    free(text);
    lua_close(L);
}

static void test_budget(void **state)
{
    ol_pattern_choice choices[200];
    char text[2000];
    ol_slice pattern = OL_SLICE_LIT("a*a*a*a*a*a*a*a*a*b");
    ol_pattern m;

    (void)state;
    memset(text, 'a', sizeof(text));
    ol_pattern_init(&m, ol_slice_of(text, sizeof(text)), pattern, true, 100000, choices);
    assert_int_equal(search(&m, false), OL_PATTERN_SPENT);
    /* Work in proportion to the text is free. */
    ol_pattern_init(&m, ol_slice_of(text, sizeof(text)), OL_SLICE_LIT("^a*$"), true, 1, choices);
    assert_int_equal(search(&m, false), OL_PATTERN_MATCH);
    /* A long set is not a cheap step. */
    char set[190];
    memset(set, 'x', sizeof(set));
    set[0] = '[';
    set[188] = ']';
    set[189] = '-';
    ol_pattern_init(&m, ol_slice_of(text, 20), ol_slice_of(set, sizeof(set)), true, 1, choices);
    assert_int_equal(search(&m, false), OL_PATTERN_MATCH);
}

static void test_plain(void **state)
{
    (void)state;
    assert_true(ol_pattern_is_plain(OL_SLICE_LIT("plain text\0with NUL")));
    assert_false(ol_pattern_is_plain(OL_SLICE_LIT("a.b")));
    assert_true(ol_pattern_is_plain(OL_SLICE_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_awkward), cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_long), cmocka_unit_test(test_budget),
                                       cmocka_unit_test(test_plain)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
