/* SPDX-License-Identifier: MIT */
/* Which operation a request means, and what is refused by name instead of being misread. */
#include <stdio.h>

#include "unit/s3/request_kit.h"

#include "s3/address/address.h"

typedef struct good {
    const char *method, *target;
    enum ol_s3_operation operation;
    const char *bucket, *key;
} good;

static const good goods[] = {
    {"GET", "/", OL_S3_LIST_BUCKETS, "", ""},
    {"GET", "", OL_S3_LIST_BUCKETS, "", ""},
    {"GET", "/?x-id=ListBuckets", OL_S3_LIST_BUCKETS, "", ""},
    {"GET", "/?max-buckets=1000&prefix=a&continuation-token=b", OL_S3_LIST_BUCKETS, "", ""},
    {"PUT", "/b-1", OL_S3_CREATE_BUCKET, "b-1", ""},
    {"PUT", "/b-1/", OL_S3_CREATE_BUCKET, "b-1", ""},
    {"HEAD", "/b", OL_S3_HEAD_BUCKET, "b", ""},
    {"DELETE", "/b/", OL_S3_DELETE_BUCKET, "b", ""},
    {"GET", "/b?location", OL_S3_GET_BUCKET_LOCATION, "b", ""},
    {"GET", "/b/?location=", OL_S3_GET_BUCKET_LOCATION, "b", ""},
    {"GET", "/b?list-type=2&prefix=p%2F&encoding-type=url", OL_S3_LIST_OBJECTS_V2, "b", ""},
    {"GET", "/b?list-type=1", OL_S3_LIST_OBJECTS, "b", ""},
    {"GET", "/b", OL_S3_LIST_OBJECTS, "b", ""},
    {"GET", "/b?delimiter=%2F&encoding-type=url&max-keys=1000&prefix=", OL_S3_LIST_OBJECTS, "b",
     ""},
    {"POST", "/b?delete", OL_S3_DELETE_OBJECTS, "b", ""},
    {"POST", "/b/?delete=&x-id=DeleteObjects", OL_S3_DELETE_OBJECTS, "b", ""},
    {"GET", "/b/k", OL_S3_GET_OBJECT, "b", "k"},
    {"HEAD", "/b/k", OL_S3_HEAD_OBJECT, "b", "k"},
    {"PUT", "/b/k?x-id=PutObject", OL_S3_PUT_OBJECT, "b", "k"},
    {"DELETE", "/b/k", OL_S3_DELETE_OBJECT, "b", "k"},
    {"GET", "/orders--ol-s3/k", OL_S3_GET_OBJECT, "orders--ol-s3", "k"},
    {"GET", "/b/k?versionId=null", OL_S3_GET_OBJECT, "b", "k"},
    {"HEAD", "/b/k?versionId=3", OL_S3_HEAD_OBJECT, "b", "k"},
    {"DELETE", "/b/k?versionId=null", OL_S3_DELETE_OBJECT, "b", "k"},
    {"PUT", "/b/k?tagging&versionId=3", OL_S3_PUT_OBJECT_TAGGING, "b", "k"},
    {"GET", "/b/k?attributes&versionId=3", OL_S3_GET_OBJECT_ATTRIBUTES, "b", "k"},
    {"OPTIONS", "/b/k?acl", OL_S3_CORS_PREFLIGHT, "b", "k"},
    {"OPTIONS", "/b", OL_S3_CORS_PREFLIGHT, "b", ""},
    {"OPTIONS", "/b?lifecycle", OL_S3_CORS_PREFLIGHT, "b", ""},
    {"GET", "/b?versions&prefix=a&key-marker=k&version-id-marker=v", OL_S3_LIST_OBJECT_VERSIONS,
     "b", ""},
    {"GET", "/b?uploads&upload-id-marker=u", OL_S3_LIST_MULTIPART_UPLOADS, "b", ""},
    {"GET", "/b?policy", OL_S3_GET_BUCKET_POLICY, "b", ""},
    {"PUT", "/b?policy", OL_S3_PUT_BUCKET_POLICY, "b", ""},
    {"DELETE", "/b/?policy=", OL_S3_DELETE_BUCKET_POLICY, "b", ""},
    {"GET", "/b?policyStatus", OL_S3_GET_BUCKET_POLICY_STATUS, "b", ""},
    {"GET", "/b?cors", OL_S3_GET_BUCKET_CORS, "b", ""},
    {"PUT", "/b?cors", OL_S3_PUT_BUCKET_CORS, "b", ""},
    {"DELETE", "/b?cors", OL_S3_DELETE_BUCKET_CORS, "b", ""},
    {"GET", "/b?publicAccessBlock", OL_S3_GET_PUBLIC_ACCESS_BLOCK, "b", ""},
    {"PUT", "/b?publicAccessBlock", OL_S3_PUT_PUBLIC_ACCESS_BLOCK, "b", ""},
    {"DELETE", "/b?publicAccessBlock", OL_S3_DELETE_PUBLIC_ACCESS_BLOCK, "b", ""},
    {"GET", "/b?ownershipControls", OL_S3_GET_BUCKET_OWNERSHIP_CONTROLS, "b", ""},
    {"PUT", "/b?ownershipControls", OL_S3_PUT_BUCKET_OWNERSHIP_CONTROLS, "b", ""},
    {"DELETE", "/b?ownershipControls", OL_S3_DELETE_BUCKET_OWNERSHIP_CONTROLS, "b", ""},
    {"GET", "/b?encryption", OL_S3_GET_BUCKET_ENCRYPTION, "b", ""},
    {"PUT", "/b?encryption", OL_S3_PUT_BUCKET_ENCRYPTION, "b", ""},
    {"DELETE", "/b?encryption", OL_S3_DELETE_BUCKET_ENCRYPTION, "b", ""},
    {"GET", "/b?acl", OL_S3_GET_BUCKET_ACL, "b", ""},
    {"PUT", "/b?%61cl", OL_S3_PUT_BUCKET_ACL, "b", ""},
    {"GET", "/b?tagging", OL_S3_GET_BUCKET_TAGGING, "b", ""},
    {"PUT", "/b?tagging", OL_S3_PUT_BUCKET_TAGGING, "b", ""},
    {"DELETE", "/b?tagging", OL_S3_DELETE_BUCKET_TAGGING, "b", ""},
    {"GET", "/b?versioning", OL_S3_GET_BUCKET_VERSIONING, "b", ""},
    {"GET", "/b/k?tagging", OL_S3_GET_OBJECT_TAGGING, "b", "k"},
    {"DELETE", "/b/k?tagging", OL_S3_DELETE_OBJECT_TAGGING, "b", "k"},
    {"GET", "/b/k?acl", OL_S3_GET_OBJECT_ACL, "b", "k"},
    {"PUT", "/b/k?acl", OL_S3_PUT_OBJECT_ACL, "b", "k"},
    {"POST", "/b/k?uploads", OL_S3_CREATE_MULTIPART_UPLOAD, "b", "k"},
    {"PUT", "/b/k?partNumber=1&uploadId=u", OL_S3_UPLOAD_PART, "b", "k"},
    {"POST", "/b/k?uploadId=u", OL_S3_COMPLETE_MULTIPART_UPLOAD, "b", "k"},
    {"DELETE", "/b/k?uploadId=u", OL_S3_ABORT_MULTIPART_UPLOAD, "b", "k"},
    {"GET", "/b/k?uploadId=u&max-parts=2&part-number-marker=1", OL_S3_LIST_PARTS, "b", "k"},
    {"GET", "/b/k?partNumber=1", OL_S3_GET_OBJECT, "b", "k"},
    {"HEAD", "/b/k?partNumber=1", OL_S3_HEAD_OBJECT, "b", "k"},
    {"GET", "/b/k?response-content-type=text%2Fplain", OL_S3_GET_OBJECT, "b", "k"},
    {"GET", "/b/k?color=red&color=blue", OL_S3_GET_OBJECT, "b", "k"},
    /* A parameter is a subresource only where S3 knows it as one. */
    {"GET", "/b/k?policy", OL_S3_GET_OBJECT, "b", "k"},
    /* Keys: decoded once, nothing else done to them. */
    {"GET", "/b/a%20b%2Bc", OL_S3_GET_OBJECT, "b", "a b+c"},
    {"GET", "/b/a+b", OL_S3_GET_OBJECT, "b", "a+b"},
    {"GET", "/b//a//b/", OL_S3_GET_OBJECT, "b", "/a//b/"},
    {"GET", "/b/a%2Fb", OL_S3_GET_OBJECT, "b", "a/b"},
    {"GET", "/b/%252e", OL_S3_GET_OBJECT, "b", "%2e"},
    {"GET", "/b/..", OL_S3_GET_OBJECT, "b", ".."},
    {"GET", "/b/../../etc/passwd", OL_S3_GET_OBJECT, "b", "../../etc/passwd"},
    {"GET", "/b/./x/.", OL_S3_GET_OBJECT, "b", "./x/."},
    {"GET", "/b/%F0%9F%98%80", OL_S3_GET_OBJECT, "b", "\xf0\x9f\x98\x80"},
    {"GET", "/b/\xc3\xa9", OL_S3_GET_OBJECT, "b", "\xc3\xa9"},
    {"GET", "/b/%0A%01", OL_S3_GET_OBJECT, "b", "\n\x01"},
    {"GET", "/b/k%3Facl", OL_S3_GET_OBJECT, "b", "k?acl"},
    {"GET", "/%62/k", OL_S3_GET_OBJECT, "b", "k"},
};

