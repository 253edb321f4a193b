/* SPDX-License-Identifier: MIT */
/* The memo's database from inside: for memo_db.c, memo_db_open.c. */
#ifndef OL_VIEW_MEMO_DB_PRIVATE_H
#define OL_VIEW_MEMO_DB_PRIVATE_H

#include <limits.h>
#include <sqlite3.h>

#include "view/memo_db.h"

enum ol_memo_db_statement {
    OL_MEMO_DB_GET,
    OL_MEMO_DB_INSERT,
    OL_MEMO_DB_REPLACE,
    OL_MEMO_DB_TOUCH,
    OL_MEMO_DB_PRUNE,
    OL_MEMO_DB_COUNT,
    OL_MEMO_DB_STATEMENTS
};

struct ol_memo_db {
    sqlite3 *sqlite; /* NULL: not connected */
    sqlite3_stmt *statements[OL_MEMO_DB_STATEMENTS];
    uint64_t rows_max, clock;
    int64_t added; /* rows, in this transaction */
    char path[PATH_MAX - 32];
};

/* Fill err from what SQLite answered. Returns its code. */
int ol_memo_db_fail(const ol_memo_db *db, int rc, ol_error *err);
int ol_memo_db_execute(const ol_memo_db *db, const char *sql, ol_error *err);
int ol_memo_db_read_clock(ol_memo_db *db, ol_error *err);

#endif
