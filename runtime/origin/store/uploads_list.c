/* SPDX-License-Identifier: MIT */
/*
 * Listing uploads in progress: by key, then by id, which is by time. One page, in one snapshot on
 * a read thread, with common prefixes as in listing.h.
 */
#include "base/alloc.h"
#include "origin/store/copy.h"
#include "origin/store/listing.h"
#include "origin/store/store_private.h"

#define PAGE_BYTES_MAX (8 * OL_MIB)

typedef struct uploads_op {
    ol_task task;
    ol_store *store;
    int64_t bucket_id;
    ol_uploads_request req; /* slices point into bytes */
    ol_uploads_cb cb;
    void *arg;
    ol_uploads_result *result;
    ol_error err;
    uint8_t bytes[];
} uploads_op;

/* A page while it is being filled. */
typedef struct page {
    ol_listing listing; /* must be first */
    const ol_uploads_request *req;
    ol_uploads_result *result;
    ol_slice seek_id; /* at the bound: ids from here on */
} page;

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a list of uploads");
}

/* ---- items ---- */

static int add_prefix(ol_listing *listing, ol_slice prefix, ol_error *err)
{
    page *p = (page *)listing;
    ol_slice copy = ol_arena_copy(p->result->arena, prefix);
    if (!copy.data)
        return no_memory(err);
    p->result->common_prefixes[p->result->common_prefix_count++] = copy;
    p->result->next_key_marker = copy;
    p->result->next_id_marker = OL_SLICE_NONE;
    p->seek_id = OL_SLICE_NONE;
    return OL_OK;
}

static int add_upload(ol_listing *listing, ol_slice key, ol_error *err)
{
    ol_uploads_result *result = ((page *)listing)->result;
    sqlite3_stmt *stmt = listing->stmt;
    ol_upload_item item = {
        .key = ol_arena_copy(result->arena, key),
        .upload_id = ol_arena_copy(result->arena, ol_db_column(stmt, OL_UPLOADS_ID)),
        .initiated_ms = sqlite3_column_int64(stmt, OL_UPLOADS_INITIATED),
        .checksum_name = ol_arena_copy(result->arena, ol_db_column(stmt, OL_UPLOADS_CHECKSUM)),
        .checksum_composite = sqlite3_column_int64(stmt, OL_UPLOADS_COMPOSITE) != 0,
        .initiator = ol_arena_copy(result->arena, ol_db_column(stmt, OL_UPLOADS_INITIATOR)),
        .owner = ol_arena_copy(result->arena, ol_db_column(stmt, OL_UPLOADS_OWNER)),
    };
    if (!item.key.data || !item.upload_id.data)
        return no_memory(err);
    result->uploads[result->count++] = item;
    result->next_key_marker = item.key;
    result->next_id_marker = item.upload_id;
    return OL_OK;
}

/* ---- the page ---- */

/* Behind the key marker; with an id marker, behind that upload of this key. */
static bool first_seek(page *p)
{
    const ol_uploads_request *req = p->req;
    ol_seek *seek = &p->listing.seek;
    bool resume = req->id_marker.len > 0 && ol_slice_starts(req->key_marker, req->prefix) &&
                  ol_seek_common(seek, req->key_marker).len == 0;
    if (!resume)
        return ol_seek_first(seek, req->key_marker);
    ol_seek_at(seek, req->key_marker, false);
    p->seek_id = req->id_marker;
    return true;
}

static int bind_id(ol_listing *listing)
{
    return ol_db_bind(listing->stmt, 3, ((page *)listing)->seek_id);
}

/* The upload that the markers name has been listed already. */
static bool is_marked(const ol_listing *listing)
{
    const ol_uploads_request *req = ((const page *)listing)->req;
    return req->id_marker.len > 0 &&
           ol_slice_eq(ol_db_column(listing->stmt, OL_UPLOADS_ID), req->id_marker) &&
           ol_slice_eq(ol_db_column(listing->stmt, OL_UPLOADS_KEY), req->key_marker);
}

static ol_uploads_result *new_result(uint32_t max)
{
    ol_arena *arena = ol_arena_new(PAGE_BYTES_MAX);
    ol_uploads_result *result = arena ? ol_arena_calloc(arena, sizeof *result) : NULL;
    if (result) {
        result->arena = arena;
        result->uploads = ol_arena_alloc(arena, (max + 1) * sizeof *result->uploads);
        result->common_prefixes =
            ol_arena_alloc(arena, (max + 1) * sizeof *result->common_prefixes);
    }
    if (result && result->uploads && result->common_prefixes)
        return result;
    ol_arena_destroy(arena);
    return NULL;
}

/* ---- the operation ---- */

static void work(ol_task *task)
{
    uploads_op *op = task->arg;
    op->result = new_result(op->req.max_uploads);
    if (!op->result) {
        no_memory(&op->err);
        return;
    }
    if (op->req.max_uploads == 0)
        return;
    page p = {.listing = {.seek = {.prefix = op->req.prefix, .delimiter = op->req.delimiter},
                          .bucket_id = op->bucket_id,
                          .room = op->req.max_uploads,
                          .doing = "list uploads",
                          .bind_more = bind_id,
                          .is_passed = is_marked,
                          .add_item = add_upload,
                          .add_prefix = add_prefix},
              .req = &op->req,
              .result = op->result};
    if (!first_seek(&p))
        return;
    ol_reader *reader = ol_readers_take(&op->store->readers);
    p.listing.stmt = reader->uploads;
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
    uploads_op *op = task->arg;
    ol_uploads_cb cb = op->cb;
    void *arg = op->arg;
    ol_uploads_result *result = op->result;
    ol_error err = op->err;
    ol_free(op);
    cb(arg, result ? NULL : &err, result);
}

int ol_store_upload_list(ol_origin *o, ol_loop *loop, const ol_uploads_request *req,
                         ol_uploads_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int64_t bucket_id;
    int result = ol_store_find_bucket(store, req->bucket, &bucket_id, err);
    if (result != OL_OK)
        return result;
    size_t bytes =
        req->prefix.len + req->delimiter.len + req->key_marker.len + req->id_marker.len;
    if (req->max_uploads > OL_LIST_KEYS_MAX || bytes > 64 * OL_KIB)
        return ol_error_set(err, OL_EINVAL, "store: a list request is out of bounds");
    uploads_op *op = ol_malloc(sizeof *op + bytes);
    if (!op)
        return no_memory(err);
    *op = (uploads_op){.task = {.work = work, .done = done, .loop = loop, .arg = op},
                       .store = store,
                       .bucket_id = bucket_id,
                       .req = {.max_uploads = req->max_uploads},
                       .cb = cb,
                       .arg = arg};
    uint8_t *at = op->bytes;
    op->req.prefix = ol_put_slice(&at, req->prefix);
    op->req.delimiter = ol_put_slice(&at, req->delimiter);
    op->req.key_marker = ol_put_slice(&at, req->key_marker);
    op->req.id_marker = ol_put_slice(&at, req->id_marker);
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    ol_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}
