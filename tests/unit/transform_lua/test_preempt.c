/* SPDX-License-Identifier: MIT */
/*
 * Scripts that will not stop: each shape is preempted or bounded, ends by the limit it meets, and
 * leaves an engine that works. And scripts that do stop see nothing of being preempted.
 */
#include "fake_job.c"

#ifdef OBJLENS_SANITIZED
#define SLACK 8
#else
#define SLACK 2
#endif

#define GET "return function(event, object, response) "
#define FOREVER "while true do end"

typedef struct shape {
    const char *name;
    const char *source;
    int code;
    bool preempted; /* gives way while it runs; else it is ended by unyieldable_ms */
} shape;

/* Each step of these takes about a slice: others run in between. */
static const shape shapes[] = {
    {"plain loop", GET FOREVER " end", OL_ETRANSFORMCPU, true},
    {"goto loop", GET "::again:: goto again end", OL_ETRANSFORMCPU, true},
    {"numeric loop", GET "for i = 1, math.huge do end end", OL_ETRANSFORMCPU, true},
    {"nested coroutines",
     GET "coroutine.wrap(function() coroutine.wrap(function() " FOREVER " end)() end)() end", OL_ETRANSFORMCPU, true},
    {"deeply nested coroutines",
     GET "local function f(n) if n == 0 then " FOREVER " end coroutine.wrap(f)(n - 1) end f(150) end", OL_ETRANSFORMCPU,
     true},
    {"coroutine.wrap inside for",
     GET "for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end end", OL_ETRANSFORMCPU, true},
    {"coroutine as iterator that loops",
     GET "for _ in coroutine.wrap(function() pcall(function() " FOREVER " end) end) do end end", OL_ETRANSFORMCPU, true},
    {"new coroutines for ever", GET "while true do coroutine.wrap(function() end)() end end", OL_ETRANSFORMCPU, true},
    {"sort comparator", GET "table.sort({3, 2, 1}, function() " FOREVER " end) end", OL_ETRANSFORMCPU, true},
    {"gsub callback", GET "(('x'):rep(9)):gsub('x', function() " FOREVER " end) end", OL_ETRANSFORMCPU, true},
    {"gsub with __index",
     GET "(('x'):rep(9)):gsub('x', setmetatable({}, {__index = function() " FOREVER " end})) end", OL_ETRANSFORMCPU, true},
    {"__index", GET "local x = setmetatable({}, {__index = function() " FOREVER " end}).y end", OL_ETRANSFORMCPU, true},
    {"__lt", GET "local t = setmetatable({}, {__lt = function() " FOREVER " end}) local x = t < t end", OL_ETRANSFORMCPU,
     true},
    {"__concat", GET "local t = setmetatable({}, {__concat = function() " FOREVER " end}) local x = t .. t end",
     OL_ETRANSFORMCPU, true},
    {"__tostring", GET "tostring(setmetatable({}, {__tostring = function() " FOREVER " end})) end", OL_ETRANSFORMCPU, true},
    {"__tostring in format",
     GET "string.format('%s', setmetatable({}, {__tostring = function() " FOREVER " end})) end", OL_ETRANSFORMCPU, true},
    {"__pairs", GET "pairs(setmetatable({}, {__pairs = function() " FOREVER " end})) end", OL_ETRANSFORMCPU, true},
    {"__len in concat", GET "table.concat(setmetatable({}, {__len = function() " FOREVER " end})) end", OL_ETRANSFORMCPU,
     true},
    {"endless __len", GET "table.unpack(setmetatable({}, {__len = function() return 1e15 end})) end", OL_ETRANSFORM, false},
    {"endless concat",
     GET "table.concat(setmetatable({}, {__len = function() return 1 << 40 end, __index = function() return '' end})) end",
     OL_ETRANSFORMCPU, true},
    {"endless move", GET "table.move({}, 1, 1 << 40, 2, setmetatable({}, {__newindex = rawequal})) end", OL_ETRANSFORMCPU,
     true},
    {"endless ipairs", GET "for _ in ipairs(setmetatable({}, {__index = function(_, i) return i end})) do end end",
     OL_ETRANSFORMCPU, true},
    {"xpcall handler", GET "xpcall(error, function() " FOREVER " end) end", OL_ETRANSFORMCPU, true},
    {"xpcall handler that fails", GET "while true do xpcall(error, error, 'x') end end", OL_ETRANSFORMCPU, true},
    {"pcall of errors", GET "while true do pcall(error) end end", OL_ETRANSFORMCPU, true},
    {"pcall around the loop", GET "while true do pcall(function() " FOREVER " end) end end", OL_ETRANSFORMCPU, true},
    {"nested pcalls", GET "local function f() pcall(f) pcall(f) end f() end", OL_ETRANSFORMCPU, true},
    {"closing variable",
     GET "do local x <close> = setmetatable({}, {__close = function() " FOREVER " end}) end end", OL_ETRANSFORMCPU, true},
    {"closing variable in pcall",
     GET "pcall(function() local x <close> = setmetatable({}, {__close = function() " FOREVER " end}) error('e') end) end",
     OL_ETRANSFORMCPU, true},
    {"long __index chain",
     GET "local p = {} for i = 1, 1900 do p = setmetatable({}, {__index = p}) end while true do local x = p.y end end",
     OL_ETRANSFORMCPU, true},
    {"next over a large table", GET "local t = {} for i = 1, 20000 do t['k' .. i] = i end while true do next(t) end end",
     OL_ETRANSFORMCPU, true},
    {"pairs over a large table",
     GET "local t = {} for i = 1, 20000 do t['k' .. i] = i end while true do pairs(t) end end", OL_ETRANSFORMCPU, true},
    {"pairs over a large list", GET "local t = {} for i = 1, 200000 do t[i] = i end while true do pairs(t) end end",
     OL_ETRANSFORMCPU, true},
    {"concat of a large list",
     GET "local t = {} for i = 1, 200000 do t[i] = '' end while true do table.concat(t) end end", OL_ETRANSFORMCPU, true},
    {"pattern that explodes", GET "(('a'):rep(3000)):find(('a*'):rep(20) .. 'b') end", OL_ETRANSFORMPATTERN, true},
    {"pattern in pcall", GET "while true do pcall(string.gsub, ('a'):rep(30000), '.-b', '') end end", OL_ETRANSFORMPATTERN,
     true},
    {"pattern in gmatch", GET "for _ in (('a'):rep(30000)):gmatch('.-b') do end end", OL_ETRANSFORMPATTERN, true},
    {"patterns below the budget", GET "while true do (('a'):rep(300)):find('.-b') end end", OL_ETRANSFORMCPU, true},
    /* These cannot be suspended: unyieldable_ms ends them. */
    {"coroutine.close",
     GET "local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() " FOREVER
         " end}) coroutine.yield() end) coroutine.resume(c) pcall(coroutine.close, c) end",
     OL_ETRANSFORMCPU, false},
    {"close by wrap",
     GET "pcall(coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() " FOREVER
         " end}) error('e') end)) end",
     OL_ETRANSFORMCPU, false},
    {"a coroutine inside a closing one",
     GET "local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() "
         "coroutine.wrap(function() " FOREVER " end)() end}) coroutine.yield() end) coroutine.resume(c) coroutine.close(c) end",
     OL_ETRANSFORMCPU, false},
    {"string arithmetic", GET "local x = '1' + setmetatable({}, {__add = function() " FOREVER " end}) end",
     OL_ETRANSFORMCPU, false},
    {"pcalls where nothing yields",
     GET "local x = '1' + setmetatable({}, {__add = function() while true do pcall(function() " FOREVER
         " end) end end}) end",
     OL_ETRANSFORMCPU, false},
    /* And these end by themselves, by memory, or by Lua's own limits. */
    {"deep recursion", GET "local function f() return 1 + f() end while true do pcall(f) end end", OL_ETRANSFORMMEMORY, false},
    {"string.rep bomb", GET "pcall(string.rep, 'x', 1 << 50) " FOREVER " end", OL_ETRANSFORMMEMORY, false},
    {"string.rep with separator", GET "pcall(string.rep, '', 1 << 50, 'x') " FOREVER " end", OL_ETRANSFORMMEMORY, false},
    {"doubling string", GET "local s = 'x' while true do s = s .. s end end", OL_ETRANSFORMMEMORY, false},
    {"table.concat bomb",
     GET "local x, t = ('x'):rep(100000), {} for i = 1, 100000 do t[i] = x end pcall(table.concat, t) " FOREVER " end",
     OL_ETRANSFORMMEMORY, false},
    {"gsub bomb", GET "local s = ('x'):rep(100000) pcall(string.gsub, s, 'x', s) " FOREVER " end", OL_ETRANSFORMMEMORY, false},
    {"format bomb", GET "local s = ('x'):rep(9000000) pcall(string.format, '%s%s%s%s', s, s, s, s) " FOREVER " end",
     OL_ETRANSFORMMEMORY, false},
    {"coroutines closing coroutines",
     GET "local function nest() local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = nest}) "
         "coroutine.yield() end) coroutine.resume(c) assert(coroutine.close(c)) end nest() end",
     OL_ETRANSFORM, false},
    {"looping __index chain", GET "local t = {} setmetatable(t, {__index = t}) local x = t.y end", OL_ETRANSFORM, false},
    {"coroutines without end", GET "local function f() coroutine.wrap(f)() end f() end", OL_ETRANSFORM, false},
};

