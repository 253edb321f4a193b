/* SPDX-License-Identifier: MIT */
/*
 * Objects that come in parts: what completing makes of them, what it refuses, and how they read,
 * whole, in ranges, by part and by slow readers who are overtaken by a removal.
 */
#include "store_multipart.h"
#include "store_trap.h"

#include <sqlite3.h>

static const size_t lens3[] = {PART, PART + 12345, 777};
#define TOTAL3 (2 * PART + 12345 + 777)

static void md5_hex(ol_slice data, char out[33])
{
    uint8_t digest[16];
    assert_int_equal(EVP_Digest(data.data, data.len, digest, NULL, EVP_md5(), NULL), 1);
    ol_hex_encode(digest, sizeof digest, out);
}

static void composite_etag(ol_slice body, const size_t *lens, uint32_t count, char out[72])
{
    uint8_t digests[16 * 8];
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(
            EVP_Digest(body.data, lens[i], digests + 16 * i, NULL, EVP_md5(), NULL), 1);
        body = ol_slice_from(body, lens[i]);
    }
    char hex[33];
    md5_hex(ol_slice_of(digests, 16 * count), hex);
    snprintf(out, 72, "%s-%u", hex, count);
}

static void expect_range(store_kit *kit, ol_object *object, ol_slice body, ol_byte_range range)
{
    ol_test_collect collect = {0};
    assert_code(kit_read(kit, object, range, &collect), OL_OK);
    assert_slices(ol_test_collect_out(&collect),
                  ol_slice_of(body.data + range.start, (size_t)range.length));
    ol_test_collect_fini(&collect);
}

/* ---- reading ---- */

static void a_completed_upload_is_an_object(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(TOTAL3, 1);
    ol_put_result result;
    kit_put_parts(&kit, "k", body, lens3, 3, &result);
    char etag[72];
    composite_etag(body, lens3, 3, etag);
    assert_string_equal(result.etag, etag);
    assert_int_equal(kit_files(&kit, "objects"), 3);
    assert_int_equal(kit_uploads_count(&kit), 0);
    for (int round = 0; round < 3; round++) {
        kit_expect(&kit, "k", body);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        const ol_object_info *info = kit.origin->ops->info(object);
        assert_int_equal(info->part_count, 3);
        assert_int_equal(info->last_modified_ms, result.last_modified_ms);
        assert_true(ol_slice_eq_cstr(info->etag, etag));
        const ol_byte_range ranges[] = {
            {0, 1},          {PART - 1, 2},        {PART, PART + 12345}, {PART - 100000, 300000},
            {TOTAL3 - 1, 1}, {TOTAL3 - 778, 778}, {123, TOTAL3 - 456},  {5, 0},
        };
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
            expect_range(&kit, object, body, ranges[i]);
        kit_close_object(&kit, object);
        if (round == 1)
            kit_restart(&kit);
    }
    kit_free(body);
    kit_fini(&kit);
}

static void read_at(store_kit *kit, ol_object *object, ol_slice body, uint64_t offset, size_t len)
{
    uint8_t *bytes = malloc(len);
    kit_answer answer = {0};
    size_t got = 0;
    int rc = kit->origin->ops->read_at(object, offset, (ol_span){bytes, len}, &got, kit_on_read,
                                       &answer, NULL);
    bool waited = rc == OL_WAIT;
    assert_code(kit_settle(kit, rc, &answer), OL_OK);
    if (waited)
        got = answer.got;
    size_t left = offset < body.len ? body.len - (size_t)offset : 0;
    assert_int_equal(got, len < left ? len : left);
    if (got > 0)
        assert_memory_equal(bytes, body.data + offset, got);
    free(bytes);
}

static void read_at_crosses_parts(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(TOTAL3, 2);
    kit_put_parts(&kit, "k", body, lens3, 3, NULL);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_OK);
    read_at(&kit, object, body, 0, 10);
    read_at(&kit, object, body, PART - 3, 7);
    read_at(&kit, object, body, PART - 50000, 200000);
    read_at(&kit, object, body, TOTAL3 - 1000, 5000);
    read_at(&kit, object, body, TOTAL3, 10);
    kit_close_object(&kit, object);
    kit_free(body);
    kit_fini(&kit);
}

