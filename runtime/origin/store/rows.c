/* SPDX-License-Identifier: MIT */
/*
 * The statements of the writing connection. A small body that replaces a small body is updated
 * in place: one page to write instead of two.
 */
#include "origin/store/rows.h"

#include "origin/store/db.h"

enum { NO_BODY = 0 }; /* rowids start at 1 */

/* The row that stands where a change wants to go. */
typedef struct old_row {
    bool exists;
    int64_t body; /* NO_BODY: a file */
} old_row;

int ol_rows_prepare(ol_rows *rows, sqlite3 *db, ol_error *err)
{
    *rows = (ol_rows){.db = db};
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } all[] = {
        {&rows->begin, "BEGIN IMMEDIATE"},
        {&rows->commit, "COMMIT"},
        {&rows->rollback, "ROLLBACK"},
        {&rows->bucket_find, "SELECT id FROM buckets WHERE name = ?1"},
        {&rows->bucket_add, "INSERT INTO buckets(name, created_ms) VALUES(?1, ?2)"},
        {&rows->bucket_remove, "DELETE FROM buckets WHERE id = ?1"},
        {&rows->bucket_used, "SELECT 1 FROM objects WHERE bucket = ?1 LIMIT 1"},
        {&rows->find, "SELECT etag, file, body FROM objects WHERE bucket = ?1 AND key = ?2"},
        {&rows->put, "INSERT OR REPLACE INTO objects(bucket, key, size, etag, modified_ms, file,"
                     " body, headers) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
        {&rows->remove, "DELETE FROM objects WHERE bucket = ?1 AND key = ?2"},
        {&rows->body_add, "INSERT INTO bodies(body) VALUES(?1)"},
        {&rows->body_set, "UPDATE bodies SET body = ?2 WHERE id = ?1"},
        {&rows->body_remove, "DELETE FROM bodies WHERE id = ?1"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int result = ol_db_prepare(db, all[i].stmt, all[i].sql, err);
        if (result != OL_OK)
            return result;
    }
    return OL_OK;
}

int ol_rows_run(sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    ol_db_reset(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int fail(const ol_rows *rows, int rc, const char *doing, ol_error *err)
{
    return ol_db_fail(rows->db, rc, doing, err);
}

static int refuse(ol_change *change, int code)
{
    ol_error_set(&change->err, code, NULL);
    return OL_SKIP;
}

static int find_bucket(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_stmt *stmt = rows->bucket_find;
    int rc = ol_db_bind(stmt, 1, change->bucket);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        change->bucket_id_ = sqlite3_column_int64(stmt, 0);
    ol_db_reset(stmt);
    if (rc == SQLITE_ROW)
        return OL_OK;
    return rc == SQLITE_DONE ? refuse(change, OL_ENOSUCHBUCKET)
                             : fail(rows, rc, "find a bucket", err);
}

/* ---- objects ---- */

static int check_conditions(ol_change *change, const old_row *old, ol_slice etag)
{
    if (change->if_none_match_any && old->exists)
        return refuse(change, OL_EPRECONDITION);
    if (change->if_match.len == 0)
        return OL_OK;
    if (!old->exists)
        return refuse(change, OL_ENOSUCHKEY);
    if (!ol_slice_eq_cstr(change->if_match, "*") && !ol_slice_eq(change->if_match, etag))
        return refuse(change, OL_EPRECONDITION);
    return OL_OK;
}

static int find_old(ol_rows *rows, ol_change *change, old_row *old, ol_error *err)
{
    *old = (old_row){.body = NO_BODY};
    sqlite3_stmt *stmt = rows->find;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    ol_slice etag = OL_SLICE_NONE;
    if (rc == SQLITE_ROW) {
        old->exists = true;
        etag = ol_db_column(stmt, 0);
        ol_slice file = ol_db_column(stmt, 1);
        old->body = sqlite3_column_int64(stmt, 2);
        change->has_old_file_ = file.len == OL_FILE_ID_BYTES;
        if (change->has_old_file_)
            memcpy(change->old_file_.bytes, file.data, file.len);
    }
    int result = rc == SQLITE_ROW || rc == SQLITE_DONE ? check_conditions(change, old, etag)
                                                       : fail(rows, rc, "find a row", err);
    ol_db_reset(stmt);
    if (result != OL_OK)
        change->has_old_file_ = false;
    return result;
}

static int remove_body(ol_rows *rows, int64_t body)
{
    if (body == NO_BODY)
        return SQLITE_OK;
    sqlite3_bind_int64(rows->body_remove, 1, body);
    return ol_rows_run(rows->body_remove);
}

/* Leaves the id of the row with the new body, or NO_BODY, in *body. */
static int put_body(ol_rows *rows, const ol_entry *entry, int64_t old, int64_t *body)
{
    *body = NO_BODY;
    if (entry->has_file)
        return remove_body(rows, old);
    if (old != NO_BODY) {
        *body = old;
        sqlite3_bind_int64(rows->body_set, 1, old);
        int rc = ol_db_bind(rows->body_set, 2, entry->body);
        return rc == SQLITE_OK ? ol_rows_run(rows->body_set) : rc;
    }
    int rc = ol_db_bind(rows->body_add, 1, entry->body);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(rows->body_add);
    *body = sqlite3_last_insert_rowid(rows->db);
    return rc;
}

static int put_row(ol_rows *rows, const ol_change *change, int64_t body)
{
    const ol_entry *entry = change->entry;
    sqlite3_stmt *stmt = rows->put;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    sqlite3_bind_int64(stmt, 3, (int64_t)entry->info.size);
    sqlite3_bind_int64(stmt, 5, entry->info.last_modified_ms);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 4, entry->info.etag);
    if (rc == SQLITE_OK && entry->has_file)
        rc = ol_db_bind(stmt, 6, ol_slice_of(entry->file.bytes, OL_FILE_ID_BYTES));
    if (rc == SQLITE_OK && body != NO_BODY)
        rc = sqlite3_bind_int64(stmt, 7, body);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 8, entry->headers_blob);
    return rc == SQLITE_OK ? ol_rows_run(stmt) : rc;
}

static int apply_put(ol_rows *rows, ol_change *change, ol_error *err)
{
    old_row old;
    int result = find_old(rows, change, &old, err);
    if (result != OL_OK)
        return result;
    ol_entry_set_modified(change->entry, rows->now_ms);
    int64_t body;
    int rc = put_body(rows, change->entry, old.body, &body);
    if (rc == SQLITE_OK)
        rc = put_row(rows, change, body);
    return rc == SQLITE_OK ? OL_OK : fail(rows, rc, "store a row", err);
}

static int apply_remove(ol_rows *rows, ol_change *change, ol_error *err)
{
    old_row old;
    int result = find_old(rows, change, &old, err);
    if (result != OL_OK || !old.exists)
        return result;
    sqlite3_bind_int64(rows->remove, 1, change->bucket_id_);
    int rc = ol_db_bind(rows->remove, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(rows->remove);
    if (rc == SQLITE_OK)
        rc = remove_body(rows, old.body);
    return rc == SQLITE_OK ? OL_OK : fail(rows, rc, "remove a row", err);
}

/* ---- buckets ---- */

static int apply_bucket_create(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_bind_int64(rows->bucket_add, 2, rows->now_ms);
    int rc = ol_db_bind(rows->bucket_add, 1, change->bucket);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(rows->bucket_add);
    change->bucket_id_ = sqlite3_last_insert_rowid(rows->db);
    return rc == SQLITE_OK ? OL_OK : fail(rows, rc, "create a bucket", err);
}

static int apply_bucket_remove(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_bind_int64(rows->bucket_used, 1, change->bucket_id_);
    int rc = sqlite3_step(rows->bucket_used);
    ol_db_reset(rows->bucket_used);
    if (rc == SQLITE_ROW)
        return refuse(change, OL_EBUCKETNOTEMPTY);
    if (rc != SQLITE_DONE)
        return fail(rows, rc, "look into a bucket", err);
    sqlite3_bind_int64(rows->bucket_remove, 1, change->bucket_id_);
    rc = ol_rows_run(rows->bucket_remove);
    return rc == SQLITE_OK ? OL_OK : fail(rows, rc, "remove a bucket", err);
}

int ol_rows_apply(ol_rows *rows, ol_change *change, ol_error *err)
{
    int result = find_bucket(rows, change, err);
    if (change->kind == OL_CHANGE_BUCKET_CREATE) {
        if (result == OL_OK)
            return refuse(change, OL_EBUCKETEXISTS);
        if (result != OL_SKIP)
            return result;
        ol_error_clear(&change->err);
        return apply_bucket_create(rows, change, err);
    }
    if (result != OL_OK)
        return result;
    switch (change->kind) {
    case OL_CHANGE_PUT: return apply_put(rows, change, err);
    case OL_CHANGE_REMOVE: return apply_remove(rows, change, err);
    default: return apply_bucket_remove(rows, change, err);
    }
}
