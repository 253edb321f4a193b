/* SPDX-License-Identifier: MIT */
/*
 * Listing: one page, read in one snapshot on a read thread. A common prefix costs one seek
 * however many keys stand below it: the next lookup starts behind the last of them.
 */
#include "base/alloc.h"
#include "origin/store/checksum_text.h"
#include "origin/store/copy.h"
#include "origin/store/listing.h"
#include "origin/store/store_private.h"

/* Worst case: every key of full length, twice (a key, and the buffer for seeks). */
#define PAGE_BYTES_MAX (4 * OL_MIB)

typedef struct list_op {
    ol_task task;
    ol_store *store;
    int64_t bucket_id;
    ol_list_request req; /* slices point into bytes */
    ol_list_cb cb;
    void *arg;
    ol_list_result *result;
    ol_error err;
    uint8_t bytes[];
} list_op;

/* A page while it is being filled. */
typedef struct page {
    ol_listing listing; /* must be first */
    ol_list_result *result;
} page;

/* ---- items ---- */

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a list");
}

static int add_prefix(ol_listing *listing, ol_slice prefix, ol_error *err)
{
    page *p = (page *)listing;
    ol_slice copy = ol_arena_copy(p->result->arena, prefix);
    if (!copy.data)
        return no_memory(err);
    p->result->common_prefixes[p->result->common_prefix_count++] = copy;
    p->result->next_start_after = copy;
    return OL_OK;
}

static int add_object(ol_listing *listing, ol_slice key, ol_error *err)
{
    ol_list_result *result = ((page *)listing)->result;
    sqlite3_stmt *stmt = listing->stmt;
    ol_object_info info = {
        .key = ol_arena_copy(result->arena, key),
        .size = (uint64_t)sqlite3_column_int64(stmt, OL_LIST_SIZE),
        .etag = ol_arena_copy(result->arena, ol_db_column(stmt, OL_LIST_ETAG)),
        .last_modified_ms = sqlite3_column_int64(stmt, OL_LIST_MODIFIED),
    };
    if (!info.key.data || !info.etag.data)
        return no_memory(err);
    ol_checksum_unpack(ol_db_column(stmt, OL_LIST_CHECKSUM), &info.checksum);
    result->objects[result->object_count++] = info;
    result->next_start_after = info.key;
    return OL_OK;
}

/* ---- the operation ---- */

static ol_list_result *new_result(uint32_t max_keys)
{
    ol_arena *arena = ol_arena_new(PAGE_BYTES_MAX);
    if (!arena)
        return NULL;
    ol_list_result *result = ol_arena_calloc(arena, sizeof *result);
    if (result) {
        result->arena = arena;
        result->objects = ol_arena_alloc(arena, (max_keys + 1) * sizeof *result->objects);
        result->common_prefixes =
            ol_arena_alloc(arena, (max_keys + 1) * sizeof *result->common_prefixes);
    }
    if (!result || !result->objects || !result->common_prefixes) {
        ol_arena_destroy(arena);
        return NULL;
    }
    return result;
}

static void work(ol_task *task)
{
    list_op *op = task->arg;
    op->result = new_result(op->req.max_keys);
    if (!op->result) {
        no_memory(&op->err);
        return;
    }
    if (op->req.max_keys == 0)
        return;
    page p = {.listing = {.seek = {.prefix = op->req.prefix, .delimiter = op->req.delimiter},
                          .bucket_id = op->bucket_id,
                          .room = op->req.max_keys,
                          .doing = "list a bucket",
                          .add_item = add_object,
                          .add_prefix = add_prefix},
              .result = op->result};
    if (!ol_seek_first(&p.listing.seek, op->req.start_after))
        return;
    ol_reader *reader = ol_readers_take(&op->store->readers);
    p.listing.stmt = reader->list;
    int result = ol_listing_fill(&p.listing, reader, &op->err);
    ol_readers_give(&op->store->readers, reader);
    op->result->truncated = p.listing.truncated;
    if (result != OL_OK) {
        ol_arena_destroy(op->result->arena);
        op->result = NULL;
    }
}

static void done(ol_task *task)
{
    list_op *op = task->arg;
    ol_list_cb cb = op->cb;
    void *arg = op->arg;
    ol_list_result *result = op->result;
    ol_error err = op->err;
    ol_free(op);
    cb(arg, result ? NULL : &err, result);
}

int ol_store_list(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb,
                  void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int64_t bucket_id;
    int result = ol_store_find_bucket(store, req->bucket, &bucket_id, err);
    if (result != OL_OK)
        return result;
    size_t bytes = req->prefix.len + req->delimiter.len + req->start_after.len;
    if (req->max_keys > OL_LIST_KEYS_MAX || bytes > 64 * OL_KIB)
        return ol_error_set(err, OL_EINVAL, "store: a list request is out of bounds");
    list_op *op = ol_malloc(sizeof *op + bytes);
    if (!op)
        return no_memory(err);
    *op = (list_op){.task = {.work = work, .done = done, .loop = loop, .arg = op},
                    .store = store,
                    .bucket_id = bucket_id,
                    .req = *req,
                    .cb = cb,
                    .arg = arg};
    uint8_t *at = op->bytes;
    op->req.bucket = OL_SLICE_NONE;
    op->req.prefix = ol_put_slice(&at, req->prefix);
    op->req.delimiter = ol_put_slice(&at, req->delimiter);
    op->req.start_after = ol_put_slice(&at, req->start_after);
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    ol_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}
