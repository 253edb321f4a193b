/* SPDX-License-Identifier: MIT */
/* Decisions about one bucket: identity and bucket policy, in one account and across, principals,
 * caps, root, the access control list, what is public. Then what a decision says of itself. */
#include "unit/access/ask.h"

#define ALLOW_ALL "{'Statement':{'Effect':'Allow','Action':'*','Resource':'*'}}"
#define DENY_ALL "{'Statement':{'Effect':'Deny','Action':'*','Resource':'*'}}"
#define ALLOW_GET "{'Statement':{'Effect':'Allow','Action':'s3:GetObject','Resource':'" ASK_BUCKET "/*'}}"
#define BY(effect, principal)                                                                      \
    "{'Statement':{'Effect':'" effect "','Principal':" principal                                   \
    ",'Action':'s3:*','Resource':['" ASK_BUCKET "','" ASK_BUCKET "/*']}}"
#define AWS(name) "{'AWS':'" name "'}"
#define ANN "arn:aws:iam::111122223333:user/ann"
#define BOB "arn:aws:iam::444455556666:user/bob"
#define ROLE "arn:aws:iam::111122223333:role/worker"
#define SESSION "arn:aws:sts::111122223333:assumed-role/worker/s1"

enum acl { NO_ACL, ACL_MINE, ACL_PUBLIC };

typedef struct decide_case {
    const char *who;
    const char *identity, *bucket; /* policies; NULL = none */
    bool allowed;
    struct {
        const char *action, *key; /* NULL: GetObject of "k" */
        const char *boundary, *session, *endpoint;
        enum acl acl;
        bool restrict_public, root_may_be_denied;
        const char *object_account;
    } with;
} decide_case;

static int ask_acl(void *arg, bool anybody, bool *allows, ol_error *err)
{
    const decide_case *c = arg;
    (void)err;
    *allows = c->with.acl == ACL_PUBLIC || (c->with.acl == ACL_MINE && !anybody);
    return OL_OK;
}

static int decide(const decide_case *c, const ol_access_trace *trace, ol_error *err)
{
    ol_identity who = ask_person(c->who);
    ol_policy *identity = ask_policy(c->identity, OL_POLICY_IDENTITY);
    ol_policy *boundary = ask_policy(c->with.boundary, OL_POLICY_IDENTITY);
    ol_policy *session = ask_policy(c->with.session, OL_POLICY_IDENTITY);
    ol_policy *endpoint = ask_policy(c->with.endpoint, OL_POLICY_ENDPOINT);
    ol_policy *policy = ask_policy(c->bucket, OL_POLICY_BUCKET);
    const ol_policy *const policies[] = {identity};
    who.policies = policies;
    who.policy_count = identity ? 1 : 0;
    who.boundary = boundary;
    who.session_policy = session;
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET),
                             .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
                             .policy = policy,
                             .restrict_public = c->with.restrict_public};
    ol_access_question question = {
        .who = &who,
        .action = ol_slice_cstr(c->with.action ? c->with.action : "GetObject"),
        .key = ol_slice_cstr(c->with.action && !c->with.key ? NULL : c->with.key ? c->with.key : "k"),
        .bucket = &bucket,
        .endpoint_policy = endpoint,
        .now_ms = ASK_NOW_MS,
        .acl = c->with.acl || c->with.object_account ? ask_acl : NULL,
        .acl_arg = (void *)c,
        .root_may_be_denied = c->with.root_may_be_denied,
        .object_account_id = ol_slice_cstr(c->with.object_account),
        .trace = trace};
    int rc = ol_access_decide(&question, err);
    ol_policy_release(identity);
    ol_policy_release(boundary);
    ol_policy_release(session);
    ol_policy_release(endpoint);
    ol_policy_release(policy);
    return rc;
}

