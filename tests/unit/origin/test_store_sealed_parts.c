/* SPDX-License-Identifier: MIT */
/* Encrypted uploads in parts: keys, parts that are put again, completion, reading across parts. */
#include "store_sealed.h"

static const enum ol_sse_mode modes[] = {OL_SSE_S3, OL_SSE_KMS, OL_SSE_DSSE, OL_SSE_C};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static kit_kms kms;

static void open_sealed(store_kit *kit)
{
    kit_kms_init(&kms);
    kit_init(kit);
    kit->options.kms = &kms.kms;
    kit_start(kit);
    assert_code(ol_store_ensure_bucket(kit->origin, OL_SLICE_LIT("b"), NULL), OL_OK);
}

static int create(store_kit *kit, enum ol_sse_mode mode, kit_id *id)
{
    ol_sse sse = kit_sse(mode);
    ol_upload_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .sse = &sse, .key_user = &kit_anybody.user};
    return kit_create_as(kit, &req, id);
}

static int put_part(store_kit *kit, const kit_id *id, uint32_t number, ol_slice body,
                    const uint8_t *customer_key, ol_put_result *result)
{
    ol_part_request req = kit_part_request("k", id, number, body);
    req.customer_key = customer_key;
    req.key_user = &kit_anybody.user;
    req.result = result;
    ol_test_feed feed = {.body = body, .piece_bytes = 200000};
    return kit_part_as(kit, &req, &feed);
}

static void every_mode(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const size_t lens[] = {PART, PART + 70001, 123456};
    ol_slice body = kit_bytes(2 * PART + 70001 + 123456, 8);
    for (size_t m = 0; m < 2 * COUNT(modes); m++) {
        enum ol_sse_mode mode = modes[m / 2];
        const uint8_t *key = kit_key_of(mode);
        kms.later = m % 2;
        kit_id id;
        assert_code(create(&kit, mode, &id), OL_OK);
        ol_slice rest = body;
        /* One that is put twice, another that is not wanted in the end. */
        assert_code(put_part(&kit, &id, 2, ol_slice_first(body, 9000), key, NULL), OL_OK);
        for (uint32_t i = 0; i < 3; i++) {
            ol_put_result part = {.etag = ""};
            assert_code(put_part(&kit, &id, 10 * i + 2, ol_slice_first(rest, lens[i]), key, &part),
                        OL_OK);
            assert_int_equal(part.sse, mode);
            rest = ol_slice_from(rest, lens[i]);
        }
        ol_put_result made = {.etag = ""};
        assert_code(kit_complete(&kit, "k", &id, &made), OL_OK);
        assert_int_equal(made.sse, mode);
        assert_string_equal(made.etag + 32, "-3");
        kit_expect_with(&kit, "k", key, body);
        assert_code(kit_complete(&kit, "k", &id, NULL), OL_ENOSUCHUPLOAD); /* without a list */
        kit_restart(&kit);
        kit_expect_with(&kit, "k", key, body);
        ol_test_random random = {m + 1};
        for (unsigned i = 0; i < 12; i++) {
            uint64_t at = ol_test_random_next(&random) % body.len;
            uint64_t n = 1 + ol_test_random_next(&random) % (i % 2 ? 200000 : body.len);
            ol_byte_range range = {at, n > body.len - at ? body.len - at : n};
            ol_test_collect collect = {0};
            assert_code(kit_get_range(&kit, "k", key, &range, &collect), OL_OK);
            assert_slices(ol_test_collect_out(&collect),
                          ol_slice_of(body.data + at, (size_t)range.length));
            ol_test_collect_fini(&collect);
        }
    }
    kit_free(body);
    kit_fini(&kit);
}

static void small_and_empty_ones(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const size_t lens[] = {0, 1, 65536};
    for (size_t m = 0; m < COUNT(modes); m++) {
        for (size_t i = 0; i < COUNT(lens); i++) {
            const uint8_t *key = kit_key_of(modes[m]);
            ol_slice body = kit_bytes(lens[i], 2);
            kit_id id;
            assert_code(create(&kit, modes[m], &id), OL_OK);
            assert_code(put_part(&kit, &id, 7, body, key, NULL), OL_OK);
            assert_code(kit_complete(&kit, "k", &id, NULL), OL_OK);
            kit_expect_with(&kit, "k", key, body);
            kit_free(body);
        }
    }
    kit_fini(&kit);
}