/* Small and slow neighbours; the stretch crosses both borders of the middle part. */
static void every_way_of_reading(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(TOTAL3, 3);
    kit_put_parts(&kit, "k", body, lens3, 3, NULL);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        ol_test_bench_again(&kit.bench);
        ol_test_pedant pedant = {0};
        ol_test_collect collect = {.wait_every = way % 2 ? 3 : 0};
        const ol_stage_ops *ops;
        const void *config;
        ol_byte_range range = {PART - 2000, 4000};
        assert_code(kit.origin->ops->body(object, range, kit.bench.arena, &ops, &config), OL_OK);
        ol_test_bench_add(&kit.bench, ops, config);
        ol_test_bench_below(&kit.bench, way, &pedant);
        ol_test_bench_collect(&kit.bench, &collect);
        assert_code(ol_test_bench_run(&kit.bench), OL_OK);
        assert_slices(ol_test_collect_out(&collect),
                      ol_slice_of(body.data + range.start, (size_t)range.length));
        ol_test_collect_fini(&collect);
        kit_close_object(&kit, object);
    }
    kit_free(body);
    kit_fini(&kit);
}

static int open_part(store_kit *kit, const char *key, uint32_t number, ol_object **object)
{
    kit_answer answer = {0};
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key),
                         .part_number = number};
    int rc = kit->origin->ops->open(kit->origin, kit->bench.loop.loop, &ref, object, kit_on_object,
                                    &answer, NULL);
    bool waited = rc == OL_WAIT;
    rc = kit_settle(kit, rc, &answer);
    if (waited)
        *object = answer.object;
    return rc;
}

static void a_part_can_be_opened(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(TOTAL3, 4);
    kit_put_parts(&kit, "k", body, lens3, 3, NULL);
    assert_code(kit_put(&kit, "plain", OL_SLICE_LIT("plain")), OL_OK);
    for (int round = 0; round < 2; round++) {
        uint64_t start = 0;
        for (uint32_t number = 1; number <= 3; number++) {
            ol_object *object;
            assert_code(open_part(&kit, "k", number, &object), OL_OK);
            const ol_object_info *info = kit.origin->ops->info(object);
            assert_int_equal(info->part.start, start);
            assert_int_equal(info->part.length, lens3[number - 1]);
            assert_int_equal(info->part_count, 3);
            assert_int_equal(info->size, TOTAL3);
            expect_range(&kit, object, body, info->part);
            start += info->part.length;
            kit_close_object(&kit, object);
        }
        ol_object *object;
        assert_code(open_part(&kit, "k", 4, &object), OL_ERANGE);
        assert_code(open_part(&kit, "plain", 1, &object), OL_OK);
        assert_int_equal(kit.origin->ops->info(object)->part.length, 5);
        assert_int_equal(kit.origin->ops->info(object)->part_count, 0);
        kit_close_object(&kit, object);
        assert_code(open_part(&kit, "plain", 2, &object), OL_ERANGE);
    }
    kit_free(body);
    kit_fini(&kit);
}

