/* SPDX-License-Identifier: MIT */
/* Listing parts, of an upload or of an object: one page, in one snapshot on a read thread. */
#include "base/alloc.h"
#include "origin/store/checksum_text.h"
#include "origin/store/copy.h"
#include "origin/store/store_private.h"
#include "origin/store/version_key.h"

#define PAGE_BYTES_MAX (4 * OL_MIB)

typedef struct parts_op {
    ol_task task;
    ol_store *store;
    int64_t bucket_id;
    ol_slice key, upload_id, if_match;
    uint32_t marker, max;
    ol_part_list_cb cb;
    void *arg;
    ol_part_list *list;
    ol_error err;
    uint8_t bytes[];
} parts_op;

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a list of parts");
}

static int step_fault(ol_reader *reader, int rc, ol_error *err)
{
    return ol_db_fail(reader->db, rc, "list parts", err);
}

/* ---- whose parts ---- */

/* An object that was not uploaded in parts has none: *set is 0. */
static int find_object(parts_op *op, ol_reader *reader, int64_t *set)
{
    sqlite3_stmt *stmt = reader->parts_of;
    sqlite3_bind_int64(stmt, 1, op->bucket_id);
    int rc = ol_db_bind(stmt, 2, op->key);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    ol_object_checksum sum = {.composite = false};
    bool other = rc == SQLITE_ROW && op->if_match.len > 0 &&
                 !ol_slice_eq(ol_db_column(stmt, 2), op->if_match);
    if (rc == SQLITE_ROW) {
        *set = sqlite3_column_int64(stmt, 0);
        ol_checksum_unpack(ol_db_column(stmt, 1), &sum);
    }
    ol_db_reset(stmt);
    if (rc == SQLITE_DONE)
        return ol_error_set(&op->err, OL_ENOSUCHKEY, NULL);
    if (rc != SQLITE_ROW)
        return step_fault(reader, rc, &op->err);
    if (other) /* it was replaced */
        return ol_error_set(&op->err, OL_EPRECONDITION, NULL);
    op->list->checksum_name = ol_arena_copy(op->list->arena, ol_slice_cstr(sum.name));
    op->list->checksum_composite = sum.composite;
    return OL_OK;
}

static int tell_sse(parts_op *op, ol_slice bytes)
{
    ol_part_list *list = op->list;
    ol_at_rest_record record;
    if (bytes.len == 0)
        return OL_OK;
    if (!ol_at_rest_record_read(&record, bytes))
        return ol_error_set(&op->err, OL_EORIGIN, "store: the record of an upload is damaged");
    ol_sse_of_record(&record, &list->sse);
    ol_slice kms_key = list->sse.kms_key;
    list->sse.kms_key = ol_arena_copy(list->arena, kms_key);
    list->sse.context = ol_arena_copy(list->arena, record.context);
    bool copied = list->sse.kms_key.len == kms_key.len &&
                  list->sse.context.len == record.context.len;
    return copied ? OL_OK : no_memory(&op->err);
}

static int find_upload(parts_op *op, ol_reader *reader, int64_t *set)
{
    sqlite3_stmt *stmt = reader->upload;
    sqlite3_bind_int64(stmt, 1, op->bucket_id);
    int result = OL_OK;
    int rc = ol_db_bind(stmt, 2, op->key);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 3, op->upload_id);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        ol_part_list *list = op->list;
        *set = sqlite3_column_int64(stmt, OL_UPLOAD_ROW);
        list->checksum_name = ol_arena_copy(list->arena, ol_db_column(stmt, OL_UPLOAD_CHECKSUM));
        list->checksum_composite = sqlite3_column_int64(stmt, OL_UPLOAD_COMPOSITE) != 0;
        list->initiator = ol_arena_copy(list->arena, ol_db_column(stmt, OL_UPLOAD_INITIATOR));
        list->owner = ol_arena_copy(list->arena, ol_db_column(stmt, OL_UPLOAD_OWNER));
        result = tell_sse(op, ol_db_column(stmt, OL_UPLOAD_RECORD));
    }
    ol_db_reset(stmt);
    if (rc == SQLITE_ROW)
        return result;
    return rc == SQLITE_DONE ? ol_error_set(&op->err, OL_ENOSUCHUPLOAD, NULL)
                             : step_fault(reader, rc, &op->err);
}

/* ---- the page ---- */

static int count_all(parts_op *op, ol_reader *reader, int64_t set)
{
    sqlite3_bind_int64(reader->parts_count, 1, set);
    int rc = sqlite3_step(reader->parts_count);
    if (rc == SQLITE_ROW)
        op->list->total = (uint32_t)sqlite3_column_int64(reader->parts_count, 0);
    ol_db_reset(reader->parts_count);
    return rc == SQLITE_ROW ? OL_OK : step_fault(reader, rc, &op->err);
}