static void finds_the_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        test_request t;
        ol_s3_address address;
        ol_error err = {0};
        test_request_open(&t, goods[i].method, goods[i].target, NULL);
        int rc = ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err);
        if (rc != OL_OK || address.operation != goods[i].operation)
            fail_msg("%s %s: %s, %s (%s)", goods[i].method, goods[i].target, ol_code_name(rc),
                     ol_s3_operation_name(address.operation), err.message);
        assert_slices(address.bucket, ol_slice_cstr(goods[i].bucket));
        assert_slices(address.key, ol_slice_cstr(goods[i].key));
        test_request_close(&t);
    }
}

typedef struct bad {
    const char *method, *target;
    int code;
    const char *named; /* must stand in the message; may be NULL */
} bad;

static const bad bads[] = {
    {"PUT", "/", OL_EMETHOD, NULL},
    {"POST", "/", OL_EMETHOD, NULL},
    {"HEAD", "/", OL_EMETHOD, NULL},
    {"PATCH", "/b", OL_EMETHOD, NULL},
    {"CONNECT", "/b", OL_EMETHOD, NULL},
    {"POST", "/b/k", OL_EMETHOD, NULL},
    {"PUT", "/b?location", OL_EMETHOD, NULL},
    {"GET", "/b?delete", OL_EMETHOD, NULL},
    {"DELETE", "/b?delete", OL_EMETHOD, NULL},
    {"POST", "/b?policy", OL_EMETHOD, NULL},
    {"HEAD", "/b?cors", OL_EMETHOD, NULL},
    {"DELETE", "/b?acl", OL_EMETHOD, NULL},
    {"PUT", "/b?policyStatus", OL_EMETHOD, NULL},
    {"DELETE", "/b?versioning", OL_EMETHOD, NULL},
    {"HEAD", "/b/k?uploadId=u", OL_EMETHOD, NULL},
    {"GET", "/b/k?uploads", OL_EMETHOD, NULL},
    {"PUT", "/b/k?attributes", OL_EMETHOD, NULL},
    {"POST", "/b", OL_EPRECONDITION, "multipart/form-data"},
    {"DELETE", "/b?lifecycle", OL_ENOTIMPLEMENTED, ": lifecycle"},
    {"PUT", "/b?versioning", OL_ENOTIMPLEMENTED, ": versioning"},
    {"PUT", "/b?%76ersioning", OL_ENOTIMPLEMENTED, ": versioning"},
    {"PUT", "/b?acl&accelerate", OL_ENOTIMPLEMENTED, ": accelerate"},
    {"PUT", "/b/k?retention", OL_ENOTIMPLEMENTED, ": retention"},
    {"GET", "/b/k?torrent", OL_ENOTIMPLEMENTED, ": torrent"},
    {"POST", "/b/k?select&select-type=2", OL_ENOTIMPLEMENTED, ": select"},
    {"POST", "/b/k?restore", OL_ENOTIMPLEMENTED, ": restore"},
    {"PUT", "/b?uploadId=u", OL_ENOTIMPLEMENTED, ": uploadId"},
    {"GET", "/b?acl&policy", OL_EINVAL, "acl, policy"},
    {"GET", "/b/k?tagging&uploadId=u", OL_EINVAL, "tagging, uploadId"},
    {"DELETE", "/b/k?versionId=", OL_EINVAL, "empty"},
    {"PUT", "/b/k?versionId=null", OL_EINVAL, "version-id"},
    {"POST", "/b/k?uploads&versionId=1", OL_EINVAL, "version-id"},
    {"PUT", "/b/k?uploadId=u", OL_EINVAL, "partNumber"},
    {"DELETE", "/b/k?uploadId=u&partNumber=1", OL_EINVAL, "partNumber"},
    {"PUT", "/b/k?tagging&partNumber=1", OL_EINVAL, "partNumber"},
    {"PUT", "/b/k?partNumber=1", OL_EINVAL, "partNumber"},
    {"GET", "/b?list-type=3", OL_EINVAL, "List Type"},
    {"GET", "/b?prefix=a&prefix=b", OL_EINVAL, "prefix"},
    {"GET", "/b?prefix=a&pre%66ix=a", OL_EINVAL, "prefix"},
    {"GET", "/b/k?versionId=null&versionId=null", OL_EINVAL, "versionId"},
    {"GET", "nowhere", OL_EINVALIDURI, NULL},
    {"GET", "/b/%", OL_EINVALIDURI, NULL},
    {"GET", "/b/%4", OL_EINVALIDURI, NULL},
    {"GET", "/b/%zz", OL_EINVALIDURI, NULL},
    {"GET", "/b/a%00b", OL_EINVALIDURI, NULL},
    {"GET", "/b/%ff", OL_EINVALIDURI, NULL},
    {"GET", "/b/%C0%AF", OL_EINVALIDURI, NULL},
    {"GET", "/b/%ED%A0%80", OL_EINVALIDURI, NULL},
    {"GET", "/b?prefix=%zz", OL_EINVALIDURI, NULL},
    {"GET", "//k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/./k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/../k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/%2e%2e/k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/a%2Fb/k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/a%00/k", OL_EINVALIDBUCKET, NULL},
    {"GET", "/a:b/k", OL_EINVALIDBUCKET, NULL},
};

