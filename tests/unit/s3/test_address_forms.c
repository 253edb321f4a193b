/* SPDX-License-Identifier: MIT */
/* Every way in which clients name a bucket, an access point, an account or a service. */
#include <stdio.h>

#include "unit/s3/request_kit.h"

#include "s3/address/address.h"

static const ol_slice domains[] = {OL_SLICE_LIT("s3.example.test"), OL_SLICE_LIT("example.test"),
                                   OL_SLICE_LIT("10.0.0.7")};

static const ol_s3_address_rules with_domains = {.domains = domains, .domain_count = 3};
static const ol_s3_address_rules with_amazon = {
    .domains = domains, .domain_count = 3, .amazon_hosts = true, .base_path = OL_SLICE_LIT("/s3")};
static const ol_s3_address_rules with_base = {.base_path = OL_SLICE_LIT("/s3")};
static const ol_s3_address_rules bare;

static int read_form(test_request *t, const ol_s3_address_rules *rules, const char *method,
                     const char *host, const char *target, ol_s3_address *out, ol_error *err)
{
    const char *const fields[] = {"Host", host, NULL};
    test_request_open(t, method, target, fields);
    if (target[0] == 'h') { /* absolute form, as the HTTP reader splits it */
        ol_slice rest = ol_slice_from(t->req.target, 7);
        size_t slash = 0;
        while (slash < rest.len && rest.data[slash] != '/')
            slash++;
        t->req.host = ol_slice_first(rest, slash);
        t->req.path = ol_slice_from(t->req.path, 7 + slash);
    }
    return ol_s3_address_parse(&t->req, rules, t->arena, out, err);
}

typedef struct form {
    const ol_s3_address_rules *rules;
    const char *host, *target;
    enum ol_s3_operation operation;
    const char *bucket, *key;
    enum ol_s3_door door;
    const char *door_name, *door_account, *door_region;
} form;

#define PLAIN OL_S3_DOOR_NONE, "", "", ""
#define LABEL "my-olap-111122223333"
#define BY_SERVICE OL_S3_DOOR_BY_SERVICE, "my-olap", "111122223333", ""

