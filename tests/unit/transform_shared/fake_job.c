/* SPDX-License-Identifier: MIT */
/* See fake_job.h. Included, not compiled alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "fake_job.h"
#include "base/alloc.h"
/* These belong to a library above the engine's. */
#include "transform/fields.c"
#include "transform/counters.c"
#include "transform/shared/run.h"

void fake_job_init(ol_job *job, ol_slice input)
{
    *job = (ol_job){.input = input, .piece_bytes = 4096, .slot_bytes = 4096,
                    .output_max = UINT64_MAX};
    job->limits = (ol_transform_limits){.memory_bytes = 64 << 20, .cpu_ms = 1000};
    ol_buf_init(&job->event, 1 << 20);
    ol_buf_init(&job->output, (size_t)1 << 30);
    ol_buf_init(&job->log, 1 << 20);
    ol_buf_init(&job->head, 1 << 20);
    assert_int_equal(ol_fields_begin(&job->event), OL_OK);
}

void fake_job_fini(ol_job *job)
{
    free(job->piece);
    free(job->slot);
    free(job->range);
    ol_buf_fini(&job->event);
    ol_buf_fini(&job->output);
    ol_buf_fini(&job->log);
    ol_buf_fini(&job->head);
}

void fake_job_field(ol_job *job, const char *path, const char *value)
{
    assert_int_equal(ol_fields_add(&job->event, path, ol_slice_cstr(value)), OL_OK);
}

void fake_job_payload(ol_job *job, const char *payload)
{
    fake_job_field(job, "configuration.payload", payload);
}

static bool waits_now(ol_job *job)
{
    if (job->wait_each == 0 || ++job->calls % job->wait_each != 0)
        return false;
    job->waits++;
    return true;
}

enum ol_transform_entry ol_job_entry(const ol_job *job)
{
    return job->entry;
}

const ol_transform_limits *ol_job_limits(const ol_job *job)
{
    return &job->limits;
}

ol_slice ol_job_event(const ol_job *job)
{
    return ol_buf_slice(&job->event);
}

size_t ol_job_piece_bytes(const ol_job *job)
{
    return job->piece_bytes;
}

uint64_t ol_job_cpu_us(const ol_job *job)
{
    return job->cpu_us;
}

bool ol_job_head_sent(const ol_job *job)
{
    return job->head_was_sent;
}

uint64_t ol_job_output_bytes(const ol_job *job)
{
    return job->output.len;
}

int ol_job_input(ol_job *job, ol_slice *piece)
{
    assert_false(job->holds_piece);
    if (waits_now(job))
        return OL_WAIT;
    if (job->position == job->input.len)
        return OL_DONE;
    size_t left = job->input.len - job->position;
    size_t len = left < job->piece_bytes ? left : job->piece_bytes;
    job->piece = malloc(len);
    memcpy(job->piece, job->input.data + job->position, len);
    job->position += len;
    job->holds_piece = true;
    *piece = job->held = ol_slice_of(job->piece, len);
    return OL_OK;
}

void ol_job_input_release(ol_job *job)
{
    assert_true(job->holds_piece);
    job->holds_piece = false;
    free(job->piece);
    job->piece = NULL;
}

int ol_job_head(ol_job *job, ol_slice fields, ol_error *err)
{
    (void)err;
    assert_false(job->head_was_sent);
    assert_int_equal(job->output.len, 0);
    assert_int_equal(ol_fields_check(fields), OL_OK);
    job->head_was_sent = true;
    return ol_buf_add(&job->head, fields);
}

int ol_job_output_space(ol_job *job, ol_span *space, ol_error *err)
{
    if (job->blocked || waits_now(job))
        return OL_WAIT;
    if (job->output.len >= job->output_max)
        return ol_error_set(err, OL_ETRANSFORMOUTPUT, NULL);
    free(job->slot);
    job->slot = malloc(job->slot_bytes);
    memset(job->slot, 0xee, job->slot_bytes);
    *space = (ol_span){job->slot, job->slot_bytes};
    return OL_OK;
}

void ol_job_output_commit(ol_job *job, size_t n)
{
    assert_non_null(job->slot);
    assert_in_range(n, 1, job->slot_bytes);
    assert_int_equal(ol_buf_add(&job->output, ol_slice_of(job->slot, n)), OL_OK);
    free(job->slot);
    job->slot = NULL;
}

int ol_job_output_forward(ol_job *job, ol_slice part, bool release, ol_error *err)
{
    if (job->blocked || waits_now(job))
        return OL_WAIT;
    assert_true(job->holds_piece);
    assert_true(part.data >= job->held.data &&
                part.data + part.len <= job->held.data + job->held.len);
    if (job->output.len >= job->output_max)
        return ol_error_set(err, OL_ETRANSFORMOUTPUT, NULL);
    job->forwards++;
    assert_int_equal(ol_buf_add(&job->output, part), OL_OK);
    if (release)
        ol_job_input_release(job);
    return OL_OK;
}

void ol_job_output_flush(ol_job *job)
{
    (void)job;
}

int ol_job_read_at(ol_job *job, uint64_t offset, size_t length, ol_slice *data, ol_error *err)
{
    assert_true(length <= job->piece_bytes);
    if (job->read_at_refused)
        return ol_error_say(err, OL_EREADAT, "the origin cannot read ranges");
    if (waits_now(job))
        return OL_WAIT;
    job->read_at_calls++;
    ol_slice rest = offset < job->input.len ? ol_slice_from(job->input, offset) : OL_SLICE_NONE;
    rest = ol_slice_first(rest, length);
    free(job->range);
    job->range = malloc(rest.len + 1);
    if (rest.len)
        memcpy(job->range, rest.data, rest.len);
    *data = ol_slice_of(job->range, rest.len);
    return OL_OK;
}

void ol_job_log(ol_job *job, const char *level, ol_slice text)
{
    ol_buf_addf(&job->log, "%s: %.*s\n", level, OL_SLICE_FMT(text));
}

bool ol_job_count(ol_job *job, uint32_t counter, uint64_t more)
{
    assert_in_range(counter, 0, OL_COUNTERS_MAX - 1);
    job->counted[counter] += more;
    return true;
}

void ol_job_note_memory(ol_job *job, uint64_t bytes)
{
    (void)job;
    (void)bytes;
}

ol_engine *fake_engine(const char *name, const char *path, ol_program_declared *declared)
{
    ol_engine *engine = NULL;
    ol_error err = {0};
    ol_program program = {.name = name, .kind = OL_PROGRAM_SHARED, .path = path};
    ol_program_declared unused;
    int rc = ol_engine_shared.load(&engine, &program, declared ? declared : &unused, &err);
    if (rc != OL_OK)
        fail_msg("%s: %s", ol_code_name(rc), err.detail);
    return engine;
}

int fake_run(ol_engine *engine, ol_job *job, ol_error *err)
{
    ol_run *run = NULL;
    int rc = ol_engine_shared.open(engine, job, &run, err);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < 10 * 1000 * 1000; i++) {
        rc = ol_engine_shared.step(run, 1000, err);
        if (rc != OL_OK && rc != OL_WAIT)
            break;
    }
    ol_engine_shared.close(run);
    return rc;
}
