/* SPDX-License-Identifier: MIT */
/*
 * The time of a row's last use is its row number, so that new and touched rows stand at the end of
 * the table and pruning takes its beginning: both cost the same however many rows there are.
 */
#include "view/memo_db_private.h"

#include "s3/upload/crc.h"

uint64_t ol_memo_db_clock(const ol_memo_db *db)
{
    return db->clock;
}

/* ---- statements ---- */

static sqlite3_stmt *with_etag(ol_memo_db *db, int which, const char *etag)
{
    sqlite3_stmt *statement = db->statements[which];
    sqlite3_bind_blob(statement, 1, etag, (int)strlen(etag), SQLITE_STATIC);
    return statement;
}

/* Runs to the end and makes it ready for the next time. */
static int run(ol_memo_db *db, sqlite3_stmt *statement, ol_error *err)
{
    int rc;
    do
        rc = sqlite3_step(statement);
    while (rc == SQLITE_ROW);
    int result = rc == SQLITE_DONE ? OL_OK : ol_memo_db_fail(db, rc, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

static uint64_t sum_of(const char *etag, ol_slice row)
{
    uint64_t sum = ol_crc_update(OL_CRC64NVME, 0, ol_slice_cstr(etag));
    return ol_crc_update(OL_CRC64NVME, sum, row);
}

bool ol_memo_db_check(const char *etag, ol_slice stored, ol_slice *row)
{
    uint64_t sum;
    if (stored.len < OL_MEMO_SUM_BYTES)
        return false;
    *row = ol_slice_first(stored, stored.len - OL_MEMO_SUM_BYTES);
    memcpy(&sum, stored.data + row->len, sizeof(sum));
    return sum == sum_of(etag, *row) && ol_memo_row_check(*row);
}

enum looked { ABSENT, DAMAGED, PRESENT };

static int look(ol_memo_db *db, const char *etag, ol_memo_db_row *out, enum looked *looked,
                ol_error *err)
{
    sqlite3_stmt *statement = with_etag(db, OL_MEMO_DB_GET, etag);
    ol_slice row;
    *looked = ABSENT;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement, 1);
        ol_slice stored = ol_slice_of(data, data ? (size_t)sqlite3_column_bytes(statement, 1) : 0);
        *looked = ol_memo_db_check(etag, stored, &row) ? PRESENT : DAMAGED;
        out->used = (uint64_t)sqlite3_column_int64(statement, 0);
        out->len = *looked == PRESENT ? row.len : 0;
        if (out->len > 0)
            memcpy(out->bytes, row.data, row.len);
        rc = SQLITE_OK;
    }
    int result = rc == SQLITE_OK || rc == SQLITE_DONE ? OL_OK : ol_memo_db_fail(db, rc, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
}

int ol_memo_db_get(ol_memo_db *db, const char *etag, ol_memo_db_row *row, ol_error *err)
{
    enum looked looked;
    int rc = look(db, etag, row, &looked, err);
    return rc == OL_OK && looked != PRESENT ? OL_SKIP : rc;
}

/* ---- changes ---- */

int ol_memo_db_begin(ol_memo_db *db, ol_error *err)
{
    db->added = 0;
    return ol_memo_db_execute(db, "BEGIN IMMEDIATE", err);
}

void ol_memo_db_roll_back(ol_memo_db *db)
{
    if (db->sqlite && !sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

static int put(ol_memo_db *db, int which, const char *etag, ol_slice row, ol_error *err)
{
    uint8_t stored[OL_MEMO_ROW_BYTES_MAX + OL_MEMO_SUM_BYTES];
    uint64_t sum = sum_of(etag, row);
    memcpy(stored, row.data, row.len);
    memcpy(stored + row.len, &sum, sizeof(sum));
    sqlite3_stmt *statement = with_etag(db, which, etag);
    sqlite3_bind_blob(statement, 2, stored, (int)(row.len + sizeof(sum)), SQLITE_STATIC);
    return run(db, statement, err);
}

int ol_memo_db_touch(ol_memo_db *db, const char *etag, ol_error *err)
{
    return run(db, with_etag(db, OL_MEMO_DB_TOUCH, etag), err);
}

static int merge_into(ol_memo_db *db, const char *etag, const ol_memo_db_row *known, ol_slice row,
                      enum ol_memo_arrived *arrived, ol_error *err)
{
    ol_slice old = ol_slice_of(known->bytes, known->len);
    uint8_t unstable[OL_MEMO_ROW_BYTES_MIN];
    switch (ol_memo_row_merge(old, row)) {
    case OL_MEMO_MERGED_MORE: return put(db, OL_MEMO_DB_REPLACE, etag, row, err);
    case OL_MEMO_MERGED_OTHER:
        *arrived = OL_MEMO_ARRIVED_DIVERGED;
        ol_memo_row_unstable(unstable);
        return put(db, OL_MEMO_DB_REPLACE, etag, ol_slice_of(unstable, sizeof(unstable)), err);
    default:
        *arrived = ol_memo_row_is_unstable(old) ? OL_MEMO_ARRIVED_UNSTABLE : OL_MEMO_ARRIVED_KNOWN;
        return ol_memo_db_touch(db, etag, err);
    }
}

int ol_memo_db_merge(ol_memo_db *db, const char *etag, ol_slice row, enum ol_memo_arrived *arrived,
                     ol_error *err)
{
    ol_memo_db_row known;
    enum looked looked;
    *arrived = OL_MEMO_ARRIVED_NEW;
    int rc = look(db, etag, &known, &looked, err);
    if (rc != OL_OK)
        return rc;
    if (looked == PRESENT)
        return merge_into(db, etag, &known, row, arrived, err);
    if (looked == DAMAGED)
        return put(db, OL_MEMO_DB_REPLACE, etag, row, err);
    db->added++;
    return put(db, OL_MEMO_DB_INSERT, etag, row, err);
}

/* Adds to the number of rows, which is kept because counting them would read them all. */
static int change_count(ol_memo_db *db, int64_t by, uint64_t *count, ol_error *err)
{
    sqlite3_stmt *statement = db->statements[OL_MEMO_DB_COUNT];
    sqlite3_bind_int64(statement, 1, by);
    int rc = sqlite3_step(statement);
    *count = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    if (rc == SQLITE_DONE)
        rc = SQLITE_CORRUPT; /* the row of the count is gone */
    if (rc != SQLITE_ROW) {
        sqlite3_reset(statement);
        return ol_memo_db_fail(db, rc, err);
    }
    return run(db, statement, err);
}

/* Some more than must go, so that not every batch does this. */
static int prune(ol_memo_db *db, uint64_t count, ol_error *err)
{
    if (count <= db->rows_max)
        return OL_OK;
    uint64_t going = count - db->rows_max + db->rows_max / 64;
    sqlite3_stmt *statement = db->statements[OL_MEMO_DB_PRUNE];
    sqlite3_bind_int64(statement, 1, (int64_t)going);
    int rc = run(db, statement, err);
    return rc == OL_OK ? change_count(db, -(int64_t)sqlite3_changes(db->sqlite), &count, err) : rc;
}

int ol_memo_db_commit(ol_memo_db *db, ol_error *err)
{
    uint64_t count = 0;
    int rc = change_count(db, db->added, &count, err);
    if (rc == OL_OK)
        rc = prune(db, count, err);
    if (rc == OL_OK)
        rc = ol_memo_db_read_clock(db, err);
    return rc == OL_OK ? ol_memo_db_execute(db, "COMMIT", err) : rc;
}

int ol_memo_db_purge(ol_memo_db *db, ol_error *err)
{
    int rc = ol_memo_db_execute(db, "BEGIN IMMEDIATE; DELETE FROM rows;"
                         "UPDATE state SET value=0 WHERE name='rows'; COMMIT",
                     err);
    if (rc != OL_OK) {
        ol_memo_db_roll_back(db);
        return rc;
    }
    /* Also out of the free pages and the log; the rows are gone without that. */
    (void)ol_memo_db_execute(db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", NULL);
    return OL_OK;
}