static const form forms[] = {
    /* Path style: our names, addresses, localhost; any host where none is configured. */
    {&with_domains, "s3.example.test", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "S3.Example.Test.:9000", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "127.0.0.1:9000", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "192.168.7.9", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "[::1]:9000", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "[2001:db8::1]", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "localhost:9000", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "storage", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "b.storage.lan:80", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    /* Virtual-host style, the longest domain first. */
    {&with_domains, "b.s3.example.test", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "B.S3.EXAMPLE.TEST:443", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "b.example.test", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "a.b.s3.example.test", "/k", OL_S3_GET_OBJECT, "a.b", "k", PLAIN},
    {&with_domains, "b.10.0.0.7:9000", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "b.localhost:9000", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "b.127.0.0.1:9000", "/", OL_S3_LIST_OBJECTS, "b", "", PLAIN},
    {&with_domains, "b.s3.example.test", "/?policy", OL_S3_GET_BUCKET_POLICY, "b", "", PLAIN},
    {&with_domains, "b.s3.example.test", "//a//b/", OL_S3_GET_OBJECT, "b", "/a//b/", PLAIN},
    {&with_domains, "b.s3.example.test", "/a%2Fb+c%20%C3%A9/..", OL_S3_GET_OBJECT, "b",
     "a/b+c \xc3\xa9/..", PLAIN},
    {&with_domains, "x--ol-s3.s3.example.test", "/k", OL_S3_GET_OBJECT, "x--ol-s3", "k", PLAIN},
    {&with_domains, "111122223333.s3.example.test", "/k", OL_S3_GET_OBJECT, "111122223333", "k",
     PLAIN},
    /* Doors by their label. */
    {&with_domains, LABEL ".s3.example.test", "/k", OL_S3_GET_OBJECT, LABEL, "k", BY_SERVICE},
    {&bare, LABEL ".127.0.0.1:19000", "/k", OL_S3_GET_OBJECT, LABEL, "k", BY_SERVICE},
    {&bare, LABEL ".localhost", "/?list-type=2", OL_S3_LIST_OBJECTS_V2, LABEL, "", BY_SERVICE},
    {&bare, "127.0.0.1", "/" LABEL "/k", OL_S3_GET_OBJECT, LABEL, "k", PLAIN},
    {&with_domains, "a.b-111122223333.s3.example.test", "/k", OL_S3_GET_OBJECT,
     "a.b-111122223333", "k", PLAIN},
    /* ARNs in the path. */
    {&bare, "h", "/arn%3Aaws%3As3%3Aeu-west-1%3A111122223333%3Aaccesspoint%2Fmy-ap/d/k",
     OL_S3_GET_OBJECT, "arn:aws:s3:eu-west-1:111122223333:accesspoint/my-ap", "d/k",
     OL_S3_DOOR_ACCESS_POINT, "my-ap", "111122223333", "eu-west-1"},
    {&bare, "h", "/arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/my-olap/k",
     OL_S3_GET_OBJECT, "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/my-olap", "k",
     OL_S3_DOOR_OBJECT_LAMBDA, "my-olap", "111122223333", "eu-west-1"},
    {&bare, "h", "/arn:aws:s3:eu-west-1:111122223333:accesspoint:my-ap",
     OL_S3_LIST_OBJECTS, "arn:aws:s3:eu-west-1:111122223333:accesspoint:my-ap", "",
     OL_S3_DOOR_ACCESS_POINT, "my-ap", "111122223333", "eu-west-1"},
    /* A base path. */
    {&with_base, "h", "/s3/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_base, "h", "/s3", OL_S3_LIST_BUCKETS, "", "", PLAIN},
    {&with_base, "h", "/s3/", OL_S3_LIST_BUCKETS, "", "", PLAIN},
    {&with_base, LABEL ".localhost", "/s3/k", OL_S3_GET_OBJECT, LABEL, "k", BY_SERVICE},
    {&with_base, "h", "/s3//b", OL_S3_UNKNOWN, "", "", PLAIN},
    {&with_base, "h", "/s3/b//k", OL_S3_GET_OBJECT, "b", "/k", PLAIN},
    /* Absolute form. */
    {&with_domains, "x", "http://b.s3.example.test/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "x", "http://10.0.0.7/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_domains, "x", "http://" LABEL ".s3.example.test/k", OL_S3_GET_OBJECT, LABEL, "k",
     BY_SERVICE},
    {&bare, "x", "http://127.0.0.1:9000/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&bare, "x", "http://localhost", OL_S3_LIST_BUCKETS, "", "", PLAIN},
    {&bare, "x", "http://[::1]:9/b", OL_S3_LIST_OBJECTS, "b", "", PLAIN},
    /* AWS's own names, which know no base path. */
    {&with_amazon, "s3.amazonaws.com", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_amazon, "s3.eu-west-1.amazonaws.com", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_amazon, "s3-eu-west-1.amazonaws.com", "/b/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_amazon, "b.s3.amazonaws.com", "/k", OL_S3_GET_OBJECT, "b", "k", PLAIN},
    {&with_amazon, "a.b.s3.eu-west-1.amazonaws.com:443", "/k", OL_S3_GET_OBJECT, "a.b", "k",
     OL_S3_DOOR_NONE, "", "", "eu-west-1"},
    {&with_amazon, "b.s3.dualstack.eu-west-1.amazonaws.com", "/k", OL_S3_GET_OBJECT, "b", "k",
     OL_S3_DOOR_NONE, "", "", "eu-west-1"},
    {&with_amazon, "logs-111122223333.s3.eu-west-1.amazonaws.com", "/k", OL_S3_GET_OBJECT,
     "logs-111122223333", "k", OL_S3_DOOR_NONE, "", "", "eu-west-1"},
    {&with_amazon, "my-ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com", "/k",
     OL_S3_GET_OBJECT, "my-ap-111122223333", "k", OL_S3_DOOR_ACCESS_POINT, "my-ap",
     "111122223333", "eu-west-1"},
    {&with_amazon, LABEL ".s3-object-lambda.eu-west-1.amazonaws.com", "/k", OL_S3_GET_OBJECT,
     LABEL, "k", OL_S3_DOOR_OBJECT_LAMBDA, "my-olap", "111122223333", "eu-west-1"},
    {&with_amazon, "x", "http://" LABEL ".s3-object-lambda.eu-west-1.amazonaws.com/k",
     OL_S3_GET_OBJECT, LABEL, "k", OL_S3_DOOR_OBJECT_LAMBDA, "my-olap", "111122223333",
     "eu-west-1"},
    {&with_amazon, "b.s3.cn-north-1.amazonaws.com.cn", "/k", OL_S3_GET_OBJECT, "b", "k",
     OL_S3_DOOR_NONE, "", "", "cn-north-1"},
};

static void reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const form *f = &forms[i];
        test_request t;
        ol_s3_address a;
        ol_error err = {0};
        int rc = read_form(&t, f->rules, "GET", f->host, f->target, &a, &err);
        if (f->operation == OL_S3_UNKNOWN) {
            assert_code(rc, OL_EINVALIDBUCKET);
            test_request_close(&t);
            continue;
        }
        if (rc != OL_OK || a.operation != f->operation || a.door != f->door)
            fail_msg("%s %s: %s, %s, door %d (%s)", f->host, f->target, ol_code_name(rc),
                     ol_s3_operation_name(a.operation), a.door, err.message);
        assert_int_equal(a.api, OL_S3_API_S3);
        assert_slices(a.bucket, ol_slice_cstr(f->bucket));
        assert_slices(a.key, ol_slice_cstr(f->key));
        assert_slices(a.door_name, ol_slice_cstr(f->door_name));
        assert_slices(a.door_account, ol_slice_cstr(f->door_account));
        assert_slices(a.door_region, ol_slice_cstr(f->door_region));
        test_request_close(&t);
    }
}

static const struct {
    const ol_s3_address_rules *rules;
    const char *host, *target;
    int code;
} refused[] = {
    {&with_domains, "other.test", "/b/k", OL_EINVALIDREQUEST},
    {&with_domains, "notexample.test", "/b/k", OL_EINVALIDREQUEST},
    {&with_domains, ".s3.example.test", "/b/k", OL_EINVALIDREQUEST},
    {&with_domains, "s3.example.test.evil.test", "/b/k", OL_EINVALIDREQUEST},
    {&with_domains, "b.s3.amazonaws.com", "/k", OL_EINVALIDREQUEST},
    {&with_domains, "x", "http://other.test/b/k", OL_EINVALIDREQUEST},
    {&with_domains, "x", "http://169.254.169.254/latest/meta-data", OL_EINVALIDREQUEST},
    {&with_domains, "x", "http://[2001:db8::1]/b", OL_EINVALIDREQUEST},
    {&bare, "x", "http://storage/b/k", OL_EINVALIDREQUEST},
    {&bare, "x", "http://10.0.0.1/b/k", OL_EINVALIDREQUEST},
    {&bare, "x", "http://b.s3.amazonaws.com/k", OL_EINVALIDREQUEST},
    {&with_amazon, "ec2.eu-west-1.amazonaws.com", "/", OL_EINVALIDREQUEST},
    {&with_amazon, "amazonaws.com", "/s3/", OL_EINVALIDREQUEST},
    {&with_amazon, "evil-amazonaws.com", "/s3/", OL_EINVALIDREQUEST},
    {&with_amazon, "111122223333.s3-control.eu-west-1.amazonaws.com", "/", OL_EINVALIDURI},
    {&with_amazon, "my-ap.s3-accesspoint.eu-west-1.amazonaws.com", "/k", OL_EINVALIDBUCKET},
    {&with_base, "h", "/b/k", OL_EINVALIDURI},
    {&with_base, "h", "/s3x/k", OL_EINVALIDURI},
    {&with_base, "h", "/", OL_EINVALIDURI},
    {&bare, "b_d!.localhost", "/k", OL_EINVALIDBUCKET},
    {&bare, "..localhost", "/k", OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:s3:::bucket/k", OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:sqs:eu-west-1:111122223333:accesspoint%2Fx/k", OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:s3:eu-west-1:111122223333:accesspoint%2F..%2F..%2Fx/k",
     OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:s3:eu-west-1:1111:accesspoint%2Fx/k", OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:s3:eu-west-1:111122223333:accesspoint%2Fx%2Fobject%2Fk/y",
     OL_EINVALIDBUCKET},
    {&bare, "h", "/arn:aws:s3:eu-west-1:111122223333:accesspoint/", OL_EINVALIDBUCKET},
};

static void refuses_what_is_not_ours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        test_request t;
        ol_s3_address a;
        ol_error err = {0};
        int rc = read_form(&t, refused[i].rules, "GET", refused[i].host, refused[i].target, &a,
                           &err);
        if (rc != refused[i].code)
            fail_msg("%s %s: %s", refused[i].host, refused[i].target, ol_code_name(rc));
        assert_int_equal(a.operation, OL_S3_UNKNOWN);
        test_request_close(&t);
    }
}

