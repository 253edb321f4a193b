/* SPDX-License-Identifier: MIT */
/* Connections, and what every statement needs. */
#include "origin/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "origin/store/schema.h"

#define BUSY_TIMEOUT_MS 5000

#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)

bool ol_db_is_full(sqlite3 *db, int rc)
{
    int number = db ? sqlite3_system_errno(db) : 0;
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return (rc & 0xff) == SQLITE_FULL || (rc == SQLITE_IOERR_WRITE && full);
}

static int code_of(sqlite3 *db, int rc)
{
    if (ol_db_is_full(db, rc))
        return OL_ENOSPACE;
    if (rc == SQLITE_IOERR_NOMEM)
        return OL_ENOMEM;
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return OL_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return OL_ESLOWDOWN;
    default: return OL_EINTERNAL;
    }
}

int ol_db_fail(sqlite3 *db, int rc, const char *doing, ol_error *err)
{
    int code = code_of(db, rc);
    return ol_error_set(err, code, "store: cannot %s: %s (%d, errno %d)", doing,
                        db ? sqlite3_errmsg(db) : sqlite3_errstr(rc),
                        db ? sqlite3_extended_errcode(db) : rc, db ? sqlite3_system_errno(db) : 0);
}

int ol_db_exec(sqlite3 *db, const char *sql, ol_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OL_OK : ol_db_fail(db, rc, sql, err);
}

int ol_db_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, ol_error *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    return rc == SQLITE_OK ? OL_OK : ol_db_fail(db, rc, "prepare a statement", err);
}

int ol_db_bind(sqlite3_stmt *stmt, int index, ol_slice bytes)
{
    /* A NULL pointer would bind SQL's NULL. */
    return sqlite3_bind_blob64(stmt, index, bytes.data ? (const void *)bytes.data : "", bytes.len,
                               SQLITE_STATIC);
}

ol_slice ol_db_column(sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);
    return ol_slice_of(data, data ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

void ol_db_reset(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int ol_db_number(sqlite3 *db, const char *sql, int64_t *value, ol_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int result = ol_db_prepare(db, &stmt, sql, err);
    if (result != OL_OK)
        return result;
    int rc = sqlite3_step(stmt);
    *value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OL_OK : ol_db_fail(db, rc, sql, err);
}

int ol_db_state_get(sqlite3 *db, const char *name, int64_t *value, ol_error *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT value FROM state WHERE name='%s'", name);
    return ol_db_number(db, sql, value, err);
}

int ol_db_state_set(sqlite3 *db, const char *name, int64_t value, ol_error *err)
{
    char sql[128];
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO state(name, value) VALUES('%s', %lld)", name,
             (long long)value);
    return ol_db_exec(db, sql, err);
}

/* Made beforehand so that the database and what SQLite puts beside it are ours alone, whatever
 * the umask says. */
static int make_private(const char *path, ol_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ol_error_set(err, errno == ENOSPC ? OL_ENOSPACE : OL_EINTERNAL,
                            "store: cannot open %s: %s", path, strerror(errno));
    close(fd);
    return OL_OK;
}

/* SQLite's own accounting takes a lock at each allocation; nobody reads it. Without effect when
 * somebody else in the process has started SQLite before. */
static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_connection(sqlite3 **db, const char *path, int flags, ol_error *err)
{
    int rc = sqlite3_open_v2(path, db,
                             flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                                 SQLITE_OPEN_EXRESCODE,
                             NULL);
    if (rc != SQLITE_OK) {
        int result = ol_db_fail(*db, rc, "open the database", err);
        ol_db_close(*db);
        *db = NULL;
        return result;
    }
    sqlite3_busy_timeout(*db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return OL_OK;
}

static const char writer_pragmas[] = "PRAGMA journal_mode=WAL;"
                                     "PRAGMA synchronous=FULL;"
                                     "PRAGMA wal_autocheckpoint=0;"
                                     "PRAGMA journal_size_limit=67108864;"
                                     "PRAGMA secure_delete=FAST;"
                                     "PRAGMA temp_store=MEMORY;"
                                     "PRAGMA cache_size=-16384;";

int ol_db_open_writer(sqlite3 **db, const char *folder, ol_error *err)
{
    *db = NULL;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" OL_DB_NAME, folder) >= (int)sizeof path)
        return ol_error_set(err, OL_EINVAL, "store: the path of the data folder is too long");
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_library);
    if (!sqlite3_threadsafe())
        return ol_error_set(err, OL_EINTERNAL, "store: this SQLite is not safe for threads");
    int result = make_private(path, err);
    if (result == OL_OK)
        result = open_connection(db, path, SQLITE_OPEN_READWRITE, err);
    if (result == OL_OK)
        result = ol_db_exec(*db, "PRAGMA page_size=" TEXT(OL_DB_PAGE_BYTES), err);
    if (result == OL_OK)
        result = ol_schema_settle(*db, path, err);
    if (result == OL_OK)
        result = ol_db_exec(*db, writer_pragmas, err);
    if (result != OL_OK) {
        ol_db_close(*db);
        *db = NULL;
    }
    return result;
}

int ol_db_open_reader(sqlite3 **db, const char *folder, ol_error *err)
{
    *db = NULL;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/" OL_DB_NAME, folder);
    int result = open_connection(db, path, SQLITE_OPEN_READONLY, err);
    if (result == OL_OK)
        result = ol_db_exec(*db, "PRAGMA query_only=1; PRAGMA cache_size=-2048;", err);
    if (result != OL_OK) {
        ol_db_close(*db);
        *db = NULL;
    }
    return result;
}

void ol_db_close(sqlite3 *db)
{
    if (!db)
        return;
    for (sqlite3_stmt *stmt; (stmt = sqlite3_next_stmt(db, NULL)) != NULL;)
        sqlite3_finalize(stmt);
    sqlite3_close(db);
}
