/* SPDX-License-Identifier: MIT */
/*
 * A data folder of the first released version, written here as that version wrote it, becomes one
 * of today's: what was in it is served, and everything new works on it. Dying in the middle of the
 * change leaves one of the two.
 */
#include "store_multipart.h"

#include <sqlite3.h>

static const char first_schema[] =
    "PRAGMA page_size=4096;"
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
    "PRAGMA application_id=1330400851;"
    "PRAGMA user_version=1;"
    "COMMIT;"
    "PRAGMA journal_mode=WAL;";

/* A bucket "b" with "small" (in the database, with a header) and "large" (in a file). */
static const char first_rows[] =
    "INSERT INTO state VALUES('clean', 1);"
    "INSERT INTO buckets VALUES(1, CAST('b' AS BLOB), 1700000000000);"
    "INSERT INTO bodies VALUES(7, CAST('a small body' AS BLOB));"
    "INSERT INTO objects VALUES(1, CAST('small' AS BLOB), 12,"
    " CAST('c2bd33a3c7e8e4ae0ce2e8b7aa4a92ab' AS BLOB), 1700000001000, NULL, 7,"
    " x'0c000a000000' || CAST('content-typetext/plain' AS BLOB));"
    "INSERT INTO objects VALUES(1, CAST('large' AS BLOB), 30000,"
    " CAST('00112233445566778899aabbccddeeff' AS BLOB), 1700000002000,"
    " x'05000102030405060708090a0b0c0d0e0f', NULL, x'');";

static ol_slice large;

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
}

static void make_first(store_kit *kit)
{
    char path[300];
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, first_schema);
    run_sql(db, first_rows);
    sqlite3_close(db);
    snprintf(path, sizeof path, "%s/objects", kit->path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/objects/05", kit->path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/objects/05/000102030405060708090a0b0c0d0e0f", kit->path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(large.data, 1, large.len, file), large.len);
    fclose(file);
}

static void expect_first(store_kit *kit, uint32_t tags)
{
    kit_expect(kit, "small", OL_SLICE_LIT("a small body"));
    kit_expect(kit, "large", large);
    ol_object *object;
    assert_code(kit_open_key(kit, "small", &object), OL_OK);
    const ol_object_info *info = kit->origin->ops->info(object);
    assert_int_equal(info->header_count, 1);
    assert_true(ol_slice_eq_cstr(info->headers[0].value, "text/plain"));
    assert_int_equal(info->last_modified_ms, 1700000001000);
    assert_int_equal(info->part_count, 0);
    assert_int_equal(info->tag_count, tags);
    assert_string_equal(info->checksum.name, "");
    kit_close_object(kit, object);
}

static void the_first_version_is_brought_up(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    make_first(&kit);
    kit_start(&kit);
    expect_first(&kit, 0);
    assert_code(kit_attribute_set(&kit, "small", OL_ATTRIBUTE_TAGS, "a=1"), OL_OK);
    const size_t len = 100;
    ol_slice body = kit_bytes(len, 9);
    kit_put_parts(&kit, "parts", body, &len, 1, NULL);
    kit_restart(&kit);
    expect_first(&kit, 1);
    kit_expect(&kit, "parts", body);
    kit_free(body);
    kit_fini(&kit);
}

static int64_t number(store_kit *kit, const char *sql)
{
    char path[300];
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

/* A step that fails leaves what was; taken again without the obstacle, it is taken whole. */
static void a_step_is_whole_or_not(void **state)
{
    (void)state;
    store_kit kit;
    kit_init(&kit);
    make_first(&kit);
    char path[300];
    snprintf(path, sizeof path, "%s/objlens.db", kit.path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "CREATE TABLE parts(x)"); /* in the way of the step's end */
    sqlite3_close(db);
    ol_error err = {0};
    assert_true(ol_store_open(&kit.origin, &kit.options, &err) < 0);
    assert_null(kit.origin);
    assert_int_equal(number(&kit, "PRAGMA user_version"), 1);
    assert_int_equal(number(&kit, "SELECT count(*) FROM pragma_table_info('objects')"), 8);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "DROP TABLE parts");
    sqlite3_close(db);
    kit_start(&kit);
    expect_first(&kit, 0);
    kit_stop(&kit);
    assert_int_equal(number(&kit, "PRAGMA user_version"), 4);
    kit_start(&kit);
    kit_fini(&kit);
}

static int make_large(void **state)
{
    (void)state;
    large = kit_bytes(30000, 1);
    return 0;
}

static int drop_large(void **state)
{
    (void)state;
    kit_free(large);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_version_is_brought_up),
        cmocka_unit_test(a_step_is_whole_or_not),
    };
    return cmocka_run_group_tests(tests, make_large, drop_large);
}
