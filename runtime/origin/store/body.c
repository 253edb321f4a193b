/* SPDX-License-Identifier: MIT */
/*
 * The source stage of a plain object's body. Two kinds: from memory, where the bytes are lent as
 * they stand; and from a file.
 *
 * From a file (or, part by part, from several): each turn reads what the page cache has, into the
 * memory that the stage below offers or into a buffer, and pushes it. What would block (opening
 * the file of the next part, too) is done by a read thread, which reads into a buffer, never into
 * offered memory, since the stage may be closed meanwhile. After a megabyte the loop's other work
 * comes first. The run is heap memory: it outlives the stage for as long as a thread or a turn of
 * the loop still has it.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/body.h"
#include "origin/store/extent.h"
#include "origin/store/read.h"

#define TURN_BYTES (1 * OL_MIB)
#define AHEAD_BYTES (1 * OL_MIB)
#define HEADERS_MORE 8 /* room for what later stages add */

int ol_store_send_head(ol_stage *st, ol_error *err)
{
    const ol_body_config *config = st->config;
    const ol_entry *entry = config->handle->entry;
    ol_arena *arena = ol_stage_arena(st);
    ol_head head = {.status = 200, .content_length = (int64_t)config->range.length};
    ol_headers_init(&head.headers, arena);
    size_t cap = entry->headers_all + HEADERS_MORE;
    ol_header *items = ol_arena_alloc(arena, cap * sizeof *items);
    if (!items)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for headers");
    /* Checked when they were stored, and pinned until the arena ends: no need for copies. */
    memcpy(items, entry->headers, entry->headers_all * sizeof *items);
    head.headers.items = items;
    head.headers.count = entry->headers_all;
    head.headers.cap = cap;
    return ol_stage_head(st, &head, err);
}

/* ---- from memory ---- */

typedef struct memory_state {
    bool begun;
    bool pushed;
} memory_state;

static void memory_resume(ol_stage *st)
{
    memory_state *state = st->state;
    const ol_body_config *config = st->config;
    ol_error err = ol_error_none();
    if (!state->begun) {
        state->begun = true;
        int result = ol_store_send_head(st, &err);
        if (result != OL_OK) {
            ol_stage_fail(st, &err);
            return;
        }
    }
    if (!state->pushed) {
        state->pushed = true;
        ol_slice body = ol_slice_of(config->handle->entry->body.data + config->range.start,
                                    (size_t)config->range.length);
        if (ol_stage_write(st, body, &err) != OL_OK)
            return;
    }
    ol_stage_finish(st, &err);
}

static const ol_stage_ops memory_ops = {
    .name = "store",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(memory_state),
    .resume = memory_resume,
};

/* ---- from a file ---- */

typedef struct file_run {
    ol_stage *stage; /* NULL once closed */
    ol_store *store;
    ol_entry *entry; /* counted */
    ol_extent extent; /* the file that is open; the thread's while on_thread */
    uint64_t at, end;
    uint8_t *buffer;      /* NULL: none at the moment */
    size_t buffer_bytes;  /* of it that may be used */
    size_t reading_bytes; /* what the read thread has read */
    int fault;
    bool begun, on_thread, on_turn;
    ol_task task;
    ol_post turn;
} file_run;

typedef struct file_state {
    file_run *run;
} file_state;

static void pump(file_run *run);

static void drop_buffer(file_run *run)
{
    if (run->buffer)
        ol_buffers_give(run->store->buffers, ol_loop_index(run->task.loop), run->buffer);
    run->buffer = NULL;
}

static void free_if_idle(file_run *run)
{
    if (run->stage || run->on_thread || run->on_turn)
        return;
    drop_buffer(run);
    ol_extent_fini(&run->extent, run->store->janitor);
    ol_entry_release(run->entry);
    ol_free(run);
}

static bool take_buffer(file_run *run)
{
    if (run->buffer)
        return true;
    ol_span span = ol_buffers_take(run->store->buffers, ol_loop_index(run->task.loop));
    run->buffer = span.data;
    run->buffer_bytes = span.len;
    return run->buffer != NULL;
}

static void fail(file_run *run, int code, const char *detail)
{
    ol_error err = ol_error_none();
    ol_error_set(&err, code, "store: %s", detail);
    ol_stage_fail(run->stage, &err);
}

/* What may be read at once: neither past the range nor past the file that is open. */
static size_t at_most(const file_run *run, size_t bytes)
{
    uint64_t end = run->end < run->extent.end ? run->end : run->extent.end;
    uint64_t left = end - run->at;
    return left < bytes ? (size_t)left : bytes;
}

/* True: go on at once. */
static bool push(file_run *run, ol_slice bytes)
{
    ol_error err = ol_error_none();
    run->at += bytes.len;
    int result = ol_stage_write(run->stage, bytes, &err);
    /* While it waits, only what it holds is kept. */
    if (result != OL_OK && bytes.data != run->buffer)
        drop_buffer(run);
    return result == OL_OK;
}

