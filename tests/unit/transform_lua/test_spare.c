/* SPDX-License-Identifier: MIT */
/* The second state: when it is built, and by whom. */
#include "fake_job.c"

#include "lib/alloc_check.h"

#define LONG_MS 60000u /* so that no load takes longer */

static const char *const quick = "return function(event, object, response) response:write('x') end";
/* Takes more than the slice of 1 ms that idle gets; more than a hundred of them. */
#define LOOPS(times)                                                                               \
    "local n = 0 for i = 1, " times " do n = n + i % 7 end "                                       \
    "return function(event, object, response) response:write('x') end"
static const char *const slow = LOOPS("1000000");
static const char *const very_slow = LOOPS("30000000");

static const fake_options options = {0};

static void load(fake_engine *e, const char *source, uint32_t slice_ms)
{
    fake_engine_init(e);
    e->limits.slice_ms = slice_ms;
    assert_code_of(fake_engine_load(e, source), OL_OK, &e->err);
}

typedef struct taken {
    fake_result result;
    ol_job *job;
    ol_run *run;
} taken;

static void take(fake_engine *e, taken *t)
{
    t->job = fake_job_new(e, &options, &t->result);
    assert_code_of(ol_engine_lua.open(e->engine, t->job, &t->run, &t->result.err), OL_OK,
                   &t->result.err);
}

static void run_and_give_back(taken *t)
{
    int rc;
    do
        rc = ol_engine_lua.step(t->run, 2, &t->result.err);
    while (rc == OL_OK);
    assert_code_of(rc, OL_DONE, &t->result.err);
    assert_slice(ol_buf_slice(&t->result.out), "x");
    ol_engine_lua.close(t->run);
    fake_job_free(t->job);
    fake_result_fini(&t->result);
}

/* Two at a time; in which state of building each got its own. */
static void assert_two(fake_engine *e, enum ol_lua_phase first, enum ol_lua_phase second)
{
    taken a, b;
    take(e, &a);
    assert_int_equal(a.run->phase, first);
    take(e, &b);
    assert_int_equal(b.run->phase, second);
    run_and_give_back(&a);
    run_and_give_back(&b);
}

static void idle_until_nothing_is_left(fake_engine *e, uint32_t slice_ms)
{
    for (unsigned i = 0; i < 100; i++)
        if (!ol_engine_lua.idle(e->engine, slice_ms))
            return;
    fail_msg("there is always something left");
}

static void test_it_is_built_when_there_is_no_job(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    fake_engine e;
    load(&e, quick, LONG_MS);
    idle_until_nothing_is_left(&e, LONG_MS);
    assert_two(&e, OL_LUA_READY, OL_LUA_READY);
    assert_false(ol_engine_lua.idle(e.engine, LONG_MS));
    fake_engine_close(&e);
    assert_no_leak(live);
}

static void test_without_a_moment_for_it_a_job_builds_it(void **state)
{
    (void)state;
    fake_engine e;
    load(&e, quick, LONG_MS);
    assert_two(&e, OL_LUA_READY, OL_LUA_EMPTY);
    assert_false(ol_engine_lua.idle(e.engine, LONG_MS)); /* now there are two */
    assert_two(&e, OL_LUA_READY, OL_LUA_READY);
    fake_engine_close(&e);
}

static void test_it_is_loaded_at_the_start_when_that_takes_long(void **state)
{
    (void)state;
    fake_engine e;
    load(&e, quick, 0);
    assert_two(&e, OL_LUA_READY, OL_LUA_READY);
    assert_false(ol_engine_lua.idle(e.engine, LONG_MS));
    fake_engine_close(&e);
}

static void test_a_job_goes_on_with_what_is_half_built(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    fake_engine e;
    load(&e, slow, LONG_MS);
    assert_true(ol_engine_lua.idle(e.engine, 1));
    assert_two(&e, OL_LUA_READY, OL_LUA_LOADING);
    assert_two(&e, OL_LUA_READY, OL_LUA_READY);
    fake_engine_close(&e);
    assert_no_leak(live);
}

static void test_what_is_half_built_goes_with_the_engine(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    fake_engine e;
    load(&e, slow, LONG_MS);
    assert_true(ol_engine_lua.idle(e.engine, 1));
    fake_engine_close(&e);
    assert_no_leak(live);
}

/* Nobody waits for it: what takes much longer than a slice, though the first one did not, is left as it is. */
static void test_it_is_left_to_a_job_when_it_does_not_end(void **state)
{
    (void)state;
    fake_engine e;
    load(&e, very_slow, LONG_MS);
    idle_until_nothing_is_left(&e, 1);
    assert_two(&e, OL_LUA_READY, OL_LUA_LOADING);
    fake_engine_close(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_built_when_there_is_no_job),
        cmocka_unit_test(test_without_a_moment_for_it_a_job_builds_it),
        cmocka_unit_test(test_it_is_loaded_at_the_start_when_that_takes_long),
        cmocka_unit_test(test_a_job_goes_on_with_what_is_half_built),
        cmocka_unit_test(test_what_is_half_built_goes_with_the_engine),
        cmocka_unit_test(test_it_is_left_to_a_job_when_it_does_not_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
