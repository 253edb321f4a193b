/* SPDX-License-Identifier: MIT */
/*
 * The pii transform in the engine that runs it: the sample of its README, every kind of wait, no
 * memory, and clients that go away in the middle.
 */
#include "fake_job.c"

#include <stdio.h>

static char file[1 << 16], wanted[1 << 16];

static size_t read_file(const char *name, char *out)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/transforms/%s", OBJLENS_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, 1 << 16, f);
    fclose(f);
    return n;
}

static ol_engine *load(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/transforms/%s.so", OBJLENS_BINARY_DIR, name);
    return fake_engine(name, path, NULL);
}

static void run_sample(const char *name, const char *payload, const char *sample, const char *result)
{
    size_t n = read_file(sample, file), want = read_file(result, wanted);
    ol_engine *engine = load(name);
    for (unsigned wait = 2; wait < 9; wait++) {
        ol_job job;
        ol_error err = {0};
        fake_job_init(&job, ol_slice_of(file, n));
        fake_job_payload(&job, payload);
        job.wait_each = wait == 8 ? 0 : wait;
        job.piece_bytes = 1u << wait;
        job.slot_bytes = 100 >> wait | 1;
        int rc = fake_run(engine, &job, &err);
        if (rc != OL_DONE)
            fail_msg("%s: %s %s", name, err.message, err.detail);
        assert_int_equal(job.output.len, want);
        assert_memory_equal(job.output.data, wanted, want);
        fake_job_fini(&job);
    }
    ol_shared_engine_destroy(engine);
}

static void test_samples(void **state)
{
    (void)state;
    run_sample("pii", "", "pii/sample/ticket.txt", "pii/sample/ticket.redacted.txt");
}

static void test_declarations(void **state)
{
    (void)state;
    ol_program_declared declared;
    char path[600];
    snprintf(path, sizeof(path), "%s/transforms/pii.so", OBJLENS_BINARY_DIR);
    ol_engine *engine = fake_engine("shipped", path, &declared);
    assert_true(declared.reentrant);
    assert_false(declared.depends_request);
    assert_int_equal(declared.depends_headers.len, 0);
    assert_true(declared.ignores_identity);
    assert_false(declared.keeps_positions);
    ol_shared_engine_destroy(engine);
}

/* The client goes away after every possible number of steps. Nothing stays behind. */
static void give_up(const char *name, const char *payload, const char *sample)
{
    size_t n = read_file(sample, file);
    ol_engine *engine = load(name);
    ol_error err = {0};
    int rc = OL_WAIT;
    for (unsigned steps = 0; rc == OL_WAIT; steps++) {
        ol_run *run;
        ol_job job;
        fake_job_init(&job, ol_slice_of(file, n));
        fake_job_payload(&job, payload);
        job.wait_each = 2;
        job.piece_bytes = 400;
        job.slot_bytes = 37;
        assert_int_equal(ol_engine_shared.open(engine, &job, &run, &err), OL_OK);
        for (unsigned i = 0; i <= steps; i++)
            rc = ol_engine_shared.step(run, 10, &err);
        ol_engine_shared.close(run);
        fake_job_fini(&job);
        assert_true(steps < 1000);
    }
    assert_int_equal(rc, OL_DONE);
    ol_shared_engine_destroy(engine);
}

static void test_clients_go_away(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    give_up("pii", "{\"mode\":\"mask\"}", "pii/sample/ticket.txt");
    assert_int_equal(ol_alloc_live(), live);
}

static void test_no_memory(void **state)
{
    (void)state;
    ol_engine *engine = load("pii");
    int rc = 0;
    for (long n = 0; rc != OL_DONE && n < 100; n++) {
        ol_job job;
        ol_error err = {0};
        fake_job_init(&job, OL_SLICE_LIT("to bob@x.com"));
        assert_int_equal(ol_buf_reserve(&job.output, 65536), OL_OK);
        ol_alloc_fail_after(n);
        rc = fake_run(engine, &job, &err);
        ol_alloc_fail_after(-1);
        assert_true(rc == OL_DONE || (rc < 0 && job.output.len == 0));
        fake_job_fini(&job);
    }
    assert_int_equal(rc, OL_DONE);
    ol_shared_engine_destroy(engine);
}

static void test_failures_reach_the_client(void **state)
{
    (void)state;
    ol_engine *engine = load("pii");
    ol_job job;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("\xff\xfe\0\0" "b\0\0\0"));
    assert_int_equal(fake_run(engine, &job, &err), OL_ETRANSFORM);
    assert_int_equal(err.status, 400);
    assert_string_equal(err.s3_code, "InvalidTextEncoding");
    assert_int_equal(job.output.len, 0);
    fake_job_fini(&job);

    err = (ol_error){0};
    fake_job_init(&job, OL_SLICE_LIT("x"));
    fake_job_payload(&job, "{\"colour\":1}");
    assert_int_equal(fake_run(engine, &job, &err), OL_ETRANSFORM);
    assert_int_equal(err.status, 500);
    assert_string_equal(err.message, "pii: the payload has an unknown key, \"colour\"");
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

/* Several requests at a time, a little of each in turn: nobody gets another's bytes. */
static void test_requests_do_not_mix(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    static char texts[COUNT][3000];
    ol_engine *engine = load("pii");
    ol_job jobs[COUNT];
    ol_run *runs[COUNT];
    ol_error err = {0};
    for (int i = 0; i < COUNT; i++) {
        for (size_t n = 0; n + 60 < sizeof(texts[0]);)
            n += (size_t)sprintf(texts[i] + n, "request %02d writes to bob@x.com\n", i);
        fake_job_init(&jobs[i], ol_slice_cstr(texts[i]));
        jobs[i].wait_each = 2;
        jobs[i].piece_bytes = 100 + (size_t)i;
        jobs[i].slot_bytes = 50;
        assert_int_equal(ol_engine_shared.open(engine, &jobs[i], &runs[i], &err), OL_OK);
    }
    for (int done = 0; done < COUNT;)
        for (int i = 0; i < COUNT; i++) {
            if (!runs[i] || ol_engine_shared.step(runs[i], 10, &err) != OL_DONE)
                continue;
            ol_engine_shared.close(runs[i]);
            runs[i] = NULL;
            done++;
        }
    assert_int_equal(err.code, 0);
    for (int i = 0; i < COUNT; i++) {
        char line[64];
        size_t len = (size_t)sprintf(line, "request %02d writes to [EMAIL_ADDRESS]\n", i);
        ol_slice out = ol_buf_slice(&jobs[i].output);
        assert_true(out.len > 0 && out.len % len == 0);
        for (size_t at = 0; at < out.len; at += len)
            assert_memory_equal(out.data + at, line, len);
        fake_job_fini(&jobs[i]);
    }
    ol_shared_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_clients_go_away),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_failures_reach_the_client),
        cmocka_unit_test(test_requests_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
