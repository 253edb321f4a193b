/* SPDX-License-Identifier: MIT */
/* DeleteObjects: the request, which strangers write, and the answer, byte by byte. */
#include <stdio.h>

#include "lib/check.h"

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "s3/documents/xml.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static ol_buf out;

static int setup(void **state)
{
    (void)state;
    ol_buf_init(&out, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_buf_fini(&out);
    return 0;
}

static void writes_delete_results(void **state)
{
    (void)state;
    ol_error err = {0};
    ol_error_set(&err, OL_EACCESS, NULL);
    const ol_s3_delete_outcome outcomes[] = {
        {.key = OL_SLICE_LIT("a&b")},
        {.key = OL_SLICE_LIT("c"), .err = &err},
        {.key = OL_SLICE_LIT("d"),
         .version = OL_SLICE_LIT("v1"),
         .delete_marker = true,
         .delete_marker_version_id = OL_SLICE_LIT("v2")}};
#define FAILED                                                                                     \
    "<Error><Key>c</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    assert_code(ol_s3_xml_delete_result(&out, outcomes, 3, false), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<DeleteResult" NS
                                    "><Deleted><Key>a&amp;b</Key></Deleted>" FAILED
                                    "<Deleted><Key>d</Key><VersionId>v1</VersionId>"
                                    "<DeleteMarker>true</DeleteMarker>"
                                    "<DeleteMarkerVersionId>v2</DeleteMarkerVersionId></Deleted>"
                                    "</DeleteResult>");
    ol_buf_clear(&out);
    assert_code(ol_s3_xml_delete_result(&out, outcomes, 3, true), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<DeleteResult" NS ">" FAILED "</DeleteResult>");
}

static int parse(const char *xml, ol_arena *arena, ol_s3_delete_request *request, ol_error *err)
{
    ol_error_clear(err);
    return ol_s3_xml_parse_delete(ol_slice_cstr(xml), arena, request, err);
}

static void reads_deletes(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(256 * 1024);
    ol_s3_delete_request request;
    ol_error err;
    assert_code(parse("<Delete><Object><Key>a</Key></Object></Delete>", arena, &request, &err),
                OL_OK);
    assert_int_equal(request.count, 1);
    assert_slice(request.objects[0].key, "a");
    assert_false(request.quiet);
    assert_code(parse(DECLARATION "<!-- c --><Delete" NS ">\n  <Quiet>true</Quiet>\n"
                                  "  <Object>\n<Key> a &amp;&lt;\xc3\xa9&#x20AC;<![CDATA[&x]]> "
                                  "</Key><VersionId>null</VersionId></Object>"
                                  "<Object><VersionId/><Key>b/</Key></Object>\n</Delete>\n",
                      arena, &request, &err),
                OL_OK);
    assert_int_equal(request.count, 2);
    assert_slice(request.objects[0].key, " a &<\xc3\xa9\xe2\x82\xac&x ");
    assert_slice(request.objects[1].key, "b/");
    assert_true(request.quiet);
    /* A declaration of another encoding does not change what the bytes mean. */
    assert_code(parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
                      "<Delete><Object><Key>\xc3\xa9</Key></Object></Delete>",
                      arena, &request, &err),
                OL_OK);
    assert_slice(request.objects[0].key, "\xc3\xa9");
    ol_arena_destroy(arena);
}

static void reads_versions_and_conditions(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_s3_delete_request request;
    ol_error err;
    assert_code(parse("<Delete><Object><Key>a</Key></Object><Object><ETag>\"e1\"</ETag>"
                      "<Size>7</Size><Key>b</Key><VersionId>v1</VersionId><LastModifiedTime>"
                      "2023-11-14T22:13:20.900Z</LastModifiedTime></Object>"
                      "<Object><Key>c</Key><ETag>*</ETag><LastModifiedTime>"
                      "Tue, 14 Nov 2023 22:13:20 GMT</LastModifiedTime></Object></Delete>",
                      arena, &request, &err),
                OL_OK);
    const ol_s3_delete_object *o = request.objects;
    assert_int_equal(request.count, 3);
    assert_true(o[0].modified_ms == -1 && o[0].size == -1 && o[0].etag.len == 0);
    assert_slice(o[0].version, "");
    assert_slice(o[1].key, "b");
    assert_slice(o[1].version, "v1");
    assert_slice(o[1].etag, "e1");
    assert_int_equal(o[1].size, 7);
    assert_int_equal(o[1].modified_ms, 1700000000000);
    assert_slice(o[2].etag, "*");
    assert_int_equal(o[2].modified_ms, 1700000000000);
    ol_arena_destroy(arena);
}

typedef struct bad_xml {
    const char *xml;
    int code;
} bad_xml;