static void on_read(ol_task *task)
{
    file_run *run = task->arg;
    run->on_thread = false;
    if (!run->stage)
        free_if_idle(run);
    else if (ol_stage_is_over(run->stage))
        return;
    else if (run->fault)
        fail(run, OL_EORIGIN, strerror(run->fault));
    else if (push(run, ol_slice_of(run->buffer, run->reading_bytes)))
        pump(run);
}

static void read_on_thread(ol_task *task)
{
    file_run *run = task->arg;
    run->fault = ol_extent_seek(&run->extent, &run->store->folder, run->entry, run->at);
    if (run->fault)
        return;
    run->reading_bytes = at_most(run, run->buffer_bytes);
    uint64_t after = at_most(run, run->reading_bytes + AHEAD_BYTES) - run->reading_bytes;
    run->fault = ol_read_wait(run->extent.fd, run->at - run->extent.start,
                              (ol_span){run->buffer, run->reading_bytes}, after);
}

static void ask_thread(file_run *run)
{
    if (!take_buffer(run)) {
        fail(run, OL_ENOMEM, "no memory to read");
        return;
    }
    run->on_thread = true;
    if (ol_offload_submit(run->store->read_pool, &run->task) != OL_OK) {
        run->on_thread = false;
        fail(run, OL_ESLOWDOWN, "too many reads wait");
    }
}

static void on_turn(void *arg)
{
    file_run *run = arg;
    run->on_turn = false;
    if (!run->stage)
        free_if_idle(run);
    else
        pump(run);
}

static void yield(file_run *run)
{
    run->on_turn = true;
    ol_loop_defer(run->task.loop, &run->turn);
}

/* Where the next bytes go: data NULL when a thread has to open a file first, or find memory. */
static ol_span next_place(file_run *run)
{
    ol_span span;
    if (!ol_extent_covers(&run->extent, run->at))
        return (ol_span){NULL, 0};
    if (ol_stage_reserve(run->stage, &span) != OL_OK)
        span = take_buffer(run) ? (ol_span){run->buffer, run->buffer_bytes} : (ol_span){NULL, 0};
    span.len = at_most(run, span.len);
    return span;
}

static void pump(file_run *run)
{
    ol_error err = ol_error_none();
    for (uint64_t began = run->at; !ol_stage_is_over(run->stage);) {
        if (run->at == run->end) {
            drop_buffer(run);
            ol_stage_finish(run->stage, &err);
            return;
        }
        if (run->at - began >= TURN_BYTES) {
            yield(run);
            return;
        }
        ol_span span = next_place(run);
        size_t got =
            span.data ? ol_read_nowait(run->extent.fd, run->at - run->extent.start, span) : 0;
        if (got == 0) {
            ask_thread(run);
            return;
        }
        if (!push(run, ol_slice_of(span.data, got)))
            return;
    }
}

static int file_open(ol_stage *st, ol_error *err)
{
    const ol_body_config *config = st->config;
    file_state *state = st->state;
    file_run *run = ol_malloc(sizeof *run);
    if (!run)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to read");
    *run = (file_run){
        .stage = st,
        .store = ol_store_of(config->handle->object.origin),
        .entry = ol_entry_acquire(config->handle->entry),
        .at = config->range.start,
        .end = config->range.start + config->range.length,
        .task = {.work = read_on_thread, .done = on_read, .loop = ol_stage_loop(st), .arg = run},
        .turn = {.fn = on_turn, .arg = run},
    };
    ol_extent_init(&run->extent, run->entry);
    state->run = run;
    return OL_OK;
}

static void file_resume(ol_stage *st)
{
    file_run *run = ((file_state *)st->state)->run;
    ol_error err = ol_error_none();
    if (run->on_thread || run->on_turn)
        return;
    if (!run->begun) {
        run->begun = true;
        if (ol_store_send_head(st, &err) != OL_OK) {
            ol_stage_fail(st, &err);
            return;
        }
    }
    pump(run);
}

static void file_close(ol_stage *st)
{
    file_run *run = ((file_state *)st->state)->run;
    run->stage = NULL;
    free_if_idle(run);
}

static const ol_stage_ops file_ops = {
    .name = "store",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(file_state),
    .open = file_open,
    .resume = file_resume,
    .close = file_close,
};

/* ---- either ---- */

static void release_entry(void *arg)
{
    ol_entry_release(arg);
}

int ol_store_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                  const ol_stage_ops **ops, const void **config)
{
    ol_handle *handle = ol_handle_of(object);
    ol_entry *entry = handle->entry;
    if (range.start > entry->info.size || range.length > entry->info.size - range.start)
        return OL_EINVAL;
    if (entry->record && !handle->key)
        return OL_EINVAL; /* opened without its key, for its metadata */
    ol_body_config *c = ol_arena_alloc(arena, sizeof *c);
    if (!c)
        return OL_ENOMEM;
    /* The head's fields point into the entry. */
    if (ol_arena_on_end(arena, release_entry, entry) != OL_OK)
        return OL_ENOMEM;
    ol_entry_acquire(entry);
    *c = (ol_body_config){.handle = handle, .range = range};
    if (entry->record)
        *ops = &ol_body_sealed;
    else
        *ops = entry->in_memory ? &memory_ops : &file_ops;
    *config = c;
    return OL_OK;
}
