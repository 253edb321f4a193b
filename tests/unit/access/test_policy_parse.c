/* SPDX-License-Identifier: MIT */
/* What policies may say, and what is said about those that may not: the reason, and where. */
#include "lib/alloc_check.h"
#include "unit/access/ask.h"

#include <string.h>

#include "base/alloc.h"

#define DOOR "'Principal':'*',"
#define BUCKET_GET "'Action':'s3:GetObject','Resource':'" ASK_BUCKET "/*'"

typedef struct parse_case {
    const char *text;
    const char *message; /* how it begins; NULL: it is taken */
} parse_case;

static int parse(const char *text, enum ol_policy_kind kind, const char *arn, ol_error *err)
{
    static char json[65536];
    ol_policy *policy;
    snprintf(json, sizeof(json), "%s", text);
    for (char *c = json; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    *err = (ol_error){0};
    ol_policy_rules rules = {.kind = kind, .arn = ol_slice_cstr(arn)};
    long live = ol_alloc_live();
    int rc = ol_policy_parse(&policy, ol_slice_cstr(json), &rules, err);
    assert_int_equal(policy != NULL, rc == OL_OK);
    ol_policy_release(policy);
    assert_no_leak(live);
    return rc;
}

static void check(const parse_case *cases, size_t count, enum ol_policy_kind kind, const char *arn)
{
    for (size_t i = 0; i < count; i++) {
        ol_error err;
        int rc = parse(cases[i].text, kind, arn, &err);
        if (!cases[i].message && rc != OL_OK)
            fail_msg("refused: %s\n%s", cases[i].text, err.message);
        if (cases[i].message && rc != OL_EMALFORMEDPOLICY)
            fail_msg("taken: %s", cases[i].text);
        if (cases[i].message && strncmp(err.message, cases[i].message, strlen(cases[i].message)))
            fail_msg("%s\n%s", cases[i].text, err.message);
    }
}
#define CHECK(cases, kind, arn) check(cases, sizeof(cases) / sizeof((cases)[0]), kind, arn)

#define ST(body) "{'Statement':{" body "}}"

static void bucket_policies(void **state)
{
    (void)state;
    static const parse_case cases[] = {
        {ST("'Effect':'Allow'," DOOR BUCKET_GET), NULL},
        {"{'Version':'2012-10-17','Id':'x','Statement':[{'Sid':'A','Effect':'Deny'," DOOR BUCKET_GET
         "},{'Sid':'B','Effect':'Allow'," DOOR BUCKET_GET "}]}",
         NULL},
        {"{'Version':'2008-10-17','Statement':{'Effect':'Allow'," DOOR BUCKET_GET "}}", NULL},
        {"", "Policies must be valid JSON and the first byte must be '{': it does not begin so "
             "(line 1, column 1)"},
        {" {}", "Policies must be valid JSON and the first byte must be '{'"},
        {"{'Statement'\n 1}", "Policies must be valid JSON and the first byte must be '{': a ':' is "
                              "expected (line 2, column 2)"},
        {"{}", "Missing required field Statement (line 1, column 1)"},
        {"{'Statement':[]}", "Could not parse the policy: Statement is empty!"},
        {"{'Statement':'x'}", "A statement must be an object (statement 1, line 1"},
        {"{'Version':'2012-10-18','Statement':[]}",
         "The policy must contain a valid version string (line 1, column 12)"},
        {"{'Version':2012,'Statement':[]}", "The policy must contain a valid version string"},
        {"{'Id':1,'Statement':[]}", "Id must be text"},
        {"{'Statements':[]}", "Unknown field: Statements (line 1, column 2)"},
        {"{'Statement':[],'Statement':[]}",
         "Policies must be valid JSON and the first byte must be '{': a name stands twice"},
        {ST("'Effect':'Allow'," DOOR BUCKET_GET ",'Conditions':{}"), "Unknown field: Conditions"},
        {ST(DOOR BUCKET_GET), "Missing required field Effect"},
        {ST("'Effect':'allow'," DOOR BUCKET_GET), "Effect must be Allow or Deny"},
        {ST("'Effect':['Allow']," DOOR BUCKET_GET), "Effect must be Allow or Deny"},
        {"{'Statement':[{'Sid':'A','Effect':'Deny'," DOOR BUCKET_GET
         "},\n{'Sid':'A','Effect':'Allow'," DOOR BUCKET_GET "}]}",
         "Two statements have the same Sid: A (statement 2, line 2, column 8)"},
        {"{'Statement':[{'Effect':'Deny'," DOOR BUCKET_GET
         "},\n{'Sid':'My one','Effect':'Allow'," DOOR "'Action':'s3:GetObjekt','Resource':'*'}]}",
         "Policy has invalid action: s3:GetObjekt (statement 2, \"My one\", line 2, column 59)"},
    };
    CHECK(cases, OL_POLICY_BUCKET, ASK_BUCKET);
}

static void principals_in_bucket_policies(void **state)
{
    (void)state;
    static const parse_case cases[] = {
        {ST("'Effect':'Allow'," BUCKET_GET), "Missing required field Principal"},
        {ST("'Effect':'Allow','Principal':'ann'," BUCKET_GET), "Invalid principal in policy: ann"},
        {ST("'Effect':'Allow','Principal':{}," BUCKET_GET), "Invalid principal in policy"},
        {ST("'Effect':'Allow','Principal':{'AWS':[]}," BUCKET_GET), "Invalid principal in policy"},
        {ST("'Effect':'Allow','Principal':['*']," BUCKET_GET), "Invalid principal in policy"},
        {ST("'Effect':'Allow','Principal':{'AWS':'11112222333'}," BUCKET_GET),
         "Invalid principal in policy: 11112222333"},
        {ST("'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::11112222333:root'}," BUCKET_GET),
         "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::111122223333:user/*'}," BUCKET_GET),
         "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'AWS':'arn:aws:iam::111122223333:group/g'}," BUCKET_GET),
         "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'AWS':'arn:aws:iam:eu:111122223333:user/g'}," BUCKET_GET),
         "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'aws':'*'}," BUCKET_GET), "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'Service':'*'}," BUCKET_GET), "Invalid principal"},
        {ST("'Effect':'Allow','Principal':{'AWS':['*','111122223333',"
            "'arn:aws:iam::111122223333:root','arn:aws:iam::111122223333:user/path/ann',"
            "'arn:aws:iam::111122223333:role/r','arn:aws:sts::111122223333:assumed-role/r/s@x',"
            "'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1'],"
            "'CanonicalUser':'79a5','Service':['s3.amazonaws.com'],'Federated':'accounts.google.com'"
            "}," BUCKET_GET),
         NULL},
        {ST("'Effect':'Allow','NotPrincipal':{'AWS':'111122223333'}," BUCKET_GET),
         "Allow with NotPrincipal is not allowed"},
        {ST("'Effect':'Deny','NotPrincipal':{'AWS':'111122223333'}," BUCKET_GET), NULL},
        {ST("'Effect':'Deny','Principal':'*','NotPrincipal':'*'," BUCKET_GET),
         "Principal and NotPrincipal exclude each other"},
    };
    CHECK(cases, OL_POLICY_BUCKET, ASK_BUCKET);
}

