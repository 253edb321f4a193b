/* SPDX-License-Identifier: MIT */
/* The JSON reader: what it takes, what it refuses and where, and that memory is bounded. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include <string.h>

#include "access/json.h"
#include "base/alloc.h"

static int parse(ol_arena *arena, const char *text, const ol_json **root, ol_json_mistake *mistake)
{
    return ol_json_parse(ol_slice_cstr(text), 4, arena, root, mistake);
}

static void reads_values(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 20);
    const ol_json *root;
    ol_json_mistake mistake;
    const char *text = " {\"a\": [1, -2.5e+3, true, false, null], \"b\":\"x\\n\\u0041\\ud83d\\ude00\"} ";
    assert_int_equal(parse(arena, text, &root, &mistake), OL_OK);
    assert_int_equal(root->kind, OL_JSON_OBJECT);
    assert_int_equal(root->count, 2);
    const ol_json *list = ol_json_member(root, "a");
    assert_int_equal(list->kind, OL_JSON_LIST);
    assert_int_equal(list->count, 5);
    assert_slice(list->first->text, "1");
    assert_slice(list->first->next->text, "-2.5e+3");
    assert_int_equal(list->first->next->next->kind, OL_JSON_BOOL);
    assert_slice(list->first->next->next->text, "true");
    const ol_json *b = ol_json_member(root, "b");
    assert_slice(b->text, "x\nA\xF0\x9F\x98\x80");
    assert_int_equal(b->at, strchr(text, 'x') - text - 1);
    assert_null(ol_json_member(root, "A"));
    ol_arena_destroy(arena);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } cases[] = {
        {"", 0},          {"{", 1},           {"{\"a\"}", 4},       {"{\"a\":}", 5},
        {"{a:1}", 1},     {"[1,]", 3},        {"[1 2]", 3},         {"{\"a\":1,}", 7},
        {"{} x", 3},      {"01", 0},          {"-", 0},             {"1.", 0},
        {"1e", 0},        {"\"a", 2},         {"\"a\nb\"", 2},      {"\"\\x\"", 1},
        {"\"\\u00\"", 1}, {"\"\\ud800\"", 1}, {"\"\\ud800\\u0041\"", 1}, {"\"\\u0000\"", 1},
        {"nul", 0},       {"\"\xFF\"", 0},    {"[[[[[1]]]]]", 4},   {"{\"a\":1,\"a\":2}", 7},
        {"\"\\", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ol_arena *arena = ol_arena_new(1 << 20);
        const ol_json *root;
        ol_json_mistake mistake;
        if (parse(arena, cases[i].text, &root, &mistake) != OL_EINVAL)
            fail_msg("taken: %s", cases[i].text);
        if (mistake.at != cases[i].at)
            fail_msg("%s: at %zu: %s", cases[i].text, mistake.at, mistake.what);
        ol_arena_destroy(arena);
    }
}

static void tells_lines_and_columns(void **state)
{
    (void)state;
    unsigned line, column;
    ol_slice text = OL_SLICE_LIT("ab\ncd\n\nx");
    ol_json_place(text, 0, &line, &column);
    assert_int_equal(line * 100 + column, 101);
    ol_json_place(text, 4, &line, &column);
    assert_int_equal(line * 100 + column, 202);
    ol_json_place(text, 7, &line, &column);
    assert_int_equal(line * 100 + column, 401);
    ol_json_place(text, 99, &line, &column);
    assert_int_equal(line * 100 + column, 402);
}

/* What takes most memory a byte must fit into the promised arena. */
static void stays_within_its_memory(void **state)
{
    (void)state;
    static char text[20001];
    static const char *const units[] = {"0,", "\"\\n\",", "[],", "\"\\u0041\\n\","};
    for (size_t u = 0; u < 4; u++) {
        size_t len = 1, unit = strlen(units[u]);
        text[0] = '[';
        for (; len + unit + 2 < sizeof(text); len += unit)
            memcpy(text + len, units[u], unit);
        memcpy(text + len, "0]", 3);
        ol_arena *arena = ol_arena_new(ol_json_arena_bytes(len + 2));
        const ol_json *root;
        ol_json_mistake mistake;
        assert_int_equal(parse(arena, text, &root, &mistake), OL_OK);
        ol_arena_destroy(arena);
    }
}

static int parse_something(void *arg)
{
    (void)arg;
    const ol_json *root;
    ol_json_mistake mistake;
    ol_arena *arena = ol_arena_new(1 << 20);
    if (!arena)
        return OL_ENOMEM;
    int rc = parse(arena, "{\"a\":[{\"b\":\"\\n\"},1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,"
                          "6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]}", &root, &mistake);
    ol_arena_destroy(arena);
    return rc;
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(parse_something, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(tells_lines_and_columns),
        cmocka_unit_test(stays_within_its_memory),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
