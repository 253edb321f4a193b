/* SPDX-License-Identifier: MIT */
/* Every operator against present, missing and several values; variables; the keys that this room
 * finds itself. Each case is asked as the condition of an Allow. */
#include "unit/access/ask.h"

#define PAIRS(...) (const char *const[]){__VA_ARGS__, NULL}
#define NONE PAIRS(NULL)

typedef struct condition_case {
    const char *condition; /* with ' for " */
    const char *const *pairs;
    bool holds;
    const char *who; /* NULL = ann */
} condition_case;

static bool holds(const condition_case *c, const char *effect)
{
    char text[4096];
    ol_error err = {0};
    ol_identity who = ask_person(c->who ? c->who : "ann");
    snprintf(text, sizeof(text),
             "{'Version':'2012-10-17','Statement':[%s{'Effect':'%s','Principal':'*','Action':'s3:*',"
             "'Resource':'*','Condition':%s}]}",
             strcmp(effect, "Deny") == 0
                 ? "{'Effect':'Allow','Principal':'*','Action':'s3:*','Resource':'*'},"
                 : "",
             effect, c->condition);
    ol_policy *policy = ask_policy(text, OL_POLICY_BUCKET);
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET),
                             .account_id = OL_SLICE_LIT("999999999999"),
                             .policy = policy};
    ol_policy *all = ask_policy("{'Statement':{'Effect':'Allow','Action':'*','Resource':'*'}}",
                                OL_POLICY_IDENTITY);
    const ol_policy *const policies[] = {all};
    who.policies = policies;
    who.policy_count = who.kind == OL_IDENTITY_ANONYMOUS ? 0 : 1;
    ask_context context = {.pairs = c->pairs};
    ol_access_question question = {.who = &who,
                                   .action = OL_SLICE_LIT("GetObject"),
                                   .key = OL_SLICE_LIT("k"),
                                   .bucket = &bucket,
                                   .now_ms = ASK_NOW_MS,
                                   .values = ask_values,
                                   .values_arg = &context};
    int rc = ol_access_decide(&question, &err);
    assert_true(rc == OL_OK || rc == OL_EACCESS);
    ol_policy_release(policy);
    ol_policy_release(all);
    return (rc == OL_OK) == (strcmp(effect, "Allow") == 0);
}

static void check(const condition_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (holds(&cases[i], "Allow") != cases[i].holds)
            fail_msg("case %zu: %s", i, cases[i].condition);
}
/* A condition means the same in a Deny, save for variables without a value. */
static void check_both(const condition_case *cases, size_t count)
{
    check(cases, count);
    for (size_t i = 0; i < count; i++)
        if (holds(&cases[i], "Deny") != cases[i].holds)
            fail_msg("case %zu in a Deny: %s", i, cases[i].condition);
}
#define CHECK(cases) check_both(cases, sizeof(cases) / sizeof((cases)[0]))

