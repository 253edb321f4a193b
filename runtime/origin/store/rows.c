/* SPDX-License-Identifier: MIT */
/* The statements of the writing connection, and the changes of buckets. */
#include "origin/store/rows_private.h"

/* A bucket may be removed while uploads in parts are in progress; but not so many that it holds
 * up everybody else's commits. */
#define BUCKET_PARTS_MAX 200000u

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
        {&rows->find, "SELECT etag, file, body, size, modified_ms, parts FROM objects"
                      " WHERE bucket = ?1 AND key = ?2"},
        {&rows->put, "INSERT OR REPLACE INTO objects(bucket, key, size, etag, modified_ms, file,"
                     " body, headers, checksum, tags, acl, record, mark)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"},
        {&rows->remove, "DELETE FROM objects WHERE bucket = ?1 AND key = ?2"},
        {&rows->tags_set, "UPDATE objects SET tags = ?3 WHERE bucket = ?1 AND key = ?2"},
        {&rows->record_set, "UPDATE objects SET record = ?3"
                            " WHERE bucket = ?1 AND key = ?2 AND record = ?4"},
        {&rows->acl_set, "UPDATE objects SET acl = ?3 WHERE bucket = ?1 AND key = ?2"},
        {&rows->body_add, "INSERT INTO bodies(body) VALUES(?1)"},
        {&rows->body_set, "UPDATE bodies SET body = ?2 WHERE id = ?1"},
        {&rows->body_remove, "DELETE FROM bodies WHERE id = ?1"},
        {&rows->upload_add,
         "INSERT INTO uploads(bucket, key, upload, initiated_ms, headers, tags, acl, checksum,"
         " composite, initiator, owner, record, table_key)"
         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"},
        {&rows->upload_find, "SELECT id, checksum, composite, record, table_key FROM uploads"
                             " WHERE bucket = ?1 AND key = ?2 AND upload = ?3"},
        {&rows->upload_remove, "DELETE FROM uploads WHERE id = ?1"},
        {&rows->upload_become,
         "INSERT OR REPLACE INTO objects(bucket, key, size, etag, modified_ms, headers, checksum,"
         " tags, acl, parts, upload, record, mark)"
         " SELECT bucket, key, ?2, ?3, ?4, headers, ?5, tags, acl, id, upload, record, ?6"
         " FROM uploads"
         " WHERE id = ?1"},
        {&rows->upload_became, "SELECT parts, etag, modified_ms, checksum, record FROM objects"
                               " WHERE bucket = ?1 AND key = ?2 AND upload = ?3"},
        {&rows->part_find, "SELECT file FROM parts WHERE owner = ?1 AND number = ?2"},
        {&rows->part_put,
         "INSERT OR REPLACE INTO parts(owner, number, size, etag, modified_ms, checksum, file,"
         " mark) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
        {&rows->part_remove, "DELETE FROM parts WHERE owner = ?1 AND number = ?2"},
        {&rows->parts, "SELECT number, size, etag, checksum, file, mark FROM parts"
                       " WHERE owner = ?1 ORDER BY number"},
        {&rows->parts_remove, "DELETE FROM parts WHERE owner = ?1"},
        {&rows->bucket_files, "SELECT p.file FROM uploads u JOIN parts p ON p.owner = u.id"
                              " WHERE u.bucket = ?1"},
        {&rows->bucket_parts_remove,
         "DELETE FROM parts WHERE owner IN (SELECT id FROM uploads WHERE bucket = ?1)"},
        {&rows->bucket_uploads_remove, "DELETE FROM uploads WHERE bucket = ?1"},
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

int ol_rows_gather(ol_rows *rows, sqlite3_stmt *stmt, int column, ol_file_list *files,
                   ol_error *err)
{
    int rc;
    int result = OL_OK;
    while (result == OL_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        ol_slice file = ol_db_column(stmt, column);
        if (file.len != OL_FILE_ID_BYTES)
            continue; /* not one of ours to remove */
        if (ol_file_list_add(files, file.data) != OL_OK)
            result = ol_error_set(err, OL_ENOMEM, "store: no memory for a list of files");
    }
    if (result == OL_OK && rc != SQLITE_DONE)
        result = ol_rows_fail(rows, rc, "list files", err);
    ol_db_reset(stmt);
    return result;
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
    return rc == SQLITE_DONE ? ol_rows_refuse(change, OL_ENOSUCHBUCKET)
                             : ol_rows_fail(rows, rc, "find a bucket", err);
}

static int bucket_create(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_bind_int64(rows->bucket_add, 2, rows->now_ms);
    int rc = ol_db_bind(rows->bucket_add, 1, change->bucket);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(rows->bucket_add);
    change->bucket_id_ = sqlite3_last_insert_rowid(rows->db);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "create a bucket", err);
}

static int run_for_bucket(sqlite3_stmt *stmt, int64_t bucket)
{
    sqlite3_bind_int64(stmt, 1, bucket);
    return ol_rows_run(stmt);
}

/* Uploads that are in progress end with their bucket, as they do on AWS. */
static int end_uploads(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_bind_int64(rows->bucket_files, 1, change->bucket_id_);
    int result = ol_rows_gather(rows, rows->bucket_files, 0, &change->dropped_files_, err);
    if (result != OL_OK)
        return result;
    if (change->dropped_files_.count > BUCKET_PARTS_MAX) {
        ol_file_list_fini(&change->dropped_files_);
        ol_error_say(&change->err, OL_EBUCKETNOTEMPTY,
                     "Too many parts of uploads are in the bucket: abort uploads first.");
        return OL_SKIP;
    }
    int rc = run_for_bucket(rows->bucket_parts_remove, change->bucket_id_);
    if (rc == SQLITE_OK)
        rc = run_for_bucket(rows->bucket_uploads_remove, change->bucket_id_);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "end uploads", err);
}

