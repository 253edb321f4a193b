/* SPDX-License-Identifier: MIT */
/* Documents and names of the s3control API. */
#include <stdio.h>

#include "document_kit.h"

#include "lib/alloc_check.h"
#include "s3/documents/control_documents.h"

#define CNS " xmlns=\"" OL_S3CONTROL_XMLNS "\""

/* ---- names ---- */

static void names_of_access_points(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ok, ok_lambda;
    } cases[] = {
        {"abc", true, true},
        {"a-1", true, true},
        {"ab", false, false},
        {"", false, false},
        {"Abc", false, false},
        {"a.b", false, false},
        {"-ab", false, false},
        {"ab-", false, false},
        {"a_b", false, false},
        {"x--ol-s3", false, false},
        {"x-s3alias", false, false},
        {"123456789012345678901234567890123456789012345", true, true},
        {"1234567890123456789012345678901234567890123456", true, false},
        {"12345678901234567890123456789012345678901234567890", true, false},
        {"123456789012345678901234567890123456789012345678901", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_slice name = ol_slice_cstr(cases[i].name);
        if (ol_access_point_name_ok(name, false) != cases[i].ok ||
            ol_access_point_name_ok(name, true) != cases[i].ok_lambda)
            fail_msg("%s", cases[i].name);
    }
}

static void names_of_functions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        const char *account, *name, *qualifier;
    } cases[] = {
        {"redact", true, "", "redact", ""},
        {"redact:3", true, "", "redact", "3"},
        {"redact:$LATEST", true, "", "redact", "$LATEST"},
        {"function:redact", true, "", "redact", ""},
        {"111122223333:function:redact:v", true, "111122223333", "redact", "v"},
        {"arn:aws:lambda:eu-west-1:111122223333:function:redact", true, "111122223333", "redact", ""},
        {"arn:aws:lambda:eu-west-1:111122223333:function:xml_json:7", true, "111122223333",
         "xml_json", "7"},
        {"arn:aws-cn:lambda:cn-1:111122223333:function:f", true, "111122223333", "f", ""},
        {"function", true, "", "function", ""},
        {"", false, "", "", ""},
        {"a b", false, "", "", ""},
        {"a/b", false, "", "", ""},
        {"a:", false, "", "", ""},
        {"a:b:c", false, "", "", ""},
        {":a", false, "", "", ""},
        {"arn:aws:s3:eu-west-1:111122223333:function:f", false, "", "", ""},
        {"arn:aws:lambda:eu-west-1:1111:function:f", false, "", "", ""},
        {"arn:aws:lambda::111122223333:function:f", false, "", "", ""},
        {"arn:aws:lambda:eu-west-1:111122223333:layer:f", false, "", "", ""},
        {"arn:aws:lambda:eu-west-1:111122223333:function:", false, "", "", ""},
        {"arn:aws:lambda", false, "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_function_name name;
        bool ok = ol_function_name_parse(ol_slice_cstr(cases[i].text), &name);
        if (ok != cases[i].ok)
            fail_msg("%s", cases[i].text);
        if (!ok)
            continue;
        assert_slices(name.account, ol_slice_cstr(cases[i].account));
        assert_slices(name.name, ol_slice_cstr(cases[i].name));
        assert_slices(name.qualifier, ol_slice_cstr(cases[i].qualifier));
    }
}

/* ---- CreateAccessPoint ---- */

#define CREATE(content) "<CreateAccessPointRequest" CNS ">" content "</CreateAccessPointRequest>"

static int access_point(const char *xml, ol_control_access_point *asked, ol_error *err)
{
    ol_error_clear(err);
    return ol_control_parse_access_point(ol_slice_cstr(xml), arena, asked, err);
}

static void reads_access_points(void **state)
{
    (void)state;
    ol_control_access_point asked;
    ol_error err = {0};
    assert_code_of(
        access_point(CREATE("<Bucket>b</Bucket><VpcConfiguration><VpcId>vpc-1</VpcId>"
                            "</VpcConfiguration><PublicAccessBlockConfiguration>"
                            "<BlockPublicPolicy>true</BlockPublicPolicy>"
                            "</PublicAccessBlockConfiguration>"
                            "<BucketAccountId>111122223333</BucketAccountId><Scope><Prefixes>"
                            "<Prefix>a/</Prefix><Prefix> b</Prefix></Prefixes><Permissions/></Scope>"
                            "<Tags/>"),
                     &asked, &err),
        OL_OK, &err);
    assert_slice(asked.bucket, "b");
    assert_slice(asked.vpc_id, "vpc-1");
    assert_slice(asked.bucket_account_id, "111122223333");
    assert_true(asked.has_block && asked.block.block_public_policy &&
                !asked.block.block_public_acls);
    assert_int_equal(asked.prefix_count, 2);
    assert_slice(asked.prefixes[1], " b");
    /* No namespace is fine; that of S3 is not. */
    assert_code_of(access_point("<CreateAccessPointRequest><Bucket>b</Bucket>"
                                "</CreateAccessPointRequest>", &asked, &err), OL_OK, &err);
    assert_false(asked.has_block);
    assert_slice(asked.vpc_id, "");
}

