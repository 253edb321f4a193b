/* SPDX-License-Identifier: MIT */
/* The engine and its host functions, through a plugin that does what its payload says. */
#include <dlfcn.h>

#include "fake_job.c"
#include "build_plugin.h"

static char probe_path[600];
static char text[20000];

typedef struct fixture {
    ol_engine *engine;
    ol_job job;
    ol_error err;
} fixture;

static int *probe_int(fixture *f, const char *name)
{
    int *(*get)(void);
    *(void **)&get = dlsym(f->engine->plugin.handle, name);
    assert_non_null(get);
    return get();
}

static void start(fixture *f, const char *payload)
{
    memset(f, 0, sizeof(*f));
    f->engine = fake_engine("probe", probe_path, NULL);
    fake_job_init(&f->job, ol_slice_of(text, sizeof(text)));
    fake_job_payload(&f->job, payload);
}

static void stop(fixture *f)
{
    fake_job_fini(&f->job);
    ol_shared_engine_destroy(f->engine);
}

static void expect_output(fixture *f, const char *expected)
{
    if (!ol_slice_eq_cstr(ol_buf_slice(&f->job.output), expected))
        fail_msg("expected \"%s\", got \"%.*s\"", expected, OL_SLICE_FMT(ol_buf_slice(&f->job.output)));
}

static void test_copies_through_every_wait(void **state)
{
    (void)state;
    const char *ways[] = {"emit", "span", "deep"};
    for (size_t way = 0; way < 3; way++)
        for (unsigned wait = 0; wait < 7; wait++) {
            if (wait == 1)
                continue; /* would wait for ever */
            fixture f;
            start(&f, ways[way]);
            f.job.wait_each = wait;
            f.job.piece_bytes = 777;
            f.job.slot_bytes = wait ? 100 * wait : 5000;
            assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
            assert_true(ol_slice_eq(ol_buf_slice(&f.job.output), f.job.input));
            if (wait > 1)
                assert_true(f.job.waits > 10);
            assert_int_equal(*probe_int(&f, "probe_late_result"), 0);
            stop(&f);
        }
}

/* Large pieces are passed on where they lie; what comes of it is the same. */
static void test_large_pieces_are_forwarded(void **state)
{
    (void)state;
    for (unsigned wait = 0; wait < 5; wait++) {
        fixture f;
        start(&f, "emit");
        f.job.wait_each = wait == 1 ? 0 : wait;
        f.job.piece_bytes = OL_SHARED_FORWARD_BYTES_MIN;
        assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
        assert_true(ol_slice_eq(ol_buf_slice(&f.job.output), f.job.input));
        assert_int_equal(f.job.forwards, 1); /* of two pieces the second is small */
        stop(&f);
    }
    fixture f;
    start(&f, "emit");
    f.job.piece_bytes = OL_SHARED_FORWARD_BYTES_MIN;
    f.job.output_max = 0;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_ETRANSFORMOUTPUT);
    stop(&f);
}

static void test_finish_writes_the_end(void **state)
{
    (void)state;
    fixture f;
    start(&f, "tail");
    f.job.input = OL_SLICE_NONE;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    expect_output(&f, "<end>");
    stop(&f);
}

static void test_done_early(void **state)
{
    (void)state;
    fixture f;
    start(&f, "first line");
    f.job.input = OL_SLICE_LIT("0123456789\nabc\nabcdefghijk");
    f.job.piece_bytes = 4;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    expect_output(&f, "0123456789\n");
    assert_int_equal(f.job.position, 12);
    assert_false(f.job.holds_piece);
    stop(&f);
}

static void expect_failure(const char *payload, int status, const char *code, const char *message)
{
    fixture f;
    start(&f, payload);
    f.job.wait_each = 3;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_ETRANSFORM);
    assert_int_equal(f.err.status, status);
    assert_string_equal(f.err.s3_code, code);
    assert_string_equal(f.err.message, message);
    assert_int_equal(*probe_int(&f, "probe_live_counter"), 0);
    stop(&f);
}