static void a_small_object_of_one_part_is_cached(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const size_t sizes[] = {0, 1, 100000};
    for (size_t i = 0; i < 3; i++) {
        ol_slice body = kit_bytes(sizes[i], 5);
        kit_put_parts(&kit, "k", body, &sizes[i], 1, NULL);
        kit_expect(&kit, "k", body);
        kit_expect(&kit, "k", body);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        assert_int_equal(kit.origin->ops->info(object)->part_count, 1);
        kit_close_object(&kit, object);
        kit_free(body);
    }
    assert_code(kit_remove(&kit, "k"), OL_OK);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

/* What stands in the database is foreign: sizes that add up to the object's, but not on the way. */
static void parts_that_go_back_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    char path[240];
    sqlite3 *db;
    const size_t size = 10000;
    kit_open(&kit);
    ol_slice body = kit_bytes(size, 5);
    kit_put_parts(&kit, "k", body, &size, 1, NULL);
    kit_stop(&kit);
    snprintf(path, sizeof path, "%s/objlens.db", kit.path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "INSERT INTO parts SELECT owner, 2, -5000, etag, modified_ms,"
                                  " checksum, randomblob(17), NULL FROM parts;"
                                  "UPDATE objects SET size = 5000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    kit_start(&kit);
    ol_object *object;
    assert_code(kit_open_key(&kit, "k", &object), OL_EORIGIN);
    kit_free(body);
    kit_fini(&kit);
}

/* A reader in the first part while the object goes: the other parts stay until it is through. */
static void a_reader_keeps_removed_parts(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(TOTAL3, 6);
        kit_put_parts(&kit, "k", body, lens3, 3, NULL);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        expect_range(&kit, object, body, (ol_byte_range){0, 10});
        const size_t small = 5;
        if (way == 0)
            assert_code(kit_remove(&kit, "k"), OL_OK);
        else if (way == 1)
            assert_code(kit_put(&kit, "k", OL_SLICE_LIT("small")), OL_OK);
        else
            kit_put_parts(&kit, "k", OL_SLICE_LIT("small"), &small, 1, NULL);
        assert_true(kit_files(&kit, "objects") >= 3);
        expect_range(&kit, object, body, (ol_byte_range){0, TOTAL3});
        ol_test_bench_again(&kit.bench);
        kit_close_object(&kit, object);
        if (way == 0)
            kit_expect_absent(&kit, "k");
        else
            kit_expect(&kit, "k", OL_SLICE_LIT("small"));
        kit_restart(&kit);
        assert_int_equal(kit_files(&kit, "objects"), way == 2);
        kit_free(body);
        kit_fini(&kit);
    }
}

/* The row has been read, then the object goes, then the parts would be opened. */
static void a_row_that_goes_stale_is_read_again(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        store_kit kit;
        kit_open(&kit);
        ol_slice body = kit_bytes(TOTAL3, 7);
        kit_put_parts(&kit, "k", body, lens3, 3, NULL);
        trap t;
        trap_open(&t);
        trap_stop(&t, OL_STORE_ROW_READ, from);
        kit_answer opened = {0}, removed = {0};
        ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k")};
        ol_object *object = NULL;
        assert_code(kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref, &object,
                                          kit_on_object, &opened, NULL),
                    OL_WAIT);
        trap_wait(&t, &kit.bench.loop);
        ol_remove_request removal = kit_removal("k");
        assert_code(kit.origin->ops->remove(kit.origin, kit.bench.loop.loop, &removal,
                                            kit_on_removed, &removed, NULL),
                    OL_WAIT);
        ol_test_loop_until(&kit.bench.loop, &removed.done, OL_TEST_BOUND_MS);
        trap_let_go(&t);
        ol_test_loop_until(&kit.bench.loop, &opened.done, OL_TEST_BOUND_MS);
        trap_close(&t);
        /* Before it was pinned: it is gone. After: it is whole. */
        assert_code(opened.err.code, from == 0 ? OL_ENOSUCHKEY : OL_OK);
        if (from == 1) {
            expect_range(&kit, opened.object, body, (ol_byte_range){0, TOTAL3});
            ol_test_bench_again(&kit.bench);
            kit_close_object(&kit, opened.object);
        }
        kit_restart(&kit);
        assert_int_equal(kit_files(&kit, "objects"), 0);
        kit_free(body);
        kit_fini(&kit);
    }
}

/* ---- parts on the way ---- */