static void texts(void **state)
{
    (void)state;
    const condition_case cases[] = {
        {"{'StringEquals':{'s3:prefix':'a'}}", PAIRS("s3:prefix=a"), true, NULL},
        {"{'StringEquals':{'s3:prefix':'a'}}", PAIRS("s3:prefix=A"), false, NULL},
        {"{'StringEquals':{'s3:prefix':'a*'}}", PAIRS("s3:prefix=ab"), false, NULL},
        {"{'StringEquals':{'s3:prefix':['a','b']}}", PAIRS("s3:prefix=b"), true, NULL},
        {"{'StringEquals':{'s3:prefix':['','b']}}", PAIRS("s3:prefix="), true, NULL},
        {"{'StringEquals':{'s3:prefix':'a'}}", NONE, false, NULL},
        {"{'StringEqualsIfExists':{'s3:prefix':'a'}}", NONE, true, NULL},
        {"{'StringEqualsIfExists':{'s3:prefix':'a'}}", PAIRS("s3:prefix=b"), false, NULL},
        {"{'StringNotEquals':{'s3:prefix':'a'}}", PAIRS("s3:prefix=a"), false, NULL},
        {"{'StringNotEquals':{'s3:prefix':['a','b']}}", PAIRS("s3:prefix=b"), false, NULL},
        {"{'StringNotEquals':{'s3:prefix':['a','b']}}", PAIRS("s3:prefix=c"), true, NULL},
        {"{'StringNotEquals':{'s3:prefix':'a'}}", NONE, true, NULL},
        {"{'StringNotEqualsIfExists':{'s3:prefix':'a'}}", NONE, true, NULL},
        {"{'StringEqualsIgnoreCase':{'s3:prefix':'aB'}}", PAIRS("s3:prefix=Ab"), true, NULL},
        {"{'StringNotEqualsIgnoreCase':{'s3:prefix':'aB'}}", PAIRS("s3:prefix=Ab"), false, NULL},
        {"{'StringNotEqualsIgnoreCase':{'s3:prefix':'aB'}}", NONE, true, NULL},
        {"{'StringLike':{'s3:prefix':'a*z'}}", PAIRS("s3:prefix=abcz"), true, NULL},
        {"{'StringLike':{'s3:prefix':'a?z'}}", PAIRS("s3:prefix=abz"), true, NULL},
        {"{'StringLike':{'s3:prefix':'a?z'}}", PAIRS("s3:prefix=abbz"), false, NULL},
        {"{'StringLike':{'s3:prefix':'a*'}}", PAIRS("s3:prefix=Abc"), false, NULL},
        {"{'StringLike':{'s3:prefix':'*'}}", PAIRS("s3:prefix="), true, NULL},
        {"{'StringLike':{'s3:prefix':'*'}}", NONE, false, NULL},
        {"{'StringNotLike':{'s3:prefix':'a*'}}", PAIRS("s3:prefix=abc"), false, NULL},
        {"{'StringNotLike':{'s3:prefix':'a*'}}", PAIRS("s3:prefix=b"), true, NULL},
        {"{'StringNotLike':{'s3:prefix':'a*'}}", NONE, true, NULL},
        {"{'StringNotLike':{'aws:Referer':['http://a/*','http://b/*']}}",
         PAIRS("aws:Referer=http://b/x"), false, NULL},
        {"{'StringEquals':{'s3:prefix':'a'},'StringLike':{'s3:delimiter':'/'}}",
         PAIRS("s3:prefix=a", "s3:delimiter=/"), true, NULL},
        {"{'StringEquals':{'s3:prefix':'a'},'StringLike':{'s3:delimiter':'/'}}",
         PAIRS("s3:prefix=a"), false, NULL},
        {"{'StringEquals':{'s3:prefix':'a','s3:delimiter':'/'}}",
         PAIRS("s3:prefix=a", "s3:delimiter=-"), false, NULL},
        {"{'StringEquals':{'S3:ExistingObjectTag/Team':'red'}}",
         PAIRS("s3:ExistingObjectTag/Team=red"), true, NULL},
        {"{'StringEquals':{'s3:ExistingObjectTag/team':'red'}}",
         PAIRS("s3:ExistingObjectTag/Team=red"), false, NULL},
        {"{}", NONE, true, NULL},
        {"{'StringEquals':{}}", NONE, true, NULL},
    };
    CHECK(cases);
}

