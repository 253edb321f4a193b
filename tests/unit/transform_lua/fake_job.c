/* SPDX-License-Identifier: MIT */
/*
 * The fake job; see fake_job.h. Included by each test, because it defines what the host does.
 */
#include "fake_job.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
/* The encoding of fields belongs to the room above, whose library needs this one. */
#include "transform/fields.c"

struct ol_job {
    const fake_options *options;
    fake_result *result;
    const ol_transform_limits *limits;
    ol_buf event;
    uint8_t *piece; /* a copy of just its size, so that reads beyond it are seen */
    size_t piece_bytes, fed;
    bool held, ended;
    uint8_t *span;
    size_t span_bytes;
    uint8_t *range;
    uint64_t cpu_begin_ns;
    bool head_sent, output_began;
    bool waited; /* a call answered OL_WAIT in this step */
    bool input_waited, output_waited, read_waited;
    uint64_t read_offset;
    size_t read_length;
};

/* ---- what engine.h offers ---- */

const ol_transform_limits *ol_job_limits(const ol_job *job)
{
    return job->limits;
}

enum ol_transform_entry ol_job_entry(const ol_job *job)
{
    return job->options->entry;
}

ol_slice ol_job_event(const ol_job *job)
{
    return ol_buf_slice(&job->event);
}

size_t ol_job_piece_bytes(const ol_job *job)
{
    return job->options->piece_bytes ? job->options->piece_bytes : OL_SLOT_BYTES;
}

/* True once for each thing asked for, when this job lets everything wait. */
static bool must_wait(ol_job *job, bool *waited)
{
    *waited = job->options->wait_always && !*waited;
    job->waited |= *waited;
    return *waited;
}

int ol_job_input(ol_job *job, ol_slice *piece)
{
    size_t left = job->options->original.len - job->fed;

    assert_false(job->held);
    if (must_wait(job, &job->input_waited))
        return OL_WAIT;
    if (left == 0) {
        assert_false(job->ended); /* asked once too often */
        job->ended = true;
        return OL_DONE;
    }
    job->piece_bytes = left < ol_job_piece_bytes(job) ? left : ol_job_piece_bytes(job);
    if (job->options->discard) {
        job->piece = (uint8_t *)(uintptr_t)job->options->original.data + job->fed;
    } else {
        job->piece = malloc(job->piece_bytes);
        assert_non_null(job->piece);
        memcpy(job->piece, job->options->original.data + job->fed, job->piece_bytes);
    }
    job->fed += job->piece_bytes;
    job->held = true;
    *piece = ol_slice_of(job->piece, job->piece_bytes);
    return OL_OK;
}

void ol_job_input_release(ol_job *job)
{
    assert_true(job->held);
    if (!job->options->discard) {
        memset(job->piece, 0xdd, job->piece_bytes);
        free(job->piece);
    }
    job->piece = NULL;
    job->held = false;
}

int ol_job_head(ol_job *job, ol_slice fields, ol_error *err)
{
    assert_false(job->head_sent);
    assert_false(job->output_began);
    assert_code(ol_fields_check(fields), OL_OK);
    job->head_sent = true;
    if (ol_buf_add(&job->result->head, fields) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "a head");
    return OL_OK;
}

bool ol_job_head_sent(const ol_job *job)
{
    return job->head_sent;
}

/* Drops what it cannot keep: when a test makes allocations fail, the output does not matter. */
static void keep_output(ol_job *job, const uint8_t *data, size_t len)
{
    job->output_began = true;
    if (!job->options->discard)
        (void)ol_buf_add(&job->result->out, ol_slice_of(data, len));
}

static int check_output(ol_job *job, size_t more, ol_error *err)
{
    if (job->result->out.len + more > job->limits->output_bytes)
        return ol_error_set(err, OL_ETRANSFORMOUTPUT, "more than output_bytes");
    return OL_OK;
}