static void refuses_access_points(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        int code;
    } cases[] = {
        {"", OL_EMALFORMEDXML},
        {CREATE(""), OL_EMALFORMEDXML},
        {CREATE("<Bucket/>"), OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><Bucket>c</Bucket>"), OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><Else/>"), OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><VpcConfiguration/>"), OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><VpcConfiguration><VpcId/></VpcConfiguration>"),
         OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><Scope><Prefixes><Prefix/></Prefixes></Scope>"),
         OL_EMALFORMEDXML},
        {CREATE("<Bucket>b</Bucket><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>"),
         OL_ENOTIMPLEMENTED},
        {CREATE("<Bucket>b</Bucket><Scope><Permissions><Permission>GetObject</Permission>"
                "</Permissions></Scope>"),
         OL_ENOTIMPLEMENTED},
        {"<CreateAccessPointRequest" NS "><Bucket>b</Bucket></CreateAccessPointRequest>",
         OL_EMALFORMEDXML},
        {"<!DOCTYPE d [<!ENTITY e \"b\">]>" CREATE("<Bucket>&e;</Bucket>"), OL_EMALFORMEDXML},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_control_access_point asked;
        ol_error err = {0};
        int rc = access_point(cases[i].xml, &asked, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", cases[i].xml, ol_code_name(rc), err.detail);
    }
}

/* ---- Object Lambda configurations ---- */

#define ARN "arn:aws:s3:eu-west-1:111122223333:accesspoint/my-ap"
#define TRANSFORM(actions, lambda)                                                                 \
    "<TransformationConfiguration><Actions>" actions                                               \
    "</Actions><ContentTransformation><AwsLambda>" lambda                                          \
    "</AwsLambda></ContentTransformation></TransformationConfiguration>"
#define GET "<Action>GetObject</Action>"
#define FUNCTION "<FunctionArn>f</FunctionArn>"
#define CONFIGURATION(content)                                                                     \
    "<Configuration><SupportingAccessPoint>" ARN "</SupportingAccessPoint>" content                \
    "</Configuration>"
#define TRANSFORMS(content)                                                                        \
    "<TransformationConfigurations>" content "</TransformationConfigurations>"
#define OLAP(content)                                                                              \
    "<CreateAccessPointForObjectLambdaRequest" CNS ">" content                                     \
    "</CreateAccessPointForObjectLambdaRequest>"

static int olap(const char *xml, ol_control_olap *asked, ol_error *err)
{
    ol_error_clear(err);
    return ol_control_parse_olap(ol_slice_cstr(xml), arena, asked, err);
}

static void reads_and_writes_configurations(void **state)
{
    (void)state;
    ol_control_olap asked;
    ol_error err = {0};
#define CONTENT                                                                                    \
    "<CloudWatchMetricsEnabled>true</CloudWatchMetricsEnabled><AllowedFeatures>"                   \
    "<AllowedFeature>GetObject-Range</AllowedFeature></AllowedFeatures>" TRANSFORMS(               \
        TRANSFORM(GET "<Action>HeadObject</Action>",                                               \
                  FUNCTION "<FunctionPayload> {&quot;a&quot;:1} </FunctionPayload>")               \
            TRANSFORM("<Action>ListObjectsV2</Action>", FUNCTION))
    assert_code_of(olap(OLAP(CONFIGURATION(CONTENT)), &asked, &err), OL_OK, &err);
    assert_slice(asked.supporting_access_point, ARN);
    assert_true(asked.metrics);
    assert_int_equal(asked.features, OL_CONTROL_GET_OBJECT_RANGE);
    assert_int_equal(asked.transformation_count, 2);
    assert_int_equal(asked.transformations[0].actions,
                     OL_CONTROL_GET_OBJECT | OL_CONTROL_HEAD_OBJECT);
    assert_slice(asked.transformations[0].function, "f");
    assert_slice(asked.transformations[0].payload, " {\"a\":1} ");
    assert_slice(asked.transformations[1].payload, "");
    assert_code(ol_control_xml_olap_configuration(&out, &asked), OL_OK);
    assert_document("<GetAccessPointConfigurationForObjectLambdaResult" CNS ">"
                    CONFIGURATION(CONTENT) "</GetAccessPointConfigurationForObjectLambdaResult>");
    assert_code_of(olap("<PutAccessPointConfigurationForObjectLambdaRequest" CNS ">" CONFIGURATION(
                            TRANSFORMS(TRANSFORM(GET, FUNCTION)))
                        "</PutAccessPointConfigurationForObjectLambdaRequest>",
                        &asked, &err),
                   OL_OK, &err);
    assert_false(asked.metrics);
}

