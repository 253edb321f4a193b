/* SPDX-License-Identifier: MIT */
/*
 * Opening the memo's database, and beginning anew with what cannot be opened.
 *
 * A crash loses the last batches (synchronous=NORMAL), never the database.
 */
#include "view/memo_db_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define APPLICATION_ID 0x4f4c564d /* "OLVM" */
#define VERSION 1
#define BUSY_TIMEOUT_MS 1000
#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)

static const char *const texts[OL_MEMO_DB_STATEMENTS] = {
    [OL_MEMO_DB_GET] = "SELECT used, facts FROM rows WHERE etag=?1",
    [OL_MEMO_DB_INSERT] = "INSERT INTO rows(etag, facts) VALUES(?1, ?2)",
    [OL_MEMO_DB_REPLACE] = "UPDATE rows SET used=(SELECT max(used)+1 FROM rows), facts=?2"
                           " WHERE etag=?1",
    [OL_MEMO_DB_TOUCH] = "UPDATE rows SET used=(SELECT max(used)+1 FROM rows) WHERE etag=?1",
    [OL_MEMO_DB_PRUNE] = "DELETE FROM rows WHERE used IN"
                         " (SELECT used FROM rows ORDER BY used LIMIT ?1)",
    [OL_MEMO_DB_COUNT] = "UPDATE state SET value=value+?1 WHERE name='rows' RETURNING value",
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE rows(used INTEGER PRIMARY KEY, etag BLOB NOT NULL UNIQUE, facts BLOB NOT NULL);"
    "CREATE TABLE state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO state VALUES('rows', 0);"
    "PRAGMA application_id=" TEXT(APPLICATION_ID) ";"
    "PRAGMA user_version=" TEXT(VERSION) ";"
    "COMMIT;";

static const char pragmas[] = "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=NORMAL;"
                              "PRAGMA journal_size_limit=16777216;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA cache_size=-4096;";

/* ---- failures ---- */

static int code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return OL_ENOMEM;
    case SQLITE_FULL: return OL_ENOSPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return OL_ESLOWDOWN;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: /* an index that is not of its table */
    case SQLITE_ERROR: return OL_ECORRUPT; /* the tables are not those we know */
    default: return rc == SQLITE_IOERR_NOMEM ? OL_ENOMEM : OL_EINTERNAL;
    }
}

int ol_memo_db_fail(const ol_memo_db *db, int rc, ol_error *err)
{
    int number = db->sqlite ? sqlite3_system_errno(db->sqlite) : 0;
    bool full = rc == SQLITE_IOERR_WRITE &&
                (number == ENOSPC || number == EDQUOT || number == EFBIG);
    bool told = db->sqlite && sqlite3_errcode(db->sqlite) != SQLITE_OK; /* else it is our finding */
    return ol_error_set(err, full ? OL_ENOSPACE : code_of(rc), "views: %s: %s (%d)", db->path,
                        told ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(rc), rc);
}

int ol_memo_db_execute(const ol_memo_db *db, const char *sql, ol_error *err)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OL_OK : ol_memo_db_fail(db, rc, err);
}

/* ---- opening ---- */

static int number_of(const ol_memo_db *db, const char *sql, int64_t *value, ol_error *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    *value = rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OL_OK : ol_memo_db_fail(db, rc, err);
}

