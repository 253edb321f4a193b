/* SPDX-License-Identifier: MIT */
/* Small documents about buckets: written byte by byte, read strictly. */
#include <stdio.h>

#include "document_kit.h"

#include "s3/documents/bucket_documents.h"
#include "s3/documents/ownership.h"
#include "s3/documents/public_access_block.h"
#include "s3/documents/xml.h"

static void writes_locations(void **state)
{
    (void)state;
    assert_code(ol_s3_xml_location(&out, OL_SLICE_LIT("eu-west-1")), OL_OK);
    assert_document("<LocationConstraint" NS ">eu-west-1</LocationConstraint>");
    assert_code(ol_s3_xml_location(&out, OL_SLICE_LIT("us-east-1")), OL_OK);
    assert_document("<LocationConstraint" NS "></LocationConstraint>");
}

static void writes_states(void **state)
{
    (void)state;
    assert_code(ol_s3_xml_policy_status(&out, true), OL_OK);
    assert_document("<PolicyStatus" NS "><IsPublic>true</IsPublic></PolicyStatus>");
    assert_code(ol_s3_xml_versioning(&out), OL_OK);
    assert_document("<VersioningConfiguration" NS "></VersioningConfiguration>");
}

/* ---- ListBuckets ---- */

static ol_bucket_info infos[] = {{{(const uint8_t *)"alpha", 5}, 1700000000123},
                                 {{(const uint8_t *)"beta", 4}, 0},
                                 {{(const uint8_t *)"bets", 4}, 0},
                                 {{(const uint8_t *)"gamma", 5}, 0}};
static const ol_bucket_list buckets = {.buckets = infos, .count = 4};
#define BUCKET(name) "<Bucket><Name>" name "</Name><CreationDate>1970-01-01T00:00:00.000Z</CreationDate></Bucket>"
#define RESULT(content) "<ListAllMyBucketsResult" NS ">" content "</ListAllMyBucketsResult>"

static void lists_buckets(void **state)
{
    (void)state;
    const ol_s3_buckets_page page = {.list = &buckets,
                                     .owner_id = OL_SLICE_LIT("me"),
                                     .owner_name = OL_SLICE_LIT("M. E.")};
    assert_code(ol_s3_xml_buckets_page(&out, &page), OL_OK);
    assert_document(RESULT(
        "<Owner><ID>me</ID><DisplayName>M. E.</DisplayName></Owner><Buckets>"
        "<Bucket><Name>alpha</Name><CreationDate>2023-11-14T22:13:20.123Z</CreationDate></Bucket>"
        BUCKET("beta") BUCKET("bets") BUCKET("gamma") "</Buckets>"));
}

static ol_slice token_of(const char *name)
{
    static char text[128];
    ol_buf token;
    ol_buf_init_fixed(&token, text, sizeof text);
    assert_code(ol_s3_token_encode(&token, ol_slice_cstr(name)), OL_OK);
    return ol_buf_slice(&token);
}

static void pages_buckets(void **state)
{
    (void)state;
    ol_s3_buckets_page page = {.list = &buckets,
                               .prefix = OL_SLICE_LIT("bet"),
                               .max_buckets = 1};
    assert_code(ol_s3_xml_buckets_page(&out, &page), OL_OK);
    char want[1024];
    snprintf(want, sizeof want,
             DECLARATION RESULT("<Buckets>" BUCKET("beta") "</Buckets><Prefix>bet</Prefix>"
                                "<ContinuationToken>%.*s</ContinuationToken>"),
             OL_SLICE_FMT(token_of("beta")));
    assert_string_equal(ol_buf_cstr(&out), want);
    ol_buf_clear(&out);
    /* The last of the prefix ends the list, though other buckets follow. */
    page.start_after = OL_SLICE_LIT("beta");
    assert_code(ol_s3_xml_buckets_page(&out, &page), OL_OK);
    assert_document(RESULT("<Buckets>" BUCKET("bets") "</Buckets><Prefix>bet</Prefix>"));
}

/* ---- versions ---- */

static void lists_versions(void **state)
{
    (void)state;
    ol_object_info objects[] = {{.key = OL_SLICE_LIT("a b"), .size = 5, .etag = OL_SLICE_LIT("e")}};
    ol_slice prefixes[] = {OL_SLICE_LIT("p/")};
    const ol_list_result result = {.objects = objects,
                                   .object_count = 1,
                                   .common_prefixes = prefixes,
                                   .common_prefix_count = 1,
                                   .truncated = true,
                                   .next_start_after = OL_SLICE_LIT("p/")};
    const ol_s3_versions_page page = {.name = OL_SLICE_LIT("b"),
                                      .delimiter = OL_SLICE_LIT("/"),
                                      .max_keys = 2,
                                      .encoding_url = true,
                                      .owner_id = OL_SLICE_LIT("me"),
                                      .result = &result};
    assert_code(ol_s3_xml_versions(&out, &page), OL_OK);
    assert_document(
        "<ListVersionsResult" NS "><Name>b</Name><Prefix></Prefix><KeyMarker></KeyMarker>"
        "<VersionIdMarker></VersionIdMarker><NextKeyMarker>p/</NextKeyMarker>"
        "<NextVersionIdMarker>null</NextVersionIdMarker><MaxKeys>2</MaxKeys>"
        "<Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<Version><Key>a%20b</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
        "<LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
        "<Size>5</Size><Owner><ID>me</ID><DisplayName>me</DisplayName></Owner>"
        "<StorageClass>STANDARD</StorageClass></Version>"
        "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListVersionsResult>");
}

