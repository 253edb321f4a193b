/* SPDX-License-Identifier: MIT */
/* Listings and small requests: what is read out of answers, what is asked, and what is looked at
 * before a write with conditions. */
#include "fake_s3.h"
#include "origin/s3/lists.h"

#define MODIFIED_MS 784111777000

/* ---- reading ---- */

static void a_page(void **state)
{
    (void)state;
    static const char xml[] =
        "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Contents><Key>a</Key></Contents>"
        "<Contents><Key>b%2Fx+y%2B%0A</Key><Size>77</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>1994-11-06T08:49:37.500Z</LastModified><Owner><ID>o</ID></Owner></Contents>"
        "<CommonPrefixes><Prefix>c%2F</Prefix></CommonPrefixes>"
        "<CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes>"
        "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated></ListBucketResult>";
    ol_error err = {0};
    ol_list_result *list = ol_s3_list_parse(ol_slice_cstr(xml), OL_SLICE_LIT("a/"), 10, &err);
    assert_non_null(list);
    assert_int_equal(list->object_count, 1);
    assert_slice(list->objects[0].key, "b/x y+\n");
    assert_int_equal(list->objects[0].size, 77);
    assert_slice(list->objects[0].etag, "e");
    assert_int_equal(list->objects[0].last_modified_ms, MODIFIED_MS);
    assert_int_equal(list->common_prefix_count, 1);
    assert_slice(list->common_prefixes[0], "c/");
    assert_true(list->truncated);
    assert_slice(list->next_start_after, "c/");
    ol_arena_destroy(list->arena);
    list = ol_s3_list_parse(ol_slice_cstr(xml), OL_SLICE_NONE, 1, &err); /* more than was asked */
    assert_int_equal(list->object_count, 1);
    assert_int_equal(list->common_prefix_count, 1);
    ol_arena_destroy(list->arena);
}

static void names_without_encoding(void **state)
{
    (void)state;
    static const char xml[] = "<ListBucketResult><Contents><Key>a%2Fb+c</Key></Contents>"
                              "<IsTruncated>false</IsTruncated></ListBucketResult>";
    ol_error err = {0};
    ol_list_result *list = ol_s3_list_parse(ol_slice_cstr(xml), OL_SLICE_NONE, 10, &err);
    assert_slice(list->objects[0].key, "a%2Fb+c");
    ol_arena_destroy(list->arena);
}

static void what_is_no_list(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "no xml", "<html></html>", "<ListBucketResult>",
                                      "<!DOCTYPE x><ListBucketResult></ListBucketResult>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_error err = {0};
        assert_null(ol_s3_list_parse(ol_slice_cstr(bad[i]), OL_SLICE_NONE, 10, &err));
        assert_code(err.code, OL_EORIGIN);
        ol_error_clear(&err);
        assert_null(ol_s3_uploads_parse(ol_slice_cstr(bad[i]), 10, &err));
        assert_code(err.code, OL_EORIGIN);
    }
}

static void uploads_and_parts(void **state)
{
    (void)state;
    ol_error err = {0};
    ol_uploads_result *uploads = ol_s3_uploads_parse(
        OL_SLICE_LIT("<ListMultipartUploadsResult><NextKeyMarker>k%20</NextKeyMarker>"
                     "<NextUploadIdMarker>id</NextUploadIdMarker><IsTruncated>true</IsTruncated>"
                     "<Upload><Key>k%20</Key><UploadId>id</UploadId><Initiator><ID>i</ID>"
                     "</Initiator><Owner><ID>o</ID></Owner>"
                     "<Initiated>1994-11-06T08:49:37Z</Initiated></Upload>"
                     "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>"
                     "</ListMultipartUploadsResult>"),
        10, &err);
    assert_slice(uploads->uploads[0].key, "k ");
    assert_slice(uploads->uploads[0].initiator, "i");
    assert_slice(uploads->uploads[0].owner, "o");
    assert_int_equal(uploads->uploads[0].initiated_ms, MODIFIED_MS);
    assert_slice(uploads->common_prefixes[0], "p/");
    assert_slice(uploads->next_key_marker, "k ");
    assert_slice(uploads->next_id_marker, "id");
    ol_arena_destroy(uploads->arena);

    ol_part_list *parts = ol_s3_parts_parse(
        OL_SLICE_LIT("<ListPartsResult><ChecksumAlgorithm>CRC32C</ChecksumAlgorithm>"
                     "<Part><PartNumber>3</PartNumber><ETag>\"e\"</ETag><Size>9</Size>"
                     "<ChecksumCRC32C>mnG7TA==</ChecksumCRC32C></Part></ListPartsResult>"),
        false, 10, &err);
    assert_int_equal(parts->parts[0].number, 3);
    assert_slice(parts->parts[0].etag, "e");
    assert_string_equal(parts->parts[0].checksum.name, "CRC32C");
    assert_int_equal(parts->total, 1);
    ol_arena_destroy(parts->arena);

    parts = ol_s3_parts_parse(
        OL_SLICE_LIT("<GetObjectAttributesResponse><ETag>e</ETag><ObjectParts>"
                     "<TotalPartsCount>7</TotalPartsCount><IsTruncated>true</IsTruncated>"
                     "<Part><PartNumber>1</PartNumber><Size>9</Size></Part></ObjectParts>"
                     "</GetObjectAttributesResponse>"),
        true, 10, &err);
    assert_int_equal(parts->count, 1);
    assert_int_equal(parts->total, 7);
    assert_true(parts->truncated);
    ol_arena_destroy(parts->arena);
}