static const fake_options no_options = {.original = {(const uint8_t *)"original", 8}};

static void assert_works(fake_engine *e)
{
    fake_result result;
    ol_run *run = NULL;
    ol_job *job = fake_job_new(e, &no_options, &result);

    /* The state that was used last is the next one: it must be pristine to the byte. */
    assert_code(ol_engine_lua.open(e->engine, job, &run, &result.err), OL_OK);
    assert_memory_equal(run->arena.region, run->arena.image, run->arena.image_bytes);
    assert_true(ol_lua_heap_check(run->arena.heap));
    ol_engine_lua.close(run);
    fake_job_free(job);
    fake_result_fini(&result);
}

/* A machine that is taken away in the middle of a step counts it as ours: not three times in a row. */
static void run_fairly(fake_engine *e, const shape *s, fake_result *result)
{
    fake_run(e, &no_options, result);
    for (unsigned tries = 1; s->preempted && result->longest_step_us > 5000 * SLACK && tries < 3; tries++) {
        fake_result_fini(result);
        fake_run(e, &no_options, result);
    }
}

static void check_shape(const shape *s)
{
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    e.limits.cpu_ms = s->code == OL_ETRANSFORMCPU ? 30 : 60000;
    e.limits.pattern_steps = 1000000;
    if (s->code != OL_ETRANSFORMCPU)
        e.limits.unyieldable_ms = 2000; /* another limit is to be met first */
    assert_code_of(fake_engine_load(&e, s->source), OL_OK, &e.err);
    for (unsigned i = 0; i < 2; i++) {
        run_fairly(&e, s, &result);
        if (result.rc != s->code || (s->preempted && result.preempted == 0))
            print_error("%s: preempted %d times, longest step %llu us\n", s->name, result.preempted,
                        (unsigned long long)result.longest_step_us);
        assert_code_of(result.rc, s->code, &result.err);
        if (s->preempted) {
            assert_true(result.preempted > 0);
            if (result.longest_step_us > 5000 * SLACK)
                print_error("%s: longest step %llu us\n", s->name, (unsigned long long)result.longest_step_us);
            assert_true(result.longest_step_us <= 5000 * SLACK);
        }
        assert_int_equal(result.out.len, 0);
        fake_result_fini(&result);
        assert_works(&e);
    }
    fake_engine_close(&e);
}

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        check_shape(&shapes[i]);
}

