/* SPDX-License-Identifier: MIT */
/*
 * The steps of the schema. What has been released is never edited: a change is a new step.
 *
 * Small bodies stand in a table of their own, so that listing walks narrow rows. Keys are blobs:
 * SQLite compares them with memcmp, which is S3's order.
 *
 * Parts belong to an upload, by its number, and to the object that it became: completing an
 * upload moves no row of a part. Numbers are never used again (AUTOINCREMENT).
 */
#include "origin/store/schema.h"

#include "origin/store/db.h"

#define APPLICATION_ID 0x4f4c4e53 /* "OLNS" */

#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)

static const char *const steps[] = {
    /* 1 */
    "BEGIN IMMEDIATE;"
    "CREATE TABLE state(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE buckets("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE,"
    " created_ms INTEGER NOT NULL);"
    "CREATE TABLE objects("
    " bucket INTEGER NOT NULL, key BLOB NOT NULL, size INTEGER NOT NULL, etag BLOB NOT NULL,"
    " modified_ms INTEGER NOT NULL, file BLOB, body INTEGER, headers BLOB NOT NULL,"
    " PRIMARY KEY(bucket, key)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX objects_by_file ON objects(file) WHERE file IS NOT NULL;"
    "CREATE TABLE bodies(id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "PRAGMA application_id=" TEXT(APPLICATION_ID) ";"
    "PRAGMA user_version=1;"
    "COMMIT;",

    /* 2: checksums, tags, access control lists, uploads in parts. objects.parts is the number of
     * the upload whose parts are the body; objects.upload its id as the client knew it. */
    "BEGIN IMMEDIATE;"
    "ALTER TABLE objects ADD COLUMN checksum BLOB;"
    "ALTER TABLE objects ADD COLUMN tags BLOB;"
    "ALTER TABLE objects ADD COLUMN acl BLOB;"
    "ALTER TABLE objects ADD COLUMN parts INTEGER;"
    "ALTER TABLE objects ADD COLUMN upload BLOB;"
    "CREATE TABLE uploads("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, bucket INTEGER NOT NULL, key BLOB NOT NULL,"
    " upload BLOB NOT NULL, initiated_ms INTEGER NOT NULL, headers BLOB NOT NULL, tags BLOB,"
    " acl BLOB, checksum BLOB, composite INTEGER NOT NULL, initiator BLOB, owner BLOB);"
    "CREATE UNIQUE INDEX uploads_by_key ON uploads(bucket, key, upload);"
    "CREATE TABLE parts("
    " owner INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag BLOB NOT NULL,"
    " modified_ms INTEGER NOT NULL, checksum BLOB, file BLOB NOT NULL,"
    " PRIMARY KEY(owner, number)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX parts_by_file ON parts(file);"
    "PRAGMA user_version=2;"
    "COMMIT;",

    /* 3: encryption (crypto/at_rest/at_rest_record.h). `record` says how an object or an upload is encrypted;
     * `mark` vouches for a body in one file or row, for a part, and in the row of an object in parts
     * for their table. NULL: not encrypted. */
    "BEGIN IMMEDIATE;"
    "ALTER TABLE objects ADD COLUMN record BLOB;"
    "ALTER TABLE objects ADD COLUMN mark BLOB;"
    "ALTER TABLE uploads ADD COLUMN record BLOB;"
    "ALTER TABLE parts ADD COLUMN mark BLOB;"
    "PRAGMA user_version=3;"
    "COMMIT;",

    /* 4: what the table of an upload's parts is signed by when it is completed without the key. It goes
     * with the upload. */
    "BEGIN IMMEDIATE;"
    "ALTER TABLE uploads ADD COLUMN table_key BLOB;"
    "PRAGMA user_version=4;"
    "COMMIT;",
};

#define VERSION ((int64_t)(sizeof steps / sizeof *steps))

static int take_step(sqlite3 *db, const char *sql, ol_error *err)
{
    int result = ol_db_exec(db, sql, err);
    if (result != OL_OK && !sqlite3_get_autocommit(db))
        ol_db_exec(db, "ROLLBACK", NULL);
    return result;
}

int ol_schema_settle(sqlite3 *db, const char *path, ol_error *err)
{
    int64_t application = 0, version = 0, tables = 0;
    int result = ol_db_number(db, "PRAGMA application_id", &application, err);
    if (result == OL_OK)
        result = ol_db_number(db, "PRAGMA user_version", &version, err);
    if (result == OL_OK)
        result = ol_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (result != OL_OK)
        return result;
    bool empty = application == 0 && version == 0 && tables == 0;
    if (!empty && application != APPLICATION_ID)
        return ol_error_say(err, OL_ECONFIG, "%s is not a database of objlens", path);
    if (version > VERSION)
        return ol_error_say(err, OL_ECONFIG,
                            "%s was written by a newer objlens (schema %lld, this one knows %lld)",
                            path, (long long)version, (long long)VERSION);
    if (!empty && version < 1)
        return ol_error_say(err, OL_ECONFIG, "%s has an unknown schema", path);
    for (int64_t step = version; result == OL_OK && step < VERSION; step++)
        result = take_step(db, steps[step], err);
    return result;
}
