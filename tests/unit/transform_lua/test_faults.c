/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong around a script: memory that ends at every point, a job given up at every step,
 * bytes that come one by one. The engine serves on, and its states stay pristine.
 */
#include "fake_job.c"

#include "lib/alloc_check.h"

/* A bit of everything, slowly: with pieces of one byte and every call waiting. */
static const char *const busy =
    "return {depends = {headers = {'x-tone'}, request = true}, get = function(event, object, response) "
    "if event.configuration.payload == 'small' then response:write(object:read('a')) return end "
    "response.status = 201 response.headers['X-A'] = event.userRequest.headers['X-Tone'] response.metadata = {b = 1} "
    "local head = object:read(4) response:write(head, ' ', #head, ' ', object:read_at(2, 3)) "
    "for k, v in pairs(event.userIdentity) do response:write(k, '=', v, ';') end "
    "local lines = coroutine.wrap(function() for l in object:lines() do coroutine.yield(l) if l == 'stop' then break end end end) "
    "for l in lines do response:write('[', l:gsub('%w+', function(w) return w:upper() .. (object:read(1) or '') end), ']') end "
    "local t = {} for b in object:chunks('buffer') do t[#t + 1] = tostring(b) response:write(b) end "
    "table.sort(t, function(a, b) return a > b end) response:write(table.concat(t), #t) "
    "log.info('seen', #t) "
    "local ok, e = pcall(function() local c <close> = setmetatable({}, {__close = function() response:write('c') end}) "
    "error({1}) end) response:write(type(e)) "
    "response:write(string.format('%s %5.1f', setmetatable({}, {__tostring = function() return 'T' end}), 1.25)) end}";

static const char *const event[] = {"userRequest.headers.x-tone", "loud", "userIdentity.arn", "arn", "userIdentity.type",
                                    "T", NULL};
static const char *const small_event[] = {"configuration.payload", "small", NULL};

static const fake_options slow = {.piece_bytes = 1,
                                  .room_bytes = 1,
                                  .wait_always = true,
                                  .event = event,
                                  .original = {(const uint8_t *)"headone two\nstop\nthe rest\n", 26}};
static const fake_options whole = {.event = event, .original = {(const uint8_t *)"headone two\nstop\nthe rest\n", 26}};
static const fake_options small = {.event = small_event, .original = {(const uint8_t *)"small", 5}};

static void assert_serves_on(fake_engine *e)
{
    fake_result result;

    fake_run(e, &small, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slice(ol_buf_slice(&result.out), "small");
    fake_result_fini(&result);
}

static void load_busy(fake_engine *e)
{
    fake_engine_init(e);
    assert_code_of(fake_engine_load(e, busy), OL_OK, &e->err);
}

/* But for what shows the pieces themselves (their number, and their order when sorted). */
static void test_cuts_do_not_show(void **state)
{
    static const char *const source =
        "return function(event, object, response) local head = object:read(4) response:write(head, object:read_at(1, 20)) "
        "for l in object:lines() do response:write('[', l, ']') if l == 'stop' then break end end "
        "for b in object:chunks('buffer') do response:write(b) end response:write(tostring(object:read(1))) end";
    fake_options options = slow;
    fake_result one, cut;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &whole, &one);
    assert_code_of(one.rc, OL_DONE, &one.err);
    for (size_t piece = 1; piece < 30; piece++) {
        options.piece_bytes = piece;
        options.room_bytes = 1 + piece % 5;
        fake_run(&e, &options, &cut);
        assert_code_of(cut.rc, OL_DONE, &cut.err);
        assert_slices(ol_buf_slice(&cut.out), ol_buf_slice(&one.out));
        fake_result_fini(&cut);
    }
    fake_result_fini(&one);
    fake_engine_close(&e);
}

static void test_given_up_at_every_step(void **state)
{
    long live = ol_alloc_live();
    fake_options options = slow;
    fake_result result;
    fake_engine e;
    int rc = OL_OK;

    (void)state;
    load_busy(&e);
    for (options.steps_max = 1; rc != OL_DONE; options.steps_max++) {
        fake_run(&e, &options, &result);
        rc = result.rc;
        assert_true(rc >= 0);
        if (rc == OL_DONE)
            assert_true(result.waits > 80);
        fake_result_fini(&result);
        assert_serves_on(&e);
        assert_true(options.steps_max < 2000);
    }
    fake_engine_close(&e);
    assert_no_leak(live);
}

