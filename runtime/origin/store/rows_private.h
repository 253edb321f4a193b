/* SPDX-License-Identifier: MIT */
/* What the files of rows.h share. */
#ifndef OL_ORIGIN_STORE_ROWS_PRIVATE_H
#define OL_ORIGIN_STORE_ROWS_PRIVATE_H

#include "origin/store/db.h"
#include "origin/store/rows.h"

enum { NO_BODY = 0 }; /* rowids start at 1 */

/* The row that stands where a change wants to go. */
typedef struct ol_old_row {
    bool exists;
    int64_t body; /* NO_BODY: it stands in files */
    int64_t size, modified_ms;
} ol_old_row;

static inline int ol_rows_fail(const ol_rows *rows, int rc, const char *doing, ol_error *err)
{
    return ol_db_fail(rows->db, rc, doing, err);
}

static inline int ol_rows_refuse(ol_change *change, int code)
{
    ol_error_set(&change->err, code, NULL);
    return OL_SKIP;
}

/* An empty text is NULL in the row. SQLite's code. */
static inline int ol_rows_bind_text(sqlite3_stmt *stmt, int index, ol_slice text)
{
    return text.len > 0 ? ol_db_bind(stmt, index, text) : sqlite3_bind_null(stmt, index);
}

/* OL_OK with what stands at the change's key, if its conditions hold. What is to go with it is
 * noted in the change. */
int ol_rows_find_old(ol_rows *rows, ol_change *change, ol_old_row *old, ol_error *err);
/* The parts of what is replaced or removed. */
int ol_rows_drop_parts(ol_rows *rows, ol_change *change, ol_error *err);
/* A small body. SQLite's code. */
int ol_rows_drop_body(ol_rows *rows, int64_t body);

int ol_rows_put(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_remove(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_attribute(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_record(ol_rows *rows, ol_change *change, ol_error *err);

int ol_rows_upload(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_part(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_complete(ol_rows *rows, ol_change *change, ol_error *err);
int ol_rows_abort(ol_rows *rows, ol_change *change, ol_error *err);
/* Files that the statement names in a column, onto a list. Resets the statement. */
int ol_rows_gather(ol_rows *rows, sqlite3_stmt *stmt, int column, ol_file_list *files,
                   ol_error *err);

#endif