static void actions_in_bucket_policies(void **state)
{
    (void)state;
    static const parse_case cases[] = {
        {ST("'Effect':'Allow'," DOOR "'Resource':'*'"), "Missing required field Action"},
        {ST("'Effect':'Allow'," DOOR "'Action':[],'Resource':'*'"), "Action is an empty list"},
        {ST("'Effect':'Allow'," DOOR "'Action':1,'Resource':'*'"), "Action must be text"},
        {ST("'Effect':'Allow'," DOOR "'Action':[['s3:GetObject']],'Resource':'*'"),
         "Action must be text"},
        {ST("'Effect':'Allow'," DOOR "'Action':'GetObject','Resource':'*'"),
         "Policy has invalid action: GetObject"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:Got*','Resource':'*'"),
         "Policy has invalid action: s3:Got*"},
        {ST("'Effect':'Allow'," DOOR "'Action':'ec2:RunInstances','Resource':'*'"),
         "Policy has invalid action: ec2:RunInstances"},
        {ST("'Effect':'Allow'," DOOR "'Action':'*:GetObject','Resource':'*'"),
         "Policy has invalid action"},
        {ST("'Effect':'Allow'," DOOR "'Action':['S3:getobject','s3:*','*'],'Resource':'*'"), NULL},
        {ST("'Effect':'Deny'," DOOR "'NotAction':'s3:Get*','Resource':'*'"), NULL},
        {ST("'Effect':'Deny'," DOOR "'Action':'*','NotAction':'s3:Get*','Resource':'*'"),
         "Action and NotAction exclude each other"},
    };
    CHECK(cases, OL_POLICY_BUCKET, ASK_BUCKET);
}

