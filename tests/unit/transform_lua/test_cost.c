/* SPDX-License-Identifier: MIT */
/*
 * What a job costs beyond its script, printed: CPU time, best of several rounds, and p50 and p99 of single jobs. Nothing is held
 * to a bound, machines differ; that each job does its work is asserted.
 */
#include "fake_job.c"

#define GET "return function(event, object, response) "
#define ROUNDS 20
#define JOBS 500

typedef struct cost {
    uint64_t job_ns, restore_ns, build_ns;
    uint64_t each_p50_ns, each_p99_ns; /* of single jobs: what two looks at the clock cost is in it */
    size_t image_bytes;
} cost;

static uint64_t least(uint64_t so_far, uint64_t begin_ns, unsigned count)
{
    uint64_t each = (ol_clock_thread_cpu_ns() - begin_ns) / count;

    return so_far && so_far < each ? so_far : each;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void run_one(fake_engine *e, ol_job *job, fake_result *result)
{
    ol_run *run = NULL;
    int rc;

    job->head_sent = job->output_began = false;
    assert_code(ol_engine_lua.open(e->engine, job, &run, &result->err), OL_OK);
    do
        rc = ol_engine_lua.step(run, 2, &result->err);
    while (rc == OL_OK);
    assert_code(rc, OL_DONE);
    ol_engine_lua.close(run);
}

static void run_jobs(fake_engine *e, ol_job *job, fake_result *result)
{
    for (unsigned i = 0; i < JOBS; i++)
        run_one(e, job, result);
}

static void measure_each(fake_engine *e, ol_job *job, fake_result *result, cost *c)
{
    static uint64_t each[ROUNDS * JOBS];
    const size_t count = sizeof(each) / sizeof(each[0]);

    for (size_t i = 0; i < count; i++) {
        uint64_t begin_ns = ol_clock_thread_cpu_ns();

        run_one(e, job, result);
        each[i] = ol_clock_thread_cpu_ns() - begin_ns;
    }
    qsort(each, count, sizeof(each[0]), by_size);
    c->each_p50_ns = each[count / 2];
    c->each_p99_ns = each[count * 99 / 100];
}

static cost cost_of(const char *source)
{
    static const fake_options options = {.discard = true};
    fake_result result;
    fake_engine e;
    ol_run *run;
    ol_job *job;
    cost c = {0};

    fake_engine_init(&e);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t begin_ns = ol_clock_thread_cpu_ns();

        if (e.engine)
            fake_engine_close(&e);
        assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
        c.build_ns = least(c.build_ns, begin_ns, 2);
    }
    job = fake_job_new(&e, &options, &result);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t begin_ns = ol_clock_thread_cpu_ns();

        run_jobs(&e, job, &result);
        c.job_ns = least(c.job_ns, begin_ns, JOBS);
    }
    measure_each(&e, job, &result, &c);
    assert_code(ol_engine_lua.open(e.engine, job, &run, &result.err), OL_OK);
    c.image_bytes = run->arena.image_bytes;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t begin_ns = ol_clock_thread_cpu_ns();

        for (unsigned i = 0; i < JOBS; i++)
            ol_lua_run_reset(run);
        c.restore_ns = least(c.restore_ns, begin_ns, JOBS);
    }
    ol_engine_lua.close(run);
    fake_job_free(job);
    fake_result_fini(&result);
    fake_engine_close(&e);
    return c;
}

static void print_cost(const char *name, const cost *c)
{
    print_message("%-16s a job %llu ns at best, %llu at p50, %llu at p99; of that putting the state back %llu ns "
                  "(%zu bytes); a new state %llu us\n", name, (unsigned long long)c->job_ns,
                  (unsigned long long)c->each_p50_ns, (unsigned long long)c->each_p99_ns,
                  (unsigned long long)c->restore_ns, c->image_bytes, (unsigned long long)c->build_ns / 1000);
}

static void test_job(void **state)
{
    cost empty = cost_of(GET "end"), hello = cost_of(GET "response:write('hello') end");

    cost modules = cost_of("local json, csv, re = require 'objlens.json', require 'objlens.csv', require 'objlens.re' "
                           "local word = re.compile('\\\\w+') " GET "response:write('hello') end");
    cost used = cost_of("local json, csv, re = require 'objlens.json', require 'objlens.csv', require 'objlens.re' "
                        "local word = re.compile('\\\\w+') " GET
                        "response:write(json.encode({word:match('a word')}), csv.line({'x', 'y'})) end");

    (void)state;
    print_cost("empty", &empty);
    print_cost("hello", &hello);
    print_cost("three modules", &modules);
    print_cost("and their use", &used);
}

static void test_streams(void **state)
{
    static const char *const scripts[][2] = {
        {"identity, buffers", GET "for b in object:chunks('buffer') do response:write(b) end end"},
        {"identity, strings", GET "for s in object:chunks() do response:write(s) end end"},
        {"upper case", GET "for s in object:chunks() do response:write(s:upper()) end end"},
        {"lines", GET "for l in object:lines() do response:write(l, '\\n') end end"},
        {"gsub", GET "for s in object:chunks() do response:write((s:gsub('%d+', 'N'))) end end"}};
    size_t bytes = (size_t)32 << 20, pieces = bytes / OL_SLOT_BYTES;
    uint8_t *original = malloc(bytes);
    fake_options options = {.discard = true, .original = {original, bytes}};

    (void)state;
    for (size_t i = 0; i < bytes; i++)
        original[i] = i % 80 == 79 ? '\n' : (uint8_t)('a' + i % 26);
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        fake_result result;
        uint64_t begin_ns, ns;
        fake_engine e;

        fake_engine_init(&e);
        e.limits.cpu_ms = 600000;
        assert_code_of(fake_engine_load(&e, scripts[i][1]), OL_OK, &e.err);
        begin_ns = ol_clock_thread_cpu_ns();
        fake_run(&e, &options, &result);
        ns = ol_clock_thread_cpu_ns() - begin_ns;
        assert_code_of(result.rc, OL_DONE, &result.err);
        print_message("%-18s %9.1f us a piece of 128 KiB\n", scripts[i][0], (double)ns / 1000.0 / (double)pieces);
        if (i == 0)
            assert_int_equal(result.forwarded_bytes, bytes);
        fake_result_fini(&result);
        fake_engine_close(&e);
    }
    free(original);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_job), cmocka_unit_test(test_streams)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