static void refuses_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        test_request t;
        ol_s3_address address;
        ol_error err = {0};
        test_request_open(&t, bads[i].method, bads[i].target, NULL);
        int rc = ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err);
        if (rc != bads[i].code || err.code != rc ||
            (bads[i].named && !strstr(err.message, bads[i].named)))
            fail_msg("%s %s: %s (%s)", bads[i].method, bads[i].target, ol_code_name(rc),
                     err.message);
        assert_int_equal(address.operation, OL_S3_UNKNOWN);
        test_request_close(&t);
    }
}

/* Every subresource that S3 has at a level and this server has not, with each method. */
static void no_subresource_falls_through(void **state)
{
    (void)state;
    static const char *const of_buckets[] = {
        "abac", "accelerate", "analytics", "intelligent-tiering", "inventory",
        "lifecycle", "logging", "metadataConfiguration", "metadataInventoryTable",
        "metadataJournalTable", "metadataTable", "metrics", "notification", "object-lock",
        "replication", "requestPayment", "session", "website",
    };
    static const char *const of_objects[] = {
        "append", "encryption", "legal-hold", "renameObject", "restore", "retention", "select",
        "select-type", "torrent",
    };
    static const char *const methods[] = {"GET", "HEAD", "PUT", "POST", "DELETE"};
    size_t buckets = sizeof of_buckets / sizeof of_buckets[0];
    size_t objects = sizeof of_objects / sizeof of_objects[0];
    for (size_t i = 0; i < buckets + objects; i++) {
        const char *name = i < buckets ? of_buckets[i] : of_objects[i - buckets];
        for (size_t m = 0; m < 5; m++) {
            char target[64];
            test_request t;
            ol_s3_address address;
            ol_error err = {0};
            snprintf(target, sizeof target, "%s?%s", i < buckets ? "/b" : "/b/k", name);
            test_request_open(&t, methods[m], target, NULL);
            assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err),
                        OL_ENOTIMPLEMENTED);
            assert_non_null(strstr(err.message, name));
            assert_int_equal(err.status, 501);
            test_request_close(&t);
        }
    }
}