static void check(const decide_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ol_error err = {0};
        int rc = decide(&cases[i], NULL, &err);
        if (rc != (cases[i].allowed ? OL_OK : OL_EACCESS))
            fail_msg("case %zu: %s, %s, %s: %s", i, cases[i].who, cases[i].identity,
                     cases[i].bucket, err.detail);
        assert_int_equal(err.code, rc);
        if (rc != OL_OK) {
            assert_string_equal(err.message, "Access Denied"); /* the reason is the log's only */
            assert_true(err.detail[0] != '\0');
        }
    }
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))
#define PLAIN {0}

static void in_one_account_either_is_enough(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"ann", NULL, NULL, false, PLAIN},
        {"ann", ALLOW_GET, NULL, true, PLAIN},
        {"ann", ALLOW_GET, NULL, false, {.action = "PutObject", .key = "k"}},
        {"ann", ALLOW_GET, NULL, false, {.action = "ListBucket"}},
        {"ann", NULL, BY("Allow", "'*'"), true, PLAIN},
        {"ann", NULL, BY("Allow", AWS(ANN)), true, PLAIN},
        {"ann", NULL, BY("Allow", AWS(BOB)), false, PLAIN},
        {"ann", NULL, BY("Allow", AWS(ANN "x")), false, PLAIN},
        {"ann", ALLOW_ALL, BY("Deny", "'*'"), false, PLAIN},
        {"ann", DENY_ALL, BY("Allow", "'*'"), false, PLAIN},
        {"ann", ALLOW_ALL, BY("Deny", AWS(BOB)), true, PLAIN},
        {"ann", ALLOW_ALL, BY("Deny", AWS(ANN)), false, PLAIN},
        {"session", NULL, NULL, false, PLAIN},
        {"session", ALLOW_GET, NULL, true, PLAIN},
        {"session", NULL, BY("Allow", AWS(ROLE)), true, PLAIN},
        {"session", NULL, BY("Allow", AWS(SESSION)), true, PLAIN},
        {"session", NULL, BY("Allow", AWS(SESSION "x")), false, PLAIN},
        {"session", ALLOW_ALL, BY("Deny", AWS(ROLE)), false, PLAIN},
        {"root", NULL, NULL, true, PLAIN},
        {"root", NULL, NULL, true, {.action = "DeleteBucket"}},
    };
    CHECK(cases);
}

/* An account in an Allow leaves the rest to its own policies; in a Deny it means everybody in it. */
static void accounts_are_not_their_users(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"ann", NULL, BY("Allow", AWS("111122223333")), false, PLAIN},
        {"ann", NULL, BY("Allow", AWS("arn:aws:iam::111122223333:root")), false, PLAIN},
        {"ann", ALLOW_GET, BY("Allow", AWS("111122223333")), true, PLAIN},
        {"ann", ALLOW_ALL, BY("Deny", AWS("111122223333")), false, PLAIN},
        {"ann", NULL, BY("Allow", "{'CanonicalUser':'canon1'}"), false, PLAIN},
        {"root", NULL, BY("Deny", "{'CanonicalUser':'canon1'}"), false, PLAIN},
        {"bob", ALLOW_ALL, BY("Allow", AWS("444455556666")), true, PLAIN},
        {"bob", ALLOW_ALL, BY("Allow", "{'CanonicalUser':'canon2'}"), true, PLAIN},
        {"bob", NULL, BY("Allow", AWS("444455556666")), false, PLAIN},
        {"root2", NULL, BY("Allow", AWS("444455556666")), true, PLAIN},
        {"root2", NULL, BY("Allow", "{'CanonicalUser':'canon2'}"), true, PLAIN},
    };
    CHECK(cases);
}

static void across_accounts_both_must_allow(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"bob", ALLOW_ALL, NULL, false, PLAIN},
        {"bob", NULL, BY("Allow", "'*'"), false, PLAIN},
        {"bob", ALLOW_ALL, BY("Allow", "'*'"), true, PLAIN},
        {"bob", ALLOW_ALL, BY("Allow", AWS(BOB)), true, PLAIN},
        {"bob", ALLOW_ALL, BY("Allow", AWS(ANN)), false, PLAIN},
        {"bob", DENY_ALL, BY("Allow", AWS(BOB)), false, PLAIN},
        {"root2", NULL, NULL, false, PLAIN},
        {"root2", NULL, BY("Allow", "'*'"), true, PLAIN},
        {"root2", NULL, BY("Deny", "'*'"), false, PLAIN},
    };
    CHECK(cases);
}

