/* SPDX-License-Identifier: MIT */
/* The documents that S3 answers with, byte by byte, and the ones it reads. */
#include <stdio.h>

#include "lib/check.h"

#include "base/alloc.h"
#include "lib/alloc_check.h"
#include "s3/xml.h"

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

static void writes_errors(void **state)
{
    (void)state;
    ol_error err = {0};
    ol_error_say(&err, OL_ENOSUCHKEY, "No <%s> & more", "key");
    assert_code(ol_s3_xml_error(&out, &err, OL_SLICE_LIT("/b/\"k\"&\x01"), "REQ1"), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<Error><Code>NoSuchKey</Code>"
                                    "<Message>No &lt;key&gt; &amp; more</Message>"
                                    "<Resource>/b/&quot;k&quot;&amp;\xef\xbf\xbd</Resource>"
                                    "<RequestId>REQ1</RequestId><HostId>objlens</HostId></Error>");
}

static void an_error_without_a_code_is_internal(void **state)
{
    (void)state;
    ol_error err = {0};
    assert_code(ol_s3_xml_error(&out, &err, OL_SLICE_NONE, "R"), OL_OK);
    assert_non_null(strstr(ol_buf_cstr(&out), "<Code>InternalError</Code>"));
}

static void writes_buckets_and_locations(void **state)
{
    (void)state;
    ol_bucket_info infos[] = {{OL_SLICE_LIT("alpha"), 1700000000123}, {OL_SLICE_LIT("b"), 0}};
    const ol_bucket_list list = {.buckets = infos, .count = 2};
    assert_code(ol_s3_xml_buckets(&out, &list, OL_SLICE_LIT("me")), OL_OK);
    assert_string_equal(
        ol_buf_cstr(&out),
        DECLARATION "<ListAllMyBucketsResult" NS
                    "><Owner><ID>me</ID><DisplayName>me</DisplayName></Owner><Buckets>"
                    "<Bucket><Name>alpha</Name>"
                    "<CreationDate>2023-11-14T22:13:20.123Z</CreationDate></Bucket>"
                    "<Bucket><Name>b</Name><CreationDate>1970-01-01T00:00:00.000Z</CreationDate>"
                    "</Bucket></Buckets></ListAllMyBucketsResult>");
    ol_buf_clear(&out);
    assert_code(ol_s3_xml_location(&out, OL_SLICE_LIT("eu-west-1")), OL_OK);
    assert_string_equal(ol_buf_cstr(&out), DECLARATION "<LocationConstraint" NS
                                                       ">eu-west-1</LocationConstraint>");
    ol_buf_clear(&out);
    assert_code(ol_s3_xml_location(&out, OL_SLICE_LIT("us-east-1")), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<LocationConstraint" NS "></LocationConstraint>");
}

static ol_object_info objects[] = {
    {.key = {(const uint8_t *)"p/a b&<", 7},
     .size = 5,
     .etag = {(const uint8_t *)"e1", 2},
     .last_modified_ms = 1700000000000},
};
static ol_slice prefixes[] = {{(const uint8_t *)"p/d+/", 5}};
static const ol_list_result full = {.objects = objects,
                                    .object_count = 1,
                                    .common_prefixes = prefixes,
                                    .common_prefix_count = 1,
                                    .truncated = true,
                                    .next_start_after = {(const uint8_t *)"p/d+/", 5}};

#define CONTENTS(key, owner)                                                                       \
    "<Contents><Key>" key "</Key><LastModified>2023-11-14T22:13:20.000Z</LastModified>"            \
    "<ETag>&quot;e1&quot;</ETag><Size>5</Size>" owner                                              \
    "<StorageClass>STANDARD</StorageClass></Contents>"
#define OWNER "<Owner><ID>me</ID><DisplayName>me</DisplayName></Owner>"

static void lists_version_2(void **state)
{
    (void)state;
    ol_s3_list_page page = {.v2 = true,
                            .name = OL_SLICE_LIT("bkt"),
                            .prefix = OL_SLICE_LIT("p/"),
                            .delimiter = OL_SLICE_LIT("/"),
                            .start_after = OL_SLICE_LIT("p/ "),
                            .max_keys = 2,
                            .owner_id = OL_SLICE_LIT("me"),
                            .result = &full};
    ol_buf token;
    char wanted[2048];
    ol_buf_init(&token, 4096);
    assert_code(ol_s3_token_encode(&token, OL_SLICE_LIT("p/d+/")), OL_OK);
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    snprintf(wanted, sizeof wanted,
             DECLARATION "<ListBucketResult" NS
                         "><Name>bkt</Name><Prefix>p/</Prefix><StartAfter>p/ </StartAfter>"
                         "<NextContinuationToken>%s</NextContinuationToken>"
                         "<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>"
                         "<IsTruncated>true</IsTruncated>" CONTENTS("p/a b&amp;&lt;", "")
                             "<CommonPrefixes><Prefix>p/d+/</Prefix></CommonPrefixes>"
                             "</ListBucketResult>",
             ol_buf_cstr(&token));
    assert_string_equal(ol_buf_cstr(&out), wanted);

    ol_buf_clear(&out);
    page.encoding_url = true;
    page.fetch_owner = true;
    page.continuation_token = ol_buf_slice(&token);
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    snprintf(wanted, sizeof wanted,
             DECLARATION
             "<ListBucketResult" NS
             "><Name>bkt</Name><Prefix>p/</Prefix><StartAfter>p/%%20</StartAfter>"
             "<ContinuationToken>%s</ContinuationToken>"
             "<NextContinuationToken>%s</NextContinuationToken>"
             "<KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>"
             "<EncodingType>url</EncodingType>"
             "<IsTruncated>true</IsTruncated>" CONTENTS("p/a%%20b%%26%%3C", OWNER)
                 "<CommonPrefixes><Prefix>p/d%%2B/</Prefix></CommonPrefixes>"
                 "</ListBucketResult>",
             ol_buf_cstr(&token), ol_buf_cstr(&token));
    assert_string_equal(ol_buf_cstr(&out), wanted);
    ol_buf_fini(&token);
}

static void lists_version_1(void **state)
{
    (void)state;
    static const ol_list_result empty = {0};
    ol_s3_list_page page = {.name = OL_SLICE_LIT("bkt"),
                            .marker = OL_SLICE_LIT("m m"),
                            .delimiter = OL_SLICE_LIT("/"),
                            .max_keys = 2,
                            .encoding_url = true,
                            .owner_id = OL_SLICE_LIT("me"),
                            .result = &full};
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_string_equal(
        ol_buf_cstr(&out),
        DECLARATION "<ListBucketResult" NS
                    "><Name>bkt</Name><Prefix></Prefix><Marker>m%20m</Marker>"
                    "<NextMarker>p/d%2B/</NextMarker><MaxKeys>2</MaxKeys><Delimiter>/</Delimiter>"
                    "<EncodingType>url</EncodingType>"
                    "<IsTruncated>true</IsTruncated>" CONTENTS("p/a%20b%26%3C", OWNER)
                        "<CommonPrefixes><Prefix>p/d%2B/</Prefix></CommonPrefixes>"
                        "</ListBucketResult>");
    ol_buf_clear(&out);
    page = (ol_s3_list_page){.name = OL_SLICE_LIT("bkt"), .max_keys = 1000, .result = &empty};
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<ListBucketResult" NS
                                    "><Name>bkt</Name><Prefix></Prefix><Marker></Marker>"
                                    "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
                                    "</ListBucketResult>");
    /* Without a delimiter there is no NextMarker. */
    ol_buf_clear(&out);
    page.result = &full;
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_null(strstr(ol_buf_cstr(&out), "NextMarker"));
}