static void test_failures(void **state)
{
    (void)state;
    expect_failure("fail open", 418, "Teapot", "no coffee here");
    expect_failure("fail write", 422, "BadThing", "line 1");
    expect_failure("fail late", 422, "BadThing", "too late");
    expect_failure("fail finish", 500, "Finish", "at the end");
    expect_failure("return -77", 500, "LambdaRuntimeError", "The transform failed.");
}

static void test_first_failure_stands(void **state)
{
    (void)state;
    fixture f;
    start(&f, "ignore failure");
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_ETRANSFORM);
    assert_string_equal(f.err.s3_code, "First");
    assert_int_equal(f.job.output.len, 0);
    assert_int_equal(*probe_int(&f, "probe_late_result"), OBJLENS_EFAILED);
    assert_int_equal(f.job.position, f.job.piece_bytes); /* and no more input was asked for */
    stop(&f);
}

static void test_bare_error_names_the_callback(void **state)
{
    (void)state;
    fixture f;
    start(&f, "return -77");
    fake_run(f.engine, &f.job, &f.err);
    assert_string_equal(f.err.detail, "probe: write() returned -77");
    stop(&f);
}

static void test_output_limit(void **state)
{
    (void)state;
    fixture f;
    start(&f, "emit");
    f.job.output_max = 6000;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_ETRANSFORMOUTPUT);
    stop(&f);
}

static void test_cpu_limit(void **state)
{
    (void)state;
    fixture f;
    start(&f, "emit");
    f.job.cpu_us = 1000 * 1000 + 1;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_ETRANSFORMCPU);
    assert_int_equal(*probe_int(&f, "probe_live_counter"), 0);
    stop(&f);
}

static void test_preempted_between_pieces(void **state)
{
    (void)state;
    fixture f;
    start(&f, "emit");
    ol_run *run;
    size_t turns = 0;
    assert_int_equal(ol_engine_shared.open(f.engine, &f.job, &run, &f.err), OL_OK);
    int rc;
    while ((rc = ol_engine_shared.step(run, 0, &f.err)) == OL_OK)
        turns++;
    assert_int_equal(rc, OL_DONE);
    assert_int_equal(turns, 5); /* 20000 bytes in pieces of 4096 */
    ol_engine_shared.close(run);
    stop(&f);
}

static void test_head(void **state)
{
    (void)state;
    fixture f;
    ol_slice v;
    start(&f, "head");
    f.job.input = OL_SLICE_NONE;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    expect_output(&f, "0 0 0 0 -4 -4 -4 -4 -4 ");
    ol_slice head = ol_buf_slice(&f.job.head);
    assert_true(ol_fields_get(head, "status", &v) && ol_slice_eq_cstr(v, "206"));
    assert_true(ol_fields_get(head, "header.content-type", &v) && ol_slice_eq_cstr(v, "c/d"));
    assert_true(ol_fields_get(head, "metadata.made-by", &v) && ol_slice_eq_cstr(v, "probe"));
    assert_false(ol_fields_get(head, "header.content-length", &v));
    assert_int_equal(*probe_int(&f, "probe_late_result"), OBJLENS_ESTATE);
    stop(&f);
}

static void test_head_without_body(void **state)
{
    (void)state;
    fixture f;
    start(&f, "head only");
    f.job.input = OL_SLICE_NONE;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    assert_true(f.job.head_was_sent);
    assert_int_equal(f.job.output.len, 0);
    stop(&f);
}

static void test_event(void **state)
{
    (void)state;
    fixture f;
    start(&f, "event");
    f.job.input = OL_SLICE_NONE;
    fake_job_field(&f.job, "userIdentity.arn", "arn:x");
    fake_job_field(&f.job, "userRequest.headers.accept", "*/*");
    fake_job_field(&f.job, "userRequest.headers.x-other", "secret");
    fake_job_field(&f.job, "object.size", "123456789012");
    fake_job_field(&f.job, "object.etag", "\"e\"");
    fake_job_field(&f.job, "object.header.content-type", "text/csv");
    fake_job_field(&f.job, "object.metadata.k", "v");
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    expect_output(&f, "0 arn:x|0 -7 -7 -3 0 123456789012|0 \"e\"|0 text/csv|-3|"
                      "object.size=123456789012;object.etag=\"e\";"
                      "object.header.content-type=text/csv;object.metadata.k=v;");
    stop(&f);
}

