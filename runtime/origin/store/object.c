/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing objects. What the cache has is opened at once; anything else is loaded on
 * a read thread. A handle of an object in memory is the entry itself; one of a file is a small
 * allocation, because reads of it may be under way on its loop.
 */
#include "base/alloc.h"
#include "origin/store/store_private.h"

typedef struct open_op {
    ol_task task;
    ol_store *store;
    uint64_t hash;
    int64_t bucket_id;
    ol_slice bucket, key, if_match;
    ol_object_cb cb;
    void *arg;
    ol_entry *entry;
    ol_error err;
    uint8_t bytes[];
} open_op;

/* Takes over the entry's reference, also on failure. */
static int make_handle(ol_entry *entry, ol_loop *loop, ol_slice if_match, ol_object **out,
                       ol_error *err)
{
    *out = NULL;
    if (if_match.len > 0 && !ol_slice_eq(if_match, entry->info.etag)) {
        ol_entry_release(entry);
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    }
    if (entry->in_memory) {
        *out = &entry->self.object;
        return OL_OK;
    }
    ol_handle *handle = ol_malloc(sizeof *handle);
    if (!handle) {
        ol_entry_release(entry);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a handle");
    }
    *handle = (ol_handle){.object.origin = entry->self.object.origin, .entry = entry, .loop = loop};
    *out = &handle->object;
    return OL_OK;
}

static void work(ol_task *task)
{
    open_op *op = task->arg;
    ol_store_load(op->store, op->hash, op->bucket_id, op->bucket, op->key, &op->entry, &op->err);
}

static void done(ol_task *task)
{
    open_op *op = task->arg;
    ol_object *object = NULL;
    ol_error err = op->err;
    if (op->entry)
        make_handle(op->entry, task->loop, op->if_match, &object, &err);
    ol_object_cb cb = op->cb;
    void *arg = op->arg;
    ol_free(op);
    cb(arg, object ? NULL : &err, object);
}

static ol_slice copy(uint8_t **at, ol_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    ol_slice out = ol_slice_of(*at, bytes.len);
    *at += bytes.len;
    return out;
}

static int start_load(ol_store *store, ol_loop *loop, const ol_object_ref *ref, uint64_t hash,
                      ol_object_cb cb, void *arg, ol_error *err)
{
    int64_t bucket_id;
    int result = ol_store_find_bucket(store, ref->bucket, &bucket_id, err);
    if (result != OL_OK)
        return result;
    open_op *op = ol_malloc(sizeof *op + ref->bucket.len + ref->key.len + ref->if_match.len);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to open an object");
    *op = (open_op){.task = {.work = work, .done = done, .loop = loop, .arg = op},
                    .store = store,
                    .hash = hash,
                    .bucket_id = bucket_id,
                    .cb = cb,
                    .arg = arg};
    uint8_t *at = op->bytes;
    op->bucket = copy(&at, ref->bucket);
    op->key = copy(&at, ref->key);
    op->if_match = copy(&at, ref->if_match);
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    ol_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}

int ol_store_open_object(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                         ol_object_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    *out = NULL;
    int result = ol_store_check_key(ref->key, err);
    if (result != OL_OK)
        return result;
    uint64_t hash = ol_cache_hash(store->cache, ref->bucket, ref->key);
    ol_entry *entry = ol_cache_find(store->cache, hash, ref->bucket, ref->key);
    if (entry)
        return make_handle(entry, loop, ref->if_match, out, err);
    return start_load(store, loop, ref, hash, cb, arg, err);
}

const ol_object_info *ol_store_info(const ol_object *object)
{
    return &ol_handle_of(object)->entry->info;
}

void ol_store_drop_object_reads(ol_object *object)
{
    ol_handle *handle = ol_handle_of(object);
    if (handle != &handle->entry->self)
        ol_store_drop_reads(handle);
}

void ol_store_close_object(ol_object *object)
{
    if (!object)
        return;
    ol_handle *handle = ol_handle_of(object);
    ol_entry *entry = handle->entry;
    if (handle != &entry->self) {
        ol_store_drop_reads(handle);
        ol_free(handle);
    }
    ol_entry_release(entry);
}