static void parts_are_replaced_and_left_out(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice a = kit_bytes(PART, 8), b = kit_bytes(PART + 1, 9), c = kit_bytes(50, 10);
    kit_id id;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 9, c), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 2, a), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 2, b), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 5, a), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 7, c), OL_OK);
    kit_expect_absent(&kit, "k");
    ol_part_list *all, *list;
    assert_code(kit_parts_of(&kit, "k", kit_id_of(&id), 0, 1000, &all), OL_OK);
    assert_int_equal(all->count, 4);
    assert_int_equal(all->total, 4);
    assert_int_equal(all->parts[0].number, 2);
    assert_int_equal(all->parts[0].size, PART + 1);
    ol_part wanted[] = {all->parts[0], all->parts[1], all->parts[3]};
    ol_complete_request req = kit_completion("k", &id, wanted, 3);
    ol_put_result result, again;
    assert_code(kit_complete_as(&kit, &req, &result), OL_OK);
    ol_slice whole = kit_bytes(2 * PART + 1 + 50, 0);
    memcpy((void *)whole.data, b.data, b.len);
    memcpy((void *)(whole.data + b.len), a.data, a.len);
    memcpy((void *)(whole.data + b.len + a.len), c.data, c.len);
    kit_expect(&kit, "k", whole);

    /* Again: the same. With another list, or once the object is another one: no such upload. */
    assert_code(kit_complete_as(&kit, &req, &again), OL_OK);
    assert_string_equal(again.etag, result.etag);
    assert_int_equal(again.last_modified_ms, result.last_modified_ms);
    req.part_count = 2;
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHUPLOAD);
    ol_part more[] = {wanted[0], wanted[1], wanted[2], wanted[2]};
    more[3].number++;
    req = kit_completion("k", &id, more, 4);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHUPLOAD);
    req = kit_completion("k", &id, wanted, 3);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 3);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 1, c), OL_ENOSUCHUPLOAD);
    assert_code(kit_abort(&kit, "k", &id), OL_ENOSUCHUPLOAD);
    kit_expect(&kit, "k", whole);

    assert_code(kit_parts_of(&kit, "k", OL_SLICE_NONE, 2, 1, &list), OL_OK);
    assert_int_equal(list->total, 3);
    assert_int_equal(list->count, 1);
    assert_true(list->truncated);
    assert_int_equal(list->parts[0].number, 5);
    ol_arena_destroy(list->arena);
    assert_code(kit_parts_if(&kit, "k", OL_SLICE_NONE, ol_slice_cstr(result.etag), 0, 9, &list), OL_OK);
    ol_arena_destroy(list->arena);
    assert_code(kit_put(&kit, "k", c), OL_OK); /* replaced: these parts are not that object's */
    assert_code(kit_parts_if(&kit, "k", OL_SLICE_NONE, ol_slice_cstr(result.etag), 0, 9, &list),
                OL_EPRECONDITION);
    assert_code(kit_complete_as(&kit, &req, NULL), OL_ENOSUCHUPLOAD);
    assert_code(kit_parts_of(&kit, "k", OL_SLICE_NONE, 0, 10, &list), OL_OK);
    assert_int_equal(list->total + list->count, 0);
    ol_arena_destroy(list->arena);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
    ol_arena_destroy(all->arena);
    kit_free(a), kit_free(b), kit_free(c), kit_free(whole);
    kit_fini(&kit);
}

static void an_aborted_upload_leaves_nothing(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id, other;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    assert_code(kit_create(&kit, "k", &other), OL_OK);
    assert_string_not_equal(id.text, other.text);
    assert_true(strlen(id.text) >= 32);
    for (uint32_t i = 1; i <= 5; i++)
        assert_code(kit_part(&kit, "k", &id, i, OL_SLICE_LIT("part")), OL_OK);
    assert_code(kit_part(&kit, "other", &id, 1, OL_SLICE_LIT("part")), OL_ENOSUCHUPLOAD);
    assert_int_equal(kit_files(&kit, "objects"), 5);
    assert_code(kit_abort(&kit, "other", &id), OL_ENOSUCHUPLOAD);
    assert_code(kit_abort(&kit, "k", &id), OL_OK);
    assert_code(kit_abort(&kit, "k", &id), OL_ENOSUCHUPLOAD);
    assert_code(kit_part(&kit, "k", &id, 1, OL_SLICE_LIT("part")), OL_ENOSUCHUPLOAD);
    ol_part_list *list;
    assert_code(kit_parts_of(&kit, "k", kit_id_of(&id), 0, 10, &list), OL_ENOSUCHUPLOAD);
    assert_int_equal(kit_uploads_count(&kit), 1);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
    assert_int_equal(kit_uploads_count(&kit), 1);
    kit_fini(&kit);
}