/* ---- public access block, ownership ---- */

#define BLOCK(content) "<PublicAccessBlockConfiguration>" content "</PublicAccessBlockConfiguration>"

static void reads_public_access_blocks(void **state)
{
    (void)state;
    ol_public_access_block block;
    ol_error err = {0};
    assert_code(ol_public_access_block_parse(
                    OL_SLICE_LIT(BLOCK("<BlockPublicAcls>true</BlockPublicAcls>"
                                       "<RestrictPublicBuckets>TRUE</RestrictPublicBuckets>"
                                       "<IgnorePublicAcls>false</IgnorePublicAcls>")),
                    NULL, arena, &block, &err),
                OL_OK);
    assert_true(block.block_public_acls && block.restrict_public_buckets);
    assert_false(block.ignore_public_acls || block.block_public_policy);
    assert_code(ol_public_access_block_write(&out, &block, NULL), OL_OK);
    assert_document("<PublicAccessBlockConfiguration" NS "><BlockPublicAcls>true</BlockPublicAcls>"
                    "<IgnorePublicAcls>false</IgnorePublicAcls>"
                    "<BlockPublicPolicy>false</BlockPublicPolicy><RestrictPublicBuckets>true"
                    "</RestrictPublicBuckets></PublicAccessBlockConfiguration>");
    const char *const bad[] = {BLOCK("<BlockPublicAcls>1</BlockPublicAcls>"),
                               BLOCK("<BlockPublicAcls/>"),
                               BLOCK("<Other>true</Other>"),
                               BLOCK("<BlockPublicAcls>true</BlockPublicAcls>"
                                     "<BlockPublicAcls>true</BlockPublicAcls>"),
                               BLOCK("<BlockPublicPolicy>true</BlockPublicPolicy>"
                                     "<BlockPublicPolicy>false</BlockPublicPolicy>"),
                               BLOCK("true"), "<Other/>", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_error_clear(&err);
        assert_code_of(ol_public_access_block_parse(ol_slice_cstr(bad[i]), NULL, arena, &block,
                                                    &err),
                       OL_EMALFORMEDXML, &err);
    }
}

static void several_blocks_add_up(void **state)
{
    (void)state;
    const ol_public_access_block a = {.block_public_acls = true}, b = {.block_public_policy = true};
    ol_public_access_block both = ol_public_access_block_or(a, b);
    assert_true(both.block_public_acls && both.block_public_policy);
    assert_false(both.ignore_public_acls || both.restrict_public_buckets);
}

#define OWNERSHIP(value)                                                                           \
    "<OwnershipControls" NS "><Rule><ObjectOwnership>" value                                       \
    "</ObjectOwnership></Rule></OwnershipControls>"

static void reads_ownership(void **state)
{
    (void)state;
    enum ol_ownership ownership;
    ol_error err = {0};
    assert_code(ol_ownership_parse(OL_SLICE_LIT(OWNERSHIP("BucketOwnerPreferred")), arena,
                                   &ownership, &err),
                OL_OK);
    assert_int_equal(ownership, OL_OWNERSHIP_BUCKET_OWNER_PREFERRED);
    assert_code(ol_ownership_write(&out, OL_OWNERSHIP_OBJECT_WRITER), OL_OK);
    assert_document(OWNERSHIP("ObjectWriter"));
    assert_false(ol_ownership_from_name(OL_SLICE_NONE, &ownership));
    const char *const bad[] = {OWNERSHIP(""), OWNERSHIP("Nobody"), "<OwnershipControls/>",
                               "<OwnershipControls><Rule/></OwnershipControls>",
                               "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter"
                               "</ObjectOwnership></Rule><Rule/></OwnershipControls>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_error_clear(&err);
        assert_code_of(ol_ownership_parse(ol_slice_cstr(bad[i]), arena, &ownership, &err),
                       OL_EMALFORMEDXML, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_locations),           TEST(writes_states),   TEST(lists_buckets),
        TEST(pages_buckets),              TEST(lists_versions),  TEST(reads_public_access_blocks),
        TEST(several_blocks_add_up),      TEST(reads_ownership),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
