/* SPDX-License-Identifier: MIT */
/*
 * What is kept beside an object: tags, an access control list, a checksum; changed without changing
 * the object, seen by everybody as soon as it is answered. And the conditions of a removal.
 */
#include "store_multipart.h"
#include "store_trap.h"

static int put_with(store_kit *kit, const char *key, ol_slice body, const char *tags,
                    const char *acl, const ol_object_checksum *sum, ol_put_result *result)
{
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = ol_slice_cstr(key),
                          .size = (int64_t)body.len, .tags = ol_slice_cstr(tags),
                          .acl = ol_slice_cstr(acl), .checksum = sum, .result = result};
    ol_test_feed feed = {.body = body, .piece_bytes = 65536};
    return kit_put_as(kit, &req, &feed);
}

static void expect_info(store_kit *kit, const char *key, const char *tags, uint32_t count,
                        const char *acl, const ol_put_result *put)
{
    ol_object *object;
    assert_code(kit_open_key(kit, key, &object), OL_OK);
    const ol_object_info *info = kit->origin->ops->info(object);
    assert_true(ol_slice_eq_cstr(info->tags, tags));
    assert_int_equal(info->tag_count, count);
    assert_true(ol_slice_eq_cstr(info->acl, acl));
    assert_true(ol_slice_eq_cstr(info->etag, put->etag));
    assert_int_equal(info->last_modified_ms, put->last_modified_ms);
    assert_string_equal(info->checksum.name, put->checksum.name);
    assert_string_equal(info->checksum.text, put->checksum.text);
    kit_close_object(kit, object);
    char text[4096];
    assert_code(kit_attribute(kit, key, OL_ATTRIBUTE_TAGS, text), OL_OK);
    assert_string_equal(text, tags);
    assert_code(kit_attribute(kit, key, OL_ATTRIBUTE_ACL, text), OL_OK);
    assert_string_equal(text, acl);
}

static void attributes_change_without_the_object(void **state)
{
    (void)state;
    const size_t lens[] = {0, 100, 50000, 400000};
    for (size_t i = 0; i < 4; i++) {
        for (int cached = 0; cached < 2; cached++) {
            store_kit kit;
            kit_init(&kit);
            kit.options.cache_bytes_max = cached ? kit.options.cache_bytes_max : 0;
            kit_start(&kit);
            assert_code(ol_store_ensure_bucket(kit.origin, OL_SLICE_LIT("b"), NULL), OL_OK);
            ol_slice body = kit_bytes(lens[i], i);
            ol_object_checksum sum = {.name = "CRC32", .text = "yZRlqg=="};
            ol_put_result put;
            assert_code(put_with(&kit, "k", body, "a=1", "<acl/>", &sum, &put), OL_OK);
            assert_string_equal(put.checksum.text, sum.text);
            expect_info(&kit, "k", "a=1", 1, "<acl/>", &put);
            assert_code(kit_attribute_set(&kit, "k", OL_ATTRIBUTE_TAGS, "b=2&c=3&d="), OL_OK);
            expect_info(&kit, "k", "b=2&c=3&d=", 3, "<acl/>", &put);
            assert_code(kit_attribute_set(&kit, "k", OL_ATTRIBUTE_ACL, "other"), OL_OK);
            assert_code(kit_attribute_set(&kit, "k", OL_ATTRIBUTE_TAGS, ""), OL_OK);
            expect_info(&kit, "k", "", 0, "other", &put);
            kit_expect(&kit, "k", body);
            kit_restart(&kit);
            expect_info(&kit, "k", "", 0, "other", &put);
            kit_expect(&kit, "k", body);
            /* A new object has none of the old one's. */
            assert_code(put_with(&kit, "k", body, "", "", NULL, &put), OL_OK);
            expect_info(&kit, "k", "", 0, "", &put);
            kit_free(body);
            kit_fini(&kit);
        }
    }
}

