/* SPDX-License-Identifier: MIT */
/*
 * What a change does to the tables, inside the committer's transaction. For its thread only.
 * Objects in rows_object.c, uploads in parts in rows_upload.c, buckets and the rest in rows.c.
 */
#ifndef OL_ORIGIN_STORE_ROWS_H
#define OL_ORIGIN_STORE_ROWS_H

#include "origin/store/committer.h"

typedef struct ol_rows {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *rollback;
    sqlite3_stmt *bucket_find, *bucket_add, *bucket_remove, *bucket_used;
    sqlite3_stmt *find, *put, *remove, *tags_set, *acl_set, *record_set;
    sqlite3_stmt *body_add, *body_set, *body_remove;
    sqlite3_stmt *upload_add, *upload_find, *upload_remove, *upload_become, *upload_became;
    sqlite3_stmt *part_find, *part_put, *part_remove, *parts, *parts_remove;
    sqlite3_stmt *bucket_files, *bucket_parts_remove, *bucket_uploads_remove;
    int64_t now_ms; /* of this batch */
} ol_rows;

int ol_rows_prepare(ol_rows *rows, sqlite3 *db, ol_error *err);

/* OL_OK: applied. A refusal (no such bucket, precondition, …) is returned in the change's own
 * err and OL_SKIP: nothing was written. Negative: the transaction must be given up. */
int ol_rows_apply(ol_rows *rows, ol_change *change, ol_error *err);

/* Step a statement that returns no rows, and reset it. SQLite's code. */
int ol_rows_run(sqlite3_stmt *stmt);

#endif