/* ---- asking ---- */

static void a_start_within_a_prefix(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_list_request req = {.bucket = OL_SLICE_LIT("b"),
                                 .prefix = OL_SLICE_LIT("p/"),
                                 .delimiter = OL_SLICE_LIT("/"),
                                 .start_after = OL_SLICE_LIT("p/q/r"),
                                 .max_keys = 5};
    /* It comes back all the same: nothing is left of the page, and the next one is asked for. */
    fake_say_document(x, "200 OK", "",
                      "<ListBucketResult><CommonPrefixes><Prefix>p/q/</Prefix></CommonPrefixes>"
                      "<IsTruncated>true</IsTruncated></ListBucketResult>");
    fake_say_document(x, "200 OK", "",
                      "<ListBucketResult><Contents><Key>p/z</Key></Contents>"
                      "<IsTruncated>false</IsTruncated></ListBucketResult>");
    assert_code_of(okit_list(x->k, &req, &a), OL_OK, &a.err);
    assert_int_equal(a.list->object_count, 1);
    assert_int_equal(a.list->common_prefix_count, 0);
    ol_arena_destroy(a.list->arena);
    assert_sent(x, 0, "start-after=p%2Fq%2F%F4%8F%BF%BF ");
    assert_sent(x, 0, "?delimiter=%2F&encoding-type=url&list-type=2&max-keys=5&prefix=p%2F&");
    assert_served(x);
    fixture_free(x);
}

static void a_listing_that_does_not_get_ahead(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a;
    const ol_list_request req = {.bucket = OL_SLICE_LIT("b"),
                                 .start_after = OL_SLICE_LIT("m"),
                                 .max_keys = 5};
    for (int i = 0; i < 8; i++)
        fake_say_document(x, "200 OK", "",
                          "<ListBucketResult><Contents><Key>a</Key></Contents>"
                          "<IsTruncated>true</IsTruncated></ListBucketResult>");
    assert_code(okit_list(x->k, &req, &a), OL_EORIGIN);
    assert_served(x);
    fixture_free(x);
}

static void attributes_of_a_service_without_them(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0};
    const ol_object_ref ref = okit_ref("b", "k");
    ol_origin *o = x->k->origin;
    fake_say(x, "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 100000000\r\n\r\n<?xml the object",
             FAKE_HANG);
    int rc = o->ops->parts_list(o, x->f.loop, &ref, OL_SLICE_NONE, 0, 10, okit_on_parts, &a,
                                &a.err);
    assert_code_of(okit_wait(x->k, &a, rc), OL_OK, &a.err);
    assert_int_equal(a.parts->count, 0);
    ol_arena_destroy(a.parts->arena);
    assert_served(x);
    fixture_free(x);
}

static void a_missing_upload(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0};
    const ol_object_ref ref = okit_ref("b", "k");
    ol_origin *o = x->k->origin;
    fake_say_document(x, "404 Not Found", "", "<Error><Code>NoSuchKey</Code></Error>");
    int rc = o->ops->parts_list(o, x->f.loop, &ref, OL_SLICE_LIT("u"), 0, 10, okit_on_parts, &a,
                                &a.err);
    assert_code(okit_wait(x->k, &a, rc), OL_ENOSUCHUPLOAD);
    fixture_free(x);
}

/* ---- conditions of writes ---- */

typedef struct condition {
    ol_slice if_match;
    int64_t modified_ms, size;
    bool holds;
} condition;

