/* SPDX-License-Identifier: MIT */
/*
 * The sink stage of a PUT, of an object or of a part. A small body of an object gathers in one
 * chunk and goes into the database with its metadata. Anything else fills two chunks in turn:
 * while a write thread hashes and writes one, the other is filled; when both are full, the stage
 * above waits. Memory an upload: two chunks.
 */
#include "base/alloc.h"
#include "origin/store/upload.h"

typedef struct put_state {
    ol_upload *upload;
    ol_slice waiting; /* of a write that returned OL_WAIT: what has not been taken yet */
    bool waits;
} put_state;

static const ol_upload_plan *plan_of(const ol_stage *st)
{
    return st->config;
}

static void on_key(ol_upload *up, const ol_error *failure);

static int put_open(ol_stage *st, ol_error *err)
{
    const ol_upload_plan *plan = plan_of(st);
    put_state *state = st->state;
    int64_t size = plan->size;
    bool small = size >= 0 && size <= (int64_t)OL_STORE_INLINE_BYTES_MAX;
    /* One byte more than will come: a chunk that is written before the end is a full one. */
    size_t bytes = small ? (size_t)size + 1 : OL_UPLOAD_CHUNK_BYTES;
    int result = ol_upload_new(&state->upload, plan, st, bytes, err);
    if (result != OL_OK || !plan->sse)
        return result;
    result = ol_upload_make_key(state->upload, plan->sse, on_key, err);
    if (result != OL_OK && result != OL_WAIT)
        ol_upload_close(state->upload);
    return result == OL_WAIT ? OL_OK : result;
}

/* ---- the answer ---- */

static void on_answered(ol_upload *up)
{
    ol_stage *st = up->stage;
    if (up->change.err.code != 0) {
        ol_stage_fail(st, &up->change.err);
        return;
    }
    ol_put_result *result = plan_of(st)->result;
    if (result) {
        *result = (ol_put_result){.checksum = up->checksum};
        ol_slice etag = up->entry->info.etag;
        memcpy(result->etag, etag.data, etag.len);
        result->etag[etag.len] = '\0';
        result->last_modified_ms = up->entry->info.last_modified_ms;
        if (up->key)
            ol_sse_tell(&up->record, result);
    }
    ol_error err = {0};
    ol_stage_finish(st, &err);
}

static int commit(ol_stage *st, ol_error *err)
{
    return ol_upload_commit(((put_state *)st->state)->upload, on_answered, err);
}

/* ---- bytes ---- */

static void on_written(ol_task *task);

/* Copy what fits into the chunk that is being filled. Bytes that were read straight into it
 * (see reserve) are there already. */
static ol_slice fill(ol_upload *up, ol_slice in)
{
    ol_upload_chunk *chunk = &up->chunks[up->filling];
    size_t room = up->chunk_bytes - chunk->len;
    size_t take = in.len < room ? in.len : room;
    if (take > 0 && in.data != chunk->data + chunk->len)
        memcpy(chunk->data + chunk->len, in.data, take);
    chunk->len += take;
    return ol_slice_from(in, take);
}

/* Take of `in` what can be taken now; the rest is left in it. */
static int take(ol_upload *up, ol_slice *in, ol_error *err)
{
    while (in->len > 0) {
        *in = fill(up, *in);
        if (up->chunks[up->filling].len < up->chunk_bytes)
            continue;
        /* A full small chunk waits for the end: more than was declared is refused before. */
        if (!up->to_file || up->writing || up->waits_key)
            break;
        int result = ol_upload_start_write(up, false, on_written, err);
        if (result != OL_OK)
            return result;
    }
    return OL_OK;
}

/* The last chunk, once no other is being written. */
static int seal(ol_upload *up, ol_error *err)
{
    return ol_upload_start_write(up, true, on_written, err);
}

