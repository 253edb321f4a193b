/* SPDX-License-Identifier: MIT */
/* The store from outside: what is put comes back, whatever its size, key and headers. */
#include "store_kit.h"

#include "base/clock.h"

static const size_t sizes[] = {0,     1,     1024,   16383,  16384,  16385,
                               65536, 262143, 262144, 262145, 524288, 1300001};

static void bodies_of_all_sizes_come_back(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char key[32];
            snprintf(key, sizeof key, "size-%zu", sizes[i]);
            ol_slice body = kit_bytes(sizes[i], sizes[i] + 1);
            if (round == 0)
                assert_code(kit_put(&kit, key, body), OL_OK);
            kit_expect(&kit, key, body);
            kit_expect(&kit, key, body);
            kit_free(body);
        }
        kit_restart(&kit);
    }
    /* Five bodies are too large for the database, and no key became a name. */
    assert_int_equal(kit_files(&kit, "objects"), 7);
    assert_int_equal(kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

static void bodies_of_unknown_length_come_back(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ol_slice body = kit_bytes(sizes[i], 7);
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1};
        ol_test_feed feed = {.body = body, .piece_bytes = 4097, .hide_length = true,
                             .reserves = i % 2 == 0};
        assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
        kit_expect(&kit, "k", body);
        kit_free(body);
    }
    kit_fini(&kit);
}

static void the_etag_is_the_md5(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const struct {
        size_t len;
        const char *etag;
    } cases[] = {{0, "d41d8cd98f00b204e9800998ecf8427e"},
                 {5, "f5ac8127b3b6b85cdc13f237c6005d80"},
                 {100000, "d5816f35916d1d9482fb0f1ec201101d"}};
    for (size_t i = 0; i < 3; i++) {
        char *text = malloc(cases[i].len + 1);
        memset(text, 'x', cases[i].len);
        if (cases[i].len == 5)
            memcpy(text, "abcd\n", 5);
        ol_put_result result = {0};
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                              .size = (int64_t)cases[i].len, .result = &result};
        ol_test_feed feed = {.body = ol_slice_of(text, cases[i].len)};
        assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
        assert_string_equal(result.etag, cases[i].etag);
        assert_int_equal(result.last_modified_ms % 1000, 0);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        const ol_object_info *info = kit.origin->ops->info(object);
        assert_slices(info->etag, ol_slice_cstr(result.etag));
        assert_int_equal(info->last_modified_ms, result.last_modified_ms);
        assert_int_equal(info->size, cases[i].len);
        kit_close_object(&kit, object);
        free(text);
    }
    kit_fini(&kit);
}

static void check_head(const ol_head *head, ol_slice etag, int64_t length)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%.*s\"", OL_SLICE_FMT(etag));
    assert_int_equal(head->status, 200);
    assert_int_equal(head->content_length, length);
    assert_slice(ol_headers_get(&head->headers, "content-type"), "text/csv; charset=utf-8");
    assert_slice(ol_headers_get(&head->headers, "x-amz-meta-owner"), "J\xc3\xb6rg");
    assert_slice(ol_headers_get(&head->headers, "x-amz-meta-empty"), "");
    assert_slices(ol_headers_get(&head->headers, "etag"), ol_slice_cstr(quoted));
    ol_slice modified = ol_headers_get(&head->headers, "last-modified");
    int64_t wall_ms;
    assert_true(ol_clock_parse_http_date(modified, &wall_ms));
    assert_int_equal(head->headers.count, 5);
}

static void headers_come_back(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const ol_header headers[] = {
        {OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/csv; charset=utf-8")},
        {OL_SLICE_LIT("x-amz-meta-owner"), OL_SLICE_LIT("J\xc3\xb6rg")},
        {OL_SLICE_LIT("x-amz-meta-empty"), OL_SLICE_LIT("")},
    };
    for (size_t len = 10; len < 1000000; len *= 300) {
        ol_slice body = kit_bytes(len, 3);
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1,
                              .headers = headers, .header_count = 3};
        ol_test_feed feed = {.body = body};
        assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
        for (int round = 0; round < 2; round++) {
            ol_object *object;
            assert_code(kit_open_key(&kit, "k", &object), OL_OK);
            const ol_object_info *info = kit.origin->ops->info(object);
            assert_int_equal(info->header_count, 3);
            assert_slice(info->headers[1].name, "x-amz-meta-owner");
            ol_test_collect collect = {0};
            assert_code(kit_read(&kit, object, (ol_byte_range){1, 5}, &collect), OL_OK);
            check_head(&collect.head, info->etag, 5);
            /* Whoever has the head may have it after the object was closed. */
            ol_slice etag = ol_headers_get(&collect.head.headers, "etag");
            kit_close_object(&kit, object);
            assert_code(kit_remove(&kit, "absent"), OL_OK);
            assert_int_equal(etag.data[0], '"');
            ol_test_collect_fini(&collect);
            kit_restart(&kit);
        }
        kit_free(body);
    }
    kit_fini(&kit);
}

