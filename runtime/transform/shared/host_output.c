/* SPDX-License-Identifier: MIT */
/*
 * Host functions for output: they turn the job's OL_WAIT into a fiber that stands still, and
 * latch the first failure, so that a plugin which ignores it gets no further.
 */
#include "transform/shared/run.h"

/* OBJLENS_OK with room in *space. */
static int await_space(ol_run *run, ol_span *space)
{
    int rc = ol_run_check(run);
    if (rc == OBJLENS_OK && ol_job_entry(run->job) != OL_ENTRY_GET)
        rc = OBJLENS_ESTATE; /* a head has no body */
    if (rc == OBJLENS_OK)
        rc = ol_run_send_head(run);
    while (rc == OBJLENS_OK) {
        int got = ol_job_output_space(run->job, space, &run->error);
        if (got == OL_OK)
            return OBJLENS_OK;
        if (got != OL_WAIT) {
            ol_error_set(&run->error, got, NULL);
            return OBJLENS_EFAILED;
        }
        rc = ol_run_suspend(run, OL_WAIT);
    }
    return rc;
}

/* A large part of the piece that write() works on goes to the client from where it lies. */
static bool can_forward(const ol_run *run, const uint8_t *bytes, size_t size)
{
    return size >= OL_SHARED_FORWARD_BYTES_MIN && size <= run->piece.len &&
           bytes >= run->piece.data && bytes <= run->piece.data + (run->piece.len - size);
}

static int forward(ol_run *run, ol_slice part)
{
    int rc = ol_run_send_head(run);
    while (rc == OBJLENS_OK) {
        int sent = ol_job_output_forward(run->job, part, false, &run->error);
        if (sent == OL_OK)
            return OBJLENS_OK;
        if (sent != OL_WAIT) {
            ol_error_set(&run->error, sent, NULL);
            return OBJLENS_EFAILED;
        }
        rc = ol_run_suspend(run, OL_WAIT);
    }
    return rc;
}

int ol_host_emit(struct objlens_call *call, const void *bytes, size_t size)
{
    ol_run *run = ol_run_of(call);
    const uint8_t *from = bytes;
    run->span = (ol_span){0};
    int rc = ol_run_check(run);
    if (rc == OBJLENS_OK && can_forward(run, from, size))
        return forward(run, ol_slice_of(from, size));
    while (rc == OBJLENS_OK && size > 0) {
        ol_span space;
        rc = await_space(run, &space);
        if (rc != OBJLENS_OK)
            return rc;
        size_t part = size < space.len ? size : space.len;
        memcpy(space.data, from, part);
        ol_job_output_commit(run->job, part);
        from += part;
        size -= part;
    }
    return rc;
}

int ol_host_out_span(struct objlens_call *call, void **data, size_t *size)
{
    ol_run *run = ol_run_of(call);
    run->span = (ol_span){0};
    ol_span space;
    int rc = await_space(run, &space);
    if (rc != OBJLENS_OK)
        return rc;
    run->span = space;
    *data = space.data;
    *size = space.len;
    return OBJLENS_OK;
}

int ol_host_out_commit(struct objlens_call *call, size_t size)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    if (size > run->span.len)
        return OBJLENS_EINVAL;
    run->span = (ol_span){0};
    if (size > 0)
        ol_job_output_commit(run->job, size);
    return OBJLENS_OK;
}

int ol_host_fail(struct objlens_call *call, int status, const char *code, const char *message)
{
    ol_run *run = ol_run_of(call);
    int rc = ol_run_check(run);
    if (rc != OBJLENS_OK)
        return rc;
    ol_error_custom(&run->error, OL_ETRANSFORM, status, ol_slice_cstr(code),
                    ol_slice_cstr(message));
    return OBJLENS_EFAILED;
}
