/* SPDX-License-Identifier: MIT */
/* Access control lists in their four forms, and what Object Ownership lets through. */
#include <stdio.h>

#include "document_kit.h"

#include "lib/alloc_check.h"
#include "s3/documents/acl.h"

/* ann owns, bob owns the bucket, cid is another; everybody else is unknown. */
static bool find(void *arg, ol_slice id, ol_slice *name)
{
    (void)arg;
    *name = ol_slice_eq_cstr(id, "ann") ? OL_SLICE_LIT("Ann A.") : OL_SLICE_NONE;
    return ol_slice_eq_cstr(id, "ann") || ol_slice_eq_cstr(id, "bob") ||
           ol_slice_eq_cstr(id, "cid");
}

static bool find_email(void *arg, ol_slice email, ol_slice *id)
{
    (void)arg;
    *id = OL_SLICE_LIT("cid");
    return ol_slice_eq_cstr(email, "cid@example.test");
}

static const ol_people people = {.find = find, .find_email = find_email};

static ol_acl_context object_context(void)
{
    return (ol_acl_context){.owner_id = OL_SLICE_LIT("ann"),
                            .bucket_owner_id = OL_SLICE_LIT("bob"),
                            .people = &people,
                            .arena = arena};
}

static ol_acl_context bucket_context(void)
{
    return (ol_acl_context){.owner_id = OL_SLICE_LIT("ann"), .people = &people, .arena = arena};
}

static void assert_kept(const ol_acl *acl, const char *want)
{
    ol_slice text;
    ol_error err = {0};
    assert_code_of(ol_acl_text(acl, arena, &text, &err), OL_OK, &err);
    assert_slices(text, ol_slice_cstr(want));
}

/* ---- canned ---- */

static void canned_lists(void **state)
{
    (void)state;
    static const struct {
        const char *name, *of_object, *of_bucket;
    } cases[] = {
        {"private", "ann;f:ann", "ann;f:ann"},
        {"public-read", "ann;f:ann;r:*", "ann;f:ann;r:*"},
        {"public-read-write", "ann;f:ann;r:*;w:*", "ann;f:ann;r:*;w:*"},
        {"authenticated-read", "ann;f:ann;r:@", "ann;f:ann;r:@"},
        {"bucket-owner-read", "ann;f:ann;r:bob", "ann;f:ann"},
        {"bucket-owner-full-control", "ann;f:ann;f:bob", "ann;f:ann"},
        {"log-delivery-write", "ann;f:ann", "ann;f:ann;w:!;R:!"},
    };
    const ol_acl_context object = object_context(), bucket = bucket_context();
    ol_acl acl;
    ol_error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_code(ol_acl_canned(ol_slice_cstr(cases[i].name), &object, &acl, &err), OL_OK);
        assert_kept(&acl, cases[i].of_object);
        assert_code(ol_acl_canned(ol_slice_cstr(cases[i].name), &bucket, &acl, &err), OL_OK);
        assert_kept(&acl, cases[i].of_bucket);
    }
    assert_code(ol_acl_canned(OL_SLICE_LIT("Private"), &object, &acl, &err), OL_EINVAL);
    ol_error_clear(&err);
    assert_code(ol_acl_canned(OL_SLICE_LIT("aws-exec-read"), &object, &acl, &err),
                OL_ENOTIMPLEMENTED);
}

/* ---- headers ---- */

static int from_headers(const char *const *pairs, bool *asked, ol_acl *acl, ol_error *err)
{
    const ol_acl_context context = object_context();
    ol_headers headers;
    ol_headers_init(&headers, arena);
    ol_error_clear(err);
    for (size_t i = 0; pairs[i]; i += 2)
        ol_headers_add(&headers, ol_slice_cstr(pairs[i]), ol_slice_cstr(pairs[i + 1]));
    assert_true(ol_acl_in_headers(&headers) == (pairs[0] != NULL));
    return ol_acl_from_headers(&headers, &context, asked, acl, err);
}

