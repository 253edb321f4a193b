/* SPDX-License-Identifier: MIT */
/*
 * Each limit has its error, holds to the point, and cannot be caught by the script.
 */
#include "fake_job.c"

#define GET "return function(event, object, response) "

static void run_with(fake_engine *e, const char *source, fake_result *result)
{
    static const fake_options options = {.original = {(const uint8_t *)"original", 8}};

    assert_code_of(fake_engine_load(e, source), OL_OK, &e->err);
    fake_run(e, &options, result);
    fake_engine_close(e);
}

/* Whatever the script does to go on after the limit, nothing of it is seen. */
static void expect_stop(fake_engine *e, const char *body, int code)
{
    static const char *const wraps[] = {
        "pcall(f) response:write('never')",
        "xpcall(f, function() response:write('never') end) response:write('never')",
        "pcall(coroutine.wrap(f)) response:write('never')",
        "coroutine.resume(coroutine.create(f)) response:write('never')",
        "while true do pcall(pcall, f) end",
        "local x <close> = setmetatable({}, {__close = function() response:write('never') end}) f()",
        "pcall(function() local x <close> = setmetatable({}, {__close = function() response:write('never') "
        "error('other') end}) f() end) response:write('never')",
        "table.sort({3, 2, 1}, function() pcall(f) response:write('never') end)",
        "(('x'):rep(3)):gsub('x', function() pcall(f) response:write('never') end)",
        "pcall(next, setmetatable({}, {__index = f}).x) response:write('never')",
        "local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() pcall(f) "
        "response:write('never') end}) coroutine.yield() end) coroutine.resume(c) pcall(coroutine.close, c) "
        "response:write('never')",
    };

    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        char source[2048];
        fake_result result;

        snprintf(source, sizeof(source), GET "local function f() %s end %s end", body, wraps[i]);
        run_with(e, source, &result);
        if (result.rc != code || result.out.len)
            print_error("%s\nwrote %s\n", source, ol_buf_cstr(&result.out));
        assert_code_of(result.rc, code, &result.err);
        assert_int_equal(result.out.len, 0);
        fake_result_fini(&result);
    }
}

static void test_stops_cannot_be_caught(void **state)
{
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    uint32_t unyieldable_ms = e.limits.unyieldable_ms;
    e.limits.unyieldable_ms = 2000; /* the other limits are to be met first */
    e.limits.memory_bytes = 2 << 20;
    expect_stop(&e, "local t = {} while true do t[#t + 1] = {} end", OL_ETRANSFORMMEMORY);
    expect_stop(&e, "string.rep('x', 1 << 40)", OL_ETRANSFORMMEMORY);
    expect_stop(&e, "local s = 'x' while true do s = s .. s end", OL_ETRANSFORMMEMORY);
    e.limits.pattern_steps = 10000;
    expect_stop(&e, "(('a'):rep(3000)):find('.-b')", OL_ETRANSFORMPATTERN);
    expect_stop(&e, "response:error(418, 'Teapot')", OL_ETRANSFORM);
    e.limits.unyieldable_ms = unyieldable_ms;
    e.limits.cpu_ms = 10;
    expect_stop(&e, "while true do end", OL_ETRANSFORMCPU);
}

/* Output already written stays; not a byte more than the limit leaves. */
static void test_output(void **state)
{
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.output_bytes = 10;
    run_with(&e, GET "response:write('0123456789') end", &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    fake_result_fini(&result);
    run_with(&e, GET "pcall(response.write, response, '0123456789', 'x') response:write('y') end", &result);
    assert_code_of(result.rc, OL_ETRANSFORMOUTPUT, &result.err);
    assert_slice(ol_buf_slice(&result.out), "0123456789");
    fake_result_fini(&result);
    run_with(&e, GET "for b in object:chunks('buffer') do response:write('012', b) end end", &result);
    assert_code_of(result.rc, OL_ETRANSFORMOUTPUT, &result.err);
    assert_slice(ol_buf_slice(&result.out), "012");
    fake_result_fini(&result);
}

/* A script that lives on a fraction of its memory, making garbage all the time, is not stopped. */
static void test_garbage_is_collected(void **state)
{
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.memory_bytes = 1 << 20;
    run_with(&e, GET "local s for i = 1, 3000 do s = ('x'):rep(100000 + i % 7 * 9000) end "
                     "local t = {} for i = 1, 300000 do t[i % 1000] = {i} end response:write(#s) end", &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    fake_result_fini(&result);
}

/* A string that grows piece by piece frees ever larger blocks between live ones: it can take
 * about a quarter of the memory. */
static void test_growing_string_fits(void **state)
{
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.memory_bytes = 8 << 20;
    run_with(&e, GET "local s, t = '', {} for i = 1, 200 do s = s .. ('x'):rep(10000) t[i] = {i} end response:write(#s) end",
             &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slice(ol_buf_slice(&result.out), "2000000");
    fake_result_fini(&result);
}

static void test_read_all_beyond_memory(void **state)
{
    fake_options options = {.original = OL_SLICE_LIT("x"),
                            .event = (const char *[]){"object.size", "99999999999", NULL}};
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, GET "pcall(object.read, object, 'a') response:write('never') end"), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_ETRANSFORMMEMORY, &result.err);
    assert_int_equal(result.out.len, 0);
    fake_result_fini(&result);
    fake_engine_close(&e);
}

/* Sixty-four at a time, and one more is told to come back. */
static void test_as_many_jobs_as_states(void **state)
{
    static const fake_options options = {.original = {(const uint8_t *)"original", 8}};
    fake_result results[OL_LUA_RUNS_MAX + 1];
    ol_job *jobs[OL_LUA_RUNS_MAX + 1];
    ol_run *runs[OL_LUA_RUNS_MAX + 1];
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, GET "response:write(object:read('a')) end"), OL_OK, &e.err);
    for (int i = 0; i <= OL_LUA_RUNS_MAX; i++) {
        int rc;

        jobs[i] = fake_job_new(&e, &options, &results[i]);
        rc = ol_engine_lua.open(e.engine, jobs[i], &runs[i], &results[i].err);
        assert_code(rc, i < OL_LUA_RUNS_MAX ? OL_OK : OL_ESLOWDOWN);
    }
    for (int i = 0; i <= OL_LUA_RUNS_MAX; i++) {
        int rc = i < OL_LUA_RUNS_MAX ? OL_OK : OL_DONE;

        while (rc == OL_OK)
            rc = ol_engine_lua.step(runs[i], 2, &results[i].err);
        assert_code_of(rc, OL_DONE, &results[i].err);
        if (i < OL_LUA_RUNS_MAX) {
            assert_slice(ol_buf_slice(&results[i].out), "original");
            ol_engine_lua.close(runs[i]);
        }
        fake_job_free(jobs[i]);
        fake_result_fini(&results[i]);
    }
    fake_engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stops_cannot_be_caught),
                                       cmocka_unit_test(test_output),
                                       cmocka_unit_test(test_garbage_is_collected),
                                       cmocka_unit_test(test_growing_string_fits),
                                       cmocka_unit_test(test_read_all_beyond_memory),
                                       cmocka_unit_test(test_as_many_jobs_as_states)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