static void test_read_at(void **state)
{
    (void)state;
    for (unsigned wait = 0; wait < 5; wait++) {
        fixture f;
        start(&f, "read_at");
        f.job.wait_each = wait == 1 ? 0 : wait;
        f.job.piece_bytes = 64;
        f.job.input = ol_slice_first(f.job.input, 1000);
        assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
        ol_slice out = ol_buf_slice(&f.job.output);
        assert_int_equal(out.len, 4 + 1000 + 4 + 1000);
        assert_memory_equal(out.data, text + 3, 4);
        assert_memory_equal(out.data + 4, text, 1000);
        assert_memory_equal(out.data + 1004, "|end", 4);
        assert_memory_equal(out.data + 1008, text, 1000);
        stop(&f);
    }
}

/* A plugin that hands the refusal up ends with the reason of the refusal. */
static void test_read_at_refused(void **state)
{
    (void)state;
    fixture f;
    start(&f, "read_at");
    f.job.read_at_refused = true;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_EREADAT);
    assert_string_equal(f.err.message, "the origin cannot read ranges");
    stop(&f);
}

static void start_with(fixture *f, const char *payload, const char *defines)
{
    char path[600];
    start(f, payload);
    ol_shared_engine_destroy(f->engine);
    build_plugin(path, sizeof(path), "tests/unit/transform_shared/plugins/probe.c", defines);
    f->engine = fake_engine("probe", path, NULL);
    f->job.input = OL_SLICE_NONE;
}

/* A plugin that says it ignores who asks cannot learn it, by no function. */
static void test_identity_is_out_of_reach(void **state)
{
    (void)state;
    static const char *const defines[] = {"", "-DFLAGS=OBJLENS_IGNORES_IDENTITY"};
    static const char *const expected[] = {
        "0 -3|userIdentity.arn=arn:x;userRequest.url=u;", "-7 -7|userRequest.url=u;"};
    for (size_t i = 0; i < 2; i++) {
        fixture f;
        start_with(&f, "identity", defines[i]);
        fake_job_field(&f.job, "userIdentity.arn", "arn:x");
        fake_job_field(&f.job, "userRequest.url", "u");
        assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
        expect_output(&f, expected[i]);
        stop(&f);
    }
}

/* A piece does not know where it lies in the original. */
static void test_positions_and_read_at_exclude_each_other(void **state)
{
    (void)state;
    fixture f;
    start_with(&f, "read_at", "-DFLAGS=OBJLENS_KEEPS_POSITIONS");
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_EREADAT);
    assert_non_null(strstr(f.err.detail, "keeps positions"));
    stop(&f);
}

static void test_memory_is_counted_and_freed(void **state)
{
    (void)state;
    fixture f;
    start(&f, "memory");
    f.job.input = OL_SLICE_LIT("x");
    long live = ol_alloc_live();
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    expect_output(&f, "memory");
    assert_int_equal(ol_alloc_live(), live + 2); /* the idle fiber and the output buffer */
    stop(&f);
}

static void test_log(void **state)
{
    (void)state;
    fixture f;
    start(&f, "log");
    f.job.input = OL_SLICE_LIT("x");
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    assert_true(ol_slice_eq_cstr(ol_buf_slice(&f.job.log), "warn: a line\n"));
    stop(&f);
}

static void test_no_output_in_close(void **state)
{
    (void)state;
    fixture f;
    start(&f, "write in close");
    f.job.input = OL_SLICE_NONE;
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    assert_int_equal(f.job.output.len, 0);
    assert_int_equal(*probe_int(&f, "probe_late_result"), OBJLENS_ESTATE);
    stop(&f);
}

/* Jobs given up while the plugin stands in the middle of a callback are unwound by their own
 * close, not at another job's cost, and nothing is leaked. */
