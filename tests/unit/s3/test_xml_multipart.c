/* SPDX-License-Identifier: MIT */
/* Documents of uploads in parts, of copies, and of attributes. */
#include <stdio.h>

#include "document_kit.h"

#include "lib/alloc_check.h"
#include "s3/documents/xml_attributes.h"
#include "s3/documents/xml_multipart.h"

static const ol_put_result result = {
    .etag = "e1", .last_modified_ms = 1700000000000, .checksum = {"CRC32C", "AAAAAA==", false}};

static void writes_results(void **state)
{
    (void)state;
    assert_code(ol_s3_xml_initiate_result(&out, OL_SLICE_LIT("b"), OL_SLICE_LIT("k<"),
                                          OL_SLICE_LIT("u")),
                OL_OK);
    assert_document("<InitiateMultipartUploadResult" NS "><Bucket>b</Bucket><Key>k&lt;</Key>"
                    "<UploadId>u</UploadId></InitiateMultipartUploadResult>");
    assert_code(ol_s3_xml_complete_result(&out, OL_SLICE_LIT("http://h/b/k"), OL_SLICE_LIT("b"),
                                          OL_SLICE_LIT("k"), &result),
                OL_OK);
    assert_document("<CompleteMultipartUploadResult" NS "><Location>http://h/b/k</Location>"
                    "<Bucket>b</Bucket><Key>k</Key><ETag>&quot;e1&quot;</ETag>"
                    "<ChecksumCRC32C>AAAAAA==</ChecksumCRC32C><ChecksumType>FULL_OBJECT"
                    "</ChecksumType></CompleteMultipartUploadResult>");
    assert_code(ol_s3_xml_copy_result(&out, &(ol_put_result){.etag = "e"}), OL_OK);
    assert_document("<CopyObjectResult" NS "><LastModified>1970-01-01T00:00:00.000Z</LastModified>"
                    "<ETag>&quot;e&quot;</ETag></CopyObjectResult>");
    assert_code(ol_s3_xml_copy_part_result(&out, &(ol_put_result){.etag = "e"}), OL_OK);
    assert_document("<CopyPartResult" NS "><LastModified>1970-01-01T00:00:00.000Z</LastModified>"
                    "<ETag>&quot;e&quot;</ETag></CopyPartResult>");
    assert_code(ol_s3_xml_post_result(&out, OL_SLICE_LIT("l"), OL_SLICE_LIT("b"),
                                      OL_SLICE_LIT("k"), OL_SLICE_LIT("e")),
                OL_OK);
    assert_document("<PostResponse><Location>l</Location><Bucket>b</Bucket><Key>k</Key>"
                    "<ETag>&quot;e&quot;</ETag></PostResponse>");
}

/* ---- lists ---- */

static bool find(void *arg, ol_slice id, ol_slice *name)
{
    (void)arg;
    *name = OL_SLICE_LIT("Ann");
    return ol_slice_eq_cstr(id, "a");
}

static const ol_people people = {.find = find};
static ol_part parts[] = {{.number = 2,
                           .size = 7,
                           .etag = {(const uint8_t *)"p2", 2},
                           .checksum = {"SHA256", "c2", false}}};