static void refuses_configurations(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        int code;
    } cases[] = {
        {"", OL_EMALFORMEDXML},
        {OLAP(""), OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION("")), OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION(TRANSFORMS(""))), OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM("", FUNCTION)))), OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(GET, "")))), OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM("<Action>PutObject</Action>", FUNCTION)))),
         OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION("<AllowedFeatures><AllowedFeature>x</AllowedFeature></AllowedFeatures>"
                            TRANSFORMS(TRANSFORM(GET, FUNCTION)))),
         OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION("<CloudWatchMetricsEnabled>1</CloudWatchMetricsEnabled>" TRANSFORMS(
             TRANSFORM(GET, FUNCTION)))),
         OL_EMALFORMEDXML},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(GET, FUNCTION) TRANSFORM(GET, FUNCTION)))),
         OL_EINVALIDREQUEST},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(GET, "<FunctionArn>a/b</FunctionArn>")))),
         OL_EINVALIDREQUEST},
        {OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(
             GET, FUNCTION "<FunctionPayload><a/></FunctionPayload>")))),
         OL_EMALFORMEDXML},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_control_olap asked;
        ol_error err = {0};
        int rc = olap(cases[i].xml, &asked, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", cases[i].xml, ol_code_name(rc), err.detail);
    }
}

static void takes_large_payloads(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        ol_control_olap asked;
        ol_error err = {0};
        ol_buf_clear(&out);
        ol_buf_addf(&out, OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(
                              GET, FUNCTION "<FunctionPayload>%0*d</FunctionPayload>")))),
                    (int)OL_CONTROL_PAYLOAD_BYTES_MAX + extra, 1);
        int rc = ol_control_parse_olap(ol_buf_slice(&out), arena, &asked, &err);
        assert_code_of(rc, extra ? OL_EMALFORMEDXML : OL_OK, &err);
    }
}

/* ---- policies ---- */

static void reads_policies(void **state)
{
    (void)state;
    ol_slice policy;
    ol_error err = {0};
    assert_code_of(ol_control_parse_policy(
                       OL_SLICE_LIT("<PutAccessPointPolicyRequest" CNS "><Policy>{&quot;a&quot;: "
                                    "&quot;&lt;&quot;}</Policy></PutAccessPointPolicyRequest>"),
                       arena, &policy, &err),
                   OL_OK, &err);
    assert_slice(policy, "{\"a\": \"<\"}");
    assert_code_of(
        ol_control_parse_policy(OL_SLICE_LIT("<PutAccessPointPolicyForObjectLambdaRequest><Policy>"
                                             "{}</Policy></PutAccessPointPolicyForObjectLambdaRequest>"),
                                arena, &policy, &err),
        OL_OK, &err);
    assert_code(ol_control_parse_policy(OL_SLICE_LIT("<PutAccessPointPolicyRequest/>"), arena,
                                        &policy, &err),
                OL_EMALFORMEDXML);
    ol_error_clear(&err);
    assert_code(ol_control_parse_policy(OL_SLICE_LIT("<Policy>{}</Policy>"), arena, &policy, &err),
                OL_EMALFORMEDXML);
    assert_code(ol_control_xml_policy(&out, OL_SLICE_LIT("{\"a\":1}"), false), OL_OK);
    assert_document("<GetAccessPointPolicyResult" CNS "><Policy>{&quot;a&quot;:1}</Policy>"
                    "</GetAccessPointPolicyResult>");
    assert_code(ol_control_xml_policy_status(&out, false, true), OL_OK);
    assert_document("<GetAccessPointPolicyStatusForObjectLambdaResult" CNS "><PolicyStatus>"
                    "<IsPublic>false</IsPublic></PolicyStatus>"
                    "</GetAccessPointPolicyStatusForObjectLambdaResult>");
}

/* ---- answers ---- */

