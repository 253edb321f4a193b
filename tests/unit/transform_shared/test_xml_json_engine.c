/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform in the engine that runs it: every kind of wait, several requests at a
 * time, clients that go away in the middle, no memory.
 */
#include "fake_job.c"

#include <stdio.h>

static ol_engine *load(void)
{
    return fake_engine("xml_json", OBJLENS_BINARY_DIR "/transforms/xml_json.so", NULL);
}

static const char document[] =
    "<r k='v'><a>1</a><b>2<c/>3<c/>4</b><a j='&lt;'>5</a>&#65;<d><![CDATA[x]]></d></r>";
static const char whole[] =
    "{\"r\":{\"@k\":\"v\",\"a\":[\"1\",{\"@j\":\"<\",\"#text\":\"5\"}],\"b\":{\"c\":[null,null],\"#text\":\"234\"},"
    "\"d\":\"x\",\"#text\":\"A\"}}";
static const char lines[] = "\"1\"\n{\"@j\":\"<\",\"#text\":\"5\"}\n";

static void run_with_waits(const char *payload, const char *wanted)
{
    ol_engine *engine = load();
    for (unsigned wait = 2; wait < 9; wait++) {
        ol_job job;
        ol_error err = {0};
        fake_job_init(&job, ol_slice_cstr(document));
        fake_job_payload(&job, payload);
        job.wait_each = wait == 8 ? 0 : wait;
        job.piece_bytes = 1u << wait;
        job.slot_bytes = 100 >> wait | 1;
        int rc = fake_run(engine, &job, &err);
        if (rc != OL_DONE)
            fail_msg("%s %s", err.message, err.detail);
        assert_int_equal(job.output.len, strlen(wanted));
        assert_memory_equal(job.output.data, wanted, job.output.len);
        fake_job_fini(&job);
    }
    ol_shared_engine_destroy(engine);
}

static void test_waits(void **state)
{
    (void)state;
    run_with_waits("", whole);
    run_with_waits("{\"records\":\"/r/a\"}", lines);
}

static void test_declarations(void **state)
{
    (void)state;
    ol_program_declared declared;
    ol_engine *engine = fake_engine("shipped", OBJLENS_BINARY_DIR "/transforms/xml_json.so", &declared);
    assert_true(declared.reentrant);
    assert_false(declared.depends_request);
    assert_int_equal(declared.depends_headers.len, 0);
    ol_shared_engine_destroy(engine);
}

/* Closed after `steps` steps, or when it is over. Returns what the last step did. */
static int give_up_after(ol_engine *engine, const char *payload, ol_slice input, unsigned steps)
{
    ol_run *run;
    ol_job job;
    ol_error err = {0};
    int rc = OL_WAIT;
    fake_job_init(&job, input);
    fake_job_payload(&job, payload);
    job.wait_each = 2;
    job.piece_bytes = 400;
    job.slot_bytes = 37;
    assert_int_equal(ol_engine_shared.open(engine, &job, &run, &err), OL_OK);
    for (unsigned i = 0; i < steps && (rc == OL_WAIT || rc == OL_OK); i++)
        rc = ol_engine_shared.step(run, 10, &err);
    ol_engine_shared.close(run);
    fake_job_fini(&job);
    assert_int_equal(err.code, 0);
    return rc;
}

static void add_records(ol_buf *text, unsigned count)
{
    assert_int_equal(ol_buf_add_cstr(text, "<r>"), OL_OK);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(ol_buf_add_cstr(text, "<a k='value'>the text of a record</a>\n"), OL_OK);
    assert_int_equal(ol_buf_add_cstr(text, "</r>"), OL_OK);
}

static void test_clients_go_away(void **state)
{
    (void)state;
    long live = ol_alloc_live();
    ol_engine *engine = load();
    unsigned steps = 1;
    while (give_up_after(engine, "", ol_slice_cstr(document), steps) != OL_DONE)
        assert_in_range(++steps, 1, 1000);
    /* So many records that lines leave while the parser is in the middle of a block. */
    ol_buf text;
    ol_buf_init(&text, 1 << 20);
    add_records(&text, 3000);
    steps = 1;
    while (give_up_after(engine, "{\"records\":\"/r/a\"}", ol_buf_slice(&text), steps) != OL_DONE)
        assert_in_range(steps += 53, 1, 100000);
    assert_in_range(steps, 1000, 100000);
    ol_buf_fini(&text);
    ol_shared_engine_destroy(engine);
    assert_int_equal(ol_alloc_live(), live);
}