static void resources_in_bucket_policies(void **state)
{
    (void)state;
    static const parse_case cases[] = {
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject'"), "Missing required field Resource"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'arn:aws:s3:::c/*'"),
         "Policy has invalid resource: arn:aws:s3:::c/*"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'arn:aws:s3:::bb/*'"),
         "Policy has invalid resource"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'b/*'"),
         "Policy has invalid resource"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':['" ASK_BUCKET
            "/*','arn:aws:s3:::c/*']"),
         "Policy has invalid resource: arn:aws:s3:::c/*"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':"
            "['arn:aws:s3:::*','arn:aws:s3:::*/*']"),
         NULL},
        {ST("'Effect':'Deny'," DOOR "'Action':'s3:*','NotResource':'arn:aws:s3:::c/*'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_BUCKET "'"),
         "Action does not apply to any resource(s) in statement: s3:GetObject"},
        {ST("'Effect':'Allow'," DOOR "'Action':['s3:GetObject','s3:ListBucket'],'Resource':'"
            ASK_BUCKET "/*'"),
         "Action does not apply to any resource(s) in statement: s3:ListBucket"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:*','Resource':'" ASK_BUCKET "/*'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':['s3:GetObject','s3:ListBucket'],'Resource':['"
            ASK_BUCKET "','" ASK_BUCKET "/*']"),
         NULL},
    };
    CHECK(cases, OL_POLICY_BUCKET, ASK_BUCKET);
}

#define COND(text) ST("'Effect':'Allow'," DOOR BUCKET_GET ",'Condition':" text)
#define COND12(text) "{'Version':'2012-10-17'," "'Statement':{'Effect':'Allow'," DOOR BUCKET_GET     \
                     ",'Condition':" text "}}"

static void conditions(void **state)
{
    (void)state;
    static const parse_case cases[] = {
        {COND("{}"), NULL},
        {COND("{'StringEquals':{}}"), NULL},
        {COND("{'stringequals':{'AWS:username':'ann'}}"), NULL},
        {COND("{'Bool':{'aws:SecureTransport':false}}"), NULL},
        {COND("{'NumericLessThan':{'s3:max-keys':[10,'20',1.5]}}"), NULL},
        {COND("{'ForAllValues:StringLikeIfExists':{'s3:RequestObjectTagKeys':['a*']}}"), NULL},
        {COND("{'StringEquals':{'s3-object-lambda:authType':'POST'}}"), NULL},
        {COND("{'DateGreaterThan':{'aws:CurrentTime':'2026-11-20T10:00:00Z'}}"), NULL},
        {COND("{'DateGreaterThan':{'aws:CurrentTime':['2026-11-20','1795000000']}}"), NULL},
        {COND("{'IpAddress':{'aws:SourceIp':['10.0.0.0/8','2001:db8::/32','::1']}}"), NULL},
        {COND("{'ArnLike':{'aws:SourceArn':['arn:aws:s3:*:*:x*','*']}}"), NULL},
        {COND("{'BinaryEquals':{'s3:prefix':'aGk='}}"), NULL},
        {COND("{'Null':{'aws:CalledVia':'true'}}"), NULL},
        {COND("{'StringEquals':{'s3:ExistingObjectTag/a/b':'x'}}"), NULL},
        {COND("'x'"), "Condition must be an object of operators"},
        {COND("{'StringEquals':'x'}"), "A condition operator must be an object of keys"},
        {COND("{'StringEquals':{'aws:username':[]}}"), "A condition's value is an empty list"},
        {COND("{'StringEquals':{'aws:username':null}}"), "A condition's value must be text"},
        {COND("{'StringEquals':{'aws:username':{'a':1}}}"), "A condition's value must be text"},
        {COND("{'StringMatches':{'aws:username':'x'}}"),
         "Policy has an invalid condition operator: StringMatches (statement 1, line 1, column "},
        {COND("{'ForSomeValues:StringLike':{'aws:username':'x'}}"),
         "Policy has an invalid condition operator"},
        {COND("{'NullIfExists':{'aws:username':'true'}}"),
         "Policy has an invalid condition operator"},
        {COND("{'ForAnyValue:Null':{'aws:username':'true'}}"),
         "Policy has an invalid condition operator"},
        {COND("{'StringEquals':{'s3:prefixx':'x'}}"),
         "Policy has an invalid condition key: s3:prefixx"},
        {COND("{'StringEquals':{'aws:SourceIpp':'x'}}"), "Policy has an invalid condition key"},
        {COND("{'StringEquals':{'kms:ViaServices':'x'}}"), "Policy has an invalid condition key"},
        {COND("{'StringEquals':{'username':'x'}}"), "Policy has an invalid condition key"},
        {COND("{'StringEquals':{'s3:ExistingObjectTag':'x'}}"),
         "Policy has an invalid condition key"},
        {COND("{'StringEquals':{'s3:ExistingObjectTag/':'x'}}"),
         "Policy has an invalid condition key"},
        {COND("{'StringEquals':{'s3:prefix/x':'x'}}"), "Policy has an invalid condition key"},
        {COND("{'NumericEquals':{'s3:max-keys':'ten'}}"), "a value is not a number: ten"},
        {COND("{'NumericEquals':{'s3:max-keys':'1e3'}}"), "a value is not a number"},
        {COND("{'DateEquals':{'aws:CurrentTime':'yesterday'}}"), "a value is not a date"},
        {COND("{'DateEquals':{'aws:CurrentTime':'2026-13-01'}}"), "a value is not a date"},
        {COND("{'Bool':{'aws:SecureTransport':'yes'}}"), "a value is not true or false"},
        {COND("{'Null':{'aws:SecureTransport':'maybe'}}"), "a value is not true or false"},
        {COND("{'IpAddress':{'aws:SourceIp':'10.0.0.0/33'}}"),
         "a value is not an address or a network"},
        {COND("{'IpAddress':{'aws:SourceIp':'10.0.0'}}"), "a value is not an address or a network"},
        {COND("{'NotIpAddress':{'aws:SourceIp':'*'}}"), "a value is not an address or a network"},
        {COND("{'ArnEquals':{'aws:SourceArn':'arn:aws:s3'}}"), "an ARN has six parts"},
        {COND("{'BinaryEquals':{'s3:prefix':'%'}}"), "a value is not base64"},
        /* variables */
        {COND12("{'StringLike':{'s3:prefix':'${aws:username}/*'}}"), NULL},
        {COND12("{'StringLike':{'s3:prefix':'${aws:PrincipalTag/team, \\u0027none\\u0027}/${*}'}}"),
         NULL},
        {COND12("{'ArnLike':{'aws:SourceArn':'arn:aws:s3:::${aws:username}'}}"), NULL},
        {COND12("{'StringEquals':{'s3:prefix':'${aws:username'}}"),
         "a policy variable does not end: ${aws:username"},
        {COND12("{'StringEquals':{'s3:prefix':'${aws:usernam}'}}"),
         "there is no such policy variable"},
        {COND12("{'StringEquals':{'s3:prefix':'${aws:CalledVia}'}}"),
         "a key with several values cannot be a policy variable"},
        {COND12("{'StringEquals':{'s3:prefix':'${aws:username, none}'}}"),
         "the default of a policy variable is not in quotes"},
        {COND12("{'NumericEquals':{'s3:max-keys':'${aws:username}'}}"), "a value is not a number"},
        {COND("{'StringEquals':{'s3:prefix':'${anything'}}"), NULL}, /* the older version: text */
    };
    CHECK(cases, OL_POLICY_BUCKET, ASK_BUCKET);
}

static void other_kinds(void **state)
{
    (void)state;
    static const parse_case identity[] = {
        {ST("'Effect':'Allow','Action':'*','Resource':'*'"), NULL},
        {ST("'Effect':'Allow','Action':['ec2:RunInstances','sns:Publish'],'Resource':'*',"
            "'Condition':{'StringEquals':{'sns:Protocol':'x'}}"),
         NULL},
        {ST("'Effect':'Allow','Action':['s3:GetObject','sns:Publish'],'Resource':'*',"
            "'Condition':{'StringEquals':{'sns:Protocol':'x'}}"),
         "Policy has an invalid condition key"},
        {ST("'Effect':'Allow','Action':'s3:GetObject','Resource':'arn:aws:s3:::any/*'"), NULL},
        {ST("'Effect':'Allow','Action':'s3:GetObject','Resource':'arn:aws:s3'"),
         "Policy has invalid resource"},
        {ST("'Effect':'Allow','Action':'s3:GetObject','Resource':'bucket/*'"),
         "Policy has invalid resource"},
        {ST("'Effect':'Allow','Action':'s3-object-lambda:Get','Resource':'*'"),
         "Policy has invalid action"},
        {ST("'Effect':'Allow','Action':'s*:GetObject','Resource':'*'"), "Policy has invalid action"},
        {ST("'Effect':'Allow'," DOOR "'Action':'*','Resource':'*'"),
         "Policy document should not specify a principal"},
    };
    static const parse_case point[] = {
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_POINT "/object/*'"),
         NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:ListBucket','Resource':'" ASK_POINT "'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_POINT "/*'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_POINT "'"),
         "Action does not apply"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_BUCKET "/*'"),
         "Policy has invalid resource"},
    };
    static const parse_case lambda[] = {
        {ST("'Effect':'Allow'," DOOR "'Action':'s3-object-lambda:GetObject','Resource':'" ASK_LAMBDA
            "'"),
         NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3-object-lambda:*','Resource':'*'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject','Resource':'" ASK_LAMBDA "'"),
         "Policy has invalid action"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3-object-lambda:GetObject','Resource':'" ASK_LAMBDA
            "/object/*'"),
         "Policy has invalid resource"},
    };
    static const parse_case trust[] = {
        {ST("'Effect':'Allow','Principal':{'AWS':'111122223333'},'Action':'sts:AssumeRole'"), NULL},
        {ST("'Effect':'Allow','Action':'sts:AssumeRole'"), "Missing required field Principal"},
        {ST("'Effect':'Allow'," DOOR "'Action':'s3:GetObject'"), "Policy has invalid action"},
        {ST("'Effect':'Allow'," DOOR "'Action':'sts:AssumeRole','Resource':'*'"),
         "A trust policy has no Resource"},
    };
    static const parse_case endpoint[] = {
        {ST("'Effect':'Allow','Action':'s3:GetObject','Resource':'arn:aws:s3:::any/*'"), NULL},
        {ST("'Effect':'Allow'," DOOR "'Action':'*','Resource':'*'"), NULL},
    };
    CHECK(identity, OL_POLICY_IDENTITY, NULL);
    CHECK(point, OL_POLICY_ACCESS_POINT, ASK_POINT);
    CHECK(lambda, OL_POLICY_OLAP, ASK_LAMBDA);
    CHECK(trust, OL_POLICY_TRUST, NULL);
    CHECK(endpoint, OL_POLICY_ENDPOINT, NULL);
}

