/* SPDX-License-Identifier: MIT */
/* Decisions through access points and Object Lambda access points: what each door must allow, what
 * may still deny a view, and what a grant of a view alone does not reach. */
#include "unit/access/ask.h"

#define ST(effect, principal, action, resource, more)                                              \
    "{'Effect':'" effect "'," principal "'Action':" action ",'Resource':" resource more "}"
#define ONE(statement) "{'Version':'2012-10-17','Statement':[" statement "]}"
#define TWO(first, second) "{'Version':'2012-10-17','Statement':[" first "," second "]}"

#define ID_ALLOW(action, resource) ST("Allow", "", action, resource, "")
#define ID_DENY(action, resource) ST("Deny", "", action, resource, "")
#define RES(effect, principal, action, more)                                                       \
    ST(effect, "'Principal':" principal ",", action, "'*'", more)
#define ANN "{'AWS':'arn:aws:iam::111122223333:user/ann'}"
#define BOB "{'AWS':'arn:aws:iam::444455556666:user/bob'}"

#define ON_BUCKET "['" ASK_BUCKET "','" ASK_BUCKET "/*']"
#define ON_POINT "['" ASK_POINT "','" ASK_POINT "/object/*']"
#define ON_LAMBDA "'" ASK_LAMBDA "'"
#define VIEW_ONLY ONE(ID_ALLOW("'s3-object-lambda:GetObject'", ON_LAMBDA))
#define VIA ",'Condition':{'ForAnyValue:StringEquals':{'aws:CalledVia':'s3-object-lambda.amazonaws.com'}}"
#define NOT_VIA ",'Condition':{'Null':{'aws:CalledVia':'true'}}"
#define DELEGATES ",'Condition':{'StringEquals':{'s3:DataAccessPointAccount':'" ASK_ACCOUNT "'}}"

enum through { BUCKET, POINT, VIEW, HANDED_ON };

typedef struct door_case {
    const char *who;
    enum through through;
    const char *identity, *lambda, *point, *bucket; /* policies */
    bool allowed;
    const char *action; /* NULL: GetObject of "k" */
    const char *bucket_account, *point_account;
    const char *endpoint;
} door_case;

static ol_access_door door(const char *arn, const char *account, ol_policy *policy)
{
    return (ol_access_door){.arn = ol_slice_cstr(arn),
                            .account_id = ol_slice_cstr(account ? account : ASK_ACCOUNT),
                            .policy = policy};
}

static int decide(const door_case *c, ol_error *err)
{
    ol_identity who = ask_person(c->who);
    ol_policy *own = ask_policy(c->identity, OL_POLICY_IDENTITY);
    ol_policy *policies[] = {ask_policy(c->lambda, OL_POLICY_OLAP),
                             ask_policy(c->point, OL_POLICY_ACCESS_POINT),
                             ask_policy(c->bucket, OL_POLICY_BUCKET),
                             ask_policy(c->endpoint, OL_POLICY_ENDPOINT)};
    const ol_policy *const list[] = {own};
    who.policies = list;
    who.policy_count = own ? 1 : 0;
    ol_access_door lambda = door(ASK_LAMBDA, NULL, policies[0]);
    ol_access_door point = door(ASK_POINT, c->point_account, policies[1]);
    ol_access_door bucket = door(ASK_BUCKET, c->bucket_account, policies[2]);
    ol_access_question question = {.who = &who,
                                   .action = ol_slice_cstr(c->action ? c->action : "GetObject"),
                                   .key = ol_slice_cstr(c->action ? NULL : "k"),
                                   .olap = c->through >= VIEW ? &lambda : NULL,
                                   .access_point = c->through >= POINT ? &point : NULL,
                                   .bucket = &bucket,
                                   .view = c->through == VIEW,
                                   .endpoint_policy = policies[3],
                                   .now_ms = ASK_NOW_MS};
    int rc = ol_access_decide(&question, err);
    ol_policy_release(own);
    for (size_t i = 0; i < 4; i++)
        ol_policy_release(policies[i]);
    return rc;
}

