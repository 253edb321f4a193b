/* SPDX-License-Identifier: MIT */
/*
 * Listing uploads in progress: by key, then by id, which is by time. One page, in one snapshot on
 * a read thread, with common prefixes as in list.c.
 */
#include "base/alloc.h"
#include "origin/store/copy.h"
#include "origin/store/seek.h"
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
    const ol_uploads_request *req;
    ol_uploads_result *result;
    sqlite3_stmt *stmt;
    ol_seek seek;
    ol_slice seek_id; /* at the bound: ids from here on */
} page;

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a list of uploads");
}

/* ---- items ---- */

static bool is_full(const page *p)
{
    return p->result->count + p->result->common_prefix_count >= p->req->max_uploads;
}

static int add_prefix(page *p, ol_slice prefix, ol_error *err)
{
    ol_slice copy = ol_arena_copy(p->result->arena, prefix);
    if (!copy.data)
        return no_memory(err);
    p->result->common_prefixes[p->result->common_prefix_count++] = copy;
    p->result->next_key_marker = copy;
    p->result->next_id_marker = OL_SLICE_NONE;
    return OL_OK;
}

static int add_upload(page *p, ol_slice key, ol_error *err)
{
    ol_uploads_result *result = p->result;
    sqlite3_stmt *stmt = p->stmt;
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

/* One row. OL_OK: step on; OL_SKIP: look up where p->seek says; OL_DONE: the page is complete. */
static int take_row(page *p, ol_error *err)
{
    ol_slice key = ol_db_column(p->stmt, OL_UPLOADS_KEY);
    if (!ol_slice_starts(key, p->req->prefix))
        return OL_DONE;
    if (is_full(p)) {
        p->result->truncated = true;
        return OL_DONE;
    }
    ol_slice prefix = ol_seek_common(&p->seek, key);
    if (prefix.len == 0)
        return add_upload(p, key, err);
    int result = add_prefix(p, prefix, err);
    if (result != OL_OK)
        return result;
    p->seek_id = OL_SLICE_NONE;
    return ol_seek_past(&p->seek, prefix) ? OL_SKIP : OL_DONE;
}

/* ---- the page ---- */

/* Behind the key marker; with an id marker, behind that upload of this key. */
static bool first_seek(page *p)
{
    const ol_uploads_request *req = p->req;
    bool resume = req->id_marker.len > 0 && ol_slice_starts(req->key_marker, req->prefix) &&
                  ol_seek_common(&p->seek, req->key_marker).len == 0;
    if (!resume)
        return ol_seek_first(&p->seek, req->key_marker);
    ol_seek_at(&p->seek, req->key_marker, false);
    p->seek_id = req->id_marker;
    return true;
}

static int look_up(page *p, int64_t bucket_id)
{
    ol_db_reset(p->stmt);
    sqlite3_bind_int64(p->stmt, 1, bucket_id);
    int rc = ol_db_bind(p->stmt, 2, ol_seek_bound(&p->seek));
    return rc == SQLITE_OK ? ol_db_bind(p->stmt, 3, p->seek_id) : rc;
}

/* The upload that the markers name has been listed already. */
static bool is_marked(const page *p)
{
    return p->req->id_marker.len > 0 &&
           ol_slice_eq(ol_db_column(p->stmt, OL_UPLOADS_ID), p->req->id_marker) &&
           ol_slice_eq(ol_db_column(p->stmt, OL_UPLOADS_KEY), p->req->key_marker);
}

static int fill(page *p, ol_reader *reader, int64_t bucket_id, ol_error *err)
{
    int state = first_seek(p) ? OL_SKIP : OL_DONE;
    while (state == OL_OK || state == OL_SKIP) {
        int rc = state == OL_SKIP ? look_up(p, bucket_id) : SQLITE_OK;
        if (rc == SQLITE_OK)
            rc = sqlite3_step(p->stmt);
        if (rc == SQLITE_DONE)
            state = OL_DONE;
        else if (rc != SQLITE_ROW)
            state = ol_db_fail(reader->db, rc, "list uploads", err);
        else
            state = is_marked(p) ? OL_OK : take_row(p, err);
    }
    ol_db_reset(p->stmt);
    return state == OL_DONE ? OL_OK : state;
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
    ol_reader *reader = ol_readers_take(&op->store->readers);
    page p = {.req = &op->req,
              .result = op->result,
              .stmt = reader->uploads,
              .seek = {.prefix = op->req.prefix, .delimiter = op->req.delimiter}};
    int result = ol_reader_begin(reader, &op->err);
    if (result == OL_OK)
        result = fill(&p, reader, op->bucket_id, &op->err);
    ol_reader_end(reader);
    ol_readers_give(&op->store->readers, reader);
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