/* A part's key is the upload's, or there is none. */
static void keys_of_parts(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kit_id id;
    ol_slice body = OL_SLICE_LIT("part");
    assert_code(create(&kit, OL_SSE_C, &id), OL_OK);
    assert_code(put_part(&kit, &id, 1, body, NULL, NULL), OL_EINVALIDREQUEST);
    assert_code(put_part(&kit, &id, 1, body, kit_key_b, NULL), OL_EINVALIDREQUEST);
    assert_non_null(strstr(kit.bench.err.message, "did not match the ones used originally"));
    assert_code(put_part(&kit, &id, 1, body, kit_key_a, NULL), OL_OK);
    assert_code(create(&kit, OL_SSE_S3, &id), OL_OK);
    assert_code(put_part(&kit, &id, 1, body, kit_key_a, NULL), OL_EINVALIDREQUEST);
    assert_code(create(&kit, OL_SSE_NONE, &id), OL_OK);
    assert_code(put_part(&kit, &id, 1, body, kit_key_a, NULL), OL_EINVALIDREQUEST);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

static void a_kms_that_fails(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kit_id id;
    for (unsigned later = 0; later < 2; later++) {
        kms.later = later;
        kms.fails = OL_EKMSUNAVAILABLE;
        assert_code(create(&kit, OL_SSE_KMS, &id), OL_EKMSUNAVAILABLE);
        kms.fails = 0;
        assert_code(create(&kit, OL_SSE_KMS, &id), OL_OK);
        kms.fails = OL_EKMSUNAVAILABLE;
        assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("x"), NULL, NULL), OL_EKMSUNAVAILABLE);
        kms.fails = 0;
        assert_code(put_part(&kit, &id, 1, OL_SLICE_LIT("x"), NULL, NULL), OL_OK);
        kms.fails = OL_EKMSUNAVAILABLE;
        assert_code(kit_complete(&kit, "k", &id, NULL), OL_EKMSUNAVAILABLE);
        kms.fails = 0;
        assert_code(kit_complete(&kit, "k", &id, NULL), OL_OK);
        kit_expect_with(&kit, "k", NULL, OL_SLICE_LIT("x"));
    }
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

/* ---- damage ---- */

static void put_three(store_kit *kit, enum ol_sse_mode mode, ol_slice body)
{
    kit_id id;
    assert_code(create(kit, mode, &id), OL_OK);
    for (uint32_t i = 0; i < 3; i++) {
        ol_slice part = ol_slice_first(ol_slice_from(body, i * PART), PART);
        assert_code(put_part(kit, &id, i + 1, part, kit_key_of(mode), NULL), OL_OK);
    }
    assert_code(kit_complete(kit, "k", &id, NULL), OL_OK);
}

static const struct {
    const char *what, *sql;
} damages[] = {
    {"two parts change places",
     "UPDATE parts SET number = 101 WHERE number = 1; UPDATE parts SET number = 1"
     " WHERE number = 2; UPDATE parts SET number = 2 WHERE number = 101;"},
    {"the files of two parts change places",
     "CREATE TEMP TABLE t AS SELECT number, file FROM parts;"
     "UPDATE parts SET file = randomblob(17) WHERE number < 3;"
     "UPDATE parts SET file = (SELECT file FROM t WHERE t.number = 3 - parts.number)"
     " WHERE number < 3;"},
    {"and their marks with them",
     "CREATE TEMP TABLE t AS SELECT number, file, mark FROM parts;"
     "UPDATE parts SET file = randomblob(17) WHERE number < 3;"
     "UPDATE parts SET mark = (SELECT mark FROM t WHERE t.number = 3 - parts.number),"
     " file = (SELECT file FROM t WHERE t.number = 3 - parts.number) WHERE number < 3;"},
    {"a mark is missing", "UPDATE parts SET mark = NULL WHERE number = 1;"},
    {"another length", "UPDATE parts SET size = size - 1 WHERE number = 3;"
     "UPDATE objects SET size = size - 1;"},
    {"the last part is gone", "DELETE FROM parts WHERE number = 3;"
     "UPDATE objects SET size = size / 3 * 2;"},
    {"the table's MAC is gone", "UPDATE objects SET mark = NULL;"},
    {"the record is gone", "UPDATE objects SET record = NULL;"},
    {"the record is another upload's",
     "UPDATE objects SET record = (SELECT record FROM uploads LIMIT 1);"},
};

static void damaged_parts(void **state)
{
    (void)state;
    const enum ol_sse_mode tried[] = {OL_SSE_KMS, OL_SSE_C};
    ol_slice body = kit_bytes(3 * PART, 8);
    for (size_t m = 0; m < COUNT(tried); m++) {
        for (size_t i = 0; i < COUNT(damages); i++) {
            store_kit kit;
            open_sealed(&kit);
            put_three(&kit, tried[m], body);
            kit_id other;
            assert_code(create(&kit, tried[m], &other), OL_OK);
            kit_stop(&kit);
            kit_sql(&kit, damages[i].sql);
            kit_start(&kit);
            ol_test_collect collect = {0};
            int rc = kit_get_range(&kit, "k", kit_key_of(tried[m]), NULL, &collect);
            if (rc != OL_EORIGIN)
                fail_msg("%s: %s", damages[i].what, ol_code_name(rc));
            assert_false(collect.finished);
            assert_true(collect.len <= body.len);
            if (collect.len > 0)
                assert_memory_equal(collect.data, body.data, collect.len);
            ol_test_collect_fini(&collect);
            kit_fini(&kit);
        }
    }
    kit_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode),
        cmocka_unit_test(small_and_empty_ones),
        cmocka_unit_test(keys_of_parts),
        cmocka_unit_test(a_kms_that_fails),
        cmocka_unit_test(damaged_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
