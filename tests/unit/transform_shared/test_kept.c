/* SPDX-License-Identifier: MIT */
/* What plugins keep beyond a request, and the rest of what came with 1.2. */
#include <dlfcn.h>

#include "fake_job.c"
#include "build_plugin.h"

#define KEEPER "tests/unit/transform_shared/plugins/keeper.c"

static char keeper_path[600];

static ol_engine *keeper(void)
{
    return fake_engine("keeper", keeper_path, NULL);
}

static int *keeper_int(ol_engine *engine, const char *name)
{
    char symbol[64];
    int *(*get)(void);
    snprintf(symbol, sizeof(symbol), "show_%s", name);
    *(void **)&get = dlsym(engine->plugin.handle, symbol);
    assert_non_null(get);
    return get();
}

/* One request; its output stays in *job. */
static int ask(ol_engine *engine, ol_job *job, const char *payload, ol_error *err)
{
    *err = (ol_error){0};
    fake_job_init(job, OL_SLICE_LIT("in"));
    if (payload)
        fake_job_payload(job, payload);
    return fake_run(engine, job, err);
}

static void expect(ol_engine *engine, const char *payload, const char *output)
{
    ol_job job;
    ol_error err;
    int rc = ask(engine, &job, payload, &err);
    if (rc != OL_DONE || !ol_slice_eq_cstr(ol_buf_slice(&job.output), output))
        fail_msg("%s: %s \"%.*s\"", payload, err.detail, OL_SLICE_FMT(ol_buf_slice(&job.output)));
    fake_job_fini(&job);
}

static void test_a_payload_is_parsed_once(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    int *configured = keeper_int(engine, "keeper_configured");
    for (int i = 0; i < 5; i++) {
        expect(engine, "one", "in");
        expect(engine, "two", "in");
        expect(engine, NULL, "in");
    }
    assert_int_equal(*configured, 3);
    assert_int_equal(*keeper_int(engine, "keeper_unconfigured"), 0);
    assert_int_equal(*keeper_int(engine, "keeper_live"), 0);
    ol_shared_engine_destroy(engine);
}

/* Many payloads: the oldest are forgotten, never one in use. */
static void test_payloads_are_bounded(void **state)
{
    (void)state;
    char payload[32];
    ol_engine *engine = keeper();
    ol_job held;
    ol_run *run = NULL;
    ol_error err = {0};
    fake_job_init(&held, OL_SLICE_LIT("in"));
    fake_job_payload(&held, "held");
    held.blocked = true;
    assert_int_equal(ol_engine_shared.open(engine, &held, &run, &err), OL_OK);
    assert_int_equal(ol_engine_shared.step(run, 1000, &err), OL_WAIT);
    for (unsigned i = 0; i < 3 * OL_KEPT_CONFIGS_MAX; i++) {
        snprintf(payload, sizeof(payload), "p%u", i);
        expect(engine, payload, "in");
    }
    int made = *keeper_int(engine, "keeper_configured");
    int gone = *keeper_int(engine, "keeper_unconfigured");
    assert_int_equal(made, 3 * OL_KEPT_CONFIGS_MAX + 1);
    assert_int_equal(made - gone, OL_KEPT_CONFIGS_MAX);
    held.blocked = false;
    assert_int_equal(ol_engine_shared.step(run, 1000, &err), OL_DONE);
    ol_engine_shared.close(run);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&held.output), "in"));
    expect(engine, payload, "in"); /* the last is still there */
    assert_int_equal(*keeper_int(engine, "keeper_configured"), made);
    fake_job_fini(&held);
    ol_shared_engine_destroy(engine);
}

static void test_a_bad_payload_fails_its_request(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    ol_job job;
    ol_error err;
    assert_int_equal(ask(engine, &job, "bad one", &err), OL_ETRANSFORM);
    assert_string_equal(err.s3_code, "InvalidTransformPayload");
    assert_int_equal(err.status, 500);
    assert_non_null(strstr(err.detail, "it begins with bad"));
    assert_null(strstr(err.message, "bad")); /* the reason is the operator's */
    assert_int_equal(job.output.len, 0);
    fake_job_fini(&job);
    assert_int_equal(ask(engine, &job, "mute", &err), OL_ETRANSFORM);
    assert_non_null(strstr(err.detail, "returned -42: it gave no reason"));
    fake_job_fini(&job);
    assert_int_equal(*keeper_int(engine, "keeper_live"), 0);
    expect(engine, "good", "in");
    ol_shared_engine_destroy(engine);
}

static void test_the_worker_starts_once(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    expect(engine, "show", "show 1|in");
    expect(engine, "show", "show 2|in");
    assert_int_equal(*keeper_int(engine, "keeper_stopped"), 0);
    ol_shared_engine_destroy(engine);
}

static void test_a_worker_that_does_not_start(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    ol_job job;
    ol_error err;
    *keeper_int(engine, "keeper_worker_fails") = 1;
    assert_int_equal(ask(engine, &job, "show", &err), OL_ETRANSFORM);
    assert_non_null(strstr(err.detail, "worker_start() returned -1: no table"));
    fake_job_fini(&job);
    expect(engine, "show", "show 1|in");
    ol_shared_engine_destroy(engine);
}

static void test_limits_fit_what_the_plugin_knows(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    char expected[128];
    snprintf(expected, sizeof(expected), "0 1000 %llu %zu 0|0 1000 7|%d 3in", 64ull << 20,
             sizeof(struct objlens_limits), OBJLENS_EINVAL);
    expect(engine, "limits", expected);
    ol_shared_engine_destroy(engine);
}