/* ---- the other APIs ---- */

static const struct {
    const ol_s3_address_rules *rules;
    const char *method;
    const char *fields[8];
    const char *target;
    int code;
    enum ol_s3_api api;
    const char *account;
} apis[] = {
    {&bare, "GET", {"Host", "h", "x-amz-account-id", "111122223333", NULL},
     "/v20180820/accesspoint/x?bucket=b", OL_OK, OL_S3_API_CONTROL, "111122223333"},
    {&bare, "PUT", {"Host", "111122223333.localhost:9000", NULL},
     "/v20180820/accesspointforobjectlambda/x", OL_OK, OL_S3_API_CONTROL, "111122223333"},
    {&with_base, "GET", {"Host", "h", "x-amz-account-id", "111122223333", NULL},
     "/s3/v20180820/accesspoint", OL_OK, OL_S3_API_CONTROL, "111122223333"},
    {&with_amazon, "GET", {"Host", "111122223333.s3-control.eu-west-1.amazonaws.com", NULL},
     "/v20180820/accesspoint", OL_OK, OL_S3_API_CONTROL, "111122223333"},
    {&bare, "GET", {"Host", "111122223333.localhost", "x-amz-account-id", "444455556666", NULL},
     "/v20180820/accesspoint/x", OL_EINVALIDREQUEST, OL_S3_API_CONTROL, "444455556666"},
    /* A bucket of that name is a bucket. */
    {&bare, "GET", {"Host", "h", NULL}, "/v20180820/accesspoint/x", OL_OK,
     OL_S3_API_S3, ""},
    {&bare, "GET", {"Host", "b.localhost", "x-amz-account-id", "111122223333", NULL},
     "/v20180820/accesspoint/x", OL_OK, OL_S3_API_S3, ""},
    {&bare, "POST",
     {"Host", "h", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8", NULL}, "/",
     OL_OK, OL_S3_API_STS, ""},
    {&with_base, "POST", {"Host", "h", "Content-Type", "application/x-www-form-urlencoded", NULL},
     "/s3", OL_OK, OL_S3_API_STS, ""},
    {&bare, "GET", {"Host", "h", NULL}, "/?Action=GetCallerIdentity&Version=2011-06-15", OL_OK,
     OL_S3_API_STS, ""},
    {&with_domains, "POST",
     {"Host", "sts.s3.example.test", "Content-Type", "application/x-www-form-urlencoded", NULL},
     "/", OL_OK, OL_S3_API_STS, ""},
    {&with_amazon, "POST", {"Host", "sts.eu-west-1.amazonaws.com", NULL}, "/", OL_OK,
     OL_S3_API_STS, ""},
    {&bare, "POST",
     {"Host", "b.localhost", "Content-Type", "application/x-www-form-urlencoded", NULL},
     "/?delete", OL_OK, OL_S3_API_S3, ""},
    {&with_domains, "POST",
     {"Host", "route.elsewhere.test", "x-amz-request-route", "io-use1-001", NULL},
     "/WriteGetObjectResponse?x-id=WriteGetObjectResponse", OL_OK, OL_S3_API_WRITE_RESPONSE, ""},
    {&bare, "POST", {"Host", "h", NULL}, "/WriteGetObjectResponse", OL_EPRECONDITION,
     OL_S3_API_S3, ""},
};

static void tells_apis_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
        test_request t;
        ol_s3_address a;
        ol_error err = {0};
        test_request_open(&t, apis[i].method, apis[i].target, apis[i].fields);
        int rc = ol_s3_address_parse(&t.req, apis[i].rules, t.arena, &a, &err);

        if (rc != apis[i].code || a.api != apis[i].api)
            fail_msg("%zu %s: %s, api %d (%s)", i, apis[i].target, ol_code_name(rc), a.api,
                     err.message);
        assert_slices(a.account, ol_slice_cstr(apis[i].account));
        test_request_close(&t);
    }
}

