/* SPDX-License-Identifier: MIT */
/*
 * read_at: from memory at once, from a file at once when the page cache has it, otherwise by a
 * read thread, a buffer at a time. The thread never writes to the caller's memory: the caller
 * may close the object, and free that memory, while the thread is still reading.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/extent.h"
#include "origin/store/read.h"
#include "origin/store/store_private.h"

struct ol_read_op {
    ol_task task;
    ol_store *store;
    ol_entry *entry;   /* counted */
    ol_extent extent;
    ol_handle *handle; /* NULL once the object was closed */
    ol_read_op *next, **back;
    uint64_t offset;
    ol_span span; /* still to be filled */
    size_t got;
    ol_span piece; /* a buffer of ours, cut to what is read now */
    int fault;
    ol_read_cb cb;
    void *arg;
};

static void op_link(ol_read_op *op, ol_handle *handle)
{
    op->handle = handle;
    op->next = handle->reads;
    op->back = &handle->reads;
    if (op->next)
        op->next->back = &op->next;
    handle->reads = op;
}

static void op_unlink(ol_read_op *op)
{
    *op->back = op->next;
    if (op->next)
        op->next->back = op->back;
    op->handle = NULL;
}

static void op_free(ol_read_op *op)
{
    if (op->handle)
        op_unlink(op);
    if (op->piece.data)
        ol_buffers_give(op->store->buffers, ol_loop_index(op->task.loop), op->piece.data);
    ol_extent_fini(&op->extent, op->store->janitor);
    ol_entry_release(op->entry);
    ol_free(op);
}

void ol_store_drop_reads(ol_handle *handle)
{
    while (handle->reads)
        op_unlink(handle->reads);
}

static void work(ol_task *task)
{
    ol_read_op *op = task->arg;
    op->fault = ol_extent_seek(&op->extent, &op->store->folder, op->entry, op->offset);
    if (op->fault)
        return;
    uint64_t left = op->extent.end - op->offset;
    if (op->piece.len > left)
        op->piece.len = (size_t)left;
    op->fault = ol_read_wait(op->extent.fd, op->offset - op->extent.start, op->piece, 0);
}

/* OL_OK: a read thread is at it. */
static int next_piece(ol_read_op *op, ol_error *err)
{
    if (!op->piece.data)
        op->piece = ol_buffers_take(op->store->buffers, ol_loop_index(op->task.loop));
    if (!op->piece.data)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to read");
    size_t most = 32 * OL_KIB; /* what every buffer has */
    op->piece.len = op->span.len < most ? op->span.len : most;
    if (ol_offload_submit(op->store->read_pool, &op->task) != OL_OK)
        return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
    return OL_OK;
}

static void finish(ol_read_op *op, const ol_error *err)
{
    ol_read_cb cb = op->cb;
    void *arg = op->arg;
    size_t got = err ? 0 : op->got;
    op_free(op);
    cb(arg, err, got);
}

static void done(ol_task *task)
{
    ol_read_op *op = task->arg;
    if (!op->handle) {
        op_free(op);
        return;
    }
    ol_error err = {0};
    if (op->fault) {
        ol_error_set(&err, OL_EORIGIN, "store: cannot read an original: %s", strerror(op->fault));
        finish(op, &err);
        return;
    }
    memcpy(op->span.data, op->piece.data, op->piece.len);
    op->got += op->piece.len;
    op->offset += op->piece.len;
    op->span = (ol_span){op->span.data + op->piece.len, op->span.len - op->piece.len};
    if (op->span.len == 0)
        finish(op, NULL);
    else if (next_piece(op, &err) != OL_OK)
        finish(op, &err);
}

static int start_read(ol_handle *handle, uint64_t offset, ol_span span, size_t got, ol_read_cb cb,
                      void *arg, ol_error *err)
{
    ol_read_op *op = ol_malloc(sizeof *op);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to read");
    *op = (ol_read_op){.task = {.work = work, .done = done, .loop = handle->loop, .arg = op},
                       .store = ol_store_of(handle->object.origin),
                       .entry = ol_entry_acquire(handle->entry),
                       .offset = offset,
                       .span = span,
                       .got = got,
                       .cb = cb,
                       .arg = arg};
    ol_extent_init(&op->extent, op->entry);
    op_link(op, handle);
    int result = next_piece(op, err);
    if (result == OL_OK)
        return OL_WAIT;
    op_free(op);
    return result;
}

int ol_store_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                     void *arg, ol_error *err)
{
    ol_handle *handle = ol_handle_of(object);
    const ol_entry *entry = handle->entry;
    uint64_t left = offset < entry->info.size ? entry->info.size - offset : 0;
    if (span.len > left)
        span.len = (size_t)left;
    *got = span.len;
    if (span.len == 0)
        return OL_OK;
    if (entry->in_memory) {
        memcpy(span.data, entry->body.data + offset, span.len);
        return OL_OK;
    }
    /* The file of a part is not open. */
    size_t now = entry->fd >= 0 ? ol_read_nowait(entry->fd, offset, span) : 0;
    if (now == span.len)
        return OL_OK;
    span = (ol_span){span.data + now, span.len - now};
    return start_read(handle, offset + now, span, now, cb, arg, err);
}