static void test_counting(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    char expected[64];
    ol_job job;
    ol_error err;
    assert_int_equal(ask(engine, &job, "counts", &err), OL_DONE);
    snprintf(expected, sizeof(expected), "0 0 0 %d %din", OBJLENS_EINVAL, OBJLENS_ESTATE);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&job.output), expected));
    assert_int_equal(job.counted[0], 5);
    assert_int_equal(job.counted[1], 8); /* close() counts too */
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

/* At the end of each slice it stands still; given up there, it unwinds. */
static void test_yielding(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    ol_job job;
    ol_run *run = NULL;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("in"));
    fake_job_payload(&job, "yield");
    assert_int_equal(ol_engine_shared.open(engine, &job, &run, &err), OL_OK);
    assert_int_equal(ol_engine_shared.step(run, 0, &err), OL_OK);
    assert_int_equal(ol_engine_shared.step(run, 0, &err), OL_OK);
    ol_engine_shared.close(run);
    assert_int_equal(*keeper_int(engine, "keeper_live"), 0);
    fake_job_fini(&job);
    fake_job_init(&job, OL_SLICE_LIT("in"));
    fake_job_payload(&job, "yield");
    job.cpu_us = 1000 * 1000 + 1;
    assert_int_equal(fake_run(engine, &job, &err), OL_ETRANSFORMCPU);
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

static void test_head(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    static const struct {
        const char *payload;
        int rc;
        const char *size;
    } cases[] = {{"plain", OL_DONE, "1234"}, {"emit", OL_DONE, NULL}, {"fail", OL_ETRANSFORM, NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ol_job job;
        ol_slice size;
        ol_error err = {0};
        fake_job_init(&job, OL_SLICE_LIT("in"));
        fake_job_payload(&job, cases[i].payload);
        job.entry = OL_ENTRY_HEAD;
        assert_int_equal(fake_run(engine, &job, &err), cases[i].rc);
        assert_int_equal(job.output.len, 0);
        bool sized = job.head_was_sent && ol_fields_get(ol_buf_slice(&job.head), "size", &size);
        assert_int_equal(sized, cases[i].size != NULL);
        if (sized)
            assert_true(ol_slice_eq_cstr(size, cases[i].size));
        if (cases[i].rc != OL_DONE)
            assert_int_equal(err.status, 410);
        fake_job_fini(&job);
    }
    ol_shared_engine_destroy(engine);
}

static void test_declared(void **state)
{
    (void)state;
    ol_program_declared declared;
    ol_engine *engine = fake_engine("keeper", keeper_path, &declared);
    assert_true(declared.has_head && declared.has_get);
    assert_int_equal(declared.threads_max, 3);
    assert_true(ol_slice_eq_cstr(declared.counters, "seen\nclosed\n"));
    ol_shared_engine_destroy(engine);
}

static void expect_refused(const char *defines, const char *sentence)
{
    char path[600];
    build_plugin(path, sizeof(path), KEEPER, defines);
    ol_engine *engine = NULL;
    ol_error err = {0};
    ol_program program = {.name = "keeper", .kind = OL_PROGRAM_SHARED, .path = path};
    ol_program_declared declared;
    assert_int_equal(ol_engine_shared.load(&engine, &program, &declared, &err), OL_ETRANSFORM);
    if (!strstr(err.detail, sentence))
        fail_msg("expected \"%s\" in: %s", sentence, err.detail);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refused("-DTHREADS=65", "it wants 65 threads; 64 are allowed");
    expect_refused("-DCOUNTERS='\"a\",\"a\"'", "counter 2 has no name of its own");
    expect_refused("-DCOUNTERS='\"A\"'", "counter 1 has no name of its own");
    expect_refused("-DMORE='.reserved2=1,'", "a reserved field of its descriptor is not 0");
    expect_refused("-DMORE='.size=96,' -Wno-override-init", "ends within the fields of version 1.2");
}

static void test_no_memory(void **state)
{
    (void)state;
    ol_engine *engine = keeper();
    for (long n = 0;; n++) {
        ol_job job;
        ol_error err = {0};
        fake_job_init(&job, OL_SLICE_LIT("in"));
        fake_job_payload(&job, n % 2 ? "counts" : "plain");
        ol_run *run = NULL;
        ol_alloc_fail_after(n);
        int rc = ol_engine_shared.open(engine, &job, &run, &err);
        if (rc == OL_OK)
            rc = ol_engine_shared.step(run, 1000, &err);
        if (run)
            ol_engine_shared.close(run);
        ol_alloc_fail_after(-1);
        fake_job_fini(&job);
        assert_int_equal(*keeper_int(engine, "keeper_live"), 0);
        if (rc == OL_DONE)
            break;
        assert_true(rc == OL_ENOMEM || rc == OL_ETRANSFORMMEMORY);
        assert_true(n < 100);
    }
    ol_shared_engine_destroy(engine);
}

static int build(void **state)
{
    (void)state;
    build_plugin(keeper_path, sizeof(keeper_path), KEEPER, "");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    build_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_payload_is_parsed_once),
        cmocka_unit_test(test_payloads_are_bounded),
        cmocka_unit_test(test_a_bad_payload_fails_its_request),
        cmocka_unit_test(test_the_worker_starts_once),
        cmocka_unit_test(test_a_worker_that_does_not_start),
        cmocka_unit_test(test_limits_fit_what_the_plugin_knows),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_yielding),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, build, remove_folder);
}