/* Single bytes, slow neighbours, lengths that are not known. */
static void every_way_of_uploading(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(20000, 11);
    char etag[33];
    md5_hex(body, etag);
    kit_id id;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        ol_test_bench_again(&kit.bench);
        ol_put_result result = {.etag = ""};
        ol_part_request req = kit_part_request("k", &id, way + 1, body);
        req.size = way % 2 ? -1 : (int64_t)body.len;
        req.result = &result;
        const ol_stage_ops *ops;
        const void *config;
        assert_code(kit.origin->ops->upload_part(kit.origin, &req, kit.bench.arena, &ops, &config,
                                                 NULL),
                    OL_OK);
        ol_test_feed feed = {.body = body, .piece_bytes = way == 1 ? 1 : 3000};
        ol_test_bench_feed(&kit.bench, &feed);
        ol_test_bench_above(&kit.bench, way);
        ol_test_bench_add(&kit.bench, ops, config);
        assert_code(ol_test_bench_run(&kit.bench), OL_OK);
        assert_string_equal(result.etag, etag);
    }
    assert_code(kit_complete(&kit, "k", &id, NULL), OL_EPARTTOOSMALL);
    assert_int_equal(kit_uploads_count(&kit), 1);
    assert_code(kit_abort(&kit, "k", &id), OL_OK);
    kit_free(body);
    kit_fini(&kit);
}

/* The client goes, or the body is not as long as was said: the upload stays as it was. */
static void broken_parts_leave_nothing(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(700000, 12);
    kit_id id;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 1, OL_SLICE_LIT("first")), OL_OK);
    const size_t ends[] = {0, 1, 300000, 600000, 699999};
    for (size_t i = 0; i < 5; i++) {
        ol_part_request req = kit_part_request("k", &id, 1, body);
        ol_test_feed feed = {.body = body, .piece_bytes = 50000, .fails = true, .fail_at = ends[i]};
        assert_code(kit_part_as(&kit, &req, &feed), OL_EORIGIN);
        feed = (ol_test_feed){.body = ol_slice_first(body, ends[i]), .piece_bytes = 50000};
        assert_code(kit_part_as(&kit, &req, &feed), OL_EINCOMPLETEBODY);
    }
    assert_code(kit_complete(&kit, "k", &id, NULL), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("first"));
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 1);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- buckets ---- */

static int64_t rows_of(const store_kit *kit, const char *sql)
{
    char path[240];
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t rows = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return rows;
}

static void a_bucket_goes_with_its_uploads(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    kit_id id;
    assert_code(kit_create(&kit, "k", &id), OL_OK);
    assert_code(kit_part(&kit, "k", &id, 1, OL_SLICE_LIT("part")), OL_OK);
    assert_code(kit_put(&kit, "x", OL_SLICE_LIT("x")), OL_OK);
    assert_code(kit_bucket(&kit, kit.origin->ops->bucket_remove, "b"), OL_EBUCKETNOTEMPTY);
    assert_int_equal(kit_uploads_count(&kit), 1);
    assert_code(kit_remove(&kit, "x"), OL_OK);
    assert_int_equal(rows_of(&kit, "SELECT count(*) FROM parts"), 1);
    assert_code(kit_bucket(&kit, kit.origin->ops->bucket_remove, "b"), OL_OK);
    assert_int_equal(rows_of(&kit, "SELECT count(*) FROM parts"), 0);
    assert_code(kit_bucket(&kit, kit.origin->ops->bucket_create, "b"), OL_OK);
    assert_int_equal(kit_uploads_count(&kit), 0);
    assert_code(kit_part(&kit, "k", &id, 1, OL_SLICE_LIT("part")), OL_ENOSUCHUPLOAD);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 0);
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_completed_upload_is_an_object),
        cmocka_unit_test(read_at_crosses_parts),
        cmocka_unit_test(every_way_of_reading),
        cmocka_unit_test(a_part_can_be_opened),
        cmocka_unit_test(a_small_object_of_one_part_is_cached),
        cmocka_unit_test(parts_that_go_back_are_refused),
        cmocka_unit_test(a_reader_keeps_removed_parts),
        cmocka_unit_test(a_row_that_goes_stale_is_read_again),
        cmocka_unit_test(parts_are_replaced_and_left_out),
        cmocka_unit_test(an_aborted_upload_leaves_nothing),
        cmocka_unit_test(every_way_of_uploading),
        cmocka_unit_test(broken_parts_leave_nothing),
        cmocka_unit_test(a_bucket_goes_with_its_uploads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
