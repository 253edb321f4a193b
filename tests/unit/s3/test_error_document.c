/* SPDX-License-Identifier: MIT */
/* Error documents in their three shapes. */
#include <stdlib.h>

#include "lib/check.h"
#include "s3/documents/error_document.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void expect(const ol_s3_error_document *document, const char *text)
{
    ol_buf out;
    ol_buf_init(&out, OL_S3_ERROR_DOCUMENT_BYTES_MAX);
    assert_code(ol_s3_error_document_write(&out, document), OL_OK);
    assert_string_equal(ol_buf_cstr(&out), text);
    ol_buf_fini(&out);
}

static void writes_the_three_shapes(void **state)
{
    (void)state;
    const ol_s3_error_extra extras[] = {{"BucketName", OL_SLICE_LIT("b<")},
                                        {"Region", OL_SLICE_LIT("eu-west-1")}};
    ol_error err = {0};
    ol_error_say(&err, OL_ENOSUCHKEY, "No <%s> & more", "key");
    ol_s3_error_document document = {.err = &err,
                                     .resource = OL_SLICE_LIT("/b/\"k\"&\x01"),
                                     .request_id = "REQ1"};
    expect(&document, DECLARATION "<Error><Code>NoSuchKey</Code>"
                                  "<Message>No &lt;key&gt; &amp; more</Message>"
                                  "<Resource>/b/&quot;k&quot;&amp;\xef\xbf\xbd</Resource>"
                                  "<RequestId>REQ1</RequestId><HostId>objlens</HostId></Error>");
    document.extras = extras;
    document.extra_count = 2;
    document.shape = OL_S3_ERROR_CONTROL;
    expect(&document,
           DECLARATION "<ErrorResponse><Error><Code>NoSuchKey</Code>"
                       "<Message>No &lt;key&gt; &amp; more</Message><BucketName>b&lt;</BucketName>"
                       "<Region>eu-west-1</Region></Error><RequestId>REQ1</RequestId>"
                       "<HostId>objlens</HostId></ErrorResponse>");
    document.extra_count = 0;
    document.shape = OL_S3_ERROR_STS;
    expect(&document,
           DECLARATION "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                       "<Type>Sender</Type><Code>NoSuchKey</Code>"
                       "<Message>No &lt;key&gt; &amp; more</Message></Error>"
                       "<RequestId>REQ1</RequestId></ErrorResponse>");
}

static void an_error_without_a_code_is_internal(void **state)
{
    (void)state;
    ol_error err = {0};
    const ol_s3_error_document document = {.err = &err, .request_id = "R"};
    ol_buf out;
    ol_buf_init(&out, 1000);
    assert_code(ol_s3_error_document_write(&out, &document), OL_OK);
    assert_non_null(strstr(ol_buf_cstr(&out), "<Code>InternalError</Code>"));
    ol_buf_fini(&out);
}

/* A client is told what went wrong even when there is no room for all that could be said. */
static void leaves_out_what_does_not_fit(void **state)
{
    (void)state;
    static uint8_t long_text[2000];
    memset(long_text, '&', sizeof long_text);
    const ol_s3_error_extra extra = {"CanonicalRequest", {long_text, sizeof long_text}};
    ol_error err = {0};
    ol_error_set(&err, OL_ESIGNATURE, NULL);
    ol_s3_error_document document = {
        .err = &err, .request_id = "R", .extras = &extra, .extra_count = 1};
    ol_buf out;
    ol_buf_init(&out, 1000);
    assert_code(ol_s3_error_document_write(&out, &document), OL_OK);
    assert_non_null(strstr(ol_buf_cstr(&out), "<Code>SignatureDoesNotMatch</Code>"));
    assert_null(strstr(ol_buf_cstr(&out), "CanonicalRequest"));
    assert_non_null(strstr(ol_buf_cstr(&out), "</Error>"));
    ol_buf_fini(&out);
    ol_buf_init(&out, 100);
    assert_code(ol_s3_error_document_write(&out, &document), OL_ELIMIT);
    ol_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_three_shapes),
        cmocka_unit_test(an_error_without_a_code_is_internal),
        cmocka_unit_test(leaves_out_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
