/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing objects. What the cache has is opened at once; anything else is loaded on
 * a read thread. A handle of an object in memory is the entry itself; one of a file is a small
 * allocation, because reads of it may be under way on its loop; so is one of a single part,
 * because it has an info of its own; so is one of an encrypted object, because it has the key. That
 * is opened here, on the loop, each time: what is kept in memory is the object as it is stored.
 */
#include "base/alloc.h"
#include "crypto/keys/secret.h"
#include "origin/store/copy.h"
#include "origin/store/rewrap.h"
#include "origin/store/store_private.h"
#include "origin/store/version_key.h"
#include "s3/upload/checksum_parts.h"

typedef struct open_op {
    ol_task task;
    ol_store *store;
    uint64_t hash;
    int64_t bucket_id;
    ol_slice bucket, key, if_match;
    uint32_t part_number;
    ol_object_cb cb;
    void *arg;
    uint8_t *customer_key; /* secret memory, or NULL */
    bool without_key;
    ol_key_user *key_user;
    ol_version_key key_op;
    ol_entry *entry;
    ol_error err;
    uint8_t bytes[];
} open_op;

/* A handle of its own, with its own info. */
typedef struct part_handle {
    ol_handle handle; /* first */
    ol_object_info info;
} part_handle;

/* Whatever is not in parts is its own first part. */
static int fill_part(ol_object_info *info, const ol_entry *entry, uint32_t number, ol_error *err)
{
    *info = entry->info;
    if (entry->info.part_count == 0) {
        info->part.length = entry->info.size;
        return number == 1 ? OL_OK : ol_error_set(err, OL_ERANGE, NULL);
    }
    const ol_entry_part *part = ol_entry_part_find(entry, number);
    if (!part)
        return ol_error_set(err, OL_ERANGE, NULL);
    info->part.start = ol_entry_part_start(entry, part);
    info->part.length = part->end - info->part.start;
    enum ol_checksum_kind kind;
    if (!part->has_checksum ||
        !ol_checksum_of_name(ol_slice_cstr(info->checksum.name), &kind)) {
        info->checksum = (ol_object_checksum){.composite = false};
        return OL_OK;
    }
    ol_checksum_text(part->checksum, ol_checksum_size(kind), info->checksum.text);
    return OL_OK;
}

static int new_handle(ol_entry *entry, ol_loop *loop, uint32_t part_number, ol_object **out,
                      ol_error *err)
{
    size_t bytes = part_number ? sizeof(part_handle) : sizeof(ol_handle);
    ol_handle *handle = ol_malloc(bytes);
    if (!handle)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a handle");
    *handle = (ol_handle){.object.origin = entry->self.object.origin,
                          .entry = entry,
                          .info = &entry->info,
                          .loop = loop};
    if (part_number) {
        part_handle *p = (part_handle *)handle;
        handle->info = &p->info;
        int result = fill_part(&p->info, entry, part_number, err);
        if (result != OL_OK) {
            ol_free(handle);
            return result;
        }
    }
    *out = &handle->object;
    return OL_OK;
}

/* Takes over the references to entry and data key (may be NULL), also on failure. */
static int make_handle(ol_entry *entry, ol_at_rest_key *data_key, ol_loop *loop, ol_slice if_match,
                       uint32_t part_number, ol_object **out, ol_error *err)
{
    *out = NULL;
    int result = OL_OK;
    if (if_match.len > 0 && !ol_slice_eq(if_match, entry->info.etag))
        result = ol_error_set(err, OL_EPRECONDITION, NULL);
    else if (entry->in_memory && !entry->record && part_number == 0)
        *out = &entry->self.object;
    else
        result = new_handle(entry, loop, part_number, out, err);
    if (result != OL_OK) {
        ol_at_rest_key_release(data_key);
        ol_entry_release(entry);
    } else if (data_key) {
        ol_handle_of(*out)->key = data_key;
    }
    return result;
}

/* ---- operations ---- */

static void op_free(open_op *op)
{
    ol_version_key_fini(&op->key_op);
    ol_entry_release(op->entry);
    ol_secret_free(op->customer_key, OL_SSE_KEY_BYTES);
    ol_free(op);
}

/* The key, if one was needed, is there. */
static int finish(open_op *op, ol_object **out, ol_error *err)
{
    ol_entry *entry = op->entry;
    ol_at_rest_key *key = op->key_op.key;
    op->entry = NULL;
    op->key_op.key = NULL;
    if (key && op->key_op.record.len > 0)
        ol_store_rewrap(op->store, op->task.loop, entry, ol_buf_slice(&op->key_op.record));
    if (!key || ol_entry_is_authentic(entry, key))
        return make_handle(entry, key, op->task.loop, op->if_match, op->part_number, out, err);
    ol_at_rest_key_release(key);
    ol_entry_release(entry);
    return ol_error_set(err, OL_EORIGIN, "store: the record of an encrypted object is damaged");
}