static void nobody_and_services(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"nobody", NULL, NULL, false, PLAIN},
        {"nobody", NULL, BY("Allow", "'*'"), true, PLAIN},
        {"nobody", NULL, BY("Allow", "{'AWS':'*'}"), true, PLAIN},
        {"nobody", NULL, BY("Allow", "{'AWS':['" ANN "','*']}"), true, PLAIN},
        {"nobody", NULL, BY("Allow", AWS("111122223333")), false, PLAIN},
        {"nobody", NULL, BY("Allow", "{'Service':'s3.amazonaws.com'}"), false, PLAIN},
        {"nobody", NULL, NULL, true, {.acl = ACL_PUBLIC}},
        {"nobody", NULL, BY("Deny", "'*'"), false, {.acl = ACL_PUBLIC}},
        {"cdn", NULL, NULL, false, PLAIN},
        {"cdn", NULL, BY("Allow", "{'CanonicalUser':'canon-cdn'}"), true, PLAIN},
        {"cdn", NULL, BY("Allow", "{'Service':'cloudfront.amazonaws.com'}"), true, PLAIN},
        {"cdn", NULL, BY("Allow", "{'Service':'s3.amazonaws.com'}"), false, PLAIN},
        {"cdn", NULL,
         BY("Allow", AWS("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1")), true,
         PLAIN},
        {"cdn", NULL, BY("Deny", "'*'"), false, {.acl = ACL_PUBLIC}},
    };
    CHECK(cases);
}

static void not_principal_spares_by_every_name(void **state)
{
    (void)state;
#define DENY_BUT(list)                                                                             \
    "{'Statement':[{'Effect':'Allow','Principal':'*','Action':'s3:*','Resource':'*'},"               \
    "{'Effect':'Deny','NotPrincipal':{" list "},'Action':'s3:*','Resource':'*'}]}"
    const decide_case cases[] = {
        {"ann", NULL, DENY_BUT("'AWS':['" ANN "','111122223333']"), true, PLAIN},
        {"ann", NULL, DENY_BUT("'AWS':'" ANN "'"), false, PLAIN},
        {"ann", NULL, DENY_BUT("'AWS':'111122223333'"), false, PLAIN},
        {"ann", NULL, DENY_BUT("'AWS':['" BOB "','444455556666']"), false, PLAIN},
        {"ann", NULL, DENY_BUT("'AWS':'*'"), true, PLAIN},
        {"root", NULL, DENY_BUT("'AWS':'111122223333'"), true, PLAIN},
        {"root", NULL, DENY_BUT("'AWS':'444455556666'"), false, PLAIN},
        {"session", NULL, DENY_BUT("'AWS':['" SESSION "','" ROLE "','111122223333']"), true, PLAIN},
        {"session", NULL, DENY_BUT("'AWS':['" SESSION "','111122223333']"), false, PLAIN},
        {"session", NULL, DENY_BUT("'AWS':['" ROLE "','111122223333']"), false, PLAIN},
        {"nobody", NULL, DENY_BUT("'AWS':'111122223333'"), false, PLAIN},
        {"cdn", NULL, DENY_BUT("'CanonicalUser':'canon-cdn'"), true, PLAIN},
        {"cdn", NULL, DENY_BUT("'AWS':'111122223333'"), false, PLAIN},
    };
    CHECK(cases);
}