static void bounds_the_key(void **state)
{
    (void)state;
    char target[4096] = "/b/";
    for (size_t i = 0; i < 1024; i++)
        strcat(target, "%61");
    for (int extra = 0; extra < 2; extra++) {
        test_request t;
        ol_s3_address address;
        ol_error err = {0};
        test_request_open(&t, "GET", target, NULL);
        assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err),
                    extra ? OL_EKEYTOOLONG : OL_OK);
        if (!extra)
            assert_int_equal(address.key.len, 1024);
        test_request_close(&t);
        strcat(target, "a");
    }
}

static void bounds_names_and_parameters(void **state)
{
    (void)state;
    char target[4096];
    test_request t;
    ol_s3_address address;
    ol_error err = {0};
    snprintf(target, sizeof target, "/%064d/k", 0);
    test_request_open(&t, "GET", target, NULL);
    assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err), OL_EINVALIDBUCKET);
    test_request_close(&t);
    strcpy(target, "/b?");
    for (int i = 0; i < 257; i++)
        strcat(target, "a=1&");
    ol_error_clear(&err);
    test_request_open(&t, "GET", target, NULL);
    assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err), OL_ELIMIT);
    test_request_close(&t);
}

static void hands_out_parameters(void **state)
{
    (void)state;
    test_request t;
    ol_s3_address address;
    ol_error err = {0};
    test_request_open(&t, "GET", "/b?prefix=a%2Fb+c%2B&&delimiter&start-after=&x=%41", NULL);
    assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &address, &err), OL_OK);
    assert_int_equal(address.param_count, 4);
    assert_slice(ol_s3_param_get(&address, "prefix"), "a/b c+");
    assert_true(ol_s3_param_has(&address, "delimiter"));
    assert_int_equal(ol_s3_param_get(&address, "delimiter").len, 0);
    assert_non_null(ol_s3_param_get(&address, "start-after").data);
    assert_slice(ol_s3_param_get(&address, "x"), "A");
    assert_false(ol_s3_param_has(&address, "marker"));
    assert_null(ol_s3_param_get(&address, "marker").data);
    test_request_close(&t);
}