static void attributes_of_what_is_not_there(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    char text[4096];
    assert_code(kit_attribute(&kit, "none", OL_ATTRIBUTE_TAGS, text), OL_ENOSUCHKEY);
    assert_code(kit_attribute_set(&kit, "none", OL_ATTRIBUTE_TAGS, "a=1"), OL_ENOSUCHKEY);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("body")), OL_OK);
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                         .version = OL_SLICE_LIT("v1")};
    assert_code(kit_attribute_set_as(&kit, &ref, OL_ATTRIBUTE_TAGS, "a=1"), OL_ENOSUCHVERSION);
    ref.version = OL_SLICE_LIT("null");
    ref.if_match = OL_SLICE_LIT("841a2d689ad86bd1611447453c22c6fd");
    assert_code(kit_attribute_set_as(&kit, &ref, OL_ATTRIBUTE_TAGS, "a=1"), OL_EPRECONDITION);
    ref.if_match = OL_SLICE_LIT("841a2d689ad86bd1611447453c22c6fc"); /* MD5 of "body" */
    assert_code(kit_attribute_set_as(&kit, &ref, OL_ATTRIBUTE_TAGS, "a=1"), OL_OK);
    ref.bucket = OL_SLICE_LIT("none");
    assert_code(kit_attribute_set_as(&kit, &ref, OL_ATTRIBUTE_TAGS, "a=1"), OL_ENOSUCHBUCKET);
    char *long_text = malloc(70000);
    memset(long_text, 'x', 69999);
    long_text[69999] = '\0';
    assert_code(kit_attribute_set(&kit, "k", OL_ATTRIBUTE_ACL, long_text), OL_EINVAL);
    free(long_text);
    kit_fini(&kit);
}

/* A reader has the old row when the tags change: it may see them, nobody after it may. */
static void a_reader_does_not_bring_old_tags_back(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_put_result put;
    assert_code(put_with(&kit, "k", OL_SLICE_LIT("body"), "old=1", "", NULL, &put), OL_OK);
    kit_restart(&kit); /* an empty cache */
    trap t;
    trap_open(&t);
    trap_stop(&t, OL_STORE_ROW_READ, 0);
    kit_answer opened = {0};
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k")};
    ol_object *object = NULL;
    assert_code(kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref, &object,
                                      kit_on_object, &opened, NULL),
                OL_WAIT);
    trap_wait(&t, &kit.bench.loop);
    assert_code(kit_attribute_set(&kit, "k", OL_ATTRIBUTE_TAGS, "new=1"), OL_OK);
    trap_let_go(&t);
    ol_test_loop_until(&kit.bench.loop, &opened.done, OL_TEST_BOUND_MS);
    trap_close(&t);
    kit_close_object(&kit, opened.object);
    expect_info(&kit, "k", "new=1", 1, "", &put);
    kit_fini(&kit);
}

static void only_one_version_is_there(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("body")), OL_OK);
    for (int cached = 0; cached < 2; cached++) {
        ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"),
                             .version = OL_SLICE_LIT("other")};
        ol_object *object;
        assert_code(kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref, &object,
                                          kit_on_object, NULL, NULL),
                    OL_ENOSUCHVERSION);
        ref.version = OL_SLICE_LIT("null");
        kit_answer answer = {0};
        int rc = kit.origin->ops->open(kit.origin, kit.bench.loop.loop, &ref, &object,
                                       kit_on_object, &answer, NULL);
        assert_code(kit_settle(&kit, rc, &answer), OL_OK);
        kit_close_object(&kit, rc == OL_WAIT ? answer.object : object);
    }
    ol_remove_request removal = kit_removal("k");
    removal.version = OL_SLICE_LIT("other");
    assert_code(kit_remove_as(&kit, &removal), OL_ENOSUCHVERSION);
    removal.version = OL_SLICE_LIT("null");
    assert_code(kit_remove_as(&kit, &removal), OL_OK);
    kit_expect_absent(&kit, "k");
    kit_fini(&kit);
}