static void bounds_hold(void **state)
{
    (void)state;
    static char text[OL_POLICY_BYTES_MAX + 2];
    ol_policy *policy;
    ol_error err = {0};
    ol_policy_rules rules = {.kind = OL_POLICY_BUCKET};
    memset(text, ' ', sizeof(text));
    assert_code(ol_policy_parse(&policy, ol_slice_of(text, sizeof(text)), &rules, &err),
                OL_EMALFORMEDPOLICY);
    assert_string_equal(err.message, "The policy is larger than the maximum of 20480 bytes");
    assert_int_equal(err.status, 400);
    assert_string_equal(err.s3_code, "MalformedPolicy");
    err = (ol_error){0};
    memset(text, '[', 100);
    text[0] = '{';
    memcpy(text, "{\"Id\":", 6);
    assert_code(ol_policy_parse(&policy, ol_slice_of(text, 100), &rules, &err),
                OL_EMALFORMEDPOLICY);
    assert_non_null(strstr(err.message, "nested too deeply"));
}

/* Control characters of a policy do not reach a log line. */
static void messages_are_printable(void **state)
{
    (void)state;
    ol_error err;
    parse(ST("'Sid':'a\\nb\\u001b[2J','Effect':'Allow'," DOOR "'Action':'x\\r\\n\\u001b[2J','Resource':'*'"),
          OL_POLICY_BUCKET, NULL, &err);
    for (const char *c = err.message; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7F);
    assert_non_null(strstr(err.message, "x???[2J"));
    assert_non_null(strstr(err.message, "\"a?b?[2J\""));
}

