/* SPDX-License-Identifier: MIT */
/*
 * Texts that mean harm, or nothing at all: each is answered in bounded time and memory, with a
 * mistake, and nothing of the world can be reached from a configuration.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include <lauxlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "scratch.h"

#define ROOT "root { access_key = 'rootkey', secret_key = 'rootsecret' } "
#define ANSWER_MS_MAX 30000 /* of the thread's CPU, sanitizers included */

static scratch s;

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

/* Loads, and checks what must hold for any text. */
static int load(ol_slice text, ol_config_report *report)
{
    ol_config *config;
    uint64_t start = ol_clock_thread_cpu_ns();
    int rc = scratch_load(&s, text, &config, report);
    assert_true((ol_clock_thread_cpu_ns() - start) / 1000000 < ANSWER_MS_MAX);
    assert_true(rc == OL_OK || rc == OL_ECONFIG);
    assert_true((rc == OL_OK) == (report->count == 0));
    assert_true((rc == OL_OK) == (config != NULL));
    if (config)
        ol_config_release(config);
    return rc;
}

static void assert_refused(const char *text)
{
    ol_config_report report;
    if (load(ol_slice_cstr(text), &report) == OL_OK)
        fail_msg("was not refused: %s", text);
    ol_config_report_fini(&report);
}

static void test_what_does_not_end_is_ended(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ROOT "while true do end",
        ROOT "repeat until false",
        ROOT "::again:: goto again",
        ROOT "for i = 1, math and 1 or 1e18 do end",
        ROOT "local function f() return f() end f()",
        ROOT "local function f() f() end f()",
        ROOT "local s = 'x' while true do s = s .. s end",
        ROOT "local t = {} while true do t[#t + 1] = {} end",
        ROOT "local s = 'x' for i = 1, 22 do s = s .. s end while true do local t = s .. 'y' end",
        ROOT "while true do pcall(function() while true do end end) end",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i]);
}

static void test_the_world_cannot_be_reached(void **state)
{
    (void)state;
    static const char *const names[] = {
        "io",       "os",       "debug",   "package",      "require", "load",         "loadstring",
        "dofile",   "loadfile", "rawget",  "rawset",       "getmetatable", "setmetatable",
        "coroutine", "collectgarbage", "print", "pcall",   "xpcall",  "error",        "_G",
        "string.rep", "string.find", "string.gsub", "string.dump", "string.pack", "('x').rep",
        "table.sort", "table.move",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), ROOT "if type(%s) == 'function' or type(%s) == 'table' then while true do end end",
                 names[i], names[i]);
        ol_config_report report;
        int rc = load(ol_slice_cstr(text), &report);
        for (size_t m = 0; m < report.count; m++)
            if (strstr(report.mistakes[m].text, "runs too long"))
                fail_msg("%s can be reached", names[i]);
        /* A field that a library does not have is nil, as in any Lua; a global is a mistake. */
        if (!strchr(names[i], '.'))
            assert_code(rc, OL_ECONFIG);
        ol_config_report_fini(&report);
    }
}

static int add_to_buf(lua_State *L, const void *data, size_t len, void *arg)
{
    (void)L;
    return ol_buf_add(arg, ol_slice_of(data, len));
}

static void test_bytecode_is_refused(void **state)
{
    (void)state;
    ol_config_report report;
    ol_buf code;
    ol_buf_init(&code, OL_MIB);
    lua_State *L = luaL_newstate();
    assert_int_equal(luaL_loadstring(L, ROOT), LUA_OK);
    assert_int_equal(lua_dump(L, add_to_buf, &code, 0), 0);
    lua_close(L);
    assert_code(load(ol_buf_slice(&code), &report), OL_ECONFIG);
    assert_int_equal(report.count, 1);
    ol_config_report_fini(&report);
    ol_buf_fini(&code);
}

static void build_nested(ol_buf *out, const char *before, const char *open, const char *close,
                         size_t depth)
{
    ol_buf_init(out, 8 * OL_MIB);
    ol_buf_add_cstr(out, before);
    for (size_t i = 0; i < depth; i++)
        ol_buf_add_cstr(out, open);
    for (size_t i = 0; i < depth; i++)
        ol_buf_add_cstr(out, close);
}

static void test_depth_and_size_are_bounded(void **state)
{
    (void)state;
    static const char *const shapes[][3] = {
        {ROOT "limits ", "{ http = ", "nil }"},
        {ROOT "limits ", "{", "}"},
        {ROOT "limits ", "(", ")"},
        {ROOT, "do ", "end "},
        {ROOT "limits { http = ", "{ [", "] = 1 }"},
    };
    static const size_t depths[] = {10, 150, 5000, 100000};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++) {
            ol_buf text;
            ol_config_report report;
            build_nested(&text, shapes[i][0], shapes[i][1], shapes[i][2], depths[d]);
            load(ol_buf_slice(&text), &report);
            ol_config_report_fini(&report);
            ol_buf_fini(&text);
        }
}

