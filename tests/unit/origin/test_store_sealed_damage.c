/* SPDX-License-Identifier: MIT */
/*
 * Somebody has the disk: whatever he changes of an encrypted object, in its file, its row or its
 * record, is seen. What was handed out before is what was put; there is never a clean end of anything
 * else.
 */
#include "store_sealed.h"

#include <fcntl.h>

static const enum ol_sse_mode modes[] = {OL_SSE_S3, OL_SSE_KMS, OL_SSE_DSSE, OL_SSE_C};
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define SEALED OL_AT_REST_SEALED_CHUNK_BYTES
#define LARGE 300000u

static kit_kms kms;

static void open_sealed(store_kit *kit)
{
    kit_kms_init(&kms);
    kit_init(kit);
    kit->options.kms = &kms.kms;
    kit->options.cache_bytes_max = 0; /* every read is one of the disk */
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
}

static void put(store_kit *kit, const char *key, enum ol_sse_mode mode, ol_slice body)
{
    ol_sse sse = kit_sse(mode);
    assert_code(kit_put_sse(kit, key, body, &sse, NULL), OL_OK);
}

/* Damaged it is, and nothing wrong was let through. */
static void expect_damaged(store_kit *kit, const char *what, const char *key, enum ol_sse_mode mode,
                           ol_slice body)
{
    ol_test_collect collect = {0};
    int rc = kit_get_range(kit, key, kit_key_of(mode), NULL, &collect);
    if (rc != OL_EORIGIN && !(rc == OL_ESSECWRONG && mode == OL_SSE_C))
        fail_msg("%s: %s", what, ol_code_name(rc));
    assert_false(collect.finished);
    assert_true(collect.len <= body.len);
    if (collect.len > 0)
        assert_memory_equal(collect.data, body.data, collect.len);
    ol_test_collect_fini(&collect);
}

/* ---- files ---- */

static size_t load(const char *path, uint8_t *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, room, file);
    fclose(file);
    return len;
}