static int parse_all_sorts(void *arg)
{
    (void)arg;
    static const char text[] =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Principal\":"
        "{\"AWS\":[\"111122223333\"]},\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b/${aws:username}/*\""
        ",\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:s3:::*\"},\"BinaryEquals\":"
        "{\"s3:prefix\":\"aGk=\"},\"StringEquals\":{\"s3:ExistingObjectTag/a\":[\"b\",\"\\n\"]}}}]}";
    ol_policy *policy;
    ol_error err = {0};
    ol_policy_rules rules = {.kind = OL_POLICY_BUCKET, .arn = OL_SLICE_LIT(ASK_BUCKET)};
    int rc = ol_policy_parse(&policy, ol_slice_cstr(text), &rules, &err);
    assert_int_equal(rc, err.code);
    ol_policy_release(policy);
    return rc;
}

static void survives_want_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(parse_all_sorts, NULL) >= 3);
}

/* The largest policies of each sort compile within the arena that they are given. */
static void large_policies_fit(void **state)
{
    (void)state;
    static const char *const items[] = {"\"*\",", "\"arn:aws:s3:::${s3:prefix}${*}${?}*?\","};
    static const char *const heads[] = {
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
        "\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":[",
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
        "\"s3:*\",\"Resource\":["};
    static const char *const tails[] = {"\"*\"]}}}}", "\"*\"]}}"};
    static char text[256 * 1024];
    for (size_t i = 0; i < 4; i++) {
        size_t at = (size_t)snprintf(text, sizeof(text), "%s", heads[i / 2]);
        size_t unit = strlen(items[i % 2]);
        for (; at + unit + 32 < sizeof(text); at += unit)
            memcpy(text + at, items[i % 2], unit);
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", tails[i / 2]);
        ol_policy *policy;
        ol_error err = {0};
        ol_policy_rules rules = {.kind = OL_POLICY_BUCKET, .bytes_max = sizeof(text)};
        assert_code_of(ol_policy_parse(&policy, ol_slice_of(text, at), &rules, &err), OL_OK, &err);
        ol_policy_release(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bucket_policies),
        cmocka_unit_test(principals_in_bucket_policies),
        cmocka_unit_test(actions_in_bucket_policies),
        cmocka_unit_test(resources_in_bucket_policies),
        cmocka_unit_test(conditions),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(messages_are_printable),
        cmocka_unit_test(survives_want_of_memory),
        cmocka_unit_test(large_policies_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