/* unyieldable_ms is what ends what cannot be preempted, and says so. */
static void test_unyieldable(void **state)
{
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.unyieldable_ms = 10;
    assert_code_of(fake_engine_load(&e, GET "local x = '1' + setmetatable({}, {__add = function() " FOREVER " end}) end"),
                   OL_OK, &e.err);
    fake_run(&e, &no_options, &result);
    assert_code_of(result.rc, OL_ETRANSFORMCPU, &result.err);
    assert_non_null(strstr(result.err.detail, "unyieldable_ms"));
    assert_non_null(strstr(result.err.detail, "test.lua:1"));
    assert_int_equal(result.steps, 1);
    fake_result_fini(&result);
    fake_engine_close(&e);
}

/* While the module is loaded, load_ms is all that counts: what require runs cannot be suspended. */
static void test_loading_has_an_allowance_of_its_own(void **state)
{
    static const char work[] = "local t = setmetatable({}, {__add = function() for i = 1, 5000000 do end return 1 end}) "
                               "local x = '1' + t " GET "response:write('ready') end";
    static const char endless[] = "local x = '1' + setmetatable({}, {__add = function() " FOREVER " end}) " GET "end";
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.unyieldable_ms = 2;
    e.limits.cpu_ms = 1000;
    assert_code_of(fake_engine_load(&e, work), OL_OK, &e.err);
    fake_run(&e, &no_options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    fake_result_fini(&result);
    fake_engine_close(&e);

    e.limits.load_ms = 100;
    assert_code_of(fake_engine_load(&e, endless), OL_ETRANSFORMCPU, &e.err);
    assert_non_null(strstr(e.err.detail, "(load_ms)"));
    fake_engine_close(&e);
}

static void test_the_limit_that_was_met_is_named(void **state)
{
    static const char endless[] = GET "local x = '1' + setmetatable({}, {__add = function() " FOREVER " end}) end";
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.unyieldable_ms = e.limits.load_ms = 100;
    assert_code_of(fake_engine_load(&e, endless), OL_OK, &e.err);
    fake_run(&e, &no_options, &result);
    assert_code_of(result.rc, OL_ETRANSFORMCPU, &result.err);
    assert_non_null(strstr(result.err.detail, "(unyieldable_ms)"));
    fake_result_fini(&result);
    fake_engine_close(&e);
}

/* One more state, for a third request at the same time: the others wait, and the watchdog looks on. */
static void test_a_late_state_has_less_of_an_allowance(void **state)
{
    static const char work[] = "local t = setmetatable({}, {__add = function() for i = 1, 20000000 do end return 1 end}) "
                               "local x = '1' + t " GET "response:write('ready') end";
    fake_result results[3];
    ol_run *runs[3];
    ol_job *jobs[3];
    fake_engine e;
    int rc;

    (void)state;
    fake_engine_init(&e);
    e.limits.unyieldable_ms = 2;
    assert_code_of(fake_engine_load(&e, work), OL_OK, &e.err);
    for (unsigned i = 0; i < 3; i++) {
        jobs[i] = fake_job_new(&e, &no_options, &results[i]);
        assert_code(ol_engine_lua.open(e.engine, jobs[i], &runs[i], &results[i].err), OL_OK);
    }
    for (unsigned i = 0; i < 3; i++) {
        while ((rc = ol_engine_lua.step(runs[i], 1, &results[i].err)) == OL_OK) {
        }
        assert_code_of(rc, i < 2 ? OL_DONE : OL_ETRANSFORMCPU, &results[i].err);
    }
    assert_non_null(strstr(results[2].err.detail, "(unyieldable_ms)"));
    for (unsigned i = 0; i < 3; i++) {
        ol_engine_lua.close(runs[i]);
        fake_job_free(jobs[i]);
        fake_result_fini(&results[i]);
    }
    fake_engine_close(&e);
}

/* A stretch that cannot be suspended but is short is nothing bad. */
static void test_short_unyieldable_stretches(void **state)
{
    (void)state;
    expect_output(GET "local t = setmetatable({}, {__add = function() for i = 1, 20000 do end return 1 end}) "
                      "for i = 1, 300 do local x = '1' + t end response:write('done') end",
                  OL_SLICE_NONE, "done");
}

/* What a script computes does not depend on where it is preempted. Every library that can be
 * suspended takes part. */
static const char *const work =
    GET "local out = {} "
        "local function spin(n) local x = 0 for i = 1, n do x = (x * 31 + i) % 65537 end return x end "
        "local t = {} for i = 1, 300 do t[i] = i * 7919 % 307 end "
        "table.sort(t, function(a, b) spin(200) return a < b end) out[#out + 1] = table.concat(t, ',') "
        "out[#out + 1] = (('abcdefghij'):rep(20)):gsub('[aeiou]', function(c) return c .. spin(20000) end) "
        "local gen = coroutine.wrap(function() for i = 1, 40 do "
        "local inner = coroutine.wrap(function() coroutine.yield(spin(20000)) return 'end' end) "
        "coroutine.yield(inner() .. inner()) end end) "
        "for v in gen do out[#out + 1] = v end "
        "local m = setmetatable({}, {__index = function(_, k) return spin(50000) + k end, __concat = function(a, b) return "
        "spin(90000) end, __lt = function() return spin(70000) > 0 end, __len = function() return spin(30000) % 5 + 3 end, "
        "__tostring = function() return 'T' .. spin(60000) end}) "
        "out[#out + 1] = m[3] + m[4] out[#out + 1] = m .. m out[#out + 1] = tostring(m < m) out[#out + 1] = string.format('%s|%d|%s', m, 5, m) "
        "out[#out + 1] = table.concat(m, ' ') out[#out + 1] = select('#', table.unpack(m)) "
        "out[#out + 1] = tostring(select(2, xpcall(function() spin(90000) error('e', 0) end, function(e) spin(90000) return e .. '!' end))) "
        "out[#out + 1] = tostring(select(2, pcall(function() local c <close> = setmetatable({}, {__close = function() spin(90000) out[#out + 1] = 'closed' end}) "
        "spin(90000) error('x', 0) end))) "
        "local big = {} for i = 1, 3000 do big['k' .. i * 7 % 3001] = i end local h = 0 for k, v in pairs(big) do h = (h * 31 + v) % 1000003 end "
        "out[#out + 1] = h for i = 1, 10 do h = (h + #next(big)) % 1000 end out[#out + 1] = h "
        "out[#out + 1] = tostring((('a'):rep(400) .. 'b'):find(('a?'):rep(6) .. 'b$')) "
        "local n = 0 for w in (('word '):rep(3000)):gmatch('%a+') do n = n + 1 end out[#out + 1] = n "
        "local list = {} for i = 1, 30000 do list[i] = i % 10 end out[#out + 1] = #table.concat(list, ', ') "
        "table.move(list, 1, 20000, 5) out[#out + 1] = list[10007] "
        "response:write(table.concat(out, '\\n')) end";

static void test_preemption_is_invisible(void **state)
{
    fake_options options = no_options;
    fake_result often, never;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.cpu_ms = 600000;
    assert_code_of(fake_engine_load(&e, work), OL_OK, &e.err);
    options.slice_ms = 100000;
    fake_run(&e, &options, &never);
    assert_code_of(never.rc, OL_DONE, &never.err);
    assert_int_equal(never.preempted, 0);
    for (unsigned i = 0; i < 3; i++) {
        options.slice_ms = 1;
        fake_run(&e, &options, &often);
        assert_code_of(often.rc, OL_DONE, &often.err);
        assert_true(often.preempted > 10);
        assert_slices(ol_buf_slice(&often.out), ol_buf_slice(&never.out));
        fake_result_fini(&often);
    }
    fake_result_fini(&never);
    fake_engine_close(&e);
}

/* Light jobs run to their end between the slices of an endless one. */
static void test_light_jobs_beside_a_loop(void **state)
{
    fake_result heavy_result, light;
    ol_run *heavy = NULL;
    ol_job *job;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.cpu_ms = 600000;
    assert_code_of(fake_engine_load(&e, GET "if event.configuration.payload then " FOREVER " end "
                                            "for s in object:chunks() do response:write(s) end end"),
                   OL_OK, &e.err);
    fake_options options = {.event = (const char *[]){"configuration.payload", "x", NULL}};
    job = fake_job_new(&e, &options, &heavy_result);
    assert_code(ol_engine_lua.open(e.engine, job, &heavy, &heavy_result.err), OL_OK);
    for (unsigned i = 0; i < 30; i++) {
        assert_code(ol_engine_lua.step(heavy, 1, &heavy_result.err), OL_OK);
        fake_run(&e, &no_options, &light);
        assert_code_of(light.rc, OL_DONE, &light.err);
        assert_slice(ol_buf_slice(&light.out), "original");
        fake_result_fini(&light);
    }
    ol_engine_lua.close(heavy);
    fake_job_free(job);
    fake_result_fini(&heavy_result);
    assert_works(&e);
    fake_engine_close(&e);
}

/* A module whose main chunk works long is loaded in slices when a job needs one more state. */
static void test_late_states_are_built_in_slices(void **state)
{
    fake_result results[4];
    ol_run *runs[4];
    ol_job *jobs[4];
    fake_engine e;
    int preempted = 0, rc;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, "local x = 0 for i = 1, 3000000 do x = x + i % 7 end "
                                        "return function(event, object, response) response:write(x) end"),
                   OL_OK, &e.err);
    for (unsigned i = 0; i < 4; i++) {
        jobs[i] = fake_job_new(&e, &no_options, &results[i]);
        assert_code(ol_engine_lua.open(e.engine, jobs[i], &runs[i], &results[i].err), OL_OK);
    }
    for (unsigned i = 0; i < 4; i++) {
        while ((rc = ol_engine_lua.step(runs[i], 1, &results[i].err)) == OL_OK)
            preempted += i >= 2;
        assert_code_of(rc, OL_DONE, &results[i].err);
        assert_slices(ol_buf_slice(&results[i].out), ol_buf_slice(&results[0].out));
    }
    assert_true(preempted > 2);
    for (unsigned i = 0; i < 4; i++) {
        ol_engine_lua.close(runs[i]);
        fake_job_free(jobs[i]);
        fake_result_fini(&results[i]);
    }
    assert_works(&e);
    fake_engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_unyieldable),
                                       cmocka_unit_test(test_loading_has_an_allowance_of_its_own),
                                       cmocka_unit_test(test_the_limit_that_was_met_is_named),
                                       cmocka_unit_test(test_a_late_state_has_less_of_an_allowance),
                                       cmocka_unit_test(test_short_unyieldable_stretches),
                                       cmocka_unit_test(test_preemption_is_invisible),
                                       cmocka_unit_test(test_light_jobs_beside_a_loop),
                                       cmocka_unit_test(test_late_states_are_built_in_slices)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
