/* SPDX-License-Identifier: MIT */
/* Policies of POST forms: what is refused as no policy, and what a policy lets through. */
#include <stdio.h>

#include "document_kit.h"

#include "base/encode.h"
#include "lib/alloc_check.h"
#include "s3/upload/post_policy.h"

#define NOW 1700000000000 /* 2023-11-14T22:13:20Z */
#define WITH(conditions)                                                                           \
    "{\"expiration\": \"2023-11-14T22:13:21Z\", \"conditions\": [" conditions "]}"

static int parse(const char *json, ol_post_policy **policy, ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, 1 << 20);
    ol_error_clear(err);
    assert_code(ol_base64_encode(&text, ol_slice_cstr(json)), OL_OK);
    int rc = ol_post_policy_parse(ol_buf_slice(&text), arena, policy, err);
    assert_true((rc == OL_OK) == (*policy != NULL));
    ol_buf_fini(&text);
    return rc;
}

/* Fields as name, value, …, NULL. */
static ol_post_form *form_of(const char *const *fields)
{
    ol_post_form *form;
    ol_slice in, piece;
    ol_error err = {0};
    ol_buf_clear(&out);
    for (size_t i = 0; fields[i]; i += 2)
        ol_buf_addf(&out, "--X\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
                    fields[i], fields[i + 1]);
    ol_buf_add_cstr(&out, "--X\r\nContent-Disposition: form-data; name=\"file\"; "
                          "filename=\"foo.txt\"\r\n\r\nbar\r\n--X--\r\n");
    assert_code(ol_post_form_new(&form, OL_SLICE_LIT("multipart/form-data; boundary=X"), arena,
                                 &err),
                OL_OK);
    in = ol_buf_slice(&out);
    assert_int_equal(ol_post_form_next(form, &in, &piece, &err), OL_POST_FILE);
    return form;
}

static void refuses_what_is_no_policy(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"{", "Invalid Policy: Invalid JSON."},
        {"[]", "Invalid Policy: Invalid JSON."},
        {"{\"conditions\": []}", "Invalid Policy: Policy missing expiration."},
        {"{\"EXPIRATION\": \"2023-11-14T22:13:21Z\", \"conditions\": []}",
         "Invalid Policy: Unexpected property."},
        {"{\"expiration\": \"2023-11-14T22:13:21Z\", \"CONDITIONS\": []}",
         "Invalid Policy: Unexpected property."},
        {"{\"expiration\": \"2023-11-14 22:13:21.5+00:00\", \"conditions\": []}",
         "Invalid Policy: Invalid 'expiration' value."},
        {"{\"expiration\": 12, \"conditions\": []}", "Invalid Policy: Invalid 'expiration' value."},
        {"{\"expiration\": \"2023-11-14T22:13:21Z\"}", "Invalid Policy: Policy missing conditions."},
        {"{\"expiration\": \"2023-11-14T22:13:21Z\", \"conditions\": {}}",
         "Invalid Policy: Policy missing conditions."},
        {WITH("{}"), "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly "
                     "one property specified."},
        {WITH("{\"a\": \"1\", \"b\": \"2\"}"),
         "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property "
         "specified."},
        {WITH("{\"a\": 1}"), "Invalid Policy: Invalid Simple-Condition: value must be a string."},
        {WITH("7"), "Invalid Policy: Invalid Condition: neither an object nor a list."},
        {WITH("[]"), "Invalid Policy: Invalid Condition: unknown operation."},
        {WITH("[\"ends-with\", \"$key\", \"a\"]"),
         "Invalid Policy: Invalid Condition: unknown operation."},
        {WITH("[\"eq\", \"key\", \"a\"]"), "Invalid Policy: Invalid Condition: wrong arguments."},
        {WITH("[\"eq\", \"$key\"]"), "Invalid Policy: Invalid Condition: wrong arguments."},
        {WITH("[\"content-length-range\", 0]"),
         "Invalid Policy: Invalid content-length-range: wrong number of arguments."},
        {WITH("[\"content-length-range\", -1, 0]"),
         "Invalid Policy: Invalid content-length-range: not a number."},
        {WITH("[\"content-length-range\", \"x\", 0]"),
         "Invalid Policy: Invalid content-length-range: not a number."},
        {"{\"expiration\": \"a\", \"expiration\": \"b\"}", "Invalid Policy: Invalid JSON."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_post_policy *policy;
        ol_error err = {0};
        int rc = parse(cases[i].json, &policy, &err);
        if (rc == OL_OK || err.status != 400 || strcmp(err.s3_code, "InvalidPolicyDocument") != 0 ||
            strcmp(err.message, cases[i].message) != 0)
            fail_msg("%s: %s %s", cases[i].json, err.s3_code, err.message);
    }
    ol_post_policy *policy;
    ol_error err = {0};
    ol_post_policy_parse(OL_SLICE_LIT("no base64!"), arena, &policy, &err);
    assert_string_equal(err.message, "Invalid Policy: Invalid Base64.");
}