static void hands_s3control_its_path(void **state)
{
    (void)state;
    const char *const fields[] = {"Host", "h", "x-amz-account-id", "111122223333", NULL};
    test_request t;
    ol_s3_address a;
    ol_error err = {0};
    test_request_open(&t, "GET", "/s3/v20180820/accesspoint/a%2Fb?lifecycle&maxResults=5", fields);
    assert_code(ol_s3_address_parse(&t.req, &with_base, t.arena, &a, &err), OL_OK);
    assert_slice(a.path, "/v20180820/accesspoint/a%2Fb");
    assert_slice(ol_s3_param_get(&a, "maxResults"), "5");
    assert_int_equal(a.operation, OL_S3_UNKNOWN);
    test_request_close(&t);
}

static void headers_change_operations(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *name, *value;
        enum ol_s3_operation operation;
    } cases[] = {
        {"PUT", "/b/k", "x-amz-copy-source", "/b/other", OL_S3_COPY_OBJECT},
        {"PUT", "/b/k?uploadId=u&partNumber=1", "X-Amz-Copy-Source", "b/k",
         OL_S3_UPLOAD_PART_COPY},
        {"PUT", "/b/k?tagging", "x-amz-copy-source", "b/k", OL_S3_PUT_OBJECT_TAGGING},
        {"POST", "/b", "content-type", "Multipart/Form-Data; boundary=x", OL_S3_POST_OBJECT},
        {"POST", "/b?delete", "content-type", "multipart/form-data", OL_S3_DELETE_OBJECTS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const fields[] = {"Host", "h", cases[i].name, cases[i].value, NULL};
        test_request t;
        ol_s3_address a;
        ol_error err = {0};
        test_request_open(&t, cases[i].method, cases[i].target, fields);
        assert_code(ol_s3_address_parse(&t.req, NULL, t.arena, &a, &err), OL_OK);
        assert_int_equal(a.operation, cases[i].operation);
        test_request_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_what_is_not_ours),
        cmocka_unit_test(tells_apis_apart),
        cmocka_unit_test(hands_s3control_its_path),
        cmocka_unit_test(headers_change_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