static void save(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void swap_bytes(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

static uint8_t whole[LARGE + 1000], changed[2 * LARGE];

static void in_files(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_slice body = kit_bytes(LARGE, 1);
    for (size_t m = 0; m < COUNT(modes); m++) {
        put(&kit, "k", modes[m], body);
        kit_restart(&kit); /* the file that was replaced is gone */
        assert_int_equal(kit_files(&kit, "objects"), 1);
        char path[256];
        snprintf(path, sizeof path, "%s", kit_counted.last);
        size_t len = load(path, whole, sizeof whole);
        assert_int_equal(len, ol_at_rest_sealed_size(LARGE));
        ol_test_random random = {m + 1};
        for (unsigned i = 0; i < 60; i++) {
            size_t at = i < 5 ? i * SEALED : (size_t)ol_test_random_below(&random, len);
            memcpy(changed, whole, len);
            changed[at] ^= (uint8_t)(1u << (i % 8));
            save(path, changed, len);
            expect_damaged(&kit, "a bit", "k", modes[m], body);
        }
        for (size_t cut = 0; cut < 5; cut++) {
            save(path, whole, cut * SEALED);
            expect_damaged(&kit, "cut between chunks", "k", modes[m], body);
        }
        memcpy(changed, whole, len);
        swap_bytes(changed, changed + SEALED, SEALED);
        save(path, changed, len);
        expect_damaged(&kit, "two chunks change places", "k", modes[m], body);
        memcpy(changed + 2 * SEALED, changed + SEALED, SEALED);
        save(path, changed, len);
        expect_damaged(&kit, "a chunk twice", "k", modes[m], body);
        memcpy(changed, whole, len);
        memcpy(changed + len, whole, SEALED);
        save(path, changed, len + SEALED);
        expect_damaged(&kit, "more behind it", "k", modes[m], body);
        assert_int_equal(unlink(path), 0);
        expect_damaged(&kit, "gone", "k", modes[m], body);
        save(path, whole, len);
        kit_expect_with(&kit, "k", kit_key_of(modes[m]), body);
    }
    kit_free(body);
    kit_fini(&kit);
}

/* The version before, put back into the file of the one that replaced it. */
static void a_file_of_an_older_version(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_slice one = kit_bytes(LARGE, 1), two = kit_bytes(LARGE, 2);
    put(&kit, "k", OL_SSE_S3, one);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    size_t len = load(kit_counted.last, whole, sizeof whole);
    put(&kit, "k", OL_SSE_S3, two);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    save(kit_counted.last, whole, len);
    expect_damaged(&kit, "an older version's file", "k", OL_SSE_S3, two);
    kit_free(one);
    kit_free(two);
    kit_fini(&kit);
}

/* A range is told damaged only where it is: the other chunks are served. */
static void only_what_is_touched(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_slice body = kit_bytes(LARGE, 1);
    put(&kit, "k", OL_SSE_C, body);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    size_t len = load(kit_counted.last, whole, sizeof whole);
    whole[2 * SEALED + 5] ^= 1;
    save(kit_counted.last, whole, len);
    const struct {
        ol_byte_range range;
        int rc;
    } cases[] = {
        {{0, 131072}, OL_OK},      {{131071, 1}, OL_OK},          {{131071, 2}, OL_EORIGIN},
        {{131072, 1}, OL_EORIGIN}, {{196607, 1}, OL_EORIGIN},     {{196608, 1}, OL_OK},
        {{299999, 1}, OL_OK},      {{196608, LARGE - 196608}, OL_OK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ol_test_collect collect = {0};
        assert_code(kit_get_range(&kit, "k", kit_key_a, &cases[i].range, &collect), cases[i].rc);
        if (cases[i].rc == OL_OK)
            assert_int_equal(collect.len, cases[i].range.length);
        else
            assert_true(!collect.headed && collect.len == 0); /* found before the head */
        ol_test_collect_fini(&collect);
    }
    kit_free(body);
    kit_fini(&kit);
}

/* The last chunk of whole chunks is empty; whoever reads to the end looks at it, also when it comes in
 * a step of its own. */
static void the_empty_last_chunk(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    for (size_t chunks = 1; chunks <= 4; chunks++) {
        ol_slice body = kit_bytes(chunks * 65536, chunks);
        put(&kit, "k", OL_SSE_S3, body);
        kit_restart(&kit);
        assert_int_equal(kit_files(&kit, "objects"), 1);
        size_t len = load(kit_counted.last, whole, sizeof whole);
        whole[len - 1] ^= 1;
        save(kit_counted.last, whole, len);
        expect_damaged(&kit, "the last chunk", "k", OL_SSE_S3, body);
        kit_free(body);
    }
    kit_fini(&kit);
}

/* The head was sent, then a chunk is damaged: the body breaks. */
static void damaged_later(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const size_t size = 2 * 1024 * 1024;
    static uint8_t file[2 * 1024 * 1024 + 4096];
    ol_slice body = kit_bytes(size, 1);
    put(&kit, "k", OL_SSE_S3, body);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    size_t len = load(kit_counted.last, file, sizeof file);
    file[20 * SEALED] ^= 1;
    save(kit_counted.last, file, len);
    ol_test_collect collect = {0};
    assert_code(kit_get_range(&kit, "k", NULL, NULL, &collect), OL_EORIGIN);
    assert_true(collect.headed && !collect.finished);
    assert_true(collect.len > 0 && collect.len <= 20 * 65536);
    assert_memory_equal(collect.data, body.data, collect.len);
    ol_test_collect_fini(&collect);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- rows ---- */

static const struct {
    const char *what, *sql;
} rows[] = {
    {"records change places",
     "CREATE TEMP TABLE t AS SELECT key, record FROM objects;"
     "UPDATE objects SET record = (SELECT record FROM t WHERE t.key != objects.key);"},
    {"marks change places",
     "CREATE TEMP TABLE t AS SELECT key, mark FROM objects;"
     "UPDATE objects SET mark = (SELECT mark FROM t WHERE t.key != objects.key);"},
    {"everything changes places",
     "CREATE TEMP TABLE t AS SELECT key, mark, record, file, body FROM objects;"
     "UPDATE objects SET file = NULL;"
     "UPDATE objects SET (mark, record, file, body) ="
     " (SELECT mark, record, file, body FROM t WHERE t.key != objects.key);"},
    {"bodies change places",
     "CREATE TEMP TABLE t AS SELECT key, file, body FROM objects;"
     "UPDATE objects SET file = NULL;"
     "UPDATE objects SET (file, body) ="
     " (SELECT file, body FROM t WHERE t.key != objects.key);"},
    {"a mark is gone", "UPDATE objects SET mark = NULL;"},
    {"a record is gone", "UPDATE objects SET record = NULL;"},
    {"another length", "UPDATE objects SET size = size - 1;"},
    {"made empty", "UPDATE objects SET size = 0;"},
    {"another mode", "UPDATE objects SET record = substr(record, 1, 7) || x'02' || substr(record, 9);"},
    {"another mode", "UPDATE objects SET record = substr(record, 1, 7) || x'04' || substr(record, 9);"},
    {"another suite", "UPDATE objects SET record = substr(record, 1, 5) || x'02' || substr(record, 7);"},
    {"another suite", "UPDATE objects SET record = substr(record, 1, 5) || x'01' || substr(record, 7);"},
    {"no suite", "UPDATE objects SET record = substr(record, 1, 5) || x'03' || substr(record, 7);"},
    {"another chunk size",
     "UPDATE objects SET record = substr(record, 1, 6) || x'0f' || substr(record, 8);"},
    {"a forged MAC",
     "UPDATE objects SET record = substr(record, 1, length(record) - 32) || randomblob(32);"},
    {"half a record", "UPDATE objects SET record = substr(record, 1, 60);"},
    {"a forged body",
     "UPDATE bodies SET body = randomblob(length(body));"
     "UPDATE objects SET file = randomblob(17) WHERE file IS NOT NULL;"},
};

static void in_rows(void **state)
{
    (void)state;
    const size_t sizes[] = {1000, 40000};
    for (size_t m = 0; m < COUNT(modes); m++) {
        for (size_t i = 0; i < COUNT(rows) * COUNT(sizes); i++) {
            const char *sql = rows[i / 2].sql;
            const char *what = rows[i / 2].what;
            bool two_layers = modes[m] == OL_SSE_DSSE;
            if ((strstr(what, "another mode") && strstr(sql, modes[m] == OL_SSE_C ? "x'04'" : "x'02'") &&
                 (modes[m] == OL_SSE_C || modes[m] == OL_SSE_KMS)) ||
                (strstr(what, "another suite") && strstr(sql, two_layers ? "x'02'" : "x'01'")))
                continue; /* it is that already */
            store_kit kit;
            open_sealed(&kit);
            ol_slice body = kit_bytes(sizes[i % 2], 1), other = kit_bytes(sizes[i % 2], 2);
            put(&kit, "k", modes[m], body);
            put(&kit, "other", modes[m], other);
            kit_stop(&kit);
            kit_sql(&kit, sql);
            kit_start(&kit);
            ol_test_collect collect = {0};
            int rc = kit_get_range(&kit, "k", kit_key_of(modes[m]), NULL, &collect);
            bool said = rc == OL_EORIGIN || rc == OL_ESSECWRONG || rc == OL_ESSECUNWANTED ||
                        rc == OL_ESSECNEEDED;
            if (!said || collect.finished || collect.len > 0)
                fail_msg("%s, mode %d: %s", rows[i / 2].what, modes[m], ol_code_name(rc));
            ol_test_collect_fini(&collect);
            kit_free(body);
            kit_free(other);
            kit_fini(&kit);
        }
    }
}

/* A bit anywhere in record or mark. */
static void bits_in_records(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const char *const columns[] = {"record", "mark"};
    ol_slice body = OL_SLICE_LIT("a small body");
    ol_test_random random = {9};
    for (unsigned i = 0; i < 150; i++) {
        enum ol_sse_mode mode = modes[i % COUNT(modes)];
        const char *column = columns[i % 2];
        char path[300], sql[200];
        put(&kit, "k", mode, body);
        snprintf(path, sizeof path, "%s/objlens.db", kit.path);
        sqlite3 *db;
        kit_stop(&kit);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        /* WITHOUT ROWID: read it, change it, write it. */
        sqlite3_stmt *stmt;
        snprintf(sql, sizeof sql, "SELECT %s FROM objects", column);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
        uint8_t bytes[1024];
        assert_in_range(len, 1, sizeof bytes);
        memcpy(bytes, sqlite3_column_blob(stmt, 0), len);
        sqlite3_finalize(stmt);
        bytes[ol_test_random_below(&random, len)] ^=
            (uint8_t)(1u << ol_test_random_below(&random, 8));
        snprintf(sql, sizeof sql, "UPDATE objects SET %s = ?1", column);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        sqlite3_bind_blob(stmt, 1, bytes, (int)len, SQLITE_TRANSIENT);
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_finalize(stmt);
        sqlite3_close(db);
        kit_start(&kit);
        ol_test_collect collect = {0};
        int rc = kit_get_range(&kit, "k", kit_key_of(mode), NULL, &collect);
        assert_true(rc < 0 && !collect.finished && collect.len == 0);
        ol_test_collect_fini(&collect);
    }
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_files),
        cmocka_unit_test(a_file_of_an_older_version),
        cmocka_unit_test(only_what_is_touched),
        cmocka_unit_test(the_empty_last_chunk),
        cmocka_unit_test(damaged_later),
        cmocka_unit_test(in_rows),
        cmocka_unit_test(bits_in_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