static void reports_a_full_buffer(void **state)
{
    (void)state;
    const ol_s3_list_page page = {
        .v2 = true, .name = OL_SLICE_LIT("b"), .max_keys = 2, .result = &full};
    ol_error err = {0};
    ol_error_set(&err, OL_EACCESS, NULL);
    const ol_s3_delete_outcome outcome = {OL_SLICE_LIT("k"), &err};
    for (size_t max = 1; max < 500; max += 7) {
        ol_buf small;
        ol_buf_init(&small, max);
        assert_code(ol_s3_xml_list(&small, &page), OL_ELIMIT);
        ol_buf_fini(&small);
        if (max > 100)
            continue;
        ol_buf_init(&small, max);
        assert_code(ol_s3_xml_error(&small, &err, OL_SLICE_NONE, "R"), OL_ELIMIT);
        ol_buf_clear(&small);
        assert_code(ol_s3_xml_delete_result(&small, &outcome, 1, false), OL_ELIMIT);
        ol_buf_clear(&small);
        assert_code(ol_s3_xml_location(&small, OL_SLICE_LIT("eu-west-1")), OL_ELIMIT);
        ol_buf_fini(&small);
    }
}

static void tokens_come_back(void **state)
{
    (void)state;
    uint8_t key[1024];
    ol_test_random random = {.state = 3};
    ol_buf back;
    ol_buf_init(&back, 4096);
    ol_test_random_fill(&random, key, sizeof key);
    for (size_t len = 0; len <= sizeof key; len += 31) {
        ol_buf_clear(&out);
        ol_buf_clear(&back);
        assert_code(ol_s3_token_encode(&out, ol_slice_of(key, len)), OL_OK);
        assert_code(ol_s3_token_decode(&back, ol_buf_slice(&out)), OL_OK);
        assert_slices(ol_buf_slice(&back), ol_slice_of(key, len));
        /* Any character changed, or the end cut off, is noticed. */
        size_t at = ol_test_random_below(&random, out.len);
        out.data[at] = out.data[at] == 'A' ? 'B' : 'A';
        assert_code(ol_s3_token_decode(&back, ol_buf_slice(&out)), OL_EINVAL);
        assert_code(ol_s3_token_decode(&back, ol_slice_first(ol_buf_slice(&out), out.len - 4)),
                    OL_EINVAL);
    }
    assert_code(ol_s3_token_decode(&back, OL_SLICE_NONE), OL_EINVAL);
    assert_code(ol_s3_token_decode(&back, OL_SLICE_LIT("some-key")), OL_EINVAL);
    ol_buf_fini(&back);
}