static void answer(open_op *op, ol_object *object, const ol_error *err)
{
    ol_object_cb cb = op->cb;
    void *arg = op->arg;
    op_free(op);
    cb(arg, object ? NULL : err, object);
}

static void on_key(ol_version_key *key_op, const ol_error *failure)
{
    open_op *op = (open_op *)((char *)key_op - offsetof(open_op, key_op));
    ol_object *object = NULL;
    ol_error err = ol_error_none();
    ol_loop *loop = op->task.loop;
    if (failure)
        err = *failure;
    else
        finish(op, &object, &err);
    answer(op, object, &err);
    ol_loop_unhold(loop);
}

/* OL_OK with an object; OL_WAIT: on_key will answer. The op is the caller's unless it waits. */
static int unlock(open_op *op, ol_object **out, ol_error *err)
{
    const ol_at_rest_record *record = op->entry->record;
    if (!record && op->customer_key)
        return ol_error_set(err, OL_ESSECUNWANTED, NULL);
    if (!record || op->without_key)
        return finish(op, out, err);
    const ol_version_place place = {.options = &op->store->options,
                                    .loop = op->task.loop,
                                    .bucket = op->entry->bucket,
                                    .key = op->entry->info.key,
                                    .user = op->key_user};
    int rc = ol_version_key_open(&op->key_op, &place, record, op->customer_key, on_key, err);
    if (rc == OL_WAIT)
        ol_loop_hold(op->task.loop);
    return rc == OL_OK ? finish(op, out, err) : rc;
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
    if (op->entry && unlock(op, &object, &err) == OL_WAIT)
        return;
    answer(op, object, &err);
}

static int new_op(open_op **out, ol_store *store, ol_loop *loop, const ol_object_ref *ref,
                  ol_object_cb cb, void *arg, ol_error *err)
{
    open_op *op = ol_malloc(sizeof *op + ref->bucket.len + ref->key.len + ref->if_match.len);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory to open an object");
    *op = (open_op){.task = {.work = work, .done = done, .loop = loop, .arg = op},
                    .store = store,
                    .without_key = ref->without_key,
                    .key_user = ref->key_user,
                    .part_number = ref->part_number,
                    .cb = cb,
                    .arg = arg};
    uint8_t *at = op->bytes;
    op->bucket = ol_put_slice(&at, ref->bucket);
    op->key = ol_put_slice(&at, ref->key);
    op->if_match = ol_put_slice(&at, ref->if_match);
    if (ref->customer_key && !(op->customer_key = ol_secret_alloc(OL_SSE_KEY_BYTES))) {
        op_free(op);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a key");
    }
    if (ref->customer_key)
        memcpy(op->customer_key, ref->customer_key, OL_SSE_KEY_BYTES);
    *out = op;
    return OL_OK;
}

static int start_load(ol_store *store, ol_loop *loop, const ol_object_ref *ref, uint64_t hash,
                      ol_object_cb cb, void *arg, ol_error *err)
{
    int64_t bucket_id;
    int result = ol_store_find_bucket(store, ref->bucket, &bucket_id, err);
    open_op *op = NULL;
    if (result == OL_OK)
        result = new_op(&op, store, loop, ref, cb, arg, err);
    if (result != OL_OK)
        return result;
    op->hash = hash;
    op->bucket_id = bucket_id;
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    op_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}

/* What the cache has, and a key is asked for or was sent. Takes over the entry's reference. */
static int unlock_known(ol_store *store, ol_entry *entry, ol_loop *loop, const ol_object_ref *ref,
                        ol_object **out, ol_object_cb cb, void *arg, ol_error *err)
{
    open_op *op;
    int result = new_op(&op, store, loop, ref, cb, arg, err);
    if (result != OL_OK) {
        ol_entry_release(entry);
        return result;
    }
    op->entry = entry;
    result = unlock(op, out, err);
    if (result != OL_WAIT)
        op_free(op);
    return result;
}

int ol_store_open_object(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                         ol_object_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    *out = NULL;
    int result = ol_store_check_key(ref->key, err);
    if (result == OL_OK)
        result = ol_store_check_version(ref->version, err);
    if (result != OL_OK)
        return result;
    uint64_t hash = ol_cache_hash(store->cache, ref->bucket, ref->key);
    ol_entry *entry = ol_cache_find(store->cache, hash, ref->bucket, ref->key);
    if (entry && (entry->record || ref->customer_key))
        return unlock_known(store, entry, loop, ref, out, cb, arg, err);
    if (entry)
        return make_handle(entry, NULL, loop, ref->if_match, ref->part_number, out, err);
    return start_load(store, loop, ref, hash, cb, arg, err);
}

const ol_object_info *ol_store_info(const ol_object *object)
{
    return ol_handle_of(object)->info;
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
        ol_at_rest_key_release(handle->key);
        ol_free(handle);
    }
    ol_entry_release(entry);
}