static void turned_round(void **state)
{
    (void)state;
#define ID(text) "{'Version':'2012-10-17','Statement':{'Effect':'Allow'," text "}}"
    const decide_case cases[] = {
        {"ann", ID("'NotAction':'s3:Put*','Resource':'*'"), NULL, true, PLAIN},
        {"ann", ID("'NotAction':'s3:Get*','Resource':'*'"), NULL, false, PLAIN},
        {"ann", ID("'NotAction':['s3:Put*','s3:G?tObject'],'Resource':'*'"), NULL, false, PLAIN},
        {"ann", ID("'NotAction':'ec2:*','Resource':'*'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'*:*','Resource':'*'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'S3:gEToBJECT','Resource':'*'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'s3:*','NotResource':'" ASK_BUCKET "/secret/*'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'s3:*','NotResource':'" ASK_BUCKET "/k'"), NULL, false, PLAIN},
        {"ann", ID("'Action':'s3:*','NotResource':['arn:aws:s3:::c/*','" ASK_BUCKET "/*']"), NULL,
         false, PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b/${aws:username}/*'"), NULL, false,
         PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b/${aws:username}/*'"), NULL, true,
         {.action = "GetObject", .key = "ann/x"}},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b/a${*}'"), NULL, false,
         {.action = "GetObject", .key = "ab"}},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b/a${*}'"), NULL, true,
         {.action = "GetObject", .key = "a*"}},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b/K'"), NULL, false, PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b*'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::?/?'"), NULL, true, PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b'"), NULL, false, PLAIN},
        {"ann", ID("'Action':'s3:*','Resource':'arn:aws:s3:::b'"), NULL, true,
         {.action = "ListBucket"}},
        /* no value, no resource: not "all but nothing" */
        {"session", ID("'Action':'s3:*','NotResource':'arn:aws:s3:::b/${aws:username}'"), NULL, false,
         PLAIN},
        {"session",
         "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},{'Effect':"
         "'Deny','Action':'s3:*','NotResource':'arn:aws:s3:::b/${aws:username}'}]}",
         NULL, false, PLAIN},
    };
    CHECK(cases);
}

static void caps_only_take_away(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"ann", ALLOW_ALL, NULL, true, {.boundary = ALLOW_GET}},
        {"ann", ALLOW_ALL, NULL, false, {.boundary = ALLOW_GET, .action = "PutObject", .key = "k"}},
        {"ann", NULL, NULL, false, {.boundary = ALLOW_ALL}},
        {"ann", ALLOW_ALL, NULL, false, {.boundary = DENY_ALL}},
        {"ann", NULL, BY("Allow", "'*'"), false, {.boundary = DENY_ALL}},
        {"ann", NULL, BY("Allow", "'*'"), true, {.boundary = ALLOW_GET}},
        {"session", ALLOW_ALL, NULL, true, {.session = ALLOW_GET}},
        {"session", ALLOW_GET, NULL, false, {.session = ALLOW_ALL, .action = "PutObject", .key = "k"}},
        {"session", ALLOW_ALL, NULL, false, {.session = DENY_ALL}},
        {"session", ALLOW_ALL, NULL, false,
         {.session = ALLOW_GET, .boundary = "{'Statement':{'Effect':'Allow','Action':'s3:Put*',"
                                            "'Resource':'*'}}"}},
        {"root", NULL, NULL, true, {.session = ALLOW_GET}},
        {"root", NULL, NULL, false, {.session = ALLOW_GET, .action = "DeleteBucket"}},
        {"bob", ALLOW_ALL, BY("Allow", "'*'"), false, {.boundary = "{'Statement':{'Effect':'Allow',"
                                                       "'Action':'s3:Put*','Resource':'*'}}"}},
        /* what may be done through a listener at all */
        {"ann", ALLOW_ALL, NULL, true, {.endpoint = ALLOW_ALL}},
        {"ann", ALLOW_ALL, NULL, true, {.endpoint = ALLOW_GET}},
        {"ann", ALLOW_ALL, NULL, false, {.endpoint = ALLOW_GET, .action = "PutObject", .key = "k"}},
        {"ann", ALLOW_ALL, NULL, true, {.endpoint = BY("Allow", AWS(ANN))}},
        {"ann", ALLOW_ALL, NULL, true, {.endpoint = BY("Allow", AWS("111122223333"))}},
        {"ann", ALLOW_ALL, NULL, false, {.endpoint = BY("Allow", AWS(BOB))}},
        {"root", NULL, NULL, false, {.endpoint = BY("Deny", "'*'")}},
        {"nobody", NULL, BY("Allow", "'*'"), false, {.endpoint = BY("Allow", AWS(ANN))}},
        {"nobody", NULL, BY("Allow", "'*'"), true, {.endpoint = BY("Allow", "'*'")}},
    };
    CHECK(cases);
}