static void checks_conditions(void **state)
{
    (void)state;
#define BUCKET "{\"bucket\": \"b\"}"
    static const struct {
        const char *conditions, *fields[9];
        const char *message; /* NULL: passes */
    } cases[] = {
        {BUCKET ", [\"starts-with\", \"$key\", \"foo\"]", {"key", "foo.txt"}, NULL},
        {"{\"bUcKeT\": \"b\"}, [\"StArTs-WiTh\", \"$KeY\", \"foo\"]", {"kEy", "foo.txt"}, NULL},
        {BUCKET ", [\"eq\", \"$key\", \"foo.txt\"]", {"key", "${filename}"}, NULL},
        {BUCKET ", [\"starts-with\", \"$key\", \"\\\\$foo\"]", {"key", "\\$foo.txt"}, NULL},
        {BUCKET ", [\"starts-with\", \"$tagging\", \"\"]", {NULL}, NULL},
        {BUCKET ", [\"starts-with\", \"$Content-Type\", \"image/\"]",
         {"content-type", "image/png,image/jpeg"}, NULL},
        {BUCKET, {"policy", "p", "x-amz-signature", "s", "AWSAccessKeyId", "a", "x-ignore-y", "1"},
         NULL},
        {BUCKET, {"signature", "p", "x-amz-checksum-sha256", "s"}, NULL},
        {BUCKET ", [\"starts-with\", \"$Content-Type\", \"image/\"]",
         {"content-type", "image/png,text/html"},
         "Invalid according to Policy: Policy Condition failed: "
         "[\"starts-with\", \"$Content-Type\", \"image/\"]"},
        {BUCKET ", {\"acl\": \"private\"}", {"acl", "public-read"},
         "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$acl\", \"private\"]"},
        {BUCKET ", {\"acl\": \"private\"}", {NULL},
         "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$acl\", \"private\"]"},
        {"{\"bucket\": \"c\"}", {"bucket", "c"},
         "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$bucket\", \"c\"]"},
        {"[\"starts-with\", \"$key\", \"foo\"]", {"key", "foo"},
         "Invalid according to Policy: Extra input fields: bucket"},
        {BUCKET ", {\"key\": \"k\"}", {"key", "k", "x-amz-meta-foo", "1"},
         "Invalid according to Policy: Extra input fields: x-amz-meta-foo"},
        {BUCKET, {"success_action_status", "201"},
         "Invalid according to Policy: Extra input fields: success_action_status"},
        {BUCKET ", {\"key\": \"a\"}, {\"key\": \"b\"}", {"key", "a"},
         "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$key\", \"b\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[1000];
        ol_post_policy *policy;
        ol_error err = {0};
        snprintf(json, sizeof json, WITH("%s"), cases[i].conditions);
        assert_code_of(parse(json, &policy, &err), OL_OK, &err);
        ol_post_form *form = form_of(cases[i].fields);
        int rc = ol_post_policy_check(policy, form, OL_SLICE_LIT("b"), NOW, &err);
        if ((rc == OL_OK) != (cases[i].message == NULL))
            fail_msg("%zu: %s %s", i, ol_code_name(rc), err.message);
        if (!cases[i].message)
            continue;
        assert_int_equal(err.status, 403);
        assert_string_equal(err.s3_code, "AccessDenied");
        assert_string_equal(err.message, cases[i].message);
    }
}

static void policies_end(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    ol_post_policy *policy;
    ol_error err = {0};
    ol_post_form *form = form_of(none);
    assert_code(parse(WITH(BUCKET), &policy, &err), OL_OK);
    assert_code(ol_post_policy_check(policy, form, OL_SLICE_LIT("b"), NOW + 999, &err), OL_OK);
    assert_code(ol_post_policy_check(policy, form, OL_SLICE_LIT("b"), NOW + 1000, &err),
                OL_EACCESS);
    assert_string_equal(err.message, "Invalid according to Policy: Policy expired.");
}

static void sizes(void **state)
{
    (void)state;
    uint64_t min, max;
    ol_post_policy *policy;
    ol_error err = {0};
    assert_code(parse(WITH(""), &policy, &err), OL_OK);
    ol_post_policy_range(policy, &min, &max);
    assert_true(min == 0 && max == UINT64_MAX);
    assert_code(parse(WITH("[\"content-length-range\", 2, 9], [\"Content-Length-Range\", \"0\", \"5\"],"
                           "[\"content-length-range\", 1, 7]"),
                      &policy, &err),
                OL_OK);
    ol_post_policy_range(policy, &min, &max);
    assert_true(min == 2 && max == 5);
    assert_code(ol_post_policy_check_size(policy, 2, &err), OL_OK);
    assert_code(ol_post_policy_check_size(policy, 5, &err), OL_OK);
    ol_post_policy_check_size(policy, 6, &err);
    assert_string_equal(err.s3_code, "EntityTooLarge");
    ol_error_clear(&err);
    ol_post_policy_check_size(policy, 1, &err);
    assert_string_equal(err.s3_code, "EntityTooSmall");
    assert_int_equal(err.status, 400);
}

static int read_one(void *arg)
{
    (void)arg;
    ol_arena *own = ol_arena_new(1 << 16);
    ol_post_policy *policy;
    ol_error err = {0};
    if (!own)
        return OL_ENOMEM;
    /* {"expiration":"2023-11-14T22:13:21Z","conditions":[{"bucket":"b"}]} */
    int rc = ol_post_policy_parse(
        OL_SLICE_LIT("eyJleHBpcmF0aW9uIjoiMjAyMy0xMS0xNFQyMjoxMzoyMVoiLCJjb25kaXRpb25zIjpbeyJidWNrZX"
                     "QiOiJiIn1dfQ=="),
        own, &policy, &err);
    assert_int_equal(rc, err.code);
    ol_arena_destroy(own);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_one, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_is_no_policy), TEST(checks_conditions), TEST(policies_end),
        TEST(sizes),                     TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