static void test_a_table_in_itself(void **state)
{
    (void)state;
    assert_refused(ROOT "local t = {} t.http = t t.transform = t limits(t)");
    assert_refused(ROOT "local t = {} t[1] = t object_lambda 'view' { access_point = 'x', transforms = t }");
    assert_refused(ROOT "limits(string)");
    assert_refused(ROOT "local f = user 'ann' f(nothing) f(5) f {}");
    assert_refused(ROOT "local f = user 'ann' f {} f {}");
    assert_refused(ROOT "_ENV[5] = 6 _ENV[nothing] = 7 local x = _ENV[8]");
    assert_refused(ROOT "limits { [{}] = 1, [1.5] = 2, [true] = 3 }");
}

static void test_large_lists_are_read_once(void **state)
{
    (void)state;
    ol_config_report report;
    /* Ten thousand access points, and as many keys in one table, in about linear time. */
    assert_code(load(OL_SLICE_LIT(ROOT "bucket 'orders'\n"
                                       "for i = 1, 10000 do access_point('ap-' .. i) { bucket = 'orders' } "
                                       "object_lambda('ol-' .. i) { access_point = 'ap-' .. i, transforms = 'x' } end"),
                     &report),
                OL_ECONFIG); /* there is no transform x */
    ol_config_report_fini(&report);
    assert_refused(ROOT "local t = {} for i = 1, 100000 do t['k' .. i] = i end limits(t)");
    ol_buf text;
    ol_buf_init(&text, 8 * OL_MIB);
    ol_buf_add_cstr(&text, ROOT "limits {");
    for (int i = 0; i < 60000; i++)
        ol_buf_addf(&text, "\nk%d=1,", i);
    ol_buf_add_cstr(&text, "}");
    assert_code(load(ol_buf_slice(&text), &report), OL_ECONFIG);
    ol_config_report_fini(&report);
    ol_buf_fini(&text);
}

static void test_a_text_that_is_too_large(void **state)
{
    (void)state;
    ol_config_report report;
    ol_buf text;
    ol_buf_init(&text, 4 * OL_MIB);
    ol_buf_add_cstr(&text, ROOT "--");
    while (text.len <= OL_MIB)
        ol_buf_add_cstr(&text, "x");
    assert_code(load(ol_buf_slice(&text), &report), OL_ECONFIG);
    assert_string_equal(report.mistakes[0].text, "is larger than 1024 KiB");
    ol_config_report_fini(&report);
    ol_buf_fini(&text);
}

static void test_random_bytes(void **state)
{
    (void)state;
    ol_test_random random = {.state = 20261120};
    long live = ol_alloc_live();
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[512];
        size_t len = ol_test_random_below(&random, sizeof(bytes));
        ol_config_report report;
        ol_test_random_fill(&random, bytes, len);
        load(ol_slice_of(bytes, len), &report);
        ol_config_report_fini(&report);
    }
    assert_no_leak(live);
}

/* Pieces of the language in any order reach further than bytes do. */
static void test_random_pieces(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "root ", "user ", "bucket ", "access_point ", "object_lambda ", "transform ", "limits ",
        "logs ", "listen ", "admin ", "env ", "file ", "region ", "= ", "{ ", "} ", "( ", ") ",
        "'orders' ", "'127.0.0.1:9000' ", "\"x\" ", "[[y]] ", "[=[z]=] ", "-- c\n", "--[[ d ]] ",
        ", ", "; ", "\n", "access_key ", "secret_key ", "policy ", "http ", "transforms ", "file ",
        "5 ", "1e300 ", "-1 ", "nil ", "true ", "false ", "local t ", "t ", "function() end ",
        "for i = 1, 2 do ", "end ", ".. ", "[1] ", "['k'] ", "bucket = ", "# ", "::", "nothing ",
    };
    ol_test_random random = {.state = 7};
    for (int i = 0; i < 5000; i++) {
        ol_buf text;
        ol_config_report report;
        ol_buf_init(&text, OL_MIB);
        for (uint64_t n = ol_test_random_below(&random, 40); n > 0; n--)
            ol_buf_add_cstr(&text, pieces[ol_test_random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
        load(ol_buf_slice(&text), &report);
        ol_config_report_fini(&report);
        ol_buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_end_is_ended),
        cmocka_unit_test(test_the_world_cannot_be_reached),
        cmocka_unit_test(test_bytecode_is_refused),
        cmocka_unit_test(test_depth_and_size_are_bounded),
        cmocka_unit_test(test_a_table_in_itself),
        cmocka_unit_test(test_large_lists_are_read_once),
        cmocka_unit_test(test_a_text_that_is_too_large),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_random_pieces),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