static void too_many_headers_are_refused(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice value = kit_bytes(40000, 1);
    ol_header header = {OL_SLICE_LIT("x-amz-meta-a"), value};
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = 0,
                          .headers = &header, .header_count = 1};
    ol_test_feed feed = {.body = OL_SLICE_NONE};
    assert_code(kit_put_as(&kit, &req, &feed), OL_EMETADATATOOLARGE);
    kit_expect_absent(&kit, "k");
    kit_free(value);
    kit_fini(&kit);
}

/* ---- keys ---- */

static const char *const odd_keys[] = {
    ".", "..", "../..", "../../etc/passwd", "/", "//", "/abs", "a//b", "a/", "a", "tmp/", "lock",
    "objlens.db", "\x01\x02", "new\nline", "sp ace", "\xf0\x9f\x98\x80/\xf0\x9f\x98\x80", "%2e%2e",
    "'; DROP TABLE objects;--", "a\\b", "CON", "\xc3\xa4", "a\xcc\x88",
};

static void any_key_is_only_a_key(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    size_t count = sizeof odd_keys / sizeof *odd_keys;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < count; i++) {
            ol_slice body = kit_bytes(i % 2 ? 20000 + i : 10 + i, i);
            if (round == 0)
                assert_code(kit_put(&kit, odd_keys[i], body), OL_OK);
            kit_expect(&kit, odd_keys[i], body);
            kit_free(body);
        }
        kit_restart(&kit);
    }
    /* objlens.db and lock: nothing else stands outside objects/. */
    assert_int_equal(kit_files(&kit, "") - kit_files(&kit, "objects"), 4);
    for (size_t i = 0; i < count; i++)
        assert_code(kit_remove(&kit, odd_keys[i]), OL_OK);
    for (size_t i = 0; i < count; i++)
        kit_expect_absent(&kit, odd_keys[i]);
    kit_fini(&kit);
}

static void keys_have_a_length(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    char key[1026];
    memset(key, 'k', sizeof key);
    key[1024] = '\0';
    assert_code(kit_put(&kit, key, OL_SLICE_LIT("long")), OL_OK);
    kit_expect(&kit, key, OL_SLICE_LIT("long"));
    key[1024] = 'k';
    key[1025] = '\0';
    assert_code(kit_put(&kit, key, OL_SLICE_LIT("too long")), OL_EKEYTOOLONG);
    ol_object *object;
    assert_code(kit_open_key(&kit, key, &object), OL_EKEYTOOLONG);
    assert_code(kit_remove(&kit, key), OL_EKEYTOOLONG);
    assert_code(kit_put(&kit, "", OL_SLICE_LIT("no key")), OL_EINVAL);
    kit_fini(&kit);
}

static void keys_may_hold_nul(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("a\0b"), .size = 1};
    ol_test_feed feed = {.body = OL_SLICE_LIT("x")};
    assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
    kit_restart(&kit);
    kit_expect_absent(&kit, "a");
    ol_test_collect collect = {0};
    assert_code(kit_get(&kit, OL_SLICE_LIT("b"), OL_SLICE_LIT("a\0b"), &collect), OL_OK);
    ol_test_collect_fini(&collect);
    kit_fini(&kit);
}

/* ---- replacing and removing ---- */

static void a_put_replaces(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const size_t lens[] = {10, 100000, 20, 30, 200000, 300000, 0, 5};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        ol_slice body = kit_bytes(lens[i], i);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        kit_expect(&kit, "k", body);
        kit_free(body);
    }
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects"), 0);
    kit_fini(&kit);
}