/* Opened and closed without a step, also with a state that is not built yet. */
static void test_closed_without_a_step(void **state)
{
    fake_result results[4];
    ol_job *jobs[4];
    ol_run *runs[4];
    fake_engine e;

    (void)state;
    load_busy(&e);
    for (unsigned i = 0; i < 4; i++) {
        jobs[i] = fake_job_new(&e, &small, &results[i]);
        assert_code(ol_engine_lua.open(e.engine, jobs[i], &runs[i], &results[i].err), OL_OK);
    }
    for (unsigned i = 0; i < 4; i++) {
        ol_engine_lua.close(runs[i]);
        fake_job_free(jobs[i]);
        fake_result_fini(&results[i]);
    }
    assert_serves_on(&e);
    fake_engine_close(&e);
}

/* From a heap that cannot even hold the libraries to one that is large enough, in small steps: so
 * that the memory ends, at some step, in every function of ours that takes some. */
static void test_memory_ends_at_every_point(void **state)
{
    unsigned loaded = 0, failed = 0, done = 0;

    (void)state;
    for (size_t memory = 20000; done < 3; memory += 112) {
        fake_result result;
        fake_engine e;

        fake_engine_init(&e);
        e.limits.memory_bytes = memory;
        if (fake_engine_load(&e, busy) != OL_OK) {
            assert_int_equal(e.err.code, OL_ETRANSFORMMEMORY);
            assert_int_equal(loaded, 0);
            continue;
        }
        loaded++;
        fake_run(&e, &slow, &result);
        if (result.rc != OL_DONE)
            assert_code_of(result.rc, OL_ETRANSFORMMEMORY, &result.err);
        failed += result.rc != OL_DONE;
        done += result.rc == OL_DONE;
        fake_result_fini(&result);
        fake_run(&e, &small, &result);
        assert_true(result.rc == OL_DONE || result.rc == OL_ETRANSFORMMEMORY);
        fake_result_fini(&result);
        fake_engine_close(&e);
    }
    assert_true(loaded > 5);
    assert_true(failed > 5);
}

/* The same while modules are loaded, whose code lies outside of the heap. */
static void test_memory_ends_while_modules_load(void **state)
{
    unsigned failed = 0;
    int rc = OL_ETRANSFORMMEMORY;

    (void)state;
    for (size_t memory = 36000; rc != OL_OK; memory += 512) {
        fake_engine e;

        fake_engine_init(&e);
        e.limits.memory_bytes = memory;
        rc = fake_engine_load(&e, "local csv, re = require 'objlens.csv', require 'objlens.re' return function(e, o, r) end");
        if (rc == OL_OK) {
            fake_engine_close(&e);
            continue;
        }
        assert_int_equal(e.err.code, OL_ETRANSFORMMEMORY);
        failed++;
    }
    assert_true(failed > 50);
}

/* The few allocations outside of the arena: engine, states, images, the encoded head. */
static int load_and_run(void *arg)
{
    fake_engine e;
    ol_job *job;
    ol_run *runs[3] = {NULL};
    fake_result results[3];
    int rc;

    (void)arg;
    fake_engine_init(&e);
    e.limits.slice_ms = 60000; /* so that idle has something to do */
    rc = fake_engine_load(&e, "return function(e, o, r) r.status = 202 r.headers.a = 'b' r:write('x') end");
    if (rc != OL_OK)
        return rc;
    ol_engine_lua.idle(e.engine, 60000); /* what fails there is a job's to do */
    for (unsigned i = 0; i < 3 && rc >= 0; i++) {
        /* What the test itself needs does not fail. */
        job = calloc(1, sizeof(*job));
        results[i] = (fake_result){0};
        ol_buf_init(&results[i].out, 1 << 20);
        ol_buf_init(&results[i].head, 1 << 20);
        *job = (ol_job){.options = &small, .result = &results[i], .limits = &e.limits};
        rc = ol_engine_lua.open(e.engine, job, &runs[i], &results[i].err);
        if (rc == OL_OK) {
            do {
                rc = ol_engine_lua.step(runs[i], 2, &results[i].err);
            } while (rc == OL_OK);
        }
        fake_job_free(job);
    }
    for (unsigned i = 0; i < 3; i++)
        if (runs[i]) {
            ol_engine_lua.close(runs[i]);
            fake_result_fini(&results[i]);
        }
    fake_engine_close(&e);
    return rc == OL_DONE ? OL_OK : rc;
}

static void test_allocations_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(load_and_run, NULL) > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts_do_not_show),
                                       cmocka_unit_test(test_given_up_at_every_step),
                                       cmocka_unit_test(test_closed_without_a_step),
                                       cmocka_unit_test(test_memory_ends_at_every_point),
                                       cmocka_unit_test(test_memory_ends_while_modules_load),
                                       cmocka_unit_test(test_allocations_fail)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