static void root_keeps_its_buckets_policy(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"root", NULL, BY("Deny", "'*'"), false, PLAIN},
        {"root", NULL, BY("Deny", "'*'"), true, {.action = "PutBucketPolicy"}},
        {"root", NULL, BY("Deny", "'*'"), true, {.action = "GetBucketPolicy"}},
        {"root", NULL, BY("Deny", "'*'"), true, {.action = "DeleteBucketPolicy"}},
        {"root", NULL, BY("Deny", "'*'"), false, {.action = "PutBucketAcl"}},
        {"root", NULL, BY("Deny", "'*'"), false,
         {.action = "PutBucketPolicy", .root_may_be_denied = true}},
        {"root", DENY_ALL, NULL, false, {.action = "PutBucketPolicy"}},
        {"root2", NULL, BY("Deny", "'*'"), false, {.action = "PutBucketPolicy"}},
        {"ann", ALLOW_ALL, BY("Deny", "'*'"), false, {.action = "PutBucketPolicy"}},
    };
    CHECK(cases);
}

static void lists_allow_where_policies_say_nothing(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"bob", ALLOW_ALL, NULL, true, {.acl = ACL_MINE}},
        {"bob", NULL, NULL, false, {.acl = ACL_MINE}},
        {"bob", NULL, NULL, false, {.acl = ACL_PUBLIC}},
        {"root2", NULL, NULL, true, {.acl = ACL_MINE}},
        {"root2", NULL, BY("Deny", "'*'"), false, {.acl = ACL_MINE}},
        /* the owner's list always names its own account: that opens nothing to its users */
        {"ann", NULL, NULL, false, {.acl = ACL_MINE}},
        {"ann", NULL, NULL, true, {.acl = ACL_PUBLIC}},
        {"ann", NULL, NULL, false, {.acl = ACL_PUBLIC, .boundary = DENY_ALL}},
        /* an object of another account in the bucket */
        {"root", NULL, NULL, false, {.object_account = ASK_OTHER_ACCOUNT}},
        {"root", NULL, NULL, true, {.object_account = ASK_OTHER_ACCOUNT, .acl = ACL_MINE}},
        {"root", NULL, BY("Allow", "'*'"), false, {.object_account = ASK_OTHER_ACCOUNT}},
        {"root", NULL, NULL, true,
         {.object_account = ASK_OTHER_ACCOUNT, .action = "DeleteObject", .key = "k"}},
        {"root2", NULL, NULL, true, {.object_account = ASK_OTHER_ACCOUNT, .acl = ACL_MINE}},
        {"root2", NULL, BY("Deny", "'*'"), false,
         {.object_account = ASK_OTHER_ACCOUNT, .acl = ACL_MINE}},
        {"nobody", NULL, BY("Allow", "'*'"), false, {.object_account = ASK_OTHER_ACCOUNT}},
        {"nobody", NULL, NULL, true, {.object_account = ASK_OTHER_ACCOUNT, .acl = ACL_PUBLIC}},
        {"root", NULL, NULL, true, {.object_account = ASK_ACCOUNT}},
    };
    CHECK(cases);
}