static void check(const door_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ol_error err = {0};
        int rc = decide(&cases[i], &err);
        if (rc != (cases[i].allowed ? OL_OK : OL_EACCESS))
            fail_msg("case %zu: %s", i, err.detail);
    }
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

static void access_points_of_one_account(void **state)
{
    (void)state;
    const door_case cases[] = {
        {.who = "ann", .through = POINT},
        {.who = "root", .through = POINT, .allowed = true},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'s3:*'", ON_POINT)), .allowed = true},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'s3:*'", ON_BUCKET))},
        {"ann", BUCKET, .identity = ONE(ID_ALLOW("'s3:*'", ON_POINT))},
        /* the point's own policy opens the point, not the bucket behind it */
        {"ann", POINT, .point = ONE(RES("Allow", ANN, "'s3:*'", ""))},
        {"ann", POINT, .point = ONE(RES("Allow", ANN, "'s3:*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"ann", POINT, .point = ONE(RES("Allow", ANN, "'s3:*'", "")),
         .bucket = ONE(RES("Allow", ANN, "'s3:GetObject'", "")), .allowed = true},
        {"ann", POINT, .point = ONE(RES("Allow", ANN, "'s3:*'", "")),
         .identity = ONE(ID_ALLOW("'s3:*'", ON_BUCKET)), .allowed = true},
        /* a bucket that delegates opens nothing by itself */
        {"ann", BUCKET, .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES))},
        {"ann", POINT, .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES))},
        /* a Deny anywhere */
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .point = ONE(RES("Deny", ANN, "'s3:*'", ""))},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", ANN, "'s3:*'", ""))},
        {"ann", POINT, .identity = TWO(ID_ALLOW("'*'", "'*'"), ID_DENY("'s3:*'", ON_BUCKET))},
        {"ann", POINT, .identity = TWO(ID_ALLOW("'*'", "'*'"), ID_DENY("'s3:*'", ON_POINT))},
        {"root", POINT, .point = ONE(RES("Deny", "'*'", "'s3:*'", ""))},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", "'*'", "'s3:*'", NOT_VIA))},
        /* only through one point: Deny for whatever comes another way */
        {"ann", BUCKET, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", "'*'", "'s3:*'",
                           ",'Condition':{'StringNotEquals':{'s3:DataAccessPointArn':'" ASK_POINT "'}}"))},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", "'*'", "'s3:*'",
                           ",'Condition':{'StringNotEquals':{'s3:DataAccessPointArn':'" ASK_POINT "'}}")),
         .allowed = true},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'s3:ListBucket'", "'" ASK_POINT "'")),
         .action = "ListBucket", .allowed = true},
    };
    CHECK(cases);
}

