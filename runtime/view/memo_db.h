/* SPDX-License-Identifier: MIT */
/*
 * The memo's database: one table of rows by ETag, in the order of their use, of which the oldest go
 * when there are more than the maximum. All calls block; one thread at a time.
 *
 * Failures: OL_ECORRUPT when the database is damaged (renew it), else OL_ENOSPACE, OL_ENOMEM,
 * OL_ESLOWDOWN (another process holds it), OL_EINTERNAL. A single damaged row is no failure: it is
 * not there.
 */
#ifndef OL_VIEW_MEMO_DB_H
#define OL_VIEW_MEMO_DB_H

#include "view/memo_table.h"

#define OL_MEMO_DB_NAME "views.db"
#define OL_MEMO_SUM_BYTES 8 /* behind each row: a checksum of ETag and row */

typedef struct ol_memo_db ol_memo_db;

typedef struct ol_memo_db_row {
    uint64_t used; /* the database's clock when it was used last */
    size_t len;
    uint8_t bytes[OL_MEMO_ROW_BYTES_MAX];
} ol_memo_db_row;

/* Makes folder (0700) and file (0600) when they are missing. A damaged, foreign or newer database
 * is set aside as NAME.damaged, which *err's detail says, with OL_OK. OL_EINVAL when the folder
 * cannot be used. */
int ol_memo_db_open(ol_memo_db **db, const char *folder, uint64_t rows_max, ol_error *err);
void ol_memo_db_close(ol_memo_db *db);
/* Begin anew; `keep` sets the old file aside instead of removing it. After a failure only close is
 * legal. */
int ol_memo_db_renew(ol_memo_db *db, bool keep, ol_error *err);

/* Goes up by one with each row that is written or touched. */
uint64_t ol_memo_db_clock(const ol_memo_db *db);

/* OL_OK, or OL_SKIP when there is no such row. */
int ol_memo_db_get(ol_memo_db *db, const char *etag, ol_memo_db_row *row, ol_error *err);

/* Changes come between begin and commit, which also prunes. After a failure: roll_back. */
int ol_memo_db_begin(ol_memo_db *db, ol_error *err);
int ol_memo_db_merge(ol_memo_db *db, const char *etag, ol_slice row, enum ol_memo_arrived *arrived,
                     ol_error *err);
int ol_memo_db_touch(ol_memo_db *db, const char *etag, ol_error *err);
int ol_memo_db_commit(ol_memo_db *db, ol_error *err);
void ol_memo_db_roll_back(ol_memo_db *db);

int ol_memo_db_purge(ol_memo_db *db, ol_error *err);

/* What a row of the database holds, for `etag`: false unless it is as it was written. */
bool ol_memo_db_check(const char *etag, ol_slice stored, ol_slice *row);

#endif
