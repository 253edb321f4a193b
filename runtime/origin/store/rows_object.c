/* SPDX-License-Identifier: MIT */
/*
 * Changes of objects. A small body that replaces a small body is updated in place: one page to
 * write instead of two.
 */
#include "origin/store/checksum_text.h"
#include "origin/store/rows_private.h"

enum { OLD_ETAG, OLD_FILE, OLD_BODY, OLD_SIZE, OLD_MODIFIED, OLD_PARTS };

static int check_conditions(ol_change *change, const ol_old_row *old, ol_slice etag)
{
    const ol_conditions *want = &change->conditions;
    bool unwanted = want->if_none_match_any ||
                    (want->if_none_match.len > 0 && ol_slice_eq(want->if_none_match, etag));
    if (old->exists && unwanted)
        return ol_rows_refuse(change, OL_EPRECONDITION);
    if (want->if_match.len == 0 && !want->has_modified && !want->has_size)
        return OL_OK;
    if (!old->exists)
        return ol_rows_refuse(change, OL_ENOSUCHKEY);
    bool met = want->if_match.len == 0 || ol_slice_eq_cstr(want->if_match, "*") ||
               ol_slice_eq(want->if_match, etag);
    if (want->has_modified)
        met = met && want->if_modified_ms / 1000 == old->modified_ms / 1000;
    if (want->has_size)
        met = met && want->if_size == old->size;
    return met ? OL_OK : ol_rows_refuse(change, OL_EPRECONDITION);
}

/* Its row, and what goes with it. */
static void take_old(sqlite3_stmt *stmt, ol_change *change, ol_old_row *old)
{
    ol_slice file = ol_db_column(stmt, OLD_FILE);
    *old = (ol_old_row){
        .exists = true,
        .body = sqlite3_column_int64(stmt, OLD_BODY),
        .size = sqlite3_column_int64(stmt, OLD_SIZE),
        .modified_ms = sqlite3_column_int64(stmt, OLD_MODIFIED),
    };
    change->old_parts_ = sqlite3_column_int64(stmt, OLD_PARTS);
    change->has_old_file_ = file.len == OL_FILE_ID_BYTES;
    if (change->has_old_file_)
        memcpy(change->old_file_.bytes, file.data, file.len);
}

int ol_rows_find_old(ol_rows *rows, ol_change *change, ol_old_row *old, ol_error *err)
{
    *old = (ol_old_row){.body = NO_BODY};
    sqlite3_stmt *stmt = rows->find;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        take_old(stmt, change, old);
    int result = rc == SQLITE_ROW || rc == SQLITE_DONE
                     ? check_conditions(change, old,
                                        old->exists ? ol_db_column(stmt, OLD_ETAG) : OL_SLICE_NONE)
                     : ol_rows_fail(rows, rc, "find a row", err);
    ol_db_reset(stmt);
    if (result != OL_OK) {
        change->has_old_file_ = false;
        change->old_parts_ = 0;
    }
    return result;
}

int ol_rows_drop_parts(ol_rows *rows, ol_change *change, ol_error *err)
{
    if (change->old_parts_ == 0)
        return OL_OK;
    enum { PARTS_FILE = 4 };
    sqlite3_bind_int64(rows->parts, 1, change->old_parts_);
    int result = ol_rows_gather(rows, rows->parts, PARTS_FILE, &change->old_part_files_, err);
    if (result != OL_OK)
        return result;
    sqlite3_bind_int64(rows->parts_remove, 1, change->old_parts_);
    int rc = ol_rows_run(rows->parts_remove);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "remove parts", err);
}

int ol_rows_drop_body(ol_rows *rows, int64_t body)
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
        return ol_rows_drop_body(rows, old);
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
    char packed[OL_CHECKSUM_PACKED_SIZE];
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
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 9, ol_checksum_pack(&entry->info.checksum, packed));
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 10, entry->info.tags);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 11, entry->info.acl);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 12, entry->record_bytes);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 13, entry->mark);
    return rc == SQLITE_OK ? ol_rows_run(stmt) : rc;
}

int ol_rows_put(ol_rows *rows, ol_change *change, ol_error *err)
{
    ol_old_row old;
    int result = ol_rows_find_old(rows, change, &old, err);
    if (result == OL_OK)
        result = ol_rows_drop_parts(rows, change, err);
    if (result != OL_OK)
        return result;
    ol_entry_set_modified(change->entry, rows->now_ms);
    int64_t body;
    int rc = put_body(rows, change->entry, old.body, &body);
    if (rc == SQLITE_OK)
        rc = put_row(rows, change, body);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "store a row", err);
}

int ol_rows_remove(ol_rows *rows, ol_change *change, ol_error *err)
{
    ol_old_row old;
    int result = ol_rows_find_old(rows, change, &old, err);
    if (result != OL_OK || !old.exists)
        return result;
    result = ol_rows_drop_parts(rows, change, err);
    if (result != OL_OK)
        return result;
    sqlite3_bind_int64(rows->remove, 1, change->bucket_id_);
    int rc = ol_db_bind(rows->remove, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(rows->remove);
    if (rc == SQLITE_OK)
        rc = ol_rows_drop_body(rows, old.body);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "remove a row", err);
}

/* Of a version that is still the one that was opened: records never repeat. */
int ol_rows_record(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_stmt *stmt = rows->record_set;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 3, change->text);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 4, change->old_record);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(stmt);
    if (rc != SQLITE_OK)
        return ol_rows_fail(rows, rc, "store a record", err);
    return sqlite3_changes(rows->db) == 1 ? OL_OK : ol_rows_refuse(change, OL_EPRECONDITION);
}

int ol_rows_attribute(ol_rows *rows, ol_change *change, ol_error *err)
{
    ol_old_row old;
    int result = ol_rows_find_old(rows, change, &old, err);
    if (result != OL_OK)
        return result;
    /* The object stays. */
    change->has_old_file_ = false;
    change->old_parts_ = 0;
    if (!old.exists)
        return ol_rows_refuse(change, OL_ENOSUCHKEY);
    sqlite3_stmt *stmt =
        change->attribute == OL_ATTRIBUTE_TAGS ? rows->tags_set : rows->acl_set;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 3, change->text);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(stmt);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "store an attribute", err);
}