static void numbers_and_dates(void **state)
{
    (void)state;
    const condition_case cases[] = {
        {"{'NumericEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=10"), true, NULL},
        {"{'NumericEquals':{'s3:max-keys':'10.0'}}", PAIRS("s3:max-keys=10"), true, NULL},
        {"{'NumericEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=11"), false, NULL},
        {"{'NumericEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=ten"), false, NULL},
        {"{'NumericNotEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=11"), true, NULL},
        {"{'NumericNotEquals':{'s3:max-keys':10}}", NONE, true, NULL},
        {"{'NumericLessThan':{'s3:max-keys':10}}", PAIRS("s3:max-keys=9"), true, NULL},
        {"{'NumericLessThan':{'s3:max-keys':10}}", PAIRS("s3:max-keys=10"), false, NULL},
        {"{'NumericLessThan':{'s3:max-keys':10}}", PAIRS("s3:max-keys=-11"), true, NULL},
        {"{'NumericLessThan':{'s3:max-keys':10}}", NONE, false, NULL},
        {"{'NumericLessThanIfExists':{'s3:max-keys':10}}", NONE, true, NULL},
        {"{'NumericLessThanEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=10"), true, NULL},
        {"{'NumericLessThanEquals':{'s3:max-keys':10}}", PAIRS("s3:max-keys=10.000001"), false, NULL},
        {"{'NumericGreaterThan':{'s3:signatureAge':600000}}", PAIRS("s3:signatureAge=600001"), true, NULL},
        {"{'NumericGreaterThan':{'s3:signatureAge':600000}}", PAIRS("s3:signatureAge=600000"), false, NULL},
        {"{'NumericGreaterThanEquals':{'s3:signatureAge':600000}}", PAIRS("s3:signatureAge=600000"),
         true, NULL},
        {"{'NumericGreaterThanEquals':{'s3:signatureAge':600000}}", PAIRS("s3:signatureAge=9"), false, NULL},
        /* now is 2026-11-18T11:06:40Z */
        {"{'DateEquals':{'aws:CurrentTime':'2026-11-18T11:06:40Z'}}", NONE, true, NULL},
        {"{'DateEquals':{'aws:CurrentTime':'1795000000'}}", NONE, true, NULL},
        {"{'DateEquals':{'aws:CurrentTime':'2026-11-18T12:06:40+01:00'}}", NONE, true, NULL},
        {"{'DateNotEquals':{'aws:CurrentTime':'2026-11-18T11:06:40Z'}}", NONE, false, NULL},
        {"{'DateLessThan':{'aws:CurrentTime':'2026-11-18T11:06:41Z'}}", NONE, true, NULL},
        {"{'DateLessThan':{'aws:CurrentTime':'2026-11-18T11:06:40Z'}}", NONE, false, NULL},
        {"{'DateLessThanEquals':{'aws:CurrentTime':'2026-11-18T11:06:40Z'}}", NONE, true, NULL},
        {"{'DateGreaterThan':{'aws:CurrentTime':'2026-11-18'}}", NONE, true, NULL},
        {"{'DateGreaterThan':{'aws:CurrentTime':'2026-11-19'}}", NONE, false, NULL},
        {"{'DateGreaterThanEquals':{'aws:CurrentTime':'2026-11-18T11:06Z'}}", NONE, true, NULL},
        {"{'DateLessThan':{'aws:EpochTime':'2026-11-19'}}", NONE, true, NULL},
        {"{'NumericGreaterThan':{'aws:EpochTime':1794999999}}", NONE, true, NULL},
    };
    CHECK(cases);
}

static void the_others(void **state)
{
    (void)state;
    const condition_case cases[] = {
        {"{'Bool':{'aws:SecureTransport':'true'}}", PAIRS("aws:SecureTransport=true"), true, NULL},
        {"{'Bool':{'aws:SecureTransport':true}}", PAIRS("aws:SecureTransport=True"), true, NULL},
        {"{'Bool':{'aws:SecureTransport':'true'}}", PAIRS("aws:SecureTransport=false"), false, NULL},
        {"{'Bool':{'aws:SecureTransport':'FALSE'}}", PAIRS("aws:SecureTransport=false"), true, NULL},
        {"{'Bool':{'aws:SecureTransport':'false'}}", NONE, false, NULL},
        {"{'BoolIfExists':{'aws:SecureTransport':'false'}}", NONE, true, NULL},
        {"{'BinaryEquals':{'s3:prefix':'aGk='}}", PAIRS("s3:prefix=aGk="), true, NULL},
        {"{'BinaryEquals':{'s3:prefix':'aGk='}}", PAIRS("s3:prefix=aGg="), false, NULL},
        {"{'BinaryEquals':{'s3:prefix':'aGk='}}", PAIRS("s3:prefix=hi"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=10.1.2.3"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=::ffff:10.1.2.3"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=11.1.2.3"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'::ffff:10.0.0.0/104'}}", PAIRS("aws:SourceIp=10.1.2.3"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'192.0.2.1'}}", PAIRS("aws:SourceIp=192.0.2.1"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'192.0.2.1'}}", PAIRS("aws:SourceIp=192.0.2.2"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'192.0.2.128/25'}}", PAIRS("aws:SourceIp=192.0.2.127"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'192.0.2.128/25'}}", PAIRS("aws:SourceIp=192.0.2.128"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'0.0.0.0/0'}}", PAIRS("aws:SourceIp=2001:db8::1"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'::/0'}}", PAIRS("aws:SourceIp=10.0.0.1"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'::/0'}}", PAIRS("aws:SourceIp=2001:db8::1"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'2001:db8::/33'}}", PAIRS("aws:SourceIp=2001:db8:7fff::"), true, NULL},
        {"{'IpAddress':{'aws:SourceIp':'2001:db8::/33'}}", PAIRS("aws:SourceIp=2001:db8:8000::"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=garbage"), false, NULL},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", NONE, false, NULL},
        {"{'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=10.1.2.3"), false, NULL},
        {"{'NotIpAddress':{'aws:SourceIp':['10.0.0.0/8','11.0.0.0/8']}}",
         PAIRS("aws:SourceIp=11.1.2.3"), false, NULL},
        {"{'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", PAIRS("aws:SourceIp=12.1.2.3"), true, NULL},
        {"{'NotIpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", NONE, true, NULL},
        {"{'ArnEquals':{'aws:SourceArn':'arn:aws:s3:::b'}}", PAIRS("aws:SourceArn=arn:aws:s3:::b"), true, NULL},
        {"{'ArnEquals':{'aws:SourceArn':'arn:aws:s3:::b*'}}", PAIRS("aws:SourceArn=arn:aws:s3:::bc"),
         true, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:*:*:*:topic'}}",
         PAIRS("aws:SourceArn=arn:aws:sns:eu:1:topic"), true, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:*:eu:*:t'}}",
         PAIRS("aws:SourceArn=arn:aws:sns:eu:1:topic"), false, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:*:x:y:z:a:b'}}",
         PAIRS("aws:SourceArn=arn:aws:x:y:z:a:b"), true, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:s3*:::b'}}", PAIRS("aws:SourceArn=arn:aws:s3:eu::b"),
         false, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:s3:::b'}}", PAIRS("aws:SourceArn=b"), false, NULL},
        {"{'ArnNotEquals':{'aws:SourceArn':'arn:aws:s3:::b'}}", PAIRS("aws:SourceArn=arn:aws:s3:::b"),
         false, NULL},
        {"{'ArnNotLike':{'aws:SourceArn':'arn:aws:s3:::b*'}}", PAIRS("aws:SourceArn=arn:aws:s3:::c"),
         true, NULL},
        {"{'ArnNotLike':{'aws:SourceArn':'arn:aws:s3:::b*'}}", NONE, true, NULL},
        {"{'Null':{'s3:prefix':'true'}}", NONE, true, NULL},
        {"{'Null':{'s3:prefix':'true'}}", PAIRS("s3:prefix=a"), false, NULL},
        {"{'Null':{'s3:prefix':'false'}}", PAIRS("s3:prefix="), true, NULL},
        {"{'Null':{'s3:prefix':false}}", NONE, false, NULL},
        {"{'Null':{'aws:PrincipalOrgID':true}}", NONE, true, NULL},
    };
    CHECK(cases);
}

