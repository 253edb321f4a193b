/* SPDX-License-Identifier: MIT */
/*
 * The kept document: it says again what was written, and anything that this version would not have
 * written is damage.
 */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/limits.h"
#include "control/state/document.h"

#define BLOCK                                                                                      \
    "{\"block_public_acls\":true,\"block_public_policy\":true,\"ignore_public_acls\":false,"         \
    "\"restrict_public_buckets\":true}"
#define DOCUMENT(accounts, buckets, points, olaps)                                                 \
    "{\"access_points\":{" points "},\"accounts\":{" accounts "},\"buckets\":{" buckets              \
    "},\"object_lambdas\":{" olaps "},\"version\":1}"

static const char whole[] = DOCUMENT(
    "\"111122223333\":{\"public_access_block\":" BLOCK "}",
    "\"orders\":{\"acl\":\"x\",\"binds_root\":true,\"cors\":\"<c/>\",\"owner\":\"111122223333\",\"ownership\":"
    "\"ObjectWriter\",\"policy\":\"{}\",\"public_access_block\":null,\"tags\":\"a=b\"}",
    "\"000000000000/ap1\":{\"bucket\":\"orders\",\"bucket_account\":\"111122223333\",\"created_ms\":5,"
    "\"policy\":\"{}\",\"prefixes\":[\"a/\"],\"public_access_block\":" BLOCK ",\"vpc\":\"vpc-1\"}",
    "\"000000000000/view\":{\"created_ms\":5,\"features\":[\"GetObject-Range\"],\"metrics\":true,\"policy\":\"{}\","
    "\"supporting\":\"ap1\",\"views\":[{\"actions\":[\"GetObject\"],\"function\":\"pii\",\"payload\":\"{}\"}]}");

static int parse(const char *text, ol_document **document)
{
    ol_error err = {0};
    int rc = ol_document_parse(ol_slice_cstr(text), document, &err);
    if (rc != OL_OK)
        assert_true(err.detail[0]);
    return rc;
}

static void test_it_says_what_was_written(void **state)
{
    (void)state;
    ol_document *document;
    ol_buf text;
    ol_buf_init(&text, OL_MIB);
    assert_code(parse(whole, &document), OL_OK);
    assert_code(ol_document_write(document, &text), OL_OK);
    assert_int_equal(text.data[text.len - 1], '\n');
    text.len--;
    assert_string_equal(ol_buf_cstr(&text), whole);
    ol_document *copy = ol_document_copy(document);
    assert_true(ol_document_same(copy, document));
    ol_document_free(copy);
    ol_document_free(document);
    ol_buf_fini(&text);
}

static void test_an_empty_one_is_right(void **state)
{
    (void)state;
    ol_document *document = ol_document_new(), *parsed;
    assert_code(parse(DOCUMENT("", "", "", ""), &parsed), OL_OK);
    assert_true(ol_document_same(document, parsed));
    ol_document_free(document);
    ol_document_free(parsed);
}

static void test_it_keeps_to_the_maximum(void **state)
{
    (void)state;
    ol_document *document;
    ol_buf text;
    ol_buf_init(&text, 50);
    assert_code(parse(whole, &document), OL_OK);
    assert_code(ol_document_write(document, &text), OL_ELIMIT);
    ol_document_free(document);
    ol_buf_fini(&text);
}

static void test_damage_is_seen(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"version\":2,\"accounts\":{},\"buckets\":{},\"access_points\":{},\"object_lambdas\":{}}",
        "{\"version\":1,\"accounts\":{},\"buckets\":{},\"access_points\":{}}",
        "{\"version\":1,\"accounts\":{},\"buckets\":{},\"access_points\":{},\"object_lambdas\":{},\"more\":{}}",
        DOCUMENT("", "\"orders\":{\"polici\":\"{}\"}", "", ""),
        DOCUMENT("", "\"orders\":{\"policy\":{}}", "", ""),
        DOCUMENT("", "\"orders\":{\"ownership\":\"Nobody\"}", "", ""),
        DOCUMENT("", "\"Orders\":{}", "", ""),
        DOCUMENT("", "\"orders\":[]", "", ""),
        DOCUMENT("", "\"orders\":{\"owner\":\"1\"}", "", ""),
        DOCUMENT("", "\"orders\":{},\"orders\":{}", "", ""),
        DOCUMENT("\"1\":{\"public_access_block\":" BLOCK "}", "", "", ""),
        DOCUMENT("\"111122223333\":{\"public_access_block\":{\"block_public_acls\":true}}", "", "", ""),
        DOCUMENT("\"111122223333\":{}", "", "", ""),
        DOCUMENT("", "", "\"000000000000/ap1\":{\"created_ms\":5,\"public_access_block\":" BLOCK "}", ""),
        DOCUMENT("", "", "\"ap1\":{\"bucket\":\"orders\",\"created_ms\":5,\"public_access_block\":" BLOCK "}", ""),
        DOCUMENT("", "", "\"000000000000/ap1\":{\"bucket\":\"orders\",\"created_ms\":-5,\"public_access_block\":" BLOCK "}", ""),
        DOCUMENT("", "", "", "\"000000000000/view\":{\"created_ms\":5,\"supporting\":\"ap1\",\"views\":[]}"),
        DOCUMENT("", "", "", "\"000000000000/view\":{\"created_ms\":5,\"supporting\":\"ap1\",\"views\":[{\"actions\":[\"PutObject\"],\"function\":\"pii\"}]}"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ol_document *document;
        if (parse(texts[i], &document) != OL_ECONFIG)
            fail_msg("taken: %s", texts[i]);
    }
    /* No beginning of a document is one. */
    for (size_t len = 0; len + 1 < sizeof(whole); len++) {
        ol_document *document;
        ol_error err = {0};
        assert_code(ol_document_parse(ol_slice_of(whole, len), &document, &err), OL_ECONFIG);
    }
}

static int parse_and_copy(void *arg)
{
    (void)arg;
    ol_document *document, *copy;
    ol_error err = {0};
    ol_buf text;
    int rc = ol_document_parse(ol_slice_cstr(whole), &document, &err);
    if (rc != OL_OK)
        return rc;
    copy = ol_document_copy(document);
    ol_buf_init(&text, OL_MIB);
    rc = copy ? ol_document_write(copy, &text) : OL_ENOMEM;
    if (rc == OL_OK)
        assert_int_equal(text.len, sizeof(whole));
    ol_buf_fini(&text);
    if (copy)
        ol_document_free(copy);
    ol_document_free(document);
    return rc;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(parse_and_copy, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_says_what_was_written),
        cmocka_unit_test(test_an_empty_one_is_right),
        cmocka_unit_test(test_it_keeps_to_the_maximum),
        cmocka_unit_test(test_damage_is_seen),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
