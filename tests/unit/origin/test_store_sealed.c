/* SPDX-License-Identifier: MIT */
/* Encrypted objects: what is put is what is read, in every mode, size and way; and what is not told. */
#include "store_sealed.h"

#include "lib/pipeline_kit.h"

static const enum ol_sse_mode modes[] = {OL_SSE_S3, OL_SSE_KMS, OL_SSE_DSSE, OL_SSE_C};
static const size_t sizes[] = {0,     1,     1000,   16384,  16385,  65535,   65536,
                               65537, 131072, 196608, 262144, 262145, 1000003, 3 * 1024 * 1024};
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

static void every_mode_and_size(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    for (size_t m = 0; m < COUNT(modes); m++) {
        ol_sse sse = kit_sse(modes[m]);
        for (size_t i = 0; i < COUNT(sizes); i++) {
            ol_slice body = kit_bytes(sizes[i], i + 1);
            ol_put_result result = {.etag = ""};
            kms.later = i % 2;
            assert_code(kit_put_sse(&kit, "k", body, &sse, &result), OL_OK);
            assert_int_equal(result.sse, modes[m]);
            assert_true((result.sse_key[0] != '\0') == (modes[m] == OL_SSE_KMS || modes[m] == OL_SSE_DSSE));
            kit_expect_with(&kit, "k", kit_key_of(modes[m]), body);
            kit_expect_with(&kit, "k", kit_key_of(modes[m]), body);
            kit_free(body);
        }
        kit_restart(&kit);
    }
    kit_fini(&kit);
}

static void ranges(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const size_t len = 1000000;
    ol_slice body = kit_bytes(len, 3);
    ol_sse sse = kit_sse(OL_SSE_C);
    assert_code(kit_put_sse(&kit, "k", body, &sse, NULL), OL_OK);
    ol_test_random random = {5};
    for (unsigned i = 0; i < 200; i++) {
        uint64_t at = ol_test_random_next(&random) % len;
        uint64_t most = i % 3 ? 70000 : len;
        uint64_t n = 1 + ol_test_random_next(&random) % most;
        if (n > len - at || i % 7 == 0)
            n = len - at;
        ol_byte_range range = {at, n};
        ol_test_collect collect = {0};
        assert_code(kit_get_range(&kit, "k", kit_key_a, &range, &collect), OL_OK);
        assert_slices(ol_test_collect_out(&collect), ol_slice_of(body.data + at, (size_t)n));
        ol_test_collect_fini(&collect);
    }
    kit_free(body);
    kit_fini(&kit);
}

static void read_at_everywhere(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        ol_slice body = kit_bytes(sizes[i], i + 1);
        ol_sse sse = kit_sse(OL_SSE_S3);
        assert_code(kit_put_sse(&kit, "k", body, &sse, NULL), OL_OK);
        ol_object *object;
        assert_code(kit_open_with(&kit, "k", NULL, &object), OL_OK);
        ol_test_random random = {i + 1};
        for (unsigned n = 0; n < 20; n++) {
            size_t at = sizes[i] ? (size_t)(ol_test_random_next(&random) % sizes[i]) : 0;
            size_t want = (size_t)(ol_test_random_next(&random) % (n % 2 ? 500000 : 900));
            size_t most = sizes[i] - at;
            uint8_t *span = malloc(want + 1);
            kit_answer answer = {0};
            size_t got = 0;
            int rc = kit.origin->ops->read_at(object, at, (ol_span){span, want}, &got, kit_on_read,
                                              &answer, NULL);
            bool waited = rc == OL_WAIT;
            assert_code(kit_settle(&kit, rc, &answer), OL_OK);
            got = waited ? answer.got : got;
            assert_int_equal(got, want < most ? want : most);
            if (got > 0)
                assert_memory_equal(span, body.data + at, got);
            free(span);
        }
        kit_close_object(&kit, object);
        kit_free(body);
    }
    kit_fini(&kit);
}