static int add_part(parts_op *op, sqlite3_stmt *stmt)
{
    ol_part *part = &op->list->parts[op->list->count];
    *part = (ol_part){
        .number = (uint32_t)sqlite3_column_int64(stmt, OL_PART_NUMBER),
        .size = (uint64_t)sqlite3_column_int64(stmt, OL_PART_SIZE),
        .etag = ol_arena_copy(op->list->arena, ol_db_column(stmt, OL_PART_ETAG)),
        .last_modified_ms = sqlite3_column_int64(stmt, OL_PART_MODIFIED),
    };
    ol_checksum_unpack(ol_db_column(stmt, OL_PART_CHECKSUM), &part->checksum);
    op->list->count++;
    return part->etag.data ? OL_OK : no_memory(&op->err);
}

static int fill(parts_op *op, ol_reader *reader, int64_t set)
{
    sqlite3_stmt *stmt = reader->parts;
    int result = OL_OK, rc = SQLITE_ROW;
    sqlite3_bind_int64(stmt, 1, set);
    sqlite3_bind_int64(stmt, 2, op->marker);
    while (result == OL_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (op->list->count == op->max) {
            op->list->truncated = true;
            break;
        }
        result = add_part(op, stmt);
    }
    ol_db_reset(stmt);
    if (result == OL_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        result = step_fault(reader, rc, &op->err);
    return result;
}

static int read_all(parts_op *op, ol_reader *reader)
{
    int64_t set = 0;
    int result = ol_reader_begin(reader, &op->err);
    if (result != OL_OK)
        return result;
    result = op->upload_id.len > 0 ? find_upload(op, reader, &set) : find_object(op, reader, &set);
    if (result == OL_OK && set != 0)
        result = count_all(op, reader, set);
    if (result == OL_OK && set != 0)
        result = fill(op, reader, set);
    ol_reader_end(reader);
    return result;
}

static ol_part_list *new_list(uint32_t max)
{
    ol_arena *arena = ol_arena_new(PAGE_BYTES_MAX);
    ol_part_list *list = arena ? ol_arena_calloc(arena, sizeof *list) : NULL;
    if (list) {
        list->arena = arena;
        list->parts = ol_arena_alloc(arena, (max + 1) * sizeof *list->parts);
    }
    if (list && list->parts)
        return list;
    ol_arena_destroy(arena);
    return NULL;
}

/* ---- the operation ---- */

static void work(ol_task *task)
{
    parts_op *op = task->arg;
    op->list = new_list(op->max);
    if (!op->list) {
        no_memory(&op->err);
        return;
    }
    ol_reader *reader = ol_readers_take(&op->store->readers);
    int result = read_all(op, reader);
    ol_readers_give(&op->store->readers, reader);
    if (result != OL_OK) {
        ol_arena_destroy(op->list->arena);
        op->list = NULL;
    }
}

static void done(ol_task *task)
{
    parts_op *op = task->arg;
    ol_part_list_cb cb = op->cb;
    void *arg = op->arg;
    ol_part_list *list = op->list;
    ol_error err = op->err;
    ol_free(op);
    cb(arg, list ? NULL : &err, list);
}

int ol_store_parts_list(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_slice upload_id,
                        uint32_t marker, uint32_t max, ol_part_list_cb cb, void *arg,
                        ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int64_t bucket_id;
    int result =
        ol_store_check_object(store, ref->bucket, ref->key, ref->version, &bucket_id, err);
    if (result != OL_OK)
        return result;
    if (max > OL_LIST_KEYS_MAX)
        return ol_error_set(err, OL_EINVAL, "store: a list request is out of bounds");
    if (upload_id.len > 0 && upload_id.len != OL_STORE_UPLOAD_ID_LEN)
        return ol_error_set(err, OL_ENOSUCHUPLOAD, NULL);
    parts_op *op = ol_malloc(sizeof *op + ref->key.len + upload_id.len + ref->if_match.len);
    if (!op)
        return no_memory(err);
    *op = (parts_op){.task = {.work = work, .done = done, .loop = loop, .arg = op},
                     .store = store,
                     .bucket_id = bucket_id,
                     .marker = marker,
                     .max = max,
                     .cb = cb,
                     .arg = arg};
    uint8_t *at = op->bytes;
    op->key = ol_put_slice(&at, ref->key);
    op->upload_id = ol_put_slice(&at, upload_id);
    op->if_match = ol_put_slice(&at, ref->if_match);
    if (ol_offload_submit(store->read_pool, &op->task) == OL_OK)
        return OL_WAIT;
    ol_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}