static void lists_parts(void **state)
{
    (void)state;
    const ol_part_list list = {.parts = parts,
                               .count = 1,
                               .truncated = true,
                               .total = 3,
                               .checksum_name = OL_SLICE_LIT("SHA256"),
                               .checksum_composite = true,
                               .initiator = OL_SLICE_LIT("a"),
                               .owner = OL_SLICE_LIT("o")};
    const ol_s3_parts_page page = {.bucket = OL_SLICE_LIT("b"),
                                   .key = OL_SLICE_LIT("k"),
                                   .upload_id = OL_SLICE_LIT("u"),
                                   .marker = 1,
                                   .max_parts = 1,
                                   .people = &people,
                                   .list = &list};
    assert_code(ol_s3_xml_parts(&out, &page), OL_OK);
    assert_document(
        "<ListPartsResult" NS "><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>"
        "<Initiator><ID>a</ID><DisplayName>Ann</DisplayName></Initiator>"
        "<Owner><ID>o</ID><DisplayName>o</DisplayName></Owner><StorageClass>STANDARD</StorageClass>"
        "<PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>2</NextPartNumberMarker>"
        "<MaxParts>1</MaxParts><IsTruncated>true</IsTruncated>"
        "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>"
        "<Part><PartNumber>2</PartNumber><LastModified>1970-01-01T00:00:00.000Z</LastModified>"
        "<ETag>&quot;p2&quot;</ETag><Size>7</Size><ChecksumSHA256>c2</ChecksumSHA256></Part>"
        "</ListPartsResult>");
}

static void lists_uploads(void **state)
{
    (void)state;
    ol_upload_item items[] = {{.key = OL_SLICE_LIT("a b"), .upload_id = OL_SLICE_LIT("u")}};
    ol_slice prefixes[] = {OL_SLICE_LIT("p+/")};
    const ol_uploads_result found = {.uploads = items,
                                     .count = 1,
                                     .common_prefixes = prefixes,
                                     .common_prefix_count = 1,
                                     .truncated = true,
                                     .next_key_marker = OL_SLICE_LIT("a b"),
                                     .next_id_marker = OL_SLICE_LIT("u")};
    const ol_s3_uploads_page page = {.bucket = OL_SLICE_LIT("b"),
                                     .delimiter = OL_SLICE_LIT("/"),
                                     .max_uploads = 2,
                                     .encoding_url = true,
                                     .result = &found};
    assert_code(ol_s3_xml_uploads(&out, &page), OL_OK);
    assert_document(
        "<ListMultipartUploadsResult" NS "><Bucket>b</Bucket><KeyMarker></KeyMarker>"
        "<UploadIdMarker></UploadIdMarker><NextKeyMarker>a%20b</NextKeyMarker>"
        "<NextUploadIdMarker>u</NextUploadIdMarker><Prefix></Prefix><Delimiter>/</Delimiter>"
        "<EncodingType>url</EncodingType><MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated>"
        "<Upload><Key>a%20b</Key><UploadId>u</UploadId><StorageClass>STANDARD</StorageClass>"
        "<Initiated>1970-01-01T00:00:00.000Z</Initiated></Upload>"
        "<CommonPrefixes><Prefix>p%2B/</Prefix></CommonPrefixes></ListMultipartUploadsResult>");
}

/* ---- CompleteMultipartUpload ---- */

#define PART(number, etag) "<Part><PartNumber>" number "</PartNumber><ETag>" etag "</ETag></Part>"

static int complete(ol_slice xml, ol_s3_complete *asked, ol_error *err)
{
    ol_error_clear(err);
    return ol_s3_xml_parse_complete(xml, arena, asked, err);
}

static void reads_completions(void **state)
{
    (void)state;
    ol_s3_complete asked;
    ol_error err = {0};
    assert_code(complete(OL_SLICE_LIT(DECLARATION
                             "<CompleteMultipartUpload" NS ">\n" PART("3", "\"abc\"")
                             "<Part><ChecksumCRC64NVME> Kr7StX/uFlQ= </ChecksumCRC64NVME>"
                             "<ETag>&quot;d&quot;</ETag><PartNumber> 1 </PartNumber></Part>"
                             "</CompleteMultipartUpload>"),
                         &asked, &err),
                OL_OK);
    assert_int_equal(asked.count, 2);
    assert_int_equal(asked.parts[0].number, 3);
    assert_slice(asked.parts[0].etag, "abc");
    assert_string_equal(asked.parts[0].checksum.name, "");
    assert_slice(asked.parts[1].etag, "d");
    assert_string_equal(asked.parts[1].checksum.name, "CRC64NVME");
    assert_string_equal(asked.parts[1].checksum.text, "Kr7StX/uFlQ=");
}