static int bucket_remove(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_bind_int64(rows->bucket_used, 1, change->bucket_id_);
    int rc = sqlite3_step(rows->bucket_used);
    ol_db_reset(rows->bucket_used);
    if (rc == SQLITE_ROW)
        return ol_rows_refuse(change, OL_EBUCKETNOTEMPTY);
    if (rc != SQLITE_DONE)
        return ol_rows_fail(rows, rc, "look into a bucket", err);
    int result = end_uploads(rows, change, err);
    if (result != OL_OK)
        return result;
    rc = run_for_bucket(rows->bucket_remove, change->bucket_id_);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "remove a bucket", err);
}

int ol_rows_apply(ol_rows *rows, ol_change *change, ol_error *err)
{
    int result = find_bucket(rows, change, err);
    if (change->kind == OL_CHANGE_BUCKET_CREATE) {
        if (result == OL_OK)
            return ol_rows_refuse(change, OL_EBUCKETEXISTS);
        if (result != OL_SKIP)
            return result;
        ol_error_clear(&change->err);
        return bucket_create(rows, change, err);
    }
    if (result != OL_OK)
        return result;
    switch (change->kind) {
    case OL_CHANGE_PUT: return ol_rows_put(rows, change, err);
    case OL_CHANGE_REMOVE: return ol_rows_remove(rows, change, err);
    case OL_CHANGE_ATTRIBUTE: return ol_rows_attribute(rows, change, err);
    case OL_CHANGE_RECORD: return ol_rows_record(rows, change, err);
    case OL_CHANGE_UPLOAD: return ol_rows_upload(rows, change, err);
    case OL_CHANGE_PART: return ol_rows_part(rows, change, err);
    case OL_CHANGE_COMPLETE: return ol_rows_complete(rows, change, err);
    case OL_CHANGE_ABORT: return ol_rows_abort(rows, change, err);
    default: return bucket_remove(rows, change, err);
    }
}