static void conditions_of_a_delete(void **state)
{
    (void)state;
    const condition cases[] = {
        {OL_SLICE_LIT(ETAG), -1, -1, true},   {OL_SLICE_LIT("*"), -1, -1, true},
        {OL_SLICE_LIT("other"), -1, -1, false}, {OL_SLICE_NONE, MODIFIED_MS, -1, true},
        {OL_SLICE_NONE, 5000, -1, false},     {OL_SLICE_NONE, -1, 5, true},
        {OL_SLICE_NONE, -1, 6, false},        {OL_SLICE_LIT(ETAG), MODIFIED_MS, 6, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *x = opened();
        okit_answer a = {0};
        ol_origin *o = x->k->origin;
        const ol_remove_request req = {.bucket = OL_SLICE_LIT("b"),
                                       .key = OL_SLICE_LIT("k"),
                                       .version = OL_SLICE_LIT("v1"),
                                       .if_match = cases[i].if_match,
                                       .if_modified_ms = cases[i].modified_ms,
                                       .if_size = cases[i].size};
        fake_say(x, "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 5\r\n\r\n", FAKE_KEEP);
        if (cases[i].holds)
            fake_say_document(x, "204 No Content", "x-amz-version-id: v1\r\n", "");
        int rc = o->ops->remove(o, x->f.loop, &req, okit_on_removed, &a, &a.err);
        assert_code_of(okit_wait(x->k, &a, rc), cases[i].holds ? OL_OK : OL_EPRECONDITION, &a.err);
        assert_sent(x, 0, "HEAD /b/k?versionId=v1 ");
        if (cases[i].holds)
            assert_string_equal(a.removed.version_id, "v1");
        assert_served(x);
        fixture_free(x);
    }
}

static void conditions_of_a_copy(void **state)
{
    (void)state;
    for (int there = 0; there < 2; there++) {
        fixture *x = opened();
        okit_answer a = {0};
        ol_origin *o = x->k->origin;
        const ol_copy_request req = {.source = okit_ref("b", "from ü"),
                                     .bucket = OL_SLICE_LIT("b"),
                                     .key = OL_SLICE_LIT("to"),
                                     .if_none_match_any = true};
        if (there) {
            fake_say(x, "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: 5\r\n\r\n", FAKE_KEEP);
        } else {
            fake_say(x, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", FAKE_KEEP);
            fake_say_document(x, "200 OK", "",
                              "<CopyObjectResult><ETag>\"" ETAG "\"</ETag><LastModified>"
                              "1994-11-06T08:49:37.000Z</LastModified></CopyObjectResult>");
        }
        int rc = o->ops->copy(o, x->f.loop, &req, okit_on_put, &a, &a.err);
        assert_code_of(okit_wait(x->k, &a, rc), there ? OL_EPRECONDITION : OL_OK, &a.err);
        if (!there) {
            assert_sent(x, 1, "x-amz-copy-source: /b/from%20%C3%BC\r\n");
            assert_sent(x, 1, "if-none-match: *\r\n");
            assert_string_equal(a.put.etag, ETAG);
            assert_int_equal(a.put.last_modified_ms, MODIFIED_MS);
        }
        assert_served(x);
        fixture_free(x);
    }
}

static void a_copy_that_would_kill(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0};
    ol_origin *o = x->k->origin;
    const ol_copy_request req = {.source = okit_ref("b", "100%"),
                                 .bucket = OL_SLICE_LIT("b"),
                                 .key = OL_SLICE_LIT("to"),
                                 .upload_id = OL_SLICE_LIT("u"),
                                 .part_number = 1};
    assert_code(o->ops->copy(o, x->f.loop, &req, okit_on_put, &a, &a.err), OL_ENOTIMPLEMENTED);
    assert_int_equal(x->f.connections, 0);
    fixture_free(x);
}

/* ---- access control lists ---- */

static void lists_with_a_canned_name(void **state)
{
    (void)state;
    fixture *x = opened();
    okit_answer a = {0};
    ol_origin *o = x->k->origin;
    const ol_object_ref ref = okit_ref("b", "k");
    fake_say_document(
        x, "200 OK", "",
        "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant>"
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\">"
        "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>"
        "<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>");
    int rc = o->ops->attribute_get(o, x->f.loop, &ref, OL_ATTRIBUTE_ACL, okit_on_text, &a, &a.err);
    assert_code_of(okit_wait(x->k, &a, rc), OL_OK, &a.err);
    char text[200];
    snprintf(text, sizeof text, "%.190s", a.text);
    fake_say_document(x, "200 OK", "", "");
    a = (okit_answer){0};
    rc = o->ops->attribute_set(o, x->f.loop, &ref, OL_ATTRIBUTE_ACL, ol_slice_cstr(text),
                               okit_on_done, &a, &a.err);
    assert_code_of(okit_wait(x->k, &a, rc), OL_OK, &a.err);
    assert_sent(x, 1, "PUT /b/k?acl ");
    assert_sent(x, 1, "x-amz-acl: public-read\r\n");
    assert_served(x);
    fixture_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page),
        cmocka_unit_test(names_without_encoding),
        cmocka_unit_test(what_is_no_list),
        cmocka_unit_test(uploads_and_parts),
        cmocka_unit_test(a_start_within_a_prefix),
        cmocka_unit_test(a_listing_that_does_not_get_ahead),
        cmocka_unit_test(attributes_of_a_service_without_them),
        cmocka_unit_test(a_missing_upload),
        cmocka_unit_test(conditions_of_a_delete),
        cmocka_unit_test(conditions_of_a_copy),
        cmocka_unit_test(a_copy_that_would_kill),
        cmocka_unit_test(lists_with_a_canned_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