static void refuses_bad_completions(void **state)
{
    (void)state;
#define DOC(content) "<CompleteMultipartUpload>" content "</CompleteMultipartUpload>"
    static const struct {
        const char *xml;
        int code;
    } cases[] = {
        {"", OL_EMALFORMEDXML},
        {DOC(""), OL_EMALFORMEDXML},
        {DOC("x" PART("1", "e")), OL_EMALFORMEDXML},
        {DOC("<Part><ETag>e</ETag></Part>"), OL_EMALFORMEDXML},
        {DOC("<Part><PartNumber>1</PartNumber></Part>"), OL_EMALFORMEDXML},
        {DOC(PART("one", "e")), OL_EMALFORMEDXML},
        {DOC(PART("", "e")), OL_EMALFORMEDXML},
        {DOC(PART("1", "")), OL_EMALFORMEDXML},
        {DOC(PART("0", "e")), OL_EINVAL},
        {DOC(PART("10001", "e")), OL_EINVAL},
        {DOC("<Part><PartNumber>1</PartNumber><PartNumber>2</PartNumber><ETag>e</ETag></Part>"),
         OL_EMALFORMEDXML},
        {DOC("<Part><PartNumber>1</PartNumber><ETag>e</ETag><ETag>f</ETag></Part>"),
         OL_EMALFORMEDXML},
        {DOC("<Part><PartNumber>1</PartNumber><ETag>e</ETag><ChecksumCRC33>x</ChecksumCRC33>"
             "</Part>"),
         OL_EMALFORMEDXML},
        {DOC("<Part><PartNumber>1</PartNumber><ETag>e</ETag><ChecksumCRC32>x</ChecksumCRC32>"
             "<ChecksumSHA1>y</ChecksumSHA1></Part>"),
         OL_EMALFORMEDXML},
        {DOC("<Part><Deep><PartNumber>1</PartNumber></Deep></Part>"), OL_EMALFORMEDXML},
        {"<Other>" PART("1", "e") "</Other>", OL_EMALFORMEDXML},
        {"<!DOCTYPE d [<!ENTITY e \"x\">]>" DOC(PART("1", "&e;")), OL_EMALFORMEDXML},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_s3_complete asked;
        ol_error err = {0};
        int rc = complete(ol_slice_cstr(cases[i].xml), &asked, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", cases[i].xml, ol_code_name(rc), err.detail);
    }
}

/* The longest list that a client can mean fits into what is promised for it. */
static void bounds_completions(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        ol_arena *own = ol_arena_new(OL_XML_COMPLETE_ARENA_BYTES);
        ol_s3_complete asked;
        ol_error err = {0};
        ol_buf_clear(&out);
        ol_buf_add_cstr(&out, "<CompleteMultipartUpload>");
        for (size_t i = 1; i <= OL_PARTS_MAX + extra; i++)
            ol_buf_addf(&out,
                        "<Part><PartNumber>%zu</PartNumber><ETag>&quot;%032zu&quot;</ETag>"
                        "<ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
                        "</ChecksumSHA256></Part>\n",
                        extra ? 1 : i, i);
        ol_buf_add_cstr(&out, "</CompleteMultipartUpload>");
        int rc = ol_s3_xml_parse_complete(ol_buf_slice(&out), own, &asked, &err);
        assert_code_of(rc, extra ? OL_EMALFORMEDXML : OL_OK, &err);
        assert_int_equal(asked.count, OL_PARTS_MAX);
        assert_int_equal(asked.parts[9999].number, extra ? 1 : 10000);
        ol_arena_destroy(own);
    }
}