static int settle_schema(const ol_memo_db *db, ol_error *err)
{
    int64_t application = 0, version = 0, tables = 0;
    int rc = number_of(db, "PRAGMA application_id", &application, err);
    if (rc == OL_OK)
        rc = number_of(db, "PRAGMA user_version", &version, err);
    if (rc == OL_OK)
        rc = number_of(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (rc != OL_OK)
        return rc;
    if (application == 0 && version == 0 && tables == 0)
        return ol_memo_db_execute(db, schema, err);
    if (application != APPLICATION_ID || version != VERSION)
        return ol_error_set(err, OL_ECORRUPT, "views: %s is not a database of this objlens",
                            db->path);
    return OL_OK;
}

/* Made beforehand, so that it and what SQLite puts beside it are ours alone, whatever the umask.
 * One that is there is not opened: closing it would end the locks of another connection. */
static int make_private(const ol_memo_db *db, ol_error *err)
{
    struct stat st;
    int fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return ol_error_set(err, errno == ENOSPC ? OL_ENOSPACE : OL_EINVAL,
                            "views: cannot make %s: %s", db->path, strerror(errno));
    else if (lstat(db->path, &st) != 0 || !S_ISREG(st.st_mode))
        return ol_error_set(err, OL_EINVAL, "views: %s is not a file", db->path);
    return OL_OK;
}

int ol_memo_db_read_clock(ol_memo_db *db, ol_error *err)
{
    int64_t clock = 0;
    int rc = number_of(db, "SELECT max(used) FROM rows", &clock, err);
    db->clock = clock > 0 ? (uint64_t)clock : 0;
    return rc;
}

static void disconnect(ol_memo_db *db)
{
    for (int i = 0; i < OL_MEMO_DB_STATEMENTS; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
}

static int connect_to(ol_memo_db *db, ol_error *err)
{
    int rc = make_private(db, err);
    if (rc != OL_OK)
        return rc;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                SQLITE_OPEN_EXRESCODE;
    int opened = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
    if (opened != SQLITE_OK)
        return ol_memo_db_fail(db, opened, err);
    sqlite3_busy_timeout(db->sqlite, BUSY_TIMEOUT_MS);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    rc = settle_schema(db, err);
    if (rc == OL_OK)
        rc = ol_memo_db_execute(db, pragmas, err);
    for (int i = 0; rc == OL_OK && i < OL_MEMO_DB_STATEMENTS; i++) {
        int prepared = sqlite3_prepare_v3(db->sqlite, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                          &db->statements[i], NULL);
        rc = prepared == SQLITE_OK ? OL_OK : ol_memo_db_fail(db, prepared, err);
    }
    return rc == OL_OK ? ol_memo_db_read_clock(db, err) : rc;
}

/* The database and its log, out of the way. */
static int put_away(const ol_memo_db *db, bool keep, ol_error *err)
{
    static const char *const suffixes[] = {"-wal", "-shm", ""};
    char from[PATH_MAX], to[PATH_MAX];
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(from, sizeof(from), "%s%s", db->path, suffixes[i]);
        snprintf(to, sizeof(to), "%s.damaged%s", db->path, suffixes[i]);
        int rc = keep ? rename(from, to) : unlink(from);
        if (rc != 0 && errno != ENOENT)
            return ol_error_set(err, OL_EINTERNAL, "views: cannot move %s: %s", from,
                                strerror(errno));
    }
    return OL_OK;
}

int ol_memo_db_renew(ol_memo_db *db, bool keep, ol_error *err)
{
    disconnect(db);
    int rc = put_away(db, keep, err);
    return rc == OL_OK ? connect_to(db, err) : rc;
}

/* Not an error: it goes on, with less in memory. */
static int set_aside(ol_memo_db *db, const ol_error *why, ol_error *err)
{
    int rc = ol_memo_db_renew(db, true, err);
    if (rc == OL_OK && err)
        snprintf(err->detail, sizeof(err->detail), "set aside as " OL_MEMO_DB_NAME ".damaged: %.240s",
                 why->detail);
    return rc;
}

static int make_folder(const char *folder, ol_error *err)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return OL_OK;
    return ol_error_set(err, OL_EINVAL, "views: cannot make %s: %s", folder, strerror(errno));
}

int ol_memo_db_open(ol_memo_db **out, const char *folder, uint64_t rows_max, ol_error *err)
{
    ol_error why = {0};
    *out = NULL;
    int rc = make_folder(folder, err);
    if (rc != OL_OK)
        return rc;
    ol_memo_db *db = ol_calloc(1, sizeof(*db));
    if (!db)
        return ol_error_set(err, OL_ENOMEM, "views: no memory for the database");
    db->rows_max = rows_max;
    int len = snprintf(db->path, sizeof(db->path), "%s/" OL_MEMO_DB_NAME, folder);
    if (len >= (int)sizeof(db->path))
        rc = ol_error_set(&why, OL_EINVAL, "views: the path of the folder is too long");
    else
        rc = connect_to(db, &why);
    if (rc == OL_ECORRUPT)
        rc = set_aside(db, &why, err);
    else if (rc != OL_OK && err)
        *err = why;
    if (rc == OL_OK)
        *out = db;
    else
        ol_memo_db_close(db);
    return rc;
}

void ol_memo_db_close(ol_memo_db *db)
{
    if (!db)
        return;
    disconnect(db);
    ol_free(db);
}