static void test_abandoned_jobs_are_unwound(void **state)
{
    (void)state;
    fixture f;
    start(&f, "emit");
    long live = ol_alloc_live();
    int *instances = probe_int(&f, "probe_live_counter");
    ol_run *runs[30];
    ol_job stuck[30];
    for (int i = 0; i < 30; i++) {
        fake_job_init(&stuck[i], ol_slice_of(text, sizeof(text)));
        stuck[i].blocked = true;
        assert_int_equal(ol_engine_shared.open(f.engine, &stuck[i], &runs[i], &f.err), OL_OK);
        if (i % 10 != 9) /* some are given up before their first step */
            assert_int_equal(ol_engine_shared.step(runs[i], 10, &f.err), OL_WAIT);
    }
    assert_int_equal(*instances, 27);
    for (int i = 0; i < 30; i++) {
        ol_engine_shared.close(runs[i]);
        fake_job_fini(&stuck[i]); /* the job is gone: nothing may look at it */
    }
    assert_int_equal(*instances, 0);
    assert_int_equal(fake_run(f.engine, &f.job, &f.err), OL_DONE);
    assert_true(ol_slice_eq(ol_buf_slice(&f.job.output), f.job.input));
    assert_int_equal(*instances, 0);
    assert_int_equal(ol_alloc_live(), live + OL_FIBERS_IDLE_MAX + 1);
    stop(&f);
}

static void test_one_at_a_time_unless_reentrant(void **state)
{
    (void)state;
    char path[600];
    build_plugin(path, sizeof(path), "tests/unit/transform_shared/plugins/shape.c", "-DFLAGS=0");
    ol_engine *engine = fake_engine("shape", path, NULL);
    ol_error err = {0};
    ol_run *first, *second;
    ol_job a, b;
    fake_job_init(&a, OL_SLICE_LIT("abc"));
    fake_job_init(&b, OL_SLICE_LIT("abc"));
    assert_int_equal(ol_engine_shared.open(engine, &a, &first, &err), OL_OK);
    assert_int_equal(ol_engine_shared.open(engine, &b, &second, &err), OL_EINTERNAL);
    ol_engine_shared.close(first);
    assert_int_equal(fake_run(engine, &b, &(ol_error){0}), OL_DONE);
    fake_job_fini(&a);
    fake_job_fini(&b);
    ol_shared_engine_destroy(engine);
}

static void test_no_memory(void **state)
{
    (void)state;
    const char *payloads[] = {"emit", "head", "memory"};
    for (size_t which = 0; which < 3; which++) {
        int rc = OL_ENOMEM;
        for (long n = 0; rc != OL_DONE && n < 300; n++) {
            fixture f;
            start(&f, payloads[which]);
            /* The fake's own output must not be what fails. */
            assert_int_equal(ol_buf_reserve(&f.job.output, 65536), OL_OK);
            assert_int_equal(ol_buf_reserve(&f.job.head, 65536), OL_OK);
            long live = ol_alloc_live();
            ol_alloc_fail_after(n);
            rc = fake_run(f.engine, &f.job, &f.err);
            ol_alloc_fail_after(-1);
            assert_true(rc == OL_DONE || rc < 0);
            assert_int_equal(*probe_int(&f, "probe_live_counter"), 0);
            assert_true(ol_alloc_live() <= live + 1); /* the idle fiber */
            stop(&f);
        }
        assert_int_equal(rc, OL_DONE);
    }
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + (i * 7 + i / 26) % 26);
    build_plugin(probe_path, sizeof(probe_path), "tests/unit/transform_shared/plugins/probe.c", "");
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
        cmocka_unit_test(test_copies_through_every_wait),
        cmocka_unit_test(test_large_pieces_are_forwarded),
        cmocka_unit_test(test_finish_writes_the_end),
        cmocka_unit_test(test_done_early),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_first_failure_stands),
        cmocka_unit_test(test_bare_error_names_the_callback),
        cmocka_unit_test(test_output_limit),
        cmocka_unit_test(test_cpu_limit),
        cmocka_unit_test(test_preempted_between_pieces),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_head_without_body),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_read_at),
        cmocka_unit_test(test_read_at_refused),
        cmocka_unit_test(test_identity_is_out_of_reach),
        cmocka_unit_test(test_positions_and_read_at_exclude_each_other),
        cmocka_unit_test(test_memory_is_counted_and_freed),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_no_output_in_close),
        cmocka_unit_test(test_abandoned_jobs_are_unwound),
        cmocka_unit_test(test_one_at_a_time_unless_reentrant),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