static void access_points_across_accounts(void **state)
{
    (void)state;
    const door_case cases[] = {
        {"bob", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'"))},
        {"bob", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")), .point = ONE(RES("Allow", BOB, "'*'", ""))},
        {"bob", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")), .point = ONE(RES("Allow", BOB, "'*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"bob", POINT, .identity = ONE(ID_ALLOW("'s3:*'", ON_POINT)),
         .point = ONE(RES("Allow", BOB, "'*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"bob", POINT, .point = ONE(RES("Allow", BOB, "'*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES))},
        /* the point of one account on the bucket of another */
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")), .bucket_account = ASK_OTHER_ACCOUNT},
        {"root", POINT, .bucket_account = ASK_OTHER_ACCOUNT},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")), .bucket_account = ASK_OTHER_ACCOUNT,
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"ann", POINT, .point = ONE(RES("Allow", ANN, "'*'", "")), .bucket_account = ASK_OTHER_ACCOUNT,
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES))},
        {"nobody", POINT, .point = ONE(RES("Allow", "'*'", "'*'", ""))},
        {"nobody", POINT, .point = ONE(RES("Allow", "'*'", "'*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"nobody", BUCKET, .point = ONE(RES("Allow", "'*'", "'*'", "")),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES))},
    };
    CHECK(cases);
}

/* One line gives a view, and no other way round leads to the original. */
static void a_view_and_not_the_original(void **state)
{
    (void)state;
    const door_case cases[] = {
        {"ann", VIEW, .identity = VIEW_ONLY, .allowed = true},
        {"ann", HANDED_ON, .identity = VIEW_ONLY},
        {"ann", POINT, .identity = VIEW_ONLY},
        {"ann", BUCKET, .identity = VIEW_ONLY},
        {"ann", VIEW, .identity = VIEW_ONLY, .action = "ListBucket"},
        {"ann", HANDED_ON, .identity = VIEW_ONLY, .action = "GetObjectAcl"},
        {"ann", HANDED_ON, .identity = VIEW_ONLY, .action = "GetObjectAttributes"},
        {"ann", HANDED_ON, .identity = ONE(ID_ALLOW("'s3-object-lambda:*'", "'*'"))},
        {"ann", VIEW, .identity = ONE(ID_ALLOW("'s3:*'", "'*'"))},
        {"ann", VIEW, .lambda = ONE(RES("Allow", ANN, "'s3-object-lambda:GetObject'", "")),
         .allowed = true},
        /* with the raw object denied by every other way */
        {"ann", VIEW,
         .identity = TWO(ID_ALLOW("'s3-object-lambda:GetObject'", ON_LAMBDA), ID_DENY("'s3:*'", "'*'")),
         .allowed = true},
        {"ann", POINT,
         .identity = TWO(ID_ALLOW("'*'", "'*'"), ID_DENY("'s3:*'", "'*'"))},
        {"ann", HANDED_ON, .identity = TWO(ID_ALLOW("'*'", "'*'"), ID_DENY("'s3:*'", "'*'"))},
        {"ann", VIEW, .identity = TWO(ID_ALLOW("'*'", "'*'"), ID_DENY("'s3:*'", "'*'")),
         .allowed = true},
        /* across accounts */
        {"bob", VIEW, .identity = ONE(ID_ALLOW("'*'", "'*'"))},
        {"bob", VIEW, .lambda = ONE(RES("Allow", BOB, "'*'", ""))},
        {"bob", VIEW, .identity = ONE(ID_ALLOW("'*'", "'*'")), .lambda = ONE(RES("Allow", BOB, "'*'", "")),
         .allowed = true},
        {"nobody", VIEW, .lambda = ONE(RES("Allow", "'*'", "'*'", "")), .allowed = true},
        {.who = "nobody", .through = VIEW},
        {"root", VIEW, .allowed = true},
        /* of a bucket of another account, which must have allowed it */
        {"root", VIEW, .bucket_account = ASK_OTHER_ACCOUNT},
        {"ann", VIEW, .identity = ONE(ID_ALLOW("'*'", "'*'")), .bucket_account = ASK_OTHER_ACCOUNT},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket_account = ASK_OTHER_ACCOUNT},
        {"nobody", VIEW, .lambda = ONE(RES("Allow", "'*'", "'*'", "")),
         .bucket_account = ASK_OTHER_ACCOUNT},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket_account = ASK_OTHER_ACCOUNT,
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket_account = ASK_OTHER_ACCOUNT,
         .bucket = ONE(RES("Allow", ANN, "'s3:GetObject'", VIA)), .allowed = true},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket_account = ASK_OTHER_ACCOUNT,
         .bucket = ONE(RES("Allow", BOB, "'s3:GetObject'", ""))},
    };
    CHECK(cases);
}

static void what_may_deny_a_view(void **state)
{
    (void)state;
    const door_case cases[] = {
        {"ann", VIEW, .identity = VIEW_ONLY, .lambda = ONE(RES("Deny", ANN, "'*'", ""))},
        {"ann", VIEW, .identity = VIEW_ONLY, .point = ONE(RES("Deny", ANN, "'s3:GetObject'", ""))},
        {"ann", VIEW, .identity = VIEW_ONLY, .point = ONE(RES("Deny", ANN, "'s3:GetObject'", VIA))},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket = ONE(RES("Deny", ANN, "'s3:GetObject'", ""))},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket = ONE(RES("Deny", ANN, "'s3:GetObject'", VIA))},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket = ONE(RES("Deny", BOB, "'s3:GetObject'", "")),
         .allowed = true},
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket = ONE(RES("Deny", ANN, "'s3:PutObject'", "")),
         .allowed = true},
        /* a bucket that is only reached through views */
        {"ann", VIEW, .identity = VIEW_ONLY, .bucket = ONE(RES("Deny", "'*'", "'s3:*'", NOT_VIA)),
         .allowed = true},
        {"ann", POINT, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", "'*'", "'s3:*'", NOT_VIA))},
        {"ann", HANDED_ON, .identity = ONE(ID_ALLOW("'*'", "'*'")),
         .bucket = ONE(RES("Deny", "'*'", "'s3:*'", NOT_VIA)), .allowed = true},
        /* the identity's own Deny counts where it speaks of views */
        {"ann", VIEW,
         .identity = TWO(ID_ALLOW("'s3-object-lambda:*'", "'*'"),
                         ST("Deny", "", "'s3:GetObject'", "'*'", VIA))},
        {"ann", VIEW,
         .identity = TWO(ID_ALLOW("'s3-object-lambda:*'", "'*'"),
                         ST("Deny", "", "'s3:GetObject'", ON_POINT, NOT_VIA)),
         .allowed = true},
        /* Allow of the doors behind does not matter, nor that there is none */
        {"ann", VIEW, .point = ONE(RES("Allow", ANN, "'*'", "")),
         .bucket = ONE(RES("Allow", ANN, "'*'", ""))},
        /* what may be done through the listener at all */
        {"ann", VIEW, .identity = VIEW_ONLY, .allowed = true,
         .endpoint = ONE(ID_ALLOW("'s3-object-lambda:*'", "'*'"))},
        {"ann", VIEW, .identity = VIEW_ONLY, .endpoint = ONE(ID_ALLOW("'s3:*'", "'*'"))},
    };
    CHECK(cases);
}