static void an_open_object_survives_its_replacement(void **state)
{
    (void)state;
    const size_t lens[] = {100, 100000, 3000000};
    store_kit kit;
    kit_open(&kit);
    for (size_t i = 0; i < 3; i++) {
        ol_slice body = kit_bytes(lens[i], i);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        assert_code(kit_put(&kit, "k", OL_SLICE_LIT("new")), OL_OK);
        assert_code(kit_remove(&kit, "k"), OL_OK);
        kit_expect_absent(&kit, "k");
        ol_test_collect collect = {0};
        assert_code(kit_read(&kit, object, (ol_byte_range){0, lens[i]}, &collect), OL_OK);
        assert_slices(ol_test_collect_out(&collect), body);
        ol_test_collect_fini(&collect);
        kit_close_object(&kit, object);
        kit_free(body);
    }
    kit_fini(&kit);
}

static void if_match_pins_the_version(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    for (size_t len = 10; len < 10000000; len *= 500) {
        ol_slice body = kit_bytes(len, 1);
        assert_code(kit_put(&kit, "k", body), OL_OK);
        ol_object *object, *again;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        ol_slice etag = kit.origin->ops->info(object)->etag;
        ol_slice b = OL_SLICE_LIT("b"), k = OL_SLICE_LIT("k");
        assert_code(kit_open_object(&kit, b, k, etag, &again, NULL), OL_OK);
        kit_close_object(&kit, again);
        assert_code(kit_put(&kit, "k", OL_SLICE_LIT("other")), OL_OK);
        ol_error err = {0};
        assert_code(kit_open_object(&kit, b, k, etag, &again, &err), OL_EPRECONDITION);
        assert_int_equal(err.status, 412);
        kit_close_object(&kit, object);
        kit_free(body);
    }
    kit_fini(&kit);
}

static int put_if(store_kit *kit, const char *if_match, bool none, size_t len)
{
    ol_slice body = kit_bytes(len, 9);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                          .size = (int64_t)len, .if_none_match_any = none,
                          .if_match = ol_slice_cstr(if_match)};
    ol_test_feed feed = {.body = body, .piece_bytes = 50000};
    int rc = kit_put_as(kit, &req, &feed);
    kit_free(body);
    return rc;
}

static void puts_may_be_conditional(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    for (size_t len = 1; len < 1000000; len *= 100000) {
        assert_code(put_if(&kit, "*", false, len), OL_ENOSUCHKEY);
        assert_code(put_if(&kit, "0123", false, len), OL_ENOSUCHKEY);
        assert_code(put_if(&kit, NULL, true, len), OL_OK);
        assert_code(put_if(&kit, NULL, true, len), OL_EPRECONDITION);
        assert_code(put_if(&kit, "0123", false, len), OL_EPRECONDITION);
        char overlong[100] = "";
        memset(overlong, 'a', 99);
        assert_code(put_if(&kit, overlong, false, len), OL_EPRECONDITION);
        ol_object *object;
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        char etag[40];
        ol_slice now = kit.origin->ops->info(object)->etag;
        snprintf(etag, sizeof etag, "%.*s", OL_SLICE_FMT(now));
        kit_close_object(&kit, object);
        assert_code(put_if(&kit, etag, false, len), OL_OK);
        assert_code(put_if(&kit, "*", false, len), OL_OK);
        assert_code(kit_remove(&kit, "k"), OL_OK);
    }
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
    kit_fini(&kit);
}

static void wrong_lengths_leave_nothing(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_slice body = kit_bytes(600000, 2);
    const struct {
        size_t len;
        int64_t declared;
        int code;
    } cases[] = {{10, 9, OL_EINVALIDREQUEST},          {10, 11, OL_EINCOMPLETEBODY},
                 {600000, 599999, OL_EINVALIDREQUEST}, {600000, 600001, OL_EINCOMPLETEBODY},
                 {0, 20000, OL_EINCOMPLETEBODY},       {20000, 0, OL_EINVALIDREQUEST}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                              .size = cases[i].declared};
        ol_test_feed feed = {.body = ol_slice_first(body, cases[i].len), .piece_bytes = 9999};
        assert_code(kit_put_as(&kit, &req, &feed), cases[i].code);
        kit_expect_absent(&kit, "k");
    }
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                          .size = (int64_t)OL_PUT_BYTES_MAX + 1};
    ol_test_feed feed = {.body = OL_SLICE_NONE};
    assert_code(kit_put_as(&kit, &req, &feed), OL_ETOOLARGE);
    kit_restart(&kit);
    assert_int_equal(kit_files(&kit, "objects") + kit_files(&kit, "tmp"), 0);
    kit_free(body);
    kit_fini(&kit);
}