static void reads_headers(void **state)
{
    (void)state;
#define ALL "http://acs.amazonaws.com/groups/global/AllUsers"
    static const struct {
        const char *pairs[7];
        const char *want;
    } cases[] = {
        {{NULL}, "ann;f:ann"},
        {{"x-amz-acl", "public-read"}, "ann;f:ann;r:*"},
        {{"x-amz-grant-read", "id=cid"}, "ann;r:cid"},
        {{"X-Amz-Grant-Full-Control", "id=\"cid\", uri=" ALL}, "ann;f:cid;f:*"},
        {{"x-amz-grant-write-acp", "emailAddress=cid@example.test",
          "x-amz-grant-read", "uri=\"" ALL "\""},
         "ann;r:*;W:cid"},
        {{"x-amz-grant-read", "id=bob", "x-amz-grant-read", "id=cid"}, "ann;r:bob;r:cid"},
        {{"x-amz-grant-read-acp", ""}, "ann"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_acl acl;
        ol_error err = {0};
        bool asked;
        assert_code_of(from_headers(cases[i].pairs, &asked, &acl, &err), OL_OK, &err);
        assert_true(asked == (cases[i].pairs[0] != NULL));
        assert_kept(&acl, cases[i].want);
    }
}

static void refuses_bad_headers(void **state)
{
    (void)state;
    static const struct {
        const char *pairs[5];
        int code;
        const char *s3_code;
    } cases[] = {
        {{"x-amz-acl", "nonsense"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-acl", "private", "x-amz-acl", "public-read"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-acl", "private", "x-amz-grant-read", "id=cid"}, OL_EINVALIDREQUEST,
         "InvalidRequest"},
        {{"x-amz-grant-read", "id=_foo"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "id="}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "cid"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "id=\"cid"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "id=ci\"d"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "id=cid,,id=bob"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "name=cid"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "uri=http://example.test/"}, OL_EINVAL, "InvalidArgument"},
        {{"x-amz-grant-read", "emailAddress=no@example.test"}, OL_EINVAL,
         "UnresolvableGrantByEmailAddress"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_acl acl;
        ol_error err = {0};
        bool asked;
        int rc = from_headers(cases[i].pairs, &asked, &acl, &err);
        if (rc != cases[i].code || strcmp(err.s3_code, cases[i].s3_code) != 0)
            fail_msg("%zu: %s %s", i, ol_code_name(rc), err.s3_code);
    }
}

static void bounds_grants(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        ol_acl acl;
        ol_error err = {0};
        bool asked;
        ol_buf_clear(&out);
        for (int i = 0; i < OL_ACL_GRANTS_MAX + extra; i++)
            ol_buf_addf(&out, "%sid=cid", i ? "," : "");
        const char *const pairs[] = {"x-amz-grant-read", ol_buf_cstr(&out), NULL};
        assert_code_of(from_headers(pairs, &asked, &acl, &err), extra ? OL_EMALFORMEDACL : OL_OK,
                       &err);
    }
}

/* ---- the document ---- */

#define XSI " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type="
#define USER(id, name)                                                                             \
    "<Grantee" XSI "\"CanonicalUser\"><ID>" id "</ID><DisplayName>" name "</DisplayName></Grantee>"
#define GROUP(uri) "<Grantee" XSI "\"Group\"><URI>" uri "</URI></Grantee>"
#define GRANT(grantee, permission)                                                                 \
    "<Grant>" grantee "<Permission>" permission "</Permission></Grant>"
#define POLICY(owner, name, grants)                                                                \
    "<AccessControlPolicy" NS "><Owner><ID>" owner "</ID><DisplayName>" name                       \
    "</DisplayName></Owner><AccessControlList>" grants "</AccessControlList></AccessControlPolicy>"

static int parse(const char *xml, ol_acl *acl, ol_error *err)
{
    const ol_acl_context context = bucket_context();
    ol_error_clear(err);
    return ol_acl_parse_xml(ol_slice_cstr(xml), &context, acl, err);
}

static void reads_and_writes_documents(void **state)
{
    (void)state;
    ol_acl acl;
    ol_error err = {0};
    assert_code_of(parse(POLICY("ann", "x", GRANT(USER("ann", "?"), "FULL_CONTROL")
                                GRANT(GROUP(ALL), "READ") GRANT(USER("cid", "?"), "WRITE_ACP")),
                         &acl, &err),
                   OL_OK, &err);
    assert_kept(&acl, "ann;f:ann;r:*;W:cid");
    assert_code(ol_acl_write_xml(&out, &acl, &people), OL_OK);
    assert_document(POLICY("ann", "Ann A.", GRANT(GROUP(ALL), "READ")
                           GRANT(USER("ann", "Ann A."), "FULL_CONTROL")
                           GRANT(USER("cid", "cid"), "WRITE_ACP")));
    assert_code_of(parse("<AccessControlPolicy><Owner><ID>ann</ID></Owner><AccessControlList/>"
                         "</AccessControlPolicy>", &acl, &err), OL_OK, &err);
    assert_kept(&acl, "ann");
    assert_code_of(parse(POLICY("ann", "x", GRANT("<Grantee><EmailAddress>cid@example.test"
                                "</EmailAddress></Grantee>", "READ")), &acl, &err),
                   OL_OK, &err);
    assert_kept(&acl, "ann;r:cid");
}