static ol_control_entry entry(void)
{
    return (ol_control_entry){.name = OL_SLICE_LIT("n"),
                              .alias = OL_SLICE_LIT("n-s3alias"),
                              .arn = OL_SLICE_LIT("arn"),
                              .bucket = OL_SLICE_LIT("b"),
                              .account_id = OL_SLICE_LIT("1"),
                              .vpc_id = OL_SLICE_LIT("vpc-1"),
                              .block = {.block_public_policy = true}};
}

#define BLOCK                                                                                      \
    "<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls>"                     \
    "<IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"        \
    "<RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
#define DATE "<CreationDate>1970-01-01T00:00:00.000Z</CreationDate>"
#define VPC "<VpcConfiguration><VpcId>vpc-1</VpcId></VpcConfiguration>"

static void writes_access_points(void **state)
{
    (void)state;
    ol_control_entry one = entry();
    assert_code(ol_control_xml_access_point_created(&out, &one), OL_OK);
    assert_document("<CreateAccessPointResult" CNS "><AccessPointArn>arn</AccessPointArn>"
                    "<Alias>n-s3alias</Alias></CreateAccessPointResult>");
    assert_code(ol_control_xml_access_point(&out, &one, OL_SLICE_LIT("h")), OL_OK);
    assert_document("<GetAccessPointResult" CNS "><Name>n</Name><Bucket>b</Bucket>"
                    "<NetworkOrigin>VPC</NetworkOrigin>" VPC BLOCK DATE "<Alias>n-s3alias</Alias>"
                    "<AccessPointArn>arn</AccessPointArn><Endpoints><entry><key>ipv4</key>"
                    "<value>h</value></entry><entry><key>dualstack</key><value>h</value></entry>"
                    "</Endpoints><BucketAccountId>1</BucketAccountId></GetAccessPointResult>");
    one.vpc_id = OL_SLICE_NONE;
    assert_code(ol_control_xml_access_points(&out, &one, 1, OL_SLICE_LIT("t")), OL_OK);
    assert_document("<ListAccessPointsResult" CNS "><AccessPointList><AccessPoint><Name>n</Name>"
                    "<NetworkOrigin>Internet</NetworkOrigin><Bucket>b</Bucket>"
                    "<AccessPointArn>arn</AccessPointArn><Alias>n-s3alias</Alias>"
                    "<BucketAccountId>1</BucketAccountId></AccessPoint></AccessPointList>"
                    "<NextToken>t</NextToken></ListAccessPointsResult>");
}

static void writes_olaps(void **state)
{
    (void)state;
    const ol_control_entry one = entry();
#define ALIAS "<Alias><Value>n-s3alias</Value><Status>READY</Status></Alias>"
    assert_code(ol_control_xml_olap_created(&out, &one), OL_OK);
    assert_document("<CreateAccessPointForObjectLambdaResult" CNS "><ObjectLambdaAccessPointArn>arn"
                    "</ObjectLambdaAccessPointArn>" ALIAS "</CreateAccessPointForObjectLambdaResult>");
    assert_code(ol_control_xml_olap(&out, &one), OL_OK);
    assert_document("<GetAccessPointForObjectLambdaResult" CNS "><Name>n</Name>" BLOCK DATE ALIAS
                    "</GetAccessPointForObjectLambdaResult>");
    assert_code(ol_control_xml_olaps(&out, &one, 1, OL_SLICE_NONE), OL_OK);
    assert_document("<ListAccessPointsForObjectLambdaResult" CNS "><ObjectLambdaAccessPointList>"
                    "<ObjectLambdaAccessPoint><Name>n</Name><ObjectLambdaAccessPointArn>arn"
                    "</ObjectLambdaAccessPointArn>" ALIAS "</ObjectLambdaAccessPoint>"
                    "</ObjectLambdaAccessPointList></ListAccessPointsForObjectLambdaResult>");
}

static int read_one(void *arg)
{
    (void)arg;
    ol_arena *own = ol_arena_new(1 << 20);
    ol_control_olap asked;
    ol_error err = {0};
    if (!own)
        return OL_ENOMEM;
    int rc = ol_control_parse_olap(
        OL_SLICE_LIT(OLAP(CONFIGURATION(TRANSFORMS(TRANSFORM(GET, FUNCTION))))), own, &asked, &err);
    assert_int_equal(rc, err.code);
    ol_arena_destroy(own);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_one, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_of_access_points),
        TEST(names_of_functions),
        TEST(reads_access_points),
        TEST(refuses_access_points),
        TEST(reads_and_writes_configurations),
        TEST(refuses_configurations),
        TEST(takes_large_payloads),
        TEST(reads_policies),
        TEST(writes_access_points),
        TEST(writes_olaps),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
