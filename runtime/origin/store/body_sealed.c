/* SPDX-License-Identifier: MIT */
/*
 * The source stage of an encrypted object's body. A read thread brings some chunks and opens them (a
 * small body in memory is opened on the loop); the loop pushes their plaintext. Nothing is pushed that
 * has not been found authentic, and no head goes out before the first chunk was. What is found damaged
 * later breaks the body. The run is heap memory, as in body.c, and for the same reason.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/body.h"
#include "origin/store/unseal.h"

#define AHEAD_BYTES (1 * OL_MIB)

typedef struct sealed_run {
    ol_stage *stage; /* NULL once closed */
    ol_store *store;
    ol_entry *entry; /* counted */
    ol_unsealer unsealer; /* the thread's while on_thread */
    uint64_t at, end;     /* what has not been brought yet */
    ol_span buffer;
    ol_error err;
    bool on_thread, brought, headed;
    ol_task task;
} sealed_run;

typedef struct sealed_state {
    sealed_run *run;
} sealed_state;

static void free_if_idle(sealed_run *run)
{
    if (run->stage || run->on_thread)
        return;
    if (run->buffer.data)
        ol_buffers_give(run->store->buffers, ol_loop_index(run->task.loop), run->buffer.data);
    ol_unsealer_fini(&run->unsealer, run->store->janitor);
    ol_entry_release(run->entry);
    ol_free(run);
}

static int step(sealed_run *run)
{
    int rc = ol_unseal_step(&run->unsealer, &run->store->folder, run->at, run->end, run->buffer,
                            AHEAD_BYTES, &run->err);
    if (rc == OL_OK)
        run->at = run->unsealer.until;
    return rc;
}

static void on_thread(ol_task *task)
{
    step(task->arg);
}

static void pump(sealed_run *run);

static void on_brought(ol_task *task)
{
    sealed_run *run = task->arg;
    run->on_thread = false;
    run->brought = true;
    if (!run->stage)
        free_if_idle(run);
    else if (!ol_stage_is_over(run->stage))
        pump(run);
}

/* As much as the buffer may hold; when many are out, one chunk. */
static bool take_buffer(sealed_run *run)
{
    if (run->buffer.data)
        return true;
    run->buffer = ol_buffers_take(run->store->buffers, ol_loop_index(run->task.loop));
    if (run->buffer.len < OL_UNSEAL_BYTES_MIN)
        run->buffer.len = OL_UNSEAL_BYTES_MIN; /* every buffer has OL_READ_BYTES */
    return run->buffer.data != NULL;
}

/* True: it has been brought already. */
static bool ask(sealed_run *run)
{
    if (!take_buffer(run)) {
        ol_error_set(&run->err, OL_ENOMEM, "store: no memory to read");
        return true;
    }
    if (run->entry->in_memory && run->end - run->at <= OL_AT_REST_CHUNK_BYTES) {
        step(run);
        run->brought = true;
        return true;
    }
    run->on_thread = true;
    if (ol_offload_submit(run->store->read_pool, &run->task) == OL_OK)
        return false;
    run->on_thread = false;
    ol_error_set(&run->err, OL_ESLOWDOWN, "store: too many reads wait");
    return true;
}

/* The head, once. OL_OK: bytes may follow. */
static int head(sealed_run *run)
{
    if (run->headed)
        return OL_OK;
    run->headed = true;
    return ol_store_send_head(run->stage, &run->err);
}

static void pump(sealed_run *run)
{
    while (!ol_stage_is_over(run->stage)) {
        if (run->err.code == 0 && run->brought)
            head(run);
        if (run->err.code != 0) {
            ol_stage_fail(run->stage, &run->err);
            return;
        }
        ol_error err = {0};
        ol_slice piece = ol_unseal_next(&run->unsealer);
        if (piece.len > 0) {
            if (ol_stage_write(run->stage, piece, &err) != OL_OK)
                return;
        } else if (run->brought && run->at == run->end) {
            ol_stage_finish(run->stage, &err);
            return;
        } else if (!ask(run)) {
            return;
        }
    }
}

static int sealed_open(ol_stage *st, ol_error *err)
{
    const ol_body_config *config = st->config;
    sealed_run *run = ol_malloc(sizeof *run);
    if (!run)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to read");
    *run = (sealed_run){
        .stage = st,
        .store = ol_store_of(config->handle->object.origin),
        .entry = ol_entry_acquire(config->handle->entry),
        .at = config->range.start,
        .end = config->range.start + config->range.length,
        .task = {.work = on_thread, .done = on_brought, .loop = ol_stage_loop(st), .arg = run},
    };
    /* A range of nothing, of an object that is not empty: there is nothing to bring. */
    run->brought = config->range.length == 0 && run->entry->info.size > 0;
    ol_unsealer_init(&run->unsealer, run->entry, config->handle->key);
    ((sealed_state *)st->state)->run = run;
    return OL_OK;
}

static void sealed_resume(ol_stage *st)
{
    sealed_run *run = ((sealed_state *)st->state)->run;
    if (!run->on_thread)
        pump(run);
}

static void sealed_close(ol_stage *st)
{
    sealed_run *run = ((sealed_state *)st->state)->run;
    run->stage = NULL;
    free_if_idle(run);
}

const ol_stage_ops ol_body_sealed = {
    .name = "store",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(sealed_state),
    .open = sealed_open,
    .resume = sealed_resume,
    .close = sealed_close,
};