/* ---- buckets ---- */

static void buckets_come_and_go(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const ol_origin_ops *ops = kit.origin->ops;
    assert_code(kit_bucket(&kit, ops->bucket_exists, "b"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_exists, "c"), OL_ENOSUCHBUCKET);
    assert_code(kit_bucket(&kit, ops->bucket_create, "c"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_create, "c"), OL_EBUCKETEXISTS);
    assert_code(kit_bucket(&kit, ops->bucket_create, "a"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_create, ""), OL_EINVALIDBUCKET);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("x")), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "b"), OL_EBUCKETNOTEMPTY);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "c"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "c"), OL_ENOSUCHBUCKET);
    kit_restart(&kit);
    kit_answer answer = {0};
    assert_code(kit_settle(&kit, ops->bucket_list(kit.origin, kit.bench.loop.loop, kit_on_buckets,
                                                  &answer, NULL), &answer), OL_OK);
    assert_int_equal(answer.buckets->count, 2);
    assert_slice(answer.buckets->buckets[0].name, "a");
    assert_slice(answer.buckets->buckets[1].name, "b");
    assert_true(answer.buckets->buckets[1].created_ms > 0);
    ol_arena_destroy(answer.buckets->arena);
    assert_code(kit_remove(&kit, "k"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "b"), OL_OK);
    kit_fini(&kit);
}

static void a_missing_bucket_is_said_by_every_call(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const ol_origin_ops *ops = kit.origin->ops;
    assert_code(kit_bucket(&kit, ops->bucket_create, "gone"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "gone"), OL_OK);
    ol_slice gone = OL_SLICE_LIT("gone"), k = OL_SLICE_LIT("k");
    ol_object *object;
    assert_code(kit_open_object(&kit, gone, k, OL_SLICE_NONE, &object, NULL), OL_ENOSUCHBUCKET);
    ol_put_request req = {.bucket = gone, .key = k, .size = 0};
    ol_test_feed feed = {.body = OL_SLICE_NONE};
    assert_code(kit_put_as(&kit, &req, &feed), OL_ENOSUCHBUCKET);
    kit_answer answer = {0};
    ol_remove_request removal = {.bucket = gone, .key = k, .if_modified_ms = -1, .if_size = -1};
    assert_code(ops->remove(kit.origin, kit.bench.loop.loop, &removal, kit_on_removed, &answer,
                            NULL),
                OL_ENOSUCHBUCKET);
    ol_list_request list = {.bucket = gone, .max_keys = 1};
    ol_list_result *result;
    assert_code(kit_list(&kit, &list, &result), OL_ENOSUCHBUCKET);
    kit_fini(&kit);
}

static void a_bucket_made_anew_is_empty(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const ol_origin_ops *ops = kit.origin->ops;
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("x")), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("x"));
    assert_code(kit_remove(&kit, "k"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_remove, "b"), OL_OK);
    assert_code(kit_bucket(&kit, ops->bucket_create, "b"), OL_OK);
    kit_expect_absent(&kit, "k");
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_of_all_sizes_come_back),
        cmocka_unit_test(bodies_of_unknown_length_come_back),
        cmocka_unit_test(the_etag_is_the_md5),
        cmocka_unit_test(headers_come_back),
        cmocka_unit_test(too_many_headers_are_refused),
        cmocka_unit_test(any_key_is_only_a_key),
        cmocka_unit_test(keys_have_a_length),
        cmocka_unit_test(keys_may_hold_nul),
        cmocka_unit_test(a_put_replaces),
        cmocka_unit_test(an_open_object_survives_its_replacement),
        cmocka_unit_test(if_match_pins_the_version),
        cmocka_unit_test(puts_may_be_conditional),
        cmocka_unit_test(wrong_lengths_leave_nothing),
        cmocka_unit_test(buckets_come_and_go),
        cmocka_unit_test(a_missing_bucket_is_said_by_every_call),
        cmocka_unit_test(a_bucket_made_anew_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