static void refuses_bad_documents(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *s3_code;
    } cases[] = {
        {"", "MalformedACLError"},
        {"<AccessControlPolicy/>", "MalformedACLError"},
        {"<AccessControlPolicy><Owner><ID>ann</ID></Owner></AccessControlPolicy>",
         "MalformedACLError"},
        {"<Other/>", "MalformedACLError"},
        {POLICY("ann", "", GRANT("<Grantee/>", "READ")), "MalformedACLError"},
        {POLICY("ann", "", GRANT("<Grantee><ID>cid</ID><URI>" ALL "</URI></Grantee>", "READ")),
         "MalformedACLError"},
        {POLICY("ann", "", GRANT(USER("cid", ""), "ALL")), "MalformedACLError"},
        {POLICY("ann", "", "<Grant><Permission>READ</Permission></Grant>"), "MalformedACLError"},
        {POLICY("ann", "", "x" GRANT(USER("cid", ""), "READ")), "MalformedACLError"},
        {"<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" POLICY("&e;", "", ""),
         "MalformedACLError"},
        {POLICY("ann", "", GRANT(USER("_foo", ""), "READ")), "InvalidArgument"},
        {POLICY("ann", "", GRANT(GROUP("urn:x"), "READ")), "InvalidArgument"},
        {POLICY("ann", "", GRANT("<Grantee><EmailAddress>a@b</EmailAddress></Grantee>", "READ")),
         "UnresolvableGrantByEmailAddress"},
        {POLICY("cid", "", ""), "AccessDenied"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_acl acl;
        ol_error err = {0};
        int rc = parse(cases[i].xml, &acl, &err);
        if (rc == OL_OK || strcmp(err.s3_code, cases[i].s3_code) != 0)
            fail_msg("%s: %s %s (%s)", cases[i].xml, ol_code_name(rc), err.s3_code, err.detail);
    }
}

static void an_origins_document_names_its_owner(void **state)
{
    (void)state;
    const ol_acl_context context = {.arena = arena};
    ol_acl acl;
    ol_error err = {0};
    assert_code(ol_acl_parse_xml(OL_SLICE_LIT(POLICY("rgw", "", GRANT(USER("x", ""), "READ"))),
                                 &context, &acl, &err),
                OL_OK);
    assert_kept(&acl, "rgw;r:x");
}

/* ---- the kept text ---- */

static void text_comes_back(void **state)
{
    (void)state;
    ol_acl_grant grants[] = {{OL_ACL_CANONICAL, OL_SLICE_LIT("a;b:c*"), OL_ACL_READ},
                             {OL_ACL_CANONICAL, OL_SLICE_LIT("*"), OL_ACL_WRITE},
                             {OL_ACL_ALL_USERS, OL_SLICE_NONE, OL_ACL_READ_ACP},
                             {OL_ACL_LOG_DELIVERY, OL_SLICE_NONE, OL_ACL_WRITE_ACP}};
    const ol_acl acl = {.owner_id = OL_SLICE_LIT("o;w"), .grants = grants, .count = 4};
    ol_slice text;
    ol_acl back;
    ol_error err = {0};
    assert_code(ol_acl_text(&acl, arena, &text, &err), OL_OK);
    assert_slice(text, "o%3Bw;r:a%3Bb%3Ac%2A;w:%2A;R:*;W:!");
    assert_code(ol_acl_read_text(text, OL_SLICE_LIT("other"), arena, &back, &err), OL_OK);
    assert_slice(back.owner_id, "o;w");
    assert_int_equal(back.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(back.grants[i].grantee, grants[i].grantee);
        assert_int_equal(back.grants[i].permission, grants[i].permission);
        assert_slices(back.grants[i].id, grants[i].id);
    }
    assert_code(ol_acl_read_text(OL_SLICE_NONE, OL_SLICE_LIT("me"), arena, &back, &err), OL_OK);
    assert_kept(&back, "me;f:me");
}

static void damaged_texts_are_noticed(void **state)
{
    (void)state;
    const char *const bad[] = {";r:*", "o;", "o;r", "o;r:", "o;x:*", "o;r:%", "o;rr:*", "%zz", "o;;"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_acl acl;
        ol_error err = {0};
        int rc = ol_acl_read_text(ol_slice_cstr(bad[i]), OL_SLICE_NONE, arena, &acl, &err);
        if (rc != OL_EINTERNAL)
            fail_msg("%s: %s", bad[i], ol_code_name(rc));
    }
}

/* ---- ownership ---- */

