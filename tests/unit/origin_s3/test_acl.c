/* SPDX-License-Identifier: MIT */
/* What a service is told of an access control list, and what is read of its own. */
#include "fake_s3.h"
#include "lib/check.h"
#include "origin/s3/acl_text.h"
#include "s3/documents/acl.h"

#include <string.h>

static int told(enum ol_s3_canonical_ids ids, const char *text, ol_arena *arena, char out[2048],
                ol_error *err)
{
    const ol_s3_origin origin = {.options = {.canonical_ids = ids}};
    ol_s3_acl_headers acl;
    int rc = ol_s3_acl_of_new(&origin, ol_slice_cstr(text), arena, &acl, err);
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; rc == OL_OK && i < acl.count; i++)
        len += (size_t)snprintf(out + len, 2048 - len, "%.*s: %.*s\n",
                                OL_SLICE_FMT(acl.headers[i].name),
                                OL_SLICE_FMT(acl.headers[i].value));
    return rc;
}

#define USERS "http://acs.amazonaws.com/groups/global/AllUsers"

/* Of its own ids, nothing is known but that the list's owner is the one who is there. */
static void to_a_service_with_ids_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *text, *headers;
    } cases[] = {
        {"", ""},
        {"ann;f:ann", "x-amz-acl: private\n"},
        {"ann;f:ann;r:*", "x-amz-acl: public-read\n"},
        {"ann;f:ann;r:*;w:*", "x-amz-acl: public-read-write\n"},
        {"ann;f:ann;r:@", "x-amz-acl: authenticated-read\n"},
        {"ann;f:ann;r:bob", NULL},
        {"ann;f:ann;R:*", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(OL_MIB);
        char got[2048];
        ol_error err = {0};
        int rc = told(OL_S3_CANONICAL_IDS_OWN, cases[i].text, arena, got, &err);
        assert_code_of(rc, cases[i].headers ? OL_OK : OL_ENOTIMPLEMENTED, &err);
        if (cases[i].headers)
            assert_string_equal(got, cases[i].headers);
        ol_arena_destroy(arena);
    }
}