static int go_on(ol_stage *st, ol_error *err)
{
    put_state *state = st->state;
    ol_upload *up = state->upload;
    if (up->err.code != 0) {
        *err = up->err;
        return err->code;
    }
    if (up->last)
        return commit(st, err);
    int result = OL_OK;
    if (up->to_file && up->chunks[up->filling].len == up->chunk_bytes && !up->ended)
        result = ol_upload_start_write(up, false, on_written, err);
    if (result == OL_OK && state->waits)
        result = take(up, &state->waiting, err);
    if (result == OL_OK && up->ended && !up->writing)
        result = up->to_file ? seal(up, err) : commit(st, err);
    return result;
}

/* A part's upload is encrypted: its key first, then the same write once more. */
static int begin_again(ol_upload *up, ol_error *err)
{
    int result = up->key ? OL_OK : ol_upload_open_key(up, on_key, err);
    if (result != OL_OK)
        return result;
    up->needs_key = false;
    return ol_upload_write_again(up, err);
}

/* `result`: how it went so far. */
static void proceed(ol_stage *st, int result, ol_error *err)
{
    put_state *state = st->state;
    if (result == OL_OK && state->upload->needs_key)
        result = begin_again(state->upload, err);
    else if (result == OL_OK)
        result = go_on(st, err);
    if (result < 0) {
        ol_stage_fail(st, err);
        return;
    }
    if (state->waits && state->waiting.len == 0) {
        state->waits = false;
        ol_stage_ready(st);
    }
}

static void on_written(ol_task *task)
{
    ol_upload *up = task->arg;
    if (!ol_upload_after_write(up) || ol_stage_is_over(up->stage))
        return;
    ol_error err = up->err;
    proceed(up->stage, err.code, &err);
}

static void on_key(ol_upload *up, const ol_error *failure)
{
    if (ol_stage_is_over(up->stage))
        return;
    ol_error err = failure ? *failure : (ol_error){0};
    proceed(up->stage, err.code, &err);
}

static int check_total(const ol_stage *st, const ol_upload *up, size_t more, ol_error *err)
{
    int64_t declared = plan_of(st)->size;
    if (declared >= 0 && up->total + more > (uint64_t)declared)
        return ol_error_say(err, OL_EINVALIDREQUEST, "The body is longer than was declared.");
    if (up->total + more > OL_PUT_BYTES_MAX)
        return ol_error_set(err, OL_ETOOLARGE, NULL);
    return OL_OK;
}

static int put_write(ol_stage *st, ol_slice in, ol_error *err)
{
    put_state *state = st->state;
    ol_upload *up = state->upload;
    int result = check_total(st, up, in.len, err);
    if (result != OL_OK)
        return result;
    up->total += in.len;
    if (!up->to_file && up->total > OL_STORE_INLINE_BYTES_MAX)
        up->to_file = true; /* once: a write under way looks at it on its thread */
    result = take(up, &in, err);
    if (result != OL_OK || in.len == 0)
        return result;
    state->waiting = in;
    state->waits = true;
    return OL_WAIT;
}

static int put_reserve(ol_stage *st, ol_span *span)
{
    const ol_upload *up = ((put_state *)st->state)->upload;
    const ol_upload_chunk *chunk = &up->chunks[up->filling];
    if (chunk->len == up->chunk_bytes)
        return OL_SKIP;
    *span = (ol_span){chunk->data + chunk->len, up->chunk_bytes - chunk->len};
    return OL_OK;
}

static int put_finish(ol_stage *st, ol_error *err)
{
    ol_upload *up = ((put_state *)st->state)->upload;
    int64_t declared = plan_of(st)->size;
    if (declared >= 0 && up->total != (uint64_t)declared)
        return ol_error_set(err, OL_EINCOMPLETEBODY, "store: the body is shorter than declared");
    up->ended = true;
    if (up->waits_key)
        return OL_OK;
    if (!up->to_file)
        return commit(st, err);
    return up->writing ? OL_OK : seal(up, err);
}

static void put_close(ol_stage *st)
{
    ol_upload_close(((put_state *)st->state)->upload);
}

const ol_stage_ops ol_upload_sink = {
    .name = "store",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(put_state),
    .open = put_open,
    .write = put_write,
    .finish = put_finish,
    .reserve = put_reserve,
    .close = put_close,
};
