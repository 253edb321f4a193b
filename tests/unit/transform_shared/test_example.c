/* SPDX-License-Identifier: MIT */
/* The example of docs/plugin_abi.md does what it says, compiled the way it says. */
#include "fake_job.c"
#include "build_plugin.h"

static char path[600];

static int run(const char *payload, const char *input, size_t piece, ol_job *job, ol_error *err)
{
    ol_engine *engine = fake_engine("number_lines", path, NULL);
    fake_job_init(job, ol_slice_cstr(input));
    job->piece_bytes = piece;
    job->slot_bytes = 3 + piece;
    job->wait_each = 3;
    if (payload)
        fake_job_payload(job, payload);
    int rc = fake_run(engine, job, err);
    ol_shared_engine_destroy(engine);
    return rc;
}

static void expect(const char *payload, const char *input, const char *output)
{
    for (size_t piece = 1; piece < 40; piece += 7) {
        ol_job job;
        ol_error err = {0};
        ol_slice made_by = OL_SLICE_NONE;
        int rc = run(payload, input, piece, &job, &err);
        if (rc != OL_DONE)
            fail_msg("%d: %s", rc, err.message);
        if (!ol_slice_eq_cstr(ol_buf_slice(&job.output), output))
            fail_msg("got \"%.*s\"", OL_SLICE_FMT(ol_buf_slice(&job.output)));
        assert_true(ol_fields_get(ol_buf_slice(&job.head), "metadata.numbered-by", &made_by));
        assert_true(ol_slice_eq_cstr(made_by, "number_lines"));
        fake_job_fini(&job);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    expect(NULL, "", "");
    expect(NULL, "a\n\nlonger line\nend", "     1\ta\n     2\t\n     3\tlonger line\n     4\tend");
    expect("{\"from\": 99}", "a\nb\n", "    99\ta\n   100\tb\n");
}

static void test_bad_payload(void **state)
{
    (void)state;
    const char *bad[] = {"{\"to\": 1}", "{\"from\": 1} x", "1", "{\"from\": 1", "{\"from\": x}",
                         "{\"from\": 1                                                             }"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ol_job job;
        ol_error err = {0};
        assert_int_equal(run(bad[i], "a", 10, &job, &err), OL_ETRANSFORM);
        assert_string_equal(err.s3_code, "InvalidTransformPayload");
        fake_job_fini(&job);
    }
}

static int setup(void **state)
{
    (void)state;
    build_plugin(path, sizeof(path), "examples/c/number_lines.c", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    build_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bad_payload),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