static void what_is_handed_on_needs_all_doors(void **state)
{
    (void)state;
#define LAMBDA_PUT ID_ALLOW("'s3-object-lambda:PutObject'", ON_LAMBDA)
#define POINT_PUT ID_ALLOW("'s3:PutObject'", ON_POINT)
    const door_case cases[] = {
        {"ann", HANDED_ON, .identity = ONE(LAMBDA_PUT), .action = "PutObject"},
        {"ann", HANDED_ON, .identity = ONE(POINT_PUT), .action = "PutObject"},
        {"ann", HANDED_ON, .identity = TWO(LAMBDA_PUT, ID_ALLOW("'s3:PutObject'", "'" ASK_POINT "'")),
         .action = "PutObject", .allowed = true},
        {"ann", HANDED_ON, .identity = TWO(LAMBDA_PUT, ID_ALLOW("'s3:PutObject'", "'" ASK_POINT "'")),
         .action = "PutObject", .point = ONE(RES("Deny", "'*'", "'s3:PutObject'", VIA))},
        {"ann", HANDED_ON, .identity = ONE(LAMBDA_PUT), .action = "PutObject",
         .point = ONE(RES("Allow", ANN, "'*'", VIA)),
         .bucket = ONE(RES("Allow", "'*'", "'*'", DELEGATES)), .allowed = true},
        {"root", HANDED_ON, .action = "PutObject", .allowed = true},
        /* what Object Lambda access points have no name for */
        {"root", HANDED_ON, .action = "GetObjectAttributes"},
    };
    CHECK(cases);
}

/* ---- other resources ---- */