static void restrict_public_buckets(void **state)
{
    (void)state;
    const decide_case cases[] = {
        {"nobody", NULL, BY("Allow", "'*'"), false, {.restrict_public = true}},
        {"bob", ALLOW_ALL, BY("Allow", "'*'"), false, {.restrict_public = true}},
        {"root2", NULL, BY("Allow", "'*'"), false, {.restrict_public = true}},
        {"ann", NULL, BY("Allow", "'*'"), true, {.restrict_public = true}},
        {"root", NULL, BY("Allow", "'*'"), true, {.restrict_public = true}},
        {"bob", ALLOW_ALL, BY("Allow", AWS(BOB)), true, {.restrict_public = true}},
        /* once a policy is public, nothing of it serves other accounts */
        {"bob", ALLOW_ALL,
         "{'Statement':[{'Effect':'Allow','Principal':'*','Action':'s3:ListBucket','Resource':'*'},"
         "{'Effect':'Allow','Principal':{'AWS':'" BOB "'},'Action':'s3:*','Resource':'*'}]}",
         false, {.restrict_public = true}},
        {"cdn", NULL,
         "{'Statement':[{'Effect':'Allow','Principal':'*','Action':'s3:ListBucket','Resource':'*'},"
         "{'Effect':'Allow','Principal':{'CanonicalUser':'canon-cdn'},'Action':'s3:*','Resource':'*'}]}",
         true, {.restrict_public = true}},
        {"bob", ALLOW_ALL, BY("Allow", "'*'"), true, {.restrict_public = true, .acl = ACL_MINE}},
    };
    CHECK(cases);
}

/* ---- what a decision says ---- */

typedef struct told {
    char text[2048];
} told;

static void on_step(void *arg, const ol_access_step *step)
{
    told *t = arg;
    size_t at = strlen(t->text);
    ol_access_step_text(step, t->text + at, sizeof(t->text) - at - 2);
    strcat(t->text, "\n");
}

static void reasons_are_told(void **state)
{
    (void)state;
#define ON " s3:GetObject on arn:aws:s3:::b/k\n"
    const struct {
        decide_case asked;
        const char *told;
    } cases[] = {
        {{"ann", ALLOW_GET, NULL, true, PLAIN}, "statement 1 of the identity's policy number 1 allows" ON},
        {{"ann", NULL, NULL, false, PLAIN},
         "neither the identity's policies nor the bucket's policy allow" ON},
        {{"ann", ALLOW_GET,
          "{'Statement':[{'Effect':'Allow','Principal':'*','Action':'s3:*','Resource':'*'},{'Sid':"
          "'NoAnn','Effect':'Deny','Principal':{'AWS':'" ANN "'},'Action':'s3:*','Resource':'*'}]}",
          false, PLAIN},
         "statement 1 of the identity's policy number 1 allows" ON
         "statement 2 \"NoAnn\" of the bucket's policy denies" ON},
        {{"root", NULL, NULL, true, PLAIN}, "the root identity needs no Allow for" ON},
        {{"bob", NULL, BY("Allow", "'*'"), false, PLAIN},
         "statement 1 of the bucket's policy allows" ON
         "no statement of the identity's policies allows" ON},
        {{"ann", NULL, BY("Allow", AWS("111122223333")), false, PLAIN},
         "statement 1 of the bucket's policy leaves it to the caller's account to allow" ON
         "neither the identity's policies nor the bucket's policy allow" ON},
        {{"ann", ALLOW_ALL, NULL, false,
          {.boundary = "{'Statement':{'Effect':'Allow','Action':'s3:Put*','Resource':'*'}}"}},
         "statement 1 of the identity's policy number 1 allows" ON
         "no statement of the permissions boundary allows" ON},
        {{"nobody", NULL, NULL, true, {.acl = ACL_PUBLIC}}, "the access control list allows" ON},
        {{"nobody", NULL, BY("Allow", "'*'"), false, {.restrict_public = true}},
         "statement 1 of the bucket's policy allows" ON
         "RestrictPublicBuckets: the bucket's policy is public and does not allow" ON
         "neither the identity's policies nor the bucket's policy allow" ON},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        told t = {{0}};
        ol_error err = {0};
        ol_access_trace trace = {.step = on_step, .arg = &t};
        int rc = decide(&cases[i].asked, &trace, &err);
        assert_int_equal(rc, cases[i].asked.allowed ? OL_OK : OL_EACCESS);
        assert_string_equal(t.text, cases[i].told);
        if (rc != OL_OK)
            assert_non_null(strstr(t.text, err.detail)); /* the log says the same */
    }
}