static int read_completion(void *arg)
{
    (void)arg;
    ol_arena *own = ol_arena_new(1 << 20);
    ol_s3_complete asked;
    ol_error err = {0};
    if (!own)
        return OL_ENOMEM;
    int rc = ol_s3_xml_parse_complete(
        OL_SLICE_LIT(DOC(PART("1", "a") PART("2", "b"))), own, &asked, &err);
    assert_int_equal(rc, err.code);
    ol_arena_destroy(own);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_completion, NULL) > 0);
}

/* ---- attributes ---- */

static int asked(const char *first, const char *second, unsigned *mask, ol_error *err)
{
    ol_headers headers;
    ol_headers_init(&headers, arena);
    ol_error_clear(err);
    if (first)
        ol_headers_add(&headers, OL_SLICE_LIT("X-Amz-Object-Attributes"), ol_slice_cstr(first));
    if (second)
        ol_headers_add(&headers, OL_SLICE_LIT("x-amz-object-attributes"), ol_slice_cstr(second));
    return ol_s3_attributes_asked(&headers, mask, err);
}

static void reads_attribute_lists(void **state)
{
    (void)state;
    unsigned mask;
    ol_error err = {0};
    assert_code(asked("ETag,ObjectSize", NULL, &mask, &err), OL_OK);
    assert_int_equal(mask, OL_S3_ATTRIBUTE_ETAG | OL_S3_ATTRIBUTE_OBJECT_SIZE);
    assert_code(asked("Checksum , StorageClass", "ObjectParts", &mask, &err), OL_OK);
    assert_int_equal(mask, OL_S3_ATTRIBUTE_CHECKSUM | OL_S3_ATTRIBUTE_STORAGE_CLASS |
                               OL_S3_ATTRIBUTE_OBJECT_PARTS);
    assert_code(asked(NULL, NULL, &mask, &err), OL_EINVAL);
    assert_code(asked("", NULL, &mask, &err), OL_EINVAL);
    assert_code(asked("etag", NULL, &mask, &err), OL_EINVAL);
    assert_code(asked("ETag,,", NULL, &mask, &err), OL_EINVAL);
}

static void writes_attributes(void **state)
{
    (void)state;
    const ol_object_info info = {.size = 9,
                                 .etag = OL_SLICE_LIT("e-2"),
                                 .checksum = {"SHA256", "x-2", true}};
    const ol_part_list list = {.parts = parts, .count = 1, .truncated = false, .total = 2};
    ol_s3_attributes_page page = {.mask = 31, .info = &info, .parts = &list, .max_parts = 1000};
    assert_code(ol_s3_xml_attributes(&out, &page), OL_OK);
    assert_document(
        "<GetObjectAttributesResponse" NS "><ETag>e-2</ETag><Checksum><ChecksumSHA256>x-2"
        "</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType></Checksum><ObjectParts>"
        "<PartsCount>2</PartsCount><PartNumberMarker>0</PartNumberMarker>"
        "<NextPartNumberMarker>2</NextPartNumberMarker><MaxParts>1000</MaxParts>"
        "<IsTruncated>false</IsTruncated><Part><PartNumber>2</PartNumber><Size>7</Size>"
        "<ChecksumSHA256>c2</ChecksumSHA256></Part></ObjectParts>"
        "<StorageClass>STANDARD</StorageClass><ObjectSize>9</ObjectSize>"
        "</GetObjectAttributesResponse>");
    page = (ol_s3_attributes_page){.mask = OL_S3_ATTRIBUTE_OBJECT_SIZE |
                                           OL_S3_ATTRIBUTE_OBJECT_PARTS,
                                   .info = &info};
    assert_code(ol_s3_xml_attributes(&out, &page), OL_OK);
    assert_document("<GetObjectAttributesResponse" NS "><ObjectSize>9</ObjectSize>"
                    "</GetObjectAttributesResponse>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_results),        TEST(lists_parts),          TEST(lists_uploads),
        TEST(reads_completions),     TEST(refuses_bad_completions), TEST(bounds_completions),
        TEST(survives_failing_allocations), TEST(reads_attribute_lists), TEST(writes_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