static void names_operations(void **state)
{
    (void)state;
    assert_string_equal(ol_s3_operation_name(OL_S3_GET_OBJECT), "GetObject");
    assert_string_equal(ol_s3_operation_name(OL_S3_DELETE_OBJECTS), "DeleteObjects");
    assert_string_equal(ol_s3_operation_name(OL_S3_UNKNOWN), "Unknown");
    assert_string_equal(ol_s3_operation_name((enum ol_s3_operation)99), "Unknown");
}

static void judges_bucket_names(void **state)
{
    (void)state;
    static const char *const ok[] = {
        "abc", "a-b", "a.b.c", "1ab", "a--b", "my-bucket-2026",
        "012345678901234567890123456789012345678901234567890123456789abc",
        "1.2.3", "1.2.3.4.5", "a1.2.3.4",
    };
    static const char *const not_ok[] = {
        "", "a", "ab", "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "a.-b", "a-.b", "a b",
        "192.168.1.1", "xn--abc", "sthree-abc", "amzn-s3-demo-x", "x--ol-s3", "x-s3alias",
        "x.mrap", "x--x-s3", "x--table-s3", "caf\xc3\xa9",
        "0123456789012345678901234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof ok / sizeof ok[0]; i++)
        if (!ol_s3_bucket_name_ok(ol_slice_cstr(ok[i])))
            fail_msg("%s should be a name", ok[i]);
    for (size_t i = 0; i < sizeof not_ok / sizeof not_ok[0]; i++)
        if (ol_s3_bucket_name_ok(ol_slice_cstr(not_ok[i])))
            fail_msg("%s should not be a name", not_ok[i]);
}

static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    test_request t;
    ol_s3_address address;
    ol_error err = {0};
    test_request_open(&t, "GET", "/b/a%20b?prefix=%20", NULL);
    ol_arena *small = ol_arena_new(64);
    assert_non_null(small);
    while (ol_arena_alloc(small, 1))
        continue;
    assert_code(ol_s3_address_parse(&t.req, NULL, small, &address, &err), OL_ENOMEM);
    ol_arena_destroy(small);
    test_request_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_operation),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(no_subresource_falls_through),
        cmocka_unit_test(bounds_the_key),
        cmocka_unit_test(bounds_names_and_parameters),
        cmocka_unit_test(hands_out_parameters),
        cmocka_unit_test(names_operations),
        cmocka_unit_test(judges_bucket_names),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