static void sets(void **state)
{
    (void)state;
#define KEYS "s3:RequestObjectTagKeys"
    const condition_case cases[] = {
        {"{'ForAnyValue:StringEquals':{'" KEYS "':['a','b']}}", PAIRS(KEYS "=x", KEYS "=b"), true, NULL},
        {"{'ForAnyValue:StringEquals':{'" KEYS "':['a','b']}}", PAIRS(KEYS "=x"), false, NULL},
        {"{'ForAnyValue:StringEquals':{'" KEYS "':'a'}}", NONE, false, NULL},
        {"{'ForAnyValue:StringEqualsIfExists':{'" KEYS "':'a'}}", NONE, true, NULL},
        {"{'ForAnyValue:StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=a", KEYS "=b"), true, NULL},
        {"{'ForAnyValue:StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=a"), false, NULL},
        {"{'ForAnyValue:StringNotEquals':{'" KEYS "':'a'}}", NONE, false, NULL},
        {"{'ForAnyValue:StringLike':{'" KEYS "':'a*'}}", PAIRS(KEYS "=b", KEYS "=ab"), true, NULL},
        {"{'ForAllValues:StringEquals':{'" KEYS "':['a','b']}}", PAIRS(KEYS "=a", KEYS "=b"), true, NULL},
        {"{'ForAllValues:StringEquals':{'" KEYS "':['a','b']}}", PAIRS(KEYS "=a", KEYS "=c"), false, NULL},
        {"{'ForAllValues:StringEquals':{'" KEYS "':'a'}}", NONE, true, NULL},
        {"{'ForAllValues:StringEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "="), true, NULL},
        {"{'ForAllValues:StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=b", KEYS "=c"), true, NULL},
        {"{'ForAllValues:StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=b", KEYS "=a"), false, NULL},
        {"{'ForAllValues:StringLike':{'" KEYS "':'a*'}}", PAIRS(KEYS "=ab", KEYS "=ac"), true, NULL},
        /* without a set operator: any of them, or none of them */
        {"{'StringEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=b", KEYS "=a"), true, NULL},
        {"{'StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=b", KEYS "=a"), false, NULL},
        {"{'StringNotEquals':{'" KEYS "':'a'}}", PAIRS(KEYS "=b", KEYS "=c"), true, NULL},
        {"{'ForAnyValue:StringEquals':{'aws:CalledVia':'s3-object-lambda.amazonaws.com'}}", NONE, false, NULL},
        {"{'Null':{'aws:CalledVia':'true'}}", NONE, true, NULL},
        {"{'Bool':{'aws:ViaAWSService':'false'}}", NONE, true, NULL},
    };
    CHECK(cases);
}