static void hides_control_characters(void **state)
{
    (void)state;
    char text[200];
    const ol_access_step step = {.kind = OL_STEP_DENIES,
                                 .source = OL_SOURCE_BUCKET,
                                 .sid = OL_SLICE_LIT("a\x1b[2J"),
                                 .action = OL_SLICE_LIT("s3:GetObject"),
                                 .resource = OL_SLICE_LIT("arn:aws:s3:::b/\n\xC2\x9B\xC3\xA4\x7F")};
    ol_access_step_text(&step, text, sizeof(text));
    assert_string_equal(text, "statement 1 \"a?[2J\" of the bucket's policy denies s3:GetObject on "
                              "arn:aws:s3:::b/???\xC3\xA4?");
}

/* ---- values that are not known yet, and trouble ---- */

static int ask_tag(const char *const *pairs, const char *policy_text, unsigned *asked, ol_error *err)
{
    ol_policy *policy = ask_policy(policy_text, OL_POLICY_BUCKET);
    ol_identity who = ask_person("ann");
    ask_context context = {.pairs = pairs};
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET),
                             .account_id = OL_SLICE_LIT(ASK_ACCOUNT),
                             .policy = policy};
    ol_access_question question = {.who = &who,
                                   .action = OL_SLICE_LIT("GetObject"),
                                   .key = OL_SLICE_LIT("k"),
                                   .bucket = &bucket,
                                   .values = ask_values,
                                   .values_arg = &context};
    int rc = ol_access_decide(&question, err);
    *asked = context.asked;
    ol_policy_release(policy);
    return rc;
}

#define TAGGED                                                                                     \
    "{'Statement':{'Effect':'Allow','Principal':'*','Action':'s3:GetObject','Resource':'*','Condition':" \
    "{'StringEquals':{'s3:ExistingObjectTag/a':'b'}}}}"

static void values_are_fetched_only_when_asked_for(void **state)
{
    (void)state;
    const char *const later[] = {"s3:ExistingObjectTag/a=?", NULL};
    const char *const known[] = {"s3:ExistingObjectTag/a=b", NULL};
    unsigned asked;
    ol_error err = {0};
    assert_int_equal(ask_tag(later, TAGGED, &asked, &err), OL_WAIT);
    assert_int_equal(err.code, 0);
    assert_int_equal(ask_tag(known, TAGGED, &asked, &err), OL_OK);
    assert_int_equal(ask_tag(later, BY("Allow", "'*'"), &asked, &err), OL_OK);
    assert_int_equal(asked, 0);
    /* also where it would not matter in the end: a Deny that waits is not passed over */
    assert_int_equal(ask_tag(later,
                             "{'Statement':[{'Effect':'Allow','Principal':'*','Action':'s3:*',"
                             "'Resource':'*'},{'Effect':'Deny','Principal':'*','Action':'s3:*',"
                             "'Resource':'*','Condition':{'StringEquals':"
                             "{'s3:ExistingObjectTag/a':'b'}}}]}",
                             &asked, &err),
                     OL_WAIT);
    /* in a variable */
    assert_int_equal(ask_tag(later,
                             "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Principal':'*',"
                             "'Action':'s3:*','Resource':'" ASK_BUCKET "/${s3:ExistingObjectTag/a}'}}",
                             &asked, &err),
                     OL_WAIT);
}

static int in_trouble(void *arg, enum ol_context_key key, ol_slice suffix,
                      ol_context_values *values, ol_error *err)
{
    (void)arg;
    (void)key;
    (void)suffix;
    ol_context_set(values, OL_SLICE_LIT("b"));
    return ol_error_set(err, OL_EORIGIN, "the tags could not be read");
}

