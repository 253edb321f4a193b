/* SPDX-License-Identifier: MIT */
/* CORS configurations: read, refused, written. Who matches them is tested in the access room. */
#include <stdio.h>

#include "document_kit.h"

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "s3/documents/cors.h"

#define RULE(content) "<CORSRule>" content "</CORSRule>"
#define CORS(content) "<CORSConfiguration" NS ">" content "</CORSConfiguration>"
#define LEAST "<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"

static void reads_and_writes(void **state)
{
    (void)state;
    assert_code(ol_buf_reserve(&out, 4096), OL_OK);
    long live = ol_alloc_live();
    ol_cors *cors;
    ol_error err = {0};
    assert_code_of(
        ol_cors_parse(OL_SLICE_LIT(CORS("\n" RULE(
                          "<ID> one </ID><AllowedMethod>PUT</AllowedMethod>"
                          "<AllowedOrigin>http://*.example.test</AllowedOrigin>"
                          "<AllowedOrigin>https://a</AllowedOrigin>"
                          "<AllowedMethod>GET</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>"
                          "<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-b</ExposeHeader>"
                          "<MaxAgeSeconds>3000</MaxAgeSeconds>") RULE(LEAST))),
                      &cors, &err),
        OL_OK, &err);
    assert_int_equal(cors->rule_count, 2);
    assert_int_equal(cors->rules[0].method_bits, OL_CORS_GET | OL_CORS_PUT);
    assert_slice(cors->rules[0].methods_text, "PUT, GET");
    assert_slice(cors->rules[0].expose_text, "ETag, x-b");
    assert_int_equal(cors->rules[0].max_age_s, 3000);
    assert_int_equal(cors->rules[1].max_age_s, -1);
    assert_slice(cors->rules[1].expose_text, "");
    assert_ptr_equal(ol_cors_acquire(cors), cors);
    ol_cors_release(cors);
    assert_code(ol_cors_write(&out, cors), OL_OK);
    assert_document(CORS(
        RULE("<ID>one</ID><AllowedOrigin>http://*.example.test</AllowedOrigin>"
             "<AllowedOrigin>https://a</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>"
             "<AllowedMethod>GET</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>"
             "<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-b</ExposeHeader>"
             "<MaxAgeSeconds>3000</MaxAgeSeconds>")
            RULE(LEAST)));
    ol_cors_release(cors);
    ol_cors_release(NULL);
    assert_no_leak(live);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        int code;
        const char *message; /* NULL: whatever */
    } cases[] = {
        {"", OL_EMALFORMEDXML, NULL},
        {CORS(""), OL_EMALFORMEDXML, NULL},
        {CORS(RULE("")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE("<AllowedOrigin>*</AllowedOrigin>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE("<AllowedMethod>GET</AllowedMethod>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE(LEAST "<Other/>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE(LEAST "<ID>a</ID><ID>b</ID>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE(LEAST "<MaxAgeSeconds>x</MaxAgeSeconds>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE(LEAST "<MaxAgeSeconds>-1</MaxAgeSeconds>")), OL_EMALFORMEDXML, NULL},
        {CORS(RULE(LEAST "<AllowedOrigin><a/></AllowedOrigin>")), OL_EMALFORMEDXML, NULL},
        {"<!DOCTYPE d [<!ENTITY e \"x\">]>" CORS(RULE(LEAST "<ID>&e;</ID>")), OL_EMALFORMEDXML,
         NULL},
        {CORS(RULE(LEAST "<AllowedMethod>OPTIONS</AllowedMethod>")), OL_EINVALIDREQUEST,
         "Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS"},
        {CORS(RULE(LEAST "<AllowedMethod>get</AllowedMethod>")), OL_EINVALIDREQUEST,
         "Found unsupported HTTP method in CORS config. Unsupported method is get"},
        {CORS(RULE(LEAST "<AllowedOrigin>a*b*</AllowedOrigin>")), OL_EINVALIDREQUEST,
         "AllowedOrigin \"a*b*\" can not have more than one wildcard."},
        {CORS(RULE(LEAST "<AllowedHeader>*-*</AllowedHeader>")), OL_EINVALIDREQUEST,
         "AllowedHeader \"*-*\" can not have more than one wildcard."},
        {CORS(RULE(LEAST "<ExposeHeader>*</ExposeHeader>")), OL_EINVALIDREQUEST,
         "ExposeHeader \"*\" contains wildcard. We currently do not support wildcard for "
         "ExposeHeader."},
        /* What would break a response's headers never gets in. */
        {CORS(RULE(LEAST "<ExposeHeader>a&#13;&#10;b: c</ExposeHeader>")), OL_EINVALIDREQUEST, NULL},
        {CORS(RULE(LEAST "<ExposeHeader/>")), OL_EINVALIDREQUEST, NULL},
        {CORS(RULE(LEAST "<AllowedHeader>a b</AllowedHeader>")), OL_EINVALIDREQUEST, NULL},
        {CORS(RULE(LEAST "<AllowedOrigin>a&#10;b</AllowedOrigin>")), OL_EINVALIDREQUEST, NULL},
        {CORS(RULE(LEAST "<AllowedOrigin/>")), OL_EINVALIDREQUEST, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_cors *cors;
        ol_error err = {0};
        int rc = ol_cors_parse(ol_slice_cstr(cases[i].xml), &cors, &err);
        if (rc != cases[i].code || err.code != rc || cors)
            fail_msg("%s: %s (%s)", cases[i].xml, ol_code_name(rc), err.detail);
        if (cases[i].message)
            assert_string_equal(err.message, cases[i].message);
    }
}

static void bounds_rules(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        ol_cors *cors;
        ol_error err = {0};
        ol_buf_clear(&out);
        ol_buf_add_cstr(&out, "<CORSConfiguration>");
        for (int i = 0; i < OL_CORS_RULES_MAX + extra; i++)
            ol_buf_add_cstr(&out, RULE(LEAST));
        ol_buf_add_cstr(&out, "</CORSConfiguration>");
        assert_code_of(ol_cors_parse(ol_buf_slice(&out), &cors, &err),
                       extra ? OL_EMALFORMEDXML : OL_OK, &err);
        ol_cors_release(cors);
    }
}

/* A configuration file's rules come without a document. */
static void bounds_rules_without_a_document(void **state)
{
    (void)state;
    static ol_cors_rule rules[OL_CORS_RULES_MAX + 1];
    const ol_slice origins[] = {OL_SLICE_LIT("*")}, methods[] = {OL_SLICE_LIT("GET")};
    ol_cors *cors;
    ol_error err = {0};
    for (size_t i = 0; i <= OL_CORS_RULES_MAX; i++)
        rules[i] = (ol_cors_rule){.origins = origins,
                                  .origin_count = 1,
                                  .methods = methods,
                                  .method_count = 1,
                                  .max_age_s = -1};
    assert_code(ol_cors_new(rules, OL_CORS_RULES_MAX, &cors, &err), OL_OK);
    ol_cors_release(cors);
    assert_code(ol_cors_new(rules, OL_CORS_RULES_MAX + 1, &cors, &err), OL_EMALFORMEDXML);
    ol_error_clear(&err);
    assert_code(ol_cors_new(rules, 0, &cors, &err), OL_EMALFORMEDXML);
    ol_error_clear(&err);
    rules[0].origin_count = 0;
    assert_code(ol_cors_new(rules, 1, &cors, &err), OL_EMALFORMEDXML);
}

/* Everything that fits into the document's size fits into memory. */
static void takes_the_largest(void **state)
{
    (void)state;
    ol_cors *cors;
    ol_error err = {0};
    ol_buf_add_cstr(&out, "<CORSConfiguration>" "<CORSRule>" LEAST);
    for (int i = 0; i < 1900; i++)
        ol_buf_add_cstr(&out, "<ExposeHeader>x</ExposeHeader>");
    ol_buf_add_cstr(&out, "</CORSRule></CORSConfiguration>");
    assert_true(out.len < OL_CORS_BYTES_MAX);
    assert_code_of(ol_cors_parse(ol_buf_slice(&out), &cors, &err), OL_OK, &err);
    assert_int_equal(cors->rules[0].expose_text.len, 1900 * 3 - 2);
    ol_cors_release(cors);
}

static int read_one(void *arg)
{
    (void)arg;
    ol_cors *cors;
    ol_error err = {0};
    int rc = ol_cors_parse(OL_SLICE_LIT(CORS(RULE(LEAST "<ID>x</ID>"))), &cors, &err);
    assert_int_equal(rc, err.code);
    ol_cors_release(cors);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_one, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes),  TEST(refuses),
        TEST(bounds_rules),      TEST(takes_the_largest),
        TEST(bounds_rules_without_a_document),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