static void new_objects(void **state)
{
    (void)state;
    enum { E = OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, P = OL_OWNERSHIP_BUCKET_OWNER_PREFERRED,
           W = OL_OWNERSHIP_OBJECT_WRITER, N = OL_OWNERSHIP_NONE };
    static const struct {
        int ownership;
        const char *header, *value;
        const char *want; /* NULL: refused */
    } cases[] = {
        {E, NULL, NULL, "bob;f:bob"},
        {E, "x-amz-acl", "bucket-owner-full-control", "bob;f:bob"},
        {E, "x-amz-grant-full-control", "id=bob", "bob;f:bob"},
        {E, "x-amz-acl", "private", NULL},
        {E, "x-amz-acl", "public-read", NULL},
        {E, "x-amz-grant-full-control", "id=bob,id=cid", NULL},
        {E, "x-amz-grant-read", "id=bob", NULL},
        {P, NULL, NULL, "ann;f:ann"},
        {P, "x-amz-acl", "bucket-owner-full-control", "bob;f:bob"},
        {P, "x-amz-acl", "private", "ann;f:ann"},
        {W, "x-amz-acl", "bucket-owner-full-control", "ann;f:ann;f:bob"},
        {N, "x-amz-acl", "public-read", "ann;f:ann;r:*"},
    };
    const ol_acl_context context = object_context();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_headers headers;
        ol_acl acl;
        ol_error err = {0};
        bool asked;
        ol_headers_init(&headers, arena);
        if (cases[i].header)
            ol_headers_add(&headers, ol_slice_cstr(cases[i].header), ol_slice_cstr(cases[i].value));
        int rc = ol_acl_for_new_object(&headers, cases[i].ownership, &context, &asked, &acl, &err);
        if ((rc == OL_OK) != (cases[i].want != NULL))
            fail_msg("%zu: %s", i, ol_code_name(rc));
        if (cases[i].want)
            assert_kept(&acl, cases[i].want);
        else
            assert_string_equal(err.s3_code, "AccessControlListNotSupported");
    }
}

static void private_may_be_nothing_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum ol_ownership ownership;
        const char *value;
        bool ok, asked;
    } cases[] = {
        {OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, "private", true, false},
        {OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, "public-read", false, true},
        {OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, "bucket-owner-read", false, true},
        {OL_OWNERSHIP_OBJECT_WRITER, "private", true, true},
    };
    ol_acl_context context = object_context();
    context.accept_private = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_headers headers;
        ol_acl acl;
        ol_error err = {0};
        bool asked;
        ol_headers_init(&headers, arena);
        ol_headers_add(&headers, OL_SLICE_LIT("x-amz-acl"), ol_slice_cstr(cases[i].value));
        int rc = ol_acl_for_new_object(&headers, cases[i].ownership, &context, &asked, &acl, &err);
        if ((rc == OL_OK) != cases[i].ok || asked != cases[i].asked)
            fail_msg("%zu: %s, %d", i, ol_code_name(rc), asked);
    }
}

static void a_buckets_own_list_cannot_be_set_when_enforced(void **state)
{
    (void)state;
    const ol_acl_context context = bucket_context();
    ol_acl acl;
    ol_error err = {0};
    assert_code(ol_acl_canned(OL_SLICE_LIT("bucket-owner-full-control"), &context, &acl, &err),
                OL_OK);
    assert_code(ol_acl_check_ownership(&acl, OL_OWNERSHIP_OBJECT_WRITER, OL_SLICE_NONE, &err),
                OL_OK);
    assert_code(ol_acl_check_ownership(&acl, OL_OWNERSHIP_BUCKET_OWNER_ENFORCED, OL_SLICE_NONE,
                                       &err),
                OL_EINVALIDREQUEST);
    assert_int_equal(err.status, 400);
    assert_string_equal(err.message, "The bucket does not allow ACLs");
}

static int there_and_back(void *arg)
{
    (void)arg;
    ol_arena *own = ol_arena_new(1 << 20);
    const ol_acl_context context = {.owner_id = OL_SLICE_LIT("ann"), .arena = own};
    ol_acl acl;
    ol_slice text;
    ol_error err = {0};
    if (!own)
        return OL_ENOMEM;
    int rc = ol_acl_parse_xml(
        OL_SLICE_LIT(POLICY("ann", "", GRANT(USER("x", ""), "READ"))), &context, &acl, &err);
    if (rc == OL_OK)
        rc = ol_acl_text(&acl, own, &text, &err);
    if (rc == OL_OK)
        rc = ol_acl_read_text(text, OL_SLICE_NONE, own, &acl, &err);
    assert_int_equal(rc, err.code);
    ol_arena_destroy(own);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(there_and_back, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(canned_lists),
        TEST(reads_headers),
        TEST(refuses_bad_headers),
        TEST(bounds_grants),
        TEST(reads_and_writes_documents),
        TEST(refuses_bad_documents),
        TEST(an_origins_document_names_its_owner),
        TEST(text_comes_back),
        TEST(damaged_texts_are_noticed),
        TEST(new_objects),
        TEST(private_may_be_nothing_asked_for),
        TEST(a_buckets_own_list_cannot_be_set_when_enforced),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
