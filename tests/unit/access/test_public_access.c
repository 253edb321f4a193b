/* SPDX-License-Identifier: MIT */
/* What makes a policy public, and what the switches forbid to put. */
#include "unit/access/ask.h"

#include "access/public_access.h"

static bool is_public(const char *principal, const char *condition)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Principal':%s,'Action':"
             "'s3:GetObject','Resource':'" ASK_BUCKET "/*'%s%s}]}",
             principal, condition ? ",'Condition':" : "", condition ? condition : "");
    ol_policy *policy = ask_policy(text, OL_POLICY_BUCKET);
    bool yes = ol_policy_is_public(policy);
    ol_policy_release(policy);
    return yes;
}

static void principals(void **state)
{
    (void)state;
    assert_true(is_public("'*'", NULL));
    assert_true(is_public("{'AWS':'*'}", NULL));
    assert_true(is_public("{'AWS':['111122223333','*']}", NULL));
    assert_false(is_public("{'AWS':'111122223333'}", NULL));
    assert_false(is_public("{'CanonicalUser':'x'}", NULL));
    assert_false(is_public("{'Service':'s3.amazonaws.com'}", NULL));
    assert_false(ol_policy_is_public(NULL));
}

static void conditions_pin_it(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool is_public;
    } cases[] = {
        {"{'StringEquals':{'aws:SourceVpc':'vpc-1'}}", false},
        {"{'StringEquals':{'aws:SourceVpce':['vpce-1','vpce-2']}}", false},
        {"{'StringLike':{'aws:SourceVpce':'vpce-1'}}", false},
        {"{'StringLike':{'aws:SourceVpce':'vpce-*'}}", true},
        {"{'StringLike':{'aws:SourceVpce':['vpce-1','*']}}", true},
        {"{'StringEqualsIfExists':{'aws:SourceVpc':'vpc-1'}}", true},
        {"{'StringNotEquals':{'aws:SourceVpc':'vpc-1'}}", true},
        {"{'ForAllValues:StringEquals':{'aws:SourceVpc':'vpc-1'}}", true},
        {"{'ForAnyValue:StringEquals':{'aws:SourceVpc':'vpc-1'}}", false},
        {"{'StringEquals':{'aws:SourceVpc':'${aws:username}'}}", true},
        {"{'StringEquals':{'aws:PrincipalOrgID':'o-1'}}", false},
        {"{'ArnEquals':{'aws:SourceArn':'arn:aws:sns:eu:1:t'}}", false},
        {"{'ArnLike':{'aws:SourceArn':'arn:aws:sns:eu:1:*'}}", true},
        {"{'StringEquals':{'aws:SourceAccount':'111122223333'}}", false},
        {"{'StringEquals':{'s3:DataAccessPointAccount':'111122223333'}}", false},
        {"{'ArnLike':{'s3:DataAccessPointArn':'arn:aws:s3:eu:111122223333:accesspoint/*'}}", false},
        {"{'ArnLike':{'s3:DataAccessPointArn':'arn:aws:s3:eu:*:accesspoint/x'}}", true},
        {"{'StringLike':{'s3:DataAccessPointArn':'arn:aws:s3:eu:111122223333:*'}}", false},
        {"{'StringLike':{'s3:DataAccessPointArn':'arn:aws:s3:eu:*'}}", true},
        {"{'IpAddress':{'aws:SourceIp':'203.0.113.0/24'}}", false},
        {"{'IpAddress':{'aws:SourceIp':'203.0.0.0/8'}}", false},
        {"{'IpAddress':{'aws:SourceIp':'203.0.0.0/7'}}", true},
        {"{'IpAddress':{'aws:SourceIp':'0.0.0.0/0'}}", true},
        {"{'IpAddress':{'aws:SourceIp':['203.0.113.0/24','0.0.0.0/0']}}", true},
        {"{'IpAddress':{'aws:SourceIp':'10.0.0.0/8'}}", false},
        {"{'IpAddress':{'aws:SourceIp':'2001:db8::/32'}}", false},
        {"{'IpAddress':{'aws:SourceIp':'2001::/16'}}", true},
        {"{'NotIpAddress':{'aws:SourceIp':'203.0.113.0/24'}}", true},
        {"{'StringEquals':{'aws:SourceIp':'203.0.113.1'}}", true},
        {"{'StringLike':{'aws:Referer':'http://a/'}}", true},
        {"{'Bool':{'aws:SecureTransport':'true'}}", true},
        {"{'StringEquals':{'aws:userid':'AIDA1'}}", false},
        {"{'Bool':{'aws:SecureTransport':'true'},'StringEquals':{'aws:SourceVpc':'vpc-1'}}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_public("'*'", cases[i].condition) != cases[i].is_public)
            fail_msg("%s", cases[i].condition);
}

static void a_deny_is_not_public(void **state)
{
    (void)state;
    ol_policy *policy = ask_policy("{'Statement':{'Effect':'Deny','Principal':'*','Action':'s3:*',"
                                   "'Resource':'*'}}",
                                   OL_POLICY_BUCKET);
    assert_false(ol_policy_is_public(policy));
    ol_policy_release(policy);
}

static void the_switch_refuses_public_policies(void **state)
{
    (void)state;
    ol_policy *open = ask_policy("{'Statement':{'Effect':'Allow','Principal':'*','Action':'s3:*',"
                                 "'Resource':'*'}}",
                                 OL_POLICY_BUCKET);
    ol_policy *closed = ask_policy("{'Statement':{'Effect':'Allow','Principal':{'AWS':"
                                   "'111122223333'},'Action':'s3:*','Resource':'*'}}",
                                   OL_POLICY_BUCKET);
    ol_public_access_block off = {.block_public_acls = true,
                                  .ignore_public_acls = true,
                                  .restrict_public_buckets = true};
    ol_public_access_block on = {.block_public_policy = true};
    ol_error err = {0};
    assert_int_equal(ol_public_policy_check(&off, open, &err), OL_OK);
    assert_int_equal(ol_public_policy_check(&on, closed, &err), OL_OK);
    assert_int_equal(ol_public_policy_check(&on, NULL, &err), OL_OK);
    assert_int_equal(ol_public_policy_check(&on, open, &err), OL_EACCESS);
    ol_policy_release(open);
    ol_policy_release(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(principals),
        cmocka_unit_test(conditions_pin_it),
        cmocka_unit_test(a_deny_is_not_public),
        cmocka_unit_test(the_switch_refuses_public_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