static void trouble_is_not_an_answer(void **state)
{
    (void)state;
    ol_policy *policy = ask_policy(TAGGED, OL_POLICY_BUCKET);
    ol_identity root = ask_person("root");
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET),
                             .account_id = root.account_id,
                             .policy = policy};
    ol_access_question question = {.who = &root,
                                   .action = OL_SLICE_LIT("GetObject"),
                                   .key = OL_SLICE_LIT("k"),
                                   .bucket = &bucket,
                                   .values = in_trouble};
    ol_error err = {0};
    assert_int_equal(ol_access_decide(&question, &err), OL_EORIGIN);
    assert_string_equal(err.detail, "the tags could not be read");
    ol_policy_release(policy);
}

static void odd_questions_are_denied(void **state)
{
    (void)state;
    static uint8_t key[OL_KEY_BYTES_MAX + 600];
    ol_identity root = ask_person("root");
    ol_access_door bucket = {.arn = OL_SLICE_LIT(ASK_BUCKET), .account_id = root.account_id};
    ol_access_question question = {.who = &root, .action = OL_SLICE_LIT("GetObject")};
    ol_error err = {0};
    assert_int_equal(ol_access_decide(&question, &err), OL_EACCESS);
    question.bucket = &bucket;
    question.view = true;
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    question.view = false;
    question.action = OL_SLICE_LIT("GetObjekt");
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    question.action = OL_SLICE_LIT("GetObject");
    question.key = ol_slice_of(key, sizeof(key));
    assert_int_equal(ol_access_decide(&question, NULL), OL_EACCESS);
    question.key = ol_slice_of(key, OL_KEY_BYTES_MAX);
    assert_int_equal(ol_access_decide(&question, NULL), OL_OK);
}

/* Statements beyond the first word of a row of bits, and few rows for many of them. */
static void long_policies(void **state)
{
    (void)state;
    static char text[65536];
    size_t at = (size_t)snprintf(text, sizeof(text), "{'Statement':[");
    for (int i = 0; i < 300; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at,
                               "{'Effect':'Allow','Action':'s3:%s','Resource':'arn:aws:s3:::b/%d'},",
                               i % 2 ? "GetObject" : "PutObject", i);
    snprintf(text + at, sizeof(text) - at,
             "{'Sid':'Last','Effect':'Deny','Action':'s3:*','Resource':'arn:aws:s3:::b/297'}]}");
    const decide_case cases[] = {
        {"ann", text, NULL, true, {.action = "GetObject", .key = "1"}},
        {"ann", text, NULL, true, {.action = "GetObject", .key = "299"}},
        {"ann", text, NULL, false, {.action = "GetObject", .key = "297"}},
        {"ann", text, NULL, false, {.action = "GetObject", .key = "298"}},
        {"ann", text, NULL, true, {.action = "PutObject", .key = "298"}},
        {"ann", text, NULL, false, {.action = "DeleteObject", .key = "1"}},
    };
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_account_either_is_enough),
        cmocka_unit_test(accounts_are_not_their_users),
        cmocka_unit_test(across_accounts_both_must_allow),
        cmocka_unit_test(nobody_and_services),
        cmocka_unit_test(not_principal_spares_by_every_name),
        cmocka_unit_test(turned_round),
        cmocka_unit_test(caps_only_take_away),
        cmocka_unit_test(root_keeps_its_buckets_policy),
        cmocka_unit_test(lists_allow_where_policies_say_nothing),
        cmocka_unit_test(restrict_public_buckets),
        cmocka_unit_test(reasons_are_told),
        cmocka_unit_test(hides_control_characters),
        cmocka_unit_test(values_are_fetched_only_when_asked_for),
        cmocka_unit_test(trouble_is_not_an_answer),
        cmocka_unit_test(odd_questions_are_denied),
        cmocka_unit_test(long_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