static int decide_other(const char *who_name, const char *identity, const char *trust,
                        const char *action)
{
    ol_identity who = ask_person(who_name);
    ol_policy *own = ask_policy(identity, OL_POLICY_IDENTITY);
    ol_policy *policy = ask_policy(trust, OL_POLICY_TRUST);
    const ol_policy *const list[] = {own};
    who.policies = list;
    who.policy_count = own ? 1 : 0;
    ol_access_door role = {.arn = OL_SLICE_LIT("arn:aws:iam::" ASK_ACCOUNT ":role/worker"),
                           .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
                           .policy = policy,
                           .policy_required = true};
    ol_access_question question = {.who = &who,
                                   .action = ol_slice_cstr(action),
                                   .other = &role,
                                   .other_service = "sts"};
    int rc = ol_access_decide(&question, NULL);
    ol_policy_release(own);
    ol_policy_release(policy);
    return rc;
}

#define TRUST(principal)                                                                           \
    "{'Statement':{'Effect':'Allow','Principal':" principal ",'Action':'sts:AssumeRole'}}"
#define MAY_ASSUME ONE(ID_ALLOW("'sts:AssumeRole'", "'arn:aws:iam::" ASK_ACCOUNT ":role/worker'"))

static void roles_are_assumed_by_those_they_trust(void **state)
{
    (void)state;
    assert_int_equal(decide_other("ann", NULL, TRUST(ANN), "AssumeRole"), OL_OK);
    assert_int_equal(decide_other("ann", MAY_ASSUME, TRUST(BOB), "AssumeRole"), OL_EACCESS);
    assert_int_equal(decide_other("ann", NULL, TRUST("{'AWS':'111122223333'}"), "AssumeRole"),
                     OL_EACCESS);
    assert_int_equal(decide_other("ann", MAY_ASSUME, TRUST("{'AWS':'111122223333'}"), "AssumeRole"),
                     OL_OK);
    assert_int_equal(decide_other("root", NULL, TRUST("{'AWS':'111122223333'}"), "AssumeRole"), OL_OK);
    assert_int_equal(decide_other("root", NULL, NULL, "AssumeRole"), OL_EACCESS);
    assert_int_equal(decide_other("bob", NULL, TRUST(BOB), "AssumeRole"), OL_EACCESS);
    assert_int_equal(decide_other("bob", MAY_ASSUME, TRUST(BOB), "AssumeRole"), OL_OK);
    assert_int_equal(decide_other("nobody", NULL, TRUST(ANN), "AssumeRole"), OL_EACCESS);
    assert_int_equal(decide_other("ann", NULL, TRUST(ANN), "TagSession"), OL_EACCESS);
}

static void the_service_itself(void **state)
{
    (void)state;
    ol_identity ann = ask_person("ann");
    ol_policy *policy = ask_policy(ONE(ID_ALLOW("'s3:ListAllMyBuckets'", "'arn:aws:s3:::*'")),
                                   OL_POLICY_IDENTITY);
    const ol_policy *const list[] = {policy};
    ol_access_door service = {.arn = OL_SLICE_LIT("arn:aws:s3:::*"), .account_id = ann.account_id};
    ol_access_question question = {
        .who = &ann, .action = OL_SLICE_LIT("ListAllMyBuckets"), .other = &service};
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    ann.policies = list;
    ann.policy_count = 1;
    assert_int_equal(ol_access_decide(&question, NULL), OL_OK);
    question.action = OL_SLICE_LIT("CreateAccessPoint");
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    ol_policy_release(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_points_of_one_account),
        cmocka_unit_test(access_points_across_accounts),
        cmocka_unit_test(a_view_and_not_the_original),
        cmocka_unit_test(what_may_deny_a_view),
        cmocka_unit_test(what_is_handed_on_needs_all_doors),
        cmocka_unit_test(roles_are_assumed_by_those_they_trust),
        cmocka_unit_test(the_service_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