static void writes_delete_results(void **state)
{
    (void)state;
    ol_error err = {0};
    ol_error_set(&err, OL_EACCESS, NULL);
    const ol_s3_delete_outcome outcomes[] = {{OL_SLICE_LIT("a&b"), NULL},
                                             {OL_SLICE_LIT("c"), &err}};
#define FAILED                                                                                     \
    "<Error><Key>c</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    assert_code(ol_s3_xml_delete_result(&out, outcomes, 2, false), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<DeleteResult" NS
                                    "><Deleted><Key>a&amp;b</Key></Deleted>" FAILED
                                    "</DeleteResult>");
    ol_buf_clear(&out);
    assert_code(ol_s3_xml_delete_result(&out, outcomes, 2, true), OL_OK);
    assert_string_equal(ol_buf_cstr(&out),
                        DECLARATION "<DeleteResult" NS ">" FAILED "</DeleteResult>");
}

/* ---- reading ---- */

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
    assert_slice(request.keys[0], "a");
    assert_false(request.quiet);
    assert_code(parse(DECLARATION "<!-- c --><Delete" NS ">\n  <Quiet>true</Quiet>\n"
                                  "  <Object>\n<Key> a &amp;&lt;\xc3\xa9&#x20AC;<![CDATA[&x]]> "
                                  "</Key><VersionId>null</VersionId></Object>"
                                  "<Object><VersionId/><Key>b/</Key></Object>\n</Delete>\n",
                      arena, &request, &err),
                OL_OK);
    assert_int_equal(request.count, 2);
    assert_slice(request.keys[0], " a &<\xc3\xa9\xe2\x82\xac&x ");
    assert_slice(request.keys[1], "b/");
    assert_true(request.quiet);
    /* A declaration of another encoding does not change what the bytes mean. */
    assert_code(parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
                      "<Delete><Object><Key>\xc3\xa9</Key></Object></Delete>",
                      arena, &request, &err),
                OL_OK);
    assert_slice(request.keys[0], "\xc3\xa9");
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
    {"<Delete><Object><Key>a</Key><VersionId>3</VersionId></Object></Delete>",
     OL_ENOTIMPLEMENTED},
    {"<Delete><Object><Key>a</Key><ETag>x</ETag></Object></Delete>", OL_ENOTIMPLEMENTED},
    {"<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>", OL_ENOTIMPLEMENTED},
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
    ol_arena *arena = ol_arena_new(512 * 1024);
    ol_s3_delete_request request;
    ol_error err = {0};
    assert_code_of(ol_s3_xml_parse_delete(many_keys(1000, 4), arena, &request, &err), OL_OK, &err);
    assert_int_equal(request.count, 1000);
    assert_slice(request.keys[999], "0999");
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

static void reads_bucket_configurations(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        int code;
        const char *location;
    } cases[] = {
        {"", OL_OK, ""},
        {" \n", OL_OK, ""},
        {"<CreateBucketConfiguration" NS "><LocationConstraint>eu-west-1</LocationConstraint>"
         "</CreateBucketConfiguration>",
         OL_OK, "eu-west-1"},
        {"<CreateBucketConfiguration/>", OL_OK, ""},
        {"<CreateBucketConfiguration><LocationConstraint/></CreateBucketConfiguration>", OL_OK,
         ""},
        {"<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>", OL_ENOTIMPLEMENTED,
         ""},
        {"<CreateBucketConfiguration><LocationConstraint>a</LocationConstraint>"
         "<LocationConstraint>b</LocationConstraint></CreateBucketConfiguration>",
         OL_EMALFORMEDXML, "a"},
        {"<Other/>", OL_EMALFORMEDXML, ""},
        {"junk", OL_EMALFORMEDXML, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(16 * 1024);
        ol_slice location;
        ol_error err = {0};
        assert_code_of(ol_s3_xml_parse_create_bucket(ol_slice_cstr(cases[i].xml), arena, &location,
                                                     &err),
                       cases[i].code, &err);
        assert_slices(location, ol_slice_cstr(cases[i].location));
        ol_arena_destroy(arena);
    }
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
        const ol_s3_delete_outcome outcome = {request.keys[1], NULL};
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
        TEST(writes_errors),
        TEST(an_error_without_a_code_is_internal),
        TEST(writes_buckets_and_locations),
        TEST(lists_version_2),
        TEST(lists_version_1),
        TEST(reports_a_full_buffer),
        TEST(tokens_come_back),
        TEST(writes_delete_results),
        TEST(reads_deletes),
        TEST(refuses_other_deletes),
        TEST(bounds_deletes),
        TEST(reads_bucket_configurations),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