static void own_keys(void **state)
{
    (void)state;
    const condition_case cases[] = {
        {"{'StringEquals':{'aws:username':'ann'}}", NONE, true, NULL},
        {"{'StringEquals':{'aws:username':'ann'}}", NONE, false, "bob"},
        {"{'Null':{'aws:username':'true'}}", NONE, true, "root"},
        {"{'Null':{'aws:username':'true'}}", NONE, true, "session"},
        {"{'Null':{'aws:username':'true'}}", NONE, true, "nobody"},
        {"{'StringEquals':{'aws:userid':'AIDAANN'}}", NONE, true, NULL},
        {"{'StringLike':{'aws:userid':'AROAWORKER:*'}}", NONE, true, "session"},
        {"{'StringEquals':{'aws:userid':'anonymous'}}", NONE, true, "nobody"},
        {"{'StringEquals':{'aws:PrincipalType':'User'}}", NONE, true, NULL},
        {"{'StringEquals':{'aws:PrincipalType':'Account'}}", NONE, true, "root2"},
        {"{'StringEquals':{'aws:PrincipalType':'AssumedRole'}}", NONE, true, "session"},
        {"{'StringEquals':{'aws:PrincipalType':'Anonymous'}}", NONE, true, "nobody"},
        {"{'ArnEquals':{'aws:PrincipalArn':'arn:aws:iam::111122223333:user/ann'}}", NONE, true, NULL},
        {"{'ArnEquals':{'aws:PrincipalArn':'arn:aws:iam::111122223333:role/worker'}}", NONE, true,
         "session"},
        {"{'Null':{'aws:PrincipalArn':'true'}}", NONE, true, "nobody"},
        {"{'StringEquals':{'aws:PrincipalAccount':'444455556666'}}", NONE, true, "bob"},
        {"{'StringEquals':{'aws:PrincipalTag/team':'red'}}", NONE, true, NULL},
        {"{'StringEquals':{'aws:PrincipalTag/team':'red'}}", NONE, false, "bob"},
        {"{'Bool':{'aws:PrincipalIsAWSService':'true'}}", NONE, true, "cdn"},
        {"{'Bool':{'aws:PrincipalIsAWSService':'false'}}", NONE, true, NULL},
        /* MFA: only temporary credentials say anything */
        {"{'Bool':{'aws:MultiFactorAuthPresent':'true'}}", NONE, true, "session"},
        {"{'Bool':{'aws:MultiFactorAuthPresent':'true'}}", NONE, false, NULL},
        {"{'Bool':{'aws:MultiFactorAuthPresent':'false'}}", NONE, false, NULL},
        {"{'BoolIfExists':{'aws:MultiFactorAuthPresent':'false'}}", NONE, true, NULL},
        {"{'Null':{'aws:MultiFactorAuthPresent':'true'}}", NONE, true, NULL},
        {"{'NumericLessThan':{'aws:MultiFactorAuthAge':31}}", NONE, true, "session"},
        {"{'NumericLessThan':{'aws:MultiFactorAuthAge':30}}", NONE, false, "session"},
        {"{'NumericLessThan':{'aws:MultiFactorAuthAge':3600}}", NONE, false, NULL},
        {"{'DateLessThan':{'aws:TokenIssueTime':'2026-11-18T11:06:00Z'}}", NONE, true, "session"},
        {"{'Null':{'aws:TokenIssueTime':'true'}}", NONE, true, NULL},
        {"{'StringEquals':{'aws:ResourceAccount':'999999999999'}}", NONE, true, NULL},
        {"{'StringEquals':{'s3:ResourceAccount':'999999999999'}}", NONE, true, NULL},
        {"{'Null':{'s3:DataAccessPointArn':'true'}}", NONE, true, NULL},
        {"{'Null':{'s3:AccessPointNetworkOrigin':'true'}}", NONE, true, NULL},
    };
    CHECK(cases);
}

