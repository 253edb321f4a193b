/* SPDX-License-Identifier: MIT */
/* Listings, continuation tokens, and the body of CreateBucket. */
#include "lib/check.h"

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
    /* Without a delimiter there is no NextMarker, unless the next page has a name of its own. */
    ol_buf_clear(&out);
    page.result = &full;
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_null(strstr(ol_buf_cstr(&out), "NextMarker"));
    ol_buf_clear(&out);
    page.next = OL_SLICE_LIT("sealed");
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_non_null(strstr(ol_buf_cstr(&out), "<NextMarker>sealed</NextMarker>"));
    ol_buf_clear(&out);
    page.v2 = true;
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_non_null(strstr(ol_buf_cstr(&out),
                           "<NextContinuationToken>sealed</NextContinuationToken>"));
    ol_buf_clear(&out);
    page.result = &empty;
    assert_code(ol_s3_xml_list(&out, &page), OL_OK);
    assert_null(strstr(ol_buf_cstr(&out), "sealed"));
}

static void reports_a_full_buffer(void **state)
{
    (void)state;
    const ol_s3_list_page page = {
        .v2 = true, .name = OL_SLICE_LIT("b"), .max_keys = 2, .result = &full};
    for (size_t max = 1; max < 500; max += 7) {
        ol_buf small;
        ol_buf_init(&small, max);
        assert_code(ol_s3_xml_list(&small, &page), OL_ELIMIT);
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

/* ---- reading ---- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lists_version_2),
        TEST(lists_version_1),
        TEST(reports_a_full_buffer),
        TEST(tokens_come_back),
        TEST(reads_bucket_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
