/* SPDX-License-Identifier: MIT */
/*
 * One change, carried out without a thread: whichever allocation fails, it either happens wholly or
 * is refused, and the copy that it is made of keeps every text apart from the caller's.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "control/state/edit.h"
#include "scratch.h"

#define ACCOUNT OL_SLICE_LIT("000000000000")

static scratch s;
static ol_config *config;

static int setup(void **state)
{
    (void)state;
    ol_config_report report;
    ol_test_scratch_open(&s);
    scratch_write(&s, "pii.so", OL_SLICE_LIT("x"), 0600);
    setenv("OBJLENS_TRANSFORMS", s.folder, 1);
    int rc = scratch_load(&s,
                          OL_SLICE_LIT("root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"
                                       "bucket 'orders' access_point 'ap1' { bucket = 'orders' }\n"),
                          &config, &report);
    print_report(&report);
    ol_config_report_fini(&report);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    ol_config_release(config);
    ol_test_scratch_close(&s);
    return 0;
}

static const ol_slice prefixes[] = {{(const uint8_t *)"a/", 2}, {(const uint8_t *)"b/", 2}};
static const ol_control_access_point point = {.bucket = {(const uint8_t *)"orders", 6},
                                              .vpc_id = {(const uint8_t *)"vpc-1", 5},
                                              .prefixes = prefixes,
                                              .prefix_count = 2};
static const ol_control_transformation view = {.actions = OL_CONTROL_GET_OBJECT,
                                               .function = {(const uint8_t *)"pii", 3},
                                               .payload = {(const uint8_t *)"{}", 2}};
static const ol_control_olap olap = {.supporting_access_point = {(const uint8_t *)"ap1", 3},
                                     .metrics = true,
                                     .features = OL_CONTROL_HEAD_OBJECT_RANGE,
                                     .transformations = &view,
                                     .transformation_count = 1};
static const ol_public_access_block block = {true, false, true, false};

#define TEXT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static const ol_edit edits[] = {
    {.kind = OL_EDIT_BUCKET_CREATED, .account = {(const uint8_t *)"111122223333", 12},
     .name = {(const uint8_t *)"theirs", 6}, .ownership = OL_OWNERSHIP_OBJECT_WRITER},
    {.kind = OL_EDIT_BUCKET_POLICY, .name = {(const uint8_t *)"orders", 6}, .binds_root = true,
     .text = TEXT("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
                          "\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::orders/*\"}]}")},
    {.kind = OL_EDIT_BUCKET_CORS, .name = {(const uint8_t *)"orders", 6},
     .text = TEXT("<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>"
                          "<AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>")},
    {.kind = OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK, .name = {(const uint8_t *)"orders", 6},
     .public_access_block = &block},
    {.kind = OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK, .account = {(const uint8_t *)"000000000000", 12},
     .public_access_block = &block},
    {.kind = OL_EDIT_ACCESS_POINT_CREATED, .account = {(const uint8_t *)"000000000000", 12},
     .name = {(const uint8_t *)"ap2", 3}, .access_point = &point},
    {.kind = OL_EDIT_OLAP_CREATED, .account = {(const uint8_t *)"000000000000", 12},
     .name = {(const uint8_t *)"view", 4}, .olap = &olap},
};

static int copy_and_apply(const ol_edit *edit, ol_arena *arena, ol_document *document, ol_error *err)
{
    ol_edit copy;
    ol_realm *before = NULL, *after = NULL;
    int rc = ol_edit_copy(edit, arena, &copy, err);
    if (rc == OL_OK)
        rc = ol_realm_new(&before, config, document, NULL, err);
    if (rc == OL_OK)
        rc = ol_edit_apply(&copy, before, document, 5, err);
    if (rc == OL_OK)
        rc = ol_realm_new(&after, config, document, before, err);
    ol_realm_release(before);
    ol_realm_release(after);
    return rc;
}

/* What the change says when nothing fails: the measure of "wholly". */
static ol_buf wanted;

static int run(void *arg)
{
    ol_error err = {0};
    ol_buf text;
    ol_arena *arena = ol_arena_new(OL_MIB);
    ol_document *document = arena ? ol_document_new() : NULL;
    int rc = document ? copy_and_apply(arg, arena, document, &err) : OL_ENOMEM;
    ol_buf_init(&text, OL_MIB);
    if (rc == OL_OK)
        rc = ol_document_write(document, &text);
    if (rc == OL_OK && wanted.len == 0)
        ol_buf_add(&wanted, ol_buf_slice(&text));
    else if (rc == OL_OK)
        assert_true(ol_slice_eq(ol_buf_slice(&text), ol_buf_slice(&wanted)));
    ol_buf_fini(&text);
    if (document)
        ol_document_free(document);
    if (arena)
        ol_arena_destroy(arena);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        ol_buf_init(&wanted, OL_MIB);
        assert_code(run((void *)(uintptr_t)&edits[i]), OL_OK);
        assert_true(ol_test_fail_each(run, (void *)(uintptr_t)&edits[i]) > 20);
        ol_buf_fini(&wanted);
    }
}

static void test_the_copy_is_the_callers_no_more(void **state)
{
    (void)state;
    char name[] = "ap2", bucket[] = "orders", prefix[] = "a/";
    ol_slice list[] = {ol_slice_cstr(prefix)};
    ol_control_access_point mine = {
        .bucket = ol_slice_cstr(bucket), .prefixes = list, .prefix_count = 1};
    ol_edit edit = {.kind = OL_EDIT_ACCESS_POINT_CREATED, .account = ACCOUNT,
                    .name = ol_slice_cstr(name), .access_point = &mine}, copy;
    ol_arena *arena = ol_arena_new(OL_MIB);
    ol_error err = {0};
    assert_code(ol_edit_copy(&edit, arena, &copy, &err), OL_OK);
    memset(name, 'x', 3);
    memset(bucket, 'x', 6);
    memset(prefix, 'x', 2);
    assert_slice(copy.name, "ap2");
    assert_slice(copy.access_point->bucket, "orders");
    assert_slice(copy.access_point->prefixes[0], "a/");
    ol_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_the_copy_is_the_callers_no_more),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