static void variables(void **state)
{
    (void)state;
    const condition_case cases[] = {
        {"{'StringEquals':{'s3:prefix':'home/${aws:username}/'}}", PAIRS("s3:prefix=home/ann/"), true, NULL},
        {"{'StringEquals':{'s3:prefix':'home/${aws:username}/'}}", PAIRS("s3:prefix=home/bob/"), false, NULL},
        {"{'StringLike':{'s3:prefix':'${aws:username}/*'}}", PAIRS("s3:prefix=ann/x/y"), true, NULL},
        {"{'StringLike':{'s3:prefix':'${AWS:UserName}${*}'}}", PAIRS("s3:prefix=ann*"), true, NULL},
        {"{'StringLike':{'s3:prefix':'${aws:username}${*}'}}", PAIRS("s3:prefix=annx"), false, NULL},
        {"{'StringLike':{'s3:prefix':'${?}${$}'}}", PAIRS("s3:prefix=?$"), true, NULL},
        {"{'StringLike':{'s3:prefix':'${s3:delimiter}x'}}", PAIRS("s3:prefix=/x", "s3:delimiter=/"),
         true, NULL},
        /* a value's own wildcards mean nothing */
        {"{'StringLike':{'s3:prefix':'${s3:delimiter}'}}", PAIRS("s3:prefix=abc", "s3:delimiter=*"),
         false, NULL},
        {"{'StringEqualsIgnoreCase':{'s3:prefix':'${aws:username}'}}", PAIRS("s3:prefix=ANN"), true, NULL},
        {"{'StringEquals':{'s3:prefix':'${aws:PrincipalTag/team}'}}", PAIRS("s3:prefix=red"), true, NULL},
        {"{'StringEquals':{'s3:prefix':'${aws:PrincipalTag/x, \\u0027none\\u0027}'}}",
         PAIRS("s3:prefix=none"), true, NULL},
        {"{'StringNotEquals':{'s3:prefix':'${aws:username}'}}", PAIRS("s3:prefix=bob"), true, NULL},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:s3:::${aws:username}-*'}}",
         PAIRS("aws:SourceArn=arn:aws:s3:::ann-1"), true, NULL},
    };
    CHECK(cases);
    /* Without a value: nothing is equal, and an Allow that needs it to differ does not open. */
    const condition_case missing[] = {
        {"{'StringEquals':{'s3:prefix':'${aws:PrincipalTag/x}'}}", PAIRS("s3:prefix="), false, NULL},
        {"{'StringLike':{'s3:prefix':'*${aws:PrincipalTag/x}'}}", PAIRS("s3:prefix=a"), false, NULL},
        {"{'StringNotEquals':{'s3:prefix':'${aws:PrincipalTag/x}'}}", PAIRS("s3:prefix=a"), false, NULL},
        {"{'StringNotLike':{'s3:prefix':'${aws:PrincipalTag/x}*'}}", PAIRS("s3:prefix=a"), false, NULL},
        {"{'StringEquals':{'s3:prefix':['a','${aws:PrincipalTag/x}']}}", PAIRS("s3:prefix=a"), true, NULL},
    };
    check(missing, sizeof(missing) / sizeof(missing[0]));
    assert_true(holds(&missing[2], "Deny"));
    assert_true(holds(&missing[3], "Deny"));
    assert_false(holds(&missing[0], "Deny"));
}

/* In the older version of the language "${" is text. */
static void the_older_version_has_no_variables(void **state)
{
    (void)state;
    ol_policy *policy = ask_policy(
        "{'Version':'2008-10-17','Statement':{'Effect':'Allow','Action':'s3:*','Resource':'*',"
        "'Condition':{'StringEquals':{'s3:prefix':'${aws:username}'}}}}",
        OL_POLICY_IDENTITY);
    const ol_policy *const policies[] = {policy};
    ol_identity ann = ask_person("ann");
    ann.policies = policies;
    ann.policy_count = 1;
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET), .account_id = ann.account_id};
    ask_context context = {.pairs = PAIRS("s3:prefix=${aws:username}")};
    ol_access_question question = {.who = &ann,
                                   .action = OL_SLICE_LIT("ListBucket"),
                                   .bucket = &bucket,
                                   .values = ask_values,
                                   .values_arg = &context};
    assert_int_equal(ol_access_decide(&question, NULL), OL_OK);
    context.pairs = PAIRS("s3:prefix=ann");
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    ol_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),      cmocka_unit_test(numbers_and_dates),
        cmocka_unit_test(the_others), cmocka_unit_test(sets),
        cmocka_unit_test(own_keys),   cmocka_unit_test(variables),
        cmocka_unit_test(the_older_version_has_no_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