int ol_job_output_space(ol_job *job, ol_span *space, ol_error *err)
{
    uint64_t left = job->limits->output_bytes - job->result->out.len;

    if (check_output(job, 1, err) != OL_OK)
        return OL_ETRANSFORMOUTPUT;
    if (must_wait(job, &job->output_waited))
        return OL_WAIT;
    if (!job->options->discard || !job->span) {
        free(job->span);
        job->span = NULL;
    }
    job->span_bytes = job->options->room_bytes ? job->options->room_bytes : OL_SLOT_BYTES;
    if (job->span_bytes > left)
        job->span_bytes = left;
    if (!job->span)
        job->span = malloc(job->span_bytes);
    assert_non_null(job->span);
    *space = (ol_span){job->span, job->span_bytes};
    return OL_OK;
}

void ol_job_output_commit(ol_job *job, size_t n)
{
    assert_true(n <= job->span_bytes);
    keep_output(job, job->span, n);
    job->span_bytes = 0;
}

int ol_job_output_forward(ol_job *job, ol_slice part, bool release, ol_error *err)
{
    assert_true(job->held);
    assert_true(part.data >= job->piece && part.data + part.len <= job->piece + job->piece_bytes);
    if (check_output(job, part.len, err) != OL_OK)
        return OL_ETRANSFORMOUTPUT;
    if (must_wait(job, &job->output_waited))
        return OL_WAIT;
    keep_output(job, part.data, part.len);
    job->result->forwarded_bytes += part.len;
    if (release)
        ol_job_input_release(job);
    return OL_OK;
}

void ol_job_output_flush(ol_job *job)
{
    (void)job;
}

uint64_t ol_job_output_bytes(const ol_job *job)
{
    return job->result->out.len;
}

int ol_job_read_at(ol_job *job, uint64_t offset, size_t length, ol_slice *data, ol_error *err)
{
    ol_slice original = job->options->original;

    assert_true(length <= ol_job_piece_bytes(job));
    if (job->options->read_at_refused)
        return ol_error_set(err, OL_EREADAT, "this origin has no ranges");
    if (job->read_waited)
        assert_true(offset == job->read_offset && length == job->read_length);
    job->read_offset = offset;
    job->read_length = length;
    if (must_wait(job, &job->read_waited))
        return OL_WAIT;
    free(job->range);
    *data = ol_slice_first(ol_slice_from(original, offset), length);
    job->range = malloc(data->len ? data->len : 1);
    assert_non_null(job->range);
    if (data->len)
        memcpy(job->range, data->data, data->len);
    data->data = job->range;
    return OL_OK;
}

void ol_job_log(ol_job *job, const char *level, ol_slice text)
{
    ol_buf_addf(&job->result->log, "%s: %.*s\n", level, OL_SLICE_FMT(text));
}

uint64_t ol_job_cpu_us(const ol_job *job)
{
    return (ol_clock_thread_cpu_ns() - job->cpu_begin_ns) / 1000;
}

void ol_job_note_memory(ol_job *job, uint64_t bytes)
{
    (void)job;
    (void)bytes;
}

void ol_job_note_instructions(ol_job *job, uint64_t more)
{
    (void)job;
    (void)more;
}

bool ol_job_meters(const ol_job *job)
{
    (void)job;
    return false;
}

/* ---- engines ---- */

void fake_engine_init(fake_engine *e)
{
    *e = (fake_engine){.limits = {.memory_bytes = OL_TRANSFORM_MEMORY_BYTES,
                                  .cpu_ms = OL_TRANSFORM_CPU_MS,
                                  .wall_ms = OL_TRANSFORM_WALL_MS,
                                  .output_bytes = OL_TRANSFORM_OUTPUT_BYTES,
                                  .pattern_steps = OL_TRANSFORM_PATTERN_STEPS,
                                  .unyieldable_ms = OL_TRANSFORM_UNYIELDABLE_MS,
                                  .load_ms = OL_TRANSFORM_LOAD_MS,
                                  .slice_ms = OL_TRANSFORM_SLICE_MS,
                                  .read_at_calls = OL_TRANSFORM_READ_AT_CALLS,
                                  .read_at_bytes = OL_TRANSFORM_READ_AT_BYTES,
                                  .log_bytes = OL_TRANSFORM_LOG_BYTES},
                       .path = "/etc/objlens/test.lua"};
}