static void removal_has_conditions(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_put_result put;
    ol_remove_request removal = kit_removal("k");
    assert_code(kit_remove_as(&kit, &removal), OL_OK);
    removal.if_size = 0;
    assert_code(kit_remove_as(&kit, &removal), OL_ENOSUCHKEY);
    removal = kit_removal("k");
    removal.if_match = OL_SLICE_LIT("*");
    assert_code(kit_remove_as(&kit, &removal), OL_ENOSUCHKEY);
    assert_code(put_with(&kit, "k", OL_SLICE_LIT("body"), "", "", NULL, &put), OL_OK);
    removal.if_match = OL_SLICE_LIT("841a2d689ad86bd1611447453c22c6fd");
    assert_code(kit_remove_as(&kit, &removal), OL_EPRECONDITION);
    removal.if_match = ol_slice_cstr(put.etag);
    removal.if_size = 5;
    assert_code(kit_remove_as(&kit, &removal), OL_EPRECONDITION);
    removal.if_size = 4;
    removal.if_modified_ms = put.last_modified_ms + 1000;
    assert_code(kit_remove_as(&kit, &removal), OL_EPRECONDITION);
    kit_expect(&kit, "k", OL_SLICE_LIT("body"));
    removal.if_modified_ms = put.last_modified_ms;
    assert_code(kit_remove_as(&kit, &removal), OL_OK);
    kit_expect_absent(&kit, "k");
    kit_fini(&kit);
}

static void a_put_may_refuse_what_is_there(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = 4,
                          .if_none_match = OL_SLICE_LIT("841a2d689ad86bd1611447453c22c6fc")};
    ol_test_feed feed = {.body = OL_SLICE_LIT("body")};
    assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
    assert_code(kit_put_as(&kit, &req, &feed), OL_EPRECONDITION);
    assert_code(kit_put(&kit, "k", OL_SLICE_LIT("other")), OL_OK);
    assert_code(kit_put_as(&kit, &req, &feed), OL_OK);
    kit_expect(&kit, "k", OL_SLICE_LIT("body"));
    kit_fini(&kit);
}

/* A trailer fills the checksum when the body is through. */
typedef struct late {
    ol_object_checksum *sum;
} late;

static int late_finish(ol_stage *st, ol_error *err)
{
    const late *l = st->config;
    *l->sum = (ol_object_checksum){.name = "CRC32", .text = "yZRlqg=="};
    return ol_stage_finish(st, err);
}

static int late_write(ol_stage *st, ol_slice in, ol_error *err)
{
    return ol_stage_write(st, in, err);
}

static const ol_stage_ops late_ops = {
    .name = "late", .phase = OL_PHASE_VERIFY, .write = late_write, .finish = late_finish};

static void a_checksum_may_come_with_the_end(void **state)
{
    (void)state;
    store_kit kit;
    kit_open(&kit);
    const size_t lens[] = {0, 10, 300000};
    for (size_t i = 0; i < 3; i++) {
        ol_slice body = kit_bytes(lens[i], 3);
        ol_object_checksum sum = {.composite = false};
        ol_put_result result;
        ol_put_request req = {.bucket = OL_SLICE_LIT("b"), .key = OL_SLICE_LIT("k"), .size = -1,
                              .checksum = &sum, .result = &result};
        ol_test_bench_again(&kit.bench);
        const ol_stage_ops *ops;
        const void *config;
        assert_code(kit.origin->ops->put(kit.origin, &req, kit.bench.arena, &ops, &config, NULL),
                    OL_OK);
        ol_test_feed feed = {.body = body, .piece_bytes = 65536};
        late l = {&sum};
        ol_test_bench_feed(&kit.bench, &feed);
        ol_test_bench_add(&kit.bench, &late_ops, &l);
        ol_test_bench_add(&kit.bench, ops, config);
        assert_code(ol_test_bench_run(&kit.bench), OL_OK);
        assert_string_equal(result.checksum.text, "yZRlqg==");
        ol_object *object;
        kit_restart(&kit);
        assert_code(kit_open_key(&kit, "k", &object), OL_OK);
        assert_string_equal(kit.origin->ops->info(object)->checksum.text, "yZRlqg==");
        kit_close_object(&kit, object);
        kit_free(body);
    }
    kit_fini(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_change_without_the_object),
        cmocka_unit_test(attributes_of_what_is_not_there),
        cmocka_unit_test(a_reader_does_not_bring_old_tags_back),
        cmocka_unit_test(only_one_version_is_there),
        cmocka_unit_test(removal_has_conditions),
        cmocka_unit_test(a_put_may_refuse_what_is_there),
        cmocka_unit_test(a_checksum_may_come_with_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