static const bad_xml bad_deletes[] = {
    {"", OL_EMALFORMEDXML},
    {" ", OL_EMALFORMEDXML},
    {"x", OL_EMALFORMEDXML},
    {"<Delete/>", OL_EMALFORMEDXML},
    {"<Delete></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object/></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key/></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key></Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key></Object>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key></Object></Delete><x/>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key></Object></Delete>x", OL_EMALFORMEDXML},
    {"<Remove><Object><Key>a</Key></Object></Remove>", OL_EMALFORMEDXML},
    {"<Delete><Key>a</Key></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Thing>a</Thing></Delete>", OL_EMALFORMEDXML},
    {"<Delete>x<Object><Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object>x<Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a<b/></Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Quiet>maybe</Quiet><Object><Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>\xff</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>&#0;</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete xmlns=\"urn:other\"><Object><Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<?pi x?><Delete><Object><Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<!DOCTYPE Delete><Delete><Object><Key>a</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<!DOCTYPE Delete SYSTEM \"http://127.0.0.1:1/x.dtd\">"
     "<Delete><Object><Key>a</Key></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<!DOCTYPE d [<!ENTITY e \"x\">]><Delete><Object><Key>&e;</Key></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<!DOCTYPE d [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
     "<Delete><Object><Key>&e;</Key></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
     "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><Delete><Object><Key>&c;</Key></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<Delete><Object><Key>&e;</Key></Object></Delete>", OL_EMALFORMEDXML},
    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?><Delete><Object>", OL_EMALFORMEDXML},
    /* Whatever the declaration says, it is UTF-8. */
    {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
     "<Delete><Object><Key>\xe9</Key></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<?xml version=\"1.0\" encoding=\"UTF-7\"?><Delete><Object><Key>+AGE-</Key></Object>",
     OL_EMALFORMEDXML},
    {"<Delete><a><b><c><d><e><f><g><h><i>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><ETag/></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><ETag>x</ETag><ETag>y</ETag></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><Size>-1</Size></Object></Delete>", OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><Size>99999999999999999999</Size></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><LastModifiedTime>now</LastModifiedTime></Object></Delete>",
     OL_EMALFORMEDXML},
    {"<Delete><Object><Key>a</Key><Owner>x</Owner></Object></Delete>", OL_EMALFORMEDXML},
};

static void refuses_other_deletes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_deletes / sizeof bad_deletes[0]; i++) {
        ol_arena *arena = ol_arena_new(64 * 1024);
        ol_s3_delete_request request;
        ol_error err;
        int rc = parse(bad_deletes[i].xml, arena, &request, &err);
        if (rc != bad_deletes[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", bad_deletes[i].xml, ol_code_name(rc), err.detail);
        ol_arena_destroy(arena);
    }
}

static ol_slice many_keys(size_t count, size_t key_len)
{
    ol_buf_clear(&out);
    assert_code(ol_buf_add_cstr(&out, "<Delete>"), OL_OK);
    for (size_t i = 0; i < count; i++)
        assert_code(ol_buf_addf(&out, "<Object><Key>%0*zu</Key></Object>", (int)key_len, i),
                    OL_OK);
    assert_code(ol_buf_add_cstr(&out, "</Delete>"), OL_OK);
    return ol_buf_slice(&out);
}

static void bounds_deletes(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1024 * 1024);
    ol_s3_delete_request request;
    ol_error err = {0};
    assert_code_of(ol_s3_xml_parse_delete(many_keys(1000, 4), arena, &request, &err), OL_OK, &err);
    assert_int_equal(request.count, 1000);
    assert_slice(request.objects[999].key, "0999");
    assert_code(ol_s3_xml_parse_delete(many_keys(1001, 4), arena, &request, &err),
                OL_EMALFORMEDXML);
    ol_error_clear(&err);
    assert_code(ol_s3_xml_parse_delete(many_keys(1, 1024), arena, &request, &err), OL_OK);
    assert_code(ol_s3_xml_parse_delete(many_keys(1, 1025), arena, &request, &err),
                OL_EKEYTOOLONG);
    ol_error_clear(&err);
    assert_code(ol_s3_xml_parse_delete(many_keys(1, 5000), arena, &request, &err),
                OL_EMALFORMEDXML);
    ol_arena_destroy(arena);
}

static int parse_and_write(void *arg)
{
    (void)arg;
    ol_arena *arena = ol_arena_new(64 * 1024);
    ol_s3_delete_request request;
    ol_error err = {0};
    ol_buf xml;
    if (!arena)
        return OL_ENOMEM;
    ol_buf_init(&xml, 4096);
    int rc = ol_s3_xml_parse_delete(
        OL_SLICE_LIT("<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"),
        arena, &request, &err);
    assert_int_equal(rc, err.code);
    if (rc == OL_OK) {
        const ol_s3_delete_outcome outcome = {.key = request.objects[1].key};
        rc = ol_s3_xml_delete_result(&xml, &outcome, 1, false);
    }
    ol_buf_fini(&xml);
    ol_arena_destroy(arena);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    ol_test_fail_each(parse_and_write, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_delete_results),       TEST(reads_deletes),
        TEST(reads_versions_and_conditions), TEST(refuses_other_deletes),
        TEST(bounds_deletes),              TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