int fake_engine_load(fake_engine *e, const char *source)
{
    ol_program program = {.name = "test",
                          .kind = OL_PROGRAM_LUA,
                          .path = e->path,
                          .source = ol_slice_cstr(source),
                          .digest = "a digest of thirty-two bytes...",
                          .limits = e->limits};

    return ol_engine_lua.load(&e->engine, &program, &e->declared, &e->err);
}

void fake_engine_close(fake_engine *e)
{
    if (e->engine)
        ol_lua_engine_destroy(e->engine);
    e->engine = NULL;
}

/* ---- jobs ---- */

ol_job *fake_job_new(fake_engine *e, const fake_options *options, fake_result *result)
{
    ol_job *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    *result = (fake_result){0};
    ol_buf_init(&result->out, (size_t)1 << 30);
    ol_buf_init(&result->head, 1 << 20);
    ol_buf_init(&result->log, 1 << 20);
    job->options = options;
    job->result = result;
    job->limits = &e->limits;
    job->cpu_begin_ns = ol_clock_thread_cpu_ns();
    ol_buf_init(&job->event, 1 << 20);
    assert_code(ol_fields_begin(&job->event), OL_OK);
    for (const char *const *field = options->event; field && *field; field += 2)
        assert_code(ol_fields_add(&job->event, field[0], ol_slice_cstr(field[1])), OL_OK);
    return job;
}

void fake_job_free(ol_job *job)
{
    if (!job->options->discard)
        free(job->piece);
    free(job->span);
    free(job->range);
    ol_buf_fini(&job->event);
    free(job);
}

void fake_result_fini(fake_result *result)
{
    ol_buf_fini(&result->out);
    ol_buf_fini(&result->head);
    ol_buf_fini(&result->log);
}

static int fake_step(ol_job *job, ol_run *run, fake_result *result)
{
    uint32_t slice_ms = job->options->slice_ms ? job->options->slice_ms : OL_TRANSFORM_SLICE_MS;
    uint64_t begin_ns = ol_clock_thread_cpu_ns(), took_us;
    int rc;

    job->waited = false;
    rc = ol_engine_lua.step(run, slice_ms, &result->err);
    took_us = (ol_clock_thread_cpu_ns() - begin_ns) / 1000;
    if (took_us > result->longest_step_us)
        result->longest_step_us = took_us;
    result->steps++;
    result->preempted += rc == OL_OK;
    result->waits += rc == OL_WAIT;
    if (rc == OL_WAIT)
        assert_true(job->waited);
    if (rc < 0)
        assert_int_equal(result->err.code, rc);
    return rc;
}

void fake_run(fake_engine *e, const fake_options *options, fake_result *result)
{
    ol_job *job = fake_job_new(e, options, result);
    ol_run *run = NULL;

    result->rc = ol_engine_lua.open(e->engine, job, &run, &result->err);
    if (result->rc == OL_OK) {
        do {
            result->rc = fake_step(job, run, result);
        } while (result->rc >= 0 && result->rc != OL_DONE &&
                 (!options->steps_max || result->steps < options->steps_max));
        ol_engine_lua.close(run);
    }
    assert_false(job->held);
    fake_job_free(job);
}

/* ---- short forms ---- */

void expect_output(const char *source, ol_slice original, const char *want)
{
    fake_options options = {.original = original};
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    if (result.rc != OL_DONE)
        print_error("log: %s\n", ol_buf_cstr(&result.log));
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(want));
    fake_result_fini(&result);
    fake_engine_close(&e);
}

void expect_error(const char *source, int code, const char *detail_has)
{
    fake_options options = {.original = OL_SLICE_LIT("original")};
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, code, &result.err);
    if (!strstr(result.err.detail, detail_has)) {
        print_error("detail is \"%s\"\n", result.err.detail);
        assert_true(strstr(result.err.detail, detail_has));
    }
    fake_result_fini(&result);
    fake_engine_close(&e);
}