/* Whatever way bytes come and go. */
static void every_way(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    kms.later = true;
    ol_sse sse = kit_sse(OL_SSE_S3);
    const size_t lens[] = {300, 70000};
    for (unsigned way = 0; way < 2 * OL_TEST_WAYS; way++) {
        ol_slice body = kit_bytes(lens[way % 2], way + 1);
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1,
                              .sse = &sse, .key_user = &kit_anybody.user};
        const ol_stage_ops *ops;
        const void *config;
        ol_test_bench_again(&kit.bench);
        assert_code(kit.origin->ops->put(kit.origin, &req, kit.bench.arena, &ops, &config, NULL),
                    OL_OK);
        ol_test_feed feed = {.body = body};
        ol_test_bench_feed(&kit.bench, &feed);
        ol_test_bench_above(&kit.bench, way / 2);
        ol_test_bench_add(&kit.bench, ops, config);
        assert_code(ol_test_bench_run(&kit.bench), OL_OK);
        ol_object *object;
        assert_code(kit_open_with(&kit, "k", NULL, &object), OL_OK);
        ol_test_bench_again(&kit.bench);
        assert_code(kit.origin->ops->body(object, (ol_byte_range){0, body.len}, kit.bench.arena,
                                          &ops, &config), OL_OK);
        ol_test_collect collect = {0};
        ol_test_pedant pedant = {0};
        ol_test_bench_add(&kit.bench, ops, config);
        ol_test_bench_below(&kit.bench, way / 2, &pedant);
        ol_test_bench_collect(&kit.bench, &collect);
        assert_code(ol_test_bench_run(&kit.bench), OL_OK);
        assert_slices(ol_test_collect_out(&collect), body);
        ol_test_collect_fini(&collect);
        kit_close_object(&kit, object);
        kit_free(body);
    }
    kit_fini(&kit);
}

/* ---- keys of the customer's ---- */

static void a_customers_key(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_sse sse = kit_sse(OL_SSE_C);
    ol_object *object;
    const size_t lens[] = {100, 100000};
    for (unsigned i = 0; i < 2; i++) {
        ol_slice body = kit_bytes(lens[i], 4);
        assert_code(kit_put_sse(&kit, "k", body, &sse, NULL), OL_OK);
        for (unsigned again = 0; again < 2; again++) {
            assert_code(kit_open_with(&kit, "k", NULL, &object), OL_ESSECNEEDED);
            assert_code(kit_open_with(&kit, "k", kit_key_b, &object), OL_ESSECWRONG);
            kit_expect_with(&kit, "k", kit_key_a, body);
        }
        kit_free(body);
    }
    ol_sse s3 = kit_sse(OL_SSE_S3);
    assert_code(kit_put_sse(&kit, "s3", OL_SLICE_LIT("x"), &s3, NULL), OL_OK);
    assert_code(kit_put(&kit, "plain", OL_SLICE_LIT("x")), OL_OK);
    assert_code(kit_open_with(&kit, "s3", kit_key_a, &object), OL_ESSECUNWANTED);
    assert_code(kit_open_with(&kit, "plain", kit_key_a, &object), OL_ESSECUNWANTED);
    kit_expect_with(&kit, "plain", NULL, OL_SLICE_LIT("x"));
    kit_fini(&kit);
}

static void metadata_without_the_key(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_sse sse = kit_sse(OL_SSE_C);
    assert_code(kit_put_sse(&kit, "k", OL_SLICE_LIT("hello"), &sse, NULL), OL_OK);
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .without_key = true,
                         .open_for = OL_OPEN_FOR_INFO};
    kit_answer answer = {0};
    ol_object *object = NULL;
    int rc = kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref, &object, kit_on_object,
                                   &answer, NULL);
    bool waited = rc == OL_WAIT;
    assert_code(kit_settle(&kit, rc, &answer), OL_OK);
    object = waited ? answer.object : object;
    const ol_object_info *info = kit.origin->ops->info(object);
    assert_int_equal(info->size, 5);
    assert_int_equal(info->sse.mode, OL_SSE_C);
    assert_int_equal(info->etag.len, 32);
    ol_arena *arena = ol_arena_new(4096);
    const ol_stage_ops *ops;
    const void *config;
    assert_code(kit.origin->ops->body(object, (ol_byte_range){0, 5}, arena, &ops, &config),
                OL_EINVAL);
    uint8_t byte;
    size_t got;
    assert_true(kit.origin->ops->read_at(object, 0, (ol_span){&byte, 1}, &got, kit_on_read, NULL,
                                         NULL) < 0);
    ol_arena_destroy(arena);
    kit_close_object(&kit, object);
    kit_fini(&kit);
}