static void test_no_memory(void **state)
{
    (void)state;
    ol_engine *engine = load();
    int rc = 0;
    for (long n = 0; rc != OL_DONE && n < 100; n++) {
        ol_job job;
        ol_error err = {0};
        fake_job_init(&job, ol_slice_cstr(document));
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
    ol_engine *engine = load();
    ol_job job;
    ol_error err = {0};
    fake_job_init(&job, OL_SLICE_LIT("<secret>\n</a>"));
    assert_int_equal(fake_run(engine, &job, &err), OL_ETRANSFORM);
    assert_int_equal(err.status, 400);
    assert_string_equal(err.s3_code, "MalformedXML");
    assert_string_equal(err.message, "xml_json: line 2: an end tag does not match its start tag");
    assert_int_equal(job.output.len, 0);
    fake_job_fini(&job);

    err = (ol_error){0};
    fake_job_init(&job, OL_SLICE_LIT("<a/>"));
    fake_job_payload(&job, "{\"colour\":1}");
    assert_int_equal(fake_run(engine, &job, &err), OL_ETRANSFORM);
    assert_int_equal(err.status, 500);
    assert_string_equal(err.message, "xml_json: the payload has an unknown key, \"colour\"");
    fake_job_fini(&job);
    ol_shared_engine_destroy(engine);
}

/* More than the transform holds back before the first record leaves. */
enum { REQUESTS = 20, TEXT_BYTES = 200000 };

static void step_all(ol_engine *engine, ol_job *jobs, const char *payload, char texts[REQUESTS][TEXT_BYTES])
{
    ol_run *runs[REQUESTS];
    ol_error err = {0};
    for (int i = 0; i < REQUESTS; i++) {
        fake_job_init(&jobs[i], ol_slice_cstr(texts[i]));
        fake_job_payload(&jobs[i], payload);
        jobs[i].wait_each = 2;
        jobs[i].piece_bytes = 3000 + (size_t)i;
        jobs[i].slot_bytes = 5000;
        assert_int_equal(ol_engine_shared.open(engine, &jobs[i], &runs[i], &err), OL_OK);
    }
    for (int done = 0; done < REQUESTS;)
        for (int i = 0; i < REQUESTS; i++) {
            if (!runs[i] || ol_engine_shared.step(runs[i], 10, &err) != OL_DONE)
                continue;
            ol_engine_shared.close(runs[i]);
            runs[i] = NULL;
            done++;
        }
    assert_int_equal(err.code, 0);
}

/* Several requests at a time, a little of each in turn, some waiting inside the parser: nobody
 * gets another's bytes. */
static void test_requests_do_not_mix(void **state)
{
    (void)state;
    static char texts[REQUESTS][TEXT_BYTES];
    static ol_job jobs[REQUESTS];
    const char *const payloads[] = {"", "{\"records\":\"/r/a\"}"};
    ol_engine *engine = load();
    for (int i = 0; i < REQUESTS; i++) {
        size_t n = (size_t)sprintf(texts[i], "<r>");
        while (n + 100 < sizeof(texts[0]))
            n += (size_t)sprintf(texts[i] + n, "<a>request %02d</a>", i);
        sprintf(texts[i] + n, "</r>");
    }
    for (int way = 0; way < 2; way++) {
        step_all(engine, jobs, payloads[way], texts);
        for (int i = 0; i < REQUESTS; i++) {
            char item[64];
            size_t len = (size_t)sprintf(item, "\"request %02d\"%c", i, way ? '\n' : ',');
            ol_slice out = ol_buf_slice(&jobs[i].output);
            size_t at = way ? 0 : strlen("{\"r\":{\"a\":[");
            assert_true(out.len > 110000);
            for (; at + len < out.len - 2; at += len)
                assert_memory_equal(out.data + at, item, len);
            fake_job_fini(&jobs[i]);
        }
    }
    ol_shared_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_clients_go_away),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_failures_reach_the_client),
        cmocka_unit_test(test_requests_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