static void grant_by_grant(void **state)
{
    (void)state;
    static const struct {
        const char *text, *headers;
    } cases[] = {
        {"", ""},
        {"ann;f:ann", "x-amz-grant-full-control: id=\"ann\"\n"},
        {"ann;f:ann;r:*", "x-amz-grant-read: uri=\"" USERS "\"\n"
                          "x-amz-grant-full-control: id=\"ann\"\n"},
        {"ann;r:bob;f:ann;r:t%24eve", "x-amz-grant-read: id=\"bob\", id=\"t$eve\"\n"
                                      "x-amz-grant-full-control: id=\"ann\"\n"},
        {"ann;w:bob;R:bob;W:bob", "x-amz-grant-write: id=\"bob\"\nx-amz-grant-read-acp: id=\"bob\"\n"
                                  "x-amz-grant-write-acp: id=\"bob\"\n"},
        /* What nobody signed for is nobody's, and the rest of the list is as it was. */
        {OL_ACL_ANONYMOUS_ID ";f:" OL_ACL_ANONYMOUS_ID, "x-amz-acl: private\n"},
        {OL_ACL_ANONYMOUS_ID ";f:" OL_ACL_ANONYMOUS_ID ";f:ann",
         "x-amz-grant-full-control: id=\"ann\"\n"},
        /* An id that would end the quotes, or the header. */
        {"ann;r:a%22%2C%20uri%3D", NULL},
        {"ann;r:a%0D%0Ax", NULL},
        {"ann;r:a%2Cb", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(OL_MIB);
        char got[2048];
        ol_error err = {0};
        int rc = told(OL_S3_CANONICAL_IDS_SHARED, cases[i].text, arena, got, &err);
        assert_code_of(rc, cases[i].headers ? OL_OK : OL_EINVAL, &err);
        if (cases[i].headers)
            assert_string_equal(got, cases[i].headers);
        ol_arena_destroy(arena);
    }
}

/* The longest list that there can be. */
static void a_hundred_grants(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(OL_MIB);
    ol_buf text;
    ol_s3_acl_headers acl;
    ol_error err = {0};
    const ol_s3_origin origin = {.options = {.canonical_ids = OL_S3_CANONICAL_IDS_SHARED}};
    ol_buf_init(&text, OL_ACL_TEXT_BYTES_MAX);
    assert_int_equal(ol_buf_add_cstr(&text, "ann"), OL_OK);
    for (int i = 0; i < OL_ACL_GRANTS_MAX; i++)
        assert_int_equal(ol_buf_addf(&text, ";r:%0*d", OL_ACL_ID_BYTES_MAX, i), OL_OK);
    assert_code_of(ol_s3_acl_of_new(&origin, ol_buf_slice(&text), arena, &acl, &err), OL_OK, &err);
    assert_int_equal(acl.count, 1);
    assert_int_equal(acl.headers[0].value.len, OL_ACL_GRANTS_MAX * (OL_ACL_ID_BYTES_MAX + 7) - 2);
    ol_buf_fini(&text);
    ol_arena_destroy(arena);
}

/* A change is a document, which alone can say that nobody is granted anything. */
static void a_change(void **state)
{
    (void)state;
    fixture *x = fixture_new();
    x->k->options.canonical_ids = OL_S3_CANONICAL_IDS_SHARED;
    fixture_open(x);
    ol_origin *o = x->k->origin;
    const ol_object_ref ref = okit_ref("b", "k");
    static const char *const texts[] = {"ann;R:bob", "ann"};
    for (size_t i = 0; i < 2; i++) {
        okit_answer a = {0};
        fake_say_document(x, "200 OK", "", "");
        int rc = o->ops->attribute_set(o, x->f.loop, &ref, OL_ATTRIBUTE_ACL,
                                       ol_slice_cstr(texts[i]), okit_on_done, &a, &a.err);
        assert_code_of(okit_wait(x->k, &a, rc), OL_OK, &a.err);
        assert_sent(x, i, "PUT /b/k?acl ");
        assert_not_sent(x, i, "x-amz-acl");
        assert_sent(x, i, "<Owner><ID>ann</ID>");
    }
    assert_sent(x, 0, "<ID>bob</ID>");
    assert_sent(x, 0, "<Permission>READ_ACP</Permission>");
    assert_not_sent(x, 1, "<Grant>");
    assert_served(x);
    fixture_free(x);
}

#define LIST(OWNER, GRANTS)                                                                        \
    "<AccessControlPolicy>" OWNER "<AccessControlList>" GRANTS                                     \
    "</AccessControlList></AccessControlPolicy>"
#define READ_OF_BOB                                                                                \
    "<Grant><Grantee><ID>bob</ID></Grantee><Permission>READ</Permission></Grant>"

static void what_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *text;
    } cases[] = {
        {LIST("<Owner><ID>ann</ID></Owner>", READ_OF_BOB), "ann;r:bob"},
        {LIST("<Owner><ID>ann</ID></Owner>", ""), "ann"},
        {LIST("", ""), ""}, /* Ceph's, of what was granted to somebody unknown */
        {LIST("", READ_OF_BOB), NULL},
        {"<AccessControlPolicy/>", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(OL_MIB);
        ol_slice text;
        ol_error err = {0};
        int rc = ol_s3_acl_text(ol_slice_cstr(cases[i].xml), arena, &text, &err);
        assert_code_of(rc, cases[i].text ? OL_OK : OL_EORIGIN, &err);
        if (cases[i].text)
            assert_true(ol_slice_eq_cstr(text, cases[i].text));
        ol_arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_a_service_with_ids_of_its_own),
        cmocka_unit_test(grant_by_grant),
        cmocka_unit_test(a_hundred_grants),
        cmocka_unit_test(a_change),
        cmocka_unit_test(what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