/* ETags: of the plaintext for AES256, of nothing for the others. */
static void etags(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    const char md5[] = "5d41402abc4b2a76b9719d911017c592"; /* "hello" */
    for (size_t m = 0; m < COUNT(modes); m++) {
        ol_sse sse = kit_sse(modes[m]);
        ol_put_result one = {.etag = ""}, two = {.etag = ""};
        assert_code(kit_put_sse(&kit, "k", OL_SLICE_LIT("hello"), &sse, &one), OL_OK);
        assert_code(kit_put_sse(&kit, "k", OL_SLICE_LIT("hello"), &sse, &two), OL_OK);
        assert_int_equal(strlen(one.etag), 32);
        assert_int_equal(strcmp(one.etag, md5) == 0, modes[m] == OL_SSE_S3);
        assert_int_equal(strcmp(one.etag, two.etag) == 0, modes[m] == OL_SSE_S3);
    }
    kit_fini(&kit);
}

/* ---- the KMS ---- */

static void without_a_kms(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    for (size_t m = 0; m < COUNT(modes); m++) {
        ol_sse sse = kit_sse(modes[m]);
        assert_code(kit_put_sse(&kit, "k", OL_SLICE_LIT("hello"), &sse, NULL),
                    modes[m] == OL_SSE_C ? OL_OK : OL_ENOTIMPLEMENTED);
    }
    kit_expect_with(&kit, "k", kit_key_a, OL_SLICE_LIT("hello"));
    kit_fini(&kit);
}

static void a_kms_that_fails(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_sse sse = kit_sse(OL_SSE_KMS);
    ol_slice body = kit_bytes(300000, 1);
    ol_object *object;
    assert_code(kit_put_sse(&kit, "k", body, &sse, NULL), OL_OK);
    for (unsigned later = 0; later < 2; later++) {
        kms.later = later;
        kms.fails = OL_EKMSDISABLED;
        assert_code(kit_put_sse(&kit, "k", body, &sse, NULL), OL_EKMSDISABLED);
        assert_code(kit_put_sse(&kit, "k", ol_slice_first(body, 3), &sse, NULL), OL_EKMSDISABLED);
        assert_code(kit_open_with(&kit, "k", NULL, &object), OL_EKMSDISABLED);
        kms.fails = 0;
        kit_expect_with(&kit, "k", NULL, body);
        memset(kms.master, 8, sizeof kms.master); /* another key: the blob does not open */
        assert_code(kit_open_with(&kit, "k", NULL, &object), OL_EORIGIN);
        memset(kms.master, 7, sizeof kms.master);
    }
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- nothing in the open ---- */

static bool file_has(const char *path, ol_slice what)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static uint8_t bytes[4 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, len, what.data, what.len) != NULL;
}

static void nothing_stands_in_the_open(void **state)
{
    (void)state;
    store_kit kit;
    open_sealed(&kit);
    ol_slice secret = OL_SLICE_LIT("what nobody may read on the disk");
    char path[300];
    uint8_t large[40000];
    for (size_t i = 0; i + secret.len <= sizeof large; i += secret.len)
        memcpy(large + i, secret.data, secret.len);
    for (size_t m = 0; m < COUNT(modes); m++) {
        ol_sse sse = kit_sse(modes[m]);
        assert_code(kit_put_sse(&kit, "small", secret, &sse, NULL), OL_OK);
        assert_code(kit_put_sse(&kit, "large", ol_slice_of(large, sizeof large), &sse, NULL), OL_OK);
        kit_restart(&kit);
        assert_int_equal(kit_files(&kit, "objects"), 1);
        assert_false(file_has(kit_counted.last, secret));
        const char *const names[] = {"objlens.db", "objlens.db-wal"};
        for (unsigned i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%s/%s", kit.path, names[i]);
            if (access(path, F_OK) != 0)
                continue;
            assert_false(file_has(path, secret));
            assert_false(file_has(path, ol_slice_of(kit_key_a, 32)));
        }
    }
    assert_code(kit_put(&kit, "small", secret), OL_OK); /* it would have been seen */
    kit_restart(&kit);
    snprintf(path, sizeof path, "%s/objlens.db", kit.path);
    assert_true(file_has(path, secret));
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_and_size),
        cmocka_unit_test(ranges),
        cmocka_unit_test(read_at_everywhere),
        cmocka_unit_test(every_way),
        cmocka_unit_test(a_customers_key),
        cmocka_unit_test(metadata_without_the_key),
        cmocka_unit_test(etags),
        cmocka_unit_test(without_a_kms),
        cmocka_unit_test(a_kms_that_fails),
        cmocka_unit_test(nothing_stands_in_the_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
