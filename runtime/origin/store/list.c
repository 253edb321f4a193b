/* SPDX-License-Identifier: MIT */
/*
 * Listing: one page, read in one snapshot on a read thread. A common prefix costs one seek
 * however many keys stand below it: the next lookup starts behind the last of them.
 */
#include "base/alloc.h"
#include "origin/store/store_private.h"

/* Worst case: every key of full length, twice (a key, and the buffer for seeks). */
#define PAGE_BYTES_MAX (4 * OL_MIB)
/* A bound for seeks: a key, and one byte behind it. */
#define SEEK_BYTES_MAX (OL_KEY_BYTES_MAX + 1)

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
    const ol_list_request *req;
    ol_list_result *result;
    sqlite3_stmt *stmt;
    uint8_t seek[SEEK_BYTES_MAX];
    size_t seek_len;
} page;

enum { LIST_KEY, LIST_SIZE, LIST_ETAG, LIST_MODIFIED };

/* ---- seeks ---- */

static void seek_at(page *p, ol_slice key, bool behind)
{
    if (key.len > OL_KEY_BYTES_MAX)
        key.len = OL_KEY_BYTES_MAX;
    if (key.len > 0)
        memmove(p->seek, key.data, key.len);
    p->seek_len = key.len;
    if (behind)
        p->seek[p->seek_len++] = 0;
}

/* The smallest key behind all that begin with `prefix`. False: there is none. */
static bool seek_past(page *p, ol_slice prefix)
{
    while (prefix.len > 0 && prefix.data[prefix.len - 1] == 0xff)
        prefix.len--;
    if (prefix.len == 0)
        return false;
    seek_at(p, prefix, false);
    p->seek[p->seek_len - 1]++;
    return true;
}

/* The common prefix that `key` falls under, or the empty slice. */
static ol_slice common_prefix(const ol_list_request *req, ol_slice key)
{
    if (req->delimiter.len == 0)
        return OL_SLICE_NONE;
    ol_slice rest = ol_slice_from(key, req->prefix.len);
    if (rest.len < req->delimiter.len)
        return OL_SLICE_NONE;
    const uint8_t *at = memmem(rest.data, rest.len, req->delimiter.data, req->delimiter.len);
    if (!at)
        return OL_SLICE_NONE;
    return ol_slice_first(key, (size_t)(at - key.data) + req->delimiter.len);
}

/* Where the page begins: at the prefix, or behind start_after if that is further. */
static bool first_seek(page *p)
{
    const ol_list_request *req = p->req;
    if (ol_slice_cmp(req->start_after, req->prefix) < 0) {
        seek_at(p, req->prefix, false);
        return true;
    }
    /* What stands below a common prefix that has been passed belongs to it. */
    ol_slice prefix = ol_slice_starts(req->start_after, req->prefix)
                          ? common_prefix(req, req->start_after)
                          : OL_SLICE_NONE;
    if (prefix.len > 0)
        return seek_past(p, prefix);
    seek_at(p, req->start_after, req->start_after.len > 0);
    return true;
}

/* ---- items ---- */

static bool is_full(const page *p)
{
    return p->result->object_count + p->result->common_prefix_count >= p->req->max_keys;
}

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a list");
}

static int add_prefix(page *p, ol_slice prefix, ol_error *err)
{
    ol_slice copy = ol_arena_copy(p->result->arena, prefix);
    if (!copy.data)
        return no_memory(err);
    p->result->common_prefixes[p->result->common_prefix_count++] = copy;
    p->result->next_start_after = copy;
    return OL_OK;
}

static int add_object(page *p, ol_slice key, ol_error *err)
{
    ol_list_result *result = p->result;
    ol_object_info info = {
        .key = ol_arena_copy(result->arena, key),
        .size = (uint64_t)sqlite3_column_int64(p->stmt, LIST_SIZE),
        .etag = ol_arena_copy(result->arena, ol_db_column(p->stmt, LIST_ETAG)),
        .last_modified_ms = sqlite3_column_int64(p->stmt, LIST_MODIFIED),
    };
    if (!info.key.data || !info.etag.data)
        return no_memory(err);
    result->objects[result->object_count++] = info;
    result->next_start_after = info.key;
    return OL_OK;
}

/* One row. OL_OK: step on; OL_SKIP: look up p->seek; OL_DONE: the page is complete. */
static int take_row(page *p, ol_error *err)
{
    ol_slice key = ol_db_column(p->stmt, LIST_KEY);
    if (!ol_slice_starts(key, p->req->prefix))
        return OL_DONE;
    if (is_full(p)) {
        p->result->truncated = true;
        return OL_DONE;
    }
    ol_slice prefix = common_prefix(p->req, key);
    if (prefix.len == 0)
        return add_object(p, key, err);
    int result = add_prefix(p, prefix, err);
    if (result != OL_OK)
        return result;
    return seek_past(p, prefix) ? OL_SKIP : OL_DONE;
}

static int look_up(page *p, int64_t bucket_id)
{
    ol_db_reset(p->stmt);
    sqlite3_bind_int64(p->stmt, 1, bucket_id);
    return ol_db_bind(p->stmt, 2, ol_slice_of(p->seek, p->seek_len));
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
        else if (rc == SQLITE_ROW)
            state = take_row(p, err);
        else
            state = ol_db_fail(reader->db, rc, "list a bucket", err);
    }
    ol_db_reset(p->stmt);
    return state == OL_DONE ? OL_OK : state;
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
    ol_reader *reader = ol_readers_take(&op->store->readers);
    page p = {.req = &op->req, .result = op->result, .stmt = reader->list};
    int rc = ol_rows_run(reader->begin);
    int result = rc == SQLITE_OK ? fill(&p, reader, op->bucket_id, &op->err)
                                 : ol_db_fail(reader->db, rc, "begin", &op->err);
    if (!sqlite3_get_autocommit(reader->db))
        ol_rows_run(reader->end);
    ol_readers_give(&op->store->readers, reader);
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

static ol_slice copy(uint8_t **at, ol_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    ol_slice out = ol_slice_of(*at, bytes.len);
    *at += bytes.len;
    return out;
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
    op->req.prefix = copy(&at, req->prefix);
    op->req.delimiter = copy(&at, req->delimiter);
    op->req.start_after = copy(&at, req->start_after);
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    ol_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}
