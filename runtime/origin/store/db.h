/* SPDX-License-Identifier: MIT */
/*
 * The database behind the store: connections, and SQLite's failures in our words. The schema is in
 * schema.h.
 * A connection belongs to one thread at a time.
 */
#ifndef OL_ORIGIN_STORE_DB_H
#define OL_ORIGIN_STORE_DB_H

#include <sqlite3.h>

#include "base/error.h"

#define OL_DB_NAME "objlens.db"
#define OL_DB_PAGE_BYTES 4096

/* The one connection that writes: makes or checks the schema, switches to WAL. `path` is the
 * data folder. Foreign databases and those of a newer version are refused (OL_ECONFIG). */
int ol_db_open_writer(sqlite3 **db, const char *path, ol_error *err);
/* A connection that cannot write; after the writer has been opened. */
int ol_db_open_reader(sqlite3 **db, const char *path, ol_error *err);
void ol_db_close(sqlite3 *db);

int ol_db_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, ol_error *err);
int ol_db_exec(sqlite3 *db, const char *sql, ol_error *err);
/* Fill err from the connection's last failure. Returns its code. */
int ol_db_fail(sqlite3 *db, int rc, const char *doing, ol_error *err);

/* The failure says that there is no space, and nothing worse. */
bool ol_db_is_full(sqlite3 *db, int rc);

/* Borrowed until the statement is reset; an empty blob is an error in no case. */
int ol_db_bind(sqlite3_stmt *stmt, int index, ol_slice bytes);
/* Valid until the statement moves on. */
ol_slice ol_db_column(sqlite3_stmt *stmt, int column);
void ol_db_reset(sqlite3_stmt *stmt);

/* The number that a statement gives; 0 when it gives none. */
int ol_db_number(sqlite3 *db, const char *sql, int64_t *value, ol_error *err);
/* The state kept in the table `state`. */
int ol_db_state_get(sqlite3 *db, const char *name, int64_t *value, ol_error *err);
int ol_db_state_set(sqlite3 *db, const char *name, int64_t value, ol_error *err);

#endif
