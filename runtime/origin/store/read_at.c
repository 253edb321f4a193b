/* SPDX-License-Identifier: MIT */
/*
 * read_at: from memory at once, from a file at once when the page cache has it, otherwise by a
 * read thread, a buffer at a time. The thread never writes to the caller's memory: the caller
 * may close the object, and free that memory, while the thread is still reading. Encrypted objects
 * always go that way: the thread opens the chunks that the span touches.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "origin/store/extent.h"
#include "origin/store/read.h"
#include "origin/store/store_private.h"
#include "origin/store/unseal.h"

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
    ol_unsealer unsealer; /* of an encrypted object */
    ol_error err;
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
    if (op->entry->record)
        ol_unsealer_fini(&op->unsealer, op->store->janitor);
    ol_entry_release(op->entry);
    ol_free(op);
}

void ol_store_drop_reads(ol_handle *handle)
{
    while (handle->reads)
        op_unlink(handle->reads);
}

static int read_plain(ol_read_op *op)
{
    int fault = ol_extent_seek(&op->extent, &op->store->folder, op->entry, op->offset);
    if (fault)
        return fault;
    uint64_t left = op->extent.end - op->offset;
    if (op->piece.len > left)
        op->piece.len = (size_t)left;
    return ol_read_wait(op->extent.fd, op->offset - op->extent.start, op->piece, 0);
}

static void work(ol_task *task)
{
    ol_read_op *op = task->arg;
    if (op->entry->record) {
        ol_unseal_step(&op->unsealer, &op->store->folder, op->offset, op->offset + op->span.len,
                       (ol_span){op->piece.data, OL_READ_BYTES}, 0, &op->err);
        return;
    }
    int fault = read_plain(op);
    if (fault)
        ol_error_set(&op->err, OL_EORIGIN, "store: cannot read an original: %s", strerror(fault));
}

static void put(ol_read_op *op, ol_slice bytes)
{
    memcpy(op->span.data, bytes.data, bytes.len);
    op->got += bytes.len;
    op->offset += bytes.len;
    op->span = (ol_span){op->span.data + bytes.len, op->span.len - bytes.len};
}

/* What the thread has brought, into the caller's memory. */
static void take(ol_read_op *op)
{
    if (!op->entry->record) {
        put(op, ol_slice_of(op->piece.data, op->piece.len));
        return;
    }
    for (ol_slice plain; (plain = ol_unseal_next(&op->unsealer)).len > 0;)
        put(op, plain);
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
    ol_error err = op->err;
    if (err.code != 0) {
        finish(op, &err);
        return;
    }
    take(op);
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
    if (op->entry->record)
        ol_unsealer_init(&op->unsealer, op->entry, handle->key);
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
    if (entry->record && !handle->key)
        return ol_error_set(err, OL_EINTERNAL, "store: opened without its key");
    if (entry->record)
        return start_read(handle, offset, span, 0, cb, arg, err);
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
